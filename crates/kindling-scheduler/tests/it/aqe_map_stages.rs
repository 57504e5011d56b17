use kindling_events::{JobId, ShuffleId};
use kindling_scheduler::{MapStageJobSpec, SchedulerEvent};

use crate::harness::*;

fn map_stage(h: &mut Harness, id: i32, shuffles: Vec<kindling_scheduler::ShuffleSpec>) -> JobId {
    let job_id = h.scheduler.next_job_id();
    let job = MapStageJobSpec { shuffle_id: ShuffleId(id), shuffles, properties: Default::default() };
    h.send(SchedulerEvent::MapStageSubmitted { job_id, job });
    job_id
}

#[test]
fn a_map_stage_job_ends_with_its_sizes_and_the_next_job_skips_it() {
    let mut h = Harness::new(1, 2);
    map_stage(&mut h, 0, vec![shuffle(0, 2, &[])]);
    h.succeed_all();
    assert_eq!(h.take().last().unwrap(), "job 0 sizes [20, 40]");
    h.submit(job(1, &[0], vec![shuffle(0, 2, &[])]));
    assert_eq!(h.take()[1], "+ StageSubmitted 2.0 tasks 1");
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn a_map_stage_that_is_there_ends_its_job_at_once() {
    let mut h = Harness::new(1, 2);
    map_stage(&mut h, 0, vec![shuffle(0, 1, &[])]);
    h.succeed_all();
    h.take();
    map_stage(&mut h, 0, vec![shuffle(0, 1, &[])]);
    assert_eq!(h.take(), ["+ JobStart 1 stages [1]", "+ JobEnd 1", "job 1 sizes [10, 20]"]);
    h.assert_empty();
}

#[test]
fn two_jobs_wait_for_one_map_stage() {
    let mut h = Harness::new(1, 2);
    map_stage(&mut h, 0, vec![shuffle(0, 1, &[])]);
    map_stage(&mut h, 0, vec![shuffle(0, 1, &[])]);
    h.succeed_all();
    let lines = h.take();
    assert!(lines.contains(&"job 0 sizes [10, 20]".to_string()) && lines.contains(&"job 1 sizes [10, 20]".to_string()));
    assert_eq!(lines.iter().filter(|line| line.starts_with("launch")).count(), 1);
    h.assert_empty();
}

#[test]
fn a_removed_shuffle_is_computed_again() {
    let mut h = Harness::new(1, 2);
    map_stage(&mut h, 0, vec![shuffle(0, 1, &[])]);
    h.succeed_all();
    h.send(SchedulerEvent::ShuffleRemoved { shuffle_id: ShuffleId(0) });
    h.take();
    h.submit(job(1, &[0], vec![shuffle(0, 1, &[])]));
    assert_eq!(h.take()[1], "+ StageSubmitted 1.0 tasks 1");
    h.succeed_all();
    h.assert_empty();
}

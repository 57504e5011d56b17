use kindling_events::{ExecutorId, JobId};
use kindling_scheduler::SchedulerEvent;

use crate::harness::*;

#[test]
fn reduce_stage_waits_for_all_map_outputs() {
    let mut h = Harness::new(1, 2);
    h.submit(job(1, &[0], vec![shuffle(0, 2, &[])]));
    assert_eq!(
        without_starts(h.take()),
        [
            "+ JobStart 0 stages [0, 1]",
            "+ StageSubmitted 0.0 tasks 2",
            "launch 0 stage 0.0 partition 0 attempt 0 on 0",
            "launch 1 stage 0.0 partition 1 attempt 0 on 0",
        ]
    );
    h.succeed(0);
    assert_eq!(h.take(), ["+ TaskEnd 0 Success"]);
    h.succeed(1);
    assert_eq!(
        without_starts(h.take()),
        [
            "+ TaskEnd 1 Success",
            "+ StageCompleted 0.0",
            "+ StageSubmitted 1.0 tasks 1",
            "launch 2 stage 1.0 partition 0 attempt 0 on 0",
        ]
    );
    h.succeed(2);
    assert_eq!(
        h.take(),
        ["+ TaskEnd 2 Success", "job 0 output 0 from 2", "+ StageCompleted 1.0", "+ JobEnd 0", "job 0 succeeded",]
    );
    h.assert_empty();
}

#[test]
fn a_job_skips_stages_whose_map_outputs_exist() {
    let mut h = Harness::new(1, 2);
    h.submit(job(1, &[0], vec![shuffle(0, 2, &[])]));
    h.succeed_all();
    h.take();
    h.submit(job(1, &[0], vec![shuffle(0, 2, &[])]));
    // The map stage has a new number and is never submitted.
    assert_eq!(
        without_starts(h.take()),
        ["+ JobStart 1 stages [2, 3]", "+ StageSubmitted 3.0 tasks 1", "launch 3 stage 3.0 partition 0 attempt 0 on 0",]
    );
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn a_join_runs_both_sides_before_it() {
    let mut h = Harness::new(1, 4);
    h.submit(job(2, &[2], vec![shuffle(0, 1, &[]), shuffle(1, 1, &[]), shuffle(2, 2, &[0, 1])]));
    let first = without_starts(h.take());
    assert_eq!(first[0], "+ JobStart 0 stages [0, 1, 2, 3]");
    assert_eq!(first.iter().filter(|line| line.starts_with("launch")).count(), 2);
    h.succeed(0);
    assert!(h.running.len() == 1);
    h.succeed(1);
    assert_eq!(h.running.iter().map(|task| task.stage.stage_id.0).collect::<Vec<_>>(), [2, 2]);
    h.succeed_all();
    assert_eq!(h.take().last().unwrap(), "job 0 succeeded");
    h.assert_empty();
}

#[test]
fn a_take_computes_only_its_partitions() {
    let mut h = Harness::new(1, 4);
    let mut take = job(8, &[], vec![]);
    take.partitions = vec![3, 5];
    h.submit(take);
    assert_eq!(h.running.iter().map(|task| task.partition).collect::<Vec<_>>(), [3, 5]);
    h.succeed(1);
    assert!(h.take().contains(&"job 0 output 1 from 1".to_string()));
    h.succeed(0);
    h.assert_empty();
}

#[test]
fn a_job_without_partitions_ends_at_once() {
    let mut h = Harness::new(1, 1);
    let mut empty = job(0, &[], vec![]);
    empty.partitions.clear();
    h.submit(empty);
    assert_eq!(h.take(), ["+ JobStart 0 stages []", "+ JobEnd 0", "job 0 succeeded"]);
    h.assert_empty();
}

#[test]
fn a_cancelled_job_kills_its_tasks_and_leaves_shared_stages_alone() {
    let mut h = Harness::new(1, 2);
    h.submit(job(1, &[0], vec![shuffle(0, 2, &[])]));
    h.submit(job(2, &[0], vec![shuffle(0, 2, &[])]));
    h.take();
    let reason = "because the user said so".to_string();
    h.send(SchedulerEvent::JobCancelled { job_id: JobId(0), reason: reason.clone() });
    assert_eq!(
        h.take(),
        ["+ JobEnd 0", "job 0 failed: [SPARK_JOB_CANCELLED] Job 0 cancelled because the user said so SQLSTATE: XXKDA",]
    );
    h.send(SchedulerEvent::JobCancelled { job_id: JobId(1), reason });
    let text = "[SPARK_JOB_CANCELLED] Job 1 cancelled because the user said so SQLSTATE: XXKDA";
    assert_eq!(
        h.take(),
        [
            format!("kill 0: {text}"),
            format!("kill 1: {text}"),
            "+ StageCompleted 0.0 failed".to_string(),
            "+ JobEnd 1".to_string(),
            format!("job 1 failed: {text}"),
        ]
    );
    for id in [0, 1] {
        let killed = kindling_events::TaskEndReason::TaskKilled { reason: "x".into(), accum_updates: vec![] };
        h.end(kindling_events::TaskId(id), killed);
    }
    h.assert_empty();
}

#[test]
fn jobs_are_cancelled_by_group_and_by_tag() {
    let mut h = Harness::new(1, 4);
    let mut one = job(1, &[], vec![]);
    one.properties.insert("spark.jobGroup.id".into(), "etl".into());
    let mut two = job(1, &[], vec![]);
    two.properties.insert("spark.job.tags".into(), "a,b".into());
    h.submit(one);
    h.submit(two);
    h.take();
    h.send(SchedulerEvent::JobGroupCancelled { group_id: "etl".into(), reason: "x".into() });
    assert!(h.take().iter().any(|line| line.starts_with("job 0 failed")));
    h.send(SchedulerEvent::JobTagCancelled { tag: "b".into(), reason: "x".into() });
    assert!(h.take().iter().any(|line| line.starts_with("job 1 failed")));
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn a_job_that_does_not_describe_its_shuffle_is_refused() {
    let mut h = Harness::new(1, 1);
    h.submit(job(1, &[1], vec![shuffle(1, 1, &[0])]));
    assert_eq!(h.take().last().unwrap(), "job 0 failed: Job 0 reads shuffle 0, which it does not describe");
    h.assert_empty();
}

#[test]
fn cached_partitions_prefer_their_executor_and_need_no_parents() {
    let mut h = Harness::new(2, 1);
    let mut cached = job(2, &[0], vec![shuffle(0, 1, &[])]);
    cached.stage.needs_parents = false;
    cached.stage.preferred_executors = vec![vec![ExecutorId::new("1")], vec![ExecutorId::new("0")]];
    h.submit(cached);
    let placed: Vec<_> = h.running.iter().map(|task| (task.partition, task.executor_id.to_string())).collect();
    assert!(placed.contains(&(0, "1".into())) && placed.contains(&(1, "0".into())));
    h.succeed_all();
    h.assert_empty();
}

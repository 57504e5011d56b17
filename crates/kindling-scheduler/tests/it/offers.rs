use kindling_events::{ExecutorId, TaskEndReason, TaskId, TaskLocality};
use kindling_scheduler::{PoolSpec, SchedulerConf, SchedulingMode, Speculation};

use crate::harness::*;

#[test]
fn tasks_spread_over_executors() {
    let mut h = Harness::new(2, 2);
    h.submit(job(4, &[], vec![]));
    let mut on: Vec<String> = h.running.iter().map(|task| task.executor_id.to_string()).collect();
    on.sort();
    assert_eq!(on, ["0", "0", "1", "1"]);
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn fifo_gives_cores_to_the_first_job_first() {
    let mut h = Harness::new(1, 1);
    h.submit(job(2, &[], vec![]));
    h.submit(job(2, &[], vec![]));
    let mut order = vec![];
    while let Some(task) = h.running.first() {
        order.push(task.job_id.0);
        let id = task.task_id.0;
        h.succeed(id);
    }
    assert_eq!(order, [0, 0, 1, 1]);
    h.assert_empty();
}

#[test]
fn fair_pools_share_by_weight() {
    let pool = |name: &str, weight| PoolSpec { name: name.into(), mode: SchedulingMode::Fifo, weight, min_share: 0 };
    let conf = SchedulerConf {
        mode: SchedulingMode::Fair,
        pools: vec![pool("heavy", 3), pool("light", 1)],
        ..Default::default()
    };
    let mut h = Harness::with_conf(conf, 0, 0);
    for name in ["light", "heavy"] {
        let mut job = job(8, &[], vec![]);
        job.properties.insert("spark.scheduler.pool".into(), name.into());
        h.submit(job);
    }
    h.add_executor("0", 8);
    let heavy = h.running.iter().filter(|task| task.job_id.0 == 1).count();
    assert_eq!((h.running.len() - heavy, heavy), (2, 6));
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn a_task_waits_for_its_executor_but_not_for_ever() {
    let mut h = Harness::new(2, 1);
    let mut cached = job(2, &[], vec![]);
    cached.stage.preferred_executors = vec![vec![ExecutorId::new("0")]; 2];
    h.submit(cached);
    assert_eq!(h.running.len(), 1);
    assert_eq!(h.wakeup_in(), Some(3_000));
    h.advance(3_000);
    assert_eq!(h.running.len(), 2);
    assert_eq!(h.running[1].locality, TaskLocality::NodeLocal);
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn nobody_waits_for_an_executor_that_is_gone() {
    let mut h = Harness::new(1, 1);
    let mut cached = job(1, &[], vec![]);
    cached.stage.preferred_executors = vec![vec![ExecutorId::new("7")]];
    h.submit(cached);
    assert_eq!(h.running.len(), 1);
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn a_slow_task_gets_a_speculative_copy_and_the_loser_is_killed() {
    let speculation = Speculation { quantile: 0.5, ..Default::default() };
    let mut h = Harness::with_conf(SchedulerConf { speculation: Some(speculation), ..Default::default() }, 2, 1);
    h.submit(job(2, &[], vec![]));
    h.clock.advance(100);
    h.succeed(0);
    h.take();
    h.advance(150);
    assert_eq!(h.take(), Vec::<String>::new());
    h.advance(100);
    assert_eq!(
        without_starts(h.take()),
        [
            "+ SpeculativeTaskSubmitted".to_string(),
            format!("launch 2 stage 0.0 partition 1 attempt 1 on {}", h.running[1].executor_id),
        ]
    );
    assert_ne!(h.running[0].executor_id, h.running[1].executor_id);
    h.succeed(2);
    let lines = h.take();
    assert!(lines.contains(&"job 0 output 1 from 2".to_string()), "{lines:#?}");
    assert!(lines.contains(&"kill 1: another attempt succeeded".to_string()));
    h.end(TaskId(1), TaskEndReason::TaskKilled { reason: "another attempt succeeded".into(), accum_updates: vec![] });
    h.assert_empty();
}

#[test]
fn ten_thousand_tasks_are_scheduled_quickly() {
    let mut h = Harness::new(2, 2);
    h.submit(job(10_000, &[], vec![]));
    h.succeed_all();
    assert_eq!(h.take().last().unwrap(), "job 0 succeeded");
    h.assert_empty();
}

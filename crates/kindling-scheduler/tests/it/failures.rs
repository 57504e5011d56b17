use kindling_common::Clock;
use kindling_events::{TaskEndReason, TaskId};
use kindling_scheduler::{ExcludeOnFailure, SchedulerConf, SchedulerEvent};

use crate::harness::*;

#[test]
fn a_failed_task_is_retried_until_max_failures_and_then_the_job_fails() {
    let mut h = Harness::with_conf(SchedulerConf { task_max_failures: 2, ..Default::default() }, 1, 1);
    h.submit(job(1, &[], vec![]));
    h.take();
    h.fail(0);
    assert_eq!(
        without_starts(h.take()),
        ["+ TaskEnd 0 ExceptionFailure", "launch 1 stage 0.0 partition 0 attempt 1 on 0",]
    );
    h.fail(1);
    assert_eq!(
        h.take(),
        [
            "+ TaskEnd 1 ExceptionFailure",
            "+ StageCompleted 0.0 failed",
            "+ JobEnd 0",
            "job 0 failed: Job aborted due to stage failure: Task 0 in stage 0.0 failed 2 times, most recent failure: Lost \
         task 0.1 in stage 0.0 (TID 1) (tab executor 0): java.lang.ArithmeticException: / by zero",
        ]
    );
    h.assert_empty();
}

#[test]
fn a_failing_job_kills_its_other_tasks() {
    let mut h = Harness::with_conf(SchedulerConf { task_max_failures: 1, ..Default::default() }, 1, 2);
    h.submit(job(2, &[], vec![]));
    h.take();
    h.fail(0);
    assert!(h.take().iter().any(|line| line.starts_with("kill 1: Job aborted")));
    h.end(TaskId(1), TaskEndReason::TaskKilled { reason: "x".into(), accum_updates: vec![] });
    h.assert_empty();
}

#[test]
fn a_fetch_failure_runs_the_parent_again_for_what_is_lost() {
    let mut h = Harness::new(2, 1);
    h.submit(job(1, &[0], vec![shuffle(0, 2, &[])]));
    h.succeed(0);
    h.succeed(1);
    h.take();
    // Map 0 ran on executor 0, map 1 on executor 1.
    h.fail_fetch(2, 0, 1, "1");
    assert_eq!(
        without_starts(h.take()),
        [
            "+ TaskEnd 2 FetchFailed",
            "+ StageCompleted 1.0 failed",
            "+ StageSubmitted 0.1 tasks 1",
            "launch 3 stage 0.1 partition 1 attempt 0 on 1",
        ]
    );
    h.succeed(3);
    assert_eq!(
        without_starts(h.take())[2..],
        ["+ StageSubmitted 1.1 tasks 1".to_string(), "launch 4 stage 1.1 partition 0 attempt 0 on 0".to_string(),]
    );
    h.succeed(4);
    assert_eq!(h.take().last().unwrap(), "job 0 succeeded");
    h.assert_empty();
}

#[test]
fn a_stage_that_keeps_failing_to_fetch_is_given_up_after_four_attempts() {
    let mut h = Harness::new(1, 1);
    h.submit(job(1, &[0], vec![shuffle(0, 1, &[])]));
    for round in 0..4 {
        h.succeed(2 * round);
        h.fail_fetch(2 * round + 1, 0, 0, "0");
    }
    let last = h.take().pop().unwrap();
    assert_eq!(
        last,
        "job 0 failed: Job aborted due to stage failure: ResultStage 1 (collect) has failed the maximum allowable \
         number of times: 4. Most recent failure reason:\nblock gone"
    );
    h.assert_empty();
}

#[test]
fn late_results_of_a_failed_attempt_still_count() {
    let mut h = Harness::new(2, 1);
    h.submit(job(2, &[0], vec![shuffle(0, 1, &[])]));
    h.succeed(0);
    let on = h.scheduler.map_output_tracker().map_statuses(kindling_events::ShuffleId(0))[0].clone().unwrap();
    h.take();
    h.fail_fetch(1, 0, 0, on.executor_id.as_str());
    assert_eq!(h.running.iter().map(|task| task.task_id.0).collect::<Vec<_>>(), [2, 3]);
    // The other task of stage 1.0 had all it needed.
    h.succeed(2);
    h.take();
    h.succeed(3);
    assert!(h.take().contains(&"+ StageSubmitted 1.1 tasks 1".to_string()));
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn a_lost_executor_costs_its_running_tasks_and_its_map_outputs() {
    let mut h = Harness::new(2, 1);
    h.submit(job(1, &[0], vec![shuffle(0, 3, &[])]));
    assert_eq!(h.running.iter().map(|task| task.executor_id.to_string()).collect::<Vec<_>>(), ["0", "1"]);
    h.succeed(1); // map 1 on executor 1, which then starts map 2
    h.take();
    h.lose("1");
    assert_eq!(
        h.take(),
        ["+ SparkListenerExecutorRemoved", "+ TaskEnd 1 Resubmitted", "+ TaskEnd 2 ExecutorLostFailure",]
    );
    h.succeed_all();
    let lines = without_starts(h.take());
    assert!(lines.contains(&"launch 3 stage 0.0 partition 1 attempt 1 on 0".to_string()), "{lines:#?}");
    assert!(lines.contains(&"launch 4 stage 0.0 partition 2 attempt 1 on 0".to_string()));
    assert_eq!(lines.last().unwrap(), "job 0 succeeded");
    h.assert_empty();
}

#[test]
fn losing_executors_does_not_count_towards_max_failures() {
    let mut h = Harness::with_conf(SchedulerConf { task_max_failures: 1, ..Default::default() }, 1, 1);
    h.submit(job(1, &[], vec![]));
    for id in 1..4 {
        h.add_executor(&id.to_string(), 1);
        h.lose(&(id - 1).to_string());
    }
    h.succeed_all();
    assert_eq!(h.take().last().unwrap(), "job 0 succeeded");
    h.assert_empty();
}

#[test]
fn a_result_from_a_lost_executor_is_ignored() {
    let mut h = Harness::new(2, 1);
    h.submit(job(2, &[], vec![]));
    let task = h.running.iter().find(|task| task.executor_id.as_str() == "1").unwrap().clone();
    h.lose("1");
    h.take();
    h.running.push(task.clone());
    h.succeed(task.task_id.0);
    assert_eq!(h.take(), [format!("ignore {}", task.task_id)]);
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn lost_map_outputs_are_found_missing_before_the_next_stage_of_the_job() {
    let mut h = Harness::new(2, 1);
    h.submit(job(1, &[1], vec![shuffle(0, 2, &[]), shuffle(1, 1, &[0])]));
    h.succeed(0);
    h.succeed(1);
    // Stage 1 runs; an executor with outputs of stage 0 goes, stage 1's task does not notice and ends well.
    let on = h.running[0].executor_id.to_string();
    let other = if on == "0" { "1" } else { "0" };
    h.lose(other);
    h.succeed_all();
    assert_eq!(h.take().last().unwrap(), "job 0 succeeded");
    h.assert_empty();
}

#[test]
fn an_executor_that_fails_tasks_is_excluded_and_comes_back() {
    let exclude = ExcludeOnFailure { max_failed_tasks_per_executor: 1, ..Default::default() };
    let conf = SchedulerConf { exclude_on_failure: Some(exclude), ..Default::default() };
    let mut h = Harness::with_conf(conf, 2, 1);
    h.submit(job(2, &[], vec![]));
    let bad = h.running.iter().find(|task| task.executor_id.as_str() == "0").unwrap().task_id;
    let good = h.running.iter().find(|task| task.executor_id.as_str() == "1").unwrap().task_id;
    h.fail(bad.0);
    assert!(h.running.iter().all(|task| task.executor_id.as_str() == "1"), "the same executor gets it no more");
    h.succeed(good.0);
    h.succeed_all();
    assert!(h.take().contains(&"+ ExecutorExcluded".to_string()));
    h.submit(job(2, &[], vec![]));
    assert_eq!(h.running.len(), 1);
    h.advance(3_600_000);
    assert_eq!(h.running.len(), 2);
    h.succeed_all();
    h.assert_empty();
}

#[test]
fn a_task_that_may_run_nowhere_fails_its_job() {
    let conf = SchedulerConf { exclude_on_failure: Some(ExcludeOnFailure::default()), ..Default::default() };
    let mut h = Harness::with_conf(conf, 1, 1);
    h.submit(job(1, &[], vec![]));
    h.fail(0);
    assert!(h.take().pop().unwrap().contains("cannot run anywhere due to node and executor excludeOnFailure"));
    h.assert_empty();
}

#[test]
fn an_unknown_task_changes_nothing() {
    let mut h = Harness::new(1, 1);
    let outcome = Box::new(kindling_scheduler::TaskOutcome {
        reason: TaskEndReason::Success,
        map_status: None,
        metrics: None,
        accum_updates: vec![],
    });
    h.send(SchedulerEvent::TaskCompleted { task_id: TaskId(99), outcome });
    assert_eq!(h.take(), ["ignore 99"]);
    assert!(h.clock.now_millis() > 0);
    h.assert_empty();
}

#[test]
fn a_map_task_without_output_fails_its_job_instead_of_running_for_ever() {
    let mut h = Harness::new(1, 1);
    h.submit(job(1, &[0], vec![shuffle(0, 1, &[])]));
    h.running.clear();
    let outcome = Box::new(kindling_scheduler::TaskOutcome {
        reason: TaskEndReason::Success,
        map_status: None,
        metrics: None,
        accum_updates: vec![],
    });
    h.send(SchedulerEvent::TaskCompleted { task_id: TaskId(0), outcome });
    assert!(h.take().pop().unwrap().ends_with("did not say where its output is"));
    h.assert_empty();
}

//! Hand-made events, for what the frozen log does not have.

use std::collections::BTreeMap;

use kindling_events::*;
use kindling_status::{AppStatusListener, EventLogWriter, JobStatus, StageStatus, StatusLimits, replay_event_log};

fn stage_info(id: i32, attempt: i32, num_tasks: i32) -> StageInfo {
    StageInfo { submission_time: Some(1), ..StageInfo::new(StageId(id), attempt, "collect at cell 1", num_tasks) }
}

fn job_start(id: i32, stages: Vec<StageInfo>) -> SparkListenerEvent {
    let stage_ids = stages.iter().map(|info| info.stage_id).collect();
    let properties = BTreeMap::from([("spark.sql.execution.id".to_string(), "0".to_string())]);
    SparkListenerJobStart { job_id: JobId(id), time: 1, stage_infos: stages, stage_ids, properties }.into()
}

fn job_end(id: i32) -> SparkListenerEvent {
    SparkListenerJobEnd { job_id: JobId(id), time: 9, job_result: JobResult::JobSucceeded }.into()
}

fn submitted(info: StageInfo) -> SparkListenerEvent {
    SparkListenerStageSubmitted { stage_info: info, properties: BTreeMap::new() }.into()
}

fn completed(mut info: StageInfo, failure: Option<&str>) -> SparkListenerEvent {
    info.completion_time = Some(8);
    info.failure_reason = failure.map(str::to_string);
    SparkListenerStageCompleted { stage_info: info }.into()
}

fn task(id: i64, index: i32, finish_time: i64) -> TaskInfo {
    TaskInfo {
        task_id: TaskId(id),
        index,
        attempt: 0,
        partition_id: index,
        launch_time: 2,
        executor_id: "0".into(),
        host: "tab".into(),
        locality: TaskLocality::ProcessLocal,
        speculative: false,
        getting_result_time: 0,
        finish_time,
        failed: false,
        killed: false,
        accumulables: vec![],
    }
}

fn start(stage: i32, attempt: i32, info: TaskInfo) -> SparkListenerEvent {
    SparkListenerTaskStart { stage_id: StageId(stage), stage_attempt_id: attempt, task_info: info }.into()
}

fn end(stage: i32, attempt: i32, info: TaskInfo, reason: TaskEndReason) -> SparkListenerEvent {
    let metrics = TaskMetrics { executor_run_time: 5, ..Default::default() };
    SparkListenerTaskEnd {
        stage_id: StageId(stage),
        stage_attempt_id: attempt,
        task_type: "ShuffleMapTask".into(),
        task_metrics: reason.is_success().then_some(metrics),
        reason,
        task_info: info,
        task_executor_metrics: ExecutorMetrics::default(),
    }
    .into()
}

fn executor_added(id: &str) -> SparkListenerEvent {
    let executor_info = ExecutorInfo { host: "tab".into(), total_cores: 2, ..Default::default() };
    SparkListenerExecutorAdded { time: 1, executor_id: id.into(), executor_info }.into()
}

fn fold(events: &[SparkListenerEvent]) -> AppStatusListener {
    let mut listener = AppStatusListener::default();
    for event in events {
        listener.apply(event);
    }
    listener
}

fn attempt(stage: i32, attempt: i32) -> StageAttempt {
    StageAttempt { stage_id: StageId(stage), attempt }
}

#[test]
fn a_stage_that_nobody_submitted_is_skipped_when_its_job_ends() {
    let listener = fold(&[job_start(0, vec![stage_info(0, 0, 4), stage_info(1, 0, 1)]), job_end(0)]);
    let store = listener.store();
    assert_eq!(store.stages[&attempt(0, 0)].status, StageStatus::Skipped);
    assert_eq!(store.jobs[&JobId(0)].num_skipped_tasks, 5);
    assert_eq!(store.jobs[&JobId(0)].status, JobStatus::Succeeded);
}

#[test]
fn a_lost_executor_takes_its_cached_blocks_and_its_tasks_run_as_new_attempts() {
    let rdd = RddInfo { storage_level: StorageLevel::MEMORY_AND_DISK, ..RddInfo::new(RddId(7), "pairs", 2, vec![]) };
    let mut info = stage_info(0, 0, 2);
    info.rdd_infos = vec![rdd];
    let block = |partition: i32| -> SparkListenerEvent {
        SparkListenerBlockUpdated {
            block_updated_info: BlockUpdatedInfo {
                block_manager_id: BlockManagerId { executor_id: "0".into(), host: "tab".into(), port: 0 },
                block_id: format!("rdd_7_{partition}"),
                storage_level: StorageLevel::MEMORY_AND_DISK,
                mem_size: 100,
                disk_size: 0,
            },
        }
        .into()
    };
    let lost = TaskEndReason::ExecutorLostFailure {
        executor_id: "0".into(),
        exit_caused_by_app: false,
        reason: Some("killed".into()),
    };
    let failed = TaskInfo { failed: true, ..task(1, 1, 6) };
    let mut events = vec![
        executor_added("0"),
        job_start(0, vec![info.clone()]),
        submitted(info.clone()),
        start(0, 0, task(0, 0, 0)),
        start(0, 0, task(1, 1, 0)),
        block(0),
        end(0, 0, task(0, 0, 5), TaskEndReason::Success),
    ];
    assert_eq!(fold(&events).store().rdds[&RddId(7)].memory_used(), 100);
    events.extend([
        SparkListenerExecutorRemoved { time: 6, executor_id: "0".into(), reason: "killed".into() }.into(),
        end(0, 0, task(0, 0, 5), TaskEndReason::Resubmitted),
        end(0, 0, failed, lost),
    ]);
    let listener = fold(&events);
    let store = listener.store();
    let executor = &store.executors[&ExecutorId::new("0")];
    assert!(!executor.is_active && executor.active_tasks == 0 && executor.rdd_blocks == 0);
    let rdd = &store.rdds[&RddId(7)];
    assert_eq!((rdd.num_cached_partitions(), rdd.partitions[&0].evicted), (0, true));
    let stage = &store.stages[&attempt(0, 0)];
    assert_eq!((stage.num_active_tasks, stage.num_failed_tasks, stage.completed_indices.len()), (0, 2, 0));
    let error = stage.tasks[&TaskId(1)].error_message.clone().unwrap();
    assert_eq!(error, "ExecutorLostFailure (executor 0 exited unrelated to the running tasks) Reason: killed");
    assert_eq!(stage.tasks[&TaskId(1)].metrics, None, "what was not measured is absent");
}

#[test]
fn a_second_attempt_of_a_stage_belongs_to_the_same_job() {
    let listener = fold(&[
        job_start(0, vec![stage_info(0, 0, 2)]),
        submitted(stage_info(0, 0, 2)),
        completed(stage_info(0, 0, 2), Some("block gone")),
        submitted(stage_info(0, 1, 1)),
        start(0, 1, task(5, 0, 0)),
    ]);
    let store = listener.store();
    assert_eq!(store.stages[&attempt(0, 0)].status, StageStatus::Failed);
    assert_eq!(store.last_attempt(StageId(0)).unwrap().info.attempt, 1);
    assert_eq!(store.jobs[&JobId(0)].num_active_tasks, 1);
    assert_eq!(store.jobs[&JobId(0)].num_failed_stages, 1);
}

#[test]
fn the_oldest_that_have_ended_go_first() {
    let limits = StatusLimits { retained_jobs: 2, ..Default::default() };
    let mut listener = AppStatusListener::new(limits);
    listener.apply(&job_start(0, vec![]));
    for id in 1..5 {
        listener.apply(&job_start(id, vec![]));
        listener.apply(&job_end(id));
    }
    let kept: Vec<i32> = listener.store().jobs.keys().map(|id| id.0).collect();
    assert_eq!(kept, [0, 4], "job 0 still runs");
}

#[test]
fn a_log_that_is_cut_off_gives_what_it_has() {
    let mut writer = EventLogWriter::default();
    writer.write(&job_start(0, vec![])).unwrap();
    writer.write(&job_end(0)).unwrap();
    let cut = &writer.text()[..writer.text().len() - 10];
    let replayed = replay_event_log(cut, StatusLimits::default());
    assert_eq!(replayed.store.jobs[&JobId(0)].status, JobStatus::Running);
    assert_eq!(replayed.bad_lines[0].0, 2);
}

#[test]
fn ten_thousand_task_events_fold_quickly() {
    let metrics: Vec<SqlMetricInfo> = (0..20)
        .map(|id| SqlMetricInfo {
            name: format!("m{id}"),
            accumulator_id: AccumulatorId(id),
            metric_type: "size".into(),
        })
        .collect();
    let plan = SparkPlanInfo { node_name: "Scan".into(), metrics, ..Default::default() };
    let begin = SparkListenerSqlExecutionStart { spark_plan_info: plan, time: 1, ..Default::default() };
    let mut events: Vec<SparkListenerEvent> = vec![
        executor_added("0"),
        begin.into(),
        job_start(0, vec![stage_info(0, 0, 5_000)]),
        submitted(stage_info(0, 0, 5_000)),
    ];
    for id in 0..5_000 {
        events.push(start(0, 0, task(id, id as i32, 0)));
        let accumulables = (0..20).map(|m| AccumulableInfo::sql_metric(AccumulatorId(m), "m", id)).collect();
        events.push(end(0, 0, TaskInfo { accumulables, ..task(id, id as i32, 7) }, TaskEndReason::Success));
    }
    let clock = std::time::UNIX_EPOCH;
    let before = clock.elapsed().unwrap();
    let listener = fold(&events);
    let took = clock.elapsed().unwrap() - before;
    let store = listener.store();
    assert_eq!(store.stages[&attempt(0, 0)].num_complete_tasks, 5_000);
    let summary = store.metric(&store.executions[&ExecutionId(0)], AccumulatorId(3)).unwrap();
    assert_eq!((summary.count, summary.max), (5_000, 4_999));
    println!("10,000 task events folded in {took:?}");
    // Unoptimised and on a busy machine; optimised it is a tenth of this.
    assert!(took.as_millis() < 1_000, "{took:?}");
}

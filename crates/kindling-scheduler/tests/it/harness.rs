//! A scheduler with a hand-moved clock, and shorthands.
#![allow(clippy::panic, reason = "a test")]

use kindling_common::{Clock, ManualClock};
use kindling_events::{BlockManagerId, ExecutorInfo, JobId, ShuffleId, SparkListenerEvent, TaskEndReason, TaskId};
use kindling_scheduler::*;

pub struct Harness {
    pub scheduler: Scheduler,
    pub clock: ManualClock,
    pub actions: Vec<Action>,
    /// Tasks that were launched and have not ended.
    pub running: Vec<TaskDescription>,
}

impl Harness {
    pub fn new(executors: i32, cores: i32) -> Self {
        Harness::with_conf(SchedulerConf::default(), executors, cores)
    }

    pub fn with_conf(conf: SchedulerConf, executors: i32, cores: i32) -> Self {
        let mut harness = Harness {
            scheduler: Scheduler::new(conf),
            clock: ManualClock::new(1_000),
            actions: vec![],
            running: vec![],
        };
        for id in 0..executors {
            harness.add_executor(&id.to_string(), cores);
        }
        harness.actions.clear();
        harness
    }

    pub fn add_executor(&mut self, id: &str, cores: i32) {
        let info = ExecutorInfo { host: "tab".into(), total_cores: cores, ..Default::default() };
        self.send(SchedulerEvent::ExecutorAdded { executor_id: id.into(), info });
    }

    pub fn send(&mut self, event: SchedulerEvent) {
        for action in self.scheduler.handle(event, &self.clock) {
            if let Action::LaunchTask(task) = &action {
                self.running.push((**task).clone());
            }
            self.actions.push(action);
        }
    }

    pub fn lose(&mut self, executor: &str) {
        self.running.retain(|task| task.executor_id.as_str() != executor);
        self.send(SchedulerEvent::ExecutorLost {
            executor_id: executor.into(),
            reason: "killed".into(),
            exit_caused_by_app: false,
        });
    }

    pub fn submit(&mut self, job: JobSpec) -> JobId {
        let job_id = self.scheduler.next_job_id();
        self.send(SchedulerEvent::JobSubmitted { job_id, job });
        job_id
    }

    pub fn end(&mut self, task_id: TaskId, reason: TaskEndReason) {
        let at = self
            .running
            .iter()
            .position(|task| task.task_id == task_id)
            .unwrap_or_else(|| panic!("task {task_id} does not run"));
        let task = self.running.remove(at);
        let map_status = (reason.is_success() && matches!(task.kind, TaskKind::ShuffleMap { .. })).then(|| MapStatus {
            executor_id: task.executor_id,
            map_id: task_id,
            sizes: vec![10, 20],
        });
        let outcome = Box::new(TaskOutcome { reason, map_status, metrics: None, accum_updates: vec![] });
        self.send(SchedulerEvent::TaskCompleted { task_id, outcome });
    }

    pub fn succeed(&mut self, task_id: i64) {
        self.end(TaskId(task_id), TaskEndReason::Success);
    }

    /// Ends every running task well, and those that start meanwhile.
    pub fn succeed_all(&mut self) {
        while let Some(task) = self.running.first() {
            self.end(task.task_id, TaskEndReason::Success);
        }
    }

    pub fn fail(&mut self, task_id: i64) {
        self.end(
            TaskId(task_id),
            TaskEndReason::ExceptionFailure {
                class_name: "java.lang.ArithmeticException".into(),
                description: "/ by zero".into(),
                stack_trace: vec![],
                full_stack_trace: None,
                accum_updates: vec![],
            },
        );
    }

    pub fn fail_fetch(&mut self, task_id: i64, shuffle: i32, map_index: i32, executor: &str) {
        self.end(
            TaskId(task_id),
            TaskEndReason::FetchFailed {
                block_manager: Some(BlockManagerId { executor_id: executor.into(), host: "tab".into(), port: 0 }),
                shuffle_id: ShuffleId(shuffle),
                map_id: 0,
                map_index,
                reduce_id: 0,
                message: "block gone".into(),
            },
        );
    }

    /// What happened since the last call, one short line per action.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.actions).iter().map(show).collect()
    }

    pub fn assert_empty(&self) {
        assert_eq!(self.scheduler.check_empty(), Ok(()));
    }

    pub fn advance(&mut self, millis: i64) {
        self.clock.advance(millis);
        self.send(SchedulerEvent::Tick);
    }

    pub fn wakeup_in(&self) -> Option<i64> {
        self.scheduler.next_wakeup(&self.clock).map(|at| at - self.clock.now_millis())
    }
}

fn show(action: &Action) -> String {
    match action {
        Action::LaunchTask(task) => format!(
            "launch {} stage {} partition {} attempt {} on {}",
            task.task_id, task.stage, task.partition, task.attempt, task.executor_id
        ),
        Action::KillTask { task_id, reason, .. } => format!("kill {task_id}: {reason}"),
        Action::TaskSucceeded { job_id, output_id, task_id } => {
            format!("job {job_id} output {output_id} from {task_id}")
        }
        Action::TaskResultIgnored { task_id } => format!("ignore {task_id}"),
        Action::JobEnded { job_id, outcome } => match outcome {
            JobOutcome::Succeeded => format!("job {job_id} succeeded"),
            JobOutcome::MapStageFinished(stats) => format!("job {job_id} sizes {:?}", stats.bytes_by_partition),
            JobOutcome::Failed(error) => format!("job {job_id} failed: {}", error.message),
        },
        Action::Post(event) => match event {
            SparkListenerEvent::JobStart(start) => {
                let stages: Vec<i32> = start.stage_ids.iter().map(|id| id.0).collect();
                format!("+ JobStart {} stages {stages:?}", start.job_id)
            }
            SparkListenerEvent::StageSubmitted(event) => {
                format!("+ StageSubmitted {} tasks {}", event.stage_info.key(), event.stage_info.num_tasks)
            }
            SparkListenerEvent::StageCompleted(event) => {
                let failed = event.stage_info.failure_reason.is_some();
                format!("+ StageCompleted {}{}", event.stage_info.key(), if failed { " failed" } else { "" })
            }
            SparkListenerEvent::TaskEnd(event) => {
                let reason = format!("{:?}", event.reason);
                let name = reason.split([' ', '{']).next().unwrap_or("").to_string();
                format!("+ TaskEnd {} {name}", event.task_info.task_id)
            }
            SparkListenerEvent::TaskStart(event) => format!("+ TaskStart {}", event.task_info.task_id),
            SparkListenerEvent::JobEnd(event) => format!("+ JobEnd {}", event.job_id),
            other => format!("+ {}", other.name().trim_start_matches("org.apache.spark.scheduler.SparkListener")),
        },
    }
}

/// A shuffle of `maps` map tasks into two reduce partitions.
pub fn shuffle(id: i32, maps: i32, parents: &[i32]) -> ShuffleSpec {
    let parents = parents.iter().map(|id| ShuffleId(*id)).collect();
    ShuffleSpec {
        shuffle_id: ShuffleId(id),
        num_reduces: 2,
        stage: StageSpec::new(PlanHandle(100 + id as u64), maps, parents, "map"),
    }
}

/// A job over all partitions of a final stage.
pub fn job(partitions: i32, parents: &[i32], shuffles: Vec<ShuffleSpec>) -> JobSpec {
    let parents = parents.iter().map(|id| ShuffleId(*id)).collect();
    JobSpec {
        stage: StageSpec::new(PlanHandle(1), partitions, parents, "collect"),
        partitions: (0..partitions).collect(),
        shuffles,
        properties: Default::default(),
    }
}

/// Lines without the task starts, which only repeat the launches.
pub fn without_starts(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| !line.starts_with("+ TaskStart")).collect()
}

//! The tasks of one stage attempt (`TaskSet`), and what ends of them are told to the `DagScheduler`.

use kindling_events::{ExecutorId, JobId, StageAttempt, TaskId, TaskInfo};

use crate::{PlanHandle, TaskKind, TaskOutcome};

/// One task, whatever its attempts.
#[derive(Debug, Clone)]
pub(crate) struct TaskSpec {
    pub partition: i32,
    pub kind: TaskKind,
    /// Executors that hold its data.
    pub preferred: Vec<ExecutorId>,
    /// Whether its data is on this host, as shuffle blocks are.
    pub host_preferred: bool,
}

/// The tasks of one stage attempt.
#[derive(Debug, Clone)]
pub(crate) struct TaskSet {
    pub stage: StageAttempt,
    pub job_id: JobId,
    pub plan: PlanHandle,
    pub num_partitions: i32,
    pub pool: String,
    pub tasks: Vec<TaskSpec>,
}

/// A task attempt ended.
#[derive(Debug)]
pub(crate) struct TaskEnded {
    pub stage: StageAttempt,
    pub spec: TaskSpec,
    pub info: TaskInfo,
    pub outcome: TaskOutcome,
}

/// A task set was given up.
#[derive(Debug)]
pub(crate) struct TaskSetFailed {
    pub stage: StageAttempt,
    pub message: String,
    pub cause: Option<TaskId>,
}

//! What is exchanged with the scheduler: jobs and stages in, tasks and outcomes out.

use std::collections::BTreeMap;

use kindling_events::{
    AccumulableInfo, ExecutorId, ExecutorInfo, JobId, RddInfo, ShuffleId, SparkListenerEvent, StageAttempt, StageId,
    TaskEndReason, TaskId, TaskLocality, TaskMetrics,
};

/// Names what a stage computes; only the one who submits it knows what stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanHandle(pub u64);

/// What one stage computes, and what the UI shows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StageSpec {
    /// What its tasks run.
    pub plan: PlanHandle,
    /// Partitions, one task each.
    pub num_partitions: i32,
    /// Shuffles it reads, in the order in which their stages get their ids.
    pub parents: Vec<ShuffleId>,
    /// Whether the parents' outputs are needed at all; not if every partition is cached.
    pub needs_parents: bool,
    /// Executors that hold each partition's data (cached blocks); empty when nobody does.
    pub preferred_executors: Vec<Vec<ExecutorId>>,
    /// Call site: `collect at cell 2, line 7`.
    pub name: String,
    /// Call stack.
    pub details: String,
    /// Lineage for the DAG visualisation.
    pub rdd_infos: Vec<RddInfo>,
}

impl StageSpec {
    /// A stage that reads the given shuffles.
    pub fn new(plan: PlanHandle, num_partitions: i32, parents: Vec<ShuffleId>, name: impl Into<String>) -> Self {
        StageSpec {
            plan,
            num_partitions,
            parents,
            needs_parents: true,
            preferred_executors: vec![],
            name: name.into(),
            details: String::new(),
            rdd_infos: vec![],
        }
    }
}

/// A shuffle: the stage that writes it and its reduce partitions.
#[derive(Debug, Clone, PartialEq)]
pub struct ShuffleSpec {
    /// Shuffle.
    pub shuffle_id: ShuffleId,
    /// Reduce partitions.
    pub num_reduces: i32,
    /// The map stage.
    pub stage: StageSpec,
}

/// One action's job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSpec {
    /// The final stage.
    pub stage: StageSpec,
    /// Partitions of the final stage to compute: all for `collect`, a few for `take`. The position in this list is
    /// the output id of `TaskSucceeded`.
    pub partitions: Vec<i32>,
    /// Every shuffle that the final stage needs, directly or through others.
    pub shuffles: Vec<ShuffleSpec>,
    /// `spark.job.description`, `spark.sql.execution.id`, `spark.scheduler.pool`, `spark.jobGroup.id`, …
    pub properties: BTreeMap<String, String>,
}

/// A job that only materialises one shuffle, so that AQE can look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct MapStageJobSpec {
    /// The shuffle to materialise.
    pub shuffle_id: ShuffleId,
    /// That shuffle and every other that it needs.
    pub shuffles: Vec<ShuffleSpec>,
    /// As in [`JobSpec`].
    pub properties: BTreeMap<String, String>,
}

/// What a map task wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct MapStatus {
    /// Executor that holds the blocks.
    pub executor_id: ExecutorId,
    /// The task attempt that wrote them.
    pub map_id: TaskId,
    /// Bytes per reduce partition.
    pub sizes: Vec<i64>,
}

/// Sizes of a materialised shuffle.
#[derive(Debug, Clone, PartialEq)]
pub struct MapOutputStatistics {
    /// Shuffle.
    pub shuffle_id: ShuffleId,
    /// Bytes per reduce partition, over all map tasks.
    pub bytes_by_partition: Vec<i64>,
}

/// What kind of task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Writes map output of a shuffle.
    ShuffleMap {
        /// The shuffle.
        shuffle_id: ShuffleId,
    },
    /// Computes one output of a job.
    Result {
        /// Position in [`JobSpec::partitions`].
        output_id: usize,
    },
}

impl TaskKind {
    /// `ShuffleMapTask` or `ResultTask`.
    pub fn task_type(self) -> &'static str {
        match self {
            TaskKind::ShuffleMap { .. } => "ShuffleMapTask",
            TaskKind::Result { .. } => "ResultTask",
        }
    }
}

/// A task to run on an executor.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDescription {
    /// Task attempt, unique in the application.
    pub task_id: TaskId,
    /// Attempt of this task, from zero.
    pub attempt: i32,
    /// Where to run it.
    pub executor_id: ExecutorId,
    /// Stage attempt it belongs to.
    pub stage: StageAttempt,
    /// Job for which the stage runs.
    pub job_id: JobId,
    /// What to run.
    pub plan: PlanHandle,
    /// Index in its task set.
    pub index: i32,
    /// Partition to compute.
    pub partition: i32,
    /// Partitions of the whole stage.
    pub num_partitions: i32,
    /// What becomes of the result.
    pub kind: TaskKind,
    /// How near its data is.
    pub locality: TaskLocality,
    /// Whether it is a speculative copy.
    pub speculative: bool,
}

/// How a task attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskOutcome {
    /// Why; never `ExecutorLostFailure` or `Resubmitted`, which the scheduler finds out itself.
    pub reason: TaskEndReason,
    /// What a successful map task wrote.
    pub map_status: Option<MapStatus>,
    /// What it measured.
    pub metrics: Option<TaskMetrics>,
    /// What it added to accumulators, SQL metrics among them (`update` set, `value` not).
    pub accum_updates: Vec<AccumulableInfo>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum SchedulerEvent {
    /// An executor is ready.
    ExecutorAdded {
        /// Executor.
        executor_id: ExecutorId,
        /// Host, cores, logs.
        info: ExecutorInfo,
    },
    /// An executor is gone with its blocks.
    ExecutorLost {
        /// Executor.
        executor_id: ExecutorId,
        /// Why, for the UI.
        reason: String,
        /// Whether its tasks are to blame; only then the loss counts towards `spark.task.maxFailures`.
        exit_caused_by_app: bool,
    },
    /// A job is submitted; its id comes from [`Scheduler::next_job_id`](crate::Scheduler::next_job_id).
    JobSubmitted {
        /// Job.
        job_id: JobId,
        /// What to compute.
        job: JobSpec,
    },
    /// A map stage is submitted as a job.
    MapStageSubmitted {
        /// Job.
        job_id: JobId,
        /// What to materialise.
        job: MapStageJobSpec,
    },
    /// A job is cancelled.
    JobCancelled {
        /// Job.
        job_id: JobId,
        /// Why: `as part of cancellation of all jobs`, `because …`.
        reason: String,
    },
    /// All jobs whose `spark.jobGroup.id` is this are cancelled.
    JobGroupCancelled {
        /// Group.
        group_id: String,
        /// Why.
        reason: String,
    },
    /// All jobs with this tag in `spark.job.tags` are cancelled.
    JobTagCancelled {
        /// Tag.
        tag: String,
        /// Why.
        reason: String,
    },
    /// All jobs that need a stage are cancelled.
    StageCancelled {
        /// Stage.
        stage_id: StageId,
        /// Why.
        reason: String,
    },
    /// Everything is cancelled.
    AllJobsCancelled,
    /// The driver began to fetch a task's result.
    GettingResult {
        /// Task.
        task_id: TaskId,
    },
    /// A task attempt ended.
    TaskCompleted {
        /// Task.
        task_id: TaskId,
        /// How.
        outcome: Box<TaskOutcome>,
    },
    /// A shuffle is not needed any more: its outputs are forgotten.
    ShuffleRemoved {
        /// Shuffle.
        shuffle_id: ShuffleId,
    },
    /// Time has passed; send it at [`Scheduler::next_wakeup`](crate::Scheduler::next_wakeup).
    Tick,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum JobOutcome {
    /// Every output has been announced by `TaskSucceeded`.
    Succeeded,
    /// The shuffle of a map-stage job is there.
    MapStageFinished(MapOutputStatistics),
    /// It failed.
    Failed(JobError),
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobError {
    /// Spark's text: `Job aborted due to stage failure: …`.
    pub message: String,
    /// The task attempt whose failure ended it; its own error is with the one who reported it.
    pub cause: Option<TaskId>,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

/// Something to do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Run a task.
    LaunchTask(Box<TaskDescription>),
    /// Stop a task; its end is reported by `TaskCompleted` as ever.
    KillTask {
        /// Task.
        task_id: TaskId,
        /// Where it runs.
        executor_id: ExecutorId,
        /// Why.
        reason: String,
    },
    /// The result of this task attempt is output `output_id` of the job. Said once per output.
    TaskSucceeded {
        /// Job.
        job_id: JobId,
        /// Position in [`JobSpec::partitions`].
        output_id: usize,
        /// Task.
        task_id: TaskId,
    },
    /// The outcome of this task attempt counts for nothing: drop what it returned.
    TaskResultIgnored {
        /// Task.
        task_id: TaskId,
    },
    /// A job ended.
    JobEnded {
        /// Job.
        job_id: JobId,
        /// How.
        outcome: JobOutcome,
    },
    /// Tell the listeners.
    Post(SparkListenerEvent),
}

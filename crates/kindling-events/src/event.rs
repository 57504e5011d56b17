//! The listener events (`SparkListener.scala`); those of SQL are in `sql.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    BlockManagerId, BlockUpdatedInfo, ExecutorId, ExecutorInfo, ExecutorMetrics, ExecutorResourceRequest, JobId,
    JobResult, RddId, SparkListenerDriverAccumUpdates, SparkListenerSqlAdaptiveExecutionUpdate,
    SparkListenerSqlAdaptiveSqlMetricUpdates, SparkListenerSqlExecutionEnd, SparkListenerSqlExecutionStart, StageId,
    StageInfo, TaskEndReason, TaskId, TaskInfo, TaskMetrics, TaskResourceRequest,
};

/// Properties of a job, a stage or an environment.
pub type Properties = BTreeMap<String, String>;

/// The first line of an event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparkListenerLogStart {
    /// Version that wrote it.
    #[serde(rename = "Spark Version")]
    pub spark_version: String,
}

/// The application starts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SparkListenerApplicationStart {
    /// Name.
    #[serde(rename = "App Name")]
    pub app_name: String,
    /// Id.
    #[serde(rename = "App ID", default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// Milliseconds since the epoch.
    #[serde(rename = "Timestamp")]
    pub time: i64,
    /// User.
    #[serde(rename = "User", default)]
    pub spark_user: String,
    /// Attempt.
    #[serde(rename = "App Attempt ID", default, skip_serializing_if = "Option::is_none")]
    pub app_attempt_id: Option<String>,
    /// Logs of the driver.
    #[serde(rename = "Driver Logs", default, skip_serializing_if = "Option::is_none")]
    pub driver_logs: Option<Properties>,
    /// Attributes of the driver.
    #[serde(rename = "Driver Attributes", default, skip_serializing_if = "Option::is_none")]
    pub driver_attributes: Option<Properties>,
}

/// The application ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparkListenerApplicationEnd {
    /// Milliseconds since the epoch.
    #[serde(rename = "Timestamp")]
    pub time: i64,
    /// Exit code.
    #[serde(rename = "ExitCode", default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

/// The settings of the application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SparkListenerEnvironmentUpdate {
    /// Java and Scala (the runtime).
    #[serde(rename = "JVM Information")]
    pub jvm_information: Properties,
    /// Spark's settings.
    #[serde(rename = "Spark Properties")]
    pub spark_properties: Properties,
    /// Hadoop's settings.
    #[serde(rename = "Hadoop Properties")]
    pub hadoop_properties: Properties,
    /// System properties.
    #[serde(rename = "System Properties")]
    pub system_properties: Properties,
    /// Settings of the metrics system.
    #[serde(rename = "Metrics Properties")]
    pub metrics_properties: Properties,
    /// Class path.
    #[serde(rename = "Classpath Entries")]
    pub classpath_entries: Properties,
}

/// An executor came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerExecutorAdded {
    /// Milliseconds since the epoch.
    #[serde(rename = "Timestamp")]
    pub time: i64,
    /// Executor.
    #[serde(rename = "Executor ID")]
    pub executor_id: ExecutorId,
    /// What it brings.
    #[serde(rename = "Executor Info")]
    pub executor_info: ExecutorInfo,
}

/// An executor went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparkListenerExecutorRemoved {
    /// Milliseconds since the epoch.
    #[serde(rename = "Timestamp")]
    pub time: i64,
    /// Executor.
    #[serde(rename = "Executor ID")]
    pub executor_id: ExecutorId,
    /// Why.
    #[serde(rename = "Removed Reason", default)]
    pub reason: String,
}

/// A block manager came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparkListenerBlockManagerAdded {
    /// Which.
    #[serde(rename = "Block Manager ID")]
    pub block_manager_id: BlockManagerId,
    /// Memory for storage, bytes.
    #[serde(rename = "Maximum Memory")]
    pub max_mem: i64,
    /// Milliseconds since the epoch.
    #[serde(rename = "Timestamp", default)]
    pub time: i64,
    /// The part on the heap.
    #[serde(rename = "Maximum Onheap Memory", default, skip_serializing_if = "Option::is_none")]
    pub max_on_heap_mem: Option<i64>,
    /// The part off the heap.
    #[serde(rename = "Maximum Offheap Memory", default, skip_serializing_if = "Option::is_none")]
    pub max_off_heap_mem: Option<i64>,
}

/// A block manager went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparkListenerBlockManagerRemoved {
    /// Which.
    #[serde(rename = "Block Manager ID")]
    pub block_manager_id: BlockManagerId,
    /// Milliseconds since the epoch.
    #[serde(rename = "Timestamp", default)]
    pub time: i64,
}

/// A resource profile was made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SparkListenerResourceProfileAdded {
    /// Id.
    #[serde(rename = "Resource Profile Id")]
    pub resource_profile_id: i32,
    /// What it asks of an executor.
    #[serde(rename = "Executor Resource Requests", default)]
    pub executor_resources: BTreeMap<String, ExecutorResourceRequest>,
    /// What it asks for a task.
    #[serde(rename = "Task Resource Requests", default)]
    pub task_resources: BTreeMap<String, TaskResourceRequest>,
}

/// A job starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerJobStart {
    /// Job.
    #[serde(rename = "Job ID")]
    pub job_id: JobId,
    /// Milliseconds since the epoch.
    #[serde(rename = "Submission Time", default)]
    pub time: i64,
    /// All its stages, those that will be skipped included.
    #[serde(rename = "Stage Infos", default)]
    pub stage_infos: Vec<StageInfo>,
    /// Their ids.
    #[serde(rename = "Stage IDs", default)]
    pub stage_ids: Vec<StageId>,
    /// `spark.job.description`, `spark.sql.execution.id`, …
    #[serde(rename = "Properties", default)]
    pub properties: Properties,
}

/// A job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparkListenerJobEnd {
    /// Job.
    #[serde(rename = "Job ID")]
    pub job_id: JobId,
    /// Milliseconds since the epoch.
    #[serde(rename = "Completion Time", default)]
    pub time: i64,
    /// How.
    #[serde(rename = "Job Result")]
    pub job_result: JobResult,
}

/// A stage attempt is submitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerStageSubmitted {
    /// The attempt.
    #[serde(rename = "Stage Info")]
    pub stage_info: StageInfo,
    /// Properties of its job.
    #[serde(rename = "Properties", default)]
    pub properties: Properties,
}

/// A stage attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerStageCompleted {
    /// The attempt.
    #[serde(rename = "Stage Info")]
    pub stage_info: StageInfo,
}

/// A task starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerTaskStart {
    /// Stage.
    #[serde(rename = "Stage ID")]
    pub stage_id: StageId,
    /// Its attempt.
    #[serde(rename = "Stage Attempt ID", default)]
    pub stage_attempt_id: i32,
    /// The task.
    #[serde(rename = "Task Info")]
    pub task_info: TaskInfo,
}

/// The driver fetches a task's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerTaskGettingResult {
    /// The task.
    #[serde(rename = "Task Info")]
    pub task_info: TaskInfo,
}

/// A speculative copy of a task was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerSpeculativeTaskSubmitted {
    /// Stage.
    pub stage_id: StageId,
    /// Its attempt.
    #[serde(default)]
    pub stage_attempt_id: i32,
    /// Index of the task.
    #[serde(default)]
    pub task_index: i32,
    /// Its partition.
    #[serde(default)]
    pub partition_id: i32,
}

/// A task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerTaskEnd {
    /// Stage.
    #[serde(rename = "Stage ID")]
    pub stage_id: StageId,
    /// Its attempt.
    #[serde(rename = "Stage Attempt ID", default)]
    pub stage_attempt_id: i32,
    /// `ShuffleMapTask` or `ResultTask`.
    #[serde(rename = "Task Type", default)]
    pub task_type: String,
    /// Why.
    #[serde(rename = "Task End Reason")]
    pub reason: TaskEndReason,
    /// The task.
    #[serde(rename = "Task Info")]
    pub task_info: TaskInfo,
    /// Peaks of its executor's memory.
    #[serde(rename = "Task Executor Metrics", default)]
    pub task_executor_metrics: ExecutorMetrics,
    /// What it measured; none when its executor was lost.
    #[serde(rename = "Task Metrics", default, skip_serializing_if = "Option::is_none")]
    pub task_metrics: Option<TaskMetrics>,
}

/// Peaks of an executor during a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparkListenerStageExecutorMetrics {
    /// Executor.
    #[serde(rename = "Executor ID")]
    pub executor_id: ExecutorId,
    /// Stage.
    #[serde(rename = "Stage ID")]
    pub stage_id: StageId,
    /// Its attempt.
    #[serde(rename = "Stage Attempt ID", default)]
    pub stage_attempt_id: i32,
    /// The peaks.
    #[serde(rename = "Executor Metrics")]
    pub executor_metrics: ExecutorMetrics,
}

/// Accumulators of a task that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskAccumUpdates {
    /// Task.
    #[serde(rename = "Task ID")]
    pub task_id: TaskId,
    /// Stage.
    #[serde(rename = "Stage ID")]
    pub stage_id: StageId,
    /// Its attempt.
    #[serde(rename = "Stage Attempt ID", default)]
    pub stage_attempt_id: i32,
    /// Updates so far.
    #[serde(rename = "Accumulator Updates", default)]
    pub accum_updates: Vec<crate::AccumulableInfo>,
}

/// Peaks of an executor during a stage that runs; -1 for none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageExecutorPeaks {
    /// Stage.
    #[serde(rename = "Stage ID")]
    pub stage_id: StageId,
    /// Its attempt.
    #[serde(rename = "Stage Attempt ID", default)]
    pub stage_attempt_id: i32,
    /// The peaks.
    #[serde(rename = "Executor Metrics")]
    pub executor_metrics: ExecutorMetrics,
}

/// A heartbeat of an executor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerExecutorMetricsUpdate {
    /// Executor.
    #[serde(rename = "Executor ID")]
    pub executor_id: ExecutorId,
    /// Its running tasks.
    #[serde(rename = "Metrics Updated", default)]
    pub accum_updates: Vec<TaskAccumUpdates>,
    /// Its peaks.
    #[serde(rename = "Executor Metrics Updated", default)]
    pub executor_updates: Vec<StageExecutorPeaks>,
}

/// A block came, moved or went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SparkListenerBlockUpdated {
    /// The block.
    #[serde(rename = "Block Updated Info")]
    pub block_updated_info: BlockUpdatedInfo,
}

/// An RDD is cached no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparkListenerUnpersistRdd {
    /// RDD.
    #[serde(rename = "RDD ID")]
    pub rdd_id: RddId,
}

/// An executor gets no more tasks for a while, because tasks failed on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerExecutorExcluded {
    /// Milliseconds since the epoch.
    pub time: i64,
    /// Executor.
    pub executor_id: ExecutorId,
    /// Failures.
    #[serde(default)]
    pub task_failures: i32,
}

/// An executor gets tasks again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerExecutorUnexcluded {
    /// Milliseconds since the epoch.
    pub time: i64,
    /// Executor.
    pub executor_id: ExecutorId,
}

/// An executor gets no more tasks of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerExecutorExcludedForStage {
    /// Milliseconds since the epoch.
    pub time: i64,
    /// Executor.
    pub executor_id: ExecutorId,
    /// Failures.
    #[serde(default)]
    pub task_failures: i32,
    /// Stage.
    pub stage_id: StageId,
    /// Its attempt.
    #[serde(default)]
    pub stage_attempt_id: i32,
}

/// An event this version does not know, kept whole.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherEvent {
    /// The value of `Event`.
    pub name: String,
    /// The whole object, `Event` included.
    pub json: serde_json::Value,
}

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $variant:ident($payload:ident) = $name:literal;)*) => {
        /// A listener event.
        #[derive(Debug, Clone, PartialEq)]
        pub enum SparkListenerEvent {
            $($(#[doc = $doc])+ $variant(Box<$payload>),)*
            /// One that this version does not know.
            Other(Box<OtherEvent>),
        }

        impl SparkListenerEvent {
            /// The value of the JSON's `Event`.
            pub fn name(&self) -> &str {
                match self {
                    $(SparkListenerEvent::$variant(_) => $name,)*
                    SparkListenerEvent::Other(event) => &event.name,
                }
            }

            pub(crate) fn parse_named(name: &str, json: &str) -> serde_json::Result<SparkListenerEvent> {
                match name {
                    $($name => serde_json::from_str(json).map(SparkListenerEvent::$variant),)*
                    _ => serde_json::from_str(json)
                        .map(|json| SparkListenerEvent::Other(Box::new(OtherEvent { name: name.to_string(), json }))),
                }
            }

            pub(crate) fn payload_to_json(&self) -> serde_json::Result<String> {
                match self {
                    $(SparkListenerEvent::$variant(event) => serde_json::to_string(event),)*
                    SparkListenerEvent::Other(event) => serde_json::to_string(&event.json),
                }
            }
        }

        $(impl From<$payload> for SparkListenerEvent {
            fn from(event: $payload) -> Self {
                SparkListenerEvent::$variant(Box::new(event))
            }
        })*
    };
}

events! {
    /// The log starts.
    LogStart(SparkListenerLogStart) = "SparkListenerLogStart";
    /// The application starts.
    ApplicationStart(SparkListenerApplicationStart) = "SparkListenerApplicationStart";
    /// The application ends.
    ApplicationEnd(SparkListenerApplicationEnd) = "SparkListenerApplicationEnd";
    /// Settings.
    EnvironmentUpdate(SparkListenerEnvironmentUpdate) = "SparkListenerEnvironmentUpdate";
    /// An executor came.
    ExecutorAdded(SparkListenerExecutorAdded) = "SparkListenerExecutorAdded";
    /// An executor went.
    ExecutorRemoved(SparkListenerExecutorRemoved) = "SparkListenerExecutorRemoved";
    /// A block manager came.
    BlockManagerAdded(SparkListenerBlockManagerAdded) = "SparkListenerBlockManagerAdded";
    /// A block manager went.
    BlockManagerRemoved(SparkListenerBlockManagerRemoved) = "SparkListenerBlockManagerRemoved";
    /// A resource profile was made.
    ResourceProfileAdded(SparkListenerResourceProfileAdded) = "SparkListenerResourceProfileAdded";
    /// A job starts.
    JobStart(SparkListenerJobStart) = "SparkListenerJobStart";
    /// A job ended.
    JobEnd(SparkListenerJobEnd) = "SparkListenerJobEnd";
    /// A stage attempt is submitted.
    StageSubmitted(SparkListenerStageSubmitted) = "SparkListenerStageSubmitted";
    /// A stage attempt ended.
    StageCompleted(SparkListenerStageCompleted) = "SparkListenerStageCompleted";
    /// A task starts.
    TaskStart(SparkListenerTaskStart) = "SparkListenerTaskStart";
    /// The driver fetches a task's result.
    TaskGettingResult(SparkListenerTaskGettingResult) = "SparkListenerTaskGettingResult";
    /// A speculative copy was asked for.
    SpeculativeTaskSubmitted(SparkListenerSpeculativeTaskSubmitted) =
        "org.apache.spark.scheduler.SparkListenerSpeculativeTaskSubmitted";
    /// A task ended.
    TaskEnd(SparkListenerTaskEnd) = "SparkListenerTaskEnd";
    /// Peaks of an executor during a stage.
    StageExecutorMetrics(SparkListenerStageExecutorMetrics) = "SparkListenerStageExecutorMetrics";
    /// A heartbeat.
    ExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate) = "SparkListenerExecutorMetricsUpdate";
    /// A block came, moved or went.
    BlockUpdated(SparkListenerBlockUpdated) = "SparkListenerBlockUpdated";
    /// An RDD is cached no longer.
    UnpersistRdd(SparkListenerUnpersistRdd) = "SparkListenerUnpersistRDD";
    /// An executor is excluded.
    ExecutorExcluded(SparkListenerExecutorExcluded) = "org.apache.spark.scheduler.SparkListenerExecutorExcluded";
    /// An executor is excluded no longer.
    ExecutorUnexcluded(SparkListenerExecutorUnexcluded) =
        "org.apache.spark.scheduler.SparkListenerExecutorUnexcluded";
    /// An executor is excluded for a stage.
    ExecutorExcludedForStage(SparkListenerExecutorExcludedForStage) =
        "org.apache.spark.scheduler.SparkListenerExecutorExcludedForStage";
    /// A SQL execution starts.
    SqlExecutionStart(SparkListenerSqlExecutionStart) =
        "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart";
    /// A SQL execution ended.
    SqlExecutionEnd(SparkListenerSqlExecutionEnd) = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd";
    /// AQE changed a plan.
    SqlAdaptiveExecutionUpdate(SparkListenerSqlAdaptiveExecutionUpdate) =
        "org.apache.spark.sql.execution.ui.SparkListenerSQLAdaptiveExecutionUpdate";
    /// AQE added metrics.
    SqlAdaptiveSqlMetricUpdates(SparkListenerSqlAdaptiveSqlMetricUpdates) =
        "org.apache.spark.sql.execution.ui.SparkListenerSQLAdaptiveSQLMetricUpdates";
    /// Metrics of the driver.
    DriverAccumUpdates(SparkListenerDriverAccumUpdates) =
        "org.apache.spark.sql.execution.ui.SparkListenerDriverAccumUpdates";
}

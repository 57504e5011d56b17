//! Why a task, and how a job, ended.

use serde::{Deserialize, Serialize};

use crate::{AccumulableInfo, BlockManagerId, ExecutorId, ShuffleId};

/// A frame of a stack trace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StackTraceElement {
    /// Class or module.
    #[serde(rename = "Declaring Class")]
    pub declaring_class: String,
    /// Function.
    #[serde(rename = "Method Name")]
    pub method_name: String,
    /// File.
    #[serde(rename = "File Name")]
    pub file_name: Option<String>,
    /// Line.
    #[serde(rename = "Line Number")]
    pub line_number: i32,
}

/// Why a task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "Reason")]
pub enum TaskEndReason {
    /// It succeeded.
    Success,
    /// Its output was lost with its executor after it had succeeded; it runs again.
    Resubmitted,
    /// A map output was not there: the parent stage runs again for what is lost.
    FetchFailed {
        /// Where the block should have been.
        #[serde(rename = "Block Manager Address", default, skip_serializing_if = "Option::is_none")]
        block_manager: Option<BlockManagerId>,
        /// Shuffle.
        #[serde(rename = "Shuffle ID")]
        shuffle_id: ShuffleId,
        /// Task attempt id of the map task.
        #[serde(rename = "Map ID")]
        map_id: i64,
        /// Partition of the map task.
        #[serde(rename = "Map Index", default)]
        map_index: i32,
        /// Reduce partition.
        #[serde(rename = "Reduce ID")]
        reduce_id: i32,
        /// What happened.
        #[serde(rename = "Message", default)]
        message: String,
    },
    /// It raised an error.
    ExceptionFailure {
        /// Class of the exception.
        #[serde(rename = "Class Name")]
        class_name: String,
        /// Its message.
        #[serde(rename = "Description", default)]
        description: String,
        /// Its frames.
        #[serde(rename = "Stack Trace", default)]
        stack_trace: Vec<StackTraceElement>,
        /// Its whole text.
        #[serde(rename = "Full Stack Trace", default)]
        full_stack_trace: Option<String>,
        /// What it had added to accumulators.
        #[serde(rename = "Accumulator Updates", default)]
        accum_updates: Vec<AccumulableInfo>,
    },
    /// Its result was lost before the driver had it.
    TaskResultLost,
    /// It was killed.
    TaskKilled {
        /// Why.
        #[serde(rename = "Kill Reason", default)]
        reason: String,
        /// What it had added to accumulators.
        #[serde(rename = "Accumulator Updates", default)]
        accum_updates: Vec<AccumulableInfo>,
    },
    /// It was not allowed to commit its output.
    TaskCommitDenied {
        /// Job.
        #[serde(rename = "Job ID", default)]
        job_id: i32,
        /// Partition.
        #[serde(rename = "Partition ID", default)]
        partition_id: i32,
        /// Attempt.
        #[serde(rename = "Attempt Number", default)]
        attempt_number: i32,
    },
    /// Its executor was lost.
    ExecutorLostFailure {
        /// Executor.
        #[serde(rename = "Executor ID")]
        executor_id: ExecutorId,
        /// Whether the application is to blame, and so whether the failure counts.
        #[serde(rename = "Exit Caused By App", default)]
        exit_caused_by_app: bool,
        /// Why it was lost.
        #[serde(rename = "Loss Reason", default)]
        reason: Option<String>,
    },
    /// Nobody knows.
    #[serde(other)]
    UnknownReason,
}

impl TaskEndReason {
    /// Whether the task succeeded.
    pub fn is_success(&self) -> bool {
        matches!(self, TaskEndReason::Success)
    }

    /// Whether the failure counts towards `spark.task.maxFailures`.
    pub fn counts_towards_task_failures(&self) -> bool {
        match self {
            TaskEndReason::FetchFailed { .. }
            | TaskEndReason::TaskKilled { .. }
            | TaskEndReason::TaskCommitDenied { .. } => false,
            TaskEndReason::ExecutorLostFailure { exit_caused_by_app, .. } => *exit_caused_by_app,
            _ => true,
        }
    }

    /// The text the Stage page shows in Errors (`toErrorString`).
    pub fn to_error_string(&self) -> String {
        match self {
            TaskEndReason::Success => String::new(),
            TaskEndReason::Resubmitted => "Resubmitted (resubmitted due to lost executor)".to_string(),
            TaskEndReason::FetchFailed { block_manager, shuffle_id, map_index, map_id, reduce_id, message } => {
                let address = block_manager.as_ref().map_or_else(
                    || "null".to_string(),
                    |id| format!("BlockManagerId({}, {}, {}, None)", id.executor_id, id.host, id.port),
                );
                format!(
                    "FetchFailed({address}, shuffleId={shuffle_id}, mapIndex={map_index}, mapId={map_id}, \
                     reduceId={reduce_id}, message=\n{message}\n)"
                )
            }
            TaskEndReason::ExceptionFailure { class_name, description, full_stack_trace, .. } => {
                full_stack_trace.clone().unwrap_or_else(|| format!("{class_name}: {description}"))
            }
            TaskEndReason::TaskResultLost => "TaskResultLost (result lost from block manager)".to_string(),
            TaskEndReason::TaskKilled { reason, .. } => format!("TaskKilled ({reason})"),
            TaskEndReason::TaskCommitDenied { job_id, partition_id, attempt_number } => format!(
                "TaskCommitDenied (Driver denied task commit) for job: {job_id}, partition: {partition_id}, \
                 attemptNumber: {attempt_number}"
            ),
            TaskEndReason::ExecutorLostFailure { executor_id, exit_caused_by_app, reason } => {
                let cause = if *exit_caused_by_app {
                    "caused by one of the running tasks"
                } else {
                    "unrelated to the running tasks"
                };
                let reason = reason.as_deref().map(|reason| format!(" Reason: {reason}")).unwrap_or_default();
                format!("ExecutorLostFailure (executor {executor_id} exited {cause}){reason}")
            }
            TaskEndReason::UnknownReason => "UnknownReason".to_string(),
        }
    }
}

/// The error of a failed job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobFailure {
    /// Message.
    #[serde(rename = "Message", default)]
    pub message: String,
    /// Frames.
    #[serde(rename = "Stack Trace", default)]
    pub stack_trace: Vec<StackTraceElement>,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "Result")]
pub enum JobResult {
    /// It succeeded.
    JobSucceeded,
    /// It failed.
    JobFailed {
        /// Why.
        #[serde(rename = "Exception", default)]
        exception: JobFailure,
    },
}

impl JobResult {
    /// A failure with a message.
    pub fn failed(message: impl Into<String>) -> Self {
        JobResult::JobFailed { exception: JobFailure { message: message.into(), stack_trace: vec![] } }
    }
}

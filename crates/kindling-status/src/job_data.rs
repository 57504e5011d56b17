//! A job as the store has it (`JobData`).

use std::collections::{BTreeMap, BTreeSet};

use kindling_events::{ExecutionId, JobId, StageId};

/// State of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// It runs.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed or was cancelled.
    Failed,
}

impl JobStatus {
    /// As Spark writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            JobStatus::Running => "RUNNING",
            JobStatus::Succeeded => "SUCCEEDED",
            JobStatus::Failed => "FAILED",
        }
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobData {
    /// Job.
    pub job_id: JobId,
    /// Name of its last stage: the call site.
    pub name: String,
    /// `spark.job.description`.
    pub description: Option<String>,
    /// When it was submitted.
    pub submission_time: Option<i64>,
    /// When it ended.
    pub completion_time: Option<i64>,
    /// Its stages, skipped ones included.
    pub stage_ids: Vec<StageId>,
    /// `spark.jobGroup.id`.
    pub job_group: Option<String>,
    /// `spark.job.tags`.
    pub job_tags: Vec<String>,
    /// State.
    pub status: JobStatus,
    /// Message of its failure.
    pub error_message: Option<String>,
    /// The SQL execution it belongs to.
    pub execution_id: Option<ExecutionId>,
    /// Tasks of all stages.
    pub num_tasks: i32,
    /// Tasks that run.
    pub num_active_tasks: i32,
    /// Attempts that succeeded.
    pub num_completed_tasks: i32,
    /// Tasks of skipped stages.
    pub num_skipped_tasks: i32,
    /// Attempts that failed.
    pub num_failed_tasks: i32,
    /// Attempts that were killed.
    pub num_killed_tasks: i32,
    /// Tasks that succeeded, each counted once.
    pub completed_indices: BTreeSet<(StageId, i32)>,
    /// Killed attempts by reason.
    pub killed_tasks_summary: BTreeMap<String, i32>,
    /// Stages that run.
    pub num_active_stages: i32,
    /// Stages that succeeded.
    pub completed_stages: BTreeSet<StageId>,
    /// Stages that were skipped.
    pub skipped_stages: BTreeSet<StageId>,
    /// Stage attempts that failed.
    pub num_failed_stages: i32,
}

impl JobData {
    /// How long it ran, or has run.
    pub fn duration(&self, now: i64) -> Option<i64> {
        Some(self.completion_time.unwrap_or(now) - self.submission_time?)
    }
}

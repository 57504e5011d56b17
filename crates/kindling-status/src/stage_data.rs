//! A stage attempt as the store has it (`StageData`).

use std::collections::{BTreeMap, BTreeSet};

use kindling_events::{ExecutorId, ExecutorMetrics, JobId, StageInfo, TaskId, TaskLocality, TaskMetrics};

use crate::TaskData;

/// State of a stage attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageStatus {
    /// It runs.
    Active,
    /// It succeeded.
    Complete,
    /// It failed.
    Failed,
    /// It waits for its parents.
    Pending,
    /// Its output was there already.
    Skipped,
}

impl StageStatus {
    /// As Spark writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            StageStatus::Active => "ACTIVE",
            StageStatus::Complete => "COMPLETE",
            StageStatus::Failed => "FAILED",
            StageStatus::Pending => "PENDING",
            StageStatus::Skipped => "SKIPPED",
        }
    }
}

/// What one executor did for a stage (`ExecutorStageSummary`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExecutorStageSummary {
    /// Run time of its tasks.
    pub task_time: i64,
    /// Attempts that failed.
    pub failed_tasks: i32,
    /// Attempts that succeeded.
    pub succeeded_tasks: i32,
    /// Attempts that were killed.
    pub killed_tasks: i32,
    /// Whether it gets no more tasks of this stage.
    pub is_excluded_for_stage: bool,
    /// Sums over its tasks.
    pub metrics: TaskMetrics,
}

/// A stage attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct StageData {
    /// What the scheduler knows, lineage included.
    pub info: StageInfo,
    /// State.
    pub status: StageStatus,
    /// Jobs that need it.
    pub job_ids: BTreeSet<JobId>,
    /// `spark.job.description`.
    pub description: Option<String>,
    /// `spark.scheduler.pool`.
    pub scheduling_pool: String,
    /// Tasks that run.
    pub num_active_tasks: i32,
    /// Attempts that succeeded.
    pub num_complete_tasks: i32,
    /// Attempts that failed.
    pub num_failed_tasks: i32,
    /// Attempts that were killed.
    pub num_killed_tasks: i32,
    /// Tasks that succeeded, each counted once.
    pub completed_indices: BTreeSet<i32>,
    /// Killed attempts by reason.
    pub killed_tasks_summary: BTreeMap<String, i32>,
    /// When its first task started.
    pub first_task_launched_time: Option<i64>,
    /// Sums over its tasks.
    pub metrics: TaskMetrics,
    /// By executor.
    pub executor_summaries: BTreeMap<ExecutorId, ExecutorStageSummary>,
    /// Peaks of all executors.
    pub peak_executor_metrics: ExecutorMetrics,
    /// Task attempts.
    pub tasks: BTreeMap<TaskId, TaskData>,
}

impl StageData {
    pub(crate) fn new(info: StageInfo, status: StageStatus) -> Self {
        StageData {
            info,
            status,
            job_ids: BTreeSet::new(),
            description: None,
            scheduling_pool: "default".to_string(),
            num_active_tasks: 0,
            num_complete_tasks: 0,
            num_failed_tasks: 0,
            num_killed_tasks: 0,
            completed_indices: BTreeSet::new(),
            killed_tasks_summary: BTreeMap::new(),
            first_task_launched_time: None,
            metrics: TaskMetrics::default(),
            executor_summaries: BTreeMap::new(),
            peak_executor_metrics: ExecutorMetrics::default(),
            tasks: BTreeMap::new(),
        }
    }

    /// From the first task's launch to the end, or to now, as the Stages page has it.
    pub fn duration(&self, now: i64) -> Option<i64> {
        let start = self.first_task_launched_time.or(self.info.submission_time)?;
        Some((self.info.completion_time.unwrap_or(now) - start).max(0))
    }

    /// `Node local: 13; Process local: 3`.
    pub fn locality_summary(&self) -> String {
        let names = [
            (TaskLocality::ProcessLocal, "Process local"),
            (TaskLocality::NodeLocal, "Node local"),
            (TaskLocality::RackLocal, "Rack local"),
            (TaskLocality::Any, "Any"),
            (TaskLocality::NoPref, "No pref"),
        ];
        let mut parts: Vec<String> = names
            .iter()
            .filter_map(|(locality, name)| {
                let count = self.tasks.values().filter(|task| task.info.locality == *locality).count();
                (count > 0).then(|| format!("{name}: {count}"))
            })
            .collect();
        parts.sort();
        parts.join("; ")
    }
}

//! A SQL execution as the store has it (`SQLExecutionUIData`).

use std::collections::{BTreeMap, BTreeSet};

use kindling_events::{AccumulatorId, ExecutionId, JobId, SparkPlanInfo, StageId};

use crate::{JobStatus, PlanGraph};

/// State of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// It runs.
    Running,
    /// It succeeded.
    Completed,
    /// It failed.
    Failed,
}

impl ExecutionStatus {
    /// As Spark writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            ExecutionStatus::Running => "RUNNING",
            ExecutionStatus::Completed => "COMPLETED",
            ExecutionStatus::Failed => "FAILED",
        }
    }
}

/// A plan of an execution: the first, or one that AQE made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanVersion {
    /// The plan.
    pub plan: SparkPlanInfo,
    /// Its `explain` text.
    pub description: String,
    /// Its graph.
    pub graph: PlanGraph,
}

impl PlanVersion {
    pub(crate) fn new(plan: SparkPlanInfo, description: String) -> Self {
        let graph = PlanGraph::new(&plan);
        PlanVersion { plan, description, graph }
    }
}

/// A SQL execution.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlExecution {
    /// Execution.
    pub execution_id: ExecutionId,
    /// The execution it is part of, or itself.
    pub root_execution_id: ExecutionId,
    /// Query id.
    pub query_id: Option<String>,
    /// Call site or text.
    pub description: String,
    /// Call stack.
    pub details: String,
    /// The plan before anything ran.
    pub initial: PlanVersion,
    /// The plan that AQE made of it last, if it changed.
    pub latest: Option<PlanVersion>,
    /// How often AQE changed it.
    pub num_plan_updates: usize,
    /// Settings that differ from the defaults.
    pub modified_configs: BTreeMap<String, String>,
    /// When it began.
    pub submission_time: i64,
    /// When it ended.
    pub completion_time: Option<i64>,
    /// Its error; empty if it succeeded, none while it runs.
    pub error_message: Option<String>,
    /// Its jobs.
    pub jobs: BTreeMap<JobId, JobStatus>,
    /// Their stages.
    pub stages: BTreeSet<StageId>,
    /// Type of each metric of any version of its plan.
    pub(crate) metric_types: BTreeMap<AccumulatorId, String>,
    /// What the driver measured.
    pub(crate) driver_updates: BTreeMap<AccumulatorId, Vec<i64>>,
}

impl SqlExecution {
    /// The plan as it is now.
    pub fn plan(&self) -> &PlanVersion {
        self.latest.as_ref().unwrap_or(&self.initial)
    }

    /// State.
    pub fn status(&self) -> ExecutionStatus {
        match (&self.completion_time, &self.error_message) {
            (None, _) => ExecutionStatus::Running,
            (Some(_), Some(error)) if !error.is_empty() => ExecutionStatus::Failed,
            (Some(_), None) if self.jobs.values().any(|status| *status == JobStatus::Failed) => ExecutionStatus::Failed,
            _ => ExecutionStatus::Completed,
        }
    }

    /// How long it ran, or has run.
    pub fn duration(&self, now: i64) -> i64 {
        (self.completion_time.unwrap_or(now) - self.submission_time).max(0)
    }

    /// Its jobs in a state.
    pub fn jobs_in(&self, status: JobStatus) -> Vec<JobId> {
        self.jobs.iter().filter(|(_, own)| **own == status).map(|(id, _)| *id).collect()
    }
}

//! `AppStatusStore`: everything the pages show, ready to read.

use std::collections::{BTreeMap, HashMap};

use kindling_events::{
    AccumulatorId, ExecutionId, ExecutorId, JobId, Properties, RddId, SparkListenerResourceProfileAdded, StageAttempt,
    StageId,
};

use crate::{
    ExecutorSummary, JobData, JobStatus, MetricSummary, RddStorage, SqlExecution, StageData, StageStatus,
    sql_metrics::{Collected, StageMetrics},
};

/// How much is kept (`spark.ui.retained*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusLimits {
    /// `spark.ui.retainedJobs`
    pub retained_jobs: usize,
    /// `spark.ui.retainedStages`
    pub retained_stages: usize,
    /// `spark.ui.retainedTasks`, per stage.
    pub retained_tasks: usize,
    /// `spark.ui.retainedDeadExecutors`
    pub retained_dead_executors: usize,
    /// `spark.sql.ui.retainedExecutions`
    pub retained_executions: usize,
}

impl Default for StatusLimits {
    fn default() -> Self {
        StatusLimits {
            retained_jobs: 1_000,
            retained_stages: 1_000,
            retained_tasks: 100_000,
            retained_dead_executors: 100,
            retained_executions: 1_000,
        }
    }
}

/// The application.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApplicationInfo {
    /// Name.
    pub name: String,
    /// Id.
    pub id: Option<String>,
    /// User.
    pub user: String,
    /// When it started.
    pub start_time: Option<i64>,
    /// When it ended.
    pub end_time: Option<i64>,
    /// Version of Spark that wrote the log.
    pub spark_version: Option<String>,
}

/// The environment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EnvironmentInfo {
    /// Runtime.
    pub runtime: Properties,
    /// Spark's settings.
    pub spark_properties: Properties,
    /// Hadoop's settings.
    pub hadoop_properties: Properties,
    /// System properties.
    pub system_properties: Properties,
    /// Settings of the metrics system.
    pub metrics_properties: Properties,
    /// Class path.
    pub classpath_entries: Properties,
}

/// What the pages show.
#[derive(Debug, Clone, Default)]
pub struct AppStatusStore {
    /// The application.
    pub application: ApplicationInfo,
    /// The environment.
    pub environment: EnvironmentInfo,
    /// Resource profiles.
    pub resource_profiles: BTreeMap<i32, SparkListenerResourceProfileAdded>,
    /// Jobs.
    pub jobs: BTreeMap<JobId, JobData>,
    /// Stage attempts.
    pub stages: BTreeMap<StageAttempt, StageData>,
    /// Executors, dead ones included.
    pub executors: BTreeMap<ExecutorId, ExecutorSummary>,
    /// Cached RDDs.
    pub rdds: BTreeMap<RddId, RddStorage>,
    /// SQL executions.
    pub executions: BTreeMap<ExecutionId, SqlExecution>,
    /// Time of the newest event.
    pub last_event_time: i64,
    /// Events folded so far.
    pub num_events: u64,
    pub(crate) metric_owner: HashMap<AccumulatorId, ExecutionId>,
    pub(crate) stage_metrics: BTreeMap<StageId, StageMetrics>,
}

impl AppStatusStore {
    /// Jobs in a state, the newest first.
    pub fn jobs_in(&self, status: JobStatus) -> Vec<&JobData> {
        self.jobs.values().rev().filter(|job| job.status == status).collect()
    }

    /// Stage attempts in a state, the newest first.
    pub fn stages_in(&self, status: StageStatus) -> Vec<&StageData> {
        self.stages.values().rev().filter(|stage| stage.status == status).collect()
    }

    /// The newest attempt of a stage.
    pub fn last_attempt(&self, stage_id: StageId) -> Option<&StageData> {
        let attempts = StageAttempt { stage_id, attempt: 0 }..=StageAttempt { stage_id, attempt: i32::MAX };
        self.stages.range(attempts).next_back().map(|(_, stage)| stage)
    }

    /// A metric of an execution over the tasks and the driver; none if nobody has reported it.
    pub fn metric(&self, execution: &SqlExecution, accumulator: AccumulatorId) -> Option<MetricSummary> {
        let mut collected = Collected::default();
        for stage in execution.stages.iter().filter_map(|id| self.stage_metrics.get(id)) {
            collected.add_stage(stage, accumulator);
        }
        if let Some(updates) = execution.driver_updates.get(&accumulator) {
            collected.values.extend(updates);
        }
        collected.summary()
    }

    /// The stages whose tasks reported one of these metrics.
    pub fn stages_of_metrics(&self, execution: &SqlExecution, accumulators: &[AccumulatorId]) -> Vec<StageAttempt> {
        let stages = execution.stages.iter().filter_map(|id| self.stage_metrics.get(id));
        stages
            .filter(|stage| accumulators.iter().any(|id| stage.values.contains_key(id)))
            .map(|stage| stage.attempt)
            .collect()
    }

    /// Whether the writer of the events can measure a task metric; it names those it cannot, comma-separated, in
    /// the system property `kindling.unmeasured.metrics`, because Spark's format has no way to leave them out.
    pub fn is_measured(&self, metric: &str) -> bool {
        let unmeasured = self.environment.system_properties.get("kindling.unmeasured.metrics");
        !unmeasured.is_some_and(|names| names.split(',').any(|name| name.trim() == metric))
    }
}

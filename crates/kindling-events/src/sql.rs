//! Events and plan descriptions of SQL executions, as Jackson writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AccumulatorId, ExecutionId};

/// A metric of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlMetricInfo {
    /// Name: `number of output rows`.
    pub name: String,
    /// The accumulator with its value.
    pub accumulator_id: AccumulatorId,
    /// `sum`, `size`, `timing`, `nsTiming` or `average`.
    pub metric_type: String,
}

/// A metric that the plan did not name at its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlPlanMetric {
    /// Name.
    pub name: String,
    /// Accumulator.
    pub accumulator_id: AccumulatorId,
    /// Type.
    pub metric_type: String,
}

/// An operator of a physical plan with its inputs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkPlanInfo {
    /// `HashAggregate`, `WholeStageCodegen (1)`.
    pub node_name: String,
    /// One line: `HashAggregate(keys=[k#1L], functions=[sum(id#0L)])`.
    #[serde(default)]
    pub simple_string: String,
    /// Inputs.
    #[serde(default)]
    pub children: Vec<SparkPlanInfo>,
    /// Metadata of scans.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Metrics.
    #[serde(default)]
    pub metrics: Vec<SqlMetricInfo>,
}

/// A SQL execution starts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerSqlExecutionStart {
    /// Execution.
    pub execution_id: ExecutionId,
    /// The execution it is part of, or itself.
    #[serde(default)]
    pub root_execution_id: Option<ExecutionId>,
    /// Call site: `collect at cell 2, line 7`.
    #[serde(default)]
    pub description: String,
    /// Call stack.
    #[serde(default)]
    pub details: String,
    /// `explain` text of the plan.
    #[serde(default)]
    pub physical_plan_description: String,
    /// The plan.
    #[serde(default)]
    pub spark_plan_info: SparkPlanInfo,
    /// Milliseconds since the epoch.
    pub time: i64,
    /// Settings that differ from the session's defaults.
    #[serde(default)]
    pub modified_configs: BTreeMap<String, String>,
    /// Tags.
    #[serde(default)]
    pub job_tags: Vec<String>,
    /// Group.
    #[serde(default)]
    pub job_group_id: Option<String>,
    /// Query id (UUID).
    #[serde(default)]
    pub query_id: Option<String>,
}

/// AQE changed the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerSqlAdaptiveExecutionUpdate {
    /// Execution.
    pub execution_id: ExecutionId,
    /// `explain` text of the plan now.
    #[serde(default)]
    pub physical_plan_description: String,
    /// The plan now.
    pub spark_plan_info: SparkPlanInfo,
}

/// AQE added metrics without changing the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerSqlAdaptiveSqlMetricUpdates {
    /// Execution.
    pub execution_id: ExecutionId,
    /// The metrics.
    #[serde(default)]
    pub sql_plan_metrics: Vec<SqlPlanMetric>,
}

/// A SQL execution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerSqlExecutionEnd {
    /// Execution.
    pub execution_id: ExecutionId,
    /// Milliseconds since the epoch.
    pub time: i64,
    /// Empty when it succeeded; none in logs of versions that did not say.
    #[serde(default)]
    pub error_message: Option<String>,
    /// Query id.
    #[serde(default)]
    pub query_id: Option<String>,
}

/// Metrics that the driver measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkListenerDriverAccumUpdates {
    /// Execution.
    pub execution_id: ExecutionId,
    /// Accumulators and their values.
    #[serde(default)]
    pub accum_updates: Vec<(AccumulatorId, i64)>,
}

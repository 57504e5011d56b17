//! From DataFusion's physical plan to Spark's.
//!
//! 1. [`select`](select::select): removes what DataFusion put in for its own parallelism, splits aggregates in two,
//!    picks join strategies, and marks limits (`TakeOrderedAndProject`, `CollectLimit`).
//! 2. [`ensure_requirements`]: places exchanges and sorts where an operator's requirements are not met. It is
//!    idempotent, so that adaptive execution can run it again on a plan with finished stages.

mod distribution;
mod ensure;
mod join_node;
mod join_selection;
mod select;
mod size;
mod subqueries;

use std::sync::Arc;

use datafusion::{
    error::Result,
    physical_optimizer::{
        PhysicalOptimizerRule, filter_pushdown::FilterPushdown, projection_pushdown::ProjectionPushdown,
    },
    physical_plan::ExecutionPlan,
};

pub use crate::operators::is_single_partition;
pub use distribution::clustering_satisfied;
pub use ensure::ensure_requirements;
pub(crate) use join_node::JoinNode;
pub(crate) use join_selection::{can_build_left, can_build_right};
pub use size::{row_size, size_in_bytes};
pub use subqueries::ScalarSubquery;

use crate::{PhysicalConf, aqe};

/// A plan ready to be run, with the scalar subqueries whose values it needs first.
#[derive(Debug, Clone)]
pub struct PreparedPlan {
    /// The plan, with exchanges.
    pub plan: Arc<dyn ExecutionPlan>,
    /// Uncorrelated scalar subqueries, to be run before it.
    pub subqueries: Vec<ScalarSubquery>,
    /// Whether `spark.sql.adaptive.enabled` was on when it was planned.
    pub adaptive: bool,
}

impl PreparedPlan {
    /// Whether adaptive execution has something to decide.
    pub fn is_adaptive(&self) -> bool {
        self.adaptive && aqe::applies(&self.plan, &self.subqueries)
    }
}

/// Turns DataFusion's physical plan into Spark's.
pub fn prepare(plan: Arc<dyn ExecutionPlan>, conf: &PhysicalConf) -> Result<PreparedPlan> {
    let (plan, subqueries) = subqueries::extract(plan, conf)?;
    let plan = select::select(plan, conf)?;
    let plan = select::mark_root(plan)?;
    Ok(PreparedPlan { plan: ensure_requirements(plan, conf)?, subqueries, adaptive: conf.adaptive })
}

/// The optimizer rules that a session which plans for [`prepare`] runs: those that do not distribute, order
/// or pick joins. Dynamic filters are left out, since they join tasks that Spark keeps apart.
pub fn optimizer_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    vec![Arc::new(FilterPushdown::new()), Arc::new(ProjectionPushdown::new())]
}

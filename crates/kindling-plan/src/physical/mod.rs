//! From the optimised plan to Spark's physical plan.

mod collect_metrics;
mod generate;
mod local_table_scan;
mod parse_records;
mod planner;
mod planner_macros;
mod poisson;
mod sample;

use std::sync::Arc;

use datafusion::{
    logical_expr::LogicalPlan,
    physical_plan::ExecutionPlan,
    physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner},
};
use futures::executor::block_on;
use kindling_common::SparkResult;
use kindling_functions::error::from_datafusion;
use kindling_physical::{PhysicalConf, PreparedPlan};

pub use self::{
    collect_metrics::{CollectMetricsExec, ObservedMetrics, observations},
    generate::GenerateExec,
    local_table_scan::LocalTableScanExec,
    parse_records::ParseRecordsExec,
    planner::SparkPlanner,
    sample::SampleExec,
};
use crate::{SessionState, session::default_parallelism};

/// What stands above a query's plan when its rows are not collected, such as a write.
pub type WrapPlan<'a> = &'a dyn Fn(Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan>;

/// Plans with DataFusion's planner, puts `wrap` on top and places Spark's exchanges.
pub(crate) fn create_physical_plan(
    state: &SessionState,
    plan: &LogicalPlan,
    wrap: Option<WrapPlan<'_>>,
) -> SparkResult<PreparedPlan> {
    let conf = state.conf.read().clone();
    let conf = PhysicalConf::new(&conf, default_parallelism(&conf));
    let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(SparkPlanner::new(state))]);
    let physical = block_on(planner.create_physical_plan(plan, state.datafusion())).map_err(from_datafusion)?;
    let physical = wrap.map_or_else(|| Arc::clone(&physical), |wrap| wrap(Arc::clone(&physical)));
    kindling_physical::prepare(physical, &conf).map_err(from_datafusion)
}

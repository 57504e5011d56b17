//! From the optimised plan to Spark's physical plan.

mod generate;
mod local_table_scan;
mod planner;
mod planner_macros;
mod sample;

use std::sync::Arc;

use datafusion::{
    logical_expr::LogicalPlan, physical_planner::DefaultPhysicalPlanner, physical_planner::PhysicalPlanner,
};
use futures::executor::block_on;
use kindling_common::SparkResult;
use kindling_functions::error::from_datafusion;
use kindling_physical::{PhysicalConf, PreparedPlan};

pub use self::{
    generate::GenerateExec, local_table_scan::LocalTableScanExec, planner::SparkPlanner, sample::SampleExec,
};
use crate::{SessionState, session::default_parallelism};

/// Plans with DataFusion's planner and places Spark's exchanges.
pub(crate) fn create_physical_plan(state: &SessionState, plan: &LogicalPlan) -> SparkResult<PreparedPlan> {
    let conf = state.conf.read().clone();
    let conf = PhysicalConf::new(&conf, default_parallelism(&conf));
    let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(SparkPlanner::new(state))]);
    let physical = block_on(planner.create_physical_plan(plan, state.datafusion())).map_err(from_datafusion)?;
    kindling_physical::prepare(physical, &conf).map_err(from_datafusion)
}

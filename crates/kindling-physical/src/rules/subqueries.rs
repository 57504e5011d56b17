//! Uncorrelated scalar subqueries: queries of their own that run before the query which uses their value.

use std::sync::Arc;

use datafusion::{
    common::tree_node::{Transformed, TreeNode},
    error::Result,
    logical_expr::physical_planning_context::{ScalarSubqueryResults, SubqueryIndex},
    physical_plan::{ExecutionPlan, scalar_subquery::ScalarSubqueryExec},
};

use super::PreparedPlan;
use crate::PhysicalConf;

/// A subquery and the place its value goes to, from where the main plan's expressions read it.
#[derive(Clone)]
pub struct ScalarSubquery {
    /// The subquery's own plan: at most one row, of one column.
    pub plan: PreparedPlan,
    /// Where its value goes.
    pub results: ScalarSubqueryResults,
    /// Which value.
    pub index: SubqueryIndex,
}

impl std::fmt::Debug for ScalarSubquery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScalarSubquery").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// Takes the nodes that would run subqueries inside a task out of a plan.
pub fn extract(
    plan: Arc<dyn ExecutionPlan>,
    conf: &PhysicalConf,
) -> Result<(Arc<dyn ExecutionPlan>, Vec<ScalarSubquery>)> {
    let mut found = vec![];
    // Top-down: the plans of subqueries are prepared, with their own subqueries, by `prepare`.
    let plan = plan.transform_down(|node| {
        let mut current = node;
        let mut changed = false;
        while let Some(exec) = current.downcast_ref::<ScalarSubqueryExec>() {
            for link in exec.subqueries() {
                found.push(ScalarSubquery {
                    plan: super::prepare(Arc::clone(&link.plan), conf)?,
                    results: exec.results().clone(),
                    index: link.index,
                });
            }
            let input = Arc::clone(exec.input());
            current = input;
            changed = true;
        }
        Ok(if changed { Transformed::yes(current) } else { Transformed::no(current) })
    })?;
    Ok((plan.data, found))
}

//! Adaptive query execution: finished stages in a plan, and the rules that re-plan from their sizes.
//!
//! [`next_exchanges`] names the exchanges that can run now. When some have run, [`replace_stages`] puts their output in the plan,
//! [`reoptimize`] re-plans what is left, and [`optimize_stage`] decides how a stage reads its input just before it runs.

mod coalesce;
mod dynamic_join;
mod empty_relation;
pub mod partitions_util;
mod query_stage;
mod skew_join;

use std::{collections::HashMap, sync::Arc};

use datafusion::{
    error::Result,
    physical_plan::{ExecutionPlan, execution_plan::replace_children_if_necessary},
};

pub use query_stage::{
    AqeShuffleReadExec, BroadcastQueryStageExec, MapOutputStatistics, ShuffleQueryStageExec, stage_size,
};

use crate::{
    BroadcastExchangeExec, InMemoryTableScanExec, PhysicalConf, PlanId, ScalarSubquery, ShuffleExchangeExec,
    ShuffleOrigin,
};

type Plan = Arc<dyn ExecutionPlan>;

pub(crate) fn exchange_id(plan: &Plan) -> Option<PlanId> {
    if let Some(exchange) = plan.downcast_ref::<ShuffleExchangeExec>() {
        return (exchange.origin() != ShuffleOrigin::Internal).then(|| exchange.plan_id());
    }
    plan.downcast_ref::<BroadcastExchangeExec>().map(BroadcastExchangeExec::plan_id)
}

/// Whether a plan has exchanges that are still to run.
pub fn has_exchange(plan: &Plan) -> bool {
    exchange_id(plan).is_some() || plan.children().into_iter().any(has_exchange)
}

/// Whether adaptive execution runs a plan (`InsertAdaptiveSparkPlan.shouldApplyAQE`): it has an exchange or a subquery, or reads
/// a cached query that has.
pub fn applies(plan: &Plan, subqueries: &[ScalarSubquery]) -> bool {
    fn reads_adaptive_cache(plan: &Plan) -> bool {
        plan.downcast_ref::<InMemoryTableScanExec>().is_some_and(|scan| scan.relation().plan.is_adaptive())
            || plan.children().into_iter().any(reads_adaptive_cache)
    }
    has_exchange(plan) || !subqueries.is_empty() || reads_adaptive_cache(plan)
}

/// The exchanges whose input has no exchange left, broadcasts first as Spark submits them.
pub fn next_exchanges(plan: &Plan) -> Vec<Plan> {
    fn walk(plan: &Plan, out: &mut Vec<Plan>) {
        if !plan.children().into_iter().any(has_exchange) {
            if exchange_id(plan).is_some() {
                out.push(Arc::clone(plan));
            }
            return;
        }
        for child in plan.children() {
            walk(child, out);
        }
    }
    let mut out = vec![];
    walk(plan, &mut out);
    out.sort_by_key(|plan| !plan.is::<BroadcastExchangeExec>());
    out
}

/// Puts finished stages in the place of their exchanges.
pub fn replace_stages(plan: Plan, finished: &HashMap<PlanId, Plan>) -> Result<Plan> {
    if let Some(stage) = exchange_id(&plan).and_then(|id| finished.get(&id)) {
        return Ok(Arc::clone(stage));
    }
    let children = plan
        .children()
        .into_iter()
        .map(|child| replace_stages(Arc::clone(child), finished))
        .collect::<Result<Vec<_>>>()?;
    if children.is_empty() { Ok(plan) } else { replace_children_if_necessary(plan, children) }
}

/// Re-plans after stages have finished.
pub fn reoptimize(plan: Plan, conf: &PhysicalConf) -> Result<Plan> {
    let plan = empty_relation::propagate_empty(plan)?;
    let plan = dynamic_join::select_joins_again(plan, conf)?;
    // An empty relation has another partitioning than what it stands for.
    let plan = crate::ensure_requirements(plan, conf)?;
    let split = skew_join::optimize_skewed_joins(Arc::clone(&plan), conf)?;
    let ensured = crate::ensure_requirements(Arc::clone(&split), conf)?;
    Ok(if dynamic_join::count_shuffles(&ensured) > dynamic_join::count_shuffles(&plan) { plan } else { split })
}

/// Decides how a stage reads its input; `plan` is the input of an exchange or the final plan.
pub fn optimize_stage(plan: Plan, conf: &PhysicalConf) -> Result<Plan> {
    let plan = coalesce::coalesce_shuffle_partitions(plan, conf)?;
    dynamic_join::use_local_reads(plan, conf)
}

//! `AQEPropagateEmptyRelation`: what reads only finished stages without rows is not run.

use std::sync::Arc;

use datafusion::{
    common::JoinType,
    error::Result,
    physical_plan::{
        ExecutionPlan,
        aggregates::AggregateExec,
        empty::EmptyExec,
        execution_plan::replace_children_if_necessary,
        filter::FilterExec,
        limit::{GlobalLimitExec, LocalLimitExec},
        projection::ProjectionExec,
        sorts::sort::SortExec,
        windows::{BoundedWindowAggExec, WindowAggExec},
    },
};

use super::{BroadcastQueryStageExec, ShuffleQueryStageExec};
use crate::{CollectLimitExec, ShuffleExchangeExec, ShuffleOrigin, TakeOrderedAndProjectExec, rules::JoinNode};

type Plan = Arc<dyn ExecutionPlan>;

fn is_empty(plan: &Plan) -> bool {
    if plan.is::<EmptyExec>() {
        return true;
    }
    if let Some(stage) = plan.downcast_ref::<ShuffleQueryStageExec>() {
        return stage.stats.records == 0 && stage.exchange.origin() == ShuffleOrigin::EnsureRequirements;
    }
    if let Some(sort) = plan.downcast_ref::<SortExec>() {
        return is_empty(sort.input());
    }
    plan.downcast_ref::<BroadcastQueryStageExec>().is_some_and(|stage| stage.rows == 0)
}

/// Replaces joins and row-wise operators over empty stages by nothing. Aggregates without keys stay: they have one row.
/// A sort stays for what is above it: what takes its place would be exchanged and sorted anew, without an end.
pub fn propagate_empty(plan: Plan) -> Result<Plan> {
    let children =
        plan.children().into_iter().map(|child| propagate_empty(Arc::clone(child))).collect::<Result<Vec<_>>>()?;
    let plan = if children.is_empty() { plan } else { replace_children_if_necessary(plan, children)? };
    let empty = |plan: &Plan| -> Plan { Arc::new(EmptyExec::new(plan.schema())) };
    if let Some(node) = JoinNode::extract(&plan) {
        let (left, right) = (is_empty(&node.left), is_empty(&node.right));
        let gone = match node.join_type {
            JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi => left || right,
            JoinType::Left | JoinType::LeftAnti | JoinType::LeftMark => left,
            JoinType::Right | JoinType::RightAnti | JoinType::RightMark => right,
            JoinType::Full => left && right,
        };
        return Ok(if gone { empty(&plan) } else { plan });
    }
    let row_wise = plan.is::<ProjectionExec>()
        || plan.is::<FilterExec>()
        || plan.is::<WindowAggExec>()
        || plan.is::<BoundedWindowAggExec>()
        || plan.is::<LocalLimitExec>()
        || plan.is::<GlobalLimitExec>()
        || plan.is::<CollectLimitExec>()
        || plan.is::<TakeOrderedAndProjectExec>()
        || plan.downcast_ref::<AggregateExec>().is_some_and(|aggregate| !aggregate.group_expr().is_empty());
    let removable = plan.downcast_ref::<ShuffleExchangeExec>();
    let removable = removable.is_some_and(|exchange| exchange.origin() == ShuffleOrigin::EnsureRequirements);
    let child = plan.children().first().copied();
    if (row_wise && child.is_some_and(is_empty)) || (removable && child.is_some_and(|child| child.is::<EmptyExec>())) {
        return Ok(empty(&plan));
    }
    Ok(plan)
}

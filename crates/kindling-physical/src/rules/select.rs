//! The first pass: DataFusion's parallelism out, Spark's strategies in.

use std::sync::Arc;

use datafusion::{
    error::Result,
    physical_optimizer::output_requirements::OutputRequirementExec,
    physical_plan::{
        ExecutionPlan,
        aggregates::{AggregateExec, AggregateMode},
        coalesce_partitions::CoalescePartitionsExec,
        coop::CooperativeExec,
        execution_plan::replace_children_if_necessary,
        limit::{GlobalLimitExec, LocalLimitExec},
        projection::ProjectionExec,
        repartition::RepartitionExec,
        sorts::{sort::SortExec, sort_preserving_merge::SortPreservingMergeExec},
        union::{InterleaveExec, UnionExec},
    },
};

use super::{JoinNode, join_selection::select_join};
use crate::{CollectLimitExec, JoinHintExec, PhysicalConf, TakeOrderedAndProjectExec};

type Plan = Arc<dyn ExecutionPlan>;

/// Rewrites a plan bottom-up. Exchanges that are in it already are the user's.
pub fn select(plan: Plan, conf: &PhysicalConf) -> Result<Plan> {
    let children =
        plan.children().into_iter().map(|child| select(Arc::clone(child), conf)).collect::<Result<Vec<_>>>()?;
    let plan = if children.is_empty() { plan } else { rebuild(plan, children)? };
    if let Some(node) = JoinNode::extract(&plan) {
        return select_join(node, conf);
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        return two_phases(&plan, aggregate);
    }
    if let Some(sort) = plan.downcast_ref::<SortExec>() {
        return Ok(match sort.fetch() {
            Some(fetch) if !sort.preserve_partitioning() => {
                Arc::new(TakeOrderedAndProjectExec::new(Arc::clone(sort.input()), sort.expr().clone(), fetch, 0))
            }
            _ => plan,
        });
    }
    if let Some(limit) = plan.downcast_ref::<GlobalLimitExec>() {
        return Ok(simplify_limit(limit));
    }
    Ok(plan)
}

/// The node over its new children, without the nodes that only move rows between DataFusion's threads.
fn rebuild(plan: Plan, mut children: Vec<Plan>) -> Result<Plan> {
    if plan.is::<RepartitionExec>() || plan.is::<OutputRequirementExec>() || plan.is::<CooperativeExec>() {
        return Ok(children.swap_remove(0));
    }
    #[expect(deprecated, reason = "a custom rule may still add it")]
    if let Some(coalesce) = plan.downcast_ref::<datafusion::physical_plan::coalesce_batches::CoalesceBatchesExec>() {
        return Ok(limited(children.swap_remove(0), coalesce.fetch()));
    }
    if let Some(coalesce) = plan.downcast_ref::<CoalescePartitionsExec>() {
        return Ok(limited(children.swap_remove(0), coalesce.fetch()));
    }
    if let Some(merge) = plan.downcast_ref::<SortPreservingMergeExec>() {
        let child = children.swap_remove(0);
        let input = match child.downcast_ref::<SortExec>() {
            Some(sort) if sort.fetch().is_none() => Arc::clone(sort.input()),
            _ => child,
        };
        return Ok(Arc::new(SortExec::new(merge.expr().clone(), input).with_fetch(merge.fetch())));
    }
    if plan.is::<InterleaveExec>() {
        return UnionExec::try_new(children);
    }
    // A hint matters to the join above it only.
    if JoinNode::extract(&plan).is_none() && !plan.is::<JoinHintExec>() {
        for child in &mut children {
            if let Some(hint) = child.downcast_ref::<JoinHintExec>() {
                *child = Arc::clone(&hint.input);
            }
        }
    }
    replace_children_if_necessary(plan, children)
}

fn limited(plan: Plan, fetch: Option<usize>) -> Plan {
    match fetch {
        Some(fetch) => Arc::new(GlobalLimitExec::new(plan, 0, Some(fetch))),
        None => plan,
    }
}

/// Spark aggregates in two phases even where one would do.
fn two_phases(plan: &Plan, aggregate: &AggregateExec) -> Result<Plan> {
    let rebuilt = |mode, group, input, schema| -> Result<Arc<AggregateExec>> {
        let exec = AggregateExec::try_new(
            mode,
            group,
            aggregate.aggr_expr().to_vec(),
            aggregate.filter_expr().to_vec(),
            input,
            schema,
        )?;
        Ok(Arc::new(exec))
    };
    let group = aggregate.group_expr().clone();
    let input = Arc::clone(aggregate.input());
    match aggregate.mode() {
        AggregateMode::Single | AggregateMode::SinglePartitioned => {
            let partial = rebuilt(AggregateMode::Partial, group, input, aggregate.input_schema())?;
            let final_group = partial.group_expr().as_final();
            let aggregates = partial.aggr_expr().to_vec();
            let mode = if final_group.is_empty() { AggregateMode::Final } else { AggregateMode::FinalPartitioned };
            let exec = AggregateExec::try_new(
                mode,
                final_group,
                aggregates,
                aggregate.filter_expr().to_vec(),
                partial,
                aggregate.input_schema(),
            )?;
            Ok(Arc::new(exec))
        }
        AggregateMode::Final if !group.is_empty() => {
            Ok(rebuilt(AggregateMode::FinalPartitioned, group, input, aggregate.input_schema())?)
        }
        _ => Ok(Arc::clone(plan)),
    }
}

/// A limit over a limit or over a top-k is one node.
fn simplify_limit(limit: &GlobalLimitExec) -> Plan {
    let mut input = Arc::clone(limit.input());
    if let Some(local) = input.downcast_ref::<LocalLimitExec>()
        && limit.fetch().is_some_and(|fetch| fetch + limit.skip() <= local.fetch())
    {
        input = Arc::clone(local.input());
    }
    if let Some(top) = input.downcast_ref::<TakeOrderedAndProjectExec>() {
        let offset = top.offset + limit.skip();
        let count = limit.fetch().map_or(top.limit, |fetch| top.limit.min(offset + fetch));
        return Arc::new(TakeOrderedAndProjectExec::new(
            Arc::clone(&top.input),
            top.ordering.clone(),
            count,
            offset.min(count),
        ));
    }
    Arc::new(GlobalLimitExec::new(input, limit.skip(), limit.fetch()))
}

/// A limit at the root is collected partition by partition; a projection over it goes below it.
pub fn mark_root(plan: Plan) -> Result<Plan> {
    if let Some(hint) = plan.downcast_ref::<JoinHintExec>() {
        return mark_root(Arc::clone(&hint.input));
    }
    if let Some(limit) = plan.downcast_ref::<GlobalLimitExec>() {
        return Ok(Arc::new(CollectLimitExec::new(Arc::clone(limit.input()), limit.fetch(), limit.skip())));
    }
    if plan.is::<ProjectionExec>()
        && let Some(child) = plan.children().first()
    {
        let marked = mark_root(Arc::clone(child))?;
        if let Some(limit) = marked.downcast_ref::<CollectLimitExec>() {
            let projected = replace_children_if_necessary(Arc::clone(&plan), vec![Arc::clone(&limit.input)])?;
            return Ok(Arc::new(CollectLimitExec::new(projected, limit.limit, limit.offset)));
        }
    }
    Ok(plan)
}

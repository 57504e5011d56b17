//! `EnsureRequirements`: exchanges and sorts where an operator needs them.

use std::sync::Arc;

use datafusion::{
    error::Result,
    physical_expr::{LexOrdering, OrderingRequirements, PhysicalExpr, PhysicalSortExpr},
    physical_plan::{
        Distribution, ExecutionPlan, ExecutionPlanProperties,
        aggregates::{AggregateExec, AggregateMode},
        execution_plan::replace_children_if_necessary,
        joins::{HashJoinExec, PartitionMode, SortMergeJoinExec},
        limit::{GlobalLimitExec, LocalLimitExec},
        sorts::sort::SortExec,
    },
};

use super::distribution::{clustering_satisfied, hash_spec};
use crate::{
    PhysicalConf, ShuffleExchangeExec, ShuffleOrigin, ShufflePartitioning, aqe::AqeShuffleReadExec,
    operators::is_single_partition,
};

type Plan = Arc<dyn ExecutionPlan>;
type JoinKey = (Arc<dyn PhysicalExpr>, Arc<dyn PhysicalExpr>);

/// Places exchanges and sorts bottom-up.
pub fn ensure_requirements(plan: Plan, conf: &PhysicalConf) -> Result<Plan> {
    let children = plan
        .children()
        .into_iter()
        .map(|child| ensure_requirements(Arc::clone(child), conf))
        .collect::<Result<Vec<_>>>()?;
    let plan = if children.is_empty() { plan } else { replace_children_if_necessary(plan, children)? };

    if let Some(sort) = plan.downcast_ref::<SortExec>() {
        return ensure_global_order(&plan, sort, conf);
    }
    if let Some(limit) = plan.downcast_ref::<GlobalLimitExec>() {
        return global_limit(&plan, limit);
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>()
        && *join.partition_mode() == PartitionMode::Partitioned
    {
        let children = co_partition(join.left(), join.right(), join.on(), conf)?;
        return replace_children_if_necessary(plan, children);
    }
    if let Some(join) = plan.downcast_ref::<SortMergeJoinExec>() {
        let children = co_partition(join.left(), join.right(), join.on(), conf)?;
        let plan = replace_children_if_necessary(Arc::clone(&plan), children)?;
        return ensure_order(plan);
    }

    let required = required_distributions(&plan);
    let children = plan
        .children()
        .into_iter()
        .zip(required)
        .map(|(child, distribution)| ensure_distribution(child, distribution, conf))
        .collect::<Vec<_>>();
    let plan = if children.is_empty() { plan } else { replace_children_if_necessary(plan, children)? };
    ensure_order(plan)
}

/// What each child must be distributed by. Broadcast joins ask for nothing: their build side is an exchange.
fn required_distributions(plan: &Plan) -> Vec<Distribution> {
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        let distribution = match aggregate.mode() {
            AggregateMode::Final | AggregateMode::FinalPartitioned => {
                if aggregate.group_expr().is_empty() {
                    Distribution::SinglePartition
                } else {
                    Distribution::KeyPartitioned(clustering_keys(aggregate))
                }
            }
            _ => Distribution::UnspecifiedDistribution,
        };
        return vec![distribution];
    }
    if plan.children().len() > 1 || plan.name().ends_with("QueryStageExec") {
        return vec![Distribution::UnspecifiedDistribution; plan.children().len()];
    }
    plan.input_distribution_requirements().into_per_child()
}

/// Keys that rows of a group must share a partition by. DataFusion rewrites a distinct aggregate into two, the inner one with the
/// distinct value as a further key; Spark spreads both by the keys of the query, which saves the second exchange.
fn clustering_keys(aggregate: &AggregateExec) -> Vec<Arc<dyn PhysicalExpr>> {
    const DISTINCT_VALUE: &str = "alias1";
    let keys = aggregate.group_expr().expr();
    if keys.iter().any(|(_, name)| name == DISTINCT_VALUE) && keys.len() > 1 {
        return keys.iter().filter(|(_, name)| name != DISTINCT_VALUE).map(|(expr, _)| Arc::clone(expr)).collect();
    }
    aggregate.group_expr().input_exprs()
}

fn ensure_distribution(child: &Plan, distribution: Distribution, conf: &PhysicalConf) -> Plan {
    match distribution {
        Distribution::UnspecifiedDistribution => Arc::clone(child),
        Distribution::SinglePartition if is_single_partition(child) => Arc::clone(child),
        Distribution::SinglePartition => exchange(Arc::clone(child), ShufflePartitioning::Single),
        #[expect(deprecated, reason = "DataFusion still hands it out")]
        Distribution::KeyPartitioned(keys) | Distribution::HashPartitioned(keys) => {
            if clustering_satisfied(child, &keys) {
                Arc::clone(child)
            } else {
                exchange(Arc::clone(child), ShufflePartitioning::Hash(keys, conf.exchange_partitions()))
            }
        }
    }
}

fn exchange(input: Plan, partitioning: ShufflePartitioning) -> Plan {
    Arc::new(ShuffleExchangeExec::new(input, partitioning, ShuffleOrigin::EnsureRequirements))
}

/// Sorts a child of which an operator wants an order that it does not have.
fn ensure_order(plan: Plan) -> Result<Plan> {
    let requirements = plan.required_input_ordering();
    if requirements.iter().all(Option::is_none) {
        return Ok(plan);
    }
    let mut children = vec![];
    for (child, requirement) in plan.children().into_iter().zip(requirements) {
        let child = Arc::clone(child);
        let Some(OrderingRequirements::Hard(alternatives)) = requirement else {
            children.push(child);
            continue;
        };
        let Some(first) = alternatives.first() else {
            children.push(child);
            continue;
        };
        if child.equivalence_properties().ordering_satisfy_requirement(first.clone())? {
            children.push(child);
        } else {
            // Where any order will do, Spark sorts ascending with nulls first.
            let keys = first
                .iter()
                .map(|key| PhysicalSortExpr { expr: Arc::clone(&key.expr), options: key.options.unwrap_or_default() });
            let Some(ordering) = LexOrdering::new(keys) else {
                children.push(child);
                continue;
            };
            children.push(Arc::new(SortExec::new(ordering, child).with_preserve_partitioning(true)));
        }
    }
    replace_children_if_necessary(plan, children)
}

/// A sort of all rows is a range exchange and a sort of each partition.
fn ensure_global_order(plan: &Plan, sort: &SortExec, conf: &PhysicalConf) -> Result<Plan> {
    if sort.preserve_partitioning() {
        return Ok(Arc::clone(plan));
    }
    let child = Arc::clone(sort.input());
    let child = if is_single_partition(&child) {
        child
    } else {
        exchange(child, ShufflePartitioning::Range(sort.expr().clone(), conf.exchange_partitions()))
    };
    Ok(Arc::new(SortExec::new(sort.expr().clone(), child).with_preserve_partitioning(true)))
}

/// A limit of all rows: of each partition first, then of one partition that holds the rest.
fn global_limit(plan: &Plan, limit: &GlobalLimitExec) -> Result<Plan> {
    let child = limit.input();
    if is_single_partition(child) {
        return Ok(Arc::clone(plan));
    }
    let local: Plan = match limit.fetch() {
        Some(fetch) => Arc::new(LocalLimitExec::new(Arc::clone(child), fetch + limit.skip())),
        None => Arc::clone(child),
    };
    Ok(Arc::new(GlobalLimitExec::new(exchange(local, ShufflePartitioning::Single), limit.skip(), limit.fetch())))
}

/// Gives both sides of a join the same hash partitioning, keeping a side that has a suitable one.
fn co_partition(left: &Plan, right: &Plan, on: &[JoinKey], conf: &PhysicalConf) -> Result<Vec<Plan>> {
    let (left_keys, right_keys): (Vec<_>, Vec<_>) = on.iter().cloned().unzip();
    if is_single_partition(left) && is_single_partition(right) {
        return Ok(vec![Arc::clone(left), Arc::clone(right)]);
    }
    if is_skewed_read(left) || is_skewed_read(right) {
        // `OptimizeSkewedJoin` has paired the parts of both sides.
        return Ok(vec![Arc::clone(left), Arc::clone(right)]);
    }
    let left_spec = hash_spec(left, &left_keys);
    let right_spec = hash_spec(right, &right_keys);
    if left_spec.is_some() && left_spec == right_spec {
        return Ok(vec![Arc::clone(left), Arc::clone(right)]);
    }
    let by = |keys: &[Arc<dyn PhysicalExpr>], positions: &[usize], n: usize| {
        let keys = positions.iter().filter_map(|i| keys.get(*i).cloned()).collect();
        ShufflePartitioning::Hash(keys, n)
    };
    let all: Vec<usize> = (0..on.len()).collect();
    let n = conf.exchange_partitions();
    // A side that is partitioned already is kept, unless that would cost too much parallelism.
    let usable = |spec: &super::distribution::HashSpec| spec.num_partitions >= conf.shuffle_partitions.min(n);
    let left_spec = left_spec.filter(usable);
    let right_spec = right_spec.filter(usable);
    Ok(match (left_spec, right_spec) {
        (Some(l), Some(r)) if r.num_partitions > l.num_partitions => {
            vec![exchange(Arc::clone(left), by(&left_keys, &r.positions, r.num_partitions)), Arc::clone(right)]
        }
        (Some(l), _) => {
            vec![Arc::clone(left), exchange(Arc::clone(right), by(&right_keys, &l.positions, l.num_partitions))]
        }
        (None, Some(r)) => {
            vec![exchange(Arc::clone(left), by(&left_keys, &r.positions, r.num_partitions)), Arc::clone(right)]
        }
        (None, None) => vec![
            exchange(Arc::clone(left), by(&left_keys, &all, n)),
            exchange(Arc::clone(right), by(&right_keys, &all, n)),
        ],
    })
}

fn is_skewed_read(side: &Plan) -> bool {
    if let Some(sort) = side.downcast_ref::<SortExec>() {
        return is_skewed_read(sort.input());
    }
    side.downcast_ref::<AqeShuffleReadExec>().is_some_and(AqeShuffleReadExec::has_skewed)
}

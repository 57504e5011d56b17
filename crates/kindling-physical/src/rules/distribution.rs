//! What partitioning a plan already has, in Spark's terms.

use std::sync::Arc;

use datafusion::{
    physical_expr::PhysicalExpr,
    physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning},
};

use crate::operators::is_single_partition;

fn normalized(plan: &Arc<dyn ExecutionPlan>, exprs: &[Arc<dyn PhysicalExpr>]) -> Vec<Arc<dyn PhysicalExpr>> {
    let group = plan.equivalence_properties().eq_group();
    exprs.iter().map(|expr| group.normalize_expr(Arc::clone(expr))).collect()
}

/// Whether rows with equal keys share a partition: one partition, or a hash of some of the keys.
pub fn clustering_satisfied(plan: &Arc<dyn ExecutionPlan>, keys: &[Arc<dyn PhysicalExpr>]) -> bool {
    if is_single_partition(plan) {
        return true;
    }
    match plan.output_partitioning() {
        Partitioning::Hash(exprs, _) if !exprs.is_empty() => {
            let keys = normalized(plan, keys);
            normalized(plan, exprs).iter().all(|expr| keys.iter().any(|key| key == expr))
        }
        _ => false,
    }
}

/// A hash partitioning by all keys of a join side: which key each hashed expression is, and the number of
/// partitions. Two sides with equal specs need no exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashSpec {
    /// Key positions in hash order.
    pub positions: Vec<usize>,
    /// Partitions.
    pub num_partitions: usize,
}

/// The spec of a side, if it is hash partitioned by exactly its keys.
pub fn hash_spec(plan: &Arc<dyn ExecutionPlan>, keys: &[Arc<dyn PhysicalExpr>]) -> Option<HashSpec> {
    let Partitioning::Hash(exprs, n) = plan.output_partitioning() else { return None };
    if exprs.len() != keys.len() {
        return None;
    }
    let keys = normalized(plan, keys);
    let positions = normalized(plan, exprs)
        .iter()
        .map(|expr| keys.iter().position(|key| key == expr))
        .collect::<Option<Vec<_>>>()?;
    let mut distinct = positions.clone();
    distinct.sort_unstable();
    distinct.dedup();
    (distinct.len() == keys.len()).then_some(HashSpec { positions, num_partitions: *n })
}

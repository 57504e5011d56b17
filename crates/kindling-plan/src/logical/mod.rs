//! Logical operators that Spark has and DataFusion has not.

mod collect_metrics;
mod generate;
mod join_hint;
mod leaf;
mod parse_records;
mod repartition;
mod sample;
mod sort_within_partitions;
mod tail;

pub use collect_metrics::CollectMetrics;
pub use generate::Generate;
pub use join_hint::JoinHint;
pub use leaf::{LocalRelation, Range, StreamingRelation};
pub use parse_records::ParseRecords;
pub use repartition::{Repartition, RepartitionScheme};
pub use sample::Sample;
pub use sort_within_partitions::SortWithinPartitions;
pub use tail::Tail;

use std::sync::Arc;

use datafusion::{
    common::tree_node::{TreeNode, TreeNodeRecursion},
    logical_expr::{Extension, LogicalPlan, UserDefinedLogicalNode},
};

/// Wraps a node as a plan.
pub(crate) fn extension(node: impl UserDefinedLogicalNode + 'static) -> LogicalPlan {
    LogicalPlan::Extension(Extension { node: Arc::new(node) })
}

/// Whether a plan reads a streaming source (Spark's `isStreaming`).
pub fn is_streaming(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let _ = plan.apply(|node| {
        if let LogicalPlan::Extension(extension) = node {
            found |= extension.node.as_any().is::<StreamingRelation>();
        }
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found
}

/// The only input of a node that has one.
pub(crate) fn only_input(mut inputs: Vec<LogicalPlan>) -> datafusion::common::Result<LogicalPlan> {
    match (inputs.pop(), inputs.is_empty()) {
        (Some(input), true) => Ok(input),
        _ => datafusion::common::internal_err!("an operator with one input was given another number of inputs"),
    }
}

/// Nodes have no natural order; DataFusion asks for `PartialOrd` all the same.
macro_rules! unordered {
    ($($node:ty),* $(,)?) => {
        $(impl PartialOrd for $node {
            fn partial_cmp(&self, _: &Self) -> Option<std::cmp::Ordering> {
                None
            }
        })*
    };
}
pub(crate) use unordered;

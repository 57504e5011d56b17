//! Spark's operators that DataFusion has no counterpart of.

mod cartesian_product;
mod coalesce;
mod in_memory_scan;
mod markers;
mod null_aware_anti_join;
mod range;
mod streamed_nested_loop;
mod streamed_side;
mod streaming_filter;

pub use cartesian_product::CartesianProductExec;
pub use coalesce::{CoalesceExec, is_single_partition};
pub use in_memory_scan::{CacheLevel, CachedPartitionExec, CachedRelation, InMemoryTableScanExec};
pub use markers::{
    CollectLimitExec, CollectTailExec, JoinHintExec, JoinStrategyHint, PinnedJoinExec, TakeOrderedAndProjectExec,
};
pub use null_aware_anti_join::NullAwareAntiJoinExec;
pub use range::RangeExec;
pub use streamed_nested_loop::StreamedNestedLoopExec;
pub use streamed_side::StreamedSideExec;
pub use streaming_filter::{StreamingFilterExec, asks_for_input_file};

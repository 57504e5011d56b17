//! Exchanges, and what reads them.

mod broadcast;
pub mod hash;
mod partitioner;
mod range_bounds;
mod reader;
mod shuffle;
pub mod xorshift;

pub use broadcast::{BroadcastExchangeExec, BroadcastReaderExec};
pub use partitioner::{Partitioner, split_batch};
pub use range_bounds::{RangeBounds, RangeSample, SAMPLE_POINTS_PER_PARTITION, sample_size_per_partition};
pub use reader::{ShufflePartitionSpec, ShuffleReaderExec};
pub use shuffle::{PlanId, ShuffleExchangeExec, ShuffleOrigin, ShufflePartitioning};

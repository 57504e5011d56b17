//! What a task finds around it: the blocks of other stages and its counters.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use arrow::array::RecordBatch;
use datafusion::{
    error::{DataFusionError, Result},
    execution::TaskContext,
};

use crate::{error::internal, exchange::ShufflePartitionSpec, operators::CachedRelation};

/// Counters of one task attempt that operators add to.
#[derive(Debug, Default)]
pub struct TaskCounters {
    /// Bytes of shuffle blocks held by the reading executor.
    pub local_bytes_read: AtomicU64,
    /// Bytes of shuffle blocks held by other executors.
    pub remote_bytes_read: AtomicU64,
    /// Blocks of the reading executor.
    pub local_blocks_fetched: AtomicU64,
    /// Blocks of other executors.
    pub remote_blocks_fetched: AtomicU64,
    /// Records read from shuffles.
    pub shuffle_records_read: AtomicU64,
    /// Nanoseconds spent in waiting for blocks.
    pub fetch_wait_nanos: AtomicU64,
    /// Bytes read from cached blocks.
    pub cache_bytes_read: AtomicU64,
    /// Records read from cached blocks.
    pub cache_records_read: AtomicU64,
}

impl TaskCounters {
    /// Adds to a counter.
    pub fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}

/// Shuffle and broadcast blocks, as tasks read them. The executor implements it.
pub trait BlockSource: Send + Sync + std::fmt::Debug {
    /// The blocks that a reduce partition reads, in map order. A missing block is a
    /// [`FetchFailed`](crate::error::FetchFailed).
    fn read_shuffle(
        &self,
        shuffle_id: i32,
        spec: &ShufflePartitionSpec,
        counters: &TaskCounters,
    ) -> Result<Vec<RecordBatch>, DataFusionError>;

    /// A cached partition and its size, if its block is there.
    fn read_cached(&self, relation: &CachedRelation, partition: usize) -> Option<(Arc<Vec<RecordBatch>>, u64)>;

    /// Keeps a cached partition, if there is room.
    fn put_cached(&self, relation: &CachedRelation, partition: usize, batches: &Arc<Vec<RecordBatch>>);

    /// The batches of a broadcast relation.
    fn read_broadcast(&self, broadcast_id: i64) -> Result<Arc<Vec<RecordBatch>>, DataFusionError>;
}

/// The environment of one task attempt: an extension of its `TaskContext`'s session configuration.
#[derive(Debug)]
pub struct TaskEnv {
    /// Stage of the task.
    pub stage_id: i32,
    /// Attempt of the stage.
    pub stage_attempt: i32,
    /// Partition of the stage.
    pub partition: usize,
    /// Task id, unique in the application.
    pub task_id: i64,
    /// Attempt of the task, from zero.
    pub attempt: i32,
    /// Executor that runs it.
    pub executor_id: String,
    /// Where blocks are.
    pub blocks: Arc<dyn BlockSource>,
    /// Counters of this attempt.
    pub counters: Arc<TaskCounters>,
    /// Set when the attempt is to stop.
    pub killed: Arc<AtomicBool>,
}

impl TaskEnv {
    /// The environment of the task that runs in `context`.
    pub fn get(context: &TaskContext) -> Result<Arc<TaskEnv>> {
        context
            .session_config()
            .get_extension::<TaskEnv>()
            .ok_or_else(|| internal("a stage's plan was executed outside a task"))
    }
}

//! Blocks: the output of map tasks, broadcast relations, cached partitions.

mod shuffle;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::Ordering},
};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::DataType,
};
use datafusion::error::DataFusionError;
use kindling_events::{BlockManagerId, BlockUpdatedInfo, ListenerBus, SparkListenerBlockUpdated, StorageLevel};
use kindling_physical::{BlockSource, CacheLevel, CachedRelation, ShufflePartitionSpec, TaskCounters, error::internal};

pub use shuffle::MapOutput;
use shuffle::Shuffle;

use crate::{memory::UnifiedMemory, sync::lock};

/// All blocks of an application. Memory is shared, so a block has an owner rather than a place.
#[derive(Debug, Default)]
pub struct BlockStore {
    shuffles: Mutex<HashMap<i32, Shuffle>>,
    broadcasts: Mutex<HashMap<i64, Arc<Vec<RecordBatch>>>>,
    cached: Mutex<HashMap<(i32, usize), CachedBlock>>,
}

/// A partition of a cached relation.
#[derive(Debug)]
struct CachedBlock {
    executor_id: String,
    memory: Arc<UnifiedMemory>,
    batches: Arc<Vec<RecordBatch>>,
    bytes: u64,
}

impl Drop for CachedBlock {
    fn drop(&mut self) {
        self.memory.release_storage(self.bytes);
    }
}

impl BlockStore {
    /// Makes a shuffle known.
    pub fn register_shuffle(&self, shuffle_id: i32, num_maps: usize, num_reduces: usize) {
        lock(&self.shuffles).entry(shuffle_id).or_insert_with(|| Shuffle::new(num_maps, num_reduces));
    }

    /// Stores the output of a map task.
    pub fn put_map_output(&self, shuffle_id: i32, map: usize, output: MapOutput) {
        if let Some(shuffle) = lock(&self.shuffles).get_mut(&shuffle_id) {
            shuffle.put(map, output);
        }
    }

    /// Bytes per map and reduce partition of a shuffle, maps without output left empty.
    pub fn map_sizes(&self, shuffle_id: i32) -> Vec<Vec<u64>> {
        lock(&self.shuffles).get(&shuffle_id).map(Shuffle::sizes).unwrap_or_default()
    }

    /// Rows of a shuffle.
    pub fn shuffle_rows(&self, shuffle_id: i32) -> u64 {
        lock(&self.shuffles).get(&shuffle_id).map(Shuffle::rows).unwrap_or_default()
    }

    /// Forgets a shuffle.
    pub fn remove_shuffle(&self, shuffle_id: i32) {
        let removed = lock(&self.shuffles).remove(&shuffle_id);
        // Large: freed after the lock is.
        drop(removed);
    }

    /// Loses what an executor held.
    pub fn remove_executor(&self, executor_id: &str) {
        for shuffle in lock(&self.shuffles).values_mut() {
            shuffle.remove_executor(executor_id);
        }
        lock(&self.cached).retain(|_, block| block.executor_id != executor_id);
    }

    /// Partitions of a cached relation that are there.
    pub fn num_cached(&self, rdd_id: i32) -> usize {
        lock(&self.cached).keys().filter(|(rdd, _)| *rdd == rdd_id).count()
    }

    /// Bytes of a cached relation.
    pub fn cached_bytes(&self, rdd_id: i32) -> u64 {
        lock(&self.cached).iter().filter(|((rdd, _), _)| *rdd == rdd_id).map(|(_, block)| block.bytes).sum()
    }

    /// Forgets a cached relation.
    pub fn remove_cached(&self, rdd_id: i32) {
        lock(&self.cached).retain(|(rdd, _), _| *rdd != rdd_id);
    }

    /// Stores a broadcast relation.
    pub fn put_broadcast(&self, broadcast_id: i64, batches: Vec<RecordBatch>) {
        lock(&self.broadcasts).insert(broadcast_id, Arc::new(batches));
    }

    /// Forgets a broadcast relation.
    pub fn remove_broadcast(&self, broadcast_id: i64) {
        lock(&self.broadcasts).remove(&broadcast_id);
    }

    /// The batches of a broadcast relation.
    pub fn broadcast(&self, broadcast_id: i64) -> Option<Arc<Vec<RecordBatch>>> {
        lock(&self.broadcasts).get(&broadcast_id).cloned()
    }
}

/// The blocks as one executor sees them.
#[derive(Debug)]
pub struct ExecutorBlocks {
    /// The executor.
    pub executor_id: String,
    /// All blocks.
    pub store: Arc<BlockStore>,
    /// The executor's memory.
    pub memory: Arc<UnifiedMemory>,
    /// Where updates of blocks are told.
    pub bus: Arc<ListenerBus>,
    /// Host that events name.
    pub host: String,
}

/// A level as events have it.
pub fn storage_level(level: CacheLevel) -> StorageLevel {
    StorageLevel {
        use_disk: level.use_disk,
        use_memory: level.use_memory,
        use_off_heap: level.use_off_heap,
        deserialized: level.deserialized,
        replication: level.replication,
    }
}

impl BlockSource for ExecutorBlocks {
    fn read_shuffle(
        &self,
        shuffle_id: i32,
        spec: &ShufflePartitionSpec,
        counters: &TaskCounters,
    ) -> Result<Vec<RecordBatch>, DataFusionError> {
        let shuffles = lock(&self.store.shuffles);
        let shuffle = shuffles.get(&shuffle_id).ok_or_else(|| shuffle::unknown_shuffle(shuffle_id, spec))?;
        shuffle.read(shuffle_id, spec, &self.executor_id, counters)
    }

    fn read_cached(&self, relation: &CachedRelation, partition: usize) -> Option<(Arc<Vec<RecordBatch>>, u64)> {
        let cached = lock(&self.store.cached);
        cached.get(&(relation.rdd_id, partition)).map(|block| (Arc::clone(&block.batches), block.bytes))
    }

    /// Without room the partition is not kept: it is computed again when it is read. (Spark would write it to disk.)
    fn put_cached(&self, relation: &CachedRelation, partition: usize, batches: &Arc<Vec<RecordBatch>>) {
        let bytes = batches.iter().map(batch_bytes).sum::<u64>();
        relation.set_size(partition, bytes);
        if relation.unpersisted.load(Ordering::SeqCst) {
            return;
        }
        if !self.memory.acquire_storage(bytes) {
            log::warn!("Not enough space to cache rdd_{}_{partition} in memory", relation.rdd_id);
            return;
        }
        let block = CachedBlock {
            executor_id: self.executor_id.clone(),
            memory: Arc::clone(&self.memory),
            batches: Arc::clone(batches),
            bytes,
        };
        let before = lock(&self.store.cached).insert((relation.rdd_id, partition), block);
        drop(before);
        // One copy in memory as Arrow arrays, whatever else the level asks for.
        let level =
            StorageLevel { use_disk: false, use_memory: true, use_off_heap: false, deserialized: true, replication: 1 };
        self.bus.post(
            SparkListenerBlockUpdated {
                block_updated_info: BlockUpdatedInfo {
                    block_manager_id: BlockManagerId {
                        executor_id: self.executor_id.as_str().into(),
                        host: self.host.clone(),
                        port: 0,
                    },
                    block_id: format!("rdd_{}_{partition}", relation.rdd_id),
                    storage_level: level,
                    mem_size: bytes as i64,
                    disk_size: 0,
                },
            }
            .into(),
        );
    }

    fn read_broadcast(&self, broadcast_id: i64) -> Result<Arc<Vec<RecordBatch>>, DataFusionError> {
        self.store.broadcast(broadcast_id).ok_or_else(|| internal(format!("broadcast_{broadcast_id} is gone")))
    }
}

/// Bytes of the rows of a batch, not of the buffers that it shares with others.
pub fn batch_bytes(batch: &RecordBatch) -> u64 {
    batch.columns().iter().map(|array| array_bytes(array) as u64).sum()
}

fn array_bytes(array: &Arc<dyn Array>) -> usize {
    let len = array.len();
    let validity = if array.nulls().is_some() { len.div_ceil(8) } else { 0 };
    let span = |offsets: &[i32]| match (offsets.first(), offsets.last()) {
        (Some(first), Some(last)) => (last - first) as usize + 4 * len,
        _ => 0,
    };
    match array.data_type() {
        DataType::Utf8 => validity + span(array.as_string::<i32>().value_offsets()),
        DataType::Binary => validity + span(array.as_binary::<i32>().value_offsets()),
        DataType::Boolean => validity + len.div_ceil(8),
        other => match other.primitive_width() {
            Some(width) => validity + width * len,
            None => array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()),
        },
    }
}

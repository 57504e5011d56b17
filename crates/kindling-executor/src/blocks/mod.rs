//! Blocks: the output of map tasks, broadcast relations, cached partitions.

mod shuffle;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::DataType,
};
use datafusion::error::DataFusionError;
use kindling_physical::{BlockSource, ShufflePartitionSpec, TaskCounters, error::internal};

pub use shuffle::MapOutput;
use shuffle::Shuffle;

use crate::sync::lock;

/// All blocks of an application. Memory is shared, so a block has an owner rather than a place.
#[derive(Debug, Default)]
pub struct BlockStore {
    shuffles: Mutex<HashMap<i32, Shuffle>>,
    broadcasts: Mutex<HashMap<i64, Arc<Vec<RecordBatch>>>>,
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

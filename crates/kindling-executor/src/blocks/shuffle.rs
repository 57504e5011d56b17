//! The map outputs of one shuffle.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use kindling_physical::{ShufflePartitionSpec, TaskCounters, error::FetchFailed};

/// What one map task wrote, by reduce partition.
#[derive(Debug, Clone)]
pub struct MapOutput {
    /// Executor that holds it.
    pub executor_id: String,
    /// Batches of each reduce partition.
    pub blocks: Arc<Vec<Vec<RecordBatch>>>,
    /// Bytes of each reduce partition.
    pub sizes: Vec<u64>,
    /// Rows of each reduce partition.
    pub rows: Vec<u64>,
}

#[derive(Debug)]
enum Slot {
    Missing { last_executor: Option<String> },
    Present(MapOutput),
}

/// One shuffle.
#[derive(Debug)]
pub struct Shuffle {
    num_reduces: usize,
    maps: Vec<Slot>,
}

impl Shuffle {
    pub fn new(num_maps: usize, num_reduces: usize) -> Shuffle {
        Shuffle { num_reduces, maps: (0..num_maps).map(|_| Slot::Missing { last_executor: None }).collect() }
    }

    pub fn put(&mut self, map: usize, output: MapOutput) {
        if let Some(slot) = self.maps.get_mut(map) {
            *slot = Slot::Present(output);
        }
    }

    pub fn remove_executor(&mut self, executor_id: &str) {
        for slot in &mut self.maps {
            if let Slot::Present(output) = slot
                && output.executor_id == executor_id
            {
                *slot = Slot::Missing { last_executor: Some(executor_id.to_string()) };
            }
        }
    }

    pub fn sizes(&self) -> Vec<Vec<u64>> {
        let empty = || vec![0; self.num_reduces];
        self.maps
            .iter()
            .map(|slot| match slot {
                Slot::Present(output) => output.sizes.clone(),
                Slot::Missing { .. } => empty(),
            })
            .collect()
    }

    pub fn rows(&self) -> u64 {
        self.maps
            .iter()
            .map(|slot| match slot {
                Slot::Present(output) => output.rows.iter().sum(),
                Slot::Missing { .. } => 0,
            })
            .sum()
    }

    pub fn read(
        &self,
        shuffle_id: i32,
        spec: &ShufflePartitionSpec,
        reader: &str,
        counters: &TaskCounters,
    ) -> Result<Vec<RecordBatch>, DataFusionError> {
        let mut out = vec![];
        for map in spec.maps(self.maps.len()) {
            let output = match self.maps.get(map) {
                Some(Slot::Present(output)) => output,
                Some(Slot::Missing { last_executor }) => {
                    return Err(missing(shuffle_id, Some(map), spec, last_executor.clone()));
                }
                None => return Err(missing(shuffle_id, Some(map), spec, None)),
            };
            let local = output.executor_id == reader;
            for reducer in spec.reducers() {
                let size = output.sizes.get(reducer).copied().unwrap_or(0);
                let rows = output.rows.get(reducer).copied().unwrap_or(0);
                if rows == 0 {
                    continue;
                }
                let (bytes, blocks) = if local {
                    (&counters.local_bytes_read, &counters.local_blocks_fetched)
                } else {
                    (&counters.remote_bytes_read, &counters.remote_blocks_fetched)
                };
                TaskCounters::add(bytes, size);
                TaskCounters::add(blocks, 1);
                TaskCounters::add(&counters.shuffle_records_read, rows);
                out.extend(output.blocks.get(reducer).into_iter().flatten().cloned());
            }
        }
        Ok(out)
    }
}

fn missing(
    shuffle_id: i32,
    map_index: Option<usize>,
    spec: &ShufflePartitionSpec,
    executor_id: Option<String>,
) -> DataFusionError {
    let reduce_id = spec.reducers().start;
    let message = match map_index {
        Some(map) => format!("Missing an output location for shuffle {shuffle_id} partition {map}"),
        None => format!("Missing all output locations for shuffle {shuffle_id}"),
    };
    DataFusionError::External(Box::new(FetchFailed { shuffle_id, map_index, reduce_id, executor_id, message }))
}

/// The failure of a read of a shuffle that nobody registered.
pub fn unknown_shuffle(shuffle_id: i32, spec: &ShufflePartitionSpec) -> DataFusionError {
    missing(shuffle_id, None, spec, None)
}

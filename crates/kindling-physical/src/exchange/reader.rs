//! `ShuffleReaderExec`: the leaf that stands for a shuffle in the stage that reads it.

use std::{fmt, sync::Arc};

use arrow::{array::RecordBatch, compute::BatchCoalescer, datatypes::SchemaRef};
use datafusion::{
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::stream;

use crate::{
    exec_macros::{delegate_with_new_children, no_expressions},
    task_env::TaskEnv,
};

/// What one partition of a shuffle read covers (Spark's `ShufflePartitionSpec`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShufflePartitionSpec {
    /// Reduce partitions `start..end` of all maps.
    CoalescedPartition {
        /// First reduce partition.
        start: usize,
        /// One past the last reduce partition.
        end: usize,
    },
    /// One reduce partition of the maps `start_map..end_map`: a part of a skewed partition.
    PartialReducerPartition {
        /// The reduce partition.
        reducer: usize,
        /// First map.
        start_map: usize,
        /// One past the last map.
        end_map: usize,
    },
    /// The reduce partitions `start..end` of one map: a local read.
    PartialMapperPartition {
        /// The map.
        map: usize,
        /// First reduce partition.
        start: usize,
        /// One past the last reduce partition.
        end: usize,
    },
    /// All reduce partitions of the maps `start_map..end_map`: a local read of several maps.
    CoalescedMapperPartition {
        /// First map.
        start_map: usize,
        /// One past the last map.
        end_map: usize,
        /// Number of reduce partitions.
        num_reducers: usize,
    },
}

impl ShufflePartitionSpec {
    /// The maps it reads, of `num_maps`.
    pub fn maps(&self, num_maps: usize) -> std::ops::Range<usize> {
        match self {
            ShufflePartitionSpec::CoalescedPartition { .. } => 0..num_maps,
            ShufflePartitionSpec::PartialReducerPartition { start_map, end_map, .. }
            | ShufflePartitionSpec::CoalescedMapperPartition { start_map, end_map, .. } => *start_map..*end_map,
            ShufflePartitionSpec::PartialMapperPartition { map, .. } => *map..map + 1,
        }
    }

    /// The reduce partitions it reads.
    pub fn reducers(&self) -> std::ops::Range<usize> {
        match self {
            ShufflePartitionSpec::CoalescedPartition { start, end }
            | ShufflePartitionSpec::PartialMapperPartition { start, end, .. } => *start..*end,
            ShufflePartitionSpec::PartialReducerPartition { reducer, .. } => *reducer..reducer + 1,
            ShufflePartitionSpec::CoalescedMapperPartition { num_reducers, .. } => 0..*num_reducers,
        }
    }
}

/// Reads the blocks of a shuffle, one partition per spec.
#[derive(Debug)]
pub struct ShuffleReaderExec {
    shuffle_id: i32,
    specs: Arc<Vec<ShufflePartitionSpec>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ShuffleReaderExec {
    /// A reader with the properties of the exchange it stands for.
    pub fn new(shuffle_id: i32, specs: Vec<ShufflePartitionSpec>, properties: Arc<PlanProperties>) -> Self {
        ShuffleReaderExec { shuffle_id, specs: Arc::new(specs), properties, metrics: ExecutionPlanMetricsSet::new() }
    }

    /// The shuffle it reads.
    pub fn shuffle_id(&self) -> i32 {
        self.shuffle_id
    }

    /// What each partition covers.
    pub fn specs(&self) -> &[ShufflePartitionSpec] {
        &self.specs
    }
}

impl DisplayAs for ShuffleReaderExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShuffleReaderExec: shuffle={}, partitions={}", self.shuffle_id, self.specs.len())
    }
}

impl ExecutionPlan for ShuffleReaderExec {
    fn name(&self) -> &str {
        "ShuffleReaderExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // A fresh copy has fresh metrics: a retried task must not count twice.
        Ok(Arc::new(ShuffleReaderExec {
            shuffle_id: self.shuffle_id,
            specs: Arc::clone(&self.specs),
            properties: Arc::clone(&self.properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }

    delegate_with_new_children!();

    no_expressions!();

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let env = TaskEnv::get(&context)?;
        let spec = self
            .specs
            .get(partition)
            .ok_or_else(|| crate::error::internal(format!("shuffle read has no partition {partition}")))?
            .clone();
        let shuffle_id = self.shuffle_id;
        let schema = self.schema();
        let batch_size = context.session_config().batch_size();
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let blocks = stream::once(async move {
            let blocks = env.blocks.read_shuffle(shuffle_id, &spec, &env.counters)?;
            Ok::<_, datafusion::error::DataFusionError>(Coalesced::new(blocks, batch_size))
        });
        let batches = futures::StreamExt::flat_map(blocks, move |result| {
            let baseline = baseline.clone();
            match result {
                Ok(batches) => {
                    let batches = batches.inspect(move |batch| {
                        if let Ok(batch) = batch {
                            baseline.record_output(batch.num_rows());
                        }
                    });
                    futures::StreamExt::left_stream(stream::iter(batches))
                }
                Err(error) => futures::StreamExt::right_stream(stream::iter([Err(error)])),
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// Joins small blocks into batches of the session's size, one at a time: shuffle blocks of many maps are
/// often a few rows each.
struct Coalesced {
    blocks: std::vec::IntoIter<RecordBatch>,
    schema: Option<SchemaRef>,
    coalescer: Option<BatchCoalescer>,
    batch_size: usize,
    finished: bool,
}

impl Coalesced {
    fn new(blocks: Vec<RecordBatch>, batch_size: usize) -> Coalesced {
        let schema = blocks.first().map(RecordBatch::schema);
        Coalesced { blocks: blocks.into_iter(), schema, coalescer: None, batch_size, finished: false }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let Some(schema) = self.schema.clone() else { return Ok(None) };
        if schema.fields().is_empty() {
            // The coalescer needs columns; batches without any carry only a count.
            return Ok(self.blocks.next());
        }
        let batch_size = self.batch_size;
        let coalescer = self.coalescer.get_or_insert_with(|| {
            BatchCoalescer::new(schema, batch_size).with_biggest_coalesce_batch_size(Some(batch_size / 2))
        });
        loop {
            if let Some(batch) = coalescer.next_completed_batch() {
                return Ok(Some(batch));
            }
            if self.finished {
                return Ok(None);
            }
            match self.blocks.next() {
                Some(block) => coalescer.push_batch(block)?,
                None => {
                    self.finished = true;
                    coalescer.finish_buffered_batch()?;
                }
            }
        }
    }
}

impl Iterator for Coalesced {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

//! `df.cache()`: the relation that is kept, the scan of it in a plan, and what a task runs in the scan's place.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
};

use arrow::{
    array::{RecordBatch, RecordBatchOptions},
    datatypes::SchemaRef,
};
use datafusion::{
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
        ReplaceChildrenOptions,
        execution_plan::{Boundedness, EmissionType},
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    PreparedPlan,
    error::{internal, never_executed},
    exec_macros::{delegate_with_new_children, no_children, no_expressions},
    task_env::{TaskCounters, TaskEnv},
};

/// Where a cached relation may live (Spark's `StorageLevel`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLevel {
    /// On disk.
    pub use_disk: bool,
    /// In memory.
    pub use_memory: bool,
    /// Outside the heap.
    pub use_off_heap: bool,
    /// As objects rather than bytes.
    pub deserialized: bool,
    /// Copies.
    pub replication: i32,
}

impl CacheLevel {
    /// What `DataFrame.cache()` asks for.
    pub const MEMORY_AND_DISK: CacheLevel =
        CacheLevel { use_disk: true, use_memory: true, use_off_heap: false, deserialized: true, replication: 1 };
}

impl fmt::Display for CacheLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.use_disk, "disk, "),
            (self.use_memory, "memory, "),
            (self.use_off_heap, "offheap, "),
            (self.deserialized, "deserialized, "),
        ];
        let parts: String = parts.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
        write!(f, "StorageLevel({parts}{} replicas)", self.replication)
    }
}

/// A query whose partitions are kept as blocks `rdd_<id>_<partition>` once computed (Spark's `InMemoryRelation`).
#[derive(Debug)]
pub struct CachedRelation {
    /// Id of its blocks.
    pub rdd_id: i32,
    /// Name on the Storage page.
    pub name: String,
    /// Where blocks may live.
    pub level: CacheLevel,
    /// What computes it.
    pub plan: PreparedPlan,
    /// Whether it is kept no longer; a query that began before may still read it.
    pub unpersisted: AtomicBool,
    /// Bytes of the partitions that have been computed.
    sizes: Mutex<BTreeMap<usize, u64>>,
}

impl CachedRelation {
    /// A relation of which nothing is computed.
    pub fn new(rdd_id: i32, name: String, level: CacheLevel, plan: PreparedPlan) -> CachedRelation {
        CachedRelation { rdd_id, name, level, plan, unpersisted: AtomicBool::new(false), sizes: Mutex::default() }
    }

    /// Takes note of a computed partition.
    pub fn set_size(&self, partition: usize, bytes: u64) {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner).insert(partition, bytes);
    }

    /// Measured bytes, once every partition has been computed (`CachedRDDBuilder.sizeInBytesStats`).
    pub fn size_in_bytes(&self) -> Option<u64> {
        let sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        (sizes.len() == self.num_partitions()).then(|| sizes.values().sum())
    }

    /// Partitions, each a block.
    pub fn num_partitions(&self) -> usize {
        self.plan.plan.output_partitioning().partition_count()
    }
}

/// Reads a cached relation. The driver lowers it to a [`CachedPartitionExec`].
#[derive(Debug)]
pub struct InMemoryTableScanExec {
    relation: Arc<CachedRelation>,
    columns: Vec<usize>,
    predicates: Vec<Arc<dyn PhysicalExpr>>,
    predicate_schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl InMemoryTableScanExec {
    /// A scan of some columns, under the names of `schema`.
    pub fn new(relation: Arc<CachedRelation>, columns: Vec<usize>, schema: SchemaRef) -> Self {
        let partitioning = Partitioning::UnknownPartitioning(relation.num_partitions());
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            partitioning,
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        InMemoryTableScanExec {
            relation,
            columns,
            predicates: vec![],
            predicate_schema: schema,
            properties: Arc::new(properties),
        }
    }

    /// With filters over `schema` that the plan above applies; they are shown with the scan, as Spark shows them.
    pub fn with_predicates(self, predicates: Vec<Arc<dyn PhysicalExpr>>, schema: SchemaRef) -> Self {
        InMemoryTableScanExec { predicates, predicate_schema: schema, ..self }
    }

    /// The filters above, with the columns that they are over.
    pub fn predicates(&self) -> (&[Arc<dyn PhysicalExpr>], &SchemaRef) {
        (&self.predicates, &self.predicate_schema)
    }

    /// What it reads.
    pub fn relation(&self) -> &Arc<CachedRelation> {
        &self.relation
    }

    /// Columns of the relation that it reads.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }
}

impl DisplayAs for InMemoryTableScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InMemoryTableScan")
    }
}

impl ExecutionPlan for InMemoryTableScanExec {
    fn name(&self) -> &str {
        "InMemoryTableScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    no_children!();

    no_expressions!();

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        never_executed(self.name())
    }
}

/// A partition of a cached relation in a stage: its block, or else the computation whose result becomes the block.
#[derive(Debug)]
pub struct CachedPartitionExec {
    relation: Arc<CachedRelation>,
    columns: Vec<usize>,
    /// Computes a partition that is not there; none where the lineage cannot be told any more.
    compute: Option<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl CachedPartitionExec {
    /// In place of `scan`.
    pub fn new(scan: &InMemoryTableScanExec, compute: Option<Arc<dyn ExecutionPlan>>) -> Self {
        CachedPartitionExec {
            relation: Arc::clone(&scan.relation),
            columns: scan.columns.clone(),
            compute,
            properties: Arc::clone(&scan.properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for CachedPartitionExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CachedPartitionExec: rdd={}", self.relation.rdd_id)
    }
}

impl ExecutionPlan for CachedPartitionExec {
    fn name(&self) -> &str {
        "CachedPartitionExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.compute.iter().collect()
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(CachedPartitionExec {
            relation: Arc::clone(&self.relation),
            columns: self.columns.clone(),
            compute: children.pop(),
            properties: Arc::clone(&self.properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }

    delegate_with_new_children!();

    no_expressions!();

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let env = TaskEnv::get(&context)?;
        let (relation, columns, schema) = (Arc::clone(&self.relation), self.columns.clone(), self.schema());
        let (compute, baseline) = (self.compute.clone(), BaselineMetrics::new(&self.metrics, partition));
        let out = Arc::clone(&schema);
        let rows = async move {
            let batches = match env.blocks.read_cached(&relation, partition) {
                Some((batches, bytes)) => {
                    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
                    TaskCounters::add(&env.counters.cache_bytes_read, bytes);
                    TaskCounters::add(&env.counters.cache_records_read, rows as u64);
                    batches
                }
                None => {
                    let Some(compute) = compute else {
                        return Err(internal(format!("Block rdd_{}_{partition} is gone", relation.rdd_id)));
                    };
                    let batches: Vec<RecordBatch> = compute.execute(partition, context)?.try_collect().await?;
                    let batches = Arc::new(batches);
                    env.blocks.put_cached(&relation, partition, &batches);
                    batches
                }
            };
            let selected = (0..batches.len()).filter_map(move |i| batches.get(i).cloned()).map(move |batch| {
                let columns = columns.iter().filter_map(|i| batch.columns().get(*i).cloned()).collect();
                let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                baseline.record_output(batch.num_rows());
                Ok(RecordBatch::try_new_with_options(Arc::clone(&out), columns, &options)?)
            });
            Ok(stream::iter(selected.collect::<Vec<_>>()).boxed())
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::once(rows).try_flatten())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

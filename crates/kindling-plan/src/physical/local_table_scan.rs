//! Rows in memory as a scan.

use std::{fmt, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::{
    common::{Statistics, stats::Precision, tree_node::TreeNodeRecursion},
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
        StatisticsArgs,
        execution_plan::{Boundedness, EmissionType},
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::stream;

use super::planner_macros::delegate_with_new_children;

/// Rows of the driver, split evenly over partitions as `SparkContext.parallelize` splits a sequence.
#[derive(Debug)]
pub struct LocalTableScanExec {
    partitions: Vec<Vec<RecordBatch>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl LocalTableScanExec {
    /// Rows in at most `num_partitions` partitions, none of them empty; no rows are one partition.
    pub fn new(batches: &[RecordBatch], schema: SchemaRef, num_partitions: usize) -> Self {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let count = num_partitions.clamp(1, rows.max(1));
        let partitions = (0..count).map(|i| slice(batches, i * rows / count, (i + 1) * rows / count)).collect();
        LocalTableScanExec::from_partitions(partitions, schema)
    }

    fn from_partitions(partitions: Vec<Vec<RecordBatch>>, schema: SchemaRef) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        LocalTableScanExec { partitions, properties: Arc::new(properties), metrics: ExecutionPlanMetricsSet::new() }
    }
}

/// Rows `start..end` of a list of batches.
fn slice(batches: &[RecordBatch], start: usize, end: usize) -> Vec<RecordBatch> {
    let mut out = vec![];
    let mut offset = 0;
    for batch in batches {
        let from = start.clamp(offset, offset + batch.num_rows()) - offset;
        let to = end.clamp(offset, offset + batch.num_rows()) - offset;
        if to > from {
            out.push(batch.slice(from, to - from));
        }
        offset += batch.num_rows();
    }
    out
}

impl DisplayAs for LocalTableScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.properties.equivalence_properties().schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "LocalTableScan [{}]", names.join(", "))
    }
}

impl ExecutionPlan for LocalTableScanExec {
    fn name(&self) -> &str {
        "LocalTableScanExec"
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
        Ok(Arc::new(LocalTableScanExec::from_partitions(self.partitions.clone(), self.schema())))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let batch_size = context.session_config().batch_size().max(1);
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let mut pieces = vec![];
        for batch in self.partitions.get(partition).into_iter().flatten() {
            for start in (0..batch.num_rows()).step_by(batch_size) {
                pieces.push(batch.slice(start, batch_size.min(batch.num_rows() - start)));
            }
        }
        let batches = pieces.into_iter().map(move |batch| {
            baseline.record_output(batch.num_rows());
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream::iter(batches))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let range = match args.partition() {
            Some(partition) => partition..partition + 1,
            None => 0..self.partitions.len(),
        };
        let batches = || self.partitions.get(range.clone()).unwrap_or(&[]).iter().flatten();
        let mut statistics = Statistics::new_unknown(&self.schema());
        statistics.num_rows = Precision::Exact(batches().map(RecordBatch::num_rows).sum());
        statistics.total_byte_size = Precision::Inexact(batches().map(RecordBatch::get_array_memory_size).sum());
        Ok(Arc::new(statistics))
    }
}

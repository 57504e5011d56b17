//! `spark.range(start, end, step, n)`.

use std::{fmt, sync::Arc};

use arrow::{
    array::{Int64Array, RecordBatch},
    datatypes::SchemaRef,
};
use datafusion::{
    common::{ColumnStatistics, Statistics, stats::Precision},
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::EquivalenceProperties,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
        StatisticsArgs,
        execution_plan::{Boundedness, EmissionType},
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::stream;

use crate::exec_macros::{delegate_with_new_children, no_expressions};

/// Numbers from `start` to before `end` in `num_slices` partitions, cut as Spark cuts them.
#[derive(Debug)]
pub struct RangeExec {
    start: i64,
    end: i64,
    step: i64,
    num_slices: usize,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl RangeExec {
    /// A range whose one column has the schema's only field; `step` is not zero.
    pub fn new(schema: SchemaRef, start: i64, end: i64, step: i64, num_slices: usize) -> Self {
        let num_slices = num_slices.max(1);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(num_slices),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        RangeExec {
            start,
            end,
            step: if step == 0 { 1 } else { step },
            num_slices,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// First number.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Exclusive end.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Distance of two numbers.
    pub fn step(&self) -> i64 {
        self.step
    }

    /// Number of partitions.
    pub fn num_slices(&self) -> usize {
        self.num_slices
    }

    /// How many numbers there are.
    pub fn num_elements(&self) -> u128 {
        let distance = i128::from(self.end) - i128::from(self.start);
        let step = i128::from(self.step);
        if distance == 0 || (distance > 0) != (step > 0) {
            return 0;
        }
        (distance / step + i128::from(distance % step != 0)).unsigned_abs()
    }

    /// Index of the first number of a partition.
    fn partition_offset(&self, partition: usize) -> u128 {
        partition as u128 * self.num_elements() / self.num_slices as u128
    }
}

impl DisplayAs for RangeExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Range ({}, {}, step={}, splits={})", self.start, self.end, self.step, self.num_slices)
    }
}

impl ExecutionPlan for RangeExec {
    fn name(&self) -> &str {
        "RangeExec"
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
        Ok(Arc::new(RangeExec::new(self.schema(), self.start, self.end, self.step, self.num_slices)))
    }

    delegate_with_new_children!();

    no_expressions!();

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let batch_size = context.session_config().batch_size().max(1) as u128;
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let (start, step) = (i128::from(self.start), i128::from(self.step));
        let end = self.partition_offset(partition + 1);
        let output_schema = Arc::clone(&schema);
        let mut next = self.partition_offset(partition);
        let batches = std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let upto = (next + batch_size).min(end);
            let value = |i: u128| (start + step * i as i128) as i64;
            let values = Int64Array::from_iter_values((next..upto).map(value));
            next = upto;
            baseline.record_output(values.len());
            let columns: Vec<arrow::array::ArrayRef> =
                if output_schema.fields().is_empty() { vec![] } else { vec![Arc::new(values)] };
            Some(RecordBatch::try_new(Arc::clone(&output_schema), columns).map_err(Into::into))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let rows = match args.partition() {
            Some(partition) => self.partition_offset(partition + 1) - self.partition_offset(partition),
            None => self.num_elements(),
        } as usize;
        Ok(Arc::new(Statistics {
            num_rows: Precision::Exact(rows),
            total_byte_size: Precision::Exact(rows.saturating_mul(8)),
            column_statistics: self.schema().fields().iter().map(|_| ColumnStatistics::new_unknown()).collect(),
        }))
    }
}

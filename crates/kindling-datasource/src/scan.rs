//! [`FileScanExec`]: the physical scan, one partition per [`FilePartition`] (Spark's `FileSourceScanExec`).

use std::{fmt, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch, RecordBatchOptions},
    datatypes::{Schema, SchemaRef},
};
use datafusion::{
    common::{Statistics, stats::Precision, tree_node::TreeNodeRecursion},
    error::{DataFusionError, Result},
    execution::TaskContext,
    logical_expr::Expr,
    physical_expr::EquivalenceProperties,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties,
        SendableRecordBatchStream,
        execution_plan::{Boundedness, EmissionType},
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet},
        statistics::StatisticsArgs,
        stream::RecordBatchStreamAdapter,
    },
    scalar::ScalarValue,
};
use futures::{StreamExt, TryStreamExt};
use kindling_common::{
    SparkError,
    input_file::{InputFileBlock, set_input_file},
};
use kindling_spec::StructType;

use crate::{
    FileFormat, FilePartition, FilePath, FileSystem,
    error::find_spark_error,
    format::{Format, ReadContext},
};

/// Where an output column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnSource {
    /// A column of the files.
    Data(usize),
    /// A partition column.
    Partition(usize),
}

/// What Spark's plan text says about a scan.
#[derive(Debug, Clone)]
pub struct ScanDescription {
    /// Format.
    pub format: FileFormat,
    /// Paths as they were given, resolved.
    pub root_paths: Vec<FilePath>,
    /// Columns read from the files, by their names there.
    pub read_schema: StructType,
    /// Filters on partition columns: they chose the files.
    pub partition_filters: Vec<Expr>,
    /// Filters on data columns: the scan may use them to skip data.
    pub data_filters: Vec<Expr>,
    /// Bytes of the files that were chosen.
    pub selected_bytes: u64,
    /// Number of the files that were chosen.
    pub selected_files: usize,
    /// Number of the partition folders that were chosen, if the table has any.
    pub selected_partitions: Option<usize>,
}

/// Which files a scan passes over when they cannot be read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tolerance {
    /// Those that have disappeared (`ignoreMissingFiles`).
    pub missing: bool,
    /// Those that are broken, from there on (`ignoreCorruptFiles`).
    pub corrupt: bool,
}

impl Tolerance {
    fn passes_over(self, error: &DataFusionError) -> bool {
        let Some(error) = find_spark_error(error) else { return false };
        let missing = error.condition == "FAILED_READ_FILE.FILE_NOT_EXIST";
        if missing { self.missing } else { self.corrupt && error.condition.starts_with("FAILED_READ_FILE") }
    }
}

/// A scan of files.
#[derive(Debug)]
pub struct FileScanExec {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) format: Format,
    pub(crate) data_schema: Arc<StructType>,
    pub(crate) columns: Vec<ColumnSource>,
    pub(crate) predicate: Option<Arc<dyn PhysicalExpr>>,
    pub(crate) partitions: Vec<FilePartition>,
    pub(crate) limit: Option<usize>,
    pub(crate) tolerance: Tolerance,
    pub(crate) description: ScanDescription,
    schema: SchemaRef,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl FileScanExec {
    #[expect(clippy::too_many_arguments, reason = "one caller, and each is a noun of the scan")]
    pub(crate) fn new(
        fs: Arc<dyn FileSystem>,
        format: Format,
        data_schema: Arc<StructType>,
        columns: Vec<ColumnSource>,
        schema: SchemaRef,
        predicate: Option<Arc<dyn PhysicalExpr>>,
        partitions: Vec<FilePartition>,
        limit: Option<usize>,
        tolerance: Tolerance,
        description: ScanDescription,
    ) -> FileScanExec {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        FileScanExec {
            fs,
            format,
            data_schema,
            columns,
            predicate,
            partitions,
            limit,
            tolerance,
            description,
            schema,
            metrics: ExecutionPlanMetricsSet::new(),
            properties: Arc::new(properties),
        }
    }

    /// What each task reads.
    pub fn file_partitions(&self) -> &[FilePartition] {
        &self.partitions
    }

    /// What Spark's plan text says about it.
    pub fn description(&self) -> &ScanDescription {
        &self.description
    }

    /// The name of the node in Spark's plans: `Scan csv`, `Scan parquet`.
    pub fn node_name(&self) -> String {
        format!("Scan {}", self.description.format.short_name())
    }
}

impl DisplayAs for FileScanExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "FileScan {} [{}]", self.description.format.short_name(), columns.join(","))
    }
}

impl ExecutionPlan for FileScanExec {
    fn name(&self) -> &str {
        "FileScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        match &self.predicate {
            Some(predicate) => f(predicate),
            None => Ok(TreeNodeRecursion::Continue),
        }
    }

    fn with_new_children(self: Arc<Self>, _children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let files = self.partitions.get(partition).ok_or_else(|| {
            DataFusionError::External(Box::new(SparkError::internal(format!("no file partition {partition}"))))
        })?;
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let bytes_scanned = MetricBuilder::new(&self.metrics).counter("bytes_scanned", partition);
        let files_read = MetricBuilder::new(&self.metrics).counter("files_read", partition);

        let mut required: Vec<usize> = self
            .columns
            .iter()
            .filter_map(|column| match column {
                ColumnSource::Data(index) => Some(*index),
                ColumnSource::Partition(_) => None,
            })
            .collect();
        required.sort_unstable();
        required.dedup();
        let arrow = kindling_common::to_arrow_schema(&self.data_schema);
        let read_fields: Vec<_> = required.iter().map(|index| arrow.field(*index).clone()).collect();
        let read = ReadContext {
            fs: Arc::clone(&self.fs),
            data_schema: Arc::clone(&self.data_schema),
            required: required.clone(),
            output: Arc::new(Schema::new(read_fields)),
            predicate: self.predicate.clone(),
            batch_size: context.session_config().batch_size(),
            bytes_scanned,
        };
        let format = self.format.clone();
        let tolerance = self.tolerance;
        let assemble = Assemble { schema: Arc::clone(&self.schema), columns: self.columns.clone(), required };
        let batches = futures::stream::iter(files.files.clone()).flat_map(move |split| {
            files_read.add(1);
            let assemble = assemble.clone();
            format
                .open(&read, &split)
                .take_while(move |batch| {
                    let passed_over = batch.as_ref().is_err_and(|error| tolerance.passes_over(error));
                    futures::future::ready(!passed_over)
                })
                .map(move |batch| {
                    let rows = assemble.apply(&batch?, &split.partition_values)?;
                    set_input_file(InputFileBlock {
                        path: split.path.url_encoded(),
                        start: split.start as i64,
                        length: split.length as i64,
                    });
                    Ok(rows)
                })
        });
        let mut left = self.limit;
        let batches =
            batches.try_take_while(move |_| futures::future::ready(Ok(left != Some(0)))).map_ok(move |batch| {
                let Some(rows) = &mut left else { return batch };
                let taken = batch.num_rows().min(*rows);
                *rows -= taken;
                batch.slice(0, taken)
            });
        // The timer covers decoding: all of it happens inside `poll`.
        let timed = TimedStream { inner: batches.boxed(), baseline };
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), timed)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _inputs: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let bytes = match args.partition() {
            Some(partition) => {
                self.partitions.get(partition).map_or(0, |p| p.files.iter().map(|file| file.length).sum())
            }
            None => self.description.selected_bytes,
        };
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.total_byte_size = Precision::Inexact(usize::try_from(bytes).unwrap_or(usize::MAX));
        Ok(Arc::new(statistics))
    }
}

struct TimedStream {
    inner: futures::stream::BoxStream<'static, Result<RecordBatch>>,
    baseline: BaselineMetrics,
}

impl futures::Stream for TimedStream {
    type Item = Result<RecordBatch>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let time = self.baseline.elapsed_compute().clone();
        let timer = time.timer();
        let poll = self.inner.poll_next_unpin(context);
        drop(timer);
        self.baseline.record_poll(poll)
    }
}

/// Puts a file's columns and its partition values in the order of the output.
#[derive(Clone)]
struct Assemble {
    schema: SchemaRef,
    columns: Vec<ColumnSource>,
    required: Vec<usize>,
}

impl Assemble {
    fn apply(&self, batch: &RecordBatch, values: &[ScalarValue]) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let columns: Result<Vec<ArrayRef>> = self
            .columns
            .iter()
            .map(|column| match column {
                ColumnSource::Data(index) => {
                    let at = self.required.partition_point(|required| required < index);
                    Ok(Arc::clone(batch.column(at)))
                }
                ColumnSource::Partition(index) => values[*index].to_array_of_size(rows),
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns?, &options)?)
    }
}

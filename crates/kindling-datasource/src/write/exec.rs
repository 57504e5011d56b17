//! [`DataWritingExec`]: a task writes its partition and returns one row, its commit message.

use std::{fmt, sync::Arc};

use arrow::{
    array::{AsArray, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::Result,
    execution::TaskContext,
    physical_expr::EquivalenceProperties,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PhysicalExpr,
        PlanProperties, SendableRecordBatchStream,
        execution_plan::{Boundedness, EmissionType},
        metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::StreamExt;
use kindling_common::SparkResult;

use super::{
    job::WriteJob,
    task::{TaskCommitMessage, TaskWriter},
};
use crate::error::external;

/// Writes its input's partitions; the job is committed by the driver with what the tasks returned.
#[derive(Debug)]
pub struct DataWritingExec {
    input: Arc<dyn ExecutionPlan>,
    job: Arc<WriteJob>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl DataWritingExec {
    /// Writes `input`, whose columns are those of the job's schema, in order.
    pub fn new(input: Arc<dyn ExecutionPlan>, job: Arc<WriteJob>) -> DataWritingExec {
        let schema = Arc::new(Schema::new(vec![
            Field::new("message", DataType::Utf8, false),
            Field::new("files", DataType::Int64, false),
            Field::new("rows", DataType::Int64, false),
            Field::new("bytes", DataType::Int64, false),
        ]));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        DataWritingExec { input, job, metrics: ExecutionPlanMetricsSet::new(), properties: Arc::new(properties) }
    }

    /// The job that this writes for.
    pub fn job(&self) -> &Arc<WriteJob> {
        &self.job
    }

    /// The commit messages in a task's result.
    pub fn messages(batch: &RecordBatch) -> SparkResult<Vec<TaskCommitMessage>> {
        let messages = batch.column(0).as_string::<i32>();
        messages.iter().flatten().map(TaskCommitMessage::from_json).collect()
    }
}

impl DisplayAs for DataWritingExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "WriteFiles {}", self.job.output().uri())
    }
}

impl ExecutionPlan for DataWritingExec {
    fn name(&self) -> &str {
        "DataWritingExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(DataWritingExec::new(input, Arc::clone(&self.job))))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut input = self.input.execute(partition, context)?;
        let counter = |name: &'static str| MetricBuilder::new(&self.metrics).counter(name, partition);
        let rows_written = MetricBuilder::new(&self.metrics).output_rows(partition);
        let (bytes_written, files_written) = (counter("bytes_written"), counter("files_written"));
        let (job, schema): (_, SchemaRef) = (Arc::clone(&self.job), self.schema());
        let output = Arc::clone(&schema);
        let task = async move {
            let mut writer = TaskWriter::new(&job, partition);
            while let Some(batch) = input.next().await {
                let written = match batch {
                    Ok(batch) => {
                        let rows = batch.num_rows();
                        writer.write(&batch).map_err(external).map(|()| rows)
                    }
                    Err(error) => Err(error),
                };
                match written {
                    Ok(rows) => rows_written.add(rows),
                    Err(error) => {
                        writer.abort();
                        return Err(error);
                    }
                }
            }
            let message = writer.finish().map_err(external)?;
            bytes_written.add(message.bytes() as usize);
            files_written.add(message.files.len());
            let numbers = |number: u64| Arc::new(Int64Array::from(vec![number as i64])) as _;
            Ok(RecordBatch::try_new(
                schema,
                vec![
                    Arc::new(StringArray::from(vec![message.to_json()])),
                    numbers(message.files.len() as u64),
                    numbers(message.rows()),
                    numbers(message.bytes()),
                ],
            )?)
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(output, futures::stream::once(task))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

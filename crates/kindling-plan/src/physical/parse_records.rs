//! Texts read as records.

use std::{fmt, sync::Arc};

use arrow::{
    array::{AsArray, RecordBatch},
    compute::concat_batches,
    datatypes::SchemaRef,
};
use datafusion::{
    common::{internal_err, tree_node::TreeNodeRecursion},
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
        ReplaceChildrenOptions,
        execution_plan::EmissionType,
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::StreamExt;
use kindling_datasource::RecordParser;
use kindling_functions::error::to_datafusion;

use super::planner_macros::delegate_with_new_children;

/// The rows of the records in the first column of its input.
#[derive(Debug)]
pub struct ParseRecordsExec {
    input: Arc<dyn ExecutionPlan>,
    parser: Arc<RecordParser>,
    header: Option<String>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ParseRecordsExec {
    /// `schema` names the columns of the parser's rows; a text equal to `header` is no record.
    pub fn new(
        input: Arc<dyn ExecutionPlan>,
        parser: Arc<RecordParser>,
        header: Option<String>,
        schema: SchemaRef,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Incremental,
            input.boundedness(),
        );
        let metrics = ExecutionPlanMetricsSet::new();
        ParseRecordsExec { input, parser, header, properties: Arc::new(properties), metrics }
    }
}

fn parse(batch: &RecordBatch, parser: &RecordParser, header: Option<&str>, schema: &SchemaRef) -> Result<RecordBatch> {
    let Some(texts) = batch.columns().first().and_then(|column| column.as_string_opt::<i32>()) else {
        return internal_err!("records are texts");
    };
    let records = texts.iter().flatten().filter(|text| Some(*text) != header);
    let batches = parser.parse(records).map_err(to_datafusion)?;
    let named: std::result::Result<Vec<_>, _> =
        batches.into_iter().map(|batch| RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec())).collect();
    Ok(concat_batches(schema, &named?)?)
}

impl DisplayAs for ParseRecordsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseRecords")
    }
}

impl ExecutionPlan for ParseRecordsExec {
    fn name(&self) -> &str {
        "ParseRecordsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.swap_remove(0);
        let (parser, header) = (Arc::clone(&self.parser), self.header.clone());
        Ok(Arc::new(ParseRecordsExec::new(input, parser, header, self.schema())))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let (parser, header, schema) = (Arc::clone(&self.parser), self.header.clone(), self.schema());
        let output = Arc::clone(&schema);
        let batches = self.input.execute(partition, context)?.map(move |batch| {
            let timer = baseline.elapsed_compute().timer();
            let parsed = parse(&batch?, &parser, header.as_deref(), &output)?;
            timer.done();
            baseline.record_output(parsed.num_rows());
            Ok(parsed)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

//! Rows joined with the rows that a generator makes of them.

use std::{fmt, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array, UInt64Array},
    compute::{cast, take},
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

use super::planner_macros::delegate_with_new_children;

/// `rows` gives a list of structs a row; each struct is an output row behind its input row.
#[derive(Debug)]
pub struct GenerateExec {
    input: Arc<dyn ExecutionPlan>,
    text: String,
    rows: Arc<dyn PhysicalExpr>,
    outer: bool,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl GenerateExec {
    /// The schema holds the input's columns and then the generated ones.
    pub fn new(
        input: Arc<dyn ExecutionPlan>,
        text: String,
        rows: Arc<dyn PhysicalExpr>,
        outer: bool,
        schema: SchemaRef,
    ) -> Self {
        let partitions = input.output_partitioning().partition_count();
        let partitioning = match input.output_partitioning() {
            // Input columns keep their places.
            Partitioning::Hash(keys, n) => Partitioning::Hash(keys.clone(), *n),
            _ => Partitioning::UnknownPartitioning(partitions),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            partitioning,
            EmissionType::Incremental,
            input.boundedness(),
        );
        GenerateExec {
            input,
            text,
            rows,
            outer,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

/// The output rows of one input batch.
fn generate(batch: &RecordBatch, rows: &Arc<dyn PhysicalExpr>, outer: bool, schema: &SchemaRef) -> Result<RecordBatch> {
    let lists = rows.evaluate(batch)?.into_array(batch.num_rows())?;
    let Some(lists) = lists.as_list_opt::<i32>() else {
        return internal_err!("a generator's rows are {}", lists.data_type());
    };
    let Some(structs) = lists.values().as_struct_opt() else {
        return internal_err!("a generator's rows are {}", lists.data_type());
    };
    let mut parents: Vec<u32> = Vec::with_capacity(structs.len());
    let mut places: Vec<Option<u64>> = Vec::with_capacity(structs.len());
    let offsets = lists.value_offsets();
    for (row, start) in offsets.iter().copied().enumerate().take(lists.len()) {
        let length = if lists.is_null(row) { 0 } else { lists.value_length(row) };
        if length == 0 && outer {
            parents.push(row as u32);
            places.push(None);
        }
        for i in 0..length {
            let place = (start + i) as usize;
            parents.push(row as u32);
            // A null struct gives a row of nulls.
            places.push(structs.is_valid(place).then_some(place as u64));
        }
    }
    let parents = UInt32Array::from(parents);
    let places = UInt64Array::from(places);
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for column in batch.columns() {
        columns.push(take(column, &parents, None)?);
    }
    for (column, field) in structs.columns().iter().zip(schema.fields().iter().skip(batch.num_columns())) {
        let taken = take(column, &places, None)?;
        columns.push(if taken.data_type() == field.data_type() { taken } else { cast(&taken, field.data_type())? });
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

impl DisplayAs for GenerateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generate {}, {}", self.text, self.outer)
    }
}

impl ExecutionPlan for GenerateExec {
    fn name(&self) -> &str {
        "GenerateExec"
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
        let rows = Arc::clone(&self.rows);
        Ok(Arc::new(GenerateExec::new(input, self.text.clone(), rows, self.outer, self.schema())))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        f(&self.rows)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let (rows, outer, schema) = (Arc::clone(&self.rows), self.outer, self.schema());
        let output = Arc::clone(&schema);
        let batches = self.input.execute(partition, context)?.map(move |batch| {
            let timer = baseline.elapsed_compute().timer();
            let generated = generate(&batch?, &rows, outer, &output)?;
            timer.done();
            baseline.record_output(generated.num_rows());
            Ok(generated)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

//! The streamed side of a join whose rows stay in order.

use std::{fmt, hash::Hash, sync::Arc};

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, Schema},
};
use datafusion::{
    common::internal_err,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::ColumnarValue,
    physical_expr::{PhysicalExpr, PhysicalSortExpr},
    physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions},
};

use crate::exec_macros::{delegate_with_new_children, no_expressions};

/// What a task puts over the streamed side of an outer hash join. Spark gives each streamed row with its matches, or alone,
/// where it stands; DataFusion's join puts those without matches behind a batch, unless its input has an order to keep. This
/// says that it has: the rows are in the order in which they come.
#[derive(Debug)]
pub struct StreamedSideExec {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl StreamedSideExec {
    /// Over a side of a join.
    pub fn new(input: Arc<dyn ExecutionPlan>) -> StreamedSideExec {
        let mut properties = PlanProperties::clone(input.properties());
        if properties.output_ordering().is_none() {
            let position: Arc<dyn PhysicalExpr> = Arc::new(StreamPosition);
            properties.eq_properties.add_ordering([PhysicalSortExpr::new_default(position)]);
            let equivalences = properties.eq_properties.clone();
            properties = properties.with_eq_properties(equivalences);
        }
        StreamedSideExec { input, properties: Arc::new(properties) }
    }
}

impl DisplayAs for StreamedSideExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamedSideExec")
    }
}

impl ExecutionPlan for StreamedSideExec {
    fn name(&self) -> &str {
        "StreamedSideExec"
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
        Ok(Arc::new(StreamedSideExec::new(children.swap_remove(0))))
    }

    delegate_with_new_children!();

    no_expressions!();

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }
}

/// The place of a row in its stream: no column holds it, and nothing asks for it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct StreamPosition;

impl fmt::Display for StreamPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream_position()")
    }
}

impl PhysicalExpr for StreamPosition {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(false)
    }

    fn evaluate(&self, _: &RecordBatch) -> Result<ColumnarValue> {
        internal_err!("the place of a row is no value")
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![]
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(self)
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream_position()")
    }
}

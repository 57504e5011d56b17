//! Observed metrics: each task aggregates the rows that pass by, the driver puts their states together (Spark's
//! `CollectMetricsExec`).

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions},
    compute::filter,
    datatypes::{Field, Schema, SchemaRef},
};
use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::Accumulator,
    physical_expr::{PhysicalExpr, aggregate::AggregateFunctionExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
    scalar::ScalarValue,
};
use futures::StreamExt;
use kindling_common::SparkResult;
use kindling_functions::error::from_datafusion;
use parking_lot::Mutex;

use super::planner_macros::delegate_with_new_children;
use crate::Attribute;

/// An observation of one query: what its tasks have seen.
#[derive(Debug)]
pub struct ObservedMetrics {
    /// Its name.
    pub name: String,
    /// The metrics.
    pub output: Vec<Attribute>,
    texts: Vec<String>,
    calls: OnceLock<Calls>,
    /// States of the calls, by partition: a task that runs again replaces what it said.
    partitions: Mutex<BTreeMap<usize, Vec<Vec<ScalarValue>>>>,
}

/// The aggregate calls, and the metrics over their values.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    pub calls: Vec<Call>,
    pub items: Vec<Arc<dyn PhysicalExpr>>,
    pub values: SchemaRef,
}

/// An aggregate call with its `FILTER`.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub function: Arc<AggregateFunctionExpr>,
    pub filter: Option<Arc<dyn PhysicalExpr>>,
}

impl ObservedMetrics {
    /// An observation that has seen nothing; `texts` are its metrics as `explain` shows them.
    pub fn new(name: String, output: Vec<Attribute>, texts: Vec<String>) -> ObservedMetrics {
        ObservedMetrics { name, output, texts, calls: OnceLock::new(), partitions: Mutex::default() }
    }

    /// The metrics as `explain` shows them.
    pub fn text(&self) -> String {
        self.texts.join(", ")
    }

    pub(super) fn set_calls(&self, calls: Calls) {
        let _ = self.calls.set(calls);
    }

    /// The metrics over all rows that were seen, one value for each column of `output`; nothing if the plan was never planned.
    pub fn values(&self) -> SparkResult<Option<Vec<ScalarValue>>> {
        let Some(calls) = self.calls.get() else { return Ok(None) };
        self.merge(calls).map(Some).map_err(from_datafusion)
    }

    fn merge(&self, calls: &Calls) -> Result<Vec<ScalarValue>> {
        let partitions = self.partitions.lock();
        let mut columns: Vec<ArrayRef> = vec![];
        for (index, call) in calls.calls.iter().enumerate() {
            let mut accumulator = call.function.create_accumulator()?;
            for states in partitions.values().filter_map(|states| states.get(index)) {
                let arrays = states.iter().map(|state| state.to_array()).collect::<Result<Vec<_>>>()?;
                accumulator.merge_batch(&arrays)?;
            }
            columns.push(accumulator.evaluate()?.to_array()?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let row = RecordBatch::try_new_with_options(Arc::clone(&calls.values), columns, &options)?;
        let value = |item: &Arc<dyn PhysicalExpr>| ScalarValue::try_from_array(&item.evaluate(&row)?.into_array(1)?, 0);
        calls.items.iter().map(value).collect()
    }
}

/// Field of a call's value.
pub(super) fn value_field(name: &str, function: &AggregateFunctionExpr) -> Field {
    Field::new(name, function.field().data_type().clone(), true)
}

/// A schema of calls' values.
pub(super) fn value_schema(fields: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

/// Hands rows on and aggregates them on the side.
#[derive(Debug)]
pub struct CollectMetricsExec {
    input: Arc<dyn ExecutionPlan>,
    observed: Arc<ObservedMetrics>,
    calls: Calls,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl CollectMetricsExec {
    pub(super) fn new(input: Arc<dyn ExecutionPlan>, observed: Arc<ObservedMetrics>, calls: Calls) -> Self {
        let properties = Arc::clone(input.properties());
        CollectMetricsExec { input, observed, calls, properties, metrics: ExecutionPlanMetricsSet::new() }
    }
}

/// The observations of a plan.
pub fn observations(plan: &Arc<dyn ExecutionPlan>) -> Vec<Arc<ObservedMetrics>> {
    let mut out: Vec<_> = plan.children().into_iter().flat_map(observations).collect();
    out.extend(plan.downcast_ref::<CollectMetricsExec>().map(|exec| Arc::clone(&exec.observed)));
    out
}

/// The calls over one partition. What they have seen is kept when the task lets go of the rows, be it before their end.
struct Watching {
    observed: Arc<ObservedMetrics>,
    calls: Vec<(Call, Box<dyn Accumulator>)>,
    partition: usize,
}

impl Watching {
    fn see(&mut self, batch: &RecordBatch) -> Result<()> {
        for (call, accumulator) in &mut self.calls {
            let arguments = call.function.expressions();
            let mut arrays = arguments
                .iter()
                .map(|argument| argument.evaluate(batch)?.into_array(batch.num_rows()))
                .collect::<Result<Vec<_>>>()?;
            if let Some(condition) = &call.filter {
                let kept = condition.evaluate(batch)?.into_array(batch.num_rows())?;
                arrays =
                    arrays.iter().map(|array| Ok(filter(array, kept.as_boolean())?)).collect::<Result<Vec<_>>>()?;
            }
            accumulator.update_batch(&arrays)?;
        }
        Ok(())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let states: Result<Vec<_>> = self.calls.iter_mut().map(|(_, accumulator)| accumulator.state()).collect();
        if let Ok(states) = states {
            self.observed.partitions.lock().insert(self.partition, states);
        }
    }
}

impl DisplayAs for CollectMetricsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CollectMetrics {}, [{}]", self.observed.name, self.observed.text())
    }
}

impl ExecutionPlan for CollectMetricsExec {
    fn name(&self) -> &str {
        "CollectMetricsExec"
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
        Ok(Arc::new(CollectMetricsExec::new(input, Arc::clone(&self.observed), self.calls.clone())))
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
        let calls = self.calls.calls.iter().map(|call| Ok((call.clone(), call.function.create_accumulator()?)));
        let calls = calls.collect::<Result<Vec<_>>>()?;
        let mut watching = Watching { observed: Arc::clone(&self.observed), calls, partition };
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let batches = self.input.execute(partition, context)?.map(move |batch| {
            let batch = batch?;
            watching.see(&batch)?;
            baseline.record_output(batch.num_rows());
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

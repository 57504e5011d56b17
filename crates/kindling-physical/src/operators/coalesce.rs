//! `coalesce(n)`: fewer partitions without a shuffle.

use std::{fmt, sync::Arc};

use datafusion::{
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
        ReplaceChildrenOptions, stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    exchange::ShuffleExchangeExec,
    exec_macros::{delegate_with_new_children, no_expressions},
};

/// Reads several partitions of its input one after the other.
#[derive(Debug)]
pub struct CoalesceExec {
    input: Arc<dyn ExecutionPlan>,
    num_partitions: usize,
    properties: Arc<PlanProperties>,
}

impl CoalesceExec {
    /// At most `num_partitions` partitions.
    pub fn new(input: Arc<dyn ExecutionPlan>, num_partitions: usize) -> Self {
        let num_partitions = num_partitions.max(1);
        let actual = num_partitions.min(input.output_partitioning().partition_count()).max(1);
        let mut equivalences = input.equivalence_properties().clone();
        equivalences.clear_orderings();
        let properties = PlanProperties::new(
            equivalences,
            Partitioning::UnknownPartitioning(actual),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        CoalesceExec { input, num_partitions, properties: Arc::new(properties) }
    }

    /// What the user asked for.
    pub fn num_partitions(&self) -> usize {
        self.num_partitions
    }

    /// The child.
    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// The input partitions of an output partition: even shares in order, as Spark's coalescer gives them
    /// when no partition prefers a host.
    pub fn group(&self, partition: usize) -> std::ops::Range<usize> {
        let inputs = self.input.output_partitioning().partition_count();
        let outputs = self.properties.output_partitioning().partition_count();
        (partition * inputs / outputs)..((partition + 1) * inputs / outputs)
    }
}

impl DisplayAs for CoalesceExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Coalesce {}", self.num_partitions)
    }
}

impl ExecutionPlan for CoalesceExec {
    fn name(&self) -> &str {
        "CoalesceExec"
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
        Ok(Arc::new(CoalesceExec::new(children.swap_remove(0), self.num_partitions)))
    }

    delegate_with_new_children!();

    no_expressions!();

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = Arc::clone(&self.input);
        let streams = stream::iter(self.group(partition)).map(move |i| input.execute(i, Arc::clone(&context)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), streams.try_flatten())))
    }
}

/// Whether rows of `plan` are known to be in one partition as Spark knows it: a file scan of one partition is
/// not, since Spark cannot tell before it lists the splits.
pub fn is_single_partition(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if plan.output_partitioning().partition_count() != 1 {
        return false;
    }
    if plan.downcast_ref::<ShuffleExchangeExec>().is_some() || plan.downcast_ref::<CoalesceExec>().is_some() {
        return true;
    }
    match plan.children().as_slice() {
        [] => plan.name() == "RangeExec" || plan.name() == "ShuffleQueryStageExec",
        // Of a join the streamed side counts, and that is the one that is not broadcast.
        children => children.iter().all(|child| {
            child.name() == "BroadcastExchangeExec"
                || child.name() == "BroadcastQueryStageExec"
                || is_single_partition(child)
        }),
    }
}

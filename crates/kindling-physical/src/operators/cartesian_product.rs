//! `CartesianProduct`: every left partition with every right partition, a task each.

use std::{fmt, sync::Arc};

use datafusion::{
    common::{JoinType, tree_node::TreeNodeRecursion},
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
        ReplaceChildrenOptions,
        execution_plan::{Boundedness, EmissionType},
        joins::{
            NestedLoopJoinExec,
            utils::{JoinFilter, build_join_schema},
        },
    },
};

use crate::exec_macros::{delegate_with_new_children, no_expressions};

/// An inner join without keys of two sides that are both too large to broadcast.
#[derive(Debug)]
pub struct CartesianProductExec {
    left: Arc<dyn ExecutionPlan>,
    right: Arc<dyn ExecutionPlan>,
    filter: Option<JoinFilter>,
    properties: Arc<PlanProperties>,
}

impl CartesianProductExec {
    /// The product of both sides, filtered.
    pub fn new(left: Arc<dyn ExecutionPlan>, right: Arc<dyn ExecutionPlan>, filter: Option<JoinFilter>) -> Self {
        let (schema, _) = build_join_schema(&left.schema(), &right.schema(), &JoinType::Inner);
        let partitions = left.output_partitioning().partition_count() * right.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::new(schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        CartesianProductExec { left, right, filter, properties: Arc::new(properties) }
    }

    /// Residual condition.
    pub fn filter(&self) -> Option<&JoinFilter> {
        self.filter.as_ref()
    }
}

impl DisplayAs for CartesianProductExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CartesianProduct")
    }
}

impl ExecutionPlan for CartesianProductExec {
    fn name(&self) -> &str {
        "CartesianProductExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.left, &self.right]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let right = children.swap_remove(1);
        let left = children.swap_remove(0);
        Ok(Arc::new(CartesianProductExec::new(left, right, self.filter.clone())))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        if let Some(filter) = &self.filter {
            f(filter.expression())?;
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rights = self.right.output_partitioning().partition_count().max(1);
        let left = Arc::new(PartitionExec::new(Arc::clone(&self.left), partition / rights));
        let right = Arc::new(PartitionExec::new(Arc::clone(&self.right), partition % rights));
        let join = NestedLoopJoinExec::try_new(left, right, self.filter.clone(), &JoinType::Inner, None)?;
        join.execute(0, context)
    }
}

/// One partition of a plan as a plan of its own.
#[derive(Debug)]
struct PartitionExec {
    input: Arc<dyn ExecutionPlan>,
    partition: usize,
    properties: Arc<PlanProperties>,
}

impl PartitionExec {
    fn new(input: Arc<dyn ExecutionPlan>, partition: usize) -> Self {
        let properties =
            PlanProperties::clone(input.properties()).with_partitioning(Partitioning::UnknownPartitioning(1));
        PartitionExec { input, partition, properties: Arc::new(properties) }
    }
}

impl DisplayAs for PartitionExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartitionExec: {}", self.partition)
    }
}

impl ExecutionPlan for PartitionExec {
    fn name(&self) -> &str {
        "PartitionExec"
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
        Ok(Arc::new(PartitionExec::new(children.swap_remove(0), self.partition)))
    }

    delegate_with_new_children!();

    no_expressions!();

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(self.partition, context)
    }
}

//! `TaskLeafExec`: wraps every leaf of a stage that reads data, to stop at once when the task is killed and to count its input.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::PhysicalExpr,
    physical_plan::{
        ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
        stream::RecordBatchStreamAdapter,
    },
};
use futures::StreamExt;
use kindling_physical::TaskEnv;

/// The error of a task that was told to stop.
#[derive(Debug, Clone, Copy)]
pub struct TaskKilledError;

impl fmt::Display for TaskKilledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task killed")
    }
}

impl std::error::Error for TaskKilledError {}

/// Checks for a kill between the batches of its input.
#[derive(Debug)]
pub struct TaskLeafExec {
    input: Arc<dyn ExecutionPlan>,
}

impl TaskLeafExec {
    /// Around `input`.
    pub fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        TaskLeafExec { input }
    }
}

impl DisplayAs for TaskLeafExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskLeafExec")
    }
}

impl ExecutionPlan for TaskLeafExec {
    fn name(&self) -> &str {
        "TaskLeafExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(TaskLeafExec::new(children.swap_remove(0))))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

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
        let killed = Arc::clone(&TaskEnv::get(&context)?.killed);
        let schema = self.schema();
        let batches = self.input.execute(partition, context)?.map(move |batch| {
            if killed.load(Ordering::Relaxed) {
                return Err(DataFusionError::External(Box::new(TaskKilledError)));
            }
            batch
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

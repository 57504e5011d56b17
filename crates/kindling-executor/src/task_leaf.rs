//! `TaskLeafExec`: wraps every leaf of a stage that reads data, to stop at once when the task is killed and to count its input.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, atomic::Ordering},
};

use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::PhysicalExpr,
    physical_plan::{
        ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricValue, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::StreamExt;
use kindling_physical::TaskEnv;

use crate::sync::lock;

/// The error of a task that was told to stop.
#[derive(Debug, Clone, Copy)]
pub struct TaskKilledError;

impl fmt::Display for TaskKilledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task killed")
    }
}

impl std::error::Error for TaskKilledError {}

/// Checks for a kill between the batches of its input, and counts them. A leaf's own metrics live as long as its plan and are
/// shared by all that runs it; those of this node are one task's.
#[derive(Debug)]
pub struct TaskLeafExec {
    input: Arc<dyn ExecutionPlan>,
    metrics: ExecutionPlanMetricsSet,
    /// Bytes that the leaf had read of a partition before this task.
    before: Mutex<HashMap<usize, u64>>,
}

impl TaskLeafExec {
    /// Around `input`.
    pub fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        TaskLeafExec { input, metrics: ExecutionPlanMetricsSet::new(), before: Mutex::default() }
    }

    /// Rows and bytes that this task read of files or memory; nothing for blocks and computed rows.
    pub fn input_read(&self, partition: usize) -> Option<(u64, u64)> {
        if matches!(self.input.name(), "ShuffleReaderExec" | "BroadcastReaderExec" | "RangeExec" | "EmptyExec") {
            return None;
        }
        let own = self.metrics.clone_inner();
        let rows = own.iter().filter(|metric| metric.partition() == Some(partition));
        let rows = rows.filter_map(|metric| match metric.value() {
            MetricValue::OutputRows(count) => Some(count.value() as u64),
            _ => None,
        });
        let before = lock(&self.before).get(&partition).copied().unwrap_or(0);
        Some((rows.sum(), self.scanned(partition).saturating_sub(before)))
    }

    fn scanned(&self, partition: usize) -> u64 {
        let Some(metrics) = self.input.metrics() else { return 0 };
        let scanned = metrics.iter().filter(|metric| {
            metric.value().name() == "bytes_scanned" && metric.partition().is_none_or(|of| of == partition)
        });
        scanned.map(|metric| metric.value().as_usize() as u64).sum()
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
        lock(&self.before).insert(partition, self.scanned(partition));
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let batches = self.input.execute(partition, context)?.map(move |batch| {
            if killed.load(Ordering::Relaxed) {
                return Err(DataFusionError::External(Box::new(TaskKilledError)));
            }
            if let Ok(batch) = &batch {
                baseline.record_output(batch.num_rows());
            }
            batch
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

//! A filter that hands on what is left of each batch at once.

use std::{fmt, sync::Arc};

use arrow::{array::AsArray, compute::filter_record_batch};
use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::PhysicalExpr,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
        filter::FilterExec,
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::StreamExt;

use crate::exec_macros::delegate_with_new_children;

/// What a task runs in place of a [`FilterExec`] below `input_file_name()`: DataFusion's gathers rows of several batches, and
/// with them of several files, before it hands them on.
#[derive(Debug)]
pub struct StreamingFilterExec {
    predicate: Arc<dyn PhysicalExpr>,
    input: Arc<dyn ExecutionPlan>,
    projection: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl StreamingFilterExec {
    /// In place of `filter`; nothing where the filter also limits.
    pub fn replacing(filter: &FilterExec) -> Option<StreamingFilterExec> {
        filter.fetch().is_none().then(|| StreamingFilterExec {
            predicate: Arc::clone(filter.predicate()),
            input: Arc::clone(filter.input()),
            projection: filter.projection().as_ref().map(|columns| columns.to_vec()),
            properties: Arc::clone(filter.properties()),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }
}

impl DisplayAs for StreamingFilterExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamingFilterExec: {}", self.predicate)
    }
}

impl ExecutionPlan for StreamingFilterExec {
    fn name(&self) -> &str {
        "StreamingFilterExec"
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
        Ok(Arc::new(StreamingFilterExec {
            predicate: Arc::clone(&self.predicate),
            input: children.swap_remove(0),
            projection: self.projection.clone(),
            properties: Arc::clone(&self.properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        f(&self.predicate)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (predicate, projection) = (Arc::clone(&self.predicate), self.projection.clone());
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let batches = self.input.execute(partition, context)?.map(move |batch| {
            let batch = batch?;
            let kept = predicate.evaluate(&batch)?.into_array(batch.num_rows())?;
            let filtered = filter_record_batch(&batch, kept.as_boolean())?;
            baseline.record_output(filtered.num_rows());
            match &projection {
                Some(columns) => Ok(filtered.project(columns)?),
                None => Ok(filtered),
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// Whether an operator or one below it, up to the next stage, asks which file is read.
pub fn asks_for_input_file(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let mut found = false;
    let asks = |expr: &Arc<dyn PhysicalExpr>| -> Result<TreeNodeRecursion> {
        fn walk(expr: &Arc<dyn PhysicalExpr>) -> bool {
            expr.downcast_ref::<datafusion::physical_expr::ScalarFunctionExpr>()
                .is_some_and(|function| function.fun().name().starts_with("input_file_"))
                || expr.children().into_iter().any(walk)
        }
        found |= walk(expr);
        Ok(TreeNodeRecursion::Continue)
    };
    let mut asks = asks;
    let visited = plan.apply_expressions(&mut asks);
    (visited.is_ok() && found)
        || (crate::aqe::exchange_id(plan).is_none() && plan.children().into_iter().any(asks_for_input_file))
}

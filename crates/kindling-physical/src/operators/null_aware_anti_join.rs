//! `NOT IN (subquery)`: the null-aware anti join, with the subquery's side broadcast.

use std::{fmt, sync::Arc};

use arrow::array::Array;
use datafusion::{
    common::{JoinType, NullEquality, tree_node::TreeNodeRecursion},
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{PhysicalExpr, expressions::IsNotNullExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
        filter::FilterExec,
        joins::{HashJoinExec, PartitionMode},
        metrics::MetricsSet,
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::exec_macros::delegate_with_new_children;

/// Rows of `streamed` whose key is certainly not among those of `build`: all rows if `build` is empty, none if
/// it has a null key, else the rows with a key that is not null and has no match.
#[derive(Debug)]
pub struct NullAwareAntiJoinExec {
    streamed: Arc<dyn ExecutionPlan>,
    build: Arc<dyn ExecutionPlan>,
    streamed_key: Arc<dyn PhysicalExpr>,
    build_key: Arc<dyn PhysicalExpr>,
    /// The ordinary anti join that does the work where no null decides.
    join: Arc<HashJoinExec>,
}

impl NullAwareAntiJoinExec {
    /// Anti join of `streamed` against `build`, which is one partition.
    pub fn try_new(
        streamed: Arc<dyn ExecutionPlan>,
        build: Arc<dyn ExecutionPlan>,
        streamed_key: Arc<dyn PhysicalExpr>,
        build_key: Arc<dyn PhysicalExpr>,
    ) -> Result<Self> {
        let not_null = Arc::new(IsNotNullExpr::new(Arc::clone(&streamed_key)));
        let filtered = Arc::new(FilterExec::try_new(not_null, Arc::clone(&streamed))?);
        let join = HashJoinExec::try_new(
            Arc::clone(&build),
            filtered,
            vec![(Arc::clone(&build_key), Arc::clone(&streamed_key))],
            None,
            &JoinType::RightAnti,
            None,
            PartitionMode::CollectLeft,
            NullEquality::NullEqualsNothing,
            false,
        )?;
        Ok(NullAwareAntiJoinExec { streamed, build, streamed_key, build_key, join: Arc::new(join) })
    }

    /// Key of the streamed side.
    pub fn streamed_key(&self) -> &Arc<dyn PhysicalExpr> {
        &self.streamed_key
    }

    /// Key of the broadcast side.
    pub fn build_key(&self) -> &Arc<dyn PhysicalExpr> {
        &self.build_key
    }
}

impl DisplayAs for NullAwareAntiJoinExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NullAwareAntiJoinExec")
    }
}

impl ExecutionPlan for NullAwareAntiJoinExec {
    fn name(&self) -> &str {
        "NullAwareAntiJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.streamed.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.streamed, &self.build]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let build = children.swap_remove(1);
        let streamed = children.swap_remove(0);
        let (streamed_key, build_key) = (Arc::clone(&self.streamed_key), Arc::clone(&self.build_key));
        Ok(Arc::new(NullAwareAntiJoinExec::try_new(streamed, build, streamed_key, build_key)?))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        f(&self.streamed_key)?;
        f(&self.build_key)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let (streamed, join) = (Arc::clone(&self.streamed), Arc::clone(&self.join));
        let (build, key) = (Arc::clone(&self.build), Arc::clone(&self.build_key));
        let rows = async move {
            let mut empty = true;
            let mut batches = build.execute(0, Arc::clone(&context))?;
            while let Some(batch) = batches.try_next().await? {
                empty &= batch.num_rows() == 0;
                let keys = key.evaluate(&batch)?.into_array(batch.num_rows())?;
                if keys.logical_null_count() > 0 {
                    return Ok(stream::empty().boxed());
                }
            }
            let rows = if empty { streamed.execute(partition, context)? } else { join.execute(partition, context)? };
            Ok::<_, datafusion::error::DataFusionError>(rows.boxed())
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::once(rows).try_flatten())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.join.metrics()
    }
}

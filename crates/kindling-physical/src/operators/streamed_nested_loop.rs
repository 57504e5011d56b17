//! An inner nested-loop join whose rows come in the order of its streamed side, as Spark's `BroadcastNestedLoopJoin` gives
//! them. DataFusion's own operator goes through the streamed rows anew for each row that was broadcast.

use std::{fmt, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array},
    compute::{concat_batches, filter as keep, take},
    datatypes::SchemaRef,
};
use datafusion::{
    common::{JoinSide, tree_node::TreeNodeRecursion},
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::PhysicalExpr,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
        joins::{NestedLoopJoinExec, utils::JoinFilter},
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::exec_macros::delegate_with_new_children;

/// Rows that one batch of the output aims at.
const ROWS: usize = 8192;

/// Every row of `streamed` with every row of `build`, which is one partition; `build`'s columns come first.
#[derive(Debug)]
pub struct StreamedNestedLoopExec {
    build: Arc<dyn ExecutionPlan>,
    streamed: Arc<dyn ExecutionPlan>,
    filter: Option<JoinFilter>,
    projection: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl StreamedNestedLoopExec {
    /// What runs in the place of an inner join over other inputs.
    pub fn of(join: &NestedLoopJoinExec, build: Arc<dyn ExecutionPlan>, streamed: Arc<dyn ExecutionPlan>) -> Self {
        StreamedNestedLoopExec {
            build,
            streamed,
            filter: join.filter().cloned(),
            projection: join.projection().as_deref().map(<[usize]>::to_vec),
            properties: Arc::clone(join.properties()),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for StreamedNestedLoopExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamedNestedLoopExec")
    }
}

impl ExecutionPlan for StreamedNestedLoopExec {
    fn name(&self) -> &str {
        "StreamedNestedLoopExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.build, &self.streamed]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let streamed = children.swap_remove(1);
        let build = children.swap_remove(0);
        Ok(Arc::new(StreamedNestedLoopExec {
            build,
            streamed,
            filter: self.filter.clone(),
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
        if let Some(filter) = &self.filter {
            f(filter.expression())?;
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let build = self.build.execute(0, Arc::clone(&context))?;
        let mut streamed = self.streamed.execute(partition, context)?;
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let (filter, projection) = (self.filter.clone(), self.projection.clone());
        let schema = self.schema();
        let output = Arc::clone(&schema);
        let rows = async move {
            let build_schema = build.schema();
            let batches: Vec<RecordBatch> = build.try_collect().await?;
            let pairs = Arc::new(Pairs { build: concat_batches(&build_schema, &batches)?, filter, projection, output });
            let joined = stream::poll_fn(move |cx| streamed.poll_next_unpin(cx)).map_ok(move |batch| {
                let pairs = Arc::clone(&pairs);
                let step = (ROWS / pairs.build.num_rows().max(1)).max(1);
                stream::iter((0..batch.num_rows()).step_by(step)).map(move |start| {
                    let rows = step.min(batch.num_rows() - start);
                    pairs.join(&batch.slice(start, rows))
                })
            });
            Ok::<_, datafusion::error::DataFusionError>(joined.try_flatten())
        };
        let rows = stream::once(rows).try_flatten().inspect_ok(move |batch| {
            metrics.record_output(batch.num_rows());
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The broadcast rows and what is done with each pair.
struct Pairs {
    build: RecordBatch,
    filter: Option<JoinFilter>,
    projection: Option<Vec<usize>>,
    output: SchemaRef,
}

impl Pairs {
    fn join(&self, streamed: &RecordBatch) -> Result<RecordBatch> {
        let (n, m) = (self.build.num_rows() as u32, streamed.num_rows() as u32);
        let mut build_rows = UInt32Array::from_iter_values((0..m).flat_map(|_| 0..n));
        let mut streamed_rows =
            UInt32Array::from_iter_values((0..m).flat_map(|row| std::iter::repeat_n(row, n as usize)));
        if let Some(filter) = &self.filter {
            let columns = filter.column_indices().iter().map(|column| match column.side {
                JoinSide::Left => Ok(take(self.build.column(column.index), &build_rows, None)?),
                _ => Ok(take(streamed.column(column.index), &streamed_rows, None)?),
            });
            let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
            let pairs = batch(Arc::clone(filter.schema()), columns, build_rows.len())?;
            let kept = filter.expression().evaluate(&pairs)?.into_array(pairs.num_rows())?;
            build_rows = keep(&build_rows, kept.as_boolean())?.as_primitive().clone();
            streamed_rows = keep(&streamed_rows, kept.as_boolean())?.as_primitive().clone();
        }
        let width = self.build.num_columns();
        let all: Vec<usize> = (0..width + streamed.num_columns()).collect();
        let columns = self.projection.as_ref().unwrap_or(&all).iter().map(|index| {
            Ok(match index.checked_sub(width) {
                None => take(self.build.column(*index), &build_rows, None)?,
                Some(index) => take(streamed.column(index), &streamed_rows, None)?,
            })
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        batch(Arc::clone(&self.output), columns, build_rows.len())
    }
}

fn batch(schema: SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::Int32Array,
        datatypes::{DataType, Field, Schema},
    };

    use super::*;

    fn column(name: &str, values: Vec<i32>) -> RecordBatch {
        let schema = Arc::new(Schema::new(vec![Field::new(name, DataType::Int32, false)]));
        RecordBatch::try_new(schema, vec![Arc::new(Int32Array::from(values))]).unwrap()
    }

    #[test]
    fn pairs_come_in_the_order_of_the_streamed_rows() {
        let output = Arc::new(Schema::new(vec![
            Field::new("b", DataType::Int32, false),
            Field::new("s", DataType::Int32, false),
        ]));
        let pairs = Pairs { build: column("b", vec![80, 85]), filter: None, projection: None, output };
        let joined = pairs.join(&column("s", vec![1, 2])).unwrap();
        let values = |i: usize| joined.column(i).as_primitive::<arrow::datatypes::Int32Type>().values().to_vec();
        assert_eq!(values(0), vec![80, 85, 80, 85]);
        assert_eq!(values(1), vec![1, 1, 2, 2]);
    }
}

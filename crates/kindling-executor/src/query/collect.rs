//! The last job of a query: how its rows come to the driver.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::{
    catalog::memory::MemorySourceConfig,
    execution::TaskContext,
    physical_plan::{
        ExecutionPlanProperties,
        empty::EmptyExec,
        execution_plan::{collect_partitioned, replace_children_if_necessary},
        limit::LocalLimitExec,
        projection::ProjectionExec,
        sorts::sort::SortExec,
    },
};
use kindling_common::SparkResult;
use kindling_physical::{CollectLimitExec, CollectTailExec, TakeOrderedAndProjectExec};

use super::{
    CollectMode, ResultSink,
    context::{Plan, QueryContext},
};
use crate::{lower::Lowered, stage_plan::TaskSink, task::TaskResult};

impl QueryContext {
    /// Runs the final plan and gives its rows to the sink.
    pub fn collect(&mut self, plan: &Plan, sink: &mut dyn ResultSink) -> SparkResult<u64> {
        if plan.is::<EmptyExec>() {
            // As Spark, which holds the rows of such a plan in the driver.
            return Ok(0);
        }
        self.prepare_shuffles(plan)?;
        if let Some(tail) = plan.downcast_ref::<CollectTailExec>() {
            return self.tail(tail, sink);
        }
        if self.run.mode == CollectMode::Collect {
            if let Some(limit) = plan.downcast_ref::<CollectLimitExec>()
                && let Some(count) = limit.limit
            {
                return self.take(plan, limit, count, sink);
            }
            if let Some(top) = top_k(plan) {
                return self.take_ordered(plan, top, sink);
            }
        }
        let lowered = self.lower(plan)?;
        let stage = self.stage(lowered, TaskSink::Collect, None);
        let partitions = (0..stage.num_partitions).collect();
        let mut rows = 0;
        self.run_job(stage, partitions, |partition, result| {
            if let TaskResult::Batches(batches) = result {
                rows += count(&batches);
                sink.batches(partition, batches)?;
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// `SparkPlan.executeTake`: one partition first, then more and more, until there are enough rows.
    fn take(
        &mut self,
        plan: &Plan,
        limit: &CollectLimitExec,
        limit_rows: usize,
        sink: &mut dyn ResultSink,
    ) -> SparkResult<u64> {
        let wanted = limit_rows + limit.offset;
        let local: Plan = Arc::new(LocalLimitExec::new(Arc::clone(&limit.input), wanted));
        let lowered = self.lower_as(&local, plan)?;
        let stage = self.stage(lowered, TaskSink::Collect, None);
        let total = stage.num_partitions.max(0) as usize;
        let mut taken: Vec<RecordBatch> = vec![];
        let mut have = 0;
        let mut scanned = 0;
        while have < wanted && scanned < total {
            let mut attempt = self.conf.limit_initial_partitions;
            if scanned > 0 {
                let most = scanned * self.conf.limit_scale_up;
                attempt = if have == 0 {
                    most
                } else {
                    let left = (wanted - have) as f64;
                    ((1.5 * left * scanned as f64 / have as f64).ceil() as usize).clamp(1, most)
                };
            }
            let end = (scanned + attempt).min(total);
            let partitions = (scanned as i32..end as i32).collect();
            self.run_job(stage.clone(), partitions, |_, result| {
                if let TaskResult::Batches(batches) = result {
                    for batch in batches {
                        let room = wanted - have.min(wanted);
                        if room > 0 {
                            let batch = batch.slice(0, batch.num_rows().min(room));
                            have += batch.num_rows();
                            taken.push(batch);
                        }
                    }
                }
                Ok(())
            })?;
            scanned = end;
        }
        let batches = skip_rows(taken, limit.offset);
        let rows = count(&batches);
        sink.batches(0, batches)?;
        Ok(rows)
    }

    /// `SparkPlan.executeTail`: the same from the other end.
    fn tail(&mut self, tail: &CollectTailExec, sink: &mut dyn ResultSink) -> SparkResult<u64> {
        let lowered = self.lower(&tail.input)?;
        let stage = self.stage(lowered, TaskSink::Collect, None);
        let total = stage.num_partitions.max(0) as usize;
        let mut taken: Vec<RecordBatch> = vec![];
        let mut scanned = 0;
        while (count(&taken) as usize) < tail.limit && scanned < total {
            let attempt =
                if scanned == 0 { self.conf.limit_initial_partitions } else { scanned * self.conf.limit_scale_up };
            let start = total - (scanned + attempt).min(total);
            let partitions = (start as i32..(total - scanned) as i32).collect();
            let mut found = vec![];
            self.run_job(stage.clone(), partitions, |_, result| {
                if let TaskResult::Batches(batches) = result {
                    found.extend(batches);
                }
                Ok(())
            })?;
            found.extend(taken);
            taken = found;
            scanned = total - start;
        }
        let surplus = (count(&taken) as usize).saturating_sub(tail.limit);
        let batches = skip_rows(taken, surplus);
        let rows = count(&batches);
        sink.batches(0, batches)?;
        Ok(rows)
    }

    /// `TakeOrderedAndProject.executeCollect`: the top of each partition, merged by the driver.
    fn take_ordered(
        &mut self,
        plan: &Plan,
        top: &TakeOrderedAndProjectExec,
        sink: &mut dyn ResultSink,
    ) -> SparkResult<u64> {
        let sort = |input: Plan| -> Plan {
            let sort = SortExec::new(top.ordering.clone(), input).with_fetch(Some(top.limit));
            Arc::new(sort.with_preserve_partitioning(true))
        };
        let local = sort(Arc::clone(&top.input));
        let lowered = self.lower_as(&local, plan)?;
        let stage = self.stage(lowered, TaskSink::Collect, None);
        let partitions = (0..stage.num_partitions).collect();
        let mut found = vec![];
        self.run_job(stage, partitions, |_, result| {
            if let TaskResult::Batches(batches) = result {
                found.extend(batches);
            }
            Ok(())
        })?;
        let schema = top.input.schema();
        let source: Plan = MemorySourceConfig::try_new_exec(&[found], schema, None).map_err(|e| self.spark_error(e))?;
        let merged = self.on_driver(sort(source))?;
        let mut batches = skip_rows(merged, top.offset);
        if plan.is::<ProjectionExec>() {
            let source: Plan = MemorySourceConfig::try_new_exec(&[batches], top.input.schema(), None)
                .map_err(|e| self.spark_error(e))?;
            let projected =
                replace_children_if_necessary(Arc::clone(plan), vec![source]).map_err(|e| self.spark_error(e))?;
            batches = self.on_driver(projected)?;
        }
        let rows = count(&batches);
        sink.batches(0, batches)?;
        Ok(rows)
    }

    /// Runs a small plan over rows that the driver holds.
    fn on_driver(&self, plan: Plan) -> SparkResult<Vec<RecordBatch>> {
        let context = TaskContext::default().with_session_config(self.run.session.clone());
        let partitions = plan.output_partitioning().partition_count();
        debug_assert_eq!(partitions, 1);
        let result = futures::executor::block_on(collect_partitioned(plan, Arc::new(context)));
        Ok(result.map_err(|error| self.spark_error(error))?.into_iter().flatten().collect())
    }

    /// Lowers `plan`, with `shown` as the node that its top stands for.
    fn lower_as(&mut self, plan: &Plan, shown: &Plan) -> SparkResult<Lowered> {
        let mut lowered = self.lower(plan)?;
        if let Some(first) = lowered.shown.first_mut() {
            *first = Some(Arc::clone(shown));
        }
        Ok(lowered)
    }
}

/// A top-k at the root, maybe under a projection.
fn top_k(plan: &Plan) -> Option<&TakeOrderedAndProjectExec> {
    if let Some(top) = plan.downcast_ref::<TakeOrderedAndProjectExec>() {
        return Some(top);
    }
    let child = if plan.is::<ProjectionExec>() { plan.children().first().copied()? } else { return None };
    child.downcast_ref::<TakeOrderedAndProjectExec>()
}

fn count(batches: &[RecordBatch]) -> u64 {
    batches.iter().map(|batch| batch.num_rows() as u64).sum()
}

fn skip_rows(batches: Vec<RecordBatch>, mut skip: usize) -> Vec<RecordBatch> {
    let mut out = vec![];
    for batch in batches {
        let dropped = skip.min(batch.num_rows());
        skip -= dropped;
        if dropped < batch.num_rows() {
            out.push(batch.slice(dropped, batch.num_rows() - dropped));
        }
    }
    out
}

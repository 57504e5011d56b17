//! `AdaptiveSparkPlan`: each exchange runs as a job of its own, and what is left is planned again from what was measured.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use arrow::array::RecordBatch;
use kindling_common::SparkResult;
use kindling_events::{JobId, SparkListenerSqlAdaptiveExecutionUpdate};
use kindling_physical::{
    BroadcastExchangeExec, PlanId, ScalarSubquery, ShuffleExchangeExec,
    aqe::{self, AqeShuffleReadExec, BroadcastQueryStageExec, MapOutputStatistics, ShuffleQueryStageExec, stage_size},
};
use kindling_scheduler::JobOutcome;

use super::{
    ResultSink,
    context::{Plan, QueryContext},
};
use crate::{engine::DriverEvent, stage_plan::TaskSink, task::TaskResult};

/// `InsertAdaptiveSparkPlan`: only plans with an exchange or a subquery are worth it.
pub(super) fn applies(plan: &Plan, subqueries: &[ScalarSubquery]) -> bool {
    aqe::applies(plan, subqueries)
}

/// A query stage whose job runs.
enum Running {
    Shuffle { exchange: Arc<ShuffleExchangeExec>, shuffle_id: i32 },
    Broadcast { exchange: Arc<BroadcastExchangeExec>, outputs: BTreeMap<usize, Vec<RecordBatch>>, start: i64 },
}

impl QueryContext {
    pub fn run_adaptive(&mut self, plan: Plan, sink: &mut dyn ResultSink) -> SparkResult<(Plan, u64)> {
        let mut running: HashMap<JobId, Running> = HashMap::new();
        let result = self.adapt(plan, &mut running);
        // A stage that the plan no longer needs, or that another's failure has made useless.
        let left: Vec<JobId> = running.into_keys().collect();
        if !left.is_empty() {
            self.cancel(&left);
        }
        let plan = result?;
        self.post_adaptive_update(&plan, true);
        let rows = self.collect(&plan, sink)?;
        Ok((plan, rows))
    }

    /// Runs exchange after exchange until the plan has none.
    fn adapt(&mut self, plan: Plan, running: &mut HashMap<JobId, Running>) -> SparkResult<Plan> {
        let mut current = plan;
        let mut started: HashSet<PlanId> = HashSet::new();
        let mut finished: HashMap<PlanId, Plan> = HashMap::new();
        while aqe::has_exchange(&current) {
            for exchange in aqe::next_exchanges(&current) {
                self.start_stage(&exchange, &mut started, running)?;
            }
            let jobs: Vec<JobId> = running.keys().copied().collect();
            let before = finished.len();
            self.stage_event(&jobs, running, &mut finished)?;
            if finished.len() > before {
                let replaced = aqe::replace_stages(current, &finished).map_err(|e| self.spark_error(e))?;
                current = aqe::reoptimize(replaced, &self.conf).map_err(|e| self.spark_error(e))?;
                self.post_adaptive_update(&current, false);
            }
        }
        let plan = aqe::optimize_stage(current, &self.conf).map_err(|e| self.spark_error(e))?;
        self.post_read_metrics(&plan);
        Ok(plan)
    }

    fn start_stage(
        &mut self,
        exchange: &Plan,
        started: &mut HashSet<PlanId>,
        running: &mut HashMap<JobId, Running>,
    ) -> SparkResult<()> {
        if let Some(shuffle) = exchange.downcast_ref::<ShuffleExchangeExec>() {
            if !started.insert(shuffle.plan_id()) {
                return Ok(());
            }
            let input =
                aqe::optimize_stage(Arc::clone(shuffle.input()), &self.conf).map_err(|e| self.spark_error(e))?;
            self.post_read_metrics(&input);
            let exchange = Arc::new(shuffle.with_input(input));
            let plan = Arc::clone(&exchange) as Plan;
            self.prepare_shuffles(&plan)?;
            let shuffle_id = self.shuffle_of(&plan).map_err(|e| self.spark_error(e))?;
            let partitions = exchange.partitioning().num_partitions() as i64;
            self.post_driver_metrics(&plan, |name| (name == "number of partitions").then_some(partitions));
            let job = self.submit_map_stage(shuffle_id);
            running.insert(job, Running::Shuffle { exchange, shuffle_id });
        } else if let Some(broadcast) = exchange.downcast_ref::<BroadcastExchangeExec>() {
            if !started.insert(broadcast.plan_id()) {
                return Ok(());
            }
            let start = self.engine.clock().now_millis();
            let input =
                aqe::optimize_stage(Arc::clone(broadcast.input()), &self.conf).map_err(|e| self.spark_error(e))?;
            self.post_read_metrics(&input);
            self.prepare_shuffles(&input)?;
            let lowered = self.lower(&input)?;
            let exchange = Arc::new(broadcast.with_input(input));
            let stage = self.stage(lowered, TaskSink::Collect, None);
            let partitions = (0..stage.num_partitions).collect();
            let job = self.submit_job(stage, partitions);
            running.insert(job, Running::Broadcast { exchange, outputs: BTreeMap::new(), start });
        }
        Ok(())
    }

    /// Takes the next event of any running stage into account.
    fn stage_event(
        &mut self,
        jobs: &[JobId],
        running: &mut HashMap<JobId, Running>,
        finished: &mut HashMap<PlanId, Plan>,
    ) -> SparkResult<()> {
        let event = match self.deferred.pop_front() {
            Some(event) => event,
            None => self.next_event(jobs)?,
        };
        match event {
            DriverEvent::Output { job_id, output_id, result } => {
                if let (Some(Running::Broadcast { outputs, .. }), TaskResult::Batches(batches)) =
                    (running.get_mut(&job_id), result)
                {
                    outputs.insert(output_id, batches);
                }
                Ok(())
            }
            DriverEvent::JobEnded { job_id, outcome, error } => {
                let Some(stage) = running.remove(&job_id) else { return Ok(()) };
                if let JobOutcome::Failed(failure) = outcome {
                    return Err(self.job_error(failure, error));
                }
                let number = finished.len();
                let (id, plan): (PlanId, Plan) = match stage {
                    Running::Shuffle { exchange, shuffle_id } => {
                        let stats = self.statistics(shuffle_id, exchange.partitioning().num_partitions());
                        let id = exchange.plan_id();
                        (id, Arc::new(ShuffleQueryStageExec::new(number, exchange, Arc::new(stats))))
                    }
                    Running::Broadcast { exchange, outputs, start } => {
                        let id = exchange.plan_id();
                        let batches = outputs.into_values().flatten().collect();
                        let plan = Arc::clone(&exchange) as Plan;
                        let made = self.finish_broadcast(&plan, &exchange, batches, start);
                        let stage = BroadcastQueryStageExec::new(number, exchange, made.id, made.bytes, made.rows);
                        (id, Arc::new(stage))
                    }
                };
                finished.insert(id, plan);
                Ok(())
            }
        }
    }

    fn statistics(&self, shuffle_id: i32, reduces: usize) -> MapOutputStatistics {
        let bytes_by_map = self.engine.blocks().map_sizes(shuffle_id);
        let mut bytes_by_partition = vec![0; reduces];
        for map in &bytes_by_map {
            for (total, size) in bytes_by_partition.iter_mut().zip(map) {
                *total += size;
            }
        }
        let records = self.engine.blocks().shuffle_rows(shuffle_id);
        MapOutputStatistics { shuffle_id, bytes_by_partition, records, bytes_by_map }
    }

    fn post_adaptive_update(&self, plan: &Plan, is_final: bool) {
        let Some(execution_id) = self.execution_id else { return };
        self.engine.post(SparkListenerSqlAdaptiveExecutionUpdate {
            execution_id,
            physical_plan_description: self.plan_description(plan, is_final),
            spark_plan_info: self.plan_info(plan, is_final),
        });
    }

    /// How many partitions each adapted read has, and how large they are.
    fn post_read_metrics(&self, plan: &Plan) {
        if let Some(read) = plan.downcast_ref::<AqeShuffleReadExec>() {
            let partitions = read.specs.len() as i64;
            let size = stage_size(plan).map(|size| size as i64);
            self.post_driver_metrics(plan, |name| match name {
                "number of partitions" => Some(partitions),
                "partition data size" => size,
                _ => None,
            });
        }
        for child in plan.children() {
            self.post_read_metrics(child);
        }
    }
}

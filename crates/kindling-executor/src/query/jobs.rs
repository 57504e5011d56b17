//! Jobs of a query: submit, wait, put outputs in order.

use std::{collections::BTreeMap, time::Duration};

use arrow::array::RecordBatch;
use datafusion::{physical_expr::LexOrdering, physical_plan::ExecutionPlanProperties};
use kindling_common::{SparkError, SparkResult};
use kindling_events::{JobId, SparkListenerDriverAccumUpdates};
use kindling_physical::{BroadcastExchangeExec, RangeBounds, sample_size_per_partition};
use kindling_scheduler::{JobError, JobOutcome, JobSpec, MapStageJobSpec, SchedulerEvent, StageSpec};

use super::context::{Plan, QueryContext};
use crate::{blocks::batch_bytes, engine::DriverEvent, stage_plan::TaskSink, task::TaskResult};

/// How long the driver sleeps before it looks for an interrupt and delivers events.
const POLL: Duration = Duration::from_millis(20);

/// The rows of a broadcast and their size.
pub(super) struct Broadcast {
    pub id: i64,
    pub bytes: u64,
    pub rows: u64,
}

impl QueryContext {
    /// Submits a job over some partitions of a stage.
    pub fn submit_job(&self, stage: StageSpec, partitions: Vec<i32>) -> JobId {
        let shuffles = self.shuffles_of(&stage.parents);
        let job = JobSpec { stage, partitions, shuffles, properties: self.properties.clone() };
        self.engine.submit(&self.mailbox, |job_id| SchedulerEvent::JobSubmitted { job_id, job })
    }

    /// Submits a job that only writes a shuffle.
    pub fn submit_map_stage(&self, shuffle_id: i32) -> JobId {
        let shuffle_id = kindling_events::ShuffleId(shuffle_id);
        let shuffles = self.shuffles_of(&[shuffle_id]);
        let job = MapStageJobSpec { shuffle_id, shuffles, properties: self.properties.clone() };
        self.engine.submit(&self.mailbox, |job_id| SchedulerEvent::MapStageSubmitted { job_id, job })
    }

    /// The next event of any job of the query. Meanwhile the bus is drained and interrupts are seen.
    pub fn next_event(&self, running: &[JobId]) -> SparkResult<DriverEvent> {
        loop {
            self.engine.bus().drain();
            if self.run.cancel.is_cancelled() {
                self.cancel(running);
                return Err(cancelled_error());
            }
            self.engine.tick();
            if let Some(event) = self.mailbox.receive(POLL) {
                return Ok(event);
            }
        }
    }

    /// Cancels jobs and waits until the scheduler has let go of them.
    pub fn cancel(&self, running: &[JobId]) {
        let mut open: Vec<JobId> = running.iter().copied().filter(|id| self.engine.is_running(*id)).collect();
        for job_id in running {
            self.engine.handle(SchedulerEvent::JobCancelled {
                job_id: *job_id,
                reason: "because the operation was interrupted".to_string(),
            });
        }
        let mut patience = 50;
        while !open.is_empty() && patience > 0 {
            match self.mailbox.receive(POLL) {
                Some(DriverEvent::JobEnded { job_id, .. }) => open.retain(|id| *id != job_id),
                Some(DriverEvent::Output { .. }) => {}
                None => patience -= 1,
            }
        }
        self.engine.bus().drain();
    }

    /// The error of a job that failed.
    pub fn job_error(&self, failure: JobError, error: Option<SparkError>) -> SparkError {
        if failure.cancelled {
            // The scheduler's text is the whole message; the condition adds its own frame.
            let text =
                failure.message.trim_start_matches("[SPARK_JOB_CANCELLED] ").trim_end_matches(" SQLSTATE: XXKDA");
            return SparkError {
                message_override: Some(text.to_string()),
                ..SparkError::new(kindling_common::ExceptionClass::Spark, "SPARK_JOB_CANCELLED")
            };
        }
        // The user's error rather than the report about it, as Spark rethrows it.
        error.unwrap_or_else(|| SparkError {
            message_override: Some(failure.message),
            ..SparkError::new(kindling_common::ExceptionClass::Spark, "INTERNAL_ERROR")
        })
    }

    /// Runs a job to its end and hands its outputs over in the order of its partitions.
    pub fn run_job(
        &mut self,
        stage: StageSpec,
        partitions: Vec<i32>,
        mut each: impl FnMut(usize, TaskResult) -> SparkResult<()>,
    ) -> SparkResult<()> {
        let job = self.submit_job(stage, partitions);
        let mut next = 0;
        let mut early: BTreeMap<usize, TaskResult> = BTreeMap::new();
        loop {
            match self.next_event(&[job])? {
                DriverEvent::Output { job_id, output_id, result } if job_id == job => {
                    early.insert(output_id, result);
                    while let Some(result) = early.remove(&next) {
                        if let Err(error) = each(next, result) {
                            self.cancel(&[job]);
                            return Err(error);
                        }
                        next += 1;
                    }
                }
                DriverEvent::JobEnded { job_id, outcome, error } if job_id == job => {
                    return match outcome {
                        JobOutcome::Failed(failure) => Err(self.job_error(failure, error)),
                        _ => Ok(()),
                    };
                }
                other => self.deferred.push_back(other),
            }
        }
    }

    /// Runs all partitions of a plan and returns their rows.
    pub fn collect_all(&mut self, plan: &Plan) -> SparkResult<Vec<RecordBatch>> {
        self.prepare_shuffles(plan)?;
        let lowered = self.lower(plan)?;
        let stage = self.stage(lowered, TaskSink::Collect, None);
        let partitions = (0..stage.num_partitions).collect();
        let mut out = vec![];
        self.run_job(stage, partitions, |_, result| {
            if let TaskResult::Batches(batches) = result {
                out.extend(batches);
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// Samples the sort keys of a plan for the bounds of a range exchange: a job of its own, as in Spark.
    pub fn sample(&mut self, input: &Plan, ordering: &LexOrdering, n: usize) -> SparkResult<RangeBounds> {
        let lowered = self.lower(input)?;
        let maps = lowered.exec.output_partitioning().partition_count();
        let capacity = sample_size_per_partition(n, maps);
        let stage = self.stage(lowered, TaskSink::Sample { ordering: ordering.clone(), capacity }, None);
        let partitions = (0..stage.num_partitions).collect();
        let mut samples = vec![];
        self.run_job(stage, partitions, |_, result| {
            if let TaskResult::Sample(sample) = result {
                samples.push(*sample);
            }
            Ok(())
        })?;
        Ok(RangeBounds::determine(ordering.clone(), n, samples))
    }

    /// Runs the broadcasts of a plan, deepest first.
    pub fn materialize_broadcasts(&mut self, plan: &Plan) -> SparkResult<()> {
        for child in plan.children() {
            let child = child.clone();
            self.materialize_broadcasts(&child)?;
        }
        if let Some(exchange) = plan.downcast_ref::<BroadcastExchangeExec>()
            && !self.broadcasts.contains_key(&exchange.plan_id())
        {
            let start = self.engine.clock().now_millis();
            let batches = self.collect_all(exchange.input())?;
            self.finish_broadcast(plan, exchange, batches, start);
        }
        Ok(())
    }

    /// Stores the rows of a broadcast and reports its metrics.
    pub fn finish_broadcast(
        &mut self,
        plan: &Plan,
        exchange: &BroadcastExchangeExec,
        batches: Vec<RecordBatch>,
        start: i64,
    ) -> Broadcast {
        let bytes = batches.iter().map(batch_bytes).sum::<u64>();
        let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        let id = self.engine.next_broadcast_id();
        self.engine.blocks().put_broadcast(id, batches);
        self.broadcasts.insert(exchange.plan_id(), id);
        let elapsed = self.engine.clock().now_millis() - start;
        self.post_driver_metrics(plan, |name| match name {
            "number of output rows" => Some(rows as i64),
            "data size" => Some(bytes as i64),
            "time to collect" => Some(elapsed),
            _ => None,
        });
        Broadcast { id, bytes, rows }
    }

    /// Metrics of a node that only the driver knows.
    pub fn post_driver_metrics(&self, plan: &Plan, value: impl Fn(&str) -> Option<i64>) {
        let Some(execution_id) = self.execution_id else { return };
        let metrics = self.metrics.of(plan);
        let accum_updates: Vec<_> = metrics
            .iter()
            .filter(|metric| metric.spec.source == kindling_physical::display::MetricSource::Driver)
            .filter_map(|metric| value(metric.spec.name).map(|value| (metric.id, value)))
            .collect();
        if !accum_updates.is_empty() {
            self.engine.post(SparkListenerDriverAccumUpdates { execution_id, accum_updates });
        }
    }
}

/// What an interrupted query raises.
pub(super) fn cancelled_error() -> SparkError {
    SparkError::new(kindling_common::ExceptionClass::Spark, "OPERATION_CANCELED")
}

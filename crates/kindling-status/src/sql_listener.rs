//! `SQLAppStatusListener`: the part of the fold that is about SQL executions.

use kindling_events::{
    AccumValue, AccumulableInfo, AccumulatorId, ExecutionId, SparkListenerDriverAccumUpdates,
    SparkListenerSqlAdaptiveExecutionUpdate, SparkListenerSqlAdaptiveSqlMetricUpdates, SparkListenerSqlExecutionEnd,
    SparkListenerSqlExecutionStart, SparkPlanInfo, StageAttempt, StageInfo, TaskId,
};

use crate::{
    AppStatusStore, JobData, PlanVersion, SqlExecution,
    sql_metrics::{StageMetrics, TaskValue},
};

impl AppStatusStore {
    pub(crate) fn sql_execution_start(&mut self, event: &SparkListenerSqlExecutionStart) {
        self.saw(event.time);
        let initial = PlanVersion::new(event.spark_plan_info.clone(), event.physical_plan_description.clone());
        let execution = SqlExecution {
            execution_id: event.execution_id,
            root_execution_id: event.root_execution_id.unwrap_or(event.execution_id),
            query_id: event.query_id.clone(),
            description: event.description.clone(),
            details: event.details.clone(),
            initial,
            latest: None,
            num_plan_updates: 0,
            modified_configs: event.modified_configs.clone(),
            submission_time: event.time,
            completion_time: None,
            error_message: None,
            jobs: Default::default(),
            stages: Default::default(),
            metric_types: Default::default(),
            driver_updates: Default::default(),
        };
        self.executions.insert(event.execution_id, execution);
        self.register_metrics(event.execution_id, &event.spark_plan_info);
    }

    fn register_metrics(&mut self, id: ExecutionId, plan: &SparkPlanInfo) {
        let mut open = vec![plan];
        while let Some(node) = open.pop() {
            for metric in &node.metrics {
                self.register_metric(id, metric.accumulator_id, &metric.metric_type);
            }
            open.extend(&node.children);
        }
    }

    fn register_metric(&mut self, id: ExecutionId, accumulator: AccumulatorId, metric_type: &str) {
        self.metric_owner.insert(accumulator, id);
        if let Some(execution) = self.executions.get_mut(&id) {
            execution.metric_types.insert(accumulator, metric_type.to_string());
        }
    }

    pub(crate) fn sql_plan_update(&mut self, event: &SparkListenerSqlAdaptiveExecutionUpdate) {
        self.register_metrics(event.execution_id, &event.spark_plan_info);
        if let Some(execution) = self.executions.get_mut(&event.execution_id) {
            execution.num_plan_updates += 1;
            execution.latest =
                Some(PlanVersion::new(event.spark_plan_info.clone(), event.physical_plan_description.clone()));
        }
    }

    pub(crate) fn sql_metric_updates(&mut self, event: &SparkListenerSqlAdaptiveSqlMetricUpdates) {
        for metric in &event.sql_plan_metrics {
            self.register_metric(event.execution_id, metric.accumulator_id, &metric.metric_type);
        }
    }

    pub(crate) fn driver_accum_updates(&mut self, event: &SparkListenerDriverAccumUpdates) {
        if let Some(execution) = self.executions.get_mut(&event.execution_id) {
            for (accumulator, value) in &event.accum_updates {
                execution.driver_updates.entry(*accumulator).or_default().push(*value);
            }
        }
    }

    pub(crate) fn sql_execution_end(&mut self, event: &SparkListenerSqlExecutionEnd) {
        self.saw(event.time);
        if let Some(execution) = self.executions.get_mut(&event.execution_id) {
            execution.completion_time = Some(event.time);
            execution.error_message.clone_from(&event.error_message);
            if execution.query_id.is_none() {
                execution.query_id.clone_from(&event.query_id);
            }
        }
    }

    pub(crate) fn sql_job_start(&mut self, job: &JobData, stage_infos: &[StageInfo]) {
        let Some(id) = job.execution_id else { return };
        if let Some(execution) = self.executions.get_mut(&id) {
            execution.jobs.insert(job.job_id, job.status);
            execution.stages.extend(&job.stage_ids);
            for info in stage_infos {
                let metrics = StageMetrics::new(info.key(), info.num_tasks.max(0) as usize);
                self.stage_metrics.entry(info.stage_id).or_insert(metrics);
            }
        }
    }

    pub(crate) fn sql_job_end(&mut self, job: &JobData) {
        if let Some(execution) = job.execution_id.and_then(|id| self.executions.get_mut(&id)) {
            execution.jobs.insert(job.job_id, job.status);
        }
    }

    pub(crate) fn sql_stage_submitted(&mut self, info: &StageInfo) {
        if let Some(metrics) = self.stage_metrics.get_mut(&info.stage_id) {
            // A new attempt computes only what was lost, so what older attempts reported for other tasks would count
            // for nothing: as in Spark, the newest attempt's values are the ones shown.
            if metrics.attempt != info.key() || metrics.num_tasks != info.num_tasks.max(0) as usize {
                *metrics = StageMetrics::new(info.key(), info.num_tasks.max(0) as usize);
            }
        }
    }

    /// A stage's own accumulators may carry what no task said (a stage whose tasks were folded elsewhere).
    pub(crate) fn sql_stage_completed(&mut self, info: &StageInfo) {
        if let Some(metrics) = self.stage_metrics.get_mut(&info.stage_id)
            && metrics.attempt == info.key()
        {
            metrics.num_tasks = metrics.num_tasks.max(info.num_tasks.max(0) as usize);
        }
    }

    pub(crate) fn sql_task_metrics(
        &mut self,
        attempt: StageAttempt,
        task_id: TaskId,
        index: i32,
        updates: &[AccumulableInfo],
        succeeded: bool,
    ) {
        let num_tasks = self.num_tasks_of(attempt.stage_id);
        let Some(metrics) = self.stage_metrics.get_mut(&attempt.stage_id) else { return };
        if metrics.attempt != attempt {
            return;
        }
        metrics.num_tasks = num_tasks;
        let index = index.max(0) as usize;
        for update in updates {
            let Some(value) = update.update.as_ref().and_then(AccumValue::as_long) else { continue };
            if self.metric_owner.contains_key(&update.id) {
                metrics.set(update.id, index, TaskValue { value, task_id, succeeded });
            }
        }
    }

    pub(crate) fn forget_execution(&mut self, id: ExecutionId) {
        if let Some(execution) = self.executions.remove(&id) {
            for accumulator in execution.metric_types.keys() {
                self.metric_owner.remove(accumulator);
            }
            for stage in &execution.stages {
                self.stage_metrics.remove(stage);
            }
        }
    }
}

//! `AppStatusListener`: events into the store.

use std::collections::BTreeMap;

use kindling_events::{
    ExecutorId, JobResult, RddId, SparkListener, SparkListenerBlockManagerAdded, SparkListenerBlockUpdated,
    SparkListenerEnvironmentUpdate, SparkListenerEvent, SparkListenerExecutorAdded, SparkListenerExecutorMetricsUpdate,
    SparkListenerExecutorRemoved, SparkListenerJobEnd, SparkListenerJobStart, SparkListenerStageCompleted,
    SparkListenerStageSubmitted, SparkListenerTaskEnd, SparkListenerTaskStart, StageAttempt, StageId, StageInfo,
    TaskEndReason,
};

use crate::{
    AppStatusStore, EnvironmentInfo, ExecutorSummary, JobData, JobStatus, RddStorage, StageData, StageStatus,
    StatusLimits, TaskData, metrics::add_metrics, rdd_storage::parse_rdd_block,
};

/// Folds events into a store.
#[derive(Debug, Clone, Default)]
pub struct AppStatusListener {
    store: AppStatusStore,
    limits: StatusLimits,
}

impl AppStatusListener {
    /// An empty store with limits.
    pub fn new(limits: StatusLimits) -> Self {
        AppStatusListener { store: AppStatusStore::default(), limits }
    }

    /// What has been folded so far.
    pub fn store(&self) -> &AppStatusStore {
        &self.store
    }

    /// The store, when no more events come.
    pub fn into_store(self) -> AppStatusStore {
        self.store
    }

    /// Folds one event.
    pub fn apply(&mut self, event: &SparkListenerEvent) {
        self.store.num_events += 1;
        match event {
            SparkListenerEvent::LogStart(event) => {
                self.store.application.spark_version = Some(event.spark_version.clone());
            }
            SparkListenerEvent::ApplicationStart(event) => {
                let application = &mut self.store.application;
                application.name.clone_from(&event.app_name);
                application.id.clone_from(&event.app_id);
                application.user.clone_from(&event.spark_user);
                application.start_time = Some(event.time);
                self.store.saw(event.time);
            }
            SparkListenerEvent::ApplicationEnd(event) => {
                self.store.application.end_time = Some(event.time);
                self.store.saw(event.time);
                // The driver's task time is its life, as in Spark.
                if let (Some(start), Some(driver)) =
                    (self.store.application.start_time, self.store.executors.get_mut(&ExecutorId::driver()))
                {
                    driver.total_duration = event.time - start;
                }
            }
            SparkListenerEvent::EnvironmentUpdate(event) => self.store.environment_update(event),
            SparkListenerEvent::ResourceProfileAdded(event) => {
                self.store.resource_profiles.insert(event.resource_profile_id, (**event).clone());
            }
            SparkListenerEvent::ExecutorAdded(event) => self.store.executor_added(event),
            SparkListenerEvent::ExecutorRemoved(event) => {
                self.store.executor_removed(event);
                self.drop_dead_executors();
            }
            SparkListenerEvent::BlockManagerAdded(event) => self.store.block_manager_added(event),
            SparkListenerEvent::BlockManagerRemoved(_) => {}
            SparkListenerEvent::JobStart(event) => {
                self.store.job_start(event);
                self.drop_old_jobs();
            }
            SparkListenerEvent::JobEnd(event) => self.store.job_end(event),
            SparkListenerEvent::StageSubmitted(event) => self.store.stage_submitted(event),
            SparkListenerEvent::StageCompleted(event) => {
                self.store.stage_completed(event);
                self.drop_old_stages();
            }
            SparkListenerEvent::TaskStart(event) => self.store.task_start(event, self.limits.retained_tasks),
            SparkListenerEvent::TaskGettingResult(event) => {
                let task_id = event.task_info.task_id;
                let mut stages = self.store.stages.values_mut().rev();
                if let Some(task) = stages.find_map(|stage| stage.tasks.get_mut(&task_id)) {
                    task.info.getting_result_time = event.task_info.getting_result_time;
                }
            }
            SparkListenerEvent::TaskEnd(event) => self.store.task_end(event),
            SparkListenerEvent::StageExecutorMetrics(event) => {
                let key = StageAttempt { stage_id: event.stage_id, attempt: event.stage_attempt_id };
                if let Some(stage) = self.store.stages.get_mut(&key) {
                    stage.peak_executor_metrics.compare_and_update_peaks(&event.executor_metrics);
                }
                if let Some(executor) = self.store.executors.get_mut(&event.executor_id) {
                    executor.peak_memory_metrics.compare_and_update_peaks(&event.executor_metrics);
                }
            }
            SparkListenerEvent::ExecutorMetricsUpdate(event) => self.store.executor_metrics_update(event),
            SparkListenerEvent::BlockUpdated(event) => self.store.block_updated(event),
            SparkListenerEvent::UnpersistRdd(event) => self.store.unpersist(event.rdd_id),
            SparkListenerEvent::ExecutorExcluded(event) => self.store.set_excluded(&event.executor_id, true),
            SparkListenerEvent::ExecutorUnexcluded(event) => self.store.set_excluded(&event.executor_id, false),
            SparkListenerEvent::ExecutorExcludedForStage(event) => {
                if let Some(executor) = self.store.executors.get_mut(&event.executor_id) {
                    executor.excluded_in_stages.insert(event.stage_id);
                }
                let key = StageAttempt { stage_id: event.stage_id, attempt: event.stage_attempt_id };
                if let Some(stage) = self.store.stages.get_mut(&key) {
                    stage.executor_summaries.entry(event.executor_id.clone()).or_default().is_excluded_for_stage = true;
                }
            }
            SparkListenerEvent::SqlExecutionStart(event) => {
                self.store.sql_execution_start(event);
                self.drop_old_executions();
            }
            SparkListenerEvent::SqlExecutionEnd(event) => self.store.sql_execution_end(event),
            SparkListenerEvent::SqlAdaptiveExecutionUpdate(event) => self.store.sql_plan_update(event),
            SparkListenerEvent::SqlAdaptiveSqlMetricUpdates(event) => self.store.sql_metric_updates(event),
            SparkListenerEvent::DriverAccumUpdates(event) => self.store.driver_accum_updates(event),
            SparkListenerEvent::SpeculativeTaskSubmitted(_) | SparkListenerEvent::Other(_) => {}
        }
    }

    // ---- retention: the oldest that have ended go first ----

    fn drop_old_jobs(&mut self) {
        let excess = self.store.jobs.len().saturating_sub(self.limits.retained_jobs);
        let ended = self.store.jobs.values().filter(|job| job.status != JobStatus::Running);
        let old: Vec<_> = ended.take(excess).map(|job| job.job_id).collect();
        for id in old {
            self.store.jobs.remove(&id);
        }
    }

    fn drop_old_stages(&mut self) {
        let excess = self.store.stages.len().saturating_sub(self.limits.retained_stages);
        let is_over = |stage: &&StageData| !matches!(stage.status, StageStatus::Active | StageStatus::Pending);
        let old: Vec<_> = self.store.stages.values().filter(is_over).take(excess).map(|s| s.info.key()).collect();
        for key in old {
            self.store.stages.remove(&key);
        }
    }

    fn drop_dead_executors(&mut self) {
        let mut dead: Vec<(i64, ExecutorId)> = self
            .store
            .executors
            .values()
            .filter(|executor| !executor.is_active)
            .map(|executor| (executor.remove_time.unwrap_or(0), executor.id.clone()))
            .collect();
        dead.sort();
        let excess = dead.len().saturating_sub(self.limits.retained_dead_executors);
        for (_, id) in dead.into_iter().take(excess) {
            self.store.executors.remove(&id);
        }
    }

    fn drop_old_executions(&mut self) {
        let excess = self.store.executions.len().saturating_sub(self.limits.retained_executions);
        let ended = self.store.executions.values().filter(|execution| execution.completion_time.is_some());
        let old: Vec<_> = ended.take(excess).map(|execution| execution.execution_id).collect();
        for id in old {
            self.store.forget_execution(id);
        }
    }
}

impl SparkListener for AppStatusListener {
    fn on_event(&mut self, event: &SparkListenerEvent) {
        self.apply(event);
    }
}

impl AppStatusStore {
    pub(crate) fn saw(&mut self, time: i64) {
        self.last_event_time = self.last_event_time.max(time);
    }

    fn environment_update(&mut self, event: &SparkListenerEnvironmentUpdate) {
        self.environment = EnvironmentInfo {
            runtime: event.jvm_information.clone(),
            spark_properties: event.spark_properties.clone(),
            hadoop_properties: event.hadoop_properties.clone(),
            system_properties: event.system_properties.clone(),
            metrics_properties: event.metrics_properties.clone(),
            classpath_entries: event.classpath_entries.clone(),
        };
    }

    // ---- executors ----

    fn executor(&mut self, id: &ExecutorId, time: i64) -> &mut ExecutorSummary {
        self.executors.entry(id.clone()).or_insert_with(|| ExecutorSummary::new(id.clone(), time))
    }

    fn executor_added(&mut self, event: &SparkListenerExecutorAdded) {
        self.saw(event.time);
        let executor = self.executor(&event.executor_id, event.time);
        if executor.host_port.is_empty() {
            executor.host_port.clone_from(&event.executor_info.host);
        }
        executor.info = event.executor_info.clone();
        executor.is_active = true;
        executor.add_time = event.time;
        executor.remove_time = None;
    }

    fn executor_removed(&mut self, event: &SparkListenerExecutorRemoved) {
        self.saw(event.time);
        let Some(executor) = self.executors.get_mut(&event.executor_id) else { return };
        executor.is_active = false;
        executor.remove_time = Some(event.time);
        executor.remove_reason = Some(event.reason.clone());
        executor.rdd_blocks = 0;
        for rdd in self.rdds.values_mut() {
            for partition in rdd.partitions.values_mut() {
                if partition.executors.remove(&event.executor_id).is_some() {
                    partition.evicted = partition.executors.is_empty();
                }
            }
        }
    }

    fn block_manager_added(&mut self, event: &SparkListenerBlockManagerAdded) {
        self.saw(event.time);
        let id = &event.block_manager_id;
        let executor = self.executor(&id.executor_id, event.time);
        executor.host_port = format!("{}:{}", id.host, id.port);
        executor.max_memory = Some(event.max_mem);
        executor.max_on_heap_memory = event.max_on_heap_mem;
        executor.max_off_heap_memory = event.max_off_heap_mem;
    }

    fn set_excluded(&mut self, id: &ExecutorId, excluded: bool) {
        if let Some(executor) = self.executors.get_mut(id) {
            executor.is_excluded = excluded;
        }
    }

    fn executor_metrics_update(&mut self, event: &SparkListenerExecutorMetricsUpdate) {
        for update in &event.executor_updates {
            if let Some(executor) = self.executors.get_mut(&event.executor_id) {
                executor.peak_memory_metrics.compare_and_update_peaks(&update.executor_metrics);
                if executor.id.is_driver() {
                    executor.total_gc_time = executor.peak_memory_metrics.get("TotalGCTime");
                }
            }
            let key = StageAttempt { stage_id: update.stage_id, attempt: update.stage_attempt_id };
            if let Some(stage) = self.stages.get_mut(&key) {
                stage.peak_executor_metrics.compare_and_update_peaks(&update.executor_metrics);
            }
        }
        for task in &event.accum_updates {
            let attempt = StageAttempt { stage_id: task.stage_id, attempt: task.stage_attempt_id };
            let index = self.stages.get(&attempt).and_then(|stage| stage.tasks.get(&task.task_id));
            if let Some(index) = index.map(|task| task.info.index) {
                self.sql_task_metrics(attempt, task.task_id, index, &task.accum_updates, false);
            }
        }
    }

    // ---- jobs ----

    fn job_start(&mut self, event: &SparkListenerJobStart) {
        self.saw(event.time);
        let property = |name: &str| event.properties.get(name).cloned();
        let description = property("spark.job.description");
        let last_stage = event.stage_infos.iter().max_by_key(|info| info.stage_id);
        let open = event.stage_infos.iter().filter(|info| info.completion_time.is_none());
        let job = JobData {
            job_id: event.job_id,
            name: last_stage.map(|info| info.name.clone()).unwrap_or_default(),
            description: description.clone(),
            submission_time: (event.time > 0).then_some(event.time),
            completion_time: None,
            stage_ids: event.stage_ids.clone(),
            job_group: property("spark.jobGroup.id"),
            job_tags: property("spark.job.tags")
                .map(|tags| tags.split(',').filter(|tag| !tag.is_empty()).map(str::to_string).collect())
                .unwrap_or_default(),
            status: JobStatus::Running,
            error_message: None,
            execution_id: property("spark.sql.execution.id")
                .and_then(|id| id.parse().ok())
                .map(kindling_events::ExecutionId),
            num_tasks: open.map(|info| info.num_tasks).sum(),
            num_active_tasks: 0,
            num_completed_tasks: 0,
            num_skipped_tasks: 0,
            num_failed_tasks: 0,
            num_killed_tasks: 0,
            completed_indices: Default::default(),
            killed_tasks_summary: BTreeMap::new(),
            num_active_stages: 0,
            completed_stages: Default::default(),
            skipped_stages: Default::default(),
            num_failed_stages: 0,
        };
        for info in &event.stage_infos {
            let stage = self.stage(info, StageStatus::Pending);
            stage.job_ids.insert(event.job_id);
            stage.description.clone_from(&description);
            if let Some(pool) = event.properties.get("spark.scheduler.pool") {
                stage.scheduling_pool.clone_from(pool);
            }
        }
        self.sql_job_start(&job, &event.stage_infos);
        self.jobs.insert(event.job_id, job);
    }

    fn stage(&mut self, info: &StageInfo, status: StageStatus) -> &mut StageData {
        self.stages.entry(info.key()).or_insert_with(|| StageData::new(info.clone(), status))
    }

    fn job_end(&mut self, event: &SparkListenerJobEnd) {
        self.saw(event.time);
        let Some(job) = self.jobs.get_mut(&event.job_id) else { return };
        job.completion_time = (event.time > 0).then_some(event.time);
        match &event.job_result {
            JobResult::JobSucceeded => job.status = JobStatus::Succeeded,
            JobResult::JobFailed { exception } => {
                job.status = JobStatus::Failed;
                job.error_message = Some(exception.message.clone());
            }
        }
        // Stages that nobody submitted were skipped.
        for stage_id in job.stage_ids.clone() {
            let attempts = StageAttempt { stage_id, attempt: 0 }..=StageAttempt { stage_id, attempt: i32::MAX };
            let Some((_, stage)) = self.stages.range_mut(attempts).next_back() else { continue };
            let others_need_it = stage
                .job_ids
                .iter()
                .any(|id| *id != event.job_id && self.jobs.get(id).is_some_and(|job| job.status == JobStatus::Running));
            if stage.status == StageStatus::Pending && !others_need_it {
                stage.status = StageStatus::Skipped;
                let num_tasks = stage.info.num_tasks;
                if let Some(job) = self.jobs.get_mut(&event.job_id) {
                    job.skipped_stages.insert(stage_id);
                    job.num_skipped_tasks += num_tasks;
                }
            }
        }
        if let Some(job) = self.jobs.get(&event.job_id).cloned() {
            self.sql_job_end(&job);
        }
    }

    // ---- stages ----

    fn jobs_of(&mut self, key: StageAttempt, mut change: impl FnMut(&mut JobData)) {
        let Some(stage) = self.stages.get(&key) else { return };
        for id in &stage.job_ids {
            if let Some(job) = self.jobs.get_mut(id) {
                change(job);
            }
        }
    }

    fn stage_submitted(&mut self, event: &SparkListenerStageSubmitted) {
        let info = &event.stage_info;
        let key = info.key();
        if let Some(time) = info.submission_time {
            self.saw(time);
        }
        // A new attempt belongs to the same jobs as the one before it.
        let previous = self.last_attempt(info.stage_id).map(|stage| (stage.job_ids.clone(), stage.description.clone()));
        let from_jobs = self.jobs.values().filter(|job| job.stage_ids.contains(&info.stage_id)).map(|job| job.job_id);
        let jobs = previous.as_ref().map_or_else(|| from_jobs.collect(), |(jobs, _)| jobs.clone());
        let stage = self.stage(info, StageStatus::Active);
        stage.info = info.clone();
        stage.status = StageStatus::Active;
        stage.job_ids = jobs;
        stage.description = event.properties.get("spark.job.description").cloned().or(previous.and_then(|(_, d)| d));
        if let Some(pool) = event.properties.get("spark.scheduler.pool") {
            stage.scheduling_pool.clone_from(pool);
        }
        self.jobs_of(key, |job| job.num_active_stages += 1);
        for rdd in info.rdd_infos.iter().filter(|rdd| rdd.storage_level.is_valid()) {
            let entry = self.rdds.entry(rdd.id).or_insert_with(|| RddStorage {
                id: rdd.id,
                name: rdd.name.clone(),
                num_partitions: rdd.num_partitions,
                storage_level: rdd.storage_level,
                partitions: BTreeMap::new(),
            });
            entry.storage_level = rdd.storage_level;
        }
        self.sql_stage_submitted(info);
    }

    fn stage_completed(&mut self, event: &SparkListenerStageCompleted) {
        let info = &event.stage_info;
        let key = info.key();
        if let Some(time) = info.completion_time {
            self.saw(time);
        }
        let Some(stage) = self.stages.get_mut(&key) else { return };
        let was_active = stage.status == StageStatus::Active;
        stage.info = info.clone();
        stage.status = match (&info.failure_reason, info.submission_time) {
            (Some(_), _) => StageStatus::Failed,
            (None, Some(_)) => StageStatus::Complete,
            (None, None) => StageStatus::Skipped,
        };
        let (status, stage_id, num_tasks) = (stage.status, info.stage_id, info.num_tasks);
        self.jobs_of(key, |job| {
            match status {
                StageStatus::Complete => {
                    job.completed_stages.insert(stage_id);
                }
                StageStatus::Skipped => {
                    job.skipped_stages.insert(stage_id);
                    job.num_skipped_tasks += num_tasks;
                }
                _ => job.num_failed_stages += 1,
            }
            job.num_active_stages -= i32::from(was_active);
        });
        self.sql_stage_completed(info);
    }

    // ---- tasks ----

    fn task_start(&mut self, event: &SparkListenerTaskStart, retained_tasks: usize) {
        let info = &event.task_info;
        let key = StageAttempt { stage_id: event.stage_id, attempt: event.stage_attempt_id };
        self.saw(info.launch_time);
        if let Some(stage) = self.stages.get_mut(&key) {
            stage.num_active_tasks += 1;
            stage.first_task_launched_time.get_or_insert(info.launch_time);
            stage.tasks.insert(info.task_id, TaskData::started(info.clone()));
            if stage.tasks.len() > retained_tasks
                && let Some(old) = stage.tasks.values().find(|task| !task.is_running()).map(|task| task.info.task_id)
            {
                stage.tasks.remove(&old);
            }
        }
        self.jobs_of(key, |job| job.num_active_tasks += 1);
        if let Some(executor) = self.executors.get_mut(&info.executor_id) {
            executor.active_tasks += 1;
            executor.total_tasks += 1;
        }
    }

    fn task_end(&mut self, event: &SparkListenerTaskEnd) {
        let info = &event.task_info;
        let key = StageAttempt { stage_id: event.stage_id, attempt: event.stage_attempt_id };
        self.saw(info.finish_time);
        // An output that was lost after its task had ended: no running task ends here.
        let resubmitted = matches!(event.reason, TaskEndReason::Resubmitted);
        let ended = i32::from(!resubmitted);
        let (completed, failed, killed) = match &event.reason {
            TaskEndReason::Success => (1, 0, 0),
            TaskEndReason::TaskKilled { .. } | TaskEndReason::TaskCommitDenied { .. } => (0, 0, 1),
            _ => (0, 1, 0),
        };
        let kill_reason = match &event.reason {
            TaskEndReason::TaskKilled { reason, .. } => Some(reason.clone()),
            TaskEndReason::TaskCommitDenied { .. } => Some(event.reason.to_error_string()),
            _ => None,
        };
        let metrics = event.task_metrics.as_ref().filter(|_| !resubmitted);
        if let Some(stage) = self.stages.get_mut(&key) {
            stage.num_active_tasks -= ended;
            stage.num_complete_tasks += completed;
            stage.num_failed_tasks += failed;
            stage.num_killed_tasks += killed;
            if completed > 0 {
                stage.completed_indices.insert(info.index);
            }
            if resubmitted {
                stage.completed_indices.remove(&info.index);
            }
            if let Some(reason) = &kill_reason {
                *stage.killed_tasks_summary.entry(reason.clone()).or_default() += 1;
            }
            let summary = stage.executor_summaries.entry(info.executor_id.clone()).or_default();
            summary.succeeded_tasks += completed;
            summary.failed_tasks += failed;
            summary.killed_tasks += killed;
            if !resubmitted {
                summary.task_time += (info.finish_time - info.launch_time).max(0);
            }
            if let Some(metrics) = metrics {
                add_metrics(&mut summary.metrics, metrics);
                add_metrics(&mut stage.metrics, metrics);
            }
            stage.peak_executor_metrics.compare_and_update_peaks(&event.task_executor_metrics);
            if let Some(task) = stage.tasks.get_mut(&info.task_id) {
                if resubmitted {
                    task.error_message = Some(event.reason.to_error_string());
                } else {
                    // Accumulators are folded below; kept per task they would be most of the store.
                    let info = kindling_events::TaskInfo { accumulables: vec![], ..info.clone() };
                    *task = TaskData::ended(info, &event.reason, event.task_metrics.clone());
                }
            }
        }
        let (stage_id, index) = (event.stage_id, info.index);
        self.jobs_of(key, |job| {
            job.num_active_tasks -= ended;
            job.num_completed_tasks += completed;
            job.num_failed_tasks += failed;
            job.num_killed_tasks += killed;
            if completed > 0 {
                job.completed_indices.insert((stage_id, index));
            }
            if let Some(reason) = &kill_reason {
                *job.killed_tasks_summary.entry(reason.clone()).or_default() += 1;
            }
        });
        if let Some(executor) = self.executors.get_mut(&info.executor_id) {
            executor.active_tasks -= ended;
            executor.completed_tasks += completed;
            executor.failed_tasks += failed;
            if !resubmitted {
                executor.total_duration += (info.finish_time - info.launch_time).max(0);
            }
            if let Some(metrics) = metrics {
                executor.total_gc_time += metrics.jvm_gc_time;
                executor.total_input_bytes += metrics.input.bytes_read;
                executor.total_shuffle_read += metrics.shuffle_read.total_bytes_read();
                executor.total_shuffle_write += metrics.shuffle_write.bytes_written;
            }
        }
        let success = event.reason.is_success();
        self.sql_task_metrics(key, info.task_id, index, &info.accumulables, success);
    }

    // ---- storage ----

    fn block_updated(&mut self, event: &SparkListenerBlockUpdated) {
        let info = &event.block_updated_info;
        let id = &info.block_manager_id.executor_id;
        let Some((rdd_id, partition)) = parse_rdd_block(&info.block_id) else {
            // Broadcast blocks count towards an executor's memory as in Spark; their sizes only ever grow here.
            if info.block_id.starts_with("broadcast_")
                && let Some(executor) = self.executors.get_mut(id)
            {
                let sign = if info.storage_level.is_valid() { 1 } else { -1 };
                executor.memory_used = (executor.memory_used + sign * info.mem_size).max(0);
                executor.disk_used = (executor.disk_used + sign * info.disk_size).max(0);
            }
            return;
        };
        let is_stored = info.storage_level.is_valid() && (info.mem_size > 0 || info.disk_size > 0);
        let mut before = (0, 0);
        let mut was_there = false;
        if let Some(rdd) = self.rdds.get_mut(&rdd_id) {
            let slot = rdd.partitions.entry(partition).or_default();
            if let Some(old) = slot.executors.remove(id) {
                before = old;
                was_there = true;
            }
            if is_stored {
                slot.executors.insert(id.clone(), (info.mem_size, info.disk_size));
            }
            slot.evicted = slot.executors.is_empty();
        }
        if let Some(executor) = self.executors.get_mut(id) {
            let after = if is_stored { (info.mem_size, info.disk_size) } else { (0, 0) };
            executor.memory_used = (executor.memory_used + after.0 - before.0).max(0);
            executor.disk_used = (executor.disk_used + after.1 - before.1).max(0);
            executor.rdd_blocks += i32::from(is_stored) - i32::from(was_there);
        }
    }

    fn unpersist(&mut self, rdd_id: RddId) {
        let Some(rdd) = self.rdds.remove(&rdd_id) else { return };
        for partition in rdd.partitions.into_values() {
            for (id, (memory, disk)) in partition.executors {
                if let Some(executor) = self.executors.get_mut(&id) {
                    executor.memory_used = (executor.memory_used - memory).max(0);
                    executor.disk_used = (executor.disk_used - disk).max(0);
                    executor.rdd_blocks -= 1;
                }
            }
        }
    }

    /// Stages by id, for the SQL fold.
    pub(crate) fn num_tasks_of(&self, stage_id: StageId) -> usize {
        self.last_attempt(stage_id).map_or(0, |stage| stage.info.num_tasks.max(0) as usize)
    }
}

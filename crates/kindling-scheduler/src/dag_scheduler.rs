//! `DAGScheduler`: jobs to stages, stages in order of their shuffles, and again what was lost.
//!
//! - *Job*: one action; it ends when every output of its final stage is there.
//! - *Stage*: the tasks between two shuffles. A `ShuffleMapStage` is available while all its map outputs are
//!   registered; jobs that find it so skip it.
//! - *Attempt*: a stage is attempted again for the partitions that are missing after a fetch failed.
//!
//! ```text
//!            missing parents            parents available           all outputs there
//!  (new) ─────────────────► waiting ─────────────────► running ─────────────────► (finished)
//!                              ▲                          │ fetch failed
//!                              └───────── failed ◄────────┘
//! ```
//!
//! Whoever adds a map here adds it to `assert_empty` too: every one empties when its jobs end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kindling_common::Clock;
use kindling_events::{
    ExecutorId, JobId, JobResult, ShuffleId, SparkListenerJobEnd, SparkListenerJobStart, SparkListenerStageCompleted,
    SparkListenerStageSubmitted, SparkListenerTaskEnd, StageAttempt, StageId, TaskEndReason, TaskId,
};

use crate::{
    Action, JobError, JobOutcome, JobSpec, MapOutputTracker, MapStageJobSpec, ShuffleSpec, TaskKind,
    active_job::ActiveJob,
    stage::{Stage, StageKind},
    task_set::{TaskEnded, TaskSet, TaskSetFailed, TaskSpec},
};

/// What the `DagScheduler` wants done.
#[derive(Debug)]
pub(crate) enum DagAction {
    /// Run a stage attempt.
    SubmitTasks(TaskSet),
    /// Kill the tasks of all attempts of a stage and start no more.
    CancelTasks { stage_id: StageId, reason: String },
    /// A task of an older attempt delivered this partition.
    PartitionCompleted { stage_id: StageId, partition: i32 },
    /// For the world outside.
    Out(Action),
}

/// What a call works with.
pub(crate) struct DagContext<'a> {
    pub clock: &'a dyn Clock,
    pub out: &'a mut VecDeque<DagAction>,
}

impl DagContext<'_> {
    fn out(&mut self, action: Action) {
        self.out.push_back(DagAction::Out(action));
    }

    fn post(&mut self, event: impl Into<kindling_events::SparkListenerEvent>) {
        self.out(Action::Post(event.into()));
    }
}

#[derive(Debug)]
pub(crate) struct DagScheduler {
    max_consecutive_attempts: usize,
    next_stage_id: i32,
    stages: BTreeMap<StageId, Stage>,
    shuffle_stages: BTreeMap<ShuffleId, StageId>,
    jobs: BTreeMap<JobId, ActiveJob>,
    waiting: BTreeSet<StageId>,
    running: BTreeSet<StageId>,
    failed: BTreeSet<StageId>,
    lost_executors: BTreeSet<ExecutorId>,
    pub tracker: MapOutputTracker,
}

impl DagScheduler {
    pub fn new(max_consecutive_attempts: i32) -> Self {
        DagScheduler {
            max_consecutive_attempts: max_consecutive_attempts.max(1) as usize,
            next_stage_id: 0,
            stages: BTreeMap::new(),
            shuffle_stages: BTreeMap::new(),
            jobs: BTreeMap::new(),
            waiting: BTreeSet::new(),
            running: BTreeSet::new(),
            failed: BTreeSet::new(),
            lost_executors: BTreeSet::new(),
            tracker: MapOutputTracker::default(),
        }
    }

    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    // ---- submission ----

    pub fn job_submitted(&mut self, cx: &mut DagContext, job_id: JobId, spec: JobSpec) {
        let JobSpec { stage, partitions, shuffles, properties } = spec;
        if partitions.is_empty() {
            // As in Spark, a job without partitions is announced and over.
            self.post_job_start(cx, job_id, properties, vec![]);
            return end_job(cx, job_id, JobOutcome::Succeeded);
        }
        let shuffles = by_id(shuffles);
        let parents = match self.parent_stages(&stage.parents, job_id, &shuffles) {
            Ok(parents) => parents,
            Err(missing) => return self.reject(cx, job_id, missing),
        };
        let id = self.new_stage_id();
        self.stages.insert(id, Stage::new(id, StageKind::Result { job_id }, stage, parents, job_id));
        self.start_job(cx, job_id, id, partitions, properties);
        self.submit_stage(cx, id);
    }

    pub fn map_stage_submitted(&mut self, cx: &mut DagContext, job_id: JobId, spec: MapStageJobSpec) {
        let shuffles = by_id(spec.shuffles);
        let id = match self.shuffle_map_stage(spec.shuffle_id, job_id, &shuffles) {
            Ok(id) => id,
            Err(missing) => return self.reject(cx, job_id, missing),
        };
        self.start_job(cx, job_id, id, vec![0], spec.properties);
        if let Some(Stage { kind: StageKind::ShuffleMap { map_stage_jobs, .. }, .. }) = self.stages.get_mut(&id) {
            map_stage_jobs.push(job_id);
        }
        self.submit_stage(cx, id);
        if self.is_available(id) {
            self.finish_map_stage_jobs(cx, id);
        }
    }

    fn reject(&mut self, cx: &mut DagContext, job_id: JobId, missing: ShuffleId) {
        // Stages made for the parents before the gap was found belong to nobody.
        let orphans: Vec<StageId> =
            self.stages.values().filter(|stage| stage.jobs.is_empty()).map(|stage| stage.id).collect();
        for id in orphans {
            self.remove_stage(id);
        }
        let message = format!("Job {job_id} reads shuffle {missing}, which it does not describe");
        end_job(cx, job_id, JobOutcome::Failed(JobError { message, cause: None, cancelled: false }));
    }

    fn start_job(
        &mut self,
        cx: &mut DagContext,
        job_id: JobId,
        final_stage: StageId,
        partitions: Vec<i32>,
        properties: BTreeMap<String, String>,
    ) {
        let stages = self.with_ancestors(final_stage);
        for id in &stages {
            if let Some(stage) = self.stages.get_mut(id) {
                stage.jobs.insert(job_id);
            }
        }
        self.post_job_start(cx, job_id, properties.clone(), stages.iter().copied().collect());
        let finished = vec![false; partitions.len()];
        let job = ActiveJob { id: job_id, final_stage, partitions, finished, num_finished: 0, stages, properties };
        self.jobs.insert(job_id, job);
    }

    fn post_job_start(
        &self,
        cx: &mut DagContext,
        job_id: JobId,
        properties: BTreeMap<String, String>,
        stage_ids: Vec<StageId>,
    ) {
        let stages = stage_ids.iter().filter_map(|id| self.stages.get(id));
        let stage_infos = stages.map(|stage| stage.latest_info.clone()).collect();
        let time = cx.clock.now_millis();
        cx.post(SparkListenerJobStart { job_id, time, stage_infos, stage_ids, properties });
    }

    fn new_stage_id(&mut self) -> StageId {
        let id = StageId(self.next_stage_id);
        self.next_stage_id += 1;
        id
    }

    fn parent_stages(
        &mut self,
        parents: &[ShuffleId],
        job_id: JobId,
        shuffles: &BTreeMap<ShuffleId, ShuffleSpec>,
    ) -> Result<Vec<StageId>, ShuffleId> {
        let mut out: Vec<StageId> = vec![];
        for shuffle_id in parents {
            let id = self.shuffle_map_stage(*shuffle_id, job_id, shuffles)?;
            if !out.contains(&id) {
                out.push(id);
            }
        }
        Ok(out)
    }

    /// The stage that writes a shuffle; another job's if there is one, else a new one after its ancestors.
    fn shuffle_map_stage(
        &mut self,
        shuffle_id: ShuffleId,
        job_id: JobId,
        shuffles: &BTreeMap<ShuffleId, ShuffleSpec>,
    ) -> Result<StageId, ShuffleId> {
        if let Some(id) = self.shuffle_stages.get(&shuffle_id) {
            return Ok(*id);
        }
        let spec = shuffles.get(&shuffle_id).ok_or(shuffle_id)?;
        let parents = self.parent_stages(&spec.stage.parents, job_id, shuffles)?;
        let id = self.new_stage_id();
        let kind = StageKind::ShuffleMap { shuffle_id, pending: BTreeSet::new(), map_stage_jobs: vec![] };
        self.stages.insert(id, Stage::new(id, kind, spec.stage.clone(), parents, job_id));
        self.shuffle_stages.insert(shuffle_id, id);
        let num_maps = spec.stage.num_partitions.max(0) as usize;
        self.tracker.register_shuffle(shuffle_id, num_maps, spec.num_reduces.max(0) as usize);
        Ok(id)
    }

    fn with_ancestors(&self, stage_id: StageId) -> BTreeSet<StageId> {
        let mut out = BTreeSet::new();
        let mut open = vec![stage_id];
        while let Some(id) = open.pop() {
            if out.insert(id)
                && let Some(stage) = self.stages.get(&id)
            {
                open.extend(&stage.parents);
            }
        }
        out
    }

    // ---- stages ----

    fn is_available(&self, stage_id: StageId) -> bool {
        self.stages.get(&stage_id).is_some_and(|stage| {
            stage.shuffle_id().is_some_and(|shuffle_id| {
                self.tracker.num_available_outputs(shuffle_id) == stage.spec.num_partitions.max(0) as usize
            })
        })
    }

    fn missing_parents(&self, stage: &Stage) -> Vec<StageId> {
        if !stage.spec.needs_parents {
            return vec![];
        }
        let mut missing: Vec<StageId> =
            stage.parents.iter().copied().filter(|parent| !self.is_available(*parent)).collect();
        missing.sort();
        missing
    }

    fn missing_partitions(&self, stage: &Stage) -> Vec<i32> {
        match &stage.kind {
            StageKind::ShuffleMap { shuffle_id, .. } => self
                .tracker
                .find_missing_partitions(*shuffle_id)
                .unwrap_or_else(|| (0..stage.spec.num_partitions).collect()),
            StageKind::Result { job_id } => self.jobs.get(job_id).map_or_else(Vec::new, |job| {
                (0..).zip(&job.finished).filter(|(_, finished)| !**finished).map(|(output, _)| output).collect()
            }),
        }
    }

    /// The earliest active job that needs the stage.
    fn active_job_for(&self, stage: &Stage) -> Option<JobId> {
        stage.jobs.iter().copied().find(|job_id| self.jobs.contains_key(job_id))
    }

    fn submit_stage(&mut self, cx: &mut DagContext, stage_id: StageId) {
        let Some(stage) = self.stages.get(&stage_id) else { return };
        let is_known = |set: &BTreeSet<StageId>| set.contains(&stage_id);
        if is_known(&self.waiting) || is_known(&self.running) || is_known(&self.failed) {
            return;
        }
        if stage.shuffle_id().is_some() && self.is_available(stage_id) {
            return;
        }
        let Some(job_id) = self.active_job_for(stage) else { return };
        let missing = self.missing_parents(stage);
        if missing.is_empty() {
            self.submit_missing_tasks(cx, stage_id, job_id);
        } else {
            self.waiting.insert(stage_id);
            for parent in missing {
                self.submit_stage(cx, parent);
            }
        }
    }

    fn submit_missing_tasks(&mut self, cx: &mut DagContext, stage_id: StageId, job_id: JobId) {
        let Some(stage) = self.stages.get(&stage_id) else { return };
        let Some(job) = self.jobs.get(&job_id) else { return };
        // For a result stage these are output ids, for a map stage partitions.
        let to_compute = self.missing_partitions(stage);
        let properties = job.properties.clone();
        let pool = properties.get("spark.scheduler.pool").cloned().unwrap_or_else(|| "default".to_string());
        let reads_shuffle = stage.spec.needs_parents && !stage.parents.is_empty();
        let tasks: Vec<TaskSpec> = to_compute
            .iter()
            .map(|at| {
                let (partition, kind) = match &stage.kind {
                    StageKind::ShuffleMap { shuffle_id, .. } => (*at, TaskKind::ShuffleMap { shuffle_id: *shuffle_id }),
                    StageKind::Result { .. } => {
                        let output_id = *at as usize;
                        (job.partitions.get(output_id).copied().unwrap_or(*at), TaskKind::Result { output_id })
                    }
                };
                let preferred = stage.spec.preferred_executors.get(partition.max(0) as usize);
                TaskSpec {
                    partition,
                    kind,
                    preferred: preferred.cloned().unwrap_or_default(),
                    host_preferred: reads_shuffle,
                }
            })
            .collect();
        let Some(stage) = self.stages.get_mut(&stage_id) else { return };
        stage.make_new_attempt(tasks.len() as i32);
        if let StageKind::ShuffleMap { pending, .. } = &mut stage.kind {
            *pending = to_compute.iter().copied().collect();
        }
        if !tasks.is_empty() {
            stage.latest_info.submission_time = Some(cx.clock.now_millis());
        }
        cx.post(SparkListenerStageSubmitted { stage_info: stage.latest_info.clone(), properties });
        self.running.insert(stage_id);
        let task_set = TaskSet {
            stage: stage.latest_info.key(),
            job_id,
            plan: stage.spec.plan,
            num_partitions: stage.spec.num_partitions,
            pool,
            tasks,
        };
        if task_set.tasks.is_empty() {
            self.finish_stage(cx, stage_id, None);
            self.submit_waiting_children(cx, stage_id);
        } else {
            cx.out.push_back(DagAction::SubmitTasks(task_set));
        }
    }

    /// Ends the latest attempt of a stage, for good or with an error.
    fn finish_stage(&mut self, cx: &mut DagContext, stage_id: StageId, error: Option<String>) {
        if let Some(stage) = self.stages.get_mut(&stage_id) {
            stage.latest_info.completion_time = Some(cx.clock.now_millis());
            if error.is_none() {
                stage.failed_attempts.clear();
            }
            stage.latest_info.failure_reason = error;
            cx.post(SparkListenerStageCompleted { stage_info: stage.latest_info.clone() });
        }
        self.running.remove(&stage_id);
    }

    fn submit_waiting_children(&mut self, cx: &mut DagContext, parent: StageId) {
        let mut children: Vec<(JobId, StageId)> = self
            .waiting
            .iter()
            .filter_map(|id| self.stages.get(id))
            .filter(|stage| stage.parents.contains(&parent))
            .map(|stage| (stage.first_job, stage.id))
            .collect();
        children.sort();
        for (_, id) in &children {
            self.waiting.remove(id);
        }
        for (_, id) in children {
            self.submit_stage(cx, id);
        }
    }

    fn resubmit_failed_stages(&mut self, cx: &mut DagContext) {
        let mut failed: Vec<(JobId, StageId)> = std::mem::take(&mut self.failed)
            .into_iter()
            .filter_map(|id| self.stages.get(&id))
            .map(|stage| (stage.first_job, stage.id))
            .collect();
        failed.sort();
        for (_, id) in failed {
            self.submit_stage(cx, id);
        }
    }

    // ---- ends ----

    pub fn task_ended(&mut self, cx: &mut DagContext, ended: TaskEnded) {
        let TaskEnded { stage: attempt, spec, mut info, mut outcome } = ended;
        let updates = std::mem::take(&mut outcome.accum_updates);
        let counted: Vec<_> = if outcome.reason.is_success() {
            updates
        } else {
            updates.into_iter().filter(|update| update.count_failed_values).collect()
        };
        if let Some(stage) = self.stages.get_mut(&attempt.stage_id) {
            info.accumulables = stage.update_accumulators(counted);
        } else {
            info.accumulables = counted;
        }
        let task_id = info.task_id;
        cx.post(SparkListenerTaskEnd {
            stage_id: attempt.stage_id,
            stage_attempt_id: attempt.attempt,
            task_type: spec.kind.task_type().to_string(),
            reason: outcome.reason.clone(),
            task_info: info,
            task_executor_metrics: Default::default(),
            task_metrics: outcome.metrics.take(),
        });
        match outcome.reason {
            TaskEndReason::Success => self.task_succeeded(cx, attempt, &spec, task_id, outcome.map_status),
            TaskEndReason::Resubmitted => {
                if let Some(Stage { kind: StageKind::ShuffleMap { pending, .. }, .. }) =
                    self.stages.get_mut(&attempt.stage_id)
                {
                    pending.insert(spec.partition);
                }
            }
            TaskEndReason::FetchFailed { block_manager, shuffle_id, map_index, ref message, .. } => {
                let executor = block_manager.map(|id| id.executor_id);
                self.fetch_failed(cx, attempt, &spec, shuffle_id, map_index, executor, message);
            }
            // The task scheduler retries these or gives the task set up.
            _ => {}
        }
    }

    fn task_succeeded(
        &mut self,
        cx: &mut DagContext,
        attempt: StageAttempt,
        spec: &TaskSpec,
        task_id: TaskId,
        map_status: Option<crate::MapStatus>,
    ) {
        let Some(stage) = self.stages.get_mut(&attempt.stage_id) else {
            return cx.out(Action::TaskResultIgnored { task_id });
        };
        if attempt.attempt < stage.latest_info.attempt {
            let (stage_id, partition) = (attempt.stage_id, spec.partition);
            cx.out.push_back(DagAction::PartitionCompleted { stage_id, partition });
        }
        match (&mut stage.kind, spec.kind) {
            (StageKind::Result { job_id }, TaskKind::Result { output_id }) => {
                let job_id = *job_id;
                self.output_delivered(cx, job_id, output_id, task_id);
            }
            (StageKind::ShuffleMap { shuffle_id, pending, .. }, _) => {
                let is_latest = stage.latest_info.attempt == attempt.attempt;
                let was_pending = is_latest && pending.remove(&spec.partition);
                if was_pending && map_status.is_none() {
                    // It would be run again for ever.
                    let reason = format!("Map task {task_id} ended well and did not say where its output is");
                    return self.abort_stage(cx, attempt.stage_id, &reason, Some(task_id));
                }
                match map_status {
                    // A result that was on its way when its executor died: the blocks are gone.
                    Some(status) if !self.lost_executors.contains(&status.executor_id) => {
                        self.tracker.register_map_output(*shuffle_id, spec.partition, status);
                        pending.remove(&spec.partition);
                    }
                    _ => cx.out(Action::TaskResultIgnored { task_id }),
                }
                if pending.is_empty() && self.running.contains(&attempt.stage_id) {
                    self.map_stage_completed(cx, attempt.stage_id);
                }
            }
            (StageKind::Result { .. }, TaskKind::ShuffleMap { .. }) => {
                cx.out(Action::TaskResultIgnored { task_id });
            }
        }
    }

    fn output_delivered(&mut self, cx: &mut DagContext, job_id: JobId, output_id: usize, task_id: TaskId) {
        let Some(job) = self.jobs.get_mut(&job_id) else {
            return cx.out(Action::TaskResultIgnored { task_id });
        };
        match job.finished.get_mut(output_id) {
            Some(finished) if !*finished => *finished = true,
            _ => return cx.out(Action::TaskResultIgnored { task_id }),
        }
        job.num_finished += 1;
        let is_done = job.num_finished == job.finished.len();
        let final_stage = job.final_stage;
        cx.out(Action::TaskSucceeded { job_id, output_id, task_id });
        if is_done {
            self.finish_stage(cx, final_stage, None);
            let reason = "Stage finished".to_string();
            cx.out.push_back(DagAction::CancelTasks { stage_id: final_stage, reason });
            self.forget_job(job_id);
            end_job(cx, job_id, JobOutcome::Succeeded);
        }
    }

    fn map_stage_completed(&mut self, cx: &mut DagContext, stage_id: StageId) {
        self.finish_stage(cx, stage_id, None);
        if self.is_available(stage_id) {
            self.finish_map_stage_jobs(cx, stage_id);
            self.submit_waiting_children(cx, stage_id);
        } else {
            // Some outputs were lost while the rest was computed.
            self.submit_stage(cx, stage_id);
        }
    }

    fn finish_map_stage_jobs(&mut self, cx: &mut DagContext, stage_id: StageId) {
        let Some(Stage { kind: StageKind::ShuffleMap { shuffle_id, map_stage_jobs, .. }, .. }) =
            self.stages.get_mut(&stage_id)
        else {
            return;
        };
        let shuffle_id = *shuffle_id;
        let jobs = std::mem::take(map_stage_jobs);
        let Some(statistics) = self.tracker.statistics(shuffle_id) else { return };
        for job_id in jobs {
            self.forget_job(job_id);
            end_job(cx, job_id, JobOutcome::MapStageFinished(statistics.clone()));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one FetchFailed")]
    fn fetch_failed(
        &mut self,
        cx: &mut DagContext,
        attempt: StageAttempt,
        spec: &TaskSpec,
        shuffle_id: ShuffleId,
        map_index: i32,
        executor: Option<ExecutorId>,
        message: &str,
    ) {
        let stage_id = attempt.stage_id;
        let Some(stage) = self.stages.get_mut(&stage_id) else { return };
        if stage.latest_info.attempt != attempt.attempt {
            return;
        }
        stage.failed_attempts.insert(attempt.attempt);
        let gives_up = stage.failed_attempts.len() >= self.max_consecutive_attempts;
        if let StageKind::ShuffleMap { pending, .. } = &mut stage.kind {
            pending.remove(&spec.partition);
        }
        let name = stage.spec.name.clone();
        if self.running.contains(&stage_id) {
            self.finish_stage(cx, stage_id, Some(message.to_string()));
        }
        if let Some(executor) = &executor {
            self.tracker.unregister_map_output(shuffle_id, map_index, executor);
            // Where one block is gone the others are expected to be gone too.
            self.tracker.remove_outputs_on_executor(executor);
        }
        if gives_up {
            let times = self.max_consecutive_attempts;
            let stage_kind =
                if matches!(spec.kind, TaskKind::Result { .. }) { "ResultStage" } else { "ShuffleMapStage" };
            let text = format!(
                "{stage_kind} {stage_id} ({name}) has failed the maximum allowable number of times: {times}. Most \
                 recent failure reason:\n{message}"
            );
            return self.abort_stage(cx, stage_id, &text, None);
        }
        self.failed.insert(stage_id);
        if let Some(map_stage) = self.shuffle_stages.get(&shuffle_id) {
            self.failed.insert(*map_stage);
        }
        self.resubmit_failed_stages(cx);
    }

    pub fn executor_added(&mut self, executor: &ExecutorId) {
        self.lost_executors.remove(executor);
    }

    pub fn executor_lost(&mut self, executor: &ExecutorId) {
        self.lost_executors.insert(executor.clone());
        self.tracker.remove_outputs_on_executor(executor);
    }

    pub fn task_set_failed(&mut self, cx: &mut DagContext, failed: TaskSetFailed) {
        self.abort_stage(cx, failed.stage.stage_id, &failed.message, failed.cause);
    }

    fn abort_stage(&mut self, cx: &mut DagContext, stage_id: StageId, reason: &str, cause: Option<TaskId>) {
        let Some(stage) = self.stages.get(&stage_id) else { return };
        let jobs: Vec<JobId> = stage.jobs.iter().copied().filter(|id| self.jobs.contains_key(id)).collect();
        for job_id in jobs {
            let message = format!("Job aborted due to stage failure: {reason}");
            self.fail_job(cx, job_id, JobError { message, cause, cancelled: false });
        }
    }

    // ---- cancellation ----

    pub fn cancel_jobs(
        &mut self,
        cx: &mut DagContext,
        reason: &str,
        is_meant: impl Fn(&ActiveJob, &DagScheduler) -> bool,
    ) {
        let jobs: Vec<JobId> = self.jobs.values().filter(|job| is_meant(job, self)).map(|job| job.id).collect();
        for job_id in jobs {
            let message = format!("[SPARK_JOB_CANCELLED] Job {job_id} cancelled {reason} SQLSTATE: XXKDA");
            self.fail_job(cx, job_id, JobError { message, cause: None, cancelled: true });
        }
    }

    fn fail_job(&mut self, cx: &mut DagContext, job_id: JobId, error: JobError) {
        let Some(job) = self.jobs.get(&job_id) else { return };
        let own: Vec<StageId> = job
            .stages
            .iter()
            .copied()
            .filter(|id| self.running.contains(id))
            .filter(|id| self.stages.get(id).is_some_and(|stage| stage.jobs.len() == 1))
            .collect();
        for stage_id in own {
            let reason = error.message.clone();
            cx.out.push_back(DagAction::CancelTasks { stage_id, reason: reason.clone() });
            self.finish_stage(cx, stage_id, Some(reason));
        }
        self.forget_job(job_id);
        end_job(cx, job_id, JobOutcome::Failed(error));
    }

    fn forget_job(&mut self, job_id: JobId) {
        let Some(job) = self.jobs.remove(&job_id) else { return };
        for stage_id in job.stages {
            if let Some(stage) = self.stages.get_mut(&stage_id) {
                stage.jobs.remove(&job_id);
                if let StageKind::ShuffleMap { map_stage_jobs, .. } = &mut stage.kind {
                    map_stage_jobs.retain(|id| *id != job_id);
                }
                if stage.jobs.is_empty() {
                    self.remove_stage(stage_id);
                }
            }
        }
    }

    fn remove_stage(&mut self, stage_id: StageId) {
        if let Some(stage) = self.stages.remove(&stage_id)
            && let Some(shuffle_id) = stage.shuffle_id()
        {
            self.shuffle_stages.remove(&shuffle_id);
        }
        self.waiting.remove(&stage_id);
        self.running.remove(&stage_id);
        self.failed.remove(&stage_id);
    }

    /// Every map that belongs to jobs is empty.
    pub fn leftovers(&self) -> Vec<String> {
        let mut out = vec![];
        let mut check = |name: &str, len: usize| {
            if len > 0 {
                out.push(format!("{len} {name}"));
            }
        };
        check("jobs", self.jobs.len());
        check("stages", self.stages.len());
        check("shuffle stages", self.shuffle_stages.len());
        check("waiting stages", self.waiting.len());
        check("running stages", self.running.len());
        check("failed stages", self.failed.len());
        out
    }
}

fn by_id(shuffles: Vec<ShuffleSpec>) -> BTreeMap<ShuffleId, ShuffleSpec> {
    shuffles.into_iter().map(|shuffle| (shuffle.shuffle_id, shuffle)).collect()
}

fn end_job(cx: &mut DagContext, job_id: JobId, outcome: JobOutcome) {
    let job_result = match &outcome {
        JobOutcome::Failed(error) => JobResult::failed(error.message.clone()),
        _ => JobResult::JobSucceeded,
    };
    let time = cx.clock.now_millis();
    cx.post(SparkListenerJobEnd { job_id, time, job_result });
    cx.out(Action::JobEnded { job_id, outcome });
}

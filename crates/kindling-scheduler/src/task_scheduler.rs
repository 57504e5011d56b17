//! `TaskSchedulerImpl`: executors, their free cores, and which task gets them.

use std::collections::{BTreeMap, VecDeque};

use kindling_events::{
    ExecutorId, ExecutorInfo, JobId, SparkListenerEvent, SparkListenerExecutorAdded, SparkListenerExecutorExcluded,
    SparkListenerExecutorExcludedForStage, SparkListenerExecutorRemoved, SparkListenerExecutorUnexcluded,
    SparkListenerSpeculativeTaskSubmitted, SparkListenerTaskGettingResult, SparkListenerTaskStart, StageId,
    TaskEndReason, TaskId, TaskInfo,
};

use crate::{
    Action, SchedulerConf, TaskOutcome, pool,
    task_set::{TaskEnded, TaskSet, TaskSetFailed},
    task_set_manager::TaskSetManager,
};

/// What the `TaskScheduler` says.
#[derive(Debug)]
pub(crate) enum TaskAction {
    Ended(Box<TaskEnded>),
    SetFailed(TaskSetFailed),
    Out(Action),
}

#[derive(Debug)]
struct Executor {
    host: String,
    free_cores: i32,
    total_cores: i32,
    excluded_until: Option<i64>,
    /// Tasks that failed on it in task sets that succeeded all the same: stage, index, when.
    failures: Vec<i64>,
}

#[derive(Debug)]
pub(crate) struct TaskScheduler {
    conf: SchedulerConf,
    next_task_id: i64,
    executors: BTreeMap<ExecutorId, Executor>,
    sets: Vec<TaskSetManager>,
    /// The stage set of each running task.
    tasks: BTreeMap<TaskId, kindling_events::StageAttempt>,
    last_speculation_check: i64,
    next_executor: usize,
}

type Out<'a> = &'a mut VecDeque<TaskAction>;

fn post(out: Out, event: impl Into<SparkListenerEvent>) {
    out.push_back(TaskAction::Out(Action::Post(event.into())));
}

impl TaskScheduler {
    pub fn new(conf: SchedulerConf) -> Self {
        TaskScheduler {
            conf,
            next_task_id: 0,
            executors: BTreeMap::new(),
            sets: vec![],
            tasks: BTreeMap::new(),
            last_speculation_check: i64::MIN,
            next_executor: 0,
        }
    }

    pub fn executor_ids(&self) -> impl Iterator<Item = &ExecutorId> + Clone {
        self.executors.keys()
    }

    pub fn total_cores(&self) -> i32 {
        self.executors.values().map(|executor| executor.total_cores).sum()
    }

    pub fn job_of(&self, task_id: TaskId) -> Option<JobId> {
        let stage = self.tasks.get(&task_id)?;
        self.sets.iter().find(|set| set.stage() == *stage).map(|set| set.set.job_id)
    }

    pub fn running_on(&self, executor: &ExecutorId) -> Vec<TaskId> {
        self.sets.iter().flat_map(|set| set.running_on(executor)).collect()
    }

    pub fn executor_added(&mut self, out: Out, executor_id: ExecutorId, info: ExecutorInfo, now: i64) {
        let executor = Executor {
            host: info.host.clone(),
            free_cores: info.total_cores,
            total_cores: info.total_cores,
            excluded_until: None,
            failures: vec![],
        };
        self.executors.insert(executor_id.clone(), executor);
        post(out, SparkListenerExecutorAdded { time: now, executor_id, executor_info: info });
    }

    pub fn executor_lost(&mut self, out: Out, executor: &ExecutorId, reason: &str, by_app: bool, now: i64) {
        if self.executors.remove(executor).is_none() {
            return;
        }
        let removed =
            SparkListenerExecutorRemoved { time: now, executor_id: executor.clone(), reason: reason.to_string() };
        post(out, removed);
        for at in 0..self.sets.len() {
            let Some(set) = self.sets.get_mut(at) else { continue };
            let stage = set.stage();
            for (spec, info) in set.lost_outputs(executor) {
                let outcome = TaskOutcome {
                    reason: TaskEndReason::Resubmitted,
                    map_status: None,
                    metrics: None,
                    accum_updates: vec![],
                };
                out.push_back(TaskAction::Ended(Box::new(TaskEnded { stage, spec, info, outcome })));
            }
            for task_id in set.running_on(executor) {
                let reason = TaskEndReason::ExecutorLostFailure {
                    executor_id: executor.clone(),
                    exit_caused_by_app: by_app,
                    reason: Some(reason.to_string()),
                };
                let outcome = TaskOutcome { reason, map_status: None, metrics: None, accum_updates: vec![] };
                self.task_ended(out, task_id, outcome, now);
            }
        }
    }

    pub fn submit(&mut self, set: TaskSet, now: i64) {
        // Older attempts of the stage start nothing more.
        for old in self.sets.iter_mut().filter(|old| old.stage().stage_id == set.stage.stage_id) {
            old.make_zombie();
        }
        self.sets.push(TaskSetManager::new(set, self.conf.task_max_failures, self.conf.locality_wait, now));
        self.drop_finished();
    }

    pub fn cancel(&mut self, out: Out, stage_id: StageId, reason: &str) {
        for set in self.sets.iter_mut().filter(|set| set.stage().stage_id == stage_id) {
            set.make_zombie();
            let running: Vec<(TaskId, ExecutorId)> =
                set.running_tasks().map(|(task_id, executor)| (task_id, executor.clone())).collect();
            for (task_id, executor_id) in running {
                if set.mark_killed(task_id) {
                    let reason = reason.to_string();
                    out.push_back(TaskAction::Out(Action::KillTask { task_id, executor_id, reason }));
                }
            }
        }
        self.drop_finished();
    }

    pub fn partition_completed(&mut self, out: Out, stage_id: StageId, partition: i32) {
        for set in self.sets.iter_mut().filter(|set| set.stage().stage_id == stage_id) {
            for (task_id, executor_id) in set.partition_completed(partition) {
                let reason = "another attempt succeeded".to_string();
                out.push_back(TaskAction::Out(Action::KillTask { task_id, executor_id, reason }));
            }
        }
        self.drop_finished();
    }

    pub fn getting_result(&mut self, out: Out, task_id: TaskId, now: i64) {
        let Some(stage) = self.tasks.get(&task_id).copied() else { return };
        let set = self.sets.iter_mut().find(|set| set.stage() == stage);
        if let Some(info) = set.and_then(|set| set.getting_result(task_id, now)) {
            post(out, SparkListenerTaskGettingResult { task_info: info.clone() });
        }
    }

    pub fn task_ended(&mut self, out: Out, task_id: TaskId, outcome: TaskOutcome, now: i64) {
        let Some(stage) = self.tasks.remove(&task_id) else {
            // Its executor was lost before it could tell.
            return out.push_back(TaskAction::Out(Action::TaskResultIgnored { task_id }));
        };
        let exclude = self.conf.exclude_on_failure;
        let Some(set) = self.sets.iter_mut().find(|set| set.stage() == stage) else { return };
        let Some(end) = set.attempt_ended(task_id, &outcome.reason, now) else { return };
        let executor_id = end.info.executor_id.clone();
        if let Some(executor) = self.executors.get_mut(&executor_id) {
            executor.free_cores += 1;
        }
        if let (Some(exclude), TaskEndReason::ExceptionFailure { .. }) = (&exclude, &outcome.reason) {
            let failed = set.failed_tasks_on().get(&executor_id).map_or(0, |tasks| tasks.len() as i32);
            if failed == exclude.max_failed_tasks_per_executor_stage {
                post(
                    out,
                    SparkListenerExecutorExcludedForStage {
                        time: now,
                        executor_id: executor_id.clone(),
                        task_failures: failed,
                        stage_id: stage.stage_id,
                        stage_attempt_id: stage.attempt,
                    },
                );
            }
        }
        let succeeded = set.is_zombie() && set.all_succeeded();
        let failures: Vec<(ExecutorId, usize)> = if succeeded {
            set.failed_tasks_on().iter().map(|(id, tasks)| (id.clone(), tasks.len())).collect()
        } else {
            vec![]
        };
        let mut outcome = outcome;
        if end.duplicate {
            // The blocks of the attempt that came first are the registered ones.
            outcome.map_status = None;
        }
        let ended = TaskEnded { stage, spec: end.spec, info: end.info, outcome };
        out.push_back(TaskAction::Ended(Box::new(ended)));
        for (task_id, executor_id) in end.kill {
            let reason = "another attempt succeeded".to_string();
            out.push_back(TaskAction::Out(Action::KillTask { task_id, executor_id, reason }));
        }
        if let Some(message) = end.abort {
            out.push_back(TaskAction::SetFailed(TaskSetFailed { stage, message, cause: Some(task_id) }));
        }
        for (executor_id, count) in failures {
            self.count_failures(out, &executor_id, count, now);
        }
        self.abort_unschedulable(out);
        self.drop_finished();
    }

    fn drop_finished(&mut self) {
        self.sets.retain(|set| !set.is_finished());
    }

    // ---- exclusion for the whole application (`HealthTracker`) ----

    fn count_failures(&mut self, out: Out, executor_id: &ExecutorId, count: usize, now: i64) {
        let Some(exclude) = self.conf.exclude_on_failure else { return };
        let Some(executor) = self.executors.get_mut(executor_id) else { return };
        executor.failures.retain(|at| now - at < exclude.timeout);
        executor.failures.extend(std::iter::repeat_n(now, count));
        let failures = executor.failures.len() as i32;
        if executor.excluded_until.is_none() && failures >= exclude.max_failed_tasks_per_executor {
            executor.excluded_until = Some(now + exclude.timeout);
            let executor_id = executor_id.clone();
            post(out, SparkListenerExecutorExcluded { time: now, executor_id, task_failures: failures });
        }
    }

    fn end_exclusions(&mut self, out: Out, now: i64) {
        for (id, executor) in &mut self.executors {
            if executor.excluded_until.is_some_and(|until| until <= now) {
                executor.excluded_until = None;
                executor.failures.clear();
                post(out, SparkListenerExecutorUnexcluded { time: now, executor_id: id.clone() });
            }
        }
    }

    fn abort_unschedulable(&mut self, out: Out) {
        let Some(exclude) = self.conf.exclude_on_failure else { return };
        for set in &mut self.sets {
            let is_excluded =
                |id: &ExecutorId| self.executors.get(id).is_some_and(|executor| executor.excluded_until.is_some());
            if let Some(message) = set.unschedulable(self.executors.keys(), &exclude, is_excluded) {
                set.make_zombie();
                out.push_back(TaskAction::SetFailed(TaskSetFailed { stage: set.stage(), message, cause: None }));
            }
        }
    }

    // ---- time ----

    pub fn tick(&mut self, out: Out, now: i64) {
        self.end_exclusions(out, now);
        let Some(speculation) = self.conf.speculation else { return };
        if now.saturating_sub(self.last_speculation_check) < speculation.interval {
            return;
        }
        self.last_speculation_check = now;
        for set in &mut self.sets {
            let stage = set.stage();
            for (task_index, partition_id) in set.check_speculatable(&speculation, now) {
                post(
                    out,
                    SparkListenerSpeculativeTaskSubmitted {
                        stage_id: stage.stage_id,
                        stage_attempt_id: stage.attempt,
                        task_index,
                        partition_id,
                    },
                );
            }
        }
    }

    pub fn next_wakeup(&self, now: i64) -> Option<i64> {
        let speculation = self.conf.speculation.and_then(|speculation| {
            let runs = self.sets.iter().any(|set| !set.is_zombie() && set.num_running() > 0);
            runs.then(|| self.last_speculation_check.saturating_add(speculation.interval).max(now))
        });
        let is_free = self.executors.values().any(|executor| executor.free_cores > 0);
        let locality = is_free.then(|| self.sets.iter().filter_map(TaskSetManager::locality_deadline).min()).flatten();
        let exclusion = self.executors.values().filter_map(|executor| executor.excluded_until).min();
        [speculation, locality, exclusion].into_iter().flatten().min()
    }

    // ---- offers ----

    /// Gives free cores to waiting tasks until none fits (`resourceOffers`).
    pub fn offer_resources(&mut self, out: Out, now: i64) {
        while let Some(info) = self.launch_one(out, now) {
            let Some(stage) = self.tasks.get(&info.task_id) else { continue };
            let (stage_id, stage_attempt_id) = (stage.stage_id, stage.attempt);
            post(out, SparkListenerTaskStart { stage_id, stage_attempt_id, task_info: info });
        }
    }

    fn launch_one(&mut self, out: Out, now: i64) -> Option<TaskInfo> {
        let free = self.free_executors();
        if free.is_empty() {
            return None;
        }
        let exclude = self.conf.exclude_on_failure;
        for at in pool::order(self.conf.mode, &self.conf.pools, &self.sets) {
            let Some(set) = self.sets.get_mut(at).filter(|set| set.has_pending()) else { continue };
            for executor_id in &free {
                let Some(host) = self.executors.get(executor_id).map(|executor| executor.host.clone()) else {
                    continue;
                };
                let task_id = TaskId(self.next_task_id);
                let is_alive = |id: &ExecutorId| self.executors.contains_key(id);
                let Some(task) = set.offer(executor_id, &host, task_id, now, is_alive, exclude.as_ref()) else {
                    continue;
                };
                self.next_task_id += 1;
                self.next_executor = self.next_executor.wrapping_add(1);
                self.tasks.insert(task_id, set.stage());
                if let Some(executor) = self.executors.get_mut(executor_id) {
                    executor.free_cores -= 1;
                }
                let info = task_info(&task, &host, now);
                out.push_back(TaskAction::Out(Action::LaunchTask(Box::new(task))));
                return Some(info);
            }
        }
        None
    }

    /// Executors with free cores: the freest first, equals in turn.
    fn free_executors(&self) -> Vec<ExecutorId> {
        let usable = |executor: &Executor| executor.free_cores > 0 && executor.excluded_until.is_none();
        let mut free: Vec<(&ExecutorId, i32)> = self
            .executors
            .iter()
            .filter(|(_, executor)| usable(executor))
            .map(|(id, executor)| (id, executor.free_cores))
            .collect();
        if !free.is_empty() {
            let turn = self.next_executor % free.len();
            free.rotate_left(turn);
        }
        free.sort_by_key(|(_, cores)| -cores);
        free.into_iter().map(|(id, _)| id.clone()).collect()
    }

    pub fn leftovers(&self) -> Vec<String> {
        let mut out = vec![];
        if !self.sets.is_empty() {
            out.push(format!("{} task sets", self.sets.len()));
        }
        if !self.tasks.is_empty() {
            out.push(format!("{} running tasks", self.tasks.len()));
        }
        let busy = self.executors.values().filter(|executor| executor.free_cores != executor.total_cores).count();
        if busy > 0 {
            out.push(format!("{busy} executors with taken cores"));
        }
        out
    }
}

fn task_info(task: &crate::TaskDescription, host: &str, now: i64) -> TaskInfo {
    TaskInfo {
        task_id: task.task_id,
        index: task.index,
        attempt: task.attempt,
        partition_id: task.partition,
        launch_time: now,
        executor_id: task.executor_id.clone(),
        host: host.to_string(),
        locality: task.locality,
        speculative: task.speculative,
        getting_result_time: 0,
        finish_time: 0,
        failed: false,
        killed: false,
        accumulables: vec![],
    }
}

//! `TaskSetManager`: the tasks of one stage attempt, which of them wait, run, failed and succeeded.
//!
//! It becomes a *zombie* when it must start no more tasks: all succeeded, a fetch failed, or it was given up. It goes
//! when its last running attempt has ended.

use std::collections::{BTreeMap, BTreeSet};

use kindling_events::{ExecutorId, StageAttempt, TaskEndReason, TaskId, TaskInfo, TaskLocality};

use crate::{
    ExcludeOnFailure, Speculation, TaskDescription,
    task_set::{TaskSet, TaskSpec},
};

/// A running attempt.
#[derive(Debug)]
struct Running {
    index: usize,
    info: TaskInfo,
    killed: bool,
}

/// What the end of an attempt means for its set.
#[derive(Debug)]
pub(crate) struct AttemptEnd {
    pub spec: TaskSpec,
    pub info: TaskInfo,
    /// Another attempt of the same task had succeeded before.
    pub duplicate: bool,
    /// Other attempts of the task that now run for nothing.
    pub kill: Vec<(TaskId, ExecutorId)>,
    /// The set is given up, for this reason.
    pub abort: Option<String>,
}

/// The tasks of one stage attempt.
#[derive(Debug)]
pub(crate) struct TaskSetManager {
    pub set: TaskSet,
    max_failures: i32,
    locality_wait: i64,
    is_zombie: bool,
    running: BTreeMap<TaskId, Running>,
    /// Successful attempt by task, with the executor it ran on.
    succeeded: Vec<Option<(TaskInfo, ExecutorId)>>,
    /// Tasks that need no more attempts (a fetch failure counts: the stage is attempted again).
    settled: Vec<bool>,
    num_settled: usize,
    failures: Vec<i32>,
    attempts: Vec<i32>,
    copies: Vec<i32>,
    pending: BTreeSet<usize>,
    /// Of those, the ones without a preference; and by executor the ones that prefer it.
    pending_anywhere: BTreeSet<usize>,
    pending_for: BTreeMap<ExecutorId, BTreeSet<usize>>,
    /// When a task was last started near its data.
    last_local_launch: i64,
    speculatable: BTreeSet<usize>,
    durations: Vec<i64>,
    /// Failures by task and executor; the tasks that failed by executor.
    failed_on: BTreeMap<(usize, ExecutorId), i32>,
    failed_tasks_on: BTreeMap<ExecutorId, BTreeSet<usize>>,
    last_failure: String,
}

impl TaskSetManager {
    pub fn new(set: TaskSet, max_failures: i32, locality_wait: i64, now: i64) -> Self {
        let count = set.tasks.len();
        let mut manager = TaskSetManager {
            set,
            max_failures,
            locality_wait,
            is_zombie: false,
            running: BTreeMap::new(),
            succeeded: vec![None; count],
            settled: vec![false; count],
            num_settled: 0,
            failures: vec![0; count],
            attempts: vec![0; count],
            copies: vec![0; count],
            pending: BTreeSet::new(),
            pending_anywhere: BTreeSet::new(),
            pending_for: BTreeMap::new(),
            last_local_launch: now,
            speculatable: BTreeSet::new(),
            durations: vec![],
            failed_on: BTreeMap::new(),
            failed_tasks_on: BTreeMap::new(),
            last_failure: String::new(),
        };
        for index in 0..count {
            manager.add_pending(index);
        }
        manager
    }

    pub fn stage(&self) -> StageAttempt {
        self.set.stage
    }

    pub fn is_zombie(&self) -> bool {
        self.is_zombie
    }

    pub fn is_finished(&self) -> bool {
        self.is_zombie && self.running.is_empty()
    }

    pub fn all_succeeded(&self) -> bool {
        self.succeeded.iter().all(Option::is_some)
    }

    pub fn num_running(&self) -> usize {
        self.running.len()
    }

    pub fn has_pending(&self) -> bool {
        !self.is_zombie && (!self.pending.is_empty() || !self.speculatable.is_empty())
    }

    pub fn running_tasks(&self) -> impl Iterator<Item = (TaskId, &ExecutorId)> {
        self.running.iter().map(|(id, running)| (*id, &running.info.executor_id))
    }

    pub fn make_zombie(&mut self) {
        self.is_zombie = true;
    }

    /// Remembers that a kill was asked for; false if it was before.
    pub fn mark_killed(&mut self, task_id: TaskId) -> bool {
        self.running.get_mut(&task_id).is_some_and(|running| !std::mem::replace(&mut running.killed, true))
    }

    fn add_pending(&mut self, index: usize) {
        let Some(task) = self.set.tasks.get(index) else { return };
        self.pending.insert(index);
        if task.preferred.is_empty() {
            self.pending_anywhere.insert(index);
        }
        for executor in &task.preferred {
            self.pending_for.entry(executor.clone()).or_default().insert(index);
        }
    }

    fn remove_pending(&mut self, index: usize) {
        self.pending.remove(&index);
        self.pending_anywhere.remove(&index);
        if let Some(task) = self.set.tasks.get(index) {
            for executor in &task.preferred {
                if let Some(tasks) = self.pending_for.get_mut(executor) {
                    tasks.remove(&index);
                }
            }
        }
    }

    /// The task to start on an executor that has a free core (`resourceOffer`).
    pub fn offer(
        &mut self,
        executor: &ExecutorId,
        host: &str,
        task_id: TaskId,
        now: i64,
        is_alive: impl Fn(&ExecutorId) -> bool,
        exclude: Option<&ExcludeOnFailure>,
    ) -> Option<TaskDescription> {
        if self.is_zombie || self.is_excluded_for_set(executor, exclude) {
            return None;
        }
        let (index, locality, speculative) = self.dequeue(executor, now, is_alive, exclude)?;
        self.remove_pending(index);
        self.speculatable.remove(&index);
        if locality == TaskLocality::ProcessLocal {
            self.last_local_launch = now;
        }
        let attempt = *self.attempts.get(index)?;
        *self.attempts.get_mut(index)? += 1;
        *self.copies.get_mut(index)? += 1;
        let task = self.set.tasks.get(index)?;
        let info = TaskInfo {
            task_id,
            index: index as i32,
            attempt,
            partition_id: task.partition,
            launch_time: now,
            executor_id: executor.clone(),
            host: host.to_string(),
            locality,
            speculative,
            getting_result_time: 0,
            finish_time: 0,
            failed: false,
            killed: false,
            accumulables: vec![],
        };
        let description = TaskDescription {
            task_id,
            attempt,
            executor_id: executor.clone(),
            stage: self.set.stage,
            job_id: self.set.job_id,
            plan: self.set.plan,
            index: index as i32,
            partition: task.partition,
            num_partitions: self.set.num_partitions,
            kind: task.kind,
            locality,
            speculative,
        };
        self.running.insert(task_id, Running { index, info, killed: false });
        Some(description)
    }

    fn dequeue(
        &self,
        executor: &ExecutorId,
        now: i64,
        is_alive: impl Fn(&ExecutorId) -> bool,
        exclude: Option<&ExcludeOnFailure>,
    ) -> Option<(usize, TaskLocality, bool)> {
        let allowed = |index: &&usize| !self.is_excluded_for_task(**index, executor, exclude);
        if let Some(index) = self.pending_for.get(executor).and_then(|tasks| tasks.iter().find(allowed)) {
            return Some((*index, TaskLocality::ProcessLocal, false));
        }
        if let Some(index) = self.pending_anywhere.iter().find(allowed) {
            let by_host = self.set.tasks.get(*index).is_some_and(|task| task.host_preferred);
            // Spark says PROCESS_LOCAL of a task without preference.
            let locality = if by_host { TaskLocality::NodeLocal } else { TaskLocality::ProcessLocal };
            return Some((*index, locality, false));
        }
        // The rest prefers other executors: they get a while to become free, if they live.
        let waited = now - self.last_local_launch >= self.locality_wait;
        let elsewhere = self.pending.iter().filter(allowed).find(|index| {
            waited || self.set.tasks.get(**index).is_some_and(|task| !task.preferred.iter().any(&is_alive))
        });
        if let Some(index) = elsewhere {
            return Some((*index, TaskLocality::NodeLocal, false));
        }
        let copy = self.speculatable.iter().filter(allowed).find(|index| {
            !self.settled.get(**index).copied().unwrap_or(true)
                && !self
                    .running
                    .values()
                    .any(|running| running.index == **index && running.info.executor_id == *executor)
        });
        copy.map(|index| (*index, TaskLocality::Any, true))
    }

    /// When a task that waits for its preferred executor may run elsewhere.
    pub fn locality_deadline(&self) -> Option<i64> {
        (!self.is_zombie && self.pending.len() > self.pending_anywhere.len())
            .then_some(self.last_local_launch + self.locality_wait)
    }

    pub fn getting_result(&mut self, task_id: TaskId, now: i64) -> Option<&TaskInfo> {
        let running = self.running.get_mut(&task_id)?;
        running.info.getting_result_time = now;
        Some(&running.info)
    }

    /// An attempt ended (`handleSuccessfulTask`, `handleFailedTask`).
    pub fn attempt_ended(&mut self, task_id: TaskId, reason: &TaskEndReason, now: i64) -> Option<AttemptEnd> {
        let Running { index, mut info, .. } = self.running.remove(&task_id)?;
        info.finish_time = now;
        info.failed = !reason.is_success() && !matches!(reason, TaskEndReason::TaskKilled { .. });
        info.killed = matches!(reason, TaskEndReason::TaskKilled { .. });
        if let Some(copies) = self.copies.get_mut(index) {
            *copies -= 1;
        }
        let spec = self.set.tasks.get(index)?.clone();
        let mut end = AttemptEnd { spec, info, duplicate: false, kill: vec![], abort: None };
        if reason.is_success() {
            self.succeeded(index, &mut end);
        } else {
            self.failed(index, reason, &mut end);
        }
        Some(end)
    }

    fn succeeded(&mut self, index: usize, end: &mut AttemptEnd) {
        self.speculatable.remove(&index);
        match self.succeeded.get_mut(index) {
            Some(slot) if slot.is_none() => *slot = Some((end.info.clone(), end.info.executor_id.clone())),
            _ => end.duplicate = true,
        }
        if !end.duplicate {
            self.durations.push(end.info.finish_time - end.info.launch_time);
        }
        self.settle(index);
        for (task_id, running) in &mut self.running {
            if running.index == index && !std::mem::replace(&mut running.killed, true) {
                end.kill.push((*task_id, running.info.executor_id.clone()));
            }
        }
    }

    fn settle(&mut self, index: usize) {
        self.remove_pending(index);
        if let Some(settled) = self.settled.get_mut(index)
            && !std::mem::replace(settled, true)
        {
            self.num_settled += 1;
        }
        if self.num_settled == self.set.tasks.len() {
            self.is_zombie = true;
        }
    }

    fn failed(&mut self, index: usize, reason: &TaskEndReason, end: &mut AttemptEnd) {
        let info = &end.info;
        self.last_failure = format!(
            "Lost task {index}.{} in stage {} (TID {}) ({} executor {}): {}",
            info.attempt,
            self.set.stage,
            info.task_id,
            info.host,
            info.executor_id,
            reason.to_error_string()
        );
        if matches!(reason, TaskEndReason::FetchFailed { .. }) {
            self.settle(index);
            self.is_zombie = true;
            return;
        }
        if self.settled.get(index).copied().unwrap_or(true) {
            return;
        }
        if self.copies.get(index).copied().unwrap_or(0) == 0 {
            self.add_pending(index);
        }
        if self.is_zombie || !reason.counts_towards_task_failures() {
            return;
        }
        if matches!(reason, TaskEndReason::ExceptionFailure { .. }) {
            *self.failed_on.entry((index, info.executor_id.clone())).or_default() += 1;
            self.failed_tasks_on.entry(info.executor_id.clone()).or_default().insert(index);
        }
        let Some(failures) = self.failures.get_mut(index) else { return };
        *failures += 1;
        if *failures >= self.max_failures {
            self.is_zombie = true;
            end.abort = Some(format!(
                "Task {index} in stage {} failed {failures} times, most recent failure: {}",
                self.set.stage, self.last_failure
            ));
        }
    }

    /// A task of another attempt of the stage delivered this partition.
    pub fn partition_completed(&mut self, partition: i32) -> Vec<(TaskId, ExecutorId)> {
        let index = self.set.tasks.iter().position(|task| task.partition == partition);
        let Some(index) = index.filter(|index| !self.settled.get(*index).copied().unwrap_or(true)) else {
            return vec![];
        };
        self.settle(index);
        let running = self.running.iter_mut().filter(|(_, running)| running.index == index && !running.killed);
        running
            .map(|(task_id, running)| {
                running.killed = true;
                (*task_id, running.info.executor_id.clone())
            })
            .collect()
    }

    /// The attempts an executor was running, which are lost with it.
    pub fn running_on(&self, executor: &ExecutorId) -> Vec<TaskId> {
        let on_it = self.running.iter().filter(|(_, running)| running.info.executor_id == *executor);
        on_it.map(|(task_id, _)| *task_id).collect()
    }

    /// Map tasks that had succeeded on a lost executor: their output is gone, they wait again.
    pub fn lost_outputs(&mut self, executor: &ExecutorId) -> Vec<(TaskSpec, TaskInfo)> {
        if self.is_zombie || !matches!(self.set.tasks.first(), Some(task) if is_map(task)) {
            return vec![];
        }
        let mut lost = vec![];
        for index in 0..self.set.tasks.len() {
            let on_it = self.succeeded.get(index).and_then(Option::as_ref).is_some_and(|(_, on)| on == executor);
            if !on_it {
                continue;
            }
            if let Some((info, _)) = self.succeeded.get_mut(index).and_then(Option::take)
                && let Some(spec) = self.set.tasks.get(index)
            {
                lost.push((spec.clone(), info));
            }
            if let Some(settled) = self.settled.get_mut(index) {
                *settled = false;
                self.num_settled -= 1;
            }
            self.add_pending(index);
        }
        lost
    }

    // ---- speculation ----

    /// Marks tasks that run much longer than their siblings; gives the new ones (`checkSpeculatableTasks`).
    pub fn check_speculatable(&mut self, speculation: &Speculation, now: i64) -> Vec<(i32, i32)> {
        let count = self.set.tasks.len();
        if self.is_zombie || count < 2 {
            return vec![];
        }
        let min_finished = ((speculation.quantile * count as f64).floor() as usize).max(1);
        if self.durations.len() < min_finished {
            return vec![];
        }
        let mut durations = self.durations.clone();
        durations.sort_unstable();
        let Some(median) = durations.get(durations.len() / 2) else { return vec![] };
        let threshold = (speculation.multiplier * *median as f64).max(speculation.min_task_runtime as f64);
        let mut found = vec![];
        for running in self.running.values() {
            let index = running.index;
            let single = self.copies.get(index).is_some_and(|copies| *copies == 1);
            let slow = (now - running.info.launch_time) as f64 > threshold;
            let open = !self.settled.get(index).copied().unwrap_or(true);
            if single && slow && open && self.speculatable.insert(index) {
                found.push((index as i32, running.info.partition_id));
            }
        }
        found
    }

    // ---- exclusion (`TaskSetExcludelist`) ----

    fn is_excluded_for_task(&self, index: usize, executor: &ExecutorId, exclude: Option<&ExcludeOnFailure>) -> bool {
        exclude.is_some_and(|exclude| {
            self.failed_on
                .get(&(index, executor.clone()))
                .is_some_and(|failures| *failures >= exclude.max_task_attempts_per_executor)
        })
    }

    pub fn is_excluded_for_set(&self, executor: &ExecutorId, exclude: Option<&ExcludeOnFailure>) -> bool {
        exclude.is_some_and(|exclude| {
            self.failed_tasks_on
                .get(executor)
                .is_some_and(|tasks| tasks.len() as i32 >= exclude.max_failed_tasks_per_executor_stage)
        })
    }

    /// Tasks that failed on each executor.
    pub fn failed_tasks_on(&self) -> &BTreeMap<ExecutorId, BTreeSet<usize>> {
        &self.failed_tasks_on
    }

    /// Why a waiting task can run on none of these executors, if so.
    pub fn unschedulable<'a>(
        &self,
        executors: impl Iterator<Item = &'a ExecutorId> + Clone,
        exclude: &ExcludeOnFailure,
        is_excluded: impl Fn(&ExecutorId) -> bool,
    ) -> Option<String> {
        if self.is_zombie || executors.clone().next().is_none() {
            return None;
        }
        let index = self.pending.iter().find(|index| {
            executors.clone().all(|executor| {
                is_excluded(executor)
                    || self.is_excluded_for_set(executor, Some(exclude))
                    || self.is_excluded_for_task(**index, executor, Some(exclude))
            })
        })?;
        let partition = self.set.tasks.get(*index).map_or(0, |task| task.partition);
        Some(format!(
            "Aborting TaskSet {} because task {index} (partition {partition})\ncannot run anywhere due to node and \
             executor excludeOnFailure.\nMost recent failure:\n{}\n\nExcludeOnFailure behavior can be configured via \
             spark.excludeOnFailure.*.\n",
            self.set.stage, self.last_failure
        ))
    }
}

fn is_map(task: &TaskSpec) -> bool {
    matches!(task.kind, crate::TaskKind::ShuffleMap { .. })
}

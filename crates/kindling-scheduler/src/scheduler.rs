//! `Scheduler`: the `DagScheduler` and the `TaskScheduler` as one state machine.

use std::collections::VecDeque;

use kindling_common::Clock;
use kindling_events::{ExecutorId, JobId, TaskId};

use crate::{
    Action, MapOutputTracker, SchedulerConf, SchedulerEvent,
    dag_scheduler::{DagAction, DagContext, DagScheduler},
    task_scheduler::{TaskAction, TaskScheduler},
};

/// Jobs, stages and tasks of one application.
///
/// ```text
/// loop {
///     for action in scheduler.handle(event, clock) { carry it out }
///     event = next event, or Tick at next_wakeup()
/// }
/// ```
#[derive(Debug)]
pub struct Scheduler {
    dag: DagScheduler,
    tasks: TaskScheduler,
    next_job_id: i32,
}

impl Scheduler {
    /// A scheduler without executors.
    pub fn new(conf: SchedulerConf) -> Self {
        Scheduler {
            dag: DagScheduler::new(conf.stage_max_consecutive_attempts),
            tasks: TaskScheduler::new(conf),
            next_job_id: 0,
        }
    }

    /// A new job's id.
    pub fn next_job_id(&mut self) -> JobId {
        let id = JobId(self.next_job_id);
        self.next_job_id += 1;
        id
    }

    /// Where the map outputs are.
    pub fn map_output_tracker(&self) -> &MapOutputTracker {
        &self.dag.tracker
    }

    /// Executors that are alive.
    pub fn executors(&self) -> impl Iterator<Item = &ExecutorId> + Clone {
        self.tasks.executor_ids()
    }

    /// Cores of all executors (`defaultParallelism`).
    pub fn total_cores(&self) -> i32 {
        self.tasks.total_cores()
    }

    /// The job for which a running task was started.
    pub fn job_of(&self, task_id: TaskId) -> Option<JobId> {
        self.tasks.job_of(task_id)
    }

    /// Tasks that an executor runs.
    pub fn running_on(&self, executor: &ExecutorId) -> Vec<TaskId> {
        self.tasks.running_on(executor)
    }

    /// Whether no job runs.
    pub fn is_idle(&self) -> bool {
        self.dag.is_idle()
    }

    /// When `Tick` is due, in epoch milliseconds; none if only other events can change anything.
    pub fn next_wakeup(&self, clock: &dyn Clock) -> Option<i64> {
        self.tasks.next_wakeup(clock.now_millis())
    }

    /// Takes an event and says what is to be done, in order.
    pub fn handle(&mut self, event: SchedulerEvent, clock: &dyn Clock) -> Vec<Action> {
        let now = clock.now_millis();
        let mut turn = Turn { dag: &mut self.dag, tasks: &mut self.tasks, clock, out: vec![] };
        match event {
            SchedulerEvent::ExecutorAdded { executor_id, info } => {
                turn.dag.executor_added(&executor_id);
                turn.with_tasks(|tasks, out| tasks.executor_added(out, executor_id, info, now));
            }
            SchedulerEvent::ExecutorLost { executor_id, reason, exit_caused_by_app } => {
                // Outputs first: what is resubmitted must find them gone.
                turn.dag.executor_lost(&executor_id);
                turn.with_tasks(|tasks, out| tasks.executor_lost(out, &executor_id, &reason, exit_caused_by_app, now));
            }
            SchedulerEvent::JobSubmitted { job_id, job } => {
                turn.with_dag(|dag, cx| dag.job_submitted(cx, job_id, job));
            }
            SchedulerEvent::MapStageSubmitted { job_id, job } => {
                turn.with_dag(|dag, cx| dag.map_stage_submitted(cx, job_id, job));
            }
            SchedulerEvent::JobCancelled { job_id, reason } => {
                turn.with_dag(|dag, cx| dag.cancel_jobs(cx, &reason, |job, _| job.id == job_id));
            }
            SchedulerEvent::JobGroupCancelled { group_id, reason } => {
                turn.with_dag(|dag, cx| dag.cancel_jobs(cx, &reason, |job, _| job.is_in_group(&group_id)));
            }
            SchedulerEvent::JobTagCancelled { tag, reason } => {
                turn.with_dag(|dag, cx| dag.cancel_jobs(cx, &reason, |job, _| job.has_tag(&tag)));
            }
            SchedulerEvent::StageCancelled { stage_id, reason } => {
                turn.with_dag(|dag, cx| dag.cancel_jobs(cx, &reason, |job, _| job.stages.contains(&stage_id)));
            }
            SchedulerEvent::AllJobsCancelled => {
                let reason = "as part of cancellation of all jobs";
                turn.with_dag(|dag, cx| dag.cancel_jobs(cx, reason, |_, _| true));
            }
            SchedulerEvent::GettingResult { task_id } => {
                turn.with_tasks(|tasks, out| tasks.getting_result(out, task_id, now));
            }
            SchedulerEvent::TaskCompleted { task_id, outcome } => {
                turn.with_tasks(|tasks, out| tasks.task_ended(out, task_id, *outcome, now));
            }
            SchedulerEvent::ShuffleRemoved { shuffle_id } => turn.dag.tracker.unregister_shuffle(shuffle_id),
            SchedulerEvent::Tick => turn.with_tasks(|tasks, out| tasks.tick(out, now)),
        }
        turn.with_tasks(|tasks, out| tasks.offer_resources(out, now));
        turn.out
    }

    /// Fails with a list of what is left; every map is empty when the last job and the last task have ended.
    pub fn check_empty(&self) -> Result<(), String> {
        let left: Vec<String> = self.dag.leftovers().into_iter().chain(self.tasks.leftovers()).collect();
        if left.is_empty() { Ok(()) } else { Err(left.join(", ")) }
    }
}

/// The handling of one event: what one scheduler says, the other hears, until both are silent.
struct Turn<'a> {
    dag: &'a mut DagScheduler,
    tasks: &'a mut TaskScheduler,
    clock: &'a dyn Clock,
    out: Vec<Action>,
}

impl Turn<'_> {
    fn with_dag(&mut self, call: impl FnOnce(&mut DagScheduler, &mut DagContext)) {
        let mut said = VecDeque::new();
        call(self.dag, &mut DagContext { clock: self.clock, out: &mut said });
        self.heard_from_dag(said);
    }

    fn with_tasks(&mut self, call: impl FnOnce(&mut TaskScheduler, &mut VecDeque<TaskAction>)) {
        let mut said = VecDeque::new();
        call(self.tasks, &mut said);
        self.heard_from_tasks(said);
    }

    fn heard_from_dag(&mut self, said: VecDeque<DagAction>) {
        let now = self.clock.now_millis();
        for action in said {
            let mut answer = VecDeque::new();
            match action {
                DagAction::Out(action) => self.out.push(action),
                DagAction::SubmitTasks(set) => self.tasks.submit(set, now),
                DagAction::CancelTasks { stage_id, reason } => self.tasks.cancel(&mut answer, stage_id, &reason),
                DagAction::PartitionCompleted { stage_id, partition } => {
                    self.tasks.partition_completed(&mut answer, stage_id, partition);
                }
            }
            self.heard_from_tasks(answer);
        }
    }

    fn heard_from_tasks(&mut self, said: VecDeque<TaskAction>) {
        for action in said {
            let mut answer = VecDeque::new();
            let cx = &mut DagContext { clock: self.clock, out: &mut answer };
            match action {
                TaskAction::Out(action) => self.out.push(action),
                TaskAction::Ended(ended) => self.dag.task_ended(cx, *ended),
                TaskAction::SetFailed(failed) => self.dag.task_set_failed(cx, failed),
            }
            self.heard_from_dag(answer);
        }
    }
}

//! `Engine`: the parts of an application that all its queries share.
//!
//! The scheduler sits behind a lock that is only held while it thinks. Whoever has news for it (a thread that ended a task, a
//! query that submits a job) takes the lock, tells it, and carries out its actions before letting go, so that actions happen
//! in the order in which they were decided.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Condvar, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use kindling_common::{Clock, SparkError, SparkResult};
use kindling_events::{
    AccumulatorId, BlockManagerId, ExecutionId, ExecutorId, ExecutorInfo, JobId, ListenerBus, RddId,
    SparkListenerBlockManagerAdded, SparkListenerBlockManagerRemoved, SparkListenerEvent, SparkListenerUnpersistRdd,
    TaskEndReason, TaskId,
};
use kindling_physical::{CacheLevel, CachedRelation, PreparedPlan};
use kindling_scheduler::{Action, JobOutcome, PlanHandle, Scheduler, SchedulerEvent};

use crate::{
    blocks::BlockStore,
    config::EngineConfig,
    executor::{Executor, Launch},
    heartbeat,
    memory::UnifiedMemory,
    sql_metrics::NextId,
    stage_plan::StagePlan,
    sync::lock,
    task::{TaskReport, TaskResult, TaskServices, run_task},
    threads::ExecutorThreads,
};

/// What a query hears about its jobs.
#[derive(Debug)]
pub enum DriverEvent {
    /// An output of a job.
    Output {
        /// Job.
        job_id: JobId,
        /// Position among the job's partitions.
        output_id: usize,
        /// What the task returned.
        result: TaskResult,
    },
    /// A job ended.
    JobEnded {
        /// Job.
        job_id: JobId,
        /// How.
        outcome: JobOutcome,
        /// The error of the task that ended it.
        error: Option<SparkError>,
    },
}

/// Where a query's events wait for it.
#[derive(Debug, Default)]
pub struct Mailbox {
    queue: Mutex<VecDeque<DriverEvent>>,
    ready: Condvar,
}

impl Mailbox {
    fn send(&self, event: DriverEvent) {
        lock(&self.queue).push_back(event);
        self.ready.notify_one();
    }

    /// The next event, or nothing after `timeout`.
    pub fn receive(&self, timeout: Duration) -> Option<DriverEvent> {
        let mut queue = lock(&self.queue);
        // `wait_timeout_while` asks for `Instant::now()`, which the browser does not have. Waking early is no harm.
        if queue.is_empty() {
            (queue, _) = self.ready.wait_timeout(queue, timeout).unwrap_or_else(PoisonError::into_inner);
        }
        queue.pop_front()
    }
}

struct RunningTask {
    killed: Arc<AtomicBool>,
    kill_reason: Option<String>,
}

struct Core {
    scheduler: Scheduler,
    executors: HashMap<ExecutorId, Arc<Executor>>,
    next_executor: usize,
    plans: HashMap<PlanHandle, Arc<StagePlan>>,
    mailboxes: HashMap<JobId, Arc<Mailbox>>,
    running: HashMap<TaskId, RunningTask>,
    results: HashMap<TaskId, TaskResult>,
    errors: HashMap<TaskId, SparkError>,
}

/// An application: executors, blocks and the scheduler.
pub struct Engine {
    config: EngineConfig,
    bus: Arc<ListenerBus>,
    threads: Arc<dyn ExecutorThreads>,
    services: Arc<TaskServices>,
    core: Mutex<Core>,
    ids: Ids,
    this: Weak<Engine>,
}

#[derive(Debug, Default)]
struct Ids {
    plan: AtomicU64,
    shuffle: AtomicI32,
    broadcast: AtomicI64,
    execution: AtomicI64,
    accumulator: Arc<AtomicI64>,
    rdd: AtomicI32,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("config", &self.config).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct AccumulatorIds(Arc<AtomicI64>);

impl NextId for AccumulatorIds {
    fn next(&self) -> AccumulatorId {
        AccumulatorId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Engine {
    /// Starts the executors.
    pub fn new(
        config: EngineConfig,
        threads: Arc<dyn ExecutorThreads>,
        clock: Arc<dyn Clock>,
        bus: Arc<ListenerBus>,
    ) -> SparkResult<Arc<Engine>> {
        let services = Arc::new(TaskServices {
            blocks: Arc::new(BlockStore::default()),
            bus: Arc::clone(&bus),
            clock,
            error_mapper: Arc::clone(&config.error_mapper),
            task_scope: Arc::clone(&config.task_scope),
            host: config.host.clone(),
            spill_to_disk: config.spill_to_disk,
        });
        let core = Core {
            scheduler: Scheduler::new(config.scheduler.clone()),
            executors: HashMap::new(),
            next_executor: 0,
            plans: HashMap::new(),
            mailboxes: HashMap::new(),
            running: HashMap::new(),
            results: HashMap::new(),
            errors: HashMap::new(),
        };
        let executors = config.executors;
        let engine = Arc::new_cyclic(|this| Engine {
            config,
            bus,
            threads,
            services,
            core: Mutex::new(core),
            ids: Ids::default(),
            this: Weak::clone(this),
        });
        for _ in 0..executors {
            engine.add_executor()?;
        }
        Ok(engine)
    }

    /// Settings.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// The listener bus.
    pub fn bus(&self) -> &Arc<ListenerBus> {
        &self.bus
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.services.clock
    }

    /// All blocks.
    pub fn blocks(&self) -> &Arc<BlockStore> {
        &self.services.blocks
    }

    /// Cores of all living executors.
    pub fn total_cores(&self) -> usize {
        lock(&self.core).scheduler.total_cores().max(1) as usize
    }

    /// Living executors.
    pub fn executor_ids(&self) -> Vec<ExecutorId> {
        lock(&self.core).scheduler.executors().cloned().collect()
    }

    /// A new SQL execution's id.
    pub fn next_execution_id(&self) -> ExecutionId {
        ExecutionId(self.ids.execution.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn next_shuffle_id(&self) -> i32 {
        self.ids.shuffle.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn next_broadcast_id(&self) -> i64 {
        self.ids.broadcast.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn next_rdd_id(&self) -> i32 {
        self.ids.rdd.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn accumulator_ids(&self) -> Box<dyn NextId> {
        Box::new(AccumulatorIds(Arc::clone(&self.ids.accumulator)))
    }

    /// Posts an event to the bus.
    pub fn post(&self, event: impl Into<SparkListenerEvent>) {
        self.bus.post(event.into());
    }

    // ---- cached relations ----

    /// A relation to keep from now on; nothing is computed before a query reads it.
    pub fn cache(&self, name: String, level: CacheLevel, plan: PreparedPlan) -> Arc<CachedRelation> {
        Arc::new(CachedRelation::new(self.next_rdd_id(), name, level, plan))
    }

    /// Partitions of a cached relation that are in memory.
    pub fn num_cached_partitions(&self, relation: &CachedRelation) -> usize {
        self.services.blocks.num_cached(relation.rdd_id)
    }

    /// Drops the blocks of a cached relation.
    pub fn unpersist(&self, relation: &CachedRelation) {
        relation.unpersisted.store(true, Ordering::SeqCst);
        self.services.blocks.remove_cached(relation.rdd_id);
        self.post(SparkListenerUnpersistRdd { rdd_id: RddId(relation.rdd_id) });
        self.heartbeats();
    }

    // ---- executors ----

    /// Starts one more executor.
    pub fn add_executor(&self) -> SparkResult<ExecutorId> {
        let memory =
            UnifiedMemory::new(self.config.executor_memory, self.config.memory_fraction, self.config.storage_fraction);
        let max_mem = memory.total() as i64;
        let executor = {
            let mut core = lock(&self.core);
            let id = ExecutorId::new(&core.next_executor.to_string());
            core.next_executor += 1;
            let executor = Arc::new(Executor::new(id.clone(), memory));
            core.executors.insert(id, Arc::clone(&executor));
            executor
        };
        let id = executor.id.clone();
        let memory = heartbeat::metrics_update(&executor);
        let body = {
            let engine = Weak::clone(&self.this);
            let services = Arc::clone(&self.services);
            move |_: usize| executor_loop(&engine, &executor, &services)
        };
        self.threads.start(id.as_str(), self.config.cores, Arc::new(body))?;
        let now = self.services.clock.now_millis();
        let info = ExecutorInfo {
            host: self.config.host.clone(),
            total_cores: self.config.cores as i32,
            registration_time: Some(now),
            request_time: Some(now),
            ..ExecutorInfo::default()
        };
        self.handle(SchedulerEvent::ExecutorAdded { executor_id: id.clone(), info });
        self.post(SparkListenerBlockManagerAdded {
            block_manager_id: self.block_manager(&id),
            max_mem,
            time: now,
            max_on_heap_mem: Some(max_mem),
            max_off_heap_mem: Some(0),
        });
        self.post(memory);
        Ok(id)
    }

    /// Tells of an executor's memory, if it is time for that.
    fn heartbeat(&self, executor: &Executor) {
        if executor.heartbeat.is_due(self.services.clock.now_millis()) {
            self.post(heartbeat::metrics_update(executor));
        }
    }

    /// Tells of the memory of all executors.
    pub(crate) fn heartbeats(&self) {
        let executors: Vec<_> = lock(&self.core).executors.values().cloned().collect();
        for executor in executors {
            // What a query held at most is told between its tasks; now it is over.
            executor.memory.take_execution_peak();
            self.post(heartbeat::metrics_update(&executor));
        }
    }

    fn block_manager(&self, id: &ExecutorId) -> BlockManagerId {
        BlockManagerId { executor_id: id.clone(), host: self.config.host.clone(), port: 0 }
    }

    /// Kills an executor: its tasks and its blocks are lost. A new one takes its place.
    pub fn kill_executor(&self, id: &ExecutorId) -> SparkResult<bool> {
        let executor = {
            let mut core = lock(&self.core);
            let Some(executor) = core.executors.remove(id) else { return Ok(false) };
            for task in core.scheduler.running_on(id) {
                if let Some(running) = core.running.remove(&task) {
                    running.killed.store(true, Ordering::SeqCst);
                }
            }
            executor
        };
        executor.kill();
        self.services.blocks.remove_executor(id.as_str());
        self.post(SparkListenerBlockManagerRemoved {
            block_manager_id: self.block_manager(id),
            time: self.services.clock.now_millis(),
        });
        self.handle(SchedulerEvent::ExecutorLost {
            executor_id: id.clone(),
            reason: "Executor killed on request.".to_string(),
            exit_caused_by_app: false,
        });
        self.add_executor()?;
        // Whoever killed it may be the only one to look until the next query.
        self.bus.drain();
        Ok(true)
    }

    /// Stops all executors; running tasks are told to stop.
    pub fn shutdown(&self) {
        self.handle(SchedulerEvent::AllJobsCancelled);
        let executors: Vec<_> = lock(&self.core).executors.drain().map(|(_, executor)| executor).collect();
        for executor in executors {
            executor.kill();
        }
    }

    // ---- the scheduler ----

    /// Cancels jobs by job group.
    pub fn cancel_job_group(&self, group_id: &str, reason: &str) {
        self.handle(SchedulerEvent::JobGroupCancelled { group_id: group_id.to_string(), reason: reason.to_string() });
    }

    /// Cancels jobs by tag.
    pub fn cancel_job_tag(&self, tag: &str, reason: &str) {
        self.handle(SchedulerEvent::JobTagCancelled { tag: tag.to_string(), reason: reason.to_string() });
    }

    /// Cancels every job.
    pub fn cancel_all_jobs(&self) {
        self.handle(SchedulerEvent::AllJobsCancelled);
    }

    /// Tells the scheduler something and carries out what it says.
    pub fn handle(&self, event: SchedulerEvent) {
        let mut core = lock(&self.core);
        let actions = core.scheduler.handle(event, self.services.clock.as_ref());
        self.apply(&mut core, actions);
    }

    /// Whether a job has not ended.
    pub(crate) fn is_running(&self, job_id: JobId) -> bool {
        lock(&self.core).mailboxes.contains_key(&job_id)
    }

    /// Lets time pass for the scheduler, if something waits for it.
    pub fn tick(&self) {
        let mut core = lock(&self.core);
        let clock = self.services.clock.as_ref();
        if core.scheduler.next_wakeup(clock).is_some_and(|at| at <= clock.now_millis()) {
            let actions = core.scheduler.handle(SchedulerEvent::Tick, clock);
            self.apply(&mut core, actions);
        }
    }

    /// Submits a job whose events go to `mailbox`.
    pub(crate) fn submit(&self, mailbox: &Arc<Mailbox>, event: impl FnOnce(JobId) -> SchedulerEvent) -> JobId {
        let mut core = lock(&self.core);
        let job_id = core.scheduler.next_job_id();
        core.mailboxes.insert(job_id, Arc::clone(mailbox));
        let actions = core.scheduler.handle(event(job_id), self.services.clock.as_ref());
        self.apply(&mut core, actions);
        job_id
    }

    pub(crate) fn register_plan(&self, plan: StagePlan) -> PlanHandle {
        let handle = PlanHandle(self.ids.plan.fetch_add(1, Ordering::Relaxed));
        lock(&self.core).plans.insert(handle, Arc::new(plan));
        handle
    }

    /// Forgets what a query left behind.
    pub(crate) fn release(&self, plans: &[PlanHandle], shuffles: &[i32], broadcasts: &[i64]) {
        {
            let mut core = lock(&self.core);
            for plan in plans {
                core.plans.remove(plan);
            }
        }
        for shuffle in shuffles {
            self.handle(SchedulerEvent::ShuffleRemoved { shuffle_id: kindling_events::ShuffleId(*shuffle) });
            self.services.blocks.remove_shuffle(*shuffle);
        }
        for broadcast in broadcasts {
            self.services.blocks.remove_broadcast(*broadcast);
        }
    }

    fn apply(&self, core: &mut Core, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::LaunchTask(description) => {
                    let killed = Arc::new(AtomicBool::new(false));
                    core.running
                        .insert(description.task_id, RunningTask { killed: Arc::clone(&killed), kill_reason: None });
                    let plan = core.plans.get(&description.plan).cloned();
                    if let Some(executor) = core.executors.get(&description.executor_id) {
                        executor.push(Launch { description: *description, plan, killed });
                    }
                }
                Action::KillTask { task_id, reason, .. } => {
                    if let Some(running) = core.running.get_mut(&task_id) {
                        running.kill_reason = Some(reason);
                        running.killed.store(true, Ordering::SeqCst);
                    }
                }
                Action::TaskSucceeded { job_id, output_id, task_id } => {
                    if let (Some(result), Some(mailbox)) = (core.results.remove(&task_id), core.mailboxes.get(&job_id))
                    {
                        mailbox.send(DriverEvent::Output { job_id, output_id, result });
                    }
                }
                Action::TaskResultIgnored { task_id } => {
                    core.results.remove(&task_id);
                    core.errors.remove(&task_id);
                }
                Action::JobEnded { job_id, outcome } => {
                    let error = match &outcome {
                        JobOutcome::Failed(failure) => failure.cause.and_then(|task| core.errors.remove(&task)),
                        _ => None,
                    };
                    if let Some(mailbox) = core.mailboxes.remove(&job_id) {
                        mailbox.send(DriverEvent::JobEnded { job_id, outcome, error });
                    }
                    if core.mailboxes.is_empty() {
                        core.errors.clear();
                    }
                }
                Action::Post(event) => self.bus.post(event),
            }
        }
    }

    fn task_finished(&self, task_id: TaskId, mut report: TaskReport) {
        let mut core = lock(&self.core);
        // A task of a killed executor is not known any more: the scheduler has counted it as lost.
        let Some(running) = core.running.remove(&task_id) else { return };
        if let (TaskEndReason::TaskKilled { reason, .. }, Some(why)) = (&mut report.outcome.reason, running.kill_reason)
        {
            *reason = why;
        }
        if let Some(result) = report.result {
            core.results.insert(task_id, result);
        }
        if let Some(error) = report.error {
            core.errors.insert(task_id, error);
        }
        let event = SchedulerEvent::TaskCompleted { task_id, outcome: Box::new(report.outcome) };
        let actions = core.scheduler.handle(event, self.services.clock.as_ref());
        self.apply(&mut core, actions);
        // Whatever was announced is with its query; the rest belongs to nobody.
        core.results.remove(&task_id);
    }
}

/// What every thread of an executor does until the executor is gone.
fn executor_loop(engine: &Weak<Engine>, executor: &Arc<Executor>, services: &Arc<TaskServices>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
        log::error!("an executor thread has no runtime");
        return;
    };
    while let Some(launch) = executor.pop() {
        let report = run_task(&launch, executor, services, &runtime);
        let task_id = launch.description.task_id;
        drop(launch);
        let Some(engine) = engine.upgrade() else { return };
        engine.heartbeat(executor);
        engine.task_finished(task_id, report);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let core = self.core.get_mut().unwrap_or_else(PoisonError::into_inner);
        for executor in core.executors.values() {
            executor.kill();
        }
    }
}

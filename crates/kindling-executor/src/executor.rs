//! One executor: its queue of tasks and the threads that work on it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use kindling_events::ExecutorId;
use kindling_scheduler::TaskDescription;

use crate::{heartbeat::Heartbeat, memory::UnifiedMemory, stage_plan::StagePlan, sync::lock};

/// A task on its way to a thread.
#[derive(Debug)]
pub struct Launch {
    /// What the scheduler said.
    pub description: TaskDescription,
    /// What to run; `None` when the query is over already.
    pub plan: Option<Arc<StagePlan>>,
    /// Set to stop it.
    pub killed: Arc<AtomicBool>,
}

/// An executor.
#[derive(Debug)]
pub struct Executor {
    /// Its id.
    pub id: ExecutorId,
    /// Its memory.
    pub memory: Arc<UnifiedMemory>,
    /// When it told of its memory.
    pub heartbeat: Heartbeat,
    queue: Mutex<VecDeque<Launch>>,
    ready: Condvar,
    dead: AtomicBool,
}

impl Executor {
    /// An executor without threads.
    pub fn new(id: ExecutorId, memory: UnifiedMemory) -> Executor {
        Executor {
            id,
            memory: Arc::new(memory),
            heartbeat: Heartbeat::default(),
            queue: Mutex::new(VecDeque::new()),
            ready: Condvar::new(),
            dead: AtomicBool::new(false),
        }
    }

    /// Hands a task to its threads.
    pub fn push(&self, launch: Launch) {
        lock(&self.queue).push_back(launch);
        self.ready.notify_one();
    }

    /// The next task; `None` when the executor is gone.
    pub fn pop(&self) -> Option<Launch> {
        let mut queue = lock(&self.queue);
        loop {
            if self.is_dead() {
                return None;
            }
            if let Some(launch) = queue.pop_front() {
                return Some(launch);
            }
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends its threads once they have finished what they run.
    pub fn kill(&self) {
        let mut queue = lock(&self.queue);
        self.dead.store(true, Ordering::SeqCst);
        queue.clear();
        drop(queue);
        self.ready.notify_all();
    }

    /// Whether it was killed.
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
}

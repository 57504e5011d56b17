//! Executor threads: workers that wait here for what they are to run.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use kindling_common::{SparkError, SparkResult};
use kindling_executor::ExecutorThreads;
use wasm_bindgen::prelude::*;

type Body = Arc<dyn Fn(usize) + Send + Sync>;

/// Bodies that wait for a thread.
static WAITING: Mutex<VecDeque<(usize, Body)>> = Mutex::new(VecDeque::new());
static CHANGED: Condvar = Condvar::new();
/// Threads there are.
static TOTAL: AtomicUsize = AtomicUsize::new(0);

/// Threads that the page started with the engine (`web/src/kernel/engine.ts`). A killed executor's threads come back when
/// their tasks have noticed, and its successor takes them.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkerThreads;

impl ExecutorThreads for WorkerThreads {
    fn start(&self, executor_id: &str, count: usize, body: Body) -> SparkResult<()> {
        let total = TOTAL.load(Ordering::SeqCst);
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + count > total {
            return Err(SparkError::unsupported(format!(
                "starting {count} threads for executor {executor_id} when there are {total} in all: the cluster's size is set before the engine starts"
            )));
        }
        waiting.extend((0..count).map(|thread| (thread, Arc::clone(&body))));
        CHANGED.notify_all();
        Ok(())
    }
}

/// Says how many workers call [`run_thread`].
pub fn expect_threads(count: usize) {
    TOTAL.fetch_add(count, Ordering::SeqCst);
}

/// A worker's life: it runs what executors start on it, one after another, and never returns.
#[wasm_bindgen]
pub fn run_thread() {
    loop {
        let (thread, body) = next();
        // The executor's own loop catches panics of tasks; one that gets here must still not take the worker.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(thread)));
        if outcome.is_err() {
            log::error!("an executor thread's loop panicked");
        }
    }
}

fn next() -> (usize, Body) {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(next) = waiting.pop_front() {
            return next;
        }
        waiting = CHANGED.wait(waiting).unwrap_or_else(PoisonError::into_inner);
    }
}

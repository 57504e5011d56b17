//! Heartbeats: what an executor's memory holds, told between two tasks and when a query ends. Spark's executors send them
//! from a thread of their own, which a tab would have to take from the tasks.

use std::sync::atomic::{AtomicI64, Ordering};

use kindling_events::{ExecutorMetrics, SparkListenerExecutorMetricsUpdate, StageExecutorPeaks, StageId};

use crate::executor::Executor;

/// Spark's heartbeats come every 10 s; a gauge that people look at wants to move.
const INTERVAL_MILLIS: i64 = 250;

/// When an executor was heard last.
#[derive(Debug)]
pub struct Heartbeat {
    last: AtomicI64,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Heartbeat { last: AtomicI64::new(i64::MIN / 2) }
    }
}

impl Heartbeat {
    /// Whether it is time for the next one; true for one of the threads that ask.
    pub fn is_due(&self, now: i64) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        now - last >= INTERVAL_MILLIS
            && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The peaks since the last heartbeat.
pub fn metrics_update(executor: &Executor) -> SparkListenerExecutorMetricsUpdate {
    let memory = &executor.memory;
    let (execution, storage) = (memory.take_execution_peak() as i64, memory.storage_used() as i64);
    let mut metrics = ExecutorMetrics::default();
    metrics.set("OnHeapExecutionMemory", execution);
    metrics.set("OnHeapStorageMemory", storage);
    metrics.set("OnHeapUnifiedMemory", execution + storage);
    SparkListenerExecutorMetricsUpdate {
        executor_id: executor.id.clone(),
        accum_updates: vec![],
        // -1: of no stage in particular.
        executor_updates: vec![StageExecutorPeaks {
            stage_id: StageId(-1),
            stage_attempt_id: -1,
            executor_metrics: metrics,
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_threads_sends_the_heartbeat() {
        let heartbeat = Heartbeat::default();
        assert!(heartbeat.is_due(1_000));
        assert!(!heartbeat.is_due(1_000));
        assert!(!heartbeat.is_due(1_200));
        assert!(heartbeat.is_due(1_250));
    }
}

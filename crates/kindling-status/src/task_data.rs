//! A task attempt as the store has it (`TaskData`).

use kindling_events::{TaskEndReason, TaskInfo, TaskMetrics};

/// A task attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskData {
    /// What the scheduler knows.
    pub info: TaskInfo,
    /// Why it ended; none while it runs.
    pub error_message: Option<String>,
    /// What it measured; none while it runs or if its executor was lost.
    pub metrics: Option<Box<TaskMetrics>>,
}

/// The seven phases of a task, in milliseconds, in the order in which the timeline draws them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskPhases {
    /// Between scheduler and executor.
    pub scheduler_delay: i64,
    /// Unpacking the task.
    pub deserialization: i64,
    /// Waiting for shuffle blocks.
    pub shuffle_read: i64,
    /// Computing.
    pub computing: i64,
    /// Writing shuffle blocks.
    pub shuffle_write: i64,
    /// Packing the result.
    pub result_serialization: i64,
    /// Fetching the result.
    pub getting_result: i64,
}

impl TaskPhases {
    /// Names, as the legend has them.
    pub const NAMES: [&'static str; 7] = [
        "Scheduler Delay",
        "Task Deserialization Time",
        "Shuffle Read Time",
        "Executor Computing Time",
        "Shuffle Write Time",
        "Result Serialization Time",
        "Getting Result Time",
    ];

    /// Lengths in that order.
    pub fn lengths(&self) -> [i64; 7] {
        [
            self.scheduler_delay,
            self.deserialization,
            self.shuffle_read,
            self.computing,
            self.shuffle_write,
            self.result_serialization,
            self.getting_result,
        ]
    }
}

impl TaskData {
    pub(crate) fn started(info: TaskInfo) -> Self {
        TaskData { info, error_message: None, metrics: None }
    }

    pub(crate) fn ended(info: TaskInfo, reason: &TaskEndReason, metrics: Option<TaskMetrics>) -> Self {
        let error_message = (!reason.is_success()).then(|| reason.to_error_string());
        TaskData { info, error_message, metrics: metrics.map(Box::new) }
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.info.finish_time == 0
    }

    /// Whether it succeeded.
    pub fn is_success(&self) -> bool {
        !self.is_running() && !self.info.failed && !self.info.killed
    }

    /// From launch to end, or to now.
    pub fn wall_time(&self, now: i64) -> i64 {
        let end = if self.is_running() { now } else { self.info.finish_time };
        (end - self.info.launch_time).max(0)
    }

    /// Time between its end on the executor and the result's arrival.
    pub fn getting_result_time(&self) -> i64 {
        let TaskInfo { getting_result_time, finish_time, .. } = self.info;
        if getting_result_time > 0 && finish_time > 0 { (finish_time - getting_result_time).max(0) } else { 0 }
    }

    /// What of the wall time nothing else explains (`AppStatusUtils.schedulerDelay`).
    pub fn scheduler_delay(&self) -> Option<i64> {
        let metrics = self.metrics.as_deref()?;
        if self.is_running() {
            return None;
        }
        let explained = metrics.executor_run_time
            + metrics.executor_deserialize_time
            + metrics.result_serialization_time
            + self.getting_result_time();
        Some((self.wall_time(0) - explained).max(0))
    }

    /// Its phases, if it has ended with metrics.
    pub fn phases(&self) -> Option<TaskPhases> {
        let metrics = self.metrics.as_deref()?;
        let shuffle_read = metrics.shuffle_read.fetch_wait_time;
        let shuffle_write = metrics.shuffle_write.write_time / 1_000_000;
        Some(TaskPhases {
            scheduler_delay: self.scheduler_delay()?,
            deserialization: metrics.executor_deserialize_time,
            shuffle_read,
            computing: (metrics.executor_run_time - shuffle_read - shuffle_write).max(0),
            shuffle_write,
            result_serialization: metrics.result_serialization_time,
            getting_result: self.getting_result_time(),
        })
    }
}

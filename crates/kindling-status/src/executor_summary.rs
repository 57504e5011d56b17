//! An executor as the store has it (`ExecutorSummary`).

use std::collections::BTreeSet;

use kindling_events::{ExecutorId, ExecutorInfo, ExecutorMetrics, StageId};

/// An executor.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutorSummary {
    /// Executor.
    pub id: ExecutorId,
    /// `host:port`, or the host alone while its block manager is unknown.
    pub host_port: String,
    /// Whether it lives.
    pub is_active: bool,
    /// What it brought.
    pub info: ExecutorInfo,
    /// Cached RDD blocks.
    pub rdd_blocks: i32,
    /// Bytes in memory: storage.
    pub memory_used: i64,
    /// Bytes on disk.
    pub disk_used: i64,
    /// Storage memory; none until its block manager registers.
    pub max_memory: Option<i64>,
    /// The part on the heap.
    pub max_on_heap_memory: Option<i64>,
    /// The part off the heap.
    pub max_off_heap_memory: Option<i64>,
    /// Tasks that run.
    pub active_tasks: i32,
    /// Attempts that failed.
    pub failed_tasks: i32,
    /// Attempts that succeeded.
    pub completed_tasks: i32,
    /// All attempts that started.
    pub total_tasks: i32,
    /// Wall time of its tasks.
    pub total_duration: i64,
    /// Garbage collection in its tasks.
    pub total_gc_time: i64,
    /// Bytes of input.
    pub total_input_bytes: i64,
    /// Bytes of shuffle read.
    pub total_shuffle_read: i64,
    /// Bytes of shuffle write.
    pub total_shuffle_write: i64,
    /// Whether it is excluded.
    pub is_excluded: bool,
    /// Stages for which it is excluded.
    pub excluded_in_stages: BTreeSet<StageId>,
    /// When it came.
    pub add_time: i64,
    /// When it went.
    pub remove_time: Option<i64>,
    /// Why.
    pub remove_reason: Option<String>,
    /// Peaks of its memory.
    pub peak_memory_metrics: ExecutorMetrics,
}

impl ExecutorSummary {
    pub(crate) fn new(id: ExecutorId, add_time: i64) -> Self {
        ExecutorSummary {
            id,
            host_port: String::new(),
            is_active: true,
            info: ExecutorInfo::default(),
            rdd_blocks: 0,
            memory_used: 0,
            disk_used: 0,
            max_memory: None,
            max_on_heap_memory: None,
            max_off_heap_memory: None,
            active_tasks: 0,
            failed_tasks: 0,
            completed_tasks: 0,
            total_tasks: 0,
            total_duration: 0,
            total_gc_time: 0,
            total_input_bytes: 0,
            total_shuffle_read: 0,
            total_shuffle_write: 0,
            is_excluded: false,
            excluded_in_stages: BTreeSet::new(),
            add_time,
            remove_time: None,
            remove_reason: None,
            peak_memory_metrics: ExecutorMetrics::default(),
        }
    }
}

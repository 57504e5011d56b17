//! `UnifiedMemoryManager`: one region for execution and storage, `spark.memory.fraction` of an executor's memory.
//! Execution may take what storage does not use, and evicts storage down to its protected share.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use datafusion::{
    error::{DataFusionError, Result},
    execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation},
};
use kindling_common::SparkError;

/// Spark keeps this much of an executor's memory for itself.
const RESERVED: u64 = 300 << 20;

/// Memory of one executor, in bytes.
#[derive(Debug)]
pub struct UnifiedMemory {
    total: u64,
    protected_storage: u64,
    execution: AtomicU64,
    execution_peak: AtomicU64,
    storage: AtomicU64,
}

impl UnifiedMemory {
    /// Regions of an executor with `memory` bytes.
    pub fn new(memory: u64, fraction: f64, storage_fraction: f64) -> UnifiedMemory {
        // Of a small executor Spark would refuse to start; here the reserve shrinks instead.
        let usable = memory.saturating_sub(RESERVED.min(memory / 4));
        let total = (usable as f64 * fraction) as u64;
        UnifiedMemory {
            total,
            protected_storage: (total as f64 * storage_fraction) as u64,
            execution: AtomicU64::new(0),
            execution_peak: AtomicU64::new(0),
            storage: AtomicU64::new(0),
        }
    }

    /// Bytes of both regions.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes that operators hold.
    pub fn execution_used(&self) -> u64 {
        self.execution.load(Ordering::Relaxed)
    }

    /// The most that operators held since the last call.
    pub fn take_execution_peak(&self) -> u64 {
        let used = self.execution_used();
        self.execution_peak.swap(used, Ordering::Relaxed).max(used)
    }

    /// Bytes of cached and broadcast blocks.
    pub fn storage_used(&self) -> u64 {
        self.storage.load(Ordering::Relaxed)
    }

    /// Takes storage memory if it is free.
    pub fn acquire_storage(&self, bytes: u64) -> bool {
        let mut used = self.storage_used();
        loop {
            if used + bytes + self.execution_used() > self.total {
                return false;
            }
            match self.storage.compare_exchange(used, used + bytes, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => used = now,
            }
        }
    }

    /// Gives storage memory back.
    pub fn release_storage(&self, bytes: u64) {
        let _ = self.storage.fetch_update(Ordering::SeqCst, Ordering::Relaxed, |used| Some(used.saturating_sub(bytes)));
    }

    fn acquire_execution(&self, bytes: u64) -> bool {
        // Storage beyond its protected share has to make room; it is evicted by who put it there.
        let limit = self.total - self.storage_used().min(self.protected_storage);
        let mut used = self.execution_used();
        loop {
            if used + bytes > limit {
                return false;
            }
            match self.execution.compare_exchange(used, used + bytes, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => used = now,
            }
        }
    }
}

/// The execution memory of one task, as DataFusion's operators ask for it.
#[derive(Debug)]
pub struct TaskMemoryPool {
    memory: Arc<UnifiedMemory>,
    used: AtomicU64,
    peak: AtomicU64,
}

impl TaskMemoryPool {
    /// A pool on an executor's memory.
    pub fn new(memory: Arc<UnifiedMemory>) -> TaskMemoryPool {
        TaskMemoryPool { memory, used: AtomicU64::new(0), peak: AtomicU64::new(0) }
    }

    /// The most it held at once.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    fn grown(&self, bytes: u64) {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(used, Ordering::Relaxed);
        self.memory.execution_peak.fetch_max(self.memory.execution_used(), Ordering::Relaxed);
    }
}

impl Drop for TaskMemoryPool {
    fn drop(&mut self) {
        // Whatever a task leaks ends with it.
        let left = self.used.load(Ordering::Relaxed);
        self.memory.execution.fetch_sub(left, Ordering::SeqCst);
    }
}

impl fmt::Display for TaskMemoryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskMemoryPool")
    }
}

impl MemoryPool for TaskMemoryPool {
    fn name(&self) -> &str {
        "TaskMemoryPool"
    }

    fn grow(&self, _: &MemoryReservation, additional: usize) {
        self.memory.execution.fetch_add(additional as u64, Ordering::SeqCst);
        self.grown(additional as u64);
    }

    fn shrink(&self, _: &MemoryReservation, shrink: usize) {
        self.memory.execution.fetch_sub(shrink as u64, Ordering::SeqCst);
        self.used.fetch_sub(shrink as u64, Ordering::Relaxed);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if self.memory.acquire_execution(additional as u64) {
            self.grown(additional as u64);
            return Ok(());
        }
        // The kind matters: operators that can spill do so when resources are exhausted.
        Err(DataFusionError::ResourcesExhausted(format!(
            "Unable to acquire {additional} bytes of memory, got {}. Consumer: {}.",
            self.memory.total.saturating_sub(self.memory.execution_used() + self.memory.storage_used()),
            reservation.consumer().name(),
        )))
    }

    fn reserved(&self) -> usize {
        self.used.load(Ordering::Relaxed) as usize
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.memory.total as usize)
    }
}

/// Spark's error for memory that is not there, if `error` says so.
pub fn out_of_memory(error: &DataFusionError) -> Option<SparkError> {
    let DataFusionError::ResourcesExhausted(message) = error.find_root() else { return None };
    let numbers = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let requested = message.split(" bytes").next().map(numbers).unwrap_or_default();
    let received =
        message.split("got ").nth(1).and_then(|rest| rest.split('.').next()).map(numbers).unwrap_or_default();
    Some(
        SparkError::new(kindling_common::ExceptionClass::Spark, "UNABLE_TO_ACQUIRE_MEMORY")
            .param("requestedBytes", requested)
            .param("receivedBytes", received),
    )
}

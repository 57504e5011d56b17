//! Threads as a capability: the native shell spawns them, the browser's come from a pool of workers.

use std::sync::Arc;

use kindling_common::SparkResult;

/// What a shell implements so that executors have threads.
pub trait ExecutorThreads: Send + Sync {
    /// Starts `count` threads that each run `body` once with their number, from zero. `body` returns when the executor is gone.
    fn start(&self, executor_id: &str, count: usize, body: Arc<dyn Fn(usize) + Send + Sync>) -> SparkResult<()>;
}

/// Threads of the operating system.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Default, Clone, Copy)]
pub struct NativeThreads;

#[cfg(not(target_arch = "wasm32"))]
impl ExecutorThreads for NativeThreads {
    fn start(&self, executor_id: &str, count: usize, body: Arc<dyn Fn(usize) + Send + Sync>) -> SparkResult<()> {
        for thread in 0..count {
            let body = Arc::clone(&body);
            std::thread::Builder::new()
                .name(format!("executor {executor_id} task launch worker-{thread}"))
                // Deep expressions and nested plans recurse.
                .stack_size(8 << 20)
                .spawn(move || body(thread))
                .map_err(|error| {
                    kindling_common::SparkError::internal(format!("cannot start an executor thread: {error}"))
                })?;
        }
        Ok(())
    }
}

/// The machine's clock.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: std::time::Instant,
}

#[cfg(not(target_arch = "wasm32"))]
impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the native shell")]
    fn default() -> Self {
        SystemClock { start: std::time::Instant::now() }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl kindling_common::Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the native shell")]
    fn now_millis(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| since.as_millis() as i64)
    }

    fn monotonic_nanos(&self) -> i64 {
        self.start.elapsed().as_nanos() as i64
    }
}

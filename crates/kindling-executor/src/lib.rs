#![doc = include_str!("../README.md")]

mod blocks;
mod config;
mod engine;
mod executor;
mod heartbeat;
mod lower;
mod memory;
mod query;
mod sql_metrics;
mod stage_plan;
mod sync;
mod task;
mod task_leaf;
mod threads;

pub use blocks::BlockStore;
pub use config::{EngineConfig, ErrorMapper, TaskScope};
pub use engine::Engine;
pub use query::{CancelToken, CollectMode, QueryRun, QuerySummary, ResultSink, run_query};
pub use threads::ExecutorThreads;
#[cfg(not(target_arch = "wasm32"))]
pub use threads::{NativeThreads, SystemClock};

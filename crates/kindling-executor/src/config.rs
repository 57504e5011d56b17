//! What an engine is made of.

use std::sync::Arc;

use datafusion::error::DataFusionError;
use kindling_common::{
    SparkError,
    conf::{self, RuntimeConfig},
};
use kindling_scheduler::SchedulerConf;

/// Turns an error of a plan into Spark's. The rule lives with the functions; a shell passes it on.
pub type ErrorMapper = Arc<dyn Fn(DataFusionError) -> SparkError + Send + Sync>;

/// Enters what functions may know of a task (its partition) on the task's thread; dropping what it returns leaves it.
pub type TaskScope = Arc<dyn Fn(u32) -> Box<dyn std::any::Any> + Send + Sync>;

/// Settings of an engine, fixed for its life.
#[derive(Clone)]
pub struct EngineConfig {
    /// Executors to start with.
    pub executors: usize,
    /// Threads of each.
    pub cores: usize,
    /// Memory of each, in bytes.
    pub executor_memory: u64,
    /// `spark.memory.fraction`.
    pub memory_fraction: f64,
    /// `spark.memory.storageFraction`.
    pub storage_fraction: f64,
    /// Host that events name.
    pub host: String,
    /// Attempts, pools and so on.
    pub scheduler: SchedulerConf,
    /// How errors of plans become Spark's.
    pub error_mapper: ErrorMapper,
    /// What a task's thread enters before it runs. The functions know; a shell passes it on.
    pub task_scope: TaskScope,
    /// Whether operators may write temporary files when memory runs short.
    pub spill_to_disk: bool,
}

impl std::fmt::Debug for EngineConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineConfig")
            .field("executors", &self.executors)
            .field("cores", &self.cores)
            .field("executor_memory", &self.executor_memory)
            .finish_non_exhaustive()
    }
}

impl EngineConfig {
    /// The settings of a configuration.
    pub fn new(config: &RuntimeConfig, error_mapper: ErrorMapper) -> EngineConfig {
        let scheduler = SchedulerConf {
            task_max_failures: config.integer(&conf::TASK_MAX_FAILURES).max(1) as i32,
            mode: if config.value(&conf::SCHEDULER_MODE).eq_ignore_ascii_case("FAIR") {
                kindling_scheduler::SchedulingMode::Fair
            } else {
                kindling_scheduler::SchedulingMode::Fifo
            },
            ..SchedulerConf::default()
        };
        EngineConfig {
            executors: config.integer(&conf::EXECUTOR_INSTANCES).max(1) as usize,
            cores: config.integer(&conf::EXECUTOR_CORES).max(1) as usize,
            executor_memory: config.bytes(&conf::EXECUTOR_MEMORY).max(0) as u64,
            memory_fraction: config.double(&conf::MEMORY_FRACTION),
            storage_fraction: config.double(&conf::MEMORY_STORAGE_FRACTION),
            host: "localhost".to_string(),
            scheduler,
            error_mapper,
            task_scope: Arc::new(|_| Box::new(())),
            spill_to_disk: cfg!(not(target_arch = "wasm32")),
        }
    }
}

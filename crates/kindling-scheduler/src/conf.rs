//! Settings of the scheduler, by Spark's names and with its defaults.

/// `FIFO` or `FAIR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SchedulingMode {
    /// The job submitted first goes first.
    #[default]
    Fifo,
    /// Pools share by weight.
    Fair,
}

/// A pool of `spark.scheduler.allocation.file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSpec {
    /// Name, as in `spark.scheduler.pool`.
    pub name: String,
    /// Order inside the pool.
    pub mode: SchedulingMode,
    /// Share against other pools.
    pub weight: i32,
    /// Cores it gets before any share is counted.
    pub min_share: i32,
}

/// `spark.excludeOnFailure.*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExcludeOnFailure {
    /// `task.maxTaskAttemptsPerExecutor`
    pub max_task_attempts_per_executor: i32,
    /// `stage.maxFailedTasksPerExecutor`
    pub max_failed_tasks_per_executor_stage: i32,
    /// `application.maxFailedTasksPerExecutor`
    pub max_failed_tasks_per_executor: i32,
    /// `timeout`, milliseconds.
    pub timeout: i64,
}

impl Default for ExcludeOnFailure {
    fn default() -> Self {
        ExcludeOnFailure {
            max_task_attempts_per_executor: 1,
            max_failed_tasks_per_executor_stage: 2,
            max_failed_tasks_per_executor: 2,
            timeout: 3_600_000,
        }
    }
}

/// `spark.speculation.*`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speculation {
    /// `interval`, milliseconds.
    pub interval: i64,
    /// `multiplier`
    pub multiplier: f64,
    /// `quantile`
    pub quantile: f64,
    /// `minTaskRuntime`, milliseconds.
    pub min_task_runtime: i64,
}

impl Default for Speculation {
    fn default() -> Self {
        Speculation { interval: 100, multiplier: 3.0, quantile: 0.9, min_task_runtime: 100 }
    }
}

/// Settings of the scheduler.
#[derive(Debug, Clone, PartialEq)]
pub struct SchedulerConf {
    /// `spark.task.maxFailures`
    pub task_max_failures: i32,
    /// `spark.stage.maxConsecutiveAttempts`
    pub stage_max_consecutive_attempts: i32,
    /// `spark.scheduler.mode`
    pub mode: SchedulingMode,
    /// Pools of FAIR mode; a job of an unknown pool makes it with weight 1.
    pub pools: Vec<PoolSpec>,
    /// `spark.locality.wait`, milliseconds.
    pub locality_wait: i64,
    /// `spark.excludeOnFailure.enabled` and the settings below it.
    pub exclude_on_failure: Option<ExcludeOnFailure>,
    /// `spark.speculation` and the settings below it.
    pub speculation: Option<Speculation>,
}

impl Default for SchedulerConf {
    fn default() -> Self {
        SchedulerConf {
            task_max_failures: 4,
            stage_max_consecutive_attempts: 4,
            mode: SchedulingMode::Fifo,
            pools: vec![],
            locality_wait: 3_000,
            exclude_on_failure: None,
            speculation: None,
        }
    }
}

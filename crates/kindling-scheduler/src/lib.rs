#![doc = include_str!("../README.md")]

mod active_job;
mod conf;
mod dag_scheduler;
mod map_output_tracker;
mod pool;
mod scheduler;
mod spec;
mod stage;
mod task_scheduler;
mod task_set;
mod task_set_manager;

pub use conf::{ExcludeOnFailure, PoolSpec, SchedulerConf, SchedulingMode, Speculation};
pub use map_output_tracker::{MapOutputTracker, MissingMapOutput, ShuffleBlock};
pub use scheduler::Scheduler;
pub use spec::*;

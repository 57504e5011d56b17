#![doc = include_str!("../README.md")]

mod conf;
mod spec;

pub use conf::{ExcludeOnFailure, PoolSpec, SchedulerConf, SchedulingMode, Speculation};
pub use spec::*;

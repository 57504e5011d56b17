#![doc = include_str!("../README.md")]

pub mod aqe;
mod conf;
pub mod display;
pub mod error;
mod exchange;
mod exec_macros;
mod expressions;
mod operators;
mod rules;
mod task_env;

pub use conf::PhysicalConf;
pub use exchange::*;
pub use expressions::{LazyLogicExpr, lazy_logic};
pub use operators::*;
pub use rules::{
    PreparedPlan, ScalarSubquery, clustering_satisfied, ensure_requirements, is_single_partition, optimizer_rules,
    prepare, row_size, size_in_bytes,
};
pub use task_env::{BlockSource, TaskCounters, TaskEnv};

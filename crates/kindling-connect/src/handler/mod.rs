//! One handler per RPC, as Spark's `SparkConnect…Handler` classes.

mod add_artifacts;
mod analyze_plan;
mod config;
mod execute_plan;
mod fetch_error_details;
mod interrupt;
mod reattach_execute;
mod release_execute;
mod release_session;
mod status;

pub use execute_plan::Execution;

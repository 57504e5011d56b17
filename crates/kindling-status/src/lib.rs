#![doc = include_str!("../README.md")]
#![recursion_limit = "256"]

mod event_log;
mod executor_summary;
pub mod format;
mod job_data;
mod listener;
mod metrics;
mod plan_graph;
mod quantiles;
mod rdd_storage;
mod rest;
mod sql_execution;
mod sql_listener;
mod sql_metrics;
mod stage_data;
mod store;
mod task_data;

pub use event_log::{EventLogWriter, ReplayedLog, replay_event_log};
pub use executor_summary::ExecutorSummary;
pub use job_data::{JobData, JobStatus};
pub use listener::AppStatusListener;
pub use metrics::add_metrics;
pub use plan_graph::{PlanGraph, PlanNode};
pub use quantiles::{QUANTILES, at_quantiles};
pub use rdd_storage::{RddPartition, RddStorage};
pub use sql_execution::{ExecutionStatus, PlanVersion, SqlExecution};
pub use sql_metrics::{MetricSummary, metric_text, metric_value};
pub use stage_data::{ExecutorStageSummary, StageData, StageStatus};
pub use store::{AppStatusStore, ApplicationInfo, EnvironmentInfo, StatusLimits};
pub use task_data::{TaskData, TaskPhases};

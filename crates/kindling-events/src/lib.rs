#![doc = include_str!("../README.md")]

mod accumulable;
mod bus;
mod event;
mod executor;
mod ids;
mod json;
mod rdd;
mod resource_profile;
mod sql;
mod stage_info;
mod storage;
mod task_end_reason;
mod task_info;
mod task_metrics;

pub use accumulable::{AccumValue, AccumulableInfo};
pub use bus::{ListenerBus, SparkListener};
pub use event::*;
pub use executor::{ExecutorInfo, ExecutorMetrics};
pub use ids::{AccumulatorId, ExecutionId, ExecutorId, JobId, RddId, ShuffleId, StageAttempt, StageId, TaskId};
pub use json::{EventError, event_from_json, event_to_json};
pub use rdd::{RddInfo, RddOperationScope};
pub use resource_profile::{ExecutorResourceRequest, TaskResourceRequest};
pub use sql::*;
pub use stage_info::StageInfo;
pub use storage::{BlockManagerId, BlockUpdatedInfo, StorageLevel};
pub use task_end_reason::{JobFailure, JobResult, StackTraceElement, TaskEndReason};
pub use task_info::{TaskInfo, TaskLocality};
pub use task_metrics::{
    InputMetrics, OutputMetrics, PushBasedShuffleMetrics, ShuffleReadMetrics, ShuffleWriteMetrics, TaskMetrics,
};

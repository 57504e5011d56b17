#![doc = include_str!("../README.md")]

mod command;
mod environment;
mod error;
#[cfg(test)]
mod golden;
mod grid;
mod handler;
mod holder;
mod lower;
mod query;
mod result;
mod service;
mod show;

pub use error::{ConnectError, Status};
pub use grid::{Grid, GridColumn};
pub use handler::Execution;
pub use holder::{ExecuteHolder, ExecuteState, Next, SessionHolder};
pub use lower::{lower_command, lower_relation};
pub use service::{ConnectService, SPARK_VERSION, ServiceOptions};

use kindling_common::{ExceptionClass, SparkError};

/// A request that breaks the protocol.
pub(crate) fn lower_error(detail: impl Into<String>) -> SparkError {
    SparkError::new(ExceptionClass::IllegalArgument, "CONNECT_INVALID_PLAN.FIELD").param("detail", detail)
}

//! How this crate's errors travel through DataFusion.

use datafusion::error::{DataFusionError, Result};
use kindling_common::SparkError;

/// A Spark error in DataFusion's clothes.
pub fn external(error: SparkError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A defect of ours.
pub fn internal(message: impl Into<String>) -> DataFusionError {
    external(SparkError::internal(message))
}

/// For nodes that only mark a place in the plan.
pub(crate) fn never_executed<T>(name: &str) -> Result<T> {
    Err(internal(format!("{name} must be replaced before a stage runs")))
}

/// A missing shuffle block, as a task sees it: the scheduler turns it into a fetch failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFailed {
    /// The shuffle.
    pub shuffle_id: i32,
    /// The map partition whose output is missing; `None` when the whole shuffle is unknown.
    pub map_index: Option<usize>,
    /// The reduce partition that was read.
    pub reduce_id: usize,
    /// The executor that held it, where known.
    pub executor_id: Option<String>,
    /// What happened.
    pub message: String,
}

impl std::fmt::Display for FetchFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "shuffle_{}_{}_{}: {}", self.shuffle_id, self.map_index.unwrap_or(0), self.reduce_id, self.message)
    }
}

impl std::error::Error for FetchFailed {}

/// Finds a fetch failure in an error that came out of a stream.
pub fn find_fetch_failed(error: &DataFusionError) -> Option<&FetchFailed> {
    let mut current: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<FetchFailed>() {
            return Some(found);
        }
        if let Some(DataFusionError::External(inner)) = error.downcast_ref::<DataFusionError>()
            && let Some(found) = inner.downcast_ref::<FetchFailed>()
        {
            return Some(found);
        }
        if let Some(DataFusionError::Shared(inner)) = error.downcast_ref::<DataFusionError>() {
            return find_fetch_failed(inner);
        }
        current = error.source();
    }
    None
}

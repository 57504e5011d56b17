//! `SparkError` through DataFusion and back. Nothing else turns a `DataFusionError` into a `SparkError`.

use arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use kindling_common::{ExceptionClass, SparkError};

/// Boxes a Spark error for the way through DataFusion.
pub fn to_datafusion(error: SparkError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The Spark error that an Arrow error carries or means.
pub fn from_arrow_error(error: ArrowError) -> SparkError {
    from_datafusion(DataFusionError::ArrowError(Box::new(error), None))
}

/// The Spark error that a DataFusion error carries or means.
pub fn from_datafusion(error: DataFusionError) -> SparkError {
    if let Some(found) = find_spark_error(&error) {
        return found;
    }
    match error {
        DataFusionError::Context(_, inner) => from_datafusion(*inner),
        DataFusionError::Diagnostic(_, inner) => from_datafusion(*inner),
        DataFusionError::ResourcesExhausted(message) => out_of_memory(message),
        DataFusionError::NotImplemented(message) => SparkError::unsupported(message),
        DataFusionError::ArrowError(inner, _) => match *inner {
            ArrowError::DivideByZero => SparkError::new(ExceptionClass::Arithmetic, "DIVIDE_BY_ZERO")
                .param("config", "\"spark.sql.ansi.enabled\""),
            ArrowError::MemoryError(message) => out_of_memory(message),
            other => SparkError::internal(other.to_string()),
        },
        DataFusionError::ObjectStore(inner) => {
            let text = inner.to_string();
            if text.contains("not found") {
                SparkError::analysis("PATH_NOT_FOUND").param("path", text)
            } else {
                SparkError::internal(text)
            }
        }
        other => SparkError::internal(other.to_string()),
    }
}

fn out_of_memory(message: String) -> SparkError {
    let mut error = SparkError::new(ExceptionClass::Spark, "UNABLE_TO_ACQUIRE_MEMORY")
        .param("requestedBytes", "more")
        .param("receivedBytes", "0");
    error.message_override = Some(format!("Unable to acquire memory: {message}"));
    error
}

/// Walks the error's sources; DataFusion nests errors in `Context`, `Shared`, `ArrowError` and `External`.
fn find_spark_error(error: &DataFusionError) -> Option<SparkError> {
    let mut current: Option<&(dyn std::error::Error + 'static)> = Some(error);
    for _ in 0..64 {
        let this = current?;
        if let Some(found) = this.downcast_ref::<SparkError>() {
            return Some(found.clone());
        }
        current = match this.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Context(_, inner)) | Some(DataFusionError::Diagnostic(_, inner)) => {
                Some(inner.as_ref())
            }
            Some(DataFusionError::ArrowError(inner, _)) => Some(inner.as_ref()),
            Some(DataFusionError::Collection(errors)) => errors.first().map(|e| e as _),
            _ => match this.downcast_ref::<ArrowError>() {
                Some(ArrowError::ExternalError(inner)) => Some(inner.as_ref()),
                _ => this.source(),
            },
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_spark_error_survives_context_sharing_and_arrow() {
        let error = SparkError::analysis("PATH_NOT_FOUND").param("path", "x");
        let wrapped = ArrowError::ExternalError(Box::new(to_datafusion(error.clone())));
        let shared = DataFusionError::Shared(Arc::new(DataFusionError::ArrowError(Box::new(wrapped), None)));
        assert_eq!(from_datafusion(shared.context("while reading")), error);
    }
}

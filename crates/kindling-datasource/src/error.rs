//! What can go wrong with files, and how it reaches the user as Spark's error.

use std::fmt;

use datafusion::error::DataFusionError;
use kindling_common::{ExceptionClass, SparkError};

/// A result of a file operation.
pub type FsResult<T> = Result<T, FsError>;

/// Why a file operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FsErrorKind {
    /// No such file or folder.
    NotFound,
    /// There already.
    AlreadyExists,
    /// A folder where a file was expected, or the other way round.
    WrongKind,
    /// Not allowed.
    PermissionDenied,
    /// No space left.
    QuotaExceeded,
    /// The file system cannot do this.
    Unsupported,
    /// Anything else.
    Other,
}

/// A failed file operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FsError {
    /// Why.
    pub kind: FsErrorKind,
    /// Which file or folder.
    pub path: String,
    /// Detail in words.
    pub message: String,
}

impl FsError {
    /// An error about `path`.
    pub fn new(kind: FsErrorKind, path: impl fmt::Display, message: impl Into<String>) -> FsError {
        FsError { kind, path: path.to_string(), message: message.into() }
    }

    /// No such file.
    pub fn not_found(path: impl fmt::Display) -> FsError {
        FsError::new(FsErrorKind::NotFound, path, "no such file or directory")
    }

    /// The error of a task that reads a file.
    pub fn into_read_error(self) -> SparkError {
        match self.kind {
            FsErrorKind::NotFound => read_error("FAILED_READ_FILE.FILE_NOT_EXIST", &self.path),
            _ => self.into(),
        }
    }
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for FsError {}

impl From<FsError> for SparkError {
    fn from(error: FsError) -> SparkError {
        match error.kind {
            FsErrorKind::Unsupported => SparkError::unsupported(format!("{} ({})", error.message, error.path)),
            FsErrorKind::NotFound => {
                SparkError::analysis("PATH_NOT_FOUND").param("path", format!("file:{}", error.path))
            }
            FsErrorKind::AlreadyExists => {
                SparkError::analysis("PATH_ALREADY_EXISTS").param("outputPath", format!("file:{}", error.path))
            }
            _ => {
                let mut out = read_error("FAILED_READ_FILE.NO_HINT", &error.path);
                out.message_override =
                    Some(format!("Encountered error while reading file file:{}. {}", error.path, error.message));
                out
            }
        }
    }
}

/// `FAILED_READ_FILE.*` about a file.
pub(crate) fn read_error(condition: &'static str, path: impl fmt::Display) -> SparkError {
    SparkError::new(ExceptionClass::Spark, condition).param("path", format!("file://{path}"))
}

/// A Spark error on its way through DataFusion.
pub(crate) fn external(error: SparkError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The Spark error in a DataFusion error, if there is one.
pub(crate) fn find_spark_error(error: &(dyn std::error::Error + 'static)) -> Option<SparkError> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(spark) = error.downcast_ref::<SparkError>() {
            return Some(spark.clone());
        }
        if let Some(fs) = error.downcast_ref::<FsError>() {
            return Some(fs.clone().into_read_error());
        }
        current = error.source();
    }
    None
}

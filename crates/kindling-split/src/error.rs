//! Why a module could not be split.

use std::{convert::Infallible, fmt};

/// Result of reading or writing a module.
pub type SplitResult<T> = Result<T, SplitError>;

/// Why a module could not be split.
#[derive(Debug)]
pub enum SplitError {
    /// The input is no wasm module.
    Malformed(wasmparser::Error),
    /// A module of a kind that is not split here.
    Unsupported(String),
    /// A file could not be read or written.
    File {
        /// Its path.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
}

impl SplitError {
    /// A module of a kind that is not split here.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "malformed module: {error}"),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::File { path, error } => write!(f, "{path}: {error}"),
        }
    }
}

impl std::error::Error for SplitError {}

impl From<wasmparser::Error> for SplitError {
    fn from(error: wasmparser::Error) -> Self {
        Self::Malformed(error)
    }
}

impl From<wasm_encoder::reencode::Error<Infallible>> for SplitError {
    fn from(error: wasm_encoder::reencode::Error<Infallible>) -> Self {
        match error {
            wasm_encoder::reencode::Error::ParseError(error) => Self::Malformed(error),
            error => Self::Unsupported(error.to_string()),
        }
    }
}

#![doc = include_str!("../README.md")]

mod csv;
mod error;
mod format;
mod fs;
mod glob;
mod input;
mod json;
mod lines;
mod listing;
mod options;
mod parquet;
mod partitioning;
mod path;
mod scan;
mod source;
mod split;
mod table;
mod text;
mod value;
mod write;

pub use error::{FsError, FsErrorKind, FsResult};
#[cfg(not(target_arch = "wasm32"))]
pub use fs::LocalFileSystem;
pub use fs::{FileStatus, FileSystem, FileWriter, InMemoryFileSystem};
pub use options::SourceOptions;
pub use path::FilePath;
pub use scan::{FileScanExec, ScanDescription};
pub use source::{FileFormat, SourceRequest, resolve_source};
pub use split::{FilePartition, FileSplit};
pub use table::{FileTable, as_file_table};
pub use write::{BucketBy, DataWritingExec, TaskCommitMessage, WriteJob, WriteRequest, WriteStats, WrittenFile};

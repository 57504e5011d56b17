//! Writing files: a [`WriteJob`] on the driver, a [`DataWritingExec`] in its tasks (Spark's `FileFormatWriter` and
//! Hadoop's `FileOutputCommitter`).
//!
//! ```text
//! out/_temporary/0/attempt_<uuid>_00003_1/…part-00003-<uuid>-c000.csv    a task writes here
//! out/…part-00003-<uuid>-c000.csv                                        commit moves what tasks reported
//! out/_SUCCESS                                                           and says so
//! ```

mod cells;
mod csv;
mod exec;
mod job;
mod json;
mod parquet;
mod task;
mod text;

pub use exec::DataWritingExec;
pub use job::{BucketBy, WriteJob, WriteRequest, WriteStats};
pub use task::{TaskCommitMessage, WrittenFile};

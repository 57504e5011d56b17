//! A file per page.

mod environment;
mod executors;
mod job;
mod jobs;
mod queries;
mod query;
mod stage;
mod stages;
mod storage;
mod streaming;

pub use environment::Environment;
pub use executors::Executors;
pub use job::Job;
pub use jobs::Jobs;
pub use queries::Queries;
pub use query::Query;
pub use stage::Stage;
pub use stages::Stages;
pub use storage::Storage;
pub use streaming::Streaming;

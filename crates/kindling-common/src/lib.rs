//! What every room shares: errors with Spark's condition and SQLSTATE, the configuration registry, the clock,
//! and the mapping between Spark's types and Arrow's.

mod arrow_types;
mod calendar;
mod clock;
pub mod conf;
mod error;
mod error_conditions;
pub mod input_file;

pub use arrow_types::{from_arrow, from_arrow_schema, to_arrow, to_arrow_field, to_arrow_schema};
pub use calendar::with_known_transitions;
pub use clock::{Clock, ManualClock};
pub use conf::RuntimeConfig;
pub use error::{ExceptionClass, QueryContext, QueryContextKind, SparkError, SparkResult};
pub use error_conditions::{ErrorCondition, find_condition, has_condition_group};

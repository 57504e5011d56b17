#![doc = include_str!("../README.md")]

mod attribute;
mod cache;
pub mod catalog;
pub mod command;
mod decorrelate;
mod functions;
mod inspect;
pub mod logical;
mod logical_size;
mod logical_text;
mod optimizer;
pub mod physical;
mod present;
mod resolver;
mod session;
mod substitution;
mod variable;

pub use attribute::{AnalyzedPlan, Attribute, PlanTag};
pub use cache::{CacheManager, CacheStore};
pub use command::{CommandOutput, CommandRunner, FileWrite, run_command};
pub use inspect::{canonical_text, explain, input_files, same_semantics};
pub use present::{batch_strings, nullable_strings, pretty_strings};
pub use session::{
    QueryRunner, SessionState, analyze, create_physical_plan, create_write_plan, optimize, parse_sql, set_conf,
};
pub use variable::{ScriptScope, SessionVariable};

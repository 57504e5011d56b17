#![doc = include_str!("../README.md")]

mod command;
mod data_type;
mod expr;
mod json;
mod literal;
mod origin;
mod relation;
mod script;

pub use command::*;
pub use data_type::*;
pub use expr::*;
pub use literal::*;
pub use origin::*;
pub use relation::*;
pub use script::*;

/// One thing to run: a query that returns rows, or a command with an effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// A query.
    Relation(Relation),
    /// A command.
    Command(Command),
}

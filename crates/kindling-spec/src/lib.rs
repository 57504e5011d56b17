//! The unresolved plan: what Spark SQL text and Spark Connect messages both lower into.
//!
//! Plain data, no behaviour beyond rendering types. Names are Catalyst's where Catalyst has one: an
//! [`Expr`] here is an unresolved `Expression`, a [`Relation`] an unresolved `LogicalPlan`. Nothing here
//! knows DataFusion, Arrow or protobuf; `kindling-plan` gives it meaning.

mod command;
mod data_type;
mod expr;
mod literal;
mod origin;
mod relation;

pub use command::*;
pub use data_type::*;
pub use expr::*;
pub use literal::*;
pub use origin::*;
pub use relation::*;

/// One thing to run: a query that returns rows, or a command with an effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// A query.
    Relation(Relation),
    /// A command.
    Command(Command),
}

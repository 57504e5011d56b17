//! Physical expressions of Spark's semantics that DataFusion's do not have.

mod lazy_logic;

pub use lazy_logic::{LazyLogicExpr, lazy_logic};

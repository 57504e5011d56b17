#![doc = include_str!("../README.md")]

mod context;
mod entry;
pub mod error;
mod fold;
mod functions;
mod literal;
mod timezone;
mod typed_expr;
pub(crate) mod udf;

pub use context::{CallContext, CallText, FunctionConf, NoText};
pub use entry::{
    AggregateOptions, Arity, FunctionEntry, FunctionKind, GeneratorCall, HigherOrder, LambdaArgument, ResolvedLambda,
    SortKey, WindowOptions, all, lookup,
};
pub use fold::fold;
pub use literal::{null_scalar, scalar_of};
pub use timezone::SessionTimeZone;
pub use typed_expr::TypedExpr;

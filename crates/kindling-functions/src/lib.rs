#![doc = include_str!("../README.md")]

mod aggregate;
mod arithmetic;
mod cast;
mod char_length;
pub mod coercion;
mod context;
mod datetime;
mod entry;
pub mod error;
mod fold;
mod functions;
mod json_text;
mod kernels;
mod literal;
mod mersenne_twister;
mod nullability;
mod schema_text;
pub mod spark_hash;
mod strict_math;
pub mod task;
mod text_value;
mod timezone;
mod typed_expr;
pub(crate) mod udf;
mod variant;
mod xml;
mod xorshift;

pub use cast::{can_cast, can_up_cast, cast, store, to_pretty_string};
pub use char_length::{fit_length, fit_text};
pub use context::{CallContext, CallText, FunctionConf, NoText};
pub use entry::{
    AggregateOptions, Arity, FunctionEntry, FunctionKind, GeneratorCall, HigherOrder, LambdaArgument, LambdaParameters,
    ResolvedLambda, SortKey, WindowOptions, all, lookup,
};
pub use fold::fold;
pub use functions::{get_field, get_item, make_struct, xml_elements, xml_records, xml_schema, zip_arrays};
pub use literal::{null_scalar, scalar_of};
pub use timezone::SessionTimeZone;
pub use typed_expr::TypedExpr;
pub use xorshift::XorShiftRandom;

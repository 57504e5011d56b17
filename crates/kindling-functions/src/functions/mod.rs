//! The functions, one file a tight family; each file has its `ENTRIES`.

mod aggregates;
mod casts;
mod collecting;
mod collection;
mod conditional;
mod datetime;
mod format;
mod frequent_items;
mod generators;
mod json;
mod lambda;
mod math;
mod misc;
mod number_format;
mod operators;
mod regexp;
mod small;
mod string;
mod url;
mod window;

pub use collection::{get_field, get_item, make_struct, zip_arrays};

use crate::{TypedExpr, entry::FunctionEntry};

/// Every family.
pub(crate) fn families() -> Vec<&'static [FunctionEntry]> {
    vec![
        operators::ENTRIES,
        datetime::ENTRIES,
        string::ENTRIES,
        math::ENTRIES,
        misc::ENTRIES,
        collection::ENTRIES,
        regexp::ENTRIES,
        collecting::ENTRIES,
        frequent_items::ENTRIES,
        generators::ENTRIES,
        lambda::ENTRIES,
        json::ENTRIES,
        url::ENTRIES,
        number_format::ENTRIES,
        small::ENTRIES,
        casts::ENTRIES,
        conditional::ENTRIES,
        aggregates::ENTRIES,
        window::ENTRIES,
    ]
}

/// Whether any argument may be null.
pub(crate) fn any_nullable(args: &[TypedExpr]) -> bool {
    args.iter().any(|arg| arg.nullable)
}

/// The arguments of a function with a fixed number of them; the arity has been checked.
pub(crate) fn take<const N: usize>(args: Vec<TypedExpr>) -> kindling_common::SparkResult<[TypedExpr; N]> {
    <[TypedExpr; N]>::try_from(args)
        .map_err(|args| kindling_common::SparkError::internal(format!("{} arguments for {N}", args.len())))
}

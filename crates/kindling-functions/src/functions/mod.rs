//! The functions, one file a tight family; each file has its `ENTRIES`.

mod absent;
mod aggregates;
mod approx_count_distinct;
mod casts;
mod collecting;
mod collection;
mod conditional;
mod crypto;
mod csv;
mod datetime;
mod decimal_format;
mod format;
mod frequent_items;
mod generators;
mod histogram;
mod json;
mod lambda;
mod math;
mod misc;
mod number_format;
mod operators;
mod options;
mod random;
mod regexp;
mod sentences;
mod sketch;
mod small;
mod string;
mod time_bucket;
mod time_window;
mod url;
mod variant;
mod vector;
mod window;
mod xml_records;
mod xml_writer;
mod xpath;

pub use collection::{get_field, get_item, make_struct, zip_arrays};
pub(crate) use options::TimeReader;
pub use xml_records::{xml_records, xml_schema};
pub use xml_writer::xml_elements;

use crate::{TypedExpr, entry::FunctionEntry};

/// Every family.
pub(crate) fn families() -> Vec<&'static [FunctionEntry]> {
    let mut families = vec![
        operators::ENTRIES,
        datetime::ENTRIES,
        string::ENTRIES,
        math::ENTRIES,
        misc::ENTRIES,
        collection::ENTRIES,
        regexp::ENTRIES,
        sentences::ENTRIES,
        collecting::ENTRIES,
        frequent_items::ENTRIES,
        generators::ENTRIES,
        lambda::ENTRIES,
        json::ENTRIES,
        url::ENTRIES,
        variant::ENTRIES,
        number_format::ENTRIES,
        small::ENTRIES,
        casts::ENTRIES,
        conditional::ENTRIES,
        crypto::ENTRIES,
        csv::ENTRIES,
        xml_records::ENTRIES,
        xml_writer::ENTRIES,
        xpath::ENTRIES,
        aggregates::ENTRIES,
        approx_count_distinct::ENTRIES,
        random::ENTRIES,
        vector::ENTRIES,
        absent::ENTRIES,
        histogram::ENTRIES,
        time_bucket::ENTRIES,
        time_window::ENTRIES,
        window::ENTRIES,
    ];
    families.extend(sketch::families());
    families
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

//! Sketches of the Apache DataSketches library, and Spark's own count-min sketch.

mod count_min;
mod hll;
mod items;
mod kll;
mod theta;
mod top_k;
mod tuple;

pub(super) use count_min::JavaRandom;

use arrow::array::{Array, ArrayRef, AsArray};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{non_foldable, unexpected_type},
    entry::FunctionEntry,
};

type Args = Vec<TypedExpr>;

/// Every family of sketches.
pub(super) fn families() -> Vec<&'static [FunctionEntry]> {
    let mut families = vec![
        hll::ENTRIES,
        theta::ENTRIES,
        tuple::DOUBLE_ENTRIES,
        tuple::INTEGER_ENTRIES,
        top_k::ENTRIES,
        count_min::ENTRIES,
    ];
    families.extend(kll::families());
    families
}

/// A function's name as Spark quotes it in messages about its own arguments.
fn quoted(function: &str) -> String {
    format!("`{function}`")
}

/// A constant `INT` argument, `default` where it is absent.
fn constant_int(
    ctx: &CallContext<'_>,
    args: &[TypedExpr],
    index: usize,
    default: i32,
    not_constant: impl Fn() -> SparkError,
) -> SparkResult<i32> {
    let Some(arg) = args.get(index) else { return Ok(default) };
    if !arg.data_type.is_integral() && arg.data_type != DataType::Null {
        return Err(unexpected_type(ctx, index, "\"INT\"", &arg.data_type));
    }
    let arg = cast(ctx, arg.clone(), &DataType::Integer, CastMode::Session)?;
    match crate::fold(&arg)? {
        Some(ScalarValue::Int32(Some(value))) => Ok(value),
        _ => Err(not_constant()),
    }
}

/// A constant `STRING` argument, `default` where it is absent.
fn constant_string(
    ctx: &CallContext<'_>,
    args: &[TypedExpr],
    index: usize,
    name: &str,
    default: &str,
) -> SparkResult<String> {
    let Some(arg) = args.get(index) else { return Ok(default.into()) };
    match crate::fold(arg)? {
        Some(ScalarValue::Utf8(Some(text))) => Ok(text),
        Some(_) => Err(unexpected_type(ctx, index, "\"STRING\"", &arg.data_type)),
        None => Err(non_foldable(ctx, index, name, "\"STRING\"")),
    }
}

/// Checks that an argument holds sketches.
fn expect_binary(ctx: &CallContext<'_>, args: &[TypedExpr], count: usize) -> SparkResult<()> {
    for (index, arg) in args.iter().enumerate().take(count) {
        if !matches!(arg.data_type, DataType::Binary | DataType::Null) {
            return Err(unexpected_type(ctx, index, "\"BINARY\"", &arg.data_type));
        }
    }
    Ok(())
}

/// The keys of a column as sketches of distinct counts take them: numbers by value, strings and bytes by their bytes.
fn for_each_key(column: &ArrayRef, mut key: impl FnMut(usize, Key<'_>)) -> SparkResult<()> {
    use arrow::datatypes::{DataType as T, Float32Type, Float64Type, Int32Type, Int64Type};
    let valid = |row: &usize| column.is_valid(*row);
    match column.data_type() {
        T::Int32 => {
            let values = column.as_primitive::<Int32Type>();
            (0..column.len()).filter(valid).for_each(|row| key(row, Key::Long(values.value(row).into())));
        }
        T::Int64 => {
            let values = column.as_primitive::<Int64Type>();
            (0..column.len()).filter(valid).for_each(|row| key(row, Key::Long(values.value(row))));
        }
        T::Float32 => {
            let values = column.as_primitive::<Float32Type>();
            (0..column.len()).filter(valid).for_each(|row| key(row, Key::Double(values.value(row).into())));
        }
        T::Float64 => {
            let values = column.as_primitive::<Float64Type>();
            (0..column.len()).filter(valid).for_each(|row| key(row, Key::Double(values.value(row))));
        }
        T::Utf8 => {
            let values = column.as_string::<i32>();
            (0..column.len()).filter(valid).for_each(|row| key(row, Key::Bytes(values.value(row).as_bytes())));
        }
        T::Binary => {
            let values = column.as_binary::<i32>();
            (0..column.len()).filter(valid).for_each(|row| key(row, Key::Bytes(values.value(row))));
        }
        T::List(_) => {
            let lists = column.as_list::<i32>();
            for row in (0..column.len()).filter(valid) {
                let items = lists.value(row);
                let mut bytes = vec![];
                match items.data_type() {
                    T::Int32 => {
                        items.as_primitive::<Int32Type>().values().iter().for_each(|v| bytes.extend(v.to_le_bytes()))
                    }
                    _ => items.as_primitive::<Int64Type>().values().iter().for_each(|v| bytes.extend(v.to_le_bytes())),
                }
                key(row, Key::Bytes(&bytes));
            }
        }
        other => return Err(SparkError::internal(format!("a sketch of {other}"))),
    }
    Ok(())
}

/// One key. DataSketches skips empty strings and arrays.
#[derive(Clone, Copy)]
enum Key<'a> {
    Long(i64),
    Double(f64),
    Bytes(&'a [u8]),
}

//! What an array holds: `array_contains`, `array_position`, `array_max`, `array_remove`, `size`.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Int32Array, ListArray, UInt32Array},
    compute::take as gather,
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{Args, element_of, list, range, structs::row_keys, union_nulls};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{Accept, check_orderable, expect, tightest_common_type, unexpected_type},
    error::from_arrow_error,
    functions::{any_nullable, take},
    udf::call,
};

pub(super) fn size(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let n = a.nullable;
    if !matches!(a.data_type, DataType::Array { .. } | DataType::Map { .. } | DataType::Null) {
        return Err(unexpected_type(ctx, 0, "(\"ARRAY\" or \"MAP\")", &a.data_type));
    }
    let a = if a.data_type == DataType::Null { expect(ctx, a, 0, Accept::Array)? } else { a };
    // Without ANSI the size of null is -1 (`spark.sql.legacy.sizeOfNull`).
    let legacy = !ctx.ansi && name == "size";
    Ok(call(ctx, name).key(legacy.to_string()).arrays(vec![a], DataType::Integer, n && !legacy, move |arrays, rows| {
        let array = &arrays[0];
        let offsets = match array.as_list_opt::<i32>() {
            Some(list) => list.offsets().clone(),
            None => array.as_map().offsets().clone(),
        };
        let length = |row: usize| {
            if array.is_null(row) { legacy.then_some(-1) } else { Some(offsets[row + 1] - offsets[row]) }
        };
        Ok(Arc::new((0..rows).map(length).collect::<Int32Array>()))
    }))
}

/// The array and a value cast to a common element type; what follows keeps its own type.
pub(super) fn with_element(
    ctx: &CallContext<'_>,
    name: &str,
    array: TypedExpr,
    value: TypedExpr,
) -> SparkResult<(TypedExpr, TypedExpr)> {
    let array = expect(ctx, array, 0, Accept::Array)?;
    let (element, contains_null) = element_of(&array.data_type);
    let common = tightest_common_type(&element, &value.data_type, ctx.ansi).ok_or_else(|| {
        SparkError::analysis("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", format!("`{name}`"))
            .param("dataType", "\"ARRAY\"")
            .param("leftType", format!("\"{}\"", array.data_type.sql()))
            .param("rightType", format!("\"{}\"", value.data_type.sql()))
    })?;
    let array_type = DataType::Array { element: Box::new(common.clone()), contains_null };
    Ok((cast(ctx, array, &array_type, CastMode::Session)?, cast(ctx, value, &common, CastMode::Session)?))
}

pub(super) fn null_value(ctx: &CallContext<'_>, name: &str, value: &TypedExpr) -> SparkResult<()> {
    if value.data_type == DataType::Null {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.NULL_TYPE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", format!("`{name}`")));
    }
    Ok(())
}

pub(super) fn array_contains(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [array, value] = take(args)?;
    null_value(ctx, "array_contains", &value)?;
    let (array, value) = with_element(ctx, "array_contains", array, value)?;
    let (element, contains_null) = element_of(&array.data_type);
    check_orderable(ctx, "array_contains", &element)?;
    let n = array.nullable || value.nullable || contains_null;
    Ok(call(ctx, "array_contains").arrays(vec![array, value], DataType::Boolean, n, |arrays, rows| {
        let list = arrays[0].as_list::<i32>();
        let keys = row_keys(&[list.values(), &arrays[1]])?;
        let contains = |row: usize| {
            if list.is_null(row) || arrays[1].is_null(row) {
                return None;
            }
            let wanted = keys[1].row(row);
            let (start, end) = range(list, row);
            if (start..end).any(|i| keys[0].row(i) == wanted) {
                return Some(true);
            }
            // A null element may have been the value.
            (!(start..end).any(|i| list.values().is_null(i))).then_some(false)
        };
        Ok(Arc::new((0..rows).map(contains).collect::<arrow::array::BooleanArray>()))
    }))
}

pub(super) fn array_position(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [array, value] = take(args)?;
    null_value(ctx, "array_position", &value)?;
    let (array, value) = with_element(ctx, "array_position", array, value)?;
    check_orderable(ctx, "array_position", &element_of(&array.data_type).0)?;
    let n = array.nullable || value.nullable;
    Ok(call(ctx, "array_position").arrays(vec![array, value], DataType::Long, n, |arrays, rows| {
        let list = arrays[0].as_list::<i32>();
        let keys = row_keys(&[list.values(), &arrays[1]])?;
        let find = |row: usize| {
            if list.is_null(row) || arrays[1].is_null(row) {
                return None;
            }
            let (start, end) = range(list, row);
            let wanted = keys[1].row(row);
            Some((start..end).position(|i| keys[0].row(i) == wanted).map_or(0, |i| i as i64 + 1))
        };
        Ok(Arc::new((0..rows).map(find).collect::<arrow::array::Int64Array>()))
    }))
}

/// A function that picks elements of its first argument by index.
pub(super) fn pick(
    ctx: &CallContext<'_>,
    name: &'static str,
    args: Args,
    data_type: DataType,
    f: impl Fn(&ListArray, usize, &[ArrayRef], &mut Vec<u32>) -> SparkResult<()> + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    let n = any_nullable(&args);
    let t = data_type.clone();
    let key = ctx.ansi.to_string();
    Ok(call(ctx, name).key(key).arrays(args, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let nulls = union_nulls(arrays);
        let (mut indices, mut lengths) = (vec![], Vec::with_capacity(rows));
        for row in 0..rows {
            let before = indices.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                f(source, row, arrays, &mut indices)?;
            }
            lengths.push(indices.len() - before);
        }
        let values = gather(source.values(), &UInt32Array::from(indices), None).map_err(from_arrow_error)?;
        list(&t, values, lengths, nulls)
    }))
}

pub(super) fn array_remove(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [array, value] = take(args)?;
    null_value(ctx, "array_remove", &value)?;
    let (array, value) = with_element(ctx, "array_remove", array, value)?;
    check_orderable(ctx, "array_remove", &element_of(&array.data_type).0)?;
    let t = array.data_type.clone();
    pick(ctx, "array_remove", vec![array, value], t, |list, row, arrays, out| {
        let (start, end) = range(list, row);
        let keys = row_keys(&[&list.values().slice(start, end - start), &arrays[1].slice(row, 1)])?;
        let wanted = keys[1].row(0);
        out.extend((start..end).filter(|i| keys[0].row(i - start) != wanted).map(|i| i as u32));
        Ok(())
    })
}

pub(super) fn extreme(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    let [array] = take(args)?;
    let array = expect(ctx, array, 0, Accept::Array)?;
    let (element, _) = element_of(&array.data_type);
    check_orderable(ctx, name, &element)?;
    let max = name == "array_max";
    Ok(call(ctx, name).arrays(vec![array], element, true, move |arrays, rows| {
        let list = arrays[0].as_list::<i32>();
        let values = list.values();
        let compare = arrow::array::make_comparator(values, values, arrow::compute::SortOptions::default())
            .map_err(from_arrow_error)?;
        let find = |row: usize| {
            if list.is_null(row) {
                return None;
            }
            let (start, end) = range(list, row);
            let candidates = (start..end).filter(|i| values.is_valid(*i));
            let best = if max {
                candidates.reduce(|a, b| if compare(b, a).is_gt() { b } else { a })
            } else {
                candidates.reduce(|a, b| if compare(b, a).is_lt() { b } else { a })
            };
            best.map(|i| i as u32)
        };
        let indices: UInt32Array = (0..rows).map(find).collect();
        gather(values, &indices, None).map_err(from_arrow_error)
    }))
}

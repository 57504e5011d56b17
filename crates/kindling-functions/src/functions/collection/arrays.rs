//! Arrays from arrays: slices, orders, repetition, insertion, concatenation.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, UInt32Array, new_empty_array},
    buffer::NullBuffer,
    compute::take as gather,
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType};

use super::{
    Args, element_of, list, range,
    search::{pick, with_element},
    union_nulls,
};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{
        Accept, cast_all_to_common, check_orderable, common_type, diff_types, expect, non_foldable, unexpected_type,
    },
    error::from_arrow_error,
    functions::{any_nullable, take},
    kernels::{I32, View},
    udf::{call, relabel},
};

pub(super) fn array(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let types: Vec<DataType> = args.iter().map(|arg| arg.data_type.clone()).collect();
    let element = common_type(&types, ctx.ansi).ok_or_else(|| diff_types(ctx, "array", &types))?;
    let contains_null = any_nullable(&args);
    let data_type = DataType::Array { element: Box::new(element), contains_null };
    let args = cast_all_to_common(ctx, "array", args)?;
    let t = data_type.clone();
    Ok(call(ctx, "array").arrays(args, data_type, false, move |arrays, rows| {
        if arrays.is_empty() {
            let (element, _) = element_of(&t);
            return list(&t, new_empty_array(&to_arrow(&element)), vec![0; rows], None);
        }
        let indices: Vec<(usize, usize)> =
            (0..rows).flat_map(|row| (0..arrays.len()).map(move |column| (column, row))).collect();
        let sources: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        let values = arrow::compute::interleave(&sources, &indices).map_err(from_arrow_error)?;
        list(&t, values, vec![arrays.len(); rows], None)
    }))
}

pub(super) fn slice(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [array, start, length] = take(args)?;
    let array = expect(ctx, array, 0, Accept::Array)?;
    let start = expect(ctx, start, 1, Accept::Type(DataType::Integer))?;
    let length = expect(ctx, length, 2, Accept::Type(DataType::Integer))?;
    let t = array.data_type.clone();
    pick(ctx, "slice", vec![array, start, length], t, |list, row, arrays, out| {
        let int = |i: usize| arrays[i].as_primitive::<arrow::datatypes::Int32Type>().value(row);
        let (first, length) = (int(1), int(2));
        let error = |condition, name: &str, value: i32| {
            SparkError::runtime(condition)
                .param("functionName", "`slice`")
                .param("parameter", format!("`{name}`"))
                .param("length", value.to_string())
        };
        if first == 0 {
            return Err(error("INVALID_PARAMETER_VALUE.START", "start", 0));
        }
        if length < 0 {
            return Err(error("INVALID_PARAMETER_VALUE.LENGTH", "length", length));
        }
        let (begin, end) = range(list, row);
        let from = if first > 0 { begin as i64 + i64::from(first) - 1 } else { end as i64 + i64::from(first) };
        if from < begin as i64 || from >= end as i64 {
            return Ok(());
        }
        let to = (from + i64::from(length)).min(end as i64);
        out.extend((from..to).map(|i| i as u32));
        Ok(())
    })
}

pub(super) fn sort_array(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let ascending = match args.get(1) {
        None => true,
        Some(flag) => match crate::fold(flag)? {
            Some(datafusion::common::ScalarValue::Boolean(Some(flag))) => flag,
            Some(value) if value.is_null() => {
                let array = expect(ctx, args[0].clone(), 0, Accept::Array)?;
                return TypedExpr::null(array.data_type);
            }
            None if flag.data_type == DataType::Boolean => {
                return Err(non_foldable(ctx, 1, "ascendingOrder", "\"BOOLEAN\""));
            }
            _ => return Err(unexpected_type(ctx, 1, "\"BOOLEAN\"", &flag.data_type)),
        },
    };
    let array = expect(ctx, args[0].clone(), 0, Accept::Array)?;
    let (element, _) = element_of(&array.data_type);
    check_orderable(ctx, "sort_array", &element)?;
    let t = array.data_type.clone();
    let name = if ascending { "sort_array" } else { "sort_array_desc" };
    // Ascending has nulls first, descending last.
    let options = arrow::compute::SortOptions { descending: !ascending, nulls_first: ascending };
    pick(ctx, name, vec![array], t, move |list, row, _, out| sort_range(list, row, options, out))
}

/// Indices of a row's elements in order.
pub(in crate::functions) fn sort_range(
    list: &ListArray,
    row: usize,
    options: arrow::compute::SortOptions,
    out: &mut Vec<u32>,
) -> SparkResult<()> {
    let (start, end) = range(list, row);
    let values = list.values();
    let compare = arrow::array::make_comparator(values, values, options).map_err(from_arrow_error)?;
    let from = out.len();
    out.extend((start..end).map(|i| i as u32));
    out[from..].sort_by(|a, b| compare(*a as usize, *b as usize));
    Ok(())
}

pub(super) fn array_repeat(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [value, count] = take(args)?;
    let count = expect(ctx, count, 1, Accept::Type(DataType::Integer))?;
    let data_type = DataType::Array { element: Box::new(value.data_type.clone()), contains_null: value.nullable };
    let (t, n) = (data_type.clone(), count.nullable);
    Ok(call(ctx, "array_repeat").arrays(vec![value, count], data_type, n, move |arrays, rows| {
        let counts = arrays[1].as_primitive::<arrow::datatypes::Int32Type>();
        let length = |row: usize| if counts.is_null(row) { 0 } else { counts.value(row).max(0) as usize };
        let indices: UInt32Array =
            (0..rows).flat_map(|row| std::iter::repeat_n(row as u32, length(row))).collect::<Vec<u32>>().into();
        let values = gather(&arrays[0], &indices, None).map_err(from_arrow_error)?;
        list(&t, values, (0..rows).map(length), arrays[1].nulls().cloned())
    }))
}

/// Builds each row's list from `(source, index)` pairs over several value arrays.
fn assemble(
    data_type: &DataType,
    sources: &[&ArrayRef],
    rows: usize,
    nulls: Option<NullBuffer>,
    mut row: impl FnMut(usize, &mut Vec<(usize, usize)>) -> SparkResult<()>,
) -> SparkResult<ArrayRef> {
    let (mut picked, mut lengths) = (vec![], Vec::with_capacity(rows));
    for i in 0..rows {
        let before = picked.len();
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(i)) {
            row(i, &mut picked)?;
        }
        lengths.push(picked.len() - before);
    }
    let (element, _) = element_of(data_type);
    let element = to_arrow(&element);
    let sources: Vec<ArrayRef> = sources.iter().map(|s| relabel(s, &element)).collect::<SparkResult<_>>()?;
    let sources: Vec<&dyn Array> = sources.iter().map(AsRef::as_ref).collect();
    let values = arrow::compute::interleave(&sources, &picked).map_err(from_arrow_error)?;
    list(data_type, values, lengths, nulls)
}

fn nullable_elements(t: &DataType, nullable: bool) -> DataType {
    let (element, contains_null) = element_of(t);
    DataType::Array { element: Box::new(element), contains_null: contains_null || nullable }
}

pub(super) fn insert(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    let [array, value] = take(args)?;
    let (array, value) = with_element(ctx, name, array, value)?;
    let t = nullable_elements(&array.data_type, true);
    let (n, to, first) = (array.nullable, t.clone(), name == "array_prepend");
    Ok(call(ctx, name).arrays(vec![array, value], t, n, move |arrays, rows| {
        let list = arrays[0].as_list::<i32>();
        assemble(&to, &[list.values(), &arrays[1]], rows, list.nulls().cloned(), |row, out| {
            let (start, end) = range(list, row);
            if first {
                out.push((1, row));
            }
            out.extend((start..end).map(|i| (0, i)));
            if !first {
                out.push((1, row));
            }
            Ok(())
        })
    }))
}

pub(super) fn array_insert(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [array, position, value] = take(args)?;
    let position = expect(ctx, position, 1, Accept::Type(DataType::Integer))?;
    let (array, value) = with_element(ctx, "array_insert", array, value)?;
    let t = nullable_elements(&array.data_type, true);
    let (n, to) = (array.nullable || position.nullable, t.clone());
    Ok(call(ctx, "array_insert").arrays(vec![array, position, value], t, n, move |arrays, rows| {
        let list = arrays[0].as_list::<i32>();
        let null = arrow::array::new_null_array(list.values().data_type(), 1);
        let nulls = union_nulls(&arrays[..2]);
        assemble(&to, &[list.values(), &arrays[2], &null], rows, nulls, |row, out| {
            let (start, end) = range(list, row);
            let (n, p) = ((end - start) as i64, i64::from(View::<I32>::at(&arrays[1], row)?));
            if p == 0 {
                return Err(SparkError::runtime("INVALID_INDEX_OF_ZERO"));
            }
            let elements = (start..end).map(|i| (0, i));
            if p > 0 {
                let at = (p - 1).min(n) as usize;
                out.extend(elements.clone().take(at));
                out.extend(std::iter::repeat_n((2, 0), (p - 1 - n).max(0) as usize));
                out.push((1, row));
                out.extend(elements.skip(at));
            } else {
                // Minus one appends.
                let at = n + p + 1;
                if at >= 0 {
                    out.extend(elements.clone().take(at as usize));
                    out.push((1, row));
                    out.extend(elements.skip(at as usize));
                } else {
                    out.push((1, row));
                    out.extend(std::iter::repeat_n((2, 0), (-at) as usize));
                    out.extend(elements);
                }
            }
            Ok(())
        })
    }))
}

pub(in crate::functions) fn concat_arrays(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let args = cast_all_to_common(ctx, "concat", args)?;
    let data_type = args[0].data_type.clone();
    let (n, t) = (any_nullable(&args), data_type.clone());
    Ok(call(ctx, "concat").key("array").arrays(args, data_type, n, move |arrays, rows| {
        let lists: Vec<&ListArray> = arrays.iter().map(|array| array.as_list::<i32>()).collect();
        let values: Vec<&ArrayRef> = lists.iter().map(|list| list.values()).collect();
        assemble(&t, &values, rows, union_nulls(arrays), |row, out| {
            for (source, list) in lists.iter().enumerate() {
                let (start, end) = range(list, row);
                out.extend((start..end).map(|i| (source, i)));
            }
            Ok(())
        })
    }))
}

pub(super) fn array_join(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let n = any_nullable(&args);
    let replace = args.len() == 3;
    let mut out = vec![];
    for (i, arg) in args.into_iter().enumerate() {
        out.push(match i {
            0 => {
                let arg = expect(ctx, arg, 0, Accept::Array)?;
                cast(ctx, arg, &DataType::array(DataType::String), CastMode::Session)?
            }
            _ => expect(ctx, arg, i, Accept::Type(DataType::String))?,
        });
    }
    Ok(call(ctx, "array_join").arrays(out, DataType::String, n, move |arrays, rows| {
        let (list, nulls) = (arrays[0].as_list::<i32>(), union_nulls(arrays));
        let text = |row: usize| {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                return None;
            }
            let values = list.value(row);
            let null = replace.then(|| arrays[2].as_string::<i32>().value(row));
            let parts: Vec<&str> = values.as_string::<i32>().iter().filter_map(|v| v.or(null)).collect();
            Some(parts.join(arrays[1].as_string::<i32>().value(row)))
        };
        Ok(Arc::new((0..rows).map(text).collect::<arrow::array::StringArray>()))
    }))
}

pub(super) fn flatten(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [array] = take(args)?;
    let (inner, contains_null) = element_of(&array.data_type);
    let DataType::Array { .. } = inner else {
        return Err(unexpected_type(ctx, 0, "\"ARRAY\" of \"ARRAY\"", &array.data_type));
    };
    let (t, n) = (inner.clone(), array.nullable || contains_null);
    Ok(call(ctx, "flatten").arrays(vec![array], inner, n, move |arrays, rows| {
        let outer = arrays[0].as_list::<i32>();
        let inner = outer.values().as_list::<i32>();
        let valid = |row: usize| {
            let (start, end) = range(outer, row);
            outer.is_valid(row) && (start..end).all(|i| inner.is_valid(i))
        };
        let nulls = NullBuffer::from((0..rows).map(valid).collect::<Vec<bool>>());
        assemble(&t, &[inner.values()], rows, Some(nulls), |row, out| {
            let (start, end) = range(outer, row);
            for i in start..end {
                let (from, to) = range(inner, i);
                out.extend((from..to).map(|i| (0, i)));
            }
            Ok(())
        })
    }))
}

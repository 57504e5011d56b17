//! Arrays, maps and structs.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Int32Array, ListArray, MapArray, StructArray, UInt32Array, new_empty_array},
    buffer::{NullBuffer, OffsetBuffer},
    compute::take as gather,
    datatypes::DataType as ArrowType,
    row::{RowConverter, SortField},
};
use kindling_common::{ExceptionClass, SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType, StructField, StructType};

use super::{any_nullable, take};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{
        Accept, canonical_array, cast_all_to_common, check_orderable, common_type, diff_types, expect, non_foldable,
        tightest_common_type, unexpected_type, wider_type_for_set_operation,
    },
    entry::{FunctionEntry, MANY, scalar},
    error::from_arrow_error,
    kernels::{Bin, I32, Str, View},
    udf::{call, relabel},
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("array", 0, MANY, array),
    scalar("struct", 0, MANY, |ctx, args| {
        let names: Vec<String> = (1..=args.len()).map(|i| format!("col{i}")).collect();
        Ok(make_struct(ctx, names, args))
    }),
    scalar("named_struct", 0, MANY, named_struct),
    scalar("map", 0, MANY, map),
    scalar("size", 1, 1, |ctx, args| size(ctx, args, "size")),
    scalar("cardinality", 1, 1, |ctx, args| size(ctx, args, "size")),
    scalar("array_size", 1, 1, |ctx, args| {
        let [array] = take(args)?;
        size(ctx, vec![expect(ctx, array, 0, Accept::Array)?], "array_size")
    }),
    scalar("element_at", 2, 2, |ctx, args| element_at(ctx, args, ctx.ansi)),
    scalar("try_element_at", 2, 2, |ctx, args| element_at(ctx, args, false)),
    scalar("get", 2, 2, |ctx, args| {
        let [array, index] = take(args)?;
        get_item(ctx, array, index, false)
    }),
    scalar("array_contains", 2, 2, array_contains),
    scalar("array_position", 2, 2, array_position),
    scalar("array_distinct", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Array)?;
        let t = a.data_type.clone();
        set_operation(ctx, "array_distinct", vec![a], t, |rows, out| {
            let mut seen = std::collections::HashSet::new();
            out.extend(rows[0].iter().filter(|(key, _)| seen.insert(*key)).map(|(_, i)| (0, *i)));
        })
    }),
    scalar("array_union", 2, 2, |ctx, args| {
        sets(ctx, args, "array_union", |rows, out| {
            let mut seen = std::collections::HashSet::new();
            for (side, rows) in rows.iter().enumerate() {
                out.extend(rows.iter().filter(|(key, _)| seen.insert(*key)).map(|(_, i)| (side, *i)));
            }
        })
    }),
    scalar("array_intersect", 2, 2, |ctx, args| {
        sets(ctx, args, "array_intersect", |rows, out| {
            let right: std::collections::HashSet<&[u8]> = rows[1].iter().map(|(key, _)| *key).collect();
            let mut seen = std::collections::HashSet::new();
            out.extend(
                rows[0].iter().filter(|(key, _)| right.contains(key) && seen.insert(*key)).map(|(_, i)| (0, *i)),
            );
        })
    }),
    scalar("array_except", 2, 2, |ctx, args| {
        sets(ctx, args, "array_except", |rows, out| {
            let mut seen: std::collections::HashSet<&[u8]> = rows[1].iter().map(|(key, _)| *key).collect();
            out.extend(rows[0].iter().filter(|(key, _)| seen.insert(*key)).map(|(_, i)| (0, *i)));
        })
    }),
    scalar("arrays_overlap", 2, 2, arrays_overlap),
    scalar("array_compact", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Array)?;
        let t = match &a.data_type {
            DataType::Array { element, .. } => DataType::Array { element: element.clone(), contains_null: false },
            other => other.clone(),
        };
        if let DataType::Array { element, .. } = &t
            && **element == DataType::Null
        {
            // Of nulls alone nothing is left.
            let (n, to) = (a.nullable, t.clone());
            return Ok(call(ctx, "array_compact").key("void").arrays(vec![a], t, n, move |arrays, rows| {
                let nulls = arrays[0].logical_nulls();
                let none = arrow::array::new_empty_array(&arrow::datatypes::DataType::Null);
                list(&to, none, vec![0; rows], nulls)
            }));
        }
        pick(ctx, "array_compact", vec![a], t, |list, row, _, out| {
            let values = list.values();
            let (start, end) = range(list, row);
            out.extend((start..end).filter(|i| values.is_valid(*i)).map(|i| i as u32));
            Ok(())
        })
    }),
    scalar("array_remove", 2, 2, array_remove),
    scalar("reverse", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        if a.data_type == DataType::Binary {
            let n = a.nullable;
            let reversed = |bytes: &[u8]| Ok(Some(bytes.iter().rev().copied().collect::<Vec<u8>>()));
            return Ok(call(ctx, "reverse").key("binary").map1::<Bin, Vec<u8>>(vec![a], DataType::Binary, n, reversed));
        }
        if !matches!(a.data_type, DataType::Array { .. }) {
            let a = expect(ctx, a, 0, Accept::Type(DataType::String))?;
            let n = a.nullable;
            return Ok(call(ctx, "reverse")
                .map1::<Str, String>(vec![a], DataType::String, n, |s| Ok(Some(s.chars().rev().collect()))));
        }
        let t = a.data_type.clone();
        pick(ctx, "reverse", vec![a], t, |list, row, _, out| {
            let (start, end) = range(list, row);
            out.extend((start..end).rev().map(|i| i as u32));
            Ok(())
        })
    }),
    scalar("slice", 3, 3, slice),
    scalar("sort_array", 1, 2, sort_array),
    scalar("array_min", 1, 1, |ctx, args| extreme(ctx, args, "array_min")),
    scalar("array_max", 1, 1, |ctx, args| extreme(ctx, args, "array_max")),
    scalar("array_repeat", 2, 2, array_repeat),
    scalar("array_append", 2, 2, |ctx, args| insert(ctx, args, "array_append")),
    scalar("array_prepend", 2, 2, |ctx, args| insert(ctx, args, "array_prepend")),
    scalar("array_insert", 3, 3, array_insert),
    scalar("array_join", 2, 3, array_join),
    scalar("arrays_zip", 0, MANY, arrays_zip),
    scalar("flatten", 1, 1, flatten),
    scalar("sequence", 2, 3, sequence),
    scalar("split", 2, 3, super::regexp::split),
    scalar("map_keys", 1, 1, |ctx, args| map_part(ctx, args, "map_keys")),
    scalar("map_values", 1, 1, |ctx, args| map_part(ctx, args, "map_values")),
    scalar("map_entries", 1, 1, |ctx, args| map_part(ctx, args, "map_entries")),
    scalar("map_contains_key", 2, 2, map_contains_key),
    scalar("map_from_arrays", 2, 2, map_from_arrays),
    scalar("map_from_entries", 1, 1, map_from_entries),
    scalar("map_concat", 0, MANY, map_concat),
    scalar("str_to_map", 1, 3, str_to_map),
];

fn element_of(t: &DataType) -> (DataType, bool) {
    match t {
        DataType::Array { element, contains_null } => ((**element).clone(), *contains_null),
        _ => (DataType::Null, true),
    }
}

fn range(list: &ListArray, row: usize) -> (usize, usize) {
    (list.offsets()[row] as usize, list.offsets()[row + 1] as usize)
}

/// A list array of a Spark array type from values and lengths.
pub(super) fn list(
    data_type: &DataType,
    values: ArrayRef,
    lengths: impl IntoIterator<Item = usize>,
    nulls: Option<NullBuffer>,
) -> SparkResult<ArrayRef> {
    let ArrowType::List(field) = to_arrow(data_type) else { return Err(SparkError::internal("not a list type")) };
    let values = relabel(&values, field.data_type())?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(field, offsets, values, nulls).map_err(from_arrow_error)?))
}

/// Nulls of a row where any of the arrays is null.
pub(super) fn union_nulls(arrays: &[ArrayRef]) -> Option<NullBuffer> {
    arrays.iter().fold(None, |nulls, array| NullBuffer::union(nulls.as_ref(), array.logical_nulls().as_ref()))
}

fn array(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

/// A struct of named fields. The resolver uses this for `struct(a, b)`, whose names come from the columns.
pub fn make_struct(ctx: &CallContext<'_>, names: Vec<String>, args: Vec<TypedExpr>) -> TypedExpr {
    let fields: Vec<StructField> = names
        .iter()
        .zip(&args)
        .map(|(name, arg)| StructField::new(name.clone(), arg.data_type.clone(), arg.nullable))
        .collect();
    let data_type = DataType::Struct(StructType { fields });
    let arrow_type = to_arrow(&data_type);
    let key = names.join(",");
    call(ctx, "named_struct").key(key).arrays(args, data_type, false, move |arrays, rows| {
        let ArrowType::Struct(fields) = &arrow_type else { return Err(SparkError::internal("not a struct type")) };
        if fields.is_empty() {
            return Ok(Arc::new(StructArray::new_empty_fields(rows, None)) as ArrayRef);
        }
        let columns: SparkResult<Vec<ArrayRef>> =
            arrays.iter().zip(fields).map(|(array, field)| relabel(array, field.data_type())).collect();
        Ok(Arc::new(StructArray::try_new(fields.clone(), columns?, None).map_err(from_arrow_error)?))
    })
}

fn named_struct(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let (mut names, mut values) = (vec![], vec![]);
    for (i, arg) in args.into_iter().enumerate() {
        if i % 2 == 1 {
            values.push(arg);
            continue;
        }
        match crate::fold(&arg)? {
            Some(datafusion::common::ScalarValue::Utf8(Some(name))) => names.push(name),
            _ => {
                return Err(SparkError::analysis("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING")
                    .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                    .param("inputExprs", format!("[\"{}\"]", ctx.text.argument(i))));
            }
        }
    }
    if names.len() != values.len() {
        return Err(SparkError::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", "`named_struct`")
            .param("expectedNum", "2n (n > 0)")
            .param("actualNum", (names.len() + values.len()).to_string())
            .param("docroot", "https://spark.apache.org/docs/4.2.0"));
    }
    Ok(make_struct(ctx, names, values))
}

/// A struct's field (`GetStructField`).
pub fn get_field(ctx: &CallContext<'_>, base: TypedExpr, index: usize) -> SparkResult<TypedExpr> {
    let DataType::Struct(fields) = &base.data_type else { return Err(SparkError::internal("a field of no struct")) };
    let field = fields.fields.get(index).cloned().ok_or_else(|| SparkError::internal("no such field"))?;
    let nullable = base.nullable || field.nullable;
    Ok(call(ctx, "get_struct_field").key(index.to_string()).arrays(
        vec![base],
        field.data_type,
        nullable,
        move |arrays, _| {
            let array = arrays[0].as_struct();
            let column = array.column(index);
            let nulls = NullBuffer::union(array.nulls(), column.nulls());
            if array.nulls().is_none() || *column.data_type() == ArrowType::Null {
                return Ok(Arc::clone(column));
            }
            let data = column.to_data().into_builder().nulls(nulls).build().map_err(from_arrow_error)?;
            Ok(arrow::array::make_array(data))
        },
    ))
}

/// `array[index]` (zero-based) and `map[key]` (`GetArrayItem`, `GetMapValue`).
pub fn get_item(ctx: &CallContext<'_>, base: TypedExpr, index: TypedExpr, fail: bool) -> SparkResult<TypedExpr> {
    match base.data_type.clone() {
        DataType::Array { element, .. } => {
            if !index.data_type.is_integral() && index.data_type != DataType::Null {
                return Err(unexpected_type(ctx, 1, "\"INTEGRAL\"", &index.data_type));
            }
            let index = cast(ctx, index, &DataType::Integer, CastMode::Session)?;
            let c = call(ctx, "get_array_item").key(fail.to_string());
            Ok(c.arrays(vec![base, index], *element, true, move |arrays, rows| {
                let (list, index) = (arrays[0].as_list::<i32>(), &arrays[1]);
                let index = index.as_primitive::<arrow::datatypes::Int32Type>();
                let pick = |row: usize| -> SparkResult<Option<u32>> {
                    if list.is_null(row) || index.is_null(row) {
                        return Ok(None);
                    }
                    let (start, end) = range(list, row);
                    let (i, n) = (index.value(row), (end - start) as i32);
                    if (0..n).contains(&i) {
                        return Ok(Some((start + i as usize) as u32));
                    }
                    if fail { Err(bad_index(i, n)) } else { Ok(None) }
                };
                let indices: UInt32Array = (0..rows).map(pick).collect::<SparkResult<_>>()?;
                gather(list.values(), &indices, None).map_err(from_arrow_error)
            }))
        }
        DataType::Map { key, value, .. } => {
            let index = cast(ctx, index, &key, CastMode::Session)?;
            Ok(call(ctx, "get_map_value")
                .arrays(vec![base, index], *value, true, |arrays, rows| map_lookup(&arrays[0], &arrays[1], rows)))
        }
        other => Err(unexpected_type(ctx, 0, "(\"ARRAY\" or \"MAP\")", &other)),
    }
}

fn bad_index(index: i32, size: i32) -> SparkError {
    SparkError::new(ExceptionClass::ArrayIndexOutOfBounds, "INVALID_ARRAY_INDEX")
        .param("indexValue", index.to_string())
        .param("arraySize", size.to_string())
}

/// Bytes that are equal where Spark's values are: floats are normalised by the caller where it matters.
fn row_keys(arrays: &[&ArrayRef]) -> SparkResult<Vec<arrow::row::Rows>> {
    let Some(first) = arrays.first() else { return Ok(vec![]) };
    let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())]).map_err(from_arrow_error)?;
    arrays
        .iter()
        .map(|array| {
            let array = canonical_array(&relabel(array, first.data_type())?)?;
            converter.convert_columns(&[array]).map_err(from_arrow_error)
        })
        .collect()
}

fn map_lookup(map: &ArrayRef, key: &ArrayRef, rows: usize) -> SparkResult<ArrayRef> {
    let map = map.as_map();
    let keys = row_keys(&[map.keys(), key])?;
    let find = |row: usize| {
        if map.is_null(row) || key.is_null(row) {
            return None;
        }
        let wanted = keys[1].row(row);
        let (start, end) = (map.offsets()[row] as usize, map.offsets()[row + 1] as usize);
        (start..end).find(|i| keys[0].row(*i) == wanted).map(|i| i as u32)
    };
    let indices: UInt32Array = (0..rows).map(find).collect();
    gather(map.values(), &indices, None).map_err(from_arrow_error)
}

fn element_at(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
    let [base, index] = take(args)?;
    let DataType::Array { element, .. } = base.data_type.clone() else {
        return get_item(ctx, base, index, false);
    };
    let index = expect(ctx, index, 1, Accept::Type(DataType::Integer))?;
    Ok(call(ctx, "element_at").key(fail.to_string()).arrays(vec![base, index], *element, true, move |arrays, rows| {
        let list = arrays[0].as_list::<i32>();
        let index = arrays[1].as_primitive::<arrow::datatypes::Int32Type>();
        let pick = |row: usize| -> SparkResult<Option<u32>> {
            if list.is_null(row) || index.is_null(row) {
                return Ok(None);
            }
            let (start, end) = range(list, row);
            let (i, n) = (index.value(row), (end - start) as i32);
            if i == 0 {
                return Err(SparkError::runtime("INVALID_INDEX_OF_ZERO"));
            }
            if i.abs() > n {
                if !fail {
                    return Ok(None);
                }
                return Err(SparkError::new(
                    ExceptionClass::ArrayIndexOutOfBounds,
                    "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
                )
                .param("indexValue", i.to_string())
                .param("arraySize", n.to_string()));
            }
            Ok(Some((if i > 0 { start as i32 + i - 1 } else { end as i32 + i }) as u32))
        };
        let indices: UInt32Array = (0..rows).map(pick).collect::<SparkResult<_>>()?;
        gather(list.values(), &indices, None).map_err(from_arrow_error)
    }))
}

fn size(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
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
fn with_element(
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

fn null_value(ctx: &CallContext<'_>, name: &str, value: &TypedExpr) -> SparkResult<()> {
    if value.data_type == DataType::Null {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.NULL_TYPE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", format!("`{name}`")));
    }
    Ok(())
}

fn array_contains(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn array_position(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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
fn pick(
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

fn array_remove(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn slice(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn sort_array(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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
pub(super) fn sort_range(
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

fn extreme(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
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

type Keyed<'a> = Vec<Vec<(&'a [u8], usize)>>;

fn sets(
    ctx: &CallContext<'_>,
    args: Args,
    name: &'static str,
    f: impl Fn(&Keyed<'_>, &mut Vec<(usize, usize)>) + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    let types: Vec<DataType> = args.iter().map(|arg| arg.data_type.clone()).collect();
    let mismatch = || {
        SparkError::analysis("DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", format!("`{name}`"))
            .param("arrayType", "\"ARRAY\"")
            .param("leftType", format!("\"{}\"", types[0].sql()))
            .param("rightType", format!("\"{}\"", types[1].sql()))
    };
    if !types.iter().all(|t| matches!(t, DataType::Array { .. } | DataType::Null)) {
        return Err(mismatch());
    }
    let common = common_type(&types, ctx.ansi).ok_or_else(mismatch)?;
    let args: SparkResult<Args> = args.into_iter().map(|arg| cast(ctx, arg, &common, CastMode::Session)).collect();
    set_operation(ctx, name, args?, common, f)
}

fn set_operation(
    ctx: &CallContext<'_>,
    name: &'static str,
    args: Args,
    data_type: DataType,
    f: impl Fn(&Keyed<'_>, &mut Vec<(usize, usize)>) + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    let n = any_nullable(&args);
    let t = data_type.clone();
    Ok(call(ctx, name).arrays(args, data_type, n, move |arrays, rows| {
        let lists: Vec<&ListArray> = arrays.iter().map(|array| array.as_list::<i32>()).collect();
        let values: Vec<&ArrayRef> = lists.iter().map(|list| list.values()).collect();
        let keys = row_keys(&values)?;
        let nulls = union_nulls(arrays);
        let (mut picked, mut lengths) = (vec![], vec![]);
        for row in 0..rows {
            let before = picked.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                let keyed: Keyed<'_> = lists
                    .iter()
                    .zip(&keys)
                    .map(|(list, keys)| {
                        let (start, end) = range(list, row);
                        (start..end).map(|i| (keys.row(i).data(), i)).collect()
                    })
                    .collect();
                f(&keyed, &mut picked);
            }
            lengths.push(picked.len() - before);
        }
        let sources: Vec<&dyn Array> = values.iter().map(|array| array.as_ref()).collect();
        let values = arrow::compute::interleave(&sources, &picked).map_err(from_arrow_error)?;
        list(&t, values, lengths, nulls)
    }))
}

fn arrays_overlap(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let args = cast_all_to_common(ctx, "arrays_overlap", args)?;
    let n = args.iter().any(|arg| arg.nullable || element_of(&arg.data_type).1);
    Ok(call(ctx, "arrays_overlap").arrays(args, DataType::Boolean, n, |arrays, rows| {
        let lists: Vec<&ListArray> = arrays.iter().map(|array| array.as_list::<i32>()).collect();
        let keys = row_keys(&[lists[0].values(), lists[1].values()])?;
        let overlap = |row: usize| {
            if lists.iter().any(|list| list.is_null(row)) {
                return None;
            }
            let side = |i: usize| {
                let list = lists[i];
                let (start, end) = range(list, row);
                (start..end).map(move |e| (e, list.values().is_valid(e)))
            };
            let left: std::collections::HashSet<&[u8]> =
                side(0).filter(|(_, valid)| *valid).map(|(e, _)| keys[0].row(e).data()).collect();
            if side(1).any(|(e, valid)| valid && left.contains(keys[1].row(e).data())) {
                return Some(true);
            }
            let null = |i: usize| side(i).any(|(_, valid)| !valid);
            let empty = |i: usize| side(i).next().is_none();
            if !empty(0) && !empty(1) && (null(0) || null(1)) { None } else { Some(false) }
        };
        Ok(Arc::new((0..rows).map(overlap).collect::<arrow::array::BooleanArray>()))
    }))
}

fn array_repeat(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn insert(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
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

fn array_insert(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn concat_arrays(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn array_join(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

/// `arrays_zip` with fields named `0`, `1`, …; the resolver renames them where the arguments have names.
fn arrays_zip(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let names = (0..args.len()).map(|i| i.to_string()).collect();
    zip_arrays(ctx, names, args)
}

/// Arrays zipped into structs with the given field names; shorter ones are filled with nulls.
pub fn zip_arrays(ctx: &CallContext<'_>, names: Vec<String>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let args: SparkResult<Args> =
        args.into_iter().enumerate().map(|(i, arg)| expect(ctx, arg, i, Accept::Array)).collect();
    let args = args?;
    let fields: Vec<StructField> = names
        .iter()
        .zip(&args)
        .map(|(name, arg)| StructField::new(name.clone(), element_of(&arg.data_type).0, true))
        .collect();
    let element = DataType::Struct(StructType { fields });
    let data_type = DataType::Array { element: Box::new(element.clone()), contains_null: false };
    let (n, t) = (any_nullable(&args), data_type.clone());
    let key = names.join(",");
    Ok(call(ctx, "arrays_zip").key(key).arrays(args, data_type, n, move |arrays, rows| {
        let lists: Vec<&ListArray> = arrays.iter().map(|array| array.as_list::<i32>()).collect();
        let nulls = union_nulls(arrays);
        let length = |row: usize| {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                return 0;
            }
            lists.iter().map(|list| list.value_length(row) as usize).max().unwrap_or(0)
        };
        let lengths: Vec<usize> = (0..rows).map(length).collect();
        let ArrowType::Struct(fields) = to_arrow(&element) else { return Err(SparkError::internal("not a struct")) };
        let mut columns = vec![];
        for (list, field) in lists.iter().zip(&fields) {
            let mut indices: Vec<Option<u32>> = vec![];
            for (row, length) in lengths.iter().enumerate() {
                let (start, end) = range(list, row);
                indices.extend((0..*length).map(|i| (start + i < end).then_some((start + i) as u32)));
            }
            let column = gather(list.values(), &UInt32Array::from(indices), None).map_err(from_arrow_error)?;
            columns.push(relabel(&column, field.data_type())?);
        }
        let total = lengths.iter().sum();
        let values: ArrayRef = if fields.is_empty() {
            Arc::new(StructArray::new_empty_fields(total, None))
        } else {
            Arc::new(StructArray::try_new(fields, columns, None).map_err(from_arrow_error)?)
        };
        list(&t, values, lengths, nulls)
    }))
}

fn flatten(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

/// `sequence(start, stop[, step])` over integers, dates and timestamps.
fn sequence(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    use crate::{
        datetime::{MICROS_PER_DAY, timestamp_add_days, timestamp_add_months},
        kernels::Side,
    };
    use arrow::datatypes::{Int32Type, Int64Type};
    let types: Vec<DataType> = args.iter().take(2).map(|arg| arg.data_type.clone()).collect();
    let common = common_type(&types, ctx.ansi).ok_or_else(|| diff_types(ctx, "sequence", &types))?;
    let n = any_nullable(&args);
    let element = common.clone();
    let data_type = DataType::Array { element: Box::new(element.clone()), contains_null: false };
    let t = data_type.clone();
    let bounds_error = |start: i64, stop: i64, step: i64| {
        // Spark has no condition for this one.
        let text = format!("requirement failed: Illegal sequence boundaries: {start} to {stop} by {step}");
        SparkError {
            message_override: Some(text),
            ..SparkError::new(ExceptionClass::IllegalArgument, "INTERNAL_ERROR")
        }
    };
    let mut args = args.into_iter();
    let (Some(start), Some(stop)) = (args.next(), args.next()) else { return Err(SparkError::internal("no bounds")) };
    let step = args.next();
    if element.is_integral() {
        let mut out = vec![];
        for arg in [Some(start), Some(stop), step].into_iter().flatten() {
            let arg = cast(ctx, arg, &element, CastMode::Session)?;
            out.push(cast(ctx, arg, &DataType::Long, CastMode::Session)?);
        }
        let narrow = element.clone();
        return Ok(call(ctx, "sequence").key(element.simple_string()).arrays(
            out,
            data_type,
            n,
            move |arrays, rows| {
                let (mut values, mut lengths) = (vec![], vec![]);
                let nulls = union_nulls(arrays);
                for row in 0..rows {
                    let before = values.len();
                    if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                        let long = |i: usize| arrays[i].as_primitive::<Int64Type>().value(row);
                        let (start, stop) = (long(0), long(1));
                        let step = if arrays.len() > 2 {
                            long(2)
                        } else if start <= stop {
                            1
                        } else {
                            -1
                        };
                        if step == 0 && start != stop || step > 0 && start > stop || step < 0 && start < stop {
                            return Err(bounds_error(start, stop, step));
                        }
                        let mut next = start;
                        while if step >= 0 { next <= stop } else { next >= stop } {
                            values.push(next);
                            if values.len() - before > 50_000_000 {
                                return Err(SparkError::unsupported("a sequence of more than 50 million elements"));
                            }
                            match next.checked_add(step) {
                                Some(sum) if step != 0 => next = sum,
                                _ => break,
                            }
                        }
                    }
                    lengths.push(values.len() - before);
                }
                let values: ArrayRef = Arc::new(arrow::array::Int64Array::from(values));
                let options = crate::cast::CastOptions {
                    failure: crate::coercion::Failure::Legacy,
                    zone: crate::SessionTimeZone::utc(),
                    now: 0,
                };
                let values = crate::cast::cast_array(&values, &DataType::Long, &narrow, &options)?;
                list(&t, values, lengths, nulls)
            },
        ));
    }
    // Dates and timestamps step by an interval: months and microseconds.
    let zone = if common == DataType::Timestamp { *ctx.time_zone() } else { crate::SessionTimeZone::utc() };
    let is_date = common == DataType::Date;
    if !is_date && !matches!(common, DataType::Timestamp | DataType::TimestampNtz) {
        return Err(unexpected_type(ctx, 0, "(\"INTEGRAL\" or \"DATE\" or \"TIMESTAMP\")", &common));
    }
    let step = match step {
        Some(step) => step,
        None => TypedExpr::literal(&kindling_spec::Literal::CalendarInterval { months: 0, days: 1, microseconds: 0 })?,
    };
    let step_type = step.data_type.clone();
    let start = cast(ctx, start, &common, CastMode::Session)?;
    let stop = cast(ctx, stop, &common, CastMode::Session)?;
    let key = format!("{} {} {zone}", element.simple_string(), step_type.simple_string());
    Ok(call(ctx, "sequence").key(key).arrays(vec![start, stop, step], data_type, n, move |arrays, rows| {
        let micros = |array: &ArrayRef, row: usize| -> SparkResult<i64> {
            let value = datafusion::logical_expr::ColumnarValue::Array(Arc::clone(array));
            Ok(if is_date {
                i64::from(Side::<Int32Type>::new(&value)?.get(row).unwrap_or(0)) * MICROS_PER_DAY
            } else {
                Side::<Int64Type>::new(&value)?.get(row).unwrap_or(0)
            })
        };
        let nulls = union_nulls(arrays);
        let (mut values, mut lengths) = (vec![], vec![]);
        for row in 0..rows {
            let before = values.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                let (start, stop) = (micros(&arrays[0], row)?, micros(&arrays[1], row)?);
                let one = datafusion::logical_expr::ColumnarValue::Array(arrays[2].slice(row, 1));
                let (months, days, rest) = match &step_type {
                    DataType::YearMonthInterval { .. } => (Side::<Int32Type>::new(&one)?.get(0).unwrap_or(0), 0, 0),
                    DataType::DayTimeInterval { .. } => {
                        let m = Side::<Int64Type>::new(&one)?.get(0).unwrap_or(0);
                        (0, (m / MICROS_PER_DAY) as i32, m % MICROS_PER_DAY)
                    }
                    _ => {
                        let v = View::<crate::kernels::Cal>::new(&one)?.get(0).unwrap_or_default();
                        (v.months, v.days, v.nanoseconds / 1000)
                    }
                };
                let forward = (i64::from(months) * 31 + i64::from(days)) * MICROS_PER_DAY + rest;
                if forward == 0 && start != stop || forward > 0 && start > stop || forward < 0 && start < stop {
                    return Err(bounds_error(start, stop, forward));
                }
                // Each element is counted from the start, so that month ends do not drift.
                for i in 0_i32.. {
                    let next = timestamp_add_months(start, months.wrapping_mul(i), &zone)
                        .and_then(|ts| timestamp_add_days(ts, days.wrapping_mul(i), &zone))
                        .and_then(|ts| ts.checked_add(rest.checked_mul(i64::from(i))?));
                    match next {
                        Some(next) if if forward >= 0 { next <= stop } else { next >= stop } => values.push(next),
                        _ => break,
                    }
                    if forward == 0 {
                        break;
                    }
                }
            }
            lengths.push(values.len() - before);
        }
        let values: ArrayRef = if is_date {
            Arc::new(
                values
                    .iter()
                    .map(|m| (m.div_euclid(MICROS_PER_DAY)) as i32)
                    .collect::<Vec<i32>>()
                    .into_iter()
                    .collect::<Int32Array>(),
            )
        } else {
            Arc::new(arrow::array::Int64Array::from(values))
        };
        list(&t, values, lengths, nulls)
    }))
}

/// A map from keys and values, entry by entry, with duplicates by policy.
pub(super) fn build_map(
    data_type: &DataType,
    keys: ArrayRef,
    values: ArrayRef,
    lengths: Vec<usize>,
    nulls: Option<NullBuffer>,
    last_win: bool,
) -> SparkResult<ArrayRef> {
    if keys.null_count() > 0 {
        return Err(SparkError::runtime("NULL_MAP_KEY"));
    }
    let rows = row_keys(&[&keys])?;
    let (mut kept, mut sizes) = (vec![], vec![]);
    let mut start = 0;
    for length in lengths {
        let before = kept.len();
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        for i in start..start + length {
            match seen.get(rows[0].row(i).data()) {
                None => {
                    seen.insert(rows[0].row(i).data(), kept.len());
                    kept.push((i as u32, i as u32));
                }
                Some(at) if last_win => kept[*at].1 = i as u32,
                Some(_) => {
                    let shown = arrow::util::display::array_value_to_string(&keys, i).unwrap_or_default();
                    return Err(SparkError::runtime("DUPLICATED_MAP_KEY")
                        .param("key", shown)
                        .param("mapKeyDedupPolicy", "\"spark.sql.mapKeyDedupPolicy\""));
                }
            }
        }
        start += length;
        sizes.push(kept.len() - before);
    }
    let ArrowType::Map(field, sorted) = to_arrow(data_type) else { return Err(SparkError::internal("not a map type")) };
    let ArrowType::Struct(fields) = field.data_type().clone() else { return Err(SparkError::internal("no entries")) };
    let key_indices: UInt32Array = kept.iter().map(|(k, _)| *k).collect::<Vec<u32>>().into();
    let value_indices: UInt32Array = kept.iter().map(|(_, v)| *v).collect::<Vec<u32>>().into();
    let keys = relabel(&gather(&keys, &key_indices, None).map_err(from_arrow_error)?, fields[0].data_type())?;
    let values = relabel(&gather(&values, &value_indices, None).map_err(from_arrow_error)?, fields[1].data_type())?;
    let entries = StructArray::try_new(fields, vec![keys, values], None).map_err(from_arrow_error)?;
    let offsets = OffsetBuffer::from_lengths(sizes);
    Ok(Arc::new(MapArray::try_new(field, offsets, entries, nulls, sorted).map_err(from_arrow_error)?))
}

fn map(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    if args.len() % 2 == 1 {
        return Err(SparkError::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", "`map`")
            .param("expectedNum", "2n (n > 0)")
            .param("actualNum", args.len().to_string())
            .param("docroot", "https://spark.apache.org/docs/4.2.0"));
    }
    let (mut keys, mut values) = (vec![], vec![]);
    for (i, arg) in args.into_iter().enumerate() {
        if i % 2 == 0 { keys.push(arg) } else { values.push(arg) }
    }
    let common = |args: &Args, condition: &'static str| -> SparkResult<DataType> {
        let types: Vec<DataType> = args.iter().map(|arg| arg.data_type.clone()).collect();
        common_type(&types, ctx.ansi).ok_or_else(|| {
            let types: Vec<String> = types.iter().map(|t| format!("\"{}\"", t.sql())).collect();
            SparkError::analysis(condition)
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("functionName", "`map`")
                .param("dataType", format!("[{}]", types.join(", ")))
        })
    };
    let key = common(&keys, "DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES")?;
    let value = common(&values, "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES")?;
    let data_type = DataType::Map {
        key: Box::new(key.clone()),
        value: Box::new(value.clone()),
        value_contains_null: any_nullable(&values),
    };
    let entries = keys.len();
    let mut args = vec![];
    for arg in keys {
        args.push(cast(ctx, arg, &key, CastMode::Session)?);
    }
    for arg in values {
        args.push(cast(ctx, arg, &value, CastMode::Session)?);
    }
    let (t, last_win) = (data_type.clone(), ctx.conf.map_key_last_win);
    Ok(call(ctx, "map").key(last_win.to_string()).arrays(args, data_type, false, move |arrays, rows| {
        let side = |columns: &[ArrayRef], t: &DataType| -> SparkResult<ArrayRef> {
            if columns.is_empty() {
                return Ok(new_empty_array(&to_arrow(t)));
            }
            let indices: Vec<(usize, usize)> =
                (0..rows).flat_map(|row| (0..columns.len()).map(move |column| (column, row))).collect();
            let sources: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
            arrow::compute::interleave(&sources, &indices).map_err(from_arrow_error)
        };
        let (keys, values) = (side(&arrays[..entries], &key)?, side(&arrays[entries..], &value)?);
        build_map(&t, keys, values, vec![entries; rows], None, last_win)
    }))
}

fn map_part(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    let [map] = take(args)?;
    let map = expect(ctx, map, 0, Accept::Map)?;
    let DataType::Map { key, value, value_contains_null } = map.data_type.clone() else {
        return Err(SparkError::internal("not a map"));
    };
    let data_type = match name {
        "map_keys" => DataType::Array { element: key, contains_null: true },
        "map_values" => DataType::Array { element: value, contains_null: true },
        _ => {
            let fields =
                vec![StructField::new("key", *key, false), StructField::new("value", *value, value_contains_null)];
            DataType::Array { element: Box::new(DataType::Struct(StructType { fields })), contains_null: false }
        }
    };
    let (n, t) = (map.nullable, data_type.clone());
    Ok(call(ctx, name).arrays(vec![map], data_type, n, move |arrays, _| {
        let map = arrays[0].as_map();
        let values: ArrayRef = match name {
            "map_keys" => Arc::clone(map.keys()),
            "map_values" => Arc::clone(map.values()),
            _ => Arc::new(map.entries().clone()),
        };
        let ArrowType::List(field) = to_arrow(&t) else { return Err(SparkError::internal("not a list type")) };
        let values = relabel(&values, field.data_type())?;
        let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
        Ok(Arc::new(ListArray::try_new(field, offsets, values, nulls).map_err(from_arrow_error)?))
    }))
}

fn map_contains_key(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [map, key] = take(args)?;
    null_value(ctx, "map_contains_key", &key)?;
    let mut key = key;
    let mut keys_type = None;
    if let DataType::Map { key: known, .. } = &map.data_type {
        // Decimals are widened, strings are not promoted (`findWiderTypeWithoutStringPromotionForTwo`).
        let strings = [known.as_ref(), &key.data_type].into_iter().filter(|t| t.is_string()).count();
        let wider = if strings == 1 { None } else { wider_type_for_set_operation(known, &key.data_type, ctx.ansi) };
        let Some(wider) = wider else {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("functionName", "`map_contains_key`")
                .param("dataType", "\"MAP\"")
                .param("leftType", format!("\"{}\"", map.data_type.sql()))
                .param("rightType", format!("\"{}\"", key.data_type.sql())));
        };
        key = cast(ctx, key, &wider, CastMode::Session)?;
        keys_type = Some(wider);
    }
    let mut keys = map_part(ctx, vec![map], "map_keys")?;
    if let Some(element) = keys_type {
        let (_, contains_null) = element_of(&keys.data_type);
        let array = DataType::Array { element: Box::new(element), contains_null };
        keys = cast(ctx, keys, &array, CastMode::Session)?;
    }
    array_contains(ctx, vec![keys, key])
}

fn map_from_arrays(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [keys, values] = take(args)?;
    let (keys, values) = (expect(ctx, keys, 0, Accept::Array)?, expect(ctx, values, 1, Accept::Array)?);
    let ((key, _), (value, value_contains_null)) = (element_of(&keys.data_type), element_of(&values.data_type));
    let data_type = DataType::Map { key: Box::new(key), value: Box::new(value), value_contains_null };
    let (n, t, last_win) = (keys.nullable || values.nullable, data_type.clone(), ctx.conf.map_key_last_win);
    Ok(call(ctx, "map_from_arrays").key(last_win.to_string()).arrays(
        vec![keys, values],
        data_type,
        n,
        move |arrays, rows| {
            let (keys, values) = (arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>());
            let nulls = union_nulls(arrays);
            let (mut k, mut v, mut lengths) = (vec![], vec![], vec![]);
            for row in 0..rows {
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    lengths.push(0);
                    continue;
                }
                let ((ks, ke), (vs, ve)) = (range(keys, row), range(values, row));
                if ke - ks != ve - vs {
                    return Err(SparkError::runtime("_LEGACY_ERROR_TEMP_2128"));
                }
                k.extend((ks..ke).map(|i| i as u32));
                v.extend((vs..ve).map(|i| i as u32));
                lengths.push(ke - ks);
            }
            let k = gather(keys.values(), &UInt32Array::from(k), None).map_err(from_arrow_error)?;
            let v = gather(values.values(), &UInt32Array::from(v), None).map_err(from_arrow_error)?;
            build_map(&t, k, v, lengths, nulls, last_win)
        },
    ))
}

fn map_from_entries(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [array] = take(args)?;
    let (DataType::Struct(fields), contains_null) = element_of(&array.data_type) else {
        return Err(unexpected_type(ctx, 0, "\"ARRAY\" of pair \"STRUCT\"", &array.data_type));
    };
    let [key, value] = fields.fields.as_slice() else {
        return Err(unexpected_type(ctx, 0, "\"ARRAY\" of pair \"STRUCT\"", &array.data_type));
    };
    let data_type = DataType::Map {
        key: Box::new(key.data_type.clone()),
        value: Box::new(value.data_type.clone()),
        value_contains_null: value.nullable,
    };
    let (t, last_win) = (data_type.clone(), ctx.conf.map_key_last_win);
    let n = array.nullable || contains_null;
    Ok(call(ctx, "map_from_entries").key(last_win.to_string()).arrays(
        vec![array],
        data_type,
        n,
        move |arrays, rows| {
            let list = arrays[0].as_list::<i32>();
            let entries = list.values().as_struct();
            // A null entry makes the whole map null.
            let valid = |row: usize| {
                let (start, end) = range(list, row);
                list.is_valid(row) && (start..end).all(|i| entries.is_valid(i))
            };
            let valid: Vec<bool> = (0..rows).map(valid).collect();
            let (mut indices, mut lengths) = (vec![], vec![]);
            for (row, valid) in valid.iter().enumerate() {
                let (start, end) = if *valid { range(list, row) } else { (0, 0) };
                indices.extend((start..end).map(|i| i as u32));
                lengths.push(end - start);
            }
            let indices = UInt32Array::from(indices);
            let keys = gather(entries.column(0), &indices, None).map_err(from_arrow_error)?;
            let values = gather(entries.column(1), &indices, None).map_err(from_arrow_error)?;
            build_map(&t, keys, values, lengths, Some(NullBuffer::from(valid)), last_win)
        },
    ))
}

fn map_concat(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    if args.is_empty() {
        return map(ctx, vec![]);
    }
    for arg in &args {
        if !matches!(arg.data_type, DataType::Map { .. } | DataType::Null) {
            let types: Vec<String> = args.iter().map(|arg| format!("\"{}\"", arg.data_type.sql())).collect();
            return Err(SparkError::analysis("DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("functionName", "`map_concat`")
                .param("dataType", format!("[{}]", types.join(", "))));
        }
    }
    let args = cast_all_to_common(ctx, "map_concat", args)?;
    let data_type = args[0].data_type.clone();
    let (n, t, last_win) = (any_nullable(&args), data_type.clone(), ctx.conf.map_key_last_win);
    Ok(call(ctx, "map_concat").key(last_win.to_string()).arrays(args, data_type, n, move |arrays, rows| {
        let maps: Vec<&MapArray> = arrays.iter().map(|array| array.as_map()).collect();
        let nulls = union_nulls(arrays);
        let (mut picked, mut lengths) = (vec![], vec![]);
        for row in 0..rows {
            let before = picked.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                for (source, map) in maps.iter().enumerate() {
                    let (start, end) = (map.offsets()[row] as usize, map.offsets()[row + 1] as usize);
                    picked.extend((start..end).map(|i| (source, i)));
                }
            }
            lengths.push(picked.len() - before);
        }
        let keys: Vec<&dyn Array> = maps.iter().map(|map| map.keys().as_ref()).collect();
        let values: Vec<&dyn Array> = maps.iter().map(|map| map.values().as_ref()).collect();
        let keys = arrow::compute::interleave(&keys, &picked).map_err(from_arrow_error)?;
        let values = arrow::compute::interleave(&values, &picked).map_err(from_arrow_error)?;
        build_map(&t, keys, values, lengths, nulls, last_win)
    }))
}

fn str_to_map(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() < 2 {
        args.push(TypedExpr::string(","));
    }
    if args.len() < 3 {
        args.push(TypedExpr::string(":"));
    }
    let (args, n) = super::string::typed(ctx, args, &[DataType::String, DataType::String, DataType::String])?;
    let data_type = DataType::map(DataType::String, DataType::String);
    let (t, last_win) = (data_type.clone(), ctx.conf.map_key_last_win);
    Ok(call(ctx, "str_to_map").key(last_win.to_string()).arrays(args, data_type, n, move |arrays, rows| {
        let text = |i: usize| arrays[i].as_string::<i32>();
        let nulls = union_nulls(arrays);
        let (mut keys, mut values, mut lengths) = (vec![], vec![], vec![]);
        for row in 0..rows {
            let before = keys.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                let pairs = super::regexp::java_regex(text(1).value(row))?;
                let pair = super::regexp::java_regex(text(2).value(row))?;
                for entry in pairs.split(text(0).value(row)) {
                    let mut halves = pair.splitn(entry, 2);
                    keys.push(halves.next().unwrap_or("").to_string());
                    values.push(halves.next().map(str::to_string));
                }
            }
            lengths.push(keys.len() - before);
        }
        let keys: ArrayRef = Arc::new(arrow::array::StringArray::from(keys));
        let values: ArrayRef = Arc::new(arrow::array::StringArray::from(values));
        build_map(&t, keys, values, lengths, nulls, last_win)
    }))
}

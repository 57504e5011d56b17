//! Structs, fields and items: `struct`, `named_struct`, `x.field`, `x[i]`, `element_at`, `arrays_zip`.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, StructArray, UInt32Array},
    buffer::NullBuffer,
    compute::take as gather,
    datatypes::DataType as ArrowType,
    row::{RowConverter, SortField},
};
use kindling_common::{ExceptionClass, SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType, StructField, StructType};

use super::{Args, element_of, list, range, union_nulls};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{Accept, canonical_array, expect, unexpected_type},
    error::from_arrow_error,
    functions::{any_nullable, take},
    udf::{call, relabel},
};

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

pub(super) fn named_struct(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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
pub(super) fn row_keys(arrays: &[&ArrayRef]) -> SparkResult<Vec<arrow::row::Rows>> {
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

pub(super) fn element_at(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
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

/// `arrays_zip` with fields named `0`, `1`, …; the resolver renames them where the arguments have names.
pub(super) fn arrays_zip(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

//! Maps: `map`, `map_from_arrays`, `map_from_entries`, `map_concat`, `str_to_map` and their parts.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt32Array, new_empty_array},
    buffer::{NullBuffer, OffsetBuffer},
    compute::take as gather,
    datatypes::DataType as ArrowType,
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType, StructField, StructType};

use super::{
    Args, element_of, range,
    search::{array_contains, null_value},
    structs::row_keys,
    union_nulls,
};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{Accept, cast_all_to_common, common_type, expect, unexpected_type, wider_type_for_set_operation},
    error::from_arrow_error,
    functions::{any_nullable, take},
    udf::{call, relabel},
};

/// A map from keys and values, entry by entry, with duplicates by policy.
pub(in crate::functions) fn build_map(
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

pub(super) fn map(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn map_part(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
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

pub(super) fn map_contains_key(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn map_from_arrays(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn map_from_entries(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn map_concat(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn str_to_map(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() < 2 {
        args.push(TypedExpr::string(","));
    }
    if args.len() < 3 {
        args.push(TypedExpr::string(":"));
    }
    let (args, n) =
        crate::functions::string::typed(ctx, args, &[DataType::String, DataType::String, DataType::String])?;
    let data_type = DataType::map(DataType::String, DataType::String);
    let (t, last_win) = (data_type.clone(), ctx.conf.map_key_last_win);
    Ok(call(ctx, "str_to_map").key(last_win.to_string()).arrays(args, data_type, n, move |arrays, rows| {
        let text = |i: usize| arrays[i].as_string::<i32>();
        let nulls = union_nulls(arrays);
        let (mut keys, mut values, mut lengths) = (vec![], vec![], vec![]);
        for row in 0..rows {
            let before = keys.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                let pairs = crate::functions::regexp::java_regex(text(1).value(row))?;
                let pair = crate::functions::regexp::java_regex(text(2).value(row))?;
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

//! Lambdas over maps: `transform_keys`, `transform_values`, `map_filter`, `map_zip_with`.

use std::sync::Arc;

use arrow::array::{Array, AsArray, UInt32Array};
use kindling_common::SparkResult;
use kindling_spec::{CastMode, DataType};

use super::{
    Body,
    arrays::condition,
    flat, identity, lengths, only,
    parameters::{common_key, entry_types},
    pick, split,
};
use crate::{
    CallContext, LambdaArgument, TypedExpr,
    cast::cast,
    coercion::canonical_array,
    error::from_arrow_error,
    functions::collection::{build_map, union_nulls},
    udf::{call, relabel},
};

pub(super) fn map_lambda(
    ctx: &CallContext<'_>,
    args: Vec<LambdaArgument>,
    name: &'static str,
) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let mut lambda = only(lambdas)?;
    let (key, value, value_nullable) = entry_types(ctx, &values[0], 0)?;
    if name == "map_filter" {
        lambda = condition(ctx, lambda)?;
    }
    let result = lambda.body.data_type.clone();
    let data_type = match name {
        "transform_keys" => {
            DataType::Map { key: Box::new(result), value: Box::new(value), value_contains_null: value_nullable }
        }
        "transform_values" => {
            DataType::Map { key: Box::new(key), value: Box::new(result), value_contains_null: lambda.body.nullable }
        }
        _ => values[0].data_type.clone(),
    };
    let (n, t, last_win) = (values[0].nullable, data_type.clone(), ctx.conf.map_key_last_win);
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    let id = format!("{} {last_win}", identity(&body));
    Ok(call(ctx, name).key(id).arrays(values, data_type, n, move |arrays, rows| {
        let map = arrays[0].as_map();
        let flat = flat(map.offsets(), map.nulls(), rows);
        let (keys, values) = (pick(map.keys(), &flat.elements)?, pick(map.values(), &flat.elements)?);
        let mut columns = vec![Arc::clone(&keys), Arc::clone(&values)];
        for array in &arrays[1..] {
            columns.push(pick(array, &flat.rows)?);
        }
        let result = body.run(columns, flat.elements.len())?;
        let sizes = lengths(map.offsets(), map.nulls(), rows);
        let nulls = map.nulls().cloned();
        match name {
            "transform_keys" => build_map(&t, result, values, sizes, nulls, last_win),
            "transform_values" => build_map(&t, keys, result, sizes, nulls, last_win),
            _ => {
                let keep = result.as_boolean();
                let (mut kept, mut sizes) = (vec![], vec![0; rows]);
                for i in 0..keep.len() {
                    if keep.is_valid(i) && keep.value(i) {
                        kept.push(i as u32);
                        sizes[flat.rows.value(i) as usize] += 1;
                    }
                }
                let kept = UInt32Array::from(kept);
                build_map(&t, pick(&keys, &kept)?, pick(&values, &kept)?, sizes, nulls, last_win)
            }
        }
    }))
}

pub(super) fn map_zip_with(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    use arrow::row::{RowConverter, SortField};
    let (mut values, lambdas) = split(args);
    let lambda = only(lambdas)?;
    let (first, ..) = entry_types(ctx, &values[0], 0)?;
    let (second, ..) = entry_types(ctx, &values[1], 1)?;
    let key = common_key(ctx, &first, &second)?;
    for map in &mut values {
        if let DataType::Map { key: from, value, value_contains_null } = &map.data_type
            && **from != key
        {
            let value_contains_null = *value_contains_null;
            let to = DataType::Map { key: Box::new(key.clone()), value: value.clone(), value_contains_null };
            *map = cast(ctx, map.clone(), &to, CastMode::Session)?;
        }
    }
    let data_type = DataType::Map {
        key: Box::new(key),
        value: Box::new(lambda.body.data_type.clone()),
        value_contains_null: lambda.body.nullable,
    };
    let (n, t) = (values[0].nullable || values[1].nullable, data_type.clone());
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "map_zip_with").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let maps = [arrays[0].as_map(), arrays[1].as_map()];
        let nulls = union_nulls(&arrays[..2]);
        let converter =
            RowConverter::new(vec![SortField::new(maps[0].keys().data_type().clone())]).map_err(from_arrow_error)?;
        let keys = [
            converter.convert_columns(&[canonical_array(maps[0].keys())?]).map_err(from_arrow_error)?,
            converter
                .convert_columns(&[canonical_array(&relabel(maps[1].keys(), maps[0].keys().data_type())?)?])
                .map_err(from_arrow_error)?,
        ];
        let (mut at_key, mut left, mut right, mut parents, mut sizes) = (vec![], vec![], vec![], vec![], vec![]);
        for row in 0..rows {
            let before = at_key.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                let range = |i: usize| maps[i].offsets()[row] as usize..maps[i].offsets()[row + 1] as usize;
                for a in range(0) {
                    let b = range(1).find(|b| keys[1].row(*b) == keys[0].row(a));
                    at_key.push((0, a));
                    left.push(Some(a as u32));
                    right.push(b.map(|b| b as u32));
                }
                for b in range(1) {
                    if !range(0).any(|a| keys[0].row(a) == keys[1].row(b)) {
                        at_key.push((1, b));
                        left.push(None);
                        right.push(Some(b as u32));
                    }
                }
            }
            sizes.push(at_key.len() - before);
            parents.extend(std::iter::repeat_n(row as u32, at_key.len() - before));
        }
        let second = relabel(maps[1].keys(), maps[0].keys().data_type())?;
        let keys = arrow::compute::interleave(&[maps[0].keys().as_ref(), second.as_ref()], &at_key)
            .map_err(from_arrow_error)?;
        let parents = UInt32Array::from(parents);
        let mut columns =
            vec![Arc::clone(&keys), pick(maps[0].values(), &left.into())?, pick(maps[1].values(), &right.into())?];
        for array in &arrays[2..] {
            columns.push(pick(array, &parents)?);
        }
        let result = body.run(columns, parents.len())?;
        build_map(&t, keys, result, sizes, nulls, true)
    }))
}

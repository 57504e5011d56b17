//! Arrays as sets: `array_distinct`, `array_union`, `array_intersect`, `array_except`, `arrays_overlap`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{Args, element_of, list, range, structs::row_keys, union_nulls};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{cast_all_to_common, common_type},
    error::from_arrow_error,
    functions::any_nullable,
    udf::call,
};

type Keyed<'a> = Vec<Vec<(&'a [u8], usize)>>;

pub(super) fn sets(
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

pub(super) fn set_operation(
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

pub(super) fn arrays_overlap(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

//! The types of lambdas' parameters.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{Known, Parameters};
use crate::{
    CallContext, LambdaArgument, TypedExpr,
    coercion::{unexpected_type, wider_type},
};

pub(super) fn value(args: Known<'_>, index: usize) -> SparkResult<&TypedExpr> {
    match args.get(index) {
        Some(Some(LambdaArgument::Value(value))) => Ok(value),
        _ => Err(SparkError::internal("a lambda's types are asked for before its arguments")),
    }
}

pub(super) fn element_type(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize) -> SparkResult<(DataType, bool)> {
    match &arg.data_type {
        DataType::Array { element, contains_null } => Ok(((**element).clone(), *contains_null)),
        DataType::Null => Ok((DataType::Null, true)),
        other => Err(unexpected_type(ctx, index, "\"ARRAY\"", other)),
    }
}

pub(super) fn entry_types(
    ctx: &CallContext<'_>,
    arg: &TypedExpr,
    index: usize,
) -> SparkResult<(DataType, DataType, bool)> {
    match &arg.data_type {
        DataType::Map { key, value, value_contains_null } => {
            Ok(((**key).clone(), (**value).clone(), *value_contains_null))
        }
        other => Err(unexpected_type(ctx, index, "\"MAP\"", other)),
    }
}

pub(super) fn element(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    Ok(vec![element_type(ctx, value(args, 0)?, 0)?])
}

pub(super) fn element_and_index(ctx: &CallContext<'_>, args: Known<'_>, _: usize, arity: usize) -> Parameters {
    let mut types = vec![element_type(ctx, value(args, 0)?, 0)?];
    if arity > 1 {
        types.push((DataType::Integer, false));
    }
    Ok(types)
}

pub(super) fn two_elements(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    let one = element_type(ctx, value(args, 0)?, 0)?;
    Ok(vec![one.clone(), one])
}

pub(super) fn both_elements(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    let (a, b) = (element_type(ctx, value(args, 0)?, 0)?, element_type(ctx, value(args, 1)?, 1)?);
    Ok(vec![(a.0, true), (b.0, true)])
}

pub(super) fn key_and_value(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    let (key, value, nullable) = entry_types(ctx, value(args, 0)?, 0)?;
    Ok(vec![(key, false), (value, nullable)])
}

pub(super) fn key_and_both(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    let (first, a, _) = entry_types(ctx, value(args, 0)?, 0)?;
    let (second, b, _) = entry_types(ctx, value(args, 1)?, 1)?;
    Ok(vec![(common_key(ctx, &first, &second)?, false), (a, true), (b, true)])
}

/// The type that the keys of both maps are cast to (Spark's `MapZipWithCoercion`): no string becomes something else.
pub(super) fn common_key(ctx: &CallContext<'_>, first: &DataType, second: &DataType) -> SparkResult<DataType> {
    let common = match first.is_string() == second.is_string() {
        true => wider_type(first, second, ctx.conf.ansi),
        false => None,
    };
    common.ok_or_else(|| {
        SparkError::analysis("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", "`map_zip_with`")
            .param("leftType", format!("\"{}\"", first.sql()))
            .param("rightType", format!("\"{}\"", second.sql()))
    })
}

/// The accumulator has the start's type; `finish` sees it alone.
pub(super) fn accumulator(ctx: &CallContext<'_>, args: Known<'_>, index: usize, _: usize) -> Parameters {
    let zero = value(args, 1)?.data_type.clone();
    if index == 3 {
        return Ok(vec![(zero, true)]);
    }
    Ok(vec![(zero, true), element_type(ctx, value(args, 0)?, 0)?])
}

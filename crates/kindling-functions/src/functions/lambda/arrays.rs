//! Lambdas over arrays: `transform`, `filter`, `exists`, `forall`, `zip_with`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array};
use kindling_common::SparkResult;
use kindling_spec::DataType;

use super::{Body, Flat, flat, identity, lengths, only, pick, split};
use crate::{
    CallContext, LambdaArgument, ResolvedLambda, TypedExpr,
    coercion::{Accept, expect, to_boolean},
    functions::collection::{list, union_nulls},
    udf::call,
};

/// Runs a body over the elements of a list; `captured` are the arrays after the call's own arguments.
fn over_elements(
    body: &Body,
    source: &ListArray,
    captured: &[ArrayRef],
    with_index: bool,
) -> SparkResult<(ArrayRef, Flat)> {
    let flat = flat(source.offsets(), source.nulls(), source.len());
    let mut columns = vec![pick(source.values(), &flat.elements)?];
    if with_index {
        columns.push(Arc::new(flat.indices.clone()));
    }
    for array in captured {
        columns.push(pick(array, &flat.rows)?);
    }
    let result = body.run(columns, flat.elements.len())?;
    Ok((result, flat))
}

pub(super) fn transform(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let lambda = only(lambdas)?;
    let data_type =
        DataType::Array { element: Box::new(lambda.body.data_type.clone()), contains_null: lambda.body.nullable };
    let (n, t, with_index) = (values[0].nullable, data_type.clone(), lambda.parameters.len() > 1);
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "transform").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let (result, _) = over_elements(&body, source, &arrays[1..], with_index)?;
        list(&t, result, lengths(source.offsets(), source.nulls(), rows), source.nulls().cloned())
    }))
}

/// A lambda whose body is cast to a condition.
pub(super) fn condition(ctx: &CallContext<'_>, mut lambda: ResolvedLambda) -> SparkResult<ResolvedLambda> {
    lambda.body = to_boolean(ctx, lambda.body, 1)?;
    Ok(lambda)
}

pub(super) fn filter(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let lambda = condition(ctx, only(lambdas)?)?;
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let (data_type, n, with_index) = (values[0].data_type.clone(), values[0].nullable, lambda.parameters.len() > 1);
    let t = data_type.clone();
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "filter").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let (keep, flat) = over_elements(&body, source, &arrays[1..], with_index)?;
        let keep = keep.as_boolean();
        let (mut elements, mut sizes) = (vec![], vec![0; rows]);
        for i in 0..keep.len() {
            if keep.is_valid(i) && keep.value(i) {
                elements.push(flat.elements.value(i));
                sizes[flat.rows.value(i) as usize] += 1;
            }
        }
        list(&t, pick(source.values(), &elements.into())?, sizes, source.nulls().cloned())
    }))
}

pub(super) fn any_all(ctx: &CallContext<'_>, args: Vec<LambdaArgument>, any: bool) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let lambda = condition(ctx, only(lambdas)?)?;
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let n = values[0].nullable || lambda.body.nullable;
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    let name = if any { "exists" } else { "forall" };
    Ok(call(ctx, name).key(identity(&body)).arrays(values, DataType::Boolean, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let (hits, flat) = over_elements(&body, source, &arrays[1..], false)?;
        let hits = hits.as_boolean();
        // `any` decides on the first true, `all` on the first false; a null leaves it open.
        let mut result: Vec<Option<bool>> = (0..rows).map(|row| source.is_valid(row).then_some(!any)).collect();
        for i in 0..hits.len() {
            let slot = &mut result[flat.rows.value(i) as usize];
            if *slot == Some(any) {
                continue;
            }
            if hits.is_null(i) {
                *slot = None;
            } else if hits.value(i) == any {
                *slot = Some(any);
            }
        }
        Ok(Arc::new(BooleanArray::from(result)))
    }))
}

pub(super) fn zip_with(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let lambda = only(lambdas)?;
    let data_type =
        DataType::Array { element: Box::new(lambda.body.data_type.clone()), contains_null: lambda.body.nullable };
    let (n, t) = (values[0].nullable || values[1].nullable, data_type.clone());
    for (i, value) in values.iter_mut().enumerate() {
        *value = expect(ctx, value.clone(), i, Accept::Array)?;
    }
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "zip_with").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let lists = [arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>()];
        let nulls = union_nulls(&arrays[..2]);
        let (mut left, mut right, mut parents, mut sizes) = (vec![], vec![], vec![], vec![]);
        for row in 0..rows {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                sizes.push(0);
                continue;
            }
            let length = |i: usize| lists[i].value_length(row) as usize;
            let size = length(0).max(length(1));
            let at = |i: usize, e: usize| (e < length(i)).then(|| lists[i].offsets()[row] as u32 + e as u32);
            for e in 0..size {
                left.push(at(0, e));
                right.push(at(1, e));
                parents.push(row as u32);
            }
            sizes.push(size);
        }
        let parents = UInt32Array::from(parents);
        let mut columns = vec![pick(lists[0].values(), &left.into())?, pick(lists[1].values(), &right.into())?];
        for array in &arrays[2..] {
            columns.push(pick(array, &parents)?);
        }
        list(&t, body.run(columns, parents.len())?, sizes, nulls)
    }))
}

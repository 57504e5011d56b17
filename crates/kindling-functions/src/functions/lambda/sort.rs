//! `array_sort` with a comparison.

use arrow::{
    array::{Array, AsArray},
    compute::SortOptions,
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{Body, identity, lengths, parameters::element_type, pick, split};
use crate::{
    CallContext, LambdaArgument, TypedExpr,
    coercion::{Accept, check_orderable, expect},
    functions::collection::{list, sort_range},
    udf::call,
};

/// `array_sort(array[, comparator])`: without one ascending, nulls last.
pub(super) fn array_sort(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let (data_type, n) = (values[0].data_type.clone(), values[0].nullable);
    let t = data_type.clone();
    let Some(mut lambda) = lambdas.into_iter().next() else {
        check_orderable(ctx, "array_sort", &element_type(ctx, &values[0], 0)?.0)?;
        return Ok(call(ctx, "array_sort").arrays(values, data_type, n, move |arrays, rows| {
            let source = arrays[0].as_list::<i32>();
            let mut order = vec![];
            for row in 0..rows {
                if source.is_valid(row) {
                    sort_range(source, row, SortOptions { descending: false, nulls_first: false }, &mut order)?;
                }
            }
            let sizes = lengths(source.offsets(), source.nulls(), rows);
            list(&t, pick(source.values(), &order.into())?, sizes, source.nulls().cloned())
        }));
    };
    lambda.body = expect(ctx, lambda.body, 1, Accept::Type(DataType::Integer))?;
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "array_sort").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let mut order: Vec<u32> = vec![];
        for row in 0..rows {
            if source.is_null(row) {
                continue;
            }
            let range: Vec<u32> = (source.offsets()[row] as u32..source.offsets()[row + 1] as u32).collect();
            order.extend(merge_sort(range, &|a, b| {
                let mut columns = vec![source.values().slice(a as usize, 1), source.values().slice(b as usize, 1)];
                columns.extend(arrays[1..].iter().map(|array| array.slice(row, 1)));
                let result = body.run(columns, 1)?;
                let result = result.as_primitive::<arrow::datatypes::Int32Type>();
                if result.is_null(0) {
                    return Err(SparkError::runtime("COMPARATOR_RETURNS_NULL")
                        .param("firstValue", "?")
                        .param("secondValue", "?"));
                }
                Ok(result.value(0) <= 0)
            })?);
        }
        let sizes = lengths(source.offsets(), source.nulls(), rows);
        list(&t, pick(source.values(), &order.into())?, sizes, source.nulls().cloned())
    }))
}

/// A stable sort whose comparison may fail.
fn merge_sort(items: Vec<u32>, in_order: &dyn Fn(u32, u32) -> SparkResult<bool>) -> SparkResult<Vec<u32>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let mut left = items;
    let right = left.split_off(left.len() / 2);
    let (left, right) = (merge_sort(left, in_order)?, merge_sort(right, in_order)?);
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if in_order(left[i], right[j])? {
            out.push(left[i]);
            i += 1;
        } else {
            out.push(right[j]);
            j += 1;
        }
    }
    out.extend_from_slice(&left[i..]);
    out.extend_from_slice(&right[j..]);
    Ok(out)
}

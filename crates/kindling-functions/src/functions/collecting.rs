//! Aggregates over all values of a group: lists, percentiles, modes, joined strings, bits, sketches of distinct counts.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, UInt32Array},
    compute::{SortColumn, SortOptions, lexsort_to_indices, take as gather},
    datatypes::{Float64Type, Int32Type, Int64Type},
    row::{RowConverter, SortField},
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType};

use super::{collection::list, take};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::buffered,
    cast::cast,
    coercion::{Accept, check_orderable, expect, non_foldable},
    entry::{FunctionEntry, aggregate},
    error::{from_arrow_error, from_datafusion},
    kernels::{I32, I64},
    literal::null_scalar,
    udf::call,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    aggregate("collect_list", 1, 1, |ctx, args, o| collect(ctx, args, o, false)),
    aggregate("array_agg", 1, 1, |ctx, args, o| collect(ctx, args, o, false)),
    aggregate("collect_set", 1, 1, |ctx, args, o| collect(ctx, args, o, true)),
    aggregate("percentile", 2, 3, percentile),
    aggregate("median", 1, 1, |ctx, mut args, o| {
        args.push(TypedExpr::double(0.5));
        percentile(ctx, args, o)
    }),
    aggregate("percentile_cont", 1, 1, |ctx, args, o| within_group(ctx, args, o, "percentile_cont")),
    aggregate("percentile_disc", 1, 1, |ctx, args, o| within_group(ctx, args, o, "percentile_disc")),
    aggregate("percentile_approx", 2, 3, percentile_approx),
    aggregate("approx_percentile", 2, 3, percentile_approx),
    aggregate("mode", 0, 2, mode),
    aggregate("listagg", 1, 2, listagg),
    aggregate("string_agg", 1, 2, listagg),
    aggregate("bit_and", 1, 1, |ctx, args, o| bits(ctx, args, o, "bit_and", |a, b| a & b)),
    aggregate("bit_or", 1, 1, |ctx, args, o| bits(ctx, args, o, "bit_or", |a, b| a | b)),
    aggregate("bit_xor", 1, 1, |ctx, args, o| bits(ctx, args, o, "bit_xor", |a, b| a ^ b)),
];

fn scalar_at(array: &ArrayRef, row: usize) -> SparkResult<ScalarValue> {
    ScalarValue::try_from_array(array, row).map_err(from_datafusion)
}

fn keys(array: &ArrayRef) -> SparkResult<arrow::row::Rows> {
    let converter = RowConverter::new(vec![SortField::new(array.data_type().clone())]).map_err(from_arrow_error)?;
    converter.convert_columns(&[Arc::clone(array)]).map_err(from_arrow_error)
}

fn collect(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions, set: bool) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    let name = if set { "collect_set" } else { "collect_list" };
    let arg = if set { crate::coercion::normalize_for_grouping(ctx, arg) } else { arg };
    let data_type = DataType::Array { element: Box::new(arg.data_type.clone()), contains_null: false };
    let t = data_type.clone();
    let call = buffered(name, String::new(), std::slice::from_ref(&arg), data_type, false, true, move |columns| {
        let mut values = Arc::clone(&columns[0]);
        if set {
            let keys = keys(&values)?;
            let mut seen = std::collections::HashSet::new();
            let indices: Vec<u32> = (0..values.len()).filter(|i| seen.insert(keys.row(*i))).map(|i| i as u32).collect();
            values = gather(&values, &UInt32Array::from(indices), None).map_err(from_arrow_error)?;
        }
        let length = values.len();
        scalar_at(&list(&t, values, [length], None)?, 0)
    });
    Ok(call.call(vec![arg], options))
}

/// The constant percentages: one, or an array.
fn percentages(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize) -> SparkResult<(Vec<f64>, bool)> {
    let many = matches!(arg.data_type, DataType::Array { .. });
    let target = if many {
        DataType::Array { element: Box::new(DataType::Double), contains_null: true }
    } else {
        DataType::Double
    };
    let arg = cast(ctx, arg.clone(), &target, CastMode::Session)?;
    let Some(value) = crate::fold(&arg)? else {
        return Err(non_foldable(ctx, index, "percentage", "\"DOUBLE\""));
    };
    let array = value.to_array().map_err(from_datafusion)?;
    let values = match array.as_list_opt::<i32>() {
        Some(list) => list.value(0),
        None => array,
    };
    let values: Vec<Option<f64>> = values.as_primitive::<Float64Type>().iter().collect();
    let mut out = vec![];
    for value in values {
        match value {
            Some(value) if (0.0..=1.0).contains(&value) => out.push(value),
            Some(value) => {
                return Err(SparkError::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
                    .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                    .param("exprName", "`percentage`")
                    .param("valueRange", "[0.0, 1.0]")
                    .param("currentValue", format!("{}D", crate::cast::double_text(value))));
            }
            None => {
                return Err(SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                    .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                    .param("exprName", "`percentage`"));
            }
        }
    }
    Ok((out, many))
}

/// One value, or an array of them.
fn give(values: Vec<f64>, many: bool, t: &DataType) -> SparkResult<ScalarValue> {
    if !many {
        return Ok(ScalarValue::Float64(values.first().copied()));
    }
    let length = values.len();
    let values: ArrayRef = Arc::new(arrow::array::Float64Array::from(values));
    scalar_at(&list(t, values, [length], None)?, 0)
}

fn result_type(element: DataType, many: bool) -> DataType {
    if many { DataType::Array { element: Box::new(element), contains_null: false } } else { element }
}

/// `percentile(value, percentage[, frequency])`, interpolated; also over intervals.
fn percentile(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let (wanted, many) = percentages(ctx, &args[1], 1)?;
    let (value, element) = measured(ctx, args[0].clone())?;
    let mut inputs = vec![value];
    if let Some(frequency) = args.get(2) {
        let frequency = expect(ctx, frequency.clone(), 2, Accept::Integral)?;
        inputs.push(cast(ctx, frequency, &DataType::Long, CastMode::Session)?);
    }
    let found = interpolated(inputs, options, wanted, many, result_type(DataType::Double, many), Rank::Between);
    as_measured(ctx, found, &element, many)
}

/// What percentiles are taken of, as doubles, with the type that the result has: intervals by their months or microseconds.
fn measured(ctx: &CallContext<'_>, value: TypedExpr) -> SparkResult<(TypedExpr, DataType)> {
    let n = value.nullable;
    Ok(match value.data_type {
        DataType::YearMonthInterval { .. } => {
            let kernel = |months: i32| Ok(Some(f64::from(months)));
            let months = call(ctx, "months").map1::<I32, f64>(vec![value], DataType::Double, n, kernel);
            (months, DataType::YEAR_MONTH)
        }
        DataType::DayTimeInterval { .. } => {
            let kernel = |micros: i64| Ok(Some(micros as f64));
            let micros = call(ctx, "micros").map1::<I64, f64>(vec![value], DataType::Double, n, kernel);
            (micros, DataType::DAY_TIME)
        }
        _ => (expect(ctx, value, 0, Accept::Type(DataType::Double))?, DataType::Double),
    })
}

/// Percentiles of the type that was measured; parts of a unit are cut off.
fn as_measured(ctx: &CallContext<'_>, found: TypedExpr, element: &DataType, many: bool) -> SparkResult<TypedExpr> {
    if *element == DataType::Double {
        return Ok(found);
    }
    let t = result_type(element.clone(), many);
    let to = t.clone();
    Ok(call(ctx, "as_interval").arrays(vec![found], t, true, move |arrays, _| {
        let whole = |doubles: &ArrayRef| -> ArrayRef {
            let doubles = doubles.as_primitive::<Float64Type>();
            if to == DataType::YEAR_MONTH
                || matches!(&to, DataType::Array { element, .. } if **element == DataType::YEAR_MONTH)
            {
                Arc::new(doubles.unary::<_, Int32Type>(|v| v as i32))
            } else {
                Arc::new(doubles.unary::<_, Int64Type>(|v| v as i64))
            }
        };
        match arrays[0].as_list_opt::<i32>() {
            None => Ok(whole(&arrays[0])),
            Some(lists) => {
                let lengths = (0..lists.len()).map(|row| lists.value_length(row) as usize);
                list(&to, whole(lists.values()), lengths, lists.nulls().cloned())
            }
        }
    }))
}

/// Which value a percentage stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// One between the two nearest.
    Between,
    /// One that is there, counted from the least.
    FromLeast,
    /// One that is there, counted from the greatest.
    FromGreatest,
}

fn interpolated(
    inputs: Args,
    options: &AggregateOptions,
    wanted: Vec<f64>,
    many: bool,
    data_type: DataType,
    rank: Rank,
) -> TypedExpr {
    let t = data_type.clone();
    let key = format!("{wanted:?} {rank:?}");
    let call = buffered("percentile", key, &inputs, data_type, true, true, move |columns| {
        let values = columns[0].as_primitive::<Float64Type>();
        let mut pairs: Vec<(f64, i64)> = values
            .iter()
            .enumerate()
            .filter_map(|(row, value)| {
                let count = match columns.get(1) {
                    None => 1,
                    Some(counts) => counts.is_valid(row).then(|| counts.as_primitive::<Int64Type>().value(row))?,
                };
                value.filter(|_| count > 0).map(|value| (value, count))
            })
            .collect();
        if let Some(negative) =
            columns.get(1).and_then(|c| c.as_primitive::<Int64Type>().iter().flatten().find(|c| *c < 0))
        {
            let text = format!("Negative values found in {negative}");
            return Err(SparkError { message_override: Some(text), ..SparkError::runtime("INTERNAL_ERROR") });
        }
        if pairs.is_empty() {
            return null_scalar(&to_arrow(&t));
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut sums = vec![];
        let mut total = 0_i64;
        for (_, count) in &pairs {
            total += count;
            sums.push(total);
        }
        let at = |position: i64| pairs[sums.partition_point(|sum| *sum <= position).min(pairs.len() - 1)].0;
        let percentile = |p: f64| {
            let position = p * (total - 1) as f64;
            let whole = ((p * total as f64).ceil() as i64 - 1).max(0);
            match rank {
                Rank::FromLeast => return at(whole),
                Rank::FromGreatest => return at((total - 1 - whole).max(0)),
                Rank::Between => {}
            }
            let (lower, higher) = (position.floor(), position.ceil());
            let (low, high) = (at(lower as i64), at(higher as i64));
            if lower == higher || low == high { low } else { (higher - position) * low + (position - lower) * high }
        };
        give(wanted.iter().map(|p| percentile(*p)).collect(), many, &t)
    });
    call.call(inputs, options)
}

/// `percentile_cont(p) WITHIN GROUP (ORDER BY v)` and `percentile_disc`.
fn within_group(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
) -> SparkResult<TypedExpr> {
    let [order] = options.order_by.as_slice() else {
        return Err(SparkError::analysis("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING")
            .param("funcName", format!("`{name}`")));
    };
    let (wanted, many) = percentages(ctx, &args[0], 0)?;
    // A descending order looks from the other end.
    let (rank, wanted) = match (name, order.ascending) {
        ("percentile_disc", true) => (Rank::FromLeast, wanted),
        ("percentile_disc", false) => (Rank::FromGreatest, wanted),
        (_, true) => (Rank::Between, wanted),
        (_, false) => (Rank::Between, wanted.iter().map(|p| 1.0 - p).collect()),
    };
    let (value, element) = measured(ctx, order.expr.clone())?;
    let data_type = result_type(DataType::Double, many);
    let found = interpolated(vec![value], options, wanted, many, data_type, rank);
    as_measured(ctx, found, &element, many)
}

/// `percentile_approx(value, percentage[, accuracy])`: the value at the rank, of the argument's own type.
fn percentile_approx(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let (wanted, many) = percentages(ctx, &args[1], 1)?;
    if let Some(accuracy) = args.get(2)
        && crate::fold(accuracy)?.is_none()
    {
        return Err(non_foldable(ctx, 2, "accuracy", "\"INT\""));
    }
    let value = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    let fits = value.data_type.is_numeric()
        || matches!(
            value.data_type,
            DataType::Date
                | DataType::Timestamp
                | DataType::TimestampNtz
                | DataType::YearMonthInterval { .. }
                | DataType::DayTimeInterval { .. }
        );
    let value = if fits { value } else { expect(ctx, value, 0, Accept::Numeric)? };
    let data_type = result_type(value.data_type.clone(), many);
    let t = data_type.clone();
    let key = format!("{wanted:?}");
    let call =
        buffered("percentile_approx", key, std::slice::from_ref(&value), data_type, true, true, move |columns| {
            let n = columns[0].len();
            if n == 0 {
                return null_scalar(&to_arrow(&t));
            }
            let order = arrow::compute::sort_to_indices(&columns[0], None, None).map_err(from_arrow_error)?;
            let ranks = wanted.iter().map(|p| order.value(((p * n as f64).ceil() as usize).max(1) - 1));
            let values = gather(&columns[0], &UInt32Array::from_iter_values(ranks), None).map_err(from_arrow_error)?;
            if !many {
                return scalar_at(&values, 0);
            }
            let length = values.len();
            scalar_at(&list(&t, values, [length], None)?, 0)
        });
    Ok(call.call(vec![value], options))
}

/// The most frequent value; of equals the first seen, or the least (or greatest) where an order is asked for.
fn mode(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let (arg, order) = match (args.first(), options.order_by.first()) {
        (Some(arg), _) => {
            let deterministic = match args.get(1) {
                Some(flag) => crate::fold(flag)? == Some(ScalarValue::Boolean(Some(true))),
                None => false,
            };
            (arg.clone(), deterministic.then_some(true))
        }
        (None, Some(key)) => (key.expr.clone(), Some(key.ascending)),
        (None, None) => {
            return Err(SparkError::analysis("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING")
                .param("funcName", "`mode`"));
        }
    };
    if order.is_some() {
        check_orderable(ctx, "mode", &arg.data_type)?;
    }
    let arg = crate::coercion::normalize_for_grouping(ctx, arg);
    let data_type = arg.data_type.clone();
    let t = data_type.clone();
    let key = format!("{order:?}");
    let call = buffered("mode", key, std::slice::from_ref(&arg), data_type, true, true, move |columns| {
        let keys = keys(&columns[0])?;
        let mut counts: HashMap<_, (usize, usize)> = HashMap::new();
        for row in 0..columns[0].len() {
            counts.entry(keys.row(row)).or_insert((0, row)).0 += 1;
        }
        let best = counts.into_iter().max_by(|(k1, (n1, r1)), (k2, (n2, r2))| {
            n1.cmp(n2).then_with(|| match order {
                Some(true) => k2.cmp(k1),
                Some(false) => k1.cmp(k2),
                None => r2.cmp(r1),
            })
        });
        match best {
            Some((_, (_, row))) => scalar_at(&columns[0], row),
            None => null_scalar(&to_arrow(&t)),
        }
    });
    Ok(call.call(vec![arg], options))
}

/// `listagg(value[, delimiter]) [WITHIN GROUP (ORDER BY …)]`
fn listagg(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let binary = args[0].data_type == DataType::Binary;
    let t = if binary { DataType::Binary } else { DataType::String };
    let delimiter = match args.get(1) {
        None => Some(vec![]),
        Some(arg) => {
            let arg = expect(ctx, arg.clone(), 1, Accept::StringOrBinary)?;
            match crate::fold(&arg)? {
                Some(ScalarValue::Utf8(text)) => Some(text.unwrap_or_default().into_bytes()),
                Some(ScalarValue::Binary(bytes)) => Some(bytes.unwrap_or_default()),
                _ => return Err(non_foldable(ctx, 1, "delimiter", "\"STRING\"")),
            }
        }
    };
    let delimiter = delimiter.unwrap_or_default();
    let mut inputs = vec![expect(ctx, args[0].clone(), 0, Accept::Type(t.clone()))?];
    let sorts: Vec<SortOptions> = options
        .order_by
        .iter()
        .map(|key| SortOptions { descending: !key.ascending, nulls_first: key.nulls_first })
        .collect();
    // With DISTINCT the only order there can be is by the value itself.
    let by_value = options.distinct && !sorts.is_empty();
    if !by_value {
        inputs.extend(options.order_by.iter().map(|key| key.expr.clone()));
    }
    let key = format!("{delimiter:?} {sorts:?} {by_value}");
    let call = buffered("listagg", key, &inputs, t, true, true, move |columns| {
        let values = if sorts.is_empty() {
            Arc::clone(&columns[0])
        } else {
            let keys = if by_value { &columns[..1] } else { &columns[1..] };
            let columns_by: Vec<SortColumn> = keys
                .iter()
                .zip(&sorts)
                .map(|(values, options)| SortColumn { values: Arc::clone(values), options: Some(*options) })
                .collect();
            let order = lexsort_to_indices(&columns_by, None).map_err(from_arrow_error)?;
            gather(&columns[0], &order, None).map_err(from_arrow_error)?
        };
        if values.is_empty() {
            return Ok(if binary { ScalarValue::Binary(None) } else { ScalarValue::Utf8(None) });
        }
        if binary {
            let parts: Vec<&[u8]> = values.as_binary::<i32>().iter().flatten().collect();
            return Ok(ScalarValue::Binary(Some(parts.join(delimiter.as_slice()))));
        }
        let parts: Vec<&str> = values.as_string::<i32>().iter().flatten().collect();
        Ok(ScalarValue::Utf8(Some(parts.join(&String::from_utf8_lossy(&delimiter)))))
    });
    Ok(call.call(inputs, options))
}

fn bits(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
    op: fn(i64, i64) -> i64,
) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    let arg = expect(ctx, arg, 0, Accept::Integral)?;
    let t = arg.data_type.clone();
    let arg = cast(ctx, arg, &DataType::Long, CastMode::Session)?;
    let call = buffered(name, String::new(), std::slice::from_ref(&arg), DataType::Long, true, true, move |columns| {
        let values = columns[0].as_primitive::<Int64Type>();
        Ok(ScalarValue::Int64(values.iter().flatten().reduce(op)))
    });
    cast(ctx, call.call(vec![arg], options), &t, CastMode::Legacy)
}

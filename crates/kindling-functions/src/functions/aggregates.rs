//! `count`, `sum`, `avg`, extremes, moments, and what keeps one row.

use std::sync::Arc;

use datafusion::{
    common::ScalarValue,
    functions_aggregate::{
        count::count_udaf,
        min_max::{max_udaf, min_udaf},
    },
    logical_expr::{Case, Expr},
};
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::take;
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{DoublesFn, RowFold, aggregate_expr, decimal_avg, doubles, numeric_sum, row_fold},
    arithmetic::divide_half_up,
    cast::cast,
    coercion::{
        Accept, Failure, bounded, check_orderable, expect, normalize_for_grouping, to_boolean, unexpected_type,
    },
    entry::{FunctionEntry, MANY, aggregate},
    kernels::{Dec, I32, I64},
    udf::call,
};

type Args = Vec<TypedExpr>;

macro_rules! moments {
    ($name:literal, $function:expr) => {
        aggregate($name, 1, 1, |ctx, args, o| over_doubles(ctx, args, o, $function))
    };
}

macro_rules! pairs {
    ($name:literal, $function:expr) => {
        aggregate($name, 2, 2, |ctx, args, o| over_doubles(ctx, args, o, $function))
    };
}

pub(super) static ENTRIES: &[FunctionEntry] = &[
    aggregate("count", 0, MANY, count),
    aggregate("count_if", 1, 1, |ctx, args, o| {
        let [a] = take(args)?;
        let a = to_boolean(ctx, a, 0)?;
        let one = Expr::Literal(ScalarValue::Int64(Some(1)), None);
        let case = Expr::Case(Case::new(None, vec![(Box::new(a.expr), Box::new(one))], None));
        count(ctx, vec![TypedExpr::new(case, DataType::Long, true)], o)
    }),
    aggregate("sum", 1, 1, |ctx, args, o| sum(ctx, args, o, false)),
    aggregate("try_sum", 1, 1, |ctx, args, o| sum(ctx, args, o, true)),
    aggregate("avg", 1, 1, |ctx, args, o| avg(ctx, args, o, false)),
    aggregate("mean", 1, 1, |ctx, args, o| avg(ctx, args, o, false)),
    aggregate("try_avg", 1, 1, |ctx, args, o| avg(ctx, args, o, true)),
    aggregate("min", 1, 1, |ctx, args, o| extreme(ctx, args, o, false)),
    aggregate("max", 1, 1, |ctx, args, o| extreme(ctx, args, o, true)),
    aggregate("any", 1, 1, |ctx, args, o| boolean(ctx, args, o, true)),
    aggregate("some", 1, 1, |ctx, args, o| boolean(ctx, args, o, true)),
    aggregate("bool_or", 1, 1, |ctx, args, o| boolean(ctx, args, o, true)),
    aggregate("every", 1, 1, |ctx, args, o| boolean(ctx, args, o, false)),
    aggregate("bool_and", 1, 1, |ctx, args, o| boolean(ctx, args, o, false)),
    aggregate("first", 1, 2, |ctx, args, o| first_last(ctx, args, o, "first")),
    aggregate("first_value", 1, 2, |ctx, args, o| first_last(ctx, args, o, "first")),
    aggregate("any_value", 1, 2, |ctx, args, o| first_last(ctx, args, o, "first")),
    aggregate("last", 1, 2, |ctx, args, o| first_last(ctx, args, o, "last")),
    aggregate("last_value", 1, 2, |ctx, args, o| first_last(ctx, args, o, "last")),
    aggregate("max_by", 2, 3, |ctx, args, o| by(ctx, args, o, "max_by")),
    aggregate("min_by", 2, 3, |ctx, args, o| by(ctx, args, o, "min_by")),
    moments!("stddev", VARIANCE_STDDEV),
    moments!("std", VARIANCE_STDDEV),
    moments!("stddev_samp", VARIANCE_STDDEV),
    moments!(
        "stddev_pop",
        DoublesFn { name: "stddev_pop", evaluate: |s| nonzero(s, (s[2] / s[0]).sqrt()), ..VARIANCE }
    ),
    moments!("variance", VARIANCE),
    moments!("var_samp", VARIANCE),
    moments!("var_pop", DoublesFn { name: "var_pop", evaluate: |s| nonzero(s, s[2] / s[0]), ..VARIANCE }),
    moments!("skewness", DoublesFn { name: "skewness", evaluate: skewness, ..MOMENTS }),
    moments!("kurtosis", DoublesFn { name: "kurtosis", evaluate: kurtosis, ..MOMENTS }),
    pairs!("covar_pop", DoublesFn { name: "covar_pop", evaluate: |s| nonzero(s, s[5] / s[0]), ..PAIRS }),
    pairs!(
        "covar_samp",
        DoublesFn { name: "covar_samp", evaluate: |s| (s[0] > 1.0).then(|| s[5] / (s[0] - 1.0)), ..PAIRS }
    ),
    // Of a constant it divides by zero, which raises under ANSI; the others look first.
    aggregate("corr", 2, 2, |ctx, args, o| {
        let raises: fn(&[f64]) -> bool = |s| s[0] > 1.0 && s[3] * s[4] == 0.0;
        let corr = DoublesFn { name: "corr", evaluate: corr, raises: ctx.ansi.then_some(raises), ..PAIRS };
        over_doubles(ctx, args, o, corr)
    }),
    // The regressions take the dependent variable first; state index 1 and 2 are the means of it and of the other.
    pairs!("regr_avgx", DoublesFn { name: "regr_avgx", evaluate: |s| nonzero(s, s[2]), ..PAIRS }),
    pairs!("regr_avgy", DoublesFn { name: "regr_avgy", evaluate: |s| nonzero(s, s[1]), ..PAIRS }),
    pairs!("regr_sxx", DoublesFn { name: "regr_sxx", evaluate: |s| nonzero(s, s[4]), ..PAIRS }),
    pairs!("regr_syy", DoublesFn { name: "regr_syy", evaluate: |s| nonzero(s, s[3]), ..PAIRS }),
    pairs!("regr_sxy", DoublesFn { name: "regr_sxy", evaluate: |s| nonzero(s, s[5]), ..PAIRS }),
    pairs!("regr_slope", DoublesFn { name: "regr_slope", evaluate: slope, ..PAIRS }),
    pairs!(
        "regr_intercept",
        DoublesFn { name: "regr_intercept", evaluate: |s| slope(s).map(|slope| s[1] - slope * s[2]), ..PAIRS }
    ),
    pairs!(
        "regr_r2",
        DoublesFn {
            name: "regr_r2",
            evaluate: |s| match (s[0] > 0.0, s[4], s[3]) {
                (false, ..) => None,
                (_, 0.0, _) => None,
                (_, _, 0.0) => Some(1.0),
                _ => corr(s).map(|r| r * r),
            },
            ..PAIRS
        }
    ),
    aggregate("regr_count", 2, 2, count),
    aggregate("product", 1, 1, |ctx, args, o| over_doubles(ctx, args, o, PRODUCT)),
];

fn count(ctx: &CallContext<'_>, mut args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    if args.is_empty() {
        args.push(TypedExpr::long(1));
    }
    if options.distinct {
        args = args.into_iter().map(|arg| normalize_for_grouping(ctx, arg)).collect();
    }
    // An argument that cannot be null counts rows.
    if !options.distinct && args.iter().all(|arg| !arg.nullable) {
        args = vec![TypedExpr::long(1)];
    }
    Ok(aggregate_expr(count_udaf(), args, options, DataType::Long, false))
}

fn failure(ctx: &CallContext<'_>, tolerant: bool) -> Failure {
    match (tolerant, ctx.ansi) {
        (true, _) => Failure::Try,
        (_, true) => Failure::Ansi,
        _ => Failure::Legacy,
    }
}

fn sum(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions, tolerant: bool) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    let arg = numeric_or_interval(ctx, arg)?;
    let data_type = match &arg.data_type {
        t if t.is_integral() => DataType::Long,
        DataType::Decimal { precision, scale } => bounded(i32::from(*precision) + 10, i32::from(*scale)),
        DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. } => {
            return interval_sum(ctx, arg, options, tolerant);
        }
        _ => DataType::Double,
    };
    let arg = match &arg.data_type {
        // The sum has more digits, the scale stays: no cast needed.
        DataType::Decimal { .. } => arg,
        _ => cast(ctx, arg, &data_type, CastMode::Session)?,
    };
    Ok(numeric_sum(data_type, true, failure(ctx, tolerant), ctx.origin.clone()).call(vec![arg], options))
}

/// The count of an interval's months or microseconds as a decimal, which no sum of them overflows.
fn interval_count(ctx: &CallContext<'_>, arg: TypedExpr) -> TypedExpr {
    let (decimal, nullable) = (DataType::Decimal { precision: 38, scale: 0 }, arg.nullable);
    let year_month = matches!(arg.data_type, DataType::YearMonthInterval { .. });
    let c = call(ctx, "interval_count");
    if year_month {
        c.map1::<I32, i128>(vec![arg], decimal, nullable, |v| Ok(Some(v.into())))
    } else {
        c.map1::<I64, i128>(vec![arg], decimal, nullable, |v| Ok(Some(v.into())))
    }
}

/// What a sum of intervals that does not fit gives: null where that is asked for.
fn interval_overflow<T>(tolerant: bool) -> SparkResult<Option<T>> {
    if tolerant {
        return Ok(None);
    }
    let condition = "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION";
    Err(SparkError::new(ExceptionClass::Arithmetic, condition).param("functionName", "`try_add`"))
}

fn interval_sum(
    ctx: &CallContext<'_>,
    arg: TypedExpr,
    options: &AggregateOptions,
    tolerant: bool,
) -> SparkResult<TypedExpr> {
    let data_type = arg.data_type.clone();
    let count = interval_count(ctx, arg);
    let sum = numeric_sum(count.data_type.clone(), true, Failure::Ansi, ctx.origin.clone()).call(vec![count], options);
    let c = call(ctx, "interval_of_count").key(tolerant.to_string());
    Ok(match data_type {
        DataType::YearMonthInterval { .. } => c.map1::<Dec, i32>(vec![sum], data_type, true, move |v| {
            i32::try_from(v).map_or_else(|_| interval_overflow(tolerant), |months| Ok(Some(months)))
        }),
        _ => c.map1::<Dec, i64>(vec![sum], data_type, true, move |v| {
            i64::try_from(v).map_or_else(|_| interval_overflow(tolerant), |micros| Ok(Some(micros)))
        }),
    })
}

fn numeric_or_interval(ctx: &CallContext<'_>, arg: TypedExpr) -> SparkResult<TypedExpr> {
    match &arg.data_type {
        DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. } => Ok(arg),
        t if t.is_numeric() || t.is_string() || *t == DataType::Null => expect(ctx, arg, 0, Accept::Numeric),
        other => Err(unexpected_type(
            ctx,
            0,
            "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")",
            other,
        )),
    }
}

fn avg(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions, tolerant: bool) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    let arg = numeric_or_interval(ctx, arg)?;
    match arg.data_type.clone() {
        DataType::Decimal { precision, scale } => {
            let data_type = bounded(i32::from(precision) + 4, i32::from(scale) + 4);
            Ok(decimal_avg(scale, data_type, failure(ctx, tolerant), ctx.origin.clone()).call(vec![arg], options))
        }
        DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. } => {
            interval_avg(ctx, arg, options, tolerant)
        }
        _ => {
            let arg = cast(ctx, arg, &DataType::Double, CastMode::Session)?;
            Ok(doubles(AVERAGE).call(vec![arg], options))
        }
    }
}

/// The average of intervals: their sum, which has to fit, by how many they are, rounded half up.
fn interval_avg(
    ctx: &CallContext<'_>,
    arg: TypedExpr,
    options: &AggregateOptions,
    tolerant: bool,
) -> SparkResult<TypedExpr> {
    let rows = aggregate_expr(count_udaf(), vec![arg.clone()], options, DataType::Long, false);
    let year_month = matches!(arg.data_type, DataType::YearMonthInterval { .. });
    let sum = interval_sum(ctx, arg, options, tolerant)?;
    let c = call(ctx, "interval_average");
    Ok(if year_month {
        c.map2::<I32, I64, i32>(vec![sum, rows], DataType::YEAR_MONTH, true, |sum, rows| {
            Ok(i32::try_from(divide_half_up(sum.into(), rows.into())).ok())
        })
    } else {
        c.map2::<I64, I64, i64>(vec![sum, rows], DataType::DAY_TIME, true, |sum, rows| {
            Ok(i64::try_from(divide_half_up(sum.into(), rows.into())).ok())
        })
    })
}

fn extreme(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions, max: bool) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    let name = if max { "max" } else { "min" };
    check_orderable(ctx, name, &arg.data_type)?;
    let data_type = arg.data_type.clone();
    match data_type {
        DataType::Float | DataType::Double => {
            let wide = cast(ctx, arg, &DataType::Double, CastMode::Session)?;
            let function = if max { MAX } else { MIN };
            let result = doubles(function).call(vec![wide], options);
            cast(ctx, result, &data_type, CastMode::Legacy)
        }
        DataType::Array { .. } | DataType::Struct(_) | DataType::Null | DataType::DayTimeInterval { .. } => {
            let fold: RowFold = Arc::new(move |kept, candidate| {
                let candidate = &candidate[0];
                match kept {
                    _ if candidate.is_null() => false,
                    None => true,
                    Some(kept) => orders(&kept[0], candidate, max),
                }
            });
            Ok(row_fold(name, String::new(), std::slice::from_ref(&arg), data_type, fold).call(vec![arg], options))
        }
        _ => {
            let udaf = if max { max_udaf() } else { min_udaf() };
            // Distinct changes nothing here.
            let options = AggregateOptions { distinct: false, ..options.clone() };
            Ok(aggregate_expr(udaf, vec![arg], &options, data_type, true))
        }
    }
}

/// Whether `candidate` is beyond `kept`.
fn orders(kept: &ScalarValue, candidate: &ScalarValue, max: bool) -> bool {
    let (Ok(a), Ok(b)) = (kept.to_array(), candidate.to_array()) else { return false };
    match arrow::array::make_comparator(&a, &b, arrow::compute::SortOptions::default()) {
        Ok(compare) => {
            let order = compare(0, 0);
            if max { order.is_lt() } else { order.is_gt() }
        }
        Err(_) => false,
    }
}

fn boolean(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions, any: bool) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    if arg.data_type != DataType::Boolean && arg.data_type != DataType::Null {
        return Err(unexpected_type(ctx, 0, "\"BOOLEAN\"", &arg.data_type));
    }
    let arg = to_boolean(ctx, arg, 0)?;
    extreme(ctx, vec![arg], options, any)
}

/// A literal boolean argument, as `first(x, true)` has it.
fn flag(ctx: &CallContext<'_>, arg: Option<&TypedExpr>) -> SparkResult<bool> {
    match arg {
        None => Ok(false),
        Some(arg) => match crate::fold(arg)? {
            Some(ScalarValue::Boolean(Some(value))) => Ok(value),
            _ => Err(unexpected_type(ctx, 1, "\"BOOLEAN\"", &arg.data_type)),
        },
    }
}

fn first_last(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
) -> SparkResult<TypedExpr> {
    let ignore_nulls = options.ignore_nulls || flag(ctx, args.get(1))?;
    let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    let last = name == "last";
    let fold: RowFold =
        Arc::new(move |kept, candidate| !(ignore_nulls && candidate[0].is_null()) && (last || kept.is_none()));
    let data_type = arg.data_type.clone();
    let call = row_fold(name, ignore_nulls.to_string(), std::slice::from_ref(&arg), data_type, fold);
    // The flag lives in the function; DataFusion's own clause would be a second one.
    Ok(call.call(vec![arg], &AggregateOptions { ignore_nulls: false, ..options.clone() }))
}

fn by(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions, name: &'static str) -> SparkResult<TypedExpr> {
    check_orderable(ctx, name, &args[1].data_type)?;
    let max = name == "max_by";
    if args.len() == 3 {
        return top_by(ctx, args, options, name);
    }
    let fold: RowFold = Arc::new(move |kept, candidate| match kept {
        _ if candidate[1].is_null() => false,
        None => true,
        // The later of equal keys wins, as in `MaxMinBy`'s update expression.
        Some(kept) => !orders(&candidate[1], &kept[1], max),
    });
    let data_type = args[0].data_type.clone();
    Ok(row_fold(name, String::new(), &args, data_type, fold).call(args, options))
}

/// `max_by(x, y, k)`: the `k` first by the order of `y`.
fn top_by(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions, name: &'static str) -> SparkResult<TypedExpr> {
    use arrow::compute::{SortOptions, sort_to_indices, take as gather};
    let [value, key, count] = take(args)?;
    let count = expect(ctx, count, 2, Accept::Type(DataType::Integer))?;
    let Some(ScalarValue::Int32(Some(k))) = crate::fold(&count)? else {
        return Err(crate::coercion::non_foldable(ctx, 2, "k", "\"INT\""));
    };
    let data_type = DataType::Array { element: Box::new(value.data_type.clone()), contains_null: value.nullable };
    let t = data_type.clone();
    let order = SortOptions { descending: name == "max_by", nulls_first: false };
    // Rows are kept by the key, so that a null key drops its row.
    let inputs = vec![key, value];
    let call = crate::aggregate::buffered(name, k.to_string(), &inputs, data_type, false, true, move |columns| {
        let indices = sort_to_indices(&columns[0], Some(order), Some(k.max(0) as usize))
            .map_err(crate::error::from_arrow_error)?;
        let values = gather(&columns[1], &indices, None).map_err(crate::error::from_arrow_error)?;
        let length = values.len();
        let list = super::collection::list(&t, values, [length], None)?;
        ScalarValue::try_from_array(&list, 0).map_err(crate::error::from_datafusion)
    });
    Ok(call.call(inputs, options))
}

fn over_doubles(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    function: DoublesFn,
) -> SparkResult<TypedExpr> {
    let args: SparkResult<Args> =
        args.into_iter().enumerate().map(|(i, arg)| expect(ctx, arg, i, Accept::Type(DataType::Double))).collect();
    Ok(doubles(function).call(args?, options))
}

const MAX: DoublesFn = DoublesFn {
    name: "max",
    width: 2,
    update: |s, v| keep(s, v[0], |new, old| new > old || new.is_nan()),
    merge: |s, o| {
        if o[0] > 0.0 {
            keep(s, o[1], |new, old| new > old || new.is_nan());
        }
    },
    evaluate: |s| (s[0] > 0.0).then_some(s[1]),
    raises: None,
};

const MIN: DoublesFn = DoublesFn {
    name: "min",
    update: |s, v| keep(s, v[0], |new, old| new < old || old.is_nan()),
    merge: |s, o| {
        if o[0] > 0.0 {
            keep(s, o[1], |new, old| new < old || old.is_nan());
        }
    },
    ..MAX
};

fn keep(state: &mut [f64], value: f64, better: fn(f64, f64) -> bool) {
    if state[0] == 0.0 || better(value, state[1]) {
        state[0] = 1.0;
        state[1] = value;
    }
}

fn nonzero(state: &[f64], value: f64) -> Option<f64> {
    (state[0] > 0.0).then_some(value)
}

const PRODUCT: DoublesFn = DoublesFn {
    name: "product",
    width: 2,
    update: |s, v| {
        s[1] = if s[0] == 0.0 { v[0] } else { s[1] * v[0] };
        s[0] = 1.0;
    },
    merge: |s, o| {
        if o[0] > 0.0 {
            s[1] = if s[0] == 0.0 { o[1] } else { s[1] * o[1] };
            s[0] = 1.0;
        }
    },
    evaluate: |s| nonzero(s, s[1]),
    raises: None,
};

/// Sum and count, added up in the order of the rows as Spark does: a vectorised sum rounds otherwise.
const AVERAGE: DoublesFn = DoublesFn {
    name: "avg",
    width: 2,
    update: |s, v| {
        s[0] += v[0];
        s[1] += 1.0;
    },
    merge: |s, o| {
        s[0] += o[0];
        s[1] += o[1];
    },
    evaluate: |s| (s[1] > 0.0).then(|| s[0] / s[1]),
    raises: None,
};

/// Count, mean and the sum of squared differences (`CentralMomentAgg`, operation by operation).
const VARIANCE: DoublesFn = DoublesFn {
    name: "variance",
    width: 3,
    update: |s, v| {
        s[0] += 1.0;
        let delta = v[0] - s[1];
        let delta_n = delta / s[0];
        s[1] += delta_n;
        s[2] += delta * (delta - delta_n);
    },
    merge: |s, o| {
        let n = s[0] + o[0];
        if n == 0.0 {
            return;
        }
        let delta = o[1] - s[1];
        let delta_n = delta / n;
        s[2] = s[2] + o[2] + delta * delta_n * s[0] * o[0];
        s[1] += delta_n * o[0];
        s[0] = n;
    },
    evaluate: |s| (s[0] > 1.0).then(|| s[2] / (s[0] - 1.0)),
    raises: None,
};

const VARIANCE_STDDEV: DoublesFn =
    DoublesFn { name: "stddev", evaluate: |s| (s[0] > 1.0).then(|| (s[2] / (s[0] - 1.0)).sqrt()), ..VARIANCE };

/// Count, mean and central moments two to four (`CentralMomentAgg`).
const MOMENTS: DoublesFn = DoublesFn {
    name: "moments",
    width: 5,
    update: |s, v| {
        let one = [1.0, v[0], 0.0, 0.0, 0.0];
        merge_moments(s, &one);
    },
    merge: merge_moments,
    evaluate: |_| None,
    raises: None,
};

fn merge_moments(s: &mut [f64], o: &[f64]) {
    let (n1, n2) = (s[0], o[0]);
    let n = n1 + n2;
    if n == 0.0 {
        return;
    }
    let delta = o[1] - s[1];
    let delta_n = delta / n;
    let m4 = s[4]
        + o[4]
        + delta_n * delta_n * delta_n * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2)
        + 6.0 * delta_n * delta_n * (n1 * n1 * o[2] + n2 * n2 * s[2])
        + 4.0 * delta_n * (n1 * o[3] - n2 * s[3]);
    let m3 = s[3] + o[3] + delta_n * delta_n * delta * n1 * n2 * (n1 - n2) + 3.0 * delta_n * (n1 * o[2] - n2 * s[2]);
    s[2] += o[2] + delta * delta_n * n1 * n2;
    s[3] = m3;
    s[4] = m4;
    s[1] += delta_n * n2;
    s[0] = n;
}

fn skewness(s: &[f64]) -> Option<f64> {
    if s[0] == 0.0 || s[2] == 0.0 {
        return None;
    }
    Some(s[0].sqrt() * s[3] / (s[2] * s[2] * s[2]).sqrt())
}

fn kurtosis(s: &[f64]) -> Option<f64> {
    if s[0] == 0.0 || s[2] == 0.0 {
        return None;
    }
    Some(s[0] * s[4] / (s[2] * s[2]) - 3.0)
}

/// Count, both means, both sums of squares and the sum of products.
const PAIRS: DoublesFn = DoublesFn {
    name: "pairs",
    width: 6,
    update: |s, v| {
        s[0] += 1.0;
        let (dx, dy) = (v[0] - s[1], v[1] - s[2]);
        s[1] += dx / s[0];
        s[2] += dy / s[0];
        s[3] += dx * (v[0] - s[1]);
        s[4] += dy * (v[1] - s[2]);
        s[5] += dx * (v[1] - s[2]);
    },
    merge: |s, o| {
        let n = s[0] + o[0];
        if n == 0.0 {
            return;
        }
        let (dx, dy) = (o[1] - s[1], o[2] - s[2]);
        let weight = s[0] * o[0] / n;
        s[3] += o[3] + dx * dx * weight;
        s[4] += o[4] + dy * dy * weight;
        s[5] += o[5] + dx * dy * weight;
        s[1] += dx * o[0] / n;
        s[2] += dy * o[0] / n;
        s[0] = n;
    },
    evaluate: |_| None,
    raises: None,
};

fn corr(s: &[f64]) -> Option<f64> {
    if s[0] <= 1.0 {
        return None;
    }
    let product = (s[3] * s[4]).sqrt();
    if product == 0.0 { None } else { Some(s[5] / product) }
}

fn slope(s: &[f64]) -> Option<f64> {
    (s[0] > 1.0 && s[4] != 0.0).then(|| s[5] / s[4])
}

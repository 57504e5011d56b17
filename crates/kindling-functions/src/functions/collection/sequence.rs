//! `sequence`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array};
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{Args, list, union_nulls};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{common_type, diff_types, unexpected_type},
    functions::any_nullable,
    kernels::View,
    udf::call,
};

/// `sequence(start, stop[, step])` over integers, dates and timestamps.
pub(super) fn sequence(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

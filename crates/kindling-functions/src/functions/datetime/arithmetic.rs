//! Differences and sums: `dateadd`, `datediff`, `months_between`, `next_day`.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::DataType;

use super::{Args, as_date, clock, literal_text};
use crate::{
    CallContext, TypedExpr,
    coercion::{Accept, expect},
    datetime::{
        MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, arithmetic::date_add, civil,
        days_in_month, iso_weekday, pattern::weekday_name, split_micros, timestamp_add_days, timestamp_add_months,
    },
    functions::take,
    kernels::{I32, I64, Str},
    udf::call,
};

fn unit_error(ctx: &CallContext<'_>, function: &str, unit: &str) -> SparkError {
    SparkError::analysis("INVALID_PARAMETER_VALUE.DATETIME_UNIT")
        .param("functionName", format!("`{function}`"))
        .param("parameter", "`unit`")
        .param("invalidValue", format!("'{unit}'"))
        .at(&ctx.origin)
}

/// `timestampadd(unit, n, ts)`; with two arguments it is `date_add`.
pub(super) fn dateadd(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        let [a, b] = take(args)?;
        return date_add(ctx, a, b, 1);
    }
    let [unit, count, ts] = take(args)?;
    let Some(unit) = literal_text(ctx, &unit, 0)? else {
        return Err(crate::coercion::non_foldable(ctx, 0, "unit", "\"STRING\""));
    };
    let unit = unit.to_uppercase();
    let count = expect(ctx, count, 1, Accept::Type(DataType::Long))?;
    let ts = expect(ctx, ts, 2, Accept::AnyTimestamp)?;
    let zone = clock(ctx, &ts.data_type);
    let (months, days, micros): (i64, i64, i64) = match unit.as_str() {
        "YEAR" => (12, 0, 0),
        "QUARTER" => (3, 0, 0),
        "MONTH" => (1, 0, 0),
        "WEEK" => (0, 7, 0),
        "DAY" | "DAYOFYEAR" => (0, 1, 0),
        "HOUR" => (0, 0, MICROS_PER_HOUR),
        "MINUTE" => (0, 0, MICROS_PER_MINUTE),
        "SECOND" => (0, 0, MICROS_PER_SECOND),
        "MILLISECOND" => (0, 0, 1000),
        "MICROSECOND" => (0, 0, 1),
        _ => return Err(unit_error(ctx, "TIMESTAMPADD", &unit)),
    };
    let n = count.nullable || ts.nullable;
    let data_type = ts.data_type.clone();
    let key = format!("{unit} {zone}");
    Ok(call(ctx, "timestampadd").key(key).map2::<I64, I64, i64>(vec![count, ts], data_type, n, move |count, ts| {
        let moved = if months > 0 {
            count
                .checked_mul(months)
                .and_then(|m| i32::try_from(m).ok())
                .and_then(|m| timestamp_add_months(ts, m, &zone))
        } else if days > 0 {
            count.checked_mul(days).and_then(|d| i32::try_from(d).ok()).and_then(|d| timestamp_add_days(ts, d, &zone))
        } else {
            count.checked_mul(micros).and_then(|m| ts.checked_add(m))
        };
        moved.map(Some).ok_or_else(|| {
            SparkError::new(ExceptionClass::Arithmetic, "DATETIME_OVERFLOW")
                .param("operation", format!("add {count} {unit} to a timestamp"))
        })
    }))
}

/// `datediff(end, start)`, or `timestampdiff(unit, start, end)`.
pub(super) fn datediff(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        let [end, start] = take(args)?;
        let end = expect(ctx, end, 0, Accept::Type(DataType::Date))?;
        let start = expect(ctx, start, 1, Accept::Type(DataType::Date))?;
        let n = end.nullable || start.nullable;
        return Ok(
            call(ctx, "datediff").map2::<I32, I32, i32>(vec![end, start], DataType::Integer, n, |a, b| Ok(Some(a - b)))
        );
    }
    let [unit, start, end] = take(args)?;
    let Some(unit) = literal_text(ctx, &unit, 0)? else {
        return Err(crate::coercion::non_foldable(ctx, 0, "unit", "\"STRING\""));
    };
    let unit = unit.to_uppercase();
    let start = expect(ctx, start, 1, Accept::Type(DataType::Timestamp))?;
    let end = expect(ctx, end, 2, Accept::Type(DataType::Timestamp))?;
    let zone = *ctx.time_zone();
    let micros = match unit.as_str() {
        "MICROSECOND" => 1,
        "MILLISECOND" => 1000,
        "SECOND" => MICROS_PER_SECOND,
        "MINUTE" => MICROS_PER_MINUTE,
        "HOUR" => MICROS_PER_HOUR,
        "DAY" | "DAYOFYEAR" => MICROS_PER_DAY,
        "WEEK" => 7 * MICROS_PER_DAY,
        "MONTH" | "QUARTER" | "YEAR" => 0,
        _ => return Err(unit_error(ctx, "TIMESTAMPDIFF", &unit)),
    };
    let months = match unit.as_str() {
        "QUARTER" => 3,
        "YEAR" => 12,
        _ => 1,
    };
    let n = start.nullable || end.nullable;
    let key = format!("{unit} {zone}");
    Ok(call(ctx, "timestampdiff").key(key).map2::<I64, I64, i64>(vec![start, end], DataType::Long, n, move |a, b| {
        let (a, b) = (zone.to_local(a), zone.to_local(b));
        Ok(Some(if micros > 0 { (b - a) / micros } else { whole_months(a, b) / months }))
    }))
}

/// Whole months from one local time to another.
fn whole_months(start: i64, end: i64) -> i64 {
    let (first, last, sign) = if start <= end { (start, end, 1) } else { (end, start, -1) };
    let (d1, t1) = split_micros(first);
    let (d2, t2) = split_micros(last);
    let ((y1, m1, day1), (y2, m2, day2)) = (civil(d1), civil(d2));
    let months = (i64::from(y2) - i64::from(y1)) * 12 + i64::from(m2) - i64::from(m1);
    let incomplete = (day2, t2) < (day1, t1);
    sign * (months - i64::from(incomplete))
}

pub(super) fn next_day(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [date, day] = take(args)?;
    let (date, _) = as_date(ctx, date)?;
    let day = expect(ctx, day, 1, Accept::Type(DataType::String))?;
    let n = date.nullable || day.nullable || !ctx.ansi;
    let ansi = ctx.ansi;
    Ok(call(ctx, "next_day").key(ansi.to_string()).map2::<I32, Str, i32>(
        vec![date, day],
        DataType::Date,
        n,
        move |date, day| {
            let upper = day.trim().to_uppercase();
            let index = (1..=7).find(|i| {
                let name = weekday_name(*i).to_uppercase();
                upper == name || upper == name[..3] || upper == name[..2]
            });
            match index {
                Some(wanted) => {
                    let ahead = (wanted as i32 - iso_weekday(date) as i32).rem_euclid(7);
                    Ok(Some(date + if ahead == 0 { 7 } else { ahead }))
                }
                None if ansi => Err(SparkError::new(ExceptionClass::IllegalArgument, "ILLEGAL_DAY_OF_WEEK")
                    .param("string", day.to_string())),
                None => Ok(None),
            }
        },
    ))
}

pub(super) fn months_between(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let round = match args.get(2) {
        Some(flag) => crate::fold(flag)? != Some(datafusion::common::ScalarValue::Boolean(Some(false))),
        None => true,
    };
    let mut args = args.into_iter();
    let (Some(a), Some(b)) = (args.next(), args.next()) else { return Err(SparkError::internal("no arguments")) };
    let a = expect(ctx, a, 0, Accept::Type(DataType::Timestamp))?;
    let b = expect(ctx, b, 1, Accept::Type(DataType::Timestamp))?;
    let zone = *ctx.time_zone();
    let n = a.nullable || b.nullable;
    let key = format!("{round} {zone}");
    Ok(call(ctx, "months_between").key(key).map2::<I64, I64, f64>(vec![a, b], DataType::Double, n, move |a, b| {
        let ((d1, t1), (d2, t2)) = (split_micros(zone.to_local(a)), split_micros(zone.to_local(b)));
        let ((y1, m1, day1), (y2, m2, day2)) = (civil(d1), civil(d2));
        let months = f64::from((y1 - y2) * 12 + m1 as i32 - m2 as i32);
        let end1 = day1 == days_in_month(y1.into(), m1);
        let end2 = day2 == days_in_month(y2.into(), m2);
        if day1 == day2 || end1 && end2 {
            return Ok(Some(months));
        }
        let seconds = i64::from(day1 as i32 - day2 as i32) * 86_400 + (t1 - t2).div_euclid(MICROS_PER_SECOND);
        let value = months + seconds as f64 / (31.0 * 86_400.0);
        Ok(Some(if round { (value * 1e8).round() / 1e8 } else { value }))
    }))
}

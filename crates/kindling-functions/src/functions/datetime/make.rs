//! Dates, times and intervals from their parts.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{Args, SECONDS, TIME6, clock, default_timestamp};
use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    cast::cast,
    coercion::{Accept, expect},
    datetime::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, checked_days, pattern::month_name},
    functions::any_nullable,
    kernels::{Dec, I32, I64, Str},
    udf::call,
};

pub(super) fn out_of_bounds(message: &str, suggest: bool) -> SparkError {
    let condition = if suggest {
        "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION"
    } else {
        "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION"
    };
    SparkError::new(ExceptionClass::DateTime, condition)
        .param("rangeMessage", message)
        .param("ansiConfig", crate::arithmetic::ANSI_CONFIG)
}

/// The message of `java.time` for a date that does not exist.
fn invalid_date(year: i32, month: i32, day: i32) -> SparkError {
    let message = if !(1..=12).contains(&month) {
        format!("Invalid value for MonthOfYear (valid values 1 - 12): {month}")
    } else if !(1..=31).contains(&day) {
        format!("Invalid value for DayOfMonth (valid values 1 - 28/31): {day}")
    } else if month == 2 && day == 29 {
        format!("Invalid date 'February 29' as '{year}' is not a leap year")
    } else {
        format!("Invalid date '{} {day}'", month_name(month as u32).to_uppercase())
    };
    out_of_bounds(&message, true)
}

fn ints(ctx: &CallContext<'_>, args: Args) -> SparkResult<Args> {
    args.into_iter().enumerate().map(|(i, arg)| expect(ctx, arg, i, Accept::Type(DataType::Integer))).collect()
}

pub(super) fn make_date(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let args = ints(ctx, args)?;
    let ansi = ctx.ansi;
    let n = any_nullable(&args) || !ansi;
    Ok(call(ctx, "make_date").key(ansi.to_string()).map3::<I32, I32, I32, i32>(
        args,
        DataType::Date,
        n,
        move |y, m, d| {
            let days = if m > 0 && d > 0 { checked_days(y.into(), m as u32, d as u32) } else { None };
            match days {
                Some(days) => Ok(Some(days)),
                None if ansi => Err(invalid_date(y, m, d)),
                None => Ok(None),
            }
        },
    ))
}

pub(super) fn make_timestamp(ctx: &CallContext<'_>, args: Args, to: DataType, fail: bool) -> SparkResult<TypedExpr> {
    if args.len() < 6 {
        // From a date it is the one with a time zone, whatever TIMESTAMP means.
        let to = if ctx.conf.timestamp_ntz_default && to == default_timestamp(ctx) { DataType::Timestamp } else { to };
        return from_date_and_time(ctx, args, to);
    }
    let mut fields = vec![];
    let mut zone_arg = None;
    for (i, arg) in args.into_iter().enumerate() {
        match i {
            5 => fields.push(expect(ctx, arg, i, Accept::Type(SECONDS))?),
            6 => zone_arg = Some(expect(ctx, arg, i, Accept::Type(DataType::String))?),
            _ => fields.push(expect(ctx, arg, i, Accept::Type(DataType::Integer))?),
        }
    }
    let session = clock(ctx, &to);
    let has_zone = zone_arg.is_some();
    fields.extend(zone_arg);
    let n = any_nullable(&fields) || !fail;
    let key = format!("{fail} {session} {}", to.simple_string());
    use crate::kernels::{View, collect_rows};
    Ok(call(ctx, "make_timestamp").key(key).kernel(fields, to, n, move |values, rows| {
        let ints: Vec<View<I32>> = values[..5].iter().map(View::new).collect::<SparkResult<_>>()?;
        let seconds = View::<Dec>::new(&values[5])?;
        let zones = if has_zone { Some(View::<Str>::new(&values[6])?) } else { None };
        collect_rows::<i64>(values, rows, |row| {
            let (Some(y), Some(mo), Some(d)) = (ints[0].get(row), ints[1].get(row), ints[2].get(row)) else {
                return Ok(None);
            };
            let (Some(h), Some(mi), Some(s)) = (ints[3].get(row), ints[4].get(row), seconds.get(row)) else {
                return Ok(None);
            };
            let zone = match &zones {
                None => session,
                Some(zones) => match zones.get(row) {
                    None => return Ok(None),
                    Some(id) => SessionTimeZone::parse(id)?,
                },
            };
            let local = local_timestamp([y, mo, d, h, mi], s);
            match local {
                Ok(local) => Ok(Some(zone.to_utc(local))),
                Err(error) if fail => Err(error),
                Err(_) => Ok(None),
            }
        })
    }))
}

fn local_timestamp([y, mo, d, h, mi]: [i32; 5], seconds: i128) -> SparkResult<i64> {
    let days = if mo > 0 && d > 0 { checked_days(y.into(), mo as u32, d as u32) } else { None };
    let days = days.ok_or_else(|| invalid_date(y, mo, d))?;
    let range = |what: &str, valid: &str, v: i64| {
        out_of_bounds(&format!("Invalid value for {what} (valid values {valid}): {v}"), true)
    };
    if !(0..24).contains(&h) {
        return Err(range("HourOfDay", "0 - 23", h.into()));
    }
    if !(0..60).contains(&mi) {
        return Err(range("MinuteOfHour", "0 - 59", mi.into()));
    }
    // `60` seconds exactly are the next minute, as in PostgreSQL.
    if seconds == 60_000_000 {
        return Ok(i64::from(days) * MICROS_PER_DAY + (i64::from(h) * 60 + i64::from(mi) + 1) * MICROS_PER_MINUTE);
    }
    if seconds > 60_000_000 && seconds < 61_000_000 {
        return Err(SparkError::new(ExceptionClass::DateTime, "INVALID_FRACTION_OF_SECOND")
            .param("secAndMicros", crate::cast::decimal_text(seconds, 6)));
    }
    if !(0..60_000_000).contains(&seconds) {
        return Err(range("SecondOfMinute", "0 - 59", (seconds / 1_000_000) as i64));
    }
    Ok(i64::from(days) * MICROS_PER_DAY + (i64::from(h) * 60 + i64::from(mi)) * MICROS_PER_MINUTE + seconds as i64)
}

/// `make_timestamp(date[, time[, zone]])`
fn from_date_and_time(ctx: &CallContext<'_>, args: Args, to: DataType) -> SparkResult<TypedExpr> {
    let session = clock(ctx, &to);
    let mut fields = vec![];
    for (i, arg) in args.into_iter().enumerate() {
        let (target, required) = match i {
            0 => (DataType::Date, "\"DATE\""),
            1 => (TIME6, "\"TIME\""),
            _ => (DataType::String, "\"STRING\""),
        };
        let fits = matches!(
            (i, &arg.data_type),
            (_, DataType::Null) | (0, DataType::Date) | (1, DataType::Time { .. }) | (2.., _)
        );
        if !fits {
            return Err(crate::coercion::unexpected_type(ctx, i, required, &arg.data_type));
        }
        fields.push(expect(ctx, arg, i, Accept::Type(target))?);
    }
    if fields.len() == 1 {
        return cast(ctx, fields.swap_remove(0), &to, CastMode::Session);
    }
    let n = any_nullable(&fields);
    let c = call(ctx, "make_timestamp").key(format!("date {session}"));
    if fields.len() == 2 {
        return Ok(c.map2::<I32, I64, i64>(fields, to, n, move |d, t| {
            Ok(Some(session.to_utc(i64::from(d) * MICROS_PER_DAY + t / 1000)))
        }));
    }
    Ok(c.map3::<I32, I64, Str, i64>(fields, to, n, |d, t, zone| {
        Ok(Some(SessionTimeZone::parse(zone)?.to_utc(i64::from(d) * MICROS_PER_DAY + t / 1000)))
    }))
}

fn padded(ctx: &CallContext<'_>, args: Args, count: usize) -> SparkResult<Args> {
    let mut out = vec![];
    for i in 0..count {
        let target = if i == count - 1 { DataType::Decimal { precision: 18, scale: 6 } } else { DataType::Integer };
        let arg = args.get(i).cloned().unwrap_or_else(|| TypedExpr::integer(0));
        out.push(expect(ctx, arg, i, Accept::Type(target))?);
    }
    Ok(out)
}

pub(super) fn make_interval(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
    use crate::kernels::{View, collect_rows};
    use arrow::datatypes::IntervalMonthDayNano;
    let args = padded(ctx, args, 7)?;
    let n = any_nullable(&args) || !fail;
    Ok(call(ctx, "make_interval").key(fail.to_string()).kernel(
        args,
        DataType::CalendarInterval,
        n,
        move |values, rows| {
            let ints: Vec<View<I32>> = values[..6].iter().map(View::new).collect::<SparkResult<_>>()?;
            let seconds = View::<Dec>::new(&values[6])?;
            collect_rows::<IntervalMonthDayNano>(values, rows, |row| {
                let fields: Option<Vec<i32>> = ints.iter().map(|view| view.get(row)).collect();
                let (Some(f), Some(s)) = (fields, seconds.get(row)) else { return Ok(None) };
                let months = f[0].checked_mul(12).and_then(|m| m.checked_add(f[1]));
                let days = f[2].checked_mul(7).and_then(|d| d.checked_add(f[3]));
                let micros = i64::from(f[4]) * MICROS_PER_HOUR + i64::from(f[5]) * MICROS_PER_MINUTE;
                let nanos = i64::try_from(s).ok().and_then(|s| micros.checked_add(s)).and_then(|m| m.checked_mul(1000));
                match (months, days, nanos) {
                    (Some(months), Some(days), Some(nanos)) => Ok(Some(IntervalMonthDayNano::new(months, days, nanos))),
                    _ if fail => Err(SparkError::new(
                        ExceptionClass::Arithmetic,
                        "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
                    )),
                    _ => Ok(None),
                }
            })
        },
    ))
}

pub(super) fn make_dt_interval(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let args = padded(ctx, args, 4)?;
    let n = any_nullable(&args);
    Ok(call(ctx, "make_dt_interval").map4::<I32, I32, I32, Dec, i64>(args, DataType::DAY_TIME, n, |d, h, m, s| {
        let total = i128::from(d) * i128::from(MICROS_PER_DAY)
            + i128::from(h) * i128::from(MICROS_PER_HOUR)
            + i128::from(m) * i128::from(MICROS_PER_MINUTE)
            + s;
        i64::try_from(total)
            .map(Some)
            .map_err(|_| SparkError::new(ExceptionClass::Arithmetic, "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION"))
    }))
}

pub(super) fn make_ym_interval(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let mut args = ints(ctx, args)?;
    while args.len() < 2 {
        args.push(TypedExpr::integer(0));
    }
    let n = any_nullable(&args);
    Ok(call(ctx, "make_ym_interval").map2::<I32, I32, i32>(args, DataType::YEAR_MONTH, n, |y, m| {
        y.checked_mul(12).and_then(|y| y.checked_add(m)).map(Some).ok_or_else(|| {
            SparkError::new(ExceptionClass::Arithmetic, "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION")
        })
    }))
}

//! Dates and times: the functions, and what they share.

mod arithmetic;
mod fields;
mod make;
mod text;
mod truncate;
mod units;

use kindling_common::SparkResult;
use kindling_spec::DataType;

use super::take;
use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    coercion::{Accept, expect},
    datetime::{
        MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, add_months,
        arithmetic::date_add,
        civil, day_of_year, days_in_month, iso_week, iso_weekday,
        pattern::{month_name, weekday_name},
        split_micros,
    },
    entry::{FunctionEntry, scalar},
    kernels::{Dec, I32, I64},
    udf::call,
};

use arithmetic::{dateadd, datediff, months_between, next_day};
use fields::date_part;
use make::{make_date, make_dt_interval, make_interval, make_timestamp, make_ym_interval, out_of_bounds};
use text::{date_format, from_unixtime, to_date, to_time, to_timestamp, unix_timestamp};
use truncate::{date_trunc, trunc};
use units::{convert_timezone, of_units, shift_zone, timestamp_seconds, unix_units};

type Args = Vec<TypedExpr>;

macro_rules! date_field {
    ($name:literal, $f:expr) => {
        scalar($name, 1, 1, |ctx, args| {
            let [a] = take(args)?;
            date_field(ctx, $name, a, $f)
        })
    };
}

macro_rules! time_field {
    ($name:literal, $f:expr) => {
        scalar($name, 1, 1, |ctx, args| {
            let [a] = take(args)?;
            time_field(ctx, $name, a, $f)
        })
    };
}

pub(super) static ENTRIES: &[FunctionEntry] = &[
    date_field!("year", |d| civil(d).0),
    date_field!("quarter", |d| (civil(d).1 as i32 - 1) / 3 + 1),
    date_field!("month", |d| civil(d).1 as i32),
    date_field!("day", |d| civil(d).2 as i32),
    date_field!("dayofmonth", |d| civil(d).2 as i32),
    date_field!("dayofyear", day_of_year),
    date_field!("dayofweek", |d| iso_weekday(d) as i32 % 7 + 1),
    date_field!("weekday", |d| iso_weekday(d) as i32 - 1),
    date_field!("weekofyear", |d| iso_week(d).1),
    time_field!("hour", |m| (m / MICROS_PER_HOUR) as i32),
    time_field!("minute", |m| (m / MICROS_PER_MINUTE % 60) as i32),
    time_field!("second", |m| (m / MICROS_PER_SECOND % 60) as i32),
    scalar("extract", 2, 2, date_part),
    scalar("date_part", 2, 2, date_part),
    scalar("datepart", 2, 2, date_part),
    scalar("monthname", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let (a, n) = as_date(ctx, a)?;
        Ok(call(ctx, "monthname")
            .map1::<I32, String>(vec![a], DataType::String, n, |d| Ok(Some(month_name(civil(d).1)[..3].to_string()))))
    }),
    scalar("dayname", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let (a, n) = as_date(ctx, a)?;
        Ok(call(ctx, "dayname").map1::<I32, String>(vec![a], DataType::String, n, |d| {
            Ok(Some(weekday_name(iso_weekday(d))[..3].to_string()))
        }))
    }),
    scalar("date_add", 2, 2, |ctx, args| {
        let [a, b] = take(args)?;
        date_add(ctx, a, b, 1)
    }),
    scalar("dateadd", 2, 3, dateadd),
    scalar("timestampadd", 3, 3, dateadd),
    scalar("date_sub", 2, 2, |ctx, args| {
        let [a, b] = take(args)?;
        date_add(ctx, a, b, -1)
    }),
    scalar("datediff", 2, 3, datediff),
    scalar("date_diff", 2, 3, datediff),
    scalar("timestampdiff", 3, 3, datediff),
    scalar("add_months", 2, 2, |ctx, args| {
        let [a, b] = take(args)?;
        let (a, _) = as_date(ctx, a)?;
        let b = expect(ctx, b, 1, Accept::Type(DataType::Integer))?;
        let n = a.nullable || b.nullable;
        Ok(call(ctx, "add_months").map2::<I32, I32, i32>(vec![a, b], DataType::Date, n, |d, m| {
            add_months(d, m).map(Some).ok_or_else(|| crate::arithmetic::overflow("overflow", ""))
        }))
    }),
    scalar("last_day", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let (a, n) = as_date(ctx, a)?;
        Ok(call(ctx, "last_day").map1::<I32, i32>(vec![a], DataType::Date, n, |date| {
            let (y, m, d) = civil(date);
            Ok(Some(date + (days_in_month(y.into(), m) - d) as i32))
        }))
    }),
    scalar("next_day", 2, 2, next_day),
    scalar("months_between", 2, 3, months_between),
    scalar("trunc", 2, 2, trunc),
    scalar("date_trunc", 2, 2, date_trunc),
    scalar("current_date", 0, 0, current_date),
    scalar("curdate", 0, 0, current_date),
    scalar("current_timestamp", 0, 0, now),
    scalar("now", 0, 0, now),
    scalar("localtimestamp", 0, 0, |ctx, _| {
        let local = ctx.time_zone().to_local(ctx.conf.query_start_micros);
        TypedExpr::literal(&kindling_spec::Literal::TimestampNtz(local))
    }),
    scalar("current_timezone", 0, 0, |ctx, _| Ok(TypedExpr::string(ctx.time_zone().id()))),
    scalar("date_format", 2, 2, date_format),
    scalar("to_date", 1, 2, |ctx, args| to_date(ctx, args, ctx.ansi)),
    scalar("try_to_date", 1, 2, |ctx, args| to_date(ctx, args, false)),
    scalar("to_timestamp", 1, 2, |ctx, args| to_timestamp(ctx, args, default_timestamp(ctx), ctx.ansi)),
    scalar("try_to_timestamp", 1, 2, |ctx, args| to_timestamp(ctx, args, default_timestamp(ctx), false)),
    scalar("to_timestamp_ltz", 1, 2, |ctx, args| to_timestamp(ctx, args, DataType::Timestamp, ctx.ansi)),
    scalar("to_timestamp_ntz", 1, 2, |ctx, args| to_timestamp(ctx, args, DataType::TimestampNtz, ctx.ansi)),
    scalar("unix_timestamp", 0, 2, unix_timestamp),
    scalar("to_unix_timestamp", 1, 2, unix_timestamp),
    scalar("from_unixtime", 1, 2, from_unixtime),
    scalar("unix_date", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let (a, n) = as_date(ctx, a)?;
        Ok(call(ctx, "unix_date").map1::<I32, i32>(vec![a], DataType::Integer, n, |d| Ok(Some(d))))
    }),
    scalar("date_from_unix_date", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Type(DataType::Integer))?;
        let n = a.nullable;
        Ok(call(ctx, "date_from_unix_date").map1::<I32, i32>(vec![a], DataType::Date, n, |d| Ok(Some(d))))
    }),
    scalar("unix_seconds", 1, 1, |ctx, args| unix_units(ctx, args, MICROS_PER_SECOND)),
    scalar("unix_millis", 1, 1, |ctx, args| unix_units(ctx, args, 1000)),
    scalar("unix_micros", 1, 1, |ctx, args| unix_units(ctx, args, 1)),
    scalar("timestamp_seconds", 1, 1, timestamp_seconds),
    scalar("timestamp_millis", 1, 1, |ctx, args| of_units(ctx, args, 1000)),
    scalar("timestamp_micros", 1, 1, |ctx, args| of_units(ctx, args, 1)),
    scalar("from_utc_timestamp", 2, 2, |ctx, args| shift_zone(ctx, args, true)),
    scalar("to_utc_timestamp", 2, 2, |ctx, args| shift_zone(ctx, args, false)),
    scalar("convert_timezone", 2, 3, convert_timezone),
    scalar("make_date", 3, 3, make_date),
    scalar("make_timestamp", 1, 7, |ctx, args| make_timestamp(ctx, args, default_timestamp(ctx), ctx.ansi)),
    scalar("try_make_timestamp", 1, 7, |ctx, args| make_timestamp(ctx, args, default_timestamp(ctx), false)),
    scalar("make_timestamp_ltz", 1, 7, |ctx, args| make_timestamp(ctx, args, DataType::Timestamp, ctx.ansi)),
    scalar("try_make_timestamp_ltz", 1, 7, |ctx, args| make_timestamp(ctx, args, DataType::Timestamp, false)),
    scalar("make_timestamp_ntz", 1, 6, |ctx, args| make_timestamp(ctx, args, DataType::TimestampNtz, ctx.ansi)),
    scalar("try_make_timestamp_ntz", 1, 6, |ctx, args| make_timestamp(ctx, args, DataType::TimestampNtz, false)),
    scalar("make_interval", 0, 7, |ctx, args| make_interval(ctx, args, ctx.ansi)),
    scalar("try_make_interval", 0, 7, |ctx, args| make_interval(ctx, args, false)),
    scalar("make_dt_interval", 0, 4, make_dt_interval),
    scalar("make_ym_interval", 0, 2, make_ym_interval),
    scalar("make_time", 3, 3, |ctx, args| {
        let [h, m, s] = take(args)?;
        let h = expect(ctx, h, 0, Accept::Type(DataType::Integer))?;
        let m = expect(ctx, m, 1, Accept::Type(DataType::Integer))?;
        let s = expect(ctx, s, 2, Accept::Type(SECONDS))?;
        let n = h.nullable || m.nullable || s.nullable;
        Ok(call(ctx, "make_time").map3::<I32, I32, Dec, i64>(vec![h, m, s], TIME6, n, |h, m, s| {
            let valid = (0..24).contains(&h) && (0..60).contains(&m) && (0..60_000_000).contains(&s);
            if !valid {
                return Err(out_of_bounds("Invalid value for a field of TIME", false));
            }
            Ok(Some(((i64::from(h) * 60 + i64::from(m)) * 60_000_000 + s as i64) * 1000))
        }))
    }),
    scalar("to_time", 1, 2, |ctx, args| to_time(ctx, args, false)),
    scalar("try_to_time", 1, 2, |ctx, args| to_time(ctx, args, true)),
    scalar("current_time", 0, 1, |ctx, _| {
        let local = ctx.time_zone().to_local(ctx.conf.query_start_micros);
        let nanos = split_micros(local).1 * 1000;
        TypedExpr::literal(&kindling_spec::Literal::Time { nanos, precision: 6 })
    }),
];

const SECONDS: DataType = DataType::Decimal { precision: 16, scale: 6 };

const TIME6: DataType = DataType::Time { precision: 6 };

fn default_timestamp(ctx: &CallContext<'_>) -> DataType {
    if ctx.conf.timestamp_ntz_default { DataType::TimestampNtz } else { DataType::Timestamp }
}

fn as_date(ctx: &CallContext<'_>, arg: TypedExpr) -> SparkResult<(TypedExpr, bool)> {
    let arg = expect(ctx, arg, 0, Accept::Type(DataType::Date))?;
    let nullable = arg.nullable;
    Ok((arg, nullable))
}

/// A zone for the wall clock of a timestamp type.
fn clock(ctx: &CallContext<'_>, data_type: &DataType) -> SessionTimeZone {
    if *data_type == DataType::Timestamp { *ctx.time_zone() } else { SessionTimeZone::utc() }
}

fn date_field(
    ctx: &CallContext<'_>,
    name: &'static str,
    arg: TypedExpr,
    f: impl Fn(i32) -> i32 + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    let (arg, nullable) = as_date(ctx, arg)?;
    Ok(call(ctx, name).map1::<I32, i32>(vec![arg], DataType::Integer, nullable, move |d| Ok(Some(f(d)))))
}

/// A field of the time of day in microseconds.
fn time_field(
    ctx: &CallContext<'_>,
    name: &'static str,
    arg: TypedExpr,
    f: impl Fn(i64) -> i32 + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    if let DataType::Time { .. } = arg.data_type {
        let nullable = arg.nullable;
        return Ok(call(ctx, name)
            .key("time")
            .map1::<I64, i32>(vec![arg], DataType::Integer, nullable, move |n| Ok(Some(f(n / 1000)))));
    }
    let arg = expect(ctx, arg, 0, Accept::AnyTimestamp)?;
    let (zone, nullable) = (clock(ctx, &arg.data_type), arg.nullable);
    Ok(call(ctx, name).key(zone.id()).map1::<I64, i32>(vec![arg], DataType::Integer, nullable, move |t| {
        Ok(Some(f(split_micros(zone.to_local(t)).1)))
    }))
}

fn literal_text(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize) -> SparkResult<Option<String>> {
    let arg = expect(ctx, arg.clone(), index, Accept::Type(DataType::String))?;
    Ok(match crate::fold(&arg)? {
        Some(datafusion::common::ScalarValue::Utf8(text)) => text,
        _ => None,
    })
}

fn current_date(ctx: &CallContext<'_>, _: Args) -> SparkResult<TypedExpr> {
    let local = ctx.time_zone().to_local(ctx.conf.query_start_micros);
    TypedExpr::literal(&kindling_spec::Literal::Date(split_micros(local).0))
}

fn now(ctx: &CallContext<'_>, _: Args) -> SparkResult<TypedExpr> {
    TypedExpr::literal(&kindling_spec::Literal::Timestamp(ctx.conf.query_start_micros))
}

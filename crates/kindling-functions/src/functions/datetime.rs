//! Dates and times: fields, truncation, arithmetic, parsing and formatting.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{any_nullable, take};
use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    cast::cast,
    coercion::{Accept, expect},
    datetime::{
        MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, add_months,
        arithmetic::date_add,
        checked_days, civil, day_of_year, days_in_month, days_of, iso_week, iso_weekday, parse,
        pattern::{Pattern, month_name, weekday_name},
        split_micros, timestamp_add_days, timestamp_add_months,
    },
    entry::{FunctionEntry, scalar},
    kernels::{Dec, F64, I32, I64, Str},
    udf::call,
};

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

/// `EXTRACT(field FROM source)`
fn date_part(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [field, source] = take(args)?;
    let Some(field) = literal_text(ctx, &field, 0)? else {
        // No field gives no part; one of each row cannot be (`ExtractExpressionBuilder`).
        if crate::fold(&field)?.is_some_and(|field| field.is_null()) {
            return TypedExpr::null(DataType::Double);
        }
        return Err(SparkError::analysis("NON_FOLDABLE_ARGUMENT")
            .param("funcName", "`date_part`")
            .param("paramName", "`field`")
            .param("paramType", "\"STRING\""));
    };
    let field = field.to_uppercase();
    let n = source.nullable;
    let invalid = || {
        SparkError::analysis("INVALID_EXTRACT_FIELD")
            .param("field", format!("'{field}'"))
            .param("expr", format!("\"{}\"", ctx.text.argument(1)))
    };
    match &source.data_type {
        DataType::YearMonthInterval { .. } => {
            let f: fn(i32) -> i32 = match field.as_str() {
                "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => |m| m / 12,
                "MONTH" | "MON" | "MONS" | "MONTHS" => |m| m % 12,
                _ => return Err(invalid()),
            };
            let t = if field.starts_with('Y') { DataType::Integer } else { DataType::Byte };
            let value =
                call(ctx, "extract")
                    .key(field)
                    .map1::<I32, i32>(vec![source], DataType::Integer, n, move |m| Ok(Some(f(m))));
            return cast(ctx, value, &t, CastMode::Legacy);
        }
        DataType::DayTimeInterval { .. } => {
            let (f, t): (fn(i64) -> i64, DataType) = match field.as_str() {
                "DAY" | "D" | "DAYS" => (|m| m / MICROS_PER_DAY, DataType::Integer),
                "HOUR" | "H" | "HOURS" | "HR" | "HRS" => (|m| m / MICROS_PER_HOUR % 24, DataType::Byte),
                "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => (|m| m / MICROS_PER_MINUTE % 60, DataType::Byte),
                "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => {
                    return Ok(call(ctx, "extract").key(field).map1::<I64, i128>(
                        vec![source],
                        DataType::Decimal { precision: 8, scale: 6 },
                        n,
                        |m| Ok(Some(i128::from(m % MICROS_PER_MINUTE))),
                    ));
                }
                _ => return Err(invalid()),
            };
            let value = call(ctx, "extract")
                .key(field)
                .map1::<I64, i64>(vec![source], DataType::Long, n, move |m| Ok(Some(f(m))));
            return cast(ctx, value, &t, CastMode::Legacy);
        }
        DataType::CalendarInterval => return calendar_part(ctx, &field, source).and_then(|e| e.ok_or_else(invalid)),
        _ => {}
    }
    match field.as_str() {
        "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => date_field(ctx, "year", source, |d| civil(d).0),
        "YEAROFWEEK" => date_field(ctx, "yearofweek", source, |d| iso_week(d).0),
        "QUARTER" | "QTR" => date_field(ctx, "quarter", source, |d| (civil(d).1 as i32 - 1) / 3 + 1),
        "MONTH" | "MON" | "MONS" | "MONTHS" => date_field(ctx, "month", source, |d| civil(d).1 as i32),
        "WEEK" | "W" | "WEEKS" => date_field(ctx, "weekofyear", source, |d| iso_week(d).1),
        "DAY" | "D" | "DAYS" => date_field(ctx, "day", source, |d| civil(d).2 as i32),
        "DAYOFWEEK" | "DOW" => date_field(ctx, "dayofweek", source, |d| iso_weekday(d) as i32 % 7 + 1),
        "DAYOFWEEK_ISO" | "DOW_ISO" => date_field(ctx, "dayofweek_iso", source, |d| iso_weekday(d) as i32),
        "DOY" => date_field(ctx, "dayofyear", source, day_of_year),
        "HOUR" | "H" | "HOURS" | "HR" | "HRS" => time_field(ctx, "hour", source, |m| (m / MICROS_PER_HOUR) as i32),
        "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => {
            time_field(ctx, "minute", source, |m| (m / MICROS_PER_MINUTE % 60) as i32)
        }
        "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => {
            let t = DataType::Decimal { precision: 8, scale: 6 };
            if let DataType::Time { .. } = source.data_type {
                return Ok(call(ctx, "extract")
                    .key("SECOND time")
                    .map1::<I64, i128>(vec![source], t, n, |v| Ok(Some(i128::from(v / 1000 % MICROS_PER_MINUTE)))));
            }
            let source = expect(ctx, source, 1, Accept::AnyTimestamp)?;
            let zone = clock(ctx, &source.data_type);
            Ok(call(ctx, "extract").key(format!("SECOND {zone}")).map1::<I64, i128>(vec![source], t, n, move |t| {
                Ok(Some(i128::from(zone.to_local(t).rem_euclid(MICROS_PER_MINUTE))))
            }))
        }
        _ => Err(invalid()),
    }
}

fn calendar_part(ctx: &CallContext<'_>, field: &str, source: TypedExpr) -> SparkResult<Option<TypedExpr>> {
    use crate::kernels::Cal;
    let n = source.nullable;
    let c = call(ctx, "extract").key(field);
    let (f, t): (fn(i32, i32, i64) -> i64, DataType) = match field {
        "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => (|m, _, _| i64::from(m / 12), DataType::Integer),
        "QUARTER" | "QTR" => (|m, _, _| i64::from(m % 12 / 3 + 1), DataType::Byte),
        "MONTH" | "MON" | "MONS" | "MONTHS" => (|m, _, _| i64::from(m % 12), DataType::Byte),
        "DAY" | "D" | "DAYS" => (|_, d, _| i64::from(d), DataType::Integer),
        "HOUR" | "H" | "HOURS" | "HR" | "HRS" => (|_, _, u| u / MICROS_PER_HOUR, DataType::Long),
        "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => (|_, _, u| u / MICROS_PER_MINUTE % 60, DataType::Byte),
        "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => {
            let t = DataType::Decimal { precision: 8, scale: 6 };
            return Ok(Some(c.map1::<Cal, i128>(vec![source], t, n, |v| {
                Ok(Some(i128::from(v.nanoseconds / 1000 % MICROS_PER_MINUTE)))
            })));
        }
        _ => return Ok(None),
    };
    let value = c.map1::<Cal, i64>(vec![source], DataType::Long, n, move |v| {
        Ok(Some(f(v.months, v.days, v.nanoseconds / 1000)))
    });
    cast(ctx, value, &t, CastMode::Legacy).map(Some)
}

fn unit_error(ctx: &CallContext<'_>, function: &str, unit: &str) -> SparkError {
    SparkError::analysis("INVALID_PARAMETER_VALUE.DATETIME_UNIT")
        .param("functionName", format!("`{function}`"))
        .param("parameter", "`unit`")
        .param("invalidValue", format!("'{unit}'"))
        .at(&ctx.origin)
}

/// `timestampadd(unit, n, ts)`; with two arguments it is `date_add`.
fn dateadd(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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
fn datediff(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn next_day(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn months_between(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

/// First day of the period, for the units of `trunc`.
fn truncate_date(date: i32, unit: &str) -> Option<i32> {
    let (year, month, day) = civil(date);
    Some(match unit {
        "YEAR" | "YYYY" | "YY" => days_of(year.into(), 1, 1) as i32,
        "QUARTER" => days_of(year.into(), (month - 1) / 3 * 3 + 1, 1) as i32,
        "MONTH" | "MM" | "MON" => date - day as i32 + 1,
        "WEEK" => date - iso_weekday(date) as i32 + 1,
        _ => return None,
    })
}

fn trunc(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [date, unit] = take(args)?;
    let (date, _) = as_date(ctx, date)?;
    let unit = expect(ctx, unit, 1, Accept::Type(DataType::String))?;
    Ok(call(ctx, "trunc").map2::<I32, Str, i32>(vec![date, unit], DataType::Date, true, |date, unit| {
        Ok(truncate_date(date, &unit.to_uppercase()))
    }))
}

/// An instant cut to a unit on the local clock.
fn truncate_timestamp(ts: i64, unit: &str, zone: &SessionTimeZone) -> Option<i64> {
    let cut = |unit: i64| Some(ts.div_euclid(unit) * unit);
    match unit {
        "MICROSECOND" => return Some(ts),
        "MILLISECOND" => return cut(1000),
        "SECOND" => return cut(MICROS_PER_SECOND),
        _ => {}
    }
    let local = zone.to_local(ts);
    let truncated = match unit {
        "MINUTE" => local.div_euclid(MICROS_PER_MINUTE) * MICROS_PER_MINUTE,
        "HOUR" => local.div_euclid(MICROS_PER_HOUR) * MICROS_PER_HOUR,
        "DAY" | "DD" => local.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY,
        unit => i64::from(truncate_date(split_micros(local).0, unit)?) * MICROS_PER_DAY,
    };
    // Below a day the offset stays as it is, so an overlap keeps its side.
    if matches!(unit, "MINUTE" | "HOUR") { Some(ts - (local - truncated)) } else { Some(zone.to_utc(truncated)) }
}

fn date_trunc(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [unit, ts] = take(args)?;
    let unit = expect(ctx, unit, 0, Accept::Type(DataType::String))?;
    let ts = if ts.data_type == DataType::TimestampNtz {
        ts
    } else {
        expect(ctx, ts, 1, Accept::Type(DataType::Timestamp))?
    };
    let (zone, data_type) = (clock(ctx, &ts.data_type), ts.data_type.clone());
    Ok(call(ctx, "date_trunc").key(zone.id()).map2::<Str, I64, i64>(
        vec![unit, ts],
        data_type,
        true,
        move |unit, ts| {
            // Most units come in upper or lower case already.
            Ok(truncate_timestamp(ts, &unit.to_uppercase(), &zone))
        },
    ))
}

fn current_date(ctx: &CallContext<'_>, _: Args) -> SparkResult<TypedExpr> {
    let local = ctx.time_zone().to_local(ctx.conf.query_start_micros);
    TypedExpr::literal(&kindling_spec::Literal::Date(split_micros(local).0))
}

fn now(ctx: &CallContext<'_>, _: Args) -> SparkResult<TypedExpr> {
    TypedExpr::literal(&kindling_spec::Literal::Timestamp(ctx.conf.query_start_micros))
}

/// A pattern that is constant is compiled once; else row by row.
fn pattern_of(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize, parsing: bool) -> SparkResult<Option<Pattern>> {
    literal_text(ctx, arg, index)?.map(|text| Pattern::new(&text, parsing)).transpose()
}

fn date_format(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [value, format] = take(args)?;
    if let DataType::Time { .. } = value.data_type {
        let pattern = pattern_of(ctx, &format, 1, false)?;
        let n = value.nullable || format.nullable;
        return Ok(call(ctx, "date_format").key("time").map2::<I64, Str, String>(
            vec![value, format],
            DataType::String,
            n,
            move |nanos, text| {
                let local = nanos / 1000;
                match &pattern {
                    Some(pattern) => pattern.format(local, local, None),
                    None => Pattern::new(text, false)?.format(local, local, None),
                }
                .map(Some)
            },
        ));
    }
    let value = expect(ctx, value, 0, Accept::AnyTimestamp)?;
    let format = expect(ctx, format, 1, Accept::Type(DataType::String))?;
    let pattern = pattern_of(ctx, &format, 1, false)?;
    let n = value.nullable || format.nullable;
    let zone = clock(ctx, &value.data_type);
    let zoned = value.data_type == DataType::Timestamp;
    Ok(call(ctx, "date_format").key(zone.id()).map2::<I64, Str, String>(
        vec![value, format],
        DataType::String,
        n,
        move |ts, text| {
            let (local, zone) = (zone.to_local(ts), zoned.then_some(&zone));
            match &pattern {
                Some(pattern) => pattern.format(local, ts, zone),
                None => Pattern::new(text, false)?.format(local, ts, zone),
            }
            .map(Some)
        },
    ))
}

fn cannot_parse(text: &str, function: &str) -> SparkError {
    SparkError::new(ExceptionClass::DateTime, "CANNOT_PARSE_TIMESTAMP")
        .param("message", format!("Text '{text}' could not be parsed at index 0"))
        .param("func", format!("`{function}`"))
}

/// Parses strings by a pattern to local microseconds and zone.
fn parse_with(
    ctx: &CallContext<'_>,
    name: &'static str,
    args: Args,
    data_type: DataType,
    fail: bool,
    suggestion: &'static str,
    finish: impl Fn(crate::datetime::pattern::Parsed) -> i64 + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    let [text, format] = take(args)?;
    let text = expect(ctx, text, 0, Accept::Type(DataType::String))?;
    let format = expect(ctx, format, 1, Accept::Type(DataType::String))?;
    let compile = match data_type {
        DataType::TimestampNtz => Pattern::without_legacy,
        _ => Pattern::new,
    };
    let pattern = literal_text(ctx, &format, 1)?.map(|format| compile(&format, true)).transpose()?;
    let n = text.nullable || format.nullable || !fail;
    let key = format!("{fail} {} {}", data_type.simple_string(), ctx.time_zone());
    Ok(call(ctx, name).key(key).map2::<Str, Str, i64>(vec![text, format], data_type, n, move |text, format| {
        let parsed = match &pattern {
            Some(pattern) => pattern.parse(text),
            None => compile(format, true)?.parse(text),
        };
        match parsed {
            Some(parsed) => Ok(Some(finish(parsed))),
            None if fail => Err(cannot_parse(text, suggestion)),
            None => Ok(None),
        }
    }))
}

fn to_date(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
    let mode = if fail { CastMode::Session } else { CastMode::Try };
    if args.len() == 1 || !args[0].data_type.is_string() {
        let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
        return cast(ctx, arg, &DataType::Date, mode);
    }
    let zone = *ctx.time_zone();
    let ts = parse_with(ctx, "gettimestamp", args, DataType::Timestamp, fail, "try_to_date", move |p| {
        p.zone.unwrap_or(zone).to_utc(p.local)
    })?;
    cast(ctx, ts, &DataType::Date, CastMode::Session)
}

fn to_timestamp(ctx: &CallContext<'_>, args: Args, to: DataType, fail: bool) -> SparkResult<TypedExpr> {
    let mode = if fail { CastMode::Session } else { CastMode::Try };
    if args.len() == 1 || !args[0].data_type.is_string() {
        let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
        return cast(ctx, arg, &to, mode);
    }
    let zone = *ctx.time_zone();
    let ntz = to == DataType::TimestampNtz;
    parse_with(ctx, "gettimestamp", args, to, fail, "try_to_timestamp", move |p| {
        if ntz { p.local } else { p.zone.unwrap_or(zone).to_utc(p.local) }
    })
}

fn unix_timestamp(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.is_empty() {
        return Ok(TypedExpr::long(ctx.conf.query_start_micros / MICROS_PER_SECOND));
    }
    if !args[0].data_type.is_string() {
        let arg = args.swap_remove(0);
        let arg = cast(ctx, arg, &DataType::Timestamp, CastMode::Session)?;
        let n = arg.nullable;
        return Ok(call(ctx, "unix_timestamp")
            .map1::<I64, i64>(vec![arg], DataType::Long, n, |t| Ok(Some(t.div_euclid(MICROS_PER_SECOND)))));
    }
    if args.len() == 1 {
        args.push(TypedExpr::string("yyyy-MM-dd HH:mm:ss"));
    }
    let zone = *ctx.time_zone();
    parse_with(ctx, "unix_timestamp", args, DataType::Long, ctx.ansi, "try_to_timestamp", move |p| {
        p.zone.unwrap_or(zone).to_utc(p.local).div_euclid(MICROS_PER_SECOND)
    })
}

fn from_unixtime(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 1 {
        args.push(TypedExpr::string("yyyy-MM-dd HH:mm:ss"));
    }
    let [seconds, format] = take(args)?;
    let seconds = expect(ctx, seconds, 0, Accept::Type(DataType::Long))?;
    let format = expect(ctx, format, 1, Accept::Type(DataType::String))?;
    let pattern = pattern_of(ctx, &format, 1, false)?;
    let n = seconds.nullable || format.nullable;
    let zone = *ctx.time_zone();
    Ok(call(ctx, "from_unixtime").key(zone.id()).map2::<I64, Str, String>(
        vec![seconds, format],
        DataType::String,
        n,
        move |seconds, text| {
            let ts = seconds.saturating_mul(MICROS_PER_SECOND);
            let local = zone.to_local(ts);
            match &pattern {
                Some(pattern) => pattern.format(local, ts, Some(&zone)),
                None => Pattern::new(text, false)?.format(local, ts, Some(&zone)),
            }
            .map(Some)
        },
    ))
}

fn unix_units(ctx: &CallContext<'_>, args: Args, unit: i64) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::Type(DataType::Timestamp))?;
    let n = a.nullable;
    let key = unit.to_string();
    Ok(call(ctx, "unix_units")
        .key(key)
        .map1::<I64, i64>(vec![a], DataType::Long, n, move |t| Ok(Some(t.div_euclid(unit)))))
}

fn of_units(ctx: &CallContext<'_>, args: Args, unit: i64) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::Integral)?;
    let a = cast(ctx, a, &DataType::Long, CastMode::Session)?;
    let n = a.nullable;
    let key = unit.to_string();
    Ok(call(ctx, "timestamp_of_units").key(key).map1::<I64, i64>(vec![a], DataType::Timestamp, n, move |v| {
        v.checked_mul(unit).map(Some).ok_or_else(|| crate::arithmetic::overflow("long overflow", ""))
    }))
}

fn timestamp_seconds(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::Numeric)?;
    let n = a.nullable || !a.data_type.is_integral();
    if a.data_type.is_integral() {
        return of_units(ctx, vec![a], MICROS_PER_SECOND);
    }
    if let DataType::Decimal { scale, .. } = a.data_type {
        return Ok(call(ctx, "timestamp_seconds").map1::<Dec, i64>(vec![a], DataType::Timestamp, n, move |v| {
            let unit = crate::arithmetic::pow10((scale - 6).max(0) as u32);
            if scale > 6 && v % unit != 0 {
                return Err(crate::arithmetic::java_arithmetic("Rounding necessary"));
            }
            let micros = crate::arithmetic::rescale(v, scale, 6).and_then(|m| i64::try_from(m).ok());
            micros.map(Some).ok_or_else(|| crate::arithmetic::overflow("Overflow", ""))
        }));
    }
    let a = cast(ctx, a, &DataType::Double, CastMode::Session)?;
    Ok(call(ctx, "timestamp_seconds").map1::<F64, i64>(vec![a], DataType::Timestamp, n, |v| {
        Ok(v.is_finite().then_some((v * MICROS_PER_SECOND as f64) as i64))
    }))
}

fn shift_zone(ctx: &CallContext<'_>, args: Args, from_utc: bool) -> SparkResult<TypedExpr> {
    let [ts, zone] = take(args)?;
    let ts = expect(ctx, ts, 0, Accept::Type(DataType::Timestamp))?;
    let zone = expect(ctx, zone, 1, Accept::Type(DataType::String))?;
    let n = ts.nullable || zone.nullable;
    let name = if from_utc { "from_utc_timestamp" } else { "to_utc_timestamp" };
    Ok(call(ctx, name).map2::<I64, Str, i64>(vec![ts, zone], DataType::Timestamp, n, move |ts, zone| {
        let zone = SessionTimeZone::parse(zone)?;
        Ok(Some(if from_utc { zone.to_local(ts) } else { zone.to_utc(ts) }))
    }))
}

fn convert_timezone(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        args.insert(0, TypedExpr::string(ctx.time_zone().id()));
    }
    let [from, to, ts] = take(args)?;
    let from = expect(ctx, from, 0, Accept::Type(DataType::String))?;
    let to = expect(ctx, to, 1, Accept::Type(DataType::String))?;
    let ts = expect(ctx, ts, 2, Accept::Type(DataType::TimestampNtz))?;
    let args = vec![from, to, ts];
    let n = any_nullable(&args);
    Ok(call(ctx, "convert_timezone").map3::<Str, Str, I64, i64>(args, DataType::TimestampNtz, n, |from, to, ts| {
        let (from, to) = (SessionTimeZone::parse(from)?, SessionTimeZone::parse(to)?);
        Ok(Some(to.to_local(from.to_utc(ts))))
    }))
}

fn out_of_bounds(message: &str, suggest: bool) -> SparkError {
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

fn make_date(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn make_timestamp(ctx: &CallContext<'_>, args: Args, to: DataType, fail: bool) -> SparkResult<TypedExpr> {
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

fn make_interval(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
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

fn make_dt_interval(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn make_ym_interval(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

fn to_time(ctx: &CallContext<'_>, args: Args, tolerant: bool) -> SparkResult<TypedExpr> {
    let fail = move |text: &str| {
        if tolerant {
            return Ok(None);
        }
        Err(SparkError::new(ExceptionClass::DateTime, "CANNOT_PARSE_TIME")
            .param("input", format!("'{text}'"))
            .param("format", "'HH:mm:ss.SSSSSS'"))
    };
    if args.len() == 1 {
        let [text] = take(args)?;
        let text = expect(ctx, text, 0, Accept::Type(DataType::String))?;
        let n = text.nullable || tolerant;
        return Ok(call(ctx, "to_time").key(tolerant.to_string()).map1::<Str, i64>(
            vec![text],
            TIME6,
            n,
            move |text| match parse::parse_time(text) {
                Some(nanos) => Ok(Some(nanos)),
                None => fail(text),
            },
        ));
    }
    let [text, format] = take(args)?;
    let text = expect(ctx, text, 0, Accept::Type(DataType::String))?;
    let format = expect(ctx, format, 1, Accept::Type(DataType::String))?;
    let n = text.nullable || format.nullable || tolerant;
    let key = format!("format {tolerant}");
    Ok(call(ctx, "to_time").key(key).map2::<Str, Str, i64>(vec![text, format], TIME6, n, move |text, format| {
        match Pattern::new(format, true)?.parse(text) {
            Some(parsed) => Ok(Some(split_micros(parsed.local).1 * 1000)),
            None => fail(text),
        }
    }))
}

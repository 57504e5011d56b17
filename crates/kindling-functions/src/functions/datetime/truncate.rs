//! `trunc` and `date_trunc`.

use kindling_common::SparkResult;
use kindling_spec::DataType;

use super::{Args, as_date, clock};
use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    coercion::{Accept, expect},
    datetime::{
        MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, civil, days_of, iso_weekday,
        split_micros,
    },
    functions::take,
    kernels::{I32, I64, Str},
    udf::call,
};

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

pub(super) fn trunc(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn date_trunc(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

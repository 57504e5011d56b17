//! Timestamps from and to counts of a unit, and between time zones.

use kindling_common::SparkResult;
use kindling_spec::{CastMode, DataType};

use super::Args;
use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    cast::cast,
    coercion::{Accept, expect},
    datetime::MICROS_PER_SECOND,
    functions::{any_nullable, take},
    kernels::{Dec, F64, I64, Str},
    udf::call,
};

pub(super) fn unix_units(ctx: &CallContext<'_>, args: Args, unit: i64) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::Type(DataType::Timestamp))?;
    let n = a.nullable;
    let key = unit.to_string();
    Ok(call(ctx, "unix_units")
        .key(key)
        .map1::<I64, i64>(vec![a], DataType::Long, n, move |t| Ok(Some(t.div_euclid(unit)))))
}

pub(super) fn of_units(ctx: &CallContext<'_>, args: Args, unit: i64) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::Integral)?;
    let a = cast(ctx, a, &DataType::Long, CastMode::Session)?;
    let n = a.nullable;
    let key = unit.to_string();
    Ok(call(ctx, "timestamp_of_units").key(key).map1::<I64, i64>(vec![a], DataType::Timestamp, n, move |v| {
        v.checked_mul(unit).map(Some).ok_or_else(|| crate::arithmetic::overflow("long overflow", ""))
    }))
}

pub(super) fn timestamp_seconds(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn shift_zone(ctx: &CallContext<'_>, args: Args, from_utc: bool) -> SparkResult<TypedExpr> {
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

pub(super) fn convert_timezone(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
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

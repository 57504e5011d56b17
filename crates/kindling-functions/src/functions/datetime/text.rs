//! Dates and times to and from text by a pattern.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{Args, TIME6, clock, literal_text};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{Accept, expect},
    datetime::{MICROS_PER_SECOND, parse, pattern::Pattern, split_micros},
    functions::take,
    kernels::{I64, Str},
    udf::call,
};

/// A pattern that is constant is compiled once; else row by row.
fn pattern_of(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize, parsing: bool) -> SparkResult<Option<Pattern>> {
    literal_text(ctx, arg, index)?.map(|text| Pattern::new(&text, parsing)).transpose()
}

pub(super) fn date_format(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn to_date(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
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

pub(super) fn to_timestamp(ctx: &CallContext<'_>, args: Args, to: DataType, fail: bool) -> SparkResult<TypedExpr> {
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

pub(super) fn unix_timestamp(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn from_unixtime(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
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
            // As Spark multiplies.
            let ts = seconds.wrapping_mul(MICROS_PER_SECOND);
            let local = zone.to_local(ts);
            match &pattern {
                Some(pattern) => pattern.format(local, ts, Some(&zone)),
                None => Pattern::new(text, false)?.format(local, ts, Some(&zone)),
            }
            .map(Some)
        },
    ))
}

pub(super) fn to_time(ctx: &CallContext<'_>, args: Args, tolerant: bool) -> SparkResult<TypedExpr> {
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

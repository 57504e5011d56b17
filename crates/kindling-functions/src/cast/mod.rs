//! `CAST`, `TRY_CAST` and implicit casts (`Cast.scala`).
//!
//! Conversions that never fail and mean the same in Arrow are DataFusion casts, so that its rules see through them.
//! Constants are cast at once. The rest are kernels of ours.

mod from_string;
mod number;
mod text;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, new_null_array};
use arrow::datatypes::{
    DataType as ArrowType, Date32Type, Decimal128Type, DurationMicrosecondType, Int32Type, Int64Type,
    IntervalYearMonthType, TimestampMicrosecondType,
};
use datafusion::{
    common::ScalarValue,
    logical_expr::{Cast, Expr},
};
use kindling_common::{ExceptionClass, SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType, DayTimeField, StructType};
use std::sync::Arc;

use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    coercion::{Failure, sql_value},
    datetime::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, split_micros},
    error::from_datafusion,
    udf::{call, relabel},
    variant::{Variants, from_variant, to_variant},
};

pub(crate) use from_string::{parse_decimal, parse_float};
pub(crate) use text::{TextStyle, decimal_text, double_text, float_text, plain_text, wide_decimal_text, write_text};

/// What a cast kernel needs of its session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CastOptions {
    pub failure: Failure,
    pub zone: SessionTimeZone,
    pub now: i64,
}

impl CastOptions {
    /// The same where what does not fit fails without ANSI too: only `TRY_CAST` passes over it.
    fn strict(&self) -> CastOptions {
        let failure = if self.failure == Failure::Try { Failure::Try } else { Failure::Ansi };
        CastOptions { failure, zone: self.zone, now: self.now }
    }

    /// The same where what does not fit is null without ANSI.
    fn lenient(&self) -> CastOptions {
        let failure = if self.failure == Failure::Ansi { Failure::Ansi } else { Failure::Try };
        CastOptions { failure, zone: self.zone, now: self.now }
    }
}

fn quoted(data_type: &DataType) -> String {
    format!("\"{}\"", data_type.sql())
}

/// Casts an expression; `DATATYPE_MISMATCH.CAST_…` where Spark has no such cast.
pub fn cast(ctx: &CallContext<'_>, expr: TypedExpr, to: &DataType, mode: CastMode) -> SparkResult<TypedExpr> {
    let from = expr.data_type.clone();
    if from == *to {
        return Ok(expr);
    }
    if let (t, DataType::Char(_) | DataType::Varchar(_)) = (&from, to)
        && t.is_string()
    {
        return Ok(TypedExpr { data_type: to.clone(), ..expr });
    }
    if from.is_string() && *to == DataType::String {
        return Ok(TypedExpr { data_type: DataType::String, ..expr });
    }
    let failure = match mode {
        CastMode::Session if ctx.ansi => Failure::Ansi,
        CastMode::Session | CastMode::Legacy => Failure::Legacy,
        CastMode::Ansi => Failure::Ansi,
        CastMode::Try => Failure::Try,
    };
    if from == DataType::Null && expr.is_null_literal() {
        return TypedExpr::null(to.clone());
    }
    let ansi = failure != Failure::Legacy;
    if !can_cast(&from, to, ansi) {
        return Err(cast_mismatch(ctx, &from, to, ansi, failure));
    }
    let nullable = expr.nullable
        || from == DataType::Variant
        || match failure {
            Failure::Try => !can_up_cast(&from, to),
            _ => crate::coercion::force_nullable(&from, to),
        };
    let options = CastOptions { failure, zone: *ctx.time_zone(), now: ctx.conf.query_start_micros };
    if let Some(value) = expr.as_literal() {
        // An error stays in the expression: it belongs to the rows that are evaluated.
        if let Ok(value) = cast_scalar(value, &from, to, &options) {
            let nullable = nullable || value.is_null();
            return Ok(TypedExpr::new(Expr::Literal(value, None), to.clone(), nullable));
        }
    }
    if is_lossless(&from, to, &options.zone) {
        let expr = Expr::Cast(Cast::new(Box::new(expr.expr), to_arrow(to)));
        return Ok(TypedExpr::new(expr, to.clone(), nullable));
    }
    let key = format!("{} -> {} {failure:?} {}", from.simple_string(), to.simple_string(), options.zone);
    let target = to.clone();
    Ok(call(ctx, "cast")
        .key(key)
        .arrays(vec![expr], to.clone(), nullable, move |arrays, _| cast_array(&arrays[0], &from, &target, &options)))
}

/// A value as a column of a table keeps it: a cast that fails, and where a number is too large it names the column.
pub fn store(ctx: &CallContext<'_>, expr: TypedExpr, to: &DataType, column: &str) -> SparkResult<TypedExpr> {
    let from = expr.data_type.clone();
    let is_exact = |t: &DataType| t.is_integral() || matches!(t, DataType::Decimal { .. });
    let zone = *ctx.time_zone();
    if from == *to || !from.is_numeric() || !is_exact(to) || is_lossless(&from, to, &zone) {
        return cast(ctx, expr, to, CastMode::Ansi);
    }
    let options = CastOptions { failure: Failure::Ansi, zone, now: ctx.conf.query_start_micros };
    let (target, nullable, column) = (to.clone(), expr.nullable, kindling_spec::quote_identifier(column));
    let key = format!("{} -> {} {column}", from.simple_string(), to.simple_string());
    Ok(call(ctx, "store").key(key).arrays(vec![expr], to.clone(), nullable, move |arrays, _| {
        cast_array(&arrays[0], &from, &target, &options).map_err(|_| {
            SparkError::new(ExceptionClass::Arithmetic, "CAST_OVERFLOW_IN_TABLE_INSERT")
                .param("sourceType", format!("\"{}\"", from.sql()))
                .param("targetType", format!("\"{}\"", target.sql()))
                .param("columnName", &column)
        })
    }))
}

fn cast_scalar(value: &ScalarValue, from: &DataType, to: &DataType, options: &CastOptions) -> SparkResult<ScalarValue> {
    let array = value.to_array().map_err(from_datafusion)?;
    let array = cast_array(&array, from, to, options)?;
    let array = relabel(&array, &to_arrow(to))?;
    ScalarValue::try_from_array(&array, 0).map_err(from_datafusion)
}

/// Conversions that never fail and are the same in Arrow.
fn is_lossless(from: &DataType, to: &DataType, zone: &SessionTimeZone) -> bool {
    use DataType::{Byte, Date, Decimal, Double, Float, Integer, Long, Short, Timestamp, TimestampNtz};
    match (from, to) {
        (Byte, Short | Integer | Long | Float | Double) => true,
        (Short, Integer | Long | Float | Double) => true,
        (Integer, Long | Double) | (Float, Double) | (Long, Double) => true,
        (f, Decimal { precision, scale }) if f.is_integral() => {
            let digits = match f {
                Byte => 3,
                Short => 5,
                Integer => 10,
                _ => 19,
            };
            i32::from(*precision) - i32::from(*scale) >= digits
        }
        (Decimal { precision: p1, scale: s1 }, Decimal { precision: p2, scale: s2 }) => {
            s2 >= s1 && i32::from(*p2) - i32::from(*s2) >= i32::from(*p1) - i32::from(*s1)
        }
        (Date, TimestampNtz) => true,
        (Date, Timestamp) => zone.is_utc(),
        _ => false,
    }
}

/// `Cast.canCast` and `Cast.canAnsiCast`.
pub fn can_cast(from: &DataType, to: &DataType, ansi: bool) -> bool {
    use DataType::*;
    let interval = |t: &DataType| matches!(t, YearMonthInterval { .. } | DayTimeInterval { .. });
    match (from, to) {
        (f, t) if f == t => true,
        (Null, _) => true,
        (f, t) if f.is_string() && t.is_string() => true,
        (Array { element: f, contains_null: n }, Array { element: t, contains_null: m }) => {
            can_cast(f, t, ansi) && nullability_fits(*n, *m, f, t, ansi)
        }
        (Map { key: fk, value: fv, value_contains_null: n }, Map { key: tk, value: tv, value_contains_null: m }) => {
            can_cast(fk, tk, ansi)
                && (ansi || !crate::coercion::force_nullable(fk, tk))
                && can_cast(fv, tv, ansi)
                && nullability_fits(*n, *m, fv, tv, ansi)
        }
        (Struct(f), Struct(t)) => {
            f.fields.len() == t.fields.len()
                && f.fields.iter().zip(&t.fields).all(|(f, t)| {
                    can_cast(&f.data_type, &t.data_type, ansi)
                        && nullability_fits(f.nullable, t.nullable, &f.data_type, &t.data_type, ansi)
                })
        }
        (Variant, t) => fits_variant(t, true),
        (f, Variant) => fits_variant(f, false),
        (Array { .. } | Map { .. } | Struct(_), t) => t.is_string(),
        (_, t) if t.is_string() => true,
        (f, Binary) => f.is_string() || !ansi && f.is_integral(),
        (f, Boolean) => f.is_string() || f.is_numeric() || !ansi && matches!(f, Date | Timestamp),
        (f, Timestamp) => f.is_string() || matches!(f, Date | TimestampNtz) || f.is_numeric() || !ansi && *f == Boolean,
        (f, TimestampNtz) => f.is_string() || matches!(f, Date | Timestamp | Time { .. }),
        (f, Date) => f.is_string() || matches!(f, Timestamp | TimestampNtz),
        (f, Time { .. }) => f.is_string() || matches!(f, Time { .. } | TimestampNtz | Timestamp),
        (f, CalendarInterval) => f.is_string(),
        (DayTimeInterval { .. }, DayTimeInterval { .. }) => true,
        (YearMonthInterval { .. }, YearMonthInterval { .. }) => true,
        (f, t) if interval(t) => f.is_string() || f.is_integral() || matches!(f, Decimal { .. }),
        (f, t) if t.is_numeric() => {
            f.is_string()
                || f.is_numeric()
                || *f == Boolean
                || *f == Timestamp
                || !ansi && *f == Date
                || interval(f) && (t.is_integral() || matches!(t, Decimal { .. }))
                || matches!(f, Time { .. }) && (t.is_integral() || matches!(t, Decimal { .. }))
        }
        _ => false,
    }
}

/// Spark's `UpCastRule.canUpCast`: no value is lost.
pub fn can_up_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    let rank = |t: &DataType| [Byte, Short, Integer, Long, Float, Double].iter().position(|known| known == t);
    let digits = |t: &DataType| match t {
        Byte => Some((3, 0)),
        Short => Some((5, 0)),
        Integer => Some((10, 0)),
        Long => Some((20, 0)),
        Decimal { precision, scale } => Some((i32::from(*precision), i32::from(*scale))),
        _ => None,
    };
    match (from, to) {
        (f, t) if f == t => true,
        (Null, _) => true,
        (Array { element: f, .. }, Array { element: t, .. }) => can_up_cast(f, t),
        (Map { key: a, value: b, .. }, Map { key: c, value: d, .. }) => can_up_cast(a, c) && can_up_cast(b, d),
        (Struct(f), Struct(t)) => {
            f.fields.len() == t.fields.len()
                && f.fields.iter().zip(&t.fields).all(|(f, t)| can_up_cast(&f.data_type, &t.data_type))
        }
        (Array { .. } | Map { .. } | Struct(_), _) => false,
        (_, String) => true,
        (Date, Timestamp | TimestampNtz) | (Timestamp, TimestampNtz) | (TimestampNtz, Timestamp) => true,
        (Timestamp, Long) | (Long, Timestamp) => true,
        (Decimal { .. }, Float | Double) => false,
        (f, t @ Decimal { .. }) => match (digits(f), digits(t)) {
            (Some((p, s)), Some((q, r))) => r >= s && q - r >= p - s,
            _ => false,
        },
        (f @ Decimal { .. }, t) => match (digits(f), digits(t)) {
            (Some((p, s)), Some((q, r))) => r >= s && q - r >= p - s,
            _ => false,
        },
        (f, t) => matches!((rank(f), rank(t)), (Some(f), Some(t)) if f < t),
    }
}

/// `VariantGet.checkDataType`
fn fits_variant(t: &DataType, structs_and_maps: bool) -> bool {
    match t {
        DataType::Array { element, .. } => fits_variant(element, structs_and_maps),
        DataType::Map { key, value, .. } => structs_and_maps && key.is_string() && fits_variant(value, true),
        DataType::Struct(fields) => {
            structs_and_maps && fields.fields.iter().all(|field| fits_variant(&field.data_type, true))
        }
        DataType::CalendarInterval
        | DataType::YearMonthInterval { .. }
        | DataType::DayTimeInterval { .. }
        | DataType::Time { .. } => false,
        _ => true,
    }
}

fn nullability_fits(from_null: bool, to_null: bool, from: &DataType, to: &DataType, ansi: bool) -> bool {
    let forced = !ansi && crate::coercion::force_nullable(from, to);
    to_null || !(from_null || forced)
}

fn cast_mismatch(ctx: &CallContext<'_>, from: &DataType, to: &DataType, ansi: bool, failure: Failure) -> SparkError {
    let base = |condition| {
        SparkError::analysis(condition)
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("srcType", quoted(from))
            .param("targetType", quoted(to))
    };
    if !ansi {
        return base("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    }
    let function = match (from, to) {
        (f, DataType::Date) if f.is_numeric() => Some("`DATE_FROM_UNIX_DATE`"),
        (DataType::Date, t) if t.is_numeric() => Some("`UNIX_DATE`"),
        _ => None,
    };
    match function {
        Some(names) => base("DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION").param("functionNames", names),
        None if failure == Failure::Ansi && can_cast(from, to, false) => {
            base("DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION")
                .param("config", crate::arithmetic::ANSI_CONFIG)
                .param("configVal", "'false'")
        }
        None => base("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"),
    }
}

/// `CAST_INVALID_INPUT`
pub(crate) fn invalid_input(text: &str, to: &DataType) -> SparkError {
    let class = match to {
        DataType::Date | DataType::Timestamp | DataType::TimestampNtz | DataType::Time { .. } => {
            ExceptionClass::DateTime
        }
        DataType::Boolean => ExceptionClass::Runtime,
        _ => ExceptionClass::NumberFormat,
    };
    SparkError::new(class, "CAST_INVALID_INPUT")
        .param("expression", sql_value(&ScalarValue::Utf8(Some(text.to_string()))))
        .param("sourceType", "\"STRING\"")
        .param("targetType", quoted(to))
        .param("ansiConfig", crate::arithmetic::ANSI_CONFIG)
}

/// `CAST_OVERFLOW`
pub(crate) fn cast_overflow(value: &str, from: &DataType, to: &DataType) -> SparkError {
    SparkError::new(ExceptionClass::Arithmetic, "CAST_OVERFLOW")
        .param("value", value)
        .param("sourceType", quoted(from))
        .param("targetType", quoted(to))
        .param("ansiConfig", crate::arithmetic::ANSI_CONFIG)
}

/// Casts an array; the result has the layout of `to_arrow(to)` up to labels.
pub(crate) fn cast_array(
    array: &ArrayRef,
    from: &DataType,
    to: &DataType,
    options: &CastOptions,
) -> SparkResult<ArrayRef> {
    use DataType::*;
    let arrow_to = to_arrow(to);
    if from == to {
        return Ok(Arc::clone(array));
    }
    Ok(match (from, to) {
        (Null, _) => new_null_array(&arrow_to, array.len()),
        (Variant, t) => {
            let variants = Variants::new(array)?;
            let rows: Vec<_> = (0..array.len()).map(|row| variants.get(row)).collect();
            from_variant(&rows, t, options)?
        }
        (f, Variant) => to_variant(array, f)?,
        (f, t) if f.is_string() && t.is_string() => Arc::clone(array),
        (f, t) if f.is_string() && *t == Binary => crate::kernels::downcast_binary(array)?,
        (_, t) if t.is_string() => text::to_text(array, from, &TextStyle::cast(options))?,
        (f, t) if f.is_string() => from_string::from_string(array, t, options)?,
        (Array { element: f, .. }, Array { element: t, .. }) => {
            let list = array.as_list::<i32>();
            let ArrowType::List(field) = &arrow_to else { return Err(SparkError::internal("not a list")) };
            let values = cast_array(list.values(), f, t, options)?;
            let values = relabel(&values, field.data_type())?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls).map_err(internal)?)
        }
        (Map { key: fk, value: fv, .. }, Map { key: tk, value: tv, .. }) => {
            let map = array.as_map();
            let ArrowType::Map(field, sorted) = &arrow_to else { return Err(SparkError::internal("not a map")) };
            let ArrowType::Struct(fields) = field.data_type() else { return Err(SparkError::internal("not entries")) };
            let keys = relabel(&cast_array(map.keys(), fk, tk, options)?, fields[0].data_type())?;
            let values = relabel(&cast_array(map.values(), fv, tv, options)?, fields[1].data_type())?;
            let entries = StructArray::try_new(fields.clone(), vec![keys, values], None).map_err(internal)?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, nulls, *sorted).map_err(internal)?)
        }
        (Struct(f), Struct(t)) => cast_struct(array, f, t, &arrow_to, options)?,
        (Date, Timestamp) => {
            let zone = options.zone;
            let dates = array.as_primitive::<Date32Type>();
            Arc::new(dates.unary::<_, Int64Type>(|d| zone.to_utc(i64::from(d).saturating_mul(MICROS_PER_DAY))))
        }
        (Date, TimestampNtz) => {
            let dates = array.as_primitive::<Date32Type>();
            Arc::new(dates.unary::<_, Int64Type>(|d| i64::from(d).saturating_mul(MICROS_PER_DAY)))
        }
        (Timestamp, Date) => {
            let zone = options.zone;
            let times = array.as_primitive::<TimestampMicrosecondType>();
            Arc::new(times.unary::<_, Int32Type>(|t| split_micros(zone.to_local(t)).0))
        }
        (TimestampNtz, Date) => {
            let times = array.as_primitive::<TimestampMicrosecondType>();
            Arc::new(times.unary::<_, Int32Type>(|t| split_micros(t).0))
        }
        (Timestamp, TimestampNtz) => {
            let zone = options.zone;
            Arc::new(array.as_primitive::<TimestampMicrosecondType>().unary::<_, Int64Type>(|t| zone.to_local(t)))
        }
        (TimestampNtz, Timestamp) => {
            let zone = options.zone;
            Arc::new(array.as_primitive::<TimestampMicrosecondType>().unary::<_, Int64Type>(|t| zone.to_utc(t)))
        }
        (Timestamp | TimestampNtz, Time { .. }) => {
            let zone = if *from == Timestamp { options.zone } else { SessionTimeZone::utc() };
            let times = array.as_primitive::<TimestampMicrosecondType>();
            Arc::new(times.unary::<_, Int64Type>(|t| split_micros(zone.to_local(t)).1 * 1000))
        }
        (Time { .. }, Time { precision }) => {
            let unit = 10_i64.pow(9 - u32::from(*precision).min(9));
            let times = relabel(array, &ArrowType::Int64)?;
            Arc::new(times.as_primitive::<Int64Type>().unary::<_, Int64Type>(|t| t / unit * unit))
        }
        // Without ANSI a date is castable to numbers, and always null.
        (Date, _) => new_null_array(&arrow_to, array.len()),
        (DayTimeInterval { .. }, DayTimeInterval { end, .. }) => {
            let unit = day_time_unit(*end);
            let micros = array.as_primitive::<DurationMicrosecondType>();
            Arc::new(micros.unary::<_, Int64Type>(|m| m / unit * unit))
        }
        (YearMonthInterval { .. }, YearMonthInterval { end, .. }) => {
            let unit = if *end == kindling_spec::YearMonthField::Year { 12 } else { 1 };
            Arc::new(array.as_primitive::<IntervalYearMonthType>().unary::<_, Int32Type>(|m| m / unit * unit))
        }
        (DayTimeInterval { end, .. }, t) => {
            let longs = relabel(array, &ArrowType::Int64)?;
            if let Decimal { .. } = t {
                let unscaled = relabel_decimal(&longs, day_time_unit(*end));
                return number::cast_number(&unscaled.0, &unscaled.1, t, &options.strict());
            }
            let unit = day_time_unit(*end);
            let whole: ArrayRef = Arc::new(longs.as_primitive::<Int64Type>().unary::<_, Int64Type>(|m| m / unit));
            number::cast_number_as(&whole, &Long, t, &options.strict(), from)?
        }
        (YearMonthInterval { end, .. }, t) => {
            let months = relabel(array, &ArrowType::Int32)?;
            let unit = if *end == kindling_spec::YearMonthField::Year { 12 } else { 1 };
            let whole: ArrayRef = Arc::new(months.as_primitive::<Int32Type>().unary::<_, Int32Type>(|m| m / unit));
            number::cast_number_as(&whole, &Integer, t, &options.strict(), from)?
        }
        (f, DayTimeInterval { end, .. }) => {
            let unit = day_time_unit(*end);
            let micros = number::to_interval(array, f, unit, to, options)?;
            // Fractions are of seconds only.
            if *end == kindling_spec::DayTimeField::Second {
                micros
            } else {
                let micros = micros.as_primitive::<Int64Type>();
                Arc::new(micros.unary::<_, Int64Type>(|m| m / unit * unit))
            }
        }
        (f, YearMonthInterval { end, .. }) => {
            let unit = if *end == kindling_spec::YearMonthField::Year { 12 } else { 1 };
            let wide = number::to_interval(array, f, unit, to, options)?;
            number::narrow_months(&wide, from, to, options.failure != Failure::Try)?
        }
        (Time { .. }, t) => {
            let nanos = relabel(array, &ArrowType::Int64)?;
            if let Decimal { .. } = t {
                let shape = Decimal { precision: 19, scale: 9 };
                let unscaled: ArrayRef =
                    Arc::new(nanos.as_primitive::<Int64Type>().unary::<_, Decimal128Type>(i128::from));
                return number::cast_number(&unscaled, &shape, t, options);
            }
            let seconds: ArrayRef =
                Arc::new(nanos.as_primitive::<Int64Type>().unary::<_, Int64Type>(|n| n / 1_000_000_000));
            number::cast_number_as(&seconds, &Long, t, &options.lenient(), from)?
        }
        (Timestamp, t) => number::from_timestamp(array, t, options)?,
        (f, Timestamp) => number::to_timestamp(array, f, options)?,
        (Decimal { precision: p1, scale: s1 }, Decimal { precision: p2, scale: s2 }) => {
            number::decimal_to_decimal(array.as_primitive::<Decimal128Type>(), (*p1, *s1), (*p2, *s2), options)?
        }
        (f, t) => number::cast_number(array, f, t, options)?,
    })
}

fn day_time_unit(field: DayTimeField) -> i64 {
    match field {
        DayTimeField::Day => MICROS_PER_DAY,
        DayTimeField::Hour => MICROS_PER_HOUR,
        DayTimeField::Minute => MICROS_PER_MINUTE,
        DayTimeField::Second => MICROS_PER_SECOND,
    }
}

/// Microseconds over a unit as a decimal with six digits.
fn relabel_decimal(micros: &ArrayRef, unit: i64) -> (ArrayRef, DataType) {
    let values = micros.as_primitive::<Int64Type>();
    let array: arrow::array::Decimal128Array =
        values.unary(|m| i128::from(m) * i128::from(MICROS_PER_SECOND) / i128::from(unit));
    let data_type = DataType::Decimal { precision: 26, scale: 6 };
    (Arc::new(array), data_type)
}

fn cast_struct(
    array: &ArrayRef,
    from: &StructType,
    to: &StructType,
    arrow_to: &ArrowType,
    options: &CastOptions,
) -> SparkResult<ArrayRef> {
    let array = array.as_struct();
    let ArrowType::Struct(fields) = arrow_to else { return Err(SparkError::internal("not a struct")) };
    let columns: SparkResult<Vec<ArrayRef>> = from
        .fields
        .iter()
        .zip(&to.fields)
        .zip(fields.iter().zip(array.columns()))
        .map(|((f, t), (field, column))| {
            relabel(&cast_array(column, &f.data_type, &t.data_type, options)?, field.data_type())
        })
        .collect();
    let nulls = array.nulls().cloned();
    if fields.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(array.len(), nulls)));
    }
    Ok(Arc::new(StructArray::try_new(fields.clone(), columns?, nulls).map_err(internal)?))
}

fn internal(error: arrow::error::ArrowError) -> SparkError {
    SparkError::internal(error.to_string())
}

/// The text that `show()` prints for a value (`ToPrettyString`): nulls as `NULL`, binary as `[61 62]`.
pub fn to_pretty_string(ctx: &CallContext<'_>, expr: TypedExpr) -> TypedExpr {
    let from = expr.data_type.clone();
    let zone = *ctx.time_zone();
    let key = format!("{} {zone}", from.simple_string());
    call(ctx, "toprettystring").key(key).arrays(vec![expr], DataType::String, false, move |arrays, rows| {
        let writer = write_text(&arrays[0], &from, &TextStyle::pretty(zone))?;
        let mut builder = arrow::array::StringBuilder::with_capacity(rows, rows * 16);
        let mut buffer = String::new();
        for row in 0..rows {
            buffer.clear();
            if arrays[0].is_null(row) {
                buffer.push_str("NULL");
            } else {
                writer(row, &mut buffer)?;
            }
            builder.append_value(&buffer);
        }
        Ok(Arc::new(builder.finish()) as ArrayRef)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_casts_lose_nothing() {
        assert!(can_up_cast(&DataType::Integer, &DataType::Long));
        assert!(!can_up_cast(&DataType::Long, &DataType::Integer));
        assert!(can_up_cast(&DataType::Date, &DataType::String));
        assert!(can_up_cast(&DataType::Timestamp, &DataType::Long));
        assert!(can_up_cast(&DataType::Integer, &DataType::Decimal { precision: 12, scale: 2 }));
        assert!(!can_up_cast(&DataType::Integer, &DataType::Decimal { precision: 11, scale: 2 }));
    }
}

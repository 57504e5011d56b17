//! `+ - * /` with dates, timestamps and intervals (`BinaryArithmeticWithDatetimeResolver`).

use arrow::datatypes::IntervalMonthDayNano;
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType, DayTimeField, YearMonthField};

use super::{MICROS_PER_DAY, MICROS_PER_SECOND, add_months, split_micros, timestamp_add_days, timestamp_add_months};
use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    arithmetic::{divide_half_up, java_arithmetic, overflow},
    cast::cast,
    coercion::{Accept, ArithmeticOp, Failure, expect, tightest_common_type},
    kernels::{Cal, Dec, F64, I32, I64},
    udf::call,
};

const DAY: DataType = DataType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Day };

const DAY_TO_SECOND: DataType = DataType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Second };

/// The type of an interval times a number.
fn widest(interval: &DataType) -> DataType {
    match interval {
        DataType::DayTimeInterval { .. } => DAY_TO_SECOND,
        DataType::YearMonthInterval { .. } => {
            DataType::YearMonthInterval { start: YearMonthField::Year, end: YearMonthField::Month }
        }
        other => other.clone(),
    }
}

fn interval_overflow(function: &str) -> SparkError {
    let condition = if function.is_empty() {
        "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION"
    } else {
        "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION"
    };
    SparkError::new(ExceptionClass::Arithmetic, condition).param("functionName", format!("`{function}`"))
}

/// A result, or the failure that the mode asks for.
fn checked<T>(value: Option<T>, failure: Failure, error: impl Fn() -> SparkError) -> SparkResult<Option<T>> {
    match (value, failure) {
        (Some(value), _) => Ok(Some(value)),
        (None, Failure::Try) => Ok(None),
        (None, _) => Err(error()),
    }
}

fn is_year_month(t: &DataType) -> bool {
    matches!(t, DataType::YearMonthInterval { .. })
}

fn is_day_time(t: &DataType) -> bool {
    matches!(t, DataType::DayTimeInterval { .. })
}

fn is_timestamp(t: &DataType) -> bool {
    matches!(t, DataType::Timestamp | DataType::TimestampNtz)
}

/// The call when a side is a date, a timestamp or an interval; `None` for plain numbers.
pub(crate) fn datetime_arithmetic(
    ctx: &CallContext<'_>,
    op: ArithmeticOp,
    left: &TypedExpr,
    right: &TypedExpr,
    failure: Failure,
) -> SparkResult<Option<TypedExpr>> {
    use ArithmeticOp::{Add, Divide, Multiply, Subtract};
    let (l, r) = (&left.data_type, &right.data_type);
    let is_temporal = |t: &DataType| {
        matches!(t, DataType::Date | DataType::CalendarInterval | DataType::Time { .. })
            || is_timestamp(t)
            || is_year_month(t)
            || is_day_time(t)
    };
    if !is_temporal(l) && !is_temporal(r) {
        return Ok(None);
    }
    let (a, b) = (left.clone(), right.clone());
    let result = match (op, l, r) {
        (Add, DataType::Date | DataType::Timestamp | DataType::TimestampNtz, r)
            if is_year_month(r) || is_day_time(r) || *r == DataType::CalendarInterval =>
        {
            add_interval(ctx, a, b, 1, failure)?
        }
        (Add, l, DataType::Date | DataType::Timestamp | DataType::TimestampNtz)
            if is_year_month(l) || is_day_time(l) || *l == DataType::CalendarInterval =>
        {
            add_interval(ctx, b, a, 1, failure)?
        }
        (Subtract, DataType::Date | DataType::Timestamp | DataType::TimestampNtz, r)
            if is_year_month(r) || is_day_time(r) || *r == DataType::CalendarInterval =>
        {
            add_interval(ctx, a, b, -1, failure)?
        }
        (Add | Subtract, DataType::Time { .. }, r) if is_day_time(r) => time_add(ctx, a, b, op == Subtract),
        (Add, l, DataType::Time { .. }) if is_day_time(l) => time_add(ctx, b, a, false),
        (Subtract, DataType::Time { .. }, DataType::Time { .. }) => call(ctx, "subtract_times").map2::<I64, I64, i64>(
            vec![a, b],
            DataType::DayTimeInterval { start: DayTimeField::Hour, end: DayTimeField::Second },
            left.nullable || right.nullable,
            |a, b| Ok(Some((a - b) / 1000)),
        ),
        // NULL beside a time is an interval or another time, whatever the operator makes of them.
        (Add, t, DataType::Null) | (Add, DataType::Null, t) if *t == DataType::Date || is_timestamp(t) => {
            TypedExpr::null(if *t == DataType::Date { DataType::Timestamp } else { t.clone() })?
        }
        (Subtract, DataType::Date, DataType::Null) | (Subtract, DataType::Null, DataType::Date) => {
            TypedExpr::null(DAY)?
        }
        (Subtract, t, DataType::Null) | (Subtract, DataType::Null, t) if is_timestamp(t) => {
            TypedExpr::null(DAY_TO_SECOND)?
        }
        (Multiply, i, DataType::Null) | (Multiply, DataType::Null, i) | (Divide, i, DataType::Null)
            if is_interval(i) =>
        {
            TypedExpr::null(widest(i))?
        }
        (Divide, _, i) if is_interval(i) => {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("left", format!("\"{}\"", l.sql()))
                .param("right", format!("\"{}\"", i.sql())));
        }
        (Add, DataType::Date, r) if !r.is_string() && !is_timestamp(r) => date_plus(ctx, (a, 0), (b, 1))?,
        (Add, l, DataType::Date) if !l.is_string() && !is_timestamp(l) => date_plus(ctx, (b, 1), (a, 0))?,
        // A string beside a date is read as one, and two dates have no sum.
        (Add, DataType::Date, r) | (Add, r, DataType::Date) if r.is_string() && ctx.ansi => {
            let (first, second) = (ctx.text.argument(0), ctx.text.argument(1));
            return Err(not_days(ctx, &first, &second, &second, &DataType::Date));
        }
        (Subtract, DataType::Date, r) if r.is_numeric() => date_add(ctx, a, b, -1)?,
        (Subtract, l, r)
            if (matches!(l, DataType::Date) || is_timestamp(l) || l.is_string())
                && (matches!(r, DataType::Date) || is_timestamp(r) || r.is_string()) =>
        {
            subtract_datetimes(ctx, a, b)?
        }
        (Add | Subtract, l, r)
            if is_year_month(l) && is_year_month(r)
                || moves_times(l) && same_family(l, r)
                || is_null_interval(l, r) =>
        {
            match interval_sum(ctx, op, a, b, failure)? {
                Some(result) => result,
                None => return Ok(None),
            }
        }
        (ArithmeticOp::IntegralDivide, l, r)
            if is_year_month(l) && is_year_month(r) || is_day_time(l) && is_day_time(r) =>
        {
            divide_intervals(ctx, a, b, failure)?
        }
        // Whatever stands beside a day-time interval has to be a time.
        (Add, _, r) if moves_times(r) => add_to_time(ctx, (a, 0), (b, 1), false, failure)?,
        (Add, l, _) if moves_times(l) => add_to_time(ctx, (b, 1), (a, 0), false, failure)?,
        (Subtract, _, r) if moves_times(r) => add_to_time(ctx, (a, 0), (b, 1), true, failure)?,
        (Multiply, l, r) if is_interval(l) && (r.is_numeric() || r.is_string()) => {
            scale_interval(ctx, a, b, false, failure)?
        }
        (Multiply, l, r) if is_interval(r) && (l.is_numeric() || l.is_string()) => {
            scale_interval(ctx, b, a, false, failure)?
        }
        (Divide, l, r) if is_interval(l) && (r.is_numeric() || r.is_string()) => {
            scale_interval(ctx, a, b, true, failure)?
        }
        _ => return Ok(None),
    };
    Ok(Some(result))
}

fn is_interval(t: &DataType) -> bool {
    is_year_month(t) || is_day_time(t) || *t == DataType::CalendarInterval
}

/// Intervals that `TimestampAddInterval` takes.
fn moves_times(t: &DataType) -> bool {
    is_day_time(t) || *t == DataType::CalendarInterval
}

fn same_family(l: &DataType, r: &DataType) -> bool {
    is_day_time(l) && is_day_time(r) || *l == DataType::CalendarInterval && l == r
}

/// `value ± interval` where the value is no time yet: a string is read as one, and so is the result written.
fn add_to_time(
    ctx: &CallContext<'_>,
    (value, place): (TypedExpr, usize),
    (interval, other): (TypedExpr, usize),
    subtract: bool,
    failure: Failure,
) -> SparkResult<TypedExpr> {
    if value.data_type.is_string() {
        let time = cast(ctx, value, &DataType::Timestamp, CastMode::Session)?;
        let sum = add_interval(ctx, time, interval, if subtract { -1 } else { 1 }, failure)?;
        return cast(ctx, sum, &DataType::String, CastMode::Session);
    }
    let (value_text, interval_text) = (ctx.text.argument(place), ctx.text.argument(other));
    let shown = if subtract {
        format!("{value_text} + (- {interval_text})")
    } else {
        format!("{value_text} + {interval_text}")
    };
    Err(crate::coercion::unexpected_type(ctx, 0, "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"", &value.data_type)
        .param("sqlExpr", format!("\"{shown}\""))
        .param("inputSql", format!("\"{value_text}\"")))
}

/// `interval div interval`
fn divide_intervals(
    ctx: &CallContext<'_>,
    left: TypedExpr,
    right: TypedExpr,
    failure: Failure,
) -> SparkResult<TypedExpr> {
    let year_month = is_year_month(&left.data_type);
    let nullable = left.nullable || right.nullable || failure != Failure::Ansi;
    let (left, right) = if year_month {
        (as_long(ctx, left), as_long(ctx, right))
    } else {
        (
            cast(ctx, left, &DataType::DAY_TIME, CastMode::Session)?,
            cast(ctx, right, &DataType::DAY_TIME, CastMode::Session)?,
        )
    };
    let c = call(ctx, "div_intervals").key(format!("{failure:?}"));
    Ok(c.map2::<I64, I64, i64>(vec![left, right], DataType::Long, nullable, move |a, b| match (b, failure) {
        (0, Failure::Ansi) => Err(divided_by_zero()),
        (0, _) => Ok(None),
        (b, _) => checked(a.checked_div(b), failure, || overflow("Overflow in integral divide", "try_divide")),
    }))
}

fn is_null_interval(l: &DataType, r: &DataType) -> bool {
    is_interval(l) && *r == DataType::Null || is_interval(r) && *l == DataType::Null
}

/// `date_add` / `date_sub` with a number of days.
pub(crate) fn date_add(ctx: &CallContext<'_>, date: TypedExpr, days: TypedExpr, sign: i32) -> SparkResult<TypedExpr> {
    let date = expect(ctx, date, 0, Accept::Type(DataType::Date))?;
    let small = matches!(days.data_type, DataType::Integer | DataType::Short | DataType::Byte | DataType::Null)
        || days.data_type.is_string();
    if !small {
        return Err(crate::coercion::unexpected_type(
            ctx,
            1,
            "(\"INT\" or \"SMALLINT\" or \"TINYINT\")",
            &days.data_type,
        ));
    }
    let days = cast(ctx, days, &DataType::Integer, CastMode::Session)?;
    let nullable = date.nullable || days.nullable;
    let name = if sign > 0 { "date_add" } else { "date_sub" };
    Ok(call(ctx, name).map2::<I32, I32, i32>(vec![date, days], DataType::Date, nullable, move |date, days| {
        Ok(Some(date.wrapping_add(days.wrapping_mul(sign))))
    }))
}

/// `date + days`, whichever is written first.
fn date_plus(
    ctx: &CallContext<'_>,
    (date, date_place): (TypedExpr, usize),
    (days, days_place): (TypedExpr, usize),
) -> SparkResult<TypedExpr> {
    if matches!(days.data_type, DataType::Integer | DataType::Short | DataType::Byte | DataType::Null) {
        return date_add(ctx, date, days, 1);
    }
    let (date_text, days_text) = (ctx.text.argument(date_place), ctx.text.argument(days_place));
    Err(not_days(ctx, &date_text, &days_text, &days_text, &days.data_type))
}

fn not_days(ctx: &CallContext<'_>, date: &str, days: &str, input: &str, actual: &DataType) -> SparkError {
    crate::coercion::unexpected_type(ctx, 1, "(\"INT\" or \"SMALLINT\" or \"TINYINT\")", actual)
        .param("sqlExpr", format!("\"date_add({date}, {days})\""))
        .param("inputSql", format!("\"{input}\""))
}

fn time_add(ctx: &CallContext<'_>, time: TypedExpr, interval: TypedExpr, subtract: bool) -> TypedExpr {
    let (data_type, nullable) = (time.data_type.clone(), time.nullable || interval.nullable);
    let key = if subtract { "-" } else { "+" };
    call(ctx, "time_add_interval").key(key).map2::<I64, I64, i64>(
        vec![time, interval],
        data_type,
        nullable,
        move |time, micros| {
            let nanos = micros.checked_mul(if subtract { -1000 } else { 1000 });
            let sum = nanos.and_then(|n| time.checked_add(n)).filter(|n| (0..MICROS_PER_DAY * 1000).contains(n));
            checked(sum, Failure::Ansi, || {
                SparkError::new(ExceptionClass::Arithmetic, "DATETIME_OVERFLOW")
                    .param("operation", "add an interval to a time")
            })
        },
    )
}

fn add_interval(
    ctx: &CallContext<'_>,
    base: TypedExpr,
    interval: TypedExpr,
    sign: i32,
    failure: Failure,
) -> SparkResult<TypedExpr> {
    let nullable = base.nullable || interval.nullable || failure == Failure::Try;
    let zone = if base.data_type == DataType::TimestampNtz { SessionTimeZone::utc() } else { *ctx.time_zone() };
    let key = format!("{sign} {zone} {failure:?}");
    let date_overflow = || interval_overflow("");
    let is_date = base.data_type == DataType::Date;
    Ok(match (&interval.data_type, is_date) {
        (t, true) if is_year_month(t) => call(ctx, "date_add_ym_interval").key(key).map2::<I32, I32, i32>(
            vec![base, interval],
            DataType::Date,
            nullable,
            move |date, months| checked(add_months(date, months.wrapping_mul(sign)), failure, date_overflow),
        ),
        (t, false) if is_year_month(t) => {
            let data_type = base.data_type.clone();
            call(ctx, "timestamp_add_ym_interval").key(key).map2::<I64, I32, i64>(
                vec![base, interval],
                data_type,
                nullable,
                move |ts, months| {
                    checked(timestamp_add_months(ts, months.wrapping_mul(sign), &zone), failure, date_overflow)
                },
            )
        }
        (t, true) if *t == DAY => call(ctx, "date_add_days").key(key).map2::<I32, I64, i32>(
            vec![base, interval],
            DataType::Date,
            nullable,
            move |date, micros| {
                let days = i32::try_from(micros / MICROS_PER_DAY).ok();
                checked(days.and_then(|d| date.checked_add(d.wrapping_mul(sign))), failure, date_overflow)
            },
        ),
        (t, _) if is_day_time(t) => {
            let base = if is_date { cast(ctx, base, &DataType::Timestamp, CastMode::Session)? } else { base };
            let data_type = base.data_type.clone();
            call(ctx, "timestamp_add_dt_interval").key(key).map2::<I64, I64, i64>(
                vec![base, interval],
                data_type,
                nullable,
                move |ts, micros| {
                    // Whole days move on the local clock, the rest on the time line.
                    let micros = micros.checked_mul(i64::from(sign));
                    let moved = micros.and_then(|micros| {
                        let days = i32::try_from(micros / MICROS_PER_DAY).ok()?;
                        timestamp_add_days(ts, days, &zone)?.checked_add(micros % MICROS_PER_DAY)
                    });
                    checked(moved, failure, || {
                        SparkError::new(ExceptionClass::Arithmetic, "DATETIME_OVERFLOW")
                            .param("operation", "add an interval to a timestamp")
                    })
                },
            )
        }
        (_, true) => {
            let ansi = ctx.ansi;
            call(ctx, "date_add_interval").key(format!("{key} {ansi}")).map2::<I32, Cal, i32>(
                vec![base, interval],
                DataType::Date,
                nullable,
                move |date, i: IntervalMonthDayNano| {
                    let micros = i.nanoseconds / 1000;
                    if ansi && micros != 0 {
                        if failure == Failure::Try {
                            return Ok(None);
                        }
                        return Err(SparkError::new(
                            ExceptionClass::IllegalArgument,
                            "INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION",
                        )
                        .param("ansiConfig", crate::arithmetic::ANSI_CONFIG));
                    }
                    let moved = add_months(date, i.months.wrapping_mul(sign))
                        .and_then(|d| d.checked_add(i.days.wrapping_mul(sign)));
                    let moved = moved.map(|d| {
                        let ts = i64::from(d) * MICROS_PER_DAY + micros * i64::from(sign);
                        split_micros(ts).0
                    });
                    checked(moved, failure, date_overflow)
                },
            )
        }
        (_, false) => {
            let data_type = base.data_type.clone();
            call(ctx, "timestamp_add_interval").key(key).map2::<I64, Cal, i64>(
                vec![base, interval],
                data_type,
                nullable,
                move |ts, i: IntervalMonthDayNano| {
                    let moved = timestamp_add_months(ts, i.months.wrapping_mul(sign), &zone)
                        .and_then(|ts| timestamp_add_days(ts, i.days.wrapping_mul(sign), &zone))
                        .and_then(|ts| ts.checked_add(i.nanoseconds / 1000 * i64::from(sign)));
                    checked(moved, failure, date_overflow)
                },
            )
        }
    })
}

fn subtract_datetimes(ctx: &CallContext<'_>, left: TypedExpr, right: TypedExpr) -> SparkResult<TypedExpr> {
    let (l, r) = (&left.data_type, &right.data_type);
    let nullable = left.nullable || right.nullable;
    if !is_timestamp(l) && !is_timestamp(r) {
        let left = cast(ctx, left, &DataType::Date, CastMode::Session)?;
        let right = cast(ctx, right, &DataType::Date, CastMode::Session)?;
        return Ok(call(ctx, "subtract_dates").map2::<I32, I32, i64>(vec![left, right], DAY, nullable, |a, b| {
            Ok(Some((i64::from(a) - i64::from(b)) * MICROS_PER_DAY))
        }));
    }
    let common = match (l, r) {
        (DataType::TimestampNtz, DataType::TimestampNtz | DataType::Date)
        | (DataType::Date, DataType::TimestampNtz) => DataType::TimestampNtz,
        _ => DataType::Timestamp,
    };
    let zone = if common == DataType::Timestamp { *ctx.time_zone() } else { SessionTimeZone::utc() };
    let left = cast(ctx, left, &common, CastMode::Session)?;
    let right = cast(ctx, right, &common, CastMode::Session)?;
    Ok(call(ctx, "subtract_timestamps").key(zone.id()).map2::<I64, I64, i64>(
        vec![left, right],
        DataType::DAY_TIME,
        nullable,
        move |a, b| {
            // The difference of the local clocks, as `SubtractTimestamps` has it.
            checked(zone.to_local(a).checked_sub(zone.to_local(b)), Failure::Ansi, || overflow("long overflow", ""))
        },
    ))
}

fn interval_sum(
    ctx: &CallContext<'_>,
    op: ArithmeticOp,
    left: TypedExpr,
    right: TypedExpr,
    failure: Failure,
) -> SparkResult<Option<TypedExpr>> {
    let Some(common) = tightest_common_type(&left.data_type, &right.data_type, ctx.ansi) else {
        return Ok(None);
    };
    let nullable = left.nullable || right.nullable || failure == Failure::Try;
    let left = cast(ctx, left, &common, CastMode::Session)?;
    let right = cast(ctx, right, &common, CastMode::Session)?;
    let sign = if op == ArithmeticOp::Subtract { -1 } else { 1 };
    let function = if sign < 0 { "try_subtract" } else { "try_add" };
    let c = call(ctx, "interval_sum").key(format!("{sign} {failure:?}"));
    let error = move || interval_overflow(function);
    Ok(Some(match &common {
        t if is_year_month(t) => c.map2::<I32, I32, i32>(vec![left, right], common, nullable, move |a, b| {
            checked(if sign < 0 { a.checked_sub(b) } else { a.checked_add(b) }, failure, error)
        }),
        t if is_day_time(t) => c.map2::<I64, I64, i64>(vec![left, right], common, nullable, move |a, b| {
            checked(if sign < 0 { a.checked_sub(b) } else { a.checked_add(b) }, failure, error)
        }),
        _ => c.map2::<Cal, Cal, IntervalMonthDayNano>(vec![left, right], common, nullable, move |a, b| {
            let sum = |a: i32, b: i32| if sign < 0 { a.checked_sub(b) } else { a.checked_add(b) };
            let nanos = if sign < 0 {
                a.nanoseconds.checked_sub(b.nanoseconds)
            } else {
                a.nanoseconds.checked_add(b.nanoseconds)
            };
            let value = match (sum(a.months, b.months), sum(a.days, b.days), nanos) {
                (Some(months), Some(days), Some(nanos)) => Some(IntervalMonthDayNano::new(months, days, nanos)),
                _ => None,
            };
            checked(value, failure, error)
        }),
    }))
}

fn divided_by_zero() -> SparkError {
    SparkError::new(ExceptionClass::Arithmetic, "INTERVAL_DIVIDED_BY_ZERO")
}

fn zero_divisor<T>(failure: Failure) -> SparkResult<Option<T>> {
    if failure == Failure::Try { Ok(None) } else { Err(divided_by_zero()) }
}

/// An interval times or over a number (`MultiplyDTInterval`, `DivideYMInterval`, …).
fn scale_interval(
    ctx: &CallContext<'_>,
    interval: TypedExpr,
    number: TypedExpr,
    divide: bool,
    failure: Failure,
) -> SparkResult<TypedExpr> {
    let nullable = interval.nullable || number.nullable || failure == Failure::Try;
    let name = if divide { "divide_interval" } else { "multiply_interval" };
    let error = move || interval_overflow(if divide { "try_divide" } else { "try_multiply" });
    let data_type = match &interval.data_type {
        DataType::YearMonthInterval { .. } => DataType::YEAR_MONTH,
        DataType::DayTimeInterval { .. } => DataType::DAY_TIME,
        other => other.clone(),
    };
    let c = call(ctx, name).key(format!("{failure:?}"));
    if data_type == DataType::CalendarInterval {
        let number = cast(ctx, number, &DataType::Double, CastMode::Session)?;
        return Ok(c.map2::<Cal, F64, IntervalMonthDayNano>(
            vec![interval, number],
            data_type,
            nullable,
            move |i, n| {
                if divide && n == 0.0 {
                    return zero_divisor(failure);
                }
                checked(scale_calendar(i, n, divide), failure, error)
            },
        ));
    }
    let year_month = data_type == DataType::YEAR_MONTH;
    let narrow = move |value: i128| {
        if year_month { i32::try_from(value).ok().map(i64::from) } else { i64::try_from(value).ok() }
    };
    // Java's own errors go through, but where a division of integers overflows.
    let wide = move |value: i128, message: String| -> SparkResult<Option<i64>> {
        checked(narrow(value), failure, || java_arithmetic(message.clone()))
    };
    let exact = if year_month { "integer overflow" } else { "long overflow" };
    // Both widths go through 64 bits; year-month values are cut back to 32 at the end.
    let interval = if year_month { as_long(ctx, interval) } else { interval };
    let result_type = if year_month { DataType::Long } else { data_type.clone() };
    let result = match &number.data_type {
        t if t.is_integral() => {
            let number = cast(ctx, number, &DataType::Long, CastMode::Session)?;
            c.map2::<I64, I64, i64>(vec![interval, number], result_type, nullable, move |i, n| match (divide, n) {
                (true, 0) => zero_divisor(failure),
                (true, n) => checked(narrow(divide_half_up(i128::from(i), i128::from(n))), failure, error),
                (false, n) => wide(i128::from(i) * i128::from(n), exact.to_string()),
            })
        }
        DataType::Decimal { scale, .. } => {
            let unit = crate::arithmetic::pow10(u32::from(scale.unsigned_abs()));
            c.map2::<I64, Dec, i64>(vec![interval, number], result_type, nullable, move |i, n| {
                let i = i128::from(i);
                match (divide, n) {
                    (true, 0) => zero_divisor(failure),
                    (true, n) => match i.checked_mul(unit) {
                        Some(i) => wide(divide_half_up(i, n), "Overflow".to_string()),
                        None => wide(i128::MAX, "Overflow".to_string()),
                    },
                    (false, n) => match i.checked_mul(n) {
                        Some(product) => wide(divide_half_up(product, unit), "Overflow".to_string()),
                        None => wide(i128::MAX, "Overflow".to_string()),
                    },
                }
            })
        }
        _ => {
            let number = cast(ctx, number, &DataType::Double, CastMode::Session)?;
            c.map2::<I64, F64, i64>(vec![interval, number], result_type, nullable, move |i, n| {
                if divide && n == 0.0 {
                    return zero_divisor(failure);
                }
                let value = if divide { i as f64 / n } else { i as f64 * n };
                let message = || {
                    let shown = crate::cast::double_text(value);
                    format!("rounded value is out of range for input {shown} and rounding mode HALF_UP")
                };
                let rounded = value.round();
                // 2^63 as a double is one more than the greatest long.
                let fits = rounded.is_finite()
                    && rounded.abs() < if year_month { 2_147_483_648.0 } else { 9.223_372_036_854_776e18 };
                if !fits && failure != Failure::Try {
                    return Err(java_arithmetic(message()));
                }
                if !fits {
                    return Ok(None);
                }
                Ok(narrow(rounded as i128))
            })
        }
    };
    if !year_month {
        return Ok(result);
    }
    let nullable = result.nullable;
    Ok(call(ctx, "months").map1::<I64, i32>(vec![result], data_type, nullable, |v| Ok(Some(v as i32))))
}

fn as_long(ctx: &CallContext<'_>, interval: TypedExpr) -> TypedExpr {
    let nullable = interval.nullable;
    call(ctx, "months").map1::<I32, i64>(vec![interval], DataType::Long, nullable, |v| Ok(Some(i64::from(v))))
}

/// Months carry over into days and days into microseconds when a fraction arises.
fn scale_calendar(i: IntervalMonthDayNano, n: f64, divide: bool) -> Option<IntervalMonthDayNano> {
    let scale = |v: f64| if divide { v / n } else { v * n };
    let months = scale(f64::from(i.months));
    let days = scale(f64::from(i.days)) + (months - months.trunc()) * 31.0;
    let micros = scale((i.nanoseconds / 1000) as f64)
        + (days - days.trunc()) * MICROS_PER_DAY as f64 / MICROS_PER_SECOND as f64 * MICROS_PER_SECOND as f64;
    let whole = |v: f64| (v.abs() <= f64::from(i32::MAX)).then_some(v as i32);
    let nanos = (micros.round() as i64).checked_mul(1000)?;
    Some(IntervalMonthDayNano::new(whole(months)?, whole(days)?, nanos))
}

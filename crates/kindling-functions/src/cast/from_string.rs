//! Casts from strings.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, BooleanBuilder, PrimitiveBuilder, StringArray},
    datatypes::{
        ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
        IntervalMonthDayNano, IntervalMonthDayNanoType,
    },
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{CastOptions, invalid_input};
use crate::{
    arithmetic::{decimal_out_of_range, fits},
    coercion::Failure,
    datetime::{interval, parse},
    kernels::downcast,
};

pub(super) fn from_string(array: &ArrayRef, to: &DataType, o: &CastOptions) -> SparkResult<ArrayRef> {
    let texts: StringArray = downcast(array)?;
    let ansi = o.failure == Failure::Ansi;
    let zone = o.zone;
    match to {
        DataType::Boolean => {
            let mut builder = BooleanBuilder::with_capacity(texts.len());
            for text in &texts {
                match text.map(|text| (text, parse_boolean(text))) {
                    None => builder.append_null(),
                    Some((_, Some(value))) => builder.append_value(value),
                    Some((text, None)) if ansi => return Err(invalid_input(text, to)),
                    Some(_) => builder.append_null(),
                }
            }
            Ok(Arc::new(builder.finish()))
        }
        DataType::Byte => {
            each::<Int8Type>(&texts, to, ansi, |t| parse_integer(t, ansi).and_then(|v| v.try_into().ok()))
        }
        DataType::Short => {
            each::<Int16Type>(&texts, to, ansi, |t| parse_integer(t, ansi).and_then(|v| v.try_into().ok()))
        }
        DataType::Integer => {
            each::<Int32Type>(&texts, to, ansi, |t| parse_integer(t, ansi).and_then(|v| v.try_into().ok()))
        }
        DataType::Long => each::<Int64Type>(&texts, to, ansi, |t| parse_integer(t, ansi)),
        DataType::Float => each::<Float32Type>(&texts, to, ansi, |t| {
            // The text decides, not a double in between.
            let t = parse::trim_all(t);
            match t.parse::<f32>() {
                Ok(v) if t.ends_with(|c: char| c.is_ascii_digit() || c == '.') => Some(v),
                _ => parse_float(t).map(|v| v as f32),
            }
        }),
        DataType::Double => each::<Float64Type>(&texts, to, ansi, parse_float),
        DataType::Decimal { precision, scale } => {
            let mut builder = PrimitiveBuilder::<Decimal128Type>::with_capacity(texts.len());
            for text in &texts {
                match text.map(|text| (text, parse_decimal(text, *precision, *scale))) {
                    None => builder.append_null(),
                    Some((_, Some(Some(value)))) => builder.append_value(value),
                    Some((text, None)) if ansi => return Err(invalid_input(text, to)),
                    Some((text, Some(None))) if ansi => {
                        return Err(decimal_out_of_range(
                            &super::text::plain_text(parse::trim_all(text)),
                            *precision,
                            *scale,
                        ));
                    }
                    Some(_) => builder.append_null(),
                }
            }
            Ok(Arc::new(builder.finish()))
        }
        DataType::Date => each::<Int32Type>(&texts, to, ansi, parse::parse_date),
        DataType::Timestamp => each::<Int64Type>(&texts, to, ansi, |t| parse::parse_timestamp(t, &zone, o.now)),
        DataType::TimestampNtz => each::<Int64Type>(&texts, to, ansi, |t| parse::parse_timestamp_ntz(t, true)),
        DataType::Time { precision } => {
            let unit = 10_i64.pow(9 - u32::from(*precision).min(9));
            each::<Int64Type>(&texts, to, ansi, |t| parse::parse_time(t).map(|n| n / unit * unit))
        }
        DataType::CalendarInterval => each::<IntervalMonthDayNanoType>(&texts, to, ansi, |t| {
            let (months, days, micros) = interval::parse_calendar(t)?;
            Some(IntervalMonthDayNano::new(months, days, micros.checked_mul(1000)?))
        }),
        DataType::YearMonthInterval { start, end } => {
            each::<Int32Type>(&texts, to, ansi, |t| interval::parse_year_month(t, *start, *end))
        }
        DataType::DayTimeInterval { start, end } => {
            each::<Int64Type>(&texts, to, ansi, |t| interval::parse_day_time(t, *start, *end))
        }
        other => Err(SparkError::internal(format!("a cast of a string to {}", other.sql()))),
    }
}

fn each<T: ArrowPrimitiveType>(
    texts: &StringArray,
    to: &DataType,
    ansi: bool,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> SparkResult<ArrayRef> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(texts.len());
    for text in texts {
        match text.map(|text| (text, parse(text))) {
            None => builder.append_null(),
            Some((_, Some(value))) => builder.append_value(value),
            Some((text, None)) if ansi => return Err(invalid_input(text, to)),
            Some(_) => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// `t`, `true`, `y`, `yes`, `1` and their opposites, in any case.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    match parse::trim_all(text).to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A whole number; without ANSI a fraction is cut off.
pub(crate) fn parse_integer(text: &str, ansi: bool) -> Option<i64> {
    let text = parse::trim_all(text);
    if let Ok(value) = text.parse::<i64>() {
        return Some(value);
    }
    if ansi {
        return None;
    }
    let (whole, fraction) = text.split_once('.')?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match whole {
        "" | "+" | "-" => (!fraction.is_empty() || whole.is_empty()).then_some(0),
        whole => whole.parse().ok(),
    }
}

/// A floating number as Java and Spark read it: `1.5`, `1e3`, `.5d`, `Infinity`, `-inf`, `NaN`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = parse::trim_all(text);
    let body =
        text.strip_suffix(['d', 'D', 'f', 'F']).filter(|b| b.ends_with(|c: char| c.is_ascii_digit() || c == '.'));
    let body = body.unwrap_or(text);
    // Rust reads `inf`, `infinity` and `nan` in any case as well; Spark's set is the same but for signs of NaN.
    match body.bytes().next()? {
        b'0'..=b'9' | b'.' | b'+' | b'-' => {
            let digits = body.trim_start_matches(['+', '-']);
            if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                return body.parse().ok();
            }
            match digits.to_ascii_lowercase().as_str() {
                "inf" | "infinity" => Some(if body.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
                _ => None,
            }
        }
        _ => match body.to_ascii_lowercase().as_str() {
            "inf" | "infinity" => Some(f64::INFINITY),
            "nan" => Some(f64::NAN),
            _ => None,
        },
    }
}

/// An unscaled decimal, rounded half up. `None`: no number; `Some(None)`: a number that does not fit.
pub(crate) fn parse_decimal(text: &str, precision: u8, scale: i8) -> Option<Option<i128>> {
    let text = parse::trim_all(text);
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], body[at + 1..].parse::<i32>().ok()?),
        None => (body, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0');
    let all: Vec<u8> = digits.collect();
    // Digits kept of all: those before the point moved by exponent and scale.
    let keep = whole.len() as i64 + i64::from(exponent) + i64::from(scale);
    let mut value: i128 = 0;
    let mut fitting = true;
    for i in 0..keep.max(0) {
        let digit = all.get(i as usize).copied().unwrap_or(0);
        if value == 0 && digit == 0 {
            if i >= all.len() as i64 {
                break;
            }
            continue;
        }
        match value.checked_mul(10).and_then(|v| v.checked_add(i128::from(digit))) {
            Some(next) => value = next,
            None => {
                fitting = false;
                break;
            }
        }
    }
    if keep >= 0 && all.get(keep as usize).is_some_and(|d| *d >= 5) {
        value += 1;
    }
    if !fitting || !fits(value, precision) {
        return Some(None);
    }
    Some(Some(if negative { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_parse_as_spark_casts_them() {
        assert_eq!(parse_decimal("12.345", 5, 2), Some(Some(1235)));
        assert_eq!(parse_decimal("-1e2", 5, 0), Some(Some(-100)));
        assert_eq!(parse_decimal("123456", 5, 0), Some(None));
        assert_eq!(parse_decimal("1.2.3", 5, 0), None);
        assert_eq!(parse_decimal("0.004", 5, 2), Some(Some(0)));
        assert_eq!(parse_decimal("1.0E10", 20, 2), Some(Some(1_000_000_000_000)));
        assert_eq!(parse_integer(" 12 ", true), Some(12));
        assert_eq!(parse_integer("12.9", false), Some(12));
        assert_eq!(parse_integer("12.9", true), None);
        assert_eq!(parse_float("1.5d"), Some(1.5));
        assert_eq!(parse_float("-Infinity"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_float("abc"), None);
    }
}

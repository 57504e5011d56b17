//! Values as text: casts to string, and what `show()` prints.

use std::{fmt::Write as _, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringBuilder},
    datatypes::{
        DataType as ArrowType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, IntervalMonthDayNanoType, TimestampMicrosecondType, i256,
    },
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::CastOptions;
use crate::{
    SessionTimeZone,
    datetime::{interval, time_text, write_date, write_local_timestamp},
    udf::relabel,
    variant::{Variants, write_variant},
};

/// How values are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextStyle {
    null: &'static str,
    hex_binary: bool,
    zone: SessionTimeZone,
}

impl TextStyle {
    /// `CAST(… AS STRING)`
    pub(crate) fn cast(options: &CastOptions) -> Self {
        TextStyle { null: "null", hex_binary: false, zone: options.zone }
    }

    /// A nested value in a CSV field.
    pub(crate) fn csv(zone: SessionTimeZone) -> Self {
        TextStyle { null: "null", hex_binary: true, zone }
    }

    /// `ToPrettyString`
    pub(crate) fn pretty(zone: SessionTimeZone) -> Self {
        TextStyle { null: "NULL", hex_binary: true, zone }
    }
}

/// Writes the value of a row that is not null.
pub(crate) type TextWriter = Box<dyn Fn(usize, &mut String) -> SparkResult<()> + Send + Sync>;

/// A column as strings.
pub(super) fn to_text(array: &ArrayRef, from: &DataType, style: &TextStyle) -> SparkResult<ArrayRef> {
    let writer = write_text(array, from, style)?;
    let rows = array.len();
    let mut builder = StringBuilder::with_capacity(rows, rows * 12);
    let mut buffer = String::new();
    for row in 0..rows {
        if array.is_null(row) {
            builder.append_null();
            continue;
        }
        buffer.clear();
        writer(row, &mut buffer)?;
        builder.append_value(&buffer);
    }
    Ok(Arc::new(builder.finish()))
}

macro_rules! display_writer {
    ($array:expr, $arrow:ty) => {{
        let array = $array.as_primitive::<$arrow>().clone();
        Box::new(move |row, out: &mut String| {
            let _ = write!(out, "{}", array.value(row));
            Ok(())
        })
    }};
}

/// A writer for the rows of a column.
pub(crate) fn write_text(array: &ArrayRef, data_type: &DataType, style: &TextStyle) -> SparkResult<TextWriter> {
    let style = *style;
    Ok(match data_type {
        DataType::Null => Box::new(move |_, out: &mut String| {
            out.push_str(style.null);
            Ok(())
        }),
        DataType::Boolean => {
            let array = array.as_boolean().clone();
            Box::new(move |row, out: &mut String| {
                out.push_str(if array.value(row) { "true" } else { "false" });
                Ok(())
            })
        }
        DataType::Byte => display_writer!(array, Int8Type),
        DataType::Short => display_writer!(array, Int16Type),
        DataType::Integer => display_writer!(array, Int32Type),
        DataType::Long => display_writer!(array, Int64Type),
        DataType::Float => {
            let array = array.as_primitive::<Float32Type>().clone();
            Box::new(move |row, out: &mut String| {
                out.push_str(&float_text(array.value(row)));
                Ok(())
            })
        }
        DataType::Double => {
            let array = array.as_primitive::<Float64Type>().clone();
            Box::new(move |row, out: &mut String| {
                out.push_str(&double_text(array.value(row)));
                Ok(())
            })
        }
        DataType::Decimal { scale, .. } => {
            let (array, scale) = (array.as_primitive::<Decimal128Type>().clone(), *scale);
            Box::new(move |row, out: &mut String| {
                out.push_str(&decimal_text(array.value(row), scale));
                Ok(())
            })
        }
        t if t.is_string() => {
            let array = array.as_string::<i32>().clone();
            Box::new(move |row, out: &mut String| {
                out.push_str(array.value(row));
                Ok(())
            })
        }
        DataType::Binary => {
            let array = array.as_binary::<i32>().clone();
            Box::new(move |row, out: &mut String| {
                if style.hex_binary {
                    let bytes: Vec<String> = array.value(row).iter().map(|b| format!("{b:02X}")).collect();
                    let _ = write!(out, "[{}]", bytes.join(" "));
                } else {
                    out.push_str(&String::from_utf8_lossy(array.value(row)));
                }
                Ok(())
            })
        }
        DataType::Date => {
            let array = array.as_primitive::<Date32Type>().clone();
            Box::new(move |row, out: &mut String| {
                write_date(out, array.value(row));
                Ok(())
            })
        }
        DataType::Timestamp | DataType::TimestampNtz => {
            let zone = if *data_type == DataType::Timestamp { style.zone } else { SessionTimeZone::utc() };
            let array = array.as_primitive::<TimestampMicrosecondType>().clone();
            Box::new(move |row, out: &mut String| {
                write_local_timestamp(out, zone.to_local(array.value(row)));
                Ok(())
            })
        }
        DataType::Time { .. } => {
            let array = relabel(array, &ArrowType::Int64)?.as_primitive::<Int64Type>().clone();
            Box::new(move |row, out: &mut String| {
                out.push_str(&time_text(array.value(row)));
                Ok(())
            })
        }
        DataType::CalendarInterval => {
            let array = array.as_primitive::<IntervalMonthDayNanoType>().clone();
            Box::new(move |row, out: &mut String| {
                let v = array.value(row);
                out.push_str(&interval::calendar_text(v.months, v.days, v.nanoseconds / 1000));
                Ok(())
            })
        }
        DataType::YearMonthInterval { start, end } => {
            let array = relabel(array, &ArrowType::Int32)?.as_primitive::<Int32Type>().clone();
            let (start, end) = (*start, *end);
            Box::new(move |row, out: &mut String| {
                out.push_str(&interval::year_month_text(array.value(row), start, end));
                Ok(())
            })
        }
        DataType::DayTimeInterval { start, end } => {
            let array = relabel(array, &ArrowType::Int64)?.as_primitive::<Int64Type>().clone();
            let (start, end) = (*start, *end);
            Box::new(move |row, out: &mut String| {
                out.push_str(&interval::day_time_text(array.value(row), start, end));
                Ok(())
            })
        }
        DataType::Array { element, .. } => {
            let array = array.as_list::<i32>().clone();
            let values = Arc::clone(array.values());
            let element = write_text(&values, element, &style)?;
            Box::new(move |row, out: &mut String| {
                let (start, end) = (array.offsets()[row] as usize, array.offsets()[row + 1] as usize);
                out.push('[');
                for i in start..end {
                    if i > start {
                        out.push_str(", ");
                    }
                    write_or_null(&values, &element, i, out, style.null)?;
                }
                out.push(']');
                Ok(())
            })
        }
        DataType::Map { key, value, .. } => {
            let array = array.as_map().clone();
            let (keys, values) = (Arc::clone(array.keys()), Arc::clone(array.values()));
            let (key, value) = (write_text(&keys, key, &style)?, write_text(&values, value, &style)?);
            Box::new(move |row, out: &mut String| {
                let (start, end) = (array.offsets()[row] as usize, array.offsets()[row + 1] as usize);
                out.push('{');
                for i in start..end {
                    if i > start {
                        out.push_str(", ");
                    }
                    write_or_null(&keys, &key, i, out, style.null)?;
                    out.push_str(" -> ");
                    write_or_null(&values, &value, i, out, style.null)?;
                }
                out.push('}');
                Ok(())
            })
        }
        DataType::Struct(fields) => {
            let array = array.as_struct().clone();
            let mut writers = vec![];
            for (field, column) in fields.fields.iter().zip(array.columns()) {
                writers.push((Arc::clone(column), write_text(column, &field.data_type, &style)?));
            }
            Box::new(move |row, out: &mut String| {
                out.push('{');
                for (i, (column, writer)) in writers.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    write_or_null(column, writer, row, out, style.null)?;
                }
                out.push('}');
                Ok(())
            })
        }
        DataType::Variant => {
            let array = Arc::clone(array);
            Variants::new(&array)?;
            Box::new(move |row, out: &mut String| match Variants::new(&array)?.get(row) {
                Some(variant) => write_variant(variant, &style.zone, out),
                None => Ok(()),
            })
        }
        other => return Err(SparkError::unsupported(format!("{} as text", other.sql()))),
    })
}

fn write_or_null(array: &ArrayRef, writer: &TextWriter, row: usize, out: &mut String, null: &str) -> SparkResult<()> {
    if array.is_null(row) {
        out.push_str(null);
        return Ok(());
    }
    writer(row, out)
}

/// Java's `Double.toString`.
pub(crate) fn double_text(value: f64) -> String {
    java_text(
        value.is_nan(),
        value.is_infinite(),
        value < 0.0,
        value == 0.0 && value.is_sign_negative(),
        value == 0.0,
        || format!("{:e}", value.abs()),
    )
}

/// Java's `Float.toString`.
pub(crate) fn float_text(value: f32) -> String {
    java_text(
        value.is_nan(),
        value.is_infinite(),
        value < 0.0,
        value == 0.0 && value.is_sign_negative(),
        value == 0.0,
        || format!("{:e}", value.abs()),
    )
}

fn java_text(
    nan: bool,
    infinite: bool,
    negative: bool,
    negative_zero: bool,
    zero: bool,
    scientific: impl Fn() -> String,
) -> String {
    if nan {
        return "NaN".into();
    }
    if infinite {
        return if negative { "-Infinity".into() } else { "Infinity".into() };
    }
    if zero {
        return if negative_zero { "-0.0".into() } else { "0.0".into() };
    }
    // Shortest digits as `d.ddde±n`; Java writes plainly from 10^-3 to 10^7.
    let text = scientific();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let sign = if negative { "-" } else { "" };
    if (-3..7).contains(&exponent) {
        if exponent < 0 {
            return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
        }
        let point = exponent as usize + 1;
        if digits.len() <= point {
            return format!("{sign}{digits}{}.0", "0".repeat(point - digits.len()));
        }
        return format!("{sign}{}.{}", &digits[..point], &digits[point..]);
    }
    let fraction = if digits.len() > 1 { &digits[1..] } else { "0" };
    format!("{sign}{}.{fraction}E{exponent}", &digits[..1])
}

/// A decimal in plain notation.
pub(crate) fn decimal_text(value: i128, scale: i8) -> String {
    place_point(value < 0, value.unsigned_abs().to_string(), scale)
}

/// A decimal of 256 bits in plain notation.
pub(crate) fn wide_decimal_text(value: i256, scale: i8) -> String {
    let text = value.to_string();
    let negative = text.starts_with('-');
    place_point(negative, text.trim_start_matches('-').to_string(), scale)
}

fn place_point(negative: bool, digits: String, scale: i8) -> String {
    let sign = if negative { "-" } else { "" };
    if scale <= 0 {
        let zeros = if digits == "0" { 0 } else { scale.unsigned_abs() as usize };
        return format!("{sign}{digits}{}", "0".repeat(zeros));
    }
    let scale = scale as usize;
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// A number's text without an exponent (`BigDecimal.toPlainString`).
pub(crate) fn plain_text(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return text.to_string() };
    let Ok(exponent) = exponent.parse::<i32>() else { return text.to_string() };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let scale = fraction.len() as i32 - exponent;
    let digits = if digits.is_empty() { "0" } else { digits };
    if scale.abs() > 100 {
        return text.to_string();
    }
    place_point(sign, digits.to_string(), scale as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_does() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (0.001, "0.001"),
            (0.000_123, "1.23E-4"),
            (1e10, "1.0E10"),
            (123.456, "123.456"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double_text(value), expected);
        }
        assert_eq!(float_text(0.1), "0.1");
        assert_eq!(decimal_text(-5, 2), "-0.05");
        assert_eq!(plain_text("1.0E10"), "10000000000");
    }
}

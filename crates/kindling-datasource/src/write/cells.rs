//! Values of columns as text, row by row.

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
        Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, IntervalYearMonthArray, StringArray,
        TimestampMicrosecondArray,
    },
    datatypes::{
        DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
        Int32Type, Int64Type, IntervalUnit, IntervalYearMonthType, TimeUnit, TimestampMicrosecondType,
    },
};
use kindling_common::{RuntimeConfig, SparkError, SparkResult, conf};

use crate::{
    SourceOptions,
    value::{DateTimePattern, SessionZone, format_date, format_decimal, format_double, format_float, format_timestamp},
};

/// How dates and timestamps are written.
#[derive(Debug, Clone)]
pub(crate) struct TextFormats {
    date: Option<DateTimePattern>,
    timestamp: Option<DateTimePattern>,
    timestamp_ntz: Option<DateTimePattern>,
    zone: SessionZone,
}

impl TextFormats {
    /// What `dateFormat`, `timestampFormat` and `timestampNTZFormat` say, with the defaults of CSV and JSON.
    pub(crate) fn of_options(options: &SourceOptions, config: &RuntimeConfig) -> SparkResult<TextFormats> {
        let pattern = |key: &str, default: &str| DateTimePattern::new(options.get(key).unwrap_or(default)).map(Some);
        let zone = options.get("timeZone").unwrap_or_else(|| config.value(&conf::SESSION_TIME_ZONE));
        Ok(TextFormats {
            date: options.get("dateFormat").map(DateTimePattern::new).transpose()?,
            timestamp: pattern("timestampFormat", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]")?,
            timestamp_ntz: pattern("timestampNTZFormat", "yyyy-MM-dd'T'HH:mm:ss[.SSS]")?,
            zone: SessionZone::parse(zone)?,
        })
    }

    /// What a cast to string gives: the names of partition folders.
    pub(crate) fn of_cast(config: &RuntimeConfig) -> SparkResult<TextFormats> {
        let zone = SessionZone::parse(config.value(&conf::SESSION_TIME_ZONE))?;
        Ok(TextFormats { date: None, timestamp: None, timestamp_ntz: None, zone })
    }
}

/// A column of plain values.
pub(crate) enum Cells<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Byte(&'a Int8Array),
    Short(&'a Int16Array),
    Integer(&'a Int32Array),
    Long(&'a Int64Array),
    Float(&'a Float32Array),
    Double(&'a Float64Array),
    Decimal(&'a Decimal128Array, i8),
    String(&'a StringArray),
    Binary(&'a BinaryArray),
    Date(&'a Date32Array),
    Timestamp(&'a TimestampMicrosecondArray),
    TimestampNtz(&'a TimestampMicrosecondArray),
    YearMonth(&'a IntervalYearMonthArray),
    DayTime(&'a DurationMicrosecondArray),
}

impl<'a> Cells<'a> {
    pub(crate) fn new(array: &'a ArrayRef) -> SparkResult<Cells<'a>> {
        Ok(match array.data_type() {
            DataType::Null => Cells::Null,
            DataType::Boolean => Cells::Boolean(array.as_boolean()),
            DataType::Int8 => Cells::Byte(array.as_primitive::<Int8Type>()),
            DataType::Int16 => Cells::Short(array.as_primitive::<Int16Type>()),
            DataType::Int32 => Cells::Integer(array.as_primitive::<Int32Type>()),
            DataType::Int64 => Cells::Long(array.as_primitive::<Int64Type>()),
            DataType::Float32 => Cells::Float(array.as_primitive::<Float32Type>()),
            DataType::Float64 => Cells::Double(array.as_primitive::<Float64Type>()),
            DataType::Decimal128(_, scale) => Cells::Decimal(array.as_primitive::<Decimal128Type>(), *scale),
            DataType::Utf8 => Cells::String(array.as_string::<i32>()),
            DataType::Binary => Cells::Binary(array.as_binary::<i32>()),
            DataType::Date32 => Cells::Date(array.as_primitive::<Date32Type>()),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let array = array.as_primitive::<TimestampMicrosecondType>();
                if zone.is_some() { Cells::Timestamp(array) } else { Cells::TimestampNtz(array) }
            }
            DataType::Interval(IntervalUnit::YearMonth) => {
                Cells::YearMonth(array.as_primitive::<IntervalYearMonthType>())
            }
            DataType::Duration(TimeUnit::Microsecond) => {
                Cells::DayTime(array.as_primitive::<DurationMicrosecondType>())
            }
            other => return Err(SparkError::unsupported(format!("writing values of the type {other} as text"))),
        })
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        match self {
            Cells::Null => true,
            Cells::Boolean(array) => array.is_null(row),
            Cells::Byte(array) => array.is_null(row),
            Cells::Short(array) => array.is_null(row),
            Cells::Integer(array) => array.is_null(row),
            Cells::Long(array) => array.is_null(row),
            Cells::Float(array) => array.is_null(row),
            Cells::Double(array) => array.is_null(row),
            Cells::Decimal(array, _) => array.is_null(row),
            Cells::String(array) => array.is_null(row),
            Cells::Binary(array) => array.is_null(row),
            Cells::Date(array) => array.is_null(row),
            Cells::Timestamp(array) | Cells::TimestampNtz(array) => array.is_null(row),
            Cells::YearMonth(array) => array.is_null(row),
            Cells::DayTime(array) => array.is_null(row),
        }
    }

    /// Appends a value's text; the row must not be null.
    pub(crate) fn push(&self, row: usize, formats: &TextFormats, out: &mut String) {
        use std::fmt::Write as _;
        // Writing into a `String` cannot fail.
        let _ = match self {
            Cells::Null => Ok(()),
            Cells::Boolean(array) => write!(out, "{}", array.value(row)),
            Cells::Byte(array) => write!(out, "{}", array.value(row)),
            Cells::Short(array) => write!(out, "{}", array.value(row)),
            Cells::Integer(array) => write!(out, "{}", array.value(row)),
            Cells::Long(array) => write!(out, "{}", array.value(row)),
            Cells::Float(array) => write!(out, "{}", format_float(array.value(row))),
            Cells::Double(array) => write!(out, "{}", format_double(array.value(row))),
            Cells::Decimal(array, scale) => write!(out, "{}", format_decimal(array.value(row), *scale)),
            Cells::String(array) => write!(out, "{}", array.value(row)),
            Cells::Binary(array) => {
                let bytes: Vec<String> = array.value(row).iter().map(|byte| format!("{byte:02X}")).collect();
                write!(out, "[{}]", bytes.join(" "))
            }
            Cells::Date(array) => match &formats.date {
                Some(pattern) => {
                    write!(out, "{}", pattern.format_local(i64::from(array.value(row)) * 86_400_000_000))
                }
                None => write!(out, "{}", format_date(array.value(row))),
            },
            Cells::Timestamp(array) => {
                let micros = array.value(row);
                match &formats.timestamp {
                    Some(pattern) => write!(out, "{}", pattern.format(micros, &formats.zone)),
                    None => {
                        let local = micros + i64::from(formats.zone.offset_at(micros)) * 1_000_000;
                        write!(out, "{}", format_timestamp(local))
                    }
                }
            }
            Cells::TimestampNtz(array) => match &formats.timestamp_ntz {
                Some(pattern) => write!(out, "{}", pattern.format_local(array.value(row))),
                None => write!(out, "{}", format_timestamp(array.value(row))),
            },
            Cells::YearMonth(array) => {
                let months = array.value(row);
                let sign = if months < 0 { "-" } else { "" };
                write!(out, "INTERVAL '{sign}{}-{}' YEAR TO MONTH", months.abs() / 12, months.abs() % 12)
            }
            Cells::DayTime(array) => {
                let micros = array.value(row);
                let sign = if micros < 0 { "-" } else { "" };
                let micros = micros.unsigned_abs();
                let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
                let mut time = format!(
                    "{} {:02}:{:02}:{:02}",
                    seconds / 86_400,
                    seconds / 3600 % 24,
                    seconds / 60 % 60,
                    seconds % 60
                );
                if fraction > 0 {
                    time.push_str(format!(".{fraction:06}").trim_end_matches('0'));
                }
                write!(out, "INTERVAL '{sign}{time}' DAY TO SECOND")
            }
        };
    }
}

//! Literal values.

use crate::{DataType, StructType};

/// A typed constant (Spark's `Literal`).
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `NULL` of a type (`DataType::Null` when untyped).
    Null(DataType),
    /// `BOOLEAN`
    Boolean(bool),
    /// `TINYINT`
    Byte(i8),
    /// `SMALLINT`
    Short(i16),
    /// `INT`
    Integer(i32),
    /// `BIGINT`
    Long(i64),
    /// `FLOAT`
    Float(f32),
    /// `DOUBLE`
    Double(f64),
    /// `DECIMAL(precision, scale)`, unscaled.
    Decimal {
        /// The unscaled value.
        value: i128,
        /// Total digits, 1 to 38.
        precision: u8,
        /// Digits after the point, 0 to `precision`.
        scale: i8,
    },
    /// `STRING`
    String(String),
    /// `BINARY`
    Binary(Vec<u8>),
    /// `DATE`: days since 1970-01-01.
    Date(i32),
    /// `TIMESTAMP`: microseconds since the epoch, UTC.
    Timestamp(i64),
    /// `TIMESTAMP_NTZ`: microseconds since the epoch on the local clock.
    TimestampNtz(i64),
    /// `TIME(precision)`: nanoseconds since midnight.
    Time {
        /// Nanoseconds since midnight.
        nanos: i64,
        /// Fractional digits, 0 to 6.
        precision: u8,
    },
    /// `INTERVAL` (legacy calendar interval).
    CalendarInterval {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
        /// Microseconds.
        microseconds: i64,
    },
    /// `INTERVAL … YEAR/MONTH`: months.
    YearMonthInterval {
        /// Months.
        months: i32,
        /// First field.
        start: YearMonthField,
        /// Last field.
        end: YearMonthField,
    },
    /// `INTERVAL … DAY/HOUR/MINUTE/SECOND`: microseconds.
    DayTimeInterval {
        /// Microseconds.
        microseconds: i64,
        /// First field.
        start: DayTimeField,
        /// Last field.
        end: DayTimeField,
    },
    /// `ARRAY<element>`
    Array {
        /// Element type.
        element: DataType,
        /// Elements.
        values: Vec<Literal>,
    },
    /// `MAP<key, value>`
    Map {
        /// Key type.
        key: DataType,
        /// Value type.
        value: DataType,
        /// Entries in order.
        entries: Vec<(Literal, Literal)>,
    },
    /// `STRUCT<…>`
    Struct {
        /// Fields.
        fields: StructType,
        /// One value a field.
        values: Vec<Literal>,
    },
}

/// A field of a year-month interval type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum YearMonthField {
    /// `YEAR`
    Year,
    /// `MONTH`
    Month,
}

/// A field of a day-time interval type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayTimeField {
    /// `DAY`
    Day,
    /// `HOUR`
    Hour,
    /// `MINUTE`
    Minute,
    /// `SECOND`
    Second,
}

impl Literal {
    /// The literal's Spark type.
    pub fn data_type(&self) -> DataType {
        match self {
            Literal::Null(data_type) => data_type.clone(),
            Literal::Boolean(_) => DataType::Boolean,
            Literal::Byte(_) => DataType::Byte,
            Literal::Short(_) => DataType::Short,
            Literal::Integer(_) => DataType::Integer,
            Literal::Long(_) => DataType::Long,
            Literal::Float(_) => DataType::Float,
            Literal::Double(_) => DataType::Double,
            Literal::Decimal { precision, scale, .. } => DataType::Decimal { precision: *precision, scale: *scale },
            Literal::String(_) => DataType::String,
            Literal::Binary(_) => DataType::Binary,
            Literal::Date(_) => DataType::Date,
            Literal::Timestamp(_) => DataType::Timestamp,
            Literal::TimestampNtz(_) => DataType::TimestampNtz,
            Literal::Time { precision, .. } => DataType::Time { precision: *precision },
            Literal::CalendarInterval { .. } => DataType::CalendarInterval,
            Literal::YearMonthInterval { start, end, .. } => DataType::YearMonthInterval { start: *start, end: *end },
            Literal::DayTimeInterval { start, end, .. } => DataType::DayTimeInterval { start: *start, end: *end },
            Literal::Array { element, values } => DataType::Array {
                element: Box::new(element.clone()),
                contains_null: values.iter().any(Literal::is_null),
            },
            Literal::Map { key, value, entries } => DataType::Map {
                key: Box::new(key.clone()),
                value: Box::new(value.clone()),
                value_contains_null: entries.iter().any(|(_, value)| value.is_null()),
            },
            Literal::Struct { fields, .. } => DataType::Struct(fields.clone()),
        }
    }

    /// Whether this is `NULL`.
    pub fn is_null(&self) -> bool {
        matches!(self, Literal::Null(_))
    }
}

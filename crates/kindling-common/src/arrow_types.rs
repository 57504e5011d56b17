//! Spark's types as Arrow's and back (`org.apache.spark.sql.util.ArrowUtils`).
//!
//! Inside the engine a `TIMESTAMP` column always carries the zone `UTC`; the session's zone is a label that the
//! service puts on results.

use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, Field, Fields, IntervalUnit, Schema, TimeUnit};
use kindling_spec::{DataType, StructField, StructType};

use crate::{SparkError, SparkResult};

/// The Arrow type that holds values of a Spark type.
pub fn to_arrow(data_type: &DataType) -> ArrowType {
    match data_type {
        DataType::Null => ArrowType::Null,
        DataType::Boolean => ArrowType::Boolean,
        DataType::Byte => ArrowType::Int8,
        DataType::Short => ArrowType::Int16,
        DataType::Integer => ArrowType::Int32,
        DataType::Long => ArrowType::Int64,
        DataType::Float => ArrowType::Float32,
        DataType::Double => ArrowType::Float64,
        DataType::Decimal { precision, scale } => ArrowType::Decimal128(*precision, *scale),
        DataType::String | DataType::Char(_) | DataType::Varchar(_) => ArrowType::Utf8,
        DataType::Binary => ArrowType::Binary,
        DataType::Date => ArrowType::Date32,
        DataType::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
        DataType::TimestampNtz => ArrowType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Time { .. } => ArrowType::Time64(TimeUnit::Nanosecond),
        DataType::CalendarInterval => ArrowType::Interval(IntervalUnit::MonthDayNano),
        DataType::YearMonthInterval { .. } => ArrowType::Interval(IntervalUnit::YearMonth),
        DataType::DayTimeInterval { .. } => ArrowType::Duration(TimeUnit::Microsecond),
        DataType::Array { element, contains_null } => {
            ArrowType::List(Arc::new(Field::new("element", to_arrow(element), *contains_null)))
        }
        DataType::Map { key, value, value_contains_null } => {
            let entries = Fields::from(vec![
                Field::new("key", to_arrow(key), false),
                Field::new("value", to_arrow(value), *value_contains_null),
            ]);
            ArrowType::Map(Arc::new(Field::new("entries", ArrowType::Struct(entries), false)), false)
        }
        DataType::Struct(fields) => ArrowType::Struct(fields.fields.iter().map(to_arrow_field).collect()),
        DataType::Variant => ArrowType::Struct(Fields::from(vec![
            Field::new("value", ArrowType::Binary, false),
            Field::new("metadata", ArrowType::Binary, false),
        ])),
    }
}

/// The Arrow field of a Spark field.
pub fn to_arrow_field(field: &StructField) -> Field {
    Field::new(&field.name, to_arrow(&field.data_type), field.nullable)
}

/// The Arrow schema of a Spark schema.
pub fn to_arrow_schema(schema: &StructType) -> Schema {
    Schema::new(schema.fields.iter().map(to_arrow_field).collect::<Fields>())
}

/// The Spark type of an Arrow type; fails with `UNSUPPORTED_ARROWTYPE` where Spark has none.
pub fn from_arrow(data_type: &ArrowType) -> SparkResult<DataType> {
    Ok(match data_type {
        ArrowType::Null => DataType::Null,
        ArrowType::Boolean => DataType::Boolean,
        ArrowType::Int8 => DataType::Byte,
        ArrowType::Int16 | ArrowType::UInt8 => DataType::Short,
        ArrowType::Int32 | ArrowType::UInt16 => DataType::Integer,
        ArrowType::Int64 | ArrowType::UInt32 => DataType::Long,
        ArrowType::UInt64 => DataType::Decimal { precision: 20, scale: 0 },
        ArrowType::Float16 | ArrowType::Float32 => DataType::Float,
        ArrowType::Float64 => DataType::Double,
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale) => DataType::Decimal { precision: *precision, scale: *scale },
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => DataType::String,
        ArrowType::Binary | ArrowType::LargeBinary | ArrowType::BinaryView | ArrowType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        ArrowType::Date32 | ArrowType::Date64 => DataType::Date,
        ArrowType::Timestamp(_, Some(_)) => DataType::Timestamp,
        ArrowType::Timestamp(_, None) => DataType::TimestampNtz,
        ArrowType::Time32(_) | ArrowType::Time64(_) => DataType::Time { precision: 6 },
        ArrowType::Interval(IntervalUnit::YearMonth) => DataType::YEAR_MONTH,
        ArrowType::Interval(_) => DataType::CalendarInterval,
        ArrowType::Duration(_) => DataType::DAY_TIME,
        ArrowType::List(field)
        | ArrowType::LargeList(field)
        | ArrowType::ListView(field)
        | ArrowType::LargeListView(field)
        | ArrowType::FixedSizeList(field, _) => {
            DataType::Array { element: Box::new(from_arrow(field.data_type())?), contains_null: field.is_nullable() }
        }
        ArrowType::Map(entries, _) => match entries.data_type() {
            ArrowType::Struct(fields) if fields.len() == 2 => DataType::Map {
                key: Box::new(from_arrow(fields[0].data_type())?),
                value: Box::new(from_arrow(fields[1].data_type())?),
                value_contains_null: fields[1].is_nullable(),
            },
            other => return Err(unsupported(other)),
        },
        ArrowType::Struct(fields) => DataType::Struct(from_arrow_fields(fields)?),
        ArrowType::Dictionary(_, value) => from_arrow(value)?,
        ArrowType::RunEndEncoded(_, value) => from_arrow(value.data_type())?,
        other => return Err(unsupported(other)),
    })
}

/// The Spark schema of an Arrow schema.
pub fn from_arrow_schema(schema: &Schema) -> SparkResult<StructType> {
    from_arrow_fields(schema.fields())
}

fn from_arrow_fields(fields: &Fields) -> SparkResult<StructType> {
    let fields: SparkResult<Vec<StructField>> = fields
        .iter()
        .map(|field| Ok(StructField::new(field.name(), from_arrow(field.data_type())?, field.is_nullable())))
        .collect();
    Ok(StructType { fields: fields? })
}

fn unsupported(data_type: &ArrowType) -> SparkError {
    SparkError::new(crate::ExceptionClass::UnsupportedOperation, "UNSUPPORTED_ARROWTYPE")
        .param("typeName", data_type.to_string())
}

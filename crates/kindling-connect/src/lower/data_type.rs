//! Data types and schemas.

use kindling_common::{SparkError, SparkResult};
use kindling_proto::connect::{self as proto, data_type::Kind};
use kindling_spec::{DataType, DayTimeField, StructField, StructType, YearMonthField};

use super::{invalid_plan, required};

/// A protocol type as Spark's.
pub fn lower_data_type(data_type: &proto::DataType) -> SparkResult<DataType> {
    Ok(match required(data_type.kind.as_ref(), "data type")? {
        Kind::Null(_) => DataType::Null,
        Kind::Binary(_) => DataType::Binary,
        Kind::Boolean(_) => DataType::Boolean,
        Kind::Byte(_) => DataType::Byte,
        Kind::Short(_) => DataType::Short,
        Kind::Integer(_) => DataType::Integer,
        Kind::Long(_) => DataType::Long,
        Kind::Float(_) => DataType::Float,
        Kind::Double(_) => DataType::Double,
        Kind::Decimal(decimal) => DataType::Decimal {
            precision: small(decimal.precision.unwrap_or(10), "precision")?,
            scale: small(decimal.scale.unwrap_or(0), "scale")?,
        },
        Kind::String(string) if string.collation.is_empty() || string.collation == "UTF8_BINARY" => DataType::String,
        Kind::String(string) => return Err(SparkError::unsupported(format!("collation {}", string.collation))),
        Kind::Char(char) => DataType::Char(small(char.length, "length")?),
        Kind::VarChar(varchar) => DataType::Varchar(small(varchar.length, "length")?),
        Kind::Date(_) => DataType::Date,
        Kind::Timestamp(_) => DataType::Timestamp,
        Kind::TimestampNtz(_) => DataType::TimestampNtz,
        Kind::CalendarInterval(_) => DataType::CalendarInterval,
        Kind::YearMonthInterval(interval) => DataType::YearMonthInterval {
            start: year_month_field(interval.start_field.unwrap_or(0))?,
            end: year_month_field(interval.end_field.unwrap_or(1))?,
        },
        Kind::DayTimeInterval(interval) => DataType::DayTimeInterval {
            start: day_time_field(interval.start_field.unwrap_or(0))?,
            end: day_time_field(interval.end_field.unwrap_or(3))?,
        },
        Kind::Array(array) => DataType::Array {
            element: Box::new(lower_data_type(required(array.element_type.as_deref(), "element type")?)?),
            contains_null: array.contains_null,
        },
        Kind::Map(map) => DataType::Map {
            key: Box::new(lower_data_type(required(map.key_type.as_deref(), "key type")?)?),
            value: Box::new(lower_data_type(required(map.value_type.as_deref(), "value type")?)?),
            value_contains_null: map.value_contains_null,
        },
        Kind::Struct(fields) => DataType::Struct(lower_struct(fields)?),
        Kind::Variant(_) => DataType::Variant,
        Kind::Udt(udt) => lower_data_type(required(udt.sql_type.as_deref(), "sql type of a user-defined type")?)?,
        Kind::Unparsed(unparsed) => kindling_sql::parse_data_type(&unparsed.data_type_string)?,
        Kind::Time(time) => DataType::Time { precision: small(time.precision.unwrap_or(6), "precision")? },
        Kind::Geometry(_) => return Err(SparkError::unsupported("the GEOMETRY type")),
        Kind::Geography(_) => return Err(SparkError::unsupported("the GEOGRAPHY type")),
        Kind::TimestampNtzNanos(_) | Kind::TimestampLtzNanos(_) => {
            return Err(SparkError::unsupported("timestamps with nanoseconds"));
        }
    })
}

fn small<T: TryFrom<i32>>(value: i32, field: &str) -> SparkResult<T> {
    T::try_from(value).map_err(|_| invalid_plan(format!("{field} {value} is out of range")))
}

fn lower_struct(fields: &proto::data_type::Struct) -> SparkResult<StructType> {
    let fields: SparkResult<Vec<StructField>> = fields
        .fields
        .iter()
        .map(|field| {
            Ok(StructField {
                name: field.name.clone(),
                data_type: lower_data_type(required(field.data_type.as_ref(), "field type")?)?,
                nullable: field.nullable,
                metadata: field.metadata.clone().filter(|metadata| metadata != "{}" && !metadata.is_empty()),
            })
        })
        .collect();
    Ok(StructType { fields: fields? })
}

fn year_month_field(field: i32) -> SparkResult<YearMonthField> {
    match field {
        0 => Ok(YearMonthField::Year),
        1 => Ok(YearMonthField::Month),
        other => Err(invalid_plan(format!("interval field {other}"))),
    }
}

fn day_time_field(field: i32) -> SparkResult<DayTimeField> {
    match field {
        0 => Ok(DayTimeField::Day),
        1 => Ok(DayTimeField::Hour),
        2 => Ok(DayTimeField::Minute),
        3 => Ok(DayTimeField::Second),
        other => Err(invalid_plan(format!("interval field {other}"))),
    }
}

/// A schema text, DDL or JSON (`DataType.parseTypeWithFallback`); a single type becomes a struct of `value`.
pub fn parse_schema(text: &str) -> SparkResult<StructType> {
    if text.trim_start().starts_with(['{', '"'])
        && let Some(data_type) = serde_json::from_str(text).ok().as_ref().and_then(DataType::from_json)
    {
        return Ok(as_struct(data_type));
    }
    kindling_sql::parse_table_schema(text)
        .or_else(|error| kindling_sql::parse_data_type(text).map(as_struct).map_err(|_| error))
}

fn as_struct(data_type: DataType) -> StructType {
    match data_type {
        DataType::Struct(fields) => fields,
        other => StructType::from(vec![StructField::new("value", other, true)]),
    }
}

/// Spark's type as the protocol's.
pub fn raise_data_type(data_type: &DataType) -> proto::DataType {
    use proto::data_type as kind;
    let kind = match data_type {
        DataType::Null => Kind::Null(kind::Null::default()),
        DataType::Boolean => Kind::Boolean(kind::Boolean::default()),
        DataType::Byte => Kind::Byte(kind::Byte::default()),
        DataType::Short => Kind::Short(kind::Short::default()),
        DataType::Integer => Kind::Integer(kind::Integer::default()),
        DataType::Long => Kind::Long(kind::Long::default()),
        DataType::Float => Kind::Float(kind::Float::default()),
        DataType::Double => Kind::Double(kind::Double::default()),
        DataType::Decimal { precision, scale } => Kind::Decimal(kind::Decimal {
            precision: Some(i32::from(*precision)),
            scale: Some(i32::from(*scale)),
            type_variation_reference: 0,
        }),
        DataType::String => {
            Kind::String(kind::String { collation: "UTF8_BINARY".to_string(), type_variation_reference: 0 })
        }
        DataType::Char(length) => Kind::Char(kind::Char { length: *length as i32, type_variation_reference: 0 }),
        DataType::Varchar(length) => {
            Kind::VarChar(kind::VarChar { length: *length as i32, type_variation_reference: 0 })
        }
        DataType::Binary => Kind::Binary(kind::Binary::default()),
        DataType::Date => Kind::Date(kind::Date::default()),
        DataType::Timestamp => Kind::Timestamp(kind::Timestamp::default()),
        DataType::TimestampNtz => Kind::TimestampNtz(kind::TimestampNtz::default()),
        DataType::Time { precision } => {
            Kind::Time(kind::Time { precision: Some(i32::from(*precision)), type_variation_reference: 0 })
        }
        DataType::CalendarInterval => Kind::CalendarInterval(kind::CalendarInterval::default()),
        DataType::YearMonthInterval { start, end } => Kind::YearMonthInterval(kind::YearMonthInterval {
            start_field: Some(*start as i32),
            end_field: Some(*end as i32),
            type_variation_reference: 0,
        }),
        DataType::DayTimeInterval { start, end } => Kind::DayTimeInterval(kind::DayTimeInterval {
            start_field: Some(*start as i32),
            end_field: Some(*end as i32),
            type_variation_reference: 0,
        }),
        DataType::Array { element, contains_null } => Kind::Array(Box::new(kind::Array {
            element_type: Some(Box::new(raise_data_type(element))),
            contains_null: *contains_null,
            type_variation_reference: 0,
        })),
        DataType::Map { key, value, value_contains_null } => Kind::Map(Box::new(kind::Map {
            key_type: Some(Box::new(raise_data_type(key))),
            value_type: Some(Box::new(raise_data_type(value))),
            value_contains_null: *value_contains_null,
            type_variation_reference: 0,
        })),
        DataType::Struct(fields) => Kind::Struct(kind::Struct {
            fields: fields
                .fields
                .iter()
                .map(|field| kind::StructField {
                    name: field.name.clone(),
                    data_type: Some(raise_data_type(&field.data_type)),
                    nullable: field.nullable,
                    metadata: field.metadata.clone(),
                })
                .collect(),
            type_variation_reference: 0,
        }),
        DataType::Variant => Kind::Variant(kind::Variant::default()),
    };
    proto::DataType { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_survive_the_protocol() {
        let inner = StructType::from(vec![StructField::new("a", DataType::DAY_TIME, false)]);
        let data_type = DataType::map(DataType::String, DataType::array(DataType::Struct(inner)));
        assert_eq!(lower_data_type(&raise_data_type(&data_type)).unwrap(), data_type);
    }
}

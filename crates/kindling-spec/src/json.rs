//! Types as JSON, the form of `DataType.json` and of schemas kept in files (`org.apache.spark.sql.types.DataType`).

use serde_json::{Map, Value, json};

use crate::{DataType, DayTimeField, StructField, StructType, YearMonthField};

impl DataType {
    /// `DataType.json`, as a value.
    pub fn to_json(&self) -> Value {
        match self {
            DataType::Array { element, contains_null } => {
                json!({"type": "array", "elementType": element.to_json(), "containsNull": contains_null})
            }
            DataType::Map { key, value, value_contains_null } => json!({
                "type": "map", "keyType": key.to_json(), "valueType": value.to_json(),
                "valueContainsNull": value_contains_null
            }),
            DataType::Struct(fields) => fields.to_json(),
            other => Value::String(other.type_name()),
        }
    }

    /// Parses `DataType.json`; `None` where it is no type.
    pub fn from_json(value: &Value) -> Option<DataType> {
        match value {
            Value::String(name) => from_name(name),
            Value::Object(object) => match object.get("type")?.as_str()? {
                "array" => Some(DataType::Array {
                    element: Box::new(DataType::from_json(object.get("elementType")?)?),
                    contains_null: object.get("containsNull")?.as_bool()?,
                }),
                "map" => Some(DataType::Map {
                    key: Box::new(DataType::from_json(object.get("keyType")?)?),
                    value: Box::new(DataType::from_json(object.get("valueType")?)?),
                    value_contains_null: object.get("valueContainsNull")?.as_bool()?,
                }),
                "struct" => StructType::from_json(value).map(DataType::Struct),
                "udt" => DataType::from_json(object.get("sqlType")?),
                _ => None,
            },
            _ => None,
        }
    }
}

impl StructType {
    /// `StructType.json`, as a value.
    pub fn to_json(&self) -> Value {
        let fields: Vec<Value> = self.fields.iter().map(StructField::to_json).collect();
        json!({"type": "struct", "fields": fields})
    }

    /// Parses `StructType.json`; `None` where it is no struct.
    pub fn from_json(value: &Value) -> Option<StructType> {
        let object = value.as_object().filter(|object| object.get("type").is_some_and(|t| t == "struct"))?;
        let fields: Option<Vec<StructField>> =
            object.get("fields")?.as_array()?.iter().map(StructField::from_json).collect();
        Some(StructType { fields: fields? })
    }
}

impl StructField {
    fn to_json(&self) -> Value {
        let metadata = self.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok());
        json!({
            "name": self.name, "type": self.data_type.to_json(), "nullable": self.nullable,
            "metadata": metadata.unwrap_or_else(|| Value::Object(Map::new()))
        })
    }

    fn from_json(value: &Value) -> Option<StructField> {
        let metadata = value.get("metadata").filter(|m| m.as_object().is_some_and(|m| !m.is_empty()));
        Some(StructField {
            name: value.get("name")?.as_str()?.to_string(),
            data_type: DataType::from_json(value.get("type")?)?,
            nullable: value.get("nullable").and_then(Value::as_bool).unwrap_or(true),
            metadata: metadata.map(Value::to_string),
        })
    }
}

fn from_name(name: &str) -> Option<DataType> {
    Some(match name {
        "void" | "null" => DataType::Null,
        "boolean" => DataType::Boolean,
        "byte" | "tinyint" => DataType::Byte,
        "short" | "smallint" => DataType::Short,
        "integer" | "int" => DataType::Integer,
        "long" | "bigint" => DataType::Long,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "decimal" => DataType::Decimal { precision: 10, scale: 0 },
        "string" => DataType::String,
        "binary" => DataType::Binary,
        "date" => DataType::Date,
        "timestamp" | "timestamp_ltz" => DataType::Timestamp,
        "timestamp_ntz" => DataType::TimestampNtz,
        "interval" => DataType::CalendarInterval,
        "variant" => DataType::Variant,
        other => return parametrised(other),
    })
}

fn parametrised(name: &str) -> Option<DataType> {
    if let Some(fields) = name.strip_prefix("interval ") {
        return interval(fields);
    }
    let (head, rest) = name.split_once('(')?;
    let mut numbers = rest.strip_suffix(')')?.split(',').map(str::trim);
    let first = numbers.next()?;
    Some(match head.trim() {
        "decimal" => DataType::Decimal {
            precision: first.parse().ok()?,
            scale: numbers.next().map_or(Some(0), |scale| scale.parse().ok())?,
        },
        "char" => DataType::Char(first.parse().ok()?),
        "varchar" => DataType::Varchar(first.parse().ok()?),
        "time" => DataType::Time { precision: first.parse().ok()? },
        _ => return None,
    })
}

fn interval(fields: &str) -> Option<DataType> {
    let (start, end) = fields.split_once(" to ").unwrap_or((fields, fields));
    if let (Some(start), Some(end)) = (year_month(start), year_month(end)) {
        return Some(DataType::YearMonthInterval { start, end });
    }
    Some(DataType::DayTimeInterval { start: day_time(start)?, end: day_time(end)? })
}

fn year_month(name: &str) -> Option<YearMonthField> {
    [YearMonthField::Year, YearMonthField::Month].into_iter().find(|field| field.name() == name)
}

fn day_time(name: &str) -> Option<DayTimeField> {
    [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second]
        .into_iter()
        .find(|field| field.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_survives_json() {
        let inner = StructType::from(vec![StructField::new("d", DataType::Decimal { precision: 12, scale: 2 }, true)]);
        let mut field = StructField::new("a", DataType::array(DataType::Struct(inner)), false);
        field.metadata = Some(r#"{"comment":"x"}"#.to_string());
        let schema = StructType::from(vec![
            field,
            StructField::new("i", DataType::DAY_TIME, true),
            StructField::new("m", DataType::map(DataType::String, DataType::Long), true),
        ]);
        assert_eq!(StructType::from_json(&schema.to_json()), Some(schema));
    }
}

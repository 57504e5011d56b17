//! The schema of a variant (`SchemaOfVariant`).

use kindling_common::SparkResult;
use kindling_spec::{DataType, StructField, StructType};

use super::{Value, Variant};
use crate::coercion::{bounded, tightest_common_type};

/// The type of a variant; objects are structs with their keys in order.
pub(crate) fn schema_of(variant: Variant<'_>) -> SparkResult<DataType> {
    Ok(match variant.decode()? {
        Value::Null => DataType::Null,
        Value::Boolean(_) => DataType::Boolean,
        Value::Long(_) => DataType::Long,
        Value::Float(_) => DataType::Float,
        Value::Double(_) => DataType::Double,
        Value::Decimal(unscaled, scale) => {
            // Trailing zeros do not count.
            let (mut unscaled, mut scale) = (unscaled, scale);
            while scale > 0 && unscaled % 10 == 0 {
                unscaled /= 10;
                scale -= 1;
            }
            let digits = unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log as u8 + 1);
            DataType::Decimal { precision: digits.max(scale), scale: scale as i8 }
        }
        Value::Date(_) => DataType::Date,
        Value::Timestamp(_) => DataType::Timestamp,
        Value::TimestampNtz(_) => DataType::TimestampNtz,
        Value::Binary(_) => DataType::Binary,
        Value::String(_) | Value::Uuid(_) => DataType::String,
        Value::Array(items) => {
            let mut element = DataType::Null;
            for item in items {
                element = merge_schemas(element, schema_of(item)?);
            }
            DataType::array(element)
        }
        Value::Object(fields) => {
            let fields: SparkResult<Vec<StructField>> =
                fields.into_iter().map(|(key, value)| Ok(StructField::new(key, schema_of(value)?, true))).collect();
            DataType::Struct(StructType { fields: fields? })
        }
    })
}

/// What holds values of both types; `VARIANT` where nothing else does.
pub(crate) fn merge_schemas(a: DataType, b: DataType) -> DataType {
    use DataType::{Array, Decimal, Double, Float, Long, Null, Struct};
    match (a, b) {
        (a, b) if a == b => a,
        (Null, t) | (t, Null) => t,
        (Decimal { precision: p1, scale: s1 }, Decimal { precision: p2, scale: s2 }) => {
            let scale = s1.max(s2);
            let range = (i32::from(p1) - i32::from(s1)).max(i32::from(p2) - i32::from(s2));
            if range + i32::from(scale) > 38 { Double } else { bounded(range + i32::from(scale), i32::from(scale)) }
        }
        (Long, Decimal { precision, scale }) | (Decimal { precision, scale }, Long) => {
            merge_schemas(Decimal { precision: 20, scale: 0 }, Decimal { precision, scale })
        }
        (Double, Decimal { .. }) | (Decimal { .. }, Double) => Double,
        (Array { element: a, .. }, Array { element: b, .. }) => DataType::array(merge_schemas(*a, *b)),
        (Struct(a), Struct(b)) => {
            let mut fields = a.fields;
            for field in b.fields {
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => {
                        known.data_type = merge_schemas(std::mem::replace(&mut known.data_type, Null), field.data_type);
                    }
                    None => fields.push(field),
                }
            }
            fields.sort_by(|a, b| a.name.cmp(&b.name));
            Struct(StructType { fields })
        }
        (a, b) => match (&a, &b) {
            (Long | Double | Float, Long | Double | Float) => {
                tightest_common_type(&a, &b, false).unwrap_or(DataType::Variant)
            }
            _ => DataType::Variant,
        },
    }
}

/// The schema as text: structs are objects.
pub(crate) fn schema_text(t: &DataType) -> String {
    match t {
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields
                .fields
                .iter()
                .map(|f| format!("{}: {}", kindling_spec::quote_if_needed(&f.name), schema_text(&f.data_type)))
                .collect();
            format!("OBJECT<{}>", fields.join(", "))
        }
        DataType::Array { element, .. } => format!("ARRAY<{}>", schema_text(element)),
        other => other.sql(),
    }
}

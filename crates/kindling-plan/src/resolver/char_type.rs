//! `CHAR(n)` and `VARCHAR(n)`: columns of tables alone have these types; in queries they are strings (Spark's
//! `CharVarcharUtils` and `ApplyCharTypePadding`).

use kindling_common::SparkResult;
use kindling_functions::TypedExpr;
use kindling_spec::{DataType, StructField, StructType};

use super::{Resolved, Resolver, expression::Value, plan};
use crate::Attribute;

/// The key under which a string column's metadata keeps the type that its table gives it.
const TYPE_KEY: &str = "__CHAR_VARCHAR_TYPE_STRING";

/// A type with strings in place of `CHAR` and `VARCHAR`.
pub(super) fn as_string(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Char(_) | DataType::Varchar(_) => DataType::String,
        DataType::Array { element, contains_null } => {
            DataType::Array { element: Box::new(as_string(element)), contains_null: *contains_null }
        }
        DataType::Map { key, value, value_contains_null } => DataType::Map {
            key: Box::new(as_string(key)),
            value: Box::new(as_string(value)),
            value_contains_null: *value_contains_null,
        },
        DataType::Struct(fields) => DataType::Struct(as_strings(fields)),
        other => other.clone(),
    }
}

/// A schema with strings in place of `CHAR` and `VARCHAR`.
pub(super) fn as_strings(schema: &StructType) -> StructType {
    let field = |field: &StructField| StructField { data_type: as_string(&field.data_type), ..field.clone() };
    StructType { fields: schema.fields.iter().map(field).collect() }
}

/// A field's metadata, with its type where queries see a string.
pub(super) fn metadata(field: &StructField) -> Option<String> {
    if as_string(&field.data_type) == field.data_type {
        return field.metadata.clone();
    }
    let mut entries = field
        .metadata
        .as_deref()
        .and_then(|text| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).ok())
        .unwrap_or_default();
    entries.insert(TYPE_KEY.into(), field.data_type.simple_string().into());
    Some(serde_json::Value::Object(entries).to_string())
}

/// A schema with the types that tables give its columns, for a table or view made of them (Spark's `getRawSchema`).
pub(crate) fn raw_schema(schema: StructType) -> StructType {
    let raw = |mut field: StructField| {
        let mut entries = field
            .metadata
            .as_deref()
            .and_then(|text| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).ok())?;
        let data_type = kindling_sql::parse_data_type(entries.remove(TYPE_KEY)?.as_str()?).ok()?;
        field.data_type = data_type;
        field.metadata = (!entries.is_empty()).then(|| serde_json::Value::Object(entries).to_string());
        Some(field)
    };
    let fields = schema.fields.into_iter().map(|field| raw(field.clone()).unwrap_or(field));
    StructType { fields: fields.collect() }
}

/// The length of a column that its table has as `CHAR(n)`.
fn char_length(value: &Value) -> Option<i32> {
    let metadata = value.attribute.as_ref()?.metadata.as_deref()?;
    let entries: serde_json::Value = serde_json::from_str(metadata).ok()?;
    entries.get(TYPE_KEY)?.as_str()?.strip_prefix("char(")?.strip_suffix(')')?.parse().ok()
}

impl Resolver<'_> {
    /// The rows of a table with its `CHAR` columns at their full length.
    pub(super) fn padded(&mut self, table: Resolved, schema: &StructType) -> SparkResult<Resolved> {
        let length = |attribute: &Attribute| {
            let field = schema.fields.iter().find(|field| field.name == attribute.name)?;
            match field.data_type {
                DataType::Char(length) => i32::try_from(length).ok(),
                _ => None,
            }
        };
        let off =
            self.conf.get("spark.sql.readSideCharPadding").is_some_and(|value| value.eq_ignore_ascii_case("false"));
        let columns = table.attributes().to_vec();
        if off || !columns.iter().any(|attribute| length(attribute).is_some()) {
            return Ok(table);
        }
        let mut items = Vec::with_capacity(columns.len());
        for attribute in columns {
            match length(&attribute) {
                Some(length) => {
                    let padded = self.padded_to(Value::of_attribute(&attribute), length)?;
                    items.push((padded.typed.expr, Attribute { id: self.state.next_id(), ..attribute }));
                }
                None => items.push((attribute.column(), attribute)),
            }
        }
        let plan = plan::project_items(table.plan, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }

    fn padded_to(&mut self, value: Value, length: i32) -> SparkResult<Value> {
        let text = value.text.clone();
        let length = Value::new(TypedExpr::integer(length), length.to_string());
        let mut padded = self.scalar("rpad", vec![value, length])?;
        padded.text = text;
        Ok(padded)
    }

    /// A comparison of a `CHAR` column with a constant or another one is over values of one length.
    pub(super) fn pad_operands(&mut self, name: &str, operands: &mut [Value]) -> SparkResult<()> {
        let [left, right] = operands else { return Ok(()) };
        if !matches!(name, "=" | "==" | "<=>" | "<" | "<=" | ">" | ">=" | "!=" | "<>") {
            return Ok(());
        }
        let literal = |value: &Value| match value.typed.as_literal() {
            Some(datafusion::scalar::ScalarValue::Utf8(Some(text))) => i32::try_from(text.chars().count()).ok(),
            _ => None,
        };
        let (a, b) = (char_length(left), char_length(right));
        let lengths = match (a, b) {
            (Some(a), Some(b)) => Some((a, b)),
            (Some(a), None) => literal(right).map(|b| (a, b)),
            (None, Some(b)) => literal(left).map(|a| (a, b)),
            (None, None) => None,
        };
        match lengths {
            Some((a, b)) if a < b => *left = self.padded_to(left.clone(), b)?,
            Some((a, b)) if a > b => *right = self.padded_to(right.clone(), a)?,
            _ => {}
        }
        Ok(())
    }

    /// A cast to `CHAR` or `VARCHAR` is one to a string.
    pub(super) fn cast_target(&self, to: &DataType) -> DataType {
        let keeps =
            self.conf.get("spark.sql.preserveCharVarcharTypeInfo").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        if keeps { to.clone() } else { as_string(to) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_column_remembers_its_type() {
        let field = StructField::new("c", DataType::Char(3), true);
        assert_eq!(metadata(&field).unwrap(), "{\"__CHAR_VARCHAR_TYPE_STRING\":\"char(3)\"}");
        assert_eq!(as_string(&field.data_type), DataType::String);
    }
}

//! `schema_of_json`.

use std::fmt::Write as _;

use datafusion::common::ScalarValue;
use kindling_common::SparkResult;
use kindling_spec::{DataType, StructField, StructType};

use super::{Args, STRING, read::json_syntax};
use crate::{
    CallContext, TypedExpr,
    coercion::non_foldable,
    functions::{options::Options, take},
    json_text::{Json, parse_json_prefix},
};

pub(super) fn schema_of_json(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let options = Options::of(ctx, &args, 1)?;
    let primitives = options.flag("primitivesasstring", false);
    let decimals = options.flag("prefersdecimal", false);
    let [json] = take(args.into_iter().take(1).collect())?;
    let Some(ScalarValue::Utf8(Some(text))) = crate::fold(&json)? else {
        return Err(non_foldable(ctx, 0, "json", "\"STRING\""));
    };
    let value = parse_json_prefix(&text, json_syntax(&options)).unwrap_or(Json::Null);
    let t = infer(&value, primitives, decimals);
    Ok(TypedExpr::string(ddl(&t)))
}

fn infer(value: &Json, primitives: bool, decimals: bool) -> DataType {
    match value {
        Json::Null => STRING,
        Json::Array(items) => {
            let types = items.iter().map(|item| infer(item, primitives, decimals));
            DataType::array(types.reduce(merge).unwrap_or(STRING))
        }
        Json::Object(object) => {
            let mut fields: Vec<StructField> =
                object.iter().map(|(k, v)| StructField::new(k.clone(), infer(v, primitives, decimals), true)).collect();
            fields.sort_by(|a, b| a.name.cmp(&b.name));
            DataType::Struct(StructType { fields })
        }
        _ if primitives => STRING,
        Json::Bool(_) => DataType::Boolean,
        Json::Number(text) => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            if text.parse::<i64>().is_ok() {
                DataType::Long
            } else if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') && digits <= 38 {
                DataType::Decimal { precision: digits as u8, scale: 0 }
            } else {
                match text.split_once('.') {
                    Some((_, fraction)) if decimals && !text.contains(['e', 'E']) && digits <= 38 => {
                        DataType::Decimal { precision: digits as u8, scale: fraction.len() as i8 }
                    }
                    _ => DataType::Double,
                }
            }
        }
        Json::String(_) => STRING,
    }
}

fn merge(a: DataType, b: DataType) -> DataType {
    match (a, b) {
        (a, b) if a == b => a,
        (DataType::Long, DataType::Double) | (DataType::Double, DataType::Long) => DataType::Double,
        (DataType::Array { element: a, .. }, DataType::Array { element: b, .. }) => DataType::array(merge(*a, *b)),
        (DataType::Struct(a), DataType::Struct(b)) => {
            let mut fields = a.fields;
            for field in b.fields {
                match fields.iter_mut().find(|f| f.name == field.name) {
                    Some(same) => same.data_type = merge(same.data_type.clone(), field.data_type),
                    None => fields.push(field),
                }
            }
            fields.sort_by(|a, b| a.name.cmp(&b.name));
            DataType::Struct(StructType { fields })
        }
        _ => STRING,
    }
}

/// A type as `schema_of_…` gives it.
pub(in crate::functions) fn ddl(t: &DataType) -> String {
    match t {
        DataType::Array { element, .. } => format!("ARRAY<{}>", ddl(element)),
        DataType::Map { key, value, .. } => format!("MAP<{}, {}>", ddl(key), ddl(value)),
        DataType::Struct(fields) => {
            let mut out = String::from("STRUCT<");
            for (i, field) in fields.fields.iter().enumerate() {
                let separator = if i == 0 { "" } else { ", " };
                let name = kindling_spec::quote_if_needed(&field.name);
                let _ = write!(out, "{separator}{name}: {}", ddl(&field.data_type));
            }
            out + ">"
        }
        other => other.sql(),
    }
}

//! JSON: the functions, and what they share.

mod path;
mod read;
mod schema;
mod write;

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};
use kindling_spec::DataType;
use serde_json::Value;

use super::string::typed;
use crate::{
    CallContext, TypedExpr,
    entry::{FunctionEntry, scalar},
    kernels::Str,
    udf::call,
};

use path::{extract, parse_path};
use read::{from_json, only_text};
pub(super) use schema::ddl;
use schema::schema_of_json;
use write::to_json;

type Args = Vec<TypedExpr>;

const STRING: DataType = DataType::String;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("get_json_object", 2, 2, |ctx, args| {
        let (args, _) = typed(ctx, args, &[STRING, STRING])?;
        Ok(call(ctx, "get_json_object").map2::<Str, Str, String>(args, STRING, true, |json, path| {
            let Ok(value) = serde_json::from_str::<Value>(json) else { return Ok(None) };
            Ok(parse_path(path).and_then(|steps| extract(&value, &steps)))
        }))
    }),
    scalar("json_array_length", 1, 1, |ctx, args| {
        only_text(ctx, &args)?;
        let (args, _) = typed(ctx, args, &[STRING])?;
        Ok(call(ctx, "json_array_length").map1::<Str, i32>(args, DataType::Integer, true, |json| {
            Ok(match serde_json::from_str::<Value>(json) {
                Ok(Value::Array(items)) => Some(items.len() as i32),
                _ => None,
            })
        }))
    }),
    scalar("json_object_keys", 1, 1, |ctx, args| {
        only_text(ctx, &args)?;
        let (args, _) = typed(ctx, args, &[STRING])?;
        let t = DataType::array(STRING);
        let to = t.clone();
        Ok(call(ctx, "json_object_keys").arrays(args, t, true, move |arrays, rows| {
            let texts = arrays[0].as_string::<i32>();
            let (mut values, mut sizes, mut valid) = (vec![], vec![], vec![]);
            for row in 0..rows {
                let object = texts.is_valid(row).then(|| serde_json::from_str::<Value>(texts.value(row)));
                let before = values.len();
                let is_object = match object {
                    Some(Ok(Value::Object(object))) => {
                        values.extend(object.keys().cloned());
                        true
                    }
                    _ => false,
                };
                valid.push(is_object);
                sizes.push(values.len() - before);
            }
            super::collection::list(&to, Arc::new(StringArray::from(values)), sizes, Some(valid.into()))
        }))
    }),
    scalar("from_json", 2, 3, from_json),
    scalar("to_json", 1, 2, to_json),
    scalar("schema_of_json", 1, 2, schema_of_json),
];

/// A field of the top level as `json_tuple` gives it.
pub(super) fn top_level_field(ctx: &CallContext<'_>, json: TypedExpr, name: TypedExpr) -> TypedExpr {
    call(ctx, "json_tuple_field").map2::<Str, Str, String>(vec![json, name], STRING, true, |json, name| {
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(json) else { return Ok(None) };
        Ok(object.get(name).and_then(plain))
    })
}

/// A value as text: strings bare, null as none, the rest as JSON.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

//! JSON: paths, parsing to a schema, writing.

use std::{fmt::Write as _, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, ListArray, MapArray,
        StringArray, StructArray,
    },
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::DataType as ArrowType,
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{DataType, StructField, StructType};
use serde_json::Value;

use super::{
    options::{Options, TimeReader, TimeWriter, malformed_record, nullable_all, schema_argument},
    string::typed,
    take,
};
use crate::{
    CallContext, TypedExpr,
    cast::{CastOptions, TextStyle, cast_array, write_text},
    coercion::{Failure, non_foldable, unexpected_type},
    entry::{FunctionEntry, scalar},
    error::from_arrow_error,
    json_text::{Json, JsonSyntax, parse_json_prefix, write_json_string},
    kernels::Str,
    udf::{call, relabel},
};

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

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
    Wildcard,
    AllKeys,
}

/// `$.a['b'][0][*].*`
fn parse_path(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = vec![];
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let key = &after[..end];
            if key.is_empty() {
                return None;
            }
            steps.push(if key == "*" { Step::AllKeys } else { Step::Key(key.to_string()) });
            rest = &after[end..];
        } else {
            let after = rest.strip_prefix('[')?;
            if let Some(quoted) = after.strip_prefix('\'') {
                let (key, tail) = quoted.split_once("']")?;
                steps.push(if key == "*" { Step::AllKeys } else { Step::Key(key.to_string()) });
                rest = tail;
            } else {
                let (index, tail) = after.split_once(']')?;
                steps.push(if index == "*" { Step::Wildcard } else { Step::Index(index.trim().parse().ok()?) });
                rest = tail;
            }
        }
    }
    Some(steps)
}

fn extract(value: &Value, steps: &[Step]) -> Option<String> {
    let mut found = vec![];
    let many = walk(value, steps, &mut found);
    match (found.as_slice(), many) {
        ([], _) => None,
        ([one], false) => plain(one),
        ([one], true) => Some(one.to_string()),
        (several, _) => Some(Value::Array(several.iter().map(|v| (*v).clone()).collect()).to_string()),
    }
}

/// Collects what a path reaches; whether it has a wildcard.
fn walk<'a>(value: &'a Value, steps: &[Step], out: &mut Vec<&'a Value>) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        out.push(value);
        return false;
    };
    match (step, value) {
        (Step::Key(key), Value::Object(object)) => object.get(key).is_some_and(|value| walk(value, rest, out)),
        // A key over an array reaches into each element.
        (Step::Key(_), Value::Array(items)) => {
            for item in items {
                if item.is_object() {
                    walk(item, steps, out);
                }
            }
            true
        }
        (Step::Index(index), Value::Array(items)) => items.get(*index).is_some_and(|value| walk(value, rest, out)),
        (Step::Wildcard, Value::Array(items)) => {
            items.iter().for_each(|item| {
                walk(item, rest, out);
            });
            true
        }
        (Step::AllKeys, Value::Object(object)) => {
            object.values().for_each(|item| {
                walk(item, rest, out);
            });
            true
        }
        _ => false,
    }
}

/// What takes no other type for a string.
fn only_text(ctx: &CallContext<'_>, args: &[TypedExpr]) -> SparkResult<()> {
    match args.first() {
        Some(arg) if !arg.data_type.is_string() && arg.data_type != DataType::Null => {
            Err(unexpected_type(ctx, 0, "\"STRING\"", &arg.data_type))
        }
        _ => Ok(()),
    }
}

fn from_json(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let schema = nullable_all(schema_argument(ctx, &args[1])?);
    if !matches!(schema, DataType::Struct(_) | DataType::Array { .. } | DataType::Map { .. }) {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("schema", format!("\"{}\"", schema.sql())));
    }
    let options = Options::of(ctx, &args, 2)?;
    let fail = options.fail_fast("from_json")?;
    let reader = TimeReader::new(ctx, &options)?;
    let (args, _) = typed(ctx, vec![args[0].clone()], &[STRING])?;
    let syntax = json_syntax(&options);
    let corrupt = options.text("columnnameofcorruptrecord", "_corrupt_record").to_string();
    let t = schema.clone();
    let key = format!("{} {}", options.key(), reader.zone);
    Ok(call(ctx, "from_json").key(key).arrays(args, schema, true, move |arrays, rows| {
        let texts = arrays[0].as_string::<i32>();
        let mut parsed: Vec<Option<Json>> = Vec::with_capacity(rows);
        for row in 0..rows {
            if texts.is_null(row) {
                parsed.push(None);
                continue;
            }
            let text = texts.value(row);
            let value = parse_json_prefix(text, syntax);
            let fits = matches!(
                (&value, &t),
                (Some(Json::Object(_)), DataType::Struct(_) | DataType::Map { .. })
                    | (Some(Json::Array(_)), DataType::Array { .. })
            );
            if !fits && fail {
                return Err(malformed_record(text));
            }
            parsed.push(match (value, &t) {
                (Some(value), _) if fits => Some(value),
                // One object where an array is wanted is an array of it.
                (Some(value @ Json::Object(_)), DataType::Array { element, .. })
                    if matches!(**element, DataType::Struct(_)) =>
                {
                    Some(Json::Array(vec![value]))
                }
                (Some(Json::Array(mut items)), DataType::Struct(_)) if items.len() == 1 => items.pop(),
                // A record that does not parse is a row of nulls that keeps the text; an empty text is null.
                (_, DataType::Struct(_)) if !text.trim().is_empty() => {
                    Some(Json::Object(vec![(corrupt.clone(), Json::String(text.to_string()))]))
                }
                _ => None,
            });
        }
        // An array that is the record itself is malformed as a whole.
        if let DataType::Array { element, .. } = &t
            && !matches!(**element, DataType::Struct(_))
        {
            for record in &mut parsed {
                let Some(Json::Array(items)) = record else { continue };
                let given: Vec<Option<&Json>> = items.iter().map(Some).collect();
                let read = to_column(&given, element, &reader)?;
                let lost = items.iter().enumerate().any(|(i, item)| !matches!(item, Json::Null) && read.is_null(i));
                if lost {
                    *record = None;
                }
            }
        }
        let values: Vec<Option<&Json>> = parsed.iter().map(Option::as_ref).collect();
        to_column(&values, &t, &reader)
    }))
}

/// What the options allow beyond standard JSON.
fn json_syntax(options: &Options) -> JsonSyntax {
    let set = |name: &str, default: bool| options.flag(name, default);
    let spark = JsonSyntax::SPARK;
    JsonSyntax {
        comments: set("allowcomments", spark.comments),
        unquoted_names: set("allowunquotedfieldnames", spark.unquoted_names),
        single_quotes: set("allowsinglequotes", spark.single_quotes),
        leading_zeros: set("allownumericleadingzeros", spark.leading_zeros),
        non_numeric: set("allownonnumericnumbers", spark.non_numeric),
        any_escape: set("allowbackslashescapinganycharacter", spark.any_escape),
        control_characters: set("allowunquotedcontrolchars", spark.control_characters),
    }
}

/// A column of JSON values as a type; what does not fit is null.
fn to_column(values: &[Option<&Json>], t: &DataType, reader: &TimeReader) -> SparkResult<ArrayRef> {
    let cast = |array: ArrayRef, from: &DataType, to: &DataType| {
        let options = CastOptions { failure: Failure::Try, zone: reader.zone, now: reader.now };
        relabel(&cast_array(&array, from, to, &options)?, &to_arrow(to))
    };
    let text_of = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        _ => None,
    };
    Ok(match t {
        DataType::Boolean => {
            let boolean = |value: &Json| match value {
                Json::Bool(value) => Some(*value),
                _ => None,
            };
            Arc::new(values.iter().map(|v| v.and_then(boolean)).collect::<BooleanArray>())
        }
        DataType::Byte | DataType::Short | DataType::Integer | DataType::Long => {
            let long = |value: &Json| match value {
                Json::Number(text) => text.parse::<i64>().ok(),
                _ => None,
            };
            let longs = values.iter().map(|v| v.and_then(long)).collect::<Int64Array>();
            cast(Arc::new(longs), &DataType::Long, t)?
        }
        DataType::Float | DataType::Double => {
            let doubles = values.iter().map(|v| v.and_then(number)).collect::<Float64Array>();
            cast(Arc::new(doubles), &DataType::Double, t)?
        }
        DataType::Decimal { precision, scale } => {
            let parse = |value: &Json| match value {
                Json::Number(text) | Json::String(text) => {
                    crate::cast::parse_decimal(text, *precision, *scale).flatten()
                }
                _ => None,
            };
            let array = values.iter().map(|v| v.and_then(parse)).collect::<Decimal128Array>();
            relabel(&(Arc::new(array) as ArrayRef), &to_arrow(t))?
        }
        t if t.is_string() => {
            let text = |value: &Json| match value {
                Json::Null => None,
                Json::String(text) | Json::Number(text) => Some(text.clone()),
                other => {
                    let mut out = String::new();
                    write_json(other, &mut out);
                    Some(out)
                }
            };
            Arc::new(values.iter().map(|v| v.and_then(text)).collect::<StringArray>())
        }
        DataType::Variant => {
            let mut rows = Vec::with_capacity(values.len());
            for value in values {
                rows.push(match value {
                    Some(value) => Some(crate::variant::json_variant(value)?),
                    None => None,
                });
            }
            crate::variant::variant_column(rows)?
        }
        DataType::Binary => {
            let bytes = |value: &Json| text_of(value).and_then(|text| super::string::decode_base64(&text));
            let array: arrow::array::BinaryArray = values.iter().map(|v| v.and_then(bytes)).collect();
            Arc::new(array)
        }
        DataType::Date => {
            let parse = |value: &Json| -> Option<i32> { reader.date(&text_of(value)?) };
            let days = values.iter().map(|v| v.and_then(parse)).collect::<arrow::array::Int32Array>();
            relabel(&(Arc::new(days) as ArrayRef), &to_arrow(t))?
        }
        DataType::Timestamp | DataType::TimestampNtz => {
            let zoned = *t == DataType::Timestamp;
            let parse = |value: &Json| -> Option<i64> {
                if let Json::Number(text) = value {
                    return text.parse::<i64>().ok()?.checked_mul(1_000_000);
                }
                let text = text_of(value)?;
                if zoned { reader.timestamp(&text) } else { reader.timestamp_ntz(&text) }
            };
            let micros = values.iter().map(|v| v.and_then(parse)).collect::<Int64Array>();
            relabel(&(Arc::new(micros) as ArrayRef), &to_arrow(t))?
        }
        DataType::Array { element, .. } => {
            let ArrowType::List(field) = to_arrow(t) else { return Err(SparkError::internal("not a list")) };
            let list = |value: &&Json| matches!(value, Json::Array(_));
            let items: Vec<Option<&[Json]>> = values
                .iter()
                .map(|v| v.filter(list).map(|v| if let Json::Array(items) = v { items.as_slice() } else { &[] }))
                .collect();
            let flat: Vec<Option<&Json>> = items.iter().flatten().flat_map(|items| items.iter().map(Some)).collect();
            let column = relabel(&to_column(&flat, element, reader)?, field.data_type())?;
            let offsets = OffsetBuffer::from_lengths(items.iter().map(|items| items.map_or(0, <[Json]>::len)));
            let nulls = NullBuffer::from(items.iter().map(Option::is_some).collect::<Vec<bool>>());
            Arc::new(ListArray::try_new(field, offsets, column, Some(nulls)).map_err(from_arrow_error)?)
        }
        DataType::Map { key, value, .. } => {
            if !key.is_string() {
                return Err(SparkError::unsupported("JSON maps with keys that are not strings"));
            }
            let ArrowType::Map(field, sorted) = to_arrow(t) else { return Err(SparkError::internal("not a map")) };
            let ArrowType::Struct(fields) = field.data_type().clone() else {
                return Err(SparkError::internal("no entries"));
            };
            let objects: Vec<_> = values.iter().map(|v| v.and_then(object)).collect();
            let entries = || objects.iter().flatten().flat_map(|o| o.iter());
            let keys = StringArray::from_iter(entries().map(|(key, _)| Some(key.as_str())));
            let flat: Vec<Option<&Json>> = entries().map(|(_, value)| Some(value)).collect();
            let column = relabel(&to_column(&flat, value, reader)?, fields[1].data_type())?;
            let entries = StructArray::try_new(fields, vec![Arc::new(keys), column], None).map_err(from_arrow_error)?;
            let offsets = OffsetBuffer::from_lengths(objects.iter().map(|o| o.map_or(0, <[_]>::len)));
            let nulls = NullBuffer::from(objects.iter().map(Option::is_some).collect::<Vec<bool>>());
            Arc::new(MapArray::try_new(field, offsets, entries, Some(nulls), sorted).map_err(from_arrow_error)?)
        }
        DataType::Struct(fields) => {
            let ArrowType::Struct(arrow_fields) = to_arrow(t) else { return Err(SparkError::internal("not a struct")) };
            let objects: Vec<_> = values.iter().map(|v| v.and_then(object)).collect();
            let nulls = NullBuffer::from(objects.iter().map(Option::is_some).collect::<Vec<bool>>());
            if fields.fields.is_empty() {
                return Ok(Arc::new(StructArray::new_empty_fields(values.len(), Some(nulls))));
            }
            let mut columns = vec![];
            for field in &fields.fields {
                // Of equal keys the last one counts.
                let of: Vec<Option<&Json>> = objects
                    .iter()
                    .map(|o| o.and_then(|o| o.iter().rev().find(|(key, _)| *key == field.name)).map(|(_, value)| value))
                    .collect();
                columns.push(to_column(&of, &field.data_type, reader)?);
            }
            Arc::new(StructArray::try_new(arrow_fields, columns, Some(nulls)).map_err(from_arrow_error)?)
        }
        other => return Err(SparkError::unsupported(format!("{} from JSON", other.sql()))),
    })
}

fn object(value: &Json) -> Option<&[(String, Json)]> {
    match value {
        Json::Object(fields) => Some(fields),
        _ => None,
    }
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(text) | Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" | "+Infinity" | "INF" | "+INF" => Some(f64::INFINITY),
            "-Infinity" | "-INF" => Some(f64::NEG_INFINITY),
            text if matches!(value, Json::Number(_)) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Writes a value back as JSON.
fn write_json(value: &Json, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Number(text) => out.push_str(text),
        Json::String(text) => write_json_string(text, out),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Json::Object(fields) => {
            out.push('{');
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json_string(key, out);
                out.push(':');
                write_json(value, out);
            }
            out.push('}');
        }
    }
}

type Writer = Box<dyn Fn(usize, &mut String) -> SparkResult<()> + Send + Sync>;

fn quote(out: &mut String, text: &str) {
    out.push_str(&Value::String(text.to_string()).to_string());
}

fn to_json(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let options = Options::of(ctx, &args, 1)?;
    let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    let t = arg.data_type.clone();
    if !matches!(t, DataType::Struct(_) | DataType::Array { .. } | DataType::Map { .. } | DataType::Variant) {
        return Err(unexpected_type(ctx, 0, "(\"ARRAY\" or \"MAP\" or \"STRUCT\" or \"VARIANT\")", &t));
    }
    let style =
        JsonStyle { times: TimeWriter::new(ctx, &options)?, keep_nulls: !options.flag("ignorenullfields", true) };
    let n = arg.nullable;
    let key = format!("{} {} {}", options.key(), style.times.zone, t.simple_string());
    Ok(call(ctx, "to_json").key(key).arrays(vec![arg], STRING, n, move |arrays, rows| {
        let writer = json_writer(&arrays[0], &t, &style)?;
        let mut builder = arrow::array::StringBuilder::with_capacity(rows, rows * 32);
        let mut buffer = String::new();
        for row in 0..rows {
            if arrays[0].is_null(row) {
                builder.append_null();
                continue;
            }
            buffer.clear();
            writer(row, &mut buffer)?;
            builder.append_value(&buffer);
        }
        Ok(Arc::new(builder.finish()))
    }))
}

#[derive(Clone)]
struct JsonStyle {
    times: TimeWriter,
    keep_nulls: bool,
}

fn json_writer(array: &ArrayRef, t: &DataType, style: &JsonStyle) -> SparkResult<Writer> {
    let style = style.clone();
    Ok(match t {
        DataType::Boolean
        | DataType::Byte
        | DataType::Short
        | DataType::Integer
        | DataType::Long
        | DataType::Decimal { .. } => write_text(array, t, &TextStyle::pretty(style.times.zone))?,
        DataType::Variant => write_text(array, t, &TextStyle::pretty(style.times.zone))?,
        DataType::Float | DataType::Double => {
            let text = write_text(array, t, &TextStyle::pretty(style.times.zone))?;
            Box::new(move |row, out: &mut String| {
                let start = out.len();
                text(row, out)?;
                if out[start..].ends_with(['N', 'y']) {
                    out.insert(start, '"');
                    out.push('"');
                }
                Ok(())
            })
        }
        DataType::Timestamp | DataType::TimestampNtz => {
            let array = array.as_primitive::<arrow::datatypes::TimestampMicrosecondType>().clone();
            let zoned = *t == DataType::Timestamp;
            Box::new(move |row, out: &mut String| {
                let ts = array.value(row);
                let text = if zoned { style.times.timestamp(ts)? } else { style.times.timestamp_ntz(ts)? };
                quote(out, &text);
                Ok(())
            })
        }
        DataType::Date => {
            let array = array.as_primitive::<arrow::datatypes::Date32Type>().clone();
            Box::new(move |row, out: &mut String| {
                quote(out, &style.times.date(array.value(row))?);
                Ok(())
            })
        }
        DataType::Binary => {
            let array = array.as_binary::<i32>().clone();
            Box::new(move |row, out: &mut String| {
                use base64::Engine as _;
                quote(out, &base64::engine::general_purpose::STANDARD.encode(array.value(row)));
                Ok(())
            })
        }
        DataType::Array { element, .. } => {
            let array = array.as_list::<i32>().clone();
            let values = Arc::clone(array.values());
            let element = json_writer(&values, element, &style)?;
            Box::new(move |row, out: &mut String| {
                out.push('[');
                for (n, i) in (array.offsets()[row] as usize..array.offsets()[row + 1] as usize).enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    if values.is_null(i) { out.push_str("null") } else { element(i, out)? }
                }
                out.push(']');
                Ok(())
            })
        }
        DataType::Map { key, value, .. } => {
            let array = array.as_map().clone();
            let (keys, values) = (Arc::clone(array.keys()), Arc::clone(array.values()));
            let (key, value) =
                (write_text(&keys, key, &TextStyle::pretty(style.times.zone))?, json_writer(&values, value, &style)?);
            Box::new(move |row, out: &mut String| {
                out.push('{');
                let mut name = String::new();
                for (n, i) in (array.offsets()[row] as usize..array.offsets()[row + 1] as usize).enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    name.clear();
                    key(i, &mut name)?;
                    quote(out, &name);
                    out.push(':');
                    if values.is_null(i) { out.push_str("null") } else { value(i, out)? }
                }
                out.push('}');
                Ok(())
            })
        }
        DataType::Struct(fields) => {
            let array = array.as_struct().clone();
            let mut writers = vec![];
            for (field, column) in fields.fields.iter().zip(array.columns()) {
                writers.push((field.name.clone(), Arc::clone(column), json_writer(column, &field.data_type, &style)?));
            }
            Box::new(move |row, out: &mut String| {
                out.push('{');
                let mut first = true;
                for (name, column, writer) in &writers {
                    if column.is_null(row) && !style.keep_nulls {
                        continue;
                    }
                    if !first {
                        out.push(',');
                    }
                    first = false;
                    quote(out, name);
                    out.push(':');
                    if column.is_null(row) { out.push_str("null") } else { writer(row, out)? }
                }
                out.push('}');
                Ok(())
            })
        }
        DataType::Null => Box::new(|_, out: &mut String| {
            out.push_str("null");
            Ok(())
        }),
        _ => {
            let text = write_text(array, t, &TextStyle::pretty(style.times.zone))?;
            Box::new(move |row, out: &mut String| {
                let mut plain = String::new();
                text(row, &mut plain)?;
                quote(out, &plain);
                Ok(())
            })
        }
    })
}

fn schema_of_json(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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
pub(super) fn ddl(t: &DataType) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_what_sparks_do() {
        let value: Value = serde_json::from_str(r#"{"a":[{"b":1},{"b":"x"}],"c":"d"}"#).unwrap();
        let check = |path: &str, expected: Option<&str>| {
            assert_eq!(parse_path(path).and_then(|p| extract(&value, &p)).as_deref(), expected, "{path}");
        };
        check("$.c", Some("d"));
        check("$.a[0].b", Some("1"));
        check("$.a[*].b", Some("[1,\"x\"]"));
        check("$.z", None);
        check("a", None);
    }
}

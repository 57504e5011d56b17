//! `from_json`.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, ListArray, MapArray,
        StringArray, StructArray,
    },
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::DataType as ArrowType,
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::DataType;

use super::{Args, STRING};
use crate::{
    CallContext, TypedExpr,
    cast::{CastOptions, cast_array},
    coercion::{Failure, unexpected_type},
    error::from_arrow_error,
    functions::{
        options::{Options, TimeReader, malformed_record, nullable_all, schema_argument},
        string::typed,
    },
    json_text::{Json, JsonSyntax, parse_json_prefix, write_json_string},
    udf::{call, relabel},
};

/// What takes no other type for a string.
pub(super) fn only_text(ctx: &CallContext<'_>, args: &[TypedExpr]) -> SparkResult<()> {
    match args.first() {
        Some(arg) if !arg.data_type.is_string() && arg.data_type != DataType::Null => {
            Err(unexpected_type(ctx, 0, "\"STRING\"", &arg.data_type))
        }
        _ => Ok(()),
    }
}

pub(super) fn from_json(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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
pub(super) fn json_syntax(options: &Options) -> JsonSyntax {
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
            let bytes = |value: &Json| text_of(value).and_then(|text| crate::functions::string::decode_base64(&text));
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

pub(super) fn object(value: &Json) -> Option<&[(String, Json)]> {
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

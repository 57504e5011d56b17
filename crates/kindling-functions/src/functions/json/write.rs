//! `to_json`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;
use serde_json::Value;

use super::{Args, STRING};
use crate::{
    CallContext, TypedExpr,
    cast::{TextStyle, write_text},
    coercion::unexpected_type,
    functions::options::{Options, TimeWriter},
    udf::call,
};

type Writer = Box<dyn Fn(usize, &mut String) -> SparkResult<()> + Send + Sync>;

fn quote(out: &mut String, text: &str) {
    out.push_str(&Value::String(text.to_string()).to_string());
}

pub(super) fn to_json(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

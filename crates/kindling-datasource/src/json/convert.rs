//! JSON values as values of a type (`JacksonParser.makeConverter`), and those as Arrow columns.

use std::{borrow::Cow, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array,
        Int16Array, Int32Array, Int64Array, ListArray, MapArray, NullArray, StringArray, StructArray,
        TimestampMicrosecondArray,
    },
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::DataType as ArrowType,
    error::ArrowError,
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::DataType;

use super::{options::JsonOptions, parser::Node};
use crate::value::{
    SessionZone, parse_date, parse_decimal_as, parse_double, parse_integer, parse_timestamp, parse_timestamp_parts,
};

/// A value of its column's type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Decimal(i128),
    String(String),
    Binary(Vec<u8>),
    List(Vec<Cell>),
    Map(Vec<(Cell, Cell)>),
    Struct(Vec<Cell>),
}

/// The value is not one of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mismatch;

/// A value of a type. A struct with a field that does not fit keeps its other fields and sets `partial`; an array or
/// map with such an element fails whole.
pub(crate) fn convert(
    node: &Node<'_>,
    data_type: &DataType,
    options: &JsonOptions,
    partial: &mut bool,
) -> Result<Cell, Mismatch> {
    let whole = |text: &[u8], fits: fn(i64) -> bool| parse_integer(text).filter(|v| fits(*v)).map(Cell::Integer);
    let found = match (data_type, node) {
        (_, Node::Null) => Some(Cell::Null),
        (DataType::String | DataType::Char(_) | DataType::Varchar(_), node) => {
            Some(Cell::String(node_text(node).into_owned()))
        }
        (DataType::Boolean, Node::Boolean(value)) => Some(Cell::Boolean(*value)),
        (DataType::Byte, Node::Integer(text)) => whole(text, |v| i8::try_from(v).is_ok()),
        (DataType::Short, Node::Integer(text)) => whole(text, |v| i16::try_from(v).is_ok()),
        (DataType::Integer, Node::Integer(text)) => whole(text, |v| i32::try_from(v).is_ok()),
        (DataType::Long, Node::Integer(text)) => whole(text, |_| true),
        (DataType::Float | DataType::Double, Node::Integer(text) | Node::Float(text)) => {
            parse_double(text).map(Cell::Double)
        }
        (DataType::Float | DataType::Double, Node::NonNumeric(value, _)) => Some(Cell::Double(*value)),
        (DataType::Float | DataType::Double, Node::String(text)) => match text.as_ref() {
            "NaN" => Some(Cell::Double(f64::NAN)),
            "+INF" | "INF" | "+Infinity" | "Infinity" => Some(Cell::Double(f64::INFINITY)),
            "-INF" | "-Infinity" => Some(Cell::Double(f64::NEG_INFINITY)),
            _ => None,
        },
        (DataType::Decimal { precision, scale }, Node::Integer(text) | Node::Float(text)) => {
            parse_decimal_as(text, *precision, *scale).map(Cell::Decimal)
        }
        (DataType::Decimal { precision, scale }, Node::String(text)) => {
            parse_decimal_as(text.as_bytes(), *precision, *scale).map(Cell::Decimal)
        }
        (DataType::Date, Node::String(text)) => match &options.date_format {
            Some(pattern) => pattern.parse_date(text),
            None => parse_date(text.as_bytes()),
        }
        .map(|days| Cell::Integer(i64::from(days))),
        (DataType::Timestamp, Node::String(text)) => match &options.timestamp_format {
            Some(pattern) => pattern.parse_timestamp(text, &options.zone),
            None => parse_timestamp(text.as_bytes(), &options.zone),
        }
        .map(Cell::Integer),
        (DataType::Timestamp, Node::Integer(text)) => {
            parse_integer(text).and_then(|seconds| seconds.checked_mul(1_000_000)).map(Cell::Integer)
        }
        (DataType::TimestampNtz, Node::String(text)) => match &options.timestamp_ntz_format {
            Some(pattern) => pattern.parse_timestamp(text, &SessionZone::utc()),
            None => parse_timestamp_parts(text.as_bytes()).map(|(local, _)| local),
        }
        .map(Cell::Integer),
        (DataType::Binary, Node::String(text)) => decode_base64(text).map(Cell::Binary),
        (DataType::Struct(schema), Node::Object(fields, _)) => {
            let mut cells = vec![Cell::Null; schema.fields.len()];
            for (name, value) in fields {
                let Some(i) = schema.fields.iter().position(|field| field.name == *name) else { continue };
                cells[i] = convert(value, &schema.fields[i].data_type, options, partial).unwrap_or_else(|Mismatch| {
                    *partial = true;
                    Cell::Null
                });
            }
            Some(Cell::Struct(cells))
        }
        (DataType::Array { element, .. }, Node::Array(values, _)) => {
            let cells: Result<Vec<Cell>, Mismatch> =
                values.iter().map(|value| convert(value, element, options, partial)).collect();
            Some(Cell::List(cells?))
        }
        (DataType::Map { key, value, .. }, Node::Object(fields, _)) if **key == DataType::String => {
            let mut entries: Vec<(Cell, Cell)> = vec![];
            for (name, node) in fields {
                let cell = convert(node, value, options, partial)?;
                let key = Cell::String(name.to_string());
                // Of two equal keys the last one stays.
                match entries.iter_mut().find(|entry| entry.0 == key) {
                    Some(entry) => entry.1 = cell,
                    None => entries.push((key, cell)),
                }
            }
            Some(Cell::Map(entries))
        }
        (DataType::Null, _) => Some(Cell::Null),
        _ => None,
    };
    found.ok_or(Mismatch)
}

/// A value as a string: a string's own text, else what stands in the file.
fn node_text<'a>(node: &'a Node<'a>) -> Cow<'a, str> {
    match node {
        Node::String(text) => Cow::Borrowed(text.as_ref()),
        Node::Boolean(true) => Cow::Borrowed("true"),
        Node::Boolean(false) => Cow::Borrowed("false"),
        Node::Null => Cow::Borrowed("null"),
        Node::Integer(text)
        | Node::Float(text)
        | Node::NonNumeric(_, text)
        | Node::Array(_, text)
        | Node::Object(_, text) => String::from_utf8_lossy(text),
    }
}

/// Standard Base64, padded or not.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = vec![];
    let (mut group, mut bits) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((group >> bits) as u8);
        }
    }
    Some(out)
}

/// Values of a type as a column.
pub(crate) fn build(data_type: &DataType, cells: Vec<Cell>) -> SparkResult<ArrayRef> {
    column(data_type, cells).map_err(|error| SparkError::internal(error.to_string()))
}

fn column(data_type: &DataType, cells: Vec<Cell>) -> Result<ArrayRef, ArrowError> {
    let integers = || {
        cells.iter().map(|cell| match cell {
            Cell::Integer(value) => Some(*value),
            _ => None,
        })
    };
    let doubles = || {
        cells.iter().map(|cell| match cell {
            Cell::Double(value) => Some(*value),
            _ => None,
        })
    };
    let valid = || NullBuffer::from_iter(cells.iter().map(|cell| *cell != Cell::Null));
    Ok(match (data_type, to_arrow(data_type)) {
        (DataType::Null, _) => Arc::new(NullArray::new(cells.len())),
        (DataType::Boolean, _) => Arc::new(BooleanArray::from_iter(cells.iter().map(|cell| match cell {
            Cell::Boolean(value) => Some(*value),
            _ => None,
        }))),
        (DataType::Byte, _) => Arc::new(Int8Array::from_iter(integers().map(|v| v.map(|v| v as i8)))),
        (DataType::Short, _) => Arc::new(Int16Array::from_iter(integers().map(|v| v.map(|v| v as i16)))),
        (DataType::Integer, _) => Arc::new(Int32Array::from_iter(integers().map(|v| v.map(|v| v as i32)))),
        (DataType::Long, _) => Arc::new(Int64Array::from_iter(integers())),
        (DataType::Float, _) => Arc::new(Float32Array::from_iter(doubles().map(|v| v.map(|v| v as f32)))),
        (DataType::Double, _) => Arc::new(Float64Array::from_iter(doubles())),
        (DataType::Date, _) => Arc::new(Date32Array::from_iter(integers().map(|v| v.map(|v| v as i32)))),
        (DataType::Timestamp, _) => Arc::new(TimestampMicrosecondArray::from_iter(integers()).with_timezone("UTC")),
        (DataType::TimestampNtz, _) => Arc::new(TimestampMicrosecondArray::from_iter(integers())),
        (DataType::Decimal { precision, scale }, _) => {
            let values = cells.iter().map(|cell| match cell {
                Cell::Decimal(value) => Some(*value),
                _ => None,
            });
            Arc::new(Decimal128Array::from_iter(values).with_precision_and_scale(*precision, *scale)?)
        }
        (DataType::Binary, _) => Arc::new(BinaryArray::from_iter(cells.iter().map(|cell| match cell {
            Cell::Binary(value) => Some(value.as_slice()),
            _ => None,
        }))),
        (DataType::Struct(schema), ArrowType::Struct(fields)) => {
            let (rows, valid) = (cells.len(), valid());
            let mut columns: Vec<Vec<Cell>> = schema.fields.iter().map(|_| Vec::with_capacity(rows)).collect();
            for cell in cells {
                let values = match cell {
                    Cell::Struct(values) => values,
                    _ => vec![Cell::Null; columns.len()],
                };
                columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
            }
            let arrays: Result<Vec<ArrayRef>, _> =
                schema.fields.iter().zip(columns).map(|(field, cells)| column(&field.data_type, cells)).collect();
            Arc::new(StructArray::try_new_with_length(fields, arrays?, Some(valid), rows)?)
        }
        (DataType::Array { element, .. }, ArrowType::List(field)) => {
            let valid = valid();
            let (mut values, mut lengths) = (vec![], vec![]);
            for cell in cells {
                let before = values.len();
                if let Cell::List(list) = cell {
                    values.extend(list);
                }
                lengths.push(values.len() - before);
            }
            let offsets = OffsetBuffer::from_lengths(lengths);
            Arc::new(ListArray::try_new(field, offsets, column(element, values)?, Some(valid))?)
        }
        (DataType::Map { key, value, .. }, ArrowType::Map(field, _)) => {
            let valid = valid();
            let (mut keys, mut values, mut lengths) = (vec![], vec![], vec![]);
            for cell in cells {
                let before = keys.len();
                if let Cell::Map(entries) = cell {
                    for (key, value) in entries {
                        keys.push(key);
                        values.push(value);
                    }
                }
                lengths.push(keys.len() - before);
            }
            let ArrowType::Struct(fields) = field.data_type() else {
                return Err(ArrowError::SchemaError("a map's entries are a struct".into()));
            };
            let entries = StructArray::try_new(fields.clone(), vec![column(key, keys)?, column(value, values)?], None)?;
            Arc::new(MapArray::try_new(field, OffsetBuffer::from_lengths(lengths), entries, Some(valid), false)?)
        }
        _ => Arc::new(StringArray::from_iter(cells.iter().map(|cell| match cell {
            Cell::String(value) => Some(value.as_str()),
            _ => None,
        }))),
    })
}

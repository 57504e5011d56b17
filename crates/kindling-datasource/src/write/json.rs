//! JSON lines as Jackson writes them (Spark's `JacksonGenerator`).

use std::fmt::Write as _;

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::DataType,
};
use kindling_common::{RuntimeConfig, SparkResult};
use kindling_spec::StructType;

use super::{
    cells::{Cells, TextFormats},
    task::RowFormat,
};
use crate::SourceOptions;

/// Writes an object a line.
#[derive(Debug)]
pub(crate) struct JsonFormat {
    /// The columns as the user knows them; those of a plan's batches carry ids.
    names: Vec<String>,
    formats: TextFormats,
    ignore_null_fields: bool,
    line_separator: String,
    pretty: bool,
}

impl JsonFormat {
    pub(crate) fn new(options: &SourceOptions, config: &RuntimeConfig, schema: &StructType) -> SparkResult<JsonFormat> {
        Ok(JsonFormat {
            names: schema.fields.iter().map(|field| field.name.clone()).collect(),
            formats: TextFormats::of_options(options, config)?,
            ignore_null_fields: options.boolean("ignoreNullFields", true)?,
            line_separator: options.get("lineSep").unwrap_or("\n").to_string(),
            pretty: options.boolean("pretty", false)?,
        })
    }

    /// What stands before a member of an object at this depth (Jackson's `DefaultPrettyPrinter`: a line for each member of an
    /// object, arrays on one line).
    fn member(&self, first: bool, depth: usize, out: &mut String) {
        if !first {
            out.push(',');
        }
        if self.pretty {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn name(&self, name: &str, out: &mut String) {
        push_string(name, out);
        out.push_str(if self.pretty { " : " } else { ":" });
    }

    fn end_object(&self, empty: bool, depth: usize, out: &mut String) {
        match (self.pretty, empty) {
            (true, true) => out.push(' '),
            (true, false) => {
                out.push('\n');
                out.extend(std::iter::repeat_n("  ", depth));
            }
            (false, _) => {}
        }
        out.push('}');
    }

    fn object(
        &self,
        names: &[&str],
        columns: &[ArrayRef],
        row: usize,
        depth: usize,
        out: &mut String,
    ) -> SparkResult<()> {
        out.push('{');
        let mut first = true;
        for (name, column) in names.iter().zip(columns) {
            let null = column.is_null(row) || column.data_type() == &DataType::Null;
            if null && self.ignore_null_fields {
                continue;
            }
            self.member(std::mem::take(&mut first), depth + 1, out);
            self.name(name, out);
            self.value(column, row, depth + 1, out)?;
        }
        self.end_object(first, depth, out);
        Ok(())
    }

    fn value(&self, array: &ArrayRef, row: usize, depth: usize, out: &mut String) -> SparkResult<()> {
        if array.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        match array.data_type() {
            DataType::Struct(fields) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                return self.object(&names, array.as_struct().columns(), row, depth, out);
            }
            DataType::List(_) => {
                let values = array.as_list::<i32>().value(row);
                let space = if self.pretty { " " } else { "" };
                out.push('[');
                for i in 0..values.len() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(space);
                    self.value(&values, i, depth, out)?;
                }
                out.push_str(space);
                out.push(']');
                return Ok(());
            }
            DataType::Map(_, _) => {
                let entries = array.as_map().value(row);
                let (keys, values) = (entries.column(0), entries.column(1));
                let cells = Cells::new(keys)?;
                out.push('{');
                for i in 0..entries.len() {
                    self.member(i == 0, depth + 1, out);
                    let mut key = String::new();
                    cells.push(i, &self.formats, &mut key);
                    self.name(&key, out);
                    self.value(values, i, depth + 1, out)?;
                }
                self.end_object(entries.is_empty(), depth, out);
                return Ok(());
            }
            _ => {}
        }
        let cells = Cells::new(array)?;
        match &cells {
            Cells::Null => out.push_str("null"),
            Cells::Binary(array) => {
                out.push('"');
                push_base64(array.value(row), out);
                out.push('"');
            }
            Cells::Float(array) if !array.value(row).is_finite() => quoted(&cells, row, &self.formats, out),
            Cells::Double(array) if !array.value(row).is_finite() => quoted(&cells, row, &self.formats, out),
            Cells::Boolean(_)
            | Cells::Byte(_)
            | Cells::Short(_)
            | Cells::Integer(_)
            | Cells::Long(_)
            | Cells::Float(_)
            | Cells::Double(_)
            | Cells::Decimal(_, _) => cells.push(row, &self.formats, out),
            Cells::String(array) => push_string(array.value(row), out),
            _ => quoted(&cells, row, &self.formats, out),
        }
        Ok(())
    }
}

impl RowFormat for JsonFormat {
    fn rows(&self, batch: &RecordBatch, out: &mut String) -> SparkResult<()> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        for row in 0..batch.num_rows() {
            self.object(&names, batch.columns(), row, 0, out)?;
            out.push_str(&self.line_separator);
        }
        Ok(())
    }
}

fn quoted(cells: &Cells<'_>, row: usize, formats: &TextFormats, out: &mut String) {
    let mut text = String::new();
    cells.push(row, formats, &mut text);
    push_string(&text, out);
}

fn push_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn push_base64(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
}

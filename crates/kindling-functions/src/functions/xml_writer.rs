//! XML elements of rows: `to_xml`, and what the XML data source writes (`StaxXmlGenerator`).

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringBuilder},
    datatypes::{Date32Type, TimestampMicrosecondType},
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::options::{Options, TimeWriter};
use crate::{
    CallContext, TypedExpr,
    cast::{TextStyle, write_text},
    entry::{FunctionEntry, scalar},
    udf::call,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[scalar("to_xml", 1, 2, to_xml)];

fn to_xml(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let options = Options::of(ctx, &args, 1)?;
    let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    let t = arg.data_type.clone();
    if !matches!(t, DataType::Struct(_)) {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("paramIndex", "first")
            .param("requiredType", "\"STRUCT\"")
            .param("inputSql", format!("\"{}\"", ctx.text.argument(0)))
            .param("inputType", format!("\"{}\"", t.sql())));
    }
    elements(ctx, arg, &options, 0)
}

/// Rows as elements of the XML data source's files, `depth` levels in.
pub fn xml_elements(
    ctx: &CallContext<'_>,
    options: &BTreeMap<String, String>,
    row: TypedExpr,
    depth: usize,
) -> SparkResult<TypedExpr> {
    elements(ctx, row, &Options::new(options), depth)
}

fn elements(ctx: &CallContext<'_>, arg: TypedExpr, options: &Options, depth: usize) -> SparkResult<TypedExpr> {
    let writer = Writer {
        attribute_prefix: options.text("attributeprefix", "_").to_string(),
        value_tag: options.text("valuetag", "_VALUE").to_string(),
        item: options.text("arrayelementname", "item").to_string(),
        null: options.get("nullvalue").map(str::to_string),
        indent: options.text("indent", "    ").to_string(),
        times: TimeWriter::new(ctx, options)?,
    };
    let row_tag = options.text("rowtag", "ROW").to_string();
    let (t, nullable) = (arg.data_type.clone(), arg.nullable);
    let key = format!("{} {} {depth}", options.key(), writer.times.zone);
    Ok(call(ctx, "to_xml").key(key).arrays(vec![arg], DataType::String, nullable, move |arrays, rows| {
        let mut builder = StringBuilder::with_capacity(rows, rows * 64);
        for row in 0..rows {
            if arrays[0].is_null(row) {
                builder.append_null();
                continue;
            }
            let mut out = String::new();
            writer.element(&row_tag, &arrays[0], &t, row, depth, &mut out)?;
            builder.append_value(out.trim_start_matches('\n'));
        }
        Ok(Arc::new(builder.finish()))
    }))
}

/// Writes values as elements.
struct Writer {
    attribute_prefix: String,
    value_tag: String,
    item: String,
    null: Option<String>,
    indent: String,
    times: TimeWriter,
}

fn escape(text: &str, attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '"' if attribute => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

impl Writer {
    fn line(&self, depth: usize, out: &mut String) {
        if self.indent.is_empty() {
            return;
        }
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(&self.indent));
    }

    /// One value as an element, or an array as one element an item.
    fn element(
        &self,
        name: &str,
        array: &ArrayRef,
        t: &DataType,
        row: usize,
        depth: usize,
        out: &mut String,
    ) -> SparkResult<()> {
        if array.is_null(row) || *t == DataType::Null {
            if let Some(null) = &self.null {
                self.line(depth, out);
                out.push_str(&format!("<{name}>"));
                escape(null, false, out);
                out.push_str(&format!("</{name}>"));
            }
            return Ok(());
        }
        match t {
            DataType::Array { element, .. } => {
                let items = array.as_list::<i32>().value(row);
                for item in 0..items.len() {
                    if let DataType::Array { .. } = element.as_ref() {
                        self.line(depth, out);
                        out.push_str(&format!("<{name}>"));
                        self.element(&self.item, &items, element, item, depth + 1, out)?;
                        self.line(depth, out);
                        out.push_str(&format!("</{name}>"));
                    } else {
                        self.element(name, &items, element, item, depth, out)?;
                    }
                }
                Ok(())
            }
            DataType::Map { key, value, .. } => {
                let entries = array.as_map().value(row);
                let names = write_text(entries.column(0), key, &TextStyle::pretty(self.times.zone))?;
                let mut inside = String::new();
                for entry in 0..entries.len() {
                    let mut name = String::new();
                    names(entry, &mut name)?;
                    self.element(&name, entries.column(1), value, entry, depth + 1, &mut inside)?;
                }
                self.wrap(name, "", "", &inside, depth, out);
                Ok(())
            }
            DataType::Struct(fields) => {
                let columns = array.as_struct();
                let (mut attributes, mut own, mut inside) = (String::new(), String::new(), String::new());
                for (column, field) in columns.columns().iter().zip(&fields.fields) {
                    if field.name == self.value_tag {
                        if column.is_valid(row) {
                            escape(&self.text(column, &field.data_type, row)?, false, &mut own);
                        }
                    } else if let Some(attribute) = field.name.strip_prefix(self.attribute_prefix.as_str()) {
                        if column.is_valid(row) {
                            attributes.push_str(&format!(" {attribute}=\""));
                            escape(&self.text(column, &field.data_type, row)?, true, &mut attributes);
                            attributes.push('"');
                        }
                    } else {
                        self.element(&field.name, column, &field.data_type, row, depth + 1, &mut inside)?;
                    }
                }
                self.wrap(name, &attributes, &own, &inside, depth, out);
                Ok(())
            }
            _ => {
                self.line(depth, out);
                out.push_str(&format!("<{name}>"));
                escape(&self.text(array, t, row)?, false, out);
                out.push_str(&format!("</{name}>"));
                Ok(())
            }
        }
    }

    fn wrap(&self, name: &str, attributes: &str, own: &str, inside: &str, depth: usize, out: &mut String) {
        self.line(depth, out);
        if own.is_empty() && inside.is_empty() {
            out.push_str(&format!("<{name}{attributes}/>"));
            return;
        }
        out.push_str(&format!("<{name}{attributes}>{own}{inside}"));
        if !inside.is_empty() {
            self.line(depth, out);
        }
        out.push_str(&format!("</{name}>"));
    }

    fn text(&self, array: &ArrayRef, t: &DataType, row: usize) -> SparkResult<String> {
        match t {
            DataType::Date => self.times.date(array.as_primitive::<Date32Type>().value(row)),
            DataType::Timestamp => self.times.timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row)),
            DataType::TimestampNtz => {
                self.times.timestamp_ntz(array.as_primitive::<TimestampMicrosecondType>().value(row))
            }
            _ => {
                let mut out = String::new();
                write_text(array, t, &TextStyle::pretty(self.times.zone))?(row, &mut out)?;
                Ok(out)
            }
        }
    }
}

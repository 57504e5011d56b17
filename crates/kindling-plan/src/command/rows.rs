//! Rows of strings and booleans, built one by one.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, ListBuilder, RecordBatch, StringArray, StringBuilder};
use kindling_common::{SparkError, SparkResult, to_arrow_schema};
use kindling_spec::{DataType, StructField, StructType};

use super::CommandOutput;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// A string, or NULL.
    Text(Option<String>),
    /// A boolean.
    Flag(bool),
    /// An array of strings, or NULL.
    List(Option<Vec<String>>),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(Some(text.to_string()))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(Some(text))
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Cell {
        Cell::Text(text)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Cell {
        Cell::Flag(flag)
    }
}

/// A string column.
pub(super) fn text(name: &str, nullable: bool) -> StructField {
    StructField::new(name, DataType::String, nullable)
}

/// A boolean column.
pub(super) fn flag(name: &str) -> StructField {
    StructField::new(name, DataType::Boolean, false)
}

/// Rows as a command's answer.
pub(super) fn output(fields: Vec<StructField>, rows: Vec<Vec<Cell>>) -> SparkResult<CommandOutput> {
    let schema = StructType { fields };
    let columns = schema.fields.iter().enumerate().map(|(i, field)| column(field, &rows, i));
    let columns: Vec<ArrayRef> = columns.collect();
    let batch = RecordBatch::try_new(Arc::new(to_arrow_schema(&schema)), columns)
        .map_err(|error| SparkError::internal(error.to_string()))?;
    Ok(CommandOutput { schema, batches: if rows.is_empty() { vec![] } else { vec![batch] } })
}

fn column(field: &StructField, rows: &[Vec<Cell>], index: usize) -> ArrayRef {
    let cells = rows.iter().map(|row| row.get(index));
    match &field.data_type {
        DataType::Boolean => {
            Arc::new(cells.map(|cell| matches!(cell, Some(Cell::Flag(true)))).map(Some).collect::<BooleanArray>())
        }
        DataType::Array { .. } => {
            let item = match to_arrow_schema(&StructType { fields: vec![field.clone()] }).field(0).data_type() {
                arrow::datatypes::DataType::List(item) => Arc::clone(item),
                _ => Arc::new(arrow::datatypes::Field::new("element", arrow::datatypes::DataType::Utf8, true)),
            };
            let mut builder = ListBuilder::new(StringBuilder::new()).with_field(item);
            for cell in cells {
                match cell {
                    Some(Cell::List(Some(values))) => {
                        builder.append_value(values.iter().map(|value| Some(value.as_str())));
                    }
                    _ => builder.append(false),
                }
            }
            Arc::new(builder.finish())
        }
        _ => {
            let texts = cells.map(|cell| match cell {
                Some(Cell::Text(text)) => text.as_deref(),
                _ => None,
            });
            Arc::new(texts.collect::<StringArray>())
        }
    }
}

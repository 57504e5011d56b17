//! Text: one string column, a line a row.

use arrow::array::{Array, AsArray, RecordBatch};
use kindling_common::SparkResult;

use super::task::RowFormat;
use crate::SourceOptions;

/// Writes lines.
#[derive(Debug)]
pub(crate) struct TextFormat {
    line_separator: String,
}

impl TextFormat {
    pub(crate) fn new(options: &SourceOptions) -> TextFormat {
        TextFormat { line_separator: options.get("lineSep").unwrap_or("\n").to_string() }
    }
}

impl RowFormat for TextFormat {
    fn rows(&self, batch: &RecordBatch, out: &mut String) -> SparkResult<()> {
        let lines = batch.column(0).as_string::<i32>();
        for row in 0..batch.num_rows() {
            if !lines.is_null(row) {
                out.push_str(lines.value(row));
            }
            out.push_str(&self.line_separator);
        }
        Ok(())
    }
}

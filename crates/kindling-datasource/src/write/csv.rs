//! CSV as univocity's writer makes it (Spark's `UnivocityGenerator`).

use arrow::array::RecordBatch;
use kindling_common::{RuntimeConfig, SparkResult};
use kindling_spec::StructType;

use super::{
    cells::{Cells, TextFormats},
    task::RowFormat,
};
use crate::{SourceOptions, csv::CsvOptions};

/// Writes rows of CSV.
#[derive(Debug)]
pub(crate) struct CsvFormat {
    options: CsvOptions,
    formats: TextFormats,
    header: Option<Vec<String>>,
    quote_all: bool,
    escape_quotes: bool,
    trim_leading: bool,
    trim_trailing: bool,
    null_value: String,
    empty_value: String,
    line_separator: String,
}

impl CsvFormat {
    pub(crate) fn new(options: &SourceOptions, config: &RuntimeConfig, schema: &StructType) -> SparkResult<CsvFormat> {
        let read = CsvOptions::new(options, config)?;
        Ok(CsvFormat {
            formats: TextFormats::of_options(options, config)?,
            header: read.header.then(|| schema.fields.iter().map(|field| field.name.clone()).collect()),
            quote_all: options.boolean("quoteAll", false)?,
            escape_quotes: options.boolean("escapeQuotes", true)?,
            // Unlike a read, a write trims unless told otherwise.
            trim_leading: options.boolean("ignoreLeadingWhiteSpace", true)?,
            trim_trailing: options.boolean("ignoreTrailingWhiteSpace", true)?,
            null_value: options.get("nullValue").unwrap_or("").to_string(),
            empty_value: options.get("emptyValue").unwrap_or("\"\"").to_string(),
            line_separator: options.get("lineSep").unwrap_or("\n").to_string(),
            options: read,
        })
    }

    fn push(&self, text: &str, first: bool, out: &mut String) {
        let mut text = text;
        if self.trim_leading {
            text = text.trim_start_matches(|c| c <= ' ');
        }
        if self.trim_trailing {
            text = text.trim_end_matches(|c| c <= ' ');
        }
        if text.is_empty() {
            out.push_str(&self.empty_value);
            return;
        }
        let Some(quote) = self.options.quote.map(char::from) else {
            out.push_str(text);
            return;
        };
        let separator = String::from_utf8_lossy(&self.options.separator);
        let comment = self.options.comment.map_or('#', char::from);
        let quoted = self.quote_all
            || text.contains(&*separator)
            || text.contains(['\n', '\r'])
            || (self.escape_quotes && text.contains(quote))
            || text.starts_with(quote)
            || (first && text.starts_with(comment));
        if !quoted {
            out.push_str(text);
            return;
        }
        let escape = char::from(self.options.escape);
        out.push(quote);
        for c in text.chars() {
            if c == quote {
                out.push(escape);
            } else if c == escape
                && let Some(own) = self.options.escape_escape
            {
                out.push(char::from(own));
            }
            out.push(c);
        }
        out.push(quote);
    }
}

impl RowFormat for CsvFormat {
    fn begin(&self, out: &mut String) {
        let Some(names) = &self.header else { return };
        for (i, name) in names.iter().enumerate() {
            if i > 0 {
                out.push_str(&String::from_utf8_lossy(&self.options.separator));
            }
            self.push(name, i == 0, out);
        }
        out.push_str(&self.line_separator);
    }

    fn rows(&self, batch: &RecordBatch, out: &mut String) -> SparkResult<()> {
        let columns: SparkResult<Vec<Cells>> = batch.columns().iter().map(Cells::new).collect();
        let columns = columns?;
        let separator = String::from_utf8_lossy(&self.options.separator).into_owned();
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            for (i, column) in columns.iter().enumerate() {
                if i > 0 {
                    out.push_str(&separator);
                }
                if column.is_null(row) {
                    out.push_str(if self.quote_all && self.null_value.is_empty() { "\"\"" } else { &self.null_value });
                    continue;
                }
                text.clear();
                column.push(row, &self.formats, &mut text);
                self.push(&text, i == 0, out);
            }
            out.push_str(&self.line_separator);
        }
        Ok(())
    }
}

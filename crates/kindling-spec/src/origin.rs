//! Where an expression or relation came from, for Spark's query context in errors.

use std::sync::Arc;

/// The place in a SQL text or the DataFrame call that produced a node (Spark's `Origin`).
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Origin {
    /// Not known; errors then carry no query context.
    #[default]
    None,
    /// A fragment of a SQL text (Spark's `SQLQueryContext`).
    Sql(SqlOrigin),
    /// A DataFrame call (Spark's `DataFrameQueryContext`).
    DataFrame(Arc<DataFrameOrigin>),
}

/// A fragment of a SQL text.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlOrigin {
    /// The whole text.
    pub text: Arc<str>,
    /// First byte of the fragment in `text`.
    pub start: usize,
    /// One past the last byte of the fragment in `text`.
    pub end: usize,
    /// `VIEW` and the like when the text is an object's body.
    pub object_type: Option<Arc<str>>,
    /// The object's name when the text is an object's body.
    pub object_name: Option<Arc<str>>,
}

impl SqlOrigin {
    /// The fragment itself.
    pub fn fragment(&self) -> &str {
        self.text.get(self.start..self.end).unwrap_or("")
    }

    /// One-based line and zero-based column (in characters) of the fragment's start.
    pub fn line_and_position(&self) -> (usize, usize) {
        let before = self.text.get(..self.start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count();
        (line, column)
    }
}

/// A DataFrame call.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFrameOrigin {
    /// The method, e.g. `divide`.
    pub fragment: String,
    /// File and line of the user's code, as the client reports it.
    pub call_site: String,
}

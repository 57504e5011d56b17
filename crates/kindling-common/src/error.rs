//! Spark's errors: a condition, its SQLSTATE, its message parameters and the query contexts.

use std::{collections::BTreeMap, fmt};

use kindling_spec::Origin;

use crate::error_conditions::find_condition;

/// The JVM exception class that Spark throws for an error; the client picks its Python class from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionClass {
    /// `org.apache.spark.sql.AnalysisException`
    Analysis,
    /// `org.apache.spark.sql.catalyst.parser.ParseException`
    Parse,
    /// `org.apache.spark.SparkArithmeticException`
    Arithmetic,
    /// `org.apache.spark.SparkArrayIndexOutOfBoundsException`
    ArrayIndexOutOfBounds,
    /// `org.apache.spark.SparkDateTimeException`
    DateTime,
    /// `org.apache.spark.SparkIllegalArgumentException`
    IllegalArgument,
    /// `org.apache.spark.SparkNumberFormatException`
    NumberFormat,
    /// `org.apache.spark.SparkNoSuchElementException`
    NoSuchElement,
    /// `org.apache.spark.SparkRuntimeException`
    Runtime,
    /// `org.apache.spark.SparkUnsupportedOperationException`
    UnsupportedOperation,
    /// `org.apache.spark.SparkUpgradeException`
    Upgrade,
    /// `org.apache.spark.SparkException`
    Spark,
}

/// Where in the user's code an error comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryContext {
    /// SQL text or DataFrame call.
    pub kind: QueryContextKind,
    /// The fragment of code.
    pub fragment: String,
    /// `VIEW` and the like, or empty.
    pub object_type: String,
    /// Name of that object, or empty.
    pub object_name: String,
    /// First character of the fragment in the text, zero-based (SQL only).
    pub start_index: i32,
    /// Last character of the fragment in the text, inclusive (SQL only).
    pub stop_index: i32,
    /// The call site (DataFrame only).
    pub call_site: String,
    /// The text Spark shows below the message.
    pub summary: String,
}

/// Kind of a query context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryContextKind {
    /// A fragment of a SQL text.
    Sql,
    /// A DataFrame call.
    DataFrame,
}

/// An error as Spark reports it (`SparkThrowable`).
#[derive(Debug, Clone, PartialEq)]
pub struct SparkError {
    /// Condition, e.g. `UNRESOLVED_COLUMN.WITH_SUGGESTION`.
    pub condition: &'static str,
    /// The exception class that carries it.
    pub class: ExceptionClass,
    /// Message parameters by the names in the condition's template.
    pub parameters: BTreeMap<String, String>,
    /// Query contexts, the innermost first.
    pub contexts: Vec<QueryContext>,
    /// Text that stands in place of the template, for errors that have none.
    pub message_override: Option<String>,
    /// Text right after the SQLSTATE: the position and the marked text of a syntax error.
    pub message_tail: Option<String>,
}

/// A result with Spark's error.
pub type SparkResult<T> = Result<T, SparkError>;

impl SparkError {
    /// An error of a condition that `error_conditions.rs` lists.
    pub fn new(class: ExceptionClass, condition: &'static str) -> SparkError {
        SparkError {
            condition,
            class,
            parameters: BTreeMap::new(),
            contexts: vec![],
            message_override: None,
            message_tail: None,
        }
    }

    /// An `AnalysisException`.
    pub fn analysis(condition: &'static str) -> SparkError {
        SparkError::new(ExceptionClass::Analysis, condition)
    }

    /// A `ParseException`.
    pub fn parse(condition: &'static str) -> SparkError {
        SparkError::new(ExceptionClass::Parse, condition)
    }

    /// A `SparkRuntimeException`.
    pub fn runtime(condition: &'static str) -> SparkError {
        SparkError::new(ExceptionClass::Runtime, condition)
    }

    /// A feature that is not there yet, by the name the user knows it by (0A000).
    pub fn unsupported(feature: impl Into<String>) -> SparkError {
        SparkError::new(ExceptionClass::UnsupportedOperation, "UNSUPPORTED_FEATURE.NOT_IN_KINDLING")
            .param("feature", feature)
    }

    /// A defect of ours (`INTERNAL_ERROR`, XX000).
    pub fn internal(message: impl Into<String>) -> SparkError {
        SparkError::new(ExceptionClass::Spark, "INTERNAL_ERROR").param("message", message)
    }

    /// Adds a message parameter.
    pub fn param(mut self, name: &str, value: impl Into<String>) -> SparkError {
        self.parameters.insert(name.to_string(), value.into());
        self
    }

    /// Adds the query context that an origin gives, if the error has none yet.
    pub fn at(mut self, origin: &Origin) -> SparkError {
        if self.contexts.is_empty()
            && !self.condition.is_empty()
            && let Some(context) = QueryContext::from_origin(origin)
        {
            self.contexts.push(context);
        }
        self
    }

    /// The five-character SQLSTATE of the condition; empty for those that Spark has given none.
    pub fn sql_state(&self) -> &'static str {
        if self.condition.is_empty() {
            return "";
        }
        find_condition(self.condition).map_or("XX000", |condition| condition.sql_state)
    }

    /// The message without the query context: `[CONDITION] text SQLSTATE: xxxxx`.
    pub fn message(&self) -> String {
        let text = match &self.message_override {
            Some(text) => text.clone(),
            None => find_condition(self.condition)
                .map_or_else(|| format!("{:?}", self.parameters), |condition| condition.format(&self.parameters)),
        };
        // Errors that Spark has not given a condition yet show their text alone.
        if self.condition.is_empty() || self.condition.starts_with("_LEGACY_ERROR_") {
            return text;
        }
        format!("[{}] {text} SQLSTATE: {}", self.condition, self.sql_state())
    }

    /// What Spark's `getMessage` gives: the message and the summaries of the contexts.
    pub fn full_message(&self) -> String {
        // ParseException starts its message on a line of its own.
        let mut out = if self.class == ExceptionClass::Parse { String::from("\n") } else { String::new() };
        out.push_str(&self.message());
        out.push_str(self.message_tail.as_deref().unwrap_or(""));
        for context in &self.contexts {
            out.push('\n');
            out.push_str(&context.summary);
        }
        out
    }
}

impl fmt::Display for SparkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full_message())
    }
}

impl std::error::Error for SparkError {}

impl QueryContext {
    /// The context of an origin, `None` when the origin is not known.
    pub fn from_origin(origin: &Origin) -> Option<QueryContext> {
        match origin {
            Origin::None => None,
            Origin::DataFrame(call) => Some(QueryContext {
                kind: QueryContextKind::DataFrame,
                fragment: call.fragment.clone(),
                object_type: String::new(),
                object_name: String::new(),
                start_index: -1,
                stop_index: -1,
                call_site: call.call_site.clone(),
                summary: format!("== DataFrame ==\n\"{}\" was called from\n{}\n", call.fragment, call.call_site),
            }),
            Origin::Sql(sql) => {
                let start = sql.text.get(..sql.start).unwrap_or("").chars().count();
                let length = sql.fragment().chars().count();
                Some(QueryContext {
                    kind: QueryContextKind::Sql,
                    fragment: sql.fragment().to_string(),
                    object_type: sql.object_type.as_deref().unwrap_or("").to_string(),
                    object_name: sql.object_name.as_deref().unwrap_or("").to_string(),
                    start_index: start as i32,
                    stop_index: (start + length) as i32 - 1,
                    call_site: String::new(),
                    summary: sql_summary(sql),
                })
            }
        }
    }
}

/// `SQLQueryContext.summary`: the lines of the fragment, each underlined.
fn sql_summary(sql: &kindling_spec::SqlOrigin) -> String {
    let (line, position) = sql.line_and_position();
    let object = match (&sql.object_type, &sql.object_name) {
        (Some(object_type), Some(name)) => format!(" of {object_type} {name}"),
        _ => String::new(),
    };
    // Spark counts the position from one here and from zero in ParseException.
    let mut out = format!("== SQL{object} (line {line}, position {}) ==\n", position + 1);
    let mut offset = 0;
    for text in sql.text.split('\n') {
        let end = offset + text.len();
        if end >= sql.start && offset < sql.end.max(sql.start + 1) {
            let from = sql.start.clamp(offset, end) - offset;
            let to = sql.end.clamp(offset, end) - offset;
            let indent = text.get(..from).unwrap_or("").chars().count();
            let carets = text.get(from..to).unwrap_or("").chars().count().max(1);
            out.push_str(text);
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            out.push_str(&"^".repeat(carets));
            out.push('\n');
        }
        offset = end + 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kindling_spec::SqlOrigin;

    use super::*;

    #[test]
    fn sql_context_underlines_the_fragment() {
        let origin = Origin::Sql(SqlOrigin {
            text: Arc::from("SELECT 1/0"),
            start: 7,
            end: 10,
            object_type: None,
            object_name: None,
        });
        let error = SparkError::new(ExceptionClass::Arithmetic, "DIVIDE_BY_ZERO")
            .param("config", "\"spark.sql.ansi.enabled\"")
            .at(&origin);
        let expected = "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL \
                        instead. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error. \
                        SQLSTATE: 22012\n== SQL (line 1, position 8) ==\nSELECT 1/0\n       ^^^\n";
        assert_eq!(error.full_message(), expected);
    }
}

//! Errors that parsing raises (Spark's `QueryParsingErrors`).

use kindling_common::SparkError;
use kindling_spec::Origin;

/// Whether an error is one of syntax, after which another rule may be tried.
pub(crate) fn is_syntax(error: &SparkError) -> bool {
    error.condition == "PARSE_SYNTAX_ERROR"
}

/// `PARSE_SYNTAX_ERROR` at a byte of the text.
pub(crate) fn syntax(text: &str, at: usize, shown: &str, hint: &str) -> SparkError {
    with_position(SparkError::parse("PARSE_SYNTAX_ERROR").param("error", shown).param("hint", hint), text, at)
}

/// Adds the place and the marked text, as `ParseException.getMessage` lays them out.
fn with_position(mut error: SparkError, text: &str, at: usize) -> SparkError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or("").chars().count();
    let mut tail = format!(" (line {}, pos {column})\n\n== SQL ==\n", line + 1);
    for (i, row) in text.split('\n').enumerate() {
        tail.push_str(row);
        tail.push('\n');
        if i == line {
            tail.push_str(&"-".repeat(column));
            tail.push_str("^^^\n");
        }
    }
    error.message_tail = Some(tail);
    error
}

/// `PARSE_EMPTY_STATEMENT`
pub(crate) fn empty_statement(text: &str) -> SparkError {
    with_position(SparkError::parse("PARSE_EMPTY_STATEMENT"), text, text.len())
}

/// `UNCLOSED_BRACKETED_COMMENT`
pub(crate) fn unclosed_comment(text: &str) -> SparkError {
    let mut error = SparkError::parse("UNCLOSED_BRACKETED_COMMENT");
    error.message_tail = Some(format!("\n== SQL ==\n{text}"));
    error
}

/// Nesting beyond what the stack carries.
pub(crate) fn too_deep(text: &str) -> SparkError {
    let mut error = SparkError::parse("FAILED_TO_PARSE_TOO_COMPLEX");
    error.message_tail = Some(format!("\n== SQL ==\n{text}"));
    error
}

/// `INVALID_IDENTIFIER` at a byte of the text.
pub(crate) fn invalid_identifier(text: &str, at: usize, identifier: &str) -> SparkError {
    with_position(SparkError::parse("INVALID_IDENTIFIER").param("ident", identifier), text, at)
}

/// A parse error with a query context.
pub(crate) fn at(condition: &'static str, origin: &Origin) -> SparkError {
    SparkError::parse(condition).at(origin)
}

/// A message that Spark has without a condition of its own.
pub(crate) fn not_allowed(message: impl Into<String>, origin: &Origin) -> SparkError {
    at("_LEGACY_ERROR_TEMP_0035", origin).param("message", message)
}

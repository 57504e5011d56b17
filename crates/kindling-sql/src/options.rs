//! What configuration and the caller change about parsing.

use std::collections::BTreeMap;

use kindling_spec::Expr;

/// Options of a parse.
#[derive(Debug, Clone, PartialEq)]
pub struct ParserOptions {
    /// `spark.sql.ansi.enabled`.
    pub ansi: bool,
    /// `spark.sql.ansi.enforceReservedKeywords`, with `ansi`.
    pub enforce_reserved_keywords: bool,
    /// `spark.sql.ansi.doubleQuotedIdentifiers`, with `ansi`.
    pub double_quoted_identifiers: bool,
    /// `spark.sql.parser.escapedStringLiterals`: backslashes in strings are plain characters.
    pub escaped_string_literals: bool,
    /// `spark.sql.legacy.exponentLiteralAsDecimal.enabled`.
    pub exponent_literal_as_decimal: bool,
    /// `spark.sql.legacy.setopsPrecedence.enabled`.
    pub legacy_setops_precedence: bool,
    /// `spark.sql.legacy.interval.enabled`.
    pub legacy_interval: bool,
    /// `spark.sql.timestampType` is `TIMESTAMP_NTZ`.
    pub timestamp_ntz_is_default: bool,
    /// `spark.sql.legacy.viewSchemaBindingMode`: `WITH SCHEMA …` is known.
    pub view_schema_binding: bool,
    /// `spark.sql.session.timeZone`, which timestamp literals without a zone are in.
    pub session_time_zone: String,
    /// The query's start in microseconds since the epoch, which `TIMESTAMP 'now'` and the like refer to.
    pub current_timestamp: i64,
    /// Values of `:name` markers. What is not here stays a parameter in the plan.
    pub named_parameters: BTreeMap<String, Expr>,
    /// Values of `?` markers in the order of the text. Where there are none, markers stay in the plan.
    pub positional_parameters: Vec<Expr>,
    /// What the arguments of `IDENTIFIER(…)` evaluate to, by the byte of the text where each begins.
    pub identifiers: BTreeMap<usize, String>,
}

impl Default for ParserOptions {
    fn default() -> Self {
        ParserOptions {
            ansi: true,
            enforce_reserved_keywords: false,
            double_quoted_identifiers: false,
            escaped_string_literals: false,
            exponent_literal_as_decimal: false,
            legacy_setops_precedence: false,
            legacy_interval: false,
            timestamp_ntz_is_default: false,
            view_schema_binding: true,
            session_time_zone: "UTC".into(),
            current_timestamp: 0,
            named_parameters: BTreeMap::new(),
            positional_parameters: vec![],
            identifiers: BTreeMap::new(),
        }
    }
}

//! Reader options of CSV (Spark's `CSVOptions`).

use kindling_common::{ExceptionClass, RuntimeConfig, SparkError, SparkResult, conf};
use kindling_spec::{DataType, StructType};

use crate::{
    FilePath, SourceOptions,
    input::{Compression, Encoding},
    value::{DateTimePattern, SessionZone},
};

/// What a malformed record does (`ParseMode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParseMode {
    Permissive,
    DropMalformed,
    FailFast,
}

impl ParseMode {
    pub(crate) fn of(options: &SourceOptions) -> ParseMode {
        match options.get("mode").map(str::to_ascii_uppercase).as_deref() {
            Some("DROPMALFORMED") => ParseMode::DropMalformed,
            Some("FAILFAST") => ParseMode::FailFast,
            // Spark warns about any other name and goes on.
            _ => ParseMode::Permissive,
        }
    }
}

/// What happens to `"a"b` (univocity's `UnescapedQuoteHandling`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnescapedQuotes {
    StopAtClosingQuote,
    BackToDelimiter,
    StopAtDelimiter,
    SkipValue,
    RaiseError,
}

/// Options of a read of CSV.
#[derive(Debug)]
pub(crate) struct CsvOptions {
    pub separator: Vec<u8>,
    pub quote: Option<u8>,
    pub escape: u8,
    /// What escapes the escape character inside quotes.
    pub escape_escape: Option<u8>,
    pub comment: Option<u8>,
    pub header: bool,
    pub infer_schema: bool,
    pub prefer_date: bool,
    pub ignore_leading: bool,
    pub ignore_trailing: bool,
    pub multi_line: bool,
    pub line_separator: Option<String>,
    pub encoding: Encoding,
    pub null_value: String,
    pub empty_value: String,
    pub nan_value: String,
    pub positive_inf: String,
    pub negative_inf: String,
    pub date_format: Option<DateTimePattern>,
    pub timestamp_format: Option<DateTimePattern>,
    pub timestamp_ntz_format: Option<DateTimePattern>,
    pub infer_ntz: bool,
    pub mode: ParseMode,
    pub corrupt_column: String,
    pub enforce_schema: bool,
    pub max_columns: usize,
    pub max_chars: Option<usize>,
    pub unescaped_quotes: UnescapedQuotes,
    pub sampling_ratio: f64,
    pub zone: SessionZone,
    pub case_sensitive: bool,
    pub column_pruning: bool,
}

impl CsvOptions {
    pub(crate) fn new(options: &SourceOptions, config: &RuntimeConfig) -> SparkResult<CsvOptions> {
        let zone = match options.get("timeZone") {
            Some(zone) => zone,
            None => config.value(&conf::SESSION_TIME_ZONE),
        };
        let pattern = |key: &str| options.get(key).map(DateTimePattern::new).transpose();
        let quote = character(options, "quote", Some(b'"'))?;
        let escape = character(options, "escape", Some(b'\\'))?.unwrap_or(b'\\');
        let escape_escape = match character(options, "charToEscapeQuoteEscaping", None)? {
            Some(byte) => Some(byte),
            None => (quote != Some(escape)).then_some(escape),
        };
        let encoding = options.get_any(&["encoding", "charset"]).unwrap_or("UTF-8");
        let text = |key: &str, default: &str| options.get(key).unwrap_or(default).to_string();
        Ok(CsvOptions {
            separator: separator(options.get_any(&["sep", "delimiter"]).unwrap_or(","))?,
            quote,
            escape,
            escape_escape,
            comment: character(options, "comment", None)?,
            header: options.boolean("header", false)?,
            infer_schema: options.boolean("inferSchema", false)?,
            prefer_date: options.boolean("preferDate", true)?,
            ignore_leading: options.boolean("ignoreLeadingWhiteSpace", false)?,
            ignore_trailing: options.boolean("ignoreTrailingWhiteSpace", false)?,
            multi_line: options.boolean("multiLine", false)?,
            line_separator: options.get("lineSep").map(str::to_string),
            encoding: Encoding::parse(encoding, "CSVOptions")?,
            null_value: text("nullValue", ""),
            empty_value: text("emptyValue", ""),
            nan_value: text("nanValue", "NaN"),
            positive_inf: text("positiveInf", "Inf"),
            negative_inf: text("negativeInf", "-Inf"),
            date_format: pattern("dateFormat")?,
            timestamp_format: pattern("timestampFormat")?,
            timestamp_ntz_format: pattern("timestampNTZFormat")?,
            infer_ntz: config.value(&conf::TIMESTAMP_TYPE).eq_ignore_ascii_case("TIMESTAMP_NTZ"),
            mode: ParseMode::of(options),
            corrupt_column: options
                .get("columnNameOfCorruptRecord")
                .unwrap_or_else(|| config.value(&conf::COLUMN_NAME_OF_CORRUPT_RECORD))
                .to_string(),
            enforce_schema: options.boolean("enforceSchema", true)?,
            max_columns: options.integer("maxColumns", 20_480)?.max(1) as usize,
            max_chars: usize::try_from(options.integer("maxCharsPerColumn", -1)?).ok(),
            unescaped_quotes: match options.get("unescapedQuoteHandling").map(str::to_ascii_uppercase).as_deref() {
                None | Some("STOP_AT_DELIMITER") => UnescapedQuotes::StopAtDelimiter,
                Some("STOP_AT_CLOSING_QUOTE") => UnescapedQuotes::StopAtClosingQuote,
                Some("BACK_TO_DELIMITER") => UnescapedQuotes::BackToDelimiter,
                Some("SKIP_VALUE") => UnescapedQuotes::SkipValue,
                Some("RAISE_ERROR") => UnescapedQuotes::RaiseError,
                Some(other) => {
                    return Err(SparkError::unsupported(format!("the value {other} of unescapedQuoteHandling")));
                }
            },
            sampling_ratio: options.double("samplingRatio", 1.0)?,
            zone: SessionZone::parse(zone)?,
            case_sensitive: config.boolean(&conf::CASE_SENSITIVE),
            column_pruning: options.boolean("columnPruning", true)?,
        })
    }

    pub(crate) fn splittable(&self, path: &FilePath) -> bool {
        !self.multi_line && self.encoding.is_ascii_compatible() && Compression::of(path) == Compression::None
    }

    /// The column of a schema that keeps malformed records.
    pub(crate) fn corrupt_index(&self, schema: &StructType) -> Option<usize> {
        schema.fields.iter().position(|field| field.name == self.corrupt_column)
    }

    /// Fails where the column for malformed records is not a string.
    pub(crate) fn check_schema(&self, schema: &StructType) -> SparkResult<()> {
        check_corrupt_column(schema, &self.corrupt_column)
    }
}

/// `ExprUtils.verifyColumnNameOfCorruptRecord`.
pub(crate) fn check_corrupt_column(schema: &StructType, name: &str) -> SparkResult<()> {
    match schema.fields.iter().find(|field| field.name == name) {
        Some(field) if field.data_type != DataType::String => Err(SparkError::analysis("INVALID_CORRUPT_RECORD_TYPE")
            .param("columnName", kindling_spec::quote_identifier(name))
            .param("actualType", format!("\"{}\"", field.data_type.sql()))),
        _ => Ok(()),
    }
}

/// An option of one character; empty means none.
fn character(options: &SourceOptions, key: &str, default: Option<u8>) -> SparkResult<Option<u8>> {
    match options.get(key) {
        None => Ok(default),
        Some("" | "\0") => Ok(None),
        Some(text) if text.chars().count() > 1 => Err(SparkError::runtime("OPTION_VALUE_EXCEEDS_ONE_CHARACTER")
            .param("paramName", key)
            .param("actualValue", text)),
        Some(text) if text.len() == 1 => Ok(text.bytes().next()),
        Some(text) => Err(SparkError::unsupported(format!("the character '{text}' for the option {key}"))),
    }
}

/// `CSVExprUtils.toDelimiterStr`.
fn separator(text: &str) -> SparkResult<Vec<u8>> {
    let invalid = |condition| SparkError::new(ExceptionClass::IllegalArgument, condition);
    if text.is_empty() {
        return Err(invalid("INVALID_DELIMITER_VALUE.EMPTY_STRING"));
    }
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            None => return Err(invalid("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH")),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some(c @ ('"' | '\'' | '\\')) => out.push(c),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                    Some(c) => out.push(c),
                    None => {
                        return Err(invalid("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER").param("str", text));
                    }
                }
            }
            Some(_) => {
                return Err(invalid("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER").param("str", text));
            }
        }
    }
    Ok(out.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_may_be_escaped_or_long() {
        assert_eq!(separator("\\t").unwrap(), b"\t");
        assert_eq!(separator("||").unwrap(), b"||");
        assert_eq!(separator("").unwrap_err().condition, "INVALID_DELIMITER_VALUE.EMPTY_STRING");
        assert_eq!(separator("\\").unwrap_err().condition, "INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH");
    }
}

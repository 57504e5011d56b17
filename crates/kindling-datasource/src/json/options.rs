//! Reader options of JSON (Spark's `JSONOptions`).

use kindling_common::{RuntimeConfig, SparkResult, conf};
use kindling_spec::StructType;

use super::parser::Syntax;
use crate::{
    FilePath, SourceOptions,
    csv::{ParseMode, check_corrupt_column},
    input::{Compression, Encoding},
    value::{DateTimePattern, SessionZone},
};

/// Options of a read of JSON.
#[derive(Debug)]
pub(crate) struct JsonOptions {
    pub syntax: Syntax,
    pub multi_line: bool,
    pub line_separator: Option<String>,
    /// `None` finds UTF-16 by its mark and takes UTF-8 otherwise.
    pub encoding: Option<Encoding>,
    pub mode: ParseMode,
    pub corrupt_column: String,
    pub primitives_as_string: bool,
    pub prefers_decimal: bool,
    pub infer_timestamp: bool,
    pub infer_ntz: bool,
    pub drop_all_null: bool,
    pub date_format: Option<DateTimePattern>,
    pub timestamp_format: Option<DateTimePattern>,
    pub timestamp_ntz_format: Option<DateTimePattern>,
    pub zone: SessionZone,
    pub sampling_ratio: f64,
}

impl JsonOptions {
    pub(crate) fn new(options: &SourceOptions, config: &RuntimeConfig) -> SparkResult<JsonOptions> {
        let pattern = |key: &str| options.get(key).map(DateTimePattern::new).transpose();
        let zone = options.get("timeZone").unwrap_or_else(|| config.value(&conf::SESSION_TIME_ZONE));
        let encoding = options.get_any(&["encoding", "charset"]);
        Ok(JsonOptions {
            syntax: Syntax {
                comments: options.boolean("allowComments", false)?,
                unquoted_names: options.boolean("allowUnquotedFieldNames", false)?,
                single_quotes: options.boolean("allowSingleQuotes", true)?,
                leading_zeros: options.boolean("allowNumericLeadingZeros", false)?,
                non_numeric: options.boolean("allowNonNumericNumbers", true)?,
                any_escape: options.boolean("allowBackslashEscapingAnyCharacter", false)?,
                control_characters: options.boolean("allowUnquotedControlChars", false)?,
            },
            multi_line: options.boolean("multiLine", false)?,
            line_separator: options.get("lineSep").map(str::to_string),
            encoding: encoding.map(|name| Encoding::parse(name, "JSONOptions")).transpose()?,
            mode: ParseMode::of(options),
            corrupt_column: options
                .get("columnNameOfCorruptRecord")
                .unwrap_or_else(|| config.value(&conf::COLUMN_NAME_OF_CORRUPT_RECORD))
                .to_string(),
            primitives_as_string: options.boolean("primitivesAsString", false)?,
            prefers_decimal: options.boolean("prefersDecimal", false)?,
            infer_timestamp: options.boolean("inferTimestamp", false)?,
            infer_ntz: config.value(&conf::TIMESTAMP_TYPE).eq_ignore_ascii_case("TIMESTAMP_NTZ"),
            drop_all_null: options.boolean("dropFieldIfAllNull", false)?,
            date_format: pattern("dateFormat")?,
            timestamp_format: pattern("timestampFormat")?,
            timestamp_ntz_format: pattern("timestampNTZFormat")?,
            zone: SessionZone::parse(zone)?,
            sampling_ratio: options.double("samplingRatio", 1.0)?,
        })
    }

    pub(crate) fn splittable(&self, path: &FilePath) -> bool {
        !self.multi_line
            && self.encoding.is_none_or(Encoding::is_ascii_compatible)
            && Compression::of(path) == Compression::None
    }

    pub(crate) fn check_schema(&self, schema: &StructType) -> SparkResult<()> {
        check_corrupt_column(schema, &self.corrupt_column)
    }

    /// The column of a schema that keeps malformed records.
    pub(crate) fn corrupt_index(&self, schema: &StructType) -> Option<usize> {
        schema.fields.iter().position(|field| field.name == self.corrupt_column)
    }
}

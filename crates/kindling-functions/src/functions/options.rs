//! Options and schemas that functions over texts (`from_json`, `from_csv`, `from_xml`) take as arguments.

use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, StructField, StructType};

use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    coercion::{non_foldable, unexpected_type},
    datetime::{parse, pattern::Pattern, split_micros},
    schema_text::parse_schema,
};

/// A constant map of options, keys in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options(Vec<(String, String)>);

impl Options {
    /// Options of a read or a write.
    pub fn new(options: &std::collections::BTreeMap<String, String>) -> Options {
        Options(options.iter().map(|(key, value)| (key.to_lowercase(), value.clone())).collect())
    }

    /// The argument at `index`, if any.
    pub fn of(ctx: &CallContext<'_>, args: &[TypedExpr], index: usize) -> SparkResult<Options> {
        use arrow::array::AsArray;
        let Some(arg) = args.get(index) else { return Ok(Options::default()) };
        match &arg.data_type {
            DataType::Map { key, value, .. } if !(key.is_string() && value.is_string()) => {
                return Err(SparkError::analysis("INVALID_OPTIONS.NON_STRING_TYPE")
                    .param("mapType", format!("\"{}\"", arg.data_type.sql())));
            }
            DataType::Map { .. } => {}
            _ => return Err(SparkError::analysis("INVALID_OPTIONS.NON_MAP_FUNCTION")),
        }
        match crate::fold(arg)? {
            Some(ScalarValue::Map(map)) => {
                let (Some(keys), Some(values)) =
                    (map.keys().as_string_opt::<i32>(), map.values().as_string_opt::<i32>())
                else {
                    return Ok(Options::default());
                };
                let pairs = keys.iter().zip(values.iter());
                Ok(Options(pairs.filter_map(|(k, v)| Some((k?.to_lowercase(), v?.to_string()))).collect()))
            }
            _ => Err(non_foldable(ctx, index, "options", "\"MAP<STRING, STRING>\"")),
        }
    }

    /// The value of an option whose name is given in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value, or a default.
    pub fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.get(name).unwrap_or(default)
    }

    /// Whether an option is `true`.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    /// The first character of an option.
    pub fn character(&self, name: &str, default: char) -> char {
        self.get(name).and_then(|value| value.chars().next()).unwrap_or(default)
    }

    /// Everything, for the identity of a call.
    pub fn key(&self) -> String {
        format!("{:?}", self.0)
    }

    /// Whether `mode` is `FAILFAST`; other modes than that and `PERMISSIVE` are errors.
    pub fn fail_fast(&self, function: &str) -> SparkResult<bool> {
        match self.get("mode").map(str::to_uppercase).as_deref() {
            None | Some("PERMISSIVE") => Ok(false),
            Some("FAILFAST") => Ok(true),
            Some(mode) => Err(SparkError::analysis("PARSE_MODE_UNSUPPORTED")
                .param("funcName", format!("`{function}`"))
                .param("mode", mode)),
        }
    }
}

/// The schema argument: DDL, JSON, or the result of `schema_of_…`.
pub(super) fn schema_argument(ctx: &CallContext<'_>, arg: &TypedExpr) -> SparkResult<DataType> {
    let not_text = || {
        SparkError::analysis("INVALID_SCHEMA.NON_STRING_LITERAL")
            .param("inputSchema", format!("\"{}\"", ctx.text.argument(1)))
    };
    match crate::fold(arg)? {
        Some(ScalarValue::Utf8(Some(text))) => parse_schema(&text),
        Some(_) if arg.data_type.is_string() => Err(unexpected_type(ctx, 1, "\"STRING\"", &arg.data_type)),
        _ => Err(not_text()),
    }
}

/// The type with everything nullable, as parsers make their schemas.
pub(super) fn nullable_all(t: DataType) -> DataType {
    match t {
        DataType::Struct(fields) => DataType::Struct(StructType {
            fields: fields
                .fields
                .into_iter()
                .map(|f| StructField { data_type: nullable_all(f.data_type), nullable: true, ..f })
                .collect(),
        }),
        DataType::Array { element, .. } => DataType::array(nullable_all(*element)),
        DataType::Map { key, value, .. } => DataType::map(*key, nullable_all(*value)),
        other => other,
    }
}

/// `MALFORMED_RECORD_IN_PARSING` of the mode `FAILFAST`.
pub(super) fn malformed_record(record: &str) -> SparkError {
    SparkError::new(kindling_common::ExceptionClass::Spark, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
        .param("badRecord", record)
        .param("failFastMode", "FAILFAST")
}

/// How dates and times in texts are read.
#[derive(Clone)]
pub(crate) struct TimeReader {
    pub zone: SessionTimeZone,
    pub now: i64,
    timestamp: Option<Pattern>,
    timestamp_ntz: Option<Pattern>,
    date: Option<Pattern>,
}

impl TimeReader {
    /// The session's, with the patterns of the options.
    pub fn new(ctx: &CallContext<'_>, options: &Options) -> SparkResult<TimeReader> {
        let pattern = |name: &str| options.get(name).map(|p| Pattern::new(p, true)).transpose();
        Ok(TimeReader {
            zone: match options.get("timezone") {
                Some(id) => SessionTimeZone::parse(id)?,
                None => *ctx.time_zone(),
            },
            now: ctx.conf.query_start_micros,
            timestamp: pattern("timestampformat")?,
            timestamp_ntz: pattern("timestampntzformat")?,
            date: pattern("dateformat")?,
        })
    }

    /// Days of a date.
    pub fn date(&self, text: &str) -> Option<i32> {
        match &self.date {
            Some(pattern) => Some(split_micros(pattern.parse(text)?.local).0),
            None => parse::parse_date(text),
        }
    }

    /// Microseconds of a timestamp.
    pub fn timestamp(&self, text: &str) -> Option<i64> {
        match &self.timestamp {
            Some(pattern) => {
                let parsed = pattern.parse(text)?;
                Some(parsed.zone.unwrap_or(self.zone).to_utc(parsed.local))
            }
            None => parse::parse_timestamp(text, &self.zone, self.now),
        }
    }

    /// Microseconds of a timestamp without zone.
    pub fn timestamp_ntz(&self, text: &str) -> Option<i64> {
        match &self.timestamp_ntz {
            Some(pattern) => Some(pattern.parse(text)?.local),
            None => parse::parse_timestamp_ntz(text, true),
        }
    }
}

/// How dates and times are written into texts.
#[derive(Clone)]
pub(super) struct TimeWriter {
    pub zone: SessionTimeZone,
    timestamp: Pattern,
    timestamp_ntz: Pattern,
    date: Pattern,
}

impl TimeWriter {
    /// Spark's formats, or those of the options.
    pub fn new(ctx: &CallContext<'_>, options: &Options) -> SparkResult<TimeWriter> {
        let pattern = |name: &str, default: &str| Pattern::new(options.text(name, default), false);
        Ok(TimeWriter {
            zone: match options.get("timezone") {
                Some(id) => SessionTimeZone::parse(id)?,
                None => *ctx.time_zone(),
            },
            timestamp: pattern("timestampformat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX")?,
            timestamp_ntz: pattern("timestampntzformat", "yyyy-MM-dd'T'HH:mm:ss.SSS")?,
            date: pattern("dateformat", "yyyy-MM-dd")?,
        })
    }

    pub fn date(&self, days: i32) -> SparkResult<String> {
        let local = i64::from(days) * crate::datetime::MICROS_PER_DAY;
        self.date.format(local, local, None)
    }

    pub fn timestamp(&self, micros: i64) -> SparkResult<String> {
        self.timestamp.format(self.zone.to_local(micros), micros, Some(&self.zone))
    }

    pub fn timestamp_ntz(&self, micros: i64) -> SparkResult<String> {
        self.timestamp_ntz.format(micros, micros, None)
    }
}

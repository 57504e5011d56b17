//! The schema of JSON records (Spark's `JsonInferSchema`).

use std::{collections::BTreeMap, sync::Arc};

use datafusion::physical_plan::metrics::Count;
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{DataType, StructField, StructType};

use super::{
    options::JsonOptions,
    parser::{Node, parse},
    reader::Records,
};
use crate::{
    FileStatus, FileSystem,
    csv::ParseMode,
    input::InputFile,
    split::FileSplit,
    value::{parse_decimal, parse_integer, parse_timestamp, parse_timestamp_parts},
};

/// What a value may be. Structs keep their fields by name, which is Spark's order too.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Null,
    Boolean,
    Long,
    Double,
    Decimal(u8, i8),
    String,
    Timestamp,
    TimestampNtz,
    Array(Box<Kind>),
    Struct(BTreeMap<String, Kind>),
}

/// The schema of files; without any record it is empty.
pub(crate) fn infer(
    fs: &Arc<dyn FileSystem>,
    files: &[FileStatus],
    options: &JsonOptions,
) -> SparkResult<Option<StructType>> {
    let mut root = Kind::Struct(BTreeMap::new());
    let mut duplicate = None;
    let mut seen = 0u64;
    for file in files {
        let split = FileSplit {
            path: file.path.clone(),
            start: 0,
            length: file.len,
            file_size: file.len,
            modification_time: file.modification_time,
            partition_values: Arc::new(vec![]),
        };
        let input = InputFile { fs: Arc::clone(fs), path: file.path.clone(), bytes_scanned: Count::new() };
        let mut records = Records::open(input, options, &split)?;
        let mut ranges = vec![];
        loop {
            records.next(&mut ranges, 4096)?;
            if ranges.is_empty() {
                break;
            }
            for (start, end) in &ranges {
                seen += 1;
                if options.sampling_ratio < 1.0 && !sampled(seen, options.sampling_ratio) {
                    continue;
                }
                let text = &records.buffer()[*start as usize..*end as usize];
                let found = match parse(text, options.syntax) {
                    Ok(None) => continue,
                    Ok(Some(node)) => kind_of(&node, options, &mut duplicate),
                    Err(_) => match options.mode {
                        ParseMode::Permissive => {
                            Kind::Struct(BTreeMap::from([(options.corrupt_column.clone(), Kind::String)]))
                        }
                        ParseMode::DropMalformed => continue,
                        ParseMode::FailFast => return Err(fail_fast(options)),
                    },
                };
                root = merge_roots(root, found, options)?;
            }
        }
    }
    if let Some(name) = duplicate {
        return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
            .param("columnName", kindling_spec::quote_identifier(&name.to_lowercase())));
    }
    let schema = match canonical(root, options) {
        Some(DataType::Struct(schema)) => schema,
        _ => StructType::default(),
    };
    Ok(Some(schema))
}

fn fail_fast(options: &JsonOptions) -> SparkError {
    SparkError::new(ExceptionClass::Spark, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
        .param("badRecord", &options.corrupt_column)
        .param("failFastMode", "FAILFAST")
}

/// Whether a record is in the sample: a fixed choice, so that a read infers the same schema every time.
fn sampled(row: u64, ratio: f64) -> bool {
    let hash = row.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((hash >> 11) as f64 / (1u64 << 53) as f64) < ratio
}

fn kind_of(node: &Node<'_>, options: &JsonOptions, duplicate: &mut Option<String>) -> Kind {
    match node {
        Node::Null => Kind::Null,
        // Writers that do not tell empty from none are common.
        Node::String(text) if text.is_empty() => Kind::Null,
        Node::String(text) => string_kind(text, options),
        Node::Boolean(_) => {
            if options.primitives_as_string {
                Kind::String
            } else {
                Kind::Boolean
            }
        }
        Node::Integer(_) | Node::Float(_) | Node::NonNumeric(..) if options.primitives_as_string => Kind::String,
        Node::Integer(text) if parse_integer(text).is_some() => Kind::Long,
        Node::Integer(text) => decimal_kind(text).unwrap_or(Kind::Double),
        Node::Float(text) if options.prefers_decimal => decimal_kind(text).unwrap_or(Kind::Double),
        Node::Float(_) | Node::NonNumeric(..) => Kind::Double,
        Node::Array(values, _) => {
            let element = values.iter().fold(Kind::Null, |kind, value| merge(kind, kind_of(value, options, duplicate)));
            Kind::Array(Box::new(element))
        }
        Node::Object(fields, _) => {
            let mut out = BTreeMap::new();
            for (name, value) in fields {
                let kind = kind_of(value, options, duplicate);
                if out.insert(name.to_string(), kind).is_some() {
                    duplicate.get_or_insert_with(|| name.to_string());
                }
            }
            Kind::Struct(out)
        }
    }
}

fn string_kind(text: &str, options: &JsonOptions) -> Kind {
    if options.prefers_decimal
        && let Some(kind) = decimal_kind(text.as_bytes())
    {
        return kind;
    }
    if options.infer_timestamp {
        let ntz = options.infer_ntz
            && match &options.timestamp_ntz_format {
                Some(pattern) => pattern.parse_parts(text).is_some_and(|(_, zone)| zone.is_none()),
                None => parse_timestamp_parts(text.as_bytes()).is_some_and(|(_, zone)| zone.is_none()),
            };
        if ntz {
            return Kind::TimestampNtz;
        }
        let parses = match &options.timestamp_format {
            Some(pattern) => pattern.parse_timestamp(text, &options.zone).is_some(),
            None => parse_timestamp(text.as_bytes(), &options.zone).is_some(),
        };
        if parses {
            return Kind::Timestamp;
        }
    }
    Kind::String
}

fn decimal_kind(text: &[u8]) -> Option<Kind> {
    let (_, precision, scale) = parse_decimal(text)?;
    let precision = precision.max(u32::try_from(scale).ok()?);
    (precision <= 38).then_some(Kind::Decimal(precision as u8, scale as i8))
}

/// `compatibleRootType`: a document is an object or an array of objects; anything else is a malformed record.
fn merge_roots(root: Kind, found: Kind, options: &JsonOptions) -> SparkResult<Kind> {
    Ok(match (root, found) {
        (root, Kind::Array(element)) => merge_roots(root, *element, options)?,
        (root @ Kind::Struct(_), found @ Kind::Struct(_)) => merge(root, found),
        (Kind::Struct(mut fields), other) => {
            match options.mode {
                ParseMode::Permissive if other != Kind::Null => {
                    fields.entry(options.corrupt_column.clone()).or_insert(Kind::String);
                }
                ParseMode::FailFast if other != Kind::Null => return Err(fail_fast(options)),
                _ => {}
            }
            Kind::Struct(fields)
        }
        (root, _) => root,
    })
}

/// `compatibleType`.
fn merge(a: Kind, b: Kind) -> Kind {
    match (a, b) {
        (a, b) if a == b => a,
        (Kind::Null, other) | (other, Kind::Null) => other,
        (Kind::Double, Kind::Long | Kind::Decimal(..)) | (Kind::Long | Kind::Decimal(..), Kind::Double) => Kind::Double,
        (Kind::Long, Kind::Decimal(p, s)) | (Kind::Decimal(p, s), Kind::Long) => wider((20, 0), (p, s)),
        (Kind::Decimal(p, s), Kind::Decimal(q, t)) => wider((p, s), (q, t)),
        (Kind::Timestamp, Kind::TimestampNtz) | (Kind::TimestampNtz, Kind::Timestamp) => Kind::Timestamp,
        (Kind::Array(a), Kind::Array(b)) => Kind::Array(Box::new(merge(*a, *b))),
        (Kind::Struct(mut a), Kind::Struct(b)) => {
            for (name, kind) in b {
                let merged = match a.remove(&name) {
                    Some(other) => merge(other, kind),
                    None => kind,
                };
                a.insert(name, merged);
            }
            Kind::Struct(a)
        }
        _ => Kind::String,
    }
}

fn wider((p, s): (u8, i8), (q, t): (u8, i8)) -> Kind {
    let scale = s.max(t);
    let range = (i16::from(p) - i16::from(s)).max(i16::from(q) - i16::from(t));
    let precision = range + i16::from(scale);
    if precision > 38 { Kind::Double } else { Kind::Decimal(precision as u8, scale) }
}

/// `canonicalizeType`: what stayed null is a string, what stayed an empty struct is dropped.
fn canonical(kind: Kind, options: &JsonOptions) -> Option<DataType> {
    Some(match kind {
        Kind::Null if options.drop_all_null => return None,
        Kind::Null | Kind::String => DataType::String,
        Kind::Boolean => DataType::Boolean,
        Kind::Long => DataType::Long,
        Kind::Double => DataType::Double,
        Kind::Decimal(precision, scale) => DataType::Decimal { precision, scale },
        Kind::Timestamp => DataType::Timestamp,
        Kind::TimestampNtz => DataType::TimestampNtz,
        Kind::Array(element) => DataType::array(canonical(*element, options)?),
        Kind::Struct(fields) => {
            let fields: Vec<StructField> = fields
                .into_iter()
                .filter(|(name, _)| !name.is_empty())
                .filter_map(|(name, kind)| Some(StructField::new(name, canonical(kind, options)?, true)))
                .collect();
            if fields.is_empty() {
                return None;
            }
            DataType::Struct(StructType { fields })
        }
    })
}

//! The schema of CSV files: names from the header, types from every row (Spark's `CSVInferSchema`).

use std::sync::Arc;

use datafusion::physical_plan::metrics::Count;
use kindling_common::SparkResult;
use kindling_spec::{DataType, StructField, StructType};

use super::{
    convert::special,
    options::CsvOptions,
    reader::{is_skipped, record_texts},
    tokenizer::{End, Token, Tokenizer},
};
use crate::{
    FileStatus, FileSystem,
    input::{CHUNK, ChunkReader, InputFile},
    lines::{LineReader, check_length},
    split::FileSplit,
    value::{
        parse_boolean, parse_date, parse_decimal, parse_double, parse_integer, parse_timestamp, parse_timestamp_parts,
    },
};

/// What a column may still be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Integer,
    Long,
    Decimal(u8),
    Double,
    Date,
    TimestampNtz,
    Timestamp,
    Boolean,
    String,
}

/// The schema of files; without any row it is empty.
pub(crate) fn infer(
    fs: &Arc<dyn FileSystem>,
    files: &[FileStatus],
    options: &CsvOptions,
) -> SparkResult<Option<StructType>> {
    let mut inference = Inference::new(options);
    for file in files {
        if options.multi_line {
            inference.read_records(fs, file)?;
        } else {
            inference.read_lines(fs, file)?;
        }
        if inference.is_decided() {
            break;
        }
    }
    Ok(Some(inference.finish()))
}

struct Inference<'a> {
    options: &'a CsvOptions,
    /// The first line or record, and its fields.
    first: Vec<u8>,
    names: Option<Vec<String>>,
    kinds: Vec<Kind>,
    dates_are_timestamps: bool,
    seen: u64,
    tokens: Vec<Token>,
    side: Vec<u8>,
}

impl<'a> Inference<'a> {
    fn new(options: &'a CsvOptions) -> Inference<'a> {
        Inference {
            options,
            first: vec![],
            names: None,
            kinds: vec![],
            dates_are_timestamps: dates_are_timestamps(options),
            seen: 0,
            tokens: vec![],
            side: vec![],
        }
    }

    /// Whether more rows cannot change the result.
    fn is_decided(&self) -> bool {
        self.names.is_some() && (!self.options.infer_schema || self.kinds.iter().all(|kind| *kind == Kind::String))
    }

    fn read_lines(&mut self, fs: &Arc<dyn FileSystem>, file: &FileStatus) -> SparkResult<()> {
        let split = FileSplit {
            path: file.path.clone(),
            start: 0,
            length: file.len,
            file_size: file.len,
            modification_time: file.modification_time,
            partition_values: Arc::new(vec![]),
        };
        let input = InputFile { fs: Arc::clone(fs), path: file.path.clone(), bytes_scanned: Count::new() };
        let separator = self.options.line_separator.as_deref();
        let mut reader = LineReader::open(input, &split, self.options.encoding, separator)?;
        let tokenizer = Tokenizer::new(self.options, false);
        let mut lines = vec![];
        loop {
            reader.next(&mut lines, 8192)?;
            if lines.is_empty() || self.is_decided() {
                return Ok(());
            }
            for (start, end) in &lines {
                let line = &reader.buffer()[*start as usize..*end as usize];
                if is_skipped(line, self.options) {
                    continue;
                }
                if self.names.is_none() {
                    self.start(line)?;
                    if self.options.header {
                        continue;
                    }
                } else if self.options.header && line == self.first.as_slice() {
                    // Every file repeats the header; Spark drops each line that equals it.
                    continue;
                }
                if !self.options.infer_schema {
                    return Ok(());
                }
                let mut tokens = std::mem::take(&mut self.tokens);
                if !tokenizer.plain_line(line, 0, &mut tokens, None) {
                    self.side.clear();
                    let _ = tokenizer.record(line, 0, true, &mut tokens, &mut self.side);
                }
                self.row(line, &tokens);
                self.tokens = tokens;
            }
        }
    }

    fn read_records(&mut self, fs: &Arc<dyn FileSystem>, file: &FileStatus) -> SparkResult<()> {
        let input = InputFile { fs: Arc::clone(fs), path: file.path.clone(), bytes_scanned: Count::new() };
        let mut reader = ChunkReader::open(input, 0, self.options.encoding)?;
        let (mut buffer, mut at, mut complete, mut in_header) = (vec![], 0, false, self.options.header);
        let tokenizer = Tokenizer::new(self.options, true);
        loop {
            let mut tokens = std::mem::take(&mut self.tokens);
            self.side.clear();
            let end = if at >= buffer.len() {
                End::NeedMore
            } else {
                tokenizer.record(&buffer, at, complete, &mut tokens, &mut self.side).unwrap_or(End::NeedMore)
            };
            match end {
                End::NeedMore if complete => return Ok(()),
                End::NeedMore => {
                    buffer.drain(..at);
                    at = 0;
                    let fresh = buffer.is_empty() && self.seen == 0;
                    let more = CHUNK.max(buffer.len());
                    check_length(buffer.len() + more, reader.path())?;
                    complete = reader.read(&mut buffer, more)? == 0;
                    if fresh && buffer.starts_with(b"\xef\xbb\xbf") {
                        at = 3;
                    }
                }
                End::At(next) => {
                    let record = buffer[at..next].to_vec();
                    let blank = record.iter().all(|byte| matches!(byte, b'\n' | b'\r'));
                    if !blank && (self.options.comment != record.first().copied() || self.options.comment.is_none()) {
                        if self.names.is_none() {
                            self.start(&record)?;
                        }
                        if std::mem::take(&mut in_header) {
                            // A file's first record is its header.
                        } else if self.options.infer_schema {
                            self.row(&buffer, &tokens);
                        } else {
                            return Ok(());
                        }
                    }
                    at = next;
                }
            }
            self.tokens = tokens;
        }
    }

    fn start(&mut self, line: &[u8]) -> SparkResult<()> {
        self.first = line.to_vec();
        let names = safe_header(&record_texts(line, self.options)?, self.options);
        self.kinds = vec![if self.options.infer_schema { Kind::Null } else { Kind::String }; names.len()];
        self.names = Some(names);
        Ok(())
    }

    fn row(&mut self, input: &[u8], tokens: &[Token]) {
        self.seen += 1;
        if self.options.sampling_ratio < 1.0 && !sampled(self.seen, self.options.sampling_ratio) {
            return;
        }
        for (i, token) in tokens.iter().enumerate().take(self.kinds.len()) {
            let kind = self.kinds[i];
            let text = match *token {
                _ if kind == Kind::String => continue,
                Token::Null => continue,
                Token::Empty => self.options.empty_value.as_bytes(),
                Token::Input(start, end) => &input[start as usize..end as usize],
                Token::Side(start, end) => &self.side[start as usize..end as usize],
            };
            if text.is_empty() || text == self.options.null_value.as_bytes() {
                continue;
            }
            self.kinds[i] = self.narrow(kind, text);
        }
    }

    #[inline]
    fn narrow(&self, kind: Kind, text: &[u8]) -> Kind {
        let options = self.options;
        let found = match kind {
            Kind::Null | Kind::Integer => try_integer(options, text),
            Kind::Long => try_long(options, text),
            Kind::Decimal(_) => try_decimal(options, text),
            Kind::Double => try_double(options, text),
            Kind::Date => try_date(options, text),
            Kind::TimestampNtz => try_ntz(options, text),
            Kind::Timestamp => try_timestamp(options, text),
            Kind::Boolean => try_boolean(text),
            Kind::String => Kind::String,
        };
        if kind == found { kind } else { self.merge(kind, found) }
    }

    fn merge(&self, a: Kind, b: Kind) -> Kind {
        use Kind::{Date, Decimal, Double, Integer, Long, Null, Timestamp, TimestampNtz};
        match (a, b) {
            (a, b) if a == b => a,
            (Null, other) | (other, Null) => other,
            (Integer, Long) | (Long, Integer) => Long,
            (Integer | Long | Decimal(_), Double) | (Double, Integer | Long | Decimal(_)) => Double,
            (Integer, Decimal(p)) | (Decimal(p), Integer) => Decimal(p.max(10)),
            (Long, Decimal(p)) | (Decimal(p), Long) => Decimal(p.max(20)),
            (Decimal(p), Decimal(q)) => Decimal(p.max(q)),
            (Date, time @ (Timestamp | TimestampNtz)) | (time @ (Timestamp | TimestampNtz), Date)
                if self.dates_are_timestamps =>
            {
                time
            }
            (Timestamp, TimestampNtz) | (TimestampNtz, Timestamp) => Timestamp,
            _ => Kind::String,
        }
    }

    fn finish(self) -> StructType {
        let names = self.names.unwrap_or_default();
        let fields = names.into_iter().zip(self.kinds).map(|(name, kind)| {
            let data_type = match kind {
                Kind::Null | Kind::String => DataType::String,
                Kind::Integer => DataType::Integer,
                Kind::Long => DataType::Long,
                Kind::Decimal(precision) => DataType::Decimal { precision, scale: 0 },
                Kind::Double => DataType::Double,
                Kind::Date => DataType::Date,
                Kind::TimestampNtz => DataType::TimestampNtz,
                Kind::Timestamp => DataType::Timestamp,
                Kind::Boolean => DataType::Boolean,
            };
            StructField::new(name, data_type, true)
        });
        StructType { fields: fields.collect() }
    }
}

/// Whether the date pattern's texts are timestamps too, so that a column of both is one of timestamps.
fn dates_are_timestamps(options: &CsvOptions) -> bool {
    options.timestamp_format.is_none()
        && match &options.date_format {
            None => true,
            Some(pattern) => {
                parse_timestamp(pattern.format_local(1_704_240_000_000_000).as_bytes(), &options.zone).is_some()
            }
        }
}

/// Whether a row is in the sample: a fixed choice, so that a read infers the same schema every time.
fn sampled(row: u64, ratio: f64) -> bool {
    let hash = row.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((hash >> 11) as f64 / (1u64 << 53) as f64) < ratio
}

fn try_integer(options: &CsvOptions, text: &[u8]) -> Kind {
    match parse_integer(text) {
        Some(value) if i32::try_from(value).is_ok() => Kind::Integer,
        Some(_) => Kind::Long,
        None => try_decimal(options, text),
    }
}

fn try_long(options: &CsvOptions, text: &[u8]) -> Kind {
    if parse_integer(text).is_some() { Kind::Long } else { try_decimal(options, text) }
}

/// Only whole numbers become decimals; others are doubles.
fn try_decimal(options: &CsvOptions, text: &[u8]) -> Kind {
    if text.contains(&b'.') {
        return try_double(options, text);
    }
    match parse_decimal(text) {
        Some((_, precision, 0)) if precision <= 38 => Kind::Decimal(precision as u8),
        _ => try_double(options, text),
    }
}

fn try_double(options: &CsvOptions, text: &[u8]) -> Kind {
    if parse_double(text).is_some() || special(options, text).is_some() {
        Kind::Double
    } else if options.prefer_date {
        try_date(options, text)
    } else {
        try_ntz(options, text)
    }
}

/// Unlike a cast, inference takes a date in full only.
fn try_date(options: &CsvOptions, text: &[u8]) -> Kind {
    let is_date = match &options.date_format {
        Some(pattern) => std::str::from_utf8(text).is_ok_and(|text| pattern.parse_date(text).is_some()),
        None => text.len() == 10 && text[4] == b'-' && text[7] == b'-' && parse_date(text).is_some(),
    };
    if is_date { Kind::Date } else { try_ntz(options, text) }
}

/// With `spark.sql.timestampType` NTZ, a timestamp that names no zone.
fn try_ntz(options: &CsvOptions, text: &[u8]) -> Kind {
    let parses = options.infer_ntz
        && match &options.timestamp_ntz_format {
            Some(pattern) => std::str::from_utf8(text)
                .is_ok_and(|text| pattern.parse_parts(text).is_some_and(|(_, zone)| zone.is_none())),
            None => parse_timestamp_parts(text).is_some_and(|(_, zone)| zone.is_none()),
        };
    if parses { Kind::TimestampNtz } else { try_timestamp(options, text) }
}

fn try_timestamp(options: &CsvOptions, text: &[u8]) -> Kind {
    let parses = match &options.timestamp_format {
        Some(pattern) => {
            std::str::from_utf8(text).is_ok_and(|text| pattern.parse_timestamp(text, &options.zone).is_some())
        }
        None => parse_timestamp(text, &options.zone).is_some(),
    };
    if parses { Kind::Timestamp } else { try_boolean(text) }
}

fn try_boolean(text: &[u8]) -> Kind {
    if parse_boolean(text).is_some() { Kind::Boolean } else { Kind::String }
}

/// `CSVUtils.makeSafeHeader`.
fn safe_header(row: &[Option<String>], options: &CsvOptions) -> Vec<String> {
    let fold = |name: &str| if options.case_sensitive { name.to_string() } else { name.to_lowercase() };
    let folded: Vec<Option<String>> = row.iter().map(|name| name.as_deref().map(fold)).collect();
    row.iter()
        .zip(&folded)
        .enumerate()
        .map(|(i, (name, key))| match name {
            Some(name) if options.header && !name.is_empty() && *name != options.null_value => {
                let repeated = folded.iter().filter(|other| *other == key).count() > 1;
                if repeated { format!("{name}{i}") } else { name.clone() }
            }
            _ => format!("_c{i}"),
        })
        .collect()
}

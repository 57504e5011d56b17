//! Rows of one split of a CSV file.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray},
    compute::filter_record_batch,
    datatypes::SchemaRef,
    util::display::array_value_to_string,
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{
    convert::Fields,
    options::{CsvOptions, ParseMode},
    tokenizer::{End, Failure, Token, Tokenizer},
};
use crate::{
    FilePath,
    format::ReadContext,
    input::{CHUNK, ChunkReader, InputFile, failed_read},
    lines::{LineReader, check_length},
    partitioning::same_name,
    split::FileSplit,
};

/// One wanted column.
struct Column {
    /// Its place in a record; `None` for the column of malformed records.
    field: Option<usize>,
    data_type: DataType,
}

/// Rows of one split.
pub(crate) struct CsvReader {
    options: Arc<CsvOptions>,
    path: FilePath,
    output: SchemaRef,
    columns: Vec<Column>,
    /// Names of the fields of a record, to check a header against.
    names: Vec<String>,
    /// Fields that a record must have, where Spark counts them.
    expected: Option<usize>,
    /// Fields that a record is read for, where nothing counts them.
    wanted: Option<usize>,
    keep_text: bool,
    batch_size: usize,
    header_pending: bool,
    source: Source,
    block: Block,
}

enum Source {
    Lines(Box<LineReader>),
    Records(RecordBuffer),
}

/// Records of a `multiLine` file, and what was read ahead.
struct RecordBuffer {
    reader: ChunkReader,
    buffer: Vec<u8>,
    at: usize,
    complete: bool,
}

/// Records on their way into columns.
#[derive(Default)]
struct Block {
    rows: usize,
    /// Fields of each wanted column.
    tokens: Vec<Vec<Token>>,
    side: Vec<u8>,
    bad: Vec<bool>,
    /// Each record's text, where it may be needed.
    text: Vec<(u32, u32)>,
    record: Vec<Token>,
    lines: Vec<(u32, u32)>,
}

impl Block {
    fn clear(&mut self, columns: usize) {
        self.rows = 0;
        self.tokens.resize_with(columns, Vec::new);
        self.tokens.iter_mut().for_each(Vec::clear);
        self.side.clear();
        self.bad.clear();
        self.text.clear();
    }

    #[inline]
    fn push(&mut self, columns: &[Column], expected: Option<usize>, text: Option<(u32, u32)>) {
        for (column, tokens) in columns.iter().zip(&mut self.tokens) {
            let token = column.field.and_then(|field| self.record.get(field)).copied();
            tokens.push(token.unwrap_or(Token::Null));
        }
        self.bad.push(expected.is_some_and(|expected| expected != self.record.len()));
        self.text.extend(text);
        self.rows += 1;
    }
}

impl CsvReader {
    pub(crate) fn open(context: &ReadContext, options: &Arc<CsvOptions>, split: &FileSplit) -> SparkResult<CsvReader> {
        let file = InputFile {
            fs: Arc::clone(&context.fs),
            path: split.path.clone(),
            bytes_scanned: context.bytes_scanned.clone(),
        };
        let corrupt = options.corrupt_index(&context.data_schema);
        let field_of = |index: usize| match corrupt {
            Some(corrupt) if corrupt == index => None,
            Some(corrupt) if corrupt < index => Some(index - 1),
            _ => Some(index),
        };
        let schema = &context.data_schema.fields;
        let columns: Vec<Column> = context
            .required
            .iter()
            .map(|index| Column { field: field_of(*index), data_type: schema[*index].data_type.clone() })
            .collect();
        let names: Vec<String> = schema
            .iter()
            .enumerate()
            .filter(|(index, _)| Some(*index) != corrupt)
            .map(|(_, field)| field.name.clone())
            .collect();
        let wants_corrupt = columns.iter().any(|column| column.field.is_none());
        // With some columns pruned, univocity returns just those it was asked for: nothing to count.
        let counts = wants_corrupt
            || !options.column_pruning
            || columns.iter().filter(|column| column.field.is_some()).count() == names.len();
        let source = if options.multi_line {
            let mut buffer = vec![];
            let mut reader = ChunkReader::open(file, 0, options.encoding)?;
            let complete = reader.read(&mut buffer, CHUNK)? == 0;
            let at = if buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            Source::Records(RecordBuffer { reader, buffer, at, complete })
        } else {
            let separator = options.line_separator.as_deref();
            Source::Lines(Box::new(LineReader::open(file, split, options.encoding, separator)?))
        };
        Ok(CsvReader {
            expected: counts.then_some(names.len()),
            wanted: (!counts)
                .then(|| columns.iter().filter_map(|column| column.field).max().map_or(0, |last| last + 1)),
            keep_text: wants_corrupt,
            header_pending: options.header && split.start == 0,
            options: Arc::clone(options),
            path: split.path.clone(),
            output: Arc::clone(&context.output),
            columns,
            names,
            batch_size: context.batch_size,
            source,
            block: Block::default(),
        })
    }

    fn next_batch(&mut self) -> SparkResult<Option<RecordBatch>> {
        loop {
            self.block.clear(self.columns.len());
            let more = if self.options.multi_line { self.read_records()? } else { self.read_lines()? };
            if self.block.rows > 0 {
                let batch = self.convert()?;
                if batch.num_rows() > 0 || !more {
                    return Ok((batch.num_rows() > 0).then_some(batch));
                }
            } else if !more {
                return Ok(None);
            }
        }
    }

    /// Whether rows can be counted without looking into them.
    fn only_counts(&self) -> bool {
        self.columns.is_empty() && self.options.column_pruning
    }

    fn read_lines(&mut self) -> SparkResult<bool> {
        let only_counts = self.only_counts();
        let Source::Lines(reader) = &mut self.source else { return Ok(false) };
        let block = &mut self.block;
        reader.next(&mut block.lines, self.batch_size)?;
        let input = reader.buffer();
        let tokenizer = Tokenizer::new(&self.options, false);
        let lines = std::mem::take(&mut block.lines);
        for (start, end) in &lines {
            let line = &input[*start as usize..*end as usize];
            if is_skipped(line, &self.options) {
                continue;
            }
            if self.header_pending {
                self.header_pending = false;
                if !self.options.enforce_schema {
                    check_header(line, &self.options, &self.names, &self.path)?;
                }
                continue;
            }
            if only_counts {
                block.rows += 1;
                continue;
            }
            if !tokenizer.plain_line(line, *start, &mut block.record, self.wanted) {
                let input = &input[..*end as usize];
                tokenizer
                    .record(input, *start as usize, true, &mut block.record, &mut block.side)
                    .map_err(|failure| malformed(&self.path, failure, line))?;
            }
            block.push(&self.columns, self.expected, self.keep_text.then_some((*start, *end)));
        }
        let more = !lines.is_empty();
        block.lines = lines;
        Ok(more)
    }

    fn read_records(&mut self) -> SparkResult<bool> {
        let only_counts = self.only_counts();
        let Source::Records(source) = &mut self.source else { return Ok(false) };
        let block = &mut self.block;
        let tokenizer = Tokenizer::new(&self.options, true);
        source.buffer.drain(..source.at);
        source.at = 0;
        while block.rows < self.batch_size {
            if source.at >= source.buffer.len() && source.complete {
                return Ok(false);
            }
            let side = block.side.len();
            let end = if source.at >= source.buffer.len() {
                End::NeedMore
            } else {
                let input = &source.buffer;
                // univocity skips empty lines and comments.
                if matches!(input[source.at], b'\n' | b'\r') {
                    source.at += 1;
                    continue;
                }
                if self.options.comment == Some(input[source.at]) {
                    match memchr::memchr2(b'\n', b'\r', &input[source.at..]) {
                        Some(line) => {
                            source.at += line + 1;
                            continue;
                        }
                        None if source.complete => return Ok(false),
                        None => End::NeedMore,
                    }
                } else {
                    tokenizer
                        .record(input, source.at, source.complete, &mut block.record, &mut block.side)
                        .map_err(|failure| malformed(&self.path, failure, b""))?
                }
            };
            match end {
                End::NeedMore => {
                    block.side.truncate(side);
                    let more = CHUNK.max(source.buffer.len());
                    check_length(source.buffer.len() + more, &self.path)?;
                    source.complete = source.reader.read(&mut source.buffer, more)? == 0;
                }
                End::At(next) => {
                    let record = (source.at as u32, next as u32);
                    source.at = next;
                    if self.header_pending {
                        self.header_pending = false;
                        if !self.options.enforce_schema {
                            let line = &source.buffer[record.0 as usize..record.1 as usize];
                            check_header(line, &self.options, &self.names, &self.path)?;
                        }
                        continue;
                    }
                    if only_counts {
                        block.rows += 1;
                    } else {
                        block.push(&self.columns, self.expected, self.keep_text.then_some(record));
                    }
                }
            }
        }
        Ok(true)
    }

    fn convert(&mut self) -> SparkResult<RecordBatch> {
        let rows = self.block.rows;
        let input = match &self.source {
            Source::Lines(reader) => reader.buffer(),
            Source::Records(source) => &source.buffer,
        };
        let mut bad = std::mem::take(&mut self.block.bad);
        let mut arrays: Vec<Option<ArrayRef>> = vec![];
        for (column, tokens) in self.columns.iter().zip(&self.block.tokens) {
            let fields = Fields { tokens, input, side: &self.block.side, options: &self.options };
            arrays.push(match column.field {
                Some(_) => Some(fields.convert(&column.data_type, &mut bad)?),
                None => None,
            });
        }
        let any_bad = bad.iter().any(|bad| *bad);
        let arrays = arrays.into_iter().map(|array| {
            array.unwrap_or_else(|| {
                // Filled in last: only now is it known which records are malformed.
                let texts = self.block.text.iter().zip(&bad).map(|((start, end), bad)| {
                    let text = trim_line_end(&input[*start as usize..*end as usize]);
                    bad.then(|| String::from_utf8_lossy(text))
                });
                Arc::new(StringArray::from_iter(texts)) as ArrayRef
            })
        });
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.output), arrays.collect(), &options)
            .map_err(|error| SparkError::internal(error.to_string()))?;
        let result = match self.options.mode {
            ParseMode::DropMalformed if any_bad => {
                let keep = BooleanArray::from_iter(bad.iter().map(|bad| Some(!bad)));
                filter_record_batch(&batch, &keep).map_err(|error| SparkError::internal(error.to_string()))
            }
            ParseMode::FailFast if any_bad => {
                let row = bad.iter().position(|bad| *bad).unwrap_or(0);
                Err(fail_fast(&self.path, &batch, row))
            }
            _ => Ok(batch),
        };
        bad.clear();
        self.block.bad = bad;
        result
    }
}

impl Iterator for CsvReader {
    type Item = SparkResult<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

fn trim_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// Blank lines and comments (`CSVExprUtils.filterCommentAndEmpty`).
#[inline]
pub(crate) fn is_skipped(line: &[u8], options: &CsvOptions) -> bool {
    match line.first() {
        None => true,
        Some(byte) if options.comment == Some(*byte) => true,
        Some(byte) if *byte > b' ' => false,
        _ => line.iter().all(|byte| *byte <= b' '),
    }
}

/// The error that `FAILFAST` raises for a row.
pub(crate) fn fail_fast(path: &FilePath, batch: &RecordBatch, row: usize) -> SparkError {
    let values: Vec<String> =
        batch
            .columns()
            .iter()
            .map(|column| {
                if column.is_null(row) { "null".into() } else { array_value_to_string(column, row).unwrap_or_default() }
            })
            .collect();
    let cause =
        SparkError::new(kindling_common::ExceptionClass::Spark, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
            .param("badRecord", format!("[{}]", values.join(",")))
            .param("failFastMode", "FAILFAST");
    failed_read(path, cause)
}

fn malformed(path: &FilePath, failure: Failure, line: &[u8]) -> SparkError {
    let reason = match failure {
        Failure::TooManyColumns => "more columns than maxColumns allows",
        Failure::FieldTooLong => "a field longer than maxCharsPerColumn allows",
        Failure::UnescapedQuote => "an unescaped quote inside a quoted value",
    };
    let line: String = String::from_utf8_lossy(line).chars().take(200).collect();
    let cause = SparkError::runtime("MALFORMED_CSV_RECORD").param("badRecord", format!("{line} ({reason})"));
    failed_read(path, cause)
}

/// `CSVHeaderChecker`, for `enforceSchema` off.
fn check_header(line: &[u8], options: &CsvOptions, names: &[String], path: &FilePath) -> SparkResult<()> {
    let found = record_texts(line, options)?;
    let found: Vec<String> = found.into_iter().map(Option::unwrap_or_default).collect();
    let lists = || format!("Header: {}\n Schema: {}", found.join(", "), names.join(", "));
    let problem = if found.len() != names.len() {
        Some(format!(
            "Number of column in CSV header is not equal to number of fields in the schema:\n Header length: {}, \
             schema size: {}\nCSV file: file://{path}",
            found.len(),
            names.len()
        ))
    } else {
        found.iter().zip(names).find(|(found, name)| !same_name(found, name, options.case_sensitive)).map(
            |(found, name)| {
                format!(
                    "CSV header does not conform to the schema.\n {}\nExpected: {name} but found: {found}\nCSV file: \
                     file://{path}",
                    lists()
                )
            },
        )
    };
    problem.map_or(Ok(()), |problem| Err(failed_read(path, problem)))
}

/// The fields of one record as text.
pub(crate) fn record_texts(line: &[u8], options: &CsvOptions) -> SparkResult<Vec<Option<String>>> {
    let (mut tokens, mut side) = (vec![], vec![]);
    let line = trim_line_end(line);
    Tokenizer::new(options, false)
        .record(line, 0, true, &mut tokens, &mut side)
        .map_err(|_| SparkError::runtime("MALFORMED_CSV_RECORD").param("badRecord", String::from_utf8_lossy(line)))?;
    let text = |bytes: &[u8]| {
        let mut out = vec![];
        let encoding = options.encoding;
        let encoding = if encoding.is_ascii_compatible() { encoding } else { crate::input::Encoding::Utf8 };
        encoding.decode_into(bytes, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    Ok(tokens
        .into_iter()
        .map(|token| match token {
            Token::Null => None,
            Token::Empty => Some(options.empty_value.clone()),
            Token::Input(start, end) => Some(text(&line[start as usize..end as usize])),
            Token::Side(start, end) => Some(text(&side[start as usize..end as usize])),
        })
        .collect())
}

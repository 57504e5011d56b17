//! Rows of one split of a JSON file.

use std::sync::Arc;

use arrow::{
    array::{RecordBatch, RecordBatchOptions},
    datatypes::SchemaRef,
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::StructField;

use super::{
    convert::{Cell, Mismatch, build, convert},
    options::JsonOptions,
    parser::{Node, parse},
};
use crate::{
    FilePath,
    csv::{ParseMode, fail_fast},
    format::ReadContext,
    input::{CHUNK, ChunkReader, Encoding, InputFile},
    lines::LineReader,
    split::FileSplit,
};

/// Texts of records: lines, or the whole file.
pub(crate) enum Records {
    Lines(Box<LineReader>),
    Whole { bytes: Vec<u8>, done: bool },
}

impl Records {
    pub(crate) fn open(file: InputFile, options: &JsonOptions, split: &FileSplit) -> SparkResult<Records> {
        let encoding = match options.encoding {
            Some(encoding) => encoding,
            None => detect(&file)?,
        };
        if options.multi_line {
            let mut reader = ChunkReader::open(file, 0, encoding)?;
            let mut bytes = vec![];
            while reader.read(&mut bytes, CHUNK)? > 0 {}
            if bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
            return Ok(Records::Whole { bytes, done: false });
        }
        let separator = options.line_separator.as_deref();
        Ok(Records::Lines(Box::new(LineReader::open(file, split, encoding, separator)?)))
    }

    pub(crate) fn next(&mut self, ranges: &mut Vec<(u32, u32)>, most: usize) -> SparkResult<()> {
        match self {
            Records::Lines(reader) => reader.next(ranges, most),
            Records::Whole { bytes, done } => {
                ranges.clear();
                if !std::mem::replace(done, true) {
                    let end = u32::try_from(bytes.len())
                        .map_err(|_| SparkError::unsupported("multiLine JSON files of 4 GB and more"))?;
                    ranges.push((0, end));
                }
                Ok(())
            }
        }
    }

    pub(crate) fn buffer(&self) -> &[u8] {
        match self {
            Records::Lines(reader) => reader.buffer(),
            Records::Whole { bytes, .. } => bytes,
        }
    }
}

/// UTF-16 by its byte order mark.
fn detect(file: &InputFile) -> SparkResult<Encoding> {
    let mut mark = [0; 2];
    let read = file.read_into(0, &mut mark).map_err(crate::FsError::into_read_error)?;
    Ok(if read == 2 && matches!(mark, [0xff, 0xfe] | [0xfe, 0xff]) { Encoding::Utf16 } else { Encoding::Utf8 })
}

/// Rows of one split.
pub(crate) struct JsonReader {
    options: Arc<JsonOptions>,
    path: FilePath,
    output: SchemaRef,
    fields: Vec<StructField>,
    /// Which of the fields keeps malformed records.
    corrupt: Option<usize>,
    batch_size: usize,
    records: Records,
    ranges: Vec<(u32, u32)>,
}

impl JsonReader {
    pub(crate) fn open(
        context: &ReadContext,
        options: &Arc<JsonOptions>,
        split: &FileSplit,
    ) -> SparkResult<JsonReader> {
        let file = InputFile {
            fs: Arc::clone(&context.fs),
            path: split.path.clone(),
            bytes_scanned: context.bytes_scanned.clone(),
        };
        let fields: Vec<StructField> =
            context.required.iter().map(|index| context.data_schema.fields[*index].clone()).collect();
        Ok(JsonReader {
            corrupt: fields.iter().position(|field| field.name == options.corrupt_column),
            records: Records::open(file, options, split)?,
            options: Arc::clone(options),
            path: split.path.clone(),
            output: Arc::clone(&context.output),
            fields,
            batch_size: context.batch_size,
            ranges: vec![],
        })
    }

    fn next_batch(&mut self) -> SparkResult<Option<RecordBatch>> {
        loop {
            let mut ranges = std::mem::take(&mut self.ranges);
            self.records.next(&mut ranges, self.batch_size)?;
            if ranges.is_empty() {
                return Ok(None);
            }
            let mut rows = Rows { columns: vec![vec![]; self.fields.len()], count: 0 };
            for (start, end) in &ranges {
                let text = &self.records.buffer()[*start as usize..*end as usize];
                self.record(text, &mut rows)?;
            }
            self.ranges = ranges;
            if rows.count > 0 {
                return self.batch(rows).map(Some);
            }
        }
    }

    fn record(&self, text: &[u8], rows: &mut Rows) -> SparkResult<()> {
        let objects: Option<Vec<Vec<(_, Node<'_>)>>> = match parse(text, self.options.syntax) {
            Ok(None) => return Ok(()),
            Ok(Some(Node::Object(fields, _))) => Some(vec![fields]),
            // An array of objects is as many rows.
            Ok(Some(Node::Array(values, _))) => values
                .into_iter()
                .map(|value| match value {
                    Node::Object(fields, _) => Some(fields),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        let Some(objects) = objects else {
            return self.malformed(vec![Cell::Null; self.fields.len()], text, rows);
        };
        for object in objects {
            let mut cells = vec![Cell::Null; self.fields.len()];
            let mut bad = false;
            for (name, value) in &object {
                let Some(i) = self.fields.iter().position(|field| field.name == *name) else { continue };
                if self.corrupt == Some(i) {
                    continue;
                }
                match convert(value, &self.fields[i].data_type, &self.options, &mut bad) {
                    Ok(cell) => cells[i] = cell,
                    Err(Mismatch) => bad = true,
                }
            }
            if bad {
                self.malformed(cells, text, rows)?;
            } else {
                rows.push(cells);
            }
        }
        Ok(())
    }

    fn malformed(&self, mut cells: Vec<Cell>, text: &[u8], rows: &mut Rows) -> SparkResult<()> {
        match self.options.mode {
            ParseMode::DropMalformed => {}
            ParseMode::Permissive => {
                if let Some(corrupt) = self.corrupt {
                    cells[corrupt] = Cell::String(String::from_utf8_lossy(text).into_owned());
                }
                rows.push(cells);
            }
            ParseMode::FailFast => {
                let mut one = Rows { columns: vec![vec![]; self.fields.len()], count: 0 };
                one.push(cells);
                return Err(fail_fast(&self.path, &self.batch(one)?, 0));
            }
        }
        Ok(())
    }

    fn batch(&self, rows: Rows) -> SparkResult<RecordBatch> {
        let count = rows.count;
        let columns: SparkResult<Vec<_>> =
            self.fields.iter().zip(rows.columns).map(|(field, cells)| build(&field.data_type, cells)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns?, &options)
            .map_err(|error| SparkError::internal(error.to_string()))
    }
}

impl Iterator for JsonReader {
    type Item = SparkResult<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

struct Rows {
    columns: Vec<Vec<Cell>>,
    count: usize,
}

impl Rows {
    fn push(&mut self, cells: Vec<Cell>) {
        self.count += 1;
        self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
    }
}

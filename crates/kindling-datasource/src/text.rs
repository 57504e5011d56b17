//! The `text` format: one string column, a row a line or a row a file.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder},
    datatypes::SchemaRef,
};
use kindling_common::{RuntimeConfig, SparkError, SparkResult};
use kindling_spec::{DataType, StructField, StructType};

use crate::{
    FilePath, SourceOptions,
    format::ReadContext,
    input::{CHUNK, ChunkReader, Compression, Encoding, InputFile},
    lines::LineReader,
    split::FileSplit,
};

/// Options of a read of text.
#[derive(Debug)]
pub(crate) struct TextOptions {
    whole_text: bool,
    separator: Option<String>,
    encoding: Encoding,
}

impl TextOptions {
    pub(crate) fn new(options: &SourceOptions, _conf: &RuntimeConfig) -> SparkResult<TextOptions> {
        let encoding = options.get_any(&["encoding", "charset"]).unwrap_or("UTF-8");
        Ok(TextOptions {
            whole_text: options.boolean("wholetext", false)?,
            separator: options.get("lineSep").map(str::to_string),
            encoding: Encoding::parse(encoding, "TextOptions")?,
        })
    }

    pub(crate) fn schema() -> StructType {
        StructType { fields: vec![StructField::new("value", DataType::String, true)] }
    }

    pub(crate) fn splittable(&self, path: &FilePath) -> bool {
        !self.whole_text && self.encoding.is_ascii_compatible() && Compression::of(path) == Compression::None
    }
}

/// Rows of one split.
pub(crate) struct TextReader {
    options: Arc<TextOptions>,
    output: SchemaRef,
    batch_size: usize,
    source: Source,
    lines: Vec<(u32, u32)>,
}

enum Source {
    Lines(Box<LineReader>),
    Whole(Option<ChunkReader>),
}

impl TextReader {
    pub(crate) fn open(
        context: &ReadContext,
        options: &Arc<TextOptions>,
        split: &FileSplit,
    ) -> SparkResult<TextReader> {
        let file = InputFile {
            fs: Arc::clone(&context.fs),
            path: split.path.clone(),
            bytes_scanned: context.bytes_scanned.clone(),
        };
        let source = if options.whole_text {
            Source::Whole(Some(ChunkReader::open(file, 0, options.encoding)?))
        } else {
            Source::Lines(Box::new(LineReader::open(file, split, options.encoding, options.separator.as_deref())?))
        };
        Ok(TextReader {
            options: Arc::clone(options),
            output: Arc::clone(&context.output),
            batch_size: context.batch_size,
            source,
            lines: vec![],
        })
    }

    fn next_batch(&mut self) -> SparkResult<Option<RecordBatch>> {
        let mut values = StringBuilder::new();
        let mut scratch = vec![];
        let encoding = self.options.encoding;
        let mut append = |bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) if encoding == Encoding::Utf8 || !encoding.is_ascii_compatible() => values.append_value(text),
            _ => {
                scratch.clear();
                let encoding = if encoding.is_ascii_compatible() { encoding } else { Encoding::Utf8 };
                encoding.decode_into(bytes, &mut scratch);
                values.append_value(String::from_utf8_lossy(&scratch));
            }
        };
        let rows = match &mut self.source {
            Source::Whole(reader) => match reader.take() {
                None => 0,
                Some(mut reader) => {
                    let mut bytes = vec![];
                    while reader.read(&mut bytes, CHUNK)? > 0 {}
                    append(&bytes);
                    1
                }
            },
            Source::Lines(reader) => {
                reader.next(&mut self.lines, self.batch_size)?;
                for (start, end) in &self.lines {
                    append(&reader.buffer()[*start as usize..*end as usize]);
                }
                self.lines.len()
            }
        };
        if rows == 0 {
            return Ok(None);
        }
        let columns: Vec<ArrayRef> =
            if self.output.fields().is_empty() { vec![] } else { vec![Arc::new(values.finish())] };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options)
            .map(Some)
            .map_err(|error| SparkError::internal(error.to_string()))
    }
}

impl Iterator for TextReader {
    type Item = SparkResult<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

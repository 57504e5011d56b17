//! Texts as records: what `spark.read.json(df)` and `spark.read.csv(df)` read instead of files.

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    datatypes::{Field, Schema, SchemaRef},
};
use datafusion::physical_plan::metrics::Count;
use futures::{FutureExt, TryStreamExt};
use kindling_common::{RuntimeConfig, SparkError, SparkResult, to_arrow};
use kindling_spec::StructType;

use crate::{
    FileFormat, FilePath, FileSystem, InMemoryFileSystem, SourceOptions,
    error::find_spark_error,
    format::{Format, ReadContext},
    source::as_nullable,
    split::FileSplit,
};

/// Stands between two records; no text holds it.
const SEPARATOR: &str = "\u{1e}\u{1f}";

/// Reads texts as records of a format.
#[derive(Debug)]
pub struct RecordParser {
    format: Format,
    schema: Arc<StructType>,
    output: SchemaRef,
}

/// A format whose records end where our texts end.
fn format_of(format: FileFormat, options: &SourceOptions, conf: &RuntimeConfig) -> SparkResult<Format> {
    let fixed = ["linesep", "multiline", "encoding", "charset"];
    let kept = options.iter().filter(|(key, _)| !fixed.contains(key)).map(|(key, value)| (key, value.to_string()));
    let options = SourceOptions::new(kept.chain([("linesep", SEPARATOR.to_string())]));
    Format::new(format, &options, conf)
}

/// The texts as the only file of a file system.
fn file_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> SparkResult<(Arc<dyn FileSystem>, FilePath)> {
    let files: Arc<dyn FileSystem> = Arc::new(InMemoryFileSystem::default());
    let path = FilePath::root().join("records");
    let mut file = files.create(&path)?;
    for text in texts {
        file.write(text.as_bytes())?;
        file.write(SEPARATOR.as_bytes())?;
    }
    file.finish()?;
    Ok((files, path))
}

/// The schema that a format infers from texts.
pub fn infer_records<'a>(
    format: FileFormat,
    options: &SourceOptions,
    conf: &RuntimeConfig,
    texts: impl IntoIterator<Item = &'a str>,
) -> SparkResult<StructType> {
    let (files, path) = file_of(texts)?;
    let status = files.metadata(&path)?;
    let schema = format_of(format, options, conf)?.infer(&files, &[status])?;
    Ok(as_nullable(&schema.unwrap_or_default()))
}

impl RecordParser {
    /// A parser of rows of a schema. A header is no record: whoever gives the texts leaves it out.
    pub fn new(
        format: FileFormat,
        options: &SourceOptions,
        conf: &RuntimeConfig,
        schema: &StructType,
    ) -> SparkResult<RecordParser> {
        let without_header = options.iter().filter(|(key, _)| *key != "header");
        let format = format_of(format, &SourceOptions::new(without_header), conf)?;
        let schema = as_nullable(schema);
        format.check_schema(&schema)?;
        let fields = schema.fields.iter().map(|field| Field::new(&field.name, to_arrow(&field.data_type), true));
        Ok(RecordParser { output: Arc::new(Schema::new(fields.collect::<Vec<_>>())), schema: Arc::new(schema), format })
    }

    /// The rows' schema.
    pub fn schema(&self) -> &StructType {
        &self.schema
    }

    /// The rows of some texts.
    pub fn parse<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> SparkResult<Vec<RecordBatch>> {
        let (fs, path) = file_of(texts)?;
        let file = fs.metadata(&path)?;
        let context = ReadContext {
            fs,
            data_schema: Arc::clone(&self.schema),
            required: (0..self.schema.fields.len()).collect(),
            output: Arc::clone(&self.output),
            predicate: None,
            batch_size: 8192,
            bytes_scanned: Count::new(),
        };
        let split = FileSplit {
            path,
            start: 0,
            length: file.len,
            file_size: file.len,
            modification_time: 0,
            partition_values: Arc::new(vec![]),
        };
        // Nothing waits for a file in memory.
        match self.format.open(&context, &split).try_collect::<Vec<_>>().now_or_never() {
            Some(Ok(batches)) => Ok(batches),
            Some(Err(error)) => {
                Err(find_spark_error(&error).unwrap_or_else(|| SparkError::internal(error.to_string())))
            }
            None => Err(SparkError::internal("a file in memory was waited for")),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;

    use super::*;

    fn read(format: FileFormat, options: &[(&str, &str)], texts: &[&str]) -> String {
        let (options, conf) = (SourceOptions::new(options.iter().copied()), RuntimeConfig::default());
        let schema = infer_records(format, &options, &conf, texts.iter().copied()).unwrap();
        let parser = RecordParser::new(format, &options, &conf, &schema).unwrap();
        let texts = texts.iter().copied().filter(|text| *text != "a,b");
        pretty_format_batches(&parser.parse(texts).unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_text_is_a_record_whatever_lines_it_has() {
        let rows = read(FileFormat::Json, &[], &["{\"a\":\n1}", "[{\"a\": 2}, {\"b\": \"x\"}]", "{bad"]);
        assert_eq!(rows.lines().count(), 8, "{rows}");
        assert!(rows.contains("{bad"), "{rows}");
    }

    #[test]
    fn csv_infers_from_its_header() {
        let rows = read(FileFormat::Csv, &[("header", "true"), ("inferSchema", "true")], &["a,b", "1,x", "2,"]);
        assert!(rows.contains("| 1 | x |") && rows.contains("| 2 |   |"), "{rows}");
    }
}

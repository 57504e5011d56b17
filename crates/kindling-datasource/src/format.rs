//! [`Format`]: one format with its options, and the one match over formats.

use std::sync::Arc;

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use datafusion::{
    error::Result as DataFusionResult,
    physical_plan::{PhysicalExpr, metrics::Count},
};
use futures::{StreamExt, stream::BoxStream};
use kindling_common::{RuntimeConfig, SparkError, SparkResult};
use kindling_spec::{DataType, StructType};

use crate::{
    FileFormat, FilePath, FileStatus, FileSystem, SourceOptions,
    csv::{self, CsvOptions, CsvReader},
    error::external,
    json::{self, JsonOptions, JsonReader},
    parquet::{self, ParquetOptions},
    split::FileSplit,
    text::{TextOptions, TextReader},
    xml::{XmlOptions, XmlReader},
};

/// A format with its reader options.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    Csv(Arc<CsvOptions>),
    Json(Arc<JsonOptions>),
    Parquet(Arc<ParquetOptions>),
    Text(Arc<TextOptions>),
    Xml(Arc<XmlOptions>),
}

/// What every file of a scan is read with.
#[derive(Debug, Clone)]
pub(crate) struct ReadContext {
    pub fs: Arc<dyn FileSystem>,
    /// Columns that the files hold.
    pub data_schema: Arc<StructType>,
    /// Indices of those that are wanted, ascending.
    pub required: Vec<usize>,
    /// Arrow schema of the wanted columns.
    pub output: SchemaRef,
    /// Conjuncts over the data columns that a format may use to skip rows; it need not.
    pub predicate: Option<Arc<dyn PhysicalExpr>>,
    pub batch_size: usize,
    /// Bytes that came from storage.
    pub bytes_scanned: Count,
}

pub(crate) type BatchIterator = Box<dyn Iterator<Item = SparkResult<RecordBatch>> + Send>;

impl Format {
    pub(crate) fn new(format: FileFormat, options: &SourceOptions, conf: &RuntimeConfig) -> SparkResult<Format> {
        match format {
            FileFormat::Csv => Ok(Format::Csv(Arc::new(CsvOptions::new(options, conf)?))),
            FileFormat::Parquet => Ok(Format::Parquet(Arc::new(ParquetOptions::new(options, conf)?))),
            FileFormat::Text => Ok(Format::Text(Arc::new(TextOptions::new(options, conf)?))),
            FileFormat::Xml => Ok(Format::Xml(Arc::new(XmlOptions::new(options, conf)?))),
            FileFormat::Json => Ok(Format::Json(Arc::new(JsonOptions::new(options, conf)?))),
        }
    }

    /// Whether the schema is known without files.
    pub(crate) fn has_fixed_schema(&self) -> bool {
        matches!(self, Format::Text(_) | Format::Xml(_))
    }

    /// The schema of files, `None` where it cannot be told.
    pub(crate) fn infer(&self, fs: &Arc<dyn FileSystem>, files: &[FileStatus]) -> SparkResult<Option<StructType>> {
        match self {
            Format::Csv(options) => csv::infer(fs, files, options),
            Format::Json(options) => json::infer(fs, files, options),
            Format::Parquet(options) => parquet::infer(fs, files, options),
            Format::Text(_) => Ok(Some(TextOptions::schema())),
            Format::Xml(_) => Ok(Some(XmlOptions::schema())),
        }
    }

    /// Fails where the format cannot hold a schema.
    pub(crate) fn check_schema(&self, schema: &StructType) -> SparkResult<()> {
        match self {
            Format::Csv(options) => {
                options.check_schema(schema)?;
                check_types(schema, "CSV", |data_type| {
                    !matches!(data_type, DataType::Array { .. } | DataType::Map { .. } | DataType::Struct(_))
                })
            }
            Format::Json(options) => options.check_schema(schema),
            Format::Parquet(_) => check_types(schema, "Parquet", |data_type| *data_type != DataType::CalendarInterval),
            Format::Text(_) => check_types(schema, "Text", |data_type| data_type.is_string()),
            // Rows come as texts.
            Format::Xml(_) => Ok(()),
        }
    }

    /// The column of a schema that keeps malformed records.
    pub(crate) fn corrupt_index(&self, schema: &StructType) -> Option<usize> {
        match self {
            Format::Csv(options) => options.corrupt_index(schema),
            Format::Json(options) => options.corrupt_index(schema),
            Format::Parquet(_) | Format::Text(_) | Format::Xml(_) => None,
        }
    }

    /// Whether a file may be read in parts.
    pub(crate) fn splittable(&self, path: &FilePath) -> bool {
        match self {
            Format::Csv(options) => options.splittable(path),
            Format::Json(options) => options.splittable(path),
            Format::Parquet(_) => true,
            Format::Text(options) => options.splittable(path),
            Format::Xml(_) => false,
        }
    }

    /// Reads one split.
    pub(crate) fn open(
        &self,
        context: &ReadContext,
        split: &FileSplit,
    ) -> BoxStream<'static, DataFusionResult<RecordBatch>> {
        let batches: SparkResult<BatchIterator> = match self {
            Format::Parquet(options) => {
                return parquet::open(context, options, split)
                    .unwrap_or_else(|error| futures::stream::iter([Err(external(error))]).boxed());
            }
            Format::Csv(options) => CsvReader::open(context, options, split).map(|reader| Box::new(reader) as _),
            Format::Json(options) => JsonReader::open(context, options, split).map(|reader| Box::new(reader) as _),
            Format::Text(options) => TextReader::open(context, options, split).map(|reader| Box::new(reader) as _),
            Format::Xml(options) => XmlReader::open(context, options, split).map(|reader| Box::new(reader) as _),
        };
        match batches {
            Ok(batches) => futures::stream::iter(batches.map(|batch| batch.map_err(external))).boxed(),
            Err(error) => futures::stream::iter([Err(external(error))]).boxed(),
        }
    }
}

fn check_types(schema: &StructType, format: &str, supported: impl Fn(&DataType) -> bool) -> SparkResult<()> {
    match schema.fields.iter().find(|field| !supported(&field.data_type)) {
        None => Ok(()),
        Some(field) => Err(SparkError::analysis("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE")
            .param("format", format)
            .param("columnName", kindling_spec::quote_identifier(&field.name))
            .param("columnType", format!("\"{}\"", field.data_type.sql()))),
    }
}

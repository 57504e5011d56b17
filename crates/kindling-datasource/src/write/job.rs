//! [`WriteJob`]: the driver's side of a write.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch},
    error::ArrowError,
};
use kindling_common::{ExceptionClass, RuntimeConfig, SparkError, SparkResult, conf};
use kindling_spec::{DataType, SaveMode, StructType, quote_identifier};

use super::{
    cells::TextFormats,
    csv::CsvFormat,
    json::JsonFormat,
    parquet::ParquetFormat,
    task::{RowFormat, TaskCommitMessage, TaskWriter},
    text::TextFormat,
};
use crate::{
    FileFormat, FilePath, FileSystem, SourceOptions, format::Format, input::Compression, partitioning::same_name,
};

/// What a write asks for.
#[derive(Debug, Clone)]
pub struct WriteRequest {
    /// Format.
    pub format: FileFormat,
    /// Output folder as the user wrote it.
    pub path: String,
    /// Mode.
    pub mode: SaveMode,
    /// Writer options.
    pub options: SourceOptions,
    /// `partitionBy`.
    pub partition_by: Vec<String>,
    /// `bucketBy`.
    pub bucket_by: Option<BucketBy>,
    /// Names and types of the rows, in the order of the input's columns.
    pub schema: StructType,
    /// A UUID that is in the name of every file.
    pub job_uuid: String,
    /// The session's configuration.
    pub conf: RuntimeConfig,
}

/// Rows go to the file of their bucket.
#[derive(Debug, Clone)]
pub struct BucketBy {
    /// How many buckets.
    pub num_buckets: usize,
    /// Columns that decide on the bucket.
    pub columns: Vec<String>,
    /// Spark's hash of those columns, row by row.
    pub hash: fn(&[ArrayRef]) -> Result<Vec<i32>, ArrowError>,
}

/// What a write has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteStats {
    /// Files.
    pub files: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Partition folders that were written to.
    pub partitions: u64,
}

/// A format with its writer options.
#[derive(Debug)]
pub(crate) enum OutputFormat {
    Rows { format: Box<dyn RowFormat>, extension: &'static str },
    Parquet(Box<ParquetFormat>),
}

/// A write of one folder: [`prepare`](WriteJob::prepare), [`setup`](WriteJob::setup), tasks, and then
/// [`commit`](WriteJob::commit) or [`abort`](WriteJob::abort).
#[derive(Debug)]
pub struct WriteJob {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) uuid: String,
    pub(crate) schema: StructType,
    pub(crate) partition_columns: Vec<usize>,
    pub(crate) data_columns: Vec<usize>,
    pub(crate) buckets: Option<Buckets>,
    pub(crate) format: OutputFormat,
    pub(crate) compression: Compression,
    pub(crate) cast_formats: TextFormats,
    pub(crate) max_records_per_file: u64,
    output: FilePath,
    overwrite: Overwrite,
}

/// Buckets with the places of their columns in the rows.
#[derive(Debug)]
pub(crate) struct Buckets {
    by: BucketBy,
    columns: Vec<usize>,
}

impl Buckets {
    /// The bucket of each row.
    pub(crate) fn of(&self, batch: &RecordBatch) -> SparkResult<Vec<usize>> {
        let columns: Vec<ArrayRef> = self.columns.iter().map(|index| Arc::clone(batch.column(*index))).collect();
        let hashes = (self.by.hash)(&columns).map_err(|error| SparkError::internal(error.to_string()))?;
        let count = self.by.num_buckets.max(1) as i64;
        Ok(hashes.into_iter().map(|hash| i64::from(hash).rem_euclid(count) as usize).collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overwrite {
    No,
    All,
    /// Only the partition folders that the new rows fall into.
    Partitions,
}

impl WriteJob {
    /// Checks a write; `None` when the mode is `Ignore` and the output is there.
    pub fn prepare(fs: Arc<dyn FileSystem>, request: &WriteRequest) -> SparkResult<Option<WriteJob>> {
        let display = request.format.display_name();
        let case_sensitive = request.conf.boolean(&conf::CASE_SENSITIVE);
        let (partition_columns, data_columns) = split_columns(request, case_sensitive)?;
        if request.schema.fields.is_empty() || has_empty_struct(&request.schema) {
            return Err(SparkError::analysis("EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE").param("format", display));
        }
        let data = StructType { fields: data_columns.iter().map(|i| request.schema.fields[*i].clone()).collect() };
        if request.format != FileFormat::Csv {
            check_duplicates(&data, case_sensitive)?;
        }
        Format::new(request.format, &SourceOptions::default(), &request.conf)?.check_schema(&data)?;

        let output = fs.resolve(&request.path)?;
        let exists = fs.exists(&output)?;
        match request.mode {
            SaveMode::ErrorIfExists if exists => {
                return Err(SparkError::analysis("PATH_ALREADY_EXISTS").param("outputPath", output.uri()));
            }
            SaveMode::Ignore if exists => return Ok(None),
            _ => {}
        }
        let dynamic = request
            .options
            .get("partitionOverwriteMode")
            .unwrap_or_else(|| request.conf.value(&conf::PARTITION_OVERWRITE_MODE))
            .eq_ignore_ascii_case("dynamic");
        let overwrite = match request.mode {
            SaveMode::Overwrite if exists && dynamic && !partition_columns.is_empty() => Overwrite::Partitions,
            SaveMode::Overwrite if exists => Overwrite::All,
            _ => Overwrite::No,
        };
        let (options, config) = (&request.options, &request.conf);
        let (format, compression) = match request.format {
            FileFormat::Parquet => {
                (OutputFormat::Parquet(Box::new(ParquetFormat::new(options, config, &data)?)), Compression::None)
            }
            FileFormat::Csv => {
                let format: Box<dyn RowFormat> = Box::new(CsvFormat::new(options, config, &data)?);
                (OutputFormat::Rows { format, extension: ".csv" }, text_compression(options)?)
            }
            FileFormat::Json => {
                let format: Box<dyn RowFormat> = Box::new(JsonFormat::new(options, config, &data)?);
                (OutputFormat::Rows { format, extension: ".json" }, text_compression(options)?)
            }
            FileFormat::Text => {
                if data.fields.len() != 1 {
                    return Err(SparkError::unsupported(format!(
                        "a text data source with {} columns; it has one",
                        data.fields.len()
                    )));
                }
                let format: Box<dyn RowFormat> = Box::new(TextFormat::new(options));
                (OutputFormat::Rows { format, extension: ".txt" }, text_compression(options)?)
            }
        };
        for (option, default) in [("encoding", "UTF-8"), ("charset", "UTF-8")] {
            if let Some(encoding) = options.get(option)
                && !encoding.eq_ignore_ascii_case(default)
                && request.format != FileFormat::Parquet
            {
                return Err(SparkError::unsupported(format!("writing text as {encoding}")));
            }
        }
        let buckets = match &request.bucket_by {
            Some(by) => Some(Buckets { columns: bucket_columns(request, by, case_sensitive)?, by: by.clone() }),
            None => None,
        };
        let default_records = config.integer(&conf::FILES_MAX_RECORDS_PER_FILE);
        Ok(Some(WriteJob {
            fs,
            uuid: request.job_uuid.clone(),
            schema: request.schema.clone(),
            partition_columns,
            data_columns,
            buckets,
            format,
            compression,
            cast_formats: TextFormats::of_cast(config)?,
            max_records_per_file: options.integer("maxRecordsPerFile", default_records)?.max(0) as u64,
            output,
            overwrite,
        }))
    }

    /// The output folder.
    pub fn output(&self) -> &FilePath {
        &self.output
    }

    /// Names of the partition columns in the rows, in folder order: Spark sorts a task's rows by them.
    pub fn partition_column_indices(&self) -> &[usize] {
        &self.partition_columns
    }

    pub(crate) fn staging(&self) -> FilePath {
        self.output.join("_temporary/0")
    }

    pub(crate) fn extension(&self) -> String {
        match &self.format {
            OutputFormat::Parquet(format) => format.extension.to_string(),
            OutputFormat::Rows { extension, .. } => match self.compression {
                Compression::Gzip => format!("{extension}.gz"),
                Compression::Deflate => format!("{extension}.deflate"),
                _ => (*extension).to_string(),
            },
        }
    }

    /// Makes the output folder ready, before the first task: an overwrite deletes what was there.
    pub fn setup(&self) -> SparkResult<()> {
        if self.overwrite == Overwrite::All {
            self.fs.delete(&self.output, true)?;
        }
        self.fs.mkdirs(&self.staging())?;
        Ok(())
    }

    /// Moves the files of the tasks that succeeded into place and writes `_SUCCESS`.
    pub fn commit(self: &Arc<Self>, messages: &[TaskCommitMessage]) -> SparkResult<WriteStats> {
        // A job without tasks leaves one file too, so that the output can be read.
        let own;
        let messages = if messages.is_empty() {
            own = [TaskWriter::new(self, 0).finish()?];
            &own
        } else {
            messages
        };
        let mut folders = BTreeSet::new();
        for file in messages.iter().flat_map(|message| &message.files) {
            if let Some((folder, _)) = file.path.rsplit_once('/') {
                folders.insert(folder.to_string());
            }
        }
        if self.overwrite == Overwrite::Partitions {
            for folder in &folders {
                self.fs.delete(&self.output.join(folder), true)?;
            }
        }
        let mut stats = WriteStats { partitions: folders.len() as u64, ..WriteStats::default() };
        for message in messages {
            let attempt = self.staging().join(&message.attempt);
            for file in &message.files {
                self.fs.rename(&attempt.join(&file.path), &self.output.join(&file.path))?;
                stats.files += 1;
                stats.rows += file.rows;
                stats.bytes += file.bytes;
            }
        }
        self.fs.delete(&self.output.join("_temporary"), true)?;
        self.fs.write_all(&self.output.join("_SUCCESS"), b"")?;
        Ok(stats)
    }

    /// Leaves nothing of a failed job; what an overwrite deleted stays deleted, as in Spark.
    pub fn abort(&self) -> SparkResult<()> {
        self.fs.delete(&self.output.join("_temporary"), true)?;
        Ok(())
    }
}

/// Places of the partition columns, in the order of `partitionBy`, and of the others.
fn split_columns(request: &WriteRequest, case_sensitive: bool) -> SparkResult<(Vec<usize>, Vec<usize>)> {
    let fields = &request.schema.fields;
    let mut partition = vec![];
    for name in &request.partition_by {
        let index = fields.iter().position(|field| same_name(&field.name, name, case_sensitive)).ok_or_else(|| {
            SparkError::analysis("_LEGACY_ERROR_TEMP_1155")
                .param("col", name)
                .param("schemaCatalog", request.schema.simple_string())
        })?;
        if partition.contains(&index) {
            return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS").param("columnName", quote_identifier(name)));
        }
        if let DataType::Array { .. } | DataType::Map { .. } | DataType::Struct(_) | DataType::Variant =
            &fields[index].data_type
        {
            return Err(SparkError::analysis("INVALID_PARTITION_COLUMN_DATA_TYPE")
                .param("type", format!("\"{}\"", fields[index].data_type.sql())));
        }
        partition.push(index);
    }
    if !partition.is_empty() && partition.len() == fields.len() {
        return Err(SparkError::analysis("ALL_PARTITION_COLUMNS_NOT_ALLOWED"));
    }
    let data = (0..fields.len()).filter(|index| !partition.contains(index)).collect();
    Ok((partition, data))
}

/// Places of the columns that decide on a row's bucket.
fn bucket_columns(request: &WriteRequest, by: &BucketBy, case_sensitive: bool) -> SparkResult<Vec<usize>> {
    let fields = &request.schema.fields;
    let find = |name: &String| fields.iter().position(|field| same_name(&field.name, name, case_sensitive));
    by.columns
        .iter()
        .map(|name| {
            find(name).ok_or_else(|| {
                SparkError::analysis("_LEGACY_ERROR_TEMP_1155")
                    .param("col", name)
                    .param("schemaCatalog", request.schema.simple_string())
            })
        })
        .collect()
}

fn has_empty_struct(schema: &StructType) -> bool {
    schema.fields.iter().any(|field| match &field.data_type {
        DataType::Struct(inner) => inner.fields.is_empty() || has_empty_struct(inner),
        _ => false,
    })
}

fn check_duplicates(schema: &StructType, case_sensitive: bool) -> SparkResult<()> {
    for (i, field) in schema.fields.iter().enumerate() {
        if schema.fields[..i].iter().any(|other| same_name(&other.name, &field.name, case_sensitive)) {
            return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
                .param("columnName", quote_identifier(&field.name.to_lowercase())));
        }
    }
    Ok(())
}

fn text_compression(options: &SourceOptions) -> SparkResult<Compression> {
    match options.get_any(&["compression", "codec"]).map(str::to_ascii_lowercase).as_deref() {
        None | Some("none" | "uncompressed") => Ok(Compression::None),
        Some("gzip") => Ok(Compression::Gzip),
        Some("deflate") => Ok(Compression::Deflate),
        Some(codec @ ("bzip2" | "snappy" | "lz4" | "zstd")) => {
            Err(SparkError::unsupported(format!("writing {codec}-compressed text")))
        }
        Some(codec) => Err(SparkError::new(
            ExceptionClass::IllegalArgument,
            "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
        )
        .param("codecName", codec)
        .param("availableCodecs", "bzip2, deflate, uncompressed, snappy, none, lz4, gzip")),
    }
}

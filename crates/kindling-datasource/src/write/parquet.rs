//! Parquet files with the names and the schema that Spark's writer leaves in them.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{
        DataType, DurationMicrosecondType, Field, Int32Type, Int64Type, IntervalUnit, IntervalYearMonthType, Schema,
        SchemaRef,
    },
};
use kindling_common::{ExceptionClass, RuntimeConfig, SparkError, SparkResult, conf, to_arrow_schema};
use kindling_spec::StructType;
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel},
    file::{metadata::KeyValue, properties::WriterProperties},
};

use crate::{FileWriter, FsError, SourceOptions, parquet::ROW_METADATA};

/// Codec and properties of the files of a job.
#[derive(Debug, Clone)]
pub(crate) struct ParquetFormat {
    pub extension: &'static str,
    properties: WriterProperties,
    schema: SchemaRef,
}

impl ParquetFormat {
    pub(crate) fn new(
        options: &SourceOptions,
        config: &RuntimeConfig,
        schema: &StructType,
    ) -> SparkResult<ParquetFormat> {
        let codec = options
            .get_any(&["compression", "parquet.compression"])
            .unwrap_or_else(|| config.value(&conf::PARQUET_COMPRESSION))
            .to_ascii_lowercase();
        let (compression, extension) = match codec.as_str() {
            "none" | "uncompressed" => (Compression::UNCOMPRESSED, ".parquet"),
            "snappy" => (Compression::SNAPPY, ".snappy.parquet"),
            "gzip" => (Compression::GZIP(GzipLevel::default()), ".gz.parquet"),
            "zstd" => (Compression::ZSTD(ZstdLevel::default()), ".zstd.parquet"),
            "lz4" => (Compression::LZ4, ".lz4hadoop.parquet"),
            "lz4_raw" | "lz4raw" => (Compression::LZ4_RAW, ".lz4raw.parquet"),
            "brotli" => (Compression::BROTLI(BrotliLevel::default()), ".br.parquet"),
            _ => {
                return Err(SparkError::new(
                    ExceptionClass::IllegalArgument,
                    "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
                )
                .param("codecName", codec)
                .param("availableCodecs", "brotli, uncompressed, lz4, gzip, lz4_raw, none, snappy, zstd"));
            }
        };
        let json = schema.to_json().to_string();
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_created_by("parquet-rs (Kindling)".to_string())
            // Lists and maps get the names that the format's specification asks for.
            .set_coerce_types(true)
            .set_key_value_metadata(Some(vec![
                KeyValue::new("org.apache.spark.version".to_string(), "4.2.0".to_string()),
                KeyValue::new(ROW_METADATA.to_string(), json),
            ]))
            .build();
        let stored: Vec<Field> = to_arrow_schema(schema).fields().iter().map(|field| stored_field(field)).collect();
        Ok(ParquetFormat { extension, properties, schema: Arc::new(Schema::new(stored)) })
    }

    pub(crate) fn open(&self, file: Box<dyn FileWriter>) -> SparkResult<ParquetFile> {
        let sink = Sink { file: Arc::new(Mutex::new(Some(file))) };
        let options = ArrowWriterOptions::new().with_properties(self.properties.clone()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(sink.clone(), Arc::clone(&self.schema), options);
        Ok(ParquetFile { writer: writer.map_err(failed)?, sink, schema: Arc::clone(&self.schema) })
    }
}

/// Intervals are stored as plain numbers; the row metadata says what they are.
fn stored_field(field: &Field) -> Field {
    match field.data_type() {
        DataType::Duration(_) => field.clone().with_data_type(DataType::Int64),
        DataType::Interval(IntervalUnit::YearMonth) => field.clone().with_data_type(DataType::Int32),
        _ => field.clone(),
    }
}

fn stored(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Duration(_) => {
            Arc::new(array.as_primitive::<DurationMicrosecondType>().reinterpret_cast::<Int64Type>())
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            Arc::new(array.as_primitive::<IntervalYearMonthType>().reinterpret_cast::<Int32Type>())
        }
        _ => Arc::clone(array),
    }
}

/// A Parquet file being written.
pub(crate) struct ParquetFile {
    writer: ArrowWriter<Sink>,
    sink: Sink,
    schema: SchemaRef,
}

impl ParquetFile {
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> SparkResult<()> {
        let columns = batch.columns().iter().map(stored).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|error| SparkError::internal(error.to_string()))?;
        self.writer.write(&batch).map_err(failed)
    }

    pub(crate) fn finish(self) -> SparkResult<u64> {
        self.writer.close().map_err(failed)?;
        let file = self.sink.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        match file {
            Some(file) => Ok(file.finish()?),
            None => Err(SparkError::internal("a Parquet file was finished twice")),
        }
    }
}

fn failed(error: parquet::errors::ParquetError) -> SparkError {
    crate::error::find_spark_error(&error).unwrap_or_else(|| SparkError::internal(error.to_string()))
}

/// The file behind the writer; shared so that it can be finished after the writer is closed.
#[derive(Clone)]
struct Sink {
    file: Arc<Mutex<Option<Box<dyn FileWriter>>>>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match file.as_mut() {
            Some(file) => file.write(bytes).map(|()| bytes.len()).map_err(|error: FsError| io::Error::other(error)),
            None => Err(io::Error::other("the file is finished")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

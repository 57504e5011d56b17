//! A file's footer and its schema in Arrow's terms.

use std::io::{self, Read};

use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use bytes::Bytes;
use kindling_common::{SparkError, SparkResult};
use parquet::{
    arrow::parquet_to_arrow_schema,
    errors::{ParquetError, Result as ParquetResult},
    file::{
        metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader},
        reader::{ChunkReader, Length},
    },
};
use std::sync::Arc;

use crate::{FsError, FsErrorKind, error::read_error, input::InputFile};

/// Reads a file's footer; what is no Parquet file fails with `CANNOT_READ_FILE_FOOTER`.
pub(crate) fn read_footer(file: &InputFile, len: u64) -> SparkResult<ParquetMetaData> {
    let source = RangeSource { file: file.clone(), len };
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
    reader.parse_and_finish(&source).map_err(|error| match crate::error::find_spark_error(&error) {
        Some(error) => error,
        None => footer_error(file, &error),
    })
}

fn footer_error(file: &InputFile, error: &ParquetError) -> SparkError {
    let path = &file.path;
    let mut out = read_error("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", path);
    out.message_override = Some(format!(
        "Encountered error while reading file file://{path}. Could not read footer. Please ensure that the file is in \
         either ORC or Parquet format.\nIf not, please convert it to a valid format. If the file is in the valid format, \
         please check if it is corrupt.\nIf it is, you can choose to either ignore it or fix the corruption. ({error})"
    ));
    out
}

/// The schema of a file's columns without regard to the Arrow schema that a writer may have left in it, as Spark's
/// reader: INT96 is a timestamp.
pub(crate) fn physical_schema(metadata: &ParquetMetaData) -> ParquetResult<Schema> {
    let descriptor = metadata.file_metadata().schema_descr();
    let schema = parquet_to_arrow_schema(descriptor, None)?;
    let mut leaf = 0;
    let fields: Fields = schema
        .fields()
        .iter()
        .map(|field| {
            let is_int96 = |index: usize| {
                descriptor.columns().get(index).is_some_and(|c| c.physical_type() == parquet::basic::Type::INT96)
            };
            Arc::new(Field::clone(field).with_data_type(timestamps(field.data_type(), &mut leaf, &is_int96)))
        })
        .collect();
    Ok(Schema::new(fields))
}

/// Replaces INT96 leaves by timestamps in microseconds; leaves are counted in file order.
fn timestamps(data_type: &DataType, leaf: &mut usize, is_int96: &dyn Fn(usize) -> bool) -> DataType {
    let child = |field: &Arc<Field>, leaf: &mut usize| {
        Arc::new(Field::clone(field).with_data_type(timestamps(field.data_type(), leaf, is_int96)))
    };
    match data_type {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| child(field, leaf)).collect()),
        DataType::List(field) => DataType::List(child(field, leaf)),
        DataType::Map(field, sorted) => DataType::Map(child(field, leaf), *sorted),
        other => {
            *leaf += 1;
            if is_int96(*leaf - 1) {
                DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
            } else {
                other.clone()
            }
        }
    }
}

/// Byte ranges of a file, for the synchronous metadata reader.
struct RangeSource {
    file: InputFile,
    len: u64,
}

impl Length for RangeSource {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for RangeSource {
    type T = RangeRead;

    fn get_read(&self, start: u64) -> ParquetResult<RangeRead> {
        Ok(RangeRead { file: self.file.clone(), offset: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        read_exactly(&self.file, start, length)
    }
}

/// A range that must be there in full.
pub(crate) fn read_exactly(file: &InputFile, start: u64, length: usize) -> ParquetResult<Bytes> {
    let mut buffer = vec![0; length];
    let read = file.read_into(start, &mut buffer).map_err(|error| ParquetError::External(Box::new(error)))?;
    if read < length {
        let message = format!("the file ends {} bytes early", length - read);
        let error = FsError::new(FsErrorKind::Other, &file.path, message);
        return Err(ParquetError::EOF(error.to_string()));
    }
    Ok(Bytes::from(buffer))
}

struct RangeRead {
    file: InputFile,
    offset: u64,
}

impl Read for RangeRead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_into(self.offset, out).map_err(io::Error::other)?;
        self.offset += read as u64;
        Ok(read)
    }
}

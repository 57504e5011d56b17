//! Query results as Arrow IPC: user-visible names, the session's time zone, batches of bounded size.

use std::sync::Arc;

use arrow::{
    array::{ArrayData, ArrayRef, make_array},
    compute::concat_batches,
    datatypes::{DataType as ArrowType, Field, Fields, Schema, SchemaRef, TimeUnit},
    error::ArrowError,
    ipc::writer::StreamWriter,
    record_batch::{RecordBatch, RecordBatchOptions},
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_proto::connect::execute_plan_response::ArrowBatch;
use kindling_spec::StructType;

/// Largest batch in bytes before encoding (70 % of Spark's 4 MiB gRPC message).
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024 * 7 / 10;

/// Encodes the batches of one result in order.
#[derive(Debug)]
pub struct ResultEncoder {
    schema: SchemaRef,
    max_rows: usize,
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    pending_bytes: usize,
    offset: i64,
    batches: usize,
}

impl ResultEncoder {
    /// An encoder for rows of `schema`; timestamps are labelled with `time_zone`.
    pub fn new(schema: &StructType, time_zone: &str, max_rows: usize) -> ResultEncoder {
        let fields: Fields = schema
            .fields
            .iter()
            .map(|field| Field::new(&field.name, with_time_zone(to_arrow(&field.data_type), time_zone), field.nullable))
            .collect();
        ResultEncoder {
            schema: Arc::new(Schema::new(fields)),
            max_rows: max_rows.max(1),
            pending: vec![],
            pending_rows: 0,
            pending_bytes: 0,
            offset: 0,
            batches: 0,
        }
    }

    /// Adds rows; returns the batches that are full.
    pub fn push(&mut self, batch: &RecordBatch) -> SparkResult<Vec<ArrowBatch>> {
        let mut full = vec![];
        let mut rest = self.relabel(batch)?;
        while rest.num_rows() > 0 {
            let bytes_per_row = (rest.get_array_memory_size() / rest.num_rows()).max(1);
            let by_size = (MAX_BATCH_BYTES.saturating_sub(self.pending_bytes) / bytes_per_row).max(1);
            let take = rest.num_rows().min(self.max_rows - self.pending_rows).min(by_size);
            self.pending.push(rest.slice(0, take));
            self.pending_rows += take;
            self.pending_bytes += take * bytes_per_row;
            rest = rest.slice(take, rest.num_rows() - take);
            if self.pending_rows >= self.max_rows || self.pending_bytes >= MAX_BATCH_BYTES {
                full.push(self.flush()?);
            }
        }
        Ok(full)
    }

    /// The last batch. A result without rows is one batch without rows, so that its schema arrives.
    pub fn finish(mut self) -> SparkResult<Option<ArrowBatch>> {
        if self.pending_rows == 0 && self.batches > 0 {
            return Ok(None);
        }
        self.flush().map(Some)
    }

    fn flush(&mut self) -> SparkResult<ArrowBatch> {
        let batch = match self.pending.as_slice() {
            [batch] => batch.clone(),
            batches => concat_batches(&self.schema, batches).map_err(internal)?,
        };
        let mut writer = StreamWriter::try_new(Vec::new(), &self.schema).map_err(internal)?;
        writer.write(&batch).map_err(internal)?;
        let data = writer.into_inner().map_err(internal)?;
        let start_offset = self.offset;
        self.offset += batch.num_rows() as i64;
        self.batches += 1;
        self.pending.clear();
        self.pending_rows = 0;
        self.pending_bytes = 0;
        Ok(ArrowBatch {
            row_count: batch.num_rows() as i64,
            data: data.into(),
            start_offset: Some(start_offset),
            ..Default::default()
        })
    }

    /// The same rows under the result's schema; no values are touched.
    fn relabel(&self, batch: &RecordBatch) -> SparkResult<RecordBatch> {
        if batch.num_columns() != self.schema.fields().len() {
            return Err(SparkError::internal("a result has other columns than its schema"));
        }
        let columns: SparkResult<Vec<ArrayRef>> = batch
            .columns()
            .iter()
            .zip(self.schema.fields())
            .map(|(column, field)| relabel_array(column, field.data_type()))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        // Nullability is the analyser's claim; the arrays may carry null buffers without nulls.
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns?, &options).map_err(internal)
    }
}

/// `rows` as one Arrow IPC stream, as a `LocalRelation` carries them.
pub fn to_ipc(schema: &StructType, time_zone: &str, batches: &[RecordBatch]) -> SparkResult<Vec<u8>> {
    let encoder = ResultEncoder::new(schema, time_zone, usize::MAX);
    let mut writer = StreamWriter::try_new(Vec::new(), &encoder.schema).map_err(internal)?;
    for batch in batches {
        writer.write(&encoder.relabel(batch)?).map_err(internal)?;
    }
    writer.into_inner().map_err(internal)
}

fn internal(error: ArrowError) -> SparkError {
    SparkError::internal(format!("a result could not be encoded: {error}"))
}

/// Puts the time zone on every timestamp type that has one.
fn with_time_zone(data_type: ArrowType, time_zone: &str) -> ArrowType {
    let field = |field: &Field| field.clone().with_data_type(with_time_zone(field.data_type().clone(), time_zone));
    match data_type {
        ArrowType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            ArrowType::Timestamp(TimeUnit::Microsecond, Some(Arc::from(time_zone)))
        }
        ArrowType::List(child) => ArrowType::List(Arc::new(field(&child))),
        ArrowType::Struct(fields) => ArrowType::Struct(fields.iter().map(|child| field(child)).collect()),
        ArrowType::Map(entries, sorted) => ArrowType::Map(Arc::new(field(&entries)), sorted),
        other => other,
    }
}

/// The same buffers under another name of the same physical type.
fn relabel_array(array: &ArrayRef, data_type: &ArrowType) -> SparkResult<ArrayRef> {
    if array.data_type() == data_type {
        return Ok(Arc::clone(array));
    }
    let data = relabel_data(array.to_data(), data_type)?;
    Ok(make_array(data))
}

fn relabel_data(data: ArrayData, data_type: &ArrowType) -> SparkResult<ArrayData> {
    let children: Vec<&ArrowType> = match (data.data_type(), data_type) {
        (from, to) if from == to => return Ok(data),
        (ArrowType::Timestamp(from, _), ArrowType::Timestamp(to, _)) if from == to => vec![],
        (ArrowType::List(_), ArrowType::List(child)) | (ArrowType::Map(_, _), ArrowType::Map(child, _)) => {
            vec![child.data_type()]
        }
        (ArrowType::Struct(from), ArrowType::Struct(to)) if from.len() == to.len() => {
            to.iter().map(|field| field.data_type()).collect()
        }
        (from, to) => {
            return Err(SparkError::internal(format!("a result column is {from}, but its schema says {to}")));
        }
    };
    let child_data: SparkResult<Vec<ArrayData>> = data
        .child_data()
        .iter()
        .zip(children)
        .map(|(child, data_type)| relabel_data(child.clone(), data_type))
        .collect();
    data.into_builder().data_type(data_type.clone()).child_data(child_data?).build().map_err(internal)
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{Int64Array, TimestampMicrosecondArray},
        ipc::reader::StreamReader,
    };
    use kindling_spec::{DataType, StructField};

    use super::*;

    fn decode(batch: &ArrowBatch) -> RecordBatch {
        StreamReader::try_new(batch.data.as_ref(), None).unwrap().next().unwrap().unwrap()
    }

    fn rows(n: i64) -> RecordBatch {
        let schema = Schema::new(vec![Field::new("x#1", ArrowType::Int64, false)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int64Array::from_iter_values(0..n))]).unwrap()
    }

    fn schema(data_type: DataType) -> StructType {
        StructType::from(vec![StructField::new("x", data_type, true)])
    }

    #[test]
    fn small_batches_are_joined_and_large_ones_split() {
        let mut encoder = ResultEncoder::new(&schema(DataType::Long), "UTC", 10);
        assert!(encoder.push(&rows(4)).unwrap().is_empty());
        let full = encoder.push(&rows(18)).unwrap();
        assert_eq!(full.iter().map(|batch| batch.row_count).collect::<Vec<_>>(), [10, 10]);
        assert_eq!(full[1].start_offset, Some(10));
        let last = encoder.finish().unwrap().unwrap();
        assert_eq!((last.row_count, last.start_offset), (2, Some(20)));
        assert_eq!(decode(&last).schema().field(0).name(), "x");
    }

    #[test]
    fn result_without_rows_still_carries_its_schema() {
        let batch = ResultEncoder::new(&schema(DataType::Long), "UTC", 10).finish().unwrap().unwrap();
        assert_eq!(batch.row_count, 0);
        let reader = StreamReader::try_new(batch.data.as_ref(), None).unwrap();
        assert_eq!(reader.schema().field(0).name(), "x");
    }

    #[test]
    fn timestamps_carry_the_session_time_zone() {
        let array = TimestampMicrosecondArray::from(vec![1]).with_timezone("UTC");
        let batch = RecordBatch::try_from_iter([("t#1", Arc::new(array) as ArrayRef)]).unwrap();
        let mut encoder = ResultEncoder::new(&schema(DataType::Timestamp), "Europe/Berlin", 10);
        encoder.push(&batch).unwrap();
        let decoded = decode(&encoder.finish().unwrap().unwrap());
        assert_eq!(
            decoded.column(0).data_type(),
            &ArrowType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("Europe/Berlin")))
        );
    }
}

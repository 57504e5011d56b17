//! Rows of one split of a Parquet file.
//!
//! Each file is read by its own physical schema through DataFusion's `ParquetSource`, which prunes row groups and
//! pages; columns then become the table's types. Row groups belong to the split that holds their midpoint, as in
//! parquet-mr.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array},
    datatypes::Schema,
};
use bytes::Bytes;
use datafusion::{
    common::tree_node::{Transformed, TreeNode},
    datasource::{
        listing::PartitionedFile,
        object_store::ObjectStoreUrl,
        physical_plan::{
            FileScanConfigBuilder, FileStreamBuilder, ParquetFileReaderFactory, ParquetSource,
            parquet::{ParquetAccessPlan, RowGroupAccess},
        },
    },
    error::Result as DataFusionResult,
    physical_expr::{conjunction, split_conjunction},
    physical_plan::{PhysicalExpr, expressions::Column, metrics::ExecutionPlanMetricsSet},
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use kindling_common::{SparkResult, to_arrow};
use parquet::{
    arrow::{arrow_reader::ArrowReaderOptions, async_reader::AsyncFileReader},
    errors::Result as ParquetResult,
    file::metadata::{ParquetMetaData, RowGroupMetaData},
};

use super::{
    conform::{conform, mismatch},
    footer::{physical_schema, read_exactly, read_footer},
    options::ParquetOptions,
};
use crate::{
    FilePath,
    error::{external, find_spark_error, read_error},
    format::ReadContext,
    input::{InputFile, failed_read},
    partitioning::same_name,
    split::FileSplit,
};

/// Reads one split.
pub(crate) fn open(
    context: &ReadContext,
    options: &ParquetOptions,
    split: &FileSplit,
) -> SparkResult<BoxStream<'static, DataFusionResult<RecordBatch>>> {
    let path = split.path.clone();
    let file =
        InputFile { fs: Arc::clone(&context.fs), path: path.clone(), bytes_scanned: context.bytes_scanned.clone() };
    let footer = Arc::new(read_footer(&file, split.file_size)?);
    let physical = Arc::new(physical_schema(&footer).map_err(|error| failed_read(&path, error))?);
    let mapping = map_columns(context, options, &physical, &path)?;

    let mut plan = ParquetAccessPlan::new_none(footer.num_row_groups());
    for (i, group) in footer.row_groups().iter().enumerate() {
        let middle = midpoint(group);
        if split.start <= middle && middle < split.end() {
            plan.set(i, RowGroupAccess::Scan);
        }
    }
    if plan.row_group_indexes().is_empty() {
        return Ok(futures::stream::empty().boxed());
    }

    let mut projection: Vec<usize> = mapping.iter().flatten().copied().collect();
    projection.sort_unstable();
    projection.dedup();
    let factory = ReaderFactory { file, footer };
    let mut source = ParquetSource::new(Arc::clone(&physical)).with_parquet_file_reader_factory(Arc::new(factory));
    if options.filter_pushdown
        && let Some(predicate) = file_predicate(context, options, &physical)
    {
        source = source.with_predicate(predicate).with_enable_page_index(true);
    }
    let entry = PartitionedFile::new(path.as_str(), split.file_size)
        .with_arrow_schema(Arc::clone(&physical))
        .with_extension(plan);
    let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
        .with_projection_indices(Some(projection.clone()))
        .map_err(|error| failed_read(&path, error))?
        .with_file(entry)
        .build();
    let source = config.file_source.with_batch_size(context.batch_size);
    // The reader factory above does all reading; the store is never asked.
    let store = Arc::new(object_store::memory::InMemory::new());
    let stream = source
        .create_morselizer(store, &config, 0)
        .and_then(|morselizer| {
            let metrics = source.metrics();
            FileStreamBuilder::new(&config).with_partition(0).with_morselizer(morselizer).with_metrics(metrics).build()
        })
        .map_err(|error| failed_read(&path, error))?;

    let output = Output { context: context.clone(), mapping, projection, case_sensitive: options.case_sensitive };
    Ok(stream
        .map(move |batch| match batch {
            Ok(batch) => output.batch(&batch).map_err(|error| external(failed_read(&path, error))),
            Err(error) => Err(external(find_spark_error(&error).unwrap_or_else(|| failed_read(&path, error)))),
        })
        .boxed())
}

/// Where a row group lies: the middle of its bytes (`ParquetMetadataConverter.filterFileMetaDataByMidpoint`).
fn midpoint(group: &RowGroupMetaData) -> u64 {
    let start = group.columns().first().map_or(0, |column| {
        let data = column.data_page_offset();
        column.dictionary_page_offset().filter(|offset| *offset > 0).map_or(data, |dictionary| dictionary.min(data))
    });
    (start + group.compressed_size() / 2).max(0) as u64
}

/// For each wanted column its place in the file, `None` where the file lacks it.
fn map_columns(
    context: &ReadContext,
    options: &ParquetOptions,
    physical: &Schema,
    path: &FilePath,
) -> SparkResult<Vec<Option<usize>>> {
    let mut mapping = vec![];
    for index in &context.required {
        let field = &context.data_schema.fields[*index];
        let found = find_column(physical, &field.name, options.case_sensitive);
        if let Some(found) = found
            && let Some((actual, expected)) =
                mismatch(physical.field(found).data_type(), &field.data_type, options.case_sensitive)
        {
            return Err(read_error("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", path)
                .param("column", format!("[{}]", physical.field(found).name()))
                .param("expectedType", expected.simple_string())
                .param("actualType", parquet_name(&actual)));
        }
        mapping.push(found);
    }
    Ok(mapping)
}

fn find_column(physical: &Schema, name: &str, case_sensitive: bool) -> Option<usize> {
    let exact = physical.fields().iter().position(|field| field.name() == name);
    exact.or_else(|| physical.fields().iter().position(|field| same_name(field.name(), name, case_sensitive)))
}

/// The Parquet type that a column was stored as, as Spark's message names it.
fn parquet_name(data_type: &arrow::datatypes::DataType) -> String {
    use arrow::datatypes::DataType as A;
    match data_type {
        A::Boolean => "BOOLEAN".into(),
        A::Int8 | A::Int16 | A::Int32 | A::UInt8 | A::UInt16 | A::UInt32 | A::Date32 | A::Time32(_) => "INT32".into(),
        A::Int64 | A::UInt64 | A::Timestamp(_, _) | A::Time64(_) => "INT64".into(),
        A::Float32 => "FLOAT".into(),
        A::Float64 => "DOUBLE".into(),
        A::Utf8 | A::Binary => "BINARY".into(),
        A::Decimal128(precision, _) if *precision <= 9 => "INT32".into(),
        A::Decimal128(precision, _) if *precision <= 18 => "INT64".into(),
        A::Decimal128(_, _) | A::FixedSizeBinary(_) | A::Float16 => "FIXED_LEN_BYTE_ARRAY".into(),
        other => other.to_string(),
    }
}

/// The conjuncts that this file's statistics can answer: columns that are there, with the type that the plan has.
fn file_predicate(context: &ReadContext, options: &ParquetOptions, physical: &Schema) -> Option<Arc<dyn PhysicalExpr>> {
    let predicate = context.predicate.as_ref()?;
    let mut kept = vec![];
    for conjunct in split_conjunction(predicate) {
        let mut usable = true;
        let rewritten = Arc::clone(conjunct).transform(|expr| {
            let Some(column) = expr.downcast_ref::<Column>() else { return Ok(Transformed::no(expr)) };
            let field = &context.data_schema.fields[column.index()];
            match find_column(physical, &field.name, options.case_sensitive) {
                Some(found) if *physical.field(found).data_type() == to_arrow(&field.data_type) => {
                    let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(physical.field(found).name(), found));
                    Ok(Transformed::yes(column))
                }
                _ => {
                    usable = false;
                    Ok(Transformed::no(expr))
                }
            }
        });
        if let (true, Ok(rewritten)) = (usable, rewritten) {
            kept.push(rewritten.data);
        }
    }
    (!kept.is_empty()).then(|| conjunction(kept))
}

/// Turns a file's batches into the scan's.
struct Output {
    context: ReadContext,
    mapping: Vec<Option<usize>>,
    projection: Vec<usize>,
    case_sensitive: bool,
}

impl Output {
    fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        let rows = batch.num_rows();
        let columns: Result<Vec<ArrayRef>, _> = self
            .context
            .required
            .iter()
            .zip(&self.mapping)
            .map(|(index, found)| {
                let wanted = &self.context.data_schema.fields[*index].data_type;
                match found.and_then(|found| self.projection.binary_search(&found).ok()) {
                    Some(at) => conform(batch.column(at), wanted, self.case_sensitive),
                    None => Ok(new_null_array(&to_arrow(wanted), rows)),
                }
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.context.output), columns?, &options)
    }
}

/// Gives `ParquetSource` the file as the file system has it, with the footer that was read already.
#[derive(Debug)]
struct ReaderFactory {
    file: InputFile,
    footer: Arc<ParquetMetaData>,
}

impl ParquetFileReaderFactory for ReaderFactory {
    fn create_reader(
        &self,
        _partition: usize,
        _file: PartitionedFile,
        _hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> DataFusionResult<Box<dyn AsyncFileReader + Send>> {
        Ok(Box::new(FileReader { file: self.file.clone(), footer: Arc::clone(&self.footer) }))
    }
}

struct FileReader {
    file: InputFile,
    footer: Arc<ParquetMetaData>,
}

/// Ranges closer than this are read as one: a request costs more than the bytes between them.
const GAP: u64 = 64 << 10;

impl FileReader {
    fn read(&self, range: &Range<u64>) -> ParquetResult<Bytes> {
        read_exactly(&self.file, range.start, (range.end - range.start) as usize)
    }

    fn read_all(&self, ranges: &[Range<u64>]) -> ParquetResult<Vec<Bytes>> {
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        order.sort_by_key(|i| ranges[*i].start);
        let mut out = vec![Bytes::new(); ranges.len()];
        let mut i = 0;
        while i < order.len() {
            let mut merged = ranges[order[i]].clone();
            let mut next = i + 1;
            while next < order.len() && ranges[order[next]].start <= merged.end + GAP {
                merged.end = merged.end.max(ranges[order[next]].end);
                next += 1;
            }
            let bytes = self.read(&merged)?;
            for at in &order[i..next] {
                let range = &ranges[*at];
                out[*at] = bytes.slice((range.start - merged.start) as usize..(range.end - merged.start) as usize);
            }
            i = next;
        }
        Ok(out)
    }
}

impl AsyncFileReader for FileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        futures::future::ready(self.read(&range)).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        futures::future::ready(self.read_all(&ranges)).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        futures::future::ready(Ok(Arc::clone(&self.footer))).boxed()
    }
}

//! One task's files: batches in, a [`TaskCommitMessage`] out (Spark's `FileFormatDataWriter`).

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::take_record_batch,
    datatypes::{Fields, Schema},
};
use flate2::write::{GzEncoder, ZlibEncoder};
use kindling_common::{SparkError, SparkResult};
use serde_json::{Value, json};

use super::{
    cells::Cells,
    job::{OutputFormat, WriteJob},
    parquet::ParquetFile,
};
use crate::{
    FilePath, FileWriter,
    input::Compression,
    partitioning::{DEFAULT_PARTITION_NAME, escape},
};

/// Rows as text.
pub(crate) trait RowFormat: Send + Sync + std::fmt::Debug {
    /// What every file starts with.
    fn begin(&self, _out: &mut String) {}
    /// Appends rows.
    fn rows(&self, batch: &RecordBatch, out: &mut String) -> SparkResult<()>;
}

/// A file that a task wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Place below the output folder.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What a task tells the driver when it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCommitMessage {
    /// Folder of the attempt, below which its files lie.
    pub attempt: String,
    /// Files, in the order they were opened.
    pub files: Vec<WrittenFile>,
}

impl TaskCommitMessage {
    /// The message as text, to travel as a row.
    pub fn to_json(&self) -> String {
        let files = self.files.iter().map(|file| json!({"path": file.path, "rows": file.rows, "bytes": file.bytes}));
        json!({"attempt": self.attempt, "files": files.collect::<Vec<Value>>()}).to_string()
    }

    /// Reads [`to_json`](Self::to_json).
    pub fn from_json(text: &str) -> SparkResult<TaskCommitMessage> {
        let read = || {
            let value: Value = serde_json::from_str(text).ok()?;
            let files = value.get("files")?.as_array()?.iter().map(|file| {
                Some(WrittenFile {
                    path: file.get("path")?.as_str()?.to_string(),
                    rows: file.get("rows")?.as_u64()?,
                    bytes: file.get("bytes")?.as_u64()?,
                })
            });
            Some(TaskCommitMessage {
                attempt: value.get("attempt")?.as_str()?.to_string(),
                files: files.collect::<Option<Vec<_>>>()?,
            })
        };
        read().ok_or_else(|| SparkError::internal(format!("not a commit message: {text}")))
    }

    /// Rows of all files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Writes one task's rows.
pub(crate) struct TaskWriter {
    job: Arc<WriteJob>,
    partition: usize,
    attempt: FilePath,
    /// The file that is open for each place.
    open: BTreeMap<Place, OpenFile>,
    message: TaskCommitMessage,
}

/// Where a row goes: the folder of its partition (empty for none), and its bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    folder: String,
    bucket: Option<usize>,
}

struct OpenFile {
    sink: FileSink,
    path: String,
    rows: u64,
    /// Which file of its folder this is.
    counter: usize,
}

impl TaskWriter {
    pub(crate) fn new(job: &Arc<WriteJob>, partition: usize) -> TaskWriter {
        // Attempts of one task may run at the same time; each gets a folder of its own.
        static ATTEMPTS: AtomicU64 = AtomicU64::new(0);
        let n = ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        let name = format!("attempt_{}_{partition:05}_{n}", job.uuid);
        TaskWriter {
            attempt: job.staging().join(&name),
            message: TaskCommitMessage { attempt: name, files: vec![] },
            job: Arc::clone(job),
            partition,
            open: BTreeMap::new(),
        }
    }

    /// Writes a batch: the columns of the job's schema in their order, whatever a plan calls them inside.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> SparkResult<()> {
        let batch = &self.named(batch)?;
        if self.job.partition_columns.is_empty() && self.job.buckets.is_none() {
            return self.write_to(Place::default(), batch);
        }
        let data = batch.project(&self.job.data_columns).map_err(|error| SparkError::internal(error.to_string()))?;
        for (place, rows) in self.group(batch)? {
            if rows.len() == batch.num_rows() {
                self.write_to(place, &data)?;
            } else {
                let rows = UInt32Array::from(rows);
                let part = take_record_batch(&data, &rows).map_err(|error| SparkError::internal(error.to_string()))?;
                self.write_to(place, &part)?;
            }
        }
        Ok(())
    }

    /// The rows under the names of the job's schema, which end up in files.
    fn named(&self, batch: &RecordBatch) -> SparkResult<RecordBatch> {
        let schema = batch.schema();
        let named = schema.fields().iter().zip(&self.job.schema.fields);
        let fields: Fields = named.map(|(field, named)| field.as_ref().clone().with_name(&named.name)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), batch.columns().to_vec())
            .map_err(|error| SparkError::internal(error.to_string()))
    }

    /// Rows by the place they go to: `p=1/q=x`.
    fn group(&self, batch: &RecordBatch) -> SparkResult<BTreeMap<Place, Vec<u32>>> {
        let columns: SparkResult<Vec<(String, Cells)>> = self
            .job
            .partition_columns
            .iter()
            .map(|index| {
                let name = escape(&self.job.schema.fields[*index].name);
                Ok((name, Cells::new(batch.column(*index))?))
            })
            .collect();
        let columns = columns?;
        let buckets = self.job.buckets.as_ref().map(|buckets| buckets.of(batch)).transpose()?;
        let mut out: BTreeMap<Place, Vec<u32>> = BTreeMap::new();
        let (mut place, mut value) = (Place::default(), String::new());
        for row in 0..batch.num_rows() {
            let folder = &mut place.folder;
            folder.clear();
            for (name, cells) in &columns {
                value.clear();
                if !cells.is_null(row) {
                    cells.push(row, &self.job.cast_formats, &mut value);
                }
                if !folder.is_empty() {
                    folder.push('/');
                }
                folder.push_str(name);
                folder.push('=');
                // An empty value could not be told from none, so it is none.
                folder.push_str(&if value.is_empty() { DEFAULT_PARTITION_NAME.to_string() } else { escape(&value) });
            }
            place.bucket = buckets.as_ref().and_then(|buckets| buckets.get(row).copied());
            match out.get_mut(&place) {
                Some(rows) => rows.push(row as u32),
                None => {
                    out.insert(place.clone(), vec![row as u32]);
                }
            }
        }
        Ok(out)
    }

    fn write_to(&mut self, place: Place, batch: &RecordBatch) -> SparkResult<()> {
        let most = self.job.max_records_per_file;
        let mut from = 0;
        while from < batch.num_rows() {
            let mut counter = 0;
            if let Some(open) = self.open.remove(&place) {
                if most > 0 && open.rows >= most {
                    counter = open.counter + 1;
                    self.close(open)?;
                } else {
                    self.open.insert(place.clone(), open);
                }
            }
            if !self.open.contains_key(&place) {
                let file = self.create(&place, counter)?;
                self.open.insert(place.clone(), file);
            }
            let Some(open) = self.open.get_mut(&place) else { continue };
            let left = batch.num_rows() - from;
            let rows = if most > 0 { left.min((most - open.rows) as usize) } else { left };
            open.sink.write(&self.job.format, &batch.slice(from, rows))?;
            open.rows += rows as u64;
            from += rows;
        }
        Ok(())
    }

    fn create(&self, place: &Place, counter: usize) -> SparkResult<OpenFile> {
        let (partition, uuid, extension) = (self.partition, &self.job.uuid, self.job.extension());
        let Place { folder, bucket } = place;
        let path = match bucket {
            None if folder.is_empty() => format!("part-{partition:05}-{uuid}-c{counter:03}{extension}"),
            None => format!("{folder}/part-{partition:05}-{uuid}.c{counter:03}{extension}"),
            Some(bucket) => {
                let separator = if folder.is_empty() { "" } else { "/" };
                format!("{folder}{separator}part-{partition:05}-{uuid}_{bucket:05}.c{counter:03}{extension}")
            }
        };
        let file = self.job.fs.create(&self.attempt.join(&path))?;
        Ok(OpenFile { sink: FileSink::new(&self.job, file)?, path, rows: 0, counter })
    }

    fn close(&mut self, open: OpenFile) -> SparkResult<()> {
        let bytes = open.sink.finish()?;
        self.message.files.push(WrittenFile { path: open.path, rows: open.rows, bytes });
        Ok(())
    }

    /// Finishes the files. The first task writes one even without rows, so that the output has a schema.
    pub(crate) fn finish(mut self) -> SparkResult<TaskCommitMessage> {
        let plain = self.job.partition_columns.is_empty() && self.job.buckets.is_none();
        if self.open.is_empty() && self.partition == 0 && plain {
            let file = self.create(&Place::default(), 0)?;
            self.open.insert(Place::default(), file);
        }
        for (_, open) in std::mem::take(&mut self.open) {
            self.close(open)?;
        }
        Ok(self.message)
    }

    /// Leaves nothing of a failed attempt.
    pub(crate) fn abort(mut self) {
        self.open.clear();
        let _ = self.job.fs.delete(&self.attempt, true);
    }
}

/// An open file of either kind.
enum FileSink {
    Rows(Encoder),
    Parquet(Box<ParquetFile>),
}

/// Compressed text on its way into a file.
enum Encoder {
    Plain { file: Box<dyn FileWriter>, pending: String },
    Gzip(Box<GzEncoder<WriterSink>>),
    Deflate(Box<ZlibEncoder<WriterSink>>),
}

struct WriterSink(Box<dyn FileWriter>);

impl std::io::Write for WriterSink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes).map(|()| bytes.len()).map_err(std::io::Error::other)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Text is handed to the file in pieces of about this size.
const PIECE: usize = 1 << 20;

impl FileSink {
    fn new(job: &WriteJob, file: Box<dyn FileWriter>) -> SparkResult<FileSink> {
        match &job.format {
            OutputFormat::Parquet(format) => Ok(FileSink::Parquet(Box::new(format.open(file)?))),
            OutputFormat::Rows { format, .. } => {
                let mut begin = String::new();
                format.begin(&mut begin);
                let level = flate2::Compression::default();
                let mut encoder = match job.compression {
                    Compression::Gzip => Encoder::Gzip(Box::new(GzEncoder::new(WriterSink(file), level))),
                    Compression::Deflate => Encoder::Deflate(Box::new(ZlibEncoder::new(WriterSink(file), level))),
                    _ => Encoder::Plain { file, pending: String::new() },
                };
                encoder.write(&begin)?;
                Ok(FileSink::Rows(encoder))
            }
        }
    }

    fn write(&mut self, format: &OutputFormat, batch: &RecordBatch) -> SparkResult<()> {
        match (self, format) {
            (FileSink::Parquet(file), _) => file.write(batch),
            (FileSink::Rows(encoder), OutputFormat::Rows { format, .. }) => {
                let mut text = String::new();
                format.rows(batch, &mut text)?;
                encoder.write(&text)
            }
            (FileSink::Rows(_), OutputFormat::Parquet(_)) => Err(SparkError::internal("rows in a Parquet job")),
        }
    }

    fn finish(self) -> SparkResult<u64> {
        let io = |error: std::io::Error| SparkError::internal(error.to_string());
        match self {
            FileSink::Parquet(file) => file.finish(),
            FileSink::Rows(Encoder::Plain { mut file, pending }) => {
                file.write(pending.as_bytes())?;
                Ok(file.finish()?)
            }
            FileSink::Rows(Encoder::Gzip(encoder)) => Ok(encoder.finish().map_err(io)?.0.finish()?),
            FileSink::Rows(Encoder::Deflate(encoder)) => Ok(encoder.finish().map_err(io)?.0.finish()?),
        }
    }
}

impl Encoder {
    fn write(&mut self, text: &str) -> SparkResult<()> {
        let io = |error: std::io::Error| SparkError::internal(error.to_string());
        match self {
            Encoder::Plain { file, pending } => {
                pending.push_str(text);
                if pending.len() >= PIECE {
                    file.write(pending.as_bytes())?;
                    pending.clear();
                }
                Ok(())
            }
            Encoder::Gzip(encoder) => encoder.write_all(text.as_bytes()).map_err(io),
            Encoder::Deflate(encoder) => encoder.write_all(text.as_bytes()).map_err(io),
        }
    }
}

//! Reads of files in memory, rendered as text.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};
use datafusion::{catalog::TableProvider, physical_plan::ExecutionPlan, prelude::SessionContext};
use futures::{TryStreamExt, executor::block_on};
use kindling_common::{RuntimeConfig, SparkError, SparkResult};
use kindling_datasource::*;
use kindling_spec::{DataType, StructField, StructType};

pub struct Files(pub Arc<dyn FileSystem>);

impl Files {
    pub fn new() -> Files {
        Files(Arc::new(InMemoryFileSystem::new()))
    }

    pub fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        self.0.write_all(&FilePath::root().join(path), content.as_ref()).unwrap();
    }

    pub fn table(
        &self,
        format: &str,
        path: &str,
        schema: Option<StructType>,
        options: &[(&str, &str)],
    ) -> SparkResult<FileTable> {
        self.table_with(format, path, schema, options, &[])
    }

    pub fn table_with(
        &self,
        format: &str,
        path: &str,
        schema: Option<StructType>,
        options: &[(&str, &str)],
        settings: &[(&str, &str)],
    ) -> SparkResult<FileTable> {
        let mut conf = RuntimeConfig::default();
        for (key, value) in settings {
            conf.set(*key, *value);
        }
        let request = SourceRequest {
            table: None,
            format: FileFormat::find(format)?,
            paths: vec![path.to_string()],
            schema,
            options: SourceOptions::new(options.iter().copied()),
            conf,
            inferred: Arc::default(),
        };
        resolve_source(Arc::clone(&self.0), &request)
    }
}

pub fn spark_error(error: datafusion::error::DataFusionError) -> SparkError {
    match error {
        datafusion::error::DataFusionError::External(error) => *error.downcast::<SparkError>().unwrap(),
        other => panic!("not a Spark error: {other}"),
    }
}

pub fn scan(table: &FileTable, projection: Option<Vec<usize>>) -> Arc<dyn ExecutionPlan> {
    let context = SessionContext::new();
    block_on(table.scan(&context.state(), projection.as_ref(), &[], None)).unwrap()
}

pub fn collect(plan: &Arc<dyn ExecutionPlan>) -> SparkResult<Vec<RecordBatch>> {
    let context = SessionContext::new().task_ctx();
    let mut out = vec![];
    for partition in 0..plan.properties().partitioning.partition_count() {
        let stream = plan.execute(partition, Arc::clone(&context)).map_err(spark_error)?;
        out.extend(block_on(stream.try_collect::<Vec<_>>()).map_err(spark_error)?);
    }
    Ok(out)
}

pub fn rows(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let mut out = vec![];
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            out.push(columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|"));
        }
    }
    out
}

/// `schema` and then one line a row, or the error's condition.
pub fn read(table: SparkResult<FileTable>) -> Vec<String> {
    let table = match table {
        Ok(table) => table,
        Err(error) => return vec![format!("!{}", error.condition)],
    };
    let mut out = vec![table.spark_schema().simple_string()];
    match collect(&scan(&table, None)) {
        Ok(batches) => out.extend(rows(&batches)),
        Err(error) => out.push(format!("!{}", error.condition)),
    }
    out
}

/// `a int, b string` for the types that tests need.
pub fn ddl(text: &str) -> StructType {
    let mut fields = vec![];
    for field in text.split(", ") {
        let (name, data_type) = field.split_once(' ').unwrap();
        fields.push(StructField::new(name, simple_type(data_type), true));
    }
    StructType { fields }
}

fn simple_type(text: &str) -> DataType {
    match text {
        "tinyint" => DataType::Byte,
        "smallint" => DataType::Short,
        "int" => DataType::Integer,
        "bigint" => DataType::Long,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "boolean" => DataType::Boolean,
        "string" => DataType::String,
        "binary" => DataType::Binary,
        "date" => DataType::Date,
        "timestamp" => DataType::Timestamp,
        "timestamp_ntz" => DataType::TimestampNtz,
        "decimal(5,1)" => DataType::Decimal { precision: 5, scale: 1 },
        "array<int>" => DataType::array(DataType::Integer),
        "array<string>" => DataType::array(DataType::String),
        "map<string,int>" => DataType::map(DataType::String, DataType::Integer),
        "struct<x:int,y:string>" => DataType::Struct(ddl("x int, y string")),
        other => panic!("{other}"),
    }
}

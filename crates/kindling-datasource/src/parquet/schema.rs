//! The schema of Parquet files, from the first footer or merged from all (`ParquetFileFormat.inferSchema`).

use std::sync::Arc;

use datafusion::physical_plan::metrics::Count;
use kindling_common::{ExceptionClass, SparkError, SparkResult, from_arrow_schema};
use kindling_spec::{DataType, StructType};
use parquet::file::metadata::ParquetMetaData;

use super::{
    footer::{physical_schema, read_footer},
    options::ParquetOptions,
};
use crate::{FileStatus, FileSystem, input::InputFile, partitioning::same_name};

/// Where Spark's writer keeps the schema as JSON.
pub(crate) const ROW_METADATA: &str = "org.apache.spark.sql.parquet.row.metadata";

/// The schema of files.
pub(crate) fn infer(
    fs: &Arc<dyn FileSystem>,
    files: &[FileStatus],
    options: &ParquetOptions,
) -> SparkResult<Option<StructType>> {
    let mut schema: Option<StructType> = None;
    for file in files {
        let input = InputFile { fs: Arc::clone(fs), path: file.path.clone(), bytes_scanned: Count::new() };
        let footer = match read_footer(&input, file.len) {
            Ok(footer) => footer,
            Err(_) if options.ignore_corrupt => continue,
            Err(error) => return Err(error),
        };
        let found = spark_schema(&footer)?;
        schema = Some(match schema {
            None => found,
            Some(schema) => merge(&schema, &found, options.case_sensitive)?,
        });
        if !options.merge_schema {
            break;
        }
    }
    Ok(schema)
}

/// The schema that Spark wrote beside the data, or what the columns' Parquet types say.
fn spark_schema(footer: &ParquetMetaData) -> SparkResult<StructType> {
    let written = footer.file_metadata().key_value_metadata().into_iter().flatten();
    let written = written.filter(|entry| entry.key == ROW_METADATA).find_map(|entry| entry.value.as_ref());
    if let Some(schema) = written
        && let Ok(json) = serde_json::from_str(schema)
        && let Some(schema) = StructType::from_json(&json)
    {
        return Ok(schema);
    }
    let arrow = physical_schema(footer).map_err(|error| SparkError::internal(error.to_string()))?;
    from_arrow_schema(&arrow)
}

/// `StructType.merge`: fields of both, by name; a field's types must agree.
pub(crate) fn merge(left: &StructType, right: &StructType, case_sensitive: bool) -> SparkResult<StructType> {
    let mut out = left.clone();
    for field in &right.fields {
        match out.fields.iter_mut().find(|other| same_name(&other.name, &field.name, case_sensitive)) {
            None => out.fields.push(field.clone()),
            Some(other) => {
                other.data_type = merge_types(&other.data_type, &field.data_type, case_sensitive).ok_or_else(|| {
                    SparkError::new(ExceptionClass::Spark, "CANNOT_MERGE_SCHEMAS")
                        .param("left", format!("\"{}\"", DataType::Struct(left.clone()).sql()))
                        .param("right", format!("\"{}\"", DataType::Struct(right.clone()).sql()))
                })?;
                other.nullable |= field.nullable;
            }
        }
    }
    Ok(out)
}

fn merge_types(left: &DataType, right: &DataType, case_sensitive: bool) -> Option<DataType> {
    Some(match (left, right) {
        (DataType::Struct(a), DataType::Struct(b)) => DataType::Struct(merge(a, b, case_sensitive).ok()?),
        (DataType::Array { element: a, contains_null: x }, DataType::Array { element: b, contains_null: y }) => {
            DataType::Array { element: Box::new(merge_types(a, b, case_sensitive)?), contains_null: *x || *y }
        }
        (
            DataType::Map { key: ka, value: va, value_contains_null: x },
            DataType::Map { key: kb, value: vb, value_contains_null: y },
        ) => DataType::Map {
            key: Box::new(merge_types(ka, kb, case_sensitive)?),
            value: Box::new(merge_types(va, vb, case_sensitive)?),
            value_contains_null: *x || *y,
        },
        (a, b) if a == b => a.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        _ => return None,
    })
}

//! Requests whose answer is a `DataFrameResult` of `web/src/protocol.ts`: what the page's grid shows.

use std::collections::HashMap;

use kindling_connect::{ConnectError, ConnectService};
use kindling_datasource::FileSystem;
use kindling_proto::connect::{
    self as proto,
    plan::OpType,
    read::{DataSource, ReadType},
    relation::RelType,
};
use serde_json::{Value, json};

use crate::storage::StorageFileSystem;

/// The first rows of a request's result.
pub fn of_request(
    service: &ConnectService,
    request: proto::ExecutePlanRequest,
    rows: usize,
) -> Result<Value, ConnectError> {
    let grid = service.execute_grid(request, rows)?;
    serde_json::to_value(grid).map_err(|error| kindling_common::SparkError::internal(error.to_string()).into())
}

/// The plan of a SQL text, as a cell holds it: one statement, perhaps ended by a semicolon.
pub fn sql_plan(text: &str) -> proto::Plan {
    let query = text.trim_end().trim_end_matches(';').to_string();
    plan_of(RelType::Sql(proto::Sql { query, ..Default::default() }))
}

/// How deep partition folders may lie before the first data file.
const PARTITION_DEPTH: usize = 8;

/// The name that tells a path's format: its own, or that of the first data file in a folder that Spark wrote.
fn telling_name(path: &str) -> String {
    let mut folder = StorageFileSystem.resolve(path).ok();
    for _ in 0..PARTITION_DEPTH {
        let Some(entries) = folder.take().and_then(|folder| StorageFileSystem.list(&folder).ok()) else { break };
        let data = entries.into_iter().find(|entry| !entry.path.name().starts_with(['_', '.']));
        match data {
            Some(entry) if entry.is_dir => folder = Some(entry.path),
            Some(entry) => return entry.path.name().to_string(),
            None => break,
        }
    }
    path.to_string()
}

/// The plan that reads a file, or a folder of them, by what the names say of the format.
pub fn file_plan(path: &str) -> proto::Plan {
    let name = telling_name(path).to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let (format, options): (&str, &[(&str, &str)]) = match name.rsplit('.').next() {
        Some("csv") => ("csv", &[("header", "true"), ("inferSchema", "true")]),
        Some("tsv" | "tab") => ("csv", &[("header", "true"), ("inferSchema", "true"), ("sep", "\t")]),
        Some("json" | "jsonl" | "ndjson") => ("json", &[]),
        Some("parquet" | "pq") => ("parquet", &[]),
        _ => ("text", &[]),
    };
    let options: HashMap<String, String> =
        options.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string())).collect();
    plan_of(RelType::Read(proto::Read {
        is_streaming: false,
        read_type: Some(ReadType::DataSource(DataSource {
            format: Some(format.to_string()),
            options,
            paths: vec![path.to_string()],
            ..Default::default()
        })),
    }))
}

/// Adds the file's size to what was read of it.
pub fn with_size(mut grid: Value, path: &str) -> Value {
    let size = StorageFileSystem.resolve(path).and_then(|path| StorageFileSystem.metadata(&path));
    if let Ok(status) = size
        && !status.is_dir
    {
        grid["sizeBytes"] = json!(status.len);
    }
    grid
}

fn plan_of(rel_type: RelType) -> proto::Plan {
    proto::Plan { op_type: Some(OpType::Root(proto::Relation { common: None, rel_type: Some(rel_type) })) }
}

//! Spark's SQL golden files, run by the engine without a transport: where `KINDLING_GOLDEN` names a file, the outcome
//! of each query is written there as a line of JSON. A quick look while working; the conformance suite compares over
//! the protocol.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, mpsc},
    time::Duration,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{DurationMicrosecondType, Field, IntervalYearMonthType, Schema},
};
use kindling_common::SparkResult;
use kindling_datasource::InMemoryFileSystem;
use kindling_executor::{CancelToken, NativeThreads, SystemClock};
use kindling_plan::{SessionState, batch_strings};
use kindling_spec::{DataType, Plan, Relation, RelationKind, StructField, StructType};
use serde_json::{Value, json};

use crate::{ConnectService, ServiceOptions, SessionHolder, query::QueryRun};

/// How long one query may take.
const LIMIT: Duration = Duration::from_secs(20);

type Outcome = SparkResult<(String, Vec<String>)>;

/// The schema and the rows as text.
fn run(service: &ConnectService, session: &SessionHolder, sql: &str, cancel: CancelToken) -> Outcome {
    let state = &session.state;
    let query =
        RelationKind::Sql { query: sql.to_string(), named_arguments: Default::default(), positional_arguments: vec![] };
    let plan = Plan::Relation(Relation::from(query));
    let mut batches = vec![];
    let run = QueryRun { engine: service.engine(), state, tags: &[], cancel, observed: None };
    let schema = run.run(&plan, &mut |_| (), &mut |_, batch| {
        batches.push(batch.clone());
        Ok(())
    })?;
    let rows = hive_rows(state, &schema, &batches)?;
    let described = schema.fields.first().is_some_and(|field| field.name == "info_name");
    Ok((schema.simple_string(), if described { rows } else { of_command(sql, rows) }))
}

/// Rows of commands as Hive shows them: descriptions in columns of a width, of tables and views the name alone.
fn of_command(sql: &str, rows: Vec<String>) -> Vec<String> {
    let words: Vec<String> = sql.split_whitespace().take(3).map(str::to_uppercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let padded = |row: String| {
        let cells: Vec<String> =
            row.split('\t').map(|cell| if cell == "NULL" { " ".repeat(20) } else { format!("{cell:<20}") }).collect();
        cells.join("\t")
    };
    match words.as_slice() {
        ["DESC" | "DESCRIBE", "FUNCTION" | "DATABASE" | "SCHEMA" | "NAMESPACE" | "CATALOG", ..] => rows,
        ["DESC" | "DESCRIBE", ..] => rows.into_iter().map(padded).collect(),
        ["SHOW", "TABLES" | "VIEWS", ..] => {
            rows.iter().map(|row| row.split('\t').nth(1).unwrap_or(row).to_string()).collect()
        }
        _ => rows,
    }
}

/// The same with an end: a query that takes too long is cancelled, or left behind on its thread.
fn run_limited(service: &Arc<ConnectService>, session: &Arc<SessionHolder>, sql: &str) -> Result<Outcome, String> {
    let (sender, receiver) = mpsc::channel();
    let cancel = CancelToken::new();
    let (service, session, sql, token) = (Arc::clone(service), Arc::clone(session), sql.to_string(), cancel.clone());
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| run(&service, &session, &sql, token)));
            let _ = sender.send(outcome.map_err(|_| "PANIC".to_string()));
        })
        .unwrap();
    receiver.recv_timeout(LIMIT).unwrap_or_else(|_| {
        cancel.cancel();
        Err("TIMEOUT".into())
    })
}

/// An error as the golden files have it.
fn error_json(error: &kindling_common::SparkError) -> Value {
    json!({"errorClass": error.condition, "message": error.message()})
}

/// Rows as Spark's golden files have them (`HiveResult.hiveResultString`).
fn hive_rows(state: &SessionState, schema: &StructType, batches: &[RecordBatch]) -> SparkResult<Vec<String>> {
    let mut rows = vec![];
    for batch in batches {
        let mut columns = vec![];
        for (column, field) in batch.columns().iter().zip(&schema.fields) {
            columns.push(hive_strings(state, column, &field.data_type, false)?);
        }
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|column| column[row].as_str()).collect::<Vec<_>>().join("\t"));
        }
    }
    Ok(rows)
}

fn hive_strings(
    state: &SessionState,
    array: &ArrayRef,
    data_type: &DataType,
    nested: bool,
) -> SparkResult<Vec<String>> {
    let null = if nested { "null" } else { "NULL" };
    let or_null = |row: usize, text: String| if array.is_null(row) { null.to_string() } else { text };
    let rows = 0..array.len();
    Ok(match data_type {
        DataType::Array { element: element_type, .. } => {
            let list = array.as_list::<i32>();
            let items = hive_strings(state, list.values(), element_type, true)?;
            let bounds = list.value_offsets();
            let text = |row: usize| format!("[{}]", items[bounds[row] as usize..bounds[row + 1] as usize].join(","));
            rows.map(|row| or_null(row, text(row))).collect()
        }
        DataType::Map { key: key_type, value: value_type, .. } => {
            let map = array.as_map();
            let keys = hive_strings(state, map.keys(), key_type, true)?;
            let values = hive_strings(state, map.values(), value_type, true)?;
            let bounds = map.value_offsets();
            let text = |row: usize| {
                let entries = bounds[row] as usize..bounds[row + 1] as usize;
                let entries: Vec<_> = entries.map(|entry| format!("{}:{}", keys[entry], values[entry])).collect();
                format!("{{{}}}", entries.join(","))
            };
            rows.map(|row| or_null(row, text(row))).collect()
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().iter().zip(&fields.fields);
            let fields = columns
                .map(|(column, field)| Ok((&field.name, hive_strings(state, column, &field.data_type, true)?)))
                .collect::<SparkResult<Vec<_>>>()?;
            let text = |row: usize| {
                let fields: Vec<_> =
                    fields.iter().map(|(name, values)| format!("\"{name}\":{}", values[row])).collect();
                format!("{{{}}}", fields.join(","))
            };
            rows.map(|row| or_null(row, text(row))).collect()
        }
        DataType::Binary => {
            let bytes = array.as_binary::<i32>();
            rows.map(|row| or_null(row, String::from_utf8_lossy(bytes.value(row)).into_owned())).collect()
        }
        DataType::YearMonthInterval { .. } => {
            let months = array.as_primitive::<IntervalYearMonthType>();
            let text = |row: usize| {
                let months = months.value(row);
                let (sign, months) = (if months < 0 { "-" } else { "" }, months.unsigned_abs());
                format!("{sign}{}-{}", months / 12, months % 12)
            };
            rows.map(|row| or_null(row, text(row))).collect()
        }
        DataType::DayTimeInterval { .. } => {
            let micros = array.as_primitive::<DurationMicrosecondType>();
            let text = |row: usize| {
                let micros = micros.value(row);
                let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
                let seconds = micros / 1_000_000;
                let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
                let nanos = micros % 1_000_000 * 1000;
                format!("{sign}{days} {hours:02}:{minutes:02}:{:02}.{nanos:09}", seconds % 60)
            };
            rows.map(|row| or_null(row, text(row))).collect()
        }
        _ => {
            let schema = StructType {
                fields: vec![StructField {
                    name: "c".into(),
                    data_type: data_type.clone(),
                    nullable: true,
                    metadata: None,
                }],
            };
            let field = Field::new("c", array.data_type().clone(), true);
            let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::clone(array)]).unwrap();
            let strings = batch_strings(state, &schema, &batch)?;
            let strings = strings.column(0).as_string::<i32>();
            let quoted = nested && matches!(data_type, DataType::String);
            let text = |row: usize| {
                let text = strings.value(row);
                if quoted {
                    return format!("\"{text}\"");
                }
                text.to_string()
            };
            rows.map(|row| if strings.is_null(row) { null.to_string() } else { text(row) }).collect()
        }
    })
}

/// Lines in any order, without what a run decides.
fn normalized(text: &str) -> Vec<String> {
    let id = regex::Regex::new(r"#\d+").unwrap();
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| id.replace_all(line.trim_end(), "#x").into_owned())
        .map(|line| match line.split_once(['\t', ' ']) {
            Some((key @ ("Location" | "Created" | "Owner"), _)) => key.to_string(),
            _ => line,
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn golden_files() {
    let Ok(out) = std::env::var("KINDLING_GOLDEN") else { return };
    let only = std::env::var("KINDLING_GOLDEN_ONLY").unwrap_or_default();
    let path = std::env::var("KINDLING_GOLDEN_FILES").unwrap_or_else(|_| {
        let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap())
            .join("../../../shared/conformance/sql_golden_dev.json");
        path.to_string_lossy().into_owned()
    });
    let files: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut log = String::new();
    for file in files.as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        if name.starts_with("udf") || !only.split(',').any(|only| name.contains(only)) {
            continue;
        }
        let mut options = ServiceOptions::new(1, 2);
        options.conf.set("spark.sql.session.timeZone", "America/Los_Angeles");
        options.conf.set("spark.sql.ansi.enabled", (!name.starts_with("nonansi/")).to_string());
        options.conf.set("spark.sql.shuffle.partitions", "4");
        if name.starts_with("timestampNTZ/") {
            options.conf.set("spark.sql.timestampType", "TIMESTAMP_NTZ");
        }
        for setting in file["set"].as_array().unwrap() {
            let (key, value) = setting.as_str().unwrap().split_once('=').unwrap();
            options.conf.set(key.trim(), value.trim());
        }
        let file_system = Arc::new(InMemoryFileSystem::default());
        let clock = Arc::new(SystemClock::default());
        let service = Arc::new(ConnectService::new(options, file_system, Arc::new(NativeThreads), clock).unwrap());
        let session = service.session(name, None).unwrap();
        for (index, query) in file["queries"].as_array().unwrap().iter().enumerate() {
            let sql = query["sql"].as_str().unwrap();
            let result = run_limited(&service, &session, sql);
            let want = query["out"].as_str().unwrap_or("");
            let mut got = Value::Null;
            let outcome = match (query["error"] == Value::Bool(true), result) {
                (_, Err(failure)) => Err(failure),
                (is_error, Ok(Err(error))) => {
                    got = error_json(&error);
                    if is_error && want.contains(&format!("\"{}\"", error.condition)) {
                        Ok(())
                    } else {
                        Err(format!("error {}", error.condition))
                    }
                }
                (is_error, Ok(Ok((schema, rows)))) => {
                    let rows = rows.join("\n");
                    let outcome = if is_error {
                        Err("no error")
                    } else if schema != query["schema"].as_str().unwrap_or("") {
                        Err("schema")
                    } else if normalized(&rows) != normalized(want) {
                        Err("rows")
                    } else {
                        Ok(())
                    };
                    got = json!({"schema": schema, "rows": rows});
                    outcome.map_err(str::to_string)
                }
            };
            let line = json!({
                "file": name, "index": index, "verified": query["verified"], "sql": sql,
                "reason": outcome.err(), "got": got, "schema": query["schema"], "want": want,
            });
            let _ = writeln!(log, "{line}");
        }
        std::fs::write(&out, &log).unwrap();
    }
}

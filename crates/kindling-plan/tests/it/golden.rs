//! Spark's SQL golden files, run without a cluster: where `KINDLING_GOLDEN` names a file, each query's outcome is
//! written there. A quick look while working; the conformance suite compares exactly and over the protocol.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use arrow::array::{Array, AsArray};
use kindling_common::SparkResult;
use kindling_plan::{SessionState, analyze, nullable_strings, parse_sql, run_command};
use kindling_spec::Plan;
use serde_json::Value;

use crate::{commands::Runner, harness};

/// The schema and the rows as text.
fn run(state: &SessionState, runner: &Runner, sql: &str) -> SparkResult<(String, Vec<String>)> {
    match parse_sql(state, sql, &BTreeMap::new(), &[])? {
        Plan::Command(command) => {
            let output = run_command(state, &command, runner)?;
            let rows = output.batches.iter().flat_map(crate::commands::cells).map(|row| row.join("\t"));
            Ok((output.schema.simple_string(), rows.collect()))
        }
        Plan::Relation(relation) => {
            let plan = analyze(state, &relation)?;
            let schema = plan.schema().simple_string();
            let mut rows = vec![];
            for batch in harness::run(state, &nullable_strings(state, plan)?)? {
                for row in 0..batch.num_rows() {
                    let cells = batch.columns().iter().map(|column| {
                        let column = column.as_string::<i32>();
                        if column.is_null(row) { "NULL" } else { column.value(row) }
                    });
                    rows.push(cells.collect::<Vec<_>>().join("\t"));
                }
            }
            Ok((schema, rows))
        }
    }
}

/// What is left when the forms of nested values do not matter.
fn normalized(text: &str) -> Vec<String> {
    let plain = text.replace(", ", ",").replace(" -> ", ":").replace('"', "");
    let mut lines: Vec<String> = plain.lines().map(|line| line.trim_end().to_string()).collect();
    lines.sort();
    lines
}

#[test]
fn golden_files() {
    let Ok(out) = std::env::var("KINDLING_GOLDEN") else { return };
    let only = std::env::var("KINDLING_GOLDEN_ONLY").unwrap_or_default();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/sql_golden_dev.json");
    let files: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut log = String::new();
    let (mut passed, mut total) = (0, 0);
    for file in files.as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        if !name.contains(&only) {
            continue;
        }
        let state = harness::session();
        let runner = Runner::default();
        {
            let mut conf = state.conf.write();
            conf.set("spark.sql.session.timeZone", "America/Los_Angeles");
            conf.set("spark.sql.ansi.enabled", (!name.starts_with("nonansi/")).to_string());
            for setting in file["set"].as_array().unwrap() {
                let (key, value) = setting.as_str().unwrap().split_once('=').unwrap();
                conf.set(key.trim(), value.trim());
            }
        }
        let (mut file_passed, mut file_total) = (0, 0);
        for query in file["queries"].as_array().unwrap() {
            let sql = query["sql"].as_str().unwrap();
            // A query that does not end is the last in the log.
            std::fs::write(&out, format!("{log}LAST {name} | {sql}\n")).unwrap();
            let result = catch_unwind(AssertUnwindSafe(|| run(&state, &runner, sql)));
            if query["verified"] != Value::Bool(true) {
                continue;
            }
            file_total += 1;
            let want = query["out"].as_str().unwrap_or("");
            let outcome = match (query["error"] == Value::Bool(true), result) {
                (_, Err(_)) => Err("PANIC".to_string()),
                (true, Ok(Err(error))) if want.contains(&format!("\"{}\"", error.condition)) => Ok(()),
                (true, Ok(Err(error))) => Err(format!("error {} not {want}", error.message())),
                (true, Ok(Ok(_))) => Err(format!("no error {want}")),
                (false, Ok(Err(error))) => Err(format!("error {}", error.message())),
                (false, Ok(Ok((schema, rows)))) => {
                    let rows = rows.join("\n");
                    if schema != query["schema"].as_str().unwrap_or("") {
                        Err(format!("schema {schema} not {}", query["schema"]))
                    } else if normalized(&rows) != normalized(want) {
                        Err(format!("rows {rows} not {want}"))
                    } else {
                        Ok(())
                    }
                }
            };
            match outcome {
                Ok(()) => file_passed += 1,
                Err(reason) => {
                    let _ = writeln!(log, "FAIL {name} | {} | {}", sql.replace('\n', " "), reason.replace('\n', "\\n"));
                }
            }
        }
        let _ = writeln!(log, "FILE {name} {file_passed}/{file_total}");
        passed += file_passed;
        total += file_total;
    }
    let _ = writeln!(log, "TOTAL {passed}/{total}");
    std::fs::write(out, log).unwrap();
}

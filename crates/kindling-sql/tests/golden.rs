//! Parses the queries of Spark's own SQL suite where the conformance data is there, and compares parse errors and
//! the fragments of error contexts with those Spark reports.

use std::path::Path;

use kindling_common::SparkError;
use kindling_sql::{ParserOptions, parse_plan_with};
use serde_json::Value;

fn options(file: &Value) -> ParserOptions {
    let name = file["file"].as_str().unwrap_or("");
    let mut options = ParserOptions {
        ansi: !name.starts_with("nonansi/"),
        session_time_zone: "America/Los_Angeles".into(),
        ..Default::default()
    };
    for setting in file["set"].as_array().into_iter().flatten() {
        let (key, value) = setting.as_str().unwrap_or("").split_once('=').unwrap_or(("", ""));
        let on = value.trim() == "true";
        match key.trim() {
            "spark.sql.ansi.enabled" => options.ansi = on,
            "spark.sql.ansi.enforceReservedKeywords" => options.enforce_reserved_keywords = on,
            "spark.sql.ansi.doubleQuotedIdentifiers" => options.double_quoted_identifiers = on,
            "spark.sql.timestampType" => options.timestamp_ntz_is_default = value.trim() == "TIMESTAMP_NTZ",
            "spark.sql.legacy.exponentLiteralAsDecimal.enabled" => options.exponent_literal_as_decimal = on,
            "spark.sql.legacy.setopsPrecedence.enabled" => options.legacy_setops_precedence = on,
            "spark.sql.legacy.viewSchemaBindingMode" => options.view_schema_binding = on,
            "spark.sql.legacy.interval.enabled" => options.legacy_interval = on,
            _ => {}
        }
    }
    options
}

/// The error condition and contexts that Spark reports, and whether it is the parser's.
fn expected(query: &Value) -> Option<(bool, Value)> {
    if query["error"] != Value::Bool(true) {
        return None;
    }
    let out = query["out"].as_str()?;
    let json = serde_json::from_str(out.get(out.find('{')?..)?).ok()?;
    Some((out.contains("ParseException"), json))
}

/// Byte range of a context, which counts characters from one and includes the last.
fn byte_range(sql: &str, context: &Value) -> Option<(usize, usize)> {
    let at = |key: &str| context[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let (start, stop) = (at("startIndex")?, at("stopIndex")?);
    let byte = |n: usize| sql.char_indices().nth(n).map_or(sql.len(), |(i, _)| i);
    Some((byte(start.checked_sub(1)?), byte(stop)))
}

fn describe(error: &SparkError) -> String {
    format!("{} {:?}", error.condition, error.parameters)
}

#[test]
fn spark_s_own_queries_parse_as_in_spark() {
    let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap())
        .join("../../../shared/conformance/sql_golden_dev.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let files: Value = serde_json::from_str(&text).expect("golden data is JSON");
    let (mut parsed, mut failed, mut errors_right, mut errors_wrong) = (0, 0, 0, 0);
    let (mut contexts_right, mut contexts_wrong) = (0, 0);
    for file in files.as_array().into_iter().flatten() {
        let options = options(file);
        for query in file["queries"].as_array().into_iter().flatten() {
            let sql = query["sql"].as_str().unwrap_or("");
            let result = parse_plan_with(sql, &options);
            match (expected(query), result) {
                (Some((true, json)), Ok(_)) => {
                    errors_wrong += 1;
                    println!("NO ERROR {} | {sql} | expected {}", file["file"], json["errorClass"]);
                }
                (Some((true, json)), Err(error)) => {
                    let parameters: Value = error
                        .parameters
                        .iter()
                        .map(|(k, v)| (k.clone(), Value::from(v.clone())))
                        .collect::<serde_json::Map<_, _>>()
                        .into();
                    let same_parameters = json["messageParameters"] == parameters
                        || json["messageParameters"].is_null() && error.parameters.is_empty();
                    let context = error.contexts.first().map(|c| c.fragment.clone()).unwrap_or_default();
                    let same_context = json["queryContext"][0]["fragment"].as_str().unwrap_or("") == context;
                    if json["errorClass"] == error.condition && same_parameters && same_context {
                        errors_right += 1;
                    } else {
                        errors_wrong += 1;
                        println!(
                            "OTHER ERROR {} | {sql} | {} [{context}] | expected {json}",
                            file["file"],
                            describe(&error)
                        );
                    }
                }
                (Some((_, json)), Err(error)) if json["errorClass"] == error.condition => errors_right += 1,
                (_, Err(error)) => {
                    failed += 1;
                    println!("FAILED {} | {sql} | {}", file["file"], describe(&error));
                }
                (other, Ok(plan)) => {
                    parsed += 1;
                    let Some((_, json)) = other else { continue };
                    let Some((start, end)) = byte_range(sql, &json["queryContext"][0]) else { continue };
                    if sql.get(start..end) != json["queryContext"][0]["fragment"].as_str() {
                        continue;
                    }
                    if format!("{plan:?}").contains(&format!("start: {start}, end: {end},")) {
                        contexts_right += 1;
                    } else {
                        contexts_wrong += 1;
                        println!("CONTEXT {} | {sql} | {} `{}`", file["file"], json["errorClass"], &sql[start..end]);
                    }
                }
            }
        }
    }
    println!("parsed {parsed}, failed {failed}");
    println!("parse errors right {errors_right}, wrong {errors_wrong}");
    println!("error contexts with a node {contexts_right}, without {contexts_wrong}");
    assert!(failed * 100 < parsed, "{failed} of {parsed} queries do not parse");
}

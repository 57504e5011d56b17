//! `CellError` of `web/src/protocol.ts` from a Spark error, for cells that run without Python.

use kindling_common::{ExceptionClass, QueryContext, QueryContextKind, SparkError};
use serde_json::{Map, Value, json};

/// The error as the page shows it, with the line of the cell where the context gives one.
pub fn cell_error(error: &SparkError, text: &str) -> Value {
    let parameters: Map<String, Value> =
        error.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut out = json!({
        "ename": python_name(error.class),
        "evalue": error.full_message(),
        "frames": [],
        "condition": error.condition,
        "sqlState": error.sql_state(),
        "parameters": parameters,
        "contexts": error.contexts.iter().map(context).collect::<Vec<_>>(),
    });
    if let Some(line) = error.contexts.iter().find_map(|context| line(context, text)) {
        out["line"] = json!(line);
    }
    out
}

/// The name of the class that PySpark raises.
fn python_name(class: ExceptionClass) -> &'static str {
    match class {
        ExceptionClass::Analysis => "AnalysisException",
        ExceptionClass::Parse => "ParseException",
        ExceptionClass::Arithmetic => "ArithmeticException",
        ExceptionClass::ArrayIndexOutOfBounds => "ArrayIndexOutOfBoundsException",
        ExceptionClass::DateTime => "DateTimeException",
        ExceptionClass::IllegalArgument => "IllegalArgumentException",
        ExceptionClass::NumberFormat => "NumberFormatException",
        ExceptionClass::NoSuchElement => "SparkNoSuchElementException",
        ExceptionClass::Runtime => "SparkRuntimeException",
        ExceptionClass::UnsupportedOperation => "UnsupportedOperationException",
        ExceptionClass::Upgrade => "SparkUpgradeException",
        ExceptionClass::Spark => "SparkException",
    }
}

fn context(context: &QueryContext) -> Value {
    match context.kind {
        QueryContextKind::Sql => json!({
            "type": "SQL",
            "fragment": context.fragment,
            "startIndex": context.start_index,
            "stopIndex": context.stop_index,
            "summary": context.summary,
        }),
        QueryContextKind::DataFrame => json!({
            "type": "DataFrame",
            "fragment": context.fragment,
            "callSite": context.call_site,
            "summary": context.summary,
        }),
    }
}

fn line(context: &QueryContext, text: &str) -> Option<usize> {
    let start = usize::try_from(context.start_index).ok()?;
    (context.kind == QueryContextKind::Sql).then(|| text.chars().take(start).filter(|c| *c == '\n').count() + 1)
}

//! Reading and writing `.ipynb` (nbformat 4.5).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::mime_bundle::{MimeBundle, SAVED_ROWS, multiline};
use super::notebook::{Cell, CellKind, Language, Notebook, Output, StreamName};
use super::stream_text::StreamText;
use crate::kernel::protocol::CellError;

/// What of the outputs is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Include {
    /// Charts, text and errors.
    pub outputs: bool,
    /// Rows of DataFrame results.
    pub rows: bool,
}

impl Include {
    /// Everything.
    pub const ALL: Include = Include { outputs: true, rows: true };
    /// Text and code only.
    pub const NONE: Include = Include { outputs: false, rows: false };
}

/// Why a text is not a notebook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANotebook(pub String);

impl std::fmt::Display for NotANotebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a notebook. Version 4.0 to 4.x; ids that are missing or doubled are made from `seed`.
pub fn read(text: &str, seed: u64) -> Result<Notebook, NotANotebook> {
    let json: Value =
        serde_json::from_str(text).map_err(|e| NotANotebook(format!("This file is not a notebook: {e}.")))?;
    read_value(&json, seed)
}

/// Reads a notebook from its JSON.
pub fn read_value(json: &Value, seed: u64) -> Result<Notebook, NotANotebook> {
    let object = json.as_object().ok_or_else(|| NotANotebook("This file is not a notebook: no JSON object.".into()))?;
    match object.get("nbformat").and_then(Value::as_u64) {
        Some(4) => {}
        Some(other) => {
            return Err(NotANotebook(format!(
                "This notebook has format version {other}; version 4 is read. Jupyter's `nbconvert` converts it."
            )));
        }
        None => return Err(NotANotebook("This file is not a notebook: `nbformat` is missing.".into())),
    }
    let cells = object
        .get("cells")
        .and_then(Value::as_array)
        .ok_or_else(|| NotANotebook("This file is not a notebook: `cells` is missing.".into()))?;
    let mut notebook = Notebook {
        metadata: object.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
        cells: Vec::with_capacity(cells.len()),
    };
    for (n, cell) in cells.iter().enumerate() {
        let cell = cell.as_object().ok_or_else(|| NotANotebook(format!("Cell {} is not an object.", n + 1)))?;
        let id = cell.get("id").and_then(Value::as_str).filter(|id| valid_id(id) && notebook.index_of(id).is_none());
        let id = id.map_or_else(|| notebook.fresh_id(seed.wrapping_add(n as u64)), str::to_owned);
        notebook.cells.push(Arc::new(read_cell(cell, id)));
    }
    Ok(notebook)
}

fn valid_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn read_cell(cell: &Map<String, Value>, id: String) -> Cell {
    let kind = match cell.get("cell_type").and_then(Value::as_str) {
        Some("markdown") => CellKind::Markdown,
        Some("raw") => CellKind::Raw,
        _ => CellKind::Code,
    };
    let mut metadata = cell.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut detail = take_error(&mut metadata);
    let outputs = match cell.get("outputs").and_then(Value::as_array) {
        Some(list) if kind == CellKind::Code => {
            list.iter().filter_map(|o| read_output(o.as_object()?, &mut detail)).map(Arc::new).collect()
        }
        _ => Vec::new(),
    };
    Cell {
        id,
        kind,
        source: cell.get("source").and_then(multiline).unwrap_or_default().replace("\r\n", "\n"),
        metadata,
        attachments: cell.get("attachments").cloned(),
        outputs,
        execution_count: cell.get("execution_count").and_then(Value::as_u64).map(|n| n as u32),
    }
}

/// The structured error of the cell; nbformat's own error output has no room for it.
fn take_error(metadata: &mut Map<String, Value>) -> Option<CellError> {
    let kindling = metadata.get_mut("kindling")?.as_object_mut()?;
    let error = kindling.remove("error")?;
    if kindling.is_empty() {
        metadata.remove("kindling");
    }
    serde_json::from_value(error).ok()
}

fn read_output(output: &Map<String, Value>, detail: &mut Option<CellError>) -> Option<Output> {
    let bundle = || {
        let data = output.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
        MimeBundle::from_json(data)
    };
    let metadata = || output.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    let string = |key: &str| output.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match output.get("output_type").and_then(Value::as_str)? {
        "stream" => {
            let mut text = StreamText::default();
            text.push(&output.get("text").and_then(multiline).unwrap_or_default());
            Some(Output::Stream { name: StreamName::parse(&string("name")), text })
        }
        "display_data" => Some(Output::DisplayData { data: bundle(), metadata: metadata(), display_id: None }),
        "execute_result" | "pyout" => Some(Output::ExecuteResult {
            execution_count: output.get("execution_count").and_then(Value::as_u64).map(|n| n as u32),
            data: bundle(),
            metadata: metadata(),
        }),
        "error" => {
            let (ename, evalue) = (string("ename"), string("evalue"));
            let error = match detail.take() {
                Some(error) if error.ename == ename => error,
                _ => CellError { ename, evalue, ..CellError::default() },
            };
            Some(Output::Error(Box::new(error)))
        }
        _ => None,
    }
}

/// Writes a notebook as JSON text, formatted as Jupyter formats it (one space of indent).
pub fn write(notebook: &Notebook, include: Include) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // Writing a Value into a Vec cannot fail; an empty file would be worse than the compact form.
    let value = write_value(notebook, include);
    match serde::Serialize::serialize(&value, &mut serializer) {
        Ok(()) => String::from_utf8(out).unwrap_or_else(|_| value.to_string()) + "\n",
        Err(_) => value.to_string(),
    }
}

/// Writes a notebook as JSON.
pub fn write_value(notebook: &Notebook, include: Include) -> Value {
    let mut metadata = notebook.metadata.clone();
    metadata
        .entry("kernelspec")
        .or_insert_with(|| json!({"display_name": "Python 3 (PySpark)", "language": "python", "name": "python3"}));
    metadata.entry("language_info").or_insert_with(|| json!({"name": "python", "file_extension": ".py"}));
    json!({
        "cells": notebook.cells.iter().map(|c| write_cell(c, include)).collect::<Vec<_>>(),
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

fn write_cell(cell: &Cell, include: Include) -> Value {
    let mut object = Map::new();
    let kind = match cell.kind {
        CellKind::Code => "code",
        CellKind::Markdown => "markdown",
        CellKind::Raw => "raw",
    };
    object.insert("cell_type".into(), kind.into());
    if cell.kind == CellKind::Code {
        let count = if include.outputs { cell.execution_count } else { None };
        object.insert("execution_count".into(), json!(count));
    }
    object.insert("id".into(), cell.id.clone().into());
    let mut metadata = cell.metadata.clone();
    if cell.kind == CellKind::Code {
        let outputs = cell.outputs.iter().filter(|_| include.outputs).filter_map(|o| {
            if let Output::Error(error) = o.as_ref()
                && let Ok(detail) = serde_json::to_value(error)
            {
                let kindling = metadata.entry("kindling").or_insert_with(|| json!({}));
                if let Some(map) = kindling.as_object_mut() {
                    map.insert("error".into(), detail);
                }
            }
            write_output(o, include, cell.execution_count)
        });
        let outputs = outputs.collect::<Vec<_>>();
        object.insert("outputs".into(), outputs.into());
    } else if let Some(attachments) = &cell.attachments {
        object.insert("attachments".into(), attachments.clone());
    }
    object.insert("metadata".into(), metadata.into());
    object.insert("source".into(), lines(&cell.source));
    Value::Object(object)
}

fn write_output(output: &Output, include: Include, count: Option<u32>) -> Option<Value> {
    let bundle = |data: &MimeBundle| {
        let map = data.to_json(if include.rows { SAVED_ROWS } else { 0 });
        // `text/plain` of a DataFrame prints its rows.
        if !include.rows && data.dataframe.is_some() { None } else { Some(map) }
    };
    Some(match output {
        Output::Stream { name, text } => {
            json!({"name": name.as_str(), "output_type": "stream", "text": lines(&text.joined())})
        }
        Output::DisplayData { data, metadata, .. } => {
            json!({"data": bundle(data)?, "metadata": metadata, "output_type": "display_data"})
        }
        Output::ExecuteResult { execution_count, data, metadata } => json!({
            "data": bundle(data)?, "execution_count": execution_count.or(count),
            "metadata": metadata, "output_type": "execute_result",
        }),
        Output::Error(error) => json!({
            "ename": error.ename, "evalue": error.evalue, "output_type": "error", "traceback": traceback(error),
        }),
    })
}

/// The traceback as CPython prints it, line by line.
pub fn traceback(error: &CellError) -> Vec<String> {
    let mut out = Vec::new();
    if !error.frames.is_empty() {
        out.push("Traceback (most recent call last):".to_owned());
    }
    for frame in &error.frames {
        out.push(format!("  File \"{}\", line {}, in {}", frame.file, frame.line, frame.name));
        if let Some(source) = &frame.source {
            out.push(format!("    {}", source.trim()));
        }
    }
    out.push(if error.evalue.is_empty() { error.ename.clone() } else { format!("{}: {}", error.ename, error.evalue) });
    out
}

/// nbformat's list of lines, each with its line end.
fn lines(text: &str) -> Value {
    Value::Array(text.split_inclusive('\n').map(Value::from).collect())
}

/// A notebook with one empty cell of a language.
pub fn blank(title: &str, seed: u64) -> Notebook {
    let mut notebook = Notebook::default();
    notebook.set_kindling("title", title.into());
    let id = notebook.fresh_id(seed);
    notebook.cells.push(Arc::new(Cell::new(id, Language::Python)));
    notebook
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r##"{"cells":[
      {"cell_type":"markdown","id":"m1","metadata":{"tags":["x"]},"source":["# Title\n","text"]},
      {"cell_type":"code","execution_count":3,"id":"c1","metadata":{},"source":"%%sql\nSELECT 1","outputs":[
        {"output_type":"stream","name":"stdout","text":["a\n","b\n"]},
        {"output_type":"execute_result","execution_count":3,"metadata":{},"data":{"text/plain":"x",
          "application/vnd.kindling.dataframe+json":{"columns":[{"name":"k","type":"int","nullable":true}],"rows":[["1"],[null]],"truncated":false}}},
        {"output_type":"error","ename":"ValueError","evalue":"no","traceback":["t"]}]}],
      "metadata":{"kernelspec":{"name":"python3","display_name":"P"},"custom":1},"nbformat":4,"nbformat_minor":5}"##;

    #[test]
    fn reading_and_writing_gives_the_same_notebook() {
        let notebook = read(SAMPLE, 1).unwrap();
        let text = write(&notebook, Include::ALL);
        assert_eq!(read(&text, 2).unwrap().cells, notebook.cells);
        assert_eq!(write(&read(&text, 3).unwrap(), Include::ALL), text);
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["nbformat_minor"], 5);
        assert_eq!(json["metadata"]["custom"], 1);
        assert_eq!(json["cells"][0]["metadata"]["tags"][0], "x");
        assert!(json["cells"][0].get("outputs").is_none());
    }

    #[test]
    fn without_rows_no_value_of_a_dataframe_is_written() {
        let notebook = read(SAMPLE, 1).unwrap();
        let text = write(&notebook, Include { outputs: true, rows: false });
        assert!(text.contains("ValueError") && !text.contains("dataframe") && !text.contains("\"x\": "));
        assert!(!write(&notebook, Include::NONE).contains("ValueError"));
    }

    #[test]
    fn a_structured_error_survives_in_cell_metadata() {
        let mut notebook = read(SAMPLE, 1).unwrap();
        let error = CellError {
            ename: "AnalysisException".into(),
            condition: Some("TABLE_OR_VIEW_NOT_FOUND".into()),
            line: Some(2),
            ..CellError::default()
        };
        notebook.update("c1", |c| c.outputs = vec![Arc::new(Output::Error(Box::new(error.clone())))]);
        let again = read(&write(&notebook, Include::ALL), 1).unwrap();
        assert_eq!(again.cells, notebook.cells);
        assert!(again.cell("c1").unwrap().metadata.is_empty());
    }

    #[test]
    fn ids_are_made_where_they_are_missing_or_doubled() {
        let text = r#"{"nbformat":4,"nbformat_minor":2,"metadata":{},"cells":[
          {"cell_type":"code","source":"","metadata":{}},{"cell_type":"code","id":"a","source":"","metadata":{}},
          {"cell_type":"code","id":"a","source":"","metadata":{}},{"cell_type":"code","id":"b c","source":"","metadata":{}}]}"#;
        let notebook = read(text, 9).unwrap();
        let ids: std::collections::HashSet<_> = notebook.cells.iter().map(|c| c.id.clone()).collect();
        assert_eq!(ids.len(), 4);
        assert!(ids.iter().all(|id| valid_id(id)));
    }

    #[test]
    fn what_is_not_a_notebook_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "not a notebook"),
            ("[]", "no JSON object"),
            ("{}", "`nbformat` is missing"),
            (r#"{"nbformat":3}"#, "version 3"),
            (r#"{"nbformat":4}"#, "`cells` is missing"),
            (r#"{"nbformat":4,"cells":[1]}"#, "Cell 1 is not an object"),
        ] {
            let error = read(text, 0).unwrap_err();
            assert!(error.0.contains(reason), "{error}");
        }
    }
}

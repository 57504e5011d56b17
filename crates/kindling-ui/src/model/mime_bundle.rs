//! Content by MIME type, with the DataFrame result parsed once.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::kernel::protocol::DataFrameResult;

/// MIME type of a DataFrame result.
pub const DATAFRAME_MIME: &str = "application/vnd.kindling.dataframe+json";
/// Rows of a DataFrame result that are saved with the notebook.
pub const SAVED_ROWS: usize = 1_000;

/// Content by MIME type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MimeBundle {
    /// The DataFrame result, if there is one.
    pub dataframe: Option<Arc<DataFrameResult>>,
    /// Everything else, as it came.
    pub rest: Map<String, Value>,
}

impl MimeBundle {
    /// From the JSON object; a DataFrame that does not parse stays among the rest.
    pub fn from_json(mut map: Map<String, Value>) -> MimeBundle {
        let mut dataframe = None;
        if let Some(value) = map.remove(DATAFRAME_MIME) {
            match DataFrameResult::deserialize(&value) {
                Ok(mut result) => {
                    // Ragged rows would break the grid's indexing.
                    let width = result.columns.len();
                    result.rows.iter_mut().for_each(|row| row.resize(width, None));
                    dataframe = Some(Arc::new(result));
                }
                Err(_) => {
                    map.insert(DATAFRAME_MIME.to_owned(), value);
                }
            }
        }
        MimeBundle { dataframe, rest: map }
    }

    /// To the JSON object, with at most `rows` rows of a DataFrame.
    pub fn to_json(&self, rows: usize) -> Map<String, Value> {
        let mut map = self.rest.clone();
        if let Some(frame) = &self.dataframe {
            let mut saved = DataFrameResult { result_id: None, ..frame.as_ref().clone() };
            if saved.rows.len() > rows {
                saved.total_rows = saved.total_rows.or((!saved.truncated).then_some(saved.rows.len() as u64));
                saved.rows.truncate(rows);
                saved.truncated = true;
            }
            if let Ok(value) = serde_json::to_value(saved) {
                map.insert(DATAFRAME_MIME.to_owned(), value);
            }
        }
        map
    }

    /// Text of a MIME type; nbformat allows a list of lines.
    pub fn text(&self, mime: &str) -> Option<String> {
        multiline(self.rest.get(mime)?)
    }
}

/// nbformat's multi-line strings: a string or a list of strings.
pub fn multiline(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|l| l.concat()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(text: &str) -> MimeBundle {
        match serde_json::from_str(text).unwrap() {
            Value::Object(map) => MimeBundle::from_json(map),
            _ => unreachable!(),
        }
    }

    #[test]
    fn a_dataframe_is_parsed_and_written_back_without_its_kernel_handle() {
        let b = bundle(
            r#"{"text/plain":["a","b"],"application/vnd.kindling.dataframe+json":
            {"resultId":"r1","columns":[{"name":"k","type":"int","nullable":true}],"rows":[["1"],[null],[]],"truncated":false}}"#,
        );
        assert_eq!(b.text("text/plain").as_deref(), Some("ab"));
        assert_eq!(b.dataframe.as_ref().unwrap().rows[2], vec![None]);
        let json = b.to_json(2);
        let frame = &json[DATAFRAME_MIME];
        assert!(frame.get("resultId").is_none());
        assert_eq!(frame["rows"].as_array().unwrap().len(), 2);
        assert_eq!((frame["totalRows"].as_u64(), frame["truncated"].as_bool()), (Some(3), Some(true)));
    }

    #[test]
    fn a_dataframe_that_does_not_parse_is_kept_as_it_came() {
        let b = bundle(r#"{"application/vnd.kindling.dataframe+json": 7}"#);
        assert!(b.dataframe.is_none());
        assert_eq!(b.to_json(10)[DATAFRAME_MIME], 7);
    }
}

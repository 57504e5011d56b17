//! Messages between the page and its workers: the mirror of `web/src/protocol.ts`, which is the definition.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Shape of the cluster: executors × cores threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterShape {
    /// Number of executors.
    pub executors: u32,
    /// Cores of each executor.
    pub cores: u32,
}

/// Language of a code cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CellLanguage {
    /// Python.
    Python,
    /// Spark SQL, without its magic line.
    Sql,
}

/// Page → kernel worker.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)] // documented where they are defined, in protocol.ts
pub enum KernelRequest {
    Init { cluster: ClusterShape, conf: Map<String, Value> },
    Execute { id: u32, cell_id: String, cell_number: u32, language: CellLanguage, code: String },
    Cancel { id: u32 },
    Complete { id: u32, code: String, cursor: u32 },
    Inspect { id: u32, code: String, cursor: u32 },
    KillExecutor { executor_id: String },
    PreviewFile { id: u32, path: String },
    EventLog { id: u32 },
    DownloadResult { id: u32, result_id: String, format: String },
}

/// What loads at start, in the order it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum BootStep {
    Engine,
    Threads,
    Python,
    Pyspark,
}

/// How far a boot step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum BootState {
    Loading,
    Done,
    Failed,
}

/// Kernel worker → page. Fields that JSON cannot carry (`interrupt`, `blob`) are read from the message itself.
///
/// Read with the kind around the message (`{"boot": {…}}`, see `kernel::wrapped`): a tag inside would have serde copy
/// each message, results of thousands of rows too, before it knows what it is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum KernelMessage {
    Boot {
        step: BootStep,
        state: BootState,
        loaded_bytes: Option<f64>,
        total_bytes: Option<f64>,
        millis: Option<f64>,
        error: Option<String>,
    },
    EngineReady {
        application_id: String,
        spark_version: String,
    },
    PythonReady {
        python_version: String,
        pyspark_version: String,
    },
    Status {
        state: String,
        id: Option<u32>,
    },
    Stream {
        id: u32,
        name: String,
        text: String,
    },
    DisplayData {
        id: u32,
        data: Map<String, Value>,
        #[serde(default)]
        metadata: Map<String, Value>,
        display_id: Option<String>,
        #[serde(default)]
        update: bool,
    },
    ExecuteResult {
        id: u32,
        execution_count: u32,
        data: Map<String, Value>,
    },
    Error {
        id: u32,
        error: CellError,
    },
    ExecuteReply {
        id: u32,
        status: String,
        execution_count: u32,
        millis: f64,
    },
    Events {
        events: Vec<String>,
    },
    CompleteReply {
        id: u32,
        matches: Vec<Completion>,
        from: u32,
        to: u32,
    },
    InspectReply {
        id: u32,
        text: Option<String>,
    },
    PreviewReply {
        id: u32,
        preview: Option<DataFrameResult>,
        error: Option<CellError>,
    },
    EventLogReply {
        id: u32,
    },
    DownloadReply {
        id: u32,
        name: Option<String>,
        error: Option<CellError>,
    },
    Dead {
        reason: String,
    },
}

/// One column of a DataFrame result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultColumn {
    /// Name.
    pub name: String,
    /// Spark's simple type string.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Nullability.
    #[serde(default)]
    pub nullable: bool,
    /// Nulls over all rows, where the run gave them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_count: Option<u64>,
}

/// A DataFrame as the grid shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataFrameResult {
    /// The DataFrame in this kernel, for downloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_id: Option<String>,
    /// Columns.
    pub columns: Vec<ResultColumn>,
    /// Cells as `show()` prints them untruncated; `None` for NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// All rows of the query, where the run gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<u64>,
    /// More rows exist than `rows` holds.
    #[serde(default)]
    pub truncated: bool,
    /// Size of the file, in previews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// One completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Completion {
    pub label: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// One frame of a traceback.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Frame {
    pub file: String,
    pub line: u32,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(default)]
    pub user: bool,
}

/// Where in a query an error is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct QueryContext {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub fragment: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_index: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_index: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_site: Option<String>,
    #[serde(default)]
    pub summary: String,
}

/// The task that failed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct FailedTask {
    pub stage_id: u32,
    pub attempt: u32,
    pub index: u32,
}

/// A failed cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CellError {
    /// Python class, or Spark's for SQL cells.
    pub ename: String,
    /// The message as PySpark prints it.
    #[serde(default)]
    pub evalue: String,
    /// Frames, outermost first.
    #[serde(default)]
    pub frames: Vec<Frame>,
    /// Line (1-based) in the cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Spark's error condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// SQLSTATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql_state: Option<String>,
    /// Message parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
    /// Query contexts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contexts: Option<Vec<QueryContext>>,
    /// Stage and task of a failed task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<FailedTask>,
}

/// Page → storage worker. `put` carries its blob beside the JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum StorageRequest {
    List { id: u32, path: String },
    Put { id: u32, path: String },
    Get { id: u32, path: String },
    Delete { id: u32, path: String, recursive: bool },
    Rename { id: u32, from: String, to: String },
    Estimate { id: u32 },
}

/// One file or folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FileEntry {
    pub path: String,
    pub size: f64,
    #[serde(default)]
    pub modified: f64,
    #[serde(default)]
    pub directory: bool,
}

/// Storage worker → page; read like `KernelMessage`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum StorageMessage {
    ListReply { id: u32, entries: Vec<FileEntry> },
    Progress { id: u32, loaded: f64, total: f64 },
    Done { id: u32 },
    Blob { id: u32 },
    EstimateReply { id: u32, usage: f64, quota: f64 },
    Failed { id: u32, error: String },
    Changed { paths: Vec<String> },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> KernelMessage {
        let json: Value = serde_json::from_str(text).unwrap();
        serde_json::from_value(serde_json::json!({ json["kind"].as_str().unwrap(): json })).unwrap()
    }

    #[test]
    fn messages_are_read_with_their_camel_case_names() {
        read(r#"{"kind":"boot","step":"engine","state":"loading","loadedBytes":10,"totalBytes":20}"#);
        read(r#"{"kind":"engineReady","interrupt":{},"applicationId":"local-1","sparkVersion":"4.2.0"}"#);
        read(r#"{"kind":"status","state":"idle"}"#);
        read(r#"{"kind":"displayData","id":3,"data":{"text/plain":"x"}}"#);
        let error = read(
            r#"{"kind":"error","id":1,"error":{"ename":"AnalysisException","evalue":"x","frames":[{"file":"cell 1","line":2,"name":"<module>","user":true}],
            "condition":"UNRESOLVED_COLUMN.WITH_SUGGESTION","sqlState":"42703","parameters":{"objectName":"`a`"},"contexts":[{"type":"SQL","fragment":"a","startIndex":7,"stopIndex":7,"summary":""}]}}"#,
        );
        let KernelMessage::Error { error, .. } = error else { panic!("not an error") };
        assert_eq!(error.sql_state.as_deref(), Some("42703"));
    }

    #[test]
    fn requests_are_written_with_their_camel_case_names() {
        let text = serde_json::to_string(&KernelRequest::Execute {
            id: 1,
            cell_id: "a".into(),
            cell_number: 2,
            language: CellLanguage::Sql,
            code: "SELECT 1".into(),
        });
        assert_eq!(
            text.unwrap(),
            r#"{"kind":"execute","id":1,"cellId":"a","cellNumber":2,"language":"sql","code":"SELECT 1"}"#
        );
    }
}

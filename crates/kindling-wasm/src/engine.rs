//! What the kernel worker calls: one engine per module.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
};

use js_sys::{Array, Function, Uint8Array};
use kindling_common::SparkError;
use kindling_connect::{ConnectError, ConnectService, SPARK_VERSION, ServiceOptions};
use kindling_events::ExecutorId;
use kindling_proto::connect::{self as proto, interrupt_request::InterruptType};
use prost::Message;
use uuid::Uuid;
use wasm_bindgen::prelude::*;

use crate::{cell_error::cell_error, clock::BrowserClock, events, grid, rpc, storage::StorageFileSystem, threads};

/// Who the notebook is, in SQL cells and in Python alike, so that both share temporary views and settings.
const USER: &str = "notebook";

struct Running {
    service: ConnectService,
    session_id: String,
}

static RUNNING: OnceLock<Running> = OnceLock::new();

fn running() -> Result<&'static Running, ConnectError> {
    RUNNING.get().ok_or_else(|| SparkError::internal("the engine has not been started").into())
}

/// Starts the engine on threads that already run. `conf` is a JSON object; `on_events` takes arrays of event JSON.
#[wasm_bindgen]
pub fn start(executors: usize, cores: usize, conf: &str, on_events: Function) -> Result<(), JsError> {
    console_error_panic_hook::set_once();
    threads::expect_threads(executors * cores);
    let settings: serde_json::Map<String, serde_json::Value> = serde_json::from_str(conf)?;
    let mut options = ServiceOptions::new(executors, cores);
    options.user = USER.to_string();
    for (key, value) in settings {
        options.conf.set(&key, value.as_str().map_or_else(|| value.to_string(), str::to_string));
    }
    let service = ConnectService::new(
        options,
        Arc::new(StorageFileSystem),
        Arc::new(threads::WorkerThreads),
        Arc::new(BrowserClock),
    )
    .map_err(|error| JsError::new(&error.full_message()))?;
    events::post_with(on_events);
    let running = Running { service, session_id: Uuid::new_v4().to_string() };
    let bus = running.service.engine().bus();
    bus.add_listener(events::ToPage);
    bus.drain();
    events::flush();
    RUNNING.set(running).map_err(|_| JsError::new("the engine runs already"))
}

/// `spark.app.id`.
#[wasm_bindgen]
pub fn application_id() -> String {
    RUNNING.get().map(|running| running.service.application_id().to_string()).unwrap_or_default()
}

/// The session that the notebook's cells share.
#[wasm_bindgen]
pub fn session_id() -> String {
    RUNNING.get().map(|running| running.session_id.clone()).unwrap_or_default()
}

/// The Spark whose protocol and behaviour this is.
#[wasm_bindgen]
pub fn spark_version() -> String {
    SPARK_VERSION.to_string()
}

/// Runs `body`; a panic in it becomes the call's error.
fn guarded<T>(body: impl FnOnce() -> Result<T, ConnectError>) -> Result<T, ConnectError> {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_string()))
            .unwrap_or_else(|| "the engine panicked".to_string());
        Err(SparkError::internal(message).into())
    });
    events::flush();
    result
}

/// Answers one call of the Connect service, or `DisplayPlan`, which is ours: rows as a number, then a `Plan`; the answer is the
/// JSON of a `DataFrameResult`. Returns `undefined`, or `[code, message, google.rpc.Status bytes]`.
#[wasm_bindgen]
pub fn rpc(method: &str, request: &[u8], on_response: &Function) -> Option<Array> {
    let mut respond = |bytes: Vec<u8>| {
        // A Uint8Array of its own: the callback may keep it, and the engine's memory is shared. What the callback throws
        // (Python's KeyboardInterrupt) comes up again when control returns to Python.
        drop(on_response.call1(&JsValue::NULL, &Uint8Array::from(bytes.as_slice())));
        events::flush();
    };
    let result = guarded(|| {
        let running = running()?;
        if method == "DisplayPlan" {
            let (rows, plan) = request.split_at_checked(4).ok_or_else(|| SparkError::internal("malformed request"))?;
            let rows = u32::from_le_bytes([rows[0], rows[1], rows[2], rows[3]]) as usize;
            let plan = proto::Plan::decode(plan).map_err(|error| SparkError::internal(error.to_string()))?;
            respond(grid::of_request(&running.service, request_for(running, plan), rows)?.to_string().into_bytes());
            return Ok(());
        }
        rpc::call(&running.service, method, request, &mut respond)
    });
    let error = result.err()?;
    let status = error.status();
    let bytes = Uint8Array::from(status.encode_to_vec().as_slice());
    Some(Array::of3(&status.code.into(), &status.message.into(), &bytes))
}

fn user_context() -> proto::UserContext {
    proto::UserContext { user_id: USER.to_string(), user_name: USER.to_string(), ..Default::default() }
}

fn request_for(running: &Running, plan: proto::Plan) -> proto::ExecutePlanRequest {
    proto::ExecutePlanRequest {
        session_id: running.session_id.clone(),
        user_context: Some(user_context()),
        client_type: Some("kindling".to_string()),
        plan: Some(plan),
        ..Default::default()
    }
}

/// Runs the statement of a SQL cell: the JSON of a `DataFrameResult` of at most `rows` rows, or of `{"error": CellError}`.
#[wasm_bindgen]
pub fn run_sql(text: &str, rows: usize) -> String {
    let result = guarded(|| {
        let running = running()?;
        grid::of_request(&running.service, request_for(running, grid::sql_plan(text)), rows)
    });
    result.unwrap_or_else(|error| serde_json::json!({ "error": cell_error(&error.error, text) })).to_string()
}

/// Schema and first rows of a file, as [`run_sql`].
#[wasm_bindgen]
pub fn preview_file(path: &str, rows: usize) -> String {
    let result = guarded(|| {
        let running = running()?;
        let grid = grid::of_request(&running.service, request_for(running, grid::file_plan(path)), rows)?;
        Ok(grid::with_size(grid, path))
    });
    result.unwrap_or_else(|error| serde_json::json!({ "error": cell_error(&error.error, "") })).to_string()
}

/// Stops whatever runs. Called on the control thread.
#[wasm_bindgen]
pub fn interrupt() {
    let Some(running) = RUNNING.get() else { return };
    let mut request = proto::InterruptRequest {
        session_id: running.session_id.clone(),
        user_context: Some(user_context()),
        ..Default::default()
    };
    request.set_interrupt_type(InterruptType::All);
    // That nothing runs any more is no error.
    drop(running.service.interrupt(&request));
}

/// Kills an executor: its blocks are lost, and a new one takes its place. Called on the control thread.
#[wasm_bindgen]
pub fn kill_executor(id: &str) -> Result<bool, JsError> {
    let Some(running) = RUNNING.get() else { return Ok(false) };
    running.service.engine().kill_executor(&ExecutorId::new(id)).map_err(|error| JsError::new(&error.full_message()))
}

/// What the Spark UI calls the jobs that follow, such as `show at cell 3, line 2`.
#[wasm_bindgen]
pub fn set_call_site(text: &str) {
    let Some(running) = RUNNING.get() else { return };
    // A session that has been released has no more jobs.
    drop(running.service.set_call_site(&running.session_id, Some(&user_context()), text));
}

//! Listener events on their way to the page.
//!
//! Any thread may drain the bus, but only the driver can talk to the page: the others leave their events here, and the driver
//! takes them along.

use std::{
    cell::{Cell, RefCell},
    sync::{Mutex, PoisonError},
};

use js_sys::{Array, Function, JsString};
use kindling_common::Clock;
use kindling_events::{SparkListenerEvent, event_to_json};
use wasm_bindgen::JsValue;

use crate::clock::BrowserClock;

/// A message per event would cost more than the task it tells about.
const INTERVAL_MILLIS: i64 = 30;

#[derive(Default)]
struct Log {
    lines: Vec<String>,
    posted: usize,
}

static LOG: Mutex<Log> = Mutex::new(Log { lines: Vec::new(), posted: 0 });

thread_local! {
    static POST: RefCell<Option<Function>> = const { RefCell::new(None) };
    static LAST: Cell<i64> = const { Cell::new(0) };
}

fn log() -> std::sync::MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes this thread the one that posts.
pub fn post_with(post: Function) {
    POST.set(Some(post));
}

/// The bus's listener.
pub fn on_event(event: &SparkListenerEvent) {
    match event_to_json(event) {
        Ok(line) => log().lines.push(line),
        Err(error) => log::error!("an event cannot be written: {error}"),
    }
    if BrowserClock.now_millis() - LAST.get() >= INTERVAL_MILLIS {
        flush();
    }
}

/// Posts what has gathered, on the driver; elsewhere it does nothing.
pub fn flush() {
    let Some(post) = POST.with_borrow(Clone::clone) else { return };
    let lines = {
        let mut log = log();
        let lines: Array =
            log.lines[log.posted..].iter().map(|line| JsValue::from(JsString::from(line.as_str()))).collect();
        log.posted = log.lines.len();
        lines
    };
    if lines.length() > 0 {
        LAST.set(BrowserClock.now_millis());
        // The page may be gone; the events stay in the log.
        drop(post.call1(&JsValue::NULL, &lines));
    }
}

/// The event log so far: a line of JSON per event.
pub fn event_log() -> String {
    let log = log();
    let mut out = String::with_capacity(log.lines.iter().map(|line| line.len() + 1).sum());
    for line in &log.lines {
        out.push_str(line);
        out.push('\n');
    }
    out
}

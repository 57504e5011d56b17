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
use kindling_events::{SparkListener, SparkListenerEvent, event_to_json};
use wasm_bindgen::JsValue;

use crate::clock::BrowserClock;

/// A message per event would cost more than the task it tells about.
const INTERVAL_MILLIS: i64 = 30;

/// Events that wait to be posted. The page's side keeps the log (`web/src/kernel/event_log.ts`): here it would grow in the
/// engine's own memory.
static WAITING: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    static POST: RefCell<Option<Function>> = const { RefCell::new(None) };
    static LAST: Cell<i64> = const { Cell::new(0) };
}

fn waiting() -> std::sync::MutexGuard<'static, Vec<String>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes this thread the one that posts.
pub fn post_with(post: Function) {
    POST.set(Some(post));
}

/// The bus's listener.
pub struct ToPage;

impl SparkListener for ToPage {
    fn on_event(&mut self, event: &SparkListenerEvent) {
        match event_to_json(event) {
            Ok(line) => waiting().push(line),
            Err(error) => log::error!("an event cannot be written: {error}"),
        }
        flush_when_due();
    }

    /// The driver drains while it waits for tasks: without this, what a query posted last would wait for its next event.
    fn on_drained(&mut self) {
        flush_when_due();
    }
}

fn flush_when_due() {
    if BrowserClock.now_millis() - LAST.get() >= INTERVAL_MILLIS {
        flush();
    }
}

/// Posts what has gathered, on the driver; elsewhere it does nothing.
pub fn flush() {
    let Some(post) = POST.with_borrow(Clone::clone) else { return };
    let lines = std::mem::take(&mut *waiting());
    if !lines.is_empty() {
        LAST.set(BrowserClock.now_millis());
        let lines: Array = lines.iter().map(|line| JsValue::from(JsString::from(line.as_str()))).collect();
        // The page may be gone.
        drop(post.call1(&JsValue::NULL, &lines));
    }
}

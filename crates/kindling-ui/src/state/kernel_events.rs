//! What the kernel sends, folded into the page's state. Streams and listener events come fast; they are gathered and
//! taken in ten times a second, so that a cell that prints a million lines does not take the page with it.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kindling_events::{SparkListenerEvent, event_from_json};
use leptos::prelude::*;

use super::{App, KernelState, RunState};
use crate::host;
use crate::kernel::protocol::{BootState, BootStep, KernelMessage};
use crate::model::mime_bundle::MimeBundle;
use crate::model::notebook::{Cell, Output, StreamName};
use crate::model::stream_text::StreamText;

/// Time between two updates while something runs.
const FLUSH_MS: u32 = 100;
/// How long an update may hold the page up.
const SLICE_MS: f64 = 8.0;

/// The whole text of a cell's streams, kept outside the page's memory as blobs once it is too long to show.
#[derive(Default)]
struct FullStream {
    pending: String,
    blobs: Vec<web_sys::Blob>,
}

/// What has arrived and is not taken in yet, in order.
enum Arrived {
    /// A cell wrote.
    Stream(String, StreamName, String),
    /// A listener event's JSON.
    Event(String),
    /// Anything else.
    Message(Box<KernelMessage>),
}

#[derive(Default)]
struct Inbox {
    arrived: VecDeque<Arrived>,
    scheduled: bool,
    full: HashMap<String, FullStream>,
}

thread_local! {
    // The page has one thread and one kernel.
    static INBOX: RefCell<Inbox> = RefCell::default();
}

/// Bytes of stream text after which a blob is made.
const BLOB_BYTES: usize = 1 << 20;

/// Forgets the text of a cell's last run.
pub fn forget_full_stream(cell: &str) {
    INBOX.with_borrow_mut(|g| {
        g.full.remove(cell);
    });
}

/// All that a cell wrote, for a download.
pub fn full_stream(cell: &str) -> Option<web_sys::Blob> {
    INBOX.with_borrow(|g| {
        let full = g.full.get(cell)?;
        let parts = js_sys::Array::new();
        full.blobs.iter().for_each(|blob| {
            parts.push(blob);
        });
        parts.push(&full.pending.as_str().into());
        web_sys::Blob::new_with_blob_sequence(&parts).ok()
    })
}

/// Takes a message in.
pub fn receive(app: App, message: KernelMessage) {
    let at_once = match message {
        KernelMessage::Stream { id, name, text } => {
            let Some(cell) = cell_of(app, id) else { return };
            INBOX.with_borrow_mut(|inbox| inbox.write(cell, StreamName::parse(&name), text));
            false
        }
        KernelMessage::Events { events } => {
            INBOX.with_borrow_mut(|inbox| inbox.arrived.extend(events.into_iter().map(Arrived::Event)));
            false
        }
        message => {
            INBOX.with_borrow_mut(|inbox| inbox.arrived.push_back(Arrived::Message(Box::new(message))));
            true
        }
    };
    if at_once {
        take_in(app, SLICE_MS);
    } else {
        schedule(app, FLUSH_MS);
    }
}

impl Inbox {
    fn write(&mut self, cell: String, name: StreamName, text: String) {
        let full = self.full.entry(cell.clone()).or_default();
        full.pending.push_str(&text);
        if full.pending.len() > BLOB_BYTES
            && let Some(blob) = host::text_blob(&std::mem::take(&mut full.pending), "text/plain")
        {
            full.blobs.push(blob);
        }
        match self.arrived.back_mut() {
            Some(Arrived::Stream(c, n, t)) if *c == cell && *n == name => t.push_str(&text),
            _ => self.arrived.push_back(Arrived::Stream(cell, name, text)),
        }
    }
}

fn cell_of(app: App, request: u32) -> Option<String> {
    app.running.with_untracked(|r| r.as_ref().filter(|(id, _)| *id == request).map(|(_, cell)| cell.clone()))
}

fn schedule(app: App, millis: u32) {
    if !INBOX.with_borrow_mut(|inbox| std::mem::replace(&mut inbox.scheduled, true)) {
        gloo_timers::callback::Timeout::new(millis, move || {
            INBOX.with_borrow_mut(|inbox| inbox.scheduled = false);
            take_in(app, SLICE_MS);
        })
        .forget();
    }
}

/// Takes in all that has arrived.
pub fn flush(app: App) {
    take_in(app, f64::INFINITY);
}

/// Takes in what has arrived, in order, for so long; the rest follows in turns of its own, between which the page answers.
fn take_in(app: App, millis: f64) {
    let until = host::now() + millis;
    let mut batch = Batch::default();
    loop {
        if host::now() >= until {
            batch.apply(app);
            return schedule(app, 0);
        }
        let Some(next) = INBOX.with_borrow_mut(|inbox| inbox.arrived.pop_front()) else { return batch.apply(app) };
        match next {
            Arrived::Event(line) => batch.event(app, &line),
            Arrived::Stream(cell, name, text) => batch.streams.push((cell, name, text)),
            Arrived::Message(message) => {
                batch.apply(app);
                take(app, *message);
            }
        }
    }
}

/// Folding wakes what shows it, so events are folded so many at a time.
const BATCH: usize = 64;

/// What is folded together.
#[derive(Default)]
struct Batch {
    events: Vec<SparkListenerEvent>,
    streams: Vec<(String, StreamName, String)>,
}

impl Batch {
    fn event(&mut self, app: App, line: &str) {
        match event_from_json(line) {
            Ok(event) => self.events.push(event),
            Err(error) => web_sys::console::error_1(&format!("{error}: {line}").into()),
        }
        if self.events.len() >= BATCH {
            self.apply(app);
        }
    }

    fn apply(&mut self, app: App) {
        let (events, streams) = (std::mem::take(&mut self.events), std::mem::take(&mut self.streams));
        if !events.is_empty() {
            app.progress.update(|p| events.iter().for_each(|e| p.on_event(e)));
            for event in &events {
                if let SparkListenerEvent::ExecutorRemoved(e) = event {
                    let title = format!("Executor {} lost", e.executor_id.as_str());
                    app.shell.toast(true, title, e.reason.clone(), None);
                }
            }
            app.spark.push(&events);
        }
        if !streams.is_empty() {
            app.notebook.update(|n| {
                for (cell, name, text) in streams {
                    n.update(&cell, |c| push_stream(c, name, &text));
                }
            });
        }
    }
}

fn push_stream(cell: &mut Cell, name: StreamName, text: &str) {
    if let Some(last) = cell.outputs.last_mut()
        && matches!(last.as_ref(), Output::Stream { name: n, .. } if *n == name)
    {
        if let Output::Stream { text: kept, .. } = Arc::make_mut(last) {
            kept.push(text);
        }
        return;
    }
    let mut kept = StreamText::default();
    kept.push(text);
    cell.outputs.push(Arc::new(Output::Stream { name, text: kept }));
}

fn push_output(app: App, request: u32, output: Output) {
    if let Some(cell) = cell_of(app, request) {
        app.notebook.update(|n| {
            n.update(&cell, |c| c.outputs.push(Arc::new(output)));
        });
    }
}

fn take(app: App, message: KernelMessage) {
    match message {
        KernelMessage::Boot { step, state, loaded_bytes, total_bytes, millis, error } => {
            app.boot.update(|lines| {
                if let Some(line) = lines.iter_mut().find(|l| l.step == step) {
                    line.state = Some(state);
                    line.loaded = loaded_bytes.or(line.loaded);
                    line.total = total_bytes.or(line.total);
                    line.millis = millis.or(line.millis);
                    line.error = error;
                }
            });
            if state == BootState::Failed {
                app.boot_closed.set(false);
                // Without Python SQL cells still run.
                if matches!(step, BootStep::Engine | BootStep::Threads) {
                    app.kernel.set(KernelState::Dead);
                }
            }
        }
        KernelMessage::EngineReady { application_id, spark_version } => {
            app.versions.update(|v| {
                v.application = Some(application_id);
                v.spark = Some(spark_version);
            });
            app.started.set(Some(host::now()));
            app.engine_ready.set(true);
            app.pump();
            super::files::preview_open(app);
        }
        KernelMessage::PythonReady { python_version, pyspark_version } => {
            app.versions.update(|v| {
                v.python = Some(python_version);
                v.pyspark = Some(pyspark_version);
            });
            app.python_ready.set(true);
            if matches!(app.kernel.get_untracked(), KernelState::Loading | KernelState::Restarting) {
                app.kernel.set(KernelState::Idle);
            }
            app.pump();
        }
        // The page knows what it sent; the kernel's own word only matters when nothing is known to run.
        KernelMessage::Status { .. } => {}
        KernelMessage::DisplayData { id, data, metadata, display_id, update } => {
            let data = MimeBundle::from_json(data);
            if update && let Some(display_id) = &display_id {
                update_display(app, display_id, &data, &metadata);
            } else {
                push_output(app, id, Output::DisplayData { data, metadata, display_id });
            }
        }
        KernelMessage::ExecuteResult { id, execution_count, data } => {
            let data = MimeBundle::from_json(data);
            let metadata = serde_json::Map::new();
            push_output(app, id, Output::ExecuteResult { execution_count: Some(execution_count), data, metadata });
        }
        KernelMessage::Error { id, mut error } => {
            if let Some(cell) = cell_of(app, id) {
                let offset = app.runs.with_untracked(|r| r.get(&cell).map_or(0, |r| r.line_offset));
                error.line = error.line.map(|l| l + offset);
            }
            push_output(app, id, Output::Error(Box::new(error)));
        }
        KernelMessage::ExecuteReply { id, status, execution_count, millis } => {
            replied(app, id, &status, execution_count, millis);
        }
        KernelMessage::Dead { reason } => dead(app, reason),
        // Gathered or answered before.
        KernelMessage::Stream { .. }
        | KernelMessage::Events { .. }
        | KernelMessage::CompleteReply { .. }
        | KernelMessage::InspectReply { .. }
        | KernelMessage::PreviewReply { .. }
        | KernelMessage::EventLogReply { .. }
        | KernelMessage::DownloadReply { .. } => {}
    }
}

fn replied(app: App, request: u32, status: &str, execution_count: u32, millis: f64) {
    let Some(cell) = cell_of(app, request) else { return };
    app.running.set(None);
    app.progress.update(|p| p.end());
    app.notebook.update(|n| {
        n.update(&cell, |c| c.execution_count = Some(execution_count));
    });
    let interrupted = app.notebook.with_untracked(|n| {
        n.cell(&cell).is_some_and(|c| {
            c.outputs.iter().any(|o| matches!(o.as_ref(), Output::Error(e) if e.ename == "KeyboardInterrupt"))
        })
    });
    app.set_run(&cell, |run| {
        run.state = match status {
            "ok" => RunState::Done(millis),
            "aborted" => RunState::Interrupted(millis),
            _ if interrupted => RunState::Interrupted(millis),
            _ => RunState::Failed(millis),
        };
    });
    if status != "ok" {
        app.clear_queue();
    }
    app.kernel.set(if app.python_ready.get_untracked() { KernelState::Idle } else { KernelState::Loading });
    if boot_done(app) {
        app.boot_closed.set(true);
    }
    app.changed();
    app.pump();
}

/// Everything has loaded.
pub fn boot_done(app: App) -> bool {
    app.boot.with_untracked(|lines| lines.iter().all(|l| l.state == Some(BootState::Done)))
        || (app.engine_ready.get_untracked() && app.python_ready.get_untracked())
}

fn dead(app: App, reason: String) {
    app.clear_queue();
    app.stop_running();
    app.kernel_client.get_value().terminate();
    app.progress.update(|p| p.kernel_gone());
    app.engine_ready.set(false);
    app.python_ready.set(false);
    app.started.set(None);
    let had_started = app.versions.with_untracked(|v| v.application.is_some());
    app.kernel.set(KernelState::Dead);
    if had_started {
        app.shell.toast(
            true,
            "The engine stopped",
            format!("{reason}. It starts again; the notebook and files are as they were, variables are lost."),
            None,
        );
        app.versions.update(|v| v.application = None);
        app.restart();
    } else {
        // It never ran: starting it again by itself would only loop.
        app.boot_closed.set(false);
        app.boot.update(|lines| {
            if !lines.iter().any(|l| l.state == Some(BootState::Failed))
                && let Some(line) = lines.iter_mut().find(|l| l.state != Some(BootState::Done))
            {
                line.state = Some(BootState::Failed);
                line.error = Some(reason);
            }
        });
    }
}

fn update_display(
    app: App,
    display_id: &str,
    data: &MimeBundle,
    metadata: &serde_json::Map<String, serde_json::Value>,
) {
    let shows =
        |o: &Arc<Output>| matches!(o.as_ref(), Output::DisplayData { display_id: Some(d), .. } if d == display_id);
    app.notebook.update(|n| {
        for cell in &mut n.cells {
            if !cell.outputs.iter().any(shows) {
                continue;
            }
            for output in &mut Arc::make_mut(cell).outputs {
                if shows(output) {
                    *output = Arc::new(Output::DisplayData {
                        data: data.clone(),
                        metadata: metadata.clone(),
                        display_id: Some(display_id.to_owned()),
                    });
                }
            }
        }
    });
}

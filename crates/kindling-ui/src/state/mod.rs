//! The page's signals, and what acts on them.

pub mod actions;
pub mod files;
pub mod kernel_events;
pub mod library;
pub mod notebook_db;
pub mod running;
pub mod shell;

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;

use crate::kernel::client::KernelClient;
use crate::kernel::protocol::{BootState, BootStep, ClusterShape};
use crate::kernel::storage::StorageClient;
use crate::model::cell_queue::CellQueue;
use crate::model::edits::UndoStack;
use crate::model::keymap::{Keymap, Mode};
use crate::model::notebook::{Cell, Notebook};
use crate::model::progress::ProgressFold;
use files::FilesState;
use shell::ShellState;

/// Shared data that compares by identity: a memo over it wakes only when it was replaced.
#[derive(Debug)]
pub struct Shared<T>(pub Arc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(self.0.clone())
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What the kernel does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelState {
    /// The engine or Python loads.
    Loading,
    /// Waiting for work.
    Idle,
    /// A cell runs.
    Busy,
    /// An interrupt was asked for.
    Interrupting,
    /// A new worker starts in place of the old one.
    Restarting,
    /// The worker trapped or did not load.
    Dead,
    /// The notebook is not trusted; nothing runs.
    Untrusted,
}

impl KernelState {
    /// `data-state`.
    pub fn name(self) -> &'static str {
        match self {
            KernelState::Loading => "loading",
            KernelState::Idle => "idle",
            KernelState::Busy => "busy",
            KernelState::Interrupting => "interrupting",
            KernelState::Restarting => "restarting",
            KernelState::Dead => "dead",
            KernelState::Untrusted => "untrusted",
        }
    }

    /// The word in the top bar.
    pub fn label(self) -> &'static str {
        match self {
            KernelState::Loading => "Starting",
            KernelState::Idle => "Idle",
            KernelState::Busy => "Busy",
            KernelState::Interrupting => "Interrupting",
            KernelState::Restarting => "Restarting",
            KernelState::Dead => "Dead",
            KernelState::Untrusted => "Not trusted",
        }
    }
}

/// One line of the boot card.
#[derive(Clone, Debug, PartialEq)]
pub struct BootLine {
    /// Step.
    pub step: BootStep,
    /// Its state; `None` while it waits.
    pub state: Option<BootState>,
    /// Bytes so far.
    pub loaded: Option<f64>,
    /// Bytes in all.
    pub total: Option<f64>,
    /// How long it took.
    pub millis: Option<f64>,
    /// Why it failed.
    pub error: Option<String>,
}

/// The steps in the order they are shown.
pub fn boot_lines() -> Vec<BootLine> {
    [BootStep::Engine, BootStep::Threads, BootStep::Python, BootStep::Pyspark]
        .map(|step| BootLine { step, state: None, loaded: None, total: None, millis: None, error: None })
        .into()
}

/// Versions as the kernel reported them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versions {
    /// Spark's application id.
    pub application: Option<String>,
    /// Spark API version.
    pub spark: Option<String>,
    /// Python version.
    pub python: Option<String>,
    /// PySpark version.
    pub pyspark: Option<String>,
}

/// How a cell's last run stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RunState {
    /// Not run since the page was opened.
    #[default]
    Idle,
    /// Waits for its turn or for the kernel.
    Queued,
    /// Runs since (milliseconds of `host::now`).
    Running(f64),
    /// Ended well after milliseconds.
    Done(f64),
    /// Ended with an error after milliseconds.
    Failed(f64),
    /// Was interrupted after milliseconds.
    Interrupted(f64),
}

/// A cell's run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellRun {
    /// State.
    pub state: RunState,
    /// The text that ran.
    pub source: Option<Arc<str>>,
    /// It ran while Python was still loading.
    pub before_python: bool,
    /// Lines that the page took off the top (`%%sql`).
    pub line_offset: u32,
}

/// How a cell is shown; not saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellView {
    /// Output is folded away.
    pub collapsed: bool,
    /// Line numbers are hidden.
    pub bare: bool,
}

/// Whether the notebook is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveState {
    /// In this browser.
    Saved,
    /// Changes wait for the next save.
    Unsaved,
    /// The browser refused.
    Failed(String),
}

/// All signals. Copied freely; lives as long as the page.
#[derive(Clone, Copy)]
pub struct App {
    /// The open notebook.
    pub notebook: RwSignal<Notebook>,
    /// Its key in the browser's store.
    pub doc: RwSignal<String>,
    /// Whether it is saved.
    pub saved: RwSignal<SaveState>,
    /// Whether its code may run.
    pub trusted: RwSignal<bool>,
    /// Undo.
    pub undo: StoredValue<UndoStack>,
    /// Cut or copied cells.
    pub clipboard: StoredValue<Vec<Arc<Cell>>>,
    /// The selected cell.
    pub selected: RwSignal<Option<String>>,
    /// Command or edit mode.
    pub mode: RwSignal<Mode>,
    /// Line and column in the editor.
    pub cursor: RwSignal<Option<(u32, u32)>>,
    /// Keys.
    pub keymap: StoredValue<Keymap>,
    /// Runs by cell.
    pub runs: RwSignal<HashMap<String, CellRun>>,
    /// Views by cell.
    pub views: RwSignal<HashMap<String, CellView>>,
    /// Kernel state without regard to trust.
    pub kernel: RwSignal<KernelState>,
    /// The running cell: request id and cell id.
    pub running: RwSignal<Option<(u32, String)>>,
    /// Cells that wait.
    pub queue: RwSignal<CellQueue>,
    /// Number of the next *Run all*.
    pub batch: StoredValue<u32>,
    /// Boot card lines.
    pub boot: RwSignal<Vec<BootLine>>,
    /// The boot card was closed, or is no longer wanted.
    pub boot_closed: RwSignal<bool>,
    /// The engine answers.
    pub engine_ready: RwSignal<bool>,
    /// Python answers.
    pub python_ready: RwSignal<bool>,
    /// Why nothing can run here.
    pub unsupported: RwSignal<Option<String>>,
    /// Versions.
    pub versions: RwSignal<Versions>,
    /// Cluster shape.
    pub cluster: RwSignal<ClusterShape>,
    /// When the kernel's engine became ready (milliseconds of `host::now`).
    pub started: RwSignal<Option<f64>>,
    /// Progress of jobs by cell.
    pub progress: RwSignal<ProgressFold>,
    /// The event log of this kernel, for the Spark panel.
    pub spark: crate::spark::SparkFeed,
    /// Ticks while something runs (milliseconds since 1970).
    pub clock: RwSignal<f64>,
    /// Files.
    pub files: FilesState,
    /// Layout, dialogs, toasts.
    pub shell: ShellState,
    /// Kernel worker.
    pub kernel_client: StoredValue<KernelClient, LocalStorage>,
    /// Storage worker.
    pub storage: StoredValue<StorageClient, LocalStorage>,
    /// The editor's script has loaded.
    pub editor_ready: RwSignal<bool>,
}

impl App {
    /// Signals at the start of a page.
    pub fn new(cluster: ClusterShape) -> App {
        App {
            notebook: RwSignal::new(Notebook::default()),
            doc: RwSignal::new(String::new()),
            saved: RwSignal::new(SaveState::Saved),
            trusted: RwSignal::new(true),
            undo: StoredValue::new(UndoStack::default()),
            clipboard: StoredValue::new(Vec::new()),
            selected: RwSignal::new(None),
            mode: RwSignal::new(Mode::Command),
            cursor: RwSignal::new(None),
            keymap: StoredValue::new(Keymap::default()),
            runs: RwSignal::new(HashMap::new()),
            views: RwSignal::new(HashMap::new()),
            kernel: RwSignal::new(KernelState::Loading),
            running: RwSignal::new(None),
            queue: RwSignal::new(CellQueue::default()),
            batch: StoredValue::new(0),
            boot: RwSignal::new(boot_lines()),
            boot_closed: RwSignal::new(false),
            engine_ready: RwSignal::new(false),
            python_ready: RwSignal::new(false),
            unsupported: RwSignal::new(None),
            versions: RwSignal::new(Versions::default()),
            cluster: RwSignal::new(cluster),
            started: RwSignal::new(None),
            progress: RwSignal::new(ProgressFold::default()),
            spark: crate::spark::SparkFeed::new(),
            clock: RwSignal::new(js_sys::Date::now()),
            files: FilesState::new(),
            shell: ShellState::new(),
            kernel_client: StoredValue::new_local(KernelClient::default()),
            storage: StoredValue::new_local(StorageClient::default()),
            editor_ready: RwSignal::new(crate::host::editor_loaded()),
        }
    }

    /// The state that the top bar shows: trust first.
    pub fn shown_kernel(&self) -> KernelState {
        if self.trusted.get() { self.kernel.get() } else { KernelState::Untrusted }
    }

    /// A cell's run.
    pub fn run_of(&self, cell: &str) -> CellRun {
        self.runs.with(|runs| runs.get(cell).cloned().unwrap_or_default())
    }

    /// A cell's view.
    pub fn view_of(&self, cell: &str) -> CellView {
        self.views.with(|views| views.get(cell).copied().unwrap_or_default())
    }
}

/// The signals, from a component's context.
pub fn use_app() -> App {
    // The root component provides it before any other is made.
    expect_context::<App>()
}

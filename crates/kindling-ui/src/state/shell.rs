//! Layout, theme, dialogs and toasts.

use leptos::prelude::*;

use crate::host;

/// How notebook and Spark panel share the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Both.
    Split,
    /// Notebook only.
    Notebook,
    /// Spark panel only.
    Spark,
}

impl Layout {
    /// `data-layout`.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Split => "split",
            Layout::Notebook => "nb",
            Layout::Spark => "max",
        }
    }
}

/// The pane of narrow windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// Notebook.
    Book,
    /// Files and notebooks.
    Files,
    /// Spark panel.
    Spark,
}

impl Pane {
    /// `data-pane`.
    pub fn name(self) -> &'static str {
        match self {
            Pane::Book => "book",
            Pane::Files => "files",
            Pane::Spark => "spark",
        }
    }
}

/// Tabs of the sidebar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideTab {
    /// Files.
    Files,
    /// Notebooks.
    Notebooks,
    /// Outline.
    Outline,
}

/// An open dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// Share link.
    Share,
    /// Trust a notebook that came from elsewhere; the text says from where.
    Trust(String),
    /// Keyboard.
    Keys,
    /// The *More* sheet of phones.
    More,
    /// Restart the kernel?
    Restart,
}

/// What a toast offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastAction {
    /// Restart the kernel.
    Restart,
    /// Undo the last change of the notebook.
    Undo,
    /// Bring the deleted file back.
    RestoreFile,
}

impl ToastAction {
    /// The word on its button.
    pub fn label(self) -> &'static str {
        match self {
            ToastAction::Restart => "Restart",
            ToastAction::Undo | ToastAction::RestoreFile => "Undo",
        }
    }
}

/// A message in the corner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Key.
    pub id: u32,
    /// Something went wrong.
    pub bad: bool,
    /// First line.
    pub title: String,
    /// The rest.
    pub text: String,
    /// What it offers.
    pub action: Option<ToastAction>,
}

/// Signals of the shell.
#[derive(Clone, Copy)]
pub struct ShellState {
    /// Layout.
    pub layout: RwSignal<Layout>,
    /// Pane of narrow windows.
    pub pane: RwSignal<Pane>,
    /// Sidebar tab.
    pub side_tab: RwSignal<SideTab>,
    /// The sidebar is open over the notebook (middle widths).
    pub side_open: RwSignal<bool>,
    /// Spark panel's share of the width, percent of notebook and panel.
    pub split: RwSignal<f64>,
    /// Dark theme.
    pub dark: RwSignal<bool>,
    /// Open dialog.
    pub dialog: RwSignal<Option<Dialog>>,
    /// Toasts.
    pub toasts: RwSignal<Vec<Toast>>,
    /// Files are being dragged over the page.
    pub dropping: RwSignal<bool>,
    next_toast: StoredValue<u32>,
}

impl ShellState {
    /// From what the browser remembers.
    pub fn new() -> ShellState {
        let dark = match host::local_get("kindling-theme").as_deref() {
            Some("dark") => true,
            Some("light") => false,
            _ => host::window()
                .match_media("(prefers-color-scheme: dark)")
                .ok()
                .flatten()
                .is_some_and(|query| query.matches()),
        };
        let split = host::local_get("kindling-split").and_then(|s| s.parse().ok()).unwrap_or(46.0);
        let layout = match host::local_get("kindling-layout").as_deref() {
            Some("nb") => Layout::Notebook,
            _ => Layout::Split,
        };
        ShellState {
            layout: RwSignal::new(layout),
            pane: RwSignal::new(Pane::Book),
            side_tab: RwSignal::new(SideTab::Files),
            side_open: RwSignal::new(false),
            split: RwSignal::new(f64::clamp(split, 25.0, 75.0)),
            dark: RwSignal::new(dark),
            dialog: RwSignal::new(None),
            toasts: RwSignal::new(Vec::new()),
            dropping: RwSignal::new(false),
            next_toast: StoredValue::new(0),
        }
    }

    /// Shows a toast; plain ones go after eight seconds.
    pub fn toast(&self, bad: bool, title: impl Into<String>, text: impl Into<String>, action: Option<ToastAction>) {
        let id = self.next_toast.get_value();
        self.next_toast.set_value(id + 1);
        let toast = Toast { id, bad, title: title.into(), text: text.into(), action };
        self.toasts.update(|toasts| {
            toasts.push(toast);
            if toasts.len() > 4 {
                toasts.remove(0);
            }
        });
        let shell = *self;
        gloo_timers::callback::Timeout::new(if bad { 20_000 } else { 8_000 }, move || shell.dismiss(id)).forget();
    }

    /// Takes a toast away.
    pub fn dismiss(&self, id: u32) {
        self.toasts.update(|toasts| toasts.retain(|t| t.id != id));
    }

    /// Shows or closes the Spark panel.
    pub fn toggle_panel(&self) {
        self.layout
            .update(|layout| *layout = if *layout == Layout::Notebook { Layout::Split } else { Layout::Notebook });
        host::local_set("kindling-layout", self.layout.get_untracked().name());
    }

    /// Maximises the Spark panel, or gives the notebook its place back.
    pub fn toggle_maximise(&self) {
        self.layout.update(|layout| *layout = if *layout == Layout::Spark { Layout::Split } else { Layout::Spark });
    }

    /// Makes sure that the Spark panel is seen.
    pub fn show_panel(&self) {
        if self.layout.get_untracked() == Layout::Notebook {
            self.layout.set(Layout::Split);
        }
        self.pane.set(Pane::Spark);
    }
}

impl Default for ShellState {
    fn default() -> Self {
        Self::new()
    }
}

//! Notebooks of this browser: opening, saving as one types, import, export, bundled ones, links and trust.

use std::cell::RefCell;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::shell::Dialog;
use super::{App, SaveState, notebook_db};
use crate::host;
use crate::model::edits::UndoStack;
use crate::model::keymap::Mode;
use crate::model::nbformat::{self, Include};
use crate::model::notebook::{CellKind, Notebook};
use crate::model::share;

/// Time without typing after which a notebook is saved.
const SAVE_AFTER_MS: u32 = 600;
/// Longest draft that is also written synchronously when the page goes away.
const DRAFT_BYTES: usize = 1_500_000;

const LIST_KEY: &str = "kindling-notebooks";
const OPEN_KEY: &str = "kindling-open";
const TRUST_KEY: &str = "kindling-trusted";
const DRAFT_KEY: &str = "kindling-draft";

/// A notebook of this browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LibraryEntry {
    /// Key in the store.
    pub id: String,
    /// Title.
    pub title: String,
    /// Last saved, milliseconds since 1970.
    pub modified: f64,
    /// Its code may run.
    #[serde(default)]
    pub trusted: bool,
}

/// A notebook that comes with the site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Bundled {
    /// Name for `?notebook=`.
    pub id: String,
    /// File below `notebooks/`.
    pub file: String,
    /// Title.
    pub title: String,
    /// One line on it.
    #[serde(default)]
    pub summary: String,
    /// Files below `notebooks/` that it reads.
    #[serde(default)]
    pub data: Vec<String>,
}

#[derive(Deserialize)]
struct Index {
    notebooks: Vec<Bundled>,
}

#[derive(Serialize, Deserialize)]
struct Draft {
    id: String,
    modified: f64,
    text: String,
}

thread_local! {
    static TIMER: RefCell<Option<Timeout>> = const { RefCell::new(None) };
}

/// Notebooks of this browser, newest first.
pub fn list() -> Vec<LibraryEntry> {
    let mut entries: Vec<LibraryEntry> =
        host::local_get(LIST_KEY).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    entries.sort_by(|a, b| b.modified.total_cmp(&a.modified));
    entries
}

fn write_list(entries: &[LibraryEntry]) -> bool {
    serde_json::to_string(entries).is_ok_and(|text| host::local_set(LIST_KEY, &text))
}

/// Saves soon.
pub fn schedule_save(app: App) {
    TIMER.set(Some(Timeout::new(SAVE_AFTER_MS, move || save_now(app))));
}

/// Saves now.
pub fn save_now(app: App) {
    TIMER.set(None);
    let id = app.doc.get_untracked();
    if id.is_empty() {
        return;
    }
    let (text, title) = app.notebook.with_untracked(|n| (nbformat::write(n, Include::ALL), n.title()));
    let modified = js_sys::Date::now();
    let mut entries = list();
    entries.retain(|e| e.id != id);
    entries.push(LibraryEntry { id: id.clone(), title, modified, trusted: app.trusted.get_untracked() });
    write_list(&entries);
    spawn_local(async move {
        let state = match notebook_db::put(&id, &format!("{modified}\n{text}")).await {
            // Typed on while it was written: that is unsaved still, and a timer runs for it.
            Ok(()) if TIMER.with_borrow(Option::is_some) => return,
            Ok(()) => SaveState::Saved,
            Err(error) => SaveState::Failed(message(&error)),
        };
        if app.doc.get_untracked() == id {
            app.saved.set(state);
        }
    });
}

/// The page goes away: what is unsaved is saved, and written where it cannot get lost.
pub fn save_on_leave(app: App) {
    if app.saved.get_untracked() == SaveState::Saved {
        return;
    }
    let draft = app.notebook.with_untracked(|n| nbformat::write(n, Include { outputs: true, rows: false }));
    if draft.len() <= DRAFT_BYTES {
        let draft = Draft { id: app.doc.get_untracked(), modified: js_sys::Date::now(), text: draft };
        if let Ok(text) = serde_json::to_string(&draft) {
            host::local_set(DRAFT_KEY, &text);
        }
    }
    save_now(app);
}

fn message(error: &wasm_bindgen::JsValue) -> String {
    js_sys::Reflect::get(error, &"message".into())
        .ok()
        .and_then(|m| m.as_string())
        .or_else(|| error.as_string())
        .unwrap_or_else(|| "unknown reason".into())
}

/// Shows a notebook. `trusted` is false for one from elsewhere that is not allowed to run yet.
pub fn show(app: App, id: String, notebook: Notebook, trusted: bool) {
    if app.running.get_untracked().is_some() || !app.queue.with_untracked(|q| q.is_empty()) {
        app.interrupt();
    }
    host::local_set(OPEN_KEY, &id);
    app.doc.set(id);
    app.undo.set_value(UndoStack::default());
    app.runs.update(|runs| runs.clear());
    app.views.update(|views| views.clear());
    app.mode.set(Mode::Command);
    app.trusted.set(trusted);
    let first = notebook.cells.iter().find(|c| c.kind == CellKind::Code).or(notebook.cells.first());
    app.selected.set(first.map(|c| c.id.clone()));
    if let Some(document) = host::document() {
        document.set_title(&format!("{} — Kindling", notebook.title()));
    }
    app.notebook.set(notebook);
    app.saved.set(SaveState::Saved);
    app.shell.side_open.set(false);
    if let Some(cells) = host::document().and_then(|d| d.get_element_by_id("cells")) {
        cells.set_scroll_top(0);
    }
}

fn new_id() -> String {
    format!("{:x}", host::seed())
}

/// Opens one of this browser's notebooks.
pub async fn open(app: App, id: String) -> bool {
    let stored = match notebook_db::get(&id).await {
        Ok(Some(text)) => text,
        Ok(None) => return false,
        Err(error) => {
            app.shell.toast(true, "The notebook could not be read", message(&error), None);
            return false;
        }
    };
    let (modified, mut text) =
        stored.split_once('\n').map_or((0.0, stored.clone()), |(m, t)| (m.parse().unwrap_or(0.0), t.to_owned()));
    let draft = host::local_get(DRAFT_KEY).and_then(|d| serde_json::from_str::<Draft>(&d).ok());
    if let Some(draft) = draft.filter(|d| d.id == id && d.modified > modified + 1.0) {
        text = draft.text;
    }
    match nbformat::read(&text, host::seed()) {
        Ok(notebook) => {
            let trusted = list().iter().find(|e| e.id == id).is_none_or(|e| e.trusted);
            show(app, id, notebook, trusted);
            true
        }
        Err(error) => {
            app.shell.toast(true, "The notebook could not be read", error.0, None);
            false
        }
    }
}

/// Opens a new, empty notebook.
pub fn new_notebook(app: App) {
    save_now(app);
    show(app, new_id(), nbformat::blank("Untitled", host::seed()), true);
    save_now(app);
}

/// Deletes one of this browser's notebooks; the open one is replaced by a new one.
pub fn delete(app: App, id: String) {
    let mut entries = list();
    entries.retain(|e| e.id != id);
    write_list(&entries);
    let open_now = app.doc.get_untracked() == id;
    if open_now {
        TIMER.set(None);
        app.doc.set(String::new());
        match entries.first() {
            Some(next) => {
                let next = next.id.clone();
                spawn_local(async move {
                    open(app, next).await;
                });
            }
            None => new_notebook(app),
        }
    }
    spawn_local(async move {
        let _ = notebook_db::delete(&id).await;
    });
}

/// Opens a notebook's text that came from elsewhere; runs nothing until it is trusted.
pub fn import(app: App, text: &str, from: &str, name: Option<&str>) {
    match nbformat::read(text, host::seed()) {
        Ok(notebook) => import_notebook(app, notebook, from, name),
        Err(error) => app.shell.toast(true, "The notebook could not be opened", error.0, None),
    }
}

fn import_notebook(app: App, mut notebook: Notebook, from: &str, name: Option<&str>) {
    if notebook.title() == "Untitled"
        && let Some(name) = name
    {
        notebook.set_kindling("title", name.trim_end_matches(".ipynb").into());
    }
    if notebook.cells.is_empty() {
        let blank = nbformat::blank("", host::seed());
        notebook.cells = blank.cells;
    }
    let trusted = is_trusted(&notebook);
    save_now(app);
    show(app, new_id(), notebook, trusted);
    save_now(app);
    if !trusted {
        app.shell.dialog.set(Some(Dialog::Trust(from.to_owned())));
    }
}

fn is_trusted(notebook: &Notebook) -> bool {
    let hashes = host::local_get(TRUST_KEY).unwrap_or_default();
    hashes.split(' ').any(|hash| hash == share::content_hash(notebook))
        || notebook.cells.iter().all(|c| c.runnable().is_none())
}

/// The user allows the open notebook to run; remembered for this content.
pub fn trust(app: App) {
    let hash = app.notebook.with_untracked(share::content_hash);
    let mut hashes: Vec<String> = host::local_get(TRUST_KEY)
        .unwrap_or_default()
        .split(' ')
        .filter(|h| !h.is_empty())
        .map(str::to_owned)
        .collect();
    hashes.push(hash);
    // Old decisions go first; the entry of the notebook itself keeps its own.
    let keep = hashes.len().saturating_sub(200);
    host::local_set(TRUST_KEY, &hashes[keep..].join(" "));
    app.trusted.set(true);
    save_now(app);
    app.apply_environment();
}

/// The bundled notebooks.
pub async fn bundled() -> Vec<Bundled> {
    match fetch_text("notebooks/index.json").await {
        Ok(text) => serde_json::from_str::<Index>(&text).map(|i| i.notebooks).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

/// Opens a bundled notebook; its data sets are put among the files first.
pub async fn open_bundled(app: App, item: Bundled) {
    match fetch_text(&format!("notebooks/{}", item.file)).await {
        Ok(text) => match nbformat::read(&text, host::seed()) {
            Ok(notebook) => {
                save_now(app);
                show(app, new_id(), notebook, true);
                save_now(app);
                for path in item.data {
                    super::files::fetch_sample(app, path).await;
                }
            }
            Err(error) => app.shell.toast(true, "The notebook could not be opened", error.0, None),
        },
        Err(error) => app.shell.toast(true, "The notebook could not be loaded", error, None),
    }
}

/// Fetches a text; the error is one sentence.
pub async fn fetch_text(url: &str) -> Result<String, String> {
    let response = fetch(url).await?;
    let text = response.text().map_err(|e| message(&e))?;
    JsFuture::from(text).await.map_err(|e| message(&e))?.as_string().ok_or_else(|| "no text".into())
}

/// Fetches; an answer other than success is an error.
pub async fn fetch(url: &str) -> Result<web_sys::Response, String> {
    let response = JsFuture::from(host::window().fetch_with_str(url)).await.map_err(|_| {
        format!("{url} could not be loaded: the site is out of reach or does not allow other pages to read it (CORS).")
    })?;
    let response: web_sys::Response = response.unchecked_into();
    if response.ok() { Ok(response) } else { Err(format!("{url} answered {}.", response.status())) }
}

/// Offers the open notebook as `.ipynb`.
pub fn export(app: App) {
    let (text, title) = app.notebook.with_untracked(|n| (nbformat::write(n, Include::ALL), n.title()));
    if let Some(blob) = host::text_blob(&text, "application/x-ipynb+json") {
        host::download(&format!("{}.ipynb", file_name(&title)), &blob);
    }
}

/// A title as a file name.
pub fn file_name(title: &str) -> String {
    let name: String = title.chars().map(|c| if "/\\:*?\"<>|\n\t".contains(c) { '-' } else { c }).collect();
    let name = name.trim().trim_matches('.').to_owned();
    if name.is_empty() { "notebook".into() } else { name }
}

/// Opens what the address asks for, else what was open last, else the first bundled notebook.
pub fn start(app: App) {
    spawn_local(async move {
        let location = host::window().location();
        let hash = location.hash().unwrap_or_default();
        let query = location.search().unwrap_or_default();
        let params = web_sys::UrlSearchParams::new_with_str(&query).ok();
        let param = |name: &str| params.as_ref().and_then(|p| p.get(name));
        if let Some(deflated) = share::deflated(&hash) {
            clean_address(&location);
            let decoded = match deflated {
                Ok(bytes) => share::notebook(host::inflate(&bytes, share::MAX_BYTES).await, host::seed()),
                Err(error) => Err(error),
            };
            match decoded {
                Ok(notebook) => return import_notebook(app, notebook, "This notebook came from a link", None),
                Err(error) => app.shell.toast(true, "The link could not be opened", error.0, None),
            }
        } else if let Some(url) = param("url") {
            clean_address(&location);
            match fetch_text(&url).await {
                Ok(text) => {
                    let name = url.rsplit('/').next().map(str::to_owned);
                    return import(app, &text, &format!("This notebook came from {}", host_of(&url)), name.as_deref());
                }
                Err(error) => app.shell.toast(true, "The notebook could not be opened", error, None),
            }
        } else if let Some(id) = param("notebook") {
            clean_address(&location);
            if let Some(item) = bundled().await.into_iter().find(|b| b.id == id) {
                return open_bundled(app, item).await;
            }
            app.shell.toast(true, "No such notebook", format!("This site has no notebook named {id}."), None);
        }
        if let Some(id) = host::local_get(OPEN_KEY)
            && open(app, id).await
        {
            return;
        }
        match bundled().await.into_iter().next() {
            Some(first) => open_bundled(app, first).await,
            None => new_notebook(app),
        }
    });
}

fn host_of(url: &str) -> String {
    web_sys::Url::new(url).map_or_else(|_| url.to_owned(), |u| u.host())
}

/// Takes the notebook out of the address: a reload opens the saved copy with what was typed since.
fn clean_address(location: &web_sys::Location) {
    let path = location.pathname().unwrap_or_else(|_| "./".into());
    if let Ok(history) = host::window().history() {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
    }
}

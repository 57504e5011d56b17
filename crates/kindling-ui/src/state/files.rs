//! Files: listing, adding, previews, deleting with undo.

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::App;
use super::shell::ToastAction;
use crate::host;
use crate::kernel::client::Answer;
use crate::kernel::protocol::{
    CellError, DataFrameResult, FileEntry, KernelMessage, KernelRequest, StorageMessage, StorageRequest,
};
use crate::kernel::storage::Reply;
use crate::model::file_format::{self, FileFormat};
use crate::model::notebook::Language;

/// Where deleted files wait for an undo.
const TRASH: &str = ".trash";

/// A file being added.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// Path.
    pub path: String,
    /// Bytes so far.
    pub loaded: f64,
    /// Bytes in all.
    pub total: f64,
}

/// What is known of a file's columns.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// Being read.
    Loading,
    /// The engine is not there yet.
    Waiting,
    /// Columns and first rows.
    Ready(Arc<DataFrameResult>),
    /// Spark's error.
    Failed(Box<CellError>),
}

/// Signals of the file list.
#[derive(Clone, Copy)]
pub struct FilesState {
    /// Files; `None` until they were listed.
    pub entries: RwSignal<Option<Vec<FileEntry>>>,
    /// Files being added.
    pub uploads: RwSignal<Vec<Upload>>,
    /// The file whose columns are shown.
    pub open: RwSignal<Option<String>>,
    /// Previews by path.
    pub previews: RwSignal<HashMap<String, Preview>>,
    /// Bytes used and allowed.
    pub estimate: RwSignal<Option<(f64, f64)>>,
    /// The deleted file: where it was, where it waits.
    deleted: StoredValue<Option<(String, String)>>,
}

impl FilesState {
    /// Nothing known.
    pub fn new() -> FilesState {
        FilesState {
            entries: RwSignal::new(None),
            uploads: RwSignal::new(Vec::new()),
            open: RwSignal::new(None),
            previews: RwSignal::new(HashMap::new()),
            estimate: RwSignal::new(None),
            deleted: StoredValue::new(None),
        }
    }
}

impl Default for FilesState {
    fn default() -> Self {
        Self::new()
    }
}

/// Lists all files anew.
pub fn refresh(app: App) {
    let storage = app.storage.get_value();
    // A listing goes all the way down.
    storage.ask(
        |id| StorageRequest::List { id, path: String::new() },
        None,
        move |reply| {
            if let Reply::Message(StorageMessage::ListReply { entries, .. }) = reply {
                listed(app, entries);
            }
        },
    );
    storage.ask(
        |id| StorageRequest::Estimate { id },
        None,
        move |reply| {
            if let Reply::Message(StorageMessage::EstimateReply { usage, quota, .. }) = reply {
                app.files.estimate.set(Some((usage, quota)));
            }
        },
    );
}

fn listed(app: App, mut entries: Vec<FileEntry>) {
    entries.retain(|e| e.path != TRASH && !e.path.starts_with(&format!("{TRASH}/")));
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    // A file that changed must be looked at again.
    let before = app.files.entries.get_untracked().unwrap_or_default();
    app.files.previews.update(|previews| {
        previews.retain(|path, _| {
            let of = |list: &[FileEntry]| list.iter().find(|e| e.path == *path).map(|e| (e.size, e.modified));
            of(&before) == of(&entries)
        });
    });
    app.files.entries.set(Some(entries));
    preview_open(app);
}

/// Empties the trash of an earlier visit.
pub fn empty_trash(app: App) {
    let request = |id| StorageRequest::Delete { id, path: TRASH.into(), recursive: true };
    // Mostly there is none.
    app.storage.get_value().ask(request, None, |_| {});
}

/// Adds dropped or chosen files; notebooks are opened.
pub fn add(app: App, list: &web_sys::FileList) {
    for n in 0..list.length() {
        let Some(file) = list.get(n) else { continue };
        let name = file.name();
        if FileFormat::of(&name, false) == FileFormat::Notebook {
            spawn_local(async move {
                if let Ok(text) = JsFuture::from(file.text()).await {
                    let text = text.as_string().unwrap_or_default();
                    super::library::import(
                        app,
                        &text,
                        &format!("This notebook came from the file {name}"),
                        Some(&name),
                    );
                }
            });
            continue;
        }
        let mut taken: Vec<String> =
            app.files.entries.with_untracked(|e| e.iter().flatten().map(|e| e.path.clone()).collect());
        taken.extend(app.files.uploads.with_untracked(|u| u.iter().map(|u| u.path.clone()).collect::<Vec<_>>()));
        put(app, file_format::free_path(&name, &taken), &file);
    }
}

/// Writes a file and shows how far it is.
pub fn put(app: App, path: String, blob: &web_sys::Blob) {
    let total = blob.size();
    app.files.uploads.update(|u| u.push(Upload { path: path.clone(), loaded: 0.0, total }));
    let done = move |path: &str| app.files.uploads.update(|u| u.retain(|u| u.path != path));
    let name = path.clone();
    app.storage.get_value().ask(
        |id| StorageRequest::Put { id, path },
        Some(blob),
        move |reply| match reply {
            Reply::Message(StorageMessage::Progress { loaded, total, .. }) => app.files.uploads.update(|u| {
                if let Some(upload) = u.iter_mut().find(|u| u.path == name) {
                    upload.loaded = loaded;
                    upload.total = total;
                }
            }),
            Reply::Message(StorageMessage::Failed { error, .. }) => {
                done(&name);
                app.shell.toast(true, format!("{name} was not added"), error, None);
            }
            _ => {
                done(&name);
                refresh(app);
            }
        },
    );
}

/// Opens or closes a file's columns.
pub fn toggle(app: App, path: &str) {
    let open = app.files.open.get_untracked();
    if open.as_deref() == Some(path) {
        app.files.open.set(None);
    } else {
        app.files.open.set(Some(path.to_owned()));
        preview_open(app);
    }
}

/// Reads the columns of the open file, if they are not known yet.
pub fn preview_open(app: App) {
    let Some(path) = app.files.open.get_untracked() else { return };
    let known = app.files.previews.with_untracked(|p| p.get(&path).is_some_and(|p| *p != Preview::Waiting));
    let directory = app.files.entries.with_untracked(|e| e.iter().flatten().any(|e| e.path == path && e.directory));
    if known || !FileFormat::of(&path, directory).has_schema() && !directory {
        return;
    }
    let set = move |path: &str, preview: Preview| {
        app.files.previews.update(|p| {
            p.insert(path.to_owned(), preview);
        });
    };
    if !app.engine_ready.get_untracked() {
        return set(&path, Preview::Waiting);
    }
    set(&path, Preview::Loading);
    let asked = path.clone();
    app.kernel_client.get_value().ask(
        |id| KernelRequest::PreviewFile { id, path: asked },
        move |answer| match answer {
            Answer::Message(message) => {
                if let KernelMessage::PreviewReply { preview, error, .. } = *message {
                    match (preview, error) {
                        (Some(preview), _) => set(&path, Preview::Ready(Arc::new(preview))),
                        (None, Some(error)) => set(&path, Preview::Failed(Box::new(error))),
                        (None, None) => {}
                    }
                }
            }
            _ => set(&path, Preview::Waiting),
        },
    );
}

/// Puts a cell that reads the file below the selected one.
pub fn insert_read_cell(app: App, path: &str, directory: bool) {
    let id = app.insert(Language::Python, true, Some(file_format::read_cell(path, directory)));
    app.shell.pane.set(super::shell::Pane::Book);
    app.shell.side_open.set(false);
    app.select(&id);
    // From the button that was pressed to the cell: the next key is meant for it.
    host::focus(format!("cell-{id}"));
}

/// Offers a file as a download, a folder as an archive.
pub fn download(app: App, path: String, directory: bool) {
    let mut name = path.rsplit('/').next().unwrap_or(&path).to_owned();
    if directory {
        name.push_str(".zip");
    }
    app.storage.get_value().ask(
        |id| StorageRequest::Get { id, path },
        None,
        move |reply| match reply {
            Reply::Blob(blob) => host::download(&name, &blob),
            Reply::Message(StorageMessage::Failed { error, .. }) => {
                app.shell.toast(true, format!("{name} could not be read"), error, None);
            }
            Reply::Message(_) => {}
        },
    );
}

/// Deletes a file; it waits in the trash until the next visit.
pub fn delete(app: App, path: String) {
    let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
    let trash = format!("{TRASH}/{}/{name}", js_sys::Date::now() as u64);
    let (from, to) = (path.clone(), trash.clone());
    app.storage.get_value().ask(
        |id| StorageRequest::Rename { id, from, to },
        None,
        move |reply| match reply {
            Reply::Message(StorageMessage::Failed { error, .. }) => {
                app.shell.toast(true, format!("{name} was not deleted"), error, None);
            }
            _ => {
                app.files.deleted.set_value(Some((path.clone(), trash.clone())));
                app.files.open.update(|open| {
                    if open.as_deref() == Some(path.as_str()) {
                        *open = None;
                    }
                });
                app.shell.toast(false, format!("{name} deleted"), "", Some(ToastAction::RestoreFile));
                refresh(app);
            }
        },
    );
}

/// Brings the file deleted last back.
pub fn restore(app: App) {
    let Some((path, trash)) = app.files.deleted.get_value() else { return };
    app.files.deleted.set_value(None);
    let request = |id| StorageRequest::Rename { id, from: trash, to: path };
    app.storage.get_value().ask(request, None, move |reply| {
        if let Reply::Message(StorageMessage::Failed { error, .. }) = reply {
            app.shell.toast(true, "The file could not be brought back", error, None);
        }
        refresh(app);
    });
}

/// Puts a file that came with a bundled notebook among the files, unless it is there.
pub async fn fetch_sample(app: App, path: String) {
    let there = app.files.entries.with_untracked(|e| e.iter().flatten().any(|e| e.path == path));
    if there {
        return;
    }
    let fetched = match super::library::fetch(&format!("notebooks/{path}")).await {
        Ok(response) => match response.blob() {
            Ok(blob) => JsFuture::from(blob).await.map_err(|_| "it could not be read".to_owned()),
            Err(_) => Err("it could not be read".to_owned()),
        },
        Err(error) => Err(error),
    };
    match fetched {
        Ok(blob) => put(app, path, blob.unchecked_ref::<web_sys::Blob>()),
        Err(error) => app.shell.toast(true, format!("{path} is not there"), error, None),
    }
}

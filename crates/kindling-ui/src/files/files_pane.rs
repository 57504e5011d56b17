//! Files: drop, choose, list, storage in use.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::files::file_item::FileItem;
use crate::model::file_format::{self, FileFormat};
use crate::model::format;
use crate::shell::icon::Icon;
use crate::state::{files, use_app};

/// The pane.
#[component]
pub fn FilesPane() -> impl IntoView {
    let app = use_app();
    let input = NodeRef::<html::Input>::new();
    let over = RwSignal::new(false);
    let rows = Memo::new(move |_| app.files.entries.with(|e| e.as_ref().map(|e| file_format::rows(e))));
    let choose = move |_| {
        if let Some(input) = input.get_untracked() {
            input.set_value("");
            input.click();
        }
    };
    let dropped = move |event: ev::DragEvent| {
        event.prevent_default();
        event.stop_propagation();
        over.set(false);
        app.shell.dropping.set(false);
        if let Some(list) = event.data_transfer().and_then(|d| d.files()) {
            files::add(app, &list);
        }
    };
    view! {
        <button
            class=move || if over.get() { "drop over" } else { "drop" }
            data-testid="file-drop"
            on:click=choose
            on:dragover=move |e| {
                e.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=dropped
        >
            <Icon name="upload"/>
            <b>"Drop files here"</b>
            "or choose. CSV, Parquet, JSON, text, notebooks"
        </button>
        <input
            type="file"
            multiple
            hidden
            node_ref=input
            aria-label="Choose files"
            on:change=move |_| {
                if let Some(list) = input.get_untracked().and_then(|i| i.files()) {
                    files::add(app, &list);
                }
            }
        />
        <p class="private">
            <Icon name="lock" small=true/>
            <span>"Files are read in this tab and never uploaded. Large files are not copied."</span>
        </p>
        <For each=move || app.files.uploads.get() key=|u| (u.path.clone(), u.loaded as u64) let:upload>
            <div class="file pending" role="group" aria-label=format!("Adding {}", upload.path)>
                {badge(&upload.path, false)}
                <b>{upload.path.clone()}</b>
                <small>{format::bytes(upload.total)}</small>
                <span class="load" role="progressbar" aria-label=format!("Adding {}", upload.path)>
                    <i style=format!("--p:{:.0}%", 100.0 * upload.loaded / upload.total.max(1.0))></i>
                </span>
            </div>
        </For>
        // Its place is kept while the list is on its way.
        <Show when=move || rows.with(|r| r.as_ref().is_none_or(|r| r.is_empty())) && app.files.uploads.with(|u| u.is_empty())>
            <p
                class="small muted"
                style=move || if rows.with(|r| r.is_none()) { "padding:4px 2px;visibility:hidden" } else { "padding:4px 2px" }
                data-testid="files-empty"
            >
                "No files yet. The bundled notebooks bring their own samples."
            </p>
        </Show>
        <For each=move || rows.get().unwrap_or_default() key=|r| (r.path.clone(), r.size as u64) let:row>
            <FileItem row/>
        </For>
        <div class="quota">
            <div style="display:flex;justify-content:space-between">
                <span>"Browser storage"</span>
                <span class="num">
                    {move || {
                        app.files
                            .estimate
                            .get()
                            .map_or("—".to_owned(), |(usage, quota)| {
                                format!("{} of {}", format::bytes(usage), format::bytes(quota))
                            })
                    }}
                </span>
            </div>
            <div class="meter">
                <i style=move || {
                    let share = app.files.estimate.get().map_or(0.0, |(usage, quota)| 100.0 * usage / quota.max(1.0));
                    format!("width:{share:.1}%")
                }></i>
            </div>
        </div>
    }
}

/// The format badge of a file.
pub fn badge(path: &str, directory: bool) -> impl IntoView + use<> {
    let format = FileFormat::of(path, directory);
    let (word, class) = if directory && format == FileFormat::Folder { ("set", "tbl") } else { format.badge() };
    view! { <em class=class>{word}</em> }
}

//! The sidebar: files, notebooks, outline.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::files::files_pane::FilesPane;
use crate::files::notebooks_pane::NotebooksPane;
use crate::files::outline_pane::OutlinePane;
use crate::state::shell::SideTab;
use crate::state::use_app;

const TABS: [(SideTab, &str, &str); 3] = [
    (SideTab::Files, "files", "Files"),
    (SideTab::Notebooks, "gallery", "Notebooks"),
    (SideTab::Outline, "outline", "Outline"),
];

/// The sidebar.
#[component]
pub fn SideBar() -> impl IntoView {
    let app = use_app();
    let tab = app.shell.side_tab;
    let keys = move |event: ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => TABS.len() - 1,
            _ => return,
        };
        let at = TABS.iter().position(|(t, ..)| *t == tab.get_untracked()).unwrap_or(0);
        let (next, id, _) = TABS[(at + by) % TABS.len()];
        tab.set(next);
        event.prevent_default();
        if let Some(button) = crate::host::document().and_then(|d| d.get_element_by_id(&format!("tab-{id}"))) {
            let _ = button.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    };
    view! {
        <section class="side" aria-label="Files and notebooks">
            <div class="tabs" role="tablist" aria-label="Sidebar" on:keydown=keys>
                {TABS
                    .map(|(which, id, label)| {
                        view! {
                            <button
                                role="tab"
                                id=format!("tab-{id}")
                                aria-controls=format!("panel-{id}")
                                aria-selected=move || (tab.get() == which).to_string()
                                tabindex=move || if tab.get() == which { "0" } else { "-1" }
                                on:click=move |_| tab.set(which)
                            >
                                {label}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
            <div class="pane scroll" tabindex="0" role="tabpanel" id="panel-files" aria-labelledby="tab-files" hidden=move || tab.get() != SideTab::Files>
                <FilesPane/>
            </div>
            <div
                class="pane scroll nb-list"
                tabindex="0"
                role="tabpanel"
                id="panel-gallery"
                aria-labelledby="tab-gallery"
                data-testid="gallery"
                hidden=move || tab.get() != SideTab::Notebooks
            >
                <NotebooksPane/>
            </div>
            <div
                class="pane scroll outline"
                tabindex="0"
                role="tabpanel"
                id="panel-outline"
                aria-labelledby="tab-outline"
                data-testid="outline"
                hidden=move || tab.get() != SideTab::Outline
            >
                <OutlinePane/>
            </div>
        </section>
    }
}

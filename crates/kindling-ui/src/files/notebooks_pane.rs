//! Notebooks: the open one, this browser's, the bundled ones, a file.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::shell::icon::Icon;
use crate::shell::menu::Menu;
use crate::state::library::{self, Bundled};
use crate::state::{SaveState, use_app};

/// The pane.
#[component]
pub fn NotebooksPane() -> impl IntoView {
    let app = use_app();
    let input = NodeRef::<html::Input>::new();
    let bundled: RwSignal<Vec<Bundled>> = RwSignal::new(Vec::new());
    spawn_local(async move { bundled.set(library::bundled().await) });
    // The list follows every save.
    let mine = Memo::new(move |_| {
        app.doc.track();
        let _ = app.saved.get() == SaveState::Saved;
        library::list()
    });
    view! {
        <div style="display:flex;gap:6px;margin-bottom:10px;flex-wrap:wrap">
            <button class="btn small" on:click=move |_| library::new_notebook(app)>
                <Icon name="plus" small=true/>
                "New"
            </button>
            <button
                class="btn small"
                on:click=move |_| {
                    if let Some(input) = input.get_untracked() {
                        input.set_value("");
                        input.click();
                    }
                }
            >
                "Open .ipynb"
            </button>
            <button class="btn small" data-testid="export-notebook" on:click=move |_| library::export(app)>
                <Icon name="down2" small=true/>
                "Download"
            </button>
        </div>
        <input
            type="file"
            accept=".ipynb,application/json"
            hidden
            node_ref=input
            aria-label="Open a notebook file"
            data-testid="open-notebook"
            on:change=move |_| {
                let Some(file) = input.get_untracked().and_then(|i| i.files()).and_then(|f| f.get(0)) else { return };
                let name = file.name();
                spawn_local(async move {
                    if let Ok(text) = JsFuture::from(file.text()).await {
                        let text = text.as_string().unwrap_or_default();
                        library::import(app, &text, &format!("This notebook came from the file {name}"), Some(&name));
                    }
                });
            }
        />
        <h3>"In this browser"</h3>
        <For each=move || mine.get() key=|e| (e.id.clone(), e.title.clone()) let:entry>
            {
                let id = StoredValue::new(entry.id.clone());
                let open_now = move || id.with_value(|id| app.doc.with(|d| d == id));
                view! {
                    <div class="nb-row">
                        <button
                            class="card-nb"
                            aria-current=move || open_now().then_some("true")
                            on:click=move |_| {
                                if !open_now() {
                                    library::save_now(app);
                                    spawn_local(async move {
                                        library::open(app, id.get_value()).await;
                                    });
                                }
                            }
                        >
                            <b>{entry.title.clone()}</b>
                            {if entry.trusted { "Saved here" } else { "Saved here, not trusted" }}
                        </button>
                        <Menu
                            class="icon small"
                            label=format!("More actions for {}", entry.title)
                            button=ViewFn::from(|| view! { <Icon name="more" small=true/> })
                        >
                            <button class="danger" on:click=move |_| library::delete(app, id.get_value())>
                                "Delete from this browser"
                            </button>
                        </Menu>
                    </div>
                }
            }
        </For>
        <h3>"Come with Kindling"</h3>
        <For each=move || bundled.get() key=|b| b.id.clone() let:item>
            {
                let opened = item.clone();
                view! {
                    <button
                        class="card-nb"
                        data-notebook=item.id.clone()
                        on:click=move |_| {
                            let item = opened.clone();
                            spawn_local(async move { library::open_bundled(app, item).await });
                        }
                    >
                        <b>{item.title.clone()}</b>
                        {item.summary.clone()}
                    </button>
                }
            }
        </For>
    }
}

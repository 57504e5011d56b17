//! A text cell: rendered, or its editor while it is edited.

use leptos::prelude::*;

use crate::model::markdown;
use crate::notebook::cell_item::CellHandle;
use crate::notebook::cell_toolbar::CellToolbar;
use crate::notebook::editor::CellEditor;
use crate::state::use_app;

/// The cell.
#[component]
pub fn MarkdownCell(handle: CellHandle) -> impl IntoView {
    let app = use_app();
    let html =
        Memo::new(move |_| handle.read(|c| markdown::render(&c.source, c.attachments.as_ref())).unwrap_or_default());
    view! {
        <div class="gut"></div>
        <div class="bodyc">
            <CellToolbar handle/>
            <Show
                when=move || handle.editing.get()
                fallback=move || {
                    view! {
                        <Show
                            when=move || !html.with(|h| h.trim().is_empty())
                            fallback=move || {
                                view! {
                                    <div class="md" on:dblclick=move |_| app.edit(&handle.id())>
                                        <p class="placeholder">"Text. Press Enter to write."</p>
                                    </div>
                                }
                            }
                        >
                            // Sanitised by `model::markdown`.
                            <div class="md" inner_html=move || html.get() on:dblclick=move |_| app.edit(&handle.id())></div>
                        </Show>
                    }
                }
            >
                <CellEditor handle/>
            </Show>
        </div>
    }
}

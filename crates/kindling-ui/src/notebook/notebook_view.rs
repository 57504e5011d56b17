//! All cells, the boot card, and keeping the selected cell in view.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::host;
use crate::model::keymap::Mode;
use crate::model::notebook::CellKind;
use crate::notebook::add_cell::AddCell;
use crate::notebook::boot_card::BootCard;
use crate::notebook::cell_item::CellItem;
use crate::state::shell::Layout;
use crate::state::use_app;

/// The notebook.
#[component]
pub fn NotebookView() -> impl IntoView {
    let app = use_app();
    let ids = Memo::new(move |_| app.notebook.with(|n| n.cells.iter().map(|c| c.id.clone()).collect::<Vec<_>>()));
    // The boot card stands below the introduction, if the notebook starts with one.
    let boot_after = Memo::new(move |_| {
        app.notebook.with(|n| n.cells.first().filter(|c| c.kind == CellKind::Markdown).map(|c| c.id.clone()))
    });
    let boot_shown = Memo::new(move |_| !app.boot_closed.get());
    Effect::new(move |_| {
        let selected = app.selected.get();
        let mode = app.mode.get();
        request_animation_frame(move || {
            if let Some(id) = &selected {
                reveal(id, mode);
            }
        });
    });
    view! {
        <section class="book" aria-label="Notebook">
            <div class="cells scroll" id="cells" tabindex="-1">
                <ol aria-label="Cells">
                    <Show when=move || boot_shown.get() && boot_after.get().is_none()>
                        <li><BootCard/></li>
                    </Show>
                    <For each=move || ids.get() key=|id| id.clone() let:id>
                        {
                            let after = id.clone();
                            view! {
                                <CellItem id/>
                                <Show when=move || boot_shown.get() && boot_after.get().as_deref() == Some(after.as_str())>
                                    <li><BootCard/></li>
                                </Show>
                            }
                        }
                    </For>
                    <AddCell/>
                </ol>
            </div>
            <Show when=move || app.shell.layout.get() == Layout::Notebook>
                <button class="btn spark-show" on:click=move |_| app.shell.toggle_panel()>
                    "Spark UI"
                </button>
            </Show>
        </section>
    }
}

/// Scrolls a cell into view; in command mode it also gets the focus, unless something inside it has it.
fn reveal(id: &str, mode: Mode) {
    // At start the notebook is read from its top, and no focus ring shows; keys work all the same.
    if !host::user_was_active() {
        return;
    }
    let Some(document) = host::document() else { return };
    let Some(cell) = document.get_element_by_id(&format!("cell-{id}")).and_then(|e| e.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let active = document.active_element();
    let inside = active.as_ref().is_some_and(|a| cell.contains(Some(a)));
    let elsewhere =
        active.as_ref().is_some_and(|a| a.closest(".veil, .topbar, .side, .spark, .menu").ok().flatten().is_some());
    if mode == Mode::Command {
        let in_editor = active.as_ref().is_some_and(|a| a.closest(".cm-content").ok().flatten().is_some());
        if (!inside || in_editor) && !elsewhere {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = cell.focus_with_options(&options);
        }
    }
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    cell.scroll_into_view_with_scroll_into_view_options(&options);
}

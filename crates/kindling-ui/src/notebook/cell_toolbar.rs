//! Move, more and type of a cell.

use leptos::prelude::*;

use crate::model::notebook::Language;
use crate::notebook::cell_item::CellHandle;
use crate::shell::icon::Icon;
use crate::shell::menu::Menu;
use crate::state::use_app;

/// The toolbar.
#[component]
pub fn CellToolbar(handle: CellHandle) -> impl IntoView {
    let app = use_app();
    let language = Memo::new(move |_| handle.read(|c| c.language()).unwrap_or(Language::Python));
    let has_output = move || handle.read(|c| !c.outputs.is_empty()).unwrap_or(false);
    let select = move || {
        app.selected.set(Some(handle.id()));
    };
    let retype = move |to: Language| {
        move |_| {
            app.retype(&handle.id(), to);
            app.select(&handle.id());
        }
    };
    view! {
        <div class="lang">
            <button class="icon" aria-label="Move cell up" on:click=move |_| app.move_cell(&handle.id(), -1)>
                <Icon name="up" small=true/>
            </button>
            <button class="icon" aria-label="Move cell down" on:click=move |_| app.move_cell(&handle.id(), 1)>
                <Icon name="down" small=true/>
            </button>
            <Menu class="icon" label="More cell actions" testid="cell-more" button=ViewFn::from(|| view! { <Icon name="more" small=true/> })>
                <button
                    data-testid="insert-above"
                    on:click=move |_| {
                        select();
                        app.insert(Language::Python, false, None);
                    }
                >
                    "Insert above"
                    <kbd>"A"</kbd>
                </button>
                <button
                    data-testid="insert-below"
                    on:click=move |_| {
                        select();
                        app.insert(Language::Python, true, None);
                    }
                >
                    "Insert below"
                    <kbd>"B"</kbd>
                </button>
                <button on:click=move |_| app.copy_cell(&handle.id(), true)>"Cut"<kbd>"X"</kbd></button>
                <button on:click=move |_| app.copy_cell(&handle.id(), false)>"Copy"<kbd>"C"</kbd></button>
                <button
                    disabled=move || app.clipboard.with_value(|c| c.is_empty())
                    on:click=move |_| {
                        select();
                        app.paste(true);
                    }
                >
                    "Paste below"
                    <kbd>"V"</kbd>
                </button>
                <button data-testid="clear-output" disabled=move || !has_output() on:click=move |_| app.clear_output(&handle.id())>
                    "Clear output"
                </button>
                <button on:click=move |_| app.clear_all_outputs()>"Clear all outputs"</button>
                <button data-testid="delete-cell" class="danger" on:click=move |_| app.delete(&handle.id())>
                    "Delete"
                    <kbd>"D D"</kbd>
                </button>
            </Menu>
            <Menu
                class="type"
                label=Signal::derive(move || format!("Type: {}. Change", language.get().label()))
                testid="cell-type"
                button=ViewFn::from(move || view! { {move || language.get().label()} })
            >
                <button on:click=retype(Language::Python)>"PySpark"<kbd>"Y"</kbd></button>
                <button on:click=retype(Language::Sql)>"SQL"<kbd>"Q"</kbd></button>
                <button on:click=retype(Language::Markdown)>"Text"<kbd>"M"</kbd></button>
            </Menu>
        </div>
    }
}

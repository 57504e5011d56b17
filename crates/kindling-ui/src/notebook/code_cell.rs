//! A code cell: gutter, editor, status, progress, outputs.

use leptos::prelude::*;

use crate::notebook::cell_item::CellHandle;
use crate::notebook::cell_progress::CellProgressView;
use crate::notebook::cell_status::CellStatus;
use crate::notebook::cell_toolbar::CellToolbar;
use crate::notebook::editor::CellEditor;
use crate::outputs::Outputs;
use crate::shell::icon::Icon;
use crate::state::{RunState, use_app};

/// The cell.
#[component]
pub fn CodeCell(handle: CellHandle) -> impl IntoView {
    let app = use_app();
    let run = Memo::new(move |_| handle.id.with_value(|id| app.run_of(id).state));
    let running = Memo::new(move |_| matches!(run.get(), RunState::Running(_)));
    let number = Memo::new(move |_| handle.id.with_value(|id| app.notebook.with(|n| n.code_number(id).unwrap_or(0))));
    let count = move || match run.get() {
        RunState::Queued => "[…]".to_owned(),
        RunState::Running(_) => "[*]".to_owned(),
        _ => handle.read(|c| c.execution_count).flatten().map_or("[ ]".to_owned(), |n| format!("[{n}]")),
    };
    view! {
        <div class="gut">
            <Show
                when=move || running.get()
                fallback=move || {
                    view! {
                        <button
                            class="icon run"
                            data-testid="run-cell"
                            aria-label=move || format!("Run cell {} (Shift+Enter)", number.get())
                            on:click=move |_| app.run_in_place(&handle.id())
                        >
                            <Icon name="play" small=true/>
                        </button>
                    }
                }
            >
                <button
                    class="icon run"
                    data-testid="interrupt-cell"
                    aria-label=move || format!("Interrupt cell {}", number.get())
                    on:click=move |_| app.interrupt()
                >
                    <Icon name="stop" small=true/>
                </button>
            </Show>
            <span class="cnt" data-testid="execution-count">{count}</span>
        </div>
        <div class="bodyc">
            <CellToolbar handle/>
            <CellEditor handle/>
            <CellStatus handle/>
            <CellProgressView handle/>
            <Outputs handle/>
        </div>
    }
}

//! One cell of the list: selection, mode, and the view of its kind.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::model::keymap::Mode;
use crate::model::notebook::{Cell, Language};
use crate::model::quiz;
use crate::notebook::code_cell::CodeCell;
use crate::notebook::markdown_cell::MarkdownCell;
use crate::notebook::quiz_cell::QuizCell;
use crate::state::{App, RunState, Shared, use_app};

/// A cell's data and what is often asked about it.
#[derive(Clone, Copy)]
pub struct CellHandle {
    /// Its id.
    pub id: StoredValue<String>,
    /// Its data; `None` in the moment between its removal and that of its view.
    pub cell: Memo<Option<Shared<Cell>>>,
    /// It is selected.
    pub selected: Memo<bool>,
    /// Its editor has the keys.
    pub editing: Memo<bool>,
}

impl CellHandle {
    fn new(app: App, id: String) -> CellHandle {
        let id = StoredValue::new(id);
        let cell =
            Memo::new(move |_| id.with_value(|id| app.notebook.with(|n| n.cell(id).map(|cell| Shared(cell.clone())))));
        let selected = Memo::new(move |_| id.with_value(|id| app.selected.with(|s| s.as_deref() == Some(id.as_str()))));
        let editing = Memo::new(move |_| selected.get() && app.mode.get() == Mode::Edit);
        CellHandle { id, cell, selected, editing }
    }

    /// Something of the cell.
    pub fn read<T>(&self, read: impl FnOnce(&Cell) -> T) -> Option<T> {
        self.cell.with(|cell| cell.as_ref().map(|cell| read(&cell.0)))
    }

    /// Something of the cell, without following its changes.
    pub fn peek<T>(&self, read: impl FnOnce(&Cell) -> T) -> Option<T> {
        self.cell.with_untracked(|cell| cell.as_ref().map(|cell| read(&cell.0)))
    }

    /// The cell's id.
    pub fn id(&self) -> String {
        self.id.get_value()
    }
}

/// What a cell is shown as.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Code,
    Text,
    Quiz,
}

/// A cell.
#[component]
pub fn CellItem(id: String) -> impl IntoView {
    let app = use_app();
    let handle = CellHandle::new(app, id.clone());
    let language = Memo::new(move |_| handle.read(|c| c.language()).unwrap_or(Language::Python));
    let shown = Memo::new(move |_| match language.get() {
        Language::Python | Language::Sql => Shown::Code,
        _ if handle.read(|c| quiz::of(c).is_some()).unwrap_or(false) => Shown::Quiz,
        _ => Shown::Text,
    });
    let run = Memo::new(move |_| handle.id.with_value(|id| app.run_of(id).state));
    let live = move || matches!(run.get(), RunState::Running(_));
    let number = Memo::new(move |_| handle.id.with_value(|id| app.notebook.with(|n| n.code_number(id))));
    let label = move || match shown.get() {
        Shown::Quiz => "Knowledge check".to_owned(),
        Shown::Text => "Text cell".to_owned(),
        Shown::Code => {
            let state = match run.get() {
                RunState::Running(_) => ", running",
                RunState::Queued => ", queued",
                RunState::Failed(_) => ", failed",
                _ => "",
            };
            format!("Cell {}, {}{state}", number.get().unwrap_or(0), language.get().label())
        }
    };
    let click = move |event: ev::MouseEvent| {
        let target = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        let within = |selector: &str| target.as_ref().is_some_and(|t| t.closest(selector).ok().flatten().is_some());
        // Editors and buttons say themselves what a click on them means.
        if within(".ed, button, a, label, input, select, summary") {
            if !within(".ed") && !handle.selected.get_untracked() {
                app.selected.set(Some(handle.id()));
                app.mode.set(Mode::Command);
            }
            return;
        }
        app.select(&handle.id());
    };
    view! {
        <li
            id=format!("cell-{id}")
            class="cell"
            class:mdc=move || shown.get() != Shown::Code
            class:sel=move || handle.selected.get()
            class:editing=move || handle.editing.get()
            class:live=live
            data-testid="cell"
            data-cell-id=id.clone()
            data-kind=move || match shown.get() {
                Shown::Code => "code",
                Shown::Text => "markdown",
                Shown::Quiz => "quiz",
            }
            data-state=move || match run.get() {
                RunState::Idle => "idle",
                RunState::Queued => "queued",
                RunState::Running(_) => "running",
                RunState::Done(_) => "done",
                RunState::Failed(_) => "failed",
                RunState::Interrupted(_) => "interrupted",
            }
            tabindex="-1"
            aria-label=label
            aria-current=move || handle.selected.get().then_some("true")
            on:click=click
        >
            {move || match shown.get() {
                Shown::Code => view! { <CodeCell handle/> }.into_any(),
                Shown::Text => view! { <MarkdownCell handle/> }.into_any(),
                Shown::Quiz => view! { <QuizCell handle/> }.into_any(),
            }}
        </li>
    }
}

//! The outline: headings and code cells, each with its state.

use leptos::prelude::*;

use crate::model::outline::{self, OutlineItem};
use crate::state::{RunState, use_app};

/// The pane.
#[component]
pub fn OutlinePane() -> impl IntoView {
    let app = use_app();
    let items = Memo::new(move |_| app.notebook.with(outline::outline));
    view! {
        <For each=move || numbered(items.get()) key=|(n, i)| (*n, i.cell.clone(), i.text.clone()) let:entry>
            {
                let item = entry.1;
                let cell = StoredValue::new(item.cell.clone());
                let class = match item.level {
                    0 => "sub".to_owned(),
                    1 => "h1".to_owned(),
                    n => format!("lvl{n}"),
                };
                let dot = move || {
                    cell.with_value(|cell| match app.run_of(cell).state {
                        RunState::Done(_) => "dot ok",
                        RunState::Failed(_) => "dot bad",
                        RunState::Running(_) => "dot run",
                        _ => "dot",
                    })
                };
                view! {
                    <a
                        class=class
                        href=format!("#cell-{}", item.cell)
                        on:click=move |e| {
                            e.prevent_default();
                            app.shell.pane.set(crate::state::shell::Pane::Book);
                            app.shell.side_open.set(false);
                            app.select(&cell.get_value());
                        }
                    >
                        {(item.level == 0).then(|| view! { <i class=dot></i> })}
                        <span>{item.text.clone()}</span>
                    </a>
                }
            }
        </For>
    }
}

fn numbered(items: Vec<OutlineItem>) -> Vec<(usize, OutlineItem)> {
    items.into_iter().enumerate().collect()
}

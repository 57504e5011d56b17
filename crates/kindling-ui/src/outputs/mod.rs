//! A cell's outputs, one view per kind.

pub mod chart_view;
pub mod data_view;
pub mod error_card;
pub mod grid_view;
pub mod rich_view;
pub mod schema_view;
pub mod stream_view;

use std::sync::Arc;

use leptos::prelude::*;

use crate::model::format;
use crate::model::notebook::{Output, StreamName};
use crate::notebook::cell_item::CellHandle;
use crate::state::use_app;

/// All outputs of a cell.
#[component]
pub fn Outputs(handle: CellHandle) -> impl IntoView {
    let app = use_app();
    let collapsed = Memo::new(move |_| handle.id.with_value(|id| app.view_of(id).collapsed));
    let count = Memo::new(move |_| handle.read(|c| c.outputs.len()).unwrap_or(0));
    view! {
        <Show when=move || { count.get() > 0 }>
            <Show
                when=move || !collapsed.get()
                fallback=move || {
                    view! {
                        <button
                            class="collapsed"
                            on:click=move |_| {
                                app.views.update(|v| v.entry(handle.id()).or_default().collapsed = false);
                            }
                        >
                            {move || format!("{} hidden. Show", format::plural(count.get() as u64, "output"))}
                        </button>
                    }
                }
            >
                <div class="outs">
                    // An output's place and kind are its key: a stream that grows keeps its view.
                    <For
                        each=move || slots(handle)
                        key=|k| *k
                        let:slot
                    >
                        <OutputSlot handle index=slot.0/>
                    </For>
                </div>
            </Show>
        </Show>
    }
}

fn slots(handle: CellHandle) -> Vec<(usize, usize)> {
    handle.read(|c| c.outputs.iter().map(kind).enumerate().collect()).unwrap_or_default()
}

/// What a view is made for; outputs that never change are told apart by where they are in memory.
fn kind(output: &Arc<Output>) -> usize {
    match output.as_ref() {
        Output::Stream { name, .. } => usize::from(*name == StreamName::Stderr),
        _ => Arc::as_ptr(output) as usize,
    }
}

#[component]
fn OutputSlot(handle: CellHandle, index: usize) -> impl IntoView {
    let first = handle.peek(|c| c.outputs.get(index).cloned()).flatten();
    match first.as_deref() {
        Some(Output::Stream { .. }) => view! { <stream_view::StreamView handle index/> }.into_any(),
        Some(Output::Error(error)) => view! { <error_card::ErrorCard handle error=error.as_ref().clone()/> }.into_any(),
        Some(Output::DisplayData { data, .. } | Output::ExecuteResult { data, .. }) => match &data.dataframe {
            Some(frame) => view! { <data_view::DataView handle frame=frame.clone()/> }.into_any(),
            None => view! { <rich_view::RichView data=data.clone()/> }.into_any(),
        },
        None => ().into_any(),
    }
}

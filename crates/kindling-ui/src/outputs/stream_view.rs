//! Text that a cell wrote. Only its beginning and end are shown when it is long; all of it can be downloaded.

use leptos::html;
use leptos::prelude::*;

use crate::host;
use crate::model::format;
use crate::model::notebook::{Output, StreamName};
use crate::model::terminal::{self, Span};
use crate::notebook::cell_item::CellHandle;
use crate::state::{kernel_events, use_app};

/// A stream.
#[component]
pub fn StreamView(handle: CellHandle, index: usize) -> impl IntoView {
    let app = use_app();
    let name = handle
        .peek(|c| match c.outputs.get(index).map(|o| o.as_ref()) {
            Some(Output::Stream { name, .. }) => Some(*name),
            _ => None,
        })
        .flatten()
        .unwrap_or(StreamName::Stdout);
    let class = if name == StreamName::Stderr { "stream stderr" } else { "stream" };
    let text = Memo::new(move |_| {
        handle
            .read(|c| match c.outputs.get(index).map(|o| o.as_ref()) {
                Some(Output::Stream { text, .. }) => Some(text.clone()),
                _ => None,
            })
            .flatten()
            .unwrap_or_default()
    });
    let head = Memo::new(move |_| text.with(|t| t.head.clone()));
    let tail = Memo::new(move |_| text.with(|t| t.tail.clone()));
    let dropped = Memo::new(move |_| text.with(|t| (t.dropped_lines, t.dropped_bytes)));
    let end = NodeRef::<html::Pre>::new();
    // The end stays in view while it grows, as in a terminal.
    Effect::new(move |_| {
        tail.track();
        if let Some(pre) = end.get() {
            pre.set_scroll_top(pre.scroll_height());
        }
    });
    view! {
        <Show when=move || !head.with(|h| h.is_empty())>
            <pre class=class data-testid="cell-output" data-mime="stream" data-stream=name.as_str() tabindex="0">
                {move || {
                    // Until something is dropped, head and tail are one text.
                    if dropped.get().1 == 0 {
                        spans(&format!("{}{}", head.get(), tail.get()))
                    } else {
                        spans(&head.get())
                    }
                }}
            </pre>
        </Show>
        <Show when=move || { dropped.get().1 > 0 }>
            <div class="stream-gap" role="note">
                <span>
                    {move || {
                        let (lines, bytes) = dropped.get();
                        format!("{} lines ({}) are not shown.", format::count(lines), format::bytes(bytes as f64))
                    }}
                </span>
                <button
                    class="btn small"
                    data-testid="stream-download"
                    on:click=move |_| match kernel_events::full_stream(&handle.id()) {
                        Some(blob) => host::download("output.txt", &blob),
                        None => {
                            app.shell
                                .toast(true, "The whole text is gone", "It is kept until the page is closed or the cell runs again.", None);
                        }
                    }
                >
                    "Download all"
                </button>
            </div>
            <pre class=class data-mime="stream" data-stream=name.as_str() tabindex="0" node_ref=end>
                {move || spans(&tail.get())}
            </pre>
        </Show>
    }
}

/// Long plain text comes in blocks of so many bytes: the browser lays out those that are seen (`.chunk` in `outputs.css`).
const CHUNK: usize = 4096;

/// Text with its colours.
pub fn spans(text: &str) -> Vec<AnyView> {
    if text.len() > 2 * CHUNK && terminal::is_plain(text) {
        return terminal::chunks(text, CHUNK)
            .map(|chunk| {
                let lines = chunk.bytes().filter(|byte| *byte == b'\n').count().max(1);
                view! { <span class="chunk" style=format!("--lines:{lines}")>{chunk.to_owned()}</span> }.into_any()
            })
            .collect();
    }
    terminal::render(text)
        .into_iter()
        .map(|Span { text, style }| {
            if style == Default::default() {
                text.into_any()
            } else {
                view! { <span class=terminal::classes(&style)>{text}</span> }.into_any()
            }
        })
        .collect()
}

//! Storage and execution memory, as executors report them; `—` until they do.

use leptos::prelude::*;

use crate::model::format;
use crate::state::use_app;

/// The gauge.
#[component]
pub fn MemoryGauge() -> impl IntoView {
    let app = use_app();
    let memory = Memo::new(move |_| app.progress.with(|p| p.memory()));
    let percent = |part: i64, limit: i64| if limit > 0 { 100.0 * part as f64 / limit as f64 } else { 0.0 };
    let text = move || match memory.get() {
        Some(m) => format!(
            "{} of {}; storage {}, execution {}",
            format::bytes((m.storage + m.execution) as f64),
            format::bytes(m.limit as f64),
            format::bytes(m.storage as f64),
            format::bytes(m.execution as f64)
        ),
        None => "not measured yet".to_owned(),
    };
    view! {
        <div
            class="opt2"
            data-testid="memory-gauge"
            role="meter"
            aria-label="Memory"
            aria-valuemin="0"
            aria-valuemax=move || memory.get().map_or(0, |m| m.limit).to_string()
            aria-valuenow=move || memory.get().map_or(0, |m| m.storage + m.execution).to_string()
            aria-valuetext=text
            title=move || format!("Spark memory: {}", text())
            data-high=move || memory.get().is_some_and(|m| percent(m.storage + m.execution, m.limit) >= 80.0).then_some("true")
        >
            <span class="meter" aria-hidden="true">
                {move || {
                    memory
                        .get()
                        .map(|m| {
                            let all = percent(m.storage + m.execution, m.limit);
                            let high = if all >= 80.0 { "background:var(--warn-fill);" } else { "" };
                            view! {
                                <i style=format!("{high}width:{all:.1}%")></i>
                                <i style=format!("width:{:.1}%", percent(m.storage, m.limit))></i>
                            }
                        })
                }}
            </span>
            <span class="num">
                <b>{move || memory.get().map_or("—".to_owned(), |m| format::bytes((m.storage + m.execution) as f64))}</b>
                {move || {
                    memory.get().map(|m| view! { <span class="muted lbl">" of "{format::bytes(m.limit as f64)}</span> })
                }}
            </span>
        </div>
    }
}

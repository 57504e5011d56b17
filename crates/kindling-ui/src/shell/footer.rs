//! The footer: mode, cursor, privacy, uptime, versions.

use leptos::prelude::*;

use crate::host;
use crate::model::keymap::Mode;
use crate::shell::icon::Icon;
use crate::state::use_app;

/// The footer.
#[component]
pub fn Footer() -> impl IntoView {
    let app = use_app();
    let ticks = RwSignal::new(0u32);
    let timer = gloo_timers::callback::Interval::new(1_000, move || ticks.update(|t| *t += 1));
    let timer = StoredValue::new_local(Some(timer));
    on_cleanup(move || timer.update_value(|t| drop(t.take())));
    let uptime = move || {
        ticks.get();
        app.started.get().map(|since| {
            let seconds = ((host::now() - since) / 1000.0) as u64;
            let text = match seconds {
                0..60 => format!("{seconds} s"),
                60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
                _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
            };
            view! { <span class="num">"Uptime "{text}</span> }
        })
    };
    let major_minor = |v: String| v.split('.').take(2).collect::<Vec<_>>().join(".");
    view! {
        <footer class="foot">
            <span
                class="mode"
                data-testid="cell-mode"
                data-mode=move || if app.mode.get() == Mode::Edit { "edit" } else { "command" }
            >
                {move || if app.mode.get() == Mode::Edit { "EDIT" } else { "COMMAND" }}
            </span>
            <span id="footpos">
                {move || app.cursor.get().map(|(line, column)| format!("Ln {line}, Col {column}"))}
            </span>
            <span><Icon name="lock" small=true/>" Data stays in this tab"</span>
            <span class="spacer"></span>
            {uptime}
            {move || app.versions.with(|v| v.spark.clone()).map(|v| view! { <span>"Spark "{v}" API"</span> })}
            {move || app.versions.with(|v| v.python.clone()).map(|v| view! { <span>"Python "{major_minor(v)}</span> })}
        </footer>
    }
}

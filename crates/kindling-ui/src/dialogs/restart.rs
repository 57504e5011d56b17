//! Restart the kernel?

use leptos::prelude::*;

use crate::dialogs::dialog::DialogFrame;
use crate::state::use_app;

/// The dialog.
#[component]
pub fn RestartDialog() -> impl IntoView {
    let app = use_app();
    let go = move |run_all: bool| {
        app.shell.dialog.set(None);
        app.restart();
        if run_all {
            app.run_all();
        }
    };
    view! {
        <DialogFrame title="Restart the kernel?" testid="restart-dialog">
            <div class="in">
                <p>
                    "Variables, temporary views and cached data are lost, and what runs ends. Text, outputs and files stay."
                </p>
            </div>
            <div class="df">
                <button class="btn ghost" on:click=move |_| app.shell.dialog.set(None)>"Cancel"</button>
                <span class="spacer"></span>
                <button class="btn" data-testid="restart-run-all" on:click=move |_| go(true)>"Restart and run all"</button>
                <button class="btn primary" data-testid="restart-confirm" on:click=move |_| go(false)>"Restart"</button>
            </div>
        </DialogFrame>
    }
}

//! The top bar: title, run controls, kernel, cluster, memory, share, theme, help.

use leptos::html;
use leptos::prelude::*;

use crate::shell::cluster_shape::ClusterShapeControl;
use crate::shell::icon::Icon;
use crate::shell::memory_gauge::MemoryGauge;
use crate::state::shell::Dialog;
use crate::state::{KernelState, SaveState, use_app};

/// The bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let app = use_app();
    let can_interrupt = move || app.running.get().is_some() || !app.queue.with(|q| q.is_empty());
    view! {
        <header class="topbar">
            <button
                class="icon side-toggle"
                aria-label="Files and notebooks"
                aria-expanded=move || app.shell.side_open.get().to_string()
                on:click=move |_| app.shell.side_open.update(|open| *open = !*open)
            >
                <Icon name="dock"/>
            </button>
            <a class="brand" href="./" aria-label="Kindling, start page">
                <svg aria-hidden="true"><use href="#i-logo"></use></svg>
                <span>"Kindling"</span>
            </a>
            <Title/>
            <span class="spacer"></span>
            <div class="runbar" role="toolbar" aria-label="Run">
                <button class="btn" data-testid="run-all" title="Run all cells" aria-label="Run all" on:click=move |_| app.run_all()>
                    <Icon name="playall" small=true/>
                    <span class="tx">"Run all"</span>
                </button>
                <button
                    class="btn"
                    data-testid="interrupt"
                    title="Interrupt (I I)"
                    aria-label="Interrupt"
                    disabled=move || !can_interrupt()
                    on:click=move |_| app.interrupt()
                >
                    <Icon name="stop" small=true/>
                    <span class="tx">"Interrupt"</span>
                </button>
                <button
                    class="btn"
                    data-testid="restart"
                    title="Restart (0 0)"
                    aria-label="Restart"
                    on:click=move |_| app.shell.dialog.set(Some(Dialog::Restart))
                >
                    <Icon name="restart" small=true/>
                    <span class="tx">"Restart"</span>
                </button>
            </div>
            <div class="gauge-row">
                <KernelStatus/>
                <ClusterShapeControl/>
                <MemoryGauge/>
            </div>
            <button class="btn primary" data-testid="share-button" aria-label="Share" on:click=move |_| app.shell.dialog.set(Some(Dialog::Share))>
                <Icon name="share" small=true/>
                <span class="share-tx">"Share"</span>
            </button>
            <button
                class="icon"
                data-testid="theme-toggle"
                title="Theme"
                aria-label=move || if app.shell.dark.get() { "Switch to light theme" } else { "Switch to dark theme" }
                on:click=move |_| {
                    app.shell.dark.update(|d| *d = !*d);
                    crate::host::local_set("kindling-theme", if app.shell.dark.get_untracked() { "dark" } else { "light" });
                }
            >
                <Icon name="theme"/>
            </button>
            <button
                class="icon help-b"
                data-testid="help-button"
                aria-label="Keyboard shortcuts"
                title="Keyboard shortcuts (H)"
                on:click=move |_| app.shell.dialog.set(Some(Dialog::Keys))
            >
                <Icon name="help"/>
            </button>
        </header>
    }
}

#[component]
fn KernelStatus() -> impl IntoView {
    let app = use_app();
    let state = Memo::new(move |_| app.shown_kernel());
    let dot = move || match state.get() {
        KernelState::Idle => "dot ok",
        KernelState::Loading | KernelState::Busy | KernelState::Interrupting | KernelState::Restarting => "dot run",
        KernelState::Dead => "dot bad",
        KernelState::Untrusted => "dot",
    };
    let detail = move || match state.get() {
        KernelState::Busy | KernelState::Interrupting => {
            let cell = app.running.get().map(|(_, cell)| cell);
            let number = cell.and_then(|cell| app.notebook.with(|n| n.code_number(&cell)));
            number.map(|n| format!("cell {n}")).unwrap_or_default()
        }
        KernelState::Loading if app.engine_ready.get() => "SQL ready".into(),
        _ => String::new(),
    };
    view! {
        <div role="status" data-testid="kernel-status" data-state=move || state.get().name()>
            <i class=dot></i>
            <b>{move || state.get().label()}</b>
            <span class="muted cell-no">{detail}</span>
        </div>
    }
}

#[component]
fn Title() -> impl IntoView {
    let app = use_app();
    let editing = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    let title = Memo::new(move |_| app.notebook.with(|n| n.title()));
    Effect::new(move |_| {
        if let Some(document) = crate::host::document() {
            document.set_title(&format!("{} — Kindling", title.get()));
        }
    });
    Effect::new(move |_| {
        if editing.get()
            && let Some(input) = input.get()
        {
            let _ = input.focus();
            input.select();
        }
    });
    let finish = move |keep: bool| {
        if !editing.get_untracked() {
            return;
        }
        if keep && let Some(input) = input.get_untracked() {
            app.rename(&input.value());
        }
        editing.set(false);
    };
    view! {
        <div class="doc">
            <h1>
                <Show
                    when=move || editing.get()
                    fallback=move || {
                        view! {
                            <button data-testid="notebook-title" title="Rename" on:click=move |_| editing.set(true)>
                                {move || title.get()}
                            </button>
                        }
                    }
                >
                    <input
                        node_ref=input
                        aria-label="Title of the notebook"
                        prop:value=title.get_untracked()
                        on:blur=move |_| finish(true)
                        on:keydown=move |e| {
                            e.stop_propagation();
                            match e.key().as_str() {
                                "Enter" => finish(true),
                                "Escape" => finish(false),
                                _ => {}
                            }
                        }
                    />
                </Show>
            </h1>
            <span data-testid="save-state" data-state=move || match app.saved.get() {
                SaveState::Saved => "saved",
                SaveState::Unsaved => "unsaved",
                SaveState::Failed(_) => "failed",
            }>
                {move || match app.saved.get() {
                    SaveState::Saved => "Saved in this browser".to_owned(),
                    SaveState::Unsaved => "Saving …".to_owned(),
                    SaveState::Failed(why) => format!("Not saved: {why}"),
                }}
            </span>
        </div>
    }
}

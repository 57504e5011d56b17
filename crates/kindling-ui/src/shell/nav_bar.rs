//! The bottom bar of narrow windows.

use leptos::prelude::*;

use crate::shell::icon::Icon;
use crate::state::shell::{Dialog, Pane, SideTab};
use crate::state::use_app;

/// The bar.
#[component]
pub fn NavBar() -> impl IntoView {
    let app = use_app();
    let jobs = Memo::new(move |_| app.progress.with(|p| p.active_jobs()));
    let go = move |pane: Pane| {
        move |_| {
            if pane == Pane::Files {
                // The pane has tabs of its own; this is the way to the files.
                app.shell.side_tab.set(SideTab::Files);
            }
            app.shell.pane.set(pane);
        }
    };
    let pressed = move |pane: Pane| move || (app.shell.pane.get() == pane).to_string();
    view! {
        <nav class="navbar" aria-label="Sections">
            <button data-testid="nav-notebook" aria-pressed=pressed(Pane::Book) on:click=go(Pane::Book)>
                <Icon name="book"/>
                "Notebook"
            </button>
            <button data-testid="nav-files" aria-pressed=pressed(Pane::Files) on:click=go(Pane::Files)>
                <Icon name="folder"/>
                "Files"
            </button>
            <button data-testid="nav-spark" aria-pressed=pressed(Pane::Spark) on:click=go(Pane::Spark)>
                <Icon name="pulse"/>
                "Spark"
                {move || {
                    let n = jobs.get();
                    (n > 0).then(|| view! { <span class="n" aria-label=format!("{n} active")>{n}</span> })
                }}
            </button>
            <button data-testid="nav-more" aria-pressed="false" on:click=move |_| app.shell.dialog.set(Some(Dialog::More))>
                <Icon name="more"/>
                "More"
            </button>
        </nav>
    }
}

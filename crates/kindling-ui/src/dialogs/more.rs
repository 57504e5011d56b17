//! What phones have no room for in the top bar.

use leptos::prelude::*;

use crate::dialogs::dialog::DialogFrame;
use crate::state::shell::{Dialog, Pane, SideTab};
use crate::state::{library, use_app};

/// The sheet.
#[component]
pub fn MoreDialog() -> impl IntoView {
    let app = use_app();
    let close = move || app.shell.dialog.set(None);
    let side = move |tab: SideTab| {
        move |_| {
            app.shell.side_tab.set(tab);
            app.shell.pane.set(Pane::Files);
            close();
        }
    };
    view! {
        <DialogFrame title="More" testid="more-dialog" class="sheet-links">
            <div class="in" style="gap:0">
                <button on:click=side(SideTab::Notebooks)>"Notebooks"</button>
                <button on:click=side(SideTab::Outline)>"Outline"</button>
                <button on:click=move |_| app.shell.dialog.set(Some(Dialog::Restart))>"Restart the kernel"</button>
                <button on:click=move |_| {
                    close();
                    app.undo(false);
                }>"Undo the last change"</button>
                <button on:click=move |_| library::export(app)>"Download .ipynb"</button>
                <button on:click=move |_| {
                    app.shell.dark.update(|d| *d = !*d);
                    crate::host::local_set("kindling-theme", if app.shell.dark.get_untracked() { "dark" } else { "light" });
                }>{move || if app.shell.dark.get() { "Light theme" } else { "Dark theme" }}</button>
                <button on:click=move |_| app.shell.dialog.set(Some(Dialog::Keys))>"Keyboard"</button>
            </div>
        </DialogFrame>
    }
}

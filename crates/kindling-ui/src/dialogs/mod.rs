//! Dialogs: each keeps the focus inside, closes on Escape and gives the focus back.

pub mod dialog;
pub mod keys;
pub mod more;
pub mod restart;
pub mod share;
pub mod trust;

use leptos::prelude::*;

use crate::state::shell::Dialog;
use crate::state::use_app;

/// The open dialog, if any.
#[component]
pub fn Dialogs() -> impl IntoView {
    let app = use_app();
    move || match app.shell.dialog.get() {
        None => ().into_any(),
        Some(Dialog::Share) => view! { <share::ShareDialog/> }.into_any(),
        Some(Dialog::Trust(from)) => view! { <trust::TrustDialog from/> }.into_any(),
        Some(Dialog::Keys) => view! { <keys::KeysDialog/> }.into_any(),
        Some(Dialog::More) => view! { <more::MoreDialog/> }.into_any(),
        Some(Dialog::Restart) => view! { <restart::RestartDialog/> }.into_any(),
    }
}

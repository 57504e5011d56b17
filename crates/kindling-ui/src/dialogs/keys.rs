//! The keyboard.

use leptos::prelude::*;

use crate::dialogs::dialog::DialogFrame;

type Keys = &'static [(&'static str, &'static [&'static str])];

const SECTIONS: [(&str, Keys); 4] = [
    (
        "Run",
        &[
            ("Run, select next", &["Shift", "Enter"]),
            ("Run in place", &["Ctrl", "Enter"]),
            ("Run, insert below", &["Alt", "Enter"]),
            ("Interrupt", &["I", "I"]),
            ("Restart", &["0", "0"]),
        ],
    ),
    (
        "Command mode (Esc)",
        &[
            ("Edit cell", &["Enter"]),
            ("Select previous, next", &["K", "J", "↑", "↓"]),
            ("Insert above, below", &["A", "B"]),
            ("Move up, down", &["Alt", "↑", "↓"]),
            ("Delete", &["D", "D"]),
            ("Undo, redo", &["Z", "Shift", "Z"]),
            ("Cut, copy, paste", &["X", "C", "V"]),
            ("Merge with the cell below", &["Shift", "M"]),
            ("To text, PySpark, SQL", &["M", "Y", "Q"]),
            ("Line numbers", &["L"]),
            ("Collapse output", &["O"]),
            ("This help", &["H"]),
        ],
    ),
    (
        "Edit mode (Enter)",
        &[
            ("Command mode", &["Esc"]),
            ("Complete", &["Tab"]),
            ("Documentation", &["Shift", "Tab"]),
            ("Comment line", &["Ctrl", "/"]),
            ("Split cell", &["Ctrl", "Shift", "-"]),
            ("Save", &["Ctrl", "S"]),
        ],
    ),
    (
        "Spark panel",
        &[
            ("Jobs … Environment", &["G", "1–7"]),
            ("Show, maximise", &["S", "Shift", "S"]),
            ("Plan: zoom, fit, find", &["+", "-", "0", "/"]),
        ],
    ),
];

/// The dialog.
#[component]
pub fn KeysDialog() -> impl IntoView {
    view! {
        <DialogFrame title="Keyboard" testid="keys-dialog" class="wide" aside="⌘ replaces Ctrl on a Mac">
            <div class="in">
                <div class="keys" tabindex="0">
                    {SECTIONS
                        .iter()
                        .map(|(title, keys)| {
                            view! {
                                <section>
                                    <h3>{*title}</h3>
                                    <ul>
                                        {keys
                                            .iter()
                                            .map(|(what, keys)| {
                                                view! {
                                                    <li>
                                                        <span>{*what}</span>
                                                        <span>
                                                            {keys.iter().map(|k| view! { <kbd>{*k}</kbd>" " }).collect_view()}
                                                        </span>
                                                    </li>
                                                }
                                            })
                                            .collect_view()}
                                    </ul>
                                </section>
                            }
                        })
                        .collect_view()}
                </div>
            </div>
        </DialogFrame>
    }
}

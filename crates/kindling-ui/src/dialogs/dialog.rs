//! The frame of a dialog: veil, focus trap, Escape.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::host;
use crate::shell::icon::Icon;
use crate::state::use_app;

const FOCUSABLE: &str = "a[href], button:not([disabled]), input:not([disabled]), select, [tabindex='0']";

/// A dialog.
#[component]
pub fn DialogFrame(
    /// Its title.
    #[prop(into)]
    title: String,
    /// Test hook.
    testid: &'static str,
    /// More classes.
    #[prop(optional)]
    class: &'static str,
    /// `dialog` or `alertdialog`.
    #[prop(default = "dialog")]
    role: &'static str,
    /// A line beside the title.
    #[prop(optional)]
    aside: &'static str,
    /// What it says and offers.
    children: Children,
) -> impl IntoView {
    let app = use_app();
    let frame = NodeRef::<html::Div>::new();
    let before = host::document().and_then(|d| d.active_element()).and_then(|e| e.dyn_into::<HtmlElement>().ok());
    let before = StoredValue::new_local(before);
    on_cleanup(move || {
        if let Some(Some(element)) = before.try_get_value() {
            let _ = element.focus();
        }
    });
    Effect::new(move |_| {
        let Some(frame) = frame.get() else { return };
        let pick = |selector: &str| frame.query_selector(selector).ok().flatten();
        let first =
            pick("[data-autofocus]").or_else(|| pick(".btn.primary:not([disabled])")).or_else(|| pick(FOCUSABLE));
        if let Some(first) = first.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
            let _ = first.focus();
        }
    });
    let close = move || app.shell.dialog.set(None);
    let keys = move |event: ev::KeyboardEvent| {
        event.stop_propagation();
        match event.key().as_str() {
            "Escape" => {
                event.prevent_default();
                close();
            }
            "Tab" => {
                let Some(frame) = frame.get_untracked() else { return };
                let Ok(items) = frame.query_selector_all(FOCUSABLE) else { return };
                let item = |n: u32| items.item(n).and_then(|n| n.dyn_into::<HtmlElement>().ok());
                let (Some(first), Some(last)) = (item(0), item(items.length().saturating_sub(1))) else { return };
                let active = host::document().and_then(|d| d.active_element());
                let is = |e: &HtmlElement| active.as_ref().is_some_and(|a| a.is_same_node(Some(e)));
                let target = if event.shift_key() && is(&first) {
                    last
                } else if !event.shift_key() && is(&last) {
                    first
                } else {
                    return;
                };
                event.prevent_default();
                let _ = target.focus();
            }
            _ => {}
        }
    };
    view! {
        <div
            class="veil"
            on:keydown=keys
            on:pointerdown=move |e| {
                if e.target() == e.current_target() {
                    close();
                }
            }
        >
            <div class=format!("dlg {class}") role=role aria-modal="true" aria-labelledby="dialog-title" data-testid=testid node_ref=frame>
                <div class="dh">
                    <h2 id="dialog-title">{title}</h2>
                    <span class="small muted">{aside}</span>
                    <span class="spacer"></span>
                    <button class="icon" aria-label="Close" on:click=move |_| close()>
                        <Icon name="x"/>
                    </button>
                </div>
                {children()}
            </div>
        </div>
    }
}

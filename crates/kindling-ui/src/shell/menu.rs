//! A button that opens a menu: closes on Escape, on a choice and on a click elsewhere; arrows move.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Moves the focus among the menu's items.
fn move_focus(menu: &HtmlElement, by: i32) {
    let Ok(items) = menu.query_selector_all("button:not([disabled]), a, select") else { return };
    let count = items.length() as i32;
    let active = crate::host::document().and_then(|d| d.active_element());
    let at = (0..count).find(|i| items.item(*i as u32).as_ref() == active.as_deref());
    if count > 0 {
        let next = at.map_or(0, |at| (at + by).rem_euclid(count));
        if let Some(item) = items.item(next as u32).and_then(|n| n.dyn_into::<HtmlElement>().ok()) {
            let _ = item.focus();
        }
    }
}

/// A menu below its button.
#[component]
pub fn Menu(
    /// Classes of the button.
    class: &'static str,
    /// Accessible name of the button.
    #[prop(into)]
    label: Signal<String>,
    /// Test hook of the button.
    #[prop(optional)]
    testid: &'static str,
    /// `menu`, `listbox` or `dialog`.
    #[prop(default = "menu")]
    popup: &'static str,
    /// Opens to the right instead of the left.
    #[prop(optional)]
    left: bool,
    /// More classes of the menu.
    #[prop(optional)]
    menu_class: &'static str,
    /// A choice closes the menu.
    #[prop(default = true)]
    closes: bool,
    /// What the button shows.
    button: ViewFn,
    /// The items.
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let anchor = NodeRef::<html::Span>::new();
    let list = NodeRef::<html::Div>::new();
    let outside = window_event_listener(ev::pointerdown, move |event| {
        if open.get_untracked() {
            let target = event.target().and_then(|t| t.dyn_into::<web_sys::Node>().ok());
            let inside = anchor.get_untracked().is_some_and(|a| a.contains(target.as_ref()));
            if !inside {
                open.set(false);
            }
        }
    });
    on_cleanup(move || outside.remove());
    let back = move || {
        open.set(false);
        if let Some(button) = anchor.get_untracked().and_then(|a| a.query_selector("button").ok().flatten())
            && let Ok(button) = button.dyn_into::<HtmlElement>()
        {
            let _ = button.focus();
        }
    };
    let keys = move |event: ev::KeyboardEvent| {
        if !open.get_untracked() {
            return;
        }
        let Some(menu) = list.get_untracked() else { return };
        match event.key().as_str() {
            "Escape" => back(),
            "ArrowDown" => move_focus(&menu, 1),
            "ArrowUp" => move_focus(&menu, -1),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    Effect::new(move |_| {
        if open.get()
            && let Some(menu) = list.get()
        {
            move_focus(&menu, 1);
        }
    });
    let items = StoredValue::new(children);
    let testid = if testid.is_empty() { None } else { Some(testid) };
    view! {
        <span class="menu-anchor" node_ref=anchor on:keydown=keys>
            <button
                class=class
                type="button"
                aria-label=move || label.get()
                title=move || label.get()
                aria-haspopup=popup
                aria-expanded=move || open.get().to_string()
                data-testid=testid
                on:click=move |event| {
                    event.stop_propagation();
                    open.update(|o| *o = !*o);
                }
            >
                {button.run()}
            </button>
            <Show when=move || open.get()>
                <div
                    class=format!("menu {} {menu_class}", if left { "left" } else { "" })
                    role=if popup == "dialog" { "dialog" } else { "group" }
                    node_ref=list
                    on:click=move |event| {
                        event.stop_propagation();
                        if closes {
                            open.set(false);
                        }
                    }
                >
                    {items.with_value(|items| items())}
                </div>
            </Show>
        </span>
    }
}

//! Icons: symbols of `web/index.html`.

use leptos::prelude::*;

/// An icon. Decorative: what it means is in the text or label beside it.
#[component]
pub fn Icon(
    /// Name of the symbol without `i-`.
    name: &'static str,
    /// 14 px instead of 16.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    view! {
        <svg class=if small { "i s" } else { "i" } aria-hidden="true">
            <use href=format!("#i-{name}")></use>
        </svg>
    }
}

//! Streaming: the empty page, until there are streaming queries.

use leptos::prelude::*;

use crate::spark::{table::text, widgets::empty};

/// The page.
#[component]
pub fn Streaming() -> impl IntoView {
    view! {
        <div class="page" data-testid="page-streaming">
            <div class="ph"><h2>"Streaming"</h2></div>
            {empty("No streaming queries", text("This version runs batch queries only."))}
        </div>
    }
}

//! Opens an event log from a file.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::SparkFeed;

/// A button that opens an event log; says below itself why a file is none.
#[component]
pub fn OpenEventLog(
    /// Where it is shown.
    feed: SparkFeed,
    /// Class of the button.
    #[prop(default = "btn ghost")]
    class: &'static str,
) -> impl IntoView {
    let failed = RwSignal::new(None::<String>);
    let open = move |event: ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        let name = file.name();
        leptos::task::spawn_local(async move {
            let read = wasm_bindgen_futures::JsFuture::from(file.unchecked_ref::<web_sys::Blob>().text()).await;
            let result = match read.ok().and_then(|text| text.as_string()) {
                Some(text) => feed.open_event_log(&name, &text),
                None => Err(format!("{name} could not be read")),
            };
            failed.set(result.err());
            // The same file may be chosen again.
            input.set_value("");
        });
    };
    view! {
        <label class=format!("{class} open-log")>
            "Open event log"
            <input type="file" class="vh" data-testid="event-log-open" on:change=open/>
        </label>
        {move || failed.get().map(|why| view! { <p class="bad" role="alert">{why}</p> })}
    }
}

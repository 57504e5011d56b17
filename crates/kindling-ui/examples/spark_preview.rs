//! The Spark panel alone, over an event log: for looking at its pages without a kernel.
//!
//! The page sets `window.sparkLog` to a log's text and `window.sparkRoute` to a page (`job/3`).

use kindling_ui::spark::{SparkFeed, SparkPanel, SparkRoute};
use leptos::prelude::*;

fn global(name: &str) -> Option<String> {
    js_sys::Reflect::get(&js_sys::global(), &name.into()).ok()?.as_string()
}

fn main() {
    console_error_panic_hook::set_once();
    mount_to_body(|| {
        let feed = SparkFeed::new();
        if let Some(text) = global("sparkLog") {
            let live = global("sparkLive").is_some();
            if live {
                let events: Vec<_> =
                    text.lines().filter_map(|line| kindling_events::event_from_json(line).ok()).collect();
                feed.push(&events);
            } else if let Err(error) = feed.open_event_log("preview", &text) {
                leptos::logging::error!("{error}");
            }
        }
        if let Some(route) = global("sparkRoute").and_then(|text| SparkRoute::parse(&text)) {
            feed.route.set(route);
        }
        let kill = Callback::new(|id: String| leptos::logging::log!("kill {id}"));
        view! { <section class="spark" data-testid="spark-panel"><SparkPanel feed on_kill_executor=kill/></section> }
    });
}

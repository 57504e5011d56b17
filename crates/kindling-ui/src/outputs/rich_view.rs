//! Outputs that are neither DataFrames nor streams: HTML in a frame that runs nothing, images, text.

use leptos::prelude::*;

use crate::model::markdown;
use crate::model::mime_bundle::{MimeBundle, multiline};
use crate::outputs::stream_view::spans;

/// What a frame's page may do: show inline images and styles, nothing else.
const FRAME_POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:\"><style>body{font:13px/1.5 system-ui,sans-serif;margin:8px;color:#251e18}table{border-collapse:collapse}td,th{border:1px solid #e4dccf;padding:3px 8px;text-align:left}</style>";

/// Gives a frame the height of its content.
fn fit(event: leptos::ev::Event) {
    let frame: web_sys::HtmlIFrameElement = event_target(&event);
    let height = frame.content_document().and_then(|d| d.document_element()).map_or(0, |e| e.scroll_height());
    if height > 0 {
        let style = format!("height:{}px", height.clamp(24, MAX_FRAME));
        let _ = frame.set_attribute("style", &style);
    }
}

/// Taller HTML scrolls in its frame.
const MAX_FRAME: i32 = 640;

/// The richest form of a bundle that the page can show.
#[component]
pub fn RichView(data: MimeBundle) -> impl IntoView {
    for mime in ["image/png", "image/jpeg", "image/gif", "image/webp"] {
        if let Some(text) = data.text(mime) {
            let source = format!("data:{mime};base64,{}", text.replace(['\n', '\r', ' '], ""));
            let alt = data.text("text/plain").unwrap_or_else(|| "Output image".into());
            return view! {
                <div class="out card rich" data-testid="cell-output" data-mime=mime>
                    <img src=source alt=alt/>
                </div>
            }
            .into_any();
        }
    }
    if let Some(svg) = data.text("image/svg+xml") {
        // As an image an SVG runs no script and loads nothing.
        let source = format!("data:image/svg+xml,{}", js_sys::encode_uri_component(&svg));
        let alt = data.text("text/plain").unwrap_or_else(|| "Output drawing".into());
        return view! {
            <div class="out card rich" data-testid="cell-output" data-mime="image/svg+xml">
                <img src=source alt=alt/>
            </div>
        }
        .into_any();
    }
    if let Some(html) = data.text("text/html") {
        return view! {
            <div class="out card rich" data-testid="cell-output" data-mime="text/html">
                // No scripts, no forms, no navigation. Of the same origin only so that its height can be read.
                <iframe sandbox="allow-same-origin" srcdoc=format!("{FRAME_POLICY}{html}") title="HTML output" on:load=fit></iframe>
            </div>
        }
        .into_any();
    }
    if let Some(text) = data.text("text/markdown") {
        return view! {
            <div class="out card rich md" data-testid="cell-output" data-mime="text/markdown" inner_html=markdown::render(&text, None)></div>
        }
        .into_any();
    }
    if let Some(value) = data.rest.get("application/json") {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        return view! { <pre class="stream" data-testid="cell-output" data-mime="application/json" tabindex="0">{text}</pre> }.into_any();
    }
    let text = data
        .text("text/plain")
        .or_else(|| data.rest.values().find_map(multiline))
        .unwrap_or_else(|| "This output has no form that can be shown here.".into());
    view! { <pre class="stream" data-testid="cell-output" data-mime="text/plain" tabindex="0">{spans(&text)}</pre> }
        .into_any()
}

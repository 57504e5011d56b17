//! Markdown to HTML that is safe to put into the page, whoever wrote it.

use std::borrow::Cow;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use serde_json::Value;

/// Renders Markdown. Raw HTML is dropped, links go to http(s), mailto and anchors only, images must be inline data
/// (`data:` or nbformat attachments): a text cell runs nothing and fetches nothing.
pub fn render(source: &str, attachments: Option<&Value>) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let mut image_depth = 0usize;
    let mut dropped_links = Vec::new();
    let events = Parser::new_ext(source, options).filter_map(|event| match event {
        Event::Html(_) | Event::InlineHtml(_) => None,
        Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => None,
        Event::Start(Tag::Link { dest_url, title, link_type, id }) => {
            let safe = safe_link(&dest_url);
            dropped_links.push(!safe);
            safe.then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(TagEnd::Link) => {
            if dropped_links.pop().unwrap_or(false) {
                None
            } else {
                Some(Event::End(TagEnd::Link))
            }
        }
        Event::Start(Tag::Image { dest_url, title, link_type, id }) => {
            match image_source(&dest_url, attachments) {
                Some(dest_url) => {
                    image_depth += 1;
                    let dest_url = CowStr::from(dest_url.into_owned());
                    Some(Event::Start(Tag::Image { link_type, dest_url, title, id }))
                }
                // Its alternative text stays.
                None => None,
            }
        }
        Event::End(TagEnd::Image) => {
            if image_depth > 0 {
                image_depth -= 1;
                Some(Event::End(TagEnd::Image))
            } else {
                None
            }
        }
        other => Some(other),
    });
    let mut out = String::with_capacity(source.len() * 2);
    html::push_html(&mut out, events);
    out
}

fn safe_link(url: &str) -> bool {
    let url = url.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    match url.find([':', '/', '?', '#']) {
        Some(at) if url.as_bytes()[at] == b':' => {
            matches!(url[..at].to_ascii_lowercase().as_str(), "http" | "https" | "mailto")
        }
        // Relative: anchors and paths below this site.
        _ => true,
    }
}

fn image_source<'a>(url: &'a str, attachments: Option<&Value>) -> Option<Cow<'a, str>> {
    if let Some(name) = url.strip_prefix("attachment:") {
        let bundle = attachments?.get(name)?.as_object()?;
        let (mime, data) = bundle.iter().find(|(mime, _)| mime.starts_with("image/"))?;
        return Some(Cow::Owned(format!("data:{mime};base64,{}", data.as_str()?)));
    }
    url.to_ascii_lowercase().starts_with("data:image/").then_some(Cow::Borrowed(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn markdown_becomes_html() {
        let html = render("# T\n\n*a* `b` [c](https://x.org)\n\n| h |\n|---|\n| 1 |", None);
        assert!(html.contains("<h1>T</h1>") && html.contains("<em>a</em>") && html.contains("<td>1</td>"));
        assert!(html.contains(r#"<a href="https://x.org">c</a>"#));
    }

    #[test]
    fn nothing_that_runs_or_fetches_gets_through() {
        for source in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x]( &#106;avascript:alert(1))",
            "[x](data:text/html,<script>)",
            "![x](https://tracker.example/p.gif)",
            "![x](javascript:1)",
            "<iframe src=//x></iframe>",
            "<div onclick=alert(1)>\n\nx",
        ] {
            let html = render(source, None).to_lowercase();
            for bad in ["<script", "javascript:", "onerror", "onclick", "<img", "<iframe", "data:text", "tracker"] {
                assert!(!html.contains(bad), "{source} gave {html}");
            }
        }
    }

    #[test]
    fn attachments_and_data_images_are_shown() {
        let html = render("![a](attachment:p.png)", Some(&json!({"p.png": {"image/png": "QUJD"}})));
        assert!(html.contains(r#"src="data:image/png;base64,QUJD""#), "{html}");
        assert!(render("![a](data:image/png;base64,QUJD)", None).contains("<img"));
    }
}

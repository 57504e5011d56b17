//! Small things that pages share.

use kindling_status::format;
use leptos::prelude::*;

use super::SparkRoute;
use crate::shell::icon::Icon;

/// What was not measured.
pub const UNMEASURED: &str = "—";

/// A link to a page.
pub fn link(route: SparkRoute, text: impl Into<String>) -> AnyView {
    view! { <a href="#spark" data-go=route.to_text()>{text.into()}</a> }.into_any()
}

/// The first text that says something, else what it is: a link needs a name, and some logs give none.
pub fn named<'a>(texts: impl IntoIterator<Item = Option<&'a str>>, what: &str, id: impl std::fmt::Display) -> String {
    let given = texts.into_iter().flatten().find(|text| !text.trim().is_empty());
    given.map_or_else(|| format!("{what} {id}"), str::to_string)
}

/// Links with spaces between them.
pub fn links(routes: impl Iterator<Item = (SparkRoute, String)>) -> AnyView {
    routes.map(|(route, text)| view! { {link(route, text)}" " }).collect::<Vec<_>>().into_any()
}

/// A badge; `kind` is `ok`, `run`, `bad`, `warn` or `info`.
pub fn badge(kind: &'static str, text: &'static str) -> AnyView {
    view! { <span class=format!("badge {kind}")>{text}</span> }.into_any()
}

/// Names and values in a line.
pub fn kv(pairs: Vec<(&'static str, String)>) -> AnyView {
    let items: Vec<_> =
        pairs.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect();
    view! { <dl class="kv">{items}</dl> }.into_any()
}

/// Names and values as tiles; `value / more` shows the part behind the slash small.
pub fn tiles(testid: Option<&'static str>, pairs: Vec<(&'static str, String)>) -> AnyView {
    let items: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| {
            let (main, more) = match value.split_once(" / ") {
                Some((main, more)) => (main.to_string(), Some(format!("/ {more}"))),
                None => (value, None),
            };
            let class = if main.len() > 18 { "long" } else { "" };
            view! { <div><dt>{name}</dt><dd class=class>{main}" "{more.map(|more| view! { <small>{more}</small> })}</dd></div> }
        })
        .collect();
    view! { <dl class="tiles" data-testid=testid>{items}</dl> }.into_any()
}

/// A section with a heading.
pub fn section(title: impl Into<String>, beside: AnyView, content: AnyView) -> AnyView {
    view! { <section class="sec"><header><h3>{title.into()}</h3>{beside}</header>{content}</section> }.into_any()
}

/// Nothing.
pub fn none() -> AnyView {
    ().into_any()
}

/// A progress bar: done and running of a total, with its words.
pub fn progress(done: i32, running: i32, total: i32, bad: bool, words: String) -> AnyView {
    let percent = |part: i32| if total > 0 { 100.0 * f64::from(part.clamp(0, total)) / f64::from(total) } else { 0.0 };
    let (done, running) = (percent(done), percent(running));
    view! {
        <span class=if bad { "pb bad" } else { "pb" }>
            <i style=format!("width:{done:.0}%")></i>
            <i style=format!("left:{done:.0}%;width:{running:.0}%")></i>
            <span>{words}</span>
        </span>
    }
    .into_any()
}

/// `3.2 MiB`, or nothing for no bytes.
pub fn bytes_or_empty(bytes: i64) -> String {
    if bytes > 0 { format::bytes_ui(bytes) } else { String::new() }
}

/// `3.2 MiB / 1,200`.
pub fn bytes_records(bytes: i64, records: i64) -> String {
    format!("{} / {}", format::bytes_ui(bytes), format::number(records))
}

/// A search field bound to a signal.
pub fn find(
    label: &'static str,
    placeholder: &'static str,
    testid: Option<&'static str>,
    value: RwSignal<String>,
) -> AnyView {
    view! {
        <label class="find">
            <Icon name="search" small=true/>
            <span class="vh">{label}</span>
            <input
                placeholder=placeholder
                data-testid=testid
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </label>
    }
    .into_any()
}

/// What a page says when it has nothing to show.
pub fn empty(title: &'static str, hint: AnyView) -> AnyView {
    view! { <div class="empty"><b>{title}</b><p>{hint}</p></div> }.into_any()
}

/// A note with an icon: `warn` or plain.
pub fn callout(testid: Option<&'static str>, warn: bool, content: AnyView, action: AnyView) -> AnyView {
    let class = if warn { "callout" } else { "callout plain" };
    view! {
        <div class=class data-testid=testid>
            {if warn { view! { <Icon name="alert"/> }.into_any() } else { view! { <Icon name="bulb"/> }.into_any() }}
            <div>{content}</div>
            {action}
        </div>
    }
    .into_any()
}

/// Minutes east of UTC of this browser.
pub fn zone() -> i64 {
    -(js_sys::Date::new_0().get_timezone_offset() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_text_is_named_by_its_id() {
        assert_eq!(named([None, Some("count at cell 1, line 2")], "Job", 3), "count at cell 1, line 2");
        assert_eq!(named([Some(""), Some(" ")], "Job", 3), "Job 3");
    }
}

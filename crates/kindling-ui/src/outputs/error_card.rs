//! An error: class, condition, SQLSTATE, message, one hint, the traceback with library frames folded, the query context.

use leptos::prelude::*;

use crate::host;
use crate::kernel::protocol::{CellError, Frame, QueryContext};
use crate::model::edits::Edit;
use crate::model::{hint, nbformat};
use crate::notebook::cell_item::CellHandle;
use crate::shell::icon::Icon;
use crate::spark::SparkRoute;
use crate::state::shell::ToastAction;
use crate::state::use_app;

/// The card.
#[component]
pub fn ErrorCard(handle: CellHandle, error: CellError) -> impl IntoView {
    let app = use_app();
    let number = handle.id.with_value(|id| app.notebook.with_untracked(|n| n.code_number(id).unwrap_or(0)));
    let fix = {
        let error = error.clone();
        Memo::new(move |_| handle.read(|c| hint::fix(&error, &c.source)).flatten())
    };
    let apply = move |_| {
        let Some(fix) = fix.get_untracked() else { return };
        let edit = handle.peek(|c| Edit::SetSource { id: c.id.clone(), kind: c.kind, source: fix.apply(&c.source) });
        if let Some(edit) = edit {
            app.apply(edit);
            let text = format!("`{}` is now `{}` in line {}.", fix.from, fix.to, fix.line);
            app.shell.toast(false, "Applied", text, Some(ToastAction::Undo));
        }
    };
    // The condition has a chip of its own; the message is PySpark's without it.
    let message = match &error.condition {
        Some(condition) => error.evalue.strip_prefix(&format!("[{condition}] ")).unwrap_or(&error.evalue),
        None => &error.evalue,
    };
    let state = error.sql_state.clone();
    let message = match &state {
        Some(state) => message.replace(&format!(" SQLSTATE: {state}"), ""),
        None => message.to_owned(),
    };
    // The stack of the engine behind a message is folded with the frames.
    let (message, details) = match message.split_once("\n\nJVM stacktrace:") {
        Some((message, details)) => (message.to_owned(), Some(details.to_owned())),
        None => (message, None),
    };
    let all_text = nbformat::traceback(&error).join("\n");
    let users = error.frames.iter().filter(|f| f.user).count();
    let hidden = error.frames.len() - users;
    let frames = error.frames.clone();
    let contexts = error.contexts.clone().unwrap_or_default();
    let last = match (&error.condition, error.evalue.lines().next()) {
        (Some(condition), _) => format!("{}: [{condition}] …", error.ename),
        (None, Some(line)) => format!("{}: {line}", error.ename),
        (None, None) => error.ename.clone(),
    };
    view! {
        <div class="out card err" data-testid="cell-error" role="group" aria-label=format!("Error in cell {number}")>
            <div class="err-head">
                <div class="err-top">
                    <Icon name="alert"/>
                    <b>{error.ename.clone()}</b>
                    {error.condition.clone().map(|c| view! { <code data-testid="error-class">{c}</code> })}
                    {state.map(|s| view! { <span>"SQLSTATE "{s}</span> })}
                    <button class="icon" aria-label="Copy error" title="Copy" on:click=move |_| host::copy(&all_text)>
                        <svg class="i s" aria-hidden="true" viewBox="0 0 16 16">
                            <rect x="5" y="5" width="8.5" height="8.5" rx="1.5"></rect>
                            <path d="M11 5V2.500H2.500V11H5"></path>
                        </svg>
                    </button>
                </div>
                <p class="msg" role="alert">{quoted(&message)}</p>
            </div>
            {move || {
                fix.get()
                    .map(|fix| {
                        view! {
                            <div class="hint" data-testid="error-hint">
                                <Icon name="bulb"/>
                                <span>
                                    "Replace "
                                    <del>{fix.from.clone()}</del>
                                    " with "
                                    <ins>{fix.to.clone()}</ins>
                                    {format!(" in line {}.", fix.line)}
                                </span>
                                <span class="spacer"></span>
                                <button class="btn small" data-testid="apply-fix" on:click=apply>"Apply"</button>
                            </div>
                        }
                    })
            }}
            {error
                .task
                .map(|task| {
                    view! {
                        <div class="hint">
                            <Icon name="pulse"/>
                            <span>
                                {format!("Task {} of stage {} (attempt {}) failed.", task.index, task.stage_id, task.attempt)}
                            </span>
                            <span class="spacer"></span>
                            <button
                                class="link"
                                on:click=move |_| {
                                    app.open_spark(SparkRoute::Stage {
                                        id: task.stage_id as i32,
                                        attempt: task.attempt as i32,
                                    });
                                }
                            >
                                {format!("Open stage {}", task.stage_id)}
                            </button>
                        </div>
                    }
                })}
            {contexts.iter().map(context).collect_view()}
            {(!frames.is_empty() || details.is_some())
                .then(|| {
                    let s = |n: usize| if n == 1 { "" } else { "s" };
                    let summary = if hidden > 0 {
                        format!("Traceback ({users} frame{} of yours, {hidden} inside libraries hidden)", s(users))
                    } else {
                        format!("Traceback ({users} frame{} of yours)", s(users))
                    };
                    let own: Vec<Frame> = frames.iter().filter(|f| f.user).cloned().collect();
                    let all = frames.clone();
                    view! {
                        <details open={users > 0}>
                            <summary>{summary}</summary>
                            <pre tabindex="0">
                                "Traceback (most recent call last):\n"
                                {frame_lines(&own)}
                                {last}
                            </pre>
                            {(hidden > 0)
                                .then(|| {
                                    view! {
                                        <details>
                                            <summary>"All frames"</summary>
                                            <pre tabindex="0">{frame_lines(&all)}</pre>
                                        </details>
                                    }
                                })}
                            {details.map(|d| view! { <details><summary>"Engine"</summary><pre tabindex="0">{d}</pre></details> })}
                        </details>
                    }
                })}
        </div>
    }
}

fn frame_lines(frames: &[Frame]) -> Vec<AnyView> {
    frames
        .iter()
        .map(|frame| {
            let place = format!("\"{}\", line {}", frame.file, frame.line);
            let rest = format!(", in {}\n", frame.name);
            let source = frame.source.as_ref().map(|s| format!("    {}\n", s.trim())).unwrap_or_default();
            if frame.user {
                view! { "  File "<b>{place}</b>{rest}{source} }.into_any()
            } else {
                view! { "  File "{place}{rest}{source} }.into_any()
            }
        })
        .collect()
}

/// A message with what stands in backquotes set as code; the text itself is unchanged.
fn quoted(message: &str) -> Vec<AnyView> {
    let mut out: Vec<AnyView> = Vec::new();
    let mut rest = message;
    while let Some(start) = rest.find('`') {
        let Some(length) = rest[start + 1..].find('`') else { break };
        let end = start + 1 + length + 1;
        out.push(rest[..start].to_owned().into_any());
        out.push(view! { <code>{rest[start..end].to_owned()}</code> }.into_any());
        rest = &rest[end..];
    }
    out.push(rest.to_owned().into_any());
    out
}

/// Where in the query it went wrong: the fragment, or the call.
fn context(context: &QueryContext) -> Option<impl IntoView + use<>> {
    let fragment = context.fragment.clone();
    let call = context.call_site.clone().filter(|c| !c.is_empty());
    if fragment.is_empty() && context.summary.is_empty() {
        return None;
    }
    let body = if context.kind == "SQL" && !context.summary.is_empty() {
        // Spark's summary is the query with a line of carets: those lines underline what is above them.
        underlined(&context.summary)
    } else {
        let text = if fragment.is_empty() { context.summary.clone() } else { fragment };
        vec![view! { <span class="squig">{text}</span> }.into_any()]
    };
    Some(view! {
        <pre class="ctx" tabindex="0" aria-label="Query context" data-testid="query-context">
            {body}
            {call.map(|c| format!("\nwas called from {c}"))}
        </pre>
    })
}

fn underlined(summary: &str) -> Vec<AnyView> {
    let lines: Vec<&str> = summary.trim().lines().collect();
    let is_carets = |line: &str| !line.trim().is_empty() && line.trim().chars().all(|c| c == '^');
    let mut out: Vec<AnyView> = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        if is_carets(line) {
            continue;
        }
        match lines.get(n + 1).filter(|next| is_carets(next)) {
            Some(carets) => {
                let start = carets.chars().take_while(|c| *c != '^').count();
                let end = carets.chars().count();
                let part = |from: usize, to: usize| line.chars().skip(from).take(to - from).collect::<String>();
                out.push(
                    view! {
                        {part(0, start)}
                        <span class="squig">{part(start, end)}</span>
                        {part(end, line.chars().count().max(end))}
                        "\n"
                    }
                    .into_any(),
                );
            }
            None => out.push(format!("{line}\n").into_any()),
        }
    }
    out
}

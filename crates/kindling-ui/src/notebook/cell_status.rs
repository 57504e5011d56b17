//! The line below a cell: how its run went.

use leptos::prelude::*;

use crate::model::format;
use crate::model::progress::CellProgress;
use crate::notebook::cell_item::CellHandle;
use crate::shell::icon::Icon;
use crate::spark::SparkRoute;
use crate::state::{RunState, Shared, use_app};

/// The line.
#[component]
pub fn CellStatus(handle: CellHandle) -> impl IntoView {
    let app = use_app();
    let run = Memo::new(move |_| handle.id.with_value(|id| app.run_of(id)));
    let progress: Memo<Option<Shared<CellProgress>>> =
        Memo::new(move |_| handle.id.with_value(|id| app.progress.with(|p| p.of(id).cloned().map(Shared))));
    let stale = Memo::new(move |_| {
        let run = run.get();
        let ended = matches!(run.state, RunState::Done(_) | RunState::Failed(_) | RunState::Interrupted(_));
        ended && handle.read(|c| run.source.as_deref().is_some_and(|ran| ran != c.source)).unwrap_or(false)
    });
    // The line keeps its height through a run, so that outputs do not jump.
    let shown = Memo::new(move |_| !matches!(run.get().state, RunState::Idle));
    let head = move || {
        match run.get().state {
        RunState::Done(millis) => {
            view! { <span class="ok"><Icon name="check" small=true/>" "{format::duration(millis)}</span> }.into_any()
        }
        RunState::Failed(millis) => {
            view! { <span class="bad"><Icon name="x" small=true/>" Failed after "{format::duration(millis)}</span> }.into_any()
        }
        RunState::Interrupted(millis) => {
            view! { <span class="bad"><Icon name="stop" small=true/>" Interrupted after "{format::duration(millis)}</span> }
                .into_any()
        }
        RunState::Running(since) => {
            view! { <span class="wait"><Icon name="clock" small=true/>" "<Elapsed since/></span> }.into_any()
        }
        RunState::Queued => {
            let why = move || {
                if app.running.get().is_some() {
                    "starts after the cells before it"
                } else if !app.engine_ready.get() {
                    "starts as soon as the engine is ready"
                } else {
                    "starts as soon as Python is ready"
                }
            };
            view! {
                <span class="wait"><Icon name="clock" small=true/>" Queued"</span>
                <span>{why}</span>
                <button class="link" on:click=move |_| app.cancel_queued(&handle.id())>"Cancel"</button>
            }
            .into_any()
        }
        RunState::Idle => ().into_any(),
    }
    };
    view! {
        <Show when=move || shown.get()>
            // The ticking clock is not read out; how the run ended is.
            <div
                class="stat"
                data-testid="cell-status"
                aria-live=move || if matches!(run.get().state, RunState::Running(_)) { "off" } else { "polite" }
            >
                {head}
                {move || stale.get().then(|| view! { <span class="stale">"Edited since this run"</span> })}
                {move || {
                    let run = run.get();
                    let ended = matches!(run.state, RunState::Done(_) | RunState::Failed(_) | RunState::Interrupted(_));
                    let progress = progress.get().filter(|_| ended)?;
                    let p = &progress.0;
                    if p.is_empty() {
                        let failed = matches!(run.state, RunState::Failed(_));
                        return failed.then(|| view! { <span>"before any job ran"</span> }.into_any());
                    }
                    let (first, last) = (p.jobs.first().copied()?, p.jobs.last().copied()?);
                    let link = if first == last { format!("Job {first}") } else { format!("Jobs {first}–{last}") };
                    let route = match p.executions.last() {
                        Some(id) => SparkRoute::Query(*id),
                        None if first == last => SparkRoute::Job(first),
                        None => SparkRoute::Jobs,
                    };
                    Some(
                        view! {
                            <span>{format::plural(p.jobs.len() as u64, "job")}</span>
                            <span>{format::plural(p.stage_count(), "stage")}</span>
                            <span>{format::plural(p.tasks_ended, "task")}</span>
                            {run.before_python.then(|| view! { <span>"ran while Python was loading"</span> })}
                            <button class="link" on:click=move |_| app.open_spark(route)>{link}</button>
                        }
                            .into_any(),
                    )
                }}
            </div>
        </Show>
    }
}

/// A running clock.
#[component]
pub fn Elapsed(
    /// Start, in milliseconds of `host::now`.
    since: f64,
) -> impl IntoView {
    let app = use_app();
    view! {
        <span class="num">
            {move || {
                app.clock.track();
                format::elapsed(crate::host::now() - since)
            }}
        </span>
    }
}

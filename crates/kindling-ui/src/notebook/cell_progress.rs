//! A running cell's stages: one segment per task up to 64, then a bar; finished stages fold to one line.

use leptos::prelude::*;

use crate::host;
use crate::model::format;
use crate::model::progress::{CellProgress, StageProgress, TaskState};
use crate::notebook::cell_item::CellHandle;
use crate::shell::icon::Icon;
use crate::spark::SparkRoute;
use crate::state::{RunState, Shared, use_app};

/// Stages with more tasks get a bar.
const MAX_SEGMENTS: usize = 64;
/// Progress is shown after this time: quick cells do not flash.
const SHOW_AFTER_MS: f64 = 200.0;
/// Finished stages that the folded line names.
const FOLDED: usize = 4;

/// The progress card.
#[component]
pub fn CellProgressView(handle: CellHandle) -> impl IntoView {
    let app = use_app();
    let progress: Memo<Option<Shared<CellProgress>>> =
        Memo::new(move |_| handle.id.with_value(|id| app.progress.with(|p| p.of(id).cloned().map(Shared))));
    let running = Memo::new(move |_| match handle.id.with_value(|id| app.run_of(id).state) {
        RunState::Running(since) => Some(since),
        _ => None,
    });
    let shown = Memo::new(move |_| {
        let Some(since) = running.get() else { return false };
        app.clock.track();
        host::now() - since >= SHOW_AFTER_MS && progress.with(|p| p.as_ref().is_some_and(|p| !p.0.stages.is_empty()))
    });
    let number = Memo::new(move |_| handle.id.with_value(|id| app.notebook.with(|n| n.code_number(id).unwrap_or(0))));
    let body = move || {
        let Some(progress) = progress.get() else { return ().into_any() };
        let (past, live): (Vec<&StageProgress>, Vec<&StageProgress>) =
            progress.0.stages.iter().partition(|s| s.completed.is_some());
        let now = js_sys::Date::now() as i64;
        let slow = live.iter().find_map(|s| s.slow(now).map(|slow| (slow, s.attempt)));
        view! {
            {folded(&past)}
            {live.iter().map(|s| stage_row(s, now)).collect_view()}
            {slow
                .map(|(slow, attempt)| {
                    view! {
                        <div class="note">
                            <Icon name="alert"/>
                            <span>
                                <b>{format!("Task {} is slow.", slow.task)}</b>
                                {format!(
                                    " It has run {}; the median finished task took {}. ",
                                    format::elapsed(slow.running as f64),
                                    format::duration(slow.median),
                                )}
                                <button
                                    class="link"
                                    on:click=move |_| app.open_spark(SparkRoute::Stage { id: slow.stage, attempt })
                                >
                                    {format!("Open stage {}", slow.stage)}
                                </button>
                            </span>
                        </div>
                    }
                })}
        }
        .into_any()
    };
    view! {
        <Show when=move || shown.get()>
            <div class="out card prog" data-testid="cell-progress" role="group" aria-label=move || format!("Progress of cell {}", number.get())>
                {body}
            </div>
        </Show>
    }
}

fn folded(past: &[&StageProgress]) -> Option<impl IntoView + use<>> {
    let last = past.iter().rev().take(FOLDED).rev().copied().collect::<Vec<_>>();
    if last.is_empty() {
        return None;
    }
    let more = past.len() - last.len();
    let mut text = if more > 0 { format!("+ {more} stages ") } else { String::new() };
    for stage in &last {
        text.push_str(&format!("[Stage {}: {}/{} tasks] ", stage.id, stage.done(), stage.tasks.len()));
    }
    let millis: i64 = past.iter().filter_map(|s| Some(s.completed? - s.submitted?)).sum();
    let tasks: usize = last.iter().map(|s| s.tasks.len()).sum();
    Some(view! {
        <div class="prog-row past">
            <code>{text.trim_end().to_owned()}</code>
            <span class="t num">{format::elapsed(millis as f64)}</span>
            <div class="ticks thin" aria-hidden="true">
                {(0..tasks.clamp(1, MAX_SEGMENTS)).map(|_| view! { <i class="done"></i> }).collect_view()}
            </div>
        </div>
    })
}

fn stage_row(stage: &StageProgress, now: i64) -> impl IntoView + use<> {
    let (done, running, total) = (stage.done(), stage.running(), stage.tasks.len());
    let elapsed = stage.submitted.map(|since| format::elapsed((now - since).max(0) as f64)).unwrap_or_default();
    let mut sorted = stage.tasks.clone();
    // Done, running, failed, waiting: the row fills from the left however tasks finish.
    sorted.sort_by_key(|t| match t {
        TaskState::Done => 0,
        TaskState::Running(_) => 1,
        TaskState::Failed => 2,
        TaskState::Waiting => 3,
    });
    let ticks = if total <= MAX_SEGMENTS {
        view! {
            <div class="ticks" aria-hidden="true">
                {sorted
                    .iter()
                    .map(|t| {
                        view! {
                            <i class=match t {
                                TaskState::Done => "done",
                                TaskState::Running(_) => "run pulse",
                                TaskState::Failed => "bad",
                                TaskState::Waiting => "",
                            }></i>
                        }
                    })
                    .collect_view()}
            </div>
        }
        .into_any()
    } else {
        let share = |n: usize| format!("width:{:.2}%", 100.0 * n as f64 / total as f64);
        let failed = sorted.iter().filter(|t| **t == TaskState::Failed).count();
        view! {
            <div class="bar1" aria-hidden="true">
                <i style=share(done)></i>
                <i class="run" style=share(running)></i>
                <i class="bad" style=share(failed)></i>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="prog-row">
            <code
                role="progressbar"
                aria-label=format!("Stage {}", stage.id)
                aria-valuemin="0"
                aria-valuemax=total.to_string()
                aria-valuenow=done.to_string()
                data-testid="stage-progress"
            >
                {format!("[Stage {}: {done}/{total} tasks]", stage.id)}
            </code>
            <span class="t num">{format!("{elapsed} · {running} running")}</span>
            {ticks}
        </div>
    }
}

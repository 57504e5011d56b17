//! Stages: a table per state.

use kindling_status::{StageData, StageStatus, format};
use leptos::prelude::*;

use super::job::StageGroups;
use crate::spark::{
    SparkFeed, SparkRoute,
    html::clip,
    table::{Column, Key, RowAttrs, TableState, table, text},
    widgets::{bytes_or_empty, empty, kv, link, named, progress, zone},
};

/// The page.
#[component]
pub fn Stages(feed: SparkFeed) -> impl IntoView {
    let states = TableState::several::<5>(feed, "stages", true);
    view! {
        <div class="page" data-testid="page-stages">
            <div class="ph"><h2>"Stages for All Jobs"</h2></div>
            {move || {
                let now = feed.now();
                feed.with(|store| {
                    if store.stages.is_empty() {
                        return vec![empty("No stages yet", text("A job is made of stages: run a cell that shows or counts something."))];
                    }
                    let count = |status| store.stages_in(status).len().to_string();
                    let counts = kv(vec![
                        ("Active Stages", count(StageStatus::Active)),
                        ("Pending Stages", count(StageStatus::Pending)),
                        ("Completed Stages", count(StageStatus::Complete)),
                        ("Skipped Stages", count(StageStatus::Skipped)),
                        ("Failed Stages", count(StageStatus::Failed)),
                    ]);
                    let mut out = vec![counts];
                    out.extend(StageGroups { stages: store.stages.values().collect(), now, states }.view());
                    out
                })
            }}
        </div>
    }
}

/// A table of stages.
pub fn stage_table(stages: Vec<&StageData>, now: i64, state: TableState) -> AnyView {
    let route = |stage: &StageData| SparkRoute::Stage { id: stage.info.stage_id.0, attempt: stage.info.attempt };
    let id = move |stage: &&StageData| {
        let retry = if stage.info.attempt > 0 { format!(" (retry {})", stage.info.attempt) } else { String::new() };
        link(route(stage), format!("{}{retry}", stage.info.stage_id))
    };
    let describe = move |stage: &&StageData| {
        let more = stage.info.failure_reason.as_deref().and_then(|reason| reason.lines().next());
        let more = more.map(|more| view! { <br/><small>{clip(more, 120)}</small> });
        view! { {link(route(stage), named([stage.description.as_deref(), Some(stage.info.name.as_str())], "Stage", stage.info.stage_id))}{more} }
            .into_any()
    };
    let submitted = |stage: &&StageData| {
        let time = stage.info.submission_time.map(|time| format::date_time(time, zone()));
        text(time.unwrap_or_default())
    };
    let duration = move |stage: &&StageData| match stage.status {
        StageStatus::Pending | StageStatus::Skipped => None,
        _ => stage.duration(now),
    };
    let bytes = |title: &'static str, value: fn(&StageData) -> i64| {
        Column::new(title, "n", move |stage: &&StageData| text(bytes_or_empty(value(stage))))
            .by(move |stage| Key::int(value(stage)))
    };
    let columns = vec![
        Column::new("Stage Id", "n", id)
            .by(|stage| Key::int(i64::from(stage.info.stage_id.0) * 1000 + i64::from(stage.info.attempt))),
        Column::new("Description", "desc", describe).by(|stage| Key::Text(stage.info.name.clone())),
        Column::new("Submitted", "", submitted).by(|stage| Key::opt(stage.info.submission_time)),
        Column::new("Duration", "n", move |stage| text(duration(stage).map(format::duration).unwrap_or_default()))
            .by(move |stage| Key::opt(duration(stage))),
        Column::new("Tasks: Succeeded/Total", "", tasks_bar),
        bytes("Input", |stage| stage.metrics.input.bytes_read),
        bytes("Output", |stage| stage.metrics.output.bytes_written),
        bytes("Shuffle Read", |stage| stage.metrics.shuffle_read.total_bytes_read()),
        bytes("Shuffle Write", |stage| stage.metrics.shuffle_write.bytes_written),
    ];
    let attrs = |stage: &&StageData| RowAttrs {
        testid: "stage-row",
        class: if stage.status == StageStatus::Active { "cur" } else { "" },
        stage: Some(stage.info.stage_id.0),
        state: Some(stage.status.as_str()),
        ..Default::default()
    };
    table("t stages", columns, stages, attrs, state)
}

fn tasks_bar(stage: &&StageData) -> AnyView {
    let total = stage.info.num_tasks;
    let done = stage.completed_indices.len() as i32;
    let mut notes = vec![];
    for (count, word) in
        [(stage.num_active_tasks, "running"), (stage.num_failed_tasks, "failed"), (stage.num_killed_tasks, "killed")]
    {
        if count > 0 {
            notes.push(format!("{count} {word}"));
        }
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    progress(done, stage.num_active_tasks, total, stage.status == StageStatus::Failed, format!("{done}/{total}{notes}"))
}

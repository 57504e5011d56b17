//! Jobs: the timeline, and a table per state.

use kindling_status::{AppStatusStore, JobData, JobStatus, format};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::spark::{
    OpenEventLog, SparkFeed, SparkRoute,
    panel::PanelActions,
    table::{Column, Key, RowAttrs, TableState, table, text},
    timeline::{EventTimeline, Span},
    widgets::{kv, link, named, none, progress, section, zone},
};

/// The page.
#[component]
pub fn Jobs(feed: SparkFeed) -> impl IntoView {
    let states = TableState::several::<3>(feed, "jobs", true);
    move || {
        let has_jobs = feed.with(|store| !store.jobs.is_empty());
        if !has_jobs {
            return view! { <NoJobs feed/> }.into_any();
        }
        view! {
            <div class="page" data-testid="page-jobs">
                <div class="ph"><h2>"Spark Jobs"</h2></div>
                {move || feed.with(summary)}
                <Timeline feed job=None/>
                {move || {
                    let now = feed.now();
                    feed.with(|store| {
                        let groups = [
                            ("Active Jobs", JobStatus::Running),
                            ("Completed Jobs", JobStatus::Succeeded),
                            ("Failed Jobs", JobStatus::Failed),
                        ];
                        groups
                            .into_iter()
                            .zip(states)
                            .map(|((title, status), state)| {
                                let jobs = store.jobs_in(status);
                                if jobs.is_empty() {
                                    return none();
                                }
                                section(format!("{title} ({})", jobs.len()), none(), job_table(jobs, now, state))
                            })
                            .collect::<Vec<_>>()
                    })
                }}
            </div>
        }
        .into_any()
    }
}

fn summary(store: &AppStatusStore) -> AnyView {
    let mode = store.environment.spark_properties.get("spark.scheduler.mode").cloned().unwrap_or_else(|| "FIFO".into());
    let count = |status| store.jobs_in(status).len().to_string();
    kv(vec![
        ("Scheduling Mode", mode),
        ("Active Jobs", count(JobStatus::Running)),
        ("Completed Jobs", count(JobStatus::Succeeded)),
        ("Failed Jobs", count(JobStatus::Failed)),
    ])
}

/// The state before the first job.
#[component]
fn NoJobs(feed: SparkFeed) -> impl IntoView {
    let actions = use_context::<PanelActions>();
    view! {
        <div class="page" data-testid="page-jobs">
            <div class="empty" data-testid="spark-empty">
                <svg class="i" aria-hidden="true"><use href="#i-log"></use></svg>
                <b>"No jobs yet"</b>
                <p>
                    "A job appears when a cell runs an action such as "<code>"show()"</code>", "<code>"count()"</code>
                    " or a SQL query."
                </p>
                {actions.and_then(|actions| actions.run_first).map(|run| {
                    view! { <button class="btn" on:click=move |_| run.run(())>"Run the first cell"</button> }
                })}
                <OpenEventLog feed/>
            </div>
        </div>
    }
}

/// The event timeline of the application, or of one job.
#[component]
pub fn Timeline(feed: SparkFeed, job: Option<i32>) -> impl IntoView {
    let name = job.map_or("jobs".to_string(), |job| format!("job/{job}"));
    let zooming = feed.kept(&format!("{name}/zooming"), || false);
    let zoom = feed.kept(&format!("{name}/zoom"), || None::<Span>);
    let limits = move || {
        let now = feed.now();
        feed.with_untracked(|store| limits(store, job, now))
    };
    let on_wheel = move |event: ev::WheelEvent| {
        if !zooming.get_untracked() {
            return;
        }
        event.prevent_default();
        let target: web_sys::Element =
            event.current_target().map_or_else(|| event_target(&event), |t| t.unchecked_into());
        let rect = target.get_bounding_client_rect();
        // The lanes begin behind their names.
        let names = 150.0_f64.min(rect.width() / 3.0);
        let around = ((f64::from(event.client_x()) - rect.left() - names) / (rect.width() - names)).clamp(0.0, 1.0);
        let limits = limits();
        let factor = if event.delta_y() > 0.0 { 1.25 } else { 0.8 };
        zoom.update(|zoom| *zoom = Some(zoom.unwrap_or(limits).zoomed(factor, around, limits)));
    };
    let markup = move || {
        let now = feed.now();
        feed.with(|store| {
            let jobs: Vec<&JobData> =
                store.jobs.values().filter(|own| job.is_none_or(|id| own.job_id.0 == id)).collect();
            let span = zoom.get().unwrap_or_else(|| limits_of(store, &jobs, job, now));
            EventTimeline { store, jobs, span, now, zone: zone() }.draw()
        })
    };
    view! {
        <section class="sec">
            <header><h3>"Event Timeline"</h3></header>
            <div class="card tl" data-testid="event-timeline" role="group" aria-label="Event timeline" on:wheel=on_wheel>
                <div inner_html=markup></div>
                <div class="legend">
                    <span><i style="background:light-dark(#2f7a56,#367d5c)"></i>"Succeeded"</span>
                    <span><i style="background:var(--ember-fill)"></i>"Running"</span>
                    <span><i style="background:light-dark(#b8352b,#b9473d)"></i>"Failed or killed"</span>
                    <span class="spacer"></span>
                    <label>
                        <input
                            type="checkbox"
                            prop:checked=move || zooming.get()
                            on:change=move |event| {
                                zooming.set(event_target_checked(&event));
                                zoom.set(None);
                            }
                        />
                        " Enable zooming"
                    </label>
                </div>
            </div>
        </section>
    }
}

fn limits(store: &AppStatusStore, job: Option<i32>, now: i64) -> Span {
    let jobs: Vec<&JobData> = store.jobs.values().filter(|own| job.is_none_or(|id| own.job_id.0 == id)).collect();
    limits_of(store, &jobs, job, now)
}

fn limits_of(store: &AppStatusStore, jobs: &[&JobData], job: Option<i32>, now: i64) -> Span {
    let first = jobs.iter().filter_map(|job| job.submission_time).min();
    let last = jobs.iter().map(|job| job.completion_time.unwrap_or(now)).max();
    let (from, to) = (first.unwrap_or(now), last.unwrap_or(now));
    if job.is_some() {
        return Span::new(from, to);
    }
    // Executors that came shortly before the first job are in the picture.
    let added = store.executors.values().map(|executor| executor.add_time).min().unwrap_or(from);
    let room = (to - from) / 10 + 1_000;
    Span::new(if from - added < room { added.min(from) } else { from - room / 10 }, to + (to - from) / 50)
}

/// A table of jobs.
pub fn job_table(jobs: Vec<&JobData>, now: i64, state: TableState) -> AnyView {
    let columns = vec![
        Column::new("Job Id", "n", |job: &&JobData| link(SparkRoute::Job(job.job_id.0), job.job_id.to_string()))
            .by(|job| Key::int(job.job_id.0.into())),
        Column::new("Description", "wrap", description).by(|job| Key::Text(job.name.clone())),
        Column::new("Submitted", "hide-s", |job: &&JobData| {
            text(job.submission_time.map(|time| format::time_of_day(time, zone())).unwrap_or_default())
        })
        .by(|job| Key::opt(job.submission_time)),
        Column::new("Duration", "n", move |job: &&JobData| {
            text(job.duration(now).map(format::duration).unwrap_or_default())
        })
        .by(move |job| Key::opt(job.duration(now))),
        Column::new("Stages: Succeeded/Total", "c-st", |job: &&JobData| {
            let total = job.stage_ids.len() - job.skipped_stages.len();
            let mut notes = vec![];
            if job.num_failed_stages > 0 {
                notes.push(format!("{} failed", job.num_failed_stages));
            }
            if !job.skipped_stages.is_empty() {
                notes.push(format!("{} skipped", job.skipped_stages.len()));
            }
            let notes = (!notes.is_empty()).then(|| view! { <small>{format!(" ({})", notes.join(", "))}</small> });
            view! { {format!("{}/{total}", job.completed_stages.len())}{notes} }.into_any()
        }),
        Column::new("Tasks (for all stages): Succeeded/Total", "", tasks_bar),
    ];
    let attrs = |job: &&JobData| RowAttrs {
        testid: "job-row",
        class: if job.status == JobStatus::Running { "cur" } else { "" },
        job: Some(job.job_id.0),
        state: Some(job.status.as_str()),
        ..Default::default()
    };
    table("t jobs", columns, jobs, attrs, state)
}

fn description(job: &&JobData) -> AnyView {
    let route = match job.execution_id {
        Some(id) => SparkRoute::Query(id.0),
        None => SparkRoute::Job(job.job_id.0),
    };
    let more = job.error_message.as_deref().map(|message| message.lines().next().unwrap_or("").to_string());
    let more = more.or_else(|| job.description.as_ref().map(|_| job.name.clone()));
    let first = named([job.description.as_deref(), Some(job.name.as_str())], "Job", job.job_id);
    view! { {link(route, first)}{more.map(|more| view! { <br/><small>{crate::spark::html::clip(&more, 80)}</small> })} }
        .into_any()
}

fn tasks_bar(job: &&JobData) -> AnyView {
    let total = (job.num_tasks - job.num_skipped_tasks).max(0);
    let mut notes = vec![];
    for (count, word) in [
        (job.num_active_tasks, "running"),
        (job.num_failed_tasks, "failed"),
        (job.num_killed_tasks, "killed"),
        (job.num_skipped_tasks, "skipped"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {word}"));
        }
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    let done = job.completed_indices.len() as i32;
    progress(done, job.num_active_tasks, total, job.status == JobStatus::Failed, format!("{done}/{total}{notes}"))
}

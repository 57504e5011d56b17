//! One job: its timeline, its DAG, its stages.

use kindling_events::JobId;
use kindling_status::{JobStatus, StageData, StageStatus, format};
use leptos::prelude::*;

use super::{jobs::Timeline, stages::stage_table};
use crate::spark::{
    SparkFeed, SparkRoute, dag,
    table::TableState,
    widgets::{badge, empty, kv, link, none, section, zone},
};

/// The page.
#[component]
pub fn Job(feed: SparkFeed, id: i32) -> impl IntoView {
    let states = TableState::several::<5>(feed, &format!("job/{id}"), true);
    let known = Memo::new(move |_| feed.with(|store| store.jobs.contains_key(&JobId(id))));
    move || {
        if !known.get() {
            let hint = view! { "It is not in this application, or older than what is kept." }.into_any();
            return view! { <div class="page" data-testid="page-jobs">{empty("No such job", hint)}</div> }.into_any();
        }
        view! {
            <div class="page" data-testid="page-jobs" data-job-id=id>
                {move || {
                    let now = feed.now();
                    feed.with(|store| {
                        let Some(job) = store.jobs.get(&JobId(id)) else { return none() };
                        let state = match job.status {
                            JobStatus::Running => badge("run", "Running"),
                            JobStatus::Succeeded => badge("ok", "Succeeded"),
                            JobStatus::Failed => badge("bad", "Failed"),
                        };
                        let mut pairs = vec![
                            ("Submitted", job.submission_time.map(|t| format::date_time(t, zone())).unwrap_or_default()),
                            ("Duration", job.duration(now).map(format::duration).unwrap_or_default()),
                            ("Completed Stages", job.completed_stages.len().to_string()),
                            ("Skipped Stages", job.skipped_stages.len().to_string()),
                        ];
                        pairs.extend(job.job_group.clone().map(|group| ("Job Group", group)));
                        let query = job.execution_id.map(|query| {
                            view! {
                                <span class="small">
                                    "Associated SQL Query: "{link(SparkRoute::Query(query.0), query.to_string())}
                                </span>
                            }
                        });
                        let error = job.error_message.clone().map(|error| view! { <pre class="errtext">{error}</pre> });
                        view! {
                            <div class="ph">
                                <nav class="crumb" aria-label="Breadcrumb">{link(SparkRoute::Jobs, "Jobs")}" /"</nav>
                                <h2>{format!("Details for Job {id}")}</h2>
                                {state}
                                <span class="small muted">{job.name.clone()}</span>
                                {query}
                            </div>
                            {kv(pairs)}
                            {error}
                        }
                        .into_any()
                    })
                }}
                <Timeline feed job=Some(id)/>
                <DagSection feed job=id stage=None/>
                {move || {
                    let now = feed.now();
                    feed.with(|store| {
                        let Some(job) = store.jobs.get(&JobId(id)) else { return vec![] };
                        let stages: Vec<&StageData> =
                            store.stages.values().filter(|stage| job.stage_ids.contains(&stage.info.stage_id)).collect();
                        StageGroups { stages, now, states }.view()
                    })
                }}
            </div>
        }
        .into_any()
    }
}

/// A table per state of some stages.
pub struct StageGroups<'a> {
    /// The stages.
    pub stages: Vec<&'a StageData>,
    /// The present.
    pub now: i64,
    /// A state per table.
    pub states: [TableState; 5],
}

impl StageGroups<'_> {
    /// The tables.
    pub fn view(self) -> Vec<AnyView> {
        let groups = [
            ("Active Stages", StageStatus::Active),
            ("Pending Stages", StageStatus::Pending),
            ("Completed Stages", StageStatus::Complete),
            ("Skipped Stages", StageStatus::Skipped),
            ("Failed Stages", StageStatus::Failed),
        ];
        groups
            .into_iter()
            .zip(self.states)
            .map(|((title, status), state)| {
                let members: Vec<&StageData> =
                    self.stages.iter().copied().filter(|stage| stage.status == status).collect();
                if members.is_empty() {
                    return none();
                }
                section(format!("{title} ({})", members.len()), none(), stage_table(members, self.now, state))
            })
            .collect()
    }
}

/// The DAG of a job, with one of its stages marked.
#[component]
pub fn DagSection(feed: SparkFeed, job: i32, stage: Option<i32>) -> impl IntoView {
    let svg = move || {
        let now = feed.now();
        feed.with(|store| dag::draw(store, JobId(job), stage.map(kindling_events::StageId), now))
    };
    let legend = view! {
        <span class="spacer"></span>
        <span class="legend">
            <span><i style="background:var(--ok-fill);border-radius:50%"></i>"cached"</span>
        </span>
    }
    .into_any();
    let content = view! { <div tabindex="0" class="viz mid" data-testid="dag-viz" role="group" aria-label="DAG" inner_html=svg></div> };
    section("DAG Visualization", legend, content.into_any())
}

//! SQL / DataFrame: the list of executions.

use kindling_events::ExecutionId;
use kindling_status::{ExecutionStatus, JobStatus, SqlExecution, format};
use leptos::prelude::*;

use crate::spark::{
    SparkFeed, SparkRoute,
    html::clip,
    table::{Column, Key, RowAttrs, TableState, table, text},
    widgets::{badge, empty, find, link, links, named, none, section, tiles, zone},
};

/// The page.
#[component]
pub fn Queries(feed: SparkFeed) -> impl IntoView {
    let state = TableState::sorted(feed, "queries", 0, true);
    let search = feed.kept("queries/search", String::new);
    view! {
        <div class="page" data-testid="page-queries">
            <div class="ph"><h2>"SQL / DataFrame"</h2></div>
            {move || {
                let now = feed.now();
                feed.with(|store| {
                    let all: Vec<&SqlExecution> = store.executions.values().collect();
                    if all.is_empty() {
                        return none();
                    }
                    let count = |status| all.iter().filter(|own| own.status() == status).count().to_string();
                    let total: i64 = all.iter().map(|own| own.duration(now)).sum();
                    tiles(Some("sql-summary"), vec![
                        ("Total Queries", all.len().to_string()),
                        ("Average Duration", format::duration(total / all.len() as i64)),
                        ("Running Queries", count(ExecutionStatus::Running)),
                        ("Completed Queries", count(ExecutionStatus::Completed)),
                        ("Failed Queries", count(ExecutionStatus::Failed)),
                    ])
                })
            }}
            {move || {
                let count = feed.with(|store| store.executions.len());
                if count == 0 {
                    return empty("No queries yet", text("A query appears when a cell runs SQL or an action on a DataFrame."));
                }
                let beside = view! { <span class="spacer"></span>{find("Search queries", "Search", None, search)} }.into_any();
                let rows = move || {
                    let now = feed.now();
                    let wanted = search.get().to_lowercase();
                    feed.with(|store| {
                        let matches = |own: &&SqlExecution| {
                            own.description.to_lowercase().contains(&wanted) || own.execution_id.to_string() == wanted
                        };
                        // Executions inside others are listed with the one they belong to.
                        let (roots, inner): (Vec<&SqlExecution>, Vec<&SqlExecution>) = store
                            .executions
                            .values()
                            .filter(matches)
                            .partition(|own| own.root_execution_id == own.execution_id || !wanted.is_empty());
                        if roots.is_empty() {
                            let clear = view! { <button class="btn small" on:click=move |_| search.set(String::new())>"Clear"</button> };
                            return empty("No query matches", clear.into_any());
                        }
                        query_table(roots, &inner, now, state)
                    })
                };
                section(format!("Queries ({count})"), beside, rows.into_any())
            }}
        </div>
    }
}

/// A badge for a state.
pub fn status_badge(status: ExecutionStatus) -> AnyView {
    match status {
        ExecutionStatus::Running => badge("run", "RUNNING"),
        ExecutionStatus::Completed => badge("ok", "COMPLETED"),
        ExecutionStatus::Failed => badge("bad", "FAILED"),
    }
}

/// The table of executions; `inner` are those that belong to others.
pub fn query_table(roots: Vec<&SqlExecution>, inner: &[&SqlExecution], now: i64, state: TableState) -> AnyView {
    type Item<'a> = &'a SqlExecution;
    let jobs =
        |own: &Item, status| links(own.jobs_in(status).into_iter().map(|id| (SparkRoute::Job(id.0), id.to_string())));
    let query_id = |own: &Item| {
        let id = own.query_id.clone().unwrap_or_default();
        view! { <span class="mono" title=id.clone()>{clip(&id, 9)}</span> }.into_any()
    };
    let mut columns: Vec<Column<Item>> = vec![
        Column::new("ID", "n", |own: &Item| link(SparkRoute::Query(own.execution_id.0), own.execution_id.to_string()))
            .by(|own| Key::int(own.execution_id.0)),
        Column::new("Query ID", "", query_id),
        Column::new("Status", "", |own: &Item| status_badge(own.status()))
            .by(|own| Key::Text(own.status().as_str().to_string())),
        Column::new("Description", "", |own: &Item| {
            link(
                SparkRoute::Query(own.execution_id.0),
                clip(&named([Some(own.description.as_str())], "Query", own.execution_id), 100),
            )
        })
        .by(|own| Key::Text(own.description.clone())),
        Column::new("Submitted", "", |own: &Item| text(format::date_time(own.submission_time, zone())))
            .by(|own| Key::int(own.submission_time)),
        Column::new("Duration", "n", move |own: &Item| text(format::duration(own.duration(now))))
            .by(move |own| Key::int(own.duration(now))),
        Column::new("Running Jobs", "", move |own: &Item| jobs(own, JobStatus::Running)),
        Column::new("Succeeded Jobs", "", move |own: &Item| jobs(own, JobStatus::Succeeded)),
        Column::new("Failed Jobs", "", move |own: &Item| jobs(own, JobStatus::Failed)),
        Column::new("Error Message", "wrap", |own: &Item| {
            let error = own.error_message.clone().unwrap_or_default();
            let first = clip(error.lines().next().unwrap_or(""), 160);
            view! { <span title=error>{first}</span> }.into_any()
        }),
    ];
    if !inner.is_empty() {
        columns.push(Column::new("Sub Execution IDs", "", move |own: &Item| {
            let ids: Vec<ExecutionId> = inner
                .iter()
                .filter(|sub| sub.root_execution_id == own.execution_id)
                .map(|sub| sub.execution_id)
                .collect();
            links(ids.into_iter().map(|id| (SparkRoute::Query(id.0), format!("[{id}]"))))
        }));
    }
    let attrs = |own: &Item| RowAttrs { testid: "sql-row", state: Some(own.status().as_str()), ..Default::default() };
    table("t", columns, roots, attrs, state)
}

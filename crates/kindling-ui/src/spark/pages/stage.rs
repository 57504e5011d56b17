//! One stage attempt: what its tasks did and which of them holds it back.

use kindling_events::{StageAttempt, StageId, TaskMetrics};
use kindling_status::{AppStatusStore, QUANTILES, StageData, StageStatus, TaskData, format};
use leptos::prelude::*;

use super::job::DagSection;
use crate::{
    shell::icon::Icon,
    spark::{
        SparkFeed, SparkRoute,
        html::clip,
        skew::{self, Skew, Unit},
        table::{Column, Key, RowAttrs, TableState, table, text},
        timeline::stage_timeline,
        widgets::{UNMEASURED, badge, bytes_records, callout, empty, links, none, section, tiles, zone},
    },
};

/// The page.
#[component]
pub fn Stage(feed: SparkFeed, id: i32, attempt: i32) -> impl IntoView {
    let key = StageAttempt { stage_id: StageId(id), attempt };
    let known = Memo::new(move |_| feed.with(|store| store.stages.contains_key(&key)));
    let job =
        Memo::new(move |_| feed.with(|store| store.stages.get(&key)?.job_ids.iter().next_back().map(|job| job.0)));
    let name = format!("stage/{id}/{attempt}");
    let executors = TableState::sorted(feed, &format!("{name}/executors"), 0, false);
    let tasks = TableState::sorted(feed, &format!("{name}/tasks"), 0, false);
    let additional = feed.kept("stage/additional", || false);
    // Three places show it, and finding it looks at every task.
    let skewed = Memo::new(move |_| feed.with(|store| store.stages.get(&key).and_then(skew::find)));
    let with_stage = move |turn: usize, read: &dyn Fn(&AppStatusStore, &StageData, i64) -> AnyView| {
        let now = feed.now();
        feed.with_in_turn(turn, |store| store.stages.get(&key).map_or_else(none, |stage| read(store, stage, now)))
    };
    // A stage of thousands of tasks comes in turns when it is opened, too.
    let large = feed.with_untracked(|store| store.stages.get(&key).is_some_and(|stage| stage.tasks.len() > LARGE));
    let arrived = RwSignal::new(if large { 0 } else { 2 });
    if large {
        arrive(arrived);
    }
    move || {
        if !known.get() {
            let hint = view! { "It is not in this application, or older than what is kept." }.into_any();
            return view! { <div class="page" data-testid="page-stage">{empty("No such stage", hint)}</div> }
                .into_any();
        }
        let label = move || feed.with(|store| store.stages.get(&key).map(timeline_label).unwrap_or_default());
        let timeline = move || {
            let now = feed.now();
            if arrived.get() < 2 {
                return String::new();
            }
            feed.with_in_turn(2, |store| {
                let Some(stage) = store.stages.get(&key) else { return String::new() };
                stage_timeline(stage, skewed.with(|skew| skew.as_ref().map(|skew| skew.task_id)), now)
            })
        };
        let started =
            Memo::new(move |_| feed.with(|store| store.stages.get(&key).is_some_and(|stage| !stage.tasks.is_empty())));
        let no_tasks = move || {
            let skipped =
                feed.with(|store| store.stages.get(&key).is_some_and(|stage| stage.status == StageStatus::Skipped));
            if skipped { "Skipped: its shuffle output was there already." } else { "No task has started yet." }
        };
        let toggle = view! {
            <span class="spacer"></span>
            <button
                class="btn ghost small"
                aria-expanded=move || additional.get().to_string()
                on:click=move |_| additional.update(|open| *open = !*open)
            >
                "Additional metrics "<Icon name="chev" small=true/>
            </button>
        }
        .into_any();
        let summary = move || match arrived.get() {
            0 => none(),
            _ => with_stage(1, &|store, stage, _| summary_metrics(store, stage, additional.get())),
        };
        let title = move || {
            let count = feed.with(|store| {
                store.stages.get(&key).map_or(0, |stage| stage.tasks.values().filter(|task| task.is_success()).count())
            });
            format!("Summary Metrics for {count} Completed Tasks")
        };
        view! {
            <div class="page" data-testid="page-stage" data-stage-id=id>
                {move || with_stage(0, &|store, stage, _| head(store, stage))}
                {move || with_stage(0, &|store, _, _| skewed.get().map_or_else(none, |skew| skew_callout(store, skew, tasks)))}
                {move || job.get().map(|job| view! { <DagSection feed job stage=Some(id)/> })}
                <section class="sec">
                    <header><h3>"Event Timeline"</h3></header>
                    <Show
                        when=move || started.get()
                        fallback=move || view! { <p class="note-row" data-testid="stage-timeline">{no_tasks}</p> }
                    >
                        <div class="card tl" data-testid="stage-timeline" role="img" aria-label=label inner_html=timeline></div>
                    </Show>
                </section>
                <section class="sec">
                    <header><h3>{title}</h3>{toggle}</header>
                    {summary}
                </section>
                {move || with_stage(1, &|store, stage, _| {
                    section("Aggregated Metrics by Executor", none(), executor_table(store, stage, executors))
                })}
                {move || if arrived.get() < 2 { none() } else { with_stage(2, &|store, stage, now| {
                    section(format!("Tasks ({})", stage.tasks.len()), none(), task_table(store, stage, now, skewed.with(|skew| skew.as_ref().map(|skew| skew.task_id)), tasks))
                })}}
            </div>
        }
        .into_any()
    }
}

/// More tasks than this are worth more than one turn.
const LARGE: usize = 500;

/// Counts turns up to 2.
fn arrive(arrived: RwSignal<usize>) {
    gloo_timers::callback::Timeout::new(0, move || {
        // The page may be left already.
        if arrived.try_update(|turn| *turn += 1).is_some() && arrived.get_untracked() < 2 {
            arrive(arrived);
        }
    })
    .forget();
}

fn timeline_label(stage: &StageData) -> String {
    format!(
        "Timeline of {} tasks of stage {} in seven phases per thread; the tasks table has the same",
        stage.tasks.len(),
        stage.info.stage_id
    )
}

fn head(store: &AppStatusStore, stage: &StageData) -> AnyView {
    let StageData { info, metrics, .. } = stage;
    let jobs = links(stage.job_ids.iter().map(|job| (SparkRoute::Job(job.0), format!("Job {job}"))));
    let state = match stage.status {
        StageStatus::Active => badge("run", "Active"),
        StageStatus::Complete => badge("ok", "Complete"),
        StageStatus::Failed => badge("bad", "Failed"),
        StageStatus::Pending => badge("", "Pending"),
        StageStatus::Skipped => badge("", "Skipped"),
    };
    let attempts: Vec<i32> =
        store.stages.keys().filter(|key| key.stage_id == info.stage_id).map(|key| key.attempt).collect();
    let attempts = (attempts.len() > 1).then(|| {
        let own = info.stage_id.0;
        let routes = attempts.into_iter().map(|attempt| (SparkRoute::Stage { id: own, attempt }, attempt.to_string()));
        view! { <span class="small">"Attempts: "{links(routes)}</span> }
    });
    // Wall time of all attempts, as Spark counts it.
    let total: i64 = stage.tasks.values().filter(|task| !task.is_running()).map(|task| task.wall_time(0)).sum();
    let mut pairs = vec![
        ("Total Time Across All Tasks", format::duration(total)),
        ("Locality Level Summary", stage.locality_summary()),
    ];
    let mut add = |name: &'static str, bytes: i64, records: i64| {
        if bytes > 0 || records > 0 {
            pairs.push((name, bytes_records(bytes, records)));
        }
    };
    add("Input Size / Records", metrics.input.bytes_read, metrics.input.records_read);
    add("Output Size / Records", metrics.output.bytes_written, metrics.output.records_written);
    add("Shuffle Read Size / Records", metrics.shuffle_read.total_bytes_read(), metrics.shuffle_read.records_read);
    add("Shuffle Write Size / Records", metrics.shuffle_write.bytes_written, metrics.shuffle_write.records_written);
    if metrics.memory_bytes_spilled > 0 || metrics.disk_bytes_spilled > 0 {
        pairs.push(("Spill (Memory)", format::bytes_ui(metrics.memory_bytes_spilled)));
        pairs.push(("Spill (Disk)", format::bytes_ui(metrics.disk_bytes_spilled)));
    }
    pairs.push(("Resource Profile Id", info.resource_profile_id.to_string()));
    let error = info.failure_reason.clone().map(|reason| view! { <pre class="errtext">{reason}</pre> });
    view! {
        <div>
            <div class="ph">
                <nav class="crumb" aria-label="Breadcrumb">{jobs}"/"</nav>
                <h2>{format!("Details for Stage {} ", info.stage_id)}<small>{format!("(Attempt {})", info.attempt)}</small></h2>
                {state}
                <span class="small muted">{info.name.clone()}</span>
                {attempts}
            </div>
        </div>
        {tiles(None, pairs)}
        {error}
    }
    .into_any()
}

fn skew_callout(store: &AppStatusStore, skew: Skew, tasks: TableState) -> AnyView {
    let Skew { index, run, read, input, idle_threads, threads, idle, .. } = skew;
    let mut facts = vec![];
    if let Some(run) = run {
        facts.push(format!("ran {run:.1}× the median"));
    }
    if let Some(read) = read {
        facts.push(format!("read {read:.1}× the median"));
    }
    if let Some(input) = input {
        facts.push(format!("had {input:.1}× the median input"));
    }
    let mut sentence = format!(" It {}", facts.join(" and "));
    if idle_threads > 0 && idle > 0 {
        sentence
            .push_str(&format!(", so {idle_threads} of {threads} threads were idle for {}", format::duration(idle)));
    }
    sentence.push_str(". ");
    let advice = if read.is_some() {
        let key = "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes";
        let value = store.environment.spark_properties.get(key).cloned().unwrap_or_else(|| "default 256 MB".into());
        view! {
            "One reduce partition is much larger than the others: all rows of a key land in one partition. Salt the key, or turn on AQE and lower "
            <code>{key}</code>{format!(" ({value}).")}
        }
        .into_any()
    } else if input.is_some() {
        view! {
            "Its split of the input is much larger. Lower "<code>"spark.sql.files.maxPartitionBytes"</code>", or use files that can be split."
        }
        .into_any()
    } else {
        view! { "It read no more than the others: its rows take longer to compute, or its thread had less of the processor." }.into_any()
    };
    let show = move |_| {
        // By duration, the longest first: the task is then the first row.
        tasks.sort_by(DURATION_COLUMN, true);
        tasks.show_row(0);
        let row = crate::host::document()
            .and_then(|document| document.query_selector("[data-testid=tasks-table]").ok().flatten());
        if let Some(row) = row {
            row.scroll_into_view();
        }
    };
    let button = view! { <button class="btn small" on:click=show>{format!("Show task {index}")}</button> }.into_any();
    let content = view! { <b>{format!("Task {index} holds the stage back.")}</b>{sentence}{advice} }.into_any();
    callout(Some("skew-callout"), true, content, button)
}

type Metric = fn(&TaskData, &TaskMetrics) -> i64;

/// A row of the summary table: name, the value, its unit, its second value (records), the key of what may be unmeasured.
struct MetricRow {
    name: &'static str,
    value: Metric,
    records: Option<Metric>,
    unit: Unit,
    measured: &'static str,
    always: bool,
}

fn metric_rows() -> Vec<MetricRow> {
    let millis = |name, value: Metric, measured, always| MetricRow {
        name,
        value,
        records: None,
        unit: Unit::Millis,
        measured,
        always,
    };
    let bytes = |name, value: Metric, records, measured| MetricRow {
        name,
        value,
        records,
        unit: Unit::Bytes,
        measured,
        always: false,
    };
    vec![
        millis("Duration", |_, m| m.executor_run_time, "Executor Run Time", true),
        millis("GC Time", |_, m| m.jvm_gc_time, "JVM GC Time", true),
        millis("Scheduler Delay", |task, _| task.scheduler_delay().unwrap_or(0), "", false),
        millis("Task Deserialization Time", |_, m| m.executor_deserialize_time, "Executor Deserialize Time", false),
        millis("Result Serialization Time", |_, m| m.result_serialization_time, "Result Serialization Time", false),
        millis("Getting Result Time", |task, _| task.getting_result_time(), "Getting Result Time", false),
        bytes("Peak Execution Memory", |_, m| m.peak_execution_memory, None, "Peak Execution Memory"),
        bytes("Input Size / Records", |_, m| m.input.bytes_read, Some(|_, m| m.input.records_read), ""),
        bytes("Output Size / Records", |_, m| m.output.bytes_written, Some(|_, m| m.output.records_written), ""),
        millis("Shuffle Read Fetch Wait Time", |_, m| m.shuffle_read.fetch_wait_time, "Fetch Wait Time", false),
        bytes(
            "Shuffle Read Size / Records",
            |_, m| m.shuffle_read.total_bytes_read(),
            Some(|_, m| m.shuffle_read.records_read),
            "",
        ),
        bytes(
            "Shuffle Write Size / Records",
            |_, m| m.shuffle_write.bytes_written,
            Some(|_, m| m.shuffle_write.records_written),
            "",
        ),
        millis("Shuffle Write Time", |_, m| m.shuffle_write.write_time / 1_000_000, "Shuffle Write Time", false),
        bytes("Spill (memory)", |_, m| m.memory_bytes_spilled, None, "Memory Bytes Spilled"),
        bytes("Spill (disk)", |_, m| m.disk_bytes_spilled, None, "Disk Bytes Spilled"),
    ]
}

/// Rows that are shown only with *Additional metrics*, unless they say something.
const ADDITIONAL: [&str; 5] = [
    "Task Deserialization Time",
    "Result Serialization Time",
    "Getting Result Time",
    "Shuffle Write Time",
    "Peak Execution Memory",
];

fn show(value: i64, unit: Unit) -> String {
    match unit {
        Unit::Millis => format::task_duration(value),
        Unit::Bytes => format::bytes_ui(value),
    }
}

fn summary_metrics(store: &AppStatusStore, stage: &StageData, additional: bool) -> AnyView {
    let rows: Vec<AnyView> = metric_rows()
        .into_iter()
        .filter_map(|row| {
            let values = stage.quantiles(&QUANTILES, row.value);
            let records = row.records.map(|records| stage.quantiles(&QUANTILES, records)).unwrap_or_default();
            let says_something = values.iter().chain(&records).any(|value| *value > 0);
            let is_extra = ADDITIONAL.contains(&row.name);
            let shown = row.always
                || row.name == "Scheduler Delay"
                || (says_something && !is_extra)
                || (additional && is_extra);
            if !shown || values.is_empty() {
                return None;
            }
            let measured = row.measured.is_empty() || store.is_measured(row.measured);
            let hot =
                values.get(2).zip(values.get(4)).and_then(|(median, max)| skew::times_median(*median, *max, row.unit));
            // A spill of few tasks has a median of 0.
            let few = row.name.starts_with("Spill") && values.get(2) == Some(&0) && values.get(4) > Some(&0);
            let cells: Vec<AnyView> = values
                .iter()
                .enumerate()
                .map(|(at, value)| {
                    let words = match (measured, records.get(at)) {
                        (false, _) => UNMEASURED.to_string(),
                        (true, Some(records)) => format!("{} / {}", show(*value, row.unit), format::number(*records)),
                        (true, None) => show(*value, row.unit),
                    };
                    let note = match (at, hot) {
                        (4, Some(times)) => Some(format!(" {times:.1}× median")),
                        (4, None) if few => {
                            let count =
                                stage.successful_values(row.value).into_iter().filter(|value| *value > 0).count();
                            Some(format!(" {count} task{}", if count == 1 { "" } else { "s" }))
                        }
                        _ => None,
                    };
                    let class = if note.is_some() { "n hotc" } else { "n" };
                    view! { <td class=class>{words}{note.map(|note| view! { <small>{note}</small> })}</td> }.into_any()
                })
                .collect();
            Some(view! { <tr data-skew=hot.is_some().then_some("true")><td>{row.name}</td>{cells}</tr> }.into_any())
        })
        .collect();
    if rows.is_empty() {
        return view! { <p class="small muted" data-testid="summary-metrics">"No task has completed yet."</p> }
            .into_any();
    }
    view! {
        <div class="tw" tabindex="0" role="region" aria-label="Summary metrics">
            <table class="t sticky" data-testid="summary-metrics">
                <thead>
                    <tr>
                        <th scope="col">"Metric"</th>
                        {["Min", "25th percentile", "Median", "75th percentile", "Max"].map(|name| view! { <th scope="col" class="n">{name}</th> })}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn executor_table(store: &AppStatusStore, stage: &StageData, state: TableState) -> AnyView {
    type Item<'a> = (&'a kindling_events::ExecutorId, &'a kindling_status::ExecutorStageSummary);
    let id_key = |item: &Item| match item.0.as_str().parse::<i64>() {
        Ok(id) => Key::int(id),
        Err(_) => Key::opt(None),
    };
    let address =
        move |item: &Item| text(store.executors.get(item.0).map(|own| own.host_port.clone()).unwrap_or_default());
    let mut columns: Vec<Column<Item>> = vec![
        Column::new("Executor ID", "", |item: &Item| text(item.0.to_string())).by(id_key),
        Column::new("Address", "", address),
        Column::new("Task Time", "n", |item: &Item| text(format::duration(item.1.task_time)))
            .by(|item| Key::int(item.1.task_time)),
        Column::int("Total Tasks", |item: &Item| {
            i64::from(item.1.succeeded_tasks + item.1.failed_tasks + item.1.killed_tasks)
        }),
        Column::int("Failed Tasks", |item: &Item| item.1.failed_tasks.into()),
        Column::int("Killed Tasks", |item: &Item| item.1.killed_tasks.into()),
        Column::int("Succeeded Tasks", |item: &Item| item.1.succeeded_tasks.into()),
        Column::new("Excluded", "", |item: &Item| text(item.1.is_excluded_for_stage.to_string())),
    ];
    let total = &stage.metrics;
    let mut size = |title: &'static str, bytes: fn(&TaskMetrics) -> i64, records: fn(&TaskMetrics) -> i64| {
        if bytes(total) > 0 || records(total) > 0 {
            let cell = move |item: &Item| text(bytes_records(bytes(&item.1.metrics), records(&item.1.metrics)));
            columns.push(Column::new(title, "n", cell).by(move |item| Key::int(bytes(&item.1.metrics))));
        }
    };
    size("Input Size / Records", |m| m.input.bytes_read, |m| m.input.records_read);
    size("Output Size / Records", |m| m.output.bytes_written, |m| m.output.records_written);
    size("Shuffle Read Size / Records", |m| m.shuffle_read.total_bytes_read(), |m| m.shuffle_read.records_read);
    size("Shuffle Write Size / Records", |m| m.shuffle_write.bytes_written, |m| m.shuffle_write.records_written);
    if total.memory_bytes_spilled > 0 || total.disk_bytes_spilled > 0 {
        columns.push(Column::new("Spill (Memory)", "n", |item: &Item| {
            text(format::bytes_ui(item.1.metrics.memory_bytes_spilled))
        }));
        columns.push(Column::new("Spill (Disk)", "n", |item: &Item| {
            text(format::bytes_ui(item.1.metrics.disk_bytes_spilled))
        }));
    }
    table("t", columns, stage.executor_summaries.iter().collect(), |_| RowAttrs::default(), state)
}

/// Position of the Duration column, by which *Show task* sorts.
const DURATION_COLUMN: usize = 7;

fn task_table(store: &AppStatusStore, stage: &StageData, now: i64, skewed: Option<i64>, state: TableState) -> AnyView {
    let run_time = move |task: &TaskData| match task.metrics.as_deref() {
        Some(metrics) => metrics.executor_run_time,
        None => task.wall_time(now),
    };
    let status = |task: &&TaskData| {
        let (kind, word) = match task.info.status() {
            "RUNNING" => ("run", "RUNNING"),
            "GET RESULT" => ("run", "GET RESULT"),
            "SUCCESS" => ("ok", "SUCCESS"),
            "KILLED" => ("warn", "KILLED"),
            _ => ("bad", "FAILED"),
        };
        badge(kind, word)
    };
    let gc_measured = store.is_measured("JVM GC Time");
    let mut columns: Vec<Column<&TaskData>> = vec![
        Column::int("Index", |task: &&TaskData| task.info.index.into()),
        Column::int("Task ID", |task: &&TaskData| task.info.task_id.0),
        Column::new("Attempt", "n", |task: &&TaskData| {
            text(format!("{}{}", task.info.attempt, if task.info.speculative { " (speculative)" } else { "" }))
        }),
        Column::new("Status", "", status).by(|task| Key::Text(task.info.status().to_string())),
        Column::new("Locality level", "", |task: &&TaskData| text(task.info.locality.as_str())),
        Column::new("Executor ID", "", |task: &&TaskData| text(task.info.executor_id.to_string()))
            .by(|task| Key::Text(task.info.executor_id.to_string())),
        Column::new("Launch Time", "", |task: &&TaskData| text(format::date_time(task.info.launch_time, zone())))
            .by(|task| Key::int(task.info.launch_time)),
        Column::new("Duration", "n", move |task: &&TaskData| text(format::task_duration(run_time(task))))
            .by(move |task| Key::int(run_time(task))),
        Column::new("GC Time", "n", move |task: &&TaskData| match task.metrics.as_deref() {
            Some(metrics) if gc_measured => text(format::task_duration(metrics.jvm_gc_time)),
            _ => text(UNMEASURED),
        }),
    ];
    let total = &stage.metrics;
    let mut size = |title: &'static str, bytes: fn(&TaskMetrics) -> i64, records: fn(&TaskMetrics) -> i64| {
        if bytes(total) > 0 || records(total) > 0 {
            let cell = move |task: &&TaskData| match task.metrics.as_deref() {
                Some(metrics) => text(bytes_records(bytes(metrics), records(metrics))),
                None => text(UNMEASURED),
            };
            columns.push(Column::new(title, "n", cell).by(move |task| Key::opt(task.metrics.as_deref().map(bytes))));
        }
    };
    size("Input Size / Records", |m| m.input.bytes_read, |m| m.input.records_read);
    size("Output Size / Records", |m| m.output.bytes_written, |m| m.output.records_written);
    size("Shuffle Read Size / Records", |m| m.shuffle_read.total_bytes_read(), |m| m.shuffle_read.records_read);
    size("Shuffle Write Size / Records", |m| m.shuffle_write.bytes_written, |m| m.shuffle_write.records_written);
    if total.memory_bytes_spilled > 0 || total.disk_bytes_spilled > 0 {
        let spill = |title: &'static str, value: fn(&TaskMetrics) -> i64| {
            Column::new(title, "n", move |task: &&TaskData| {
                text(task.metrics.as_deref().map_or(UNMEASURED.to_string(), |metrics| format::bytes_ui(value(metrics))))
            })
            .by(move |task| Key::opt(task.metrics.as_deref().map(value)))
        };
        columns.push(spill("Spill (Memory)", |m| m.memory_bytes_spilled));
        columns.push(spill("Spill (Disk)", |m| m.disk_bytes_spilled));
    }
    columns.push(Column::new("Errors", "wrap", |task: &&TaskData| {
        let Some(error) = task.error_message.clone() else { return none() };
        let first = clip(error.lines().next().unwrap_or(""), 120);
        if first == error {
            return text(error);
        }
        view! { <details><summary>{first}</summary><pre class="errtext">{error}</pre></details> }.into_any()
    }));
    let attrs = move |task: &&TaskData| RowAttrs {
        testid: "task-row",
        class: if skewed == Some(task.info.task_id.0) { "hot" } else { "" },
        task: Some(task.info.index),
        state: Some(task.info.status()),
        skew: skewed == Some(task.info.task_id.0),
        ..Default::default()
    };
    let inner = table("t sticky", columns, stage.tasks.values().collect(), attrs, state);
    view! { <div data-testid="tasks-table">{inner}</div> }.into_any()
}

//! Executors: a card each, with what it does now and the way to kill it; Spark's tables below.

use kindling_events::ExecutorId;
use kindling_status::{AppStatusStore, ExecutorSummary, TaskData, format};
use leptos::prelude::*;

use crate::{
    shell::icon::Icon,
    spark::{
        SparkFeed,
        panel::PanelActions,
        table::{Column, Key, RowAttrs, TableState, table, text},
        widgets::{UNMEASURED, badge, callout, empty, none, section},
    },
};

/// The page.
#[component]
pub fn Executors(feed: SparkFeed) -> impl IntoView {
    let rows = TableState::sorted(feed, "executors", 0, false);
    let totals = TableState::sorted(feed, "executors/totals", 99, false);
    let asking = RwSignal::new(None::<ExecutorId>);
    let actions = use_context::<PanelActions>();
    let kill = move || actions.and_then(|actions| actions.kill_executor).filter(|_| feed.is_live());
    view! {
        <div class="page" data-testid="page-executors">
            <div class="ph"><h2>"Executors"</h2></div>
            {move || {
                let now = feed.now();
                feed.with(|store| {
                    if store.executors.is_empty() {
                        return empty("No executors yet", text("They start with the engine."));
                    }
                    let cards: Vec<AnyView> = store
                        .executors
                        .values()
                        .filter(|executor| !executor.id.is_driver() || executor.info.total_cores > 0)
                        .map(|executor| card(store, executor, now, kill(), asking))
                        .collect();
                    let hint = kill().map(|_| {
                        let content = view! {
                            <b>"Try it while a job runs."</b>
                            " Killing an executor loses its shuffle blocks and cached partitions. Spark re-runs only the tasks whose output is missing; a task lost this way does not count towards "
                            <code>"spark.task.maxFailures"</code>"."
                        };
                        callout(None, false, content.into_any(), none())
                    });
                    let gc = store.is_measured("JVM GC Time");
                    let all: Vec<&ExecutorSummary> = store.executors.values().collect();
                    view! {
                        <div class="execs">{cards}</div>
                        {section("Summary", none(), summary_table(&all, gc, totals))}
                        {section("Executors", none(), executor_table(all, gc, rows))}
                        {hint}
                    }
                    .into_any()
                })
            }}
        </div>
    }
}

fn running<'a>(store: &'a AppStatusStore, id: &ExecutorId) -> Vec<(i32, &'a TaskData, Option<i64>)> {
    let stages = store.stages.values().filter(|stage| stage.num_active_tasks > 0);
    let mut tasks: Vec<(i32, &TaskData, Option<i64>)> = stages
        .flat_map(|stage| {
            // How long the others took says how far a task may be.
            let median = stage.quantiles(&[0.5], |task, _| task.wall_time(0)).first().copied();
            stage.tasks.values().map(move |task| (stage.info.stage_id.0, task, median))
        })
        .filter(|(_, task, _)| task.is_running() && task.info.executor_id == *id)
        .collect();
    tasks.sort_by_key(|(_, task, _)| task.info.task_id);
    tasks
}

fn card(
    store: &AppStatusStore,
    executor: &ExecutorSummary,
    now: i64,
    kill: Option<Callback<String>>,
    asking: RwSignal<Option<ExecutorId>>,
) -> AnyView {
    let id = executor.id.clone();
    let tasks = running(store, &id);
    let threads: Vec<AnyView> = (0..executor.info.total_cores.max(tasks.len() as i32))
        .map(|thread| {
            let (share, word) = match tasks.get(thread as usize) {
                _ if !executor.is_active => (0.0, "lost".to_string()),
                Some((stage, task, median)) => {
                    let share = median.map_or(1.0, |median| task.wall_time(now) as f64 / median.max(1) as f64);
                    (share.min(1.0), format!("task {stage}.{}", task.info.index))
                }
                None => (0.0, "idle".to_string()),
            };
            view! {
                <div class="thr">
                    <span>{format!("thread {thread}")}</span>
                    <div class="bd"><i style=format!("--p:{:.0}%", share * 100.0)></i></div>
                    <b>{word}</b>
                </div>
            }
            .into_any()
        })
        .collect();
    let memory = match executor.max_memory {
        Some(max) if executor.is_active => {
            let share = 100.0 * executor.memory_used as f64 / max.max(1) as f64;
            // Only heartbeats tell of execution memory; without one there is nothing to show.
            let peak = executor.peak_memory_metrics.get("OnHeapExecutionMemory");
            let peak_share = 100.0 * peak as f64 / max.max(1) as f64;
            let execution = (peak > 0).then(|| {
                view! {
                    <i class="sw" style="background:var(--ember-fill)"></i>
                    {format!("peak execution {}, ", format::bytes_ui(peak))}
                }
            });
            view! {
                <div class="membar">
                    <i class="e" style=format!("--p:{peak_share:.0}%")></i>
                    <i class="st" style=format!("--p:{share:.0}%")></i>
                </div>
                <span>
                    {execution}
                    <i class="sw" style="background:var(--info-fill)"></i>
                    {format!("storage {}, of {}", format::bytes_ui(executor.memory_used), format::bytes_ui(max))}
                </span>
            }
            .into_any()
        }
        _ => {
            let reason = executor.remove_reason.clone().unwrap_or_default();
            view! { <div class="membar"></div><span>{reason}</span> }.into_any()
        }
    };
    let name = if id.is_driver() { "Driver".to_string() } else { format!("Executor {id}") };
    let can_kill = kill.filter(|_| executor.is_active && !id.is_driver());
    let button = can_kill.map(|_| {
        let ask = id.clone();
        let open = id.clone();
        view! {
            <button
                class="btn small danger"
                data-testid="kill-executor"
                aria-label=format!("Kill executor {id}")
                aria-expanded=move || (asking.get().as_ref() == Some(&open)).to_string()
                on:click=move |_| asking.set(Some(ask.clone()))
            >
                <Icon name="kill" small=true/>
                "Kill"
            </button>
        }
    });
    let confirm = can_kill
        .filter(|_| asking.get().as_ref() == Some(&id))
        .map(|kill| confirmation(store, executor, tasks.len(), kill, asking));
    let (dot, state) = if executor.is_active {
        (if tasks.is_empty() { "dot" } else { "dot run" }, badge("ok", "Active"))
    } else {
        ("dot bad", badge("bad", "Dead"))
    };
    view! {
        <article
            class=if executor.is_active { "exec" } else { "exec dead" }
            data-testid="executor-card"
            data-state=if executor.is_active { "active" } else { "dead" }
            data-executor-id=id.to_string()
        >
            <header>
                <i class=dot></i>
                <b>{name}</b>
                {state}
                <span class="spacer"></span>
                {button}
            </header>
            {threads}
            <div class="memrow">{memory}</div>
            {confirm}
        </article>
    }
    .into_any()
}

/// What is lost, and the last chance to keep it.
fn confirmation(
    store: &AppStatusStore,
    executor: &ExecutorSummary,
    running: usize,
    kill: Callback<String>,
    asking: RwSignal<Option<ExecutorId>>,
) -> AnyView {
    let id = executor.id.to_string();
    let outputs: i32 = store
        .stages
        .values()
        .filter(|stage| stage.metrics.shuffle_write.bytes_written > 0)
        .filter_map(|stage| stage.executor_summaries.get(&executor.id))
        .map(|summary| summary.succeeded_tasks)
        .sum();
    let plural = |count: i64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let words = format!(
        " Its {} {}, the outputs of {} and {} are lost. Spark recomputes them from lineage; the cell keeps running.",
        plural(running as i64, "running task"),
        if running == 1 { "fails" } else { "fail" },
        plural(outputs.into(), "map task"),
        plural(executor.rdd_blocks.into(), "cached partition"),
    );
    let name = format!("Kill executor {id}");
    let question = format!("{name}?");
    let label = question.clone();
    view! {
        <div class="pop" role="alertdialog" aria-label=label on:keydown=move |event| {
            if event.key() == "Escape" {
                event.stop_propagation();
                asking.set(None);
            }
        }>
            <p><b>{question}</b>{words}</p>
            <div>
                <button class="btn small" autofocus on:click=move |_| asking.set(None)>"Cancel"</button>
                <button
                    class="btn small danger"
                    data-testid="kill-executor-confirm"
                    on:click=move |_| {
                        asking.set(None);
                        kill.run(id.clone());
                    }
                >
                    {name}
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// The columns that a single executor and a sum of executors share.
struct Totals {
    name: String,
    rdd_blocks: i64,
    memory_used: i64,
    max_memory: i64,
    disk_used: i64,
    cores: i64,
    active: i64,
    failed: i64,
    complete: i64,
    total: i64,
    time: i64,
    gc: i64,
    input: i64,
    read: i64,
    write: i64,
    excluded: i64,
}

impl Totals {
    fn sum(name: String, executors: &[&ExecutorSummary]) -> Totals {
        let sum = |value: fn(&ExecutorSummary) -> i64| executors.iter().map(|executor| value(executor)).sum();
        Totals {
            name,
            rdd_blocks: sum(|e| e.rdd_blocks.into()),
            memory_used: sum(|e| e.memory_used),
            max_memory: sum(|e| e.max_memory.unwrap_or(0)),
            disk_used: sum(|e| e.disk_used),
            cores: sum(|e| e.info.total_cores.into()),
            active: sum(|e| e.active_tasks.into()),
            failed: sum(|e| e.failed_tasks.into()),
            complete: sum(|e| e.completed_tasks.into()),
            total: sum(|e| e.total_tasks.into()),
            time: sum(|e| e.total_duration),
            gc: sum(|e| e.total_gc_time),
            input: sum(|e| e.total_input_bytes),
            read: sum(|e| e.total_shuffle_read),
            write: sum(|e| e.total_shuffle_write),
            excluded: sum(|e| e.is_excluded.into()),
        }
    }
}

fn total_columns<'a>(gc_measured: bool) -> Vec<Column<'a, Totals>> {
    let size = |title: &'static str, value: fn(&Totals) -> i64| {
        Column::new(title, "n", move |own: &Totals| text(format::bytes_ui(value(own))))
            .by(move |own| Key::int(value(own)))
    };
    vec![
        Column::int("RDD Blocks", |own: &Totals| own.rdd_blocks),
        Column::new("Storage Memory", "n", |own: &Totals| {
            text(format!("{} / {}", format::bytes_ui(own.memory_used), format::bytes_ui(own.max_memory)))
        })
        .by(|own| Key::int(own.memory_used)),
        size("Disk Used", |own| own.disk_used),
        Column::int("Cores", |own: &Totals| own.cores),
        Column::int("Active Tasks", |own: &Totals| own.active),
        Column::int("Failed Tasks", |own: &Totals| own.failed),
        Column::int("Complete Tasks", |own: &Totals| own.complete),
        Column::int("Total Tasks", |own: &Totals| own.total),
        Column::new("Task Time (GC Time)", "n", move |own: &Totals| {
            let gc = if gc_measured { format::duration(own.gc) } else { UNMEASURED.to_string() };
            text(format!("{} ({gc})", format::duration(own.time)))
        })
        .by(|own| Key::int(own.time)),
        size("Input", |own| own.input),
        size("Shuffle Read", |own| own.read),
        size("Shuffle Write", |own| own.write),
    ]
}

fn summary_table(all: &[&ExecutorSummary], gc: bool, state: TableState) -> AnyView {
    let (active, dead): (Vec<&ExecutorSummary>, Vec<&ExecutorSummary>) =
        all.iter().copied().partition(|own| own.is_active);
    let rows = vec![
        Totals::sum(format!("Active({})", active.len()), &active),
        Totals::sum(format!("Dead({})", dead.len()), &dead),
        Totals::sum(format!("Total({})", all.len()), all),
    ];
    let mut columns = vec![Column::new("State", "", |own: &Totals| view! { <b>{own.name.clone()}</b> }.into_any())];
    columns.extend(total_columns(gc));
    columns.push(Column::int("Excluded", |own: &Totals| own.excluded));
    table("t sticky", columns, rows, |_| RowAttrs::default(), state)
}

fn executor_table(all: Vec<&ExecutorSummary>, gc: bool, state: TableState) -> AnyView {
    type Item<'a> = (&'a ExecutorSummary, Totals);
    let items: Vec<Item> = all.into_iter().map(|own| (own, Totals::sum(own.id.to_string(), &[own]))).collect();
    let key = |item: &Item| Key::opt(item.0.id.as_str().parse::<i64>().ok());
    let state_of = |item: &Item| match (item.0.is_active, item.0.is_excluded) {
        (true, false) => badge("ok", "Active"),
        (true, true) => badge("warn", "Excluded"),
        (false, _) => badge("bad", "Dead"),
    };
    let mut columns: Vec<Column<Item>> = vec![
        Column::new("Executor ID", "", |item: &Item| text(item.1.name.clone())).by(key),
        Column::new("Address", "", |item: &Item| text(item.0.host_port.clone())),
        Column::new("Status", "", state_of),
    ];
    columns.extend(total_columns(gc).into_iter().map(|column| column.over(|item: &Item| &item.1)));
    columns.push(Column::new("Removed", "wrap", |item: &Item| text(item.0.remove_reason.clone().unwrap_or_default())));
    let attrs = |item: &Item| RowAttrs {
        testid: "executor-row",
        class: if item.0.is_active { "" } else { "gone" },
        state: Some(if item.0.is_active { "active" } else { "dead" }),
        ..Default::default()
    };
    table("t sticky", columns, items, attrs, state)
}

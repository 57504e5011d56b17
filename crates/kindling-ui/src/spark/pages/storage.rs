//! Storage: cached RDDs, and where the partitions of one are.

use kindling_events::RddId;
use kindling_status::{AppStatusStore, RddStorage, format};
use leptos::prelude::*;

use crate::spark::{
    SparkFeed,
    table::{Column, Key, RowAttrs, TableState, table, text},
    widgets::{callout, empty, none, progress, section},
};

/// The page.
#[component]
pub fn Storage(feed: SparkFeed) -> impl IntoView {
    let state = TableState::sorted(feed, "storage", 0, false);
    let chosen = feed.kept("storage/chosen", || None::<i32>);
    view! {
        <div class="page" data-testid="page-storage">
            <div class="ph"><h2>"Storage"</h2></div>
            {move || {
                feed.with(|store| {
                    let rdds: Vec<&RddStorage> = store.rdds.values().filter(|rdd| !rdd.partitions.is_empty()).collect();
                    if rdds.is_empty() {
                        let hint = view! { "Keep a DataFrame in memory with "<code>"df.cache()"</code>" and run an action on it." };
                        return empty("No cached data", hint.into_any());
                    }
                    let shown = chosen.get().and_then(|id| rdds.iter().find(|rdd| rdd.id.0 == id)).or(rdds.first()).copied();
                    let detail = shown.map(|rdd| detail(store, rdd)).unwrap_or_else(none);
                    view! { {section("RDDs", none(), rdd_table(rdds, chosen, state))}{detail} }.into_any()
                })
            }}
        </div>
    }
}

fn rdd_table(rdds: Vec<&RddStorage>, chosen: RwSignal<Option<i32>>, state: TableState) -> AnyView {
    let name = move |rdd: &&RddStorage| {
        let RddId(id) = rdd.id;
        let short = rdd.name.lines().next().unwrap_or("").to_string();
        view! { <button class="linkish" title=rdd.name.clone() on:click=move |_| chosen.set(Some(id))>{crate::spark::html::clip(&short, 60)}</button> }
            .into_any()
    };
    let fraction = |rdd: &&RddStorage| {
        let cached = rdd.num_cached_partitions();
        let percent = 100 * i64::from(cached) / i64::from(rdd.num_partitions.max(1));
        progress(cached, 0, rdd.num_partitions, false, format!("{percent}%"))
    };
    let columns = vec![
        Column::new("ID", "n", |rdd: &&RddStorage| text(rdd.id.to_string())).by(|rdd| Key::int(rdd.id.0.into())),
        Column::new("RDD Name", "", name).by(|rdd| Key::Text(rdd.name.clone())),
        Column::new("Storage Level", "", |rdd: &&RddStorage| text(rdd.storage_level.description())),
        Column::int("Cached Partitions", |rdd: &&RddStorage| rdd.num_cached_partitions().into()),
        Column::new("Fraction Cached", "", fraction),
        Column::new("Size in Memory", "n", |rdd: &&RddStorage| text(format::bytes_ui(rdd.memory_used())))
            .by(|rdd| Key::int(rdd.memory_used())),
        Column::new("Size on Disk", "n", |rdd: &&RddStorage| text(format::bytes_ui(rdd.disk_used())))
            .by(|rdd| Key::int(rdd.disk_used())),
    ];
    let attrs = |rdd: &&RddStorage| RowAttrs {
        testid: "storage-row",
        class: if rdd.partitions.values().any(|partition| partition.evicted) { "hot" } else { "" },
        ..Default::default()
    };
    table("t", columns, rdds, attrs, state)
}

fn detail(store: &AppStatusStore, rdd: &RddStorage) -> AnyView {
    let evicted = rdd.partitions.values().filter(|partition| partition.evicted).count();
    let note = if evicted > 0 {
        let content = view! {
            <b>{format!("{evicted} of {} partitions are gone.", rdd.num_partitions)}</b>
            " Reading them computes them again. Use "<code>"MEMORY_AND_DISK"</code>", or give storage more room with "
            <code>"spark.memory.storageFraction"</code>"."
        };
        callout(None, true, content.into_any(), none())
    } else {
        none()
    };
    // A large RDD would be a wall of boxes.
    let boxes: Vec<AnyView> = (0..rdd.num_partitions.min(512))
        .map(|at| {
            let block = format!("rdd_{}_{at}", rdd.id);
            match rdd.partitions.get(&at) {
                Some(partition) if !partition.executors.is_empty() => {
                    let on: Vec<String> = partition.executors.keys().map(|id| format!("executor {id}")).collect();
                    let class = if partition.memory_used() > 0 { "" } else { "disk" };
                    let size = format::bytes_ui(partition.memory_used() + partition.disk_used());
                    view! { <div class=class><b>{block}</b>{size}<br/>{on.join(", ")}</div> }.into_any()
                }
                Some(_) => view! { <div class="miss"><b>{block}</b>"evicted"<br/>"recompute"</div> }.into_any(),
                None => view! { <div class="miss"><b>{block}</b>"not cached"</div> }.into_any(),
            }
        })
        .collect();
    let legend = view! {
        <span class="spacer"></span>
        <span class="legend">
            <span><i style="background:var(--ok-line)"></i>"in memory"</span>
            <span><i style="background:var(--info-line)"></i>"on disk"</span>
            <span><i style="border:1px dashed var(--control)"></i>"not cached"</span>
        </span>
    };
    let executors = rdd.by_executor();
    let rows: Vec<_> = executors
        .iter()
        .map(|(id, (memory, disk))| {
            let executor = store.executors.get(id);
            let left = executor.and_then(|own| Some(own.max_memory? - own.memory_used));
            let left = left.map(|left| format!(" ({} Remaining)", format::bytes_ui(left.max(0)))).unwrap_or_default();
            view! {
                <tr>
                    <td>{executor.map(|own| own.host_port.clone()).unwrap_or_else(|| id.to_string())}</td>
                    <td class="n">{format!("{}{left}", format::bytes_ui(*memory))}</td>
                    <td class="n">{format::bytes_ui(0)}</td>
                    <td class="n">{format::bytes_ui(*disk)}</td>
                </tr>
            }
        })
        .collect();
    let heads = ["Host", "On Heap Memory Usage", "Off Heap Memory Usage", "Disk Usage"];
    let distribution = view! {
        <div class="tw" tabindex="0" role="region" aria-label="Data distribution">
            <table class="t">
                <thead><tr>{heads.map(|name| view! { <th scope="col" class=if name == "Host" { "" } else { "n" }>{name}</th> })}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    };
    let title = format!("RDD {}: {} partitions", rdd.id, rdd.num_partitions);
    let count = executors.len();
    view! {
        {note}
        {section(title, legend.into_any(), view! { <div class="parts" data-testid="partition-map">{boxes}</div> }.into_any())}
        {section(format!("Data Distribution on {count} Executors"), none(), distribution.into_any())}
    }
    .into_any()
}

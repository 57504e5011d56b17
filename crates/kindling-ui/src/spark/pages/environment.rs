//! Environment: runtime, settings, resource profiles, system properties.

use std::collections::BTreeMap;

use kindling_events::ExecutionId;
use kindling_status::AppStatusStore;
use leptos::prelude::*;

use crate::spark::{
    SparkFeed, SparkRoute,
    table::text,
    widgets::{empty, find, link, none, section},
};

/// The page.
#[component]
pub fn Environment(feed: SparkFeed) -> impl IntoView {
    let search = RwSignal::new(String::new());
    view! {
        <div class="page" data-testid="page-environment">
            <div class="ph">
                <h2>"Environment"</h2>
                <span class="spacer"></span>
                {find("Search properties", "Search", None, search)}
            </div>
            {move || {
                let wanted = search.get().to_lowercase();
                feed.with(|store| {
                    if store.environment.spark_properties.is_empty() {
                        return empty("No environment yet", text("It is known once the engine has started."));
                    }
                    page(store, &wanted, search)
                })
            }}
        </div>
    }
}

fn page(store: &AppStatusStore, wanted: &str, search: RwSignal<String>) -> AnyView {
    let environment = &store.environment;
    let mut runtime = environment.runtime.clone();
    if let Some(version) = &store.application.spark_version {
        runtime.insert("Spark Version".into(), version.clone());
    }
    let changes = changed(store);
    let fixed = [("Runtime Information", &runtime), ("Spark Properties", &environment.spark_properties)];
    let folded = [
        ("Hadoop Properties", &environment.hadoop_properties),
        ("System Properties", &environment.system_properties),
        ("Metrics Properties", &environment.metrics_properties),
        ("Classpath Entries", &environment.classpath_entries),
    ];
    let mut out = vec![
        open_section("Runtime Information", &runtime, wanted),
        spark_properties(&environment.spark_properties, &changes, wanted),
    ];
    out.push(profiles(store, wanted));
    out.extend(folded.iter().map(|(title, map)| folded_section(title, map, wanted)));
    let is_match = |key: &str| key.to_lowercase().contains(wanted);
    let total = fixed.iter().chain(&folded).map(|(_, map)| matching(map, wanted).len()).sum::<usize>()
        + changes.keys().filter(|key| is_match(key)).count();
    if total == 0 {
        let clear = view! { <button class="btn small" on:click=move |_| search.set(String::new())>"Clear"</button> };
        return empty("No property matches", clear.into_any());
    }
    out.into_any()
}

fn matching(map: &BTreeMap<String, String>, wanted: &str) -> Vec<(String, String)> {
    map.iter()
        .filter(|(key, value)| key.to_lowercase().contains(wanted) || value.to_lowercase().contains(wanted))
        .map(|(key, value)| (key.clone(), redacted(key, value)))
        .collect()
}

/// Spark's own rule (`spark.redaction.regex`): what looks like a secret is not shown.
fn redacted(key: &str, value: &str) -> String {
    let key = key.to_lowercase();
    let secret = ["secret", "password", "token", "access.key", "accesskey"].iter().any(|word| key.contains(word));
    if secret { "*********(redacted)".to_string() } else { value.to_string() }
}

fn rows(pairs: Vec<(String, String)>) -> AnyView {
    let rows: Vec<_> = pairs
        .into_iter()
        .map(|(key, value)| view! { <tr><td class="mono">{key}</td><td class="mono wrap">{value}</td></tr> })
        .collect();
    view! {
        <div class="tw" tabindex="0" role="region" aria-label="Properties">
            <table class="t env">
                <thead><tr><th scope="col">"Name"</th><th scope="col">"Value"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn open_section(title: &'static str, map: &BTreeMap<String, String>, wanted: &str) -> AnyView {
    let pairs = matching(map, wanted);
    if pairs.is_empty() { none() } else { section(title, none(), rows(pairs)) }
}

/// Settings that queries ran with and that differ from what the application started with: value, and the first query
/// that had it. What the newest query no longer had is back to its default.
fn changed(store: &AppStatusStore) -> BTreeMap<String, (String, ExecutionId)> {
    let mut out: BTreeMap<String, (String, ExecutionId)> = BTreeMap::new();
    for execution in store.executions.values() {
        out.retain(|key, _| execution.modified_configs.contains_key(key));
        for (key, value) in &execution.modified_configs {
            let known = out.get(key).is_some_and(|(own, _)| own == value);
            if !known && store.environment.spark_properties.get(key) != Some(value) {
                out.insert(key.clone(), (value.clone(), execution.execution_id));
            }
        }
    }
    out
}

fn spark_properties(
    map: &BTreeMap<String, String>,
    changes: &BTreeMap<String, (String, ExecutionId)>,
    wanted: &str,
) -> AnyView {
    let is_match =
        |key: &str, value: &str| key.to_lowercase().contains(wanted) || value.to_lowercase().contains(wanted);
    let first = changes.iter().filter(|(key, (value, _))| is_match(key, value)).map(|(key, (value, query))| {
        let was = map.get(key).map_or("default".to_string(), |old| redacted(key, old));
        view! {
            <tr class="set">
                <td class="mono">{key.clone()}</td>
                <td class="mono wrap">{redacted(key, value)}" "<span class="muted">{format!("was {was}")}</span></td>
                <td>{link(SparkRoute::Query(query.0), format!("query {query}"))}</td>
            </tr>
        }
        .into_any()
    });
    let rest = matching(map, wanted).into_iter().filter(|(key, _)| !changes.contains_key(key)).map(|(key, value)| {
        view! { <tr><td class="mono">{key}</td><td class="mono wrap">{value}</td><td></td></tr> }.into_any()
    });
    let rows: Vec<AnyView> = first.chain(rest).collect();
    if rows.is_empty() {
        return none();
    }
    let count = changes.len();
    let beside = if count > 0 {
        view! { <span class="badge info">{format!("{count} changed")}</span> }.into_any()
    } else {
        none()
    };
    let table = view! {
        <div class="tw" tabindex="0" role="region" aria-label="Spark properties">
            <table class="t env">
                <thead><tr><th scope="col">"Name"</th><th scope="col">"Value"</th><th scope="col">"First seen in"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    };
    section("Spark Properties", beside, table.into_any())
}

fn folded_section(title: &'static str, map: &BTreeMap<String, String>, wanted: &str) -> AnyView {
    let pairs = matching(map, wanted);
    if pairs.is_empty() {
        return none();
    }
    let heading = format!("{title} ({})", pairs.len());
    view! { <details class="sec" open=!wanted.is_empty()><summary><h3>{heading}</h3></summary>{rows(pairs)}</details> }
        .into_any()
}

fn profiles(store: &AppStatusStore, wanted: &str) -> AnyView {
    if store.resource_profiles.is_empty() || !wanted.is_empty() {
        return none();
    }
    let pairs = store
        .resource_profiles
        .values()
        .map(|profile| {
            let executor: Vec<String> = profile
                .executor_resources
                .values()
                .filter(|request| request.amount > 0)
                .map(|request| match request.resource_name.as_str() {
                    "memory" | "offHeap" | "memoryOverhead" => {
                        format!("{} {} MB", request.resource_name, request.amount)
                    }
                    name => format!("{name} {}", request.amount),
                })
                .collect();
            let task: Vec<String> = profile
                .task_resources
                .values()
                .map(|request| format!("{} {:.1}", request.resource_name, request.amount))
                .collect();
            let contents = format!("Executor Reqs: {}. Task Reqs: {}", executor.join(", "), task.join(", "));
            (profile.resource_profile_id.to_string(), contents)
        })
        .collect();
    section("Resource Profiles", none(), rows(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(redacted("spark.hadoop.fs.s3a.secret.key", "abc"), "*********(redacted)");
        assert_eq!(redacted("spark.app.name", "abc"), "abc");
    }
}

//! What AQE changed between the initial and the final plan, in plain words and node by node.

use kindling_status::{PlanGraph, PlanNode};

use super::plan_text::without_ids;

/// What happened to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is only in the final plan.
    Added,
    /// It stands where another operator stood.
    Changed,
    /// It is only in the initial plan.
    Removed,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `SortMergeJoin became BroadcastHashJoin`.
    pub title: String,
    /// Why, as far as the metrics tell.
    pub reason: String,
    /// Nodes of the initial plan.
    pub initial: Vec<(usize, Mark)>,
    /// Nodes of the final plan.
    pub last: Vec<(usize, Mark)>,
}

/// What the plan's metrics tell, by node and metric name; none if nobody reported it.
pub type MetricOf<'a> = &'a dyn Fn(&PlanNode, &str) -> Option<i64>;

/// The changes from one plan to the other.
pub fn changes(initial: &PlanGraph, last: &PlanGraph, metric: MetricOf) -> Vec<Change> {
    let mut out = vec![];
    joins(initial, last, metric, &mut out);
    shuffle_reads(initial, last, metric, &mut out);
    let joins_changed = out.iter().any(|change| change.title.contains("became Broadcast"));
    dropped(initial, last, "Sort", joins_changed, &mut out);
    dropped(initial, last, "Exchange", joins_changed, &mut out);
    out
}

fn named<'a>(graph: &'a PlanGraph, name: &'a str) -> impl Iterator<Item = &'a PlanNode> {
    graph.nodes.iter().filter(move |node| node.name == name)
}

/// Joins are compared in the order in which the plans have them, which AQE keeps.
fn joins(initial: &PlanGraph, last: &PlanGraph, metric: MetricOf, out: &mut Vec<Change>) {
    let joins = |graph: &PlanGraph| -> Vec<PlanNode> {
        graph
            .nodes
            .iter()
            .filter(|node| node.name.ends_with("Join") || node.name == "CartesianProduct")
            .cloned()
            .collect()
    };
    let (before, after) = (joins(initial), joins(last));
    if before.len() != after.len() {
        return;
    }
    for (old, new) in before.iter().zip(&after) {
        if old.name == new.name {
            continue;
        }
        let built = inputs(last, new.id).into_iter().find(|node| node.name == "BroadcastExchange");
        let mut marks = vec![(new.id, Mark::Changed)];
        let reason = match built.and_then(|node| {
            marks.push((node.id, Mark::Added));
            map_output(last, node).and_then(|exchange| metric(exchange, "data size"))
        }) {
            Some(size) => {
                format!("One side measured {}, small enough to broadcast.", kindling_status::format::bytes_ui(size))
            }
            None => "Decided from the sizes that the map stages reported.".to_string(),
        };
        let title = format!("{} became {}", old.name, new.name);
        out.push(Change { title, reason, initial: vec![(old.id, Mark::Changed)], last: marks });
    }
}

/// The shuffle whose sizes decided: the exchange that a chain of single inputs leads to.
fn map_output<'a>(graph: &'a PlanGraph, node: &'a PlanNode) -> Option<&'a PlanNode> {
    let mut at = node;
    for _ in 0..graph.nodes.len() {
        match inputs(graph, at.id).as_slice() {
            [input] if input.name == "Exchange" => return Some(input),
            [input] => at = input,
            _ => return None,
        }
    }
    None
}

fn inputs(graph: &PlanGraph, id: usize) -> Vec<&PlanNode> {
    graph.edges.iter().filter(|(_, to)| *to == id).filter_map(|(from, _)| graph.nodes.get(*from)).collect()
}

fn shuffle_reads(initial: &PlanGraph, last: &PlanGraph, metric: MetricOf, out: &mut Vec<Change>) {
    let mut taken = vec![];
    for read in named(last, "AQEShuffleRead") {
        let exchange = inputs(last, read.id).into_iter().find(|node| node.name == "Exchange");
        let before =
            exchange.and_then(|node| metric(node, "number of partitions").or_else(|| partitions_of(&node.desc)));
        let now = metric(read, "number of partitions");
        let skewed = metric(read, "number of skewed partitions").filter(|count| *count > 0);
        let mut initial_marks = vec![];
        if let Some(exchange) = exchange {
            let is_same =
                |node: &&PlanNode| without_ids(&node.desc) == without_ids(&exchange.desc) && !taken.contains(&node.id);
            if let Some(node) = initial.nodes.iter().find(is_same) {
                taken.push(node.id);
                initial_marks.push((node.id, Mark::Changed));
            }
        }
        let written = exchange.and_then(|node| metric(node, "shuffle bytes written"));
        let sizes = written.map(|bytes| format!("The shuffle wrote {}. ", kindling_status::format::bytes_ui(bytes)));
        let sizes = sizes.unwrap_or_default();
        let (title, reason) = match (before, now, skewed) {
            (_, _, Some(count)) => {
                let splits = metric(read, "number of skewed partition splits").unwrap_or(0);
                (
                    format!("{count} skewed partition{} split", if count == 1 { " was" } else { "s were" }),
                    format!("{splits} tasks read what fewer would have read."),
                )
            }
            (Some(before), Some(now), None) if before != now => (
                format!("{before} partitions became {now}"),
                format!("{sizes}{now} task{} it.", if now == 1 { " reads all of" } else { "s read" }),
            ),
            _ if read.desc.contains("local") => {
                ("A shuffle is read where it was written".to_string(), format!("{sizes}No re-partitioning is needed."))
            }
            _ => continue,
        };
        out.push(Change { title, reason, initial: initial_marks, last: vec![(read.id, Mark::Added)] });
    }
}

/// `hashpartitioning(k#1, 16)` has 16.
fn partitions_of(desc: &str) -> Option<i64> {
    let inside = desc.split_once("partitioning(")?.1.split(')').next()?;
    inside.rsplit(',').next()?.trim().parse().ok()
}

fn dropped(initial: &PlanGraph, last: &PlanGraph, name: &str, joins_changed: bool, out: &mut Vec<Change>) {
    let kept: Vec<String> = named(last, name).map(|node| without_ids(&node.desc)).collect();
    let mut kept = kept;
    let gone: Vec<usize> = named(initial, name)
        .filter(|node| match kept.iter().position(|desc| *desc == without_ids(&node.desc)) {
            Some(at) => {
                kept.swap_remove(at);
                false
            }
            None => true,
        })
        .map(|node| node.id)
        .collect();
    if gone.is_empty() {
        return;
    }
    let what = if name == "Sort" { "sort" } else { "exchange" };
    let title = match gone.len() {
        1 => format!("One {what} was dropped"),
        2 => format!("Two {what}s were dropped"),
        count => format!("{count} {what}s were dropped"),
    };
    let reason = match (name, joins_changed) {
        ("Sort", true) => "A hash join needs no sorted input.",
        ("Exchange", true) => "A broadcast needs no shuffle of the other side.",
        _ => "The final plan does without.",
    };
    out.push(Change {
        title,
        reason: reason.to_string(),
        initial: gone.into_iter().map(|id| (id, Mark::Removed)).collect(),
        last: vec![],
    });
}

#[cfg(test)]
mod tests {
    use kindling_status::{StatusLimits, replay_event_log};

    use super::*;

    #[test]
    fn the_join_of_the_frozen_log_became_a_broadcast_join() {
        let log = include_str!("../../../kindling-events/tests/fixtures/spark-4.2.0.eventlog");
        let store = replay_event_log(log, StatusLimits::default()).store;
        let execution = &store.executions[&kindling_events::ExecutionId(1)];
        let metric = |node: &PlanNode, name: &str| {
            let metric = node.metrics.iter().find(|metric| metric.name == name)?;
            store.metric(execution, metric.accumulator_id).map(|summary| summary.total)
        };
        let found = changes(&execution.initial.graph, &execution.plan().graph, &metric);
        let titles: Vec<&str> = found.iter().map(|change| change.title.as_str()).collect();
        assert!(titles.contains(&"SortMergeJoin became BroadcastHashJoin"), "{titles:?}");
        assert!(titles.contains(&"Two sorts were dropped"), "{titles:?}");
    }

    #[test]
    fn the_partitions_of_an_exchange_are_in_its_description() {
        assert_eq!(partitions_of("Exchange hashpartitioning(k#1L, v#2, 16), ENSURE_REQUIREMENTS"), Some(16));
        assert_eq!(partitions_of("Exchange SinglePartition"), None);
    }
}

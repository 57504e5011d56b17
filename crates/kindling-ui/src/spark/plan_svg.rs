//! The plan of a query as SVG: operators from the sources down, row counts on the edges, a box per stage.

use std::collections::BTreeMap;

use kindling_events::{AccumulatorId, StageAttempt};
use kindling_status::{AppStatusStore, PlanGraph, PlanNode, SqlExecution, format, metric_text};

use super::{
    SparkRoute,
    html::{esc, go},
    layout::{Gaps, Size, place},
    plan_diff::Mark,
    plan_text::short_desc,
};

/// How a plan is to be drawn.
#[derive(Clone, Debug, Default)]
pub struct PlanView {
    /// Name of the picture.
    pub label: String,
    /// Marks and numbers of changed nodes.
    pub marks: BTreeMap<usize, (Mark, usize)>,
    /// The node whose details are open.
    pub selected: Option<usize>,
    /// What is searched for; other nodes are dimmed.
    pub search: String,
    /// Metrics inside the nodes.
    pub with_metrics: bool,
    /// Boxes around the stages, and row counts.
    pub with_stages: bool,
}

/// A drawn plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The picture.
    pub svg: String,
    /// Its size at 100 %.
    pub width: f64,
    /// Its size at 100 %.
    pub height: f64,
    /// Nodes that match the search.
    pub matches: usize,
}

/// Nodes that are drawn: not the boxes around generated code, and not the root that only says that AQE is on.
pub fn is_drawn(node: &PlanNode) -> bool {
    node.cluster.is_none() && node.name != "AdaptiveSparkPlan"
}

/// The value of a metric of a node.
pub fn metric_of(store: &AppStatusStore, execution: &SqlExecution, node: &PlanNode, name: &str) -> Option<i64> {
    let metric = node.metrics.iter().find(|metric| metric.name == name)?;
    store.metric(execution, metric.accumulator_id).map(|summary| summary.total)
}

fn rows_of(store: &AppStatusStore, execution: &SqlExecution, node: &PlanNode) -> Option<i64> {
    ["number of output rows", "shuffle records written", "records read"]
        .iter()
        .find_map(|name| metric_of(store, execution, node, name))
}

/// Whether a node's match is found by a search.
pub fn matches(node: &PlanNode, search: &str) -> bool {
    let search = search.to_lowercase();
    node.name.to_lowercase().contains(&search) || node.desc.to_lowercase().contains(&search)
}

const HEIGHT: f64 = 38.0;
const PAD: f64 = 20.0;

/// Draws a plan.
pub fn draw(store: &AppStatusStore, execution: &SqlExecution, graph: &PlanGraph, view: &PlanView) -> Drawn {
    let nodes: Vec<&PlanNode> = graph.nodes.iter().filter(|node| is_drawn(node)).collect();
    let at_of: BTreeMap<usize, usize> = nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
    let edges: Vec<(usize, usize)> =
        graph.edges.iter().filter_map(|(from, to)| Some((*at_of.get(from)?, *at_of.get(to)?))).collect();
    let groups = if view.with_stages { stage_groups(&nodes, &edges) } else { vec![0; nodes.len()] };
    let texts: Vec<(String, Vec<String>)> = nodes
        .iter()
        .map(|node| {
            let metrics = if view.with_metrics { metric_lines(store, execution, node) } else { vec![] };
            (short_desc(&node.name, &node.desc), metrics)
        })
        .collect();
    let sizes: Vec<Size> = nodes
        .iter()
        .zip(&texts)
        .map(|(node, (desc, metrics))| {
            let longest = metrics.iter().map(|line| line.chars().count()).max().unwrap_or(0).max(desc.chars().count());
            let wide = (longest as f64 * 6.2 + 18.0).max(node.name.chars().count() as f64 * 7.0 + 24.0);
            // Room for the edge of the stage that ends here, and of the one that begins below.
            let border = if view.with_stages && node.name.ends_with("Exchange") { 26.0 } else { 0.0 };
            Size { across: wide.clamp(118.0, 300.0), along: HEIGHT + 13.0 * metrics.len() as f64 + border }
        })
        .collect();
    let gaps = Gaps { across: 34.0, along: 26.0 };
    let (places, whole) = place(&sizes, &edges, gaps);
    let top = if view.with_stages { 22.0 } else { 0.0 };
    let at = |index: usize| {
        let place = places.get(index).copied().unwrap_or_default();
        let size = sizes.get(index).copied().unwrap_or(Size { across: 0.0, along: 0.0 });
        let lines = texts.get(index).map_or(0, |(_, metrics)| metrics.len());
        (place.across + PAD, place.along + PAD + top, size.across, HEIGHT + 13.0 * lines as f64)
    };
    let width = whole.across + 2.0 * PAD;
    let height = whole.along + 2.0 * PAD + top;
    let (mut svg, mut labels) = (String::new(), String::new());
    if view.with_stages {
        stage_boxes(store, execution, graph, &nodes, &edges, &groups, &at, &mut svg, &mut labels);
    }
    for (from, to) in &edges {
        let (x1, y1, w1, h1) = at(*from);
        let (x2, y2, w2, _) = at(*to);
        let (x1, y1, x2) = (x1 + w1 / 2.0, y1 + h1, x2 + w2 / 2.0);
        // Several inputs arrive side by side.
        let x2 = x2 + (x1 - x2).clamp(-20.0, 20.0);
        let bend = (y1 + y2) / 2.0;
        svg.push_str(&format!(
            "<path class=\"ge\" d=\"M{x1:.1} {y1:.1}C{x1:.1} {bend:.1} {x2:.1} {bend:.1} {x2:.1} {y2:.1}\" \
             marker-end=\"url(#arr)\"/>"
        ));
        let rows =
            view.with_stages.then(|| nodes.get(*from).and_then(|node| rows_of(store, execution, node))).flatten();
        if let Some(rows) = rows {
            let (x, y) = ((x1 + x2) / 2.0 + 6.0, bend + 3.5);
            svg.push_str(&format!("<text class=\"gl\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", format::number(rows)));
        }
    }
    svg.push_str(&labels);
    let mut found = 0;
    for (index, (node, (desc, metrics))) in nodes.iter().zip(&texts).enumerate() {
        let (x, y, w, h) = at(index);
        let is_match = !view.search.is_empty() && matches(node, &view.search);
        found += usize::from(is_match);
        let mut class = String::from("gn");
        let mark = view.marks.get(&node.id);
        match mark.map(|(mark, _)| mark) {
            Some(Mark::Added) => class.push_str(" add"),
            Some(Mark::Changed) => class.push_str(" chg"),
            Some(Mark::Removed) => class.push_str(" rem"),
            None => {}
        }
        if view.selected == Some(node.id) {
            class.push_str(" on");
        }
        if !view.search.is_empty() {
            class.push_str(if is_match { " match" } else { " dim" });
        }
        let name = esc(&node.name);
        let middle = x + w / 2.0;
        svg.push_str(&format!(
            "<g class=\"{class}\" tabindex=\"0\" role=\"button\" data-testid=\"plan-node\" data-node=\"{}\" \
             data-name=\"{name}\" aria-label=\"{name} {}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" \
             height=\"{h:.1}\" rx=\"6\"/><text x=\"{middle:.1}\" y=\"{:.1}\">{name}</text><text class=\"sm\" \
             x=\"{middle:.1}\" y=\"{:.1}\">{}</text>",
            node.id,
            esc(desc),
            y + 16.0,
            y + 30.0,
            esc(desc),
        ));
        for (line, text) in metrics.iter().enumerate() {
            let y = y + 43.0 + 13.0 * line as f64;
            svg.push_str(&format!("<text class=\"sm\" x=\"{middle:.1}\" y=\"{y:.1}\">{}</text>", esc(text)));
        }
        if let Some((_, number)) = mark {
            let (x, y) = (x + w - 3.0, y + 1.0);
            svg.push_str(&format!(
                "<circle class=\"tag\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\"/><text class=\"tagt\" x=\"{x:.1}\" \
                 y=\"{:.1}\">{number}</text>",
                y + 3.5
            ));
        }
        svg.push_str("</g>");
    }
    Drawn { svg, width, height, matches: found }
}

fn metric_lines(store: &AppStatusStore, execution: &SqlExecution, node: &PlanNode) -> Vec<String> {
    node.metrics
        .iter()
        .filter_map(|metric| {
            let summary = store.metric(execution, metric.accumulator_id)?;
            let value = metric_text(&metric.metric_type, Some(&summary));
            let value = value.rsplit('\n').next().unwrap_or(&value).split(" (").next().unwrap_or("").to_string();
            Some(format!("{}: {value}", metric.name))
        })
        .take(8)
        .collect()
}

/// The stage group of each node: a new group begins after each exchange.
fn stage_groups(nodes: &[&PlanNode], edges: &[(usize, usize)]) -> Vec<usize> {
    let ends_stage = |at: usize| nodes.get(at).is_some_and(|node| node.name.ends_with("Exchange"));
    let mut group: Vec<usize> = (0..nodes.len()).collect();
    // Nodes joined by an edge that leaves no exchange are one group.
    for _ in 0..nodes.len() {
        let mut moved = false;
        for (from, to) in edges {
            if ends_stage(*from) {
                continue;
            }
            let (Some(a), Some(b)) = (group.get(*from).copied(), group.get(*to).copied()) else { continue };
            if a != b {
                let least = a.min(b);
                for own in group.iter_mut().filter(|own| **own == a || **own == b) {
                    *own = least;
                }
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    group
}

#[expect(clippy::too_many_arguments, reason = "the parts of one drawing")]
fn stage_boxes(
    store: &AppStatusStore,
    execution: &SqlExecution,
    graph: &PlanGraph,
    nodes: &[&PlanNode],
    edges: &[(usize, usize)],
    groups: &[usize],
    at: &dyn Fn(usize) -> (f64, f64, f64, f64),
    svg: &mut String,
    labels: &mut String,
) {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(index);
    }
    let stage_of =
        |indices: &[usize]| stage_of(store, execution, graph, indices.iter().filter_map(|at| nodes.get(*at).copied()));
    // What is only collected for a broadcast ran in no tasks of its own that the metrics tell of: it is drawn with the
    // stage that it is broadcast to.
    let homeless: Vec<usize> =
        members.iter().filter(|(_, indices)| stage_of(indices).is_none()).map(|(group, _)| *group).collect();
    for group in homeless {
        let target = edges
            .iter()
            .filter(|(from, _)| groups.get(*from) == Some(&group))
            .filter_map(|(_, to)| groups.get(*to))
            .find(|to| **to != group);
        if let Some(target) = target
            && let Some(indices) = members.remove(&group)
        {
            members.entry(*target).or_default().extend(indices);
        }
    }
    for indices in members.values() {
        let Some(stage) = stage_of(indices) else { continue };
        let corners: Vec<(f64, f64, f64, f64)> = indices.iter().map(|index| at(*index)).collect();
        let left = corners.iter().map(|corner| corner.0).fold(f64::INFINITY, f64::min) - 10.0;
        let top = corners.iter().map(|corner| corner.1).fold(f64::INFINITY, f64::min) - 20.0;
        let right = corners.iter().map(|corner| corner.0 + corner.2).fold(0.0, f64::max) + 10.0;
        let bottom = corners.iter().map(|corner| corner.1 + corner.3).fold(0.0, f64::max) + 8.0;
        let data = store.stages.get(&stage);
        let tasks = data.map_or(0, |data| data.info.num_tasks);
        let plural = if tasks == 1 { "task" } else { "tasks" };
        let time = data.and_then(|data| data.duration(store.last_event_time)).map(format::duration);
        let time = time.map(|time| format!(", {time}")).unwrap_or_default();
        let route = SparkRoute::Stage { id: stage.stage_id.0, attempt: stage.attempt };
        svg.push_str(&format!(
            "<g class=\"gc\" {}><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"9\"/></g>",
            go(route),
            right - left,
            bottom - top,
        ));
        // Above the edges that enter the box.
        labels.push_str(&format!(
            "<g class=\"gc\" {}><text x=\"{:.1}\" y=\"{:.1}\">Stage {}, {tasks} {plural}{time}</text></g>",
            go(route),
            left + 8.0,
            top + 13.0,
            stage.stage_id,
        ));
    }
}

/// The stage that ran a node, by the groups that the drawing uses.
pub fn stage_of_node(
    store: &AppStatusStore,
    execution: &SqlExecution,
    graph: &PlanGraph,
    node: usize,
) -> Option<StageAttempt> {
    let nodes: Vec<&PlanNode> = graph.nodes.iter().filter(|node| is_drawn(node)).collect();
    let position = |id: usize| nodes.iter().position(|node| node.id == id);
    let edges: Vec<(usize, usize)> =
        graph.edges.iter().filter_map(|(from, to)| Some((position(*from)?, position(*to)?))).collect();
    let groups = stage_groups(&nodes, &edges);
    let own = groups.get(position(node)?)?;
    let members = nodes.iter().zip(&groups).filter(|(_, group)| *group == own).map(|(node, _)| *node);
    stage_of(store, execution, graph, members)
}

/// The stage whose tasks ran these nodes: the one that most of their own metrics were reported by.
fn stage_of<'a>(
    store: &AppStatusStore,
    execution: &SqlExecution,
    graph: &PlanGraph,
    nodes: impl Iterator<Item = &'a PlanNode>,
) -> Option<StageAttempt> {
    let mut votes: BTreeMap<StageAttempt, usize> = BTreeMap::new();
    for node in nodes {
        let cluster = node.in_cluster.and_then(|id| graph.nodes.get(id));
        // What an exchange reports is half the next stage's: only what was written is this one's.
        let own = node.metrics.iter().filter(|metric| !node.name.ends_with("Exchange") || metric.name.contains("writ"));
        let ids: Vec<AccumulatorId> =
            own.chain(cluster.into_iter().flat_map(|node| &node.metrics)).map(|metric| metric.accumulator_id).collect();
        for stage in store.stages_of_metrics(execution, &ids) {
            *votes.entry(stage).or_default() += 1;
        }
    }
    votes.into_iter().max_by_key(|(_, count)| *count).map(|(stage, _)| stage)
}

#[cfg(test)]
mod tests {
    use kindling_status::{StatusLimits, replay_event_log};

    use super::*;

    #[test]
    fn every_plan_of_the_frozen_log_is_drawn_with_its_stages() {
        let log = include_str!("../../../kindling-events/tests/fixtures/spark-4.2.0.eventlog");
        let store = replay_event_log(log, StatusLimits::default()).store;
        for execution in store.executions.values() {
            let view = PlanView { with_stages: true, ..PlanView::default() };
            let drawn = draw(&store, execution, &execution.plan().graph, &view);
            let nodes = execution.plan().graph.nodes.iter().filter(|node| is_drawn(node)).count();
            assert_eq!(drawn.svg.matches("data-testid=\"plan-node\"").count(), nodes);
            assert!(!drawn.svg.contains("NaN") && !drawn.svg.contains("inf"));
        }
        let first = &store.executions[&kindling_events::ExecutionId(0)];
        let view = PlanView { with_stages: true, search: "range".into(), ..PlanView::default() };
        let drawn = draw(&store, first, &first.plan().graph, &view);
        assert!(drawn.svg.contains("Stage 0, 4 tasks") && drawn.svg.contains("Stage 2, 1 task,"), "{}", drawn.svg);
        assert_eq!(drawn.matches, 1);
    }
}

//! The DAG of a job's stages as SVG: a box per stage, in it a node per operation scope, from left to right.

use std::collections::BTreeMap;

use kindling_events::{JobId, StageId};
use kindling_status::{AppStatusStore, StageData, StageStatus, format};

use super::{
    SparkRoute,
    html::{clip, esc, go},
    layout::{Gaps, Size, layers, place},
};

/// Height of a node; its width follows the longest word of the job.
const HEIGHT: f64 = 36.0;
const GAPS: Gaps = Gaps { across: 12.0, along: 18.0 };

/// A scope inside a stage.
struct Scope {
    name: String,
    detail: String,
    cached: bool,
}

/// A stage to draw, with its inner layout.
struct Box<'a> {
    stage: &'a StageData,
    scopes: Vec<Scope>,
    edges: Vec<(usize, usize)>,
    /// Scope of each RDD.
    scope_of: BTreeMap<i32, usize>,
}

impl<'a> Box<'a> {
    fn new(stage: &'a StageData) -> Self {
        let mut scopes: Vec<Scope> = vec![];
        let mut ids: Vec<String> = vec![];
        let mut scope_of = BTreeMap::new();
        // Parents have smaller ids, so sources come first.
        let mut rdds: Vec<_> = stage.info.rdd_infos.iter().collect();
        rdds.sort_by_key(|rdd| rdd.id);
        for rdd in &rdds {
            let (id, name) = match &rdd.scope {
                Some(scope) => (scope.id.clone(), scope.name.clone()),
                None => (format!("rdd {}", rdd.id), rdd.name.clone()),
            };
            let at = match ids.iter().position(|known| *known == id) {
                Some(at) => at,
                None => {
                    ids.push(id);
                    scopes.push(Scope { name, detail: rdd.name.clone(), cached: false });
                    scopes.len() - 1
                }
            };
            if let Some(scope) = scopes.get_mut(at) {
                scope.cached |= rdd.storage_level.is_valid();
                scope.detail.clone_from(&rdd.name);
            }
            scope_of.insert(rdd.id.0, at);
        }
        let mut edges = vec![];
        for rdd in rdds {
            for parent in &rdd.parent_ids {
                if let (Some(from), Some(to)) = (scope_of.get(&parent.0), scope_of.get(&rdd.id.0))
                    && from != to
                    && !edges.contains(&(*from, *to))
                {
                    edges.push((*from, *to));
                }
            }
        }
        Box { stage, scopes, edges, scope_of }
    }

    fn label(&self, now: i64) -> String {
        let StageData { info, status, .. } = self.stage;
        let tasks = match status {
            StageStatus::Skipped => "skipped".to_string(),
            _ => format!("{}/{} tasks", self.stage.completed_indices.len(), info.num_tasks),
        };
        let time = match status {
            StageStatus::Pending | StageStatus::Skipped => None,
            _ => self.stage.duration(now).map(format::duration),
        };
        let time = time.map(|time| format!(", {time}")).unwrap_or_default();
        format!("Stage {}, {tasks}{time}", info.stage_id)
    }
}

/// Draws the stages of a job; `current` is the stage whose page this is.
pub fn draw(store: &AppStatusStore, job: JobId, current: Option<StageId>, now: i64) -> String {
    let Some(job) = store.jobs.get(&job) else { return String::new() };
    let mut ids = job.stage_ids.clone();
    ids.sort();
    let boxes: Vec<Box> = ids.iter().filter_map(|id| store.last_attempt(*id)).map(Box::new).collect();
    let longest = boxes.iter().flat_map(|own| &own.scopes).map(|scope| scope.name.chars().count()).max().unwrap_or(0);
    let node = Size { across: HEIGHT, along: (longest as f64 * 7.4 + 14.0).clamp(92.0, 138.0) };
    let position = |id: StageId| boxes.iter().position(|own| own.stage.info.stage_id == id);
    let stage_edges: Vec<(usize, usize)> = boxes
        .iter()
        .enumerate()
        .flat_map(|(to, own)| own.stage.info.parent_ids.iter().filter_map(move |id| Some((position(*id)?, to))))
        .collect();
    let inner: Vec<_> = boxes.iter().map(|own| place(&vec![node; own.scopes.len()], &own.edges, GAPS)).collect();
    let sizes: Vec<Size> = inner
        .iter()
        .zip(&boxes)
        .map(|((_, size), own)| Size {
            across: size.across.max(node.across) + 48.0,
            along: (size.along + 24.0).max(own.label(now).chars().count() as f64 * 6.0 + 18.0),
        })
        .collect();
    let (places, whole) = place(&sizes, &stage_edges, Gaps { across: 24.0, along: 30.0 });
    let (width, height) = (whole.along + 16.0, whole.across + 20.0);
    let depth = layers(boxes.len(), &stage_edges).into_iter().max().map_or(0, |deepest| deepest + 1);
    let mut svg = format!(
        "<svg width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"group\" \
         aria-label=\"Job {}: {} stages in {depth} steps\">",
        job.job_id,
        boxes.len()
    );
    // Corner of a scope, x along the flow.
    let corner = |stage: usize, scope: usize| {
        let outer = places.get(stage).copied().unwrap_or_default();
        let own = inner.get(stage).and_then(|(places, _)| places.get(scope)).copied().unwrap_or_default();
        (outer.along + own.along + 20.0, outer.across + own.across + 24.0)
    };
    for (at, own) in boxes.iter().enumerate() {
        let (Some(place), Some(size)) = (places.get(at), sizes.get(at)) else { continue };
        let info = &own.stage.info;
        let class = if current == Some(info.stage_id) { "gc on" } else { "gc" };
        let route = SparkRoute::Stage { id: info.stage_id.0, attempt: info.attempt };
        let (x, y) = (place.along + 8.0, place.across + 10.0);
        svg.push_str(&format!(
            "<g class=\"{class}\" {} data-state=\"{}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
             rx=\"9\"{}/><text x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
            go(route),
            own.stage.status.as_str(),
            size.along,
            size.across,
            if own.stage.status == StageStatus::Skipped { " stroke-dasharray=\"4 3\"" } else { "" },
            x + 9.0,
            y + size.across - 8.0,
            esc(&own.label(now)),
        ));
    }
    let mut edge = |from: (f64, f64), to: (f64, f64)| {
        let (x1, y1) = (from.0 + node.along, from.1 + node.across / 2.0);
        let (x2, y2) = (to.0, to.1 + node.across / 2.0);
        let bend = (x1 + x2) / 2.0;
        svg.push_str(&format!(
            "<path class=\"ge\" d=\"M{x1:.1} {y1:.1}C{bend:.1} {y1:.1} {bend:.1} {y2:.1} {x2:.1} {y2:.1}\" \
             marker-end=\"url(#arr)\"/>"
        ));
    };
    for (at, own) in boxes.iter().enumerate() {
        for (from, to) in &own.edges {
            edge(corner(at, *from), corner(at, *to));
        }
    }
    for (from, to) in &stage_edges {
        let (Some(parent), Some(child)) = (boxes.get(*from), boxes.get(*to)) else { continue };
        edge(corner(*from, parent.scopes.len().saturating_sub(1)), corner(*to, entry(parent, child)));
    }
    for (at, own) in boxes.iter().enumerate() {
        for (scope_at, scope) in own.scopes.iter().enumerate() {
            let (x, y) = corner(at, scope_at);
            let middle = x + node.along / 2.0;
            let (name, detail) = (esc(&clip(&scope.name, 17)), esc(&clip(&scope.detail, 17)));
            svg.push_str(&format!(
                "<g class=\"gn still\" aria-label=\"{} {}\" role=\"img\"><title>{} {}</title><rect x=\"{x:.1}\" y=\"{y:.1}\" \
                 width=\"{:.0}\" height=\"{:.0}\" rx=\"6\"/><text x=\"{middle:.1}\" y=\"{:.1}\">{name}</text><text \
                 class=\"sm\" x=\"{middle:.1}\" y=\"{:.1}\">{detail}</text>",
                esc(&scope.name),
                esc(&scope.detail),
                esc(&scope.name),
                esc(&scope.detail),
                node.along,
                node.across,
                y + 16.0,
                y + 29.0,
            ));
            if scope.cached {
                svg.push_str(&format!(
                    "<circle class=\"cached\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\"/>",
                    x + 2.0,
                    y + 2.0
                ));
            }
            svg.push_str("</g>");
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The scope of the child that reads the parent: the one with an RDD made of one of the parent's.
fn entry(parent: &Box, child: &Box) -> usize {
    child
        .stage
        .info
        .rdd_infos
        .iter()
        .filter(|rdd| rdd.parent_ids.iter().any(|id| parent.scope_of.contains_key(&id.0)))
        .filter_map(|rdd| child.scope_of.get(&rdd.id.0))
        .min()
        .copied()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use kindling_status::{StatusLimits, replay_event_log};

    use super::*;

    #[test]
    fn every_job_of_the_frozen_log_has_a_box_per_stage() {
        let log = include_str!("../../../kindling-events/tests/fixtures/spark-4.2.0.eventlog");
        let store = replay_event_log(log, StatusLimits::default()).store;
        for job in store.jobs.values() {
            let svg = draw(&store, job.job_id, None, store.last_event_time);
            assert_eq!(svg.matches("class=\"gc\"").count(), job.stage_ids.len());
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}

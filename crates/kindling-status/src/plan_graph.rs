//! The graph of a physical plan (`SparkPlanGraph`).

use std::collections::BTreeMap;

use kindling_events::{SparkPlanInfo, SqlMetricInfo};

/// A node of the graph: an operator, or the box around a whole-stage-codegen group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanNode {
    /// Number, in pre-order from the plan's root.
    pub id: usize,
    /// `HashAggregate`.
    pub name: String,
    /// One line about it.
    pub desc: String,
    /// Its metrics.
    pub metrics: Vec<SqlMetricInfo>,
    /// Metadata of scans.
    pub metadata: BTreeMap<String, String>,
    /// For a whole-stage-codegen box, the nodes inside.
    pub cluster: Option<Vec<usize>>,
    /// The box it is in.
    pub in_cluster: Option<usize>,
}

/// The graph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanGraph {
    /// Nodes by id.
    pub nodes: Vec<PlanNode>,
    /// Data flow: from, to.
    pub edges: Vec<(usize, usize)>,
}

impl PlanGraph {
    /// The graph of a plan.
    pub fn new(plan: &SparkPlanInfo) -> Self {
        let mut builder = Builder { graph: PlanGraph::default(), exchanges: vec![] };
        builder.build(plan, None, None);
        builder.graph
    }

    /// The number of a whole-stage-codegen box: `WholeStageCodegen (3)` is 3.
    pub fn codegen_id(&self, cluster: usize) -> Option<i64> {
        let name = &self.nodes.get(cluster)?.name;
        name.split_once('(')?.1.trim_end_matches(')').trim().parse().ok()
    }
}

struct Builder<'a> {
    graph: PlanGraph,
    /// Exchanges seen so far, so that a reused one is drawn once.
    exchanges: Vec<(&'a SparkPlanInfo, usize)>,
}

impl<'a> Builder<'a> {
    fn known(&self, plan: Option<&SparkPlanInfo>) -> Option<usize> {
        let plan = plan?;
        self.exchanges.iter().find(|(known, _)| *known == plan).map(|(_, id)| *id)
    }

    fn add(&mut self, plan: &SparkPlanInfo, cluster: Option<usize>) -> usize {
        let id = self.graph.nodes.len();
        self.graph.nodes.push(PlanNode {
            id,
            name: plan.node_name.trim().to_string(),
            desc: plan.simple_string.clone(),
            metrics: plan.metrics.clone(),
            metadata: plan.metadata.clone(),
            cluster: None,
            in_cluster: cluster,
        });
        if let Some(cluster) = cluster
            && let Some(node) = self.graph.nodes.get_mut(cluster)
        {
            node.cluster.get_or_insert_default().push(id);
        }
        id
    }

    fn build(&mut self, plan: &'a SparkPlanInfo, parent: Option<usize>, cluster: Option<usize>) {
        let child = plan.children.first();
        let reused = |builder: &mut Self, id: usize| {
            if let Some(parent) = parent {
                builder.graph.edges.push((id, parent));
            }
        };
        match plan.node_name.as_str() {
            name if name.starts_with("WholeStageCodegen") => {
                let id = self.add(plan, None);
                if let Some(node) = self.graph.nodes.get_mut(id) {
                    node.cluster = Some(vec![]);
                }
                if let Some(child) = child {
                    self.build(child, parent, Some(id));
                }
            }
            "InputAdapter" | "TableCacheQueryStage" | "ResultQueryStage" => {
                if let Some(child) = child {
                    self.build(child, parent, None);
                }
            }
            "BroadcastQueryStage" | "ShuffleQueryStage" => match (self.known(child), child) {
                (Some(id), _) => reused(self, id),
                (None, Some(child)) => self.build(child, parent, None),
                (None, None) => {}
            },
            "ReusedExchange" | "ReusedSubquery" if self.known(child).is_some() => {
                if let Some(id) = self.known(child) {
                    reused(self, id);
                }
            }
            "ReusedSubquery" => {
                if let Some(child) = child {
                    self.build(child, parent, None);
                }
            }
            "Subquery" if self.known(Some(plan)).is_some() => {
                if let Some(id) = self.known(Some(plan)) {
                    reused(self, id);
                }
            }
            name => {
                let is_subquery = name == "Subquery";
                let id = self.add(plan, if is_subquery { None } else { cluster });
                if name.contains("Exchange") || is_subquery {
                    self.exchanges.push((plan, id));
                }
                if let Some(parent) = parent {
                    self.graph.edges.push((id, parent));
                }
                let cluster = if is_subquery { None } else { cluster };
                for child in &plan.children {
                    self.build(child, Some(id), cluster);
                }
            }
        }
    }
}

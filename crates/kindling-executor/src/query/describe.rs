//! What events say about a query's plan.

use kindling_events::{RddId, RddInfo, RddOperationScope, SparkPlanInfo, SqlMetricInfo};
use kindling_physical::{
    InMemoryTableScanExec,
    display::{ShownNode, adaptive_frame, node_text, shown_tree, tree_string},
};

use super::context::{Plan, QueryContext};
use crate::{blocks::storage_level, lower::Lowered};

impl QueryContext {
    fn shown(&self, plan: &Plan, is_final: bool) -> ShownNode {
        let tree = shown_tree(plan, self.conf.max_to_string_fields);
        if self.is_adaptive() { adaptive_frame(tree, is_final) } else { tree }
    }

    /// The plans as text: the logical ones as the planner gave them, then the physical one.
    pub fn plan_description(&self, plan: &Plan, is_final: bool) -> String {
        let mut out = String::new();
        if !self.run.logical_text.is_empty() {
            out.push_str(self.run.logical_text.trim_end());
            out.push_str("\n\n");
        }
        out.push_str("== Physical Plan ==\n");
        out.push_str(&tree_string(&self.shown(plan, is_final)));
        out
    }

    /// The plan as a tree with its metrics.
    pub fn plan_info(&self, plan: &Plan, is_final: bool) -> SparkPlanInfo {
        self.node_info(&self.shown(plan, is_final))
    }

    fn node_info(&self, node: &ShownNode) -> SparkPlanInfo {
        let metrics = node.plan.as_ref().map(|plan| self.metrics.of(plan)).unwrap_or_default();
        SparkPlanInfo {
            node_name: node.name.clone(),
            simple_string: node.line.clone(),
            children: node.children.iter().map(|child| self.node_info(child)).collect(),
            metadata: Default::default(),
            metrics: metrics
                .into_iter()
                .map(|metric| SqlMetricInfo {
                    name: metric.spec.name.to_string(),
                    accumulator_id: metric.id,
                    metric_type: metric.spec.metric_type.name().to_string(),
                })
                .collect(),
        }
    }

    /// The lineage of a stage: one RDD per operator, each child's after its parent's.
    pub fn rdd_infos(&self, lowered: &Lowered, partitions: i32) -> Vec<RddInfo> {
        let mut out = vec![];
        self.rdds(&lowered.exec, &mut lowered.shown.iter(), partitions, &mut out);
        out
    }

    /// The RDD of a cached relation, by which the Storage page knows it.
    fn cached_rdd(&self, scan: &InMemoryTableScanExec, parents: Vec<RddId>, out: &mut Vec<RddInfo>) -> RddId {
        let relation = scan.relation();
        let id = RddId(relation.rdd_id);
        let scope = RddOperationScope::new(id.to_string(), "InMemoryTableScan");
        let mut info =
            RddInfo::new(id, relation.name.clone(), relation.num_partitions() as i32, parents).with_scope(scope);
        info.storage_level = storage_level(relation.level);
        info.num_cached_partitions = self.engine.blocks().num_cached(relation.rdd_id) as i32;
        info.mem_size = self.engine.blocks().cached_bytes(relation.rdd_id) as i64;
        out.push(info);
        id
    }

    /// Walks the operators in pre-order beside the nodes that they stand for, and returns the ids that a parent reads.
    fn rdds<'a>(
        &self,
        exec: &Plan,
        shown: &mut impl Iterator<Item = &'a Option<Plan>>,
        partitions: i32,
        out: &mut Vec<RddInfo>,
    ) -> Vec<RddId> {
        let node = shown.next().cloned().flatten();
        let mut parents = vec![];
        for child in exec.children() {
            parents.extend(self.rdds(child, shown, partitions, out));
        }
        let Some(node) = node else { return parents };
        if let Some(scan) = node.downcast_ref::<InMemoryTableScanExec>() {
            return vec![self.cached_rdd(scan, parents, out)];
        }
        let id = RddId(self.engine.next_rdd_id());
        let name = node_text(&node, self.conf.max_to_string_fields).name;
        let kind = if name == "Exchange" || name == "AQEShuffleRead" { "ShuffledRowRDD" } else { "MapPartitionsRDD" };
        let scope = RddOperationScope::new(id.to_string(), name);
        out.push(RddInfo::new(id, kind, partitions, parents).with_scope(scope));
        vec![id]
    }
}

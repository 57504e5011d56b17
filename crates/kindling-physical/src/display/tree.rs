//! Plans as trees: for the UI, and as `explain` prints them.

use std::sync::Arc;

use datafusion::physical_plan::{
    ExecutionPlan,
    aggregates::{AggregateExec, AggregateMode},
    projection::ProjectionExec,
};

use super::{
    expr_text::output_text,
    node_text::{children_are_turned, list, node_text},
};
use crate::{
    InMemoryTableScanExec, PinnedJoinExec, PreparedPlan, ScalarSubquery,
    aqe::{BroadcastQueryStageExec, ShuffleQueryStageExec},
};

type Plan = Arc<dyn ExecutionPlan>;

/// A node as it is shown.
#[derive(Debug, Clone)]
pub struct ShownNode {
    /// Name.
    pub name: String,
    /// One-line text.
    pub line: String,
    /// The node, whose metrics are its own; none for nodes that only frame others.
    pub plan: Option<Plan>,
    /// Children.
    pub children: Vec<ShownNode>,
    /// Whether it is no input of the node above but a part of it (`TreeNode.innerChildren`); it stands further in.
    pub is_inner: bool,
}

/// How `explain` shows a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainMode {
    /// The physical plan.
    Simple,
    /// All plans.
    Extended,
    /// The physical plan's outline, then each node's details.
    Formatted,
}

/// The tree of a plan; a query stage shows the exchange that it ran.
pub fn shown_tree(plan: &Plan, max_fields: usize) -> ShownNode {
    if let Some(pinned) = plan.downcast_ref::<PinnedJoinExec>() {
        return shown_tree(&pinned.input, max_fields);
    }
    // Spark's final aggregate computes the expressions over its results itself.
    if plan.is::<ProjectionExec>()
        && let Some(child) = plan.children().first()
        && child.downcast_ref::<AggregateExec>().is_some_and(|aggregate| *aggregate.mode() != AggregateMode::Partial)
    {
        return shown_tree(child, max_fields);
    }
    let text = node_text(plan, max_fields);
    let inner: Vec<Plan> = if let Some(stage) = plan.downcast_ref::<ShuffleQueryStageExec>() {
        vec![Arc::clone(stage.exchange_plan())]
    } else if let Some(stage) = plan.downcast_ref::<BroadcastQueryStageExec>() {
        vec![Arc::clone(stage.exchange_plan())]
    } else {
        let mut children: Vec<Plan> = plan.children().into_iter().cloned().collect();
        if children_are_turned(plan) {
            children.reverse();
        }
        children
    };
    if let Some(scan) = plan.downcast_ref::<InMemoryTableScanExec>() {
        let cached = &scan.relation().plan.plan;
        let columns = list(&output_text(&cached.schema()), max_fields);
        let relation = ShownNode {
            name: "InMemoryRelation".to_string(),
            line: format!("InMemoryRelation {columns}, {}", scan.relation().level),
            plan: None,
            children: vec![ShownNode { is_inner: true, ..prepared_tree(&scan.relation().plan, max_fields) }],
            is_inner: true,
        };
        return ShownNode {
            name: text.name,
            line: text.line,
            plan: Some(Arc::clone(plan)),
            children: vec![relation],
            is_inner: false,
        };
    }
    ShownNode {
        name: text.name,
        line: text.line,
        plan: Some(Arc::clone(plan)),
        children: inner.iter().map(|child| shown_tree(child, max_fields)).collect(),
        is_inner: false,
    }
}

/// The tree of a plan that has not run, in the frame of adaptive execution if that will run it.
fn prepared_tree(prepared: &PreparedPlan, max_fields: usize) -> ShownNode {
    let tree = shown_tree(&prepared.plan, max_fields);
    if prepared.is_adaptive() { adaptive_frame(tree, false) } else { tree }
}

/// `TreeNode.treeString` of a plan that has not run.
pub fn prepared_text(prepared: &PreparedPlan, max_fields: usize) -> String {
    tree_string(&prepared_tree(prepared, max_fields))
}

/// `TreeNode.treeString`.
pub fn tree_string(node: &ShownNode) -> String {
    let mut out = String::new();
    write_tree(node, &|node| node.line.clone(), "", "", &mut out);
    out
}

fn write_tree(node: &ShownNode, line: &dyn Fn(&ShownNode) -> String, first: &str, rest: &str, out: &mut String) {
    out.push_str(first);
    out.push_str(&line(node));
    out.push('\n');
    let last = node.children.len().saturating_sub(1);
    for (i, child) in node.children.iter().enumerate() {
        let (head, tail) = if i == last { ("+- ", "   ") } else { (":- ", ":  ") };
        let inner = if child.is_inner { "   " } else { "" };
        write_tree(child, line, &format!("{rest}{inner}{head}"), &format!("{rest}{inner}{tail}"), out);
    }
}

/// The frame that adaptive execution puts around a plan.
pub fn adaptive_frame(node: ShownNode, is_final: bool) -> ShownNode {
    ShownNode {
        name: "AdaptiveSparkPlan".to_string(),
        line: format!("AdaptiveSparkPlan isFinalPlan={is_final}"),
        plan: None,
        children: vec![node],
        is_inner: false,
    }
}

/// `explain` of a plan that has not run. `logical` is the text of the logical plans, for the extended mode.
pub fn explain(
    plan: &Plan,
    subqueries: &[ScalarSubquery],
    adaptive: bool,
    mode: ExplainMode,
    logical: Option<&str>,
    max_fields: usize,
) -> String {
    let mut tree = shown_tree(plan, max_fields);
    if adaptive && crate::aqe::applies(plan, subqueries) {
        tree = adaptive_frame(tree, false);
    }
    let mut out = String::new();
    match mode {
        ExplainMode::Simple => {
            out.push_str("== Physical Plan ==\n");
            out.push_str(&tree_string(&tree));
            subquery_trees(subqueries, max_fields, &mut out);
            out.push('\n');
        }
        ExplainMode::Extended => {
            if let Some(logical) = logical {
                out.push_str(logical.trim_end());
                out.push_str("\n\n");
            }
            out.push_str("== Physical Plan ==\n");
            out.push_str(&tree_string(&tree));
            subquery_trees(subqueries, max_fields, &mut out);
        }
        ExplainMode::Formatted => {
            out.push_str("== Physical Plan ==\n");
            out.push_str(&formatted(&tree, max_fields));
        }
    }
    out
}

fn subquery_trees(subqueries: &[ScalarSubquery], max_fields: usize, out: &mut String) {
    for (i, subquery) in subqueries.iter().enumerate() {
        out.push_str(&format!("\n== Subquery {} ==\n", i + 1));
        out.push_str(&tree_string(&shown_tree(&subquery.plan.plan, max_fields)));
        subquery_trees(&subquery.plan.subqueries, max_fields, out);
    }
}

/// The outline with numbers, children before parents, then the details by number.
fn formatted(tree: &ShownNode, max_fields: usize) -> String {
    let mut order: Vec<*const ShownNode> = vec![];
    let mut details: Vec<&ShownNode> = vec![];
    fn number<'a>(node: &'a ShownNode, order: &mut Vec<*const ShownNode>, details: &mut Vec<&'a ShownNode>) {
        for child in &node.children {
            number(child, order, details);
        }
        order.push(std::ptr::from_ref(node));
        details.push(node);
    }
    number(tree, &mut order, &mut details);
    let id = |node: &ShownNode| order.iter().position(|p| std::ptr::eq(*p, node)).map_or(0, |at| at + 1);
    let mut out = String::new();
    write_tree(tree, &|node| format!("{} ({})", node.name, id(node)), "", "", &mut out);
    out.push_str("\n\n");
    for (i, node) in details.iter().enumerate() {
        out.push_str(&format!("({}) {}\n", i + 1, node.name));
        if let Some(plan) = &node.plan {
            for child in &node.children {
                if let Some(child) = &child.plan {
                    let columns = output_text(&child.schema());
                    out.push_str(&format!("Input [{}]: {}\n", columns.len(), list(&columns, max_fields)));
                }
            }
            if node.children.is_empty() {
                let columns = output_text(&plan.schema());
                out.push_str(&format!("Output [{}]: {}\n", columns.len(), list(&columns, max_fields)));
            }
        } else {
            for child in node.children.iter().filter_map(|child| child.plan.as_ref()) {
                let columns = output_text(&child.schema());
                out.push_str(&format!("Output [{}]: {}\n", columns.len(), list(&columns, max_fields)));
            }
        }
        let arguments = node.line.strip_prefix(&node.name).unwrap_or(&node.line).trim();
        if !arguments.is_empty() {
            let arguments = if node.name == "Range" { node.line.as_str() } else { arguments };
            out.push_str(&format!("Arguments: {arguments}\n"));
        }
        out.push('\n');
    }
    out
}

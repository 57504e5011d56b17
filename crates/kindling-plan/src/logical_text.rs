//! Logical plans as trees of text, with Spark's names for nodes.

use std::sync::Arc;

use datafusion::{
    datasource::source_as_provider,
    logical_expr::{Distinct, Expr, JoinType, LogicalPlan},
};
use kindling_physical::{CachedRelation, display};

use crate::{cache::CachedTable, logical_size::Statistics};

/// `TreeNode.treeString` of a logical plan.
pub(crate) fn tree_string(plan: &LogicalPlan) -> String {
    let mut out = String::new();
    write(plan, "", "", false, &mut out);
    out
}

/// The same with the size of what each operator gives (`EXPLAIN COST`).
pub(crate) fn tree_string_with_cost(plan: &LogicalPlan) -> String {
    let mut out = String::new();
    write(plan, "", "", true, &mut out);
    out
}

fn write(plan: &LogicalPlan, first: &str, rest: &str, cost: bool, out: &mut String) {
    let statistics = if cost { format!(", {}", Statistics::of(plan).text()) } else { String::new() };
    out.push_str(first);
    out.push_str(&line(plan));
    out.push_str(&statistics);
    out.push('\n');
    // A limit is two nodes in Spark.
    let (first, rest) = match plan {
        LogicalPlan::Limit(limit) => match &limit.fetch {
            Some(fetch) => {
                out.push_str(&format!("{rest}+- LocalLimit {}{statistics}\n", text(fetch)));
                ("+- ", format!("{rest}   "))
            }
            None => ("+- ", rest.to_string()),
        },
        _ => ("+- ", rest.to_string()),
    };
    if let Some(relation) = cached(plan) {
        for line in display::prepared_text(&relation.plan, usize::MAX).lines() {
            let head = if line.starts_with([' ', '+', ':']) { "" } else { "+- " };
            let indent = if head.is_empty() { "      " } else { "   " };
            out.push_str(&format!("{rest}{indent}{head}{line}\n"));
        }
    }
    let inputs = plan.inputs();
    let last = inputs.len().saturating_sub(1);
    for (index, input) in inputs.into_iter().enumerate() {
        let (head, tail) = if index == last { (first, "   ") } else { (":- ", ":  ") };
        write(input, &format!("{rest}{head}"), &format!("{rest}{tail}"), cost, out);
    }
}

fn line(plan: &LogicalPlan) -> String {
    match plan {
        LogicalPlan::Projection(node) => format!("Project [{}]", list(&node.expr)),
        LogicalPlan::Filter(node) => format!("Filter {}", text(&node.predicate)),
        LogicalPlan::Aggregate(node) => {
            let mut output = node.group_expr.clone();
            output.extend(node.aggr_expr.clone());
            format!("Aggregate [{}], [{}]", list(&node.group_expr), list(&output))
        }
        LogicalPlan::Window(node) => format!("Window [{}]", list(&node.window_expr)),
        LogicalPlan::Sort(node) => {
            let keys: Vec<String> = node
                .expr
                .iter()
                .map(|key| {
                    let direction = if key.asc { "ASC" } else { "DESC" };
                    let nulls = if key.nulls_first { "NULLS FIRST" } else { "NULLS LAST" };
                    format!("{} {direction} {nulls}", text(&key.expr))
                })
                .collect();
            format!("Sort [{}], true", keys.join(", "))
        }
        LogicalPlan::Join(node) => {
            let join_type = match node.join_type {
                JoinType::Inner => "Inner",
                JoinType::Left => "LeftOuter",
                JoinType::Right => "RightOuter",
                JoinType::Full => "FullOuter",
                JoinType::LeftSemi | JoinType::RightSemi => "LeftSemi",
                JoinType::LeftAnti | JoinType::RightAnti => "LeftAnti",
                JoinType::LeftMark | JoinType::RightMark => "ExistenceJoin",
            };
            let mut conditions: Vec<String> =
                node.on.iter().map(|(left, right)| format!("({} = {})", text(left), text(right))).collect();
            conditions.extend(node.filter.iter().map(text));
            match conditions.len() {
                0 => format!("Join {join_type}"),
                1 => format!("Join {join_type}, {}", conditions.join("")),
                _ => format!("Join {join_type}, ({})", conditions.join(" AND ")),
            }
        }
        LogicalPlan::Limit(node) => match (&node.fetch, &node.skip) {
            (Some(fetch), _) => format!("GlobalLimit {}", text(fetch)),
            (None, Some(skip)) => format!("Offset {}", text(skip)),
            (None, None) => "GlobalLimit".into(),
        },
        LogicalPlan::Union(_) => "Union false, false".into(),
        LogicalPlan::Distinct(Distinct::All(_)) => "Distinct".into(),
        LogicalPlan::SubqueryAlias(node) => format!("SubqueryAlias {}", node.alias),
        LogicalPlan::TableScan(node) if cached(plan).is_some() => {
            let columns: Vec<&str> = node.projected_schema.fields().iter().map(|f| f.name().as_str()).collect();
            let level = cached(plan).map(|relation| relation.level.to_string()).unwrap_or_default();
            format!("InMemoryRelation [{}], {level}", columns.join(", "))
        }
        LogicalPlan::TableScan(node) => {
            let format = node.table_name.table().split('_').next().unwrap_or("").to_string();
            let columns: Vec<&str> = node.projected_schema.fields().iter().map(|f| f.name().as_str()).collect();
            format!("Relation [{}] {format}", columns.join(","))
        }
        LogicalPlan::EmptyRelation(node) if node.produce_one_row => "OneRowRelation".into(),
        LogicalPlan::EmptyRelation(node) => {
            let columns: Vec<&str> = node.schema.fields().iter().map(|f| f.name().as_str()).collect();
            format!("LocalRelation <empty>, [{}]", columns.join(", "))
        }
        other => other.display().to_string(),
    }
}

/// What a scan of a cached query reads.
fn cached(plan: &LogicalPlan) -> Option<Arc<CachedRelation>> {
    let LogicalPlan::TableScan(scan) = plan else { return None };
    let provider = source_as_provider(&scan.source).ok()?;
    CachedTable::of(provider.as_ref()).map(|table| Arc::clone(table.relation()))
}

fn list(exprs: &[Expr]) -> String {
    exprs.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn text(expr: &Expr) -> String {
    match expr {
        Expr::Column(column) => column.name.clone(),
        Expr::Alias(alias) => format!("{} AS {}", text(&alias.expr), alias.name),
        Expr::Literal(value, _) => value.to_string(),
        other => other.human_display().to_string(),
    }
}

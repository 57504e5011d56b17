//! Names and one-line texts of nodes.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::{
    common::JoinType,
    physical_expr::PhysicalExpr,
    physical_plan::{
        DisplayFormatType, ExecutionPlan,
        aggregates::{AggregateExec, AggregateMode},
        empty::EmptyExec,
        filter::FilterExec,
        joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode, SortMergeJoinExec, utils::JoinFilter},
        limit::{GlobalLimitExec, LocalLimitExec},
        placeholder_row::PlaceholderRowExec,
        projection::ProjectionExec,
        sorts::sort::SortExec,
        union::UnionExec,
        windows::{BoundedWindowAggExec, WindowAggExec},
    },
};

use super::expr_text::{aggregate_text, column_text, expr_text, output_text, sort_text, type_name};
use crate::{
    BroadcastExchangeExec, CartesianProductExec, CoalesceExec, CollectLimitExec, CollectTailExec,
    InMemoryTableScanExec, NullAwareAntiJoinExec, ShuffleExchangeExec, ShufflePartitioning, TakeOrderedAndProjectExec,
    aqe::{AqeShuffleReadExec, BroadcastQueryStageExec, ShuffleQueryStageExec},
};

type Plan = Arc<dyn ExecutionPlan>;
type JoinKey = (Arc<dyn PhysicalExpr>, Arc<dyn PhysicalExpr>);

/// What a node is called and how its line reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeText {
    /// `HashAggregate`.
    pub name: String,
    /// `HashAggregate(keys=[k#1L], functions=[count(1)])`.
    pub line: String,
}

impl NodeText {
    fn new(name: &str, line: String) -> NodeText {
        NodeText { name: name.to_string(), line }
    }
}

/// The first `most` items in brackets; Spark cuts longer lists.
pub(crate) fn list(items: &[String], most: usize) -> String {
    if items.len() > most {
        let shown = most.saturating_sub(1);
        let head: Vec<&str> = items.iter().take(shown).map(String::as_str).collect();
        return format!("[{}, ... {} more fields]", head.join(", "), items.len() - shown);
    }
    format!("[{}]", items.join(", "))
}

fn join_type_name(join_type: JoinType) -> &'static str {
    match join_type {
        JoinType::Inner => "Inner",
        JoinType::Left => "LeftOuter",
        JoinType::Right => "RightOuter",
        JoinType::Full => "FullOuter",
        JoinType::LeftSemi | JoinType::RightSemi => "LeftSemi",
        JoinType::LeftAnti | JoinType::RightAnti => "LeftAnti",
        JoinType::LeftMark | JoinType::RightMark => "ExistenceJoin",
    }
}

/// The names of a join's sides as the user wrote it: this engine builds the left side, so `BuildRight` joins have been turned around.
struct JoinText {
    left_keys: String,
    right_keys: String,
    join_type: &'static str,
    build: &'static str,
}

/// Whether the sides of a join were exchanged so that the side to build is the left one. An exchanged join puts its columns back in
/// order by a projection that begins with columns of its right side; of semi and anti joins Spark only has the left ones.
fn is_turned(join_type: JoinType, projection: Option<&[usize]>, left_fields: usize) -> bool {
    match join_type {
        JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => true,
        JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => false,
        _ => projection.and_then(<[usize]>::first).is_some_and(|first| *first >= left_fields),
    }
}

/// [`is_turned`] of a node, for those who show its children.
pub(crate) fn children_are_turned(plan: &Plan) -> bool {
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        return is_turned(*join.join_type(), join.projection.as_deref(), join.left().schema().fields().len());
    }
    plan.downcast_ref::<NestedLoopJoinExec>().is_some_and(|join| {
        is_turned(*join.join_type(), join.projection().as_deref(), join.left().schema().fields().len())
    })
}

fn join_text(
    join_type: JoinType,
    turned: bool,
    on: &[JoinKey],
    left: &Schema,
    right: &Schema,
    most: usize,
) -> JoinText {
    let keys = |side: usize| {
        let keys: Vec<String> =
            on.iter().map(|(l, r)| if side == 0 { expr_text(l, left) } else { expr_text(r, right) }).collect();
        list(&keys, most)
    };
    let (left_keys, right_keys) = if turned { (keys(1), keys(0)) } else { (keys(0), keys(1)) };
    let build = if turned { "BuildRight" } else { "BuildLeft" };
    let join_type = if turned { join_type_name(join_type.swap()) } else { join_type_name(join_type) };
    JoinText { left_keys, right_keys, join_type, build }
}

fn filter_text(filter: Option<&JoinFilter>) -> String {
    filter.map(|filter| format!(", {}", expr_text(filter.expression(), filter.schema()))).unwrap_or_default()
}

/// Name and line of a node.
pub fn node_text(plan: &Plan, max_fields: usize) -> NodeText {
    exchange_text(plan)
        .or_else(|| join_node_text(plan, max_fields))
        .or_else(|| unary_text(plan, max_fields))
        .unwrap_or_else(|| leaf_text(plan, max_fields))
}

fn exchange_text(plan: &Plan) -> Option<NodeText> {
    if let Some(exchange) = plan.downcast_ref::<ShuffleExchangeExec>() {
        let schema = exchange.input().schema();
        let partitioning = match exchange.partitioning() {
            ShufflePartitioning::Hash(exprs, n) => {
                let mut items: Vec<String> = exprs.iter().map(|expr| expr_text(expr, &schema)).collect();
                items.push(n.to_string());
                format!("hashpartitioning({})", items.join(", "))
            }
            ShufflePartitioning::Direct(id, n) => {
                format!("shufflepartitionidpassthrough({}, {n})", expr_text(id, &schema))
            }
            ShufflePartitioning::Range(ordering, n) => {
                let mut items: Vec<String> = ordering.iter().map(|sort| sort_text(sort, &schema)).collect();
                items.push(n.to_string());
                format!("rangepartitioning({})", items.join(", "))
            }
            ShufflePartitioning::RoundRobin(n) => format!("RoundRobinPartitioning({n})"),
            ShufflePartitioning::Single => "SinglePartition".to_string(),
        };
        let line = format!("Exchange {partitioning}, {}, [plan_id={}]", exchange.origin().name(), exchange.plan_id().0);
        return Some(NodeText::new("Exchange", line));
    }
    if let Some(exchange) = plan.downcast_ref::<BroadcastExchangeExec>() {
        let schema = exchange.input().schema();
        let mode = if exchange.keys().is_empty() {
            "IdentityBroadcastMode".to_string()
        } else {
            let keys: Vec<String> = exchange.keys().iter().map(|key| bound_text(key, &schema)).collect();
            format!("HashedRelationBroadcastMode(List({}),{})", keys.join(", "), exchange.null_aware())
        };
        let line = format!("BroadcastExchange {mode}, [plan_id={}]", exchange.plan_id().0);
        return Some(NodeText::new("BroadcastExchange", line));
    }
    if let Some(stage) = plan.downcast_ref::<ShuffleQueryStageExec>() {
        return Some(NodeText::new("ShuffleQueryStage", format!("ShuffleQueryStage {}", stage.stage_id)));
    }
    if let Some(stage) = plan.downcast_ref::<BroadcastQueryStageExec>() {
        return Some(NodeText::new("BroadcastQueryStage", format!("BroadcastQueryStage {}", stage.stage_id)));
    }
    let read = plan.downcast_ref::<AqeShuffleReadExec>()?;
    let kind = match (read.is_local(), read.has_coalesced(), read.has_skewed()) {
        (true, ..) => "local",
        (_, true, true) => "coalesced and skewed",
        (_, _, true) => "skewed",
        (_, true, _) => "coalesced",
        _ => "",
    };
    Some(NodeText::new("AQEShuffleRead", format!("AQEShuffleRead {kind}").trim_end().to_string()))
}

/// A key as a position of the row: `input[0, bigint, false]`.
fn bound_text(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> String {
    use datafusion::physical_expr::expressions::Column;
    match expr.downcast_ref::<Column>().and_then(|column| schema.fields().get(column.index()).map(|f| (column, f))) {
        Some((column, field)) => {
            format!("input[{}, {}, {}]", column.index(), type_name(field.data_type()), field.is_nullable())
        }
        None => expr_text(expr, schema),
    }
}

fn join_node_text(plan: &Plan, most: usize) -> Option<NodeText> {
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        let text = join_text(
            *join.join_type(),
            children_are_turned(plan),
            join.on(),
            &join.left().schema(),
            &join.right().schema(),
            most,
        );
        let condition = filter_text(join.filter());
        let JoinText { left_keys, right_keys, join_type, build } = text;
        if *join.partition_mode() == PartitionMode::CollectLeft {
            let line =
                format!("BroadcastHashJoin {left_keys}, {right_keys}, {join_type}, {build}{condition}, false, false");
            return Some(NodeText::new("BroadcastHashJoin", line));
        }
        let line = format!("ShuffledHashJoin {left_keys}, {right_keys}, {join_type}, {build}{condition}");
        return Some(NodeText::new("ShuffledHashJoin", line));
    }
    if let Some(join) = plan.downcast_ref::<SortMergeJoinExec>() {
        let (left, right) = (join.left().schema(), join.right().schema());
        let keys = |f: &dyn Fn(&JoinKey) -> String| list(&join.on().iter().map(f).collect::<Vec<_>>(), most);
        let left_keys = keys(&|(l, _)| expr_text(l, &left));
        let right_keys = keys(&|(_, r)| expr_text(r, &right));
        let skew = if join_is_skewed(plan) { "(skew=true)" } else { "" };
        let condition = filter_text(join.filter().as_ref());
        let line =
            format!("SortMergeJoin{skew} {left_keys}, {right_keys}, {}{condition}", join_type_name(join.join_type()));
        return Some(NodeText::new(&format!("SortMergeJoin{skew}"), line));
    }
    if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
        let text = join_text(
            *join.join_type(),
            children_are_turned(plan),
            &[],
            &join.left().schema(),
            &join.right().schema(),
            most,
        );
        let line = format!("BroadcastNestedLoopJoin {}, {}{}", text.build, text.join_type, filter_text(join.filter()));
        return Some(NodeText::new("BroadcastNestedLoopJoin", line));
    }
    if plan.is::<CrossJoinExec>() {
        return Some(NodeText::new("BroadcastNestedLoopJoin", "BroadcastNestedLoopJoin BuildLeft, Cross".to_string()));
    }
    if let Some(join) = plan.downcast_ref::<CartesianProductExec>() {
        let condition = filter_text(join.filter());
        let line = format!("CartesianProduct {}", condition.trim_start_matches(", "));
        return Some(NodeText::new("CartesianProduct", line.trim_end().to_string()));
    }
    let join = plan.downcast_ref::<NullAwareAntiJoinExec>()?;
    let key = |key: &Arc<dyn PhysicalExpr>, side: usize| {
        let schema = plan.children().get(side).map(|child| child.schema());
        schema.map(|schema| expr_text(key, &schema)).unwrap_or_default()
    };
    let line = format!(
        "BroadcastHashJoin [{}], [{}], LeftAnti, BuildRight, true, false",
        key(join.streamed_key(), 0),
        key(join.build_key(), 1)
    );
    Some(NodeText::new("BroadcastHashJoin", line))
}

fn join_is_skewed(plan: &Plan) -> bool {
    fn read(side: &Plan) -> bool {
        side.downcast_ref::<AqeShuffleReadExec>().is_some_and(AqeShuffleReadExec::has_skewed)
            || side.downcast_ref::<SortExec>().is_some_and(|sort| read(sort.input()))
    }
    plan.children().into_iter().any(read)
}

fn unary_text(plan: &Plan, most: usize) -> Option<NodeText> {
    if let Some(project) = plan.downcast_ref::<ProjectionExec>() {
        let schema = project.input().schema();
        let items: Vec<String> = project
            .expr()
            .iter()
            .zip(plan.schema().fields())
            .map(|(item, field)| {
                let expr = expr_text(&item.expr, &schema);
                let name = column_text(field.name(), Some(field.data_type()));
                if expr == name { name } else { format!("{expr} AS {name}") }
            })
            .collect();
        return Some(NodeText::new("Project", format!("Project {}", list(&items, most))));
    }
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let line = format!("Filter {}", expr_text(filter.predicate(), &filter.input().schema()));
        return Some(NodeText::new("Filter", line));
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        return Some(aggregate_node(aggregate, most));
    }
    if let Some(sort) = plan.downcast_ref::<SortExec>() {
        let schema = sort.input().schema();
        let keys: Vec<String> = sort.expr().iter().map(|sort| sort_text(sort, &schema)).collect();
        let global = is_global(sort.input());
        return Some(NodeText::new("Sort", format!("Sort {}, {global}, 0", list(&keys, most))));
    }
    if let Some(limit) = plan.downcast_ref::<GlobalLimitExec>() {
        let count = limit.fetch().map_or("-1".to_string(), |fetch| (fetch + limit.skip()).to_string());
        return Some(NodeText::new("GlobalLimit", format!("GlobalLimit {count}, {}", limit.skip())));
    }
    if let Some(limit) = plan.downcast_ref::<LocalLimitExec>() {
        return Some(NodeText::new("LocalLimit", format!("LocalLimit {}", limit.fetch())));
    }
    if let Some(limit) = plan.downcast_ref::<CollectLimitExec>() {
        let count = limit.limit.map_or("-1".to_string(), |count| (count + limit.offset).to_string());
        let offset = if limit.offset > 0 { format!(", {}", limit.offset) } else { String::new() };
        return Some(NodeText::new("CollectLimit", format!("CollectLimit {count}{offset}")));
    }
    if let Some(tail) = plan.downcast_ref::<CollectTailExec>() {
        return Some(NodeText::new("CollectTail", format!("CollectTail {}", tail.limit)));
    }
    if let Some(top) = plan.downcast_ref::<TakeOrderedAndProjectExec>() {
        let schema = top.input.schema();
        let keys: Vec<String> = top.ordering.iter().map(|sort| sort_text(sort, &schema)).collect();
        let offset = if top.offset > 0 { format!(", offset={}", top.offset) } else { String::new() };
        let line = format!(
            "TakeOrderedAndProject(limit={}{offset}, orderBy={}, output={})",
            top.limit,
            list(&keys, most),
            list(&output_text(&plan.schema()), most).replace(", ", ",")
        );
        return Some(NodeText::new("TakeOrderedAndProject", line));
    }
    if let Some(coalesce) = plan.downcast_ref::<CoalesceExec>() {
        return Some(NodeText::new("Coalesce", format!("Coalesce {}", coalesce.num_partitions())));
    }
    if plan.is::<UnionExec>() {
        return Some(NodeText::new("Union", "Union".to_string()));
    }
    if plan.is::<WindowAggExec>() || plan.is::<BoundedWindowAggExec>() {
        let inputs = plan.children().first().map_or(0, |child| child.schema().fields().len());
        let items: Vec<String> = output_text(&plan.schema()).split_off(inputs.min(plan.schema().fields().len()));
        return Some(NodeText::new("Window", format!("Window {}", list(&items, most))));
    }
    None
}

fn aggregate_node(aggregate: &AggregateExec, most: usize) -> NodeText {
    let schema = aggregate.input_schema();
    let partial = *aggregate.mode() == AggregateMode::Partial;
    let (prefix, key_schema) =
        if partial { ("partial_", aggregate.input().schema()) } else { ("", aggregate.input().schema()) };
    let keys: Vec<String> = aggregate
        .group_expr()
        .expr()
        .iter()
        .filter(|(_, name)| name != "__grouping_id")
        .map(|(expr, name)| {
            let text = expr_text(expr, &key_schema);
            let data_type = expr.data_type(&key_schema).ok();
            let named = column_text(name, data_type.as_ref());
            if text == named || !name.contains('#') { text } else { format!("{text} AS {named}") }
        })
        .collect();
    let functions: Vec<String> = aggregate
        .aggr_expr()
        .iter()
        .zip(aggregate.filter_expr())
        .map(|(function, filter)| aggregate_text(function, filter.as_ref().filter(|_| partial), prefix, &schema))
        .collect();
    let line = format!("HashAggregate(keys={}, functions={})", list(&keys, most), list(&functions, most));
    NodeText::new("HashAggregate", line)
}

/// Whether a sort orders all rows: its input is a range exchange or one partition.
fn is_global(input: &Plan) -> bool {
    if let Some(exchange) = input.downcast_ref::<ShuffleExchangeExec>() {
        return matches!(exchange.partitioning(), ShufflePartitioning::Range(..));
    }
    if let Some(stage) = input.downcast_ref::<ShuffleQueryStageExec>() {
        return matches!(stage.exchange.partitioning(), ShufflePartitioning::Range(..));
    }
    if let Some(read) = input.downcast_ref::<AqeShuffleReadExec>() {
        return is_global(&read.child);
    }
    false
}

fn leaf_text(plan: &Plan, most: usize) -> NodeText {
    let mut text = String::new();
    let shown = std::fmt::from_fn(|f| plan.fmt_as(DisplayFormatType::Default, f));
    if std::fmt::Write::write_fmt(&mut text, format_args!("{shown}")).is_err() {
        text = plan.name().to_string();
    }
    // A file source's text comes behind the name of the node that all sources share.
    if !text.starts_with("DataSourceExec: partitions=")
        && let Some(rest) = text.strip_prefix("DataSourceExec: ")
    {
        text = rest.to_string();
    }
    if plan.is::<EmptyExec>() {
        return NodeText::new(
            "LocalTableScan",
            format!("LocalTableScan <empty>, {}", list(&output_text(&plan.schema()), most)),
        );
    }
    if let Some(scan) = plan.downcast_ref::<InMemoryTableScanExec>() {
        let table = &scan.relation().name;
        let name = if table.starts_with("In-memory table ") {
            format!("Scan {table}")
        } else {
            "InMemoryTableScan".to_string()
        };
        let mut line = format!("{name} {}", list(&output_text(&plan.schema()), most));
        let (predicates, schema) = scan.predicates();
        if !predicates.is_empty() {
            let texts: Vec<String> = predicates.iter().map(|predicate| expr_text(predicate, schema)).collect();
            line.push_str(&format!(", {}", list(&texts, most)));
        }
        return NodeText::new(&name, line);
    }
    if plan.is::<PlaceholderRowExec>() {
        return NodeText::new("Scan OneRowRelation", "Scan OneRowRelation[]".to_string());
    }
    if plan.name() == "RangeExec" {
        return NodeText::new("Range", text);
    }
    if plan.name() == "DataSourceExec" && text.contains("MemorySource")
        || text.starts_with("DataSourceExec: partitions=")
    {
        return NodeText::new("LocalTableScan", format!("LocalTableScan {}", list(&output_text(&plan.schema()), most)));
    }
    // Operators of other rooms write their own line, in Spark's words, and begin it with their name.
    let first = text.split([' ', '[', '(']).next().filter(|name| !name.is_empty());
    let first = first.unwrap_or(plan.name()).to_string();
    let name = if let Some(rest) = text.strip_prefix("FileScan ") {
        let name = format!("Scan {}", rest.split([' ', '[']).next().unwrap_or(""));
        if let (Some(open), Some(close)) = (text.find('['), text.find(']')) {
            // The source writes column names; their types are known here.
            text = format!("{}[{}]{}", &text[..open], output_text(&plan.schema()).join(","), &text[close + 1..]);
        }
        name
    } else {
        first.trim_end_matches(':').trim_end_matches("Exec").to_string()
    };
    NodeText::new(&name, text)
}

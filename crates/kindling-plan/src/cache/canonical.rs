//! Plans without what differs between two resolutions of one query (Spark's `QueryPlan.canonicalized`).
//!
//! Every resolution gives columns new ids, so two plans are compared by their operators in post-order, with columns numbered
//! in the order in which the plan first has them. Expressions are compared as such, not as text: a function that keeps
//! settings inside says itself whether it equals another.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use arrow::array::{ArrayData, RecordBatch};
use datafusion::{
    common::{
        Column, DFSchema, Result,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    datasource::source_as_provider,
    logical_expr::{
        Distinct, Expr, LogicalPlan, Subquery,
        expr::{Exists, InList, InSubquery, SetComparison},
    },
    scalar::ScalarValue,
};

use super::CachedTable;
use crate::logical::{
    CollectMetrics, Generate, JoinHint, LocalRelation, Range, Repartition, RepartitionScheme, Sample,
    SortWithinPartitions, Tail,
};

/// The operators of a plan by name: cheap to compare, and different for most plans that differ.
pub(super) fn shape(plan: &LogicalPlan) -> String {
    if let Some(inner) = transparent(plan) {
        return shape(inner);
    }
    let name = match plan {
        LogicalPlan::Extension(extension) => extension.node.name(),
        LogicalPlan::Projection(_) => "Project",
        LogicalPlan::Filter(_) => "Filter",
        LogicalPlan::Join(_) => "Join",
        LogicalPlan::Aggregate(_) => "Aggregate",
        LogicalPlan::TableScan(_) => "Scan",
        LogicalPlan::Sort(_) => "Sort",
        LogicalPlan::Limit(_) => "Limit",
        LogicalPlan::Union(_) => "Union",
        LogicalPlan::Distinct(_) => "Distinct",
        LogicalPlan::Window(_) => "Window",
        _ => "Other",
    };
    let inputs: Vec<String> = plan.inputs().into_iter().map(shape).collect();
    format!("{name}({})", inputs.join(","))
}

/// The input of an operator that changes no row: an alias, a join hint.
pub(super) fn transparent(plan: &LogicalPlan) -> Option<&LogicalPlan> {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => Some(&alias.input),
        LogicalPlan::Extension(extension) => extension.node.as_any().downcast_ref::<JoinHint>().map(|hint| &hint.input),
        _ => None,
    }
}

/// A plan to compare with others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CanonicalPlan(Vec<CanonicalNode>);

#[derive(Debug, Clone, PartialEq)]
struct CanonicalNode {
    /// The operator with what is not in its expressions.
    operator: String,
    exprs: Vec<Expr>,
}

impl CanonicalPlan {
    /// The canonical form; nothing for plans with an operator that cannot be told from others. `analyzed_at` is the value of
    /// `current_timestamp()` in the plan, which is another in each resolution.
    pub fn new(plan: &LogicalPlan, analyzed_at: i64) -> Option<CanonicalPlan> {
        let mut builder = Builder { columns: HashMap::new(), nodes: vec![], analyzed_at };
        builder.plan(plan)?;
        Some(CanonicalPlan(builder.nodes))
    }
}

struct Builder {
    columns: HashMap<String, usize>,
    nodes: Vec<CanonicalNode>,
    analyzed_at: i64,
}

impl Builder {
    fn plan(&mut self, plan: &LogicalPlan) -> Option<()> {
        if let Some(inner) = transparent(plan) {
            return self.plan(inner);
        }
        for input in plan.inputs() {
            self.plan(input)?;
        }
        let operator = operator(plan)?;
        if plan.inputs().is_empty() {
            self.register(plan.schema());
        }
        let exprs = match plan {
            // The filters of a scan are put there by the optimizer, which has not run.
            LogicalPlan::TableScan(scan) => scan.filters.clone(),
            plan => plan.expressions(),
        };
        let exprs = exprs.into_iter().map(|expr| self.expr(expr)).collect::<Option<Vec<_>>>()?;
        self.register(plan.schema());
        self.nodes.push(CanonicalNode { operator, exprs });
        Some(())
    }

    fn register(&mut self, schema: &DFSchema) {
        for field in schema.fields() {
            self.column(field.name());
        }
    }

    fn column(&mut self, name: &str) -> String {
        let next = self.columns.len();
        format!("#{}", self.columns.entry(name.to_string()).or_insert(next))
    }

    fn expr(&mut self, expr: Expr) -> Option<Expr> {
        let mut known = true;
        let done = expr.transform_down(|expr| {
            Ok(match expr {
                Expr::Column(column) => Transformed::yes(self.renamed(&column.name)),
                Expr::OuterReferenceColumn(_, column) => {
                    let name = self.column(&column.name);
                    Transformed::yes(Expr::Column(Column::new_unqualified(format!("outer {name}"))))
                }
                Expr::Alias(mut alias) => {
                    alias.name = self.column(&alias.name);
                    alias.relation = None;
                    Transformed::yes(Expr::Alias(alias))
                }
                Expr::Literal(ScalarValue::TimestampMicrosecond(Some(value), zone), metadata)
                    if value == self.analyzed_at =>
                {
                    Transformed::yes(Expr::Literal(ScalarValue::TimestampMicrosecond(None, zone), metadata))
                }
                Expr::ScalarSubquery(subquery) => {
                    Transformed::new(self.subquery(&subquery, "scalar", &mut known), true, TreeNodeRecursion::Jump)
                }
                Expr::Exists(Exists { subquery, negated }) => {
                    let kind = if negated { "not exists" } else { "exists" };
                    Transformed::new(self.subquery(&subquery, kind, &mut known), true, TreeNodeRecursion::Jump)
                }
                Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                    let list = vec![self.subquery(&subquery, "in", &mut known)];
                    Transformed::yes(Expr::InList(InList { expr, list, negated }))
                }
                Expr::SetComparison(SetComparison { subquery, .. }) => {
                    known = false;
                    Transformed::no(Expr::ScalarSubquery(subquery))
                }
                other => Transformed::no(other),
            })
        });
        done.ok().filter(|_| known).map(|done| done.data)
    }

    fn renamed(&mut self, name: &str) -> Expr {
        Expr::Column(Column::new_unqualified(self.column(name)))
    }

    /// The plan of a subquery becomes nodes of the whole; in its place stands where they are.
    fn subquery(&mut self, subquery: &Subquery, kind: &str, known: &mut bool) -> Expr {
        *known &= self.plan(&subquery.subquery).is_some();
        Expr::Literal(ScalarValue::Utf8(Some(format!("{kind} subquery of {} nodes", self.nodes.len()))), None)
    }
}

/// An operator with what is not in its expressions.
fn operator(plan: &LogicalPlan) -> Option<String> {
    Some(match plan {
        LogicalPlan::Projection(_) => "Project".into(),
        LogicalPlan::Filter(_) => "Filter".into(),
        LogicalPlan::Subquery(_) => "Subquery".into(),
        LogicalPlan::Window(_) => "Window".into(),
        LogicalPlan::Aggregate(node) => format!("Aggregate {}", node.group_expr.len()),
        LogicalPlan::Sort(node) => {
            let keys: Vec<(bool, bool)> = node.expr.iter().map(|key| (key.asc, key.nulls_first)).collect();
            format!("Sort {keys:?} {:?}", node.fetch)
        }
        LogicalPlan::Join(node) => {
            format!("Join {:?} {:?} {} {}", node.join_type, node.null_equality, node.on.len(), node.null_aware)
        }
        LogicalPlan::Union(node) => format!("Union {}", node.inputs.len()),
        LogicalPlan::Limit(node) => format!("Limit {} {}", node.skip.is_some(), node.fetch.is_some()),
        LogicalPlan::Distinct(Distinct::All(_)) => "Distinct".into(),
        LogicalPlan::EmptyRelation(node) => format!("Empty {} {}", node.produce_one_row, types(&node.schema)),
        LogicalPlan::Values(node) => format!("Values {}", types(&node.schema)),
        LogicalPlan::TableScan(node) => {
            let provider = source_as_provider(&node.source).ok()?;
            let source = match kindling_datasource::as_file_table(provider.as_ref()) {
                Some(files) => files.identity().to_string(),
                None => format!("cached {}", CachedTable::of(provider.as_ref())?.rdd_id()),
            };
            format!("Scan {:?} {:?} {source}", node.projection, node.fetch)
        }
        LogicalPlan::Extension(extension) => extension_operator(extension.node.as_any())?,
        _ => return None,
    })
}

fn extension_operator(node: &dyn std::any::Any) -> Option<String> {
    if let Some(range) = node.downcast_ref::<Range>() {
        return Some(format!("Range {} {} {} {}", range.start, range.end, range.step, range.num_partitions));
    }
    if let Some(local) = node.downcast_ref::<LocalRelation>() {
        return Some(format!("LocalRelation {} {:x}", types(&local.schema), contents(&local.batches)));
    }
    if let Some(generate) = node.downcast_ref::<Generate>() {
        return Some(format!("Generate {} {}", generate.outer, generate.generated));
    }
    if let Some(sample) = node.downcast_ref::<Sample>() {
        let bounds = (sample.lower.to_bits(), sample.upper.to_bits());
        return Some(format!("Sample {bounds:?} {} {}", sample.with_replacement, sample.seed));
    }
    if let Some(tail) = node.downcast_ref::<Tail>() {
        return Some(format!("Tail {}", tail.limit));
    }
    if let Some(sort) = node.downcast_ref::<SortWithinPartitions>() {
        let keys: Vec<(bool, bool)> = sort.order.iter().map(|key| (key.asc, key.nulls_first)).collect();
        return Some(format!("SortWithinPartitions {keys:?}"));
    }
    if let Some(collect) = node.downcast_ref::<CollectMetrics>() {
        return Some(format!("CollectMetrics {}", collect.name));
    }
    let repartition = node.downcast_ref::<Repartition>()?;
    Some(match &repartition.scheme {
        RepartitionScheme::Coalesce(n) => format!("Coalesce {n}"),
        RepartitionScheme::RoundRobin(n) => format!("RoundRobin {n:?}"),
        RepartitionScheme::Hash(_, n) => format!("Hash {n:?}"),
        RepartitionScheme::Rebalance(_, n) => format!("Rebalance {n:?}"),
        RepartitionScheme::Direct(_, n) => format!("Direct {n:?}"),
        RepartitionScheme::Range(keys, n) => {
            let keys: Vec<(bool, bool)> = keys.iter().map(|key| (key.asc, key.nulls_first)).collect();
            format!("Range {keys:?} {n:?}")
        }
    })
}

fn types(schema: &DFSchema) -> String {
    let types: Vec<String> =
        schema.fields().iter().map(|field| format!("{:?} {}", field.data_type(), field.is_nullable())).collect();
    types.join(", ")
}

/// 128 bits of the bytes of rows.
fn contents(batches: &[RecordBatch]) -> u128 {
    fn array(data: &ArrayData, hasher: &mut impl Hasher) {
        (data.len(), data.offset()).hash(hasher);
        for buffer in data.buffers() {
            buffer.as_slice().hash(hasher);
        }
        if let Some(nulls) = data.nulls() {
            nulls.iter().for_each(|valid| valid.hash(hasher));
        }
        data.child_data().iter().for_each(|child| array(child, hasher));
    }
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        for batch in batches {
            batch.num_rows().hash(&mut hasher);
            batch.columns().iter().for_each(|column| array(&column.to_data(), &mut hasher));
        }
        u128::from(hasher.finish())
    };
    (half(0) << 64) | half(1)
}

/// How often the expressions of a plan read each column.
pub(super) fn references(plan: &LogicalPlan) -> Result<HashMap<String, usize>> {
    let mut counts = HashMap::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Expr::Column(column) | Expr::OuterReferenceColumn(_, column) = expr {
                    *counts.entry(column.name.clone()).or_insert(0) += 1;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(counts)
}

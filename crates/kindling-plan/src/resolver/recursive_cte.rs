//! `WITH RECURSIVE`: the recursive term is run over the rows of the round before until a round gives none.
//!
//! Rounds are queries of their own, so they run while the query around them is planned (`QueryRunner`); Spark's
//! `UnionLoopExec` runs a job a round, too.

use arrow::array::RecordBatch;
use datafusion::{
    common::{JoinType, tree_node::TreeNodeRecursion},
    logical_expr::LogicalPlan,
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Cte, Relation, RelationKind, SetOpType, StructType};

use super::{Resolved, Resolver, plan};
use crate::{AnalyzedPlan, Attribute, logical::SortWithinPartitions};

/// `spark.sql.cteRecursionLevelLimit`
const LEVEL_LIMIT: i64 = 100;

/// `spark.sql.cteRecursionRowLimit`
const ROW_LIMIT: i64 = 1_000_000;

/// The rows that a recursive CTE's name means while its next round is resolved.
#[derive(Debug, Clone)]
pub(super) struct BoundRows {
    pub name: String,
    pub schema: StructType,
    pub batches: Vec<RecordBatch>,
}

impl Resolver<'_> {
    /// The rows bound to a name, if any.
    pub(super) fn bound_rows(&mut self, name: &str) -> Option<SparkResult<Resolved>> {
        let bound = self.bound.iter().rev().find(|bound| self.names.same(&bound.name, name)).cloned()?;
        let rows = self.local_rows(&bound.schema, bound.batches);
        if let Ok(rows) = &rows {
            self.bound_columns.extend(rows.attributes().iter().map(Attribute::internal_name));
        }
        Some(rows)
    }

    pub(super) fn recursive_cte(&mut self, cte: &Cte) -> SparkResult<Resolved> {
        let goal = self.row_goal.take();
        let body = body(&cte.query);
        // A `WITH` of the body's own stands before the union.
        match &body.kind {
            RelationKind::WithCtes { input, ctes, recursive } => {
                let refers = |inner: &Cte| super::table::mentions(&inner.query, &cte.name);
                let shadows = |inner: &Cte| self.names.same(&inner.name, &cte.name);
                if !ctes.iter().any(shadows) && ctes.iter().any(refers) {
                    return Err(SparkError::analysis("INVALID_RECURSIVE_CTE"));
                }
                self.in_ctes(ctes, *recursive, false, |resolver| resolver.union_loop(cte, input, goal))
            }
            _ => self.union_loop(cte, body, goal),
        }
    }

    fn union_loop(&mut self, cte: &Cte, body: &Relation, goal: Option<usize>) -> SparkResult<Resolved> {
        let RelationKind::SetOperation { left, right, op: SetOpType::Union, all, .. } = &self::body(body).kind else {
            return Err(SparkError::analysis("INVALID_RECURSIVE_CTE"));
        };
        if !*all {
            return Err(SparkError::analysis("UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE").at(&cte.query.origin));
        }
        let shadowed = matches!(&cte.query.kind, RelationKind::WithCtes { ctes, .. }
            if ctes.iter().any(|inner| self.names.same(&inner.name, &cte.name)));
        if !shadowed && super::table::mentions(left, &cte.name) {
            return Err(SparkError::analysis("INVALID_RECURSIVE_CTE"));
        }
        let limit = match cte.max_recursion {
            Some(limit) => limit,
            None => self.limit_of("spark.sql.cteRecursionLevelLimit", LEVEL_LIMIT),
        };
        let row_limit = self.limit_of("spark.sql.cteRecursionRowLimit", ROW_LIMIT);
        let anchor = self.relation(left)?;
        let anchor = if cte.columns.is_empty() { anchor } else { self.rename_columns(anchor, &cte.columns)? };
        let mut schema = StructType { fields: anchor.attributes().iter().map(Attribute::field).collect() };
        for field in &mut schema.fields {
            field.nullable = true;
        }
        let mut rows = self.round(anchor, &schema)?;
        let mut seen = rows.clone();
        let mut level = 0;
        while rows.iter().any(|batch| batch.num_rows() > 0) {
            let count: usize = seen.iter().map(RecordBatch::num_rows).sum();
            if goal.is_some_and(|goal| count >= goal) {
                break;
            }
            if goal.is_none() && row_limit >= 0 && count as i64 > row_limit {
                return Err(SparkError::new(kindling_common::ExceptionClass::Spark, "RECURSION_ROW_LIMIT_EXCEEDED")
                    .param("rowLimit", row_limit.to_string()));
            }
            level += 1;
            if limit >= 0 && level > limit {
                return Err(SparkError::new(kindling_common::ExceptionClass::Spark, "RECURSION_LEVEL_LIMIT_EXCEEDED")
                    .param("levelLimit", limit.to_string()));
            }
            self.bound.push(BoundRows { name: cte.name.clone(), schema: schema.clone(), batches: rows });
            let shift = std::mem::replace(&mut self.functions.seed_shift, level - 1);
            let term = self.relation(right);
            self.functions.seed_shift = shift;
            self.bound.pop();
            let term = term?;
            if level == 1 {
                check_place(&term.plan, &std::mem::take(&mut self.bound_columns))?;
            }
            rows = self.round(term, &schema)?;
            seen.extend(rows.clone());
        }
        self.local_rows(&schema, seen)
    }

    fn limit_of(&self, key: &str, default: i64) -> i64 {
        self.conf.get(key).and_then(|value| value.parse().ok()).unwrap_or(default)
    }

    /// Runs a round; its columns are cast to the anchor's types.
    fn round(&mut self, term: Resolved, schema: &StructType) -> SparkResult<Vec<RecordBatch>> {
        let columns = term.attributes().to_vec();
        if columns.len() != schema.fields.len() {
            return Err(SparkError::analysis("NUM_COLUMNS_MISMATCH")
                .param("operator", "UNION")
                .param("firstNumColumns", schema.fields.len().to_string())
                .param("invalidOrdinalNum", "second")
                .param("invalidNumColumns", columns.len().to_string()));
        }
        let mut items = Vec::with_capacity(columns.len());
        for (column, field) in columns.iter().zip(&schema.fields) {
            let typed = self.cast_typed(column.typed(), &field.data_type)?;
            items.push((typed.expr, self.new_column(field)));
        }
        let plan = plan::project_items(term.plan, &items)?;
        let output = items.into_iter().map(|(_, attribute)| attribute).collect();
        self.state.collect(&AnalyzedPlan { plan, output, analyzed_at: self.functions.query_start_micros })
    }
}

/// Refuses a recursive reference where a round would need all rows: below an aggregate, a window or a sort, on the side of a join whose rows
/// are not all kept, in a subquery that aggregates.
fn check_place(plan: &LogicalPlan, columns: &[String]) -> SparkResult<()> {
    let refers = |plan: &LogicalPlan| {
        let mut found = false;
        let _ = plan.apply_with_subqueries(|node| {
            found |= node.inputs().is_empty() && node.schema().fields().iter().any(|f| columns.contains(f.name()));
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        });
        found
    };
    let mut misplaced = false;
    let _ = plan.apply_with_subqueries(|node| {
        misplaced |= match node {
            LogicalPlan::Aggregate(aggregate) => refers(&aggregate.input),
            LogicalPlan::Window(window) => refers(&window.input),
            LogicalPlan::Sort(sort) => refers(&sort.input),
            LogicalPlan::Extension(node) => match node.node.as_any().downcast_ref::<SortWithinPartitions>() {
                Some(sort) => refers(&sort.input),
                None => false,
            },
            LogicalPlan::Join(join) => match join.join_type {
                JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => refers(&join.right),
                JoinType::Right | JoinType::RightSemi | JoinType::RightAnti => refers(&join.left),
                JoinType::Full => refers(&join.left) || refers(&join.right),
                _ => false,
            },
            _ => false,
        };
        Ok(TreeNodeRecursion::Continue)
    });
    if misplaced { Err(SparkError::analysis("INVALID_RECURSIVE_REFERENCE.PLACE")) } else { Ok(()) }
}

/// The query below aliases and parentheses.
fn body(relation: &Relation) -> &Relation {
    match &relation.kind {
        RelationKind::SubqueryAlias { input, columns, .. } if columns.is_empty() => body(input),
        _ => relation,
    }
}

//! Correlated subqueries of any shape as joins (Spark's `PullupCorrelatedPredicates` and `DecorrelateInnerQuery`).
//!
//! DataFusion's own rules turn the common shapes into semi joins and aggregates; what they leave is rewritten here, after
//! "Unnesting Arbitrary Queries": the distinct values of the outer columns (the domain) are joined into the subquery,
//! each operator carries them along, and the result is joined back on them.
//!
//! ```text
//! o.a, (SELECT max(b) FROM t WHERE t.c < o.d)
//!   => o LEFT JOIN (D LEFT JOIN (D × t, filtered) GROUP BY D) ON o.d <=> D
//! ```

mod augment;
mod domain;
mod lateral;
mod unnest;

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{
    common::{
        Column, JoinType, NullEquality, Result,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Projection},
};

use crate::SessionState;

/// Rewrites every subquery expression and lateral join of a plan.
pub(crate) fn decorrelate(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan> {
    Decorrelator { state }.rewrite(plan)
}

/// Whether a plan holds subqueries that DataFusion's planner cannot plan.
pub(crate) fn has_subqueries(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let _ = plan.apply_with_subqueries(|node| {
        found |= matches!(node, LogicalPlan::Subquery(_));
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                found |= matches!(part, Expr::Exists(_) | Expr::InSubquery(_) | Expr::OuterReferenceColumn(..));
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found
}

struct Decorrelator<'a> {
    state: &'a SessionState,
}

impl Decorrelator<'_> {
    /// Inputs first, so that a subquery's plan has no subqueries of its own when it is unnested.
    fn rewrite(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let plan = plan.map_children(|child| self.rewrite(child).map(Transformed::yes))?.data;
        match plan {
            LogicalPlan::Join(join) if matches!(join.right.as_ref(), LogicalPlan::Subquery(_)) => {
                self.lateral_join(join)
            }
            LogicalPlan::Join(join) if join.filter.as_ref().is_some_and(is_rewritten) => self.join_condition(join),
            plan if !matches!(plan, LogicalPlan::Join(_)) && plan.expressions().iter().any(is_rewritten) => {
                self.in_expressions(plan)
            }
            plan => Ok(plan),
        }
    }

    /// A name that no column of the session has.
    fn fresh(&self, name: &str) -> String {
        let base = name.rsplit_once('#').map_or(name, |(base, _)| base);
        format!("{base}#{}", self.state.next_id())
    }
}

/// Whether an expression holds a subquery that is rewritten: an uncorrelated scalar one is executed as it is.
fn is_rewritten(expr: &Expr) -> bool {
    let mut found = false;
    let _ = expr.apply(|part| {
        found |= match part {
            Expr::Exists(_) | Expr::InSubquery(_) => true,
            Expr::ScalarSubquery(subquery) => !outer_columns(&subquery.subquery).is_empty(),
            _ => false,
        };
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// Names of the outer columns that a plan refers to.
fn outer_columns(plan: &LogicalPlan) -> BTreeSet<String> {
    let columns = plan.all_out_ref_exprs().into_iter().filter_map(|expr| match expr {
        Expr::OuterReferenceColumn(_, column) => Some(column.name),
        _ => None,
    });
    columns.collect()
}

/// Those of them that an input has.
fn outer_columns_of(plan: &LogicalPlan, input: &LogicalPlan) -> Vec<String> {
    outer_columns(plan).into_iter().filter(|name| has_column(input, name)).collect()
}

fn has_column(plan: &LogicalPlan, name: &str) -> bool {
    plan.schema().fields().iter().any(|field| field.name() == name)
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// All columns of a plan.
fn columns_of(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema().columns().into_iter().map(Expr::Column).collect()
}

fn project(plan: LogicalPlan, exprs: Vec<Expr>) -> Result<LogicalPlan> {
    Projection::try_new(exprs, Arc::new(plan)).map(LogicalPlan::Projection)
}

/// A join on null-safe equalities and a condition.
fn join_on(
    left: LogicalPlan,
    right: LogicalPlan,
    join_type: JoinType,
    on: Vec<(Expr, Expr)>,
    filter: Option<Expr>,
) -> Result<LogicalPlan> {
    let nulls = if on.is_empty() { NullEquality::NullEqualsNothing } else { NullEquality::NullEqualsNull };
    let (left, right) = (Arc::new(left), Arc::new(right));
    Join::try_new(left, right, on, filter, join_type, JoinConstraint::On, nulls, false).map(LogicalPlan::Join)
}

/// `expr` under a name that it must keep.
fn named(expr: Expr, name: &str) -> Expr {
    if expr.schema_name().to_string() == name { expr } else { expr.alias(name) }
}

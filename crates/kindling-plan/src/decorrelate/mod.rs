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
    logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Operator, Projection, utils::split_conjunction},
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
        found |= is_lateral(node);
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

/// Whether every correlated subquery of a plan has a shape that DataFusion's rules get right: conditions on outer columns
/// directly above relations that do not look at them, below at most one aggregate that is null for no rows.
pub(crate) fn is_simple(plan: &LogicalPlan) -> bool {
    let mut simple = true;
    let _ = plan.apply_with_subqueries(|node| {
        simple &= !is_lateral(node);
        if let LogicalPlan::Filter(filter) = node {
            simple &= split_conjunction(&filter.predicate).into_iter().all(takes_or_leaves_in);
        }
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                simple &= match part {
                    Expr::Exists(exists) => is_simple_subquery(&exists.subquery.subquery),
                    Expr::InSubquery(list) => {
                        is_simple_subquery(&list.subquery.subquery)
                            && (!list.negated || outer_columns(&list.subquery.subquery).is_empty())
                    }
                    // The optimizer makes one `NOT IN` of the two.
                    Expr::Not(inner) => !matches!(
                        inner.as_ref(),
                        Expr::InSubquery(list) if !outer_columns(&list.subquery.subquery).is_empty()
                    ),
                    Expr::ScalarSubquery(subquery) => is_simple_value(&subquery.subquery),
                    _ => true,
                };
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(if simple { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    simple
}

/// Whether a condition does no more with `IN` than keep the rows where it is true, so that null may be false: DataFusion's
/// mark joins know two outcomes.
fn takes_or_leaves_in(condition: &Expr) -> bool {
    fn only_true(expr: &Expr) -> bool {
        match expr {
            Expr::InSubquery(list) => !list.negated,
            Expr::BinaryExpr(binary) if matches!(binary.op, Operator::And | Operator::Or) => {
                only_true(&binary.left) && only_true(&binary.right)
            }
            other => !other.exists(|part| Ok(matches!(part, Expr::InSubquery(_)))).unwrap_or(true),
        }
    }
    match condition {
        // An anti join that knows nulls.
        Expr::InSubquery(_) => true,
        Expr::Not(inner) if matches!(inner.as_ref(), Expr::InSubquery(_)) => true,
        other => only_true(other),
    }
}

/// Whether an operator is a lateral join. Plans of subquery expressions are visited as `Subquery` too, hence not by that.
fn is_lateral(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Join(join) if matches!(join.right.as_ref(), LogicalPlan::Subquery(_)))
}

fn is_simple_subquery(plan: &LogicalPlan) -> bool {
    if outer_columns(plan).is_empty() {
        return true;
    }
    match plan {
        LogicalPlan::Filter(filter) => !is_rewritten(&filter.predicate) && is_simple_subquery(&filter.input),
        LogicalPlan::Projection(projection) => {
            !projection.expr.iter().any(|expr| expr.contains_outer()) && is_simple_subquery(&projection.input)
        }
        LogicalPlan::SubqueryAlias(alias) => is_simple_subquery(&alias.input),
        _ => false,
    }
}

fn is_simple_value(plan: &LogicalPlan) -> bool {
    match plan {
        _ if outer_columns(plan).is_empty() => true,
        LogicalPlan::Projection(projection) => {
            let is_plain = |expr: &Expr| {
                // A constant, or what makes a value of null, is a value for no rows as well.
                !expr.contains_outer() && expr.any_column_refs() && !has_conditional(expr)
            };
            projection.expr.iter().all(is_plain) && is_simple_value(&projection.input)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let is_null_for_no_rows = |expr: &Expr| {
                matches!(expr, Expr::AggregateFunction(call)
                    if ["min", "max", "sum", "avg"].contains(&call.func.name()) && !expr.contains_outer())
            };
            aggregate.group_expr.is_empty()
                && aggregate.aggr_expr.iter().all(is_null_for_no_rows)
                && is_simple_subquery(&aggregate.input)
        }
        _ => false,
    }
}

fn has_conditional(expr: &Expr) -> bool {
    let mut found = false;
    let _ = expr.apply(|part| {
        found |= match part {
            Expr::Case(_) | Expr::IsNull(_) | Expr::IsNotNull(_) => true,
            Expr::ScalarFunction(call) => ["coalesce", "nvl", "ifnull"].contains(&call.func.name()),
            _ => false,
        };
        Ok(TreeNodeRecursion::Continue)
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

    /// The plan of a subquery without the subqueries in it that DataFusion's rules get wrong or leave.
    fn inner(&self, plan: &LogicalPlan) -> Result<LogicalPlan> {
        if is_simple(plan) { Ok(plan.clone()) } else { self.rewrite(plan.clone()) }
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

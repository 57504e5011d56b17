//! Lateral joins, and joins whose condition holds subqueries.

use datafusion::{
    common::{NullEquality, Result, not_impl_err},
    logical_expr::{
        Expr, Join, LogicalPlan,
        utils::{conjunction, split_conjunction_owned},
    },
};
use kindling_common::SparkError;
use kindling_functions::error::to_datafusion;

use super::{
    Decorrelator, columns_of,
    domain::{Domain, substitute, with_outer},
    has_column, is_rewritten, join_on, outer_columns, outer_columns_of, project,
};

impl Decorrelator<'_> {
    /// `left JOIN LATERAL right`: the right side for each row of the domain, joined on it.
    pub(super) fn lateral_join(&self, join: Join) -> Result<LogicalPlan> {
        let LogicalPlan::Subquery(lateral) = join.right.as_ref() else {
            return Ok(LogicalPlan::Join(join));
        };
        let (left, right) = (join.left.as_ref(), &self.inner(&lateral.subquery)?);
        let kept: Vec<Expr> = columns_of(left).into_iter().chain(columns_of(right)).collect();
        let outer = outer_columns_of(right, left);
        let mut conditions: Vec<Expr> = join.on.into_iter().map(|(a, b)| a.eq(b)).collect();
        conditions.extend(join.filter);
        if outer.is_empty() {
            return join_on(left.clone(), right.clone(), join.join_type, vec![], conjunction(conditions));
        }
        let domain = Domain { input: left, columns: outer };
        let (right, carried) = self.unnest(right, &domain)?;
        let mut filters = vec![];
        for condition in conditions {
            filters.push(substitute(condition, &carried)?);
        }
        let joined = join_on(left.clone(), right, join.join_type, with_outer(&carried), conjunction(filters))?;
        project(joined, kept)
    }

    /// Subqueries of a condition become columns of the side that they look at; one over both sides Spark refuses.
    pub(super) fn join_condition(&self, join: Join) -> Result<LogicalPlan> {
        let kept: Vec<Expr> = join.schema.columns().into_iter().map(Expr::Column).collect();
        let (mut left, mut right) = (join.left.as_ref().clone(), join.right.as_ref().clone());
        let mut conditions: Vec<Expr> = vec![];
        for part in join.filter.into_iter().flat_map(split_conjunction_owned) {
            if !is_rewritten(&part) {
                conditions.push(part);
                continue;
            }
            let looks_at = |side: &LogicalPlan| subquery_columns(&part).iter().any(|name| has_column(side, name));
            match (looks_at(&left), looks_at(&right)) {
                (true, true) => {
                    let condition =
                        "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION";
                    let error = SparkError::analysis(condition).param("subqueryExpression", part.to_string());
                    return Err(to_datafusion(error));
                }
                (false, true) => {
                    let (input, condition) = self.augment(right, part, false)?;
                    right = input;
                    conditions.push(condition);
                }
                (_, false) => {
                    let (input, condition) = self.augment(left, part, false)?;
                    left = input;
                    conditions.push(condition);
                }
            }
        }
        if join.null_equality != NullEquality::NullEqualsNothing && !join.on.is_empty() {
            return not_impl_err!("a subquery in the condition of a null-safe join");
        }
        conditions.extend(join.on.into_iter().map(|(a, b)| a.eq(b)));
        project(join_on(left, right, join.join_type, vec![], conjunction(conditions))?, kept)
    }
}

/// Columns that the subqueries of an expression look at: outer ones, and those that `IN` compares.
fn subquery_columns(expr: &Expr) -> Vec<String> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    let mut names = vec![];
    let _ = expr.apply(|part| {
        match part {
            Expr::Exists(exists) => names.extend(outer_columns(&exists.subquery.subquery)),
            Expr::InSubquery(inside) => {
                names.extend(outer_columns(&inside.subquery.subquery));
                names.extend(inside.expr.column_refs().into_iter().map(|column| column.name.clone()));
            }
            Expr::ScalarSubquery(subquery) => names.extend(outer_columns(&subquery.subquery)),
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
    names
}

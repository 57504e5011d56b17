//! Lateral relations that compute over the row at their left: projections, filters and generators over one row or
//! over a relation that does not look at the left.
//!
//! `t, LATERAL (SELECT t.v + 1 AS x)` needs no join: the left side takes the place of the one row, and its columns are
//! carried along. Aggregates and the like are left to DataFusion's decorrelation.

use datafusion::{
    common::tree_node::{Transformed, TreeNode},
    logical_expr::{Expr, LogicalPlan},
};
use kindling_common::SparkResult;
use kindling_functions::error::from_datafusion;
use kindling_spec::JoinType;

use super::{Resolved, join::join_plan, plan};
use crate::{
    Attribute,
    logical::{Generate, extension},
};

/// The left side with the right side computed over it; `None` where the right side is more than that.
pub(super) fn unnested(left: &Resolved, right: &Resolved, keep_all: bool) -> SparkResult<Option<LogicalPlan>> {
    let columns: Vec<Attribute> = left.scope.attributes.iter().chain(&left.scope.hidden).cloned().collect();
    over(&right.plan, &left.plan, &columns, keep_all)
}

fn over(
    right: &LogicalPlan,
    left: &LogicalPlan,
    columns: &[Attribute],
    keep_all: bool,
) -> SparkResult<Option<LogicalPlan>> {
    Ok(match right {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => Some(left.clone()),
        // What does not look at the left is joined with all of it.
        independent if !keep_all && independent.all_out_ref_exprs().is_empty() => {
            Some(join_plan(left.clone(), independent.clone(), JoinType::Inner, None)?)
        }
        LogicalPlan::Projection(projection) => match over(&projection.input, left, columns, keep_all)? {
            Some(input) => {
                let mut exprs: Vec<Expr> = columns.iter().map(Attribute::column).collect();
                for expr in &projection.expr {
                    exprs.push(inner(expr.clone())?);
                }
                Some(plan::project(input, exprs)?)
            }
            None => None,
        },
        // A left join keeps rows that a filter would drop.
        LogicalPlan::Filter(filter) if !keep_all => match over(&filter.input, left, columns, keep_all)? {
            Some(input) => Some(plan::filter(input, inner(filter.predicate.clone())?)?),
            None => None,
        },
        LogicalPlan::Extension(node) => {
            let Some(generate) = node.node.as_any().downcast_ref::<Generate>() else { return Ok(None) };
            let Some(input) = over(&generate.input, left, columns, keep_all)? else { return Ok(None) };
            let generated = generate.generated_schema().map_err(from_datafusion)?;
            let rows = inner(generate.rows.clone())?;
            let outer = generate.outer || keep_all;
            let node = Generate::try_new(input, generate.text.clone(), rows, outer, &generated);
            Some(extension(node.map_err(from_datafusion)?))
        }
        _ => None,
    })
}

/// Outer columns as the columns that they are once the left side is below.
fn inner(expr: Expr) -> SparkResult<Expr> {
    expr.transform_up(|node| {
        Ok(match node {
            Expr::OuterReferenceColumn(_, column) => Transformed::yes(Expr::Column(column)),
            other => Transformed::no(other),
        })
    })
    .map(|transformed| transformed.data)
    .map_err(from_datafusion)
}

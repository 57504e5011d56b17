//! The domain: each combination of values that the outer columns have.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    common::{
        Result,
        tree_node::{Transformed, TreeNode},
    },
    logical_expr::{Distinct, Expr, LogicalPlan},
};

use super::{Decorrelator, column, project};

/// The outer columns of a subquery over the plan that they are columns of.
pub(super) struct Domain<'d> {
    /// The plan around the subquery.
    pub input: &'d LogicalPlan,
    /// The outer columns, sorted.
    pub columns: Vec<String>,
}

/// Which column of an unnested plan holds an outer column's value.
pub(super) type Carried = BTreeMap<String, String>;

impl Decorrelator<'_> {
    /// The domain as a relation with columns of its own.
    pub fn domain(&self, domain: &Domain<'_>) -> Result<(LogicalPlan, Carried)> {
        let carried: Carried = domain.columns.iter().map(|name| (name.clone(), self.fresh(name))).collect();
        let exprs = carried.iter().map(|(outer, own)| column(outer).alias(own.as_str())).collect();
        let values = project(domain.input.clone(), exprs)?;
        Ok((LogicalPlan::Distinct(Distinct::All(Arc::new(values))), carried))
    }
}

/// An expression of a subquery over the columns that carry the outer ones.
pub(super) fn substitute(expr: Expr, carried: &Carried) -> Result<Expr> {
    expr.transform_up(|part| {
        Ok(match &part {
            Expr::OuterReferenceColumn(_, outer) => match carried.get(&outer.name) {
                Some(own) => Transformed::yes(column(own)),
                None => Transformed::no(part),
            },
            _ => Transformed::no(part),
        })
    })
    .map(|transformed| transformed.data)
}

/// The carrying columns.
pub(super) fn carriers(carried: &Carried) -> Vec<Expr> {
    carried.values().map(|own| column(own)).collect()
}

/// Equalities of the outer columns with what carries them.
pub(super) fn with_outer(carried: &Carried) -> Vec<(Expr, Expr)> {
    carried.iter().map(|(outer, own)| (column(outer), column(own))).collect()
}

/// Equalities between two plans that carry the same outer columns.
pub(super) fn between(left: &Carried, right: &Carried) -> Vec<(Expr, Expr)> {
    left.iter().filter_map(|(outer, a)| right.get(outer).map(|b| (column(a), column(b)))).collect()
}

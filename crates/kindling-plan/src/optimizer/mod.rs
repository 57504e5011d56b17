//! Optimiser rules: DataFusion's, where they keep what a query means in Spark, and ours in the place of those that do not.

mod push_down_filter;

use std::sync::Arc;

use datafusion::{
    logical_expr::{BinaryExpr, Expr},
    optimizer::{Optimizer, OptimizerRule},
};

use self::push_down_filter::PushDownFilter;

/// DataFusion's rules but those that take fields of structs out of expressions: our scans read whole columns, and the
/// columns that they add clash with those of the scan.
pub(crate) fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    rules.retain(|rule| !["extract_leaf_expressions", "push_down_leaf_projections"].contains(&rule.name()));
    for rule in &mut rules {
        if rule.name() == "push_down_filter" {
            *rule = Arc::new(PushDownFilter::default());
        }
    }
    rules
}

/// Whether a condition raises for no row. What is not known to is taken to raise.
pub(crate) fn never_raises(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) | Expr::Literal(..) => true,
        Expr::Not(inner) | Expr::IsNull(inner) | Expr::IsNotNull(inner) => never_raises(inner),
        Expr::Like(like) => never_raises(&like.expr) && never_raises(&like.pattern),
        Expr::InList(list) => never_raises(&list.expr) && list.list.iter().all(never_raises),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            (op.is_logic_operator() || op.supports_propagation()) && never_raises(left) && never_raises(right)
        }
        _ => false,
    }
}

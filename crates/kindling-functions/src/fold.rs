//! Evaluating constant expressions while resolving, for arguments that must be constants.

use std::sync::Arc;

use arrow::{array::RecordBatchOptions, datatypes::Schema, record_batch::RecordBatch};
use datafusion::{
    common::{DFSchema, ScalarValue},
    logical_expr::{
        ColumnarValue, Expr, Volatility, execution_props::ExecutionProps,
        physical_planning_context::PhysicalPlanningContext,
    },
    physical_expr::create_physical_expr,
};
use kindling_common::SparkResult;

use crate::{TypedExpr, error::from_datafusion};

/// The value of a foldable expression (Spark's `foldable` and `eval`), `None` where it depends on a row or is
/// not deterministic. The error is the one that evaluation raises.
pub fn fold(expr: &TypedExpr) -> SparkResult<Option<ScalarValue>> {
    if let Some(value) = expr.as_literal() {
        return Ok(Some(value.clone()));
    }
    if !is_foldable(&expr.expr) {
        return Ok(None);
    }
    let physical = create_physical_expr(
        &expr.expr,
        &DFSchema::empty(),
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )
    .map_err(from_datafusion)?;
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options)
        .map_err(crate::error::from_arrow_error)?;
    match physical.evaluate(&batch).map_err(from_datafusion)? {
        ColumnarValue::Scalar(value) => Ok(Some(value)),
        ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).map(Some).map_err(from_datafusion),
    }
}

/// Whether an expression depends on nothing but constants.
pub(crate) fn is_foldable(expr: &Expr) -> bool {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    let mut foldable = true;
    let _ = expr.apply(|node| {
        let stop = match node {
            Expr::ScalarFunction(call) => call.func.signature().volatility == Volatility::Volatile,
            Expr::Column(_)
            | Expr::OuterReferenceColumn(..)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_)
            | Expr::ScalarSubquery(_)
            | Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::Placeholder(_)
            | Expr::Unnest(_) => true,
            _ => false,
        };
        foldable &= !stop;
        Ok(if stop { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    foldable
}

//! `SORT BY` and `sortWithinPartitions`.

use std::fmt;

use datafusion::{
    common::{DFSchemaRef, Result},
    logical_expr::{Expr, LogicalPlan, SortExpr, UserDefinedLogicalNodeCore},
};

use super::{only_input, unordered};

/// A sort of each partition by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SortWithinPartitions {
    /// Input.
    pub input: LogicalPlan,
    /// Keys.
    pub order: Vec<SortExpr>,
}

unordered!(SortWithinPartitions);

impl UserDefinedLogicalNodeCore for SortWithinPartitions {
    fn name(&self) -> &str {
        "Sort"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        self.order.iter().map(|key| key.expr.clone()).collect()
    }

    /// A filter may run before or after the sort.
    fn prevent_predicate_push_down_columns(&self) -> std::collections::HashSet<String> {
        std::collections::HashSet::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let keys: Vec<String> = self.order.iter().map(ToString::to_string).collect();
        write!(f, "Sort [{}], false", keys.join(", "))
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let order = self.order.iter().zip(exprs).map(|(key, expr)| SortExpr { expr, ..*key }).collect();
        Ok(SortWithinPartitions { input: only_input(inputs)?, order })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        // DataFusion adds the columns of `expressions()` itself.
        Some(vec![output_columns.to_vec()])
    }
}

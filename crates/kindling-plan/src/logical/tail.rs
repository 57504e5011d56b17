//! The last rows of a relation.

use std::fmt;

use datafusion::{
    common::{DFSchemaRef, Result},
    logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore},
};

use super::{only_input, unordered};

/// The last `limit` rows, in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tail {
    /// Input.
    pub input: LogicalPlan,
    /// Rows.
    pub limit: usize,
}

unordered!(Tail);

impl UserDefinedLogicalNodeCore for Tail {
    fn name(&self) -> &str {
        "Tail"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Tail {}", self.limit)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Tail { input: only_input(inputs)?, limit: self.limit })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

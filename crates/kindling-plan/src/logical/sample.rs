//! `sample`, `TABLESAMPLE` and `randomSplit`.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use datafusion::{
    common::{DFSchemaRef, Result},
    logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore},
};

use super::{only_input, unordered};

/// Keeps rows at random: those whose number of a seeded generator is in `[lower, upper)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Input.
    pub input: LogicalPlan,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Poisson sampling: a row may come more than once.
    pub with_replacement: bool,
    /// Seed; partition `i` uses `seed + i`'s place in Spark's sequence of seeds.
    pub seed: i64,
}

impl Eq for Sample {}

impl Hash for Sample {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.lower.to_bits().hash(state);
        self.upper.to_bits().hash(state);
        self.seed.hash(state);
    }
}

unordered!(Sample);

impl UserDefinedLogicalNodeCore for Sample {
    fn name(&self) -> &str {
        "Sample"
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
        write!(f, "Sample {:?}, {:?}, {}, {}", self.lower, self.upper, self.with_replacement, self.seed)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Sample { input: only_input(inputs)?, ..self.clone() })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

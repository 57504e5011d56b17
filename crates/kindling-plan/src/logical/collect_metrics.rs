//! `df.observe(name, …)`: aggregates over the rows that pass by.

use std::{
    collections::HashSet,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use datafusion::{
    common::{DFSchemaRef, Result},
    logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore},
};

use super::{only_input, unordered};
use crate::{Attribute, physical::ObservedMetrics};

/// Hands its input on and aggregates it on the side.
#[derive(Debug, Clone)]
pub struct CollectMetrics {
    /// Input.
    pub input: LogicalPlan,
    /// Name of the observation.
    pub name: String,
    /// Aggregate calls over the input.
    pub aggregates: Vec<Expr>,
    /// What the metrics call them.
    pub names: Vec<String>,
    /// The metrics, over the calls.
    pub items: Vec<(Expr, Attribute)>,
    /// Where the tasks leave what they have seen.
    pub metrics: Arc<ObservedMetrics>,
}

impl PartialEq for CollectMetrics {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input && self.name == other.name && self.aggregates == other.aggregates
    }
}

impl Eq for CollectMetrics {}

impl Hash for CollectMetrics {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.name.hash(state);
        self.aggregates.hash(state);
    }
}

unordered!(CollectMetrics);

impl UserDefinedLogicalNodeCore for CollectMetrics {
    fn name(&self) -> &str {
        "CollectMetrics"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        self.aggregates.clone()
    }

    /// What a filter above takes away is observed all the same.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        self.input.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "CollectMetrics {}, [{}]", self.name, self.metrics.text())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(CollectMetrics { input: only_input(inputs)?, aggregates: exprs, ..self.clone() })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        // DataFusion adds the columns of `expressions()` itself.
        Some(vec![output_columns.to_vec()])
    }
}

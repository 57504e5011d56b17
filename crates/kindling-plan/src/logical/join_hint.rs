//! A join hint on one side of a join.

use std::{collections::HashSet, fmt};

use datafusion::{
    common::{DFSchemaRef, Result},
    logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore},
};
use kindling_physical::JoinStrategyHint;

use super::{only_input, unordered};

/// Asks for a way to join its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinHint {
    /// Input.
    pub input: LogicalPlan,
    /// The way.
    pub strategy: JoinStrategyHint,
}

impl JoinHint {
    /// `strategy` for `input`.
    pub fn new(input: LogicalPlan, strategy: JoinStrategyHint) -> JoinHint {
        JoinHint { input, strategy }
    }
}

impl std::hash::Hash for JoinHint {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        std::mem::discriminant(&self.strategy).hash(state);
    }
}

unordered!(JoinHint);

impl UserDefinedLogicalNodeCore for JoinHint {
    fn name(&self) -> &str {
        "ResolvedHint"
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

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        HashSet::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let strategy = match self.strategy {
            JoinStrategyHint::Broadcast => "broadcast",
            JoinStrategyHint::ShuffleMerge => "merge",
            JoinStrategyHint::ShuffleHash => "shuffle_hash",
            JoinStrategyHint::ShuffleReplicateNl => "shuffle_replicate_nl",
        };
        write!(f, "ResolvedHint (strategy={strategy})")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(JoinHint { input: only_input(inputs)?, strategy: self.strategy })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

//! `repartition`, `coalesce`, `repartitionByRange`, `DISTRIBUTE BY` and their hints.

use std::fmt;

use datafusion::{
    common::{DFSchemaRef, Result},
    logical_expr::{Expr, LogicalPlan, SortExpr, UserDefinedLogicalNodeCore},
};

use super::{only_input, unordered};

/// How rows are spread.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RepartitionScheme {
    /// Fewer partitions without a shuffle (`coalesce`).
    Coalesce(usize),
    /// Evenly, in turn. Without a number it is `spark.sql.shuffle.partitions`, and adaptive execution may coalesce.
    RoundRobin(Option<usize>),
    /// By the hash of keys.
    Hash(Vec<Expr>, Option<usize>),
    /// Where a number says (`repartitionById`).
    Direct(Expr, usize),
    /// By ranges of keys.
    Range(Vec<SortExpr>, Option<usize>),
    /// `REBALANCE`: by keys or evenly, adaptive execution evens out the sizes.
    Rebalance(Vec<Expr>, Option<usize>),
}

/// A change of partitioning that the user asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repartition {
    /// Input.
    pub input: LogicalPlan,
    /// How.
    pub scheme: RepartitionScheme,
}

unordered!(Repartition);

impl UserDefinedLogicalNodeCore for Repartition {
    fn name(&self) -> &str {
        match self.scheme {
            RepartitionScheme::Coalesce(_) => "Repartition",
            RepartitionScheme::RoundRobin(Some(_)) => "Repartition",
            RepartitionScheme::Rebalance(..) => "RebalancePartitions",
            _ => "RepartitionByExpression",
        }
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        match &self.scheme {
            RepartitionScheme::Coalesce(_) | RepartitionScheme::RoundRobin(_) => vec![],
            RepartitionScheme::Hash(keys, _) | RepartitionScheme::Rebalance(keys, _) => keys.clone(),
            RepartitionScheme::Direct(id, _) => vec![id.clone()],
            RepartitionScheme::Range(keys, _) => keys.iter().map(|key| key.expr.clone()).collect(),
        }
    }

    /// A filter may run on either side of a change of partitioning.
    fn prevent_predicate_push_down_columns(&self) -> std::collections::HashSet<String> {
        std::collections::HashSet::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let list = |keys: Vec<Expr>| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match &self.scheme {
            RepartitionScheme::Coalesce(n) => write!(f, "Repartition {n}, false"),
            RepartitionScheme::RoundRobin(Some(n)) => write!(f, "Repartition {n}, true"),
            RepartitionScheme::RoundRobin(None) => write!(f, "RepartitionByExpression"),
            RepartitionScheme::Direct(id, n) => write!(f, "RepartitionByExpression [{id}], {n}"),
            RepartitionScheme::Hash(_, n) | RepartitionScheme::Range(_, n) => {
                write!(f, "RepartitionByExpression [{}]", list(self.expressions()))?;
                n.map_or(Ok(()), |n| write!(f, ", {n}"))
            }
            RepartitionScheme::Rebalance(..) => write!(f, "RebalancePartitions [{}]", list(self.expressions())),
        }
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let scheme = match &self.scheme {
            RepartitionScheme::Coalesce(n) => RepartitionScheme::Coalesce(*n),
            RepartitionScheme::RoundRobin(n) => RepartitionScheme::RoundRobin(*n),
            RepartitionScheme::Hash(_, n) => RepartitionScheme::Hash(exprs, *n),
            RepartitionScheme::Rebalance(_, n) => RepartitionScheme::Rebalance(exprs, *n),
            RepartitionScheme::Direct(id, n) => {
                RepartitionScheme::Direct(exprs.into_iter().next().unwrap_or_else(|| id.clone()), *n)
            }
            RepartitionScheme::Range(keys, n) => {
                let keys = keys.iter().zip(exprs).map(|(key, expr)| SortExpr { expr, ..*key }).collect();
                RepartitionScheme::Range(keys, *n)
            }
        };
        Ok(Repartition { input: only_input(inputs)?, scheme })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

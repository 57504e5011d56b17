//! `spark.read.json(df)` and `spark.read.csv(df)`: a column of texts read as records.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use datafusion::{
    common::{DFSchemaRef, Result},
    logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore},
};
use kindling_datasource::RecordParser;

use super::{only_input, unordered};

/// The rows of the records that the only column of the input holds.
#[derive(Debug, Clone)]
pub struct ParseRecords {
    /// Input, of one string column.
    pub input: LogicalPlan,
    /// What reads them.
    pub parser: Arc<RecordParser>,
    /// A text that is no record: the header.
    pub header: Option<String>,
    /// The rows' columns.
    pub schema: DFSchemaRef,
}

impl PartialEq for ParseRecords {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input
            && Arc::ptr_eq(&self.parser, &other.parser)
            && self.header == other.header
            && self.schema == other.schema
    }
}

impl Eq for ParseRecords {}

impl Hash for ParseRecords {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.header.hash(state);
        self.schema.hash(state);
    }
}

unordered!(ParseRecords);

impl UserDefinedLogicalNodeCore for ParseRecords {
    fn name(&self) -> &str {
        "ParseRecords"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    /// Filters stay above: the input has none of these columns.
    fn prevent_predicate_push_down_columns(&self) -> std::collections::HashSet<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "ParseRecords")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(ParseRecords { input: only_input(inputs)?, ..self.clone() })
    }

    fn necessary_children_exprs(&self, _: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![vec![0]])
    }
}

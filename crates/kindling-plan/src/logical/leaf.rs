//! Leaves: `range(…)` and rows that the client sent.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::array::RecordBatch;
use datafusion::{
    common::{DFSchemaRef, Result},
    logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore},
};

use super::unordered;

/// `range(start, end, step, partitions)`: one `BIGINT` column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Range {
    /// First value.
    pub start: i64,
    /// One past the last value.
    pub end: i64,
    /// Step, not zero.
    pub step: i64,
    /// Partitions.
    pub num_partitions: usize,
    /// The column.
    pub schema: DFSchemaRef,
}

/// Rows held by the driver.
#[derive(Debug, Clone)]
pub struct LocalRelation {
    /// The rows; their columns are `schema`'s by position.
    pub batches: Arc<Vec<RecordBatch>>,
    /// Partitions that the rows are split over.
    pub num_partitions: usize,
    /// The columns.
    pub schema: DFSchemaRef,
}

impl PartialEq for LocalRelation {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.batches, &other.batches) && self.schema == other.schema
    }
}

impl Eq for LocalRelation {}

impl Hash for LocalRelation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.schema.hash(state);
    }
}

/// A source of a streaming DataFrame, which can be described and not run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StreamingRelation {
    /// Name of the source: `rate`, `csv`, …
    pub source: String,
    /// Its columns.
    pub schema: DFSchemaRef,
}

unordered!(Range, LocalRelation, StreamingRelation);

impl UserDefinedLogicalNodeCore for StreamingRelation {
    fn name(&self) -> &str {
        "StreamingRelation"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "StreamingRelation {}, [{}]", self.source, columns.join(", "))
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(self.clone())
    }
}

impl UserDefinedLogicalNodeCore for Range {
    fn name(&self) -> &str {
        "Range"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Range ({}, {}, step={}, splits=Some({}))", self.start, self.end, self.step, self.num_partitions)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(self.clone())
    }
}

impl UserDefinedLogicalNodeCore for LocalRelation {
    fn name(&self) -> &str {
        "LocalRelation"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "LocalRelation [{}]", names.join(", "))
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(self.clone())
    }
}

//! Generators: `explode` and its kin, in a select list or a `LATERAL VIEW`.

use std::{collections::HashSet, fmt, sync::Arc};

use datafusion::{
    common::{DFSchema, DFSchemaRef, Result, internal_err},
    logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore},
};

use super::{only_input, unordered};

/// Joins each row with the rows that a generator makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Generate {
    /// Input.
    pub input: LogicalPlan,
    /// The generator as the user knows it: `explode(a)`.
    pub text: String,
    /// The generated rows: a list of structs with a field for each generated column.
    pub rows: Expr,
    /// Keeps a row whose generator gives nothing, with nulls.
    pub outer: bool,
    /// Input columns followed by generated ones.
    pub schema: DFSchemaRef,
    /// How many columns are generated.
    pub generated: usize,
}

unordered!(Generate);

impl Generate {
    /// A generator over `input`; `generated` are its columns.
    pub fn try_new(
        input: LogicalPlan,
        text: String,
        rows: Expr,
        outer: bool,
        generated: &DFSchema,
    ) -> Result<Generate> {
        let schema = Arc::new(input.schema().join(generated)?);
        Ok(Generate { input, text, rows, outer, schema, generated: generated.fields().len() })
    }

    /// The generated columns.
    pub fn generated_schema(&self) -> Result<DFSchema> {
        let generated: Vec<_> = self
            .schema
            .iter()
            .skip(self.kept())
            .map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)))
            .collect();
        DFSchema::new_with_metadata(generated, Default::default())
    }

    fn kept(&self) -> usize {
        self.schema.fields().len() - self.generated
    }
}

impl UserDefinedLogicalNodeCore for Generate {
    fn name(&self) -> &str {
        "Generate"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![self.rows.clone()]
    }

    /// Filters on generated columns stay above.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        self.schema.fields().iter().skip(self.kept()).map(|field| field.name().clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Generate {}, {}", self.text, self.outer)
    }

    fn with_exprs_and_inputs(&self, mut exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let Some(rows) = exprs.pop() else {
            return internal_err!("a generator needs its rows");
        };
        let generated = self.generated_schema()?;
        Generate::try_new(only_input(inputs)?, self.text.clone(), rows, self.outer, &generated)
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let kept = self.kept();
        Some(vec![output_columns.iter().copied().filter(|column| *column < kept).collect()])
    }
}

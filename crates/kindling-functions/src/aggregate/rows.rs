//! Aggregates that keep one row's values: `first`, `last`, `max_by`, `min_by`, and extremes of nested types.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::DataType as ArrowType,
};
use datafusion::{
    common::{Result, ScalarValue},
    logical_expr::Accumulator,
};
use kindling_common::to_arrow;
use kindling_spec::DataType;

use super::Aggregate;
use crate::TypedExpr;

/// Whether a row replaces the kept one: `(kept, candidate)`, both the arguments' values.
pub(crate) type RowFold = Arc<dyn Fn(Option<&[ScalarValue]>, &[ScalarValue]) -> bool + Send + Sync>;

/// An aggregate whose result is the first argument of the row that is kept.
pub(crate) fn row_fold(
    name: &'static str,
    key: String,
    args: &[TypedExpr],
    data_type: DataType,
    fold: RowFold,
) -> Aggregate {
    let types: Vec<ArrowType> = args.iter().map(|arg| to_arrow(&arg.data_type)).collect();
    let mut state = types.clone();
    state.push(ArrowType::Boolean);
    Aggregate {
        name,
        key,
        data_type,
        nullable: true,
        state,
        accumulator: Arc::new(move || Box::new(Kept { types: types.clone(), row: None, fold: Arc::clone(&fold) })),
        groups: None,
    }
}

struct Kept {
    types: Vec<ArrowType>,
    row: Option<Vec<ScalarValue>>,
    fold: RowFold,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    fn offer(&mut self, columns: &[ArrayRef], row: usize) -> Result<()> {
        let candidate: Result<Vec<ScalarValue>> =
            columns.iter().map(|column| ScalarValue::try_from_array(column, row)).collect();
        let candidate = candidate?;
        if (self.fold)(self.row.as_deref(), &candidate) {
            self.row = Some(candidate);
        }
        Ok(())
    }
}

impl Accumulator for Kept {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for row in 0..values.first().map_or(0, |array| array.len()) {
            self.offer(values, row)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match &self.row {
            Some(row) => Ok(row[0].clone()),
            None => ScalarValue::try_from(&self.types[0]),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.row.iter().flatten().map(ScalarValue::size).sum::<usize>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut state = match &self.row {
            Some(row) => row.clone(),
            None => self.types.iter().map(ScalarValue::try_from).collect::<Result<_>>()?,
        };
        state.push(ScalarValue::Boolean(Some(self.row.is_some())));
        Ok(state)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (set, columns) = states.split_last().ok_or_else(|| crate::udf::internal("an empty state"))?;
        let set = set.as_boolean();
        for row in 0..set.len() {
            if set.is_valid(row) && set.value(row) {
                self.offer(columns, row)?;
            }
        }
        Ok(())
    }
}

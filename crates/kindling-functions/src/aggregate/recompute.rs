//! Moving window frames for any accumulator: the frame's rows are kept and aggregated anew at each row.

use arrow::array::{Array, ArrayRef};
use datafusion::{
    common::{Result, ScalarValue},
    logical_expr::Accumulator,
};

use super::MakeAccumulator;

pub(super) struct Recompute {
    make: MakeAccumulator,
    rows: Option<Vec<ArrayRef>>,
}

impl std::fmt::Debug for Recompute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recompute")
    }
}

impl Recompute {
    pub(super) fn new(make: MakeAccumulator) -> Self {
        Recompute { make, rows: None }
    }

    fn filled(&self) -> Result<Box<dyn Accumulator>> {
        let mut accumulator = (self.make)();
        if let Some(rows) = &self.rows {
            accumulator.update_batch(rows)?;
        }
        Ok(accumulator)
    }
}

impl Accumulator for Recompute {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.rows = Some(match &self.rows {
            None => values.to_vec(),
            Some(rows) => {
                let joined: std::result::Result<Vec<ArrayRef>, _> =
                    rows.iter().zip(values).map(|(a, b)| arrow::compute::concat(&[a.as_ref(), b.as_ref()])).collect();
                joined?
            }
        });
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let gone = values.first().map_or(0, |array| array.len());
        if let Some(rows) = &mut self.rows {
            for column in rows {
                let gone = gone.min(column.len());
                *column = column.slice(gone, column.len() - gone);
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.filled()?.evaluate()
    }

    fn size(&self) -> usize {
        self.rows.iter().flatten().map(|array| array.get_array_memory_size()).sum()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.filled()?.state()
    }

    fn merge_batch(&mut self, _states: &[ArrayRef]) -> Result<()> {
        Err(crate::udf::internal("a moving frame does not merge states"))
    }
}

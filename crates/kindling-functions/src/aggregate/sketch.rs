//! Aggregates whose state is a sketch: kept as an object, exchanged as its bytes.

use std::{fmt, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::DataType as ArrowType,
};
use datafusion::{
    common::{Result, ScalarValue},
    logical_expr::Accumulator,
};
use kindling_common::SparkResult;
use kindling_spec::DataType;

use super::Aggregate;
use crate::error::to_datafusion;

/// The state of an aggregate over a sketch.
pub(crate) trait SketchState: Send + Sync + 'static {
    /// Adds rows.
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()>;
    /// The state for another task.
    fn state(&self) -> SparkResult<Vec<u8>>;
    /// Adds another task's state.
    fn merge(&mut self, state: &[u8]) -> SparkResult<()>;
    /// The result.
    fn evaluate(&self) -> SparkResult<ScalarValue>;
    /// Bytes held.
    fn size(&self) -> usize;
}

/// An aggregate over a sketch that `make` starts empty.
pub(crate) fn sketch<S: SketchState>(
    name: &'static str,
    key: String,
    data_type: DataType,
    nullable: bool,
    make: impl Fn() -> S + Send + Sync + 'static,
) -> Aggregate {
    Aggregate {
        name,
        key,
        data_type,
        nullable,
        state: vec![ArrowType::Binary],
        accumulator: Arc::new(move || Box::new(Sketch(make()))),
        groups: None,
    }
}

struct Sketch<S>(S);

impl<S> fmt::Debug for Sketch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sketch")
    }
}

impl<S: SketchState> Accumulator for Sketch<S> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.update(values).map_err(to_datafusion)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.evaluate().map_err(to_datafusion)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.0.state().map_err(to_datafusion)?))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states[0].as_binary::<i32>();
        for row in 0..states.len() {
            if states.is_valid(row) {
                self.0.merge(states.value(row)).map_err(to_datafusion)?;
            }
        }
        Ok(())
    }
}

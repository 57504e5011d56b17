//! Aggregates whose state is a few doubles a group: moments, correlations, regressions, extremes of floats.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array},
    datatypes::{DataType as ArrowType, Float64Type},
};
use datafusion::{
    common::Result,
    logical_expr::{EmitTo, GroupsAccumulator},
};
use kindling_spec::DataType;

use super::{
    Aggregate, rows_as_groups,
    sum::{Ensure, OneGroup},
};
use crate::{arithmetic::divide_by_zero, error::to_datafusion};

/// The steps of such an aggregate over a state of `width` doubles, all zero at first.
#[derive(Clone, Copy)]
pub(crate) struct DoublesFn {
    pub name: &'static str,
    pub width: usize,
    /// Adds a row, none of whose arguments is null.
    pub update: fn(&mut [f64], &[f64]),
    /// Adds another state.
    pub merge: fn(&mut [f64], &[f64]),
    /// The result; `None` is null.
    pub evaluate: fn(&[f64]) -> Option<f64>,
    /// The states whose result divides by zero, which raises.
    pub raises: Option<fn(&[f64]) -> bool>,
}

impl std::fmt::Debug for DoublesFn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// An aggregate over arguments that are all `DOUBLE`, with a `DOUBLE` result.
pub(crate) fn doubles(function: DoublesFn) -> Aggregate {
    let groups = Groups { function, states: vec![] };
    let other = groups.clone();
    Aggregate {
        name: function.name,
        key: function.raises.map_or_else(String::new, |_| "raises".to_string()),
        data_type: DataType::Double,
        nullable: true,
        state: vec![ArrowType::Float64; function.width],
        accumulator: Arc::new(move || Box::new(OneGroup(groups.clone()))),
        groups: Some(Arc::new(move || Box::new(other.clone()))),
    }
}

#[derive(Clone, Debug)]
struct Groups {
    function: DoublesFn,
    /// `width` doubles a group.
    states: Vec<f64>,
}

impl Groups {
    fn take(&mut self, emit: EmitTo) -> Vec<f64> {
        match emit {
            EmitTo::All => std::mem::take(&mut self.states),
            EmitTo::First(n) => {
                let rest = self.states.split_off(n * self.function.width);
                std::mem::replace(&mut self.states, rest)
            }
        }
    }
}

impl Ensure for Groups {
    fn ensure(&mut self, groups: usize) {
        self.states.resize(groups * self.function.width, 0.0);
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        let width = self.function.width;
        self.states.resize(total * width, 0.0);
        let columns: Vec<&Float64Array> = values.iter().map(|array| array.as_primitive::<Float64Type>()).collect();
        let mut row_values = vec![0.0; columns.len()];
        'rows: for (row, group) in groups.iter().enumerate() {
            if filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row)) {
                continue;
            }
            for (value, column) in row_values.iter_mut().zip(&columns) {
                if column.is_null(row) {
                    continue 'rows;
                }
                *value = column.value(row);
            }
            (self.function.update)(&mut self.states[group * width..(group + 1) * width], &row_values);
        }
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let states = self.take(emit);
        let groups = || states.chunks_exact(self.function.width);
        if self.function.raises.is_some_and(|raises| groups().any(raises)) {
            return Err(to_datafusion(divide_by_zero()));
        }
        let values = groups().map(self.function.evaluate);
        Ok(Arc::new(values.collect::<Float64Array>()))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = self.take(emit);
        let width = self.function.width;
        let column = |i: usize| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(states.iter().skip(i).step_by(width).copied()))
        };
        Ok((0..width).map(column).collect())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        let width = self.function.width;
        self.states.resize(total * width, 0.0);
        let columns: Vec<&Float64Array> = states.iter().map(|array| array.as_primitive::<Float64Type>()).collect();
        let mut other = vec![0.0; width];
        for (row, group) in groups.iter().enumerate() {
            for (value, column) in other.iter_mut().zip(&columns) {
                *value = column.value(row);
            }
            (self.function.merge)(&mut self.states[group * width..(group + 1) * width], &other);
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        rows_as_groups(Groups { function: self.function, states: vec![] }, values, filter)
    }

    fn size(&self) -> usize {
        self.states.capacity() * 8
    }
}

//! `DISTINCT` for any accumulator: the distinct rows are kept and given to it at the end.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, ListArray, StructArray},
    buffer::OffsetBuffer,
    datatypes::{DataType as ArrowType, Field, FieldRef, Fields},
    row::{OwnedRow, RowConverter, SortField},
};
use datafusion::{
    common::{Result, ScalarValue},
    logical_expr::Accumulator,
};
use kindling_common::SparkResult;

use crate::{coercion::canonical_array, error::to_datafusion};

fn struct_fields(types: &[ArrowType]) -> Fields {
    types.iter().enumerate().map(|(i, t)| Field::new(format!("c{i}"), t.clone(), true)).collect()
}

fn list_field(types: &[ArrowType]) -> FieldRef {
    Arc::new(Field::new("element", ArrowType::Struct(struct_fields(types)), false))
}

/// One list of distinct argument rows.
pub(super) fn state_fields(name: &str, types: &[ArrowType]) -> Vec<FieldRef> {
    vec![Arc::new(Field::new(format!("{name}[distinct]"), ArrowType::List(list_field(types)), true))]
}

pub(super) fn distinct(inner: Box<dyn Accumulator>, types: &[ArrowType]) -> Result<Box<dyn Accumulator>> {
    let fields = types.iter().map(|t| SortField::new(t.clone())).collect();
    let converter = RowConverter::new(fields)?;
    Ok(Box::new(Distinct { inner, types: types.to_vec(), converter, rows: HashSet::new(), order: vec![] }))
}

#[derive(Debug)]
struct Distinct {
    inner: Box<dyn Accumulator>,
    types: Vec<ArrowType>,
    converter: RowConverter,
    rows: HashSet<OwnedRow>,
    /// First-seen order, so that order-sensitive aggregates are stable.
    order: Vec<OwnedRow>,
}

impl Distinct {
    fn columns(&self) -> Result<Vec<ArrayRef>> {
        Ok(self.converter.convert_rows(self.order.iter().map(OwnedRow::row))?)
    }
}

impl Accumulator for Distinct {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = values.iter().map(canonical_array).collect::<SparkResult<Vec<_>>>().map_err(to_datafusion)?;
        let rows = self.converter.convert_columns(&values)?;
        for row in rows.iter() {
            let row = row.owned();
            if self.rows.insert(row.clone()) {
                self.order.push(row);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.inner.update_batch(&self.columns()?)?;
        self.inner.evaluate()
    }

    fn size(&self) -> usize {
        self.order.iter().map(|row| row.as_ref().len() * 2 + 64).sum()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let entries = StructArray::try_new(struct_fields(&self.types), self.columns()?, None)?;
        let offsets = OffsetBuffer::from_lengths([entries.len()]);
        let list = ListArray::try_new(list_field(&self.types), offsets, Arc::new(entries), None)?;
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        use arrow::array::AsArray;
        let list = states[0].as_list::<i32>();
        for row in 0..list.len() {
            if list.is_valid(row) {
                let entries = list.value(row);
                self.update_batch(entries.as_struct().columns())?;
            }
        }
        Ok(())
    }
}

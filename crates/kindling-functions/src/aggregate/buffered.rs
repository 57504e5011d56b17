//! Aggregates that need all rows of a group: they are kept as arrays, and a function of the whole gives the result.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, new_empty_array},
    buffer::OffsetBuffer,
    datatypes::{DataType as ArrowType, Field},
};
use datafusion::{
    common::{Result, ScalarValue},
    logical_expr::Accumulator,
};
use kindling_common::{SparkResult, to_arrow};
use kindling_spec::DataType;

use super::Aggregate;
use crate::{TypedExpr, error::to_datafusion};

type Finish = Arc<dyn Fn(&[ArrayRef]) -> SparkResult<ScalarValue> + Send + Sync>;

/// An aggregate that is a function of its arguments' columns over the whole group, in row order. Rows whose first
/// argument is null are dropped when `skip_nulls`.
pub(crate) fn buffered(
    name: &'static str,
    key: String,
    args: &[TypedExpr],
    data_type: DataType,
    nullable: bool,
    skip_nulls: bool,
    finish: impl Fn(&[ArrayRef]) -> SparkResult<ScalarValue> + Send + Sync + 'static,
) -> Aggregate {
    let types: Vec<ArrowType> = args.iter().map(|arg| to_arrow(&arg.data_type)).collect();
    let lists = |t: &ArrowType| ArrowType::List(Arc::new(Field::new("element", t.clone(), true)));
    let state = types.iter().map(lists).collect();
    let finish: Finish = Arc::new(finish);
    let return_type = to_arrow(&data_type);
    Aggregate {
        name,
        key,
        data_type,
        nullable,
        state,
        accumulator: Arc::new(move || {
            Box::new(Buffered {
                types: types.clone(),
                return_type: return_type.clone(),
                chunks: vec![vec![]; types.len()],
                skip_nulls,
                finish: Arc::clone(&finish),
            })
        }),
        groups: None,
    }
}

struct Buffered {
    types: Vec<ArrowType>,
    return_type: ArrowType,
    chunks: Vec<Vec<ArrayRef>>,
    skip_nulls: bool,
    finish: Finish,
}

impl std::fmt::Debug for Buffered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Buffered")
    }
}

impl Buffered {
    fn columns(&self) -> Result<Vec<ArrayRef>> {
        self.chunks
            .iter()
            .zip(&self.types)
            .map(|(chunks, t)| {
                let parts: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
                if parts.is_empty() { Ok(new_empty_array(t)) } else { Ok(arrow::compute::concat(&parts)?) }
            })
            .collect()
    }
}

impl Accumulator for Buffered {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mask = if self.skip_nulls && values.first().is_some_and(|first| first.null_count() > 0) {
            Some(arrow::compute::is_not_null(&values[0])?)
        } else {
            None
        };
        for ((chunks, column), data_type) in self.chunks.iter_mut().zip(values).zip(&self.types) {
            let column = match &mask {
                Some(mask) => arrow::compute::filter(column, mask)?,
                None => Arc::clone(column),
            };
            chunks.push(crate::udf::relabel(&column, data_type).map_err(to_datafusion)?);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = (self.finish)(&self.columns()?).map_err(to_datafusion)?;
        if value.data_type() == self.return_type {
            return Ok(value);
        }
        let array = crate::udf::relabel(&value.to_array()?, &self.return_type).map_err(to_datafusion)?;
        ScalarValue::try_from_array(&array, 0)
    }

    fn size(&self) -> usize {
        self.chunks.iter().flatten().map(|chunk| chunk.get_array_memory_size()).sum()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.columns()?
            .into_iter()
            .map(|column| {
                let field = Arc::new(Field::new("element", column.data_type().clone(), true));
                let offsets = OffsetBuffer::from_lengths([column.len()]);
                Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, column, None)?)))
            })
            .collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for (chunks, state) in self.chunks.iter_mut().zip(states) {
            let list = state.as_list::<i32>();
            for row in 0..list.len() {
                if list.is_valid(row) {
                    chunks.push(list.value(row));
                }
            }
        }
        Ok(())
    }
}

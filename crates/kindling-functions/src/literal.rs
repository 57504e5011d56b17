//! `spec` literals as DataFusion scalars.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, ListArray, MapArray, StructArray, new_empty_array, new_null_array},
    buffer::OffsetBuffer,
    datatypes::{DataType as ArrowType, IntervalMonthDayNano},
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{DataType, Literal};

use crate::error::from_datafusion;

/// A null of an Arrow type.
pub fn null_scalar(data_type: &ArrowType) -> SparkResult<ScalarValue> {
    ScalarValue::try_from_array(&new_null_array(data_type, 1), 0).map_err(from_datafusion)
}

/// The DataFusion scalar of a literal.
pub fn scalar_of(literal: &Literal) -> SparkResult<ScalarValue> {
    let utc = || Some(Arc::from("UTC"));
    Ok(match literal {
        Literal::Null(data_type) => null_scalar(&to_arrow(data_type))?,
        Literal::Boolean(v) => ScalarValue::Boolean(Some(*v)),
        Literal::Byte(v) => ScalarValue::Int8(Some(*v)),
        Literal::Short(v) => ScalarValue::Int16(Some(*v)),
        Literal::Integer(v) => ScalarValue::Int32(Some(*v)),
        Literal::Long(v) => ScalarValue::Int64(Some(*v)),
        Literal::Float(v) => ScalarValue::Float32(Some(*v)),
        Literal::Double(v) => ScalarValue::Float64(Some(*v)),
        Literal::Decimal { value, precision, scale } => ScalarValue::Decimal128(Some(*value), *precision, *scale),
        Literal::String(v) => ScalarValue::Utf8(Some(v.clone())),
        Literal::Binary(v) => ScalarValue::Binary(Some(v.clone())),
        Literal::Date(v) => ScalarValue::Date32(Some(*v)),
        Literal::Timestamp(v) => ScalarValue::TimestampMicrosecond(Some(*v), utc()),
        Literal::TimestampNtz(v) => ScalarValue::TimestampMicrosecond(Some(*v), None),
        Literal::Time { nanos, .. } => ScalarValue::Time64Nanosecond(Some(*nanos)),
        Literal::CalendarInterval { months, days, microseconds } => {
            let nanos = microseconds
                .checked_mul(1000)
                .ok_or_else(|| SparkError::unsupported("a calendar interval of more than 292 years of microseconds"))?;
            ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(*months, *days, nanos)))
        }
        Literal::YearMonthInterval { months, .. } => ScalarValue::IntervalYearMonth(Some(*months)),
        Literal::DayTimeInterval { microseconds, .. } => ScalarValue::DurationMicrosecond(Some(*microseconds)),
        Literal::Array { element, values } => {
            let ArrowType::List(field) = to_arrow(&literal.data_type()) else {
                return Err(SparkError::internal("an array literal is not a list"));
            };
            let values = array_of(element, values)?;
            let offsets = OffsetBuffer::from_lengths([values.len()]);
            ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, values, None).map_err(arrow_error)?))
        }
        Literal::Map { key, value, entries } => {
            let ArrowType::Map(field, sorted) = to_arrow(&literal.data_type()) else {
                return Err(SparkError::internal("a map literal is not a map"));
            };
            let keys: Vec<Literal> = entries.iter().map(|(key, _)| key.clone()).collect();
            let values: Vec<Literal> = entries.iter().map(|(_, value)| value.clone()).collect();
            let ArrowType::Struct(fields) = field.data_type().clone() else {
                return Err(SparkError::internal("map entries are not a struct"));
            };
            let entries = StructArray::try_new(fields, vec![array_of(key, &keys)?, array_of(value, &values)?], None)
                .map_err(arrow_error)?;
            let offsets = OffsetBuffer::from_lengths([entries.len()]);
            let map = MapArray::try_new(field, offsets, entries, None, sorted).map_err(arrow_error)?;
            ScalarValue::Map(Arc::new(map))
        }
        Literal::Struct { fields, values } => {
            let ArrowType::Struct(arrow_fields) = to_arrow(&literal.data_type()) else {
                return Err(SparkError::internal("a struct literal is not a struct"));
            };
            let columns: SparkResult<Vec<ArrayRef>> = fields
                .fields
                .iter()
                .zip(values)
                .map(|(field, value)| array_of(&field.data_type, std::slice::from_ref(value)))
                .collect();
            let array = if arrow_fields.is_empty() {
                StructArray::new_empty_fields(1, None)
            } else {
                StructArray::try_new(arrow_fields, columns?, None).map_err(arrow_error)?
            };
            ScalarValue::Struct(Arc::new(array))
        }
    })
}

fn array_of(data_type: &DataType, values: &[Literal]) -> SparkResult<ArrayRef> {
    let arrow_type = to_arrow(data_type);
    if values.is_empty() {
        return Ok(new_empty_array(&arrow_type));
    }
    let scalars: SparkResult<Vec<ScalarValue>> =
        values.iter().map(|value| if value.is_null() { null_scalar(&arrow_type) } else { scalar_of(value) }).collect();
    ScalarValue::iter_to_array(scalars?).map_err(from_datafusion)
}

fn arrow_error(error: arrow::error::ArrowError) -> SparkError {
    SparkError::internal(error.to_string())
}

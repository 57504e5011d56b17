//! Columns of a file as the types that the table promises (Spark's `ParquetVectorUpdaterFactory`).

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, new_null_array},
    compute::cast,
    datatypes::{DataType as ArrowType, Field, Fields, TimeUnit},
    error::ArrowError,
};
use kindling_common::to_arrow;
use kindling_spec::DataType;

use crate::partitioning::same_name;

/// Whether values of a file's type can be read as `wanted`, and why not: the column below and the two types.
pub(crate) fn mismatch(found: &ArrowType, wanted: &DataType, case_sensitive: bool) -> Option<(ArrowType, DataType)> {
    match (found, wanted) {
        (ArrowType::Struct(fields), DataType::Struct(schema)) => schema.fields.iter().find_map(|field| {
            let found = fields.iter().find(|found| same_name(found.name(), &field.name, case_sensitive))?;
            mismatch(found.data_type(), &field.data_type, case_sensitive)
        }),
        (ArrowType::List(found), DataType::Array { element, .. }) => {
            mismatch(found.data_type(), element, case_sensitive)
        }
        (ArrowType::Map(entries, _), DataType::Map { key, value, .. }) => match entries.data_type() {
            ArrowType::Struct(fields) if fields.len() == 2 => mismatch(fields[0].data_type(), key, case_sensitive)
                .or_else(|| mismatch(fields[1].data_type(), value, case_sensitive)),
            _ => Some((found.clone(), wanted.clone())),
        },
        _ if readable(found, wanted) => None,
        _ => Some((found.clone(), wanted.clone())),
    }
}

fn readable(found: &ArrowType, wanted: &DataType) -> bool {
    use ArrowType as A;
    use DataType as S;
    if *found == to_arrow(wanted) {
        return true;
    }
    match (found, wanted) {
        (
            A::Int8 | A::Int16 | A::Int32 | A::UInt8 | A::UInt16,
            S::Byte | S::Short | S::Integer | S::Long | S::Double,
        ) => true,
        (A::UInt32, S::Long) | (A::Int64, S::Long) => true,
        // Intervals are stored as their plain numbers.
        (A::Int64, S::DayTimeInterval { .. }) | (A::Int32, S::YearMonthInterval { .. }) => true,
        (A::Int32 | A::Int64, S::Decimal { precision, scale }) => {
            let digits = if *found == A::Int32 { 10 } else { 20 };
            i16::from(*precision) - i16::from(*scale) >= digits
        }
        (A::UInt64, S::Decimal { precision: 20, scale: 0 }) => true,
        (A::Float32, S::Double) | (A::Float16, S::Float | S::Double) => true,
        (A::Utf8 | A::LargeUtf8 | A::Utf8View | A::Binary | A::LargeBinary | A::BinaryView, S::Binary) => true,
        (A::Utf8 | A::LargeUtf8 | A::Utf8View | A::Binary | A::LargeBinary | A::BinaryView, other)
            if other.is_string() =>
        {
            true
        }
        (A::FixedSizeBinary(_), S::Binary) => true,
        (A::Date32, S::TimestampNtz) => true,
        (A::Timestamp(_, Some(_)), S::Timestamp) | (A::Timestamp(_, None), S::TimestampNtz) => true,
        (A::Timestamp(_, None), S::Timestamp) => true,
        (A::Decimal32(p, s) | A::Decimal64(p, s) | A::Decimal128(p, s), S::Decimal { precision, scale }) => {
            let (p, s, precision, scale) = (i16::from(*p), i16::from(*s), i16::from(*precision), i16::from(*scale));
            scale >= s && precision - scale >= p - s
        }
        (A::Time32(_) | A::Time64(_), S::Time { .. }) => true,
        (A::Null, _) => true,
        _ => false,
    }
}

/// An array as the Arrow type of `wanted`; `mismatch` must have said that it can be.
pub(crate) fn conform(array: &ArrayRef, wanted: &DataType, case_sensitive: bool) -> Result<ArrayRef, ArrowError> {
    let target = to_arrow(wanted);
    if *array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), wanted) {
        (ArrowType::Struct(fields), DataType::Struct(schema)) => {
            let array = array.as_struct();
            let columns: Result<Vec<ArrayRef>, ArrowError> = schema
                .fields
                .iter()
                .map(|field| {
                    match fields.iter().position(|found| same_name(found.name(), &field.name, case_sensitive)) {
                        Some(i) => conform(array.column(i), &field.data_type, case_sensitive),
                        None => Ok(new_null_array(&to_arrow(&field.data_type), array.len())),
                    }
                })
                .collect();
            let ArrowType::Struct(fields) = target else { return cast(array, &target) };
            Ok(Arc::new(StructArray::try_new_with_length(fields, columns?, array.nulls().cloned(), array.len())?))
        }
        (ArrowType::List(_), DataType::Array { element, .. }) => {
            let array = array.as_list::<i32>();
            let values = conform(array.values(), element, case_sensitive)?;
            let ArrowType::List(field) = target else { return cast(array, &target) };
            Ok(Arc::new(ListArray::try_new(field, array.offsets().clone(), values, array.nulls().cloned())?))
        }
        (ArrowType::Map(_, _), DataType::Map { key, value, .. }) => {
            let array = array.as_map();
            let keys = conform(array.keys(), key, case_sensitive)?;
            let values = conform(array.values(), value, case_sensitive)?;
            let ArrowType::Map(field, _) = target else { return cast(array, &target) };
            let fields = match field.data_type() {
                ArrowType::Struct(fields) => fields.clone(),
                _ => Fields::from(vec![Field::new("key", keys.data_type().clone(), false)]),
            };
            let entries = StructArray::try_new(fields, vec![keys, values], None)?;
            Ok(Arc::new(MapArray::try_new(field, array.offsets().clone(), entries, array.nulls().cloned(), false)?))
        }
        (ArrowType::Timestamp(unit, _), DataType::Timestamp | DataType::TimestampNtz) => {
            // Units change, instants do not: a cast to another zone label would shift them.
            let micros = if *unit == TimeUnit::Microsecond {
                Arc::clone(array)
            } else {
                cast(array, &ArrowType::Timestamp(TimeUnit::Microsecond, None))?
            };
            let label = if *wanted == DataType::Timestamp { Some(Arc::from("UTC")) } else { None };
            let micros = micros.as_primitive::<arrow::datatypes::TimestampMicrosecondType>().clone();
            Ok(Arc::new(micros.with_timezone_opt::<Arc<str>>(label)))
        }
        (ArrowType::Binary, wanted) if wanted.is_string() => {
            // Bytes that are no UTF-8 keep their readable part, as Java's strings do on output.
            let array = array.as_binary::<i32>();
            Ok(Arc::new(arrow::array::StringArray::from_iter(
                array.iter().map(|bytes| bytes.map(String::from_utf8_lossy)),
            )))
        }
        _ => cast(array, &target),
    }
}

//! Casts between variants and other types (`VariantGet.cast`, `VariantExpressionEvalUtils.castToVariant`).

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
        Int64Array, ListArray, MapArray, StringArray, StructArray, TimestampMicrosecondArray,
    },
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::{
        DataType as ArrowType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, TimestampMicrosecondType,
    },
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::DataType;

use super::{Builder, Value, Variant, json::trimmed_decimal, variant_column, write_variant};
use crate::{
    cast::{CastOptions, cast_array},
    coercion::Failure,
    error::from_arrow_error,
    udf::relabel,
};

/// `INVALID_VARIANT_CAST`
fn invalid(variant: Variant<'_>, to: &DataType, o: &CastOptions) -> SparkError {
    let mut text = String::new();
    let _ = write_variant(variant, &o.zone, &mut text);
    SparkError::runtime("INVALID_VARIANT_CAST").param("value", text).param("dataType", format!("\"{}\"", to.sql()))
}

/// A column of variants as a type. What does not fit is an error, or null where `o` says so.
pub(crate) fn from_variant(rows: &[Option<Variant<'_>>], to: &DataType, o: &CastOptions) -> SparkResult<ArrayRef> {
    match to {
        DataType::Variant => {
            let mut builders = Vec::with_capacity(rows.len());
            for row in rows {
                builders.push(match row {
                    Some(variant) => Some(copy(*variant)?),
                    None => None,
                });
            }
            variant_column(builders)
        }
        DataType::Array { element, .. } => {
            let ArrowType::List(field) = to_arrow(to) else { return Err(SparkError::internal("not a list")) };
            let mut lists = Vec::with_capacity(rows.len());
            for row in rows {
                lists.push(match decode(*row)? {
                    Some((_, Value::Array(items))) => Some(items),
                    other => nothing(other, to, o)?,
                });
            }
            let flat: Vec<Option<Variant<'_>>> = lists.iter().flatten().flatten().copied().map(not_null).collect();
            let values = relabel(&from_variant(&flat, element, o)?, field.data_type())?;
            let offsets = OffsetBuffer::from_lengths(lists.iter().map(|list| list.as_ref().map_or(0, Vec::len)));
            let nulls = NullBuffer::from_iter(lists.iter().map(Option::is_some));
            Ok(Arc::new(ListArray::try_new(field, offsets, values, Some(nulls)).map_err(from_arrow_error)?))
        }
        DataType::Map { key, value, .. } if key.is_string() => {
            let ArrowType::Map(field, sorted) = to_arrow(to) else { return Err(SparkError::internal("not a map")) };
            let ArrowType::Struct(entry) = field.data_type().clone() else {
                return Err(SparkError::internal("no entries"));
            };
            let objects = objects(rows, to, o)?;
            let fields = || objects.iter().flatten().flatten();
            let keys: StringArray = fields().map(|(key, _)| Some(*key)).collect();
            let flat: Vec<Option<Variant<'_>>> = fields().map(|(_, value)| not_null(*value)).collect();
            let values = relabel(&from_variant(&flat, value, o)?, entry[1].data_type())?;
            let entries = StructArray::try_new(entry, vec![Arc::new(keys), values], None).map_err(from_arrow_error)?;
            let offsets = OffsetBuffer::from_lengths(objects.iter().map(|o| o.as_ref().map_or(0, Vec::len)));
            let nulls = NullBuffer::from_iter(objects.iter().map(Option::is_some));
            Ok(Arc::new(MapArray::try_new(field, offsets, entries, Some(nulls), sorted).map_err(from_arrow_error)?))
        }
        DataType::Struct(fields) => {
            let ArrowType::Struct(arrow_fields) = to_arrow(to) else {
                return Err(SparkError::internal("not a struct"));
            };
            let objects = objects(rows, to, o)?;
            let nulls = NullBuffer::from_iter(objects.iter().map(Option::is_some));
            if fields.fields.is_empty() {
                return Ok(Arc::new(StructArray::new_empty_fields(rows.len(), Some(nulls))));
            }
            let mut columns = vec![];
            for field in &fields.fields {
                let of: Vec<Option<Variant<'_>>> = objects
                    .iter()
                    .map(|object| {
                        let found = object.as_ref()?.iter().find(|(key, _)| *key == field.name)?;
                        not_null(found.1)
                    })
                    .collect();
                columns.push(from_variant(&of, &field.data_type, o)?);
            }
            Ok(Arc::new(StructArray::try_new(arrow_fields, columns, Some(nulls)).map_err(from_arrow_error)?))
        }
        to if to.is_string() => {
            let mut out = Vec::with_capacity(rows.len());
            for row in rows {
                out.push(match decode(*row)? {
                    None | Some((_, Value::Null)) => None,
                    Some((_, Value::String(text))) => Some(text.to_string()),
                    Some((_, Value::Decimal(unscaled, scale))) => Some(trimmed_decimal(unscaled, scale)),
                    Some((variant, value)) => Some(plain(variant, &value, o)?),
                });
            }
            Ok(Arc::new(StringArray::from(out)))
        }
        _ => atomic(rows, to, o),
    }
}

/// A nested variant null is a null of the target.
fn not_null(variant: Variant<'_>) -> Option<Variant<'_>> {
    (variant.value.first() != Some(&0)).then_some(variant)
}

type Decoded<'a> = Option<(Variant<'a>, Value<'a>)>;

fn decode(row: Option<Variant<'_>>) -> SparkResult<Decoded<'_>> {
    match row {
        Some(variant) => Ok(Some((variant, variant.decode()?))),
        None => Ok(None),
    }
}

/// Null for null, and what a value of another kind means.
fn nothing<T>(decoded: Decoded<'_>, to: &DataType, o: &CastOptions) -> SparkResult<Option<T>> {
    match decoded {
        None | Some((_, Value::Null)) => Ok(None),
        Some((variant, _)) if o.failure == Failure::Ansi => Err(invalid(variant, to, o)),
        Some(_) => Ok(None),
    }
}

type Fields<'a> = Vec<(&'a str, Variant<'a>)>;

fn objects<'a>(rows: &[Option<Variant<'a>>], to: &DataType, o: &CastOptions) -> SparkResult<Vec<Option<Fields<'a>>>> {
    rows.iter()
        .map(|row| match decode(*row)? {
            Some((_, Value::Object(fields))) => Ok(Some(fields)),
            other => nothing(other, to, o),
        })
        .collect()
}

/// A value that is no string as a string: JSON for nested ones, the cast's text for the rest.
fn plain(variant: Variant<'_>, value: &Value<'_>, o: &CastOptions) -> SparkResult<String> {
    if let Value::Object(_) | Value::Array(_) = value {
        let mut out = String::new();
        write_variant(variant, &o.zone, &mut out)?;
        return Ok(out);
    }
    let Some((array, from)) = scalar_array(value) else { return Ok(String::new()) };
    let text = cast_array(&array, &from, &DataType::String, o)?;
    Ok(text.as_string::<i32>().value(0).to_string())
}

/// A primitive value as a column of one row.
fn scalar_array(value: &Value<'_>) -> Option<(ArrayRef, DataType)> {
    Some(match value {
        Value::Boolean(v) => (Arc::new(BooleanArray::from(vec![*v])) as ArrayRef, DataType::Boolean),
        Value::Long(v) => (Arc::new(Int64Array::from(vec![*v])), DataType::Long),
        Value::Float(v) => (Arc::new(Float32Array::from(vec![*v])), DataType::Float),
        Value::Double(v) => (Arc::new(Float64Array::from(vec![*v])), DataType::Double),
        Value::Decimal(unscaled, scale) => {
            let t = DataType::Decimal { precision: 38, scale: *scale as i8 };
            let array = Decimal128Array::from(vec![*unscaled]).with_precision_and_scale(38, *scale as i8).ok()?;
            (Arc::new(array), t)
        }
        Value::Date(v) => (Arc::new(Date32Array::from(vec![*v])), DataType::Date),
        Value::Timestamp(v) => {
            (Arc::new(TimestampMicrosecondArray::from(vec![*v]).with_timezone("UTC")), DataType::Timestamp)
        }
        Value::TimestampNtz(v) => (Arc::new(TimestampMicrosecondArray::from(vec![*v])), DataType::TimestampNtz),
        Value::Binary(v) => (Arc::new(BinaryArray::from(vec![*v])), DataType::Binary),
        Value::String(v) => (Arc::new(StringArray::from(vec![*v])), DataType::String),
        Value::Uuid(v) => (Arc::new(StringArray::from(vec![uuid::Uuid::from_u128(*v).to_string()])), DataType::String),
        Value::Null | Value::Object(_) | Value::Array(_) => return None,
    })
}

/// Primitive targets: each value is cast as a value of its own type is.
fn atomic(rows: &[Option<Variant<'_>>], to: &DataType, o: &CastOptions) -> SparkResult<ArrayRef> {
    let target = to_arrow(to);
    let try_cast = CastOptions { failure: Failure::Try, ..*o };
    let mut parts: Vec<ArrayRef> = Vec::with_capacity(rows.len());
    for row in rows {
        let decoded = decode(*row)?;
        let cast = match &decoded {
            Some((_, value)) => match scalar_array(value) {
                Some((array, from)) if from == *to || crate::cast::can_cast(&from, to, true) => {
                    Some(relabel(&cast_array(&array, &from, to, &try_cast)?, &target)?)
                }
                _ => None,
            },
            None => None,
        };
        parts.push(match cast.filter(|array| array.is_valid(0)) {
            Some(array) => array,
            None => {
                nothing::<()>(decoded, to, o)?;
                arrow::array::new_null_array(&target, 1)
            }
        });
    }
    if parts.is_empty() {
        return Ok(arrow::array::new_empty_array(&target));
    }
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    arrow::compute::concat(&parts).map_err(from_arrow_error)
}

/// A part of a variant as a variant of its own, with the dictionary it needs.
fn copy(variant: Variant<'_>) -> SparkResult<(Vec<u8>, Vec<u8>)> {
    let mut builder = Builder::default();
    append_variant(&mut builder, variant)?;
    builder.finish()
}

/// A column as variants; nulls of the column stay nulls, nulls inside become variant nulls.
pub(crate) fn to_variant(array: &ArrayRef, from: &DataType) -> SparkResult<ArrayRef> {
    let mut rows = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) || *from == DataType::Null {
            rows.push(None);
            continue;
        }
        let mut builder = Builder::default();
        append_value(&mut builder, array, from, row)?;
        rows.push(Some(builder.finish()?));
    }
    variant_column(rows)
}

fn append_value(builder: &mut Builder, array: &ArrayRef, t: &DataType, row: usize) -> SparkResult<()> {
    if array.is_null(row) || *t == DataType::Null {
        builder.null();
        return Ok(());
    }
    match t {
        DataType::Boolean => builder.boolean(array.as_boolean().value(row)),
        DataType::Byte => builder.long(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Short => builder.long(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Integer => builder.long(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Long => builder.long(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float => builder.float(array.as_primitive::<Float32Type>().value(row)),
        DataType::Double => builder.double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal { scale, .. } => {
            builder.decimal(array.as_primitive::<Decimal128Type>().value(row), *scale as u8);
        }
        DataType::Date => builder.date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp => builder.timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        DataType::TimestampNtz => builder.timestamp_ntz(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        DataType::Binary => builder.binary(array.as_binary::<i32>().value(row)),
        t if t.is_string() => builder.string(array.as_string::<i32>().value(row)),
        DataType::Variant => {
            let variants = super::Variants::new(array)?;
            if let Some(variant) = variants.get(row) {
                append_variant(builder, variant)?;
            }
        }
        DataType::Array { element, .. } => {
            let items = array.as_list::<i32>().value(row);
            let start = builder.position();
            let mut offsets = vec![];
            for item in 0..items.len() {
                offsets.push(builder.position() - start);
                append_value(builder, &items, element, item)?;
            }
            builder.array(start, &offsets);
        }
        DataType::Map { value, .. } => {
            let entries = array.as_map().value(row);
            let keys = entries.column(0).as_string::<i32>();
            let start = builder.position();
            let mut fields = vec![];
            for entry in 0..entries.len() {
                fields.push(builder.field(keys.value(entry), start));
                append_value(builder, entries.column(1), value, entry)?;
            }
            builder.object(start, fields)?;
        }
        DataType::Struct(struct_type) => {
            let columns = array.as_struct();
            let start = builder.position();
            let mut fields = vec![];
            for (index, field) in struct_type.fields.iter().enumerate() {
                fields.push(builder.field(&field.name, start));
                append_value(builder, columns.column(index), &field.data_type, row)?;
            }
            builder.object(start, fields)?;
        }
        other => return Err(SparkError::unsupported(format!("{} as a variant", other.sql()))),
    }
    Ok(())
}

/// Copies a variant into one that is being built.
fn append_variant(builder: &mut Builder, variant: Variant<'_>) -> SparkResult<()> {
    match variant.decode()? {
        Value::Null => builder.null(),
        Value::Boolean(v) => builder.boolean(v),
        Value::Long(v) => builder.long(v),
        Value::Float(v) => builder.float(v),
        Value::Double(v) => builder.double(v),
        Value::Decimal(unscaled, scale) => builder.decimal(unscaled, scale),
        Value::Date(v) => builder.date(v),
        Value::Timestamp(v) => builder.timestamp(v),
        Value::TimestampNtz(v) => builder.timestamp_ntz(v),
        Value::Binary(v) => builder.binary(v),
        Value::String(v) => builder.string(v),
        Value::Uuid(v) => builder.string(&uuid::Uuid::from_u128(v).to_string()),
        Value::Array(items) => {
            let start = builder.position();
            let mut offsets = vec![];
            for item in items {
                offsets.push(builder.position() - start);
                append_variant(builder, item)?;
            }
            builder.array(start, &offsets);
        }
        Value::Object(object) => {
            let start = builder.position();
            let mut fields = vec![];
            for (key, value) in object {
                fields.push(builder.field(key, start));
                append_variant(builder, value)?;
            }
            builder.object(start, fields)?;
        }
    }
    Ok(())
}

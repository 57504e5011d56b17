//! The length of `CHAR(n)` and `VARCHAR(n)` when a table's column is written (Spark's `CharVarcharCodegenUtils`).

use std::{borrow::Cow, sync::Arc};

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringBuilder, StructArray};
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::DataType;

use crate::{CallContext, TypedExpr, error::from_arrow_error, udf::call};

/// A value of strings as a column of type `to` keeps it: `CHAR` at its full length, `VARCHAR` without the spaces that are
/// beyond its length. Anything else that is too long fails.
pub fn fit_length(ctx: &CallContext<'_>, value: TypedExpr, to: &DataType) -> TypedExpr {
    if !has_length(to) {
        return value;
    }
    let (target, data_type, nullable) = (to.clone(), value.data_type.clone(), value.nullable);
    call(ctx, "fit_length")
        .key(to.simple_string())
        .arrays(vec![value], data_type, nullable, move |arrays, _| fit(&arrays[0], &target))
}

fn has_length(data_type: &DataType) -> bool {
    match data_type {
        DataType::Char(_) | DataType::Varchar(_) => true,
        DataType::Array { element, .. } => has_length(element),
        DataType::Map { key, value, .. } => has_length(key) || has_length(value),
        DataType::Struct(fields) => fields.fields.iter().any(|field| has_length(&field.data_type)),
        _ => false,
    }
}

fn fit(array: &ArrayRef, to: &DataType) -> SparkResult<ArrayRef> {
    Ok(match to {
        DataType::Char(length) => fit_texts(array, *length as usize, true)?,
        DataType::Varchar(length) => fit_texts(array, *length as usize, false)?,
        DataType::Array { element, .. } if has_length(element) => {
            let list = array.as_list::<i32>();
            let arrow::datatypes::DataType::List(field) = list.data_type() else { return Ok(Arc::clone(array)) };
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            let values = fit(list.values(), element)?;
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls).map_err(from_arrow_error)?)
        }
        DataType::Map { key, value, .. } if has_length(to) => {
            let map = array.as_map();
            let arrow::datatypes::DataType::Map(field, sorted) = map.data_type() else { return Ok(Arc::clone(array)) };
            let children = vec![fit(map.keys(), key)?, fit(map.values(), value)?];
            let entries = StructArray::try_new(map.entries().fields().clone(), children, None);
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let entries = entries.map_err(from_arrow_error)?;
            Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, nulls, *sorted).map_err(from_arrow_error)?)
        }
        DataType::Struct(fields) if has_length(to) => {
            let rows = array.as_struct();
            let children =
                rows.columns().iter().zip(&fields.fields).map(|(column, field)| fit(column, &field.data_type));
            let children = children.collect::<SparkResult<Vec<_>>>()?;
            let rows = StructArray::try_new(rows.fields().clone(), children, rows.nulls().cloned());
            Arc::new(rows.map_err(from_arrow_error)?)
        }
        _ => Arc::clone(array),
    })
}

fn fit_texts(array: &ArrayRef, length: usize, pad: bool) -> SparkResult<ArrayRef> {
    let mut texts = StringBuilder::with_capacity(array.len(), array.len() * length.min(64));
    for text in array.as_string::<i32>() {
        match text {
            Some(text) => texts.append_value(fit_one(text, length, pad)?),
            None => texts.append_null(),
        }
    }
    Ok(Arc::new(texts.finish()))
}

fn fit_one(text: &str, length: usize, pad: bool) -> SparkResult<Cow<'_, str>> {
    let end = text.char_indices().nth(length).map_or(text.len(), |(end, _)| end);
    let (kept, rest) = text.split_at(end);
    if rest.bytes().any(|byte| byte != b' ') {
        return Err(SparkError::new(ExceptionClass::Runtime, "EXCEED_LIMIT_LENGTH").param("limit", length.to_string()));
    }
    let missing = if pad { length - kept.chars().count() } else { 0 };
    Ok(if missing == 0 { kept.into() } else { format!("{kept}{}", " ".repeat(missing)).into() })
}

/// [`fit_length`] of one text; of another type the text stays.
pub fn fit_text(text: &str, to: &DataType) -> SparkResult<String> {
    Ok(match to {
        DataType::Char(length) => fit_one(text, *length as usize, true)?.into_owned(),
        DataType::Varchar(length) => fit_one(text, *length as usize, false)?.into_owned(),
        _ => text.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;

    use super::*;

    fn fitted(text: &str, to: &DataType) -> SparkResult<String> {
        let array: ArrayRef = Arc::new(StringArray::from(vec![Some(text), None]));
        let array = fit(&array, to)?;
        assert!(array.is_null(1));
        Ok(array.as_string::<i32>().value(0).to_owned())
    }

    #[test]
    fn char_is_padded_and_only_spaces_are_cut() {
        assert_eq!(fitted("a", &DataType::Char(3)).unwrap(), "a  ");
        assert_eq!(fitted("a     ", &DataType::Char(3)).unwrap(), "a  ");
        assert_eq!(fitted("a     ", &DataType::Varchar(3)).unwrap(), "a  ");
        assert_eq!(fitted("a", &DataType::Varchar(3)).unwrap(), "a");
        assert_eq!(fitted("日本語", &DataType::Varchar(3)).unwrap(), "日本語");
        let error = fitted("abcd", &DataType::Varchar(3)).unwrap_err();
        assert_eq!(error.condition, "EXCEED_LIMIT_LENGTH");
    }
}

//! Arrays, maps and structs: the functions, and what they share.

mod arrays;
mod maps;
mod search;
mod sequence;
mod sets;
mod structs;

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, ListArray},
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::DataType as ArrowType,
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::DataType;

use super::take;
use crate::{
    TypedExpr,
    coercion::{Accept, expect},
    entry::{FunctionEntry, MANY, scalar},
    error::from_arrow_error,
    kernels::{Bin, Str},
    udf::{call, relabel},
};

use arrays::{array, array_insert, array_join, array_repeat, flatten, insert, slice, sort_array};
pub(super) use arrays::{concat_arrays, sort_range};
pub(super) use maps::build_map;
use maps::{map, map_concat, map_contains_key, map_from_arrays, map_from_entries, map_part, str_to_map};
use search::{array_contains, array_position, array_remove, extreme, pick, size};
use sequence::sequence;
use sets::{arrays_overlap, set_operation, sets};
use structs::{arrays_zip, element_at, named_struct};
pub use structs::{get_field, get_item, make_struct, zip_arrays};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("array", 0, MANY, array),
    scalar("struct", 0, MANY, |ctx, args| {
        let names: Vec<String> = (1..=args.len()).map(|i| format!("col{i}")).collect();
        Ok(make_struct(ctx, names, args))
    }),
    scalar("named_struct", 0, MANY, named_struct),
    scalar("map", 0, MANY, map),
    scalar("size", 1, 1, |ctx, args| size(ctx, args, "size")),
    scalar("cardinality", 1, 1, |ctx, args| size(ctx, args, "size")),
    scalar("array_size", 1, 1, |ctx, args| {
        let [array] = take(args)?;
        size(ctx, vec![expect(ctx, array, 0, Accept::Array)?], "array_size")
    }),
    scalar("element_at", 2, 2, |ctx, args| element_at(ctx, args, ctx.ansi)),
    scalar("try_element_at", 2, 2, |ctx, args| element_at(ctx, args, false)),
    scalar("get", 2, 2, |ctx, args| {
        let [array, index] = take(args)?;
        get_item(ctx, array, index, false)
    }),
    scalar("array_contains", 2, 2, array_contains),
    scalar("array_position", 2, 2, array_position),
    scalar("array_distinct", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Array)?;
        let t = a.data_type.clone();
        set_operation(ctx, "array_distinct", vec![a], t, |rows, out| {
            let mut seen = std::collections::HashSet::new();
            out.extend(rows[0].iter().filter(|(key, _)| seen.insert(*key)).map(|(_, i)| (0, *i)));
        })
    }),
    scalar("array_union", 2, 2, |ctx, args| {
        sets(ctx, args, "array_union", |rows, out| {
            let mut seen = std::collections::HashSet::new();
            for (side, rows) in rows.iter().enumerate() {
                out.extend(rows.iter().filter(|(key, _)| seen.insert(*key)).map(|(_, i)| (side, *i)));
            }
        })
    }),
    scalar("array_intersect", 2, 2, |ctx, args| {
        sets(ctx, args, "array_intersect", |rows, out| {
            let right: std::collections::HashSet<&[u8]> = rows[1].iter().map(|(key, _)| *key).collect();
            let mut seen = std::collections::HashSet::new();
            out.extend(
                rows[0].iter().filter(|(key, _)| right.contains(key) && seen.insert(*key)).map(|(_, i)| (0, *i)),
            );
        })
    }),
    scalar("array_except", 2, 2, |ctx, args| {
        sets(ctx, args, "array_except", |rows, out| {
            let mut seen: std::collections::HashSet<&[u8]> = rows[1].iter().map(|(key, _)| *key).collect();
            out.extend(rows[0].iter().filter(|(key, _)| seen.insert(*key)).map(|(_, i)| (0, *i)));
        })
    }),
    scalar("arrays_overlap", 2, 2, arrays_overlap),
    scalar("array_compact", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Array)?;
        let t = match &a.data_type {
            DataType::Array { element, .. } => DataType::Array { element: element.clone(), contains_null: false },
            other => other.clone(),
        };
        if let DataType::Array { element, .. } = &t
            && **element == DataType::Null
        {
            // Of nulls alone nothing is left.
            let (n, to) = (a.nullable, t.clone());
            return Ok(call(ctx, "array_compact").key("void").arrays(vec![a], t, n, move |arrays, rows| {
                let nulls = arrays[0].logical_nulls();
                let none = arrow::array::new_empty_array(&arrow::datatypes::DataType::Null);
                list(&to, none, vec![0; rows], nulls)
            }));
        }
        pick(ctx, "array_compact", vec![a], t, |list, row, _, out| {
            let values = list.values();
            let (start, end) = range(list, row);
            out.extend((start..end).filter(|i| values.is_valid(*i)).map(|i| i as u32));
            Ok(())
        })
    }),
    scalar("array_remove", 2, 2, array_remove),
    scalar("reverse", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        if a.data_type == DataType::Binary {
            let n = a.nullable;
            let reversed = |bytes: &[u8]| Ok(Some(bytes.iter().rev().copied().collect::<Vec<u8>>()));
            return Ok(call(ctx, "reverse").key("binary").map1::<Bin, Vec<u8>>(vec![a], DataType::Binary, n, reversed));
        }
        if !matches!(a.data_type, DataType::Array { .. }) {
            let a = expect(ctx, a, 0, Accept::Type(DataType::String))?;
            let n = a.nullable;
            return Ok(call(ctx, "reverse")
                .map1::<Str, String>(vec![a], DataType::String, n, |s| Ok(Some(s.chars().rev().collect()))));
        }
        let t = a.data_type.clone();
        pick(ctx, "reverse", vec![a], t, |list, row, _, out| {
            let (start, end) = range(list, row);
            out.extend((start..end).rev().map(|i| i as u32));
            Ok(())
        })
    }),
    scalar("slice", 3, 3, slice),
    scalar("sort_array", 1, 2, sort_array),
    scalar("array_min", 1, 1, |ctx, args| extreme(ctx, args, "array_min")),
    scalar("array_max", 1, 1, |ctx, args| extreme(ctx, args, "array_max")),
    scalar("array_repeat", 2, 2, array_repeat),
    scalar("array_append", 2, 2, |ctx, args| insert(ctx, args, "array_append")),
    scalar("array_prepend", 2, 2, |ctx, args| insert(ctx, args, "array_prepend")),
    scalar("array_insert", 3, 3, array_insert),
    scalar("array_join", 2, 3, array_join),
    scalar("arrays_zip", 0, MANY, arrays_zip),
    scalar("flatten", 1, 1, flatten),
    scalar("sequence", 2, 3, sequence),
    scalar("split", 2, 3, super::regexp::split),
    scalar("map_keys", 1, 1, |ctx, args| map_part(ctx, args, "map_keys")),
    scalar("map_values", 1, 1, |ctx, args| map_part(ctx, args, "map_values")),
    scalar("map_entries", 1, 1, |ctx, args| map_part(ctx, args, "map_entries")),
    scalar("map_contains_key", 2, 2, map_contains_key),
    scalar("map_from_arrays", 2, 2, map_from_arrays),
    scalar("map_from_entries", 1, 1, map_from_entries),
    scalar("map_concat", 0, MANY, map_concat),
    scalar("str_to_map", 1, 3, str_to_map),
];

fn element_of(t: &DataType) -> (DataType, bool) {
    match t {
        DataType::Array { element, contains_null } => ((**element).clone(), *contains_null),
        _ => (DataType::Null, true),
    }
}

fn range(list: &ListArray, row: usize) -> (usize, usize) {
    (list.offsets()[row] as usize, list.offsets()[row + 1] as usize)
}

/// A list array of a Spark array type from values and lengths.
pub(super) fn list(
    data_type: &DataType,
    values: ArrayRef,
    lengths: impl IntoIterator<Item = usize>,
    nulls: Option<NullBuffer>,
) -> SparkResult<ArrayRef> {
    let ArrowType::List(field) = to_arrow(data_type) else { return Err(SparkError::internal("not a list type")) };
    let values = relabel(&values, field.data_type())?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(field, offsets, values, nulls).map_err(from_arrow_error)?))
}

/// Nulls of a row where any of the arrays is null.
pub(super) fn union_nulls(arrays: &[ArrayRef]) -> Option<NullBuffer> {
    arrays.iter().fold(None, |nulls, array| NullBuffer::union(nulls.as_ref(), array.logical_nulls().as_ref()))
}

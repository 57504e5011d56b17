//! `aggregate` and `reduce`.

use arrow::array::{Array, AsArray, UInt32Array};
use kindling_common::{SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType};

use super::{Body, identity, lengths, only, pick, split};
use crate::{
    CallContext, LambdaArgument, TypedExpr,
    cast::cast,
    coercion::{Accept, expect, unexpected_type},
    error::from_arrow_error,
    functions::options::nullable_all,
    udf::{call, relabel},
};

/// A type with the fields of its structs numbered: what they are called makes no other type.
fn unnamed(t: &DataType) -> DataType {
    match t {
        DataType::Struct(fields) => {
            let fields = fields.fields.iter().enumerate().map(|(index, field)| kindling_spec::StructField {
                name: index.to_string(),
                data_type: unnamed(&field.data_type),
                ..field.clone()
            });
            DataType::Struct(kindling_spec::StructType { fields: fields.collect() })
        }
        DataType::Array { element, contains_null } => {
            DataType::Array { element: Box::new(unnamed(element)), contains_null: *contains_null }
        }
        DataType::Map { key, value, value_contains_null } => DataType::Map {
            key: Box::new(unnamed(key)),
            value: Box::new(unnamed(value)),
            value_contains_null: *value_contains_null,
        },
        other => other.clone(),
    }
}

pub(super) fn aggregate(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let mut lambdas = lambdas.into_iter();
    let (Some(mut merge), finish) = (lambdas.next(), lambdas.next()) else { return only(vec![]).map(|l| l.body) };
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let mut zero = values[1].data_type.clone();
    let (open, merged) = (nullable_all(zero.clone()), nullable_all(merge.body.data_type.clone()));
    if merge.body.data_type != zero && unnamed(&open) == unnamed(&merged) {
        // The same type but for what may be null in it.
        zero = open;
        values[1] = cast(ctx, values[1].clone(), &zero, CastMode::Session)?;
    }
    if merge.body.data_type != zero && !crate::can_cast(&merge.body.data_type, &zero, ctx.ansi) {
        return Err(unexpected_type(ctx, 2, &format!("\"{}\"", zero.sql()), &merge.body.data_type));
    }
    merge.body = cast(ctx, merge.body, &zero, CastMode::Session)?;
    let (data_type, nullable) = match &finish {
        Some(finish) => (finish.body.data_type.clone(), finish.body.nullable),
        None => (zero.clone(), values[1].nullable || merge.body.nullable),
    };
    let n = values[0].nullable || nullable;
    let (body, captured) = Body::new(&merge);
    let own = captured.len();
    values.extend(captured);
    let finish = finish.map(|finish| {
        let (body, captured) = Body::new(&finish);
        values.extend(captured);
        body
    });
    let key = format!("{} {}", identity(&body), finish.as_ref().map(identity).unwrap_or_default());
    let state = to_arrow(&zero);
    Ok(call(ctx, "aggregate").key(key).arrays(values, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let offsets = source.offsets();
        let mut accumulated = relabel(&arrays[1], &state)?;
        let longest = lengths(offsets, source.nulls(), rows).into_iter().max().unwrap_or(0);
        // One step for the first elements of all rows, one for the second ones, …
        for step in 0..longest {
            let active: Vec<u32> = (0..rows)
                .filter(|row| source.is_valid(*row) && (offsets[row + 1] - offsets[*row]) as usize > step)
                .map(|row| row as u32)
                .collect();
            let elements: UInt32Array =
                active.iter().map(|row| offsets[*row as usize] as u32 + step as u32).collect::<Vec<u32>>().into();
            let active = UInt32Array::from(active);
            let mut columns = vec![pick(&accumulated, &active)?, pick(source.values(), &elements)?];
            for array in &arrays[2..2 + own] {
                columns.push(pick(array, &active)?);
            }
            let merged = relabel(&body.run(columns, active.len())?, &state)?;
            if active.len() == rows {
                accumulated = merged;
                continue;
            }
            let mut places: Vec<(usize, usize)> = (0..rows).map(|row| (0, row)).collect();
            for (i, row) in active.values().iter().enumerate() {
                places[*row as usize] = (1, i);
            }
            accumulated = arrow::compute::interleave(&[accumulated.as_ref(), merged.as_ref()], &places)
                .map_err(from_arrow_error)?;
        }
        let result = match &finish {
            Some(finish) => {
                let mut columns = vec![accumulated];
                columns.extend(arrays[2 + own..].iter().cloned());
                finish.run(columns, rows)?
            }
            None => accumulated,
        };
        // A null array aggregates to null.
        let mask: UInt32Array = (0..rows).map(|row| source.is_valid(row).then_some(row as u32)).collect();
        if mask.null_count() == 0 { Ok(result) } else { pick(&result, &mask) }
    }))
}

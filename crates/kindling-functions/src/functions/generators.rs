//! Generators as an array of structs a row; the resolver turns its elements into rows.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType, StructField, StructType};

use super::{
    collection::{make_struct, zip_arrays},
    take,
};
use crate::{
    CallContext, GeneratorCall, TypedExpr,
    cast::cast,
    coercion::{Accept, common_type, expect, unexpected_type},
    entry::{FunctionEntry, MANY, generator},
    udf::call,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    generator("explode", 1, 1, |ctx, args| explode(ctx, args, "explode", false)),
    generator("explode_outer", 1, 1, |ctx, args| explode(ctx, args, "explode", true)),
    generator("posexplode", 1, 1, |ctx, args| explode(ctx, args, "posexplode", false)),
    generator("posexplode_outer", 1, 1, |ctx, args| explode(ctx, args, "posexplode", true)),
    generator("inline", 1, 1, |ctx, args| inline(ctx, args, false)),
    generator("inline_outer", 1, 1, |ctx, args| inline(ctx, args, true)),
    generator("stack", 2, MANY, stack),
    generator("json_tuple", 2, MANY, json_tuple),
];

/// The fields of the rows' structs.
fn output(rows: &TypedExpr) -> SparkResult<StructType> {
    match &rows.data_type {
        DataType::Array { element, .. } => match element.as_ref() {
            DataType::Struct(fields) => Ok(fields.clone()),
            other => Err(SparkError::internal(format!("a generator of {}", other.sql()))),
        },
        other => Err(SparkError::internal(format!("a generator of {}", other.sql()))),
    }
}

fn finish(name: &'static str, outer: bool, rows: TypedExpr) -> SparkResult<GeneratorCall> {
    let mut output = output(&rows)?;
    if outer {
        for field in &mut output.fields {
            field.nullable = true;
        }
    }
    Ok(GeneratorCall { name, outer, rows, output })
}

/// Positions of an array's elements: `[0, 1, …]`, null with the array.
fn positions(ctx: &CallContext<'_>, array: TypedExpr) -> TypedExpr {
    use arrow::array::{Array, AsArray, Int32Array};
    let data_type = DataType::Array { element: Box::new(DataType::Integer), contains_null: false };
    let (n, t) = (array.nullable, data_type.clone());
    call(ctx, "positions").arrays(vec![array], data_type, n, move |arrays, rows| {
        let (offsets, nulls) = match arrays[0].as_list_opt::<i32>() {
            Some(list) => (list.offsets().clone(), list.nulls().cloned()),
            None => (arrays[0].as_map().offsets().clone(), arrays[0].nulls().cloned()),
        };
        let valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let length = |row: usize| if valid(row) { (offsets[row + 1] - offsets[row]) as usize } else { 0 };
        let values = Int32Array::from_iter_values((0..rows).flat_map(|row| 0..length(row) as i32));
        let lengths: Vec<usize> = (0..rows).map(length).collect();
        super::collection::list(&t, std::sync::Arc::new(values), lengths, nulls)
    })
}

fn explode(ctx: &CallContext<'_>, args: Args, name: &'static str, outer: bool) -> SparkResult<GeneratorCall> {
    let [arg] = take(args)?;
    let with_position = name == "posexplode";
    // Zipping makes every field nullable; what comes out is as nullable as the elements.
    let mut nullable = vec![false; usize::from(with_position)];
    match &arg.data_type {
        DataType::Array { contains_null, .. } => nullable.push(*contains_null),
        DataType::Map { value_contains_null, .. } => nullable.extend([false, *value_contains_null]),
        _ => {}
    }
    let rows = match &arg.data_type {
        DataType::Array { .. } => {
            if with_position {
                let position = positions(ctx, arg.clone());
                zip_arrays(ctx, vec!["pos".into(), "col".into()], vec![position, arg])?
            } else {
                zip_arrays(ctx, vec!["col".into()], vec![arg])?
            }
        }
        DataType::Map { .. } => {
            let part = |name: &str| match crate::lookup(name) {
                Some(entry) => entry.build_scalar(ctx, vec![arg.clone()]),
                None => Err(SparkError::internal(format!("no {name}"))),
            };
            let (keys, values) = (part("map_keys")?, part("map_values")?);
            if with_position {
                let position = positions(ctx, arg.clone());
                zip_arrays(ctx, vec!["pos".into(), "key".into(), "value".into()], vec![position, keys, values])?
            } else {
                zip_arrays(ctx, vec!["key".into(), "value".into()], vec![keys, values])?
            }
        }
        other => return Err(unexpected_type(ctx, 0, "(\"ARRAY\" or \"MAP\")", other)),
    };
    let mut call = finish(name, outer, rows)?;
    for (field, nullable) in call.output.fields.iter_mut().zip(nullable) {
        field.nullable = nullable || outer;
    }
    Ok(call)
}

fn inline(ctx: &CallContext<'_>, args: Args, outer: bool) -> SparkResult<GeneratorCall> {
    let [arg] = take(args)?;
    let valid = matches!(&arg.data_type, DataType::Array { element, .. } if matches!(**element, DataType::Struct(_)));
    if !valid {
        return Err(unexpected_type(ctx, 0, "\"ARRAY<STRUCT>\"", &arg.data_type));
    }
    finish("inline", outer, arg)
}

/// `stack(n, v1, …)`: the values cut into `n` rows.
fn stack(ctx: &CallContext<'_>, args: Args) -> SparkResult<GeneratorCall> {
    let count = expect(ctx, args[0].clone(), 0, Accept::Type(DataType::Integer))?;
    let rows = match crate::fold(&count)? {
        Some(datafusion::common::ScalarValue::Int32(Some(n))) if n > 0 => n as usize,
        Some(_) => {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("exprName", "`n`")
                .param("valueRange", "(0, 2147483647]")
                .param("currentValue", "0"));
        }
        None => return Err(crate::coercion::non_foldable(ctx, 0, "n", "\"INT\"")),
    };
    let values: Args = args.into_iter().skip(1).collect();
    let columns = values.len().div_ceil(rows);
    let mut types = vec![];
    for column in 0..columns {
        let of: Vec<DataType> =
            values.iter().skip(column).step_by(columns).map(|value| value.data_type.clone()).collect();
        let common = common_type(&of, ctx.ansi).ok_or_else(|| {
            SparkError::analysis("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("columnIndex", column.to_string())
                .param("leftType", format!("\"{}\"", of[0].sql()))
                .param("leftParamIndex", (column + 1).to_string())
                .param("rightType", format!("\"{}\"", of[of.len() - 1].sql()))
                .param("rightParamIndex", (column + 1 + columns).to_string())
        })?;
        types.push(common);
    }
    let names: Vec<String> = (0..columns).map(|i| format!("col{i}")).collect();
    let mut structs = vec![];
    for row in 0..rows {
        let mut fields = vec![];
        for (column, t) in types.iter().enumerate() {
            fields.push(match values.get(row * columns + column) {
                Some(value) => cast(ctx, value.clone(), t, CastMode::Session)?,
                None => TypedExpr::null(t.clone())?,
            });
        }
        structs.push(make_struct(ctx, names.clone(), fields));
    }
    // One struct type for all rows: nullable everywhere.
    let fields = names.iter().zip(&types).map(|(name, t)| StructField::new(name.clone(), t.clone(), true)).collect();
    let row_type = DataType::Struct(StructType { fields });
    let structs: SparkResult<Args> = structs.into_iter().map(|s| cast(ctx, s, &row_type, CastMode::Session)).collect();
    let array = match crate::lookup("array") {
        Some(entry) => entry.build_scalar(ctx, structs?)?,
        None => return Err(SparkError::internal("no array")),
    };
    finish("stack", false, array)
}

/// `json_tuple(json, name, …)`: one row of strings.
fn json_tuple(ctx: &CallContext<'_>, args: Args) -> SparkResult<GeneratorCall> {
    let (mut args, _) = {
        let types = vec![DataType::String; args.len()];
        super::string::typed(ctx, args, &types)?
    };
    let json = args.remove(0);
    let names = (0..args.len()).map(|i| format!("c{i}")).collect();
    let fields = args.into_iter().map(|name| super::json::top_level_field(ctx, json.clone(), name)).collect();
    let row = make_struct(ctx, names, fields);
    let array = match crate::lookup("array") {
        Some(entry) => entry.build_scalar(ctx, vec![row])?,
        None => return Err(SparkError::internal("no array")),
    };
    finish("json_tuple", false, array)
}

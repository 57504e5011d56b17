//! `concat`, `concat_ws`, `elt`.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{Args, INT, STRING};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{Accept, expect},
    functions::any_nullable,
    kernels::{Bin, I32, Str, View, collect_rows},
    udf::call,
};

/// Binary arguments of string functions that take them as text.
pub(super) fn binaries_as_text(ctx: &CallContext<'_>, args: Args) -> SparkResult<Args> {
    let text = |arg: TypedExpr| match arg.data_type {
        DataType::Binary => cast(ctx, arg, &STRING, CastMode::Session),
        _ => Ok(arg),
    };
    args.into_iter().map(text).collect()
}

pub(super) fn concat(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    if args.is_empty() {
        return Ok(TypedExpr::string(""));
    }
    if args.iter().any(|arg| matches!(arg.data_type, DataType::Array { .. })) {
        return crate::functions::collection::concat_arrays(ctx, args);
    }
    let n = any_nullable(&args);
    if args.iter().all(|arg| arg.data_type == DataType::Binary) {
        return Ok(call(ctx, "concat").key("binary").kernel(args, DataType::Binary, n, |values, rows| {
            let views: Vec<View<Bin>> = values.iter().map(View::new).collect::<SparkResult<_>>()?;
            collect_rows::<Vec<u8>>(values, rows, |row| {
                let mut out = vec![];
                for view in &views {
                    match view.get(row) {
                        Some(bytes) => out.extend_from_slice(bytes),
                        None => return Ok(None),
                    }
                }
                Ok(Some(out))
            })
        }));
    }
    let args: SparkResult<Args> = args
        .into_iter()
        .enumerate()
        .map(|(i, arg)| match arg.data_type {
            DataType::Binary => cast(ctx, arg, &STRING, CastMode::Session),
            _ => expect(ctx, arg, i, Accept::Type(STRING)),
        })
        .collect();
    Ok(call(ctx, "concat").kernel(args?, STRING, n, |values, rows| {
        let views: Vec<View<Str>> = values.iter().map(View::new).collect::<SparkResult<_>>()?;
        collect_rows::<String>(values, rows, |row| {
            let mut out = String::new();
            for view in &views {
                match view.get(row) {
                    Some(text) => out.push_str(text),
                    None => return Ok(None),
                }
            }
            Ok(Some(out))
        })
    }))
}

/// Strings and arrays of strings joined; nulls are skipped.
pub(super) fn concat_ws(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    use arrow::array::{Array, AsArray};
    let n = args[0].nullable;
    let list = DataType::array(STRING);
    let args: SparkResult<Args> = args
        .into_iter()
        .enumerate()
        .map(|(i, arg)| match arg.data_type {
            DataType::Array { .. } if i > 0 => cast(ctx, arg, &list, CastMode::Session),
            _ => expect(ctx, arg, i, Accept::Type(STRING)),
        })
        .collect();
    Ok(call(ctx, "concat_ws").arrays(args?, STRING, n, |arrays, rows| {
        let separator = arrays[0].as_string::<i32>();
        let mut builder = arrow::array::StringBuilder::with_capacity(rows, rows * 16);
        for row in 0..rows {
            if separator.is_null(row) {
                builder.append_null();
                continue;
            }
            let mut parts: Vec<String> = vec![];
            for array in &arrays[1..] {
                if array.is_null(row) {
                    continue;
                }
                if let Some(list) = array.as_list_opt::<i32>() {
                    parts.extend(list.value(row).as_string::<i32>().iter().flatten().map(str::to_string));
                } else {
                    parts.push(array.as_string::<i32>().value(row).to_string());
                }
            }
            builder.append_value(parts.join(separator.value(row)));
        }
        Ok(std::sync::Arc::new(builder.finish()))
    }))
}

pub(super) fn elt(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let mut out = vec![expect(ctx, args[0].clone(), 0, Accept::Type(INT))?];
    for (i, arg) in args.into_iter().enumerate().skip(1) {
        out.push(expect(ctx, arg, i, Accept::Type(STRING))?);
    }
    let ansi = ctx.ansi;
    Ok(call(ctx, "elt").key(ansi.to_string()).kernel(out, STRING, true, move |values, rows| {
        let index = View::<I32>::new(&values[0])?;
        let texts: Vec<View<Str>> = values[1..].iter().map(View::new).collect::<SparkResult<_>>()?;
        collect_rows::<String>(values, rows, |row| {
            let Some(i) = index.get(row) else { return Ok(None) };
            match usize::try_from(i - 1).ok().and_then(|i| texts.get(i)) {
                Some(view) => Ok(view.get(row).map(str::to_string)),
                None if ansi => Err(SparkError::new(ExceptionClass::ArrayIndexOutOfBounds, "INVALID_ARRAY_INDEX")
                    .param("indexValue", i.to_string())
                    .param("arraySize", texts.len().to_string())),
                None => Ok(None),
            }
        })
    }))
}

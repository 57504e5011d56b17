//! `mask`.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{Args, STRING};
use crate::{
    CallContext, TypedExpr,
    coercion::{Accept, expect, unexpected_type},
    kernels::{Str, View, collect_rows},
    udf::call,
};

/// A character that masks: a constant string of one, or NULL.
fn mask_character(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize) -> SparkResult<TypedExpr> {
    let name = ["upperChar", "lowerChar", "digitChar", "otherChar"].get(index).copied().unwrap_or("otherChar");
    if !arg.data_type.is_string() && arg.data_type != DataType::Null {
        return Err(unexpected_type(ctx, index + 1, "\"STRING\"", &arg.data_type));
    }
    let value = match crate::fold(arg)? {
        Some(value) => value,
        None => {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("inputName", format!("`{name}`"))
                .param("inputType", "\"STRING\"")
                .param("inputExpr", format!("\"{}\"", ctx.text.argument(index + 1))));
        }
    };
    if let datafusion::common::ScalarValue::Utf8(Some(text)) = &value
        && text.chars().count() != 1
    {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("exprName", name));
    }
    expect(ctx, arg.clone(), index + 1, Accept::Type(STRING))
}

pub(super) fn mask(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let n = args[0].nullable;
    let defaults = [Some("X"), Some("x"), Some("n"), None];
    let mut out = vec![expect(ctx, args[0].clone(), 0, Accept::Type(STRING))?];
    for (i, default) in defaults.iter().enumerate() {
        out.push(match (args.get(i + 1), default) {
            (Some(arg), _) => mask_character(ctx, arg, i)?,
            (None, Some(text)) => TypedExpr::string(*text),
            (None, None) => TypedExpr::null(STRING)?,
        });
    }
    Ok(call(ctx, "mask").kernel(out, STRING, n, |values, rows| {
        let views: Vec<View<Str>> = values.iter().map(View::new).collect::<SparkResult<_>>()?;
        collect_rows::<String>(values, rows, |row| {
            let Some(text) = views[0].get(row) else { return Ok(None) };
            let with = |i: usize, c: char| views[i].get(row).and_then(|s| s.chars().next()).unwrap_or(c);
            Ok(Some(
                text.chars()
                    .map(|c| match c {
                        c if c.is_uppercase() => with(1, c),
                        c if c.is_lowercase() => with(2, c),
                        c if c.is_numeric() => with(3, c),
                        c => with(4, c),
                    })
                    .collect(),
            ))
        })
    }))
}

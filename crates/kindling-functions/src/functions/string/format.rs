//! `format_string` and `format_number`.

use kindling_common::SparkResult;
use kindling_spec::{CastMode, DataType};

use super::{Args, INT, STRING};
use crate::{
    CallContext, TypedExpr,
    cast::{cast, double_text},
    coercion::{Accept, expect},
    functions::take,
    kernels::{Dec, F64, I32, I64},
    udf::call,
};

/// Java's `String.format` for `%s %d %f %x %c %b %e %%` with flags, width and precision.
pub(super) fn format_string(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let n = args[0].nullable;
    let mut out = vec![expect(ctx, args[0].clone(), 0, Accept::Type(STRING))?];
    let mut kinds = vec![];
    for arg in args.into_iter().skip(1) {
        let kind = arg.data_type.clone();
        out.push(match &kind {
            t if t.is_integral() => cast(ctx, arg, &DataType::Long, CastMode::Session)?,
            // Spark formats what a date or time is held as.
            DataType::Date | DataType::YearMonthInterval { .. } => {
                call(ctx, "count").map1::<I32, i64>(vec![arg], DataType::Long, true, |v| Ok(Some(v.into())))
            }
            DataType::Timestamp | DataType::TimestampNtz | DataType::Time { .. } | DataType::DayTimeInterval { .. } => {
                call(ctx, "count").map1::<I64, i64>(vec![arg], DataType::Long, true, |v| Ok(Some(v)))
            }
            DataType::Float | DataType::Double => cast(ctx, arg, &DataType::Double, CastMode::Session)?,
            _ => cast(ctx, arg, &STRING, CastMode::Session)?,
        });
        kinds.push(kind);
    }
    let key = format!("{kinds:?}");
    Ok(call(ctx, "format_string").key(key).arrays(out, STRING, n, move |arrays, rows| {
        use arrow::array::{Array, AsArray};
        let mut builder = arrow::array::StringBuilder::with_capacity(rows, rows * 16);
        for row in 0..rows {
            if arrays[0].is_null(row) {
                builder.append_null();
                continue;
            }
            let values: Vec<crate::functions::format::Value> = arrays[1..]
                .iter()
                .map(|array| {
                    if array.is_null(row) {
                        crate::functions::format::Value::Null
                    } else if let Some(longs) = array.as_primitive_opt::<arrow::datatypes::Int64Type>() {
                        crate::functions::format::Value::Long(longs.value(row))
                    } else if let Some(doubles) = array.as_primitive_opt::<arrow::datatypes::Float64Type>() {
                        crate::functions::format::Value::Double(doubles.value(row))
                    } else {
                        crate::functions::format::Value::Text(array.as_string::<i32>().value(row).to_string())
                    }
                })
                .collect();
            builder.append_value(crate::functions::format::format(arrays[0].as_string::<i32>().value(row), &values)?);
        }
        Ok(std::sync::Arc::new(builder.finish()))
    }))
}

/// `#,###,###.##` with rounding half even.
pub(super) fn format_number(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [value, places] = take(args)?;
    let value = expect(ctx, value, 0, Accept::Numeric)?;
    if places.data_type.is_string() {
        return crate::functions::decimal_format::format_with_pattern(ctx, value, places);
    }
    let places = expect(ctx, places, 1, Accept::Type(INT))?;
    let c = call(ctx, "format_number");
    // What rounds to zero keeps its sign.
    let group = |digits: &str, negative: bool| {
        let (sign, digits) = (if negative { "-" } else { "" }, digits.trim_start_matches('-'));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut out = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                out.push(',');
            }
            out.push(digit);
        }
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{out}{point}{fraction}")
    };
    if let DataType::Decimal { scale, .. } = value.data_type {
        return Ok(c.map2::<Dec, I32, String>(vec![value, places], STRING, true, move |v, places| {
            if places < 0 {
                return Ok(None);
            }
            let text = crate::functions::format::round_text(&crate::cast::decimal_text(v, scale), places as usize);
            Ok(Some(group(&text, v < 0)))
        }));
    }
    if value.data_type.is_integral() {
        let value = cast(ctx, value, &DataType::Long, CastMode::Session)?;
        return Ok(c.map2::<I64, I32, String>(vec![value, places], STRING, true, move |v, places| {
            Ok((places >= 0)
                .then(|| group(&crate::functions::format::round_text(&v.to_string(), places as usize), v < 0)))
        }));
    }
    let value = cast(ctx, value, &DataType::Double, CastMode::Session)?;
    Ok(c.map2::<F64, I32, String>(vec![value, places], STRING, true, move |v, places| {
        if places < 0 {
            return Ok(None);
        }
        if v.is_nan() || v.is_infinite() {
            return Ok(Some(double_text(v).replace("Infinity", "∞")));
        }
        let exact = format!("{v:.40}");
        Ok(Some(group(&crate::functions::format::round_text(&exact, places as usize), v.is_sign_negative())))
    }))
}

//! Mathematics, rounding, number texts and random numbers.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{any_nullable, string::typed, take};
use crate::{
    CallContext, TypedExpr,
    arithmetic::{decimal_out_of_range, divide_half_up, fits, overflow, pow10},
    cast::cast,
    coercion::{Accept, adjust, expect, non_foldable, unexpected_type},
    entry::{FunctionEntry, scalar},
    kernels::{Bin, Dec, F32, F64, I32, I64, Str},
    strict_math,
    udf::call,
};

type Args = Vec<TypedExpr>;

const DOUBLE: DataType = DataType::Double;

macro_rules! real {
    ($name:literal, $f:expr) => {
        scalar($name, 1, 1, |ctx, args| {
            let (args, n) = typed(ctx, args, &[DOUBLE])?;
            Ok(call(ctx, $name).map1::<F64, f64>(args, DOUBLE, n, |v| Ok(Some(canonical($f(v))))))
        })
    };
}

/// Spark's logarithms are null where they are not defined.
macro_rules! logarithm {
    ($name:literal, $bound:expr, $f:expr) => {
        scalar($name, 1, 1, |ctx, args| {
            let (args, _) = typed(ctx, args, &[DOUBLE])?;
            Ok(call(ctx, $name)
                .map1::<F64, f64>(args, DOUBLE, true, |v| Ok(if v <= $bound { None } else { Some(canonical($f(v))) })))
        })
    };
}

macro_rules! real2 {
    ($name:literal, $f:expr) => {
        scalar($name, 2, 2, |ctx, args| {
            let (args, n) = typed(ctx, args, &[DOUBLE, DOUBLE])?;
            Ok(call(ctx, $name).map2::<F64, F64, f64>(args, DOUBLE, n, |a, b| Ok(Some(canonical($f(a, b))))))
        })
    };
}

/// The NaN of Java: without a sign.
fn canonical(v: f64) -> f64 {
    if v.is_nan() { f64::NAN } else { v }
}

pub(super) static ENTRIES: &[FunctionEntry] = &[
    real!("sqrt", f64::sqrt),
    real!("cbrt", strict_math::cbrt),
    real!("exp", libm::exp),
    real!("expm1", libm::expm1),
    real!("sin", f64::sin),
    real!("cos", f64::cos),
    real!("tan", f64::tan),
    real!("asin", libm::asin),
    real!("acos", libm::acos),
    real!("atan", libm::atan),
    real!("sinh", strict_math::sinh),
    real!("cosh", strict_math::cosh),
    real!("tanh", strict_math::tanh),
    real!("asinh", strict_math::asinh),
    real!("acosh", strict_math::acosh),
    real!("atanh", |v: f64| 0.5 * (libm::log1p(v) - libm::log1p(-v))),
    real!("sec", |v: f64| 1.0 / v.cos()),
    real!("csc", |v: f64| 1.0 / v.sin()),
    real!("cot", |v: f64| 1.0 / v.tan()),
    real!("degrees", f64::to_degrees),
    real!("radians", f64::to_radians),
    real!("rint", f64::round_ties_even),
    scalar("signum", 1, 1, sign),
    scalar("sign", 1, 1, sign),
    logarithm!("ln", 0.0, strict_math::log),
    logarithm!("log10", 0.0, strict_math::log10),
    // As Spark divides, so are the last digits.
    logarithm!("log2", 0.0, |v: f64| strict_math::log(v) / strict_math::log(2.0)),
    logarithm!("log1p", -1.0, f64::ln_1p),
    scalar("log", 1, 2, |ctx, args| {
        if args.len() == 1 {
            let (args, _) = typed(ctx, args, &[DOUBLE])?;
            return Ok(
                call(ctx, "ln").map1::<F64, f64>(args, DOUBLE, true, |v| Ok((v > 0.0).then(|| strict_math::log(v))))
            );
        }
        let (args, _) = typed(ctx, args, &[DOUBLE, DOUBLE])?;
        Ok(call(ctx, "log").map2::<F64, F64, f64>(args, DOUBLE, true, |base, v| {
            Ok((base > 0.0 && v > 0.0).then(|| canonical(strict_math::log(v) / strict_math::log(base))))
        }))
    }),
    real2!("pow", pow),
    real2!("power", pow),
    // Zero has no sign here.
    real2!("atan2", |y: f64, x: f64| libm::atan2(y + 0.0, x + 0.0)),
    real2!("hypot", libm::hypot),
    scalar("e", 0, 0, |_, _| Ok(TypedExpr::double(std::f64::consts::E))),
    scalar("pi", 0, 0, |_, _| Ok(TypedExpr::double(std::f64::consts::PI))),
    scalar("ceil", 1, 2, |ctx, args| whole(ctx, args, Rounding::Ceil)),
    scalar("ceiling", 1, 2, |ctx, args| whole(ctx, args, Rounding::Ceil)),
    scalar("floor", 1, 2, |ctx, args| whole(ctx, args, Rounding::Floor)),
    scalar("round", 1, 2, |ctx, args| round(ctx, args, Rounding::HalfUp)),
    scalar("bround", 1, 2, |ctx, args| round(ctx, args, Rounding::HalfEven)),
    scalar("factorial", 1, 1, |ctx, args| {
        let (args, _) = typed(ctx, args, &[DataType::Integer])?;
        Ok(call(ctx, "factorial").map1::<I32, i64>(args, DataType::Long, true, |v| {
            Ok((0..=20).contains(&v).then(|| (1..=i64::from(v)).product()))
        }))
    }),
    scalar("bin", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[DataType::Long])?;
        Ok(call(ctx, "bin").map1::<I64, String>(args, DataType::String, n, |v| Ok(Some(format!("{v:b}")))))
    }),
    scalar("hex", 1, 1, hex),
    scalar("unhex", 1, 1, |ctx, args| {
        let (args, _) = typed(ctx, args, &[DataType::String])?;
        Ok(call(ctx, "unhex").map1::<Str, Vec<u8>>(args, DataType::Binary, true, |s| Ok(unhex(s))))
    }),
    scalar("conv", 3, 3, conv),
    scalar("bit_count", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        if !(a.data_type.is_integral() || matches!(a.data_type, DataType::Boolean | DataType::Null)) {
            return Err(unexpected_type(ctx, 0, "(\"INTEGRAL\" or \"BOOLEAN\")", &a.data_type));
        }
        let a = cast(ctx, a, &DataType::Long, CastMode::Session)?;
        let n = a.nullable;
        Ok(call(ctx, "bit_count").map1::<I64, i32>(vec![a], DataType::Integer, n, |v| Ok(Some(v.count_ones() as i32))))
    }),
    scalar("bit_get", 2, 2, bit_get),
    scalar("getbit", 2, 2, bit_get),
    scalar("width_bucket", 4, 4, width_bucket),
];

/// The sign of a number or of an interval.
fn sign(ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    match args[0].data_type {
        DataType::YearMonthInterval { .. } => {
            let n = args[0].nullable;
            Ok(call(ctx, "signum").key("months").map1::<I32, f64>(args, DOUBLE, n, |v| Ok(Some(f64::from(v.signum())))))
        }
        DataType::DayTimeInterval { .. } => {
            let n = args[0].nullable;
            Ok(call(ctx, "signum").key("micros").map1::<I64, f64>(args, DOUBLE, n, |v| Ok(Some(v.signum() as f64))))
        }
        _ => {
            let (args, n) = typed(ctx, args, &[DOUBLE])?;
            Ok(call(ctx, "signum").map1::<F64, f64>(args, DOUBLE, n, |v| Ok(Some(signum(v)))))
        }
    }
}

fn signum(v: f64) -> f64 {
    if v == 0.0 || v.is_nan() { v } else { v.signum() }
}

/// `Math.pow`: one to the infinity is not a number in Java.
fn pow(a: f64, b: f64) -> f64 {
    if a.abs() == 1.0 && b.is_infinite() || b.is_nan() { f64::NAN } else { libm::pow(a, b) }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rounding {
    Ceil,
    Floor,
    HalfUp,
    HalfEven,
}

fn round_unscaled(value: i128, drop: u32, mode: Rounding) -> i128 {
    if drop > 38 {
        return match mode {
            Rounding::Ceil if value > 0 => 1,
            Rounding::Floor if value < 0 => -1,
            _ => 0,
        };
    }
    let unit = pow10(drop);
    match mode {
        Rounding::HalfUp => divide_half_up(value, unit),
        Rounding::Ceil => value.div_euclid(unit) + i128::from(value.rem_euclid(unit) != 0),
        Rounding::Floor => value.div_euclid(unit),
        Rounding::HalfEven => {
            let (q, r) = (value.div_euclid(unit), value.rem_euclid(unit));
            q + i128::from(r * 2 > unit || r * 2 == unit && q % 2 != 0)
        }
    }
}

/// The constant number of places of a rounding function.
fn places(ctx: &CallContext<'_>, arg: Option<&TypedExpr>) -> SparkResult<Option<i32>> {
    let Some(arg) = arg else { return Ok(Some(0)) };
    let arg = expect(ctx, arg.clone(), 1, Accept::Type(DataType::Integer))?;
    match crate::fold(&arg)? {
        Some(datafusion::common::ScalarValue::Int32(places)) => Ok(places),
        Some(_) => Ok(None),
        None => Err(non_foldable(ctx, 1, "scale", "\"INT\"")),
    }
}

/// `ceil` and `floor`: whole numbers as `BIGINT`, decimals as decimals; with places, decimals.
fn whole(ctx: &CallContext<'_>, args: Args, mode: Rounding) -> SparkResult<TypedExpr> {
    let ceil = mode == Rounding::Ceil;
    let name = if ceil { "ceil" } else { "floor" };
    if args.len() == 2 {
        let arg = expect(ctx, args[0].clone(), 0, Accept::Numeric)?;
        // An int, and no other number or null (`CeilFloorExpressionBuilderBase`).
        let scale = match args.get(1) {
            Some(scale) if scale.data_type == DataType::Integer => places(ctx, Some(scale)).ok().flatten(),
            _ => None,
        };
        let Some(scale) = scale else {
            return Err(SparkError::analysis("NON_FOLDABLE_ARGUMENT")
                .param("funcName", format!("`{name}`"))
                .param("paramName", "`scale`")
                .param("paramType", "\"INT\""));
        };
        let shape = match crate::coercion::decimal_for_type(&arg.data_type) {
            Some(shape) => shape,
            None => return Err(unexpected_type(ctx, 0, "\"DECIMAL\"", &arg.data_type)),
        };
        let decimal = DataType::Decimal { precision: shape.0, scale: shape.1 };
        let arg = cast(ctx, arg, &decimal, CastMode::Session)?;
        return round_decimal(ctx, name, arg, shape, scale, mode);
    }
    let [arg] = take(args)?;
    let arg = expect(ctx, arg, 0, Accept::Numeric)?;
    let n = arg.nullable;
    match arg.data_type {
        ref t if t.is_integral() => cast(ctx, arg, &DataType::Long, CastMode::Session),
        DataType::Decimal { precision, scale } if scale > 0 => {
            let to = DataType::Decimal { precision: (precision - scale as u8 + 1).min(38), scale: 0 };
            let unit = scale as u32;
            Ok(call(ctx, name).map1::<Dec, i128>(vec![arg], to, n, move |v| Ok(Some(round_unscaled(v, unit, mode)))))
        }
        DataType::Decimal { .. } => Ok(arg),
        _ => {
            let arg = cast(ctx, arg, &DOUBLE, CastMode::Session)?;
            Ok(call(ctx, name).map1::<F64, i64>(vec![arg], DataType::Long, n, move |v| {
                Ok(Some(if ceil { v.ceil() } else { v.floor() } as i64))
            }))
        }
    }
}

/// The type of a decimal rounded to `places` (`RoundBase.dataType`), and the rounding.
fn round_decimal(
    ctx: &CallContext<'_>,
    name: &'static str,
    arg: TypedExpr,
    (p, s): (u8, i8),
    places: i32,
    mode: Rounding,
) -> SparkResult<TypedExpr> {
    let (p, s) = (i32::from(p), i32::from(s));
    let least = p - s + 1;
    let (precision, scale) = if places < 0 {
        (least.max(-places + 1).min(38) as u8, 0_i8)
    } else if s <= places {
        ((least + s).min(38) as u8, s as i8)
    } else {
        let (precision, scale) = (least + places, places);
        let (precision, scale) = adjust(precision, scale);
        (precision, scale)
    };
    let to = DataType::Decimal { precision, scale };
    let n = arg.nullable || !ctx.ansi;
    let ansi = ctx.ansi;
    let key = format!("{places} {mode:?} {ansi}");
    Ok(call(ctx, name).key(key).map1::<Dec, i128>(vec![arg], to, n, move |v| {
        let value = if places >= s {
            Some(v)
        } else {
            let rounded = round_unscaled(v, (s - places).max(0) as u32, mode);
            // Negative places leave zeros before the point.
            if places < 0 { rounded.checked_mul(pow10((-places).min(38) as u32)) } else { Some(rounded) }
        };
        match value {
            Some(value) if fits(value, precision) => Ok(Some(value)),
            _ if ansi => Err(decimal_out_of_range(&crate::cast::decimal_text(v, s as i8), precision, scale)),
            _ => Ok(None),
        }
    }))
}

fn round(ctx: &CallContext<'_>, args: Args, mode: Rounding) -> SparkResult<TypedExpr> {
    let name = if mode == Rounding::HalfUp { "round" } else { "bround" };
    let scale = places(ctx, args.get(1))?;
    let arg = expect(ctx, args[0].clone(), 0, Accept::Numeric)?;
    let t = arg.data_type.clone();
    let Some(scale) = scale else { return TypedExpr::null(t) };
    let n = arg.nullable;
    let key = format!("{scale} {}", ctx.ansi);
    let ansi = ctx.ansi;
    match t {
        DataType::Decimal { precision, scale: s } => round_decimal(ctx, name, arg, (precision, s), scale, mode),
        DataType::Double => Ok(call(ctx, name)
            .key(key)
            .map1::<F64, f64>(vec![arg], t, n, move |v| Ok(Some(round_double(v, scale, mode, false))))),
        DataType::Float => Ok(call(ctx, name).key(key).map1::<F32, f32>(vec![arg], t, n, move |v| {
            Ok(Some(round_double(f64::from(v), scale, mode, true) as f32))
        })),
        _ if scale >= 0 => Ok(arg),
        ref integral => {
            let (min, max) = match integral {
                DataType::Byte => (i64::from(i8::MIN), i64::from(i8::MAX)),
                DataType::Short => (i64::from(i16::MIN), i64::from(i16::MAX)),
                DataType::Integer => (i64::from(i32::MIN), i64::from(i32::MAX)),
                _ => (i64::MIN, i64::MAX),
            };
            let arg = cast(ctx, arg, &DataType::Long, CastMode::Session)?;
            let c = call(ctx, name).key(format!("{key} {}", integral.simple_string()));
            let rounded = c.map1::<I64, i64>(vec![arg], DataType::Long, n, move |v| {
                let drop = (-scale).min(39) as u32;
                let value =
                    if drop > 38 { 0 } else { round_unscaled(v.into(), drop, mode).saturating_mul(pow10(drop)) };
                match i64::try_from(value).ok().filter(|v| (min..=max).contains(v)) {
                    Some(value) => Ok(Some(value)),
                    None if ansi => Err(overflow("Overflow", "")),
                    None => Ok(Some(value as i64)),
                }
            });
            cast(ctx, rounded, integral, CastMode::Legacy)
        }
    }
}

/// A double through its shortest decimal text (`BigDecimal(v).setScale(places, mode)`).
fn round_double(v: f64, places: i32, mode: Rounding, float: bool) -> f64 {
    if !v.is_finite() || places > 330 {
        return v;
    }
    // Fast when scaling is exact enough to see that no digit is near a tie.
    let text = if float { format!("{:e}", v as f32) } else { format!("{v:e}") };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let negative = mantissa.starts_with('-');
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let scale = digits.len() as i32 - 1 - exponent;
    if scale <= places {
        return v;
    }
    let Ok(unscaled) = digits.parse::<i128>() else { return v };
    let unscaled = if negative { -unscaled } else { unscaled };
    let rounded = round_unscaled(unscaled, (scale - places) as u32, mode);
    format!("{rounded}e{}", -places).parse().unwrap_or(v)
}

fn hex(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let n = a.nullable;
    let bytes = |b: &[u8]| b.iter().map(|b| format!("{b:02X}")).collect::<String>();
    if a.data_type == DataType::Binary || a.data_type.is_string() {
        return Ok(call(ctx, "hex").map1::<Bin, String>(vec![a], DataType::String, n, move |b| Ok(Some(bytes(b)))));
    }
    let a = expect(ctx, a, 0, Accept::Type(DataType::Long))?;
    Ok(call(ctx, "hex").map1::<I64, String>(vec![a], DataType::String, n, |v| Ok(Some(format!("{v:X}")))))
}

/// Bytes of hexadecimal digits; an odd first digit stands alone.
pub(super) fn unhex(s: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = s.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let digits = digits?;
    let mut out = Vec::with_capacity(digits.len().div_ceil(2));
    let (head, rest) = digits.split_at(digits.len() % 2);
    out.extend_from_slice(head);
    out.extend(rest.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]));
    Some(out)
}

fn conv(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let (args, _) = typed(ctx, args, &[DataType::String, DataType::Integer, DataType::Integer])?;
    let ansi = ctx.ansi;
    Ok(call(ctx, "conv").key(ansi.to_string()).map3::<Str, I32, I32, String>(
        args,
        DataType::String,
        true,
        move |text, from, to| convert_base(text, from, to, ansi),
    ))
}

/// `NumberConverter.convert`: unsigned 64-bit, negative target bases print signed.
fn convert_base(text: &str, from: i32, to: i32, ansi: bool) -> SparkResult<Option<String>> {
    let valid = |base: i32| (2..=36).contains(&base.abs());
    if !valid(from) || from < 0 || !valid(to) {
        return Ok(None);
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut value: u64 = 0;
    for c in digits.chars() {
        let Some(digit) = c.to_digit(from as u32) else { break };
        match value.checked_mul(from as u64).and_then(|v| v.checked_add(digit.into())) {
            Some(next) => value = next,
            None if ansi => return Err(overflow("Overflow in function conv()", "")),
            None => {
                value = u64::MAX;
                break;
            }
        }
    }
    let mut sign = false;
    if negative && to > 0 {
        value = if (value as i64) < 0 { u64::MAX } else { (value as i64).wrapping_neg() as u64 };
    }
    if to < 0 && (value as i64) < 0 {
        value = (value as i64).wrapping_neg() as u64;
        sign = true;
    }
    let base = to.unsigned_abs();
    let mut out = vec![];
    loop {
        let digit = char::from_digit((value % u64::from(base)) as u32, base).unwrap_or('0');
        out.push(digit.to_ascii_uppercase());
        value /= u64::from(base);
        if value == 0 {
            break;
        }
    }
    if sign || negative && to < 0 {
        out.push('-');
    }
    Ok(Some(out.into_iter().rev().collect()))
}

fn bit_get(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [value, position] = take(args)?;
    let value = expect(ctx, value, 0, Accept::Integral)?;
    let bits = match value.data_type {
        DataType::Byte => 8,
        DataType::Short => 16,
        DataType::Integer => 32,
        _ => 64,
    };
    let value = cast(ctx, value, &DataType::Long, CastMode::Session)?;
    let position = expect(ctx, position, 1, Accept::Type(DataType::Integer))?;
    let args = vec![value, position];
    let n = any_nullable(&args);
    let c = call(ctx, "bit_get").key(bits.to_string());
    let result = c.map2::<I64, I32, i32>(args, DataType::Integer, n, move |v, p| {
        if !(0..bits).contains(&p) {
            return Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE")
                .param("functionName", "`bit_get`")
                .param("parameter", "`pos`")
                .param("upper", bits.to_string())
                .param("invalidValue", p.to_string()));
        }
        Ok(Some((v >> p & 1) as i32))
    });
    cast(ctx, result, &DataType::Byte, CastMode::Legacy)
}

fn width_bucket(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let interval = |t: &DataType| matches!(t, DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. });
    let [value, low, high, buckets] = take(args)?;
    let to_double = |i: usize, e: TypedExpr| -> SparkResult<TypedExpr> {
        if interval(&e.data_type) {
            let n = e.nullable;
            return Ok(match e.data_type {
                DataType::YearMonthInterval { .. } => {
                    call(ctx, "interval_double").map1::<I32, f64>(vec![e], DOUBLE, n, |v| Ok(Some(v.into())))
                }
                _ => call(ctx, "interval_double").map1::<I64, f64>(vec![e], DOUBLE, n, |v| Ok(Some(v as f64))),
            });
        }
        expect(ctx, e, i, Accept::Type(DOUBLE))
    };
    let args = vec![
        to_double(0, value)?,
        to_double(1, low)?,
        to_double(2, high)?,
        expect(ctx, buckets, 3, Accept::Type(DataType::Long))?,
    ];
    Ok(call(ctx, "width_bucket").map4::<F64, F64, F64, I64, i64>(args, DataType::Long, true, |v, low, high, n| {
        if n <= 0 || n == i64::MAX || v.is_nan() || low == high || !low.is_finite() || !high.is_finite() {
            return Ok(None);
        }
        let (lower, upper) = (low.min(high), low.max(high));
        Ok(Some(if low < high {
            if v < lower {
                0
            } else if v >= upper {
                n + 1
            } else {
                (n as f64 * (v - lower) / (upper - lower)) as i64 + 1
            }
        } else if v > upper {
            0
        } else if v <= lower {
            n + 1
        } else {
            (n as f64 * (upper - v) / (upper - lower)) as i64 + 1
        }))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_by_their_decimal_text() {
        assert_eq!(round_double(2.5, 0, Rounding::HalfUp, false), 3.0);
        assert_eq!(round_double(2.5, 0, Rounding::HalfEven, false), 2.0);
        assert_eq!(round_double(1.005, 2, Rounding::HalfUp, false), 1.01);
        assert_eq!(round_double(-123.456, -1, Rounding::HalfUp, false), -120.0);
        assert_eq!(convert_base("100", 2, 10, true).unwrap().as_deref(), Some("4"));
        assert_eq!(convert_base("-10", 16, -10, true).unwrap().as_deref(), Some("-16"));
        assert_eq!(unhex("737").unwrap(), [7, 0x37]);
    }
}

//! Operators by their names in Spark's registry: arithmetic, comparison, logic, bits, `IN`, `LIKE`, `BETWEEN`.

use datafusion::logical_expr::{BinaryExpr, Expr, Operator, expr::InList};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{any_nullable, take};
use crate::{
    CallContext, TypedExpr,
    arithmetic::overflow,
    cast::cast,
    coercion::{
        Accept, ArithmeticOp, ComparisonOp, binary_arithmetic, cast_all_to_common, check_orderable, comparison, expect,
        tightest_common_type, to_boolean, try_arithmetic,
    },
    entry::{FunctionEntry, MANY, scalar},
    kernels::{Cal, Dec, F32, F64, I8, I16, I32, I64},
    udf::call,
};

macro_rules! arithmetic {
    ($op:ident, $build:ident) => {
        |ctx, args| {
            let [a, b] = take(args)?;
            $build(ctx, ArithmeticOp::$op, a, b)
        }
    };
}

macro_rules! compare {
    ($op:ident) => {
        |ctx, args| {
            let [a, b] = take(args)?;
            comparison(ctx, ComparisonOp::$op, a, b)
        }
    };
}

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("+", 1, 2, |ctx, mut args| match args.len() {
        1 => match args.remove(0) {
            arg if is_interval(&arg.data_type) => Ok(arg),
            arg => expect(ctx, arg, 0, Accept::Numeric),
        },
        _ => arithmetic!(Add, binary_arithmetic)(ctx, args),
    }),
    scalar("-", 1, 2, |ctx, args| match args.len() {
        1 => negative(ctx, args),
        _ => arithmetic!(Subtract, binary_arithmetic)(ctx, args),
    }),
    scalar("*", 2, 2, arithmetic!(Multiply, binary_arithmetic)),
    scalar("/", 2, 2, arithmetic!(Divide, binary_arithmetic)),
    scalar("%", 2, 2, arithmetic!(Remainder, binary_arithmetic)),
    scalar("mod", 2, 2, arithmetic!(Remainder, binary_arithmetic)),
    scalar("div", 2, 2, arithmetic!(IntegralDivide, binary_arithmetic)),
    scalar("pmod", 2, 2, arithmetic!(Pmod, binary_arithmetic)),
    scalar("try_add", 2, 2, arithmetic!(Add, try_arithmetic)),
    scalar("try_subtract", 2, 2, arithmetic!(Subtract, try_arithmetic)),
    scalar("try_multiply", 2, 2, arithmetic!(Multiply, try_arithmetic)),
    scalar("try_divide", 2, 2, arithmetic!(Divide, try_arithmetic)),
    scalar("try_mod", 2, 2, arithmetic!(Remainder, try_arithmetic)),
    scalar("negative", 1, 1, negative),
    scalar("positive", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        if is_interval(&a.data_type) { Ok(a) } else { expect(ctx, a, 0, Accept::Numeric) }
    }),
    scalar("abs", 1, 1, abs),
    scalar("=", 2, 2, compare!(Equal)),
    scalar("==", 2, 2, compare!(Equal)),
    scalar("<=>", 2, 2, compare!(EqualNullSafe)),
    scalar("equal_null", 2, 2, compare!(EqualNullSafe)),
    scalar("!=", 2, 2, compare!(NotEqual)),
    scalar("<>", 2, 2, compare!(NotEqual)),
    scalar("<", 2, 2, compare!(Less)),
    scalar("<=", 2, 2, compare!(LessOrEqual)),
    scalar(">", 2, 2, compare!(Greater)),
    scalar(">=", 2, 2, compare!(GreaterOrEqual)),
    scalar("and", 2, 2, |ctx, args| logic(ctx, args, Operator::And)),
    scalar("or", 2, 2, |ctx, args| logic(ctx, args, Operator::Or)),
    scalar("not", 1, 1, not),
    scalar("!", 1, 1, not),
    scalar("isnull", 1, 1, |_, args| {
        let [a] = take(args)?;
        Ok(TypedExpr::new(Expr::IsNull(Box::new(a.expr)), DataType::Boolean, false))
    }),
    scalar("isnotnull", 1, 1, |_, args| {
        let [a] = take(args)?;
        Ok(TypedExpr::new(Expr::IsNotNull(Box::new(a.expr)), DataType::Boolean, false))
    }),
    scalar("istrue", 1, 1, |ctx, args| truth(ctx, args, Expr::IsTrue)),
    scalar("isfalse", 1, 1, |ctx, args| truth(ctx, args, Expr::IsFalse)),
    scalar("isnottrue", 1, 1, |ctx, args| truth(ctx, args, Expr::IsNotTrue)),
    scalar("isnotfalse", 1, 1, |ctx, args| truth(ctx, args, Expr::IsNotFalse)),
    scalar("in", 1, MANY, is_in),
    scalar("between", 3, 3, |ctx, args| {
        let [value, low, high] = take(args)?;
        if value.expr.is_volatile() && [&value, &low, &high].iter().all(|arg| arg.data_type.is_numeric()) {
            return between_once(ctx, vec![value, low, high]);
        }
        let low = comparison(ctx, ComparisonOp::GreaterOrEqual, value.clone(), low)?;
        let high = comparison(ctx, ComparisonOp::LessOrEqual, value, high)?;
        logic(ctx, vec![low, high], Operator::And)
    }),
    scalar("&", 2, 2, |ctx, args| bits(ctx, args, "bitwise_and", |a, b| a & b)),
    scalar("|", 2, 2, |ctx, args| bits(ctx, args, "bitwise_or", |a, b| a | b)),
    scalar("^", 2, 2, |ctx, args| bits(ctx, args, "bitwise_xor", |a, b| a ^ b)),
    scalar("~", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Integral)?;
        let (t, n) = (a.data_type.clone(), a.nullable);
        let long = cast(ctx, a, &DataType::Long, CastMode::Session)?;
        let result = call(ctx, "bitwise_not").map1::<I64, i64>(vec![long], DataType::Long, n, |v| Ok(Some(!v)));
        cast(ctx, result, &t, CastMode::Legacy)
    }),
    scalar("<<", 2, 2, |ctx, args| shift(ctx, args, "shiftleft")),
    scalar("shiftleft", 2, 2, |ctx, args| shift(ctx, args, "shiftleft")),
    scalar(">>", 2, 2, |ctx, args| shift(ctx, args, "shiftright")),
    scalar("shiftright", 2, 2, |ctx, args| shift(ctx, args, "shiftright")),
    scalar(">>>", 2, 2, |ctx, args| shift(ctx, args, "shiftrightunsigned")),
    scalar("shiftrightunsigned", 2, 2, |ctx, args| shift(ctx, args, "shiftrightunsigned")),
];

/// `value BETWEEN low AND high` where the value is another each time that it is asked for: it is asked for once.
fn between_once(ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    use arrow::compute::{and_kleene, kernels::cmp};
    let args = crate::coercion::cast_all_to_common(ctx, "between", args)?;
    let nullable = args.iter().any(|arg| arg.nullable);
    Ok(call(ctx, "between").arrays(args, DataType::Boolean, nullable, |arrays, _| {
        let above = cmp::gt_eq(&arrays[0], &arrays[1]).map_err(crate::error::from_arrow_error)?;
        let below = cmp::lt_eq(&arrays[0], &arrays[2]).map_err(crate::error::from_arrow_error)?;
        Ok(std::sync::Arc::new(and_kleene(&above, &below).map_err(crate::error::from_arrow_error)?))
    }))
}

fn is_interval(t: &DataType) -> bool {
    matches!(t, DataType::CalendarInterval | DataType::DayTimeInterval { .. } | DataType::YearMonthInterval { .. })
}

/// Checked negation and absolute value over every numeric and interval type.
fn unary(
    ctx: &CallContext<'_>,
    name: &'static str,
    arg: TypedExpr,
    long: fn(i64) -> Option<i64>,
    double: fn(f64) -> f64,
) -> SparkResult<TypedExpr> {
    let ansi = ctx.ansi;
    let (t, nullable) = (arg.data_type.clone(), arg.nullable);
    let c = call(ctx, name).key(ansi.to_string());
    let fail = move |message: &'static str| overflow(message, "");
    let wrap = move |v: i64, min: i64, max: i64, message| match long(v).filter(|r| (min..=max).contains(r)) {
        Some(r) => Ok(Some(r)),
        None if ansi => Err(fail(message)),
        None => Ok(Some(v)),
    };
    Ok(match &t {
        DataType::Byte => c.map1::<I8, i8>(vec![arg], t, nullable, move |v| {
            Ok(wrap(v.into(), i8::MIN.into(), i8::MAX.into(), "byte overflow")?.map(|v| v as i8))
        }),
        DataType::Short => c.map1::<I16, i16>(vec![arg], t, nullable, move |v| {
            Ok(wrap(v.into(), i16::MIN.into(), i16::MAX.into(), "short overflow")?.map(|v| v as i16))
        }),
        DataType::Integer | DataType::YearMonthInterval { .. } => {
            c.map1::<I32, i32>(vec![arg], t, nullable, move |v| {
                Ok(wrap(v.into(), i32::MIN.into(), i32::MAX.into(), "integer overflow")?.map(|v| v as i32))
            })
        }
        DataType::Long | DataType::DayTimeInterval { .. } => {
            c.map1::<I64, i64>(vec![arg], t, nullable, move |v| wrap(v, i64::MIN, i64::MAX, "long overflow"))
        }
        DataType::Float => c.map1::<F32, f32>(vec![arg], t, nullable, move |v| Ok(Some(double(v.into()) as f32))),
        DataType::Double => c.map1::<F64, f64>(vec![arg], t, nullable, move |v| Ok(Some(double(v)))),
        DataType::Decimal { .. } => {
            let absolute = name == "abs";
            c.map1::<Dec, i128>(vec![arg], t, nullable, move |v| Ok(Some(if absolute { v.abs() } else { -v })))
        }
        DataType::CalendarInterval => c.map1::<Cal, _>(vec![arg], t, nullable, move |v| {
            let value = v.months.checked_neg().zip(v.days.checked_neg()).zip(v.nanoseconds.checked_neg());
            match value {
                Some(((m, d), n)) => Ok(Some(arrow::datatypes::IntervalMonthDayNano::new(m, d, n))),
                None => Err(fail("integer overflow")),
            }
        }),
        other => return Err(SparkError::internal(format!("{name} of {}", other.sql()))),
    })
}

fn negative(ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    let arg = if is_interval(&arg.data_type) { arg } else { expect(ctx, arg, 0, Accept::Numeric)? };
    unary(ctx, "negative", arg, i64::checked_neg, |v| -v)
}

fn abs(ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    let arg = if is_interval(&arg.data_type) && arg.data_type != DataType::CalendarInterval {
        arg
    } else {
        expect(ctx, arg, 0, Accept::Numeric)?
    };
    unary(ctx, "abs", arg, i64::checked_abs, f64::abs)
}

pub(super) fn logic(ctx: &CallContext<'_>, args: Vec<TypedExpr>, op: Operator) -> SparkResult<TypedExpr> {
    let [a, b] = take(args)?;
    let wrong = |t: &DataType| {
        SparkError::analysis("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("inputType", "\"BOOLEAN\"")
            .param("actualDataType", format!("\"{}\"", t.sql()))
    };
    let fits = |t: &DataType| *t == DataType::Boolean || *t == DataType::Null || t.is_string();
    if !fits(&a.data_type) || !fits(&b.data_type) {
        if a.data_type == b.data_type {
            return Err(wrong(&a.data_type));
        }
        return Err(SparkError::analysis("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("left", format!("\"{}\"", a.data_type.sql()))
            .param("right", format!("\"{}\"", b.data_type.sql())));
    }
    let nullable = a.nullable || b.nullable;
    let (a, b) = (to_boolean(ctx, a, 0)?, to_boolean(ctx, b, 1)?);
    let expr = Expr::BinaryExpr(BinaryExpr::new(Box::new(a.expr), op, Box::new(b.expr)));
    Ok(TypedExpr::new(expr, DataType::Boolean, nullable))
}

pub(super) fn not(ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = to_boolean(ctx, a, 0)?;
    Ok(TypedExpr::new(Expr::Not(Box::new(a.expr)), DataType::Boolean, a.nullable))
}

fn truth(ctx: &CallContext<'_>, args: Vec<TypedExpr>, wrap: fn(Box<Expr>) -> Expr) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = to_boolean(ctx, a, 0)?;
    Ok(TypedExpr::new(wrap(Box::new(a.expr)), DataType::Boolean, false))
}

/// `value IN (list…)`
fn is_in(ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let nullable = any_nullable(&args);
    let mut args = cast_all_to_common(ctx, "in", args)?;
    check_orderable(ctx, "in", &args[0].data_type)?;
    let value = args.remove(0);
    let floating = matches!(value.data_type, DataType::Float | DataType::Double);
    if args.is_empty() {
        return Ok(TypedExpr::boolean(false));
    }
    if floating || args.len() == 1 || !args.iter().all(|arg| arg.as_literal().is_some()) {
        // A chain of comparisons keeps the semantics of each.
        let mut result: Option<TypedExpr> = None;
        for arg in args {
            let equal = comparison(ctx, ComparisonOp::Equal, value.clone(), arg)?;
            result = Some(match result {
                None => equal,
                Some(before) => logic(ctx, vec![before, equal], Operator::Or)?,
            });
        }
        return result.ok_or_else(|| SparkError::internal("an empty IN"));
    }
    let list = args.into_iter().map(|arg| arg.expr).collect();
    let expr = Expr::InList(InList::new(Box::new(value.expr), list, false));
    Ok(TypedExpr::new(expr, DataType::Boolean, nullable))
}

fn bits(
    ctx: &CallContext<'_>,
    args: Vec<TypedExpr>,
    name: &'static str,
    op: fn(i64, i64) -> i64,
) -> SparkResult<TypedExpr> {
    let [mut a, mut b] = take(args)?;
    // A null has the type of the other side.
    if a.data_type == DataType::Null && b.data_type.is_integral() {
        a = cast(ctx, a, &b.data_type, CastMode::Session)?;
    } else if b.data_type == DataType::Null && a.data_type.is_integral() {
        b = cast(ctx, b, &a.data_type, CastMode::Session)?;
    }
    let (a, b) = (expect(ctx, a, 0, Accept::Integral)?, expect(ctx, b, 1, Accept::Integral)?);
    let common = tightest_common_type(&a.data_type, &b.data_type, ctx.ansi)
        .ok_or_else(|| SparkError::internal("integral types without a common type"))?;
    let nullable = a.nullable || b.nullable;
    let a = cast(ctx, a, &DataType::Long, CastMode::Session)?;
    let b = cast(ctx, b, &DataType::Long, CastMode::Session)?;
    let c = call(ctx, name);
    let result = c.map2::<I64, I64, i64>(vec![a, b], DataType::Long, nullable, move |a, b| Ok(Some(op(a, b))));
    cast(ctx, result, &common, CastMode::Legacy)
}

fn shift(ctx: &CallContext<'_>, args: Vec<TypedExpr>, name: &'static str) -> SparkResult<TypedExpr> {
    let [value, count] = take(args)?;
    let value = match value.data_type {
        DataType::Long => value,
        _ => expect(ctx, value, 0, Accept::Type(DataType::Integer))?,
    };
    let count = expect(ctx, count, 1, Accept::Type(DataType::Integer))?;
    let nullable = value.nullable || count.nullable;
    let c = call(ctx, name);
    if value.data_type == DataType::Long {
        return Ok(c.map2::<I64, I32, i64>(vec![value, count], DataType::Long, nullable, move |v, n| {
            Ok(Some(match name {
                "shiftleft" => v.wrapping_shl(n as u32),
                "shiftright" => v.wrapping_shr(n as u32),
                _ => (v as u64).wrapping_shr(n as u32) as i64,
            }))
        }));
    }
    Ok(c.map2::<I32, I32, i32>(vec![value, count], DataType::Integer, nullable, move |v, n| {
        Ok(Some(match name {
            "shiftleft" => v.wrapping_shl(n as u32),
            "shiftright" => v.wrapping_shr(n as u32),
            _ => (v as u32).wrapping_shr(n as u32) as i32,
        }))
    }))
}

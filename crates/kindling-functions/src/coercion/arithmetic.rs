//! `+ - * / % div`: coercion, result types and kernels (`BinaryArithmetic`, `BinaryArithmeticWithDatetimeResolver`).

use datafusion::logical_expr::ColumnarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{
    decimal::{adjust, decimal_operand},
    errors::quoted,
    widening::{tightest_common_type, wider_for_string},
};
use crate::{
    CallContext, TypedExpr,
    arithmetic::{DecimalShape, decimal_kernel, number_kernel},
    cast::cast,
    datetime::arithmetic::datetime_arithmetic,
    udf::call,
};

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `div`
    IntegralDivide,
    /// `pmod`
    Pmod,
}

impl ArithmeticOp {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            ArithmeticOp::Add => "+",
            ArithmeticOp::Subtract => "-",
            ArithmeticOp::Multiply => "*",
            ArithmeticOp::Divide => "/",
            ArithmeticOp::Remainder => "%",
            ArithmeticOp::IntegralDivide => "div",
            ArithmeticOp::Pmod => "pmod",
        }
    }

    /// Name of the UDF, and of the `try_` function without its prefix.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ArithmeticOp::Add => "add",
            ArithmeticOp::Subtract => "subtract",
            ArithmeticOp::Multiply => "multiply",
            ArithmeticOp::Divide => "divide",
            ArithmeticOp::Remainder => "mod",
            ArithmeticOp::IntegralDivide => "div",
            ArithmeticOp::Pmod => "pmod",
        }
    }

    pub(crate) fn divides(self) -> bool {
        !matches!(self, ArithmeticOp::Add | ArithmeticOp::Subtract | ArithmeticOp::Multiply)
    }
}

/// What a kernel does on overflow and division by zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Failure {
    /// Raises Spark's error.
    Ansi,
    /// Wraps integers; null for decimals and division by zero.
    Legacy,
    /// Null (`try_add`).
    Try,
}

/// `left op right` as the session evaluates it.
pub fn binary_arithmetic(
    ctx: &CallContext<'_>,
    op: ArithmeticOp,
    left: TypedExpr,
    right: TypedExpr,
) -> SparkResult<TypedExpr> {
    let failure = if ctx.ansi { Failure::Ansi } else { Failure::Legacy };
    build(ctx, op, left, right, failure)
}

/// `try_add`, `try_divide`, …: null where the operator fails.
pub fn try_arithmetic(
    ctx: &CallContext<'_>,
    op: ArithmeticOp,
    left: TypedExpr,
    right: TypedExpr,
) -> SparkResult<TypedExpr> {
    build(ctx, op, left, right, Failure::Try)
}

fn build(
    ctx: &CallContext<'_>,
    op: ArithmeticOp,
    left: TypedExpr,
    right: TypedExpr,
    failure: Failure,
) -> SparkResult<TypedExpr> {
    if let Some(result) = datetime_arithmetic(ctx, op, &left, &right, failure)? {
        return Ok(result);
    }
    let (left, right) = promote_strings(ctx, left, right)?;
    let decimal = |t: &DataType| matches!(t, DataType::Decimal { .. });
    if (decimal(&left.data_type) && (decimal(&right.data_type) || right.data_type.is_integral()))
        || (decimal(&right.data_type) && left.data_type.is_integral())
        || (decimal(&left.data_type) || decimal(&right.data_type))
            && (left.data_type == DataType::Null || right.data_type == DataType::Null)
    {
        return build_decimal(ctx, op, left, right, failure);
    }
    let floating = |t: &DataType| matches!(t, DataType::Float | DataType::Double);
    let common = if decimal(&left.data_type) && floating(&right.data_type)
        || decimal(&right.data_type) && floating(&left.data_type)
    {
        Some(DataType::Double)
    } else {
        tightest_common_type(&left.data_type, &right.data_type, ctx.ansi)
    };
    let Some(common) = common else {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("left", quoted(&left.data_type))
            .param("right", quoted(&right.data_type)));
    };
    // `/` is over doubles and `div` over bigints; a null alone takes the operator's natural type.
    let operand = match op {
        ArithmeticOp::Divide if common.is_numeric() || common == DataType::Null => DataType::Double,
        ArithmeticOp::IntegralDivide if common.is_integral() || common == DataType::Null => DataType::Long,
        _ if common == DataType::Null => DataType::Double,
        _ => common,
    };
    let valid = operand.is_numeric() && !(op == ArithmeticOp::IntegralDivide && operand != DataType::Long);
    if !valid {
        return Err(wrong_type(ctx, op, &operand));
    }
    let nullable = left.nullable || right.nullable || failure != Failure::Ansi && op.divides();
    let nullable = nullable || failure == Failure::Try;
    let left = cast(ctx, left, &operand, CastMode::Session)?;
    let right = cast(ctx, right, &operand, CastMode::Session)?;
    let kernel = number_kernel(op, &operand, failure)?;
    let key = format!("{failure:?}");
    Ok(call(ctx, op.name())
        .key(key)
        .kernel(vec![left, right], operand, nullable, move |values, rows| kernel(&values[0], &values[1], rows)))
}

/// ANSI: a string beside a number becomes bigint or double. Else both strings and mixed become double.
fn promote_strings(ctx: &CallContext<'_>, left: TypedExpr, right: TypedExpr) -> SparkResult<(TypedExpr, TypedExpr)> {
    let (l, r) = (left.data_type.is_string(), right.data_type.is_string());
    if !l && !r {
        return Ok((left, right));
    }
    if ctx.ansi {
        return match wider_for_string(&left.data_type, &right.data_type) {
            Some(target) => {
                Ok((cast(ctx, left, &target, CastMode::Session)?, cast(ctx, right, &target, CastMode::Session)?))
            }
            None => Ok((left, right)),
        };
    }
    let to_double = |e: TypedExpr| {
        if e.data_type.is_string() { cast(ctx, e, &DataType::Double, CastMode::Session) } else { Ok(e) }
    };
    Ok((to_double(left)?, to_double(right)?))
}

fn wrong_type(ctx: &CallContext<'_>, op: ArithmeticOp, actual: &DataType) -> SparkError {
    let required = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => {
            "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")"
        }
        ArithmeticOp::Divide => "(\"DOUBLE\" or \"DECIMAL\")",
        ArithmeticOp::IntegralDivide => {
            "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")"
        }
        _ => "\"NUMERIC\"",
    };
    SparkError::analysis("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE")
        .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
        .param("inputType", required)
        .param("actualDataType", quoted(actual))
}

/// The result type of an operation on decimals, with allowed loss of precision.
pub(crate) fn decimal_result(op: ArithmeticOp, (p1, s1): (u8, i8), (p2, s2): (u8, i8)) -> (u8, i8) {
    let (p1, s1, p2, s2) = (i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2));
    match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => {
            let scale = s1.max(s2);
            adjust((p1 - s1).max(p2 - s2) + scale + 1, scale)
        }
        ArithmeticOp::Multiply => adjust(p1 + p2 + 1, s1 + s2),
        ArithmeticOp::Divide => {
            let scale = 6.max(s1 + p2 + 1);
            adjust(p1 - s1 + s2 + scale, scale)
        }
        ArithmeticOp::Remainder | ArithmeticOp::Pmod => {
            let scale = s1.max(s2);
            adjust((p1 - s1).min(p2 - s2) + scale, scale)
        }
        ArithmeticOp::IntegralDivide => {
            let integral = p1 - s1 + s2;
            (if integral <= 0 { 1 } else { integral.min(38) as u8 }, 0)
        }
    }
}

/// The same where a scale is never given up for digits before the point: what does not fit is null or an error.
fn exact_decimal_result(op: ArithmeticOp, (p1, s1): (u8, i8), (p2, s2): (u8, i8)) -> (u8, i8) {
    let (p1, s1, p2, s2) = (i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2));
    let bounded = |precision: i32, scale: i32| (precision.clamp(1, 38) as u8, scale.min(38) as i8);
    let scale = s1.max(s2);
    match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => bounded((p1 - s1).max(p2 - s2) + scale + 1, scale),
        ArithmeticOp::Multiply => bounded(p1 + p2 + 1, s1 + s2),
        ArithmeticOp::Divide => {
            let mut whole = (p1 - s1 + s2).min(38);
            let mut fraction = 6.max(s1 + p2 + 1).min(38);
            let excess = whole + fraction - 38;
            if excess > 0 {
                fraction -= excess / 2 + 1;
                whole = 38 - fraction;
            }
            bounded(whole + fraction, fraction)
        }
        ArithmeticOp::Remainder | ArithmeticOp::Pmod => bounded((p1 - s1).min(p2 - s2) + scale, scale),
        ArithmeticOp::IntegralDivide => bounded(p1 - s1 + s2, 0),
    }
}

fn build_decimal(
    ctx: &CallContext<'_>,
    op: ArithmeticOp,
    left: TypedExpr,
    right: TypedExpr,
    failure: Failure,
) -> SparkResult<TypedExpr> {
    let null_as_other = |expr: &TypedExpr, other: &TypedExpr| match decimal_operand(expr) {
        Some(shape) => Some(shape),
        None => decimal_operand(other),
    };
    let (Some(l), Some(r)) = (null_as_other(&left, &right), null_as_other(&right, &left)) else {
        return Err(SparkError::internal("a decimal operation on other types"));
    };
    let (precision, scale) =
        if ctx.conf.allow_precision_loss { decimal_result(op, l, r) } else { exact_decimal_result(op, l, r) };
    let nullable = left.nullable || right.nullable || failure != Failure::Ansi;
    let to = |shape: (u8, i8)| DataType::Decimal { precision: shape.0, scale: shape.1 };
    let left = cast(ctx, left, &to(l), CastMode::Session)?;
    let right = cast(ctx, right, &to(r), CastMode::Session)?;
    let shape = DecimalShape { left: l, right: r, precision, scale };
    let data_type =
        if op == ArithmeticOp::IntegralDivide { DataType::Long } else { DataType::Decimal { precision, scale } };
    let kernel = decimal_kernel(op, shape, failure);
    let key = format!("{failure:?} {l:?} {r:?}");
    Ok(call(ctx, op.name()).key(key).kernel(
        vec![left, right],
        data_type,
        nullable,
        move |values: &[ColumnarValue], rows| kernel(&values[0], &values[1], rows),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_results_follow_sparks_precision_rules() {
        use ArithmeticOp::*;
        assert_eq!(decimal_result(Multiply, (15, 2), (16, 2)), (32, 4));
        assert_eq!(decimal_result(Divide, (10, 2), (10, 2)), (23, 13));
        assert_eq!(decimal_result(Multiply, (38, 10), (38, 10)), (38, 6));
        assert_eq!(decimal_result(Add, (38, 10), (38, 2)), (38, 6));
        assert_eq!(exact_decimal_result(Multiply, (38, 18), (10, 0)), (38, 18));
        assert_eq!(exact_decimal_result(Divide, (38, 18), (2, 0)), (38, 19));
    }
}

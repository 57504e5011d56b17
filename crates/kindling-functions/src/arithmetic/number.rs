//! Integers and floats.

use arrow::datatypes::{
    ArrowNativeTypeOp, ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use datafusion::logical_expr::ColumnarValue;
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::DataType;

use super::{BinaryKernel, divide_by_zero, overflow, remainder_by_zero};
use crate::{
    coercion::ArithmeticOp,
    coercion::Failure,
    kernels::{binary, try_binary},
};

/// The kernel of an operator over a numeric type that is not decimal.
pub(crate) fn number_kernel(op: ArithmeticOp, data_type: &DataType, failure: Failure) -> SparkResult<BinaryKernel> {
    Ok(match data_type {
        DataType::Byte => integer::<Int8Type>(op, failure, "Y"),
        DataType::Short => integer::<Int16Type>(op, failure, "S"),
        DataType::Integer => integer::<Int32Type>(op, failure, ""),
        DataType::Long => integer::<Int64Type>(op, failure, "L"),
        DataType::Float => float::<Float32Type>(op, failure),
        DataType::Double => float::<Float64Type>(op, failure),
        other => return Err(SparkError::internal(format!("arithmetic on {}", other.sql()))),
    })
}

/// What the integer kernels need of a native type.
pub(crate) trait Integer: ArrowPrimitiveType {
    /// Wrapped result and whether it overflowed.
    fn apply(op: ArithmeticOp, a: Self::Native, b: Self::Native) -> (Self::Native, bool);
    /// Message of `ARITHMETIC_OVERFLOW`, empty for the types that raise `BINARY_ARITHMETIC_OVERFLOW`.
    const OVERFLOW: &'static str;
}

macro_rules! integer {
    ($($arrow:ident, $native:ty, $message:literal;)*) => {$(
        impl Integer for $arrow {
            #[inline]
            fn apply(op: ArithmeticOp, a: $native, b: $native) -> ($native, bool) {
                match op {
                    ArithmeticOp::Add => a.overflowing_add(b),
                    ArithmeticOp::Subtract => a.overflowing_sub(b),
                    ArithmeticOp::Multiply => a.overflowing_mul(b),
                    // The divisor is not zero here. `MIN div -1` overflows, `MIN % -1` is zero.
                    ArithmeticOp::Divide | ArithmeticOp::IntegralDivide => a.overflowing_div(b),
                    ArithmeticOp::Remainder => (a.wrapping_rem(b), false),
                    ArithmeticOp::Pmod => {
                        let r = a.wrapping_rem(b);
                        (if r < 0 { r.wrapping_add(b).wrapping_rem(b) } else { r }, false)
                    }
                }
            }
            const OVERFLOW: &'static str = $message;
        }
    )*};
}

integer! {
    Int8Type, i8, "";
    Int16Type, i16, "";
    Int32Type, i32, "integer overflow";
    Int64Type, i64, "long overflow";
}

fn integer<T: Integer>(op: ArithmeticOp, failure: Failure, suffix: &'static str) -> BinaryKernel
where
    T::Native: std::fmt::Display + ArrowNativeTypeOp,
{
    let check = move |a: T::Native, b: T::Native| -> SparkResult<Option<T::Native>> {
        if op.divides() && b.is_zero() {
            return match failure {
                Failure::Ansi if matches!(op, ArithmeticOp::Remainder | ArithmeticOp::Pmod) => Err(remainder_by_zero()),
                Failure::Ansi => Err(divide_by_zero()),
                _ => Ok(None),
            };
        }
        match (T::apply(op, a, b), failure) {
            ((value, false), _) | ((value, true), Failure::Legacy) => Ok(Some(value)),
            ((_, true), Failure::Try) => Ok(None),
            ((_, true), Failure::Ansi) => Err(integer_overflow::<T>(op, a, b, suffix)),
        }
    };
    Box::new(move |left, right, rows| {
        if op.divides() {
            return try_binary::<T, T, T>(left, right, rows, check);
        }
        // Constants in the closures let the compiler vectorise each operator.
        let wrapped = match op {
            ArithmeticOp::Add => binary::<T, T, T>(left, right, |a, b| a.add_wrapping(b)),
            ArithmeticOp::Subtract => binary::<T, T, T>(left, right, |a, b| a.sub_wrapping(b)),
            _ => binary::<T, T, T>(left, right, |a, b| a.mul_wrapping(b)),
        }?;
        if failure == Failure::Legacy {
            return Ok(wrapped);
        }
        // A flag over all slots, null ones too: only when it is set are the rows looked at one by one.
        if may_overflow::<T>(op, left, right, rows)? {
            try_binary::<T, T, T>(left, right, rows, check)
        } else {
            Ok(wrapped)
        }
    })
}

/// Whether any slot overflows, computed without branches.
fn may_overflow<T: Integer>(
    op: ArithmeticOp,
    left: &ColumnarValue,
    right: &ColumnarValue,
    rows: usize,
) -> SparkResult<bool> {
    use crate::kernels::Side;
    let any =
        |a: &[T::Native], b: &[T::Native]| a.iter().zip(b).fold(false, |any, (a, b)| any | T::apply(op, *a, *b).1);
    Ok(match (Side::<T>::new(left)?, Side::<T>::new(right)?) {
        (Side::Array(a), Side::Array(b)) => any(a.values(), b.values()),
        (Side::Array(a), Side::Scalar(Some(b))) => a.values().iter().fold(false, |any, a| any | T::apply(op, *a, b).1),
        (Side::Scalar(Some(a)), Side::Array(b)) => b.values().iter().fold(false, |any, b| any | T::apply(op, a, *b).1),
        (Side::Scalar(Some(a)), Side::Scalar(Some(b))) => rows > 0 && T::apply(op, a, b).1,
        _ => false,
    })
}

fn integer_overflow<T: Integer>(op: ArithmeticOp, a: T::Native, b: T::Native, suffix: &str) -> SparkError
where
    T::Native: std::fmt::Display,
{
    let function = format!("try_{}", op.name());
    if op == ArithmeticOp::IntegralDivide {
        return overflow("Overflow in integral divide", "try_divide");
    }
    if !T::OVERFLOW.is_empty() {
        return overflow(T::OVERFLOW, &function);
    }
    SparkError::new(ExceptionClass::Arithmetic, "BINARY_ARITHMETIC_OVERFLOW")
        .param("value1", format!("{a}{suffix}"))
        .param("symbol", op.symbol())
        .param("value2", format!("{b}{suffix}"))
        .param("functionName", format!("`{function}`"))
}

trait Floating: ArrowPrimitiveType {
    fn rem(a: Self::Native, b: Self::Native) -> Self::Native;
    fn pmod(a: Self::Native, b: Self::Native) -> Self::Native;
}

macro_rules! floating {
    ($($arrow:ident, $native:ty;)*) => {$(
        impl Floating for $arrow {
            fn rem(a: $native, b: $native) -> $native {
                a % b
            }
            fn pmod(a: $native, b: $native) -> $native {
                let r = a % b;
                if r < 0.0 { (r + b) % b } else { r }
            }
        }
    )*};
}

floating! {
    Float32Type, f32;
    Float64Type, f64;
}

fn float<T: Floating>(op: ArithmeticOp, failure: Failure) -> BinaryKernel {
    Box::new(move |left, right, rows| match op {
        ArithmeticOp::Add => binary::<T, T, T>(left, right, |a, b| a.add_wrapping(b)),
        ArithmeticOp::Subtract => binary::<T, T, T>(left, right, |a, b| a.sub_wrapping(b)),
        ArithmeticOp::Multiply => binary::<T, T, T>(left, right, |a, b| a.mul_wrapping(b)),
        _ => {
            if let ColumnarValue::Scalar(divisor) = right
                && crate::kernels::scalar::<T>(divisor)?.is_some_and(|b| b != T::Native::ZERO)
            {
                return match op {
                    ArithmeticOp::Divide => binary::<T, T, T>(left, right, |a, b| a.div_wrapping(b)),
                    ArithmeticOp::Pmod => binary::<T, T, T>(left, right, T::pmod),
                    _ => binary::<T, T, T>(left, right, T::rem),
                };
            }
            try_binary::<T, T, T>(left, right, rows, |a, b| {
                // -0.0 is zero as well: `==`, not the total order.
                if b.partial_cmp(&T::Native::ZERO) == Some(std::cmp::Ordering::Equal) {
                    return match (failure, op) {
                        (Failure::Ansi, ArithmeticOp::Divide) => Err(divide_by_zero()),
                        (Failure::Ansi, _) => Err(remainder_by_zero()),
                        _ => Ok(None),
                    };
                }
                Ok(Some(match op {
                    ArithmeticOp::Divide => a.div_wrapping(b),
                    ArithmeticOp::Pmod => T::pmod(a, b),
                    _ => T::rem(a, b),
                }))
            })
        }
    })
}

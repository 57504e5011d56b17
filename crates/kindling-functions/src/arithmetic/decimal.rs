//! Decimals: 128-bit where that suffices, 256-bit where a product or a scaled dividend does not fit.

use arrow::datatypes::{Decimal128Type, Int64Type, i256};
use kindling_common::SparkResult;

use super::{BinaryKernel, decimal_out_of_range, divide_by_zero, overflow, remainder_by_zero};
use crate::{
    cast::{decimal_text, wide_decimal_text},
    coercion::{ArithmeticOp, Failure},
    kernels::{binary, try_binary},
};

/// Operand and result types of a decimal operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DecimalShape {
    pub left: (u8, i8),
    pub right: (u8, i8),
    pub precision: u8,
    pub scale: i8,
}

/// Powers of ten that 128 bits hold. A table: kernels ask for one per row.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut n = 1;
    while n < powers.len() {
        powers[n] = powers[n - 1] * 10;
        n += 1;
    }
    powers
};

/// `10^n` for `n` up to 38.
#[inline]
pub(crate) fn pow10(n: u32) -> i128 {
    POWERS[(n as usize).min(POWERS.len() - 1)]
}

fn wide_pow10(n: u32) -> i256 {
    let mut value = i256::from_i128(pow10(n));
    let mut rest = n.saturating_sub(38);
    while rest > 0 {
        value = value.wrapping_mul(i256::from_i128(pow10(rest)));
        rest = rest.saturating_sub(38);
    }
    value
}

/// Whether an unscaled value has at most `precision` digits.
#[inline]
pub(crate) fn fits(value: i128, precision: u8) -> bool {
    value.unsigned_abs() < pow10(u32::from(precision)).unsigned_abs()
}

/// `a / b` rounded half away from zero.
#[inline]
pub(crate) fn divide_half_up(a: i128, b: i128) -> i128 {
    // Most values are small, and division of 64 bits is many times faster.
    if let (Ok(a), Ok(b)) = (i64::try_from(a), i64::try_from(b))
        && let (Some(quotient), Some(remainder)) = (a.checked_div(b), a.checked_rem(b))
    {
        let up = remainder.unsigned_abs() >= b.unsigned_abs() - remainder.unsigned_abs();
        return i128::from(quotient)
            + if !up {
                0
            } else if (a < 0) == (b < 0) {
                1
            } else {
                -1
            };
    }
    let (quotient, remainder) = (a / b, a % b);
    if remainder.unsigned_abs() >= b.unsigned_abs() - remainder.unsigned_abs() {
        quotient + if (a < 0) == (b < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

/// The product where it is plain that 64 bits hold it, as of money and a rate: wider multiplications are calls on
/// WebAssembly.
#[inline]
fn small_product(a: i128, b: i128) -> Option<i128> {
    let (a, b) = (i64::try_from(a).ok()?, i64::try_from(b).ok()?);
    let digits = 128 - a.unsigned_abs().leading_zeros() - b.unsigned_abs().leading_zeros();
    (digits < 64).then(|| i128::from(a * b))
}

#[inline]
fn multiply(a: i128, b: i128) -> i128 {
    small_product(a, b).unwrap_or_else(|| a.wrapping_mul(b))
}

fn wide_divide_half_up(a: i256, b: i256) -> i256 {
    let (quotient, remainder) = (a.wrapping_div(b), a.wrapping_rem(b));
    let abs = |v: i256| if v < i256::ZERO { v.wrapping_neg() } else { v };
    if abs(remainder) >= abs(b).wrapping_sub(abs(remainder)) {
        let one = if (a < i256::ZERO) == (b < i256::ZERO) { i256::ONE } else { i256::MINUS_ONE };
        quotient.wrapping_add(one)
    } else {
        quotient
    }
}

/// An unscaled value under another scale, half up; `None` when it leaves 128 bits.
pub(crate) fn rescale(value: i128, from: i8, to: i8) -> Option<i128> {
    let shift = i32::from(to) - i32::from(from);
    if shift >= 0 {
        if value == 0 {
            return Some(0);
        }
        if shift > 38 { None } else { value.checked_mul(pow10(shift as u32)) }
    } else if -shift > 38 {
        Some(0)
    } else {
        Some(divide_half_up(value, pow10((-shift) as u32)))
    }
}

/// The kernel of an operator over decimals of a shape.
pub(crate) fn decimal_kernel(op: ArithmeticOp, shape: DecimalShape, failure: Failure) -> BinaryKernel {
    type D = Decimal128Type;
    let DecimalShape { left: (p1, s1), right: (p2, s2), precision, scale } = shape;
    match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => {
            let exact = s1.max(s2);
            let integral = i32::from(p1 - s1.max(0) as u8).max(i32::from(p2 - s2.max(0) as u8));
            let subtract = op == ArithmeticOp::Subtract;
            if exact == scale && integral + i32::from(exact) < 38 {
                // Neither operand nor result can leave the result type.
                let (m1, m2) = (pow10((exact - s1) as u32), pow10((exact - s2) as u32));
                return Box::new(move |left, right, _| match (subtract, m1 == 1 && m2 == 1) {
                    (false, true) => binary::<D, D, D>(left, right, i128::wrapping_add),
                    (true, true) => binary::<D, D, D>(left, right, i128::wrapping_sub),
                    (false, false) => {
                        binary::<D, D, D>(left, right, |a, b| multiply(a, m1).wrapping_add(multiply(b, m2)))
                    }
                    (true, false) => {
                        binary::<D, D, D>(left, right, |a, b| multiply(a, m1).wrapping_sub(multiply(b, m2)))
                    }
                });
            }
            wide_kernel(precision, scale, exact, failure, move |a, b| {
                let a = i256::from_i128(a).wrapping_mul(wide_pow10((exact - s1) as u32));
                let b = i256::from_i128(b).wrapping_mul(wide_pow10((exact - s2) as u32));
                if subtract { a.wrapping_sub(b) } else { a.wrapping_add(b) }
            })
        }
        ArithmeticOp::Multiply => {
            if p1 + p2 < 38 && scale == s1 + s2 {
                return Box::new(|left, right, _| binary::<D, D, D>(left, right, multiply));
            }
            let exact = s1 + s2;
            Box::new(move |left, right, rows| {
                try_binary::<D, D, D>(left, right, rows, |a, b| match small_product(a, b) {
                    Some(product) if exact == scale && fits(product, precision) => Ok(Some(product)),
                    _ => {
                        let product = i256::from_i128(a).wrapping_mul(i256::from_i128(b));
                        narrow(product, exact, precision, scale, failure)
                    }
                })
            })
        }
        ArithmeticOp::Divide => {
            // a·10^-s1 / b·10^-s2 at `scale`: a · 10^(scale - s1 + s2) / b.
            let shift = i32::from(scale) - i32::from(s1) + i32::from(s2);
            Box::new(move |left, right, rows| {
                try_binary::<D, D, D>(left, right, rows, |a, b| {
                    if b == 0 {
                        return if failure == Failure::Ansi { Err(divide_by_zero()) } else { Ok(None) };
                    }
                    let narrow = if (0..=38).contains(&shift) { a.checked_mul(pow10(shift as u32)) } else { None };
                    let value = match narrow {
                        Some(a) => divide_half_up(a, b),
                        None => {
                            let (a, b) = (i256::from_i128(a), i256::from_i128(b));
                            let wide = if shift >= 0 {
                                wide_divide_half_up(a.wrapping_mul(wide_pow10(shift as u32)), b)
                            } else {
                                wide_divide_half_up(a, b.wrapping_mul(wide_pow10((-shift) as u32)))
                            };
                            match wide.to_i128() {
                                Some(value) => value,
                                None => return wide_failure(wide, scale, precision, scale, failure),
                            }
                        }
                    };
                    checked(value, precision, scale, failure)
                })
            })
        }
        ArithmeticOp::Remainder | ArithmeticOp::Pmod => {
            let exact = s1.max(s2);
            let pmod = op == ArithmeticOp::Pmod;
            Box::new(move |left, right, rows| {
                try_binary::<D, D, D>(left, right, rows, |a, b| {
                    if b == 0 {
                        return if failure == Failure::Ansi { Err(remainder_by_zero()) } else { Ok(None) };
                    }
                    let a = i256::from_i128(a).wrapping_mul(wide_pow10((exact - s1) as u32));
                    let b = i256::from_i128(b).wrapping_mul(wide_pow10((exact - s2) as u32));
                    let mut r = a.wrapping_rem(b);
                    if pmod && r < i256::ZERO {
                        r = r.wrapping_add(b).wrapping_rem(b);
                    }
                    narrow(r, exact, precision, scale, failure)
                })
            })
        }
        ArithmeticOp::IntegralDivide => Box::new(move |left, right, rows| {
            try_binary::<D, D, Int64Type>(left, right, rows, |a, b| {
                if b == 0 {
                    return if failure == Failure::Ansi { Err(divide_by_zero()) } else { Ok(None) };
                }
                let exact = s1.max(s2);
                let a = i256::from_i128(a).wrapping_mul(wide_pow10((exact - s1) as u32));
                let b = i256::from_i128(b).wrapping_mul(wide_pow10((exact - s2) as u32));
                let quotient = a.wrapping_div(b).to_i128();
                match (quotient.and_then(|q| i64::try_from(q).ok()), failure) {
                    (Some(value), _) => Ok(Some(value)),
                    (None, Failure::Ansi) => Err(overflow("Overflow in integral divide", "try_divide")),
                    (None, Failure::Try) => Ok(None),
                    (None, Failure::Legacy) => Ok(quotient.map(|q| q as i64)),
                }
            })
        }),
    }
}

/// Exact in 256 bits at scale `exact`, then rounded to the result type.
fn wide_kernel(
    precision: u8,
    scale: i8,
    exact: i8,
    failure: Failure,
    op: impl Fn(i128, i128) -> i256 + Send + Sync + 'static,
) -> BinaryKernel {
    Box::new(move |left, right, rows| {
        try_binary::<Decimal128Type, Decimal128Type, Decimal128Type>(left, right, rows, |a, b| {
            narrow(op(a, b), exact, precision, scale, failure)
        })
    })
}

fn narrow(value: i256, exact: i8, precision: u8, scale: i8, failure: Failure) -> SparkResult<Option<i128>> {
    let short = value.to_i128().and_then(|value| rescale(value, exact, scale));
    if let Some(result) = short.filter(|result| fits(*result, precision)) {
        return Ok(Some(result));
    }
    let rounded = if exact > scale {
        wide_divide_half_up(value, wide_pow10((exact - scale) as u32))
    } else {
        value.wrapping_mul(wide_pow10((scale - exact) as u32))
    };
    match rounded.to_i128() {
        Some(result) if fits(result, precision) => Ok(Some(result)),
        _ => wide_failure(value, exact, precision, scale, failure),
    }
}

fn wide_failure(value: i256, exact: i8, precision: u8, scale: i8, failure: Failure) -> SparkResult<Option<i128>> {
    if failure == Failure::Ansi {
        return Err(decimal_out_of_range(&wide_decimal_text(value, exact), precision, scale));
    }
    Ok(None)
}

fn checked(value: i128, precision: u8, scale: i8, failure: Failure) -> SparkResult<Option<i128>> {
    if fits(value, precision) {
        return Ok(Some(value));
    }
    if failure == Failure::Ansi {
        return Err(decimal_out_of_range(&decimal_text(value, scale), precision, scale));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_half_away_from_zero() {
        assert_eq!(divide_half_up(5, 2), 3);
        assert_eq!(divide_half_up(-5, 2), -3);
        assert_eq!(divide_half_up(4, 3), 1);
        assert_eq!(divide_half_up(i128::from(i64::MIN), -1), -i128::from(i64::MIN));
        assert_eq!(divide_half_up(i128::from(i64::MIN), i128::from(i64::MIN)), 1);
        assert_eq!(divide_half_up(i128::from(u64::MAX) * 5, -10), -(i128::from(u64::MAX / 2) + 1));
    }

    #[test]
    fn short_and_wide_ways_give_the_same() {
        let edges = [0, 1, 7, 1 << 31, (1 << 32) - 1, i128::from(i64::MAX), 1 << 64, pow10(30)];
        for a in edges.iter().flat_map(|a| [*a, -a]) {
            for b in edges.iter().flat_map(|b| [*b, -b]) {
                assert_eq!(multiply(a, b), a.wrapping_mul(b), "{a} * {b}");
                if b != 0 {
                    let wide = wide_divide_half_up(i256::from_i128(a), i256::from_i128(b));
                    assert_eq!(Some(divide_half_up(a, b)), wide.to_i128(), "{a} / {b}");
                }
            }
        }
        assert_eq!((pow10(0), pow10(2), pow10(38)), (1, 100, 10_i128.pow(38)));
    }
}

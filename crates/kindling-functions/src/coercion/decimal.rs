//! Decimal precision and scale (`DecimalType`, `DecimalPrecisionTypeCoercion`).

use kindling_spec::DataType;

use crate::TypedExpr;

/// `DecimalType.bounded`
pub(crate) fn bounded(precision: i32, scale: i32) -> DataType {
    DataType::Decimal { precision: precision.clamp(1, 38) as u8, scale: scale.min(38) as i8 }
}

/// `DecimalType.adjustPrecisionScale`: keeps integral digits, and at least six of the fraction.
pub(crate) fn adjust(precision: i32, scale: i32) -> (u8, i8) {
    if precision <= 38 {
        return (precision as u8, scale as i8);
    }
    let integral = precision - scale;
    let scale = (38 - integral).max(scale.min(6));
    (38, scale as i8)
}

/// `DecimalType.forType`: the decimal that holds every value of an integral type.
pub(crate) fn decimal_for_type(data_type: &DataType) -> Option<(u8, i8)> {
    Some(match data_type {
        DataType::Byte => (3, 0),
        DataType::Short => (5, 0),
        DataType::Integer => (10, 0),
        DataType::Long => (20, 0),
        DataType::Float => (14, 7),
        DataType::Double => (30, 15),
        DataType::Decimal { precision, scale } => (*precision, *scale),
        _ => return None,
    })
}

/// The decimal that a side of a decimal operation becomes: an integral literal takes just its digits.
pub(crate) fn decimal_operand(expr: &TypedExpr) -> Option<(u8, i8)> {
    if let (Some(value), true) = (expr.as_literal(), expr.data_type.is_integral())
        && let Some(value) = integral_value(value)
    {
        return Some((digits(value), 0));
    }
    decimal_for_type(&expr.data_type)
}

fn integral_value(value: &datafusion::common::ScalarValue) -> Option<i64> {
    use datafusion::common::ScalarValue::{Int8, Int16, Int32, Int64};
    match value {
        Int8(v) => v.map(i64::from),
        Int16(v) => v.map(i64::from),
        Int32(v) => v.map(i64::from),
        Int64(v) => *v,
        _ => None,
    }
}

fn digits(value: i64) -> u8 {
    value.unsigned_abs().checked_ilog10().map_or(1, |n| n as u8 + 1)
}

/// `DecimalType.boundedPreferIntegralDigits`: what exceeds 38 digits is taken from the fraction.
fn bounded_prefer_integral_digits(precision: i32, scale: i32) -> DataType {
    bounded(precision, (scale - (precision - 38).max(0)).max(0))
}

/// The smallest decimal that holds both (`DecimalPrecisionTypeCoercion.widerDecimalType`).
pub(crate) fn wider(a: (u8, i8), b: (u8, i8)) -> DataType {
    let scale = i32::from(a.1.max(b.1));
    let range = (i32::from(a.0) - i32::from(a.1)).max(i32::from(b.0) - i32::from(b.1));
    bounded_prefer_integral_digits(range + scale, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_type_keeps_integral_digits_before_the_fraction() {
        assert_eq!(wider((38, 19), (38, 9)), DataType::Decimal { precision: 38, scale: 9 });
        assert_eq!(wider((10, 2), (8, 4)), DataType::Decimal { precision: 12, scale: 4 });
    }
}

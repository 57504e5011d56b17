//! Literals.

use kindling_common::{SparkError, SparkResult};
use kindling_proto::connect::{
    DataType as ProtoType,
    expression::{
        Literal as ProtoLiteral,
        literal::{LiteralType, SpecializedArray, specialized_array::ValueType},
    },
};
use kindling_spec::{DataType, DayTimeField, Literal, StructField, StructType, YearMonthField};

use super::{data_type::lower_data_type, invalid_plan, required};

/// A protocol literal as Spark's.
#[allow(deprecated)] // Clients before 4.1 put types beside the values.
pub fn lower_literal(literal: &ProtoLiteral) -> SparkResult<Literal> {
    let declared = literal.data_type.as_ref().map(lower_data_type).transpose()?;
    Ok(match required(literal.literal_type.as_ref(), "literal")? {
        LiteralType::Null(data_type) => Literal::Null(lower_data_type(data_type)?),
        LiteralType::Binary(value) => Literal::Binary(value.to_vec()),
        LiteralType::Boolean(value) => Literal::Boolean(*value),
        LiteralType::Byte(value) => Literal::Byte(*value as i8),
        LiteralType::Short(value) => Literal::Short(*value as i16),
        LiteralType::Integer(value) => Literal::Integer(*value),
        LiteralType::Long(value) => Literal::Long(*value),
        LiteralType::Float(value) => Literal::Float(*value),
        LiteralType::Double(value) => Literal::Double(*value),
        LiteralType::Decimal(value) => decimal(&value.value, value.precision, value.scale)?,
        LiteralType::String(value) => Literal::String(value.clone()),
        LiteralType::Date(value) => Literal::Date(*value),
        LiteralType::Timestamp(value) => Literal::Timestamp(*value),
        LiteralType::TimestampNtz(value) => Literal::TimestampNtz(*value),
        LiteralType::CalendarInterval(value) => {
            Literal::CalendarInterval { months: value.months, days: value.days, microseconds: value.microseconds }
        }
        LiteralType::YearMonthInterval(months) => {
            let (start, end) = match declared {
                Some(DataType::YearMonthInterval { start, end }) => (start, end),
                _ => (YearMonthField::Year, YearMonthField::Month),
            };
            Literal::YearMonthInterval { months: *months, start, end }
        }
        LiteralType::DayTimeInterval(microseconds) => {
            let (start, end) = match declared {
                Some(DataType::DayTimeInterval { start, end }) => (start, end),
                _ => (DayTimeField::Day, DayTimeField::Second),
            };
            Literal::DayTimeInterval { microseconds: *microseconds, start, end }
        }
        LiteralType::Array(array) => {
            let values = lower_all(&array.elements)?;
            let element = match declared {
                Some(DataType::Array { element, .. }) => *element,
                _ => element_type(array.element_type.as_ref(), &values)?,
            };
            Literal::Array { element, values }
        }
        LiteralType::Map(map) => {
            let keys = lower_all(&map.keys)?;
            let values = lower_all(&map.values)?;
            let (key, value) = match declared {
                Some(DataType::Map { key, value, .. }) => (*key, *value),
                _ => (element_type(map.key_type.as_ref(), &keys)?, element_type(map.value_type.as_ref(), &values)?),
            };
            Literal::Map { key, value, entries: keys.into_iter().zip(values).collect() }
        }
        LiteralType::Struct(fields) => {
            let values = lower_all(&fields.elements)?;
            let declared = match (declared, fields.struct_type.as_ref()) {
                (Some(data_type), _) => Some(data_type),
                (None, Some(data_type)) => Some(lower_data_type(data_type)?),
                (None, None) => None,
            };
            let fields = match declared {
                Some(DataType::Struct(fields)) => fields,
                _ => StructType {
                    fields: values
                        .iter()
                        .enumerate()
                        .map(|(i, value)| StructField::new(format!("_{}", i + 1), value.data_type(), true))
                        .collect(),
                },
            };
            Literal::Struct { fields, values }
        }
        LiteralType::SpecializedArray(array) => specialized(array)?,
        LiteralType::Time(time) => {
            Literal::Time { nanos: time.nano, precision: time.precision.unwrap_or(6).clamp(0, 6) as u8 }
        }
        LiteralType::TimestampNtzNanos(_) | LiteralType::TimestampLtzNanos(_) => {
            return Err(SparkError::unsupported("timestamps with nanoseconds"));
        }
    })
}

fn lower_all(literals: &[ProtoLiteral]) -> SparkResult<Vec<Literal>> {
    literals.iter().map(lower_literal).collect()
}

fn element_type(declared: Option<&ProtoType>, values: &[Literal]) -> SparkResult<DataType> {
    match declared {
        Some(data_type) if data_type.kind.is_some() => lower_data_type(data_type),
        _ => Ok(values.iter().find(|value| !value.is_null()).map_or(DataType::Null, Literal::data_type)),
    }
}

fn specialized(array: &SpecializedArray) -> SparkResult<Literal> {
    let (element, values): (DataType, Vec<Literal>) = match required(array.value_type.as_ref(), "array values")? {
        ValueType::Bools(a) => (DataType::Boolean, a.values.iter().map(|v| Literal::Boolean(*v)).collect()),
        ValueType::Ints(a) => (DataType::Integer, a.values.iter().map(|v| Literal::Integer(*v)).collect()),
        ValueType::Longs(a) => (DataType::Long, a.values.iter().map(|v| Literal::Long(*v)).collect()),
        ValueType::Floats(a) => (DataType::Float, a.values.iter().map(|v| Literal::Float(*v)).collect()),
        ValueType::Doubles(a) => (DataType::Double, a.values.iter().map(|v| Literal::Double(*v)).collect()),
        ValueType::Strings(a) => (DataType::String, a.values.iter().map(|v| Literal::String(v.clone())).collect()),
    };
    Ok(Literal::Array { element, values })
}

/// A decimal from its text; precision and scale default to those of the text.
fn decimal(text: &str, precision: Option<i32>, scale: Option<i32>) -> SparkResult<Literal> {
    let error = || invalid_plan(format!("decimal literal {text}"));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| error())?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut value: i128 = format!("{whole}{fraction}").parse().map_err(|_| error())?;
    let mut text_scale = fraction.len() as i32 - exponent;
    let target = scale.unwrap_or(text_scale.max(0));
    while text_scale < target {
        value = value.checked_mul(10).ok_or_else(error)?;
        text_scale += 1;
    }
    while text_scale > target && value % 10 == 0 {
        value /= 10;
        text_scale -= 1;
    }
    if text_scale > target {
        return Err(error());
    }
    let digits = value.unsigned_abs().to_string().len() as i32;
    let precision = precision.unwrap_or(digits.max(target).max(1));
    if !(1..=38).contains(&precision) || !(0..=precision).contains(&target) {
        return Err(error());
    }
    Ok(Literal::Decimal { value, precision: precision as u8, scale: target as i8 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_takes_precision_and_scale_from_its_digits() {
        let expected = Literal::Decimal { value: -1230, precision: 4, scale: 2 };
        assert_eq!(decimal("-12.30", None, None).unwrap(), expected);
        assert_eq!(decimal("1E+3", None, None).unwrap(), Literal::Decimal { value: 1000, precision: 4, scale: 0 });
        assert!(decimal("1.5", Some(3), Some(0)).is_err());
    }
}

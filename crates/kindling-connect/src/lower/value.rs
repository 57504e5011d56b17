//! Values as the protocol's literals.

use arrow::array::Array;
use datafusion::scalar::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_functions::error::from_datafusion;
use kindling_proto::connect::expression::{
    Literal,
    literal::{self, LiteralType},
};
use kindling_spec::DataType;

use super::raise_data_type;

/// A value of a Spark type as a literal.
pub fn raise_value(value: &ScalarValue, data_type: &DataType) -> SparkResult<Literal> {
    let literal_type =
        if value.is_null() { LiteralType::Null(raise_data_type(data_type)) } else { literal_type(value, data_type)? };
    Ok(Literal { literal_type: Some(literal_type), ..Literal::default() })
}

fn literal_type(value: &ScalarValue, data_type: &DataType) -> SparkResult<LiteralType> {
    Ok(match value {
        ScalarValue::Boolean(Some(v)) => LiteralType::Boolean(*v),
        ScalarValue::Int8(Some(v)) => LiteralType::Byte(i32::from(*v)),
        ScalarValue::Int16(Some(v)) => LiteralType::Short(i32::from(*v)),
        ScalarValue::Int32(Some(v)) if matches!(data_type, DataType::YearMonthInterval { .. }) => {
            LiteralType::YearMonthInterval(*v)
        }
        ScalarValue::Int32(Some(v)) => LiteralType::Integer(*v),
        ScalarValue::Int64(Some(v)) => LiteralType::Long(*v),
        ScalarValue::Float32(Some(v)) => LiteralType::Float(*v),
        ScalarValue::Float64(Some(v)) => LiteralType::Double(*v),
        ScalarValue::Decimal128(Some(_), precision, scale) => LiteralType::Decimal(literal::Decimal {
            value: decimal_text(value)?,
            precision: Some(i32::from(*precision)),
            scale: Some(i32::from(*scale)),
        }),
        ScalarValue::Utf8(Some(v)) | ScalarValue::LargeUtf8(Some(v)) | ScalarValue::Utf8View(Some(v)) => {
            LiteralType::String(v.clone())
        }
        ScalarValue::Binary(Some(v)) => LiteralType::Binary(v.clone().into()),
        ScalarValue::Date32(Some(v)) => LiteralType::Date(*v),
        ScalarValue::TimestampMicrosecond(Some(v), Some(_)) => LiteralType::Timestamp(*v),
        ScalarValue::TimestampMicrosecond(Some(v), None) => LiteralType::TimestampNtz(*v),
        ScalarValue::DurationMicrosecond(Some(v)) => LiteralType::DayTimeInterval(*v),
        ScalarValue::IntervalYearMonth(Some(v)) => LiteralType::YearMonthInterval(*v),
        ScalarValue::List(list) => {
            let DataType::Array { element, .. } = data_type else { return Err(no_literal(data_type)) };
            let values = list.value(0);
            let elements = (0..values.len()).map(|row| {
                let item = ScalarValue::try_from_array(&values, row).map_err(from_datafusion)?;
                raise_value(&item, element)
            });
            #[allow(deprecated)] // Clients read the element type here as well.
            let array = literal::Array {
                element_type: Some(raise_data_type(element)),
                elements: elements.collect::<SparkResult<_>>()?,
            };
            LiteralType::Array(array)
        }
        _ => return Err(no_literal(data_type)),
    })
}

fn decimal_text(value: &ScalarValue) -> SparkResult<String> {
    let array = value.to_array().map_err(from_datafusion)?;
    arrow::util::display::array_value_to_string(&array, 0).map_err(|error| SparkError::internal(error.to_string()))
}

fn no_literal(data_type: &DataType) -> SparkError {
    SparkError::unsupported(format!("an observed metric of type {}", data_type.sql()))
}

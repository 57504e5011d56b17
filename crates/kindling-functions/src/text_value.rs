//! Columns of typed values from the texts of formats without types: CSV fields, XML elements.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray},
    datatypes::DataType as ArrowType,
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::DataType;

use crate::{
    cast::{CastOptions, cast_array, parse_decimal, parse_float},
    coercion::Failure,
    functions::TimeReader,
    udf::relabel,
};

/// How texts are read.
pub(crate) struct TextReader {
    /// Dates and times.
    pub times: TimeReader,
    /// The text of NaN.
    pub nan: String,
    /// The text of infinity.
    pub positive_infinity: String,
    /// The text of negative infinity.
    pub negative_infinity: String,
}

impl TextReader {
    fn double(&self, text: &str) -> Option<f64> {
        match text {
            text if text == self.nan => Some(f64::NAN),
            text if text == self.positive_infinity => Some(f64::INFINITY),
            text if text == self.negative_infinity => Some(f64::NEG_INFINITY),
            text => parse_float(text),
        }
    }
}

/// Values of a type; null where a text is none of it.
pub(crate) fn text_column(values: &[Option<&str>], t: &DataType, reader: &TextReader) -> SparkResult<ArrayRef> {
    let cast = |array: ArrayRef, from: &DataType| {
        let options = CastOptions { failure: Failure::Try, zone: reader.times.zone, now: reader.times.now };
        relabel(&cast_array(&array, from, t, &options)?, &to_arrow(t))
    };
    let values = values.iter().copied();
    let array: ArrayRef = match t {
        t if t.is_string() => Arc::new(values.collect::<StringArray>()),
        DataType::Boolean => {
            let boolean = |text: &str| match text.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            };
            Arc::new(values.map(|v| v.and_then(boolean)).collect::<BooleanArray>())
        }
        DataType::Byte | DataType::Short | DataType::Integer | DataType::Long => {
            let longs = values.map(|v| v.and_then(|text| text.parse::<i64>().ok())).collect::<Int64Array>();
            return cast(Arc::new(longs), &DataType::Long);
        }
        DataType::Float | DataType::Double => {
            let doubles = values.map(|v| v.and_then(|text| reader.double(text))).collect::<Float64Array>();
            return cast(Arc::new(doubles), &DataType::Double);
        }
        DataType::Decimal { precision, scale } => {
            let parse = |text: &str| parse_decimal(text, *precision, *scale).flatten();
            Arc::new(values.map(|v| v.and_then(parse)).collect::<Decimal128Array>())
        }
        DataType::Binary => Arc::new(values.map(|v| v.map(str::as_bytes)).collect::<BinaryArray>()),
        DataType::Date => Arc::new(values.map(|v| v.and_then(|text| reader.times.date(text))).collect::<Date32Array>()),
        DataType::Timestamp => {
            Arc::new(values.map(|v| v.and_then(|text| reader.times.timestamp(text))).collect::<Int64Array>())
        }
        DataType::TimestampNtz => {
            Arc::new(values.map(|v| v.and_then(|text| reader.times.timestamp_ntz(text))).collect::<Int64Array>())
        }
        DataType::Null => arrow::array::new_null_array(&ArrowType::Null, values.len()),
        DataType::YearMonthInterval { .. }
        | DataType::DayTimeInterval { .. }
        | DataType::CalendarInterval
        | DataType::Time { .. } => {
            return cast(Arc::new(values.collect::<StringArray>()), &DataType::String);
        }
        other => return Err(SparkError::unsupported(format!("{} from a text", other.sql()))),
    };
    relabel(&array, &to_arrow(t))
}

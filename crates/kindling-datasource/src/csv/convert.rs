//! Fields of many records into one Arrow column, straight from their bytes (`UnivocityParser.makeConverter`).

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, PrimitiveBuilder, StringArray,
        TimestampMicrosecondBuilder,
    },
    buffer::{Buffer, NullBuffer, OffsetBuffer},
    datatypes::{ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type},
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{options::CsvOptions, tokenizer::Token};
use crate::{
    input::Encoding,
    value::{
        SessionZone, parse_boolean, parse_date, parse_decimal_as, parse_double, parse_float, parse_integer,
        parse_timestamp, parse_timestamp_parts,
    },
};

/// Fields of one column with the buffers that they lie in.
pub(crate) struct Fields<'a> {
    pub tokens: &'a [Token],
    pub input: &'a [u8],
    pub side: &'a [u8],
    pub options: &'a CsvOptions,
}

impl<'a> Fields<'a> {
    /// A field's text; `None` for null.
    #[inline]
    fn text(&self, token: Token) -> Option<&'a [u8]>
    where
        Self: 'a,
    {
        let text = match token {
            Token::Null => return None,
            Token::Empty => self.options.empty_value.as_bytes(),
            Token::Input(start, end) => &self.input[start as usize..end as usize],
            Token::Side(start, end) => &self.side[start as usize..end as usize],
        };
        if text == self.options.null_value.as_bytes() { None } else { Some(text) }
    }

    /// The column; a row whose field is no value of the type becomes null and is marked in `bad`.
    pub(crate) fn convert(&self, data_type: &DataType, bad: &mut [bool]) -> SparkResult<ArrayRef> {
        let options = self.options;
        Ok(match data_type {
            DataType::String | DataType::Char(_) | DataType::Varchar(_) => self.strings(),
            DataType::Byte => self.primitive::<Int8Type>(bad, |text| i8::try_from(parse_integer(text)?).ok()),
            DataType::Short => self.primitive::<Int16Type>(bad, |text| i16::try_from(parse_integer(text)?).ok()),
            DataType::Integer => self.primitive::<Int32Type>(bad, |text| i32::try_from(parse_integer(text)?).ok()),
            DataType::Long => self.primitive::<Int64Type>(bad, parse_integer),
            DataType::Float => self.primitive::<Float32Type>(bad, |text| {
                parse_float(text).or_else(|| special(options, text).map(|value| value as f32))
            }),
            DataType::Double => {
                self.primitive::<Float64Type>(bad, |text| parse_double(text).or_else(|| special(options, text)))
            }
            DataType::Boolean => {
                let mut builder = BooleanBuilder::with_capacity(self.tokens.len());
                self.each(bad, parse_boolean, |value| builder.append_option(value));
                Arc::new(builder.finish())
            }
            DataType::Decimal { precision, scale } => {
                let mut builder = Decimal128Builder::with_capacity(self.tokens.len());
                self.each(bad, |text| parse_decimal_as(text, *precision, *scale), |value| builder.append_option(value));
                let array = builder.finish().with_precision_and_scale(*precision, *scale);
                Arc::new(array.map_err(|error| SparkError::internal(error.to_string()))?)
            }
            DataType::Date => {
                let mut builder = Date32Builder::with_capacity(self.tokens.len());
                let parse = |text: &[u8]| match &options.date_format {
                    Some(pattern) => pattern.parse_date(std::str::from_utf8(text).ok()?),
                    None => parse_date(text),
                };
                self.each(bad, parse, |value| builder.append_option(value));
                Arc::new(builder.finish())
            }
            DataType::Timestamp => {
                let mut builder = TimestampMicrosecondBuilder::with_capacity(self.tokens.len());
                let parse = |text: &[u8]| match &options.timestamp_format {
                    Some(pattern) => pattern.parse_timestamp(std::str::from_utf8(text).ok()?, &options.zone),
                    None => parse_timestamp(text, &options.zone),
                };
                self.each(bad, parse, |value| builder.append_option(value));
                Arc::new(builder.finish().with_timezone("UTC"))
            }
            DataType::TimestampNtz => {
                let mut builder = TimestampMicrosecondBuilder::with_capacity(self.tokens.len());
                self.each(bad, |text| parse_ntz(options, text), |value| builder.append_option(value));
                Arc::new(builder.finish())
            }
            DataType::Binary => {
                let mut builder = BinaryBuilder::with_capacity(self.tokens.len(), 0);
                self.each(bad, |text| Some(text.to_vec()), |value| builder.append_option(value));
                Arc::new(builder.finish())
            }
            other => return Err(SparkError::unsupported(format!("CSV columns of the type {}", other.sql()))),
        })
    }

    #[inline]
    fn each<T>(&self, bad: &mut [bool], parse: impl Fn(&[u8]) -> Option<T>, mut append: impl FnMut(Option<T>)) {
        for (token, bad) in self.tokens.iter().zip(bad) {
            let value = match self.text(*token) {
                None => None,
                Some(text) => {
                    let value = parse(text);
                    *bad |= value.is_none();
                    value
                }
            };
            append(value);
        }
    }

    fn primitive<T: ArrowPrimitiveType>(
        &self,
        bad: &mut [bool],
        parse: impl Fn(&[u8]) -> Option<T::Native>,
    ) -> ArrayRef {
        let mut builder = PrimitiveBuilder::<T>::with_capacity(self.tokens.len());
        self.each(bad, parse, |value| builder.append_option(value));
        Arc::new(builder.finish())
    }

    fn strings(&self) -> ArrayRef {
        let mut values: Vec<u8> = Vec::with_capacity(self.tokens.len() * 8);
        let mut offsets: Vec<i32> = Vec::with_capacity(self.tokens.len() + 1);
        let mut valid: Vec<bool> = Vec::with_capacity(self.tokens.len());
        let decode = matches!(self.options.encoding, Encoding::Latin1 | Encoding::Ascii);
        offsets.push(0);
        for token in self.tokens {
            let text = self.text(*token);
            valid.push(text.is_some());
            match text {
                Some(text) if decode && !text.is_ascii() => self.options.encoding.decode_into(text, &mut values),
                Some(text) => values.extend_from_slice(text),
                None => {}
            }
            offsets.push(values.len() as i32);
        }
        // One validation for the whole column; the slow way only where a field is not UTF-8.
        if std::str::from_utf8(&values).is_err() || !on_boundaries(&values, &offsets) {
            return Arc::new(StringArray::from_iter(
                self.tokens.iter().map(|token| self.text(*token).map(String::from_utf8_lossy)),
            ));
        }
        let offsets = OffsetBuffer::new(offsets.into());
        match StringArray::try_new(offsets, Buffer::from_vec(values), Some(NullBuffer::from(valid))) {
            Ok(array) => Arc::new(array),
            Err(_) => Arc::new(StringArray::from_iter(
                self.tokens.iter().map(|token| self.text(*token).map(String::from_utf8_lossy)),
            )),
        }
    }
}

/// Whether no field ends inside a character (two broken halves can make a whole one).
fn on_boundaries(values: &[u8], offsets: &[i32]) -> bool {
    offsets.iter().all(|offset| values.get(*offset as usize).is_none_or(|byte| (*byte & 0xc0) != 0x80))
}

/// The texts that the options give for what is not a number.
pub(crate) fn special(options: &CsvOptions, text: &[u8]) -> Option<f64> {
    if text == options.nan_value.as_bytes() {
        Some(f64::NAN)
    } else if text == options.positive_inf.as_bytes() {
        Some(f64::INFINITY)
    } else if text == options.negative_inf.as_bytes() {
        Some(f64::NEG_INFINITY)
    } else {
        None
    }
}

/// A timestamp without a zone; a zone in the text is ignored, as Spark does when it is not inferring.
pub(crate) fn parse_ntz(options: &CsvOptions, text: &[u8]) -> Option<i64> {
    match &options.timestamp_ntz_format {
        Some(pattern) => pattern.parse_timestamp(std::str::from_utf8(text).ok()?, &SessionZone::utc()),
        None => parse_timestamp_parts(text).map(|(local, _)| local),
    }
}

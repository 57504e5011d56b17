//! Casts between numbers, booleans, timestamps and intervals.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, ArrowPrimitiveType, AsArray, BinaryBuilder, BooleanArray, Decimal128Array, PrimitiveArray},
    datatypes::{
        DataType as ArrowType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
        TimestampMicrosecondType,
    },
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{CastOptions, cast_overflow, decimal_text, double_text, invalid_input, parse_decimal, quoted};
use crate::{
    arithmetic::{decimal_out_of_range, fits, pow10, rescale},
    coercion::{Failure, sql_value},
    datetime::{MICROS_PER_SECOND, timestamp_text},
    udf::relabel,
};

/// A number or boolean to a number or boolean.
pub(super) fn cast_number(array: &ArrayRef, from: &DataType, to: &DataType, o: &CastOptions) -> SparkResult<ArrayRef> {
    cast_number_as(array, from, to, o, from)
}

/// The same, naming `shown` as the source type in errors.
pub(super) fn cast_number_as(
    array: &ArrayRef,
    from: &DataType,
    to: &DataType,
    o: &CastOptions,
    shown: &DataType,
) -> SparkResult<ArrayRef> {
    let c = Conversion { to, o, shown };
    match from {
        DataType::Boolean => {
            let bits = array.as_boolean();
            let ints: PrimitiveArray<Int32Type> = bits.iter().map(|b| b.map(i32::from)).collect();
            let ints: ArrayRef = Arc::new(ints);
            if *to == DataType::Boolean { Ok(Arc::clone(array)) } else { c.integer::<Int32Type>(&ints, 1) }
        }
        DataType::Byte => c.integer::<Int8Type>(array, 3),
        DataType::Short => c.integer::<Int16Type>(array, 5),
        DataType::Integer => c.integer::<Int32Type>(array, 10),
        DataType::Long => c.integer::<Int64Type>(array, 19),
        DataType::Time { .. } => {
            let nanos = relabel(array, &ArrowType::Int64)?;
            let seconds: ArrayRef =
                Arc::new(nanos.as_primitive::<Int64Type>().unary::<_, Int64Type>(|n| n / 1_000_000_000));
            c.integer::<Int64Type>(&seconds, 19)
        }
        DataType::Float => c.float::<Float32Type>(array),
        DataType::Double => c.float::<Float64Type>(array),
        DataType::Decimal { scale, .. } => c.decimal(array, *scale),
        other => Err(SparkError::internal(format!("a cast of {} to {}", other.sql(), to.sql()))),
    }
}

struct Conversion<'a> {
    to: &'a DataType,
    o: &'a CastOptions,
    shown: &'a DataType,
}

impl Conversion<'_> {
    fn overflow(&self, value: &str) -> SparkError {
        cast_overflow(value, self.shown, self.to)
    }

    fn integer<T: ArrowPrimitiveType>(&self, array: &ArrayRef, digits: u8) -> SparkResult<ArrayRef>
    where
        T::Native: Into<i64> + std::fmt::Display,
    {
        let array = array.as_primitive::<T>();
        let wide = |v: T::Native| -> i64 { v.into() };
        Ok(match self.to {
            DataType::Byte => {
                self.narrow(array, |v| i8::try_from(wide(v)).ok(), |v| wide(v) as i8)?.into_ref::<Int8Type>()
            }
            DataType::Short => {
                self.narrow(array, |v| i16::try_from(wide(v)).ok(), |v| wide(v) as i16)?.into_ref::<Int16Type>()
            }
            DataType::Integer => {
                self.narrow(array, |v| i32::try_from(wide(v)).ok(), |v| wide(v) as i32)?.into_ref::<Int32Type>()
            }
            DataType::Long => Arc::new(array.unary::<_, Int64Type>(wide)),
            DataType::Float => Arc::new(array.unary::<_, Float32Type>(|v| wide(v) as f32)),
            DataType::Double => Arc::new(array.unary::<_, Float64Type>(|v| wide(v) as f64)),
            DataType::Boolean => Arc::new(BooleanArray::from_unary(array, |v| wide(v) != 0)),
            DataType::Decimal { precision, scale } => {
                if *scale >= 0 && i32::from(*precision) - i32::from(*scale) >= i32::from(digits) {
                    let unit = pow10(scale.unsigned_abs().into());
                    Arc::new(array.unary::<_, Decimal128Type>(|v| i128::from(wide(v)) * unit))
                } else {
                    let rows = array.iter().map(|v| match v {
                        Some(v) => self.to_decimal(i128::from(wide(v)), 0, *precision, *scale),
                        None => Ok(None),
                    });
                    Arc::new(rows.collect::<SparkResult<Decimal128Array>>()?)
                }
            }
            DataType::Binary => {
                let width = size_of::<T::Native>();
                let mut builder = BinaryBuilder::with_capacity(array.len(), array.len() * width);
                for v in array {
                    builder.append_option(v.map(|v| wide(v).to_be_bytes()[8 - width..].to_vec()));
                }
                Arc::new(builder.finish())
            }
            other => return Err(SparkError::internal(format!("a cast of an integer to {}", other.sql()))),
        })
    }

    /// Checked narrowing: fails, wraps or gives null by the mode.
    fn narrow<T: ArrowPrimitiveType, R>(
        &self,
        array: &PrimitiveArray<T>,
        checked: impl Fn(T::Native) -> Option<R>,
        wrapped: impl Fn(T::Native) -> R,
    ) -> SparkResult<Narrowed<R>>
    where
        T::Native: std::fmt::Display,
    {
        let mut out = Vec::with_capacity(array.len());
        for value in array {
            out.push(match value {
                None => None,
                Some(value) => match (checked(value), self.o.failure) {
                    (Some(value), _) => Some(value),
                    (None, Failure::Legacy) => Some(wrapped(value)),
                    (None, Failure::Try) => None,
                    (None, Failure::Ansi) => return Err(self.overflow(&integer_sql(&value.to_string(), self.shown))),
                },
            });
        }
        Ok(Narrowed(out))
    }

    fn float<T: ArrowPrimitiveType>(&self, array: &ArrayRef) -> SparkResult<ArrayRef>
    where
        T::Native: Into<f64> + std::fmt::Display,
    {
        let array = array.as_primitive::<T>();
        let wide = |v: T::Native| -> f64 { v.into() };
        let float = size_of::<T::Native>() == 4;
        // ANSI: the value must lie in the range after rounding towards zero.
        let within = |v: f64, min: f64, max: f64| v.floor() <= max && v.ceil() >= min;
        let shown = |v: f64| {
            if float {
                sql_value(&datafusion::common::ScalarValue::Float32(Some(v as f32)))
            } else {
                sql_value(&datafusion::common::ScalarValue::Float64(Some(v)))
            }
        };
        let convert = |v: f64, min: f64, max: f64, legacy: i64| -> SparkResult<Option<i64>> {
            match self.o.failure {
                Failure::Legacy => Ok(Some(legacy)),
                _ if within(v, min, max) => Ok(Some(v as i64)),
                Failure::Try => Ok(None),
                Failure::Ansi => Err(self.overflow(&shown(v))),
            }
        };
        Ok(match self.to {
            DataType::Byte => collect::<Int8Type, _>(array.iter().map(|v| v.map(wide)), |v| {
                Ok(convert(v, -128.0, 127.0, i64::from(v as i32 as i8))?.map(|v| v as i8))
            })?,
            DataType::Short => collect::<Int16Type, _>(array.iter().map(|v| v.map(wide)), |v| {
                Ok(convert(v, -32768.0, 32767.0, i64::from(v as i32 as i16))?.map(|v| v as i16))
            })?,
            DataType::Integer => collect::<Int32Type, _>(array.iter().map(|v| v.map(wide)), |v| {
                Ok(convert(v, f64::from(i32::MIN), f64::from(i32::MAX), i64::from(v as i32))?.map(|v| v as i32))
            })?,
            DataType::Long => collect::<Int64Type, _>(array.iter().map(|v| v.map(wide)), |v| {
                convert(v, i64::MIN as f64, i64::MAX as f64, v as i64)
            })?,
            DataType::Float => Arc::new(array.unary::<_, Float32Type>(|v| wide(v) as f32)),
            DataType::Double => Arc::new(array.unary::<_, Float64Type>(wide)),
            DataType::Boolean => Arc::new(BooleanArray::from_unary(array, |v| wide(v) != 0.0)),
            DataType::Decimal { precision, scale } => {
                collect::<Decimal128Type, _>(array.iter().map(|v| v.map(wide)), |v| {
                    if !v.is_finite() {
                        return match self.o.failure {
                            Failure::Ansi => Err(self.overflow(&shown(v))),
                            _ => Ok(None),
                        };
                    }
                    // Through the shortest text, as `BigDecimal.valueOf(double)` does.
                    let text = if float { super::float_text(v as f32) } else { double_text(v) };
                    match parse_decimal(&text, *precision, *scale) {
                        Some(Some(value)) => Ok(Some(value)),
                        _ if self.o.failure == Failure::Ansi => {
                            Err(decimal_out_of_range(&super::text::plain_text(&text), *precision, *scale))
                        }
                        _ => Ok(None),
                    }
                })?
            }
            other => return Err(SparkError::internal(format!("a cast of a float to {}", other.sql()))),
        })
    }

    fn decimal(&self, array: &ArrayRef, scale: i8) -> SparkResult<ArrayRef> {
        let array = array.as_primitive::<Decimal128Type>();
        let unit = pow10(scale.unsigned_abs().into());
        let shown = |v: i128| format!("{}BD", decimal_text(v, scale));
        let whole = |v: i128, min: i64, max: i64| -> SparkResult<Option<i64>> {
            let cut = v / unit;
            if cut >= i128::from(min) && cut <= i128::from(max) {
                return Ok(Some(cut as i64));
            }
            match self.o.failure {
                Failure::Ansi => Err(self.overflow(&shown(v))),
                Failure::Try => Ok(None),
                Failure::Legacy => Ok(Some(cut as i64)),
            }
        };
        Ok(match self.to {
            DataType::Byte => {
                collect::<Int8Type, _>(
                    array.iter(),
                    |v| Ok(whole(v, i8::MIN.into(), i8::MAX.into())?.map(|v| v as i8)),
                )?
            }
            DataType::Short => collect::<Int16Type, _>(array.iter(), |v| {
                Ok(whole(v, i16::MIN.into(), i16::MAX.into())?.map(|v| v as i16))
            })?,
            DataType::Integer => collect::<Int32Type, _>(array.iter(), |v| {
                Ok(whole(v, i32::MIN.into(), i32::MAX.into())?.map(|v| v as i32))
            })?,
            DataType::Long => collect::<Int64Type, _>(array.iter(), |v| whole(v, i64::MIN, i64::MAX))?,
            DataType::Float => Arc::new(array.unary::<_, Float32Type>(|v| decimal_to_f64(v, scale) as f32)),
            DataType::Double => Arc::new(array.unary::<_, Float64Type>(|v| decimal_to_f64(v, scale))),
            DataType::Boolean => Arc::new(BooleanArray::from_unary(array, |v| v != 0)),
            DataType::Decimal { precision, scale: to } => {
                return decimal_to_decimal(array, (38, scale), (*precision, *to), self.o);
            }
            other => return Err(SparkError::internal(format!("a cast of a decimal to {}", other.sql()))),
        })
    }

    fn to_decimal(&self, value: i128, from: i8, precision: u8, scale: i8) -> SparkResult<Option<i128>> {
        checked_decimal(value, from, precision, scale, self.o.failure)
    }
}

struct Narrowed<R>(Vec<Option<R>>);

impl<R> Narrowed<R> {
    fn into_ref<T: ArrowPrimitiveType<Native = R>>(self) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::from_iter(self.0))
    }
}

fn collect<T: ArrowPrimitiveType, V>(
    values: impl Iterator<Item = Option<V>>,
    f: impl Fn(V) -> SparkResult<Option<T::Native>>,
) -> SparkResult<ArrayRef> {
    let rows: SparkResult<Vec<Option<T::Native>>> = values
        .map(|v| match v {
            Some(v) => f(v),
            None => Ok(None),
        })
        .collect();
    Ok(Arc::new(PrimitiveArray::<T>::from_iter(rows?)))
}

fn integer_sql(digits: &str, data_type: &DataType) -> String {
    match data_type {
        DataType::Byte => format!("{digits}Y"),
        DataType::Short => format!("{digits}S"),
        DataType::Long => format!("{digits}L"),
        _ => digits.to_string(),
    }
}

/// A decimal as the nearest double.
pub(crate) fn decimal_to_f64(value: i128, scale: i8) -> f64 {
    const EXACT: u128 = 1 << 53;
    if value.unsigned_abs() <= EXACT && (0..=22).contains(&scale) {
        // Both operands are exact, so one rounding: correct.
        return value as f64 / POWERS[scale as usize];
    }
    decimal_text(value, scale).parse().unwrap_or(f64::NAN)
}

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// A value rounded to a decimal type, or the mode's failure.
pub(crate) fn checked_decimal(
    value: i128,
    from: i8,
    precision: u8,
    scale: i8,
    failure: Failure,
) -> SparkResult<Option<i128>> {
    match rescale(value, from, scale) {
        Some(result) if fits(result, precision) => Ok(Some(result)),
        _ if failure == Failure::Ansi => Err(decimal_out_of_range(&decimal_text(value, from), precision, scale)),
        _ => Ok(None),
    }
}

/// A decimal under another precision and scale.
pub(super) fn decimal_to_decimal(
    array: &Decimal128Array,
    (p1, s1): (u8, i8),
    (p2, s2): (u8, i8),
    o: &CastOptions,
) -> SparkResult<ArrayRef> {
    let lossless = s2 >= s1 && i32::from(p2) - i32::from(s2) >= i32::from(p1) - i32::from(s1);
    if lossless {
        let unit = pow10((s2 - s1) as u32);
        return Ok(Arc::new(array.unary::<_, Decimal128Type>(|v| v.wrapping_mul(unit))));
    }
    collect::<Decimal128Type, _>(array.iter(), |v| checked_decimal(v, s1, p2, s2, o.failure))
}

/// Seconds of a timestamp as a number.
pub(super) fn from_timestamp(array: &ArrayRef, to: &DataType, o: &CastOptions) -> SparkResult<ArrayRef> {
    let micros = array.as_primitive::<TimestampMicrosecondType>();
    match to {
        DataType::Boolean => Ok(Arc::new(BooleanArray::from_unary(micros, |v| v != 0))),
        DataType::Double => Ok(Arc::new(micros.unary::<_, Float64Type>(|v| v as f64 / MICROS_PER_SECOND as f64))),
        DataType::Float => {
            Ok(Arc::new(micros.unary::<_, Float32Type>(|v| (v as f64 / MICROS_PER_SECOND as f64) as f32)))
        }
        DataType::Decimal { precision, scale } => collect::<Decimal128Type, _>(micros.iter(), |v| {
            checked_decimal(i128::from(v), 6, *precision, *scale, o.failure)
        }),
        _ => {
            let seconds: ArrayRef = Arc::new(micros.unary::<_, Int64Type>(|v| v.div_euclid(MICROS_PER_SECOND)));
            if *to == DataType::Long {
                return Ok(seconds);
            }
            cast_number_as(&seconds, &DataType::Long, to, o, &DataType::Timestamp).map_err(|error| {
                // The value that does not fit is the timestamp, not its seconds.
                let shown = error.parameters.get("value").cloned();
                let row = seconds.as_primitive::<Int64Type>().iter().position(|v| v.map(|v| v.to_string()) == shown);
                match row.filter(|_| error.condition == "CAST_OVERFLOW") {
                    Some(row) => {
                        let text = timestamp_text(micros.value(row), &o.zone);
                        cast_overflow(&format!("TIMESTAMP '{text}'"), &DataType::Timestamp, to)
                    }
                    None => error,
                }
            })
        }
    }
}

/// Seconds since the epoch as a timestamp.
pub(super) fn to_timestamp(array: &ArrayRef, from: &DataType, o: &CastOptions) -> SparkResult<ArrayRef> {
    let overflow = |value: String| match o.failure {
        Failure::Ansi => Err(cast_overflow(&value, from, &DataType::Timestamp)),
        _ => Ok(None),
    };
    match from {
        DataType::Boolean => {
            let rows: PrimitiveArray<Int64Type> = array.as_boolean().iter().map(|b| b.map(i64::from)).collect();
            Ok(Arc::new(rows))
        }
        DataType::Float | DataType::Double => {
            let doubles = cast_number(array, from, &DataType::Double, o)?;
            collect::<Int64Type, _>(doubles.as_primitive::<Float64Type>().iter(), |v| {
                let micros = v * MICROS_PER_SECOND as f64;
                if !v.is_finite() {
                    return match o.failure {
                        Failure::Ansi => Err(invalid_number(&double_text(v), from)),
                        _ => Ok(None),
                    };
                }
                Ok(Some(micros as i64))
            })
        }
        DataType::Decimal { scale, .. } => {
            collect::<Int64Type, _>(array.as_primitive::<Decimal128Type>().iter(), |v| {
                let micros = v.checked_mul(1_000_000).map(|v| v / pow10(scale.unsigned_abs().into()));
                match micros.and_then(|m| i64::try_from(m).ok()) {
                    Some(micros) => Ok(Some(micros)),
                    None => overflow(decimal_text(v, *scale)),
                }
            })
        }
        _ => {
            let seconds = cast_number(array, from, &DataType::Long, o)?;
            // Out of range seconds saturate, as `SECONDS.toMicros` does.
            let seconds = seconds.as_primitive::<Int64Type>();
            Ok(Arc::new(seconds.unary::<_, Int64Type>(|v| v.saturating_mul(MICROS_PER_SECOND))))
        }
    }
}

/// `CAST_INVALID_INPUT` of a number that is no time.
fn invalid_number(value: &str, from: &DataType) -> SparkError {
    invalid_input("", &DataType::Timestamp).param("expression", value).param("sourceType", quoted(from))
}

/// A number of `unit`s as an interval's count.
pub(super) fn to_interval(
    array: &ArrayRef,
    from: &DataType,
    unit: i64,
    to: &DataType,
    o: &CastOptions,
) -> SparkResult<ArrayRef> {
    let fail = |value: String| match o.failure {
        Failure::Try => Ok(None),
        _ => Err(cast_overflow(&value, from, to)),
    };
    if let DataType::Decimal { scale, .. } = from {
        let divisor = pow10(scale.unsigned_abs().into());
        return collect::<Int64Type, _>(array.as_primitive::<Decimal128Type>().iter(), |v| {
            let count = v.checked_mul(i128::from(unit)).map(|v| crate::arithmetic::divide_half_up(v, divisor));
            match count.and_then(|c| i64::try_from(c).ok()) {
                Some(count) => Ok(Some(count)),
                None => fail(decimal_text(v, *scale)),
            }
        });
    }
    let longs = cast_number(array, from, &DataType::Long, o)?;
    collect::<Int64Type, _>(longs.as_primitive::<Int64Type>().iter(), |v| match v.checked_mul(unit) {
        Some(count) => Ok(Some(count)),
        None => fail(integer_sql(&v.to_string(), from)),
    })
}

/// Months of 64 bits as 32.
pub(super) fn narrow_months(wide: &ArrayRef, from: &DataType, to: &DataType, ansi: bool) -> SparkResult<ArrayRef> {
    collect::<Int32Type, _>(wide.as_primitive::<Int64Type>().iter(), |v| match i32::try_from(v) {
        Ok(months) => Ok(Some(months)),
        Err(_) if ansi => Err(cast_overflow(&integer_sql(&v.to_string(), from), from, to)),
        Err(_) => Ok(None),
    })
}

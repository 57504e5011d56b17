//! `TIME` conversions, vectors as arrays of floats, bitmaps.

use arrow::{array::AsArray, datatypes::Int64Type};
use datafusion::common::ScalarValue;
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{string::typed, take};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::buffered,
    cast::cast,
    coercion::{Accept, expect, unexpected_type},
    datetime::MICROS_PER_DAY,
    entry::{FunctionEntry, aggregate, scalar},
    kernels::{Bin, Dec, I64, Str},
    udf::call,
};

type Args = Vec<TypedExpr>;

const TIME6: DataType = DataType::Time { precision: 6 };

pub(super) static ENTRIES: &[FunctionEntry] = &[
    // A user-defined type is its SQL type here from the start.
    scalar("unwrap_udt", 1, 1, |_, args| {
        let [value] = take(args)?;
        Ok(value)
    }),
    scalar("time_to_seconds", 1, 1, |ctx, args| {
        let (a, n) = time(ctx, args)?;
        let t = DataType::Decimal { precision: 14, scale: 6 };
        Ok(call(ctx, "time_to_seconds").map1::<I64, i128>(vec![a], t, n, |v| Ok(Some(i128::from(v / 1000)))))
    }),
    scalar("time_to_millis", 1, 1, |ctx, args| time_to(ctx, args, 1_000_000)),
    scalar("time_to_micros", 1, 1, |ctx, args| time_to(ctx, args, 1000)),
    scalar("time_from_seconds", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Numeric)?;
        let a = cast(ctx, a, &DataType::Decimal { precision: 38, scale: 9 }, CastMode::Session)?;
        let n = a.nullable;
        Ok(call(ctx, "time_from_seconds").map1::<Dec, i64>(vec![a], TIME6, n, time_of))
    }),
    scalar("time_from_millis", 1, 1, |ctx, args| time_from(ctx, args, 1_000_000)),
    scalar("time_from_micros", 1, 1, |ctx, args| time_from(ctx, args, 1000)),
    scalar("time_diff", 3, 3, |ctx, args| {
        let (args, n) = typed(ctx, args, &[DataType::String, TIME6, TIME6])?;
        Ok(call(ctx, "time_diff").map3::<Str, I64, I64, i64>(args, DataType::Long, n, |unit, a, b| {
            Ok(Some((b - a) / unit_nanos(unit, "time_diff")?))
        }))
    }),
    scalar("time_trunc", 2, 2, |ctx, args| {
        let (args, n) = typed(ctx, args, &[DataType::String, TIME6])?;
        Ok(call(ctx, "time_trunc").map2::<Str, I64, i64>(args, TIME6, n, |unit, t| {
            let unit = unit_nanos(unit, "time_trunc")?;
            Ok(Some(t / unit * unit))
        }))
    }),
    scalar("bitmap_bit_position", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[DataType::Long])?;
        Ok(call(ctx, "bitmap_bit_position")
            .map1::<I64, i64>(args, DataType::Long, n, |v| Ok(Some(if v > 0 { (v - 1) % BITS } else { -v % BITS }))))
    }),
    scalar("bitmap_bucket_number", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[DataType::Long])?;
        Ok(call(ctx, "bitmap_bucket_number")
            .map1::<I64, i64>(args, DataType::Long, n, |v| Ok(Some(if v > 0 { 1 + (v - 1) / BITS } else { v / BITS }))))
    }),
    scalar("bitmap_count", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[DataType::Binary])?;
        Ok(call(ctx, "bitmap_count")
            .map1::<Bin, i64>(args, DataType::Long, n, |b| Ok(Some(b.iter().map(|b| i64::from(b.count_ones())).sum()))))
    }),
    aggregate("bitmap_construct_agg", 1, 1, |ctx, args, o| {
        let (args, _) = typed(ctx, args, &[DataType::Long])?;
        let origin = ctx.origin.clone();
        let call =
            buffered("bitmap_construct_agg", String::new(), &args, DataType::Binary, false, true, move |columns| {
                let mut bitmap = vec![0_u8; BYTES];
                for position in columns[0].as_primitive::<Int64Type>().iter().flatten() {
                    if !(0..BITS).contains(&position) {
                        return Err(SparkError::new(ExceptionClass::ArrayIndexOutOfBounds, "INVALID_BITMAP_POSITION")
                            .param("bitPosition", position.to_string())
                            .param("bitmapNumBytes", BYTES.to_string())
                            .param("bitmapNumBits", BITS.to_string())
                            .at(&origin));
                    }
                    bitmap[position as usize / 8] |= 1 << (position % 8);
                }
                Ok(ScalarValue::Binary(Some(bitmap)))
            });
        Ok(call.call(args, o))
    }),
    aggregate("bitmap_or_agg", 1, 1, |ctx, args, o| bitmaps(ctx, args, o, "bitmap_or_agg", 0, |a, b| a | b)),
    aggregate("bitmap_and_agg", 1, 1, |ctx, args, o| bitmaps(ctx, args, o, "bitmap_and_agg", 0xff, |a, b| a & b)),
];

const BYTES: usize = 4096;
const BITS: i64 = 8 * BYTES as i64;

fn bitmaps(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
    start: u8,
    op: fn(u8, u8) -> u8,
) -> SparkResult<TypedExpr> {
    if args[0].data_type != DataType::Binary {
        return Err(unexpected_type(ctx, 0, "\"BINARY\"", &args[0].data_type));
    }
    let call = buffered(name, String::new(), &args, DataType::Binary, false, true, move |columns| {
        let mut bitmap = vec![start; BYTES];
        for other in columns[0].as_binary::<i32>().iter().flatten() {
            for (i, byte) in bitmap.iter_mut().enumerate() {
                *byte = op(*byte, other.get(i).copied().unwrap_or(0));
            }
        }
        Ok(ScalarValue::Binary(Some(bitmap)))
    });
    Ok(call.call(args, options))
}

fn time(ctx: &CallContext<'_>, args: Args) -> SparkResult<(TypedExpr, bool)> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::Type(TIME6))?;
    let n = a.nullable;
    Ok((a, n))
}

fn time_to(ctx: &CallContext<'_>, args: Args, unit: i64) -> SparkResult<TypedExpr> {
    let (a, n) = time(ctx, args)?;
    let key = unit.to_string();
    Ok(call(ctx, "time_to_units").key(key).map1::<I64, i64>(vec![a], DataType::Long, n, move |v| Ok(Some(v / unit))))
}

fn time_of(nanos: i128) -> SparkResult<Option<i64>> {
    match i64::try_from(nanos) {
        Ok(nanos) if (0..MICROS_PER_DAY * 1000).contains(&nanos) => Ok(Some(nanos)),
        _ => Err(SparkError::new(ExceptionClass::DateTime, "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION")
            .param("rangeMessage", format!("Invalid value for NanoOfDay (valid values 0 - 86399999999999): {nanos}"))),
    }
}

fn time_from(ctx: &CallContext<'_>, args: Args, unit: i128) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::Integral)?;
    let a = cast(ctx, a, &DataType::Long, CastMode::Session)?;
    let n = a.nullable;
    let key = unit.to_string();
    Ok(call(ctx, "time_from_units")
        .key(key)
        .map1::<I64, i64>(vec![a], TIME6, n, move |v| time_of(i128::from(v) * unit)))
}

fn unit_nanos(unit: &str, function: &str) -> SparkResult<i64> {
    Ok(match unit.to_uppercase().as_str() {
        "HOUR" => 3_600_000_000_000,
        "MINUTE" => 60_000_000_000,
        "SECOND" => 1_000_000_000,
        "MILLISECOND" => 1_000_000,
        "MICROSECOND" => 1000,
        _ => {
            return Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_PARAMETER_VALUE.TIME_UNIT")
                .param("functionName", format!("`{function}`"))
                .param("parameter", "`unit`")
                .param("invalidValue", format!("'{unit}'")));
        }
    })
}

//! Spark's `Murmur3Hash` over columns, seed 42: what `hashpartitioning` and `hash()` use.

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, IntervalMonthDayNanoArray,
        RecordBatch, as_boolean_array,
    },
    datatypes::{
        ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type,
        Int8Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
        TimeUnit, TimestampMicrosecondType,
    },
};
use datafusion::{error::Result, physical_expr::PhysicalExpr};
use kindling_common::SparkError;

use crate::error::external;

/// Seed of `hash()` and of hash partitioning.
pub const SEED: i32 = 42;

/// The hash of `exprs` for each row of a batch.
pub fn hash_rows(exprs: &[std::sync::Arc<dyn PhysicalExpr>], batch: &RecordBatch) -> Result<Vec<i32>> {
    let mut hashes = vec![SEED; batch.num_rows()];
    for expr in exprs {
        let column = expr.evaluate(batch)?.into_array(batch.num_rows())?;
        update(&column, &mut hashes)?;
    }
    Ok(hashes)
}

/// Folds a column into running hashes; a null leaves its hash as it is.
pub fn update(column: &ArrayRef, hashes: &mut [i32]) -> Result<()> {
    match column.data_type() {
        DataType::Null => {}
        DataType::Boolean => booleans(as_boolean_array(column), hashes),
        DataType::Int8 => ints::<Int8Type>(column, hashes, i32::from),
        DataType::Int16 => ints::<Int16Type>(column, hashes, i32::from),
        DataType::Int32 => ints::<Int32Type>(column, hashes, |v| v),
        // Grouping ids, which only this engine has unsigned.
        DataType::UInt8 | DataType::UInt16 => {
            let wide = arrow::compute::cast(column, &DataType::Int32)?;
            ints::<Int32Type>(&wide, hashes, |v| v);
        }
        DataType::UInt32 | DataType::UInt64 => {
            let wide = arrow::compute::cast(column, &DataType::Int64)?;
            longs::<Int64Type>(&wide, hashes);
        }
        DataType::Date32 => ints::<Date32Type>(column, hashes, |v| v),
        DataType::Interval(IntervalUnit::YearMonth) => ints::<IntervalYearMonthType>(column, hashes, |v| v),
        DataType::Int64 => longs::<Int64Type>(column, hashes),
        DataType::Timestamp(TimeUnit::Microsecond, _) => longs::<TimestampMicrosecondType>(column, hashes),
        DataType::Duration(TimeUnit::Microsecond) => longs::<DurationMicrosecondType>(column, hashes),
        DataType::Float32 => floats(column.as_primitive::<Float32Type>(), hashes),
        DataType::Float64 => doubles(column.as_primitive::<Float64Type>(), hashes),
        DataType::Decimal128(precision, _) => decimals(column.as_primitive::<Decimal128Type>(), *precision, hashes),
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            intervals(column.as_primitive::<IntervalMonthDayNanoType>(), hashes)
        }
        DataType::Utf8 => each(column, hashes, |i, h| hash_bytes(column.as_string::<i32>().value(i).as_bytes(), h)),
        DataType::LargeUtf8 => {
            each(column, hashes, |i, h| hash_bytes(column.as_string::<i64>().value(i).as_bytes(), h));
        }
        DataType::Utf8View => each(column, hashes, |i, h| hash_bytes(column.as_string_view().value(i).as_bytes(), h)),
        DataType::Binary => each(column, hashes, |i, h| hash_bytes(column.as_binary::<i32>().value(i), h)),
        DataType::LargeBinary => each(column, hashes, |i, h| hash_bytes(column.as_binary::<i64>().value(i), h)),
        DataType::BinaryView => each(column, hashes, |i, h| hash_bytes(column.as_binary_view().value(i), h)),
        DataType::Dictionary(_, value_type) => {
            let plain = arrow::compute::cast(column, value_type)?;
            update(&plain, hashes)?;
        }
        DataType::Struct(_) => structs(column, hashes)?,
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            nested(column, hashes, |i| Ok(vec![list.value(i)]))?;
        }
        DataType::LargeList(_) => {
            let list = column.as_list::<i64>();
            nested(column, hashes, |i| Ok(vec![list.value(i)]))?;
        }
        DataType::Map(_, _) => {
            let map = column.as_map();
            nested(column, hashes, |i| Ok(map.value(i).columns().to_vec()))?;
        }
        other => return Err(external(SparkError::unsupported(format!("hash partitioning by the type {other}")))),
    }
    Ok(())
}

fn each(column: &ArrayRef, hashes: &mut [i32], hash: impl Fn(usize, i32) -> i32) {
    for (i, h) in hashes.iter_mut().enumerate() {
        if column.is_valid(i) {
            *h = hash(i, *h);
        }
    }
}

fn booleans(column: &BooleanArray, hashes: &mut [i32]) {
    for (value, h) in column.iter().zip(hashes) {
        if let Some(value) = value {
            *h = hash_int(i32::from(value), *h);
        }
    }
}

fn ints<T: ArrowPrimitiveType>(column: &ArrayRef, hashes: &mut [i32], widen: impl Fn(T::Native) -> i32) {
    let column = column.as_primitive::<T>();
    if column.null_count() == 0 {
        for (value, h) in column.values().iter().zip(hashes) {
            *h = hash_int(widen(*value), *h);
        }
        return;
    }
    for (value, h) in column.iter().zip(hashes) {
        if let Some(value) = value {
            *h = hash_int(widen(value), *h);
        }
    }
}

fn longs<T: ArrowPrimitiveType<Native = i64>>(column: &ArrayRef, hashes: &mut [i32]) {
    let column = column.as_primitive::<T>();
    if column.null_count() == 0 {
        for (value, h) in column.values().iter().zip(hashes) {
            *h = hash_long(*value, *h);
        }
        return;
    }
    for (value, h) in column.iter().zip(hashes) {
        if let Some(value) = value {
            *h = hash_long(value, *h);
        }
    }
}

/// `-0.0` hashes as `0.0` and every NaN alike, since they are equal as keys.
fn floats(column: &Float32Array, hashes: &mut [i32]) {
    for (value, h) in column.iter().zip(hashes) {
        if let Some(value) = value {
            let bits = if value == 0.0 {
                0
            } else if value.is_nan() {
                0x7fc0_0000
            } else {
                value.to_bits() as i32
            };
            *h = hash_int(bits, *h);
        }
    }
}

fn doubles(column: &Float64Array, hashes: &mut [i32]) {
    for (value, h) in column.iter().zip(hashes) {
        if let Some(value) = value {
            let bits = if value == 0.0 {
                0
            } else if value.is_nan() {
                0x7ff8_0000_0000_0000
            } else {
                value.to_bits() as i64
            };
            *h = hash_long(bits, *h);
        }
    }
}

fn decimals(column: &Decimal128Array, precision: u8, hashes: &mut [i32]) {
    for (value, h) in column.iter().zip(hashes) {
        if let Some(value) = value {
            *h = if precision <= 18 {
                hash_long(value as i64, *h)
            } else {
                hash_bytes(minimal_bytes(&value.to_be_bytes()), *h)
            };
        }
    }
}

/// `BigInteger.toByteArray`: big-endian two's complement without redundant sign bytes.
fn minimal_bytes(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [first, tail @ ..] = rest
        && let Some(second) = tail.first()
        && ((*first == 0 && second & 0x80 == 0) || (*first == 0xff && second & 0x80 != 0))
    {
        rest = tail;
    }
    rest
}

fn intervals(column: &IntervalMonthDayNanoArray, hashes: &mut [i32]) {
    for (value, h) in column.iter().zip(hashes) {
        if let Some(value) = value {
            let micros = hash_long(value.nanoseconds / 1000, *h);
            *h = hash_int(value.months, hash_int(value.days, micros));
        }
    }
}

fn structs(column: &ArrayRef, hashes: &mut [i32]) -> Result<()> {
    let before = (column.null_count() > 0).then(|| hashes.to_vec());
    for field in column.as_struct().columns() {
        update(field, hashes)?;
    }
    if let Some(before) = before {
        for (i, h) in hashes.iter_mut().enumerate() {
            if column.is_null(i)
                && let Some(old) = before.get(i)
            {
                *h = *old;
            }
        }
    }
    Ok(())
}

/// Elements fold one after the other; of a map's entry, key before value.
fn nested(column: &ArrayRef, hashes: &mut [i32], parts: impl Fn(usize) -> Result<Vec<ArrayRef>>) -> Result<()> {
    for (i, h) in hashes.iter_mut().enumerate() {
        if column.is_null(i) {
            continue;
        }
        let columns = parts(i)?;
        let len = columns.first().map_or(0, |c| c.len());
        let mut running = [*h];
        for element in 0..len {
            for column in &columns {
                update(&column.slice(element, 1), &mut running)?;
            }
        }
        [*h] = running;
    }
    Ok(())
}

fn mix_k1(k1: i32) -> i32 {
    k1.wrapping_mul(0xcc9e_2d51_u32 as i32).rotate_left(15).wrapping_mul(0x1b87_3593)
}

fn mix_h1(h1: i32, k1: i32) -> i32 {
    (h1 ^ k1).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64_u32 as i32)
}

fn fmix(h1: i32, length: i32) -> i32 {
    let mut h = (h1 ^ length) as u32;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^= h >> 16;
    h as i32
}

/// `Murmur3_x86_32.hashInt`.
pub fn hash_int(value: i32, seed: i32) -> i32 {
    fmix(mix_h1(seed, mix_k1(value)), 4)
}

/// `Murmur3_x86_32.hashLong`.
pub fn hash_long(value: i64, seed: i32) -> i32 {
    let h1 = mix_h1(seed, mix_k1(value as i32));
    fmix(mix_h1(h1, mix_k1((value >> 32) as i32)), 8)
}

/// `Murmur3_x86_32.hashUnsafeBytes`: whole words, then each remaining byte as a word of its own.
pub fn hash_bytes(bytes: &[u8], seed: i32) -> i32 {
    let mut h1 = seed;
    let words = bytes.chunks_exact(4);
    let tail = words.remainder();
    for word in words {
        if let &[a, b, c, d] = word {
            h1 = mix_h1(h1, mix_k1(i32::from_le_bytes([a, b, c, d])));
        }
    }
    for byte in tail {
        h1 = mix_h1(h1, mix_k1(i32::from(*byte as i8)));
    }
    fmix(h1, bytes.len() as i32)
}

/// `pmod(hash, n)`.
pub fn pmod(hash: i32, n: usize) -> usize {
    hash.rem_euclid(n.max(1) as i32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of `SELECT hash(…)` on Spark.
    #[test]
    fn hashes_equal_sparks() {
        assert_eq!(hash_int(1, SEED), -559580957);
        assert_eq!(hash_long(1, SEED), -1712319331);
        assert_eq!(hash_bytes(b"Spark", SEED), 228093765);
        assert_eq!(hash_int(0, SEED), 933211791);
        assert_eq!(hash_bytes(b"", SEED), 142593372);
    }

    fn hash_of(column: ArrayRef) -> i32 {
        let mut hashes = [SEED];
        update(&column, &mut hashes).unwrap();
        hashes[0]
    }

    #[test]
    fn columns_hash_by_their_type() {
        use std::sync::Arc;

        use arrow::array::{Date32Array, Int32Array, ListArray, StringArray, StructArray};
        use arrow::datatypes::Field;

        assert_eq!(hash_of(Arc::new(Float64Array::from(vec![1.5]))), 1290763749);
        assert_eq!(hash_of(Arc::new(Float64Array::from(vec![-0.0]))), -1670924195);
        let wide = Decimal128Array::from(vec![1234567890123456789012]).with_precision_and_scale(30, 2).unwrap();
        assert_eq!(hash_of(Arc::new(wide)), -2030013727);
        assert_eq!(hash_of(Arc::new(BooleanArray::from(vec![true]))), -559580957);
        assert_eq!(hash_of(Arc::new(Date32Array::from(vec![18262]))), -725858435);
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), Some(2)])]);
        assert_eq!(hash_of(Arc::new(list)), -222940379);
        let fields = StructArray::from(vec![
            (Arc::new(Field::new("a", DataType::Int32, false)), Arc::new(Int32Array::from(vec![1])) as ArrayRef),
            (Arc::new(Field::new("b", DataType::Utf8, false)), Arc::new(StringArray::from(vec!["x"])) as ArrayRef),
        ]);
        assert_eq!(hash_of(Arc::new(fields)), -1305545736);
        assert_eq!(hash_of(Arc::new(Int32Array::from(vec![None]))), SEED);
    }

    /// Where Spark puts the rows of `repartition(5, k)`.
    #[test]
    fn rows_go_to_sparks_partitions() {
        let partitions: Vec<usize> = (0..10).map(|k| pmod(hash_long(k, SEED), 5)).collect();
        assert_eq!(partitions, [0, 4, 3, 2, 0, 3, 0, 1, 1, 4]);
    }
}

//! Spark's `Murmur3Hash` and `XxHash64` over Arrow arrays, bit for bit. Depends on Arrow only.
//!
//! `hash(a, b)` is `hash of b seeded with hash of a seeded with 42`; a null leaves the seed as it is. Nested values are
//! hashed field by field. Hash partitioning is `spark_hash(keys) pmod n`.

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{
        DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
        Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, Time64NanosecondType,
        TimeUnit, TimestampMicrosecondType,
    },
    error::ArrowError,
};

/// A hash of Spark's, by the primitive steps that both share.
trait SparkHasher: Copy + 'static {
    type Hash: Copy + Default;
    fn int(value: i32, seed: Self::Hash) -> Self::Hash;
    fn long(value: i64, seed: Self::Hash) -> Self::Hash;
    fn bytes(value: &[u8], seed: Self::Hash) -> Self::Hash;
}

#[derive(Clone, Copy)]
struct Murmur3;

#[derive(Clone, Copy)]
struct XxHash64;

#[inline]
fn mix_k1(k1: u32) -> u32 {
    k1.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

#[inline]
fn mix_h1(h1: u32, k1: u32) -> u32 {
    (h1 ^ k1).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

#[inline]
fn fmix(h1: u32, length: u32) -> u32 {
    let mut h = h1 ^ length;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

impl SparkHasher for Murmur3 {
    type Hash = i32;

    #[inline]
    fn int(value: i32, seed: i32) -> i32 {
        fmix(mix_h1(seed as u32, mix_k1(value as u32)), 4) as i32
    }

    #[inline]
    fn long(value: i64, seed: i32) -> i32 {
        let h1 = mix_h1(seed as u32, mix_k1(value as u32));
        fmix(mix_h1(h1, mix_k1((value >> 32) as u32)), 8) as i32
    }

    fn bytes(value: &[u8], seed: i32) -> i32 {
        let mut h1 = seed as u32;
        let (words, tail) = value.as_chunks::<4>();
        for word in words {
            h1 = mix_h1(h1, mix_k1(u32::from_le_bytes(*word)));
        }
        // Spark mixes every remaining byte, sign-extended, as a word of its own.
        for byte in tail {
            h1 = mix_h1(h1, mix_k1(*byte as i8 as u32));
        }
        fmix(h1, value.len() as u32) as i32
    }
}

const PRIME1: u64 = 0x9E37_79B1_85EB_CA87;
const PRIME2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const PRIME3: u64 = 0x1656_67B1_9E37_79F9;
const PRIME4: u64 = 0x85EB_CA77_C2B2_AE63;
const PRIME5: u64 = 0x27D4_EB2F_1656_67C5;

#[inline]
fn xx_fmix(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(PRIME2);
    h ^= h >> 29;
    h = h.wrapping_mul(PRIME3);
    h ^ (h >> 32)
}

#[inline]
fn xx_round(lane: u64, value: u64) -> u64 {
    lane.wrapping_add(value.wrapping_mul(PRIME2)).rotate_left(31).wrapping_mul(PRIME1)
}

impl SparkHasher for XxHash64 {
    type Hash = i64;

    #[inline]
    fn int(value: i32, seed: i64) -> i64 {
        let mut h = (seed as u64).wrapping_add(PRIME5).wrapping_add(4);
        h ^= u64::from(value as u32).wrapping_mul(PRIME1);
        h = h.rotate_left(23).wrapping_mul(PRIME2).wrapping_add(PRIME3);
        xx_fmix(h) as i64
    }

    #[inline]
    fn long(value: i64, seed: i64) -> i64 {
        let mut h = (seed as u64).wrapping_add(PRIME5).wrapping_add(8);
        h ^= xx_round(0, value as u64);
        h = h.rotate_left(27).wrapping_mul(PRIME1).wrapping_add(PRIME4);
        xx_fmix(h) as i64
    }

    fn bytes(value: &[u8], seed: i64) -> i64 {
        let seed = seed as u64;
        let (stripes, rest) = value.as_chunks::<32>();
        let mut h = if stripes.is_empty() {
            seed.wrapping_add(PRIME5)
        } else {
            let mut lanes = [
                seed.wrapping_add(PRIME1).wrapping_add(PRIME2),
                seed.wrapping_add(PRIME2),
                seed,
                seed.wrapping_sub(PRIME1),
            ];
            for stripe in stripes {
                for (lane, word) in lanes.iter_mut().zip(stripe.as_chunks::<8>().0) {
                    *lane = xx_round(*lane, u64::from_le_bytes(*word));
                }
            }
            let [a, b, c, d] = lanes;
            let mut h = a
                .rotate_left(1)
                .wrapping_add(b.rotate_left(7))
                .wrapping_add(c.rotate_left(12))
                .wrapping_add(d.rotate_left(18));
            for lane in lanes {
                h = (h ^ xx_round(0, lane)).wrapping_mul(PRIME1).wrapping_add(PRIME4);
            }
            h
        };
        h = h.wrapping_add(value.len() as u64);
        let (longs, rest) = rest.as_chunks::<8>();
        for long in longs {
            h ^= xx_round(0, u64::from_le_bytes(*long));
            h = h.rotate_left(27).wrapping_mul(PRIME1).wrapping_add(PRIME4);
        }
        let (ints, rest) = rest.as_chunks::<4>();
        for int in ints {
            h ^= u64::from(u32::from_le_bytes(*int)).wrapping_mul(PRIME1);
            h = h.rotate_left(23).wrapping_mul(PRIME2).wrapping_add(PRIME3);
        }
        for byte in rest {
            h ^= u64::from(*byte).wrapping_mul(PRIME5);
            h = h.rotate_left(11).wrapping_mul(PRIME1);
        }
        xx_fmix(h) as i64
    }
}

/// Spark's `hash(columns…)` with seed 42. The columns must be of one length.
pub fn spark_hash(columns: &[ArrayRef]) -> Result<Vec<i32>, ArrowError> {
    hash_all::<Murmur3>(columns, 42)
}

/// Spark's `xxhash64(columns…)` with seed 42.
pub fn spark_xxhash64(columns: &[ArrayRef]) -> Result<Vec<i64>, ArrowError> {
    hash_all::<XxHash64>(columns, 42)
}

/// `Murmur3_x86_32.hashUnsafeBytes`
pub(crate) fn murmur3_bytes(bytes: &[u8], seed: i32) -> i32 {
    <Murmur3 as SparkHasher>::bytes(bytes, seed)
}

/// Spark's `xxhash64` of one column with a seed of one's own (HyperLogLog++ uses 42 as well, sketches others).
pub(crate) fn xxhash64_column(column: &ArrayRef, seed: i64) -> Result<Vec<i64>, ArrowError> {
    let mut hashes = vec![seed; column.len()];
    update::<XxHash64>(column, &mut hashes)?;
    Ok(hashes)
}

fn hash_all<H: SparkHasher>(columns: &[ArrayRef], seed: H::Hash) -> Result<Vec<H::Hash>, ArrowError> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut hashes = vec![seed; rows];
    for column in columns {
        update::<H>(column, &mut hashes)?;
    }
    Ok(hashes)
}

/// Applies a step to every row that is not null.
#[inline]
fn each<H: SparkHasher>(array: &dyn Array, hashes: &mut [H::Hash], step: impl Fn(usize, H::Hash) -> H::Hash) {
    if array.null_count() == 0 {
        for (row, hash) in hashes.iter_mut().enumerate() {
            *hash = step(row, *hash);
        }
    } else {
        for (row, hash) in hashes.iter_mut().enumerate() {
            if !array.is_null(row) {
                *hash = step(row, *hash);
            }
        }
    }
}

macro_rules! longs {
    ($column:expr, $hashes:expr, $type:ty) => {{
        let array = $column.as_primitive::<$type>();
        each::<H>(array, $hashes, |row, seed| H::long(array.value(row), seed))
    }};
}

macro_rules! ints {
    ($column:expr, $hashes:expr, $type:ty) => {{
        let array = $column.as_primitive::<$type>();
        each::<H>(array, $hashes, |row, seed| H::int(i32::from(array.value(row)), seed))
    }};
}

fn update<H: SparkHasher>(column: &ArrayRef, hashes: &mut [H::Hash]) -> Result<(), ArrowError> {
    match column.data_type() {
        DataType::Null => {}
        DataType::Boolean => {
            let array = column.as_boolean();
            each::<H>(array, hashes, |row, seed| H::int(i32::from(array.value(row)), seed));
        }
        DataType::Int8 => ints!(column, hashes, Int8Type),
        DataType::Int16 => ints!(column, hashes, Int16Type),
        DataType::Int32 => ints!(column, hashes, Int32Type),
        DataType::Date32 => ints!(column, hashes, Date32Type),
        DataType::Interval(IntervalUnit::YearMonth) => ints!(column, hashes, IntervalYearMonthType),
        DataType::Int64 => longs!(column, hashes, Int64Type),
        // DataFusion's grouping ids; Spark's is a `BIGINT`.
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            let array = arrow::compute::cast(column, &DataType::Int64)?;
            longs!(array, hashes, Int64Type);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => longs!(column, hashes, TimestampMicrosecondType),
        DataType::Duration(TimeUnit::Microsecond) => longs!(column, hashes, DurationMicrosecondType),
        DataType::Time64(TimeUnit::Nanosecond) => longs!(column, hashes, Time64NanosecondType),
        DataType::Float32 => {
            let array = column.as_primitive::<Float32Type>();
            each::<H>(array, hashes, |row, seed| {
                let value = array.value(row);
                let bits = if value == 0.0 {
                    0
                } else if value.is_nan() {
                    f32::NAN.to_bits()
                } else {
                    value.to_bits()
                };
                H::int(bits as i32, seed)
            });
        }
        DataType::Float64 => {
            let array = column.as_primitive::<Float64Type>();
            each::<H>(array, hashes, |row, seed| {
                let value = array.value(row);
                let bits = if value == 0.0 {
                    0
                } else if value.is_nan() {
                    f64::NAN.to_bits()
                } else {
                    value.to_bits()
                };
                H::long(bits as i64, seed)
            });
        }
        DataType::Decimal128(precision, _) => {
            let array = column.as_primitive::<Decimal128Type>();
            if *precision <= 18 {
                each::<H>(array, hashes, |row, seed| H::long(array.value(row) as i64, seed));
            } else {
                each::<H>(array, hashes, |row, seed| H::bytes(&java_big_integer(array.value(row)), seed));
            }
        }
        DataType::Utf8 => {
            let array = column.as_string::<i32>();
            each::<H>(array, hashes, |row, seed| H::bytes(array.value(row).as_bytes(), seed));
        }
        DataType::Binary => {
            let array = column.as_binary::<i32>();
            each::<H>(array, hashes, |row, seed| H::bytes(array.value(row), seed));
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let array = column.as_primitive::<IntervalMonthDayNanoType>();
            each::<H>(array, hashes, |row, seed| {
                let value = array.value(row);
                H::int(value.months, H::int(value.days, H::long(value.nanoseconds / 1000, seed)))
            });
        }
        DataType::Struct(_) => {
            let array = column.as_struct();
            let mut inner = hashes.to_vec();
            for child in array.columns() {
                update::<H>(child, &mut inner)?;
            }
            each::<H>(array, hashes, |row, _| inner[row]);
        }
        DataType::List(_) => {
            let array = column.as_list::<i32>();
            nested::<H>(array, array.values(), None, array.offsets(), hashes)?;
        }
        DataType::Map(_, _) => {
            let array = column.as_map();
            nested::<H>(array, array.keys(), Some(array.values()), array.offsets(), hashes)?;
        }
        other => return Err(ArrowError::NotYetImplemented(format!("Spark's hash of {other}"))),
    }
    Ok(())
}

/// Elements one after the other, each seeded with the hash before it.
fn nested<H: SparkHasher>(
    array: &dyn Array,
    first: &ArrayRef,
    second: Option<&ArrayRef>,
    offsets: &[i32],
    hashes: &mut [H::Hash],
) -> Result<(), ArrowError> {
    for (row, hash) in hashes.iter_mut().enumerate() {
        if array.is_null(row) {
            continue;
        }
        for element in offsets[row] as usize..offsets[row + 1] as usize {
            let mut one = [*hash];
            update::<H>(&first.slice(element, 1), &mut one)?;
            if let Some(second) = second {
                update::<H>(&second.slice(element, 1), &mut one)?;
            }
            *hash = one[0];
        }
    }
    Ok(())
}

/// `BigInteger.toByteArray`: the shortest two's complement, big-endian.
fn java_big_integer(value: i128) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let mut start = 0;
    while start < 15 {
        let redundant =
            bytes[start] == 0 && bytes[start + 1] < 0x80 || bytes[start] == 0xff && bytes[start + 1] >= 0x80;
        if !redundant {
            break;
        }
        start += 1;
    }
    bytes[start..].to_vec()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn hashes_equal_sparks() {
        let text: ArrayRef = Arc::new(StringArray::from(vec!["Spark"]));
        let accent: ArrayRef = Arc::new(StringArray::from(vec!["Spark é!"]));
        let long_text: ArrayRef =
            Arc::new(StringArray::from(vec!["a rather long string of more than thirty two bytes, 0123"]));
        let int: ArrayRef = Arc::new(Int32Array::from(vec![123]));
        let long: ArrayRef = Arc::new(Int64Array::from(vec![123]));
        assert_eq!(spark_hash(&[Arc::clone(&text)]).unwrap(), [228_093_765]);
        assert_eq!(spark_hash(&[accent]).unwrap(), [1_544_709_537]);
        assert_eq!(spark_hash(&[Arc::clone(&int)]).unwrap(), [85_273_170]);
        assert_eq!(spark_hash(&[long]).unwrap(), [-46_242_105]);
        assert_eq!(spark_xxhash64(&[text]).unwrap(), [-4_294_468_057_691_064_905]);
        assert_eq!(spark_xxhash64(&[int]).unwrap(), [5_513_549_449_271_372_758]);
        assert_eq!(spark_xxhash64(&[long_text]).unwrap(), [-7_511_290_490_103_620_255]);
    }
}

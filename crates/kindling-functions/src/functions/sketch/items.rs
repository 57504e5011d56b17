//! The frequent-items sketch of DataSketches (`ItemsSketch`, `ReversePurgeItemHashMap`), with Java's hash codes, so that
//! items of equal counts come in Spark's order. The Rust library hashes items by Rust's rules, hence this copy of the algorithm.

use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};

const LG_MIN: u8 = 3;
const LOAD: f64 = 0.75;
const SAMPLE: usize = 1024;

/// Counts of the most frequent items.
#[derive(Debug, Clone)]
pub(super) struct ItemsSketch {
    lg_max: u8,
    keys: Vec<Option<ScalarValue>>,
    values: Vec<i64>,
    /// Distance from an item's own place plus one; zero where free.
    states: Vec<u16>,
    active: usize,
    offset: i64,
    weight: i64,
}

impl ItemsSketch {
    /// A sketch for about `tracked` items (`ApproxTopK.calMaxMapSize`).
    pub fn new(tracked: i32) -> ItemsSketch {
        let wanted = (f64::from(tracked) / LOAD).ceil() as u32;
        ItemsSketch::with_lg(wanted.next_power_of_two().trailing_zeros() as u8)
    }

    fn with_lg(lg_max: u8) -> ItemsSketch {
        let length = 1 << LG_MIN;
        ItemsSketch {
            lg_max: lg_max.max(LG_MIN),
            keys: vec![None; length],
            values: vec![0; length],
            states: vec![0; length],
            active: 0,
            offset: 0,
            weight: 0,
        }
    }

    /// Adds an item.
    pub fn update(&mut self, item: ScalarValue, count: i64) {
        self.weight += count;
        self.adjust_or_put(item, count);
        let length = self.keys.len();
        if self.active <= (length as f64 * LOAD) as usize {
            return;
        }
        if length < 1 << self.lg_max {
            self.resize(length * 2);
        } else {
            self.offset += self.purge();
        }
    }

    /// Adds another sketch.
    pub fn merge(&mut self, other: &ItemsSketch) {
        let weight = self.weight + other.weight;
        for index in other.order() {
            if let Some(item) = &other.keys[index] {
                self.update(item.clone(), other.values[index]);
            }
        }
        self.offset += other.offset;
        self.weight = weight;
    }

    /// Items that are surely more frequent than the error, the most frequent first.
    pub fn frequent(&self) -> Vec<(ScalarValue, i64)> {
        let mut rows: Vec<(ScalarValue, i64)> = self
            .order()
            .into_iter()
            .filter(|index| self.values[*index] >= self.offset)
            .filter_map(|index| self.keys[index].clone().map(|item| (item, self.values[index] + self.offset)))
            .collect();
        rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        rows
    }

    /// Active places in the order of Java's iterator: strides of the golden ratio.
    fn order(&self) -> Vec<usize> {
        let mask = self.keys.len() - 1;
        let stride = ((self.keys.len() as f64 * 0.618_033_988_749_894_9) as usize) | 1;
        let mut out = Vec::with_capacity(self.active);
        let mut at = 0;
        for _ in 0..self.keys.len() {
            if self.states[at] > 0 {
                out.push(at);
            }
            at = (at + stride) & mask;
        }
        out
    }

    fn adjust_or_put(&mut self, item: ScalarValue, count: i64) {
        let mask = self.keys.len() - 1;
        let mut probe = mix(i64::from(java_hash(&item))) as usize & mask;
        let mut drift = 1;
        while self.states[probe] != 0 && self.keys[probe].as_ref() != Some(&item) {
            probe = (probe + 1) & mask;
            drift += 1;
        }
        if self.states[probe] == 0 {
            self.keys[probe] = Some(item);
            self.values[probe] = count;
            self.states[probe] = drift;
            self.active += 1;
        } else {
            self.values[probe] += count;
        }
    }

    fn resize(&mut self, length: usize) {
        let keys = std::mem::replace(&mut self.keys, vec![None; length]);
        let values = std::mem::replace(&mut self.values, vec![0; length]);
        self.states = vec![0; length];
        self.active = 0;
        for (key, value) in keys.into_iter().zip(values) {
            if let Some(key) = key {
                self.adjust_or_put(key, value);
            }
        }
    }

    /// Takes the median of a sample from every count and drops what is left without.
    fn purge(&mut self) -> i64 {
        let limit = SAMPLE.min((f64::from(1_u32 << self.lg_max) * LOAD) as usize).min(self.active);
        let active = self.states.iter().zip(&self.values).filter(|(state, _)| **state > 0).map(|(_, value)| *value);
        let mut sample: Vec<i64> = active.take(limit).collect();
        sample.sort_unstable();
        let median = sample[limit / 2];
        self.values.iter_mut().for_each(|value| *value -= median);
        let mut first = self.states.len() - 1;
        while self.states[first] > 0 {
            first -= 1;
        }
        for probe in (0..first).rev().chain((first..self.states.len()).rev()) {
            if self.states[probe] > 0 && self.values[probe] <= 0 {
                self.delete(probe);
                self.active -= 1;
            }
        }
        median
    }

    fn delete(&mut self, mut hole: usize) {
        let mask = self.keys.len() - 1;
        self.states[hole] = 0;
        self.keys[hole] = None;
        let mut drift = 1;
        let mut probe = (hole + 1) & mask;
        while self.states[probe] != 0 {
            if self.states[probe] > drift {
                self.keys[hole] = self.keys[probe].take();
                self.values[hole] = self.values[probe];
                self.states[hole] = self.states[probe] - drift;
                self.states[probe] = 0;
                drift = 0;
                hole = probe;
            }
            probe = (probe + 1) & mask;
            drift += 1;
        }
    }

    /// DataSketches' layout: header, counts, items.
    pub fn serialize(&self) -> SparkResult<Vec<u8>> {
        let empty = u8::from(self.active == 0) * 5;
        let lg_length = self.keys.len().trailing_zeros() as u8;
        let mut out = vec![if self.active == 0 { 1 } else { 4 }, 1, 10, self.lg_max, lg_length, empty, 0, 0];
        if self.active == 0 {
            return Ok(out);
        }
        out.extend((self.active as u64).to_le_bytes());
        out.extend(self.weight.to_le_bytes());
        out.extend(self.offset.to_le_bytes());
        let order = self.order();
        order.iter().for_each(|index| out.extend(self.values[*index].to_le_bytes()));
        for index in order {
            if let Some(item) = &self.keys[index] {
                write_item(item, &mut out)?;
            }
        }
        Ok(out)
    }

    /// The sketch of `like`-typed items at the front of `bytes`, and what follows it.
    pub fn deserialize<'a>(bytes: &'a [u8], like: &ScalarValue) -> Option<(ItemsSketch, &'a [u8])> {
        let (header, mut rest) = bytes.split_first_chunk::<8>()?;
        if header[2] != 10 || !(LG_MIN..=30).contains(&header[3]) {
            return None;
        }
        let mut sketch = ItemsSketch::with_lg(header[3]);
        if (LG_MIN..=header[3]).contains(&header[4]) {
            sketch.resize(1 << header[4]);
        }
        if header[0] == 1 {
            return Some((sketch, rest));
        }
        let mut number = || -> Option<i64> {
            let (number, tail) = rest.split_first_chunk::<8>()?;
            rest = tail;
            Some(i64::from_le_bytes(*number))
        };
        let (active, weight, offset) = (number()?, number()?, number()?);
        let counts: Option<Vec<i64>> = (0..active).map(|_| number()).collect();
        for count in counts? {
            let (item, tail) = read_item(rest, like)?;
            rest = tail;
            sketch.update(item, count);
        }
        sketch.weight = weight;
        sketch.offset += offset;
        Some((sketch, rest))
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.keys.len() * (size_of::<ScalarValue>() + 10)
    }
}

fn mix(key: i64) -> u64 {
    let mut key = key as u64;
    key ^= key >> 33;
    key = key.wrapping_mul(0xff51_afd7_ed55_8ccd);
    key ^= key >> 33;
    key = key.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    key ^ (key >> 33)
}

fn long_hash(value: i64) -> i32 {
    (value ^ (value as u64 >> 32) as i64) as i32
}

fn double_hash(value: f64) -> i32 {
    long_hash(if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() as i64 })
}

/// `hashCode` of the object that Spark puts into the sketch.
fn java_hash(item: &ScalarValue) -> i32 {
    match item {
        ScalarValue::Boolean(Some(v)) => 1237 - 6 * i32::from(*v),
        ScalarValue::Int8(Some(v)) => i32::from(*v),
        ScalarValue::Int16(Some(v)) => i32::from(*v),
        ScalarValue::Int32(Some(v)) | ScalarValue::Date32(Some(v)) => *v,
        ScalarValue::Int64(Some(v)) | ScalarValue::TimestampMicrosecond(Some(v), _) => long_hash(*v),
        ScalarValue::Float32(Some(v)) => (if v.is_nan() { 0x7fc0_0000 } else { v.to_bits() }) as i32,
        ScalarValue::Float64(Some(v)) => double_hash(*v),
        ScalarValue::Decimal128(Some(v), _, scale) => decimal_hash(*v, *scale),
        ScalarValue::Utf8(Some(text)) => {
            text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
        }
        _ => 0,
    }
}

/// `scala.math.BigDecimal.hashCode`: equal numbers of other types have the same.
fn decimal_hash(unscaled: i128, scale: i8) -> i32 {
    let unit = 10_i128.pow(scale.max(0) as u32);
    if unscaled % unit == 0 {
        let whole = unscaled / unit;
        return match (i32::try_from(whole), i64::try_from(whole)) {
            (Ok(small), _) => small,
            (_, Ok(long)) => long_hash(long),
            _ => double_hash(whole as f64),
        };
    }
    let value = unscaled as f64 / unit as f64;
    let single = value as f32;
    if f64::from(single) == value { single.to_bits() as i32 } else { double_hash(value) }
}

fn write_item(item: &ScalarValue, out: &mut Vec<u8>) -> SparkResult<()> {
    match item {
        ScalarValue::Boolean(Some(v)) => out.push(u8::from(*v)),
        ScalarValue::Int8(Some(v)) => out.extend([2, *v as u8]),
        ScalarValue::Int16(Some(v)) => {
            out.push(3);
            out.extend(v.to_le_bytes());
        }
        ScalarValue::Int32(Some(v)) | ScalarValue::Date32(Some(v)) => {
            out.push(9);
            out.extend(v.to_le_bytes());
        }
        ScalarValue::Int64(Some(v)) | ScalarValue::TimestampMicrosecond(Some(v), _) => {
            out.push(12);
            out.extend(v.to_le_bytes());
        }
        ScalarValue::Float32(Some(v)) => {
            out.push(6);
            out.extend(v.to_le_bytes());
        }
        ScalarValue::Float64(Some(v)) => {
            out.push(4);
            out.extend(v.to_le_bytes());
        }
        ScalarValue::Decimal128(Some(v), ..) => out.extend(v.to_le_bytes()),
        ScalarValue::Utf8(Some(text)) => {
            out.extend((text.len() as u32).to_le_bytes());
            out.extend(text.as_bytes());
        }
        other => return Err(SparkError::internal(format!("a frequent item of {}", other.data_type()))),
    }
    Ok(())
}

fn read_item<'a>(bytes: &'a [u8], like: &ScalarValue) -> Option<(ScalarValue, &'a [u8])> {
    fn chunk<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
        bytes.split_first_chunk::<N>().map(|(chunk, rest)| (*chunk, rest))
    }
    let tagged = bytes.get(1..);
    Some(match like {
        ScalarValue::Boolean(_) => (ScalarValue::Boolean(Some(*bytes.first()? != 0)), tagged?),
        ScalarValue::Int8(_) => {
            let (v, rest) = chunk::<1>(tagged?)?;
            (ScalarValue::Int8(Some(v[0] as i8)), rest)
        }
        ScalarValue::Int16(_) => {
            let (v, rest) = chunk(tagged?)?;
            (ScalarValue::Int16(Some(i16::from_le_bytes(v))), rest)
        }
        ScalarValue::Int32(_) => {
            let (v, rest) = chunk(tagged?)?;
            (ScalarValue::Int32(Some(i32::from_le_bytes(v))), rest)
        }
        ScalarValue::Date32(_) => {
            let (v, rest) = chunk(tagged?)?;
            (ScalarValue::Date32(Some(i32::from_le_bytes(v))), rest)
        }
        ScalarValue::Int64(_) => {
            let (v, rest) = chunk(tagged?)?;
            (ScalarValue::Int64(Some(i64::from_le_bytes(v))), rest)
        }
        ScalarValue::TimestampMicrosecond(_, zone) => {
            let (v, rest) = chunk(tagged?)?;
            (ScalarValue::TimestampMicrosecond(Some(i64::from_le_bytes(v)), zone.clone()), rest)
        }
        ScalarValue::Float32(_) => {
            let (v, rest) = chunk(tagged?)?;
            (ScalarValue::Float32(Some(f32::from_le_bytes(v))), rest)
        }
        ScalarValue::Float64(_) => {
            let (v, rest) = chunk(tagged?)?;
            (ScalarValue::Float64(Some(f64::from_le_bytes(v))), rest)
        }
        ScalarValue::Decimal128(_, precision, scale) => {
            let (v, rest) = chunk(bytes)?;
            (ScalarValue::Decimal128(Some(i128::from_le_bytes(v)), *precision, *scale), rest)
        }
        ScalarValue::Utf8(_) => {
            let (length, rest) = chunk(bytes)?;
            let length = u32::from_le_bytes(length) as usize;
            let text = std::str::from_utf8(rest.get(..length)?).ok()?;
            (ScalarValue::Utf8(Some(text.to_string())), rest.get(length..)?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first() {
        let mut sketch = ItemsSketch::new(10_000);
        (0..100_i64).for_each(|id| sketch.update(ScalarValue::Int64(Some(id % 23)), 1));
        let counts: Vec<i64> = sketch.frequent().iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [vec![5; 8], vec![4; 15]].concat());
    }

    #[test]
    fn bytes_bring_the_sketch_back() {
        let mut sketch = ItemsSketch::new(20);
        (0..1000_i32).for_each(|id| sketch.update(ScalarValue::Int32(Some(id % 7)), 1));
        let bytes = sketch.serialize().unwrap();
        let (back, rest) = ItemsSketch::deserialize(&bytes, &ScalarValue::Int32(None)).unwrap();
        assert!(rest.is_empty());
        assert_eq!((back.offset, back.weight, back.active), (sketch.offset, sketch.weight, sketch.active));
    }
}

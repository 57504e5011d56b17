//! `count_min_sketch` (`org.apache.spark.util.sketch.CountMinSketchImpl`, its bytes included).

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType as ArrowType, Int64Type},
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::Args;
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{SketchState, sketch},
    cast::cast,
    coercion::{non_foldable, sql_value, unexpected_type},
    entry::{FunctionEntry, aggregate},
    spark_hash::murmur3_bytes,
};

const NAME: &str = "count_min_sketch";

pub(super) static ENTRIES: &[FunctionEntry] = &[aggregate(NAME, 3, 4, count_min_sketch)];

fn count_min_sketch(ctx: &CallContext<'_>, mut args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    if args.len() == 3 {
        args.push(TypedExpr::integer(ctx.fresh_seed() as i32));
    }
    let constant = |index: usize, name: &str, t: DataType| -> SparkResult<ScalarValue> {
        let arg = &args[index];
        if !arg.data_type.is_numeric() {
            return Err(unexpected_type(ctx, index, &format!("\"{}\"", t.sql()), &arg.data_type));
        }
        let arg = cast(ctx, arg.clone(), &t, CastMode::Session)?;
        crate::fold(&arg)?.ok_or_else(|| non_foldable(ctx, index, name, &format!("\"{}\"", t.sql())))
    };
    let out_of_range = |name: &str, range: &str, value: &ScalarValue| {
        SparkError::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("exprName", name)
            .param("valueRange", range)
            .param("currentValue", sql_value(value))
    };
    let (eps, confidence) = (constant(1, "eps", DataType::Double)?, constant(2, "confidence", DataType::Double)?);
    let ScalarValue::Int64(Some(seed)) = constant(3, "seed", DataType::Long)? else {
        return Err(non_foldable(ctx, 3, "seed", "\"BIGINT\""));
    };
    // The seed is an `Int` in Spark, however long it is written.
    let seed = i64::from(seed as i32);
    let (width, relative) = match eps {
        ScalarValue::Float64(Some(eps)) if eps > 0.0 => ((2.0 / eps).ceil() as usize, eps),
        value => return Err(out_of_range("eps", "(0.0, 1.7976931348623157E308]", &value)),
    };
    let (depth, sure) = match confidence {
        ScalarValue::Float64(Some(c)) if c > 0.0 && c < 1.0 => ((-(-c).ln_1p() / 2.0_f64.ln()).ceil() as usize, c),
        value => return Err(out_of_range("confidence", "(0.0, 1.0)", &value)),
    };
    let value = args[0].clone();
    let value = match &value.data_type {
        t if t.is_integral() => cast(ctx, value, &DataType::Long, CastMode::Session)?,
        t if t.is_string() || matches!(t, DataType::Binary | DataType::Null) => value,
        t => return Err(unexpected_type(ctx, 0, "(\"INTEGRAL\" or \"STRING\" or \"BINARY\")", t)),
    };
    let key = format!("{relative} {sure} {seed}");
    let call = sketch(NAME, key, DataType::Binary, false, move || CountMin::new(width, depth, seed));
    Ok(call.call(vec![value], options))
}

/// Counts in `depth` rows of `width` cells.
struct CountMin {
    width: usize,
    total: i64,
    hash_a: Vec<i64>,
    table: Vec<i64>,
}

impl CountMin {
    fn new(width: usize, depth: usize, seed: i64) -> CountMin {
        let mut random = JavaRandom::new(seed);
        let hash_a = (0..depth).map(|_| i64::from(random.next_int(i32::MAX))).collect();
        CountMin { width, total: 0, hash_a, table: vec![0; width * depth] }
    }

    fn add_long(&mut self, item: i64) {
        self.total += 1;
        for (row, a) in self.hash_a.iter().enumerate() {
            let hash = a.wrapping_mul(item);
            let hash = hash.wrapping_add(hash >> 32) & i64::from(i32::MAX);
            self.table[row * self.width + hash as usize % self.width] += 1;
        }
    }

    fn add_bytes(&mut self, item: &[u8]) {
        self.total += 1;
        let first = murmur3_bytes(item, 0);
        let second = murmur3_bytes(item, first);
        for row in 0..self.hash_a.len() {
            let hash = first.wrapping_add((row as i32).wrapping_mul(second));
            let cell = (hash % self.width as i32).unsigned_abs() as usize;
            self.table[row * self.width + cell] += 1;
        }
    }
}

impl SketchState for CountMin {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        let column = &columns[0];
        match column.data_type() {
            ArrowType::Int64 => column.as_primitive::<Int64Type>().iter().flatten().for_each(|v| self.add_long(v)),
            ArrowType::Utf8 => column.as_string::<i32>().iter().flatten().for_each(|v| self.add_bytes(v.as_bytes())),
            ArrowType::Binary => column.as_binary::<i32>().iter().flatten().for_each(|v| self.add_bytes(v)),
            _ if column.null_count() == column.len() || column.data_type() == &ArrowType::Null => {}
            other => return Err(SparkError::internal(format!("a count-min sketch of {other}"))),
        }
        Ok(())
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        let mut out = Vec::with_capacity(20 + 8 * (self.hash_a.len() + self.table.len()));
        out.extend(1_i32.to_be_bytes());
        out.extend(self.total.to_be_bytes());
        out.extend((self.hash_a.len() as i32).to_be_bytes());
        out.extend((self.width as i32).to_be_bytes());
        self.hash_a.iter().chain(&self.table).for_each(|number| out.extend(number.to_be_bytes()));
        Ok(out)
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        let cut = || SparkError::internal("a count-min sketch is cut short");
        let (total, rest) = state.get(4..).and_then(|s| s.split_first_chunk::<8>()).ok_or_else(cut)?;
        self.total += i64::from_be_bytes(*total);
        let cells = rest.get(8 + 8 * self.hash_a.len()..).ok_or_else(cut)?;
        for (cell, bytes) in self.table.iter_mut().zip(cells.as_chunks::<8>().0) {
            *cell += i64::from_be_bytes(*bytes);
        }
        Ok(())
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        Ok(ScalarValue::Binary(Some(self.state()?)))
    }

    fn size(&self) -> usize {
        8 * (self.hash_a.len() + self.table.len())
    }
}

/// `java.util.Random`
pub(crate) struct JavaRandom(i64);

impl JavaRandom {
    pub(crate) fn new(seed: i64) -> JavaRandom {
        JavaRandom((seed ^ 0x5_DEEC_E66D) & ((1 << 48) - 1))
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.0 = self.0.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & ((1 << 48) - 1);
        (self.0 >> (48 - bits)) as i32
    }

    pub(crate) fn next_double(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        (high + i64::from(self.next(27))) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    fn next_int(&mut self, bound: i32) -> i32 {
        loop {
            let bits = self.next(31);
            let value = bits % bound;
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_spark() {
        let mut sketch = CountMin::new(4, 1, 1);
        [1, 2, 1].into_iter().for_each(|item| sketch.add_long(item));
        let hex: String = sketch.state().unwrap().iter().map(|b| format!("{b:02X}")).collect();
        let cells = "0000000000000000000000000000000200000000000000010000000000000000";
        assert_eq!(hex, format!("0000000100000000000000030000000100000004000000005D8D6AB9{cells}"));
    }
}

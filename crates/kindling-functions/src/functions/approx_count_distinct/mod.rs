//! `approx_count_distinct` (`HyperLogLogPlusPlus`): Spark's hash, registers and bias correction, so its own estimates.

mod bias;

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::DataType as ArrowType,
};
use datafusion::{common::ScalarValue, logical_expr::Accumulator};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::Aggregate,
    cast::cast,
    coercion::unexpected_type,
    entry::{FunctionEntry, aggregate},
    error::to_datafusion,
    spark_hash::xxhash64_column,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[aggregate("approx_count_distinct", 1, 2, approx_count_distinct)];

fn approx_count_distinct(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let deviation = match args.get(1) {
        None => 0.05,
        Some(arg) => {
            let arg = cast(ctx, arg.clone(), &DataType::Double, CastMode::Session)?;
            match crate::fold(&arg)? {
                Some(ScalarValue::Float64(Some(value))) => value,
                _ => return Err(unexpected_type(ctx, 1, "\"DOUBLE\"", &arg.data_type)),
            }
        }
    };
    let precision = (2.0 * (1.106 / deviation).ln() / 2.0_f64.ln()).ceil() as u32;
    if !(4..=18).contains(&precision) {
        return Err(SparkError::unsupported("approx_count_distinct with this deviation"));
    }
    let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    let arg = crate::coercion::normalize_for_grouping(ctx, arg);
    let options = AggregateOptions { distinct: false, ..options.clone() };
    let call = Aggregate {
        name: "approx_count_distinct",
        key: precision.to_string(),
        data_type: DataType::Long,
        nullable: false,
        state: vec![ArrowType::Binary],
        accumulator: Arc::new(move || Box::new(HyperLogLog { precision, registers: vec![0; 1 << precision] })),
        groups: None,
    };
    Ok(call.call(vec![arg], &options))
}

#[derive(Debug)]
struct HyperLogLog {
    precision: u32,
    registers: Vec<u8>,
}

/// How many known estimates a bias is taken from.
const NEIGHBOURS: usize = 6;

/// Below these estimates linear counting is used, by precision from 4 on.
const THRESHOLDS: [f64; 15] = [
    10.0, 20.0, 40.0, 80.0, 220.0, 400.0, 900.0, 1800.0, 3100.0, 6500.0, 11_500.0, 20_000.0, 50_000.0, 120_000.0,
    350_000.0,
];

impl HyperLogLog {
    fn estimate(&self) -> i64 {
        let m = self.registers.len() as f64;
        let inverse: f64 = self.registers.iter().map(|r| 1.0 / (1_u64 << *r) as f64).sum();
        let zeros = self.registers.iter().filter(|r| **r == 0).count() as f64;
        let alpha = match self.precision {
            4 => 0.673,
            5 => 0.697,
            6 => 0.709,
            _ => 0.7213 / (1.0 + 1.079 / m),
        };
        let raw = alpha * m * m / inverse;
        let corrected = if raw < 5.0 * m { raw - self.bias(raw) } else { raw };
        // The second bound is the original algorithm's.
        let linear = m * (m / zeros).ln();
        let small = linear <= THRESHOLDS[self.precision as usize - 4] || raw <= 2.5 * m;
        let estimate = if zeros > 0.0 && small { linear } else { corrected };
        (estimate + 0.5).floor() as i64
    }

    /// The mean bias of the nearest known estimates.
    fn bias(&self, estimate: f64) -> f64 {
        let index = self.precision as usize - 4;
        let (estimates, biases) = (bias::RAW_ESTIMATE_DATA[index], bias::BIAS_DATA[index]);
        let nearest = estimates.partition_point(|known| *known < estimate);
        let distance = |i: usize| (estimate - estimates[i]) * (estimate - estimates[i]);
        let mut low = (nearest + 1).saturating_sub(NEIGHBOURS);
        let mut high = (low + NEIGHBOURS).min(estimates.len());
        while high < estimates.len() && distance(high) < distance(low) {
            low += 1;
            high += 1;
        }
        biases[low..high].iter().sum::<f64>() / (high - low) as f64
    }
}

impl Accumulator for HyperLogLog {
    fn update_batch(&mut self, values: &[ArrayRef]) -> datafusion::common::Result<()> {
        let hashes = xxhash64_column(&values[0], 42)?;
        for (row, hash) in hashes.into_iter().enumerate() {
            if values[0].is_null(row) {
                continue;
            }
            let x = hash as u64;
            let index = (x >> (64 - self.precision)) as usize;
            let rest = (x << self.precision) | (1 << (self.precision - 1));
            let rank = rest.leading_zeros() as u8 + 1;
            self.registers[index] = self.registers[index].max(rank);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> datafusion::common::Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.estimate())))
    }

    fn size(&self) -> usize {
        self.registers.len() + size_of_val(self)
    }

    fn state(&mut self) -> datafusion::common::Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.registers.clone()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> datafusion::common::Result<()> {
        for state in states[0].as_binary::<i32>().iter().flatten() {
            if state.len() != self.registers.len() {
                return Err(to_datafusion(SparkError::internal("sketches of different precision")));
            }
            for (register, other) in self.registers.iter_mut().zip(state) {
                *register = (*register).max(*other);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn estimates_are_those_of_spark() {
        let check = |precision: u32, count: i64, expected: i64| {
            let mut sketch = HyperLogLog { precision, registers: vec![0; 1 << precision] };
            sketch.update_batch(&[Arc::new(Int64Array::from_iter_values(0..count))]).unwrap();
            assert_eq!(sketch.estimate(), expected, "{precision} {count}");
        };
        check(9, 50, 52);
        check(9, 1000, 1026);
        check(7, 1000, 928);
        check(14, 1000, 996);
        check(9, 30_000, 29_591);
        check(7, 30_000, 29_132);
        check(14, 30_000, 30_053);
    }
}

//! Rows kept at random with Spark's generators.

use std::{fmt, sync::Arc};

use arrow::{
    array::{RecordBatch, RecordBatchOptions, UInt32Array},
    compute::take_record_batch,
};
use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::PhysicalExpr,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::StreamExt;
use kindling_common::SparkError;
use kindling_functions::error::to_datafusion;
use kindling_physical::xorshift::XorShiftRandom;

use super::{
    planner_macros::delegate_with_new_children,
    poisson::{LARGE_MEAN, Well19937c, next_poisson},
};
use crate::logical::Sample;

/// Bernoulli sampling by cells, or Poisson sampling with replacement.
#[derive(Debug)]
pub struct SampleExec {
    input: Arc<dyn ExecutionPlan>,
    lower: f64,
    upper: f64,
    with_replacement: bool,
    seed: i64,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl SampleExec {
    /// Samples `input` as a logical node says.
    pub fn new(input: Arc<dyn ExecutionPlan>, node: &Sample) -> Self {
        SampleExec::with(input, node.lower, node.upper, node.with_replacement, node.seed)
    }

    fn with(input: Arc<dyn ExecutionPlan>, lower: f64, upper: f64, with_replacement: bool, seed: i64) -> Self {
        let properties = Arc::clone(input.properties());
        let metrics = ExecutionPlanMetricsSet::new();
        SampleExec { input, lower, upper, with_replacement, seed, properties, metrics }
    }
}

/// `java.util.Random.nextLong`, from which Spark takes the seed of each partition.
struct JavaRandom(i64);

impl JavaRandom {
    const MASK: i64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        JavaRandom((seed ^ 0x5_DEEC_E66D) & Self::MASK)
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.0 = self.0.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & Self::MASK;
        (self.0 >> (48 - bits)) as i32
    }

    fn next_long(&mut self) -> i64 {
        (i64::from(self.next(32)) << 32).wrapping_add(i64::from(self.next(32)))
    }
}

/// How many times each row of a partition comes out.
enum Sampler {
    /// `BernoulliCellSampler`
    Bernoulli { random: XorShiftRandom, lower: f64, upper: f64 },
    /// `PoissonSampler`
    Poisson { random: Well19937c, mean: f64 },
}

impl Sampler {
    /// The sampler of a partition.
    fn new(lower: f64, upper: f64, with_replacement: bool, seed: i64, partition: usize) -> Sampler {
        if with_replacement {
            // Spark draws one seed a partition here and takes `seed + index` without replacement.
            let mut seeds = JavaRandom::new(seed);
            let seed = (0..=partition).map(|_| seeds.next_long()).last().unwrap_or(seed);
            return Sampler::Poisson { random: Well19937c::new(seed), mean: upper - lower };
        }
        Sampler::Bernoulli { random: XorShiftRandom::new(seed.wrapping_add(partition as i64)), lower, upper }
    }

    fn times(&mut self) -> usize {
        match self {
            Sampler::Bernoulli { random, lower, upper } => {
                if *lower >= *upper {
                    return 0;
                }
                let x = random.next_double();
                usize::from(x >= *lower && x < *upper)
            }
            Sampler::Poisson { random, mean } => next_poisson(random, *mean),
        }
    }
}

impl DisplayAs for SampleExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sample {:?}, {:?}, {}, {}", self.lower, self.upper, self.with_replacement, self.seed)
    }
}

impl ExecutionPlan for SampleExec {
    fn name(&self) -> &str {
        "SampleExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.swap_remove(0);
        Ok(Arc::new(SampleExec::with(input, self.lower, self.upper, self.with_replacement, self.seed)))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if self.with_replacement && self.upper - self.lower >= LARGE_MEAN {
            let what = "sampling with replacement at a fraction of 40 or more";
            return Err(to_datafusion(SparkError::unsupported(what)));
        }
        let mut sampler = Sampler::new(self.lower, self.upper, self.with_replacement, self.seed, partition);
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let schema = self.schema();
        let batches = self.input.execute(partition, context)?.map(move |batch| {
            let batch: RecordBatch = batch?;
            let mut kept: Vec<u32> = vec![];
            for row in 0..batch.num_rows() as u32 {
                kept.extend(std::iter::repeat_n(row, sampler.times()));
            }
            // A batch without columns has a number of rows still.
            let sampled = if batch.num_columns() == 0 {
                let options = RecordBatchOptions::new().with_row_count(Some(kept.len()));
                RecordBatch::try_new_with_options(batch.schema(), vec![], &options)?
            } else {
                take_record_batch(&batch, &UInt32Array::from(kept))?
            };
            baseline.record_output(sampled.num_rows());
            Ok(sampled)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::Sampler;

    /// The rows of `range(0, 30, 1, 3)` that are kept.
    fn sampled(lower: f64, upper: f64, with_replacement: bool, seed: i64) -> Vec<usize> {
        let mut rows = vec![];
        for partition in 0..3 {
            let mut sampler = Sampler::new(lower, upper, with_replacement, seed, partition);
            for row in 0..10 {
                rows.extend(std::iter::repeat_n(partition * 10 + row, sampler.times()));
            }
        }
        rows
    }

    // What Spark 4.2.0 keeps.

    #[test]
    fn a_sample_has_the_rows_of_sparks() {
        assert_eq!(sampled(0.0, 0.3, false, 42), [3, 7, 12, 13, 19, 25, 26, 28]);
        assert_eq!(sampled(0.0, 0.5, false, 7), [0, 1, 6, 8, 10, 12, 13, 15, 17, 18, 21, 22, 23, 28, 29]);
        assert_eq!(sampled(0.0, 0.25, false, 5), [0, 1, 5, 9, 10, 16, 28]);
        assert_eq!(sampled(0.75, 1.0, false, 5), [2, 7, 13, 14, 17, 19, 22, 25, 27, 29]);
    }

    #[test]
    fn a_sample_with_replacement_has_the_rows_of_sparks() {
        assert_eq!(sampled(0.0, 0.5, true, 3), [5, 6, 13, 14, 17, 19, 25, 26, 26, 27, 27, 27, 29]);
        let twice = [
            0, 1, 3, 3, 3, 4, 5, 5, 7, 7, 7, 8, 9, 9, 11, 12, 13, 14, 14, 14, 15, 15, 16, 16, 16, 16, 17, 18, 19, 19,
            21, 21, 22, 22, 23, 23, 23, 23, 23, 23, 23, 24, 25, 25, 27, 27, 28, 28, 29,
        ];
        assert_eq!(sampled(0.0, 2.0, true, 3), twice);
        assert_eq!(sampled(0.0, 12.0, true, 3).iter().take_while(|row| **row < 3).count(), 29);
    }
}

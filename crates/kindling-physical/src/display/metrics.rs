//! Which SQL metrics a node has, by Spark's names, and where their values come from.

use std::sync::Arc;

use datafusion::physical_plan::{
    ExecutionPlan,
    aggregates::AggregateExec,
    filter::FilterExec,
    joins::{HashJoinExec, NestedLoopJoinExec, PartitionMode, SortMergeJoinExec},
    limit::{GlobalLimitExec, LocalLimitExec},
    projection::ProjectionExec,
    sorts::sort::SortExec,
    union::UnionExec,
};

use crate::{
    BroadcastExchangeExec, CoalesceExec, CollectLimitExec, CollectTailExec, ShuffleExchangeExec,
    TakeOrderedAndProjectExec,
    aqe::{AqeShuffleReadExec, BroadcastQueryStageExec, ShuffleQueryStageExec},
};

/// How the UI sums and prints a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    /// A count.
    Sum,
    /// Bytes, with min, median and max.
    Size,
    /// Milliseconds.
    Timing,
    /// Nanoseconds.
    NsTiming,
}

impl MetricType {
    /// Spark's name.
    pub fn name(self) -> &'static str {
        match self {
            MetricType::Sum => "sum",
            MetricType::Size => "size",
            MetricType::Timing => "timing",
            MetricType::NsTiming => "nsTiming",
        }
    }
}

/// Where a metric's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricSource {
    /// Rows that the operator put out.
    OutputRows,
    /// A counter of the operator, by DataFusion's name.
    Operator(&'static str),
    /// A time of the operator in nanoseconds, by DataFusion's name.
    OperatorTime(&'static str),
    /// Bytes that map tasks wrote.
    ShuffleBytesWritten,
    /// Rows that map tasks wrote.
    ShuffleRecordsWritten,
    /// Time in which map tasks wrote, nanoseconds.
    ShuffleWriteTime,
    /// Rows that reduce tasks read.
    ShuffleRecordsRead,
    /// Bytes that reduce tasks read of their own executor.
    LocalBytesRead,
    /// Blocks that reduce tasks read of their own executor.
    LocalBlocksRead,
    /// Bytes that reduce tasks read of other executors.
    RemoteBytesRead,
    /// Blocks that reduce tasks read of other executors.
    RemoteBlocksRead,
    /// Time in which reduce tasks waited for blocks, milliseconds.
    FetchWaitTime,
    /// Known to the driver: it posts the value itself.
    Driver,
}

/// One metric of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricSpec {
    /// Spark's name.
    pub name: &'static str,
    /// How it is shown.
    pub metric_type: MetricType,
    /// Where its value comes from.
    pub source: MetricSource,
}

const fn spec(name: &'static str, metric_type: MetricType, source: MetricSource) -> MetricSpec {
    MetricSpec { name, metric_type, source }
}

const OUTPUT_ROWS: MetricSpec = spec("number of output rows", MetricType::Sum, MetricSource::OutputRows);

/// Metrics of a node; only those with a measured value are listed.
pub fn metric_specs(plan: &Arc<dyn ExecutionPlan>) -> Vec<MetricSpec> {
    use MetricSource as S;
    use MetricType as T;
    if plan.is::<ShuffleExchangeExec>() {
        return vec![
            spec("shuffle records written", T::Sum, S::ShuffleRecordsWritten),
            spec("local blocks read", T::Sum, S::LocalBlocksRead),
            spec("remote blocks read", T::Sum, S::RemoteBlocksRead),
            spec("data size", T::Size, S::ShuffleBytesWritten),
            spec("local bytes read", T::Size, S::LocalBytesRead),
            spec("remote bytes read", T::Size, S::RemoteBytesRead),
            spec("fetch wait time", T::Timing, S::FetchWaitTime),
            spec("records read", T::Sum, S::ShuffleRecordsRead),
            spec("shuffle bytes written", T::Size, S::ShuffleBytesWritten),
            spec("shuffle write time", T::NsTiming, S::ShuffleWriteTime),
            spec("number of partitions", T::Sum, S::Driver),
        ];
    }
    if plan.is::<BroadcastExchangeExec>() {
        return vec![
            spec("number of output rows", T::Sum, S::Driver),
            spec("data size", T::Size, S::Driver),
            spec("time to collect", T::Timing, S::Driver),
        ];
    }
    if plan.is::<AqeShuffleReadExec>() {
        return vec![spec("number of partitions", T::Sum, S::Driver), spec("partition data size", T::Size, S::Driver)];
    }
    if plan.is::<SortExec>() {
        return vec![
            spec("sort time", T::NsTiming, S::OperatorTime("elapsed_compute")),
            spec("spill size", T::Size, S::Operator("spilled_bytes")),
        ];
    }
    if plan.is::<AggregateExec>() {
        return vec![
            OUTPUT_ROWS,
            spec("time in aggregation build", T::NsTiming, S::OperatorTime("elapsed_compute")),
            spec("peak memory", T::Size, S::Operator("peak_mem_used")),
            spec("spill size", T::Size, S::Operator("spilled_bytes")),
        ];
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        let mut specs = vec![OUTPUT_ROWS];
        if *join.partition_mode() == PartitionMode::Partitioned {
            specs.push(spec("data size of build side", T::Size, S::Operator("build_mem_used")));
            specs.push(spec("time to build hash map", T::NsTiming, S::OperatorTime("build_time")));
        }
        return specs;
    }
    if plan.is::<SortMergeJoinExec>() {
        return vec![OUTPUT_ROWS, spec("spill size", T::Size, S::Operator("spilled_bytes"))];
    }
    if plan.is::<ProjectionExec>()
        || plan.is::<UnionExec>()
        || plan.is::<CoalesceExec>()
        || plan.is::<LocalLimitExec>()
        || plan.is::<GlobalLimitExec>()
        || plan.is::<CollectLimitExec>()
        || plan.is::<CollectTailExec>()
        || plan.is::<TakeOrderedAndProjectExec>()
        || plan.is::<ShuffleQueryStageExec>()
        || plan.is::<BroadcastQueryStageExec>()
    {
        return vec![];
    }
    if plan.is::<FilterExec>() || plan.is::<NestedLoopJoinExec>() || plan.name() != "ProjectionExec" {
        return vec![OUTPUT_ROWS];
    }
    vec![]
}

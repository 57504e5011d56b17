//! Query stages: exchanges that ran, standing in the plan for their output.

use std::{fmt, sync::Arc};

use datafusion::{
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
        ReplaceChildrenOptions,
    },
};

use crate::{
    BroadcastExchangeExec, ShuffleExchangeExec, ShufflePartitionSpec,
    error::never_executed,
    exec_macros::{delegate_with_new_children, no_children, no_expressions},
};

/// What a finished map stage wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MapOutputStatistics {
    /// The shuffle.
    pub shuffle_id: i32,
    /// Bytes of each reduce partition.
    pub bytes_by_partition: Vec<u64>,
    /// Rows of all partitions.
    pub records: u64,
    /// Bytes of each reduce partition by map, for splitting skewed partitions.
    pub bytes_by_map: Vec<Vec<u64>>,
}

impl MapOutputStatistics {
    /// Bytes of all partitions.
    pub fn total_bytes(&self) -> u64 {
        self.bytes_by_partition.iter().sum()
    }
}

/// A shuffle exchange whose map stage has run.
#[derive(Debug)]
pub struct ShuffleQueryStageExec {
    /// Number of the stage in its query.
    pub stage_id: usize,
    /// The exchange.
    pub exchange: Arc<ShuffleExchangeExec>,
    /// The same exchange as a plan.
    exchange_plan: Arc<dyn ExecutionPlan>,
    /// What it wrote.
    pub stats: Arc<MapOutputStatistics>,
}

impl ShuffleQueryStageExec {
    /// The stage of a finished exchange.
    pub fn new(stage_id: usize, exchange: Arc<ShuffleExchangeExec>, stats: Arc<MapOutputStatistics>) -> Self {
        let exchange_plan = Arc::clone(&exchange) as Arc<dyn ExecutionPlan>;
        ShuffleQueryStageExec { stage_id, exchange, exchange_plan, stats }
    }

    /// The exchange as a plan, for those who print it.
    pub fn exchange_plan(&self) -> &Arc<dyn ExecutionPlan> {
        &self.exchange_plan
    }
}

/// A broadcast exchange that has run.
#[derive(Debug)]
pub struct BroadcastQueryStageExec {
    /// Number of the stage in its query.
    pub stage_id: usize,
    /// The exchange.
    pub exchange: Arc<BroadcastExchangeExec>,
    exchange_plan: Arc<dyn ExecutionPlan>,
    /// The broadcast block.
    pub broadcast_id: i64,
    /// Its size.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
}

impl BroadcastQueryStageExec {
    /// The stage of a finished exchange.
    pub fn new(
        stage_id: usize,
        exchange: Arc<BroadcastExchangeExec>,
        broadcast_id: i64,
        bytes: u64,
        rows: u64,
    ) -> Self {
        let exchange_plan = Arc::clone(&exchange) as Arc<dyn ExecutionPlan>;
        BroadcastQueryStageExec { stage_id, exchange, exchange_plan, broadcast_id, bytes, rows }
    }

    /// The exchange as a plan.
    pub fn exchange_plan(&self) -> &Arc<dyn ExecutionPlan> {
        &self.exchange_plan
    }
}

/// A read of a query stage by other partitions than it was written with.
#[derive(Debug)]
pub struct AqeShuffleReadExec {
    /// The stage.
    pub child: Arc<dyn ExecutionPlan>,
    /// What each partition reads.
    pub specs: Vec<ShufflePartitionSpec>,
    properties: Arc<PlanProperties>,
}

impl AqeShuffleReadExec {
    /// A read of `child` by `specs`. Whole reduce partitions keep the clustering of the exchange.
    pub fn new(child: Arc<dyn ExecutionPlan>, specs: Vec<ShufflePartitionSpec>) -> Self {
        let whole = specs.iter().all(|spec| matches!(spec, ShufflePartitionSpec::CoalescedPartition { .. }));
        let partitioning = match child.output_partitioning() {
            Partitioning::Hash(exprs, _) if whole => Partitioning::Hash(exprs.clone(), specs.len()),
            _ => Partitioning::UnknownPartitioning(specs.len()),
        };
        let properties = PlanProperties::clone(child.properties()).with_partitioning(partitioning);
        AqeShuffleReadExec { child, specs, properties: Arc::new(properties) }
    }

    /// Whether maps are read where they are, without a shuffle.
    pub fn is_local(&self) -> bool {
        self.specs.iter().any(|spec| {
            matches!(
                spec,
                ShufflePartitionSpec::PartialMapperPartition { .. }
                    | ShufflePartitionSpec::CoalescedMapperPartition { .. }
            )
        })
    }

    /// Whether some read covers more than one partition.
    pub fn has_coalesced(&self) -> bool {
        self.specs
            .iter()
            .any(|spec| matches!(spec, ShufflePartitionSpec::CoalescedPartition { start, end } if end - start > 1))
    }

    /// Whether a skewed partition is split.
    pub fn has_skewed(&self) -> bool {
        self.specs.iter().any(|spec| matches!(spec, ShufflePartitionSpec::PartialReducerPartition { .. }))
    }
}

macro_rules! leaf_stage {
    ($name:ident, $text:literal) => {
        impl DisplayAs for $name {
            fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {}", $text, self.stage_id)
            }
        }

        impl ExecutionPlan for $name {
            fn name(&self) -> &str {
                $text
            }

            fn properties(&self) -> &Arc<PlanProperties> {
                self.exchange_plan.properties()
            }

            no_children!();

            no_expressions!();

            fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
                never_executed(self.name())
            }
        }
    };
}

leaf_stage!(ShuffleQueryStageExec, "ShuffleQueryStageExec");
leaf_stage!(BroadcastQueryStageExec, "BroadcastQueryStageExec");

impl DisplayAs for AqeShuffleReadExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AQEShuffleRead")
    }
}

impl ExecutionPlan for AqeShuffleReadExec {
    fn name(&self) -> &str {
        "AqeShuffleReadExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.child]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(AqeShuffleReadExec::new(children.swap_remove(0), self.specs.clone())))
    }

    delegate_with_new_children!();

    no_expressions!();

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        never_executed(self.name())
    }
}

/// Measured bytes of a finished stage.
pub fn stage_size(plan: &Arc<dyn ExecutionPlan>) -> Option<u64> {
    if let Some(stage) = plan.downcast_ref::<ShuffleQueryStageExec>() {
        return Some(stage.stats.total_bytes());
    }
    if let Some(stage) = plan.downcast_ref::<BroadcastQueryStageExec>() {
        return Some(stage.bytes);
    }
    plan.downcast_ref::<AqeShuffleReadExec>().and_then(|read| stage_size(&read.child))
}

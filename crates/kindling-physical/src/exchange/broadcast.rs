//! `BroadcastExchangeExec` and the leaf that reads a broadcast relation.

use std::{fmt, sync::Arc};

use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::PhysicalExpr,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
        stream::RecordBatchStreamAdapter,
    },
};
use futures::stream;

use super::shuffle::{PlanId, exchange_properties};
use crate::{
    error::never_executed,
    exec_macros::{delegate_with_new_children, no_children, no_expressions},
    task_env::TaskEnv,
};

/// Collects its input to the driver and gives it to every executor. Never executed itself.
#[derive(Debug)]
pub struct BroadcastExchangeExec {
    plan_id: PlanId,
    input: Arc<dyn ExecutionPlan>,
    /// Keys of the hashed relation; empty for a plain one (`IdentityBroadcastMode`).
    keys: Vec<Arc<dyn PhysicalExpr>>,
    null_aware: bool,
    properties: Arc<PlanProperties>,
}

impl BroadcastExchangeExec {
    /// A new exchange over `input`.
    pub fn new(input: Arc<dyn ExecutionPlan>, keys: Vec<Arc<dyn PhysicalExpr>>, null_aware: bool) -> Self {
        Self::with_plan_id(PlanId::next(), input, keys, null_aware)
    }

    fn with_plan_id(
        plan_id: PlanId,
        input: Arc<dyn ExecutionPlan>,
        keys: Vec<Arc<dyn PhysicalExpr>>,
        null_aware: bool,
    ) -> Self {
        let properties = Arc::new(exchange_properties(&input, Partitioning::UnknownPartitioning(1)));
        BroadcastExchangeExec { plan_id, input, keys, null_aware, properties }
    }

    /// The same exchange over another input.
    pub fn with_input(&self, input: Arc<dyn ExecutionPlan>) -> Self {
        Self::with_plan_id(self.plan_id, input, self.keys.clone(), self.null_aware)
    }

    /// Identity of this exchange.
    pub fn plan_id(&self) -> PlanId {
        self.plan_id
    }

    /// What is broadcast.
    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// Keys of the hashed relation, empty for a plain one.
    pub fn keys(&self) -> &[Arc<dyn PhysicalExpr>] {
        &self.keys
    }

    /// Whether it serves a null-aware anti join.
    pub fn null_aware(&self) -> bool {
        self.null_aware
    }
}

impl DisplayAs for BroadcastExchangeExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BroadcastExchangeExec")
    }
}

impl ExecutionPlan for BroadcastExchangeExec {
    fn name(&self) -> &str {
        "BroadcastExchangeExec"
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
        Ok(Arc::new(Self::with_plan_id(self.plan_id, input, self.keys.clone(), self.null_aware)))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for key in &self.keys {
            f(key)?;
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        never_executed(self.name())
    }
}

/// Reads a broadcast relation: one partition, the same for every task.
#[derive(Debug)]
pub struct BroadcastReaderExec {
    broadcast_id: i64,
    properties: Arc<PlanProperties>,
}

impl BroadcastReaderExec {
    /// A reader with the properties of the exchange it stands for.
    pub fn new(broadcast_id: i64, properties: Arc<PlanProperties>) -> Self {
        BroadcastReaderExec { broadcast_id, properties }
    }

    /// The broadcast it reads.
    pub fn broadcast_id(&self) -> i64 {
        self.broadcast_id
    }
}

impl DisplayAs for BroadcastReaderExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BroadcastReaderExec: broadcast={}", self.broadcast_id)
    }
}

impl ExecutionPlan for BroadcastReaderExec {
    fn name(&self) -> &str {
        "BroadcastReaderExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    no_children!();

    no_expressions!();

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let env = TaskEnv::get(&context)?;
        let batches = env.blocks.read_broadcast(self.broadcast_id)?;
        let count = batches.len();
        let batches = (0..count).filter_map(move |i| batches.get(i).cloned()).map(Ok);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream::iter(batches))))
    }
}

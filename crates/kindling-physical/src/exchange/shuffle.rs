//! `ShuffleExchangeExec`: where one stage ends and the next begins.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
        ReplaceChildrenOptions,
        execution_plan::{Boundedness, EmissionType},
    },
};

use crate::{error::never_executed, exec_macros::delegate_with_new_children};

/// Identity of an exchange or a join in a plan, Spark's `plan_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(pub u32);

impl PlanId {
    /// A fresh id.
    pub fn next() -> PlanId {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        PlanId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// How rows are spread over the reduce partitions.
#[derive(Debug, Clone)]
pub enum ShufflePartitioning {
    /// `pmod(murmur3(exprs), n)`.
    Hash(Vec<Arc<dyn PhysicalExpr>>, usize),
    /// `pmod(id, n)` of a number that is no hash (`repartitionById`).
    Direct(Arc<dyn PhysicalExpr>, usize),
    /// By ranges of a sort key, with bounds sampled from the data.
    Range(LexOrdering, usize),
    /// In turn.
    RoundRobin(usize),
    /// All rows into one partition.
    Single,
}

impl ShufflePartitioning {
    /// Number of reduce partitions.
    pub fn num_partitions(&self) -> usize {
        match self {
            ShufflePartitioning::Hash(_, n)
            | ShufflePartitioning::Direct(_, n)
            | ShufflePartitioning::Range(_, n)
            | ShufflePartitioning::RoundRobin(n) => *n,
            ShufflePartitioning::Single => 1,
        }
    }

    /// The same scheme over another number of partitions.
    pub fn with_num_partitions(&self, n: usize) -> ShufflePartitioning {
        match self {
            ShufflePartitioning::Hash(exprs, _) => ShufflePartitioning::Hash(exprs.clone(), n),
            ShufflePartitioning::Direct(id, _) => ShufflePartitioning::Direct(Arc::clone(id), n),
            ShufflePartitioning::Range(ordering, _) => ShufflePartitioning::Range(ordering.clone(), n),
            ShufflePartitioning::RoundRobin(_) => ShufflePartitioning::RoundRobin(n),
            ShufflePartitioning::Single => ShufflePartitioning::Single,
        }
    }

    /// What the reduce side may rely on.
    pub fn output_partitioning(&self) -> Partitioning {
        match self {
            ShufflePartitioning::Hash(exprs, n) => Partitioning::Hash(exprs.clone(), *n),
            other => Partitioning::UnknownPartitioning(other.num_partitions()),
        }
    }
}

/// Why an exchange is there (Spark's `ShuffleOrigin`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShuffleOrigin {
    /// An operator's requirement.
    EnsureRequirements,
    /// `repartition(cols)`: the number of partitions may be adapted.
    RepartitionByCol,
    /// `repartition(n)` or `repartition(n, cols)`: the number is the user's.
    RepartitionByNum,
    /// `REBALANCE` without columns.
    RebalanceByNone,
    /// `REBALANCE` by columns.
    RebalanceByCol,
    /// Part of `CollectLimit` or `TakeOrderedAndProject`: not shown, no query stage of its own.
    Internal,
}

impl ShuffleOrigin {
    /// Spark's name in plan text.
    pub fn name(self) -> &'static str {
        match self {
            ShuffleOrigin::EnsureRequirements => "ENSURE_REQUIREMENTS",
            ShuffleOrigin::RepartitionByCol => "REPARTITION_BY_COL",
            ShuffleOrigin::RepartitionByNum => "REPARTITION_BY_NUM",
            ShuffleOrigin::RebalanceByNone => "REBALANCE_PARTITIONS_BY_NONE",
            ShuffleOrigin::RebalanceByCol => "REBALANCE_PARTITIONS_BY_COL",
            ShuffleOrigin::Internal => "INTERNAL",
        }
    }
}

/// A shuffle. It separates stages and is never executed itself.
#[derive(Debug)]
pub struct ShuffleExchangeExec {
    plan_id: PlanId,
    input: Arc<dyn ExecutionPlan>,
    partitioning: ShufflePartitioning,
    origin: ShuffleOrigin,
    properties: Arc<PlanProperties>,
}

impl ShuffleExchangeExec {
    /// A new exchange over `input`.
    pub fn new(input: Arc<dyn ExecutionPlan>, partitioning: ShufflePartitioning, origin: ShuffleOrigin) -> Self {
        Self::with_plan_id(PlanId::next(), input, partitioning, origin)
    }

    fn with_plan_id(
        plan_id: PlanId,
        input: Arc<dyn ExecutionPlan>,
        partitioning: ShufflePartitioning,
        origin: ShuffleOrigin,
    ) -> Self {
        let properties = Arc::new(exchange_properties(&input, partitioning.output_partitioning()));
        ShuffleExchangeExec { plan_id, input, partitioning, origin, properties }
    }

    /// The same exchange over another input.
    pub fn with_input(&self, input: Arc<dyn ExecutionPlan>) -> Self {
        Self::with_plan_id(self.plan_id, input, self.partitioning.clone(), self.origin)
    }

    /// Identity of this exchange; it survives a change of its input.
    pub fn plan_id(&self) -> PlanId {
        self.plan_id
    }

    /// The map side.
    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// How rows are spread.
    pub fn partitioning(&self) -> &ShufflePartitioning {
        &self.partitioning
    }

    /// Why it is there.
    pub fn origin(&self) -> ShuffleOrigin {
        self.origin
    }
}

/// Properties of rows that went through an exchange: no order, the constants and equalities of the input.
pub(crate) fn exchange_properties(input: &Arc<dyn ExecutionPlan>, partitioning: Partitioning) -> PlanProperties {
    let mut equivalences: EquivalenceProperties = input.equivalence_properties().clone();
    equivalences.clear_orderings();
    PlanProperties::new(equivalences, partitioning, EmissionType::Incremental, Boundedness::Bounded)
}

impl DisplayAs for ShuffleExchangeExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShuffleExchangeExec: {:?}", self.partitioning)
    }
}

impl ExecutionPlan for ShuffleExchangeExec {
    fn name(&self) -> &str {
        "ShuffleExchangeExec"
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
        Ok(Arc::new(Self::with_plan_id(self.plan_id, input, self.partitioning.clone(), self.origin)))
    }

    delegate_with_new_children!();

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        match &self.partitioning {
            ShufflePartitioning::Hash(exprs, _) => {
                for expr in exprs {
                    f(expr)?;
                }
            }
            ShufflePartitioning::Direct(id, _) => {
                f(id)?;
            }
            ShufflePartitioning::Range(ordering, _) => {
                for sort in ordering.iter() {
                    f(&sort.expr)?;
                }
            }
            ShufflePartitioning::RoundRobin(_) | ShufflePartitioning::Single => {}
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        never_executed(self.name())
    }
}

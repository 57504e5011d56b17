//! Nodes that stand for a way to run their input rather than for work of their own. The driver lowers them
//! before it cuts stages, since what they become depends on whether they are the root of a query.

use std::{fmt, sync::Arc};

use datafusion::{
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::LexOrdering,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
        ReplaceChildrenOptions,
    },
};

use crate::{
    error::never_executed,
    exec_macros::{delegate_with_new_children, no_expressions},
};

fn single_partition(input: &Arc<dyn ExecutionPlan>) -> Arc<PlanProperties> {
    let properties = PlanProperties::clone(input.properties());
    Arc::new(properties.with_partitioning(Partitioning::UnknownPartitioning(1)))
}

macro_rules! marker_exec {
    ($name:ident, $text:literal, |$this:ident, $input:ident| $rebuild:expr) => {
        impl DisplayAs for $name {
            fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, $text)
            }
        }

        impl ExecutionPlan for $name {
            fn name(&self) -> &str {
                $text
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
                let $input = children.swap_remove(0);
                let $this = self;
                Ok(Arc::new($rebuild))
            }

            delegate_with_new_children!();

            no_expressions!();

            fn maintains_input_order(&self) -> Vec<bool> {
                vec![true]
            }

            fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
                never_executed(self.name())
            }
        }
    };
}

/// The first rows of a query in partition order: `take` reads as few partitions as it can.
#[derive(Debug)]
pub struct CollectLimitExec {
    /// The child.
    pub input: Arc<dyn ExecutionPlan>,
    /// Rows to return after `offset`; `None` for all.
    pub limit: Option<usize>,
    /// Rows to skip.
    pub offset: usize,
    properties: Arc<PlanProperties>,
}

impl CollectLimitExec {
    /// `offset` rows are skipped, `limit` returned.
    pub fn new(input: Arc<dyn ExecutionPlan>, limit: Option<usize>, offset: usize) -> Self {
        let properties = single_partition(&input);
        CollectLimitExec { input, limit, offset, properties }
    }
}

marker_exec!(CollectLimitExec, "CollectLimitExec", |this, input| CollectLimitExec::new(input, this.limit, this.offset));

/// The last rows of a query in partition order.
#[derive(Debug)]
pub struct CollectTailExec {
    /// The child.
    pub input: Arc<dyn ExecutionPlan>,
    /// Rows to return.
    pub limit: usize,
    properties: Arc<PlanProperties>,
}

impl CollectTailExec {
    /// The last `limit` rows.
    pub fn new(input: Arc<dyn ExecutionPlan>, limit: usize) -> Self {
        let properties = single_partition(&input);
        CollectTailExec { input, limit, properties }
    }
}

marker_exec!(CollectTailExec, "CollectTailExec", |this, input| CollectTailExec::new(input, this.limit));

/// `ORDER BY … LIMIT`: the top of every partition, then the top of those.
#[derive(Debug)]
pub struct TakeOrderedAndProjectExec {
    /// The child.
    pub input: Arc<dyn ExecutionPlan>,
    /// Sort key.
    pub ordering: LexOrdering,
    /// Rows to keep, `offset` among them.
    pub limit: usize,
    /// Rows to skip.
    pub offset: usize,
    properties: Arc<PlanProperties>,
}

impl TakeOrderedAndProjectExec {
    /// Of the first `limit` rows, all after `offset`.
    pub fn new(input: Arc<dyn ExecutionPlan>, ordering: LexOrdering, limit: usize, offset: usize) -> Self {
        let mut equivalences = input.equivalence_properties().clone();
        equivalences.clear_orderings();
        equivalences.add_ordering(ordering.clone());
        let properties = PlanProperties::new(
            equivalences,
            Partitioning::UnknownPartitioning(1),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        TakeOrderedAndProjectExec { input, ordering, limit, offset, properties: Arc::new(properties) }
    }
}

marker_exec!(TakeOrderedAndProjectExec, "TakeOrderedAndProjectExec", |this, input| TakeOrderedAndProjectExec::new(
    input,
    this.ordering.clone(),
    this.limit,
    this.offset
));

/// What a join hint asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinStrategyHint {
    /// `BROADCAST`, `BROADCASTJOIN`, `MAPJOIN`.
    Broadcast,
    /// `MERGE`, `SHUFFLE_MERGE`, `MERGEJOIN`.
    ShuffleMerge,
    /// `SHUFFLE_HASH`.
    ShuffleHash,
    /// `SHUFFLE_REPLICATE_NL`.
    ShuffleReplicateNl,
}

/// A join hint on its input; join selection takes it away.
#[derive(Debug)]
pub struct JoinHintExec {
    /// The child.
    pub input: Arc<dyn ExecutionPlan>,
    /// The hint.
    pub hint: JoinStrategyHint,
    properties: Arc<PlanProperties>,
}

impl JoinHintExec {
    /// `hint` on `input`.
    pub fn new(input: Arc<dyn ExecutionPlan>, hint: JoinStrategyHint) -> Self {
        let properties = Arc::clone(input.properties());
        JoinHintExec { input, hint, properties }
    }
}

/// A join whose strategy a hint has fixed: adaptive execution leaves it.
#[derive(Debug)]
pub struct PinnedJoinExec {
    /// The join.
    pub input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl PinnedJoinExec {
    /// Pins a join.
    pub fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = Arc::clone(input.properties());
        PinnedJoinExec { input, properties }
    }
}

marker_exec!(PinnedJoinExec, "PinnedJoinExec", |_this, input| PinnedJoinExec::new(input));

marker_exec!(JoinHintExec, "JoinHintExec", |this, input| JoinHintExec::new(input, this.hint));

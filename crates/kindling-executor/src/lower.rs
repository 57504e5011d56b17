//! From a plan with exchanges to the plan of one stage.
//!
//! Exchanges become reads of blocks, the nodes that only mark a way to run become operators, and every leaf that reads data is
//! wrapped so that a task stops when it is killed. Which node of the shown plan an operator stands for is kept beside it: that is
//! where its metrics go.

use std::sync::Arc;

use datafusion::{
    common::JoinType,
    error::Result,
    physical_plan::{
        ExecutionPlan, ExecutionPlanProperties,
        execution_plan::replace_children_if_necessary,
        filter::FilterExec,
        joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode},
        limit::{GlobalLimitExec, LocalLimitExec},
        recursive_query::RecursiveQueryExec,
        sorts::sort::SortExec,
    },
};
use kindling_common::SparkError;
use kindling_physical::{
    BroadcastExchangeExec, BroadcastReaderExec, CachedPartitionExec, CachedRelation, CollectLimitExec, CollectTailExec,
    InMemoryTableScanExec, NullAwareAntiJoinExec, PinnedJoinExec, ShuffleExchangeExec, ShuffleOrigin,
    ShufflePartitionSpec, ShufflePartitioning, ShuffleReaderExec, StreamedNestedLoopExec, StreamedSideExec,
    StreamingFilterExec, TakeOrderedAndProjectExec,
    aqe::{AqeShuffleReadExec, BroadcastQueryStageExec, ShuffleQueryStageExec},
    asks_for_input_file,
    error::{external, internal},
    lazy_logic,
};

use crate::task_leaf::TaskLeafExec;

type Plan = Arc<dyn ExecutionPlan>;

/// Where exchanges have gone.
pub trait Exchanges {
    /// The shuffle that stands for an exchange; a stage that writes it is made if there is none.
    fn shuffle(&mut self, exchange: &Arc<dyn ExecutionPlan>) -> Result<i32>;

    /// The broadcast that stands for an exchange.
    fn broadcast(&mut self, exchange: &BroadcastExchangeExec) -> Result<i64>;

    /// Whether every partition of a cached relation is there.
    fn is_cached(&self, relation: &CachedRelation) -> bool;
}

/// A lowered plan.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// What runs.
    pub exec: Plan,
    /// The node that each operator stands for, in pre-order.
    pub shown: Vec<Option<Plan>>,
    /// Shuffles that it reads, each once, left to right.
    pub parents: Vec<i32>,
    /// Whether the shuffles are read at all: not if every partition that would need them is cached.
    pub needs_parents: bool,
    /// Whether tasks should share a copy.
    pub share: bool,
}

struct Node {
    exec: Plan,
    shown: Vec<Option<Plan>>,
}

impl Node {
    fn over(exec: Plan, shown: Option<Plan>, children: Vec<Node>) -> Node {
        let mut all = vec![shown];
        all.extend(children.into_iter().flat_map(|child| child.shown));
        Node { exec, shown: all }
    }
}

/// Lowers the plan of one stage.
pub fn lower(plan: &Plan, exchanges: &mut dyn Exchanges) -> Result<Lowered> {
    let mut lowering = Lowering {
        exchanges,
        parents: vec![],
        share: false,
        below_cache: 0,
        needs_parents: false,
        asks_for_input_file: asks_for_input_file(plan),
    };
    let node = lowering.node(plan)?;
    Ok(Lowered {
        exec: node.exec,
        shown: node.shown,
        parents: lowering.parents,
        needs_parents: lowering.needs_parents,
        share: lowering.share,
    })
}

struct Lowering<'a> {
    exchanges: &'a mut dyn Exchanges,
    parents: Vec<i32>,
    share: bool,
    /// How many complete caches the current node is below.
    below_cache: usize,
    needs_parents: bool,
    /// Whether rows of several files must not come in one batch.
    asks_for_input_file: bool,
}

impl Lowering<'_> {
    fn node(&mut self, plan: &Plan) -> Result<Node> {
        if let Some(exchange) = plan.downcast_ref::<ShuffleExchangeExec>() {
            let shuffle_id = self.exchanges.shuffle(plan)?;
            let n = exchange.partitioning().num_partitions();
            let specs = (0..n).map(|i| ShufflePartitionSpec::CoalescedPartition { start: i, end: i + 1 }).collect();
            return Ok(self.reader(shuffle_id, specs, plan, plan));
        }
        if let Some(stage) = plan.downcast_ref::<ShuffleQueryStageExec>() {
            let n = stage.exchange.partitioning().num_partitions();
            let specs = (0..n).map(|i| ShufflePartitionSpec::CoalescedPartition { start: i, end: i + 1 }).collect();
            return Ok(self.reader(stage.stats.shuffle_id, specs, plan, stage.exchange_plan()));
        }
        if let Some(read) = plan.downcast_ref::<AqeShuffleReadExec>() {
            let Some(stage) = read.child.downcast_ref::<ShuffleQueryStageExec>() else {
                return Err(internal("an AQE shuffle read is not over a query stage"));
            };
            return Ok(self.reader(stage.stats.shuffle_id, read.specs.clone(), plan, stage.exchange_plan()));
        }
        if let Some(exchange) = plan.downcast_ref::<BroadcastExchangeExec>() {
            let id = self.exchanges.broadcast(exchange)?;
            return Ok(broadcast_reader(id, plan));
        }
        if let Some(stage) = plan.downcast_ref::<BroadcastQueryStageExec>() {
            return Ok(broadcast_reader(stage.broadcast_id, plan));
        }
        if let Some(pinned) = plan.downcast_ref::<PinnedJoinExec>() {
            return self.node(&pinned.input);
        }
        if let Some(replacement) = self.unmarked(plan)? {
            let mut node = self.node(&replacement)?;
            if let Some(first) = node.shown.first_mut() {
                *first = Some(Arc::clone(plan));
            }
            return Ok(node);
        }
        if let Some(scan) = plan.downcast_ref::<InMemoryTableScanExec>() {
            return self.cached(plan, scan);
        }
        if plan.is::<RecursiveQueryExec>() {
            return Err(external(SparkError::unsupported("recursive queries")));
        }
        if plan.children().is_empty() {
            let leaf = Node { exec: Arc::clone(plan), shown: vec![None] };
            let wrapped: Plan = Arc::new(TaskLeafExec::new(Arc::clone(plan)));
            return Ok(Node::over(wrapped, Some(Arc::clone(plan)), vec![leaf]));
        }
        self.share |= shares_build(plan);
        let mut children = plan.children().into_iter().map(|child| self.node(child)).collect::<Result<Vec<_>>>()?;
        if plan.downcast_ref::<HashJoinExec>().is_some_and(|join| *join.join_type() == JoinType::Right)
            && let Some(streamed) = children.pop()
        {
            let exec: Plan = Arc::new(StreamedSideExec::new(Arc::clone(&streamed.exec)));
            children.push(Node::over(exec, None, vec![streamed]));
        }
        let execs = children.iter().map(|child| Arc::clone(&child.exec)).collect();
        let condition = lazy_logic(Arc::clone(plan))?;
        let mut exec = match condition.downcast_ref::<NestedLoopJoinExec>() {
            Some(join) if *join.join_type() == JoinType::Inner => streamed_nested_loop(join, execs)?,
            _ => replace_children_if_necessary(condition, execs)?,
        };
        if self.asks_for_input_file
            && let Some(filter) = exec.downcast_ref::<FilterExec>().and_then(StreamingFilterExec::replacing)
        {
            exec = Arc::new(filter);
        }
        Ok(Node::over(exec, Some(Arc::clone(plan)), children))
    }

    fn reader(&mut self, shuffle_id: i32, specs: Vec<ShufflePartitionSpec>, plan: &Plan, exchange: &Plan) -> Node {
        self.needs_parents |= self.below_cache == 0;
        if !self.parents.contains(&shuffle_id) {
            self.parents.push(shuffle_id);
        }
        let reader: Plan = Arc::new(ShuffleReaderExec::new(shuffle_id, specs, Arc::clone(plan.properties())));
        let leaf = Node { exec: Arc::clone(&reader), shown: vec![None] };
        let wrapped: Plan = Arc::new(TaskLeafExec::new(reader));
        Node::over(wrapped, Some(Arc::clone(exchange)), vec![leaf])
    }

    /// Blocks of a cached relation, with what computes those that are missing.
    fn cached(&mut self, plan: &Plan, scan: &InMemoryTableScanExec) -> Result<Node> {
        let complete = self.exchanges.is_cached(scan.relation());
        self.below_cache += usize::from(complete);
        let outside = self.asks_for_input_file;
        self.asks_for_input_file |= asks_for_input_file(&scan.relation().plan.plan);
        let compute = self.node(&scan.relation().plan.plan);
        self.asks_for_input_file = outside;
        self.below_cache -= usize::from(complete);
        let children = match compute {
            Ok(node) => vec![node],
            // A broadcast of the cached query is only made again where a block is missing.
            Err(_) if complete => vec![],
            Err(error) => return Err(error),
        };
        let exec = CachedPartitionExec::new(scan, children.first().map(|node| Arc::clone(&node.exec)));
        Ok(Node::over(Arc::new(exec), Some(Arc::clone(plan)), children))
    }

    /// What a marker becomes below the root of a query.
    fn unmarked(&mut self, plan: &Plan) -> Result<Option<Plan>> {
        if let Some(top) = plan.downcast_ref::<TakeOrderedAndProjectExec>() {
            let sorted = |input: Plan| -> Plan {
                let sort = SortExec::new(top.ordering.clone(), input).with_fetch(Some(top.limit));
                Arc::new(sort.with_preserve_partitioning(true))
            };
            let mut out = sorted(Arc::clone(&top.input));
            if out.output_partitioning().partition_count() != 1 {
                out = sorted(single(out));
            }
            if top.offset > 0 {
                out = Arc::new(GlobalLimitExec::new(out, top.offset, Some(top.limit - top.offset)));
            }
            return Ok(Some(out));
        }
        if let Some(limit) = plan.downcast_ref::<CollectLimitExec>() {
            let mut out = Arc::clone(&limit.input);
            if let Some(count) = limit.limit {
                out = Arc::new(LocalLimitExec::new(out, count + limit.offset));
            }
            if out.output_partitioning().partition_count() != 1 {
                out = single(out);
            }
            return Ok(Some(Arc::new(GlobalLimitExec::new(out, limit.offset, limit.limit))));
        }
        if plan.is::<CollectTailExec>() {
            return Err(external(SparkError::unsupported("tail inside a query")));
        }
        Ok(None)
    }
}

fn single(input: Plan) -> Plan {
    Arc::new(ShuffleExchangeExec::new(input, ShufflePartitioning::Single, ShuffleOrigin::Internal))
}

/// An inner join by condition alone, in the order of the rows that it streams.
fn streamed_nested_loop(join: &NestedLoopJoinExec, mut children: Vec<Plan>) -> Result<Plan> {
    let (Some(streamed), Some(build)) = (children.pop(), children.pop()) else {
        return Err(internal("a nested-loop join has two sides"));
    };
    Ok(Arc::new(StreamedNestedLoopExec::of(join, build, streamed)))
}

fn broadcast_reader(id: i64, plan: &Plan) -> Node {
    let reader = Arc::new(BroadcastReaderExec::new(id, Arc::clone(plan.properties())));
    Node { exec: reader, shown: vec![None] }
}

/// Joins that build one table for all partitions.
fn shares_build(plan: &Plan) -> bool {
    plan.downcast_ref::<HashJoinExec>().is_some_and(|join| *join.partition_mode() == PartitionMode::CollectLeft)
        || plan.is::<NestedLoopJoinExec>()
        || plan.is::<CrossJoinExec>()
        || plan.is::<NullAwareAntiJoinExec>()
}

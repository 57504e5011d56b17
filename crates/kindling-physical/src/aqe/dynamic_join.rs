//! Joins picked again from measured sizes: a shuffled join becomes a broadcast join once a side has turned out small.

use std::sync::Arc;

use datafusion::{
    common::JoinSide,
    error::Result,
    physical_plan::{
        ExecutionPlan, ExecutionPlanProperties,
        execution_plan::replace_children_if_necessary,
        joins::{HashJoinExec, NestedLoopJoinExec, PartitionMode, SortMergeJoinExec},
        sorts::sort::SortExec,
    },
};

use super::{AqeShuffleReadExec, ShuffleQueryStageExec, partitions_util::equally_divide, stage_size};
use crate::{
    PhysicalConf, PinnedJoinExec, ShuffleExchangeExec, ShuffleOrigin, ShufflePartitionSpec,
    rules::{JoinNode, can_build_left, can_build_right, ensure_requirements},
};

type Plan = Arc<dyn ExecutionPlan>;

/// Below this share of partitions with rows a broadcast does not pay (`nonEmptyPartitionRatioForBroadcastJoin`).
const NON_EMPTY_RATIO: f64 = 0.2;

/// Turns shuffled joins into broadcast joins where a finished side is small enough. A change that would need more exchanges than
/// it saves is not made.
pub fn select_joins_again(plan: Plan, conf: &PhysicalConf) -> Result<Plan> {
    if conf.adaptive_broadcast_threshold < 0 {
        return Ok(plan);
    }
    let changed = rewrite(&plan, conf)?;
    let Some(changed) = changed else { return Ok(plan) };
    let ensured = ensure_requirements(changed, conf)?;
    if count_shuffles(&ensured) <= count_shuffles(&plan) { Ok(ensured) } else { Ok(plan) }
}

pub fn count_shuffles(plan: &Plan) -> usize {
    usize::from(plan.is::<ShuffleExchangeExec>()) + plan.children().into_iter().map(count_shuffles).sum::<usize>()
}

fn rewrite(plan: &Plan, conf: &PhysicalConf) -> Result<Option<Plan>> {
    if let Some(pinned) = plan.downcast_ref::<PinnedJoinExec>() {
        // The join stays; what is below it may change.
        let mut changed = false;
        let mut sides = vec![];
        for side in pinned.input.children() {
            let new = rewrite(side, conf)?;
            changed |= new.is_some();
            sides.push(new.unwrap_or_else(|| Arc::clone(side)));
        }
        if !changed {
            return Ok(None);
        }
        let join = replace_children_if_necessary(Arc::clone(&pinned.input), sides)?;
        return Ok(Some(Arc::new(PinnedJoinExec::new(join))));
    }
    let mut changed = false;
    let mut children = vec![];
    for child in plan.children() {
        let new = rewrite(child, conf)?;
        changed |= new.is_some();
        children.push(new.unwrap_or_else(|| Arc::clone(child)));
    }
    let plan = if changed { replace_children_if_necessary(Arc::clone(plan), children)? } else { Arc::clone(plan) };
    let broadcast = broadcast_join(&plan, conf)?;
    Ok(broadcast.or(changed.then_some(plan)))
}

fn broadcast_join(plan: &Plan, conf: &PhysicalConf) -> Result<Option<Plan>> {
    let shuffled = plan.is::<SortMergeJoinExec>()
        || plan.downcast_ref::<HashJoinExec>().is_some_and(|join| *join.partition_mode() == PartitionMode::Partitioned);
    if !shuffled {
        return Ok(None);
    }
    let Some(mut node) = JoinNode::extract(plan) else { return Ok(None) };
    // The sort of a merge join goes with the join.
    let merge = plan.is::<SortMergeJoinExec>();
    let unsorted = |side: &Plan| match side.downcast_ref::<SortExec>() {
        Some(sort) if merge && sort.fetch().is_none() => Arc::clone(sort.input()),
        _ => Arc::clone(side),
    };
    node.left = unsorted(&node.left);
    node.right = unsorted(&node.right);
    let small = |side: &Plan| {
        side.downcast_ref::<ShuffleQueryStageExec>()?;
        stage_size(side).filter(|size| *size <= conf.adaptive_broadcast_threshold as u64)
    };
    let left = small(&node.left).filter(|_| can_build_left(node.join_type) && !mostly_empty(&node.right));
    let right = small(&node.right).filter(|_| can_build_right(node.join_type) && !mostly_empty(&node.left));
    let side = match (left, right) {
        (Some(l), Some(r)) if r <= l => JoinSide::Right,
        (Some(_), _) => JoinSide::Left,
        (None, Some(_)) => JoinSide::Right,
        (None, None) => return Ok(None),
    };
    node.broadcast_hash(side).map(Some)
}

/// `DynamicJoinSelection`: when the streamed side has rows in few partitions only, most tasks of the shuffled join end at once,
/// and a broadcast would not pay.
fn mostly_empty(side: &Plan) -> bool {
    side.downcast_ref::<ShuffleQueryStageExec>().is_some_and(|stage| {
        let sizes = &stage.stats.bytes_by_partition;
        let non_empty = sizes.iter().filter(|size| **size > 0).count();
        non_empty > 0 && (non_empty as f64) < sizes.len() as f64 * NON_EMPTY_RATIO
    })
}

/// `OptimizeShuffleWithLocalRead`: the streamed side of a broadcast join that was shuffled already is read where its maps are.
pub fn use_local_reads(plan: Plan, conf: &PhysicalConf) -> Result<Plan> {
    if !conf.local_shuffle_reader {
        return Ok(plan);
    }
    let local = local_reads(&plan, conf)?;
    let Some(local) = local else { return Ok(plan) };
    // Whatever relied on the hash partitioning of the stage must not have to shuffle again.
    let ensured = ensure_requirements(Arc::clone(&local), conf)?;
    if count_shuffles(&ensured) > count_shuffles(&plan) { Ok(plan) } else { Ok(local) }
}

fn local_reads(plan: &Plan, conf: &PhysicalConf) -> Result<Option<Plan>> {
    let streamed =
        if plan.downcast_ref::<HashJoinExec>().is_some_and(|j| *j.partition_mode() == PartitionMode::CollectLeft)
            || plan.is::<NestedLoopJoinExec>()
        {
            Some(1)
        } else if plan.name() == "NullAwareAntiJoinExec" {
            Some(0)
        } else {
            None
        };
    let mut changed = false;
    let mut children = vec![];
    for (i, child) in plan.children().into_iter().enumerate() {
        let new = match local_read(child, conf) {
            Some(read) if streamed == Some(i) => Some(read),
            _ => local_reads(child, conf)?,
        };
        changed |= new.is_some();
        children.push(new.unwrap_or_else(|| Arc::clone(child)));
    }
    if changed { replace_children_if_necessary(Arc::clone(plan), children).map(Some) } else { Ok(None) }
}

/// A local read of a stage, coalesced or not.
pub fn local_read(plan: &Plan, _: &PhysicalConf) -> Option<Plan> {
    let (stage_plan, parallelism) = match plan.downcast_ref::<AqeShuffleReadExec>() {
        Some(read) if !read.is_local() && !read.has_skewed() => {
            (Arc::clone(&read.child), Some(plan.output_partitioning().partition_count()))
        }
        Some(_) => return None,
        None => (Arc::clone(plan), None),
    };
    let stage = stage_plan.downcast_ref::<ShuffleQueryStageExec>()?;
    if !matches!(stage.exchange.origin(), ShuffleOrigin::EnsureRequirements | ShuffleOrigin::RebalanceByNone)
        || stage.exchange.partitioning().num_partitions() == 1
    {
        return None;
    }
    let maps = stage.stats.bytes_by_map.len();
    let reducers = stage.exchange.partitioning().num_partitions();
    let wanted = parallelism.unwrap_or(reducers).max(1);
    if maps == 0 {
        return None;
    }
    let with_ends = |starts: Vec<usize>, end: usize| {
        let ends: Vec<usize> = starts.iter().skip(1).copied().chain([end]).collect();
        starts.into_iter().zip(ends).collect::<Vec<_>>()
    };
    let specs: Vec<ShufflePartitionSpec> = if maps >= wanted {
        with_ends(equally_divide(maps, wanted), maps)
            .into_iter()
            .map(|(start_map, end_map)| ShufflePartitionSpec::CoalescedMapperPartition {
                start_map,
                end_map,
                num_reducers: reducers,
            })
            .collect()
    } else {
        let ranges = with_ends(equally_divide(reducers, (wanted / maps).max(1)), reducers);
        (0..maps)
            .flat_map(|map| {
                ranges
                    .iter()
                    .map(move |(start, end)| ShufflePartitionSpec::PartialMapperPartition {
                        map,
                        start: *start,
                        end: *end,
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    Some(Arc::new(AqeShuffleReadExec::new(stage_plan, specs)))
}

//! `OptimizeSkewedJoin`: a skewed partition of one side is read in parts, each joined with the whole partition of the other.

use std::sync::Arc;

use datafusion::{
    common::JoinType,
    error::Result,
    physical_plan::{
        ExecutionPlan,
        execution_plan::replace_children_if_necessary,
        joins::{HashJoinExec, PartitionMode, SortMergeJoinExec},
        sorts::sort::SortExec,
    },
};

use super::{
    AqeShuffleReadExec, ShuffleQueryStageExec,
    partitions_util::{median, split_by_target},
};
use crate::{PhysicalConf, ShuffleOrigin, ShufflePartitionSpec};

type Plan = Arc<dyn ExecutionPlan>;

/// Below this share of the target a part joins its neighbour.
const SMALL_PARTITION_FACTOR: f64 = 0.2;

/// Splits skewed partitions of the joins in a plan whose sides have both been shuffled.
pub fn optimize_skewed_joins(plan: Plan, conf: &PhysicalConf) -> Result<Plan> {
    if !conf.skew_join {
        return Ok(plan);
    }
    let children = plan
        .children()
        .into_iter()
        .map(|child| optimize_skewed_joins(Arc::clone(child), conf))
        .collect::<Result<Vec<_>>>()?;
    let plan = if children.is_empty() { plan } else { replace_children_if_necessary(plan, children)? };
    let join_type = if let Some(join) = plan.downcast_ref::<SortMergeJoinExec>() {
        join.join_type()
    } else if let Some(join) = plan.downcast_ref::<HashJoinExec>()
        && *join.partition_mode() == PartitionMode::Partitioned
    {
        *join.join_type()
    } else {
        return Ok(plan);
    };
    let children: Vec<Plan> = plan.children().into_iter().cloned().collect();
    let [left, right] = children.as_slice() else { return Ok(plan) };
    let (Some(left_stage), Some(right_stage)) = (side_stage(left), side_stage(right)) else { return Ok(plan) };
    let (Some(l), Some(r)) = (as_stage(&left_stage), as_stage(&right_stage)) else { return Ok(plan) };
    let Some((left_specs, right_specs)) = split(l, r, join_type, conf) else { return Ok(plan) };
    let left = replace_side(left, Arc::new(AqeShuffleReadExec::new(left_stage, left_specs)))?;
    let right = replace_side(right, Arc::new(AqeShuffleReadExec::new(right_stage, right_specs)))?;
    replace_children_if_necessary(plan, vec![left, right])
}

fn as_stage(plan: &Plan) -> Option<&ShuffleQueryStageExec> {
    plan.downcast_ref::<ShuffleQueryStageExec>()
        .filter(|stage| stage.exchange.origin() == ShuffleOrigin::EnsureRequirements)
}

/// The stage that a side reads, directly or through its sort.
fn side_stage(side: &Plan) -> Option<Plan> {
    if as_stage(side).is_some() {
        return Some(Arc::clone(side));
    }
    side.downcast_ref::<SortExec>().and_then(|sort| side_stage(sort.input()))
}

fn replace_side(side: &Plan, read: Plan) -> Result<Plan> {
    if side.is::<SortExec>() {
        let child = side.children().first().map(|child| replace_side(child, read)).transpose()?;
        return replace_children_if_necessary(Arc::clone(side), child.into_iter().collect());
    }
    Ok(read)
}

type Specs = Vec<ShufflePartitionSpec>;

fn split(
    left: &ShuffleQueryStageExec,
    right: &ShuffleQueryStageExec,
    join_type: JoinType,
    conf: &PhysicalConf,
) -> Option<(Specs, Specs)> {
    let split_left = matches!(join_type, JoinType::Inner | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::Left);
    let split_right =
        matches!(join_type, JoinType::Inner | JoinType::RightSemi | JoinType::RightAnti | JoinType::Right);
    let left_sizes = &left.stats.bytes_by_partition;
    let right_sizes = &right.stats.bytes_by_partition;
    if left_sizes.len() != right_sizes.len() || left_sizes.len() < 2 {
        return None;
    }
    let threshold = |sizes: &[u64]| ((median(sizes) as f64 * conf.skew_factor) as u64).max(conf.skew_threshold);
    let (left_threshold, right_threshold) = (threshold(left_sizes), threshold(right_sizes));
    let target = |sizes: &[u64], threshold: u64| {
        let normal: Vec<u64> = sizes.iter().copied().filter(|size| *size <= threshold).collect();
        let mean = normal.iter().sum::<u64>() / normal.len().max(1) as u64;
        conf.advisory_partition_size.max(mean)
    };
    let (left_target, right_target) = (target(left_sizes, left_threshold), target(right_sizes, right_threshold));
    let mut any = false;
    let (mut left_out, mut right_out) = (vec![], vec![]);
    for (i, (l, r)) in left_sizes.iter().zip(right_sizes).enumerate() {
        let whole = ShufflePartitionSpec::CoalescedPartition { start: i, end: i + 1 };
        let parts = |stage: &ShuffleQueryStageExec, skewed: bool, target: u64| {
            let parts = skewed.then(|| reducer_parts(stage, i, target)).flatten();
            parts.unwrap_or_else(|| vec![whole.clone()])
        };
        let left_parts = parts(left, split_left && *l > left_threshold, left_target);
        let right_parts = parts(right, split_right && *r > right_threshold, right_target);
        any |= left_parts.len() > 1 || right_parts.len() > 1;
        for left_part in &left_parts {
            for right_part in &right_parts {
                left_out.push(left_part.clone());
                right_out.push(right_part.clone());
            }
        }
    }
    any.then_some((left_out, right_out))
}

/// A reduce partition by ranges of maps, `None` if one range would do.
fn reducer_parts(stage: &ShuffleQueryStageExec, reducer: usize, target: u64) -> Option<Specs> {
    let sizes: Vec<u64> = stage.stats.bytes_by_map.iter().map(|map| map.get(reducer).copied().unwrap_or(0)).collect();
    let starts = split_by_target(&sizes, target, SMALL_PARTITION_FACTOR);
    if starts.len() < 2 {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([sizes.len()]);
    Some(
        starts
            .iter()
            .zip(ends)
            .map(|(start, end)| ShufflePartitionSpec::PartialReducerPartition {
                reducer,
                start_map: *start,
                end_map: end,
            })
            .collect(),
    )
}

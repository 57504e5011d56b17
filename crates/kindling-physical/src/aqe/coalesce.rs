//! `CoalesceShufflePartitions`: fewer reduce partitions where they turned out small.

use std::sync::Arc;

use datafusion::{
    error::Result,
    physical_plan::{
        ExecutionPlan,
        execution_plan::replace_children_if_necessary,
        joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode},
        union::UnionExec,
    },
};

use super::{
    AqeShuffleReadExec, BroadcastQueryStageExec, ShuffleQueryStageExec,
    partitions_util::{coalesce, target_size},
};
use crate::{
    CartesianProductExec, NullAwareAntiJoinExec, PhysicalConf, ShuffleOrigin, ShufflePartitionSpec, ShufflePartitioning,
};

type Plan = Arc<dyn ExecutionPlan>;

/// A shuffle read in a group that must keep one partitioning.
#[derive(Debug)]
struct Member {
    stage_id: usize,
    bytes: Vec<u64>,
    specs: Option<Vec<ShufflePartitionSpec>>,
}

/// Coalesces the shuffle reads of a stage. Reads that feed the same operator change together.
pub fn coalesce_shuffle_partitions(plan: Plan, conf: &PhysicalConf) -> Result<Plan> {
    if !conf.coalesce_partitions {
        return Ok(plan);
    }
    let mut groups = vec![];
    collect_groups(&plan, &mut groups);
    let min_partitions = if conf.coalesce_parallelism_first { conf.default_parallelism } else { 1 };
    let sizes: Vec<u64> = groups.iter().map(|group| group.iter().flat_map(|member| &member.bytes).sum()).collect();
    let total: u64 = sizes.iter().sum();
    let mut new_specs: Vec<(usize, Vec<ShufflePartitionSpec>)> = vec![];
    for (group, size) in groups.iter().zip(&sizes) {
        let share = if groups.len() == 1 || total == 0 {
            min_partitions
        } else {
            (min_partitions as f64 * *size as f64 / total as f64) as usize
        };
        new_specs.extend(coalesce_group(group, *size, share.max(1), conf));
    }
    if new_specs.is_empty() { Ok(plan) } else { rewrite(plan, &new_specs) }
}

fn coalesce_group(
    group: &[Member],
    size: u64,
    min_partitions: usize,
    conf: &PhysicalConf,
) -> Vec<(usize, Vec<ShufflePartitionSpec>)> {
    let Some(n) = group.first().map(|member| member.bytes.len()) else { return vec![] };
    if group.iter().any(|member| member.bytes.len() != n) {
        return vec![];
    }
    let target = target_size(size, conf.advisory_partition_size, min_partitions, conf.coalesce_min_partition_size);
    let bytes: Vec<&[u64]> = group.iter().map(|member| member.bytes.as_slice()).collect();
    if group.iter().all(|member| member.specs.is_none()) {
        let specs = coalesce(&bytes, 0, n, target);
        if specs.len() >= n {
            return vec![];
        }
        return group.iter().map(|member| (member.stage_id, specs.clone())).collect();
    }
    coalesce_with_skew(group, &bytes, target)
}

/// Splits of skewed partitions stay; the whole partitions between them are coalesced.
fn coalesce_with_skew(group: &[Member], bytes: &[&[u64]], target: u64) -> Vec<(usize, Vec<ShufflePartitionSpec>)> {
    let Some(count) = group.first().and_then(|member| member.specs.as_ref()).map(Vec::len) else { return vec![] };
    if group.iter().any(|member| member.specs.as_ref().is_none_or(|specs| specs.len() != count)) {
        return vec![];
    }
    let whole = |i: usize| -> Option<usize> {
        let mut found = None;
        for member in group {
            match member.specs.as_ref()?.get(i)? {
                ShufflePartitionSpec::CoalescedPartition { start, end } if *end == start + 1 => found = Some(*start),
                _ => return None,
            }
        }
        // A partition that one side repeats for the splits of the other must stay.
        let repeated = |member: &Member| {
            let specs = member.specs.as_ref();
            specs.is_some_and(|specs| specs.iter().filter(|spec| Some(spec.reducers().start) == found).count() > 1)
        };
        found.filter(|_| !group.iter().any(repeated))
    };
    let mut out: Vec<Vec<ShufflePartitionSpec>> = group.iter().map(|_| vec![]).collect();
    let mut i = 0;
    while i < count {
        if let Some(start) = whole(i) {
            let mut end = start + 1;
            i += 1;
            while i < count && whole(i) == Some(end) {
                end += 1;
                i += 1;
            }
            let specs = coalesce(bytes, start, end, target);
            for member in &mut out {
                member.extend(specs.iter().cloned());
            }
        } else {
            for (member, specs) in group.iter().zip(&mut out) {
                specs.extend(member.specs.as_ref().and_then(|all| all.get(i)).cloned());
            }
            i += 1;
        }
    }
    group.iter().map(|member| member.stage_id).zip(out).collect()
}

fn supports_coalesce(stage: &ShuffleQueryStageExec) -> bool {
    let origin = stage.exchange.origin();
    matches!(
        origin,
        ShuffleOrigin::EnsureRequirements
            | ShuffleOrigin::RepartitionByCol
            | ShuffleOrigin::RebalanceByCol
            | ShuffleOrigin::RebalanceByNone
    ) && !matches!(stage.exchange.partitioning(), ShufflePartitioning::Single)
}

fn collect_groups(plan: &Plan, groups: &mut Vec<Vec<Member>>) {
    let separate = plan.is::<UnionExec>()
        || plan.is::<CartesianProductExec>()
        || plan.is::<NestedLoopJoinExec>()
        || plan.is::<CrossJoinExec>()
        || plan.is::<NullAwareAntiJoinExec>()
        || plan.downcast_ref::<HashJoinExec>().is_some_and(|join| *join.partition_mode() == PartitionMode::CollectLeft);
    let is_read = plan.is::<AqeShuffleReadExec>();
    if separate || (plan.children().len() == 1 && !is_read) {
        for child in plan.children() {
            collect_groups(child, groups);
        }
        return;
    }
    let mut members = vec![];
    if collect_members(plan, &mut members) && !members.is_empty() {
        groups.push(members);
    }
}

/// The shuffle reads below `plan`; false if a leaf is none, or one that may not change.
fn collect_members(plan: &Plan, members: &mut Vec<Member>) -> bool {
    if plan.is::<BroadcastQueryStageExec>() {
        return true;
    }
    let (stage, specs) = if let Some(read) = plan.downcast_ref::<AqeShuffleReadExec>() {
        (read.child.downcast_ref::<ShuffleQueryStageExec>(), Some(read.specs.clone()))
    } else {
        (plan.downcast_ref::<ShuffleQueryStageExec>(), None)
    };
    if let Some(stage) = stage {
        members.push(Member { stage_id: stage.stage_id, bytes: stage.stats.bytes_by_partition.clone(), specs });
        return supports_coalesce(stage);
    }
    !plan.children().is_empty() && plan.children().into_iter().all(|child| collect_members(child, members))
}

fn rewrite(plan: Plan, new_specs: &[(usize, Vec<ShufflePartitionSpec>)]) -> Result<Plan> {
    let found = |stage: &ShuffleQueryStageExec| {
        new_specs.iter().find(|(id, _)| *id == stage.stage_id).map(|(_, specs)| specs.clone())
    };
    if let Some(stage) = plan.downcast_ref::<ShuffleQueryStageExec>() {
        return Ok(match found(stage) {
            Some(specs) => Arc::new(AqeShuffleReadExec::new(plan, specs)),
            None => plan,
        });
    }
    if let Some(read) = plan.downcast_ref::<AqeShuffleReadExec>()
        && let Some(stage) = read.child.downcast_ref::<ShuffleQueryStageExec>()
    {
        return Ok(match found(stage) {
            Some(specs) => Arc::new(AqeShuffleReadExec::new(Arc::clone(&read.child), specs)),
            None => plan,
        });
    }
    let children =
        plan.children().into_iter().map(|child| rewrite(Arc::clone(child), new_specs)).collect::<Result<Vec<_>>>()?;
    if children.is_empty() { Ok(plan) } else { replace_children_if_necessary(plan, children) }
}

//! The order in which task sets get free cores (`Pool`, `SchedulingAlgorithm`).

use std::{cmp::Ordering, collections::BTreeMap};

use crate::{PoolSpec, SchedulingMode, task_set_manager::TaskSetManager};

/// What is compared of a pool or a task set.
struct Share<'a> {
    name: &'a str,
    running: i32,
    min_share: i32,
    weight: i32,
}

/// Indices of the task sets in the order in which they are offered cores.
pub(crate) fn order(mode: SchedulingMode, pools: &[PoolSpec], sets: &[TaskSetManager]) -> Vec<usize> {
    let mut all: Vec<usize> = (0..sets.len()).collect();
    if mode == SchedulingMode::Fifo {
        sort_fifo(&mut all, sets);
        return all;
    }
    let mut by_pool: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, set) in sets.iter().enumerate() {
        by_pool.entry(&set.set.pool).or_default().push(at);
    }
    let spec_of = |name: &str| pools.iter().find(|pool| pool.name == name);
    let mut ordered: Vec<(Share, Vec<usize>)> = by_pool
        .into_iter()
        .map(|(name, mut members)| {
            let spec = spec_of(name);
            match spec.map_or(SchedulingMode::Fifo, |spec| spec.mode) {
                SchedulingMode::Fifo => sort_fifo(&mut members, sets),
                SchedulingMode::Fair => sort_fair(&mut members, sets),
            }
            let running = members.iter().filter_map(|at| sets.get(*at)).map(|set| set.num_running() as i32).sum();
            let min_share = spec.map_or(0, |spec| spec.min_share);
            (Share { name, running, min_share, weight: spec.map_or(1, |spec| spec.weight) }, members)
        })
        .collect();
    ordered.sort_by(|(one, _), (other, _)| fair(one, other));
    ordered.into_iter().flat_map(|(_, members)| members).collect()
}

/// By job, then by stage.
fn sort_fifo(members: &mut [usize], sets: &[TaskSetManager]) {
    members.sort_by_key(|at| sets.get(*at).map(|set| (set.set.job_id, set.stage())));
}

fn sort_fair(members: &mut [usize], sets: &[TaskSetManager]) {
    // Task sets weigh the same, so the one that runs least comes first.
    members.sort_by_key(|at| sets.get(*at).map(|set| (set.num_running(), set.stage())));
}

/// `FairSchedulingAlgorithm`: those below their minimum share first, then the least loaded by weight.
fn fair(one: &Share, other: &Share) -> Ordering {
    let needy = |share: &Share| share.running < share.min_share;
    let min_ratio = |share: &Share| f64::from(share.running) / f64::from(share.min_share.max(1));
    let load = |share: &Share| f64::from(share.running) / f64::from(share.weight.max(1));
    let by_share = match (needy(one), needy(other)) {
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        (true, true) => min_ratio(one).total_cmp(&min_ratio(other)),
        (false, false) => load(one).total_cmp(&load(other)),
    };
    by_share.then_with(|| one.name.cmp(other.name))
}

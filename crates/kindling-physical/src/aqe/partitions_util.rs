//! The arithmetic of Spark's `ShufflePartitionsUtil`, on sizes alone.

use crate::ShufflePartitionSpec;

/// A last partition joins its neighbour if both stay below this share of the target.
const MERGED_PARTITION_FACTOR: f64 = 1.2;

/// Size to aim at: the advisory size, less if there would be too few partitions, but not below the smallest allowed.
pub fn target_size(total: u64, advisory: u64, min_partitions: usize, min_size: u64) -> u64 {
    let most = (total as f64 / min_partitions.max(1) as f64).ceil() as u64;
    most.min(advisory).max(min_size)
}

/// Coalesces the reduce partitions `start..end` of shuffles that are read together. Ranges without data are left out.
pub fn coalesce(bytes: &[&[u64]], start: usize, end: usize, target: u64) -> Vec<ShufflePartitionSpec> {
    let size_of = |i: usize| bytes.iter().map(|shuffle| shuffle.get(i).copied().unwrap_or(0)).sum::<u64>();
    let mut out = vec![];
    let mut from = start;
    let mut size = 0;
    for i in start..end {
        let next = size_of(i);
        if i > from && size + next > target {
            if size > 0 {
                out.push(ShufflePartitionSpec::CoalescedPartition { start: from, end: i });
            }
            from = i;
            size = next;
        } else {
            size += next;
        }
    }
    if size > 0 || out.is_empty() {
        out.push(ShufflePartitionSpec::CoalescedPartition { start: from, end });
    }
    out
}

/// Where to split a list of sizes so that each part is about `target` (`splitSizeListByTargetSize`): start indices.
pub fn split_by_target(sizes: &[u64], target: u64, small_factor: f64) -> Vec<usize> {
    let mut starts = vec![0];
    let mut current = 0;
    let mut last: Option<u64> = None;
    let target_f = target as f64;
    let merge = |starts: &mut Vec<usize>, last: &mut Option<u64>, current: u64| {
        if let Some(before) = *last {
            let small = |size: u64| (size as f64) < target_f * small_factor;
            let fits = ((current + before) as f64) < target_f * MERGED_PARTITION_FACTOR;
            if fits || small(current) || small(before) {
                starts.pop();
                *last = Some(before + current);
                return;
            }
        }
        *last = Some(current);
    };
    for (i, size) in sizes.iter().enumerate() {
        if i > 0 && current + size > target {
            merge(&mut starts, &mut last, current);
            starts.push(i);
            current = *size;
        } else {
            current += size;
        }
    }
    merge(&mut starts, &mut last, current);
    starts
}

/// Divides `n` things into `parts` ranges: the first ones are one longer.
pub fn equally_divide(n: usize, parts: usize) -> Vec<usize> {
    let parts = parts.clamp(1, n.max(1));
    let (each, rest) = (n / parts, n % parts);
    (0..parts).map(|i| i * each + i.min(rest)).collect()
}

/// The median as AQE takes it.
pub fn median(sizes: &[u64]) -> u64 {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let n = sorted.len();
    let at = |i: usize| sorted.get(i).copied().unwrap_or(0);
    match n {
        0 => 1,
        n if n % 2 == 0 => (u64::midpoint(at(n / 2), at(n / 2 - 1))).max(1),
        n => at(n / 2).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(specs: Vec<ShufflePartitionSpec>) -> Vec<(usize, usize)> {
        specs.iter().map(|spec| (spec.reducers().start, spec.reducers().end)).collect()
    }

    #[test]
    fn partitions_are_joined_up_to_the_target() {
        assert_eq!(ranges(coalesce(&[&[10, 10, 90, 20, 20]], 0, 5, 100)), [(0, 2), (2, 3), (3, 5)]);
        assert_eq!(ranges(coalesce(&[&[110, 10, 100, 110, 0]], 0, 5, 100)), [(0, 1), (1, 2), (2, 3), (3, 4)]);
        assert_eq!(ranges(coalesce(&[&[0, 10, 0, 20, 0], &[30, 0, 70, 0, 30]], 0, 5, 100)), [(0, 2), (2, 4), (4, 5)]);
    }

    #[test]
    fn empty_shuffles_leave_one_partition() {
        assert_eq!(ranges(coalesce(&[&[0, 0, 0]], 0, 3, 100)), [(0, 3)]);
    }

    #[test]
    fn a_small_rest_joins_its_neighbour() {
        assert_eq!(split_by_target(&[100, 40, 60, 50], 100, 0.2), [0, 1, 3]);
        assert_eq!(split_by_target(&[100, 100, 100], 100, 0.2), [0, 1, 2]);
        assert_eq!(split_by_target(&[100, 100, 10], 100, 0.2), [0, 1]);
    }
}

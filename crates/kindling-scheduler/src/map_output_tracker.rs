//! `MapOutputTracker`: where the map outputs of each shuffle are, and how large.

use std::{collections::BTreeMap, ops::Range};

use kindling_events::{ExecutorId, ShuffleId, TaskId};

use crate::{MapOutputStatistics, MapStatus};

/// Outputs of one shuffle (`ShuffleStatus`).
#[derive(Debug, Clone)]
struct ShuffleStatus {
    num_reduces: usize,
    statuses: Vec<Option<MapStatus>>,
    available: usize,
}

/// One block that a reduce task has to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShuffleBlock {
    /// Executor that holds it.
    pub executor_id: ExecutorId,
    /// Task attempt that wrote it (the `1` of `shuffle_0_1_2`).
    pub map_id: TaskId,
    /// Partition of that task.
    pub map_index: i32,
    /// Reduce partition (the `2` of `shuffle_0_1_2`).
    pub reduce_id: i32,
    /// Bytes.
    pub size: i64,
}

/// A map output that is not there (`MetadataFetchFailedException`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingMapOutput {
    /// Shuffle.
    pub shuffle_id: ShuffleId,
    /// The first map partition without output; none when the shuffle is not known at all.
    pub map_index: Option<i32>,
}

/// Where the map outputs are. Registered by the scheduler, read by whoever runs reduce tasks.
#[derive(Debug, Clone, Default)]
pub struct MapOutputTracker {
    shuffles: BTreeMap<ShuffleId, ShuffleStatus>,
    epoch: u64,
}

impl MapOutputTracker {
    /// Makes a shuffle known; does nothing if it is known already.
    pub(crate) fn register_shuffle(&mut self, shuffle_id: ShuffleId, num_maps: usize, num_reduces: usize) {
        self.shuffles.entry(shuffle_id).or_insert_with(|| ShuffleStatus {
            num_reduces,
            statuses: vec![None; num_maps],
            available: 0,
        });
    }

    pub(crate) fn register_map_output(&mut self, shuffle_id: ShuffleId, map_index: i32, status: MapStatus) {
        if let Some(shuffle) = self.shuffles.get_mut(&shuffle_id)
            && let Some(slot) = usize::try_from(map_index).ok().and_then(|at| shuffle.statuses.get_mut(at))
        {
            if slot.is_none() {
                shuffle.available += 1;
            }
            *slot = Some(status);
        }
    }

    /// Forgets an output, but only if it is still the one that this executor held.
    pub(crate) fn unregister_map_output(&mut self, shuffle_id: ShuffleId, map_index: i32, executor: &ExecutorId) {
        if let Some(shuffle) = self.shuffles.get_mut(&shuffle_id)
            && let Some(slot) = usize::try_from(map_index).ok().and_then(|at| shuffle.statuses.get_mut(at))
            && slot.as_ref().is_some_and(|status| status.executor_id == *executor)
        {
            *slot = None;
            shuffle.available -= 1;
            self.epoch += 1;
        }
    }

    pub(crate) fn remove_outputs_on_executor(&mut self, executor: &ExecutorId) {
        for shuffle in self.shuffles.values_mut() {
            for slot in &mut shuffle.statuses {
                if slot.as_ref().is_some_and(|status| status.executor_id == *executor) {
                    *slot = None;
                    shuffle.available -= 1;
                }
            }
        }
        self.epoch += 1;
    }

    pub(crate) fn unregister_shuffle(&mut self, shuffle_id: ShuffleId) {
        self.shuffles.remove(&shuffle_id);
    }

    /// Whether the shuffle is known.
    pub fn contains_shuffle(&self, shuffle_id: ShuffleId) -> bool {
        self.shuffles.contains_key(&shuffle_id)
    }

    /// Shuffles that are known.
    pub fn shuffle_ids(&self) -> impl Iterator<Item = ShuffleId> + '_ {
        self.shuffles.keys().copied()
    }

    /// Map tasks whose output is there.
    pub fn num_available_outputs(&self, shuffle_id: ShuffleId) -> usize {
        self.shuffles.get(&shuffle_id).map_or(0, |shuffle| shuffle.available)
    }

    /// Map partitions without output; none if the shuffle is not known.
    pub fn find_missing_partitions(&self, shuffle_id: ShuffleId) -> Option<Vec<i32>> {
        let shuffle = self.shuffles.get(&shuffle_id)?;
        let missing = shuffle.statuses.iter().enumerate().filter(|(_, status)| status.is_none());
        Some(missing.map(|(at, _)| at as i32).collect())
    }

    /// Changes whenever an output is lost; tasks started before may find it gone.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What each map task wrote, by map partition.
    pub fn map_statuses(&self, shuffle_id: ShuffleId) -> &[Option<MapStatus>] {
        self.shuffles.get(&shuffle_id).map_or(&[], |shuffle| &shuffle.statuses)
    }

    /// Bytes per reduce partition.
    pub fn statistics(&self, shuffle_id: ShuffleId) -> Option<MapOutputStatistics> {
        let shuffle = self.shuffles.get(&shuffle_id)?;
        let mut bytes_by_partition = vec![0; shuffle.num_reduces];
        for status in shuffle.statuses.iter().flatten() {
            for (total, size) in bytes_by_partition.iter_mut().zip(&status.sizes) {
                *total += size;
            }
        }
        Some(MapOutputStatistics { shuffle_id, bytes_by_partition })
    }

    /// The blocks that a task reads of some map and reduce partitions, empty blocks left out
    /// (`getMapSizesByExecutorId`).
    pub fn blocks(
        &self,
        shuffle_id: ShuffleId,
        maps: Range<i32>,
        reduces: Range<i32>,
    ) -> Result<Vec<ShuffleBlock>, MissingMapOutput> {
        let shuffle = self.shuffles.get(&shuffle_id).ok_or(MissingMapOutput { shuffle_id, map_index: None })?;
        let mut out = vec![];
        for (map_index, status) in (0..).zip(&shuffle.statuses) {
            if !maps.contains(&map_index) {
                continue;
            }
            let status = status.as_ref().ok_or(MissingMapOutput { shuffle_id, map_index: Some(map_index) })?;
            for (reduce_id, size) in (0..).zip(&status.sizes) {
                if *size > 0 && reduces.contains(&reduce_id) {
                    out.push(ShuffleBlock {
                        executor_id: status.executor_id.clone(),
                        map_id: status.map_id,
                        map_index,
                        reduce_id,
                        size: *size,
                    });
                }
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(executor: &str, map_id: i64, sizes: &[i64]) -> MapStatus {
        MapStatus { executor_id: executor.into(), map_id: TaskId(map_id), sizes: sizes.to_vec() }
    }

    #[test]
    fn a_lost_executor_takes_its_outputs_along() {
        let mut tracker = MapOutputTracker::default();
        let id = ShuffleId(0);
        tracker.register_shuffle(id, 2, 3);
        tracker.register_map_output(id, 0, status("0", 10, &[1, 0, 5]));
        tracker.register_map_output(id, 1, status("1", 11, &[2, 3, 0]));
        assert_eq!(tracker.statistics(id).unwrap().bytes_by_partition, [3, 3, 5]);
        let blocks = tracker.blocks(id, 0..2, 1..3).unwrap();
        assert_eq!(
            blocks.iter().map(|b| (b.map_index, b.reduce_id, b.size)).collect::<Vec<_>>(),
            [(0, 2, 5), (1, 1, 3)]
        );
        tracker.remove_outputs_on_executor(&"0".into());
        assert_eq!(tracker.find_missing_partitions(id).unwrap(), [0]);
        assert_eq!(tracker.blocks(id, 0..2, 0..1), Err(MissingMapOutput { shuffle_id: id, map_index: Some(0) }));
        assert!(tracker.blocks(id, 1..2, 0..1).is_ok());
    }

    #[test]
    fn an_output_that_moved_is_not_forgotten_for_its_old_place() {
        let mut tracker = MapOutputTracker::default();
        tracker.register_shuffle(ShuffleId(0), 1, 1);
        tracker.register_map_output(ShuffleId(0), 0, status("1", 1, &[1]));
        tracker.unregister_map_output(ShuffleId(0), 0, &"0".into());
        assert_eq!(tracker.num_available_outputs(ShuffleId(0)), 1);
    }
}

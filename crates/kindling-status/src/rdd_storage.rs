//! A cached RDD as the store has it (`RDDStorageInfo`).

use std::collections::BTreeMap;

use kindling_events::{ExecutorId, RddId, StorageLevel};

/// Where a partition is cached.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RddPartition {
    /// Executors that hold it, with the bytes in memory and on disk of each.
    pub executors: BTreeMap<ExecutorId, (i64, i64)>,
    /// Whether it was cached once and is not now.
    pub evicted: bool,
}

impl RddPartition {
    /// Bytes in memory.
    pub fn memory_used(&self) -> i64 {
        self.executors.values().map(|(memory, _)| memory).sum()
    }

    /// Bytes on disk.
    pub fn disk_used(&self) -> i64 {
        self.executors.values().map(|(_, disk)| disk).sum()
    }
}

/// A cached RDD.
#[derive(Debug, Clone, PartialEq)]
pub struct RddStorage {
    /// RDD.
    pub id: RddId,
    /// Name.
    pub name: String,
    /// Partitions, cached or not.
    pub num_partitions: i32,
    /// Level.
    pub storage_level: StorageLevel,
    /// Partitions that are or were cached, by number.
    pub partitions: BTreeMap<i32, RddPartition>,
}

impl RddStorage {
    /// Partitions that are cached.
    pub fn num_cached_partitions(&self) -> i32 {
        self.partitions.values().filter(|partition| !partition.executors.is_empty()).count() as i32
    }

    /// Bytes in memory.
    pub fn memory_used(&self) -> i64 {
        self.partitions.values().map(RddPartition::memory_used).sum()
    }

    /// Bytes on disk.
    pub fn disk_used(&self) -> i64 {
        self.partitions.values().map(RddPartition::disk_used).sum()
    }

    /// Bytes in memory and on disk by executor.
    pub fn by_executor(&self) -> BTreeMap<ExecutorId, (i64, i64)> {
        let mut out: BTreeMap<ExecutorId, (i64, i64)> = BTreeMap::new();
        for (executor, (memory, disk)) in self.partitions.values().flat_map(|partition| &partition.executors) {
            let entry = out.entry(executor.clone()).or_default();
            entry.0 += memory;
            entry.1 += disk;
        }
        out
    }
}

/// The RDD and the partition that a block id names.
pub(crate) fn parse_rdd_block(block_id: &str) -> Option<(RddId, i32)> {
    let (rdd, partition) = block_id.strip_prefix("rdd_")?.split_once('_')?;
    Some((RddId(rdd.parse().ok()?), partition.parse().ok()?))
}

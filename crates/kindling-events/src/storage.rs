//! Storage levels, block managers and block updates.

use serde::{Deserialize, Serialize};

use crate::ExecutorId;

/// Where a cached partition may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageLevel {
    /// On disk.
    #[serde(rename = "Use Disk", default)]
    pub use_disk: bool,
    /// In memory.
    #[serde(rename = "Use Memory", default)]
    pub use_memory: bool,
    /// Off the JVM's heap.
    #[serde(rename = "Use Off Heap", default)]
    pub use_off_heap: bool,
    /// As objects, not bytes.
    #[serde(rename = "Deserialized", default)]
    pub deserialized: bool,
    /// Copies.
    #[serde(rename = "Replication", default = "one")]
    pub replication: i32,
}

fn one() -> i32 {
    1
}

impl StorageLevel {
    const fn of(use_disk: bool, use_memory: bool, use_off_heap: bool, deserialized: bool, replication: i32) -> Self {
        StorageLevel { use_disk, use_memory, use_off_heap, deserialized, replication }
    }

    /// Not stored.
    pub const NONE: StorageLevel = StorageLevel::of(false, false, false, false, 1);
    /// Disk.
    pub const DISK_ONLY: StorageLevel = StorageLevel::of(true, false, false, false, 1);
    /// Memory, as objects.
    pub const MEMORY_ONLY: StorageLevel = StorageLevel::of(false, true, false, true, 1);
    /// Memory, as bytes.
    pub const MEMORY_ONLY_SER: StorageLevel = StorageLevel::of(false, true, false, false, 1);
    /// Memory as objects, then disk: what `DataFrame.cache()` uses.
    pub const MEMORY_AND_DISK: StorageLevel = StorageLevel::of(true, true, false, true, 1);
    /// Memory as bytes, then disk.
    pub const MEMORY_AND_DISK_SER: StorageLevel = StorageLevel::of(true, true, false, false, 1);

    /// Whether anything is stored.
    pub fn is_valid(&self) -> bool {
        (self.use_memory || self.use_disk) && self.replication > 0
    }

    /// What the Storage page shows (`StorageLevel.description`).
    pub fn description(&self) -> String {
        let mut out = String::new();
        if self.use_disk {
            out.push_str("Disk ");
        }
        if self.use_memory {
            out.push_str(if self.use_off_heap { "Memory (off heap) " } else { "Memory " });
        }
        out.push_str(if self.deserialized { "Deserialized " } else { "Serialized " });
        out.push_str(&format!("{}x Replicated", self.replication));
        out
    }
}

impl Default for StorageLevel {
    fn default() -> Self {
        StorageLevel::NONE
    }
}

/// A block manager: an executor's store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockManagerId {
    /// Executor.
    #[serde(rename = "Executor ID")]
    pub executor_id: ExecutorId,
    /// Host.
    #[serde(rename = "Host")]
    pub host: String,
    /// Port.
    #[serde(rename = "Port")]
    pub port: i32,
}

/// A block that came, moved or went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockUpdatedInfo {
    /// Where.
    #[serde(rename = "Block Manager ID")]
    pub block_manager_id: BlockManagerId,
    /// Which: `rdd_1_0`, `broadcast_3`, `shuffle_0_1_2`.
    #[serde(rename = "Block ID")]
    pub block_id: String,
    /// Level; not valid means the block is gone.
    #[serde(rename = "Storage Level")]
    pub storage_level: StorageLevel,
    /// Bytes in memory.
    #[serde(rename = "Memory Size")]
    pub mem_size: i64,
    /// Bytes on disk.
    #[serde(rename = "Disk Size")]
    pub disk_size: i64,
}

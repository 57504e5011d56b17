//! `TaskMetrics`: what a task measured. Times are milliseconds except where a name says otherwise.

use serde::{Deserialize, Serialize};

macro_rules! metrics {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $field_doc:literal])+ $field:ident = $key:literal;)* }
     $($extra:tt)*) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[doc = $field_doc])+ #[serde(rename = $key)] pub $field: i64,)*
        }

        impl $name {
            /// Adds another task's metrics.
            pub fn add(&mut self, other: &$name) {
                $(self.$field += other.$field;)*
            }

            /// Takes another task's metrics away.
            pub fn subtract(&mut self, other: &$name) {
                $(self.$field -= other.$field;)*
            }
        }
    };
}

metrics! {
    /// Metrics of a push-based shuffle.
    PushBasedShuffleMetrics {
        /// Corrupt chunks.
        corrupt_merged_block_chunks = "Corrupt Merged Block Chunks";
        /// Fall-backs to unmerged blocks.
        merged_fetch_fallback_count = "Merged Fetch Fallback Count";
        /// Merged blocks from elsewhere.
        remote_merged_blocks_fetched = "Merged Remote Blocks Fetched";
        /// Merged blocks from here.
        local_merged_blocks_fetched = "Merged Local Blocks Fetched";
        /// Merged chunks from elsewhere.
        remote_merged_chunks_fetched = "Merged Remote Chunks Fetched";
        /// Merged chunks from here.
        local_merged_chunks_fetched = "Merged Local Chunks Fetched";
        /// Merged bytes from elsewhere.
        remote_merged_bytes_read = "Merged Remote Bytes Read";
        /// Merged bytes from here.
        local_merged_bytes_read = "Merged Local Bytes Read";
        /// Time of merged requests.
        remote_merged_reqs_duration = "Merged Remote Requests Duration";
    }
}

metrics! {
    /// What a task wrote for the next stage.
    ShuffleWriteMetrics {
        /// Bytes.
        bytes_written = "Shuffle Bytes Written";
        /// Nanoseconds.
        write_time = "Shuffle Write Time";
        /// Records.
        records_written = "Shuffle Records Written";
    }
}

metrics! {
    /// What a task read from files or the cache.
    InputMetrics {
        /// Bytes.
        bytes_read = "Bytes Read";
        /// Records.
        records_read = "Records Read";
    }
}

metrics! {
    /// What a task wrote to files.
    OutputMetrics {
        /// Bytes.
        bytes_written = "Bytes Written";
        /// Records.
        records_written = "Records Written";
    }
}

/// What a task read of its parents' map outputs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShuffleReadMetrics {
    /// Blocks of other executors.
    #[serde(rename = "Remote Blocks Fetched")]
    pub remote_blocks_fetched: i64,
    /// Blocks of the task's own executor.
    #[serde(rename = "Local Blocks Fetched")]
    pub local_blocks_fetched: i64,
    /// Time it waited for blocks.
    #[serde(rename = "Fetch Wait Time")]
    pub fetch_wait_time: i64,
    /// Bytes of other executors.
    #[serde(rename = "Remote Bytes Read")]
    pub remote_bytes_read: i64,
    /// Of those, bytes that went through disk.
    #[serde(rename = "Remote Bytes Read To Disk")]
    pub remote_bytes_read_to_disk: i64,
    /// Bytes of its own executor.
    #[serde(rename = "Local Bytes Read")]
    pub local_bytes_read: i64,
    /// Records.
    #[serde(rename = "Total Records Read")]
    pub records_read: i64,
    /// Time of remote requests.
    #[serde(rename = "Remote Requests Duration")]
    pub remote_reqs_duration: i64,
    /// Push-based shuffle.
    #[serde(rename = "Push Based Shuffle")]
    pub push_based_shuffle: PushBasedShuffleMetrics,
}

impl ShuffleReadMetrics {
    /// All bytes.
    pub fn total_bytes_read(&self) -> i64 {
        self.remote_bytes_read + self.local_bytes_read
    }

    /// All blocks.
    pub fn total_blocks_fetched(&self) -> i64 {
        self.remote_blocks_fetched + self.local_blocks_fetched
    }
}

/// Metrics of one task attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskMetrics {
    /// Time to unpack the task.
    #[serde(rename = "Executor Deserialize Time")]
    pub executor_deserialize_time: i64,
    /// CPU time of that, nanoseconds.
    #[serde(rename = "Executor Deserialize CPU Time")]
    pub executor_deserialize_cpu_time: i64,
    /// Time to run.
    #[serde(rename = "Executor Run Time")]
    pub executor_run_time: i64,
    /// CPU time of that, nanoseconds.
    #[serde(rename = "Executor CPU Time")]
    pub executor_cpu_time: i64,
    /// Peak of the memory used by its aggregations, joins and sorts.
    #[serde(rename = "Peak Execution Memory")]
    pub peak_execution_memory: i64,
    /// The part on the heap.
    #[serde(rename = "Peak On Heap Execution Memory")]
    pub peak_on_heap_execution_memory: i64,
    /// The part off the heap.
    #[serde(rename = "Peak Off Heap Execution Memory")]
    pub peak_off_heap_execution_memory: i64,
    /// Bytes of its result.
    #[serde(rename = "Result Size")]
    pub result_size: i64,
    /// Time in garbage collection.
    #[serde(rename = "JVM GC Time")]
    pub jvm_gc_time: i64,
    /// Time to pack its result.
    #[serde(rename = "Result Serialization Time")]
    pub result_serialization_time: i64,
    /// Bytes spilled, as they were in memory.
    #[serde(rename = "Memory Bytes Spilled")]
    pub memory_bytes_spilled: i64,
    /// Bytes spilled, as they are on disk.
    #[serde(rename = "Disk Bytes Spilled")]
    pub disk_bytes_spilled: i64,
    /// Shuffle read.
    #[serde(rename = "Shuffle Read Metrics")]
    pub shuffle_read: ShuffleReadMetrics,
    /// Shuffle write.
    #[serde(rename = "Shuffle Write Metrics")]
    pub shuffle_write: ShuffleWriteMetrics,
    /// Input.
    #[serde(rename = "Input Metrics")]
    pub input: InputMetrics,
    /// Output.
    #[serde(rename = "Output Metrics")]
    pub output: OutputMetrics,
    /// Blocks it put (only with `spark.taskMetrics.trackUpdatedBlockStatuses`).
    #[serde(rename = "Updated Blocks")]
    pub updated_blocks: Vec<serde_json::Value>,
}

//! The settings that shape physical plans, read once per query.

use kindling_common::conf::{self, RuntimeConfig};

/// What the physical rules want of a session's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct PhysicalConf {
    /// `spark.sql.shuffle.partitions`.
    pub shuffle_partitions: usize,
    /// `spark.default.parallelism`, or all cores.
    pub default_parallelism: usize,
    /// `spark.sql.adaptive.enabled`.
    pub adaptive: bool,
    /// `spark.sql.adaptive.coalescePartitions.enabled`.
    pub coalesce_partitions: bool,
    /// `spark.sql.adaptive.coalescePartitions.parallelismFirst`.
    pub coalesce_parallelism_first: bool,
    /// `spark.sql.adaptive.coalescePartitions.minPartitionSize`.
    pub coalesce_min_partition_size: u64,
    /// `spark.sql.adaptive.coalescePartitions.initialPartitionNum`.
    pub initial_partition_num: Option<usize>,
    /// `spark.sql.adaptive.advisoryPartitionSizeInBytes`.
    pub advisory_partition_size: u64,
    /// `spark.sql.adaptive.localShuffleReader.enabled`.
    pub local_shuffle_reader: bool,
    /// `spark.sql.adaptive.skewJoin.enabled`.
    pub skew_join: bool,
    /// `spark.sql.adaptive.skewJoin.skewedPartitionFactor`.
    pub skew_factor: f64,
    /// `spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes`.
    pub skew_threshold: u64,
    /// `spark.sql.autoBroadcastJoinThreshold`; negative turns broadcasts by size off.
    pub broadcast_threshold: i64,
    /// `spark.sql.adaptive.autoBroadcastJoinThreshold`, or the static one.
    pub adaptive_broadcast_threshold: i64,
    /// `spark.sql.join.preferSortMergeJoin`.
    pub prefer_sort_merge_join: bool,
    /// `spark.sql.limit.initialNumPartitions`.
    pub limit_initial_partitions: usize,
    /// `spark.sql.limit.scaleUpFactor`.
    pub limit_scale_up: usize,
    /// `spark.sql.debug.maxToStringFields`.
    pub max_to_string_fields: usize,
}

impl PhysicalConf {
    /// Reads the settings; `cores` are those of all executors.
    pub fn new(config: &RuntimeConfig, cores: usize) -> PhysicalConf {
        let positive = |entry| config.integer(entry).max(1) as usize;
        let optional = |entry: &conf::ConfEntry| config.value(entry).trim().parse::<usize>().ok().filter(|n| *n > 0);
        let size = |entry| config.bytes(entry).max(0) as u64;
        let broadcast_threshold = config.bytes(&conf::AUTO_BROADCAST_JOIN_THRESHOLD);
        let adaptive_broadcast = config.value(&conf::ADAPTIVE_BROADCAST_THRESHOLD);
        PhysicalConf {
            shuffle_partitions: positive(&conf::SHUFFLE_PARTITIONS),
            default_parallelism: optional(&conf::DEFAULT_PARALLELISM).unwrap_or(cores).max(1),
            adaptive: config.boolean(&conf::ADAPTIVE_ENABLED),
            coalesce_partitions: config.boolean(&conf::COALESCE_PARTITIONS_ENABLED),
            coalesce_parallelism_first: config.boolean(&conf::COALESCE_PARALLELISM_FIRST),
            coalesce_min_partition_size: size(&conf::COALESCE_MIN_PARTITION_SIZE),
            initial_partition_num: optional(&conf::COALESCE_INITIAL_PARTITION_NUM),
            advisory_partition_size: size(&conf::ADVISORY_PARTITION_SIZE),
            local_shuffle_reader: config.boolean(&conf::LOCAL_SHUFFLE_READER_ENABLED),
            skew_join: config.boolean(&conf::SKEW_JOIN_ENABLED),
            skew_factor: config.double(&conf::SKEW_JOIN_FACTOR),
            skew_threshold: size(&conf::SKEW_JOIN_THRESHOLD),
            broadcast_threshold,
            adaptive_broadcast_threshold: conf::parse_bytes(adaptive_broadcast).unwrap_or(broadcast_threshold),
            prefer_sort_merge_join: config.boolean(&conf::PREFER_SORT_MERGE_JOIN),
            limit_initial_partitions: positive(&conf::LIMIT_INITIAL_NUM_PARTITIONS),
            limit_scale_up: config.integer(&conf::LIMIT_SCALE_UP_FACTOR).max(2) as usize,
            max_to_string_fields: positive(&conf::MAX_TO_STRING_FIELDS),
        }
    }

    /// Partitions of a new exchange: more than wanted where adaptive execution will coalesce them.
    pub fn exchange_partitions(&self) -> usize {
        if self.adaptive && self.coalesce_partitions {
            self.initial_partition_num.unwrap_or(self.shuffle_partitions)
        } else {
            self.shuffle_partitions
        }
    }
}

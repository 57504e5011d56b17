//! Files cut into splits and packed into partitions (Spark's `FilePartition` and `PartitionedFileUtil`).

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use kindling_common::{RuntimeConfig, conf};

use crate::{FilePath, FileStatus};

/// A file or a byte range of one (Spark's `PartitionedFile`).
#[derive(Debug, Clone)]
pub struct FileSplit {
    /// File.
    pub path: FilePath,
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// Length of the whole file.
    pub file_size: u64,
    /// Milliseconds since the epoch of its last change.
    pub modification_time: i64,
    /// Values of the partition columns.
    pub partition_values: Arc<Vec<ScalarValue>>,
}

impl FileSplit {
    /// One past the last byte.
    pub fn end(&self) -> u64 {
        self.start + self.length
    }
}

/// What one task reads.
#[derive(Debug, Clone)]
pub struct FilePartition {
    /// Its splits.
    pub files: Vec<FileSplit>,
}

/// Files with the partition values that they share.
#[derive(Debug, Clone)]
pub(crate) struct PartitionDirectory {
    pub values: Arc<Vec<ScalarValue>>,
    pub files: Vec<FileStatus>,
}

/// `FilePartition.maxSplitBytes`.
pub(crate) fn max_split_bytes(config: &RuntimeConfig, directories: &[PartitionDirectory]) -> u64 {
    let open_cost = config.bytes(&conf::FILES_OPEN_COST_IN_BYTES).max(0) as u64;
    let total: u64 = directories.iter().flat_map(|d| &d.files).map(|file| file.len + open_cost).sum();
    let bytes_per_core = total / min_partition_num(config);
    let max_partition_bytes = config.bytes(&conf::FILES_MAX_PARTITION_BYTES).max(1) as u64;
    max_partition_bytes.min(open_cost.max(bytes_per_core)).max(1)
}

fn min_partition_num(config: &RuntimeConfig) -> u64 {
    let number = |entry| config.value(entry).trim().parse::<u64>().ok().filter(|n| *n > 0);
    number(&conf::FILES_MIN_PARTITION_NUM).or_else(|| number(&conf::DEFAULT_PARALLELISM)).unwrap_or_else(|| {
        (config.integer(&conf::EXECUTOR_INSTANCES) * config.integer(&conf::EXECUTOR_CORES)).max(1) as u64
    })
}

/// Cuts the files, largest splits first, and fills partitions in that order (`FilePartition.getFilePartitions`).
pub(crate) fn pack(
    config: &RuntimeConfig,
    directories: &[PartitionDirectory],
    splittable: impl Fn(&FilePath) -> bool,
) -> Vec<FilePartition> {
    let max = max_split_bytes(config, directories);
    let mut splits: Vec<FileSplit> = vec![];
    for directory in directories {
        // Spark's listing drops empty files before it splits.
        for file in directory.files.iter().filter(|file| file.len > 0) {
            let step = if splittable(&file.path) { max } else { file.len };
            let mut start = 0;
            while start < file.len {
                let length = step.min(file.len - start);
                splits.push(FileSplit {
                    path: file.path.clone(),
                    start,
                    length,
                    file_size: file.len,
                    modification_time: file.modification_time,
                    partition_values: Arc::clone(&directory.values),
                });
                start += length;
            }
        }
    }
    splits.sort_by_key(|split| std::cmp::Reverse(split.length));

    let open_cost = config.bytes(&conf::FILES_OPEN_COST_IN_BYTES).max(0) as u64;
    let mut partitions = vec![];
    let (mut current, mut size) = (vec![], 0);
    for split in splits {
        if size + split.length > max && !current.is_empty() {
            partitions.push(FilePartition { files: std::mem::take(&mut current) });
            size = 0;
        }
        size += split.length + open_cost;
        current.push(split);
    }
    if !current.is_empty() {
        partitions.push(FilePartition { files: current });
    }
    partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(sizes: &[u64], settings: &[(&str, &str)], splittable: bool) -> Vec<Vec<u64>> {
        let mut config = RuntimeConfig::default();
        for (key, value) in settings {
            config.set(*key, *value);
        }
        let files = sizes.iter().enumerate().map(|(i, len)| FileStatus {
            path: FilePath::root().join(&i.to_string()),
            len: *len,
            is_dir: false,
            modification_time: 0,
        });
        let directories = [PartitionDirectory { values: Arc::new(vec![]), files: files.collect() }];
        let partitions = pack(&config, &directories, |_| splittable);
        partitions.into_iter().map(|p| p.files.into_iter().map(|f| f.length).collect()).collect()
    }

    const MB: u64 = 1 << 20;

    #[test]
    fn a_file_splits_by_the_cores_it_can_use() {
        // (100 MB + 4 MB) / 2 cores.
        assert_eq!(lengths(&[100 * MB], &[], true), [vec![52 * MB], vec![48 * MB]]);
        assert_eq!(lengths(&[100 * MB], &[], false), [vec![100 * MB]]);
    }

    #[test]
    fn small_files_share_a_partition_by_their_open_cost() {
        let settings = [("spark.sql.files.maxPartitionBytes", "10MB"), ("spark.default.parallelism", "1")];
        assert_eq!(lengths(&[MB, MB, MB, MB], &settings, true), [vec![MB, MB], vec![MB, MB]]);
    }

    #[test]
    fn empty_files_give_no_split() {
        assert_eq!(lengths(&[0, 0], &[], true), Vec::<Vec<u64>>::new());
    }
}

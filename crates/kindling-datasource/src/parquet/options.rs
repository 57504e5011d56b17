//! Reader options of Parquet (Spark's `ParquetOptions`).

use kindling_common::{RuntimeConfig, SparkResult, conf};

use crate::SourceOptions;

/// Options of a read of Parquet.
#[derive(Debug)]
pub(crate) struct ParquetOptions {
    pub merge_schema: bool,
    pub filter_pushdown: bool,
    pub case_sensitive: bool,
    pub ignore_corrupt: bool,
}

impl ParquetOptions {
    pub(crate) fn new(options: &SourceOptions, config: &RuntimeConfig) -> SparkResult<ParquetOptions> {
        Ok(ParquetOptions {
            merge_schema: options.boolean("mergeSchema", config.boolean(&conf::PARQUET_MERGE_SCHEMA))?,
            filter_pushdown: config.boolean(&conf::PARQUET_FILTER_PUSHDOWN),
            case_sensitive: config.boolean(&conf::CASE_SENSITIVE),
            ignore_corrupt: options.boolean("ignoreCorruptFiles", config.boolean(&conf::IGNORE_CORRUPT_FILES))?,
        })
    }
}

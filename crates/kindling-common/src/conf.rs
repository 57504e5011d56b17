//! The configuration registry: every key the engine knows, with its default, and a session's values.
//!
//! A key that is accepted has an effect. Keys nobody registered are stored and readable, as in Spark.

use std::collections::BTreeMap;

use crate::{ExceptionClass, SparkError, SparkResult};

/// One known key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfEntry {
    /// Key.
    pub key: &'static str,
    /// Default as text.
    pub default: &'static str,
    /// What it does, for the docs and `SET -v`.
    pub doc: &'static str,
    /// Whether it may change in a running session (`isModifiable`).
    pub runtime: bool,
}

macro_rules! conf_entries {
    ($($(#[doc = $doc:literal])+ $name:ident = ($key:literal, $default:literal, $runtime:literal);)*) => {
        $($(#[doc = $doc])+ pub const $name: ConfEntry =
            ConfEntry { key: $key, default: $default, doc: concat!($($doc),+), runtime: $runtime };)*
        /// Every known key.
        pub static ENTRIES: &[ConfEntry] = &[$($name),*];
    };
}

conf_entries! {
    /// Name of the application.
    APP_NAME = ("spark.app.name", "Kindling", false);
    /// Number of executors; each has `spark.executor.cores` threads.
    EXECUTOR_INSTANCES = ("spark.executor.instances", "1", false);
    /// Threads of one executor.
    EXECUTOR_CORES = ("spark.executor.cores", "2", false);
    /// Attempts of one task before its job fails.
    TASK_MAX_FAILURES = ("spark.task.maxFailures", "4", false);
    /// Partitions of `parallelize`, `range` and scans without their own number; the cores of all executors when empty.
    DEFAULT_PARALLELISM = ("spark.default.parallelism", "", false);
    /// Partitions of an exchange for a join or an aggregation.
    SHUFFLE_PARTITIONS = ("spark.sql.shuffle.partitions", "200", true);
    /// Re-plans between stages from the sizes that were measured.
    ADAPTIVE_ENABLED = ("spark.sql.adaptive.enabled", "true", true);
    /// Coalesces small shuffle partitions.
    COALESCE_PARTITIONS_ENABLED = ("spark.sql.adaptive.coalescePartitions.enabled", "true", true);
    /// Favours parallelism over the advisory size when partitions are coalesced.
    COALESCE_PARALLELISM_FIRST = ("spark.sql.adaptive.coalescePartitions.parallelismFirst", "true", true);
    /// Smallest partition after coalescing.
    COALESCE_MIN_PARTITION_SIZE = ("spark.sql.adaptive.coalescePartitions.minPartitionSize", "1MB", true);
    /// Shuffle partitions before coalescing; `spark.sql.shuffle.partitions` when empty.
    COALESCE_INITIAL_PARTITION_NUM = ("spark.sql.adaptive.coalescePartitions.initialPartitionNum", "", true);
    /// Size that adaptive execution aims at for a shuffle partition.
    ADVISORY_PARTITION_SIZE = ("spark.sql.adaptive.advisoryPartitionSizeInBytes", "64MB", true);
    /// Reads shuffle output locally where no re-partitioning is needed.
    LOCAL_SHUFFLE_READER_ENABLED = ("spark.sql.adaptive.localShuffleReader.enabled", "true", true);
    /// Splits skewed partitions of a join.
    SKEW_JOIN_ENABLED = ("spark.sql.adaptive.skewJoin.enabled", "true", true);
    /// A partition this many times the median is skewed.
    SKEW_JOIN_FACTOR = ("spark.sql.adaptive.skewJoin.skewedPartitionFactor", "5.0", true);
    /// A partition larger than this may be skewed.
    SKEW_JOIN_THRESHOLD = ("spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes", "256MB", true);
    /// Largest side that adaptive execution broadcasts; `spark.sql.autoBroadcastJoinThreshold` when empty.
    ADAPTIVE_BROADCAST_THRESHOLD = ("spark.sql.adaptive.autoBroadcastJoinThreshold", "", true);
    /// Largest side of a join that is broadcast; -1 turns it off.
    AUTO_BROADCAST_JOIN_THRESHOLD = ("spark.sql.autoBroadcastJoinThreshold", "10485760b", true);
    /// Prefers a sort-merge join over a shuffled hash join.
    PREFER_SORT_MERGE_JOIN = ("spark.sql.join.preferSortMergeJoin", "true", true);
    /// Allows cross products without the CROSS keyword.
    CROSS_JOIN_ENABLED = ("spark.sql.crossJoin.enabled", "true", true);
    /// Most bytes that one partition reads of files.
    FILES_MAX_PARTITION_BYTES = ("spark.sql.files.maxPartitionBytes", "128MB", true);
    /// Cost of opening a file, in bytes that could be read instead.
    FILES_OPEN_COST_IN_BYTES = ("spark.sql.files.openCostInBytes", "4MB", true);
    /// Suggested least number of file partitions; the default parallelism when empty.
    FILES_MIN_PARTITION_NUM = ("spark.sql.files.minPartitionNum", "", true);
    /// Records in one file at most; 0 means no limit.
    FILES_MAX_RECORDS_PER_FILE = ("spark.sql.files.maxRecordsPerFile", "0", true);
    /// Skips corrupt files.
    IGNORE_CORRUPT_FILES = ("spark.sql.files.ignoreCorruptFiles", "false", true);
    /// Skips files that have disappeared.
    IGNORE_MISSING_FILES = ("spark.sql.files.ignoreMissingFiles", "false", true);
    /// Standard SQL behaviour: overflow, bad casts and division by zero are errors.
    ANSI_ENABLED = ("spark.sql.ansi.enabled", "true", true);
    /// Whether identifiers are matched case-sensitively.
    CASE_SENSITIVE = ("spark.sql.caseSensitive", "false", true);
    /// Time zone of timestamps' text and fields.
    SESSION_TIME_ZONE = ("spark.sql.session.timeZone", "UTC", true);
    /// `TIMESTAMP` means `TIMESTAMP_LTZ` or `TIMESTAMP_NTZ`.
    TIMESTAMP_TYPE = ("spark.sql.timestampType", "TIMESTAMP_LTZ", true);
    /// Format of reads and writes that name none.
    DEFAULT_SOURCE = ("spark.sql.sources.default", "parquet", true);
    /// Guesses the types of partition columns.
    PARTITION_COLUMN_TYPE_INFERENCE = ("spark.sql.sources.partitionColumnTypeInference.enabled", "true", true);
    /// `static` or `dynamic` partition overwrite.
    PARTITION_OVERWRITE_MODE = ("spark.sql.sources.partitionOverwriteMode", "STATIC", true);
    /// Codec of Parquet files written.
    PARQUET_COMPRESSION = ("spark.sql.parquet.compression.codec", "snappy", true);
    /// Merges the schemas of all Parquet files of a read.
    PARQUET_MERGE_SCHEMA = ("spark.sql.parquet.mergeSchema", "false", true);
    /// Pushes filters into Parquet.
    PARQUET_FILTER_PUSHDOWN = ("spark.sql.parquet.filterPushdown", "true", true);
    /// Name of the column that keeps malformed records.
    COLUMN_NAME_OF_CORRUPT_RECORD = ("spark.sql.columnNameOfCorruptRecord", "_corrupt_record", true);
    /// Folder of managed tables.
    WAREHOUSE_DIR = ("spark.sql.warehouse.dir", "spark-warehouse", false);
    /// First partitions of a `take`.
    LIMIT_INITIAL_NUM_PARTITIONS = ("spark.sql.limit.initialNumPartitions", "1", true);
    /// Growth of the partitions of a `take`.
    LIMIT_SCALE_UP_FACTOR = ("spark.sql.limit.scaleUpFactor", "4", true);
    /// Rows of a sorted limit kept in memory.
    TOP_K_SORT_FALLBACK_THRESHOLD = ("spark.sql.execution.topKSortFallbackThreshold", "2147483632", true);
    /// Share of memory for execution and storage.
    MEMORY_FRACTION = ("spark.memory.fraction", "0.6", false);
    /// Share of that which storage may keep against execution.
    MEMORY_STORAGE_FRACTION = ("spark.memory.storageFraction", "0.5", false);
    /// Memory of one executor.
    EXECUTOR_MEMORY = ("spark.executor.memory", "1g", false);
    /// `FIFO` or `FAIR`.
    SCHEDULER_MODE = ("spark.scheduler.mode", "FIFO", false);
    /// Shows DataFrames as tables in notebooks without `show()`.
    REPL_EAGER_EVAL_ENABLED = ("spark.sql.repl.eagerEval.enabled", "false", true);
    /// Rows shown by eager evaluation.
    REPL_EAGER_EVAL_MAX_NUM_ROWS = ("spark.sql.repl.eagerEval.maxNumRows", "20", true);
    /// Cell width of eager evaluation.
    REPL_EAGER_EVAL_TRUNCATE = ("spark.sql.repl.eagerEval.truncate", "20", true);
    /// Most distinct values of a pivot column without an explicit list.
    PIVOT_MAX_VALUES = ("spark.sql.pivotMaxValues", "10000", true);
    /// What a duplicate map key does: `EXCEPTION` or `LAST_WIN`.
    MAP_KEY_DEDUP_POLICY = ("spark.sql.mapKeyDedupPolicy", "EXCEPTION", true);
    /// Ordinals in `GROUP BY` are positions.
    GROUP_BY_ORDINAL = ("spark.sql.groupByOrdinal", "true", true);
    /// Ordinals in `ORDER BY` are positions.
    ORDER_BY_ORDINAL = ("spark.sql.orderByOrdinal", "true", true);
    /// Substitutes `${key}` in SQL text.
    VARIABLE_SUBSTITUTE = ("spark.sql.variable.substitute", "true", true);
    /// Truncates plans with more fields than this.
    MAX_TO_STRING_FIELDS = ("spark.sql.debug.maxToStringFields", "25", true);
    /// How pandas frames are made from results; the client reads it.
    ARROW_PYSPARK_ENABLED = ("spark.sql.execution.arrow.pyspark.enabled", "true", true);
    /// Rows of one Arrow batch sent to the client.
    ARROW_MAX_RECORDS_PER_BATCH = ("spark.sql.execution.arrow.maxRecordsPerBatch", "10000", true);
    /// Most bytes of rows that the client uploads for one DataFrame.
    LOCAL_RELATION_SIZE_LIMIT = ("spark.sql.session.localRelationSizeLimit", "3221225472", true);
    /// Size above which the client compresses a plan; -1 never.
    PLAN_COMPRESSION_THRESHOLD = ("spark.connect.session.planCompression.threshold", "-1", true);
    /// How the client compresses plans.
    PLAN_COMPRESSION_ALGORITHM = ("spark.connect.session.planCompression.defaultAlgorithm", "NONE", true);
    /// Double quotes name things, as in standard SQL; else they write strings.
    DOUBLE_QUOTED_IDENTIFIERS = ("spark.sql.ansi.doubleQuotedIdentifiers", "false", true);
    /// Reserved words of standard SQL cannot name things.
    ENFORCE_RESERVED_KEYWORDS = ("spark.sql.ansi.enforceReservedKeywords", "false", true);
    /// Rounds of a recursive CTE before it fails.
    CTE_RECURSION_LEVEL_LIMIT = ("spark.sql.cteRecursionLevelLimit", "100", true);
    /// Rows of a recursive CTE before it fails.
    CTE_RECURSION_ROW_LIMIT = ("spark.sql.cteRecursionRowLimit", "1000000", true);
    /// Decimal arithmetic rounds what does not fit; else it gives null or raises.
    ALLOW_PRECISION_LOSS = ("spark.sql.decimalOperations.allowPrecisionLoss", "true", true);
    /// Which CTE a name means where an inner one has an outer one's name: `CORRECTED`, `LEGACY` or `EXCEPTION`.
    CTE_PRECEDENCE_POLICY = ("spark.sql.legacy.ctePrecedencePolicy", "CORRECTED", true);
    /// Literals with an exponent are decimals, not doubles.
    EXPONENT_LITERAL_AS_DECIMAL = ("spark.sql.legacy.exponentLiteralAsDecimal.enabled", "false", true);
    /// Interval literals are calendar intervals.
    LEGACY_INTERVAL = ("spark.sql.legacy.interval.enabled", "false", true);
    /// Set operations without parentheses run from left to right.
    LEGACY_SETOPS_PRECEDENCE = ("spark.sql.legacy.setopsPrecedence.enabled", "false", true);
    /// `EXISTS` and `IN` over a correlated aggregate without keys see no row where no row is aggregated.
    EXISTS_LEGACY_COUNT =
        ("spark.sql.optimizer.decorrelateExistsSubqueryLegacyIncorrectCountHandling.enabled", "false", true);
    /// Views have schema binding modes.
    VIEW_SCHEMA_BINDING_MODE = ("spark.sql.legacy.viewSchemaBindingMode", "true", true);
    /// Views without a mode compensate changes of their tables.
    VIEW_SCHEMA_COMPENSATION = ("spark.sql.legacy.viewSchemaCompensation", "true", true);
    /// Backslashes in strings are kept.
    ESCAPED_STRING_LITERALS = ("spark.sql.parser.escapedStringLiterals", "false", true);
    /// `CHAR` and `VARCHAR` stay types of their own in casts and schemas.
    PRESERVE_CHAR_VARCHAR = ("spark.sql.preserveCharVarcharTypeInfo", "false", true);
    /// Columns of `CHAR(n)` are padded when they are read.
    READ_SIDE_CHAR_PADDING = ("spark.sql.readSideCharPadding", "true", true);
    /// Shows the server's stack trace in client errors. Spark's default is true; here there is no JVM, so nothing to show.
    SERVER_STACKTRACE_ENABLED = ("spark.sql.connect.serverStacktrace.enabled", "false", true);
    /// Converts pandas columns only where no value changes; the client reads it.
    PANDAS_CONVERT_SAFELY = ("spark.sql.execution.pandas.convertToArrowArraySafely", "false", true);
    /// Infers maps, not structs, from dictionaries in pandas columns; the client reads it.
    PANDAS_INFER_DICT_AS_MAP = ("spark.sql.execution.pandas.inferPandasDictAsMap", "false", true);
    /// How structs come to pandas: `legacy`, `row` or `dict`; the client reads it.
    PANDAS_STRUCT_HANDLING_MODE = ("spark.sql.execution.pandas.structHandlingMode", "legacy", true);
    /// Falls back from Arrow when a type has none; the client reads it.
    ARROW_PYSPARK_FALLBACK_ENABLED = ("spark.sql.execution.arrow.pyspark.fallback.enabled", "true", true);
    /// Frees Arrow memory while pandas frames are made; the client reads it.
    ARROW_PYSPARK_SELF_DESTRUCT = ("spark.sql.execution.arrow.pyspark.selfDestruct.enabled", "false", true);
    /// Large Arrow types for strings and binaries; the client reads it.
    ARROW_USE_LARGE_VAR_TYPES = ("spark.sql.execution.arrow.useLargeVarTypes", "false", true);
    /// Binary columns come back as `bytes`, not `bytearray`; the client reads it.
    PYSPARK_BINARY_AS_BYTES = ("spark.sql.execution.pyspark.binaryAsBytes", "true", true);
    /// Infers structs, not maps, from nested dictionaries; the client reads it.
    PYSPARK_INFER_NESTED_DICT_AS_STRUCT = ("spark.sql.pyspark.inferNestedDictAsStruct.enabled", "false", true);
    /// Infers array types from the first element only; the client reads it.
    PYSPARK_INFER_ARRAY_FROM_FIRST = ("spark.sql.pyspark.legacy.inferArrayTypeFromFirstElement.enabled", "false", true);
    /// Infers map types from the first pair only; the client reads it.
    PYSPARK_INFER_MAP_FROM_FIRST = ("spark.sql.pyspark.legacy.inferMapTypeFromFirstPair.enabled", "false", true);
    /// Shows JVM stack traces in client errors; there are none to show.
    PYSPARK_JVM_STACKTRACE_ENABLED = ("spark.sql.pyspark.jvmStacktrace.enabled", "false", true);
    /// Rows the client sends inline before it caches them as an artifact.
    LOCAL_RELATION_CACHE_THRESHOLD = ("spark.sql.session.localRelationCacheThreshold", "1048576", true);
    /// Rows of one chunk of a cached local relation.
    LOCAL_RELATION_CHUNK_SIZE_ROWS = ("spark.sql.session.localRelationChunkSizeRows", "10000", true);
    /// Bytes of one chunk of a cached local relation.
    LOCAL_RELATION_CHUNK_SIZE_BYTES = ("spark.sql.session.localRelationChunkSizeBytes", "16777216", true);
    /// Chunks of cached local relations sent at once.
    LOCAL_RELATION_BATCH_OF_CHUNKS_SIZE_BYTES = ("spark.sql.session.localRelationBatchOfChunksSizeBytes", "1073741824", true);
}

/// The values of keys that have a list of them, in the order that Spark names them in.
const OPTIONS: &[(&str, &[&str])] = &[
    (TIMESTAMP_TYPE.key, &["TIMESTAMP_NTZ", "TIMESTAMP_LTZ"]),
    (PARTITION_OVERWRITE_MODE.key, &["STATIC", "DYNAMIC"]),
    (PARQUET_COMPRESSION.key, &["brotli", "uncompressed", "lzo", "snappy", "lz4_raw", "none", "zstd", "lz4", "gzip"]),
    (MAP_KEY_DEDUP_POLICY.key, &["EXCEPTION", "LAST_WIN"]),
    (CTE_PRECEDENCE_POLICY.key, &["EXCEPTION", "LEGACY", "CORRECTED"]),
    (PANDAS_STRUCT_HANDLING_MODE.key, &["legacy", "row", "dict"]),
];

impl ConfEntry {
    /// Refuses a value that does not parse as the entry's type, which its default shows, or is none of those it may have.
    fn check(&self, value: &str) -> SparkResult<()> {
        let value = value.trim();
        if let Some((_, options)) = OPTIONS.iter().find(|(key, _)| *key == self.key)
            && !options.iter().any(|option| option.eq_ignore_ascii_case(value))
        {
            return Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS")
                .param("confName", format!("\"{}\"", self.key))
                .param("confValue", value)
                .param("confOptions", options.join(", ")));
        }
        if self.key == SHUFFLE_PARTITIONS.key && value.parse::<i64>().is_ok_and(|n| n <= 0) {
            return Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_CONF_VALUE.REQUIREMENT")
                .param("confName", format!("\"{}\"", self.key))
                .param("confValue", value)
                .param("confRequirement", format!("The value of {} must be positive", self.key)));
        }
        let (fits, expected) = match self.default {
            "true" | "false" => (value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"), "boolean"),
            default if default.parse::<i64>().is_ok() => (value.parse::<i64>().is_ok(), "int"),
            default if default.parse::<f64>().is_ok() => (value.parse::<f64>().is_ok(), "double"),
            default if parse_bytes(default).is_some() => (parse_bytes(value).is_some(), "bytes in BYTE"),
            _ => (true, ""),
        };
        if fits {
            return Ok(());
        }
        Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_CONF_VALUE.TYPE_MISMATCH")
            .param("confName", format!("\"{}\"", self.key))
            .param("confValue", value)
            .param("confType", expected))
    }
}

/// Whether a session may set the key: static SQL keys and keys of the cluster may not change after the start.
pub fn is_modifiable(key: &str) -> bool {
    find_entry(key).map_or(!is_cluster_key(key), |entry| entry.runtime)
}

/// Keys of Spark core: only those for SQL, Kindling and user-defined prefixes belong to a session.
fn is_cluster_key(key: &str) -> bool {
    const CORE: [&str; 12] = [
        "spark.app.",
        "spark.cleaner.",
        "spark.default.",
        "spark.driver.",
        "spark.dynamicAllocation.",
        "spark.eventLog.",
        "spark.executor.",
        "spark.master",
        "spark.memory.",
        "spark.scheduler.mode",
        "spark.shuffle.",
        "spark.task.",
    ];
    CORE.iter().any(|prefix| key.starts_with(prefix))
}

fn check_modifiable(key: &str) -> SparkResult<()> {
    if is_modifiable(key) {
        return Ok(());
    }
    let condition = if key.starts_with("spark.sql.") { "CANNOT_MODIFY_STATIC_CONFIG" } else { "CANNOT_MODIFY_CONFIG" };
    Err(SparkError::analysis(condition)
        .param("key", format!("\"{key}\""))
        .param("docroot", "https://spark.apache.org/docs/latest"))
}

/// Whether setting a key changes anything: it is registered, or it goes along with the session's jobs. Keys of other prefixes than
/// Spark's are the user's own.
pub fn has_effect(key: &str) -> bool {
    const OF_JOBS: [&str; 4] = ["spark.job.description", "spark.job.tags", "spark.jobGroup.id", "spark.scheduler.pool"];
    !key.starts_with("spark.") || find_entry(key).is_some() || OF_JOBS.contains(&key)
}

/// The registered entry of a key.
pub fn find_entry(key: &str) -> Option<&'static ConfEntry> {
    ENTRIES.iter().find(|entry| entry.key == key)
}

/// A session's configuration: the values set, over the registered defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuntimeConfig {
    values: BTreeMap<String, String>,
}

impl RuntimeConfig {
    /// The value set for a key, if any.
    pub fn get_set(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The value of a key: set, or the registered default.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.get_set(key).or_else(|| find_entry(key).map(|entry| entry.default))
    }

    /// The value of a registered key.
    pub fn value(&self, entry: &ConfEntry) -> &str {
        self.get_set(entry.key).unwrap_or(entry.default)
    }

    /// A boolean key.
    pub fn boolean(&self, entry: &ConfEntry) -> bool {
        self.value(entry).eq_ignore_ascii_case("true")
    }

    /// An integer key; the default where the text is no number.
    pub fn integer(&self, entry: &ConfEntry) -> i64 {
        self.value(entry).trim().parse().or_else(|_| entry.default.parse()).unwrap_or(0)
    }

    /// A fractional key.
    pub fn double(&self, entry: &ConfEntry) -> f64 {
        self.value(entry).trim().parse().or_else(|_| entry.default.parse()).unwrap_or(0.0)
    }

    /// A size key, in bytes: `10485760b`, `64MB`, `-1`.
    pub fn bytes(&self, entry: &ConfEntry) -> i64 {
        parse_bytes(self.value(entry)).or_else(|| parse_bytes(entry.default)).unwrap_or(0)
    }

    /// Sets a key as a user does: static keys and values of a wrong type are refused with Spark's errors.
    pub fn set_checked(&mut self, key: &str, value: &str) -> SparkResult<()> {
        check_modifiable(key)?;
        if let Some(entry) = find_entry(key) {
            entry.check(value)?;
        }
        self.set(key, value);
        Ok(())
    }

    /// Removes a key's value as a user does; static keys are refused.
    pub fn unset_checked(&mut self, key: &str) -> SparkResult<Option<String>> {
        check_modifiable(key)?;
        Ok(self.unset(key))
    }

    /// The text of a key's value; `SQL_CONF_NOT_FOUND` where it is neither set nor registered.
    pub fn get_checked(&self, key: &str) -> SparkResult<String> {
        match self.get(key) {
            Some("") if self.get_set(key).is_none() => Ok("<undefined>".to_string()),
            Some(value) => Ok(value.to_string()),
            None => Err(SparkError::new(ExceptionClass::NoSuchElement, "SQL_CONF_NOT_FOUND")
                .param("sqlConf", format!("\"{key}\""))),
        }
    }

    /// Sets a key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.values.insert(key.into(), value.into());
    }

    /// Removes a key's value and returns it.
    pub fn unset(&mut self, key: &str) -> Option<String> {
        self.values.remove(key)
    }

    /// Keys and values that are set, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// Parses a size as `JavaUtils.byteStringAsBytes` does: a number with `b`, `k`, `m`, `g`, `t`, `p` (`kb`, `KiB` …).
pub fn parse_bytes(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let shift = match unit.trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        "p" | "pb" | "pib" => 50,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_keys_and_wrong_types_are_refused() {
        let mut conf = RuntimeConfig::default();
        let condition = |result: SparkResult<()>| result.unwrap_err().condition;
        assert_eq!(condition(conf.set_checked("spark.sql.warehouse.dir", "x")), "CANNOT_MODIFY_STATIC_CONFIG");
        assert_eq!(condition(conf.set_checked("spark.executor.cores", "8")), "CANNOT_MODIFY_CONFIG");
        let error = conf.set_checked("spark.sql.shuffle.partitions", "many");
        assert_eq!(condition(error), "INVALID_CONF_VALUE.TYPE_MISMATCH");
        conf.set_checked("my.own.key", "x").unwrap();
        assert_eq!(conf.get_checked("my.own.key").unwrap(), "x");
        assert_eq!(conf.get_checked("no.such.key").unwrap_err().condition, "SQL_CONF_NOT_FOUND");
    }

    #[test]
    fn sizes_parse_with_their_units() {
        assert_eq!(parse_bytes("10485760b"), Some(10_485_760));
        assert_eq!(parse_bytes("64MB"), Some(64 << 20));
        assert_eq!(parse_bytes("-1"), Some(-1));
        assert_eq!(parse_bytes("ten"), None);
    }
}

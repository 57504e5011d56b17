//! What is said of an operator: its short line in the graph, and a sentence in the side panel.

use super::html::clip;

/// The line below a node's name: its description without its name and without column ids.
pub fn short_desc(name: &str, desc: &str) -> String {
    let bare = name.split('(').next().unwrap_or(name).trim();
    let rest = desc.strip_prefix(bare).unwrap_or(desc).trim();
    clip(&without_ids(strip_parens(rest)), 24)
}

fn strip_parens(text: &str) -> &str {
    match text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) if !inner.contains(") (") => inner,
        _ => text,
    }
}

/// `k#12L` is `k`; `[plan_id=15]` goes.
pub fn without_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '#' && chars.peek().is_some_and(char::is_ascii_digit) {
            while chars.peek().is_some_and(char::is_ascii_digit) {
                chars.next();
            }
            if chars.peek() == Some(&'L') {
                chars.next();
            }
        } else {
            out.push(c);
        }
    }
    match out.find(", [plan_id=") {
        Some(at) => out[..at].to_string(),
        None => out,
    }
}

/// What an operator does, and the settings that bear on it.
pub fn about(name: &str) -> (&'static str, &'static [&'static str]) {
    const SHUFFLE: &[&str] = &["spark.sql.shuffle.partitions"];
    const COALESCE: &[&str] =
        &["spark.sql.adaptive.coalescePartitions.enabled", "spark.sql.adaptive.advisoryPartitionSizeInBytes"];
    const BROADCAST: &[&str] = &["spark.sql.autoBroadcastJoinThreshold"];
    const FILES: &[&str] = &["spark.sql.files.maxPartitionBytes"];
    match name {
        "AQEShuffleRead" => (
            "Reads several small shuffle partitions in one task, decided from the sizes the map stage reported.",
            COALESCE,
        ),
        "BroadcastExchange" => ("Collects its input and gives every task a copy.", BROADCAST),
        "BroadcastHashJoin" | "BroadcastNestedLoopJoin" => {
            ("Joins each partition with a copy of the small side, without a shuffle.", BROADCAST)
        }
        "SortMergeJoin" => ("Joins two sides that are partitioned and sorted by the key.", BROADCAST),
        "ShuffledHashJoin" => {
            ("Joins two sides that are partitioned by the key, one of them in a hash table.", SHUFFLE)
        }
        "HashAggregate" | "ObjectHashAggregate" | "SortAggregate" => {
            ("Aggregates by key: once before the shuffle over each partition, once after it over each key.", &[])
        }
        "Exchange" => {
            ("Ends a stage: each task writes its rows by target partition, the next stage reads them.", SHUFFLE)
        }
        "Sort" => ("Sorts each partition.", &[]),
        "Filter" => ("Keeps the rows that meet its condition.", &[]),
        "Project" => ("Computes columns.", &[]),
        "Range" => ("Makes consecutive numbers.", &[]),
        "TakeOrderedAndProject" => ("Keeps the first rows of each partition in order, and of those the first.", &[]),
        "InMemoryTableScan" => ("Reads a cached table.", &["spark.memory.storageFraction"]),
        "Window" => ("Computes functions over windows of sorted rows.", &[]),
        name if name.starts_with("Scan") || name.contains("Scan") => ("Reads its source.", FILES),
        name if name.starts_with("WholeStageCodegen") => ("Operators that run as one loop.", &[]),
        _ => ("", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_line_has_neither_name_nor_ids() {
        assert_eq!(short_desc("Range", "Range (0, 100000, step=1, splits=4)"), "0, 100000, step=1, spli…");
        assert_eq!(short_desc("Filter", "Filter (k#1L > 2)"), "k > 2");
        assert_eq!(
            without_ids("Exchange hashpartitioning(k#1L, 4), ENSURE_REQUIREMENTS, [plan_id=15]"),
            "Exchange hashpartitioning(k, 4), ENSURE_REQUIREMENTS"
        );
    }
}

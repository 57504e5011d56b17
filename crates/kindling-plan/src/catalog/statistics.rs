//! What `ANALYZE TABLE` found out (Spark's `CatalogStatistics`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Statistics of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableStatistics {
    /// Of the table as a whole, where that was looked at.
    pub whole: Option<SizeAndRows>,
    /// Of its columns, by name.
    pub columns: BTreeMap<String, ColumnStatistics>,
    /// Of its partitions, by the folder below the table's own.
    pub partitions: BTreeMap<String, SizeAndRows>,
}

/// Size and number of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SizeAndRows {
    /// Bytes of the files.
    pub size: u64,
    /// Rows, where they were counted.
    pub rows: Option<u64>,
}

impl SizeAndRows {
    /// `890 bytes, 2 rows`
    pub fn text(&self) -> String {
        match self.rows {
            Some(rows) => format!("{} bytes, {rows} rows", self.size),
            None => format!("{} bytes", self.size),
        }
    }

    fn to_json(self) -> Value {
        json!({ "size": self.size, "rows": self.rows })
    }

    fn from_json(value: &Value) -> Option<SizeAndRows> {
        Some(SizeAndRows { size: value.get("size")?.as_u64()?, rows: value.get("rows").and_then(Value::as_u64) })
    }
}

/// Statistics of a column; bounds as texts, of timestamps as microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnStatistics {
    /// The least value.
    pub min: Option<String>,
    /// The greatest value.
    pub max: Option<String>,
    /// How many are null.
    pub null_count: u64,
    /// How many differ, about.
    pub distinct_count: u64,
    /// Mean length, rounded up.
    pub avg_len: u64,
    /// Greatest length.
    pub max_len: u64,
}

impl TableStatistics {
    /// What still holds once rows of the table have changed: partitions keep what was found of them.
    pub fn after_change(self) -> Option<TableStatistics> {
        let partitions = self.partitions;
        (!partitions.is_empty()).then(|| TableStatistics { partitions, ..TableStatistics::default() })
    }

    pub(super) fn to_json(&self) -> Value {
        let columns = self.columns.iter().map(|(name, column)| {
            let shown = json!({
                "min": column.min, "max": column.max, "nullCount": column.null_count,
                "distinctCount": column.distinct_count, "avgLen": column.avg_len, "maxLen": column.max_len,
            });
            (name.clone(), shown)
        });
        let partitions = self.partitions.iter().map(|(path, found)| (path.clone(), found.to_json()));
        json!({
            "whole": self.whole.map(SizeAndRows::to_json),
            "columns": columns.collect::<serde_json::Map<_, _>>(),
            "partitions": partitions.collect::<serde_json::Map<_, _>>(),
        })
    }

    pub(super) fn from_json(value: &Value) -> Option<TableStatistics> {
        let mut columns = BTreeMap::new();
        for (name, column) in value.get("columns")?.as_object()? {
            let text = |key: &str| column.get(key).and_then(Value::as_str).map(str::to_string);
            let number = |key: &str| column.get(key).and_then(Value::as_u64);
            let statistics = ColumnStatistics {
                min: text("min"),
                max: text("max"),
                null_count: number("nullCount")?,
                distinct_count: number("distinctCount")?,
                avg_len: number("avgLen")?,
                max_len: number("maxLen")?,
            };
            columns.insert(name.clone(), statistics);
        }
        let mut partitions = BTreeMap::new();
        for (path, found) in value.get("partitions")?.as_object()? {
            partitions.insert(path.clone(), SizeAndRows::from_json(found)?);
        }
        Some(TableStatistics { whole: value.get("whole").and_then(SizeAndRows::from_json), columns, partitions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_survive_as_json() {
        let column = ColumnStatistics { min: Some("1".into()), null_count: 2, distinct_count: 1, ..Default::default() };
        let statistics = TableStatistics {
            whole: Some(SizeAndRows { size: 890, rows: Some(2) }),
            columns: [("a".to_string(), column)].into(),
            partitions: [("p=1".to_string(), SizeAndRows { size: 400, rows: None })].into(),
        };
        assert_eq!(TableStatistics::from_json(&statistics.to_json()), Some(statistics));
    }
}

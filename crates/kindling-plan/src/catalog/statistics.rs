//! What `ANALYZE TABLE` keeps of a table (Spark's `CatalogStatistics`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Statistics of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableStatistics {
    /// Bytes of its files.
    pub size_in_bytes: u64,
    /// Its rows, where they were counted.
    pub rows: Option<u64>,
    /// By column, the names and values that `DESCRIBE EXTENDED` shows.
    pub columns: BTreeMap<String, Vec<(String, String)>>,
}

impl TableStatistics {
    /// As `DESCRIBE` prints it (`CatalogStatistics.simpleString`).
    pub fn text(&self) -> String {
        match self.rows {
            Some(rows) => format!("{} bytes, {rows} rows", self.size_in_bytes),
            None => format!("{} bytes", self.size_in_bytes),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "sizeInBytes": self.size_in_bytes, "rows": self.rows, "columns": self.columns })
    }

    pub(super) fn from_json(value: &Value) -> Option<TableStatistics> {
        let columns = value.get("columns")?.as_object()?.iter().map(|(name, values)| {
            let pairs = values
                .as_array()?
                .iter()
                .map(|pair| Some((pair.get(0)?.as_str()?.to_string(), pair.get(1)?.as_str()?.to_string())));
            Some((name.clone(), pairs.collect::<Option<Vec<_>>>()?))
        });
        Some(TableStatistics {
            size_in_bytes: value.get("sizeInBytes")?.as_u64()?,
            rows: value.get("rows").and_then(Value::as_u64),
            columns: columns.collect::<Option<_>>()?,
        })
    }
}

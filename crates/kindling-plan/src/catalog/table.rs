//! Tables and persistent views (Spark's `CatalogTable`), and their form in files.

use std::collections::{BTreeMap, BTreeSet};

use kindling_spec::{BucketSpec, StructType};
use serde_json::{Value, json};

use super::{TableIdentifier, TableStatistics};

/// Who owns a table's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogTableType {
    /// The warehouse: dropping the table deletes them.
    Managed,
    /// The user.
    External,
    /// There are none.
    View,
}

impl CatalogTableType {
    /// As `DESCRIBE` prints it.
    pub fn name(self) -> &'static str {
        match self {
            CatalogTableType::Managed => "MANAGED",
            CatalogTableType::External => "EXTERNAL",
            CatalogTableType::View => "VIEW",
        }
    }
}

/// What a view is besides its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewDefinition {
    /// The query's text.
    pub text: String,
    /// The database that was current when it was made.
    pub database: String,
    /// Names of the query's own columns, which the view's columns rename.
    pub query_columns: Vec<String>,
    /// `BINDING`, `COMPENSATION`, `TYPE EVOLUTION` or `EVOLUTION`; `UNSUPPORTED` where it was made without modes.
    pub schema_mode: String,
}

/// A table or persistent view.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogTable {
    /// Name.
    pub identifier: TableIdentifier,
    /// Kind.
    pub table_type: CatalogTableType,
    /// Columns, partition columns last.
    pub schema: StructType,
    /// Format; `None` for views.
    pub provider: Option<String>,
    /// Options of reads and writes.
    pub options: BTreeMap<String, String>,
    /// Names of the partition columns.
    pub partition_columns: Vec<String>,
    /// Buckets.
    pub bucket_spec: Option<BucketSpec>,
    /// Folder, as `file:/…`; `None` for views.
    pub location: Option<String>,
    /// Comment.
    pub comment: Option<String>,
    /// `TBLPROPERTIES`.
    pub properties: BTreeMap<String, String>,
    /// Expressions of `DEFAULT`, as text, by column.
    pub defaults: BTreeMap<String, String>,
    /// Folders of the partitions that the catalog knows (`a=1/b=2`); `None` where all that are there are the table's.
    pub partitions: Option<BTreeSet<String>>,
    /// What `ANALYZE TABLE` found; of the whole, nothing once rows were written.
    pub statistics: Option<TableStatistics>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// Set for views.
    pub view: Option<ViewDefinition>,
}

impl CatalogTable {
    /// Whether it is a view.
    pub fn is_view(&self) -> bool {
        self.table_type == CatalogTableType::View
    }

    /// Whether a column is a partition column.
    pub fn is_partition_column(&self, name: &str) -> bool {
        self.partition_columns.iter().any(|column| column.eq_ignore_ascii_case(name))
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "database": self.identifier.database,
            "table": self.identifier.table,
            "type": self.table_type.name(),
            "schema": self.schema.to_json(),
            "provider": self.provider,
            "options": self.options,
            "partitionColumns": self.partition_columns,
            "bucketSpec": self.bucket_spec.as_ref().map(|spec| json!({
                "numBuckets": spec.num_buckets, "columns": spec.columns, "sortColumns": spec.sort_columns,
            })),
            "location": self.location,
            "comment": self.comment,
            "properties": self.properties,
            "defaults": self.defaults,
            "partitions": self.partitions,
            "statistics": self.statistics.as_ref().map(TableStatistics::to_json),
            "createdAt": self.created_at,
            "view": self.view.as_ref().map(|view| json!({
                "text": view.text, "database": view.database, "queryColumns": view.query_columns,
                "schemaMode": view.schema_mode,
            })),
        })
    }

    pub(super) fn from_json(value: &Value) -> Option<CatalogTable> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_string);
        let table_type = match value.get("type")?.as_str()? {
            "MANAGED" => CatalogTableType::Managed,
            "EXTERNAL" => CatalogTableType::External,
            _ => CatalogTableType::View,
        };
        let bucket_spec = match value.get("bucketSpec").filter(|spec| !spec.is_null()) {
            Some(spec) => Some(BucketSpec {
                num_buckets: usize::try_from(spec.get("numBuckets")?.as_u64()?).ok()?,
                columns: strings(spec.get("columns")?)?,
                sort_columns: strings(spec.get("sortColumns")?)?,
            }),
            None => None,
        };
        let view = match value.get("view").filter(|view| !view.is_null()) {
            Some(view) => Some(ViewDefinition {
                text: view.get("text")?.as_str()?.to_string(),
                database: view.get("database")?.as_str()?.to_string(),
                query_columns: strings(view.get("queryColumns")?)?,
                schema_mode: view.get("schemaMode")?.as_str()?.to_string(),
            }),
            None => None,
        };
        let some = |key: &str| value.get(key).filter(|value| !value.is_null());
        let partitions = match some("partitions") {
            Some(partitions) => Some(strings(partitions)?.into_iter().collect()),
            None => None,
        };
        let statistics = match some("statistics") {
            Some(statistics) => Some(TableStatistics::from_json(statistics)?),
            None => None,
        };
        Some(CatalogTable {
            partitions,
            statistics,
            identifier: TableIdentifier { database: text("database")?, table: text("table")? },
            table_type,
            schema: StructType::from_json(value.get("schema")?)?,
            provider: text("provider"),
            options: string_map(value.get("options")?)?,
            partition_columns: strings(value.get("partitionColumns")?)?,
            bucket_spec,
            location: text("location"),
            comment: text("comment"),
            properties: string_map(value.get("properties")?)?,
            defaults: string_map(value.get("defaults")?)?,
            created_at: value.get("createdAt")?.as_i64()?,
            view,
        })
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_string)).collect()
}

pub(super) fn string_map(value: &Value) -> Option<BTreeMap<String, String>> {
    value.as_object()?.iter().map(|(key, item)| Some((key.clone(), item.as_str()?.to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use kindling_spec::{DataType, StructField};

    use super::*;
    use crate::catalog::SizeAndRows;

    #[test]
    fn a_table_s_file_holds_all_of_it() {
        let table = CatalogTable {
            identifier: TableIdentifier { database: "db".into(), table: "t".into() },
            table_type: CatalogTableType::External,
            schema: vec![StructField::new("a", DataType::array(DataType::Integer), false)].into(),
            provider: Some("csv".into()),
            options: [("header".to_string(), "true".to_string())].into(),
            partition_columns: vec!["a".into()],
            bucket_spec: Some(BucketSpec { num_buckets: 2, columns: vec!["a".into()], sort_columns: vec![] }),
            location: Some("file:/x".into()),
            comment: None,
            properties: BTreeMap::new(),
            defaults: [("a".to_string(), "array(1)".to_string())].into(),
            partitions: Some(["a=1".to_string()].into()),
            statistics: Some(TableStatistics {
                whole: Some(SizeAndRows { size: 7, rows: Some(2) }),
                ..TableStatistics::default()
            }),
            created_at: 12,
            view: None,
        };
        assert_eq!(CatalogTable::from_json(&table.to_json()), Some(table));
    }
}

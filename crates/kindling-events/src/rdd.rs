//! `RDDInfo`: a node of a stage's lineage, for the DAG visualisation and the Storage page.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{RddId, StorageLevel};

/// The operation that made an RDD; the DAG draws one box per scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RddOperationScope {
    /// Unique in the application.
    pub id: String,
    /// What the box says, e.g. `Exchange` or `WholeStageCodegen (1)`.
    pub name: String,
    /// The scope around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<RddOperationScope>>,
}

impl RddOperationScope {
    /// A scope without a parent.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        RddOperationScope { id: id.into(), name: name.into(), parent: None }
    }
}

/// One RDD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RddInfo {
    /// Id.
    #[serde(rename = "RDD ID")]
    pub id: RddId,
    /// Name.
    #[serde(rename = "Name", default)]
    pub name: String,
    /// The operation that made it (a JSON text inside the JSON, as Spark has it).
    #[serde(
        rename = "Scope",
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "scope_to_text",
        deserialize_with = "scope_from_text"
    )]
    pub scope: Option<RddOperationScope>,
    /// Where in the user's code.
    #[serde(rename = "Callsite", default)]
    pub call_site: String,
    /// RDDs it is made of.
    #[serde(rename = "Parent IDs", default)]
    pub parent_ids: Vec<RddId>,
    /// Level it is cached at.
    #[serde(rename = "Storage Level", default)]
    pub storage_level: StorageLevel,
    /// Barrier execution.
    #[serde(rename = "Barrier", default)]
    pub barrier: bool,
    /// `DETERMINATE`, `UNORDERED` or `INDETERMINATE`.
    #[serde(rename = "DeterministicLevel", default = "determinate")]
    pub deterministic_level: String,
    /// Partitions.
    #[serde(rename = "Number of Partitions", default)]
    pub num_partitions: i32,
    /// Cached partitions.
    #[serde(rename = "Number of Cached Partitions", default)]
    pub num_cached_partitions: i32,
    /// Bytes in memory.
    #[serde(rename = "Memory Size", default)]
    pub mem_size: i64,
    /// Bytes on disk.
    #[serde(rename = "Disk Size", default)]
    pub disk_size: i64,
}

impl RddInfo {
    /// An RDD that is not cached.
    pub fn new(id: RddId, name: impl Into<String>, num_partitions: i32, parent_ids: Vec<RddId>) -> Self {
        RddInfo {
            id,
            name: name.into(),
            scope: None,
            call_site: String::new(),
            parent_ids,
            storage_level: StorageLevel::NONE,
            barrier: false,
            deterministic_level: determinate(),
            num_partitions,
            num_cached_partitions: 0,
            mem_size: 0,
            disk_size: 0,
        }
    }

    /// With the operation that made it.
    pub fn with_scope(mut self, scope: RddOperationScope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Whether any partition of it is cached.
    pub fn is_cached(&self) -> bool {
        (self.mem_size > 0 || self.disk_size > 0) && self.num_cached_partitions > 0
    }
}

fn determinate() -> String {
    "DETERMINATE".to_string()
}

fn scope_to_text<S: Serializer>(scope: &Option<RddOperationScope>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = serde_json::to_string(scope).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

fn scope_from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RddOperationScope>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    // A scope that does not parse costs a box in a drawing, not the event.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

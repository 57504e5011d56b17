//! Databases.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A database (Spark's `CatalogDatabase`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogDatabase {
    /// Name, in lower case.
    pub name: String,
    /// Comment, may be empty.
    pub description: String,
    /// Folder, as `file:/…`.
    pub location: String,
    /// `DBPROPERTIES`.
    pub properties: BTreeMap<String, String>,
}

impl CatalogDatabase {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "name": self.name, "description": self.description, "location": self.location,
            "properties": self.properties,
        })
    }

    pub(super) fn from_json(value: &Value) -> Option<CatalogDatabase> {
        Some(CatalogDatabase {
            name: value.get("name")?.as_str()?.to_string(),
            description: value.get("description")?.as_str()?.to_string(),
            location: value.get("location")?.as_str()?.to_string(),
            properties: super::table::string_map(value.get("properties")?)?,
        })
    }
}

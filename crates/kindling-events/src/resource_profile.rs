//! What a resource profile asks for.

use serde::{Deserialize, Serialize};

/// A resource of an executor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecutorResourceRequest {
    /// `cores`, `memory`, `offHeap`, …
    #[serde(rename = "Resource Name")]
    pub resource_name: String,
    /// How much (MiB for memory).
    #[serde(rename = "Amount")]
    pub amount: i64,
    /// Discovery script.
    #[serde(rename = "Discovery Script")]
    pub discovery_script: String,
    /// Vendor.
    #[serde(rename = "Vendor")]
    pub vendor: String,
}

/// A resource of a task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskResourceRequest {
    /// `cpus`, …
    #[serde(rename = "Resource Name")]
    pub resource_name: String,
    /// How much.
    #[serde(rename = "Amount")]
    pub amount: f64,
}

//! Executors and their memory metrics.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};

/// What an executor brings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ExecutorInfo {
    /// Host.
    #[serde(rename = "Host", default)]
    pub host: String,
    /// Threads.
    #[serde(rename = "Total Cores", default)]
    pub total_cores: i32,
    /// Logs by name.
    #[serde(rename = "Log Urls", default)]
    pub log_urls: BTreeMap<String, String>,
    /// Attributes.
    #[serde(rename = "Attributes", default)]
    pub attributes: BTreeMap<String, String>,
    /// Resources beyond cores and memory.
    #[serde(rename = "Resources", default)]
    pub resources: BTreeMap<String, serde_json::Value>,
    /// Resource profile.
    #[serde(rename = "Resource Profile Id", default)]
    pub resource_profile_id: i32,
    /// When it registered.
    #[serde(rename = "Registration Time", default, skip_serializing_if = "Option::is_none")]
    pub registration_time: Option<i64>,
    /// When it was asked for.
    #[serde(rename = "Request Time", default, skip_serializing_if = "Option::is_none")]
    pub request_time: Option<i64>,
}

/// Peak values of an executor's metrics, in the order of `ExecutorMetricType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExecutorMetrics {
    values: [i64; ExecutorMetrics::NAMES.len()],
}

impl ExecutorMetrics {
    /// Names, in Spark's order.
    pub const NAMES: [&'static str; 23] = [
        "JVMHeapMemory",
        "JVMOffHeapMemory",
        "OnHeapExecutionMemory",
        "OffHeapExecutionMemory",
        "OnHeapStorageMemory",
        "OffHeapStorageMemory",
        "OnHeapUnifiedMemory",
        "OffHeapUnifiedMemory",
        "DirectPoolMemory",
        "MappedPoolMemory",
        "ProcessTreeJVMVMemory",
        "ProcessTreeJVMRSSMemory",
        "ProcessTreePythonVMemory",
        "ProcessTreePythonRSSMemory",
        "ProcessTreeOtherVMemory",
        "ProcessTreeOtherRSSMemory",
        "MinorGCCount",
        "MinorGCTime",
        "MajorGCCount",
        "MajorGCTime",
        "TotalGCTime",
        "ConcurrentGCCount",
        "ConcurrentGCTime",
    ];

    /// The value of a metric; 0 for an unknown name.
    pub fn get(&self, name: &str) -> i64 {
        Self::position(name).and_then(|at| self.values.get(at).copied()).unwrap_or(0)
    }

    /// Sets the value of a metric; unknown names are ignored.
    pub fn set(&mut self, name: &str, value: i64) {
        if let Some(slot) = Self::position(name).and_then(|at| self.values.get_mut(at)) {
            *slot = value;
        }
    }

    /// Keeps the greater of both for each metric.
    pub fn compare_and_update_peaks(&mut self, other: &ExecutorMetrics) {
        for (slot, value) in self.values.iter_mut().zip(other.values) {
            *slot = (*slot).max(value);
        }
    }

    /// Whether nothing was measured.
    pub fn is_zero(&self) -> bool {
        self.values.iter().all(|value| *value == 0)
    }

    fn position(name: &str) -> Option<usize> {
        Self::NAMES.iter().position(|known| *known == name)
    }
}

impl Serialize for ExecutorMetrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Self::NAMES.len()))?;
        for (name, value) in Self::NAMES.iter().zip(self.values) {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ExecutorMetrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = ExecutorMetrics;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("executor metrics")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ExecutorMetrics, A::Error> {
                let mut out = ExecutorMetrics::default();
                while let Some(name) = map.next_key::<String>()? {
                    if ExecutorMetrics::position(&name).is_some() {
                        out.set(&name, map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(out)
            }
        }
        deserializer.deserialize_map(Names)
    }
}

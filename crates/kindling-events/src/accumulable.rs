//! `AccumulableInfo`: what a task added to an accumulator, SQL metrics among them.

use serde::{Deserialize, Serialize};

use crate::AccumulatorId;

/// The value of an accumulator as the event log has it: task metrics are numbers, everything else is text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AccumValue {
    /// A number.
    Long(i64),
    /// Text; a SQL metric's number is text too.
    Text(String),
    /// Anything else (updated block statuses).
    Other(serde_json::Value),
}

impl AccumValue {
    /// The number it stands for, if it stands for one.
    pub fn as_long(&self) -> Option<i64> {
        match self {
            AccumValue::Long(value) => Some(*value),
            AccumValue::Text(text) => text.parse().ok(),
            AccumValue::Other(_) => None,
        }
    }

    /// As text.
    pub fn as_text(&self) -> String {
        match self {
            AccumValue::Long(value) => value.to_string(),
            AccumValue::Text(text) => text.clone(),
            AccumValue::Other(value) => value.to_string(),
        }
    }
}

/// One accumulator's update in a task, or its value in a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccumulableInfo {
    /// Accumulator.
    #[serde(rename = "ID")]
    pub id: AccumulatorId,
    /// Name, if it has one.
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What one task added.
    #[serde(rename = "Update", default, skip_serializing_if = "Option::is_none")]
    pub update: Option<AccumValue>,
    /// The value so far.
    #[serde(rename = "Value", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<AccumValue>,
    /// Whether Spark itself made it.
    #[serde(rename = "Internal", default)]
    pub internal: bool,
    /// Whether failed tasks count.
    #[serde(rename = "Count Failed Values", default)]
    pub count_failed_values: bool,
    /// `sql` for SQL metrics.
    #[serde(rename = "Metadata", default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

impl AccumulableInfo {
    /// A task's update of a SQL metric; the scheduler or the bus need not know the running total.
    pub fn sql_metric(id: AccumulatorId, name: &str, update: i64) -> Self {
        AccumulableInfo {
            id,
            name: Some(name.to_string()),
            update: Some(AccumValue::Text(update.to_string())),
            value: None,
            internal: true,
            count_failed_values: true,
            metadata: Some("sql".to_string()),
        }
    }
}

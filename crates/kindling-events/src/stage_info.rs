//! `StageInfo`.

use serde::{Deserialize, Serialize};

use crate::{AccumulableInfo, RddInfo, StageAttempt, StageId};

/// One attempt of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageInfo {
    /// Stage.
    #[serde(rename = "Stage ID")]
    pub stage_id: StageId,
    /// Attempt, from zero.
    #[serde(rename = "Stage Attempt ID", default)]
    pub attempt: i32,
    /// Name: the call site, `collect at cell 2, line 7`.
    #[serde(rename = "Stage Name", default)]
    pub name: String,
    /// Tasks of this attempt.
    #[serde(rename = "Number of Tasks", default)]
    pub num_tasks: i32,
    /// The lineage inside the stage.
    #[serde(rename = "RDD Info", default)]
    pub rdd_infos: Vec<RddInfo>,
    /// Parent stages.
    #[serde(rename = "Parent IDs", default)]
    pub parent_ids: Vec<StageId>,
    /// The call stack.
    #[serde(rename = "Details", default)]
    pub details: String,
    /// When its task set was submitted.
    #[serde(rename = "Submission Time", default, skip_serializing_if = "Option::is_none")]
    pub submission_time: Option<i64>,
    /// When it ended.
    #[serde(rename = "Completion Time", default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<i64>,
    /// Why it failed.
    #[serde(rename = "Failure Reason", default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// Accumulators at its end.
    #[serde(rename = "Accumulables", default)]
    pub accumulables: Vec<AccumulableInfo>,
    /// Resource profile.
    #[serde(rename = "Resource Profile Id", default)]
    pub resource_profile_id: i32,
    /// Push-based shuffle.
    #[serde(rename = "Shuffle Push Enabled", default)]
    pub shuffle_push_enabled: bool,
    /// Mergers of a push-based shuffle.
    #[serde(rename = "Shuffle Push Mergers Count", default)]
    pub shuffle_push_mergers_count: i32,
}

impl StageInfo {
    /// A stage attempt that has not started.
    pub fn new(stage_id: StageId, attempt: i32, name: impl Into<String>, num_tasks: i32) -> Self {
        StageInfo {
            stage_id,
            attempt,
            name: name.into(),
            num_tasks,
            rdd_infos: vec![],
            parent_ids: vec![],
            details: String::new(),
            submission_time: None,
            completion_time: None,
            failure_reason: None,
            accumulables: vec![],
            resource_profile_id: 0,
            shuffle_push_enabled: false,
            shuffle_push_mergers_count: 0,
        }
    }

    /// Stage and attempt.
    pub fn key(&self) -> StageAttempt {
        StageAttempt { stage_id: self.stage_id, attempt: self.attempt }
    }
}

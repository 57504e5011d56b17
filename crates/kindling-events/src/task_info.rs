//! `TaskInfo`: one task attempt.

use serde::{Deserialize, Serialize};

use crate::{AccumulableInfo, ExecutorId, TaskId};

/// How near a task runs to its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskLocality {
    /// In the executor that holds it.
    ProcessLocal,
    /// On the same machine, in another executor.
    NodeLocal,
    /// It has no preference.
    NoPref,
    /// In the same rack.
    RackLocal,
    /// Anywhere.
    #[default]
    #[serde(other)]
    Any,
}

impl TaskLocality {
    /// As Spark writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskLocality::ProcessLocal => "PROCESS_LOCAL",
            TaskLocality::NodeLocal => "NODE_LOCAL",
            TaskLocality::NoPref => "NO_PREF",
            TaskLocality::RackLocal => "RACK_LOCAL",
            TaskLocality::Any => "ANY",
        }
    }
}

/// One task attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskInfo {
    /// Task attempt.
    #[serde(rename = "Task ID")]
    pub task_id: TaskId,
    /// Index in its task set.
    #[serde(rename = "Index")]
    pub index: i32,
    /// Attempt of this index, from zero.
    #[serde(rename = "Attempt", default)]
    pub attempt: i32,
    /// Partition of the RDD; -1 in logs of old versions.
    #[serde(rename = "Partition ID", default = "unknown_partition")]
    pub partition_id: i32,
    /// When it was launched.
    #[serde(rename = "Launch Time")]
    pub launch_time: i64,
    /// Where it runs.
    #[serde(rename = "Executor ID")]
    pub executor_id: ExecutorId,
    /// Host of that executor.
    #[serde(rename = "Host", default)]
    pub host: String,
    /// Locality.
    #[serde(rename = "Locality", default)]
    pub locality: TaskLocality,
    /// Whether it is a speculative copy.
    #[serde(rename = "Speculative", default)]
    pub speculative: bool,
    /// When its result began to be fetched; 0 if it was sent along.
    #[serde(rename = "Getting Result Time", default)]
    pub getting_result_time: i64,
    /// When it ended; 0 while it runs.
    #[serde(rename = "Finish Time", default)]
    pub finish_time: i64,
    /// Whether it failed.
    #[serde(rename = "Failed", default)]
    pub failed: bool,
    /// Whether it was killed.
    #[serde(rename = "Killed", default)]
    pub killed: bool,
    /// Its accumulator updates.
    #[serde(rename = "Accumulables", default)]
    pub accumulables: Vec<AccumulableInfo>,
}

fn unknown_partition() -> i32 {
    -1
}

impl TaskInfo {
    /// `RUNNING`, `GET RESULT`, `FAILED`, `KILLED` or `SUCCESS` (`TaskInfo.status`).
    pub fn status(&self) -> &'static str {
        if self.finish_time == 0 {
            if self.getting_result_time == 0 { "RUNNING" } else { "GET RESULT" }
        } else if self.failed {
            "FAILED"
        } else if self.killed {
            "KILLED"
        } else {
            "SUCCESS"
        }
    }
}

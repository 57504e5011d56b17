//! A running job (`ActiveJob`).

use std::collections::{BTreeMap, BTreeSet};

use kindling_events::{JobId, StageId};

/// A job that has not ended.
#[derive(Debug)]
pub(crate) struct ActiveJob {
    pub id: JobId,
    pub final_stage: StageId,
    /// Partitions of the final stage to compute, by output id; one pseudo output for a map-stage job.
    pub partitions: Vec<i32>,
    pub finished: Vec<bool>,
    pub num_finished: usize,
    /// All its stages, shared ones included.
    pub stages: BTreeSet<StageId>,
    pub properties: BTreeMap<String, String>,
}

impl ActiveJob {
    pub fn has_tag(&self, tag: &str) -> bool {
        self.properties.get("spark.job.tags").is_some_and(|tags| tags.split(',').any(|own| own == tag))
    }

    pub fn is_in_group(&self, group: &str) -> bool {
        self.properties.get("spark.jobGroup.id").is_some_and(|own| own == group)
    }
}

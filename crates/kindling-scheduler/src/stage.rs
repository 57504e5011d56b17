//! A stage (`Stage`, `ShuffleMapStage`, `ResultStage`): the tasks between two shuffles.

use std::collections::BTreeSet;

use kindling_events::{AccumValue, AccumulableInfo, JobId, ShuffleId, StageId, StageInfo};

use crate::StageSpec;

/// What a stage's output is for.
#[derive(Debug)]
pub(crate) enum StageKind {
    /// It writes map outputs of a shuffle; any number of jobs may share it.
    ShuffleMap {
        shuffle_id: ShuffleId,
        /// Partitions that the running attempt has not delivered yet.
        pending: BTreeSet<i32>,
        /// Jobs that wait for nothing but this stage.
        map_stage_jobs: Vec<JobId>,
    },
    /// It computes the outputs of one job.
    Result { job_id: JobId },
}

/// A stage. It lives as long as a job needs it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub id: StageId,
    pub kind: StageKind,
    pub spec: StageSpec,
    pub parents: Vec<StageId>,
    pub first_job: JobId,
    pub jobs: BTreeSet<JobId>,
    pub next_attempt: i32,
    /// Attempts that failed to fetch, since the last that succeeded.
    pub failed_attempts: BTreeSet<i32>,
    pub latest_info: StageInfo,
}

impl Stage {
    pub fn new(id: StageId, kind: StageKind, spec: StageSpec, parents: Vec<StageId>, first_job: JobId) -> Self {
        let latest_info = Self::info(id, 0, &spec, &parents, spec.num_partitions);
        Stage {
            id,
            kind,
            spec,
            parents,
            first_job,
            jobs: BTreeSet::new(),
            next_attempt: 0,
            failed_attempts: BTreeSet::new(),
            latest_info,
        }
    }

    pub fn make_new_attempt(&mut self, num_tasks: i32) {
        self.latest_info = Self::info(self.id, self.next_attempt, &self.spec, &self.parents, num_tasks);
        self.next_attempt += 1;
    }

    fn info(id: StageId, attempt: i32, spec: &StageSpec, parents: &[StageId], num_tasks: i32) -> StageInfo {
        let mut info = StageInfo::new(id, attempt, spec.name.clone(), num_tasks);
        info.rdd_infos = spec.rdd_infos.clone();
        info.parent_ids = parents.to_vec();
        info.details = spec.details.clone();
        info
    }

    pub fn shuffle_id(&self) -> Option<ShuffleId> {
        match &self.kind {
            StageKind::ShuffleMap { shuffle_id, .. } => Some(*shuffle_id),
            StageKind::Result { .. } => None,
        }
    }

    /// Adds a task's updates to the stage's accumulators and gives them back with the running totals.
    pub fn update_accumulators(&mut self, updates: Vec<AccumulableInfo>) -> Vec<AccumulableInfo> {
        let totals = &mut self.latest_info.accumulables;
        updates
            .into_iter()
            .map(|mut update| {
                let added = update.update.as_ref().and_then(AccumValue::as_long).unwrap_or(0);
                let as_text = !matches!(update.update, Some(AccumValue::Long(_)));
                let at = match totals.iter().position(|total| total.id == update.id) {
                    Some(at) => at,
                    None => {
                        totals.push(AccumulableInfo { update: None, value: None, ..update.clone() });
                        totals.len() - 1
                    }
                };
                if let Some(total) = totals.get_mut(at) {
                    let sum = total.value.as_ref().and_then(AccumValue::as_long).unwrap_or(0) + added;
                    let value = if as_text { AccumValue::Text(sum.to_string()) } else { AccumValue::Long(sum) };
                    total.value = Some(value.clone());
                    update.value = Some(value);
                }
                update
            })
            .collect()
    }
}

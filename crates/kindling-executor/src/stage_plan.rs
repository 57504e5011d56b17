//! What a `PlanHandle` stands for: the plan of a stage and what becomes of its rows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use datafusion::{
    error::Result,
    execution::{config::SessionConfig, runtime_env::RuntimeEnv},
    physical_expr::LexOrdering,
    physical_plan::{ExecutionPlan, execution_plan::reset_plan_states},
};
use kindling_events::{ExecutorId, StageAttempt};
use kindling_physical::{RangeBounds, ShufflePartitioning};

use crate::{sql_metrics::StageMetrics, sync::lock};

/// What a task does with the rows of its partition.
#[derive(Debug, Clone)]
pub enum TaskSink {
    /// Writes them as blocks of a shuffle.
    ShuffleWrite {
        /// The shuffle.
        shuffle_id: i32,
        /// By what.
        partitioning: ShufflePartitioning,
        /// Bounds of a range partitioning.
        bounds: Option<RangeBounds>,
    },
    /// Returns them to the driver.
    Collect,
    /// Samples their sort keys.
    Sample {
        /// The keys.
        ordering: LexOrdering,
        /// Keys to keep.
        capacity: usize,
    },
}

/// The plan of one stage.
pub struct StagePlan {
    /// The pipeline, with reads in place of exchanges.
    pub exec: Arc<dyn ExecutionPlan>,
    /// What becomes of the rows.
    pub sink: TaskSink,
    /// Session settings of the query.
    pub session: SessionConfig,
    /// Object stores and caches of the session.
    pub runtime: Arc<RuntimeEnv>,
    /// SQL metrics that tasks report.
    pub metrics: StageMetrics,
    /// Whether tasks of an executor share one copy: the hash table of a broadcast join is built once.
    pub share: bool,
    copies: Mutex<HashMap<(StageAttempt, ExecutorId), Arc<dyn ExecutionPlan>>>,
}

impl StagePlan {
    /// A stage's plan.
    pub fn new(
        exec: Arc<dyn ExecutionPlan>,
        sink: TaskSink,
        session: SessionConfig,
        runtime: Arc<RuntimeEnv>,
        metrics: StageMetrics,
        share: bool,
    ) -> StagePlan {
        StagePlan { exec, sink, session, runtime, metrics, share, copies: Mutex::new(HashMap::new()) }
    }

    /// The copy of the plan that a task attempt runs. Operators hold state, so tasks get their own; where they
    /// share one, a retried task still does not, since the state may be what failed.
    pub fn instance(&self, stage: StageAttempt, executor: &ExecutorId, attempt: i32) -> Result<Arc<dyn ExecutionPlan>> {
        if !self.share || attempt > 0 {
            return reset_plan_states(Arc::clone(&self.exec));
        }
        let mut copies = lock(&self.copies);
        if let Some(copy) = copies.get(&(stage, executor.clone())) {
            return Ok(Arc::clone(copy));
        }
        let copy = reset_plan_states(Arc::clone(&self.exec))?;
        copies.insert((stage, executor.clone()), Arc::clone(&copy));
        Ok(copy)
    }
}

impl std::fmt::Debug for StagePlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StagePlan").field("sink", &self.sink).finish_non_exhaustive()
    }
}

//! Runs the jobs that commands and planning ask for: rows to be collected, rows to be written.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use kindling_common::{SparkError, SparkResult};
use kindling_datasource::{BucketBy, DataWritingExec, FileFormat, SourceOptions, WriteJob, WriteRequest};
use kindling_executor::{CancelToken, Engine};
use kindling_physical::{CacheLevel, CachedRelation, PreparedPlan};
use kindling_plan::{
    AnalyzedPlan, CacheStore, QueryRunner, SessionState,
    command::{CommandRunner, FileWrite},
};
use kindling_spec::{ExplainMode, Plan};
use uuid::Uuid;

use crate::query::QueryRun;

/// Runs the queries that planning itself needs.
#[derive(Debug)]
pub(crate) struct PlanningRunner {
    /// What runs them.
    pub engine: Arc<Engine>,
}

impl QueryRunner for PlanningRunner {
    fn collect(&self, state: &SessionState, plan: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>> {
        let run = QueryRun { engine: &self.engine, state, tags: &[], cancel: CancelToken::new(), observed: None };
        run.collect_analyzed(plan)
    }
}

/// Keeps cached rows as blocks of the engine.
#[derive(Debug)]
pub(crate) struct EngineCache(pub Arc<Engine>);

impl CacheStore for EngineCache {
    fn cache(&self, name: String, level: CacheLevel, plan: PreparedPlan) -> Arc<CachedRelation> {
        self.0.cache(name, level, plan)
    }

    fn unpersist(&self, relation: &CachedRelation) {
        self.0.unpersist(relation);
    }

    fn is_loaded(&self, relation: &CachedRelation) -> bool {
        self.0.num_cached_partitions(relation) == relation.num_partitions()
    }
}

impl CommandRunner for QueryRun<'_> {
    fn collect(&self, _: &SessionState, plan: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>> {
        self.collect_analyzed(plan)
    }

    fn write(&self, state: &SessionState, plan: &AnalyzedPlan, write: &FileWrite) -> SparkResult<()> {
        let mut options = SourceOptions::new(&write.options);
        if write.dynamic_overwrite {
            let dynamic = ("partitionOverwriteMode".to_string(), "dynamic".to_string());
            options = SourceOptions::new(write.options.clone().into_iter().chain([dynamic]));
        }
        let request = WriteRequest {
            format: FileFormat::find(&write.format)?,
            path: write.path.clone(),
            mode: write.mode,
            options,
            partition_by: write.partition_columns.clone(),
            bucket_by: write.bucket_spec.as_ref().map(|spec| BucketBy {
                num_buckets: spec.num_buckets,
                columns: spec.columns.clone(),
                hash: kindling_functions::spark_hash::spark_hash,
            }),
            schema: plan.schema(),
            job_uuid: Uuid::new_v4().to_string(),
            conf: state.conf.read().clone(),
        };
        let Some(job) = WriteJob::prepare(Arc::clone(&state.file_system), &request)? else {
            return Ok(());
        };
        let job = Arc::new(job);
        let optimized = kindling_plan::optimize(state, plan)?;
        let writing = Arc::clone(&job);
        let prepared = kindling_plan::create_write_plan(state, &optimized, &move |input| {
            Arc::new(DataWritingExec::new(input, Arc::clone(&writing)))
        })?;
        job.setup()?;
        let mut messages = vec![];
        let result = self.run_prepared(prepared, &mut |batch| {
            messages.extend(DataWritingExec::messages(batch)?);
            Ok(())
        });
        match result.and_then(|()| job.commit(&messages)) {
            Ok(_) => Ok(()),
            Err(error) => {
                // The first error is the one to show; what cannot be removed is below `_temporary`.
                drop(job.abort());
                Err(error)
            }
        }
    }

    fn explain(&self, state: &SessionState, plan: &Plan, mode: ExplainMode) -> SparkResult<String> {
        match plan {
            Plan::Relation(relation) => kindling_plan::explain(state, relation, mode),
            Plan::Command(_) => Err(SparkError::unsupported("EXPLAIN of a command")),
        }
    }
}

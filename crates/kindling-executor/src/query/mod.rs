//! `run_query`: one query from its plan to its rows, on the caller's thread.
//!
//! ```text
//! subqueries ─► broadcasts, shuffles (adaptive: a job each, re-planned in between) ─► the last job ─► sink
//! ```

mod adaptive;
mod collect;
mod context;
mod describe;
mod jobs;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::execution::{config::SessionConfig, runtime_env::RuntimeEnv};
use kindling_common::{RuntimeConfig, SparkResult};
use kindling_events::ExecutionId;
use kindling_physical::{PhysicalConf, PreparedPlan};

use crate::engine::Engine;
use context::QueryContext;

/// Takes the rows of a query, in partition order.
pub trait ResultSink {
    /// The columns, before any row.
    fn schema(&mut self, schema: SchemaRef) -> SparkResult<()>;

    /// Rows of the next partition.
    fn batches(&mut self, partition: usize, batches: Vec<RecordBatch>) -> SparkResult<()>;
}

/// Keeps all rows.
impl ResultSink for Vec<RecordBatch> {
    fn schema(&mut self, _: SchemaRef) -> SparkResult<()> {
        Ok(())
    }

    fn batches(&mut self, _: usize, batches: Vec<RecordBatch>) -> SparkResult<()> {
        self.extend(batches);
        Ok(())
    }
}

/// Set by whoever wants a query to stop.
#[derive(Clone, Default)]
pub struct CancelToken {
    flag: Arc<AtomicBool>,
    poll: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl CancelToken {
    /// A token that is not set.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// A token that also asks `poll`, which a shell uses for an interrupt flag in shared memory.
    pub fn with_poll(poll: Arc<dyn Fn() -> bool + Send + Sync>) -> CancelToken {
        CancelToken { flag: Arc::default(), poll: Some(poll) }
    }

    /// Asks the query to stop.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::SeqCst);
    }

    /// Whether it is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::SeqCst) || self.poll.as_ref().is_some_and(|poll| poll())
    }
}

impl std::fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CancelToken({})", self.flag.load(Ordering::SeqCst))
    }
}

/// How rows come to the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CollectMode {
    /// `executeCollect`: a limit at the root takes a few partitions at a time, a top-k is merged by the driver.
    #[default]
    Collect,
    /// `execute`: the root runs as one job with all its partitions.
    Execute,
}

/// A query to run.
#[derive(Debug, Clone)]
pub struct QueryRun {
    /// Its plan.
    pub plan: PreparedPlan,
    /// Configuration of its session.
    pub config: RuntimeConfig,
    /// What the UI calls it, `spark.job.description`.
    pub description: String,
    /// Where it was called.
    pub call_site: String,
    /// Its job group, for interrupts.
    pub job_group: Option<String>,
    /// Its tags, for interrupts.
    pub tags: Vec<String>,
    /// Further job properties (`spark.scheduler.pool`).
    pub properties: BTreeMap<String, String>,
    /// Text of the plans above the physical one, which `SparkListenerSQLExecutionStart` carries in front of it.
    pub logical_text: String,
    /// DataFusion's session settings.
    pub session: SessionConfig,
    /// Object stores and caches of the session.
    pub runtime: Arc<RuntimeEnv>,
    /// Stops it.
    pub cancel: CancelToken,
    /// How rows come back.
    pub mode: CollectMode,
    /// Whether the query is an execution of its own, with start and end events.
    pub announce: bool,
}

impl QueryRun {
    /// A query with nothing but its plan.
    pub fn new(plan: PreparedPlan, config: RuntimeConfig, session: SessionConfig, runtime: Arc<RuntimeEnv>) -> Self {
        QueryRun {
            plan,
            config,
            description: String::new(),
            call_site: String::new(),
            job_group: None,
            tags: vec![],
            properties: BTreeMap::new(),
            logical_text: String::new(),
            session,
            runtime,
            cancel: CancelToken::new(),
            mode: CollectMode::Collect,
            announce: true,
        }
    }
}

/// What a query did.
#[derive(Debug, Clone)]
pub struct QuerySummary {
    /// Its SQL execution, if it was one.
    pub execution_id: Option<ExecutionId>,
    /// Its plan as it was in the end.
    pub plan: Arc<dyn datafusion::physical_plan::ExecutionPlan>,
    /// Rows given to the sink.
    pub rows: u64,
}

/// Runs a query to its end. Blocks the caller's thread, which meanwhile delivers listener events and looks for an interrupt.
pub fn run_query(engine: &Arc<Engine>, run: QueryRun, sink: &mut dyn ResultSink) -> SparkResult<QuerySummary> {
    let conf = PhysicalConf::new(&run.config, engine.total_cores());
    let mut context = QueryContext::new(engine, run, conf);
    context.start();
    let result = context.run(sink);
    context.end(&result);
    result
}

//! One Spark session, and the three steps of planning a query in it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow::array::RecordBatch;
use datafusion::{
    execution::{SessionStateBuilder, config::SessionConfig},
    logical_expr::LogicalPlan,
};
use kindling_common::{Clock, ExceptionClass, RuntimeConfig, SparkError, SparkResult, conf};
use kindling_datasource::{FileSystem, InferredSchemas};
use kindling_functions::{SessionTimeZone, error::from_datafusion};
use kindling_physical::PreparedPlan;
use kindling_spec::{Expr, Plan, Relation};
use parking_lot::RwLock;

use crate::{
    AnalyzedPlan,
    cache::CacheManager,
    catalog::{GlobalTempViews, SessionCatalog},
    decorrelate::{decorrelate, has_subqueries, is_simple},
    optimizer, physical,
    resolver::{Resolver, Untrimmed},
    variable::{ScriptScope, SessionVariables},
};

/// Runs queries that planning itself needs, such as the distinct values of a pivot column.
pub trait QueryRunner: Send + Sync {
    /// The rows of a plan, with its columns.
    fn collect(&self, state: &SessionState, plan: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>>;
}

/// A Spark session as planning needs it.
pub struct SessionState {
    /// Configuration.
    pub conf: RwLock<RuntimeConfig>,
    /// Views and tables.
    pub catalog: SessionCatalog,
    /// Where paths lead.
    pub file_system: Arc<dyn FileSystem>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// DataFrames kept on the server (checkpoints), by id.
    pub remote_relations: RwLock<BTreeMap<String, AnalyzedPlan>>,
    /// Arrow IPC streams and schemas that the client uploaded, by hash.
    pub cached_artifacts: RwLock<BTreeMap<String, Arc<[u8]>>>,
    /// Session variables.
    pub variables: RwLock<SessionVariables>,
    /// Variables of the script that runs, block by block, the innermost last.
    pub script_scopes: RwLock<Vec<ScriptScope>>,
    /// Cached queries, the application's.
    pub cache: Arc<CacheManager>,
    /// What runs the queries of planning; the service sets it.
    pub query_runner: RwLock<Option<Arc<dyn QueryRunner>>>,
    /// Where in the user's code the next query comes from, in the short form that Spark's UI shows.
    pub call_site: RwLock<String>,
    /// Schemas of files that this session read.
    pub inferred_schemas: Arc<InferredSchemas>,
    next_id: AtomicU64,
    context: datafusion::execution::SessionState,
}

impl std::fmt::Debug for SessionState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionState").field("conf", &self.conf).field("catalog", &self.catalog).finish_non_exhaustive()
    }
}

impl SessionState {
    /// A session with default configuration and global views of its own.
    pub fn new(file_system: Arc<dyn FileSystem>, clock: Arc<dyn Clock>) -> SessionState {
        SessionState::with_conf(file_system, clock, RuntimeConfig::default(), Arc::default(), Arc::default())
    }

    /// A session with an application's configuration, global views and cached queries.
    pub fn with_conf(
        file_system: Arc<dyn FileSystem>,
        clock: Arc<dyn Clock>,
        values: RuntimeConfig,
        global_temp_views: Arc<GlobalTempViews>,
        cache: Arc<CacheManager>,
    ) -> SessionState {
        let warehouse = values.value(&conf::WAREHOUSE_DIR).to_string();
        SessionState {
            conf: RwLock::new(values),
            catalog: SessionCatalog::new(Arc::clone(&file_system), &warehouse, global_temp_views),
            file_system,
            clock,
            remote_relations: RwLock::new(BTreeMap::new()),
            cached_artifacts: RwLock::new(BTreeMap::new()),
            variables: RwLock::default(),
            script_scopes: RwLock::default(),
            cache,
            query_runner: RwLock::new(None),
            call_site: RwLock::default(),
            inferred_schemas: Arc::default(),
            next_id: AtomicU64::new(0),
            context: datafusion_state(),
        }
    }

    /// An id that no column or expression of this session has.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Microseconds since the epoch.
    pub(crate) fn now_micros(&self) -> i64 {
        self.clock.now_millis().saturating_mul(1000)
    }

    /// A number that is another each time, for seeds that the user leaves out.
    pub(crate) fn random_seed(&self) -> u64 {
        let mixed =
            (self.clock.monotonic_nanos() as u64).wrapping_add(self.next_id().wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (mixed ^ (mixed >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    /// Runs a query that planning needs.
    pub(crate) fn collect(&self, plan: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>> {
        let runner = self.query_runner.read().clone();
        match runner {
            Some(runner) => runner.collect(self, plan),
            None => Err(SparkError::unsupported("a query during analysis")),
        }
    }

    /// DataFusion's session, for planners and task contexts.
    pub fn datafusion(&self) -> &datafusion::execution::SessionState {
        &self.context
    }

    /// `spark.default.parallelism`, or the cores of all executors.
    pub fn default_parallelism(&self) -> usize {
        default_parallelism(&self.conf.read())
    }
}

/// `spark.default.parallelism`, or the cores of all executors.
pub(crate) fn default_parallelism(values: &RuntimeConfig) -> usize {
    let set = values.value(&conf::DEFAULT_PARALLELISM).trim().parse::<usize>().ok();
    let cores = values.integer(&conf::EXECUTOR_INSTANCES).max(1) * values.integer(&conf::EXECUTOR_CORES).max(1);
    set.filter(|n| *n > 0).unwrap_or(cores.max(1) as usize)
}

/// DataFusion's configuration: enough partitions that hash aggregates come out partial and final and joins
/// partitioned. How many there really are is decided where Spark's exchanges are placed.
fn datafusion_state() -> datafusion::execution::SessionState {
    let mut config = SessionConfig::new()
        .with_target_partitions(4)
        .with_repartition_file_scans(false)
        .with_repartition_joins(true)
        .with_repartition_aggregations(true)
        .with_repartition_windows(true)
        .with_round_robin_repartition(false)
        .with_information_schema(false);
    let options = config.options_mut();
    options.execution.skip_physical_aggregate_schema_check = true;
    options.optimizer.enable_dynamic_filter_pushdown = false;
    options.optimizer.skip_failed_rules = false;
    SessionStateBuilder::new()
        .with_config(config)
        .with_analyzer_rules(vec![])
        .with_optimizer_rules(optimizer::rules())
        .with_physical_optimizer_rules(kindling_physical::optimizer_rules())
        .build()
}

/// Sets a key as a user does (`RuntimeConfig::set_checked`). A time zone that is none would fail every query after it.
pub fn set_conf(values: &mut RuntimeConfig, key: &str, value: &str) -> SparkResult<()> {
    if key == conf::SESSION_TIME_ZONE.key && SessionTimeZone::find(value).is_none() {
        return Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_CONF_VALUE.TIME_ZONE")
            .param("confName", format!("\"{key}\""))
            .param("confValue", value));
    }
    values.set_checked(key, value)
}

/// Parses a SQL text with the session's settings and its arguments.
pub fn parse_sql(
    state: &SessionState,
    query: &str,
    named: &BTreeMap<String, Expr>,
    positional: &[Expr],
) -> SparkResult<Plan> {
    Resolver::new(state)?.parse_sql(query, named, positional)
}

/// Resolves a relation.
pub fn analyze(state: &SessionState, relation: &Relation) -> SparkResult<AnalyzedPlan> {
    Resolver::new(state)?.analyze(relation)
}

/// Resolves a relation as a part of other queries, to look for it among the cached ones.
pub(crate) fn analyze_part(state: &SessionState, relation: &Relation) -> SparkResult<Untrimmed> {
    Resolver::new(state)?.analyze_part(relation)
}

/// Reads what is cached from the cache and optimises. The result has the columns of `plan.output`, in order.
pub fn optimize(state: &SessionState, plan: &AnalyzedPlan) -> SparkResult<LogicalPlan> {
    optimize_plan(state, state.cache.use_cached_data(state, &plan.plan, plan.analyzed_at)?)
}

/// Optimises a plan in which nothing more is to be read from the cache.
pub(crate) fn optimize_plan(state: &SessionState, plan: LogicalPlan) -> SparkResult<LogicalPlan> {
    let context = state.datafusion();
    let run = |plan: LogicalPlan| context.optimizer().optimize(plan, context, |_, _| {});
    if !has_subqueries(&plan) {
        return run(plan).map_err(from_datafusion);
    }
    // DataFusion's rules make the better joins of the common shapes; ours take what those leave.
    if is_simple(&plan)
        && let Ok(optimized) = run(plan.clone())
        && !has_subqueries(&optimized)
    {
        return Ok(optimized);
    }
    decorrelate(state, plan).and_then(run).map_err(from_datafusion)
}

/// Plans an optimised plan physically, with Spark's exchanges in place.
pub fn create_physical_plan(state: &SessionState, plan: &LogicalPlan) -> SparkResult<PreparedPlan> {
    physical::create_physical_plan(state, plan, None)
}

/// The same with an operator above the plan, which takes the rows instead of the driver.
pub fn create_write_plan(
    state: &SessionState,
    plan: &LogicalPlan,
    wrap: physical::WrapPlan<'_>,
) -> SparkResult<PreparedPlan> {
    physical::create_physical_plan(state, plan, Some(wrap))
}

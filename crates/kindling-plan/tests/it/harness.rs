//! Runs a query with DataFusion alone, in one partition.

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    datatypes::{Field, Schema},
    util::pretty::pretty_format_batches,
};
use datafusion::{
    execution::{SessionStateBuilder, config::SessionConfig},
    physical_plan::collect,
    physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner},
};
use kindling_common::{Clock, SparkError, SparkResult};
use kindling_datasource::InMemoryFileSystem;
use kindling_functions::error::from_datafusion;
use kindling_plan::{
    AnalyzedPlan, QueryRunner, SessionState, analyze, catalog::TempView, optimize, physical::SparkPlanner,
};
use kindling_spec::{Plan, Relation};

struct FixedClock;

impl Clock for FixedClock {
    fn now_millis(&self) -> i64 {
        1_700_000_000_000
    }

    fn monotonic_nanos(&self) -> i64 {
        0
    }
}

struct Runner;

impl QueryRunner for Runner {
    fn collect(&self, state: &SessionState, plan: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>> {
        run(state, plan)
    }
}

/// A session with one partition everywhere.
pub fn session() -> SessionState {
    let state = SessionState::new(Arc::new(InMemoryFileSystem::default()), Arc::new(FixedClock));
    state.conf.write().set("spark.default.parallelism", "1");
    *state.query_runner.write() = Some(Arc::new(Runner));
    state
}

/// Parses a query.
pub fn parse(text: &str) -> SparkResult<Relation> {
    match kindling_sql::parse_plan(text)? {
        Plan::Relation(relation) => Ok(relation),
        Plan::Command(_) => Err(SparkError::unsupported("a command in a test of queries")),
    }
}

/// Makes a temporary view of a query.
pub fn view(state: &SessionState, name: &str, query: &str) {
    let view =
        TempView { name: name.into(), query: parse(query).unwrap(), query_text: Some(query.into()), bound: None };
    state.catalog.create_temp_view(view);
}

pub fn run(state: &SessionState, analyzed: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>> {
    let optimized = optimize(state, analyzed)?;
    let mut config = SessionConfig::new().with_target_partitions(1);
    config.options_mut().execution.skip_physical_aggregate_schema_check = true;
    let session = SessionStateBuilder::new().with_config(config).with_analyzer_rules(vec![]).build();
    let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(SparkPlanner::new(state))]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let batches = runtime.block_on(async {
        let plan = planner.create_physical_plan(&optimized, &session).await?;
        collect(plan, session.task_ctx()).await
    });
    batches.map_err(from_datafusion)
}

/// The rows of a relation as a table under the user's names.
pub fn rows(state: &SessionState, relation: &Relation) -> SparkResult<String> {
    let analyzed = analyze(state, relation)?;
    let batches = run(state, &analyzed)?;
    let fields: Vec<Field> = match batches.first() {
        Some(batch) => batch
            .schema()
            .fields()
            .iter()
            .zip(&analyzed.output)
            .map(|(field, attribute)| field.as_ref().clone().with_name(&attribute.name))
            .collect::<Vec<_>>(),
        None => return Ok("no rows".into()),
    };
    let schema = Arc::new(Schema::new(fields));
    let renamed: Vec<RecordBatch> = batches
        .iter()
        .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()).unwrap())
        .collect();
    Ok(pretty_format_batches(&renamed).unwrap().to_string())
}

/// The rows of a query, or its error.
pub fn answer(state: &SessionState, text: &str) -> String {
    match parse(text).and_then(|relation| rows(state, &relation)) {
        Ok(rows) => rows,
        Err(error) => error.message(),
    }
}

/// The schema of a query, or its error.
pub fn schema(state: &SessionState, text: &str) -> String {
    match parse(text).and_then(|relation| analyze(state, &relation)) {
        Ok(analyzed) => analyzed.schema().simple_string(),
        Err(error) => error.message(),
    }
}

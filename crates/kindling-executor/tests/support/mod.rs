//! A small session: DataFusion plans, Spark's rules distribute, the engine runs.

#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::{Arc, Mutex};

use arrow::{
    array::{ArrayRef, RecordBatch},
    datatypes::{DataType, Field, Schema},
    util::display::{ArrayFormatter, FormatOptions},
};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::Result,
    datasource::{MemTable, TableType},
    execution::session_state::SessionStateBuilder,
    logical_expr::{Expr, LogicalPlan},
    physical_expr::expressions::Column,
    physical_plan::{ExecutionPlan, projection::ProjectionExec},
    prelude::{DataFrame, SessionConfig, SessionContext},
};
use kindling_common::{RuntimeConfig, SparkError, SparkResult};
use kindling_events::{ListenerBus, SparkListenerEvent};
use kindling_executor::{Engine, EngineConfig, NativeThreads, QueryRun, SystemClock, run_query};
use kindling_physical::{PhysicalConf, RangeExec, optimizer_rules, prepare};

/// `spark.range`.
#[derive(Debug)]
struct RangeTable {
    name: String,
    n: i64,
    slices: usize,
}

#[async_trait]
impl TableProvider for RangeTable {
    fn schema(&self) -> arrow::datatypes::SchemaRef {
        Arc::new(Schema::new(vec![Field::new(&self.name, DataType::Int64, false)]))
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let range: Arc<dyn ExecutionPlan> = Arc::new(RangeExec::new(self.schema(), 0, self.n, 1, self.slices));
        if projection.is_some_and(Vec::is_empty) {
            let none: Vec<(Arc<dyn datafusion::physical_expr::PhysicalExpr>, String)> = vec![];
            return Ok(Arc::new(ProjectionExec::try_new(none, range)?));
        }
        let _ = Column::new(&self.name, 0);
        Ok(range)
    }
}

/// An engine and a session on it.
pub struct Fixture {
    pub engine: Arc<Engine>,
    pub config: RuntimeConfig,
    pub ctx: SessionContext,
    pub events: Arc<Mutex<Vec<SparkListenerEvent>>>,
}

/// Jobs, and the tasks of each stage that ran, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    pub jobs: usize,
    pub stages: Vec<i32>,
    pub skipped: usize,
}

impl Fixture {
    pub fn new(executors: usize, cores: usize, settings: &[(&str, &str)]) -> Fixture {
        let mut config = RuntimeConfig::default();
        config.set("spark.executor.instances", executors.to_string());
        config.set("spark.executor.cores", cores.to_string());
        for (key, value) in settings {
            config.set(*key, *value);
        }
        let mapper = Arc::new(|error: datafusion::error::DataFusionError| match error.find_root() {
            datafusion::error::DataFusionError::External(inner) if inner.is::<SparkError>() => {
                inner.downcast_ref::<SparkError>().cloned().unwrap()
            }
            _ => SparkError::internal(error.to_string()),
        });
        let bus = Arc::new(ListenerBus::new());
        let events = Arc::new(Mutex::new(vec![]));
        let sink = Arc::clone(&events);
        bus.add_listener(move |event: &SparkListenerEvent| sink.lock().unwrap().push(event.clone()));
        let mut engine_config = EngineConfig::new(&config, mapper);
        engine_config.spill_to_disk = config.get_set("test.spill") != Some("false");
        let engine =
            Engine::new(engine_config, Arc::new(NativeThreads), Arc::new(SystemClock::default()), bus).unwrap();
        let session = SessionConfig::new()
            .with_target_partitions(8)
            .set_bool("datafusion.optimizer.enable_dynamic_filter_pushdown", false);
        let state = SessionStateBuilder::new()
            .with_default_features()
            .with_config(session)
            .with_physical_optimizer_rules(optimizer_rules())
            .build();
        Fixture { engine, config, ctx: SessionContext::new_with_state(state), events }
    }

    pub fn conf(&self) -> PhysicalConf {
        PhysicalConf::new(&self.config, self.engine.total_cores())
    }

    /// Registers `spark.range(n)` over `slices` partitions.
    pub fn range(&self, table: &str, column: &str, n: i64, slices: usize) {
        let provider = RangeTable { name: column.to_string(), n, slices };
        self.ctx.register_table(table, Arc::new(provider)).unwrap();
    }

    /// Registers rows as a table with one partition per batch.
    pub fn table(&self, name: &str, batches: Vec<RecordBatch>) {
        let schema = batches[0].schema();
        let partitions = batches.into_iter().map(|batch| vec![batch]).collect();
        self.ctx.register_table(name, Arc::new(MemTable::try_new(schema, partitions).unwrap())).unwrap();
    }

    pub fn frame(&self, table: &str) -> DataFrame {
        futures::executor::block_on(self.ctx.table(table)).unwrap()
    }

    pub fn run(&self, frame: DataFrame) -> SparkResult<Vec<RecordBatch>> {
        self.run_plan(frame.into_optimized_plan().unwrap())
    }

    pub fn plan(&self, plan: &LogicalPlan) -> kindling_physical::PreparedPlan {
        let state = self.ctx.state();
        let planned = futures::executor::block_on(state.query_planner().create_physical_plan(plan, &state)).unwrap();
        prepare(planned, &self.conf()).unwrap()
    }

    pub fn query(&self, frame: DataFrame) -> QueryRun {
        let plan = self.plan(&frame.into_optimized_plan().unwrap());
        self.query_of(plan)
    }

    pub fn query_of(&self, plan: kindling_physical::PreparedPlan) -> QueryRun {
        let state = self.ctx.state();
        QueryRun::new(plan, self.config.clone(), state.config().clone(), Arc::clone(state.runtime_env()))
    }

    pub fn run_plan(&self, plan: LogicalPlan) -> SparkResult<Vec<RecordBatch>> {
        let mut out: Vec<RecordBatch> = vec![];
        let summary = run_query(&self.engine, self.query_of(self.plan(&plan)), &mut out)?;
        if std::env::var_os("SHOW_PLANS").is_some() {
            println!("{}", datafusion::physical_plan::displayable(summary.plan.as_ref()).indent(false));
        }
        Ok(out)
    }

    pub fn take_events(&self) -> Vec<SparkListenerEvent> {
        self.engine.bus().drain();
        std::mem::take(&mut self.events.lock().unwrap())
    }

    /// The shape of what ran since the last call.
    pub fn shape(&self) -> Shape {
        let mut shape = Shape { jobs: 0, stages: vec![], skipped: 0 };
        let mut announced = 0;
        for event in self.take_events() {
            match event {
                SparkListenerEvent::JobStart(job) => {
                    shape.jobs += 1;
                    announced += job.stage_ids.len();
                }
                SparkListenerEvent::StageSubmitted(stage) => shape.stages.push(stage.stage_info.num_tasks),
                _ => {}
            }
        }
        shape.skipped = announced.saturating_sub(shape.stages.len());
        shape
    }
}

/// The rows of batches as text, in order.
pub fn rows(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let mut out = vec![];
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|c: &ArrayRef| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            out.push(columns.iter().map(|c| c.value(row).to_string()).collect());
        }
    }
    out
}

/// The rows without their order.
pub fn sorted_rows(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let mut out = rows(batches);
    out.sort();
    out
}

//! The state of one running query.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use datafusion::{
    error::{DataFusionError, Result as DfResult},
    physical_plan::{ExecutionPlan, ExecutionPlanProperties},
};
use kindling_common::{SparkError, SparkResult};
use kindling_events::{ExecutionId, ShuffleId, SparkListenerSqlExecutionEnd, SparkListenerSqlExecutionStart};
use kindling_physical::{
    BroadcastExchangeExec, CachedRelation, InMemoryTableScanExec, PhysicalConf, PlanId, PreparedPlan, RangeBounds,
    ScalarSubquery, ShuffleExchangeExec, ShufflePartitioning, error::internal,
};
use kindling_scheduler::{PlanHandle, ShuffleSpec, StageSpec};

use super::{QueryRun, QuerySummary, ResultSink};
use crate::{
    engine::{DriverEvent, Engine, Mailbox},
    lower::{Exchanges, Lowered, lower},
    memory::out_of_memory,
    sql_metrics::{QueryMetrics, StageMetrics},
    stage_plan::{StagePlan, TaskSink},
};

pub(super) type Plan = Arc<dyn ExecutionPlan>;

/// A query and what it has made so far.
pub(super) struct QueryContext {
    pub engine: Arc<Engine>,
    pub run: QueryRun,
    pub conf: PhysicalConf,
    pub mailbox: Arc<Mailbox>,
    pub metrics: QueryMetrics,
    pub execution_id: Option<ExecutionId>,
    pub properties: BTreeMap<String, String>,
    /// Shuffles by exchange.
    pub shuffles: HashMap<PlanId, i32>,
    /// What writes each shuffle.
    pub shuffle_specs: BTreeMap<i32, ShuffleSpec>,
    /// Bounds of range exchanges that have been sampled.
    pub bounds: HashMap<PlanId, RangeBounds>,
    /// Broadcasts by exchange.
    pub broadcasts: HashMap<PlanId, i64>,
    /// Events of other jobs that came while one job was waited for.
    pub deferred: VecDeque<DriverEvent>,
    plans: Vec<PlanHandle>,
}

impl QueryContext {
    pub fn new(engine: &Arc<Engine>, run: QueryRun, conf: PhysicalConf) -> QueryContext {
        let execution_id = run.announce.then(|| engine.next_execution_id());
        let mut properties = run.properties.clone();
        if let Some(id) = execution_id {
            properties.insert("spark.sql.execution.id".to_string(), id.to_string());
            properties.insert("spark.sql.execution.root.id".to_string(), id.to_string());
        }
        if !run.description.is_empty() {
            properties.insert("spark.job.description".to_string(), run.description.clone());
        }
        if let Some(group) = &run.job_group {
            properties.insert("spark.jobGroup.id".to_string(), group.clone());
        }
        if !run.tags.is_empty() {
            properties.insert("spark.job.tags".to_string(), run.tags.join(","));
        }
        QueryContext {
            engine: Arc::clone(engine),
            metrics: QueryMetrics::new(engine.accumulator_ids()),
            run,
            conf,
            mailbox: Arc::default(),
            execution_id,
            properties,
            shuffles: HashMap::new(),
            shuffle_specs: BTreeMap::new(),
            bounds: HashMap::new(),
            broadcasts: HashMap::new(),
            deferred: VecDeque::new(),
            plans: vec![],
        }
    }

    /// An error of planning or of the driver's own work, in Spark's terms.
    pub fn spark_error(&self, error: DataFusionError) -> SparkError {
        out_of_memory(&error).unwrap_or_else(|| (self.engine.config().error_mapper)(error))
    }

    pub fn start(&self) {
        let Some(execution_id) = self.execution_id else { return };
        self.engine.post(SparkListenerSqlExecutionStart {
            execution_id,
            root_execution_id: Some(execution_id),
            // As `SQLExecution.withNewExecutionId`.
            description: if self.run.description.is_empty() {
                self.run.call_site.clone()
            } else {
                self.run.description.clone()
            },
            details: self.run.call_site.clone(),
            physical_plan_description: self.plan_description(&self.run.plan.plan, false),
            spark_plan_info: self.plan_info(&self.run.plan.plan, false),
            time: self.engine.clock().now_millis(),
            modified_configs: self.run.config.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            job_tags: self.run.tags.clone(),
            job_group_id: self.run.job_group.clone(),
            query_id: None,
        });
        self.engine.bus().drain();
    }

    pub fn end(&mut self, result: &SparkResult<QuerySummary>) {
        let shuffles: Vec<i32> = self.shuffle_specs.keys().copied().collect();
        let broadcasts: Vec<i64> = self.broadcasts.values().copied().collect();
        self.engine.release(&self.plans, &shuffles, &broadcasts);
        self.engine.heartbeats();
        if let Some(execution_id) = self.execution_id {
            self.engine.post(SparkListenerSqlExecutionEnd {
                execution_id,
                time: self.engine.clock().now_millis(),
                error_message: result.as_ref().err().map(SparkError::full_message),
                query_id: None,
            });
        }
        self.engine.bus().drain();
    }

    /// Whether adaptive execution runs the query.
    pub fn is_adaptive(&self) -> bool {
        self.conf.adaptive && super::adaptive::applies(&self.run.plan.plan, &self.run.plan.subqueries)
    }

    /// Subqueries first, then the plan.
    pub fn run(&mut self, sink: &mut dyn ResultSink) -> SparkResult<QuerySummary> {
        let PreparedPlan { plan, subqueries, .. } = self.run.plan.clone();
        sink.schema(plan.schema())?;
        self.run_subqueries(subqueries)?;
        let adaptive = self.conf.adaptive && super::adaptive::applies(&plan, &self.run.plan.subqueries);
        let (plan, rows) = if adaptive { self.run_adaptive(plan, sink)? } else { self.run_static(plan, sink)? };
        Ok(QuerySummary { execution_id: self.execution_id, plan, rows })
    }

    fn run_static(&mut self, plan: Plan, sink: &mut dyn ResultSink) -> SparkResult<(Plan, u64)> {
        self.materialize_broadcasts(&plan)?;
        let rows = self.collect(&plan, sink)?;
        Ok((plan, rows))
    }

    /// Runs scalar subqueries and puts their values where the main plan's expressions read them.
    fn run_subqueries(&mut self, subqueries: Vec<ScalarSubquery>) -> SparkResult<()> {
        for subquery in subqueries {
            self.run_subqueries(subquery.plan.subqueries.clone())?;
            let plan = Arc::clone(&subquery.plan.plan);
            let mut batches = vec![];
            if self.conf.adaptive && super::adaptive::applies(&plan, &subquery.plan.subqueries) {
                self.run_adaptive(plan.clone(), &mut batches)?;
            } else {
                self.run_static(plan.clone(), &mut batches)?;
            }
            let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
            if rows > 1 {
                return Err(SparkError::runtime("SCALAR_SUBQUERY_TOO_MANY_ROWS"));
            }
            let schema = plan.schema();
            let value = match batches.iter().find(|batch| batch.num_rows() == 1) {
                Some(batch) => datafusion::common::ScalarValue::try_from_array(batch.column(0), 0),
                None => datafusion::common::ScalarValue::try_from(schema.field(0).data_type()),
            };
            let value = value.map_err(|error| self.spark_error(error))?;
            subquery.results.set(subquery.index, value).map_err(|error| self.spark_error(error))?;
        }
        Ok(())
    }

    /// Makes what a job over `plan` needs before it is cut: bounds of range exchanges, deepest first.
    pub fn prepare_shuffles(&mut self, plan: &Plan) -> SparkResult<()> {
        if let Some(cached) = self.incomplete_cache(plan) {
            // The cached query runs inside this one where blocks are missing.
            self.run_subqueries(cached.plan.subqueries.clone())?;
            self.materialize_broadcasts(&cached.plan.plan)?;
            return self.prepare_shuffles(&cached.plan.plan);
        }
        for child in plan.children() {
            let child = Arc::clone(child);
            self.prepare_shuffles(&child)?;
        }
        if let Some(exchange) = plan.downcast_ref::<ShuffleExchangeExec>()
            && let ShufflePartitioning::Range(ordering, n) = exchange.partitioning()
            && *n > 1
            && !self.bounds.contains_key(&exchange.plan_id())
        {
            let bounds = self.sample(exchange.input(), ordering, *n)?;
            self.bounds.insert(exchange.plan_id(), bounds);
        }
        Ok(())
    }

    /// The relation of a scan whose blocks are not all there.
    fn incomplete_cache(&self, plan: &Plan) -> Option<Arc<CachedRelation>> {
        let relation = plan.downcast_ref::<InMemoryTableScanExec>()?.relation();
        let complete = self.engine.blocks().num_cached(relation.rdd_id) == relation.num_partitions();
        (!complete).then(|| Arc::clone(relation))
    }

    /// Cuts a stage off a plan.
    pub fn lower(&mut self, plan: &Plan) -> SparkResult<Lowered> {
        lower(plan, &mut Cutter(self)).map_err(|error| self.spark_error(error))
    }

    /// Registers a stage over a lowered plan.
    pub fn stage(&mut self, lowered: Lowered, sink: TaskSink, exchange: Option<&Plan>) -> StageSpec {
        let operators =
            lowered.shown.iter().map(|shown| shown.as_ref().map(|plan| self.metrics.of(plan)).unwrap_or_default());
        let metrics = StageMetrics {
            operators: operators.collect(),
            exchange: exchange.map(|plan| self.metrics.of(plan)).unwrap_or_default(),
        };
        let partitions = lowered.exec.output_partitioning().partition_count();
        let rdd_infos = self.rdd_infos(&lowered, partitions as i32);
        let needs_parents = lowered.needs_parents;
        let parents = lowered.parents.iter().map(|id| ShuffleId(*id)).collect();
        let plan = StagePlan::new(
            lowered.exec,
            sink,
            self.run.session.clone(),
            Arc::clone(&self.run.runtime),
            metrics,
            lowered.share,
        );
        let handle = self.engine.register_plan(plan);
        self.plans.push(handle);
        let mut spec = StageSpec::new(handle, partitions as i32, parents, self.run.call_site.clone());
        spec.rdd_infos = rdd_infos;
        spec.needs_parents = needs_parents || spec.parents.is_empty();
        spec
    }

    /// All shuffles that `parents` need, themselves among them.
    pub fn shuffles_of(&self, parents: &[ShuffleId]) -> Vec<ShuffleSpec> {
        let mut found: BTreeMap<i32, ShuffleSpec> = BTreeMap::new();
        let mut open: Vec<ShuffleId> = parents.to_vec();
        while let Some(id) = open.pop() {
            if found.contains_key(&id.0) {
                continue;
            }
            if let Some(spec) = self.shuffle_specs.get(&id.0) {
                open.extend(&spec.stage.parents);
                found.insert(id.0, spec.clone());
            }
        }
        found.into_values().collect()
    }

    /// The shuffle of an exchange, made with its stage if it is new.
    pub fn shuffle_of(&mut self, plan: &Plan) -> DfResult<i32> {
        let Some(exchange) = plan.downcast_ref::<ShuffleExchangeExec>() else {
            return Err(internal("not a shuffle exchange"));
        };
        if let Some(id) = self.shuffles.get(&exchange.plan_id()) {
            return Ok(*id);
        }
        let lowered = lower(exchange.input(), &mut Cutter(self))?;
        let id = self.engine.next_shuffle_id();
        self.shuffles.insert(exchange.plan_id(), id);
        let sink = TaskSink::ShuffleWrite {
            shuffle_id: id,
            partitioning: exchange.partitioning().clone(),
            bounds: self.bounds.get(&exchange.plan_id()).cloned(),
        };
        let stage = self.stage(lowered, sink, Some(plan));
        let num_reduces = exchange.partitioning().num_partitions();
        self.engine.blocks().register_shuffle(id, stage.num_partitions.max(0) as usize, num_reduces);
        let spec = ShuffleSpec { shuffle_id: ShuffleId(id), num_reduces: num_reduces as i32, stage };
        self.shuffle_specs.insert(id, spec);
        Ok(id)
    }
}

/// Cuts at the exchanges of a query.
struct Cutter<'a>(&'a mut QueryContext);

impl Exchanges for Cutter<'_> {
    fn shuffle(&mut self, exchange: &Plan) -> DfResult<i32> {
        self.0.shuffle_of(exchange)
    }

    fn broadcast(&mut self, exchange: &BroadcastExchangeExec) -> DfResult<i64> {
        let found = self.0.broadcasts.get(&exchange.plan_id()).copied();
        found.ok_or_else(|| internal("a stage reads a broadcast that has not been made"))
    }

    fn is_cached(&self, relation: &CachedRelation) -> bool {
        self.0.engine.blocks().num_cached(relation.rdd_id) == relation.num_partitions()
    }
}

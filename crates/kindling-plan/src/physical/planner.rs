//! Physical operators for the logical operators that DataFusion does not know.

use std::sync::Arc;

use arrow::compute::SortOptions;
use async_trait::async_trait;
use datafusion::{
    catalog::Session,
    common::{DFSchema, Result, internal_err},
    logical_expr::{
        Expr, LogicalPlan, SortExpr, UserDefinedLogicalNode, physical_planning_context::PhysicalPlanningContext,
    },
    physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr, aggregate::LoweredAggregateBuilder},
    physical_plan::{ExecutionPlan, sorts::sort::SortExec},
    physical_planner::{ExtensionPlanner, PhysicalPlanner},
};
use kindling_common::SparkError;
use kindling_functions::error::to_datafusion;
use kindling_physical::{
    CoalesceExec, CollectTailExec, JoinHintExec, PhysicalConf, RangeExec, ShuffleExchangeExec, ShuffleOrigin,
    ShufflePartitioning,
};

use super::{
    CollectMetricsExec, GenerateExec, LocalTableScanExec, ParseRecordsExec, SampleExec,
    collect_metrics::{Call, Calls, value_field, value_schema},
};
use crate::{
    SessionState,
    logical::{
        CollectMetrics, Generate, JoinHint, LocalRelation, ParseRecords, Range, Repartition, RepartitionScheme, Sample,
        SortWithinPartitions, StreamingRelation, Tail,
    },
    session::default_parallelism,
};

/// Plans Kindling's extension nodes.
#[derive(Debug)]
pub struct SparkPlanner {
    conf: PhysicalConf,
}

impl SparkPlanner {
    /// A planner with a session's settings.
    pub fn new(state: &SessionState) -> SparkPlanner {
        let conf = state.conf.read();
        SparkPlanner { conf: PhysicalConf::new(&conf, default_parallelism(&conf)) }
    }
}

struct Planning<'a> {
    planner: &'a dyn PhysicalPlanner,
    session: &'a dyn Session,
    context: &'a PhysicalPlanningContext,
}

impl Planning<'_> {
    fn expr(&self, expr: &Expr, schema: &DFSchema) -> Result<Arc<dyn PhysicalExpr>> {
        self.planner.create_physical_expr(expr, schema, self.session, self.context)
    }

    fn collect_metrics(
        &self,
        node: &CollectMetrics,
        schema: &DFSchema,
        input: Arc<dyn ExecutionPlan>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (mut calls, mut fields) = (vec![], vec![]);
        let physical = input.schema();
        for (aggregate, name) in node.aggregates.iter().zip(&node.names) {
            let mut builder = LoweredAggregateBuilder::new(
                aggregate,
                schema,
                &physical,
                self.session.execution_props(),
                self.context,
            );
            if let Expr::Alias(alias) = aggregate {
                builder = builder.with_name(alias.name.clone());
            }
            let lowered = builder.build()?;
            let (function, filter) = (lowered.aggregate, lowered.filter);
            fields.push(value_field(name, &function));
            calls.push(Call { function, filter });
        }
        let values = value_schema(fields);
        let over = DFSchema::try_from(Arc::clone(&values))?;
        let items = node.items.iter().map(|(item, _)| self.expr(item, &over)).collect::<Result<Vec<_>>>()?;
        let calls = Calls { calls, items, values };
        node.metrics.set_calls(calls.clone());
        Ok(Arc::new(CollectMetricsExec::new(input, Arc::clone(&node.metrics), calls)))
    }

    fn ordering(&self, keys: &[SortExpr], schema: &DFSchema) -> Result<LexOrdering> {
        let keys = keys
            .iter()
            .map(|key| {
                let options = SortOptions { descending: !key.asc, nulls_first: key.nulls_first };
                Ok(PhysicalSortExpr::new(self.expr(&key.expr, schema)?, options))
            })
            .collect::<Result<Vec<_>>>()?;
        match LexOrdering::new(keys) {
            Some(ordering) => Ok(ordering),
            None => internal_err!("an order without keys"),
        }
    }
}

#[async_trait]
impl ExtensionPlanner for SparkPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let planning = Planning { planner, session, context };
        let any = node.as_any();
        if let Some(range) = any.downcast_ref::<Range>() {
            let schema = Arc::clone(range.schema.inner());
            let exec = RangeExec::new(schema, range.start, range.end, range.step, range.num_partitions);
            return Ok(Some(Arc::new(exec)));
        }
        if let Some(local) = any.downcast_ref::<LocalRelation>() {
            let schema = Arc::clone(local.schema.inner());
            return Ok(Some(Arc::new(LocalTableScanExec::new(&local.batches, schema, local.num_partitions))));
        }
        if let Some(streaming) = any.downcast_ref::<StreamingRelation>() {
            let message = "Queries with streaming sources must be executed with writeStream.start(), or from a streaming table \
                           or flow definition within a Spark Declarative Pipeline.";
            let message = format!("{message};\n{}", streaming.source);
            return Err(to_datafusion(SparkError::analysis("_LEGACY_ERROR_TEMP_3102").param("msg", message)));
        }
        let ([logical], [input]) = (logical_inputs, physical_inputs) else { return Ok(None) };
        let input = Arc::clone(input);
        let schema = logical.schema();
        if let Some(generate) = any.downcast_ref::<Generate>() {
            let rows = planning.expr(&generate.rows, schema)?;
            let schema = Arc::clone(generate.schema.inner());
            let exec = GenerateExec::new(input, generate.text.clone(), rows, generate.outer, schema);
            return Ok(Some(Arc::new(exec)));
        }
        if let Some(repartition) = any.downcast_ref::<Repartition>() {
            return self.repartition(&planning, &repartition.scheme, schema, input).map(Some);
        }
        if let Some(sort) = any.downcast_ref::<SortWithinPartitions>() {
            let ordering = planning.ordering(&sort.order, schema)?;
            return Ok(Some(Arc::new(SortExec::new(ordering, input).with_preserve_partitioning(true))));
        }
        if let Some(sample) = any.downcast_ref::<Sample>() {
            return Ok(Some(Arc::new(SampleExec::new(input, sample))));
        }
        if let Some(tail) = any.downcast_ref::<Tail>() {
            return Ok(Some(Arc::new(CollectTailExec::new(input, tail.limit))));
        }
        if let Some(collect) = any.downcast_ref::<CollectMetrics>() {
            return planning.collect_metrics(collect, schema, input).map(Some);
        }
        if let Some(records) = any.downcast_ref::<ParseRecords>() {
            let schema = Arc::clone(records.schema.inner());
            let (parser, header) = (Arc::clone(&records.parser), records.header.clone());
            return Ok(Some(Arc::new(ParseRecordsExec::new(input, parser, header, schema))));
        }
        if let Some(hint) = any.downcast_ref::<JoinHint>() {
            return Ok(Some(Arc::new(JoinHintExec::new(input, hint.strategy))));
        }
        Ok(None)
    }
}

impl SparkPlanner {
    fn repartition(
        &self,
        planning: &Planning<'_>,
        scheme: &RepartitionScheme,
        schema: &DFSchema,
        input: Arc<dyn ExecutionPlan>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let keys = |keys: &[Expr]| keys.iter().map(|key| planning.expr(key, schema)).collect::<Result<Vec<_>>>();
        let (partitioning, origin) = match scheme {
            RepartitionScheme::Coalesce(n) => return Ok(Arc::new(CoalesceExec::new(input, *n))),
            RepartitionScheme::RoundRobin(Some(1)) => (ShufflePartitioning::Single, ShuffleOrigin::RepartitionByNum),
            RepartitionScheme::RoundRobin(n) => (ShufflePartitioning::RoundRobin(self.partitions(*n)), origin(*n)),
            RepartitionScheme::Hash(exprs, n) => {
                (ShufflePartitioning::Hash(keys(exprs)?, self.partitions(*n)), origin(*n))
            }
            RepartitionScheme::Direct(id, n) => {
                (ShufflePartitioning::Direct(planning.expr(id, schema)?, *n), ShuffleOrigin::RepartitionByNum)
            }
            RepartitionScheme::Range(order, n) => {
                let ordering = planning.ordering(order, schema)?;
                (ShufflePartitioning::Range(ordering, self.partitions(*n)), origin(*n))
            }
            RepartitionScheme::Rebalance(exprs, n) if exprs.is_empty() => {
                (ShufflePartitioning::RoundRobin(self.partitions(*n)), ShuffleOrigin::RebalanceByNone)
            }
            RepartitionScheme::Rebalance(exprs, n) => {
                (ShufflePartitioning::Hash(keys(exprs)?, self.partitions(*n)), ShuffleOrigin::RebalanceByCol)
            }
        };
        Ok(Arc::new(ShuffleExchangeExec::new(input, partitioning, origin)))
    }

    fn partitions(&self, wanted: Option<usize>) -> usize {
        wanted.unwrap_or_else(|| self.conf.exchange_partitions()).max(1)
    }
}

fn origin(number: Option<usize>) -> ShuffleOrigin {
    match number {
        Some(_) => ShuffleOrigin::RepartitionByNum,
        None => ShuffleOrigin::RepartitionByCol,
    }
}

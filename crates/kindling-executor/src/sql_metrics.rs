//! SQL metrics: an accumulator for each metric of each node of a query, and what a task adds to them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, metrics::MetricValue, union::UnionExec};
use kindling_events::{AccumulableInfo, AccumulatorId, TaskMetrics};
use kindling_physical::{
    CartesianProductExec, CoalesceExec,
    display::{MetricSource, MetricSpec, metric_specs},
};

use crate::{sync::lock, task_leaf::TaskLeafExec};

type Plan = Arc<dyn ExecutionPlan>;

/// A metric with its accumulator.
#[derive(Debug, Clone, Copy)]
pub struct SqlMetric {
    /// What it is.
    pub spec: MetricSpec,
    /// Where tasks add to it.
    pub id: AccumulatorId,
}

/// The metrics of all nodes of a query. A node is known by its address, and kept so that the address stays its own.
#[derive(Debug)]
pub struct QueryMetrics {
    nodes: Mutex<HashMap<usize, (Plan, Vec<SqlMetric>)>>,
    next_id: Box<dyn NextId>,
}

/// Gives out accumulator ids.
pub trait NextId: Send + Sync + std::fmt::Debug {
    /// A fresh one.
    fn next(&self) -> AccumulatorId;
}

fn address(plan: &Plan) -> usize {
    Arc::as_ptr(plan).cast::<()>() as usize
}

impl QueryMetrics {
    /// No nodes yet.
    pub fn new(next_id: Box<dyn NextId>) -> Self {
        QueryMetrics { nodes: Mutex::new(HashMap::new()), next_id }
    }

    /// The metrics of a node.
    pub fn of(&self, plan: &Plan) -> Vec<SqlMetric> {
        let mut nodes = lock(&self.nodes);
        let entry = nodes.entry(address(plan)).or_insert_with(|| {
            let metrics =
                metric_specs(plan).into_iter().map(|spec| SqlMetric { spec, id: self.next_id.next() }).collect();
            (Arc::clone(plan), metrics)
        });
        entry.1.clone()
    }
}

/// The metrics of a stage: of each operator of its plan in pre-order, and of the exchange that it writes.
#[derive(Debug, Default, Clone)]
pub struct StageMetrics {
    /// Per operator of the executed plan.
    pub operators: Vec<Vec<SqlMetric>>,
    /// Of the exchange on top, for map stages.
    pub exchange: Vec<SqlMetric>,
}

impl StageMetrics {
    /// What a task over `partition` adds.
    pub fn updates(&self, exec: &Plan, partition: usize, task: &TaskMetrics) -> Vec<AccumulableInfo> {
        let mut out = vec![];
        let mut position = 0;
        self.walk(exec, &[partition], &mut position, task, &mut out);
        for metric in &self.exchange {
            let value = match metric.spec.source {
                MetricSource::ShuffleBytesWritten => task.shuffle_write.bytes_written,
                MetricSource::ShuffleRecordsWritten => task.shuffle_write.records_written,
                MetricSource::ShuffleWriteTime => task.shuffle_write.write_time,
                _ => continue,
            };
            out.push(AccumulableInfo::sql_metric(metric.id, metric.spec.name, value));
        }
        out
    }

    /// Follows the partitions that each operator was asked for: a union and a coalesce ask their children for others.
    fn walk(
        &self,
        plan: &Plan,
        partitions: &[usize],
        position: &mut usize,
        task: &TaskMetrics,
        out: &mut Vec<AccumulableInfo>,
    ) {
        let metrics = self.operators.get(*position).map(Vec::as_slice).unwrap_or_default();
        *position += 1;
        if !partitions.is_empty() && !metrics.is_empty() {
            read_operator(plan, partitions, metrics, task, out);
        }
        for (child, partitions) in plan.children().into_iter().zip(child_partitions(plan, partitions)) {
            self.walk(child, &partitions, position, task, out);
        }
    }
}

fn read_operator(
    plan: &Plan,
    partitions: &[usize],
    metrics: &[SqlMetric],
    task: &TaskMetrics,
    out: &mut Vec<AccumulableInfo>,
) {
    let measured = plan.metrics();
    let of_task = |partition: Option<usize>| partition.is_some_and(|p| partitions.contains(&p));
    let sum = |name: &str| -> Option<i64> {
        let set = measured.as_ref()?;
        let values = set.iter().filter(|m| of_task(m.partition()) && m.value().name() == name);
        let mut found = None;
        for metric in values {
            *found.get_or_insert(0) += metric.value().as_usize() as i64;
        }
        found
    };
    let output_rows = || -> Option<i64> {
        let set = measured.as_ref()?;
        let rows = set.iter().filter(|m| of_task(m.partition())).filter_map(|m| match m.value() {
            MetricValue::OutputRows(count) => Some(count.value() as i64),
            _ => None,
        });
        rows.reduce(|a, b| a + b)
    };
    for metric in metrics {
        let read = &task.shuffle_read;
        let value = match metric.spec.source {
            MetricSource::OutputRows => output_rows(),
            MetricSource::Operator(name) | MetricSource::OperatorTime(name) => sum(name),
            MetricSource::ShuffleRecordsRead => output_rows(),
            MetricSource::LocalBytesRead => Some(read.local_bytes_read),
            MetricSource::LocalBlocksRead => Some(read.local_blocks_fetched),
            MetricSource::RemoteBytesRead => Some(read.remote_bytes_read),
            MetricSource::RemoteBlocksRead => Some(read.remote_blocks_fetched),
            MetricSource::FetchWaitTime => Some(read.fetch_wait_time),
            MetricSource::ShuffleBytesWritten
            | MetricSource::ShuffleRecordsWritten
            | MetricSource::ShuffleWriteTime
            | MetricSource::Driver => None,
        };
        if let Some(value) = value {
            out.push(AccumulableInfo::sql_metric(metric.id, metric.spec.name, value));
        }
    }
}

/// The partitions of each child that an operator reads for some of its own.
fn child_partitions(plan: &Plan, partitions: &[usize]) -> Vec<Vec<usize>> {
    let children = plan.children();
    if plan.is::<UnionExec>() {
        let mut offset = 0;
        return children
            .into_iter()
            .map(|child| {
                let count = child.output_partitioning().partition_count();
                let own = partitions.iter().filter_map(|p| p.checked_sub(offset)).filter(|p| *p < count).collect();
                offset += count;
                own
            })
            .collect();
    }
    if let Some(coalesce) = plan.downcast_ref::<CoalesceExec>() {
        return vec![partitions.iter().flat_map(|partition| coalesce.group(*partition)).collect()];
    }
    if plan.is::<CartesianProductExec>() {
        let rights = children.get(1).map_or(1, |right| right.output_partitioning().partition_count()).max(1);
        return vec![partitions.iter().map(|p| p / rights).collect(), partitions.iter().map(|p| p % rights).collect()];
    }
    children.iter().map(|_| partitions.to_vec()).collect()
}

/// Rows and bytes that the leaves of a stage read from files or memory.
pub fn input_metrics(exec: &Plan, partition: usize) -> (i64, i64) {
    fn walk(plan: &Plan, partitions: &[usize], total: &mut (i64, i64)) {
        if let Some(leaf) = plan.downcast_ref::<TaskLeafExec>() {
            for partition in partitions {
                if let Some((rows, bytes)) = leaf.input_read(*partition) {
                    total.0 += rows as i64;
                    total.1 += bytes as i64;
                }
            }
            return;
        }
        for (child, partitions) in plan.children().into_iter().zip(child_partitions(plan, partitions)) {
            walk(child, &partitions, total);
        }
    }
    let mut total = (0, 0);
    walk(exec, &[partition], &mut total);
    total
}

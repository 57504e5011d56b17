//! SQL metrics: what tasks and the driver added, and the text the plan graph shows (`SQLMetrics.stringValue`).

use std::collections::HashMap;

use kindling_events::{AccumulatorId, StageAttempt, TaskId};

use crate::format;

/// Metrics of one stage attempt, by accumulator and task index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StageMetrics {
    pub attempt: StageAttempt,
    pub num_tasks: usize,
    pub values: HashMap<AccumulatorId, StageMetric>,
}

/// One metric in one stage attempt.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct StageMetric {
    /// By task index; a task that reported nothing counts as 0.
    pub tasks: Vec<TaskValue>,
    /// The greatest value, and the task that reported it first.
    pub max: Option<(i64, TaskId)>,
}

/// What one task reported.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct TaskValue {
    pub value: i64,
    pub task_id: TaskId,
    pub succeeded: bool,
}

impl StageMetrics {
    pub fn new(attempt: StageAttempt, num_tasks: usize) -> Self {
        StageMetrics { attempt, num_tasks, values: HashMap::new() }
    }

    pub fn set(&mut self, accumulator: AccumulatorId, index: usize, value: TaskValue) {
        let num_tasks = self.num_tasks;
        let metric = self
            .values
            .entry(accumulator)
            .or_insert_with(|| StageMetric { tasks: vec![TaskValue::default(); num_tasks], max: None });
        if let Some(slot) = metric.tasks.get_mut(index)
            && !slot.succeeded
        {
            *slot = value;
            if metric.max.is_none_or(|(max, _)| value.value > max) {
                metric.max = Some((value.value, value.task_id));
            }
        }
    }
}

/// The value of a metric over the tasks that reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricSummary {
    /// Sum.
    pub total: i64,
    /// Least.
    pub min: i64,
    /// Median.
    pub med: i64,
    /// Greatest.
    pub max: i64,
    /// Task with the greatest value; none for the driver's.
    pub max_task: Option<(StageAttempt, TaskId)>,
    /// Values it is made of.
    pub count: usize,
}

/// The values of a metric.
#[derive(Debug, Clone, Default)]
pub(crate) struct Collected {
    pub values: Vec<i64>,
    pub max: Option<(i64, StageAttempt, TaskId)>,
}

impl Collected {
    pub fn add_stage(&mut self, metrics: &StageMetrics, accumulator: AccumulatorId) {
        let Some(metric) = metrics.values.get(&accumulator) else { return };
        self.values.extend(metric.tasks.iter().map(|task| task.value));
        if let Some((value, task_id)) = metric.max
            && self.max.is_none_or(|(max, ..)| value > max)
        {
            self.max = Some((value, metrics.attempt, task_id));
        }
    }

    pub fn summary(mut self) -> Option<MetricSummary> {
        self.values.retain(|value| *value >= 0);
        self.values.sort_unstable();
        let count = self.values.len();
        Some(MetricSummary {
            total: self.values.iter().sum(),
            min: *self.values.first()?,
            med: *self.values.get(count / 2)?,
            max: *self.values.last()?,
            max_task: self.max.map(|(_, attempt, task)| (attempt, task)),
            count,
        })
    }
}

/// A value by the metric's type.
pub fn metric_value(metric_type: &str, value: i64) -> String {
    match metric_type {
        "size" => format::bytes(value),
        "timing" => format::ms_duration(value),
        "nsTiming" => format::ms_duration(value / 1_000_000),
        "average" if value % 10 == 0 => format::number(value / 10),
        "average" => format!("{:.1}", value as f64 / 10.0),
        _ => format::number(value),
    }
}

/// The text of a metric, as Spark's plan graph and REST API have it.
pub fn metric_text(metric_type: &str, summary: Option<&MetricSummary>) -> String {
    let Some(summary) = summary else { return metric_value(metric_type, 0) };
    if metric_type == "sum" {
        return format::number(summary.total);
    }
    let show = |value| metric_value(metric_type, value);
    let task = match summary.max_task {
        Some((stage, task)) => format!("(stage {stage}: task {task})"),
        None => "(driver)".to_string(),
    };
    let MetricSummary { total, min, med, max, .. } = *summary;
    if metric_type == "average" {
        if summary.count <= 1 {
            return show(max);
        }
        return format!("(min, med, max (stageId: taskId)):\n({}, {}, {} {task})", show(min), show(med), show(max));
    }
    if summary.count <= 1 {
        return show(total);
    }
    format!(
        "total (min, med, max (stageId: taskId))\n{} ({}, {}, {} {task})",
        show(total),
        show(min),
        show(med),
        show(max)
    )
}

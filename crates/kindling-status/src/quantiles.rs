//! Distributions of task metrics (`AppStatusStore.taskSummary`).

use kindling_events::TaskMetrics;

use crate::{StageData, TaskData};

/// The quantiles of the Summary Metrics table.
pub const QUANTILES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// Values at the quantiles. Spark takes the value at `floor(q × n)`, without interpolation.
pub fn at_quantiles(mut values: Vec<i64>, quantiles: &[f64]) -> Vec<i64> {
    // Not by selection: in a standard library made for size, as the page has it, that takes quadratic time on equal values.
    values.sort_unstable();
    let last = values.len().checked_sub(1);
    let at = |quantile: &f64| Some(((quantile * values.len() as f64) as usize).min(last?));
    quantiles.iter().filter_map(|quantile| values.get(at(quantile)?).copied()).collect()
}

impl StageData {
    /// A metric of every successful task.
    pub fn successful_values(&self, metric: impl Fn(&TaskData, &TaskMetrics) -> i64) -> Vec<i64> {
        let successful = self.tasks.values().filter(|task| task.is_success());
        successful.filter_map(|task| task.metrics.as_deref().map(|metrics| metric(task, metrics))).collect()
    }

    /// A metric of the successful tasks at the quantiles; empty if none has succeeded.
    pub fn quantiles(&self, quantiles: &[f64], metric: impl Fn(&TaskData, &TaskMetrics) -> i64) -> Vec<i64> {
        at_quantiles(self.successful_values(metric), quantiles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_occurs() {
        assert_eq!(at_quantiles(vec![60, 276, 66, 273], &QUANTILES), [60, 66, 273, 276, 276]);
        assert_eq!(at_quantiles(vec![7], &QUANTILES), [7; 5]);
        assert!(at_quantiles(vec![], &QUANTILES).is_empty());
    }
}

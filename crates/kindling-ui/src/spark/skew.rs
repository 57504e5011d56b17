//! Which task holds a stage back.

use kindling_status::{StageData, TaskData, at_quantiles};

use super::lanes;

/// A metric's unit, which decides when a maximum is worth a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Milliseconds.
    Millis,
    /// Bytes.
    Bytes,
}

/// How many times the median the maximum is, if it is more than twice it and more than 1 s or 1 MiB.
pub fn times_median(median: i64, max: i64, unit: Unit) -> Option<f64> {
    let floor = match unit {
        Unit::Millis => 1_000,
        Unit::Bytes => 1 << 20,
    };
    (max > floor && median > 0 && max > 2 * median).then(|| max as f64 / median as f64)
}

/// A task that holds its stage back.
#[derive(Clone, Debug, PartialEq)]
pub struct Skew {
    /// Index of the task.
    pub index: i32,
    /// Task attempt.
    pub task_id: i64,
    /// Run time against the median.
    pub run: Option<f64>,
    /// Shuffle read against the median.
    pub read: Option<f64>,
    /// Input against the median.
    pub input: Option<f64>,
    /// Threads that waited for it.
    pub idle_threads: usize,
    /// Threads that ran the stage.
    pub threads: usize,
    /// How long.
    pub idle: i64,
}

fn run_time(task: &TaskData) -> i64 {
    task.metrics.as_deref().map_or(0, |metrics| metrics.executor_run_time)
}

fn shuffle_read(task: &TaskData) -> i64 {
    task.metrics.as_deref().map_or(0, |metrics| metrics.shuffle_read.total_bytes_read())
}

fn input(task: &TaskData) -> i64 {
    task.metrics.as_deref().map_or(0, |metrics| metrics.input.bytes_read)
}

/// The skewed task of a stage, if there is one.
pub fn find(stage: &StageData) -> Option<Skew> {
    let done: Vec<&TaskData> =
        stage.tasks.values().filter(|task| task.is_success() && task.metrics.is_some()).collect();
    if done.len() < 3 {
        return None;
    }
    let ratio = |metric: fn(&TaskData) -> i64, unit: Unit, task: &TaskData| {
        let values: Vec<i64> = done.iter().map(|task| metric(task)).collect();
        let median = at_quantiles(values, &[0.5]).first().copied()?;
        times_median(median, metric(task), unit)
    };
    let slowest = *done.iter().max_by_key(|task| run_time(task))?;
    let run = ratio(run_time, Unit::Millis, slowest);
    let read = ratio(shuffle_read, Unit::Bytes, slowest);
    let input = ratio(input, Unit::Bytes, slowest);
    if run.is_none() && read.is_none() && input.is_none() {
        return None;
    }
    let mut others: Vec<&&TaskData> = done.iter().filter(|task| task.info.task_id != slowest.info.task_id).collect();
    others.sort_by_key(|task| task.info.launch_time);
    let last_other = others.iter().map(|task| task.info.finish_time).max().unwrap_or(0);
    let mut all: Vec<(i64, i64)> = done.iter().map(|task| (task.info.launch_time, task.info.finish_time)).collect();
    all.sort_unstable();
    let threads = lanes::assign(&all).into_iter().max().map_or(1, |line| line + 1);
    Some(Skew {
        index: slowest.info.index,
        task_id: slowest.info.task_id.0,
        run,
        read,
        input,
        idle_threads: threads.saturating_sub(1),
        threads,
        idle: (slowest.info.finish_time - last_other).max(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_things_are_never_skewed() {
        assert_eq!(times_median(10, 900, Unit::Millis), None);
        assert_eq!(times_median(1_000, 1_900, Unit::Millis), None);
        assert_eq!(times_median(424, 3_300, Unit::Millis), Some(3_300.0 / 424.0));
        assert_eq!(times_median(100, 1 << 20, Unit::Bytes), None);
    }
}

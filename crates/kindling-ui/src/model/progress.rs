//! What the notebook shows of running jobs: per cell the stages with their tasks, per executor the busy threads, and
//! memory. A small fold over listener events; the Spark panel has the whole of it from `kindling_status`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kindling_events::{SparkListenerEvent, StageInfo, TaskInfo};

/// A running task is called slow after this time …
const SLOW_MILLIS: i64 = 1_500;
/// … when it has run this many times longer than the median finished one.
const SLOW_FACTOR: f64 = 3.0;

/// State of a task's segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Not started.
    Waiting,
    /// Running since (milliseconds since 1970).
    Running(i64),
    /// Succeeded.
    Done,
    /// Its last attempt failed; it may run again.
    Failed,
}

/// A stage attempt of a cell's job.
#[derive(Clone, Debug, PartialEq)]
pub struct StageProgress {
    /// Stage.
    pub id: i32,
    /// Attempt.
    pub attempt: i32,
    /// One state per task.
    pub tasks: Vec<TaskState>,
    /// Run times of succeeded tasks, milliseconds.
    pub finished: Vec<i64>,
    /// Submitted, milliseconds since 1970.
    pub submitted: Option<i64>,
    /// Completed, milliseconds since 1970.
    pub completed: Option<i64>,
    /// It failed.
    pub failed: bool,
}

/// A running task far above the median.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowTask {
    /// Stage.
    pub stage: i32,
    /// Task index.
    pub task: usize,
    /// How long it has run, milliseconds.
    pub running: i64,
    /// Median run time of finished tasks, milliseconds.
    pub median: f64,
}

impl StageProgress {
    fn of(info: &StageInfo) -> StageProgress {
        StageProgress {
            id: info.stage_id.0,
            attempt: info.attempt,
            tasks: vec![TaskState::Waiting; info.num_tasks.max(0) as usize],
            finished: Vec::new(),
            submitted: info.submission_time,
            completed: None,
            failed: false,
        }
    }

    /// Number of tasks that are done.
    pub fn done(&self) -> usize {
        self.tasks.iter().filter(|t| **t == TaskState::Done).count()
    }

    /// Number of tasks that run.
    pub fn running(&self) -> usize {
        self.tasks.iter().filter(|t| matches!(t, TaskState::Running(_))).count()
    }

    /// The slowest running task, if it is slow.
    pub fn slow(&self, now: i64) -> Option<SlowTask> {
        let mut finished = self.finished.clone();
        if finished.is_empty() {
            return None;
        }
        finished.sort_unstable();
        let median = finished[finished.len() / 2] as f64;
        let (task, since) = self
            .tasks
            .iter()
            .enumerate()
            .filter_map(|(n, t)| if let TaskState::Running(since) = t { Some((n, *since)) } else { None })
            .min_by_key(|(_, since)| *since)?;
        let running = now - since;
        (running > SLOW_MILLIS && running as f64 > SLOW_FACTOR * median).then_some(SlowTask {
            stage: self.id,
            task,
            running,
            median,
        })
    }

    fn set(&mut self, task: &TaskInfo, state: TaskState) {
        let index = task.index.max(0) as usize;
        // A succeeded task stays so when a speculative copy is killed.
        if let Some(slot) = self.tasks.get_mut(index)
            && *slot != TaskState::Done
        {
            *slot = state;
        }
    }
}

/// What a cell's run did so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellProgress {
    /// Jobs, in order.
    pub jobs: Vec<i32>,
    /// Stage attempts that were submitted, in order.
    pub stages: Vec<StageProgress>,
    /// SQL executions, in order.
    pub executions: Vec<i64>,
    /// Task attempts that ended.
    pub tasks_ended: u64,
}

impl CellProgress {
    /// Stages that ran (skipped ones do not count, as in Spark's progress bar).
    pub fn stage_count(&self) -> u64 {
        self.stages.len() as u64
    }

    /// Nothing of Spark's ran.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

/// Storage and execution memory in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Storage, bytes.
    pub storage: i64,
    /// Execution, bytes.
    pub execution: i64,
    /// The limit, bytes.
    pub limit: i64,
}

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct ProgressFold {
    cell: Option<String>,
    cells: HashMap<String, Arc<CellProgress>>,
    stage_cells: HashMap<i32, String>,
    threads: BTreeMap<String, u32>,
    block_managers: HashMap<String, i64>,
    used: HashMap<String, (i64, i64)>,
    active_jobs: u32,
}

impl ProgressFold {
    /// A cell starts: what comes now is its.
    pub fn begin(&mut self, cell: &str) {
        self.cell = Some(cell.to_owned());
        self.cells.insert(cell.to_owned(), Arc::default());
    }

    /// The running cell ended.
    pub fn end(&mut self) {
        self.cell = None;
    }

    /// The kernel is gone: nothing runs any more. What cells did stays.
    pub fn kernel_gone(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        *self = ProgressFold { cells, ..ProgressFold::default() };
    }

    /// What a cell's last run did.
    pub fn of(&self, cell: &str) -> Option<&Arc<CellProgress>> {
        self.cells.get(cell)
    }

    /// Busy threads per executor.
    pub fn threads(&self) -> &BTreeMap<String, u32> {
        &self.threads
    }

    /// Jobs that run.
    pub fn active_jobs(&self) -> u32 {
        self.active_jobs
    }

    /// Memory in use, once an executor reported it.
    pub fn memory(&self) -> Option<Memory> {
        if self.used.is_empty() {
            return None;
        }
        let mut memory = Memory { limit: self.block_managers.values().sum(), ..Memory::default() };
        for (storage, execution) in self.used.values() {
            memory.storage += storage;
            memory.execution += execution;
        }
        Some(memory)
    }

    fn stage_mut(&mut self, stage: i32, attempt: i32) -> Option<&mut StageProgress> {
        let cell = self.stage_cells.get(&stage)?;
        let progress = Arc::make_mut(self.cells.get_mut(cell)?);
        progress.stages.iter_mut().rev().find(|s| s.id == stage && s.attempt == attempt)
    }

    /// Takes one event in.
    pub fn on_event(&mut self, event: &SparkListenerEvent) {
        use SparkListenerEvent as E;
        match event {
            E::JobStart(e) => {
                self.active_jobs += 1;
                if let Some(cell) = &self.cell {
                    let progress = Arc::make_mut(self.cells.entry(cell.clone()).or_default());
                    progress.jobs.push(e.job_id.0);
                    for stage in &e.stage_ids {
                        self.stage_cells.entry(stage.0).or_insert_with(|| cell.clone());
                    }
                }
            }
            E::JobEnd(_) => self.active_jobs = self.active_jobs.saturating_sub(1),
            E::StageSubmitted(e) => {
                let info = &e.stage_info;
                if self.stage_mut(info.stage_id.0, info.attempt).is_none()
                    && let Some(cell) = self.stage_cells.get(&info.stage_id.0)
                    && let Some(progress) = self.cells.get_mut(cell)
                {
                    Arc::make_mut(progress).stages.push(StageProgress::of(info));
                }
            }
            E::StageCompleted(e) => {
                let info = &e.stage_info;
                if let Some(stage) = self.stage_mut(info.stage_id.0, info.attempt) {
                    stage.completed = info.completion_time.or(stage.submitted);
                    stage.failed = info.failure_reason.is_some();
                }
            }
            E::TaskStart(e) => {
                *self.threads.entry(e.task_info.executor_id.as_str().to_owned()).or_default() += 1;
                let launched = e.task_info.launch_time;
                if let Some(stage) = self.stage_mut(e.stage_id.0, e.stage_attempt_id) {
                    stage.set(&e.task_info, TaskState::Running(launched));
                }
            }
            E::TaskEnd(e) => {
                if let Some(busy) = self.threads.get_mut(e.task_info.executor_id.as_str()) {
                    *busy = busy.saturating_sub(1);
                }
                let task = &e.task_info;
                let ok = !task.failed && !task.killed;
                if let Some(stage) = self.stage_mut(e.stage_id.0, e.stage_attempt_id) {
                    stage.set(task, if ok { TaskState::Done } else { TaskState::Failed });
                    if ok {
                        stage.finished.push((task.finish_time - task.launch_time).max(0));
                    }
                }
                if let Some(cell) = self.stage_cells.get(&e.stage_id.0)
                    && let Some(progress) = self.cells.get_mut(cell)
                {
                    Arc::make_mut(progress).tasks_ended += 1;
                }
            }
            E::SqlExecutionStart(e) => {
                if let Some(progress) = self.cell.as_ref().and_then(|cell| self.cells.get_mut(cell)) {
                    Arc::make_mut(progress).executions.push(e.execution_id.0);
                }
            }
            E::ExecutorAdded(e) => {
                self.threads.entry(e.executor_id.as_str().to_owned()).or_default();
            }
            E::ExecutorRemoved(e) => {
                self.threads.remove(e.executor_id.as_str());
                self.used.remove(e.executor_id.as_str());
                self.block_managers.remove(e.executor_id.as_str());
            }
            E::BlockManagerAdded(e) => {
                self.block_managers.insert(e.block_manager_id.executor_id.as_str().to_owned(), e.max_mem);
            }
            E::BlockManagerRemoved(e) => {
                self.block_managers.remove(e.block_manager_id.executor_id.as_str());
            }
            E::ExecutorMetricsUpdate(e) => {
                let mut storage = 0;
                let mut execution = 0;
                for update in &e.executor_updates {
                    let of = |name: &str| update.executor_metrics.get(name);
                    storage = storage.max(of("OnHeapStorageMemory") + of("OffHeapStorageMemory"));
                    execution = execution.max(of("OnHeapExecutionMemory") + of("OffHeapExecutionMemory"));
                }
                if !e.executor_updates.is_empty() {
                    self.used.insert(e.executor_id.as_str().to_owned(), (storage, execution));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindling_events::event_from_json;

    fn feed(fold: &mut ProgressFold, lines: &[&str]) {
        for line in lines {
            fold.on_event(&event_from_json(line).unwrap());
        }
    }

    const JOB: &str = r#"{"Event":"SparkListenerJobStart","Job ID":0,"Submission Time":1,"Stage Infos":[],"Stage IDs":[0,1],"Properties":{}}"#;
    const STAGE: &str = r#"{"Event":"SparkListenerStageSubmitted","Stage Info":{"Stage ID":1,"Stage Attempt ID":0,"Stage Name":"s","Number of Tasks":3,"RDD Info":[],"Parent IDs":[0],"Details":"","Submission Time":10,"Accumulables":[],"Resource Profile Id":0},"Properties":{}}"#;

    fn task(kind: &str, index: i32, launch: i64, finish: i64, failed: bool) -> String {
        let (event, end) = match kind {
            "start" => ("SparkListenerTaskStart", String::new()),
            _ => (
                "SparkListenerTaskEnd",
                r#""Task Type":"ResultTask","Task End Reason":{"Reason":"Success"},"Task Executor Metrics":{},"#
                    .to_owned(),
            ),
        };
        format!(
            r#"{{"Event":"{event}","Stage ID":1,"Stage Attempt ID":0,{end}"Task Info":{{"Task ID":{index},"Index":{index},"Attempt":0,"Partition ID":{index},"Launch Time":{launch},"Executor ID":"0","Host":"h","Locality":"PROCESS_LOCAL","Speculative":false,"Getting Result Time":0,"Finish Time":{finish},"Failed":{failed},"Killed":false,"Accumulables":[]}}}}"#
        )
    }

    #[test]
    fn a_cells_stages_fill_with_their_tasks() {
        let mut fold = ProgressFold::default();
        fold.begin("c1");
        feed(&mut fold, &[JOB, STAGE, &task("start", 0, 10, 0, false), &task("start", 1, 10, 0, false)]);
        assert_eq!(fold.threads()["0"], 2);
        feed(&mut fold, &[&task("end", 0, 10, 60, false)]);
        let progress = fold.of("c1").unwrap();
        assert_eq!((progress.jobs.as_slice(), progress.stage_count(), progress.tasks_ended), (&[0][..], 1, 1));
        let stage = &progress.stages[0];
        assert_eq!((stage.done(), stage.running(), stage.tasks.len()), (1, 1, 3));
        assert_eq!(stage.slow(1_000), None);
        let slow = stage.slow(2_000).unwrap();
        assert_eq!((slow.task, slow.running, slow.median), (1, 1_990, 50.0));
        feed(&mut fold, &[&task("end", 1, 10, 90, true)]);
        assert_eq!(fold.of("c1").unwrap().stages[0].tasks[1], TaskState::Failed);
        assert_eq!(fold.threads()["0"], 0);
    }

    #[test]
    fn events_outside_a_cell_belong_to_none() {
        let mut fold = ProgressFold::default();
        feed(&mut fold, &[JOB, STAGE]);
        assert_eq!(fold.active_jobs(), 1);
        assert!(fold.of("c1").is_none());
    }

    #[test]
    fn memory_is_unknown_until_measured() {
        assert_eq!(ProgressFold::default().memory(), None);
    }
}

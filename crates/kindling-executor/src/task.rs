//! One task attempt on an executor's thread.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use arrow::array::RecordBatch;
use datafusion::{
    error::{DataFusionError, Result},
    execution::{
        TaskContext,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::MemoryPool,
        runtime_env::RuntimeEnvBuilder,
    },
    physical_plan::ExecutionPlan,
};
use futures::TryStreamExt;
use kindling_common::{Clock, ExceptionClass, SparkError};
use kindling_events::{BlockManagerId, ListenerBus, ShuffleId, TaskEndReason, TaskMetrics};
use kindling_physical::{Partitioner, RangeSample, TaskCounters, TaskEnv, error::find_fetch_failed};
use kindling_scheduler::{MapStatus, TaskOutcome};

use crate::{
    blocks::{BlockStore, ExecutorBlocks, MapOutput, batch_bytes},
    config::{ErrorMapper, TaskScope},
    executor::{Executor, Launch},
    memory::{TaskMemoryPool, out_of_memory},
    sql_metrics::input_metrics,
    stage_plan::{StagePlan, TaskSink},
    task_leaf::TaskKilledError,
};

/// What a task returns to the driver.
#[derive(Debug)]
pub enum TaskResult {
    /// A map task: its output is in the block store.
    Stored,
    /// Rows.
    Batches(Vec<RecordBatch>),
    /// Sort keys.
    Sample(Box<RangeSample>),
}

/// How a task ended.
#[derive(Debug)]
pub struct TaskReport {
    /// For the scheduler.
    pub outcome: TaskOutcome,
    /// For the driver.
    pub result: Option<TaskResult>,
    /// The error behind a failure.
    pub error: Option<SparkError>,
}

/// What tasks of an application share.
pub struct TaskServices {
    /// Blocks.
    pub blocks: Arc<BlockStore>,
    /// Listener bus.
    pub bus: Arc<ListenerBus>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How errors become Spark's.
    pub error_mapper: ErrorMapper,
    /// What this thread enters before a task runs.
    pub task_scope: TaskScope,
    /// Host that events name.
    pub host: String,
    /// Whether operators may write temporary files.
    pub spill_to_disk: bool,
}

enum Done {
    Stored { output: MapOutput, write_nanos: i64 },
    Batches(Vec<RecordBatch>),
    Sample(RangeSample),
}

/// Runs a task to its end, whatever that is.
pub fn run_task(
    launch: &Launch,
    executor: &Executor,
    services: &TaskServices,
    runtime: &tokio::runtime::Runtime,
) -> TaskReport {
    if launch.killed.load(Ordering::SeqCst) {
        return killed(None);
    }
    let Some(plan) = &launch.plan else {
        return killed(None);
    };
    let description = &launch.description;
    let start = services.clock.monotonic_nanos();
    let counters = Arc::new(TaskCounters::default());
    let pool = Arc::new(TaskMemoryPool::new(Arc::clone(&executor.memory)));
    let env = TaskEnv {
        stage_id: description.stage.stage_id.0,
        stage_attempt: description.stage.attempt,
        partition: description.partition.max(0) as usize,
        task_id: description.task_id.0,
        attempt: description.attempt,
        executor_id: executor.id.as_str().to_string(),
        blocks: Arc::new(ExecutorBlocks {
            executor_id: executor.id.as_str().to_string(),
            store: Arc::clone(&services.blocks),
            memory: Arc::clone(&executor.memory),
            bus: Arc::clone(&services.bus),
            host: services.host.clone(),
        }),
        counters: Arc::clone(&counters),
        killed: Arc::clone(&launch.killed),
    };
    let partition = env.partition;
    let mut metrics = TaskMetrics::default();
    let mut exec = None;
    let _scope = (services.task_scope)(partition as u32);
    let ran = catch_unwind(AssertUnwindSafe(|| -> Result<Done> {
        let instance = plan.instance(description.stage, &executor.id, description.attempt)?;
        exec = Some(Arc::clone(&instance));
        let context = task_context(plan, services, env, Arc::clone(&pool) as Arc<dyn MemoryPool>)?;
        metrics.executor_deserialize_time = (services.clock.monotonic_nanos() - start) / 1_000_000;
        let run = drain(plan, &instance, partition, context, executor, services, launch);
        runtime.block_on(run)
    }));
    metrics.executor_run_time =
        (services.clock.monotonic_nanos() - start) / 1_000_000 - metrics.executor_deserialize_time;
    metrics.peak_execution_memory = pool.peak() as i64;
    metrics.peak_on_heap_execution_memory = pool.peak() as i64;
    read_counters(&counters, &mut metrics);
    let done = match ran {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => return failed(error, launch, services, metrics),
        Err(panic) => {
            let error = SparkError::internal(format!("A task panicked: {}", panic_text(panic.as_ref())));
            return exception(error, metrics);
        }
    };
    if let Some(exec) = &exec {
        (metrics.input.records_read, metrics.input.bytes_read) = input_metrics(exec, partition);
        metrics.input.records_read += counters.cache_records_read.load(Ordering::Relaxed) as i64;
        metrics.input.bytes_read += counters.cache_bytes_read.load(Ordering::Relaxed) as i64;
        spills(exec, partition, &mut metrics);
    }
    let (result, map_status) = match done {
        Done::Stored { output, write_nanos } => {
            metrics.shuffle_write.bytes_written = output.sizes.iter().sum::<u64>() as i64;
            metrics.shuffle_write.records_written = output.rows.iter().sum::<u64>() as i64;
            metrics.shuffle_write.write_time = write_nanos;
            let status = MapStatus {
                executor_id: executor.id.clone(),
                map_id: description.task_id,
                sizes: output.sizes.iter().map(|size| *size as i64).collect(),
            };
            if let TaskSink::ShuffleWrite { shuffle_id, .. } = &plan.sink
                && !executor.is_dead()
            {
                services.blocks.put_map_output(*shuffle_id, partition, output);
            }
            (TaskResult::Stored, Some(status))
        }
        Done::Batches(batches) => {
            metrics.result_size = batches.iter().map(batch_bytes).sum::<u64>() as i64;
            (TaskResult::Batches(batches), None)
        }
        Done::Sample(sample) => {
            metrics.result_size = sample.keys.iter().map(|key| key.row().data().len() as i64).sum();
            (TaskResult::Sample(Box::new(sample)), None)
        }
    };
    let accum_updates = exec.as_ref().map(|exec| plan.metrics.updates(exec, partition, &metrics)).unwrap_or_default();
    TaskReport {
        outcome: TaskOutcome { reason: TaskEndReason::Success, map_status, metrics: Some(metrics), accum_updates },
        result: Some(result),
        error: None,
    }
}

fn task_context(
    plan: &StagePlan,
    services: &TaskServices,
    env: TaskEnv,
    pool: Arc<dyn MemoryPool>,
) -> Result<Arc<TaskContext>> {
    let task_id = env.task_id.to_string();
    let session = plan.session.clone().with_extension(Arc::new(env));
    let mut runtime = RuntimeEnvBuilder::from_runtime_env(&plan.runtime).with_memory_pool(pool);
    if !services.spill_to_disk {
        runtime = runtime.with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled));
    }
    let runtime = runtime.build_arc()?;
    let context = TaskContext::default().with_session_config(session).with_runtime(runtime).with_task_id(task_id);
    Ok(Arc::new(context))
}

async fn drain(
    plan: &StagePlan,
    exec: &Arc<dyn ExecutionPlan>,
    partition: usize,
    context: Arc<TaskContext>,
    executor: &Executor,
    services: &TaskServices,
    launch: &Launch,
) -> Result<Done> {
    let mut rows = exec.execute(partition, context)?;
    let check = || -> Result<()> {
        if launch.killed.load(Ordering::Relaxed) {
            return Err(DataFusionError::External(Box::new(TaskKilledError)));
        }
        Ok(())
    };
    match &plan.sink {
        TaskSink::Collect => {
            let mut batches = vec![];
            while let Some(batch) = rows.try_next().await? {
                check()?;
                if batch.num_rows() > 0 {
                    batches.push(batch);
                }
            }
            Ok(Done::Batches(batches))
        }
        TaskSink::Sample { ordering, capacity } => {
            let mut sample = RangeSample::new(ordering.clone(), *capacity, partition);
            while let Some(batch) = rows.try_next().await? {
                check()?;
                sample.add(&batch)?;
            }
            Ok(Done::Sample(sample))
        }
        TaskSink::ShuffleWrite { partitioning, bounds, .. } => {
            let mut partitioner = Partitioner::new(partitioning, bounds.as_ref(), partition)?;
            let n = partitioner.num_partitions();
            let mut blocks: Vec<Vec<RecordBatch>> = vec![vec![]; n];
            let mut sizes = vec![0; n];
            let mut counts = vec![0; n];
            let mut write_nanos = 0;
            let enough = partitioner.rows_per_split(plan.session.batch_size());
            let (mut pending, mut pending_rows) = (vec![], 0);
            loop {
                let batch = rows.try_next().await?;
                check()?;
                let last = batch.is_none();
                if let Some(batch) = batch.filter(|batch| batch.num_rows() > 0) {
                    pending_rows += batch.num_rows();
                    pending.push(batch);
                }
                if pending_rows >= enough || (last && pending_rows > 0) {
                    let start = services.clock.monotonic_nanos();
                    for (reducer, part) in partitioner.split(&pending)? {
                        if let (Some(size), Some(count), Some(block)) =
                            (sizes.get_mut(reducer), counts.get_mut(reducer), blocks.get_mut(reducer))
                        {
                            *size += batch_bytes(&part).max(1);
                            *count += part.num_rows() as u64;
                            block.push(part);
                        }
                    }
                    write_nanos += services.clock.monotonic_nanos() - start;
                    pending.clear();
                    pending_rows = 0;
                }
                if last {
                    break;
                }
            }
            let output = MapOutput {
                executor_id: executor.id.as_str().to_string(),
                blocks: Arc::new(blocks),
                sizes,
                rows: counts,
            };
            Ok(Done::Stored { output, write_nanos })
        }
    }
}

fn read_counters(counters: &TaskCounters, metrics: &mut TaskMetrics) {
    let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed) as i64;
    let read = &mut metrics.shuffle_read;
    read.local_bytes_read = get(&counters.local_bytes_read);
    read.remote_bytes_read = get(&counters.remote_bytes_read);
    read.local_blocks_fetched = get(&counters.local_blocks_fetched);
    read.remote_blocks_fetched = get(&counters.remote_blocks_fetched);
    read.records_read = get(&counters.shuffle_records_read);
    read.fetch_wait_time = get(&counters.fetch_wait_nanos) / 1_000_000;
}

/// Spilled bytes of all operators of the task.
fn spills(exec: &Arc<dyn ExecutionPlan>, partition: usize, metrics: &mut TaskMetrics) {
    if let Some(set) = exec.metrics() {
        for metric in set.iter().filter(|m| m.partition() == Some(partition)) {
            if metric.value().name() == "spilled_bytes" {
                metrics.disk_bytes_spilled += metric.value().as_usize() as i64;
            }
        }
    }
    for child in exec.children() {
        spills(child, partition, metrics);
    }
}

fn killed(metrics: Option<TaskMetrics>) -> TaskReport {
    let reason = TaskEndReason::TaskKilled { reason: "task cancelled".to_string(), accum_updates: vec![] };
    TaskReport {
        outcome: TaskOutcome { reason, map_status: None, metrics, accum_updates: vec![] },
        result: None,
        error: None,
    }
}

fn failed(error: DataFusionError, launch: &Launch, services: &TaskServices, metrics: TaskMetrics) -> TaskReport {
    if launch.killed.load(Ordering::SeqCst) {
        return killed(Some(metrics));
    }
    if let Some(fetch) = find_fetch_failed(&error) {
        let block_manager = fetch.executor_id.as_ref().map(|executor| BlockManagerId {
            executor_id: executor.as_str().into(),
            host: services.host.clone(),
            port: 0,
        });
        let reason = TaskEndReason::FetchFailed {
            block_manager,
            shuffle_id: ShuffleId(fetch.shuffle_id),
            map_id: -1,
            map_index: fetch.map_index.map_or(-1, |map| map as i32),
            reduce_id: fetch.reduce_id as i32,
            message: fetch.message.clone(),
        };
        return TaskReport {
            outcome: TaskOutcome { reason, map_status: None, metrics: Some(metrics), accum_updates: vec![] },
            result: None,
            error: None,
        };
    }
    let error = out_of_memory(&error).unwrap_or_else(|| (services.error_mapper)(error));
    exception(error, metrics)
}

fn exception(error: SparkError, metrics: TaskMetrics) -> TaskReport {
    let class_name = class_name(error.class).to_string();
    let description = error.full_message();
    let reason = TaskEndReason::ExceptionFailure {
        full_stack_trace: Some(format!("{class_name}: {description}")),
        class_name,
        description,
        stack_trace: vec![],
        accum_updates: vec![],
    };
    TaskReport {
        outcome: TaskOutcome { reason, map_status: None, metrics: Some(metrics), accum_updates: vec![] },
        result: None,
        error: Some(error),
    }
}

/// The JVM class of an error, as event logs name it.
fn class_name(class: ExceptionClass) -> &'static str {
    match class {
        ExceptionClass::Analysis => "org.apache.spark.sql.AnalysisException",
        ExceptionClass::Parse => "org.apache.spark.sql.catalyst.parser.ParseException",
        ExceptionClass::Arithmetic => "org.apache.spark.SparkArithmeticException",
        ExceptionClass::ArrayIndexOutOfBounds => "org.apache.spark.SparkArrayIndexOutOfBoundsException",
        ExceptionClass::DateTime => "org.apache.spark.SparkDateTimeException",
        ExceptionClass::IllegalArgument => "org.apache.spark.SparkIllegalArgumentException",
        ExceptionClass::NumberFormat => "org.apache.spark.SparkNumberFormatException",
        ExceptionClass::NoSuchElement => "org.apache.spark.SparkNoSuchElementException",
        ExceptionClass::Runtime => "org.apache.spark.SparkRuntimeException",
        ExceptionClass::UnsupportedOperation => "org.apache.spark.SparkUnsupportedOperationException",
        ExceptionClass::Upgrade => "org.apache.spark.SparkUpgradeException",
        _ => "org.apache.spark.SparkException",
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return (*text).to_string();
    }
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "unknown cause".to_string())
}

//! Tasks that fail, executors that die, queries that are interrupted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "these are tests")]

mod support;

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use arrow::{array::RecordBatch, datatypes::DataType};
use datafusion::{
    common::{DataFusionError, Result},
    functions_aggregate::expr_fn::{count, sum},
    logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
    prelude::{col, lit},
};
use kindling_common::SparkError;
use kindling_events::{SparkListenerEvent, TaskEndReason};
use kindling_executor::{CancelToken, run_query};
use support::{Fixture, rows, sorted_rows};

type Body = dyn Fn(&ColumnarValue) -> Result<()> + Send + Sync;

/// A function that returns its argument, after something happened.
struct Probe {
    signature: Signature,
    body: Arc<Body>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe")
    }
}

impl PartialEq for Probe {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.body, &other.body)
    }
}

impl Eq for Probe {}

impl std::hash::Hash for Probe {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        "probe".hash(state);
    }
}

impl ScalarUDFImpl for Probe {
    fn name(&self) -> &str {
        "probe"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        (self.body)(&args.args[0])?;
        Ok(args.args[0].clone())
    }
}

fn probe(body: impl Fn(&ColumnarValue) -> Result<()> + Send + Sync + 'static, argument: Expr) -> Expr {
    let _: Option<&dyn Any> = None;
    let signature = Signature::exact(vec![DataType::Int64], Volatility::Volatile);
    ScalarUDF::from(Probe { signature, body: Arc::new(body) }).call(vec![argument])
}

fn grouped(fixture: &Fixture, value: Expr) -> datafusion::prelude::DataFrame {
    let k = (col("\"id#1\"") % lit(7_i64)).alias("k#3");
    fixture
        .frame("a")
        .select(vec![value.alias("v#2"), k])
        .unwrap()
        .aggregate(vec![col("\"k#3\"")], vec![count(lit(1_i64)).alias("c#4"), sum(col("\"v#2\"")).alias("s#5")])
        .unwrap()
}

fn fixture(executors: usize, settings: &[(&str, &str)]) -> Fixture {
    let mut all = vec![("spark.sql.shuffle.partitions", "5")];
    all.extend(settings);
    let fixture = Fixture::new(executors, 2, &all);
    fixture.range("a", "id#1", 70_000, 6);
    fixture
}

fn task_ends(fixture: &Fixture) -> Vec<TaskEndReason> {
    let events = fixture.take_events();
    events
        .into_iter()
        .filter_map(|event| match event {
            SparkListenerEvent::TaskEnd(end) => Some(end.reason),
            _ => None,
        })
        .collect()
}

#[test]
fn a_failed_task_is_tried_again() {
    let fixture = fixture(1, &[]);
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let flaky = probe(
        move |_| {
            if counter.fetch_add(1, Ordering::SeqCst) < 3 {
                return Err(DataFusionError::Execution("not yet".to_string()));
            }
            Ok(())
        },
        col("\"id#1\""),
    );
    let batches = fixture.run(grouped(&fixture, flaky)).unwrap();
    assert_eq!(sorted_rows(&batches)[0], ["0", "10000", "349965000"]);
    let failures = task_ends(&fixture).iter().filter(|reason| !reason.is_success()).count();
    assert_eq!(failures, 3);
}

#[test]
fn a_task_that_keeps_failing_fails_its_query_with_its_error() {
    let fixture = fixture(1, &[("spark.task.maxFailures", "2")]);
    let broken = probe(
        |_| {
            let error =
                SparkError::new(kindling_common::ExceptionClass::Arithmetic, "DIVIDE_BY_ZERO").param("config", "x");
            Err(DataFusionError::External(Box::new(error)))
        },
        col("\"id#1\""),
    );
    let error = fixture.run(grouped(&fixture, broken)).unwrap_err();
    assert_eq!(error.condition, "DIVIDE_BY_ZERO");
    let again = fixture.run(grouped(&fixture, col("\"id#1\""))).unwrap();
    assert_eq!(rows(&again).len(), 7);
}

#[test]
fn a_panic_fails_its_task_and_not_the_thread() {
    let fixture = fixture(1, &[("spark.task.maxFailures", "1")]);
    let panics = probe(|_| panic!("out of cheese"), col("\"id#1\""));
    let error = fixture.run(grouped(&fixture, panics)).unwrap_err();
    assert!(error.full_message().contains("out of cheese"), "{}", error.full_message());
    assert_eq!(rows(&fixture.run(grouped(&fixture, col("\"id#1\""))).unwrap()).len(), 7);
}

#[test]
fn lost_blocks_are_computed_again() {
    let fixture = fixture(2, &[("spark.sql.adaptive.enabled", "true")]);
    // The reduce side kills the executor that holds map outputs, once.
    let engine = Arc::clone(&fixture.engine);
    let killed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&killed);
    let k = (col("\"id#1\"") % lit(7_i64)).alias("k#3");
    let frame = fixture
        .frame("a")
        .select(vec![col("\"id#1\""), k])
        .unwrap()
        .aggregate(vec![col("\"k#3\"")], vec![sum(col("\"id#1\"")).alias("s#5")])
        .unwrap()
        .select(vec![
            probe(
                move |_| {
                    if counter.fetch_add(1, Ordering::SeqCst) == 0 {
                        let victim = engine.executor_ids()[0].clone();
                        engine.kill_executor(&victim).unwrap();
                    }
                    Ok(())
                },
                col("\"s#5\""),
            )
            .alias("s#6"),
            col("\"k#3\""),
        ])
        .unwrap()
        .sort(vec![col("\"k#3\"").sort(true, true)])
        .unwrap();
    let batches = fixture.run(frame).unwrap();
    let found = rows(&batches);
    assert_eq!(found.len(), 7);
    assert_eq!(found[0], ["349965000", "0"]);
    assert_eq!(found[6], ["350025000", "6"]);
    assert!(killed.load(Ordering::SeqCst) > 0);
    let ids = fixture.engine.executor_ids();
    assert_eq!(ids.len(), 2);
    let events = fixture.take_events();
    assert!(events.iter().any(|event| matches!(event, SparkListenerEvent::ExecutorRemoved(_))));
    assert!(fixture.run(grouped(&fixture, col("\"id#1\""))).is_ok());
}

#[test]
fn an_interrupt_stops_a_running_query() {
    let fixture = fixture(1, &[]);
    fixture.range("big", "id#1", 4_000_000_000, 4);
    let frame = fixture.frame("big").aggregate(vec![], vec![sum(col("\"id#1\"")).alias("s#5")]).unwrap();
    let mut run = fixture.query(frame);
    run.cancel = CancelToken::new();
    let token = run.cancel.clone();
    let engine = Arc::clone(&fixture.engine);
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        token.cancel();
        Instant::now()
    });
    let mut out: Vec<RecordBatch> = vec![];
    let error = run_query(&engine, run, &mut out).unwrap_err();
    let asked = canceller.join().unwrap();
    assert_eq!(error.condition, "OPERATION_CANCELED");
    assert!(asked.elapsed() < Duration::from_millis(1000), "{:?}", asked.elapsed());
    // The threads are free again.
    assert!(fixture.run(grouped(&fixture, col("\"id#1\""))).is_ok());
}

#[test]
fn jobs_are_cancelled_by_tag() {
    let fixture = fixture(1, &[]);
    fixture.range("big", "id#1", 4_000_000_000, 4);
    let frame = fixture.frame("big").aggregate(vec![], vec![sum(col("\"id#1\"")).alias("s#5")]).unwrap();
    let mut run = fixture.query(frame);
    run.tags = vec!["mine".to_string()];
    let engine = Arc::clone(&fixture.engine);
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        engine.cancel_job_tag("mine", "part of cancelled job tags mine");
    });
    let mut out: Vec<RecordBatch> = vec![];
    let error = run_query(&fixture.engine, run, &mut out).unwrap_err();
    canceller.join().unwrap();
    assert_eq!(error.condition, "SPARK_JOB_CANCELLED");
}

#[test]
fn queries_run_at_once() {
    let fixture = Arc::new(fixture(2, &[]));
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let fixture = Arc::clone(&fixture);
            std::thread::spawn(move || sorted_rows(&fixture.run(grouped(&fixture, col("\"id#1\""))).unwrap()))
        })
        .collect();
    let results: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(results[0].len(), 7);
}

fn many_groups(fixture: &Fixture) -> datafusion::prelude::DataFrame {
    fixture.range("wide", "id#1", 600_000, 2);
    fixture
        .frame("wide")
        .aggregate(vec![col("\"id#1\"")], vec![count(lit(1_i64)).alias("c#4")])
        .unwrap()
        .aggregate(vec![], vec![count(lit(1_i64)).alias("n#5"), sum(col("\"c#4\"")).alias("s#6")])
        .unwrap()
}

#[test]
fn a_task_without_memory_fails_and_the_engine_lives_on() {
    let fixture = fixture(1, &[("spark.executor.memory", "8m"), ("test.spill", "false")]);
    let error = fixture.run(many_groups(&fixture)).unwrap_err();
    assert_eq!(error.condition, "UNABLE_TO_ACQUIRE_MEMORY", "{}", error.full_message());
    assert_eq!(rows(&fixture.run(grouped(&fixture, col("\"id#1\""))).unwrap()).len(), 7);
}

#[test]
fn a_task_with_little_memory_spills() {
    let fixture = fixture(1, &[("spark.executor.memory", "64m")]);
    let batches = fixture.run(many_groups(&fixture)).unwrap();
    assert_eq!(rows(&batches), [["600000", "600000"]]);
}

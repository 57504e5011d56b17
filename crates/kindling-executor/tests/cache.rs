//! Cached relations: computed once, read as blocks, lost with their executor and computed again.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::{
    functions_aggregate::expr_fn::sum,
    physical_plan::ExecutionPlan,
    prelude::{col, lit},
};
use kindling_events::SparkListenerEvent;
use kindling_executor::run_query;
use kindling_physical::{CacheLevel, CachedRelation, InMemoryTableScanExec, PreparedPlan};
use support::{Fixture, sorted_rows};

fn cached(fixture: &Fixture) -> Arc<CachedRelation> {
    let k = (col("\"id#1\"") % lit(7_i64)).alias("k#3");
    let frame = fixture
        .frame("a")
        .select(vec![col("\"id#1\""), k])
        .unwrap()
        .aggregate(vec![col("\"k#3\"")], vec![sum(col("\"id#1\"")).alias("s#5")])
        .unwrap();
    let plan = fixture.plan(&frame.into_optimized_plan().unwrap());
    fixture.engine.cache("sums".to_string(), CacheLevel::MEMORY_AND_DISK, plan)
}

fn read(fixture: &Fixture, relation: &Arc<CachedRelation>) -> Vec<Vec<String>> {
    let schema = relation.plan.plan.schema();
    let columns = (0..schema.fields().len()).collect();
    let plan: Arc<dyn ExecutionPlan> = Arc::new(InMemoryTableScanExec::new(Arc::clone(relation), columns, schema));
    let mut out: Vec<RecordBatch> = vec![];
    run_query(&fixture.engine, fixture.query_of(PreparedPlan { plan, subqueries: vec![], adaptive: true }), &mut out)
        .unwrap();
    sorted_rows(&out)
}

#[test]
fn a_cached_relation_is_computed_once() {
    let fixture = Fixture::new(2, 1, &[("spark.sql.shuffle.partitions", "5")]);
    fixture.range("a", "id#1", 7000, 4);
    let relation = cached(&fixture);
    assert_eq!(fixture.engine.num_cached_partitions(&relation), 0);
    let first = read(&fixture, &relation);
    assert_eq!(first.len(), 7);
    assert_eq!(fixture.engine.num_cached_partitions(&relation), 5);
    let shape = fixture.shape();
    assert_eq!((shape.jobs, shape.stages), (1, vec![4, 5]));

    assert_eq!(read(&fixture, &relation), first);
    let events = fixture.take_events();
    let submitted: Vec<i32> = events
        .iter()
        .filter_map(|event| match event {
            SparkListenerEvent::StageSubmitted(stage) => Some(stage.stage_info.num_tasks),
            _ => None,
        })
        .collect();
    assert_eq!(submitted, [5]);
    let read_records: i64 = events
        .iter()
        .filter_map(|event| match event {
            SparkListenerEvent::TaskEnd(end) => end.task_metrics.as_ref().map(|metrics| metrics.input.records_read),
            _ => None,
        })
        .sum();
    assert_eq!(read_records, 7);

    let victim = fixture.engine.executor_ids()[0].clone();
    fixture.engine.kill_executor(&victim).unwrap();
    assert!(fixture.engine.num_cached_partitions(&relation) < 5);
    assert_eq!(read(&fixture, &relation), first);
    assert_eq!(fixture.engine.num_cached_partitions(&relation), 5);

    fixture.engine.unpersist(&relation);
    assert_eq!(fixture.engine.num_cached_partitions(&relation), 0);
    assert_eq!(read(&fixture, &relation), first);
}

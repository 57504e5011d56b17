//! Adaptive execution: what a plan becomes once sizes are known, and that its rows stay the same.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use arrow::{
    array::{Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use datafusion::{
    common::{JoinType, NullEquality},
    functions_aggregate::expr_fn::count,
    logical_expr::{LogicalPlan, LogicalPlanBuilder},
    prelude::{DataFrame, col, lit},
};
use kindling_events::{SparkListenerEvent, SparkPlanInfo};
use kindling_executor::{Engine, run_query};
use support::{Fixture, sorted_rows};

fn table(name: &str, payload: &str, keys: Vec<Option<i64>>) -> RecordBatch {
    let schema = Schema::new(vec![Field::new(name, DataType::Int64, true), Field::new(payload, DataType::Utf8, false)]);
    let text: Vec<String> = (0..keys.len()).map(|i| format!("row {i:06} {}", "x".repeat(40))).collect();
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int64Array::from(keys)), Arc::new(StringArray::from(text))])
        .unwrap()
}

fn final_plan(fixture: &Fixture, frame: DataFrame) -> (String, Vec<RecordBatch>) {
    let run = fixture.query(frame);
    let engine: &Arc<Engine> = &fixture.engine;
    let mut out: Vec<RecordBatch> = vec![];
    let summary = run_query(engine, run, &mut out).unwrap();
    let tree = kindling_physical::display::shown_tree(&summary.plan, 25);
    (kindling_physical::display::tree_string(&tree), out)
}

fn join(f: &Fixture, join_type: JoinType) -> DataFrame {
    f.frame("l").join(f.frame("r"), join_type, &["\"k#1\""], &["\"k#3\""], None).unwrap()
}

#[test]
fn a_shuffled_join_becomes_a_broadcast_join() {
    // The estimate of the filtered side is its whole table; what it measures is a few rows.
    let fixture =
        Fixture::new(1, 2, &[("spark.sql.shuffle.partitions", "5"), ("spark.sql.autoBroadcastJoinThreshold", "20000")]);
    fixture.table("l", vec![table("k#1", "p#2", (0..3000).map(Some).collect())]);
    fixture.table("r", (0..3).map(|i| table("k#3", "p#4", (i * 1000..(i + 1) * 1000).map(Some).collect())).collect());
    let small = fixture.frame("r").filter(col("\"k#3\"").lt(lit(20_i64))).unwrap();
    let frame = fixture.frame("l").join(small, JoinType::Inner, &["\"k#1\""], &["\"k#3\""], None).unwrap();
    let (plan, rows) = final_plan(&fixture, frame);
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 20);
    assert!(plan.contains("BroadcastHashJoin"), "{plan}");
    assert!(plan.contains("AQEShuffleRead local"), "{plan}");
}

#[test]
fn a_skewed_partition_is_split() {
    let settings: &[(&str, &str)] = &[
        ("spark.sql.shuffle.partitions", "8"),
        ("spark.sql.autoBroadcastJoinThreshold", "-1"),
        ("spark.sql.adaptive.advisoryPartitionSizeInBytes", "20KB"),
        ("spark.sql.adaptive.coalescePartitions.minPartitionSize", "1KB"),
        ("spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes", "30KB"),
        ("spark.sql.adaptive.skewJoin.skewedPartitionFactor", "2"),
    ];
    let fixture = Fixture::new(1, 2, settings);
    // Key 1 has nearly all rows of the left side.
    let left = |part: i64| (0..600).map(|i| Some(if i % 10 == 0 { part * 600 + i } else { 1 })).collect();
    fixture.table("l", (0..6).map(|part| table("k#1", "p#2", left(part))).collect());
    fixture.table("r", vec![table("k#3", "p#4", (0..4000).map(Some).collect())]);
    let (plan, rows) = final_plan(&fixture, join(&fixture, JoinType::Left));
    assert!(plan.contains("SortMergeJoin(skew=true)"), "{plan}");
    assert!(plan.contains("skewed"), "{plan}");
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 3600);
    let plain = Fixture::new(1, 2, &[settings, &[("spark.sql.adaptive.enabled", "false")]].concat());
    plain.table("l", (0..6).map(|part| table("k#1", "p#2", left(part))).collect());
    plain.table("r", vec![table("k#3", "p#4", (0..4000).map(Some).collect())]);
    assert_eq!(sorted_rows(&rows), sorted_rows(&plain.run(join(&plain, JoinType::Left)).unwrap()));
}

#[test]
fn an_empty_side_empties_the_join() {
    let fixture =
        Fixture::new(1, 2, &[("spark.sql.shuffle.partitions", "5"), ("spark.sql.autoBroadcastJoinThreshold", "-1")]);
    fixture.table("l", vec![table("k#1", "p#2", (0..30).map(Some).collect())]);
    fixture.table("r", vec![table("k#3", "p#4", (0..30).map(Some).collect())]);
    let none = fixture.frame("r").filter(col("\"p#4\"").eq(lit("nothing"))).unwrap();
    let frame = fixture
        .frame("l")
        .join(none, JoinType::Inner, &["\"k#1\""], &["\"k#3\""], None)
        .unwrap()
        .aggregate(vec![col("\"k#1\"")], vec![count(lit(1_i64)).alias("c#5")])
        .unwrap();
    let (plan, rows) = final_plan(&fixture, frame);
    assert!(rows.iter().all(|batch| batch.num_rows() == 0));
    assert!(plan.starts_with("LocalTableScan <empty>"), "{plan}");
    // Both sides were shuffled; nothing was left to run after that.
    assert_eq!(fixture.shape().jobs, 2);
}

/// Every join type, broadcast, merged and hashed, adaptive or not: the same rows.
#[test]
fn join_strategies_agree() {
    let left = || {
        vec![
            table("k#1", "p#2", vec![Some(1), Some(2), None, Some(3), Some(3)]),
            table("k#1", "p#2", vec![Some(9), None]),
        ]
    };
    let right = || vec![table("k#3", "p#4", vec![Some(3), Some(1), Some(1), None, Some(7)])];
    let types = [
        JoinType::Inner,
        JoinType::Left,
        JoinType::Right,
        JoinType::Full,
        JoinType::LeftSemi,
        JoinType::LeftAnti,
        JoinType::RightSemi,
        JoinType::RightAnti,
        JoinType::LeftMark,
    ];
    for join_type in types {
        for null_equality in [NullEquality::NullEqualsNothing, NullEquality::NullEqualsNull] {
            let mut results = vec![];
            for (threshold, prefer_merge, adaptive) in [
                ("10MB", "true", "true"),
                ("10MB", "true", "false"),
                ("-1", "true", "true"),
                ("-1", "true", "false"),
                ("1", "false", "true"),
            ] {
                let fixture = Fixture::new(
                    1,
                    2,
                    &[
                        ("spark.sql.shuffle.partitions", "3"),
                        ("spark.sql.autoBroadcastJoinThreshold", threshold),
                        ("spark.sql.join.preferSortMergeJoin", prefer_merge),
                        ("spark.sql.adaptive.enabled", adaptive),
                    ],
                );
                fixture.table("l", left());
                fixture.table("r", right());
                let plan = LogicalPlanBuilder::from(fixture.frame("l").into_unoptimized_plan())
                    .join_detailed(
                        fixture.frame("r").into_unoptimized_plan(),
                        join_type,
                        (vec!["\"k#1\""], vec!["\"k#3\""]),
                        None,
                        null_equality,
                    )
                    .unwrap()
                    .build()
                    .unwrap();
                results.push(sorted_rows(&fixture.run_plan(plan).unwrap()));
            }
            assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{join_type} {null_equality:?}: {results:#?}");
        }
    }
}

#[test]
fn joins_without_keys_agree() {
    let batches = |name: &str, payload: &str, n: i64| {
        vec![table(name, payload, (0..n).map(Some).collect()), table(name, payload, (n..2 * n).map(Some).collect())]
    };
    for join_type in
        [JoinType::Inner, JoinType::Left, JoinType::Right, JoinType::Full, JoinType::LeftSemi, JoinType::LeftAnti]
    {
        let mut results = vec![];
        for threshold in ["10MB", "-1"] {
            let fixture = Fixture::new(1, 2, &[("spark.sql.autoBroadcastJoinThreshold", threshold)]);
            fixture.table("l", batches("k#1", "p#2", 4));
            fixture.table("r", batches("k#3", "p#4", 3));
            let on = (col("\"k#1\"") + lit(2_i64)).lt(col("\"k#3\""));
            let frame = fixture.frame("l").join_on(fixture.frame("r"), join_type, vec![on]).unwrap();
            results.push(sorted_rows(&fixture.run(frame).unwrap()));
        }
        assert_eq!(results[0], results[1], "{join_type}");
        let expected = match join_type {
            JoinType::Inner => 6,
            JoinType::Left => 11,
            JoinType::Right => 9,
            JoinType::Full => 14,
            JoinType::LeftSemi => 3,
            _ => 5,
        };
        assert_eq!(results[0].len(), expected, "{join_type}");
    }
}

/// `NOT IN`: no rows once the subquery has a null, all rows if it is empty.
#[test]
fn not_in_knows_about_nulls() {
    let run = |right: Vec<Option<i64>>| {
        let fixture = Fixture::new(1, 2, &[]);
        fixture.table("l", vec![table("k#1", "p#2", vec![Some(1), None, Some(3)]), table("k#1", "p#2", vec![Some(4)])]);
        fixture.table("r", vec![table("k#3", "p#4", right)]);
        let subquery = fixture.frame("r").select(vec![col("\"k#3\"")]).unwrap().into_unoptimized_plan();
        let not_in = datafusion::logical_expr::not_in_subquery(col("\"k#1\""), Arc::new(subquery));
        let plan: LogicalPlan = LogicalPlanBuilder::from(fixture.frame("l").into_unoptimized_plan())
            .filter(not_in)
            .unwrap()
            .build()
            .unwrap();
        let optimized = fixture.ctx.state().optimize(&plan).unwrap();
        let text = format!("{}", optimized.display_indent());
        (fixture.run_plan(optimized).unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), text)
    };
    assert_eq!(run(vec![Some(1), Some(2)]).0, 2);
    assert_eq!(run(vec![Some(1), None]).0, 0);
    assert_eq!(run(vec![]).0, 4);
}

fn metric(info: &SparkPlanInfo, node: &str, name: &str, ids: &mut Vec<i64>) {
    if info.node_name == node {
        ids.extend(info.metrics.iter().filter(|m| m.name == name).map(|m| m.accumulator_id.0));
    }
    for child in &info.children {
        metric(child, node, name, ids);
    }
}

#[test]
fn metrics_reach_the_nodes_of_the_final_plan() {
    let fixture = Fixture::new(1, 2, &[("spark.sql.shuffle.partitions", "5")]);
    fixture.range("a", "id#1", 1000, 4);
    let k = (col("\"id#1\"") % lit(10_i64)).alias("k#3");
    let frame = fixture
        .frame("a")
        .filter(col("\"id#1\"").gt_eq(lit(100_i64)))
        .unwrap()
        .select(vec![k])
        .unwrap()
        .aggregate(vec![col("\"k#3\"")], vec![count(lit(1_i64)).alias("c#4")])
        .unwrap();
    fixture.run(frame).unwrap();
    let events = fixture.take_events();
    let info = events
        .iter()
        .rev()
        .find_map(|event| match event {
            SparkListenerEvent::SqlAdaptiveExecutionUpdate(update) => Some(update.spark_plan_info.clone()),
            _ => None,
        })
        .unwrap();
    let total = |node: &str, name: &str| {
        let mut ids = vec![];
        metric(&info, node, name, &mut ids);
        assert!(!ids.is_empty(), "{node} has no {name}: {info:#?}");
        ids.dedup();
        let mut sum = 0;
        for event in &events {
            if let SparkListenerEvent::TaskEnd(end) = event {
                for update in &end.task_info.accumulables {
                    if ids.contains(&update.id.0) {
                        sum += update.update.as_ref().and_then(|value| value.as_long()).unwrap_or(0);
                    }
                }
            }
        }
        sum
    };
    assert_eq!(total("Range", "number of output rows"), 1000);
    assert_eq!(total("Filter", "number of output rows"), 900);
    assert_eq!(total("Exchange", "shuffle records written"), 40);
    assert_eq!(total("Exchange", "records read"), 40);
    assert_eq!(total("HashAggregate", "number of output rows"), 50);
    let run_time = events.iter().filter_map(|event| match event {
        SparkListenerEvent::TaskEnd(end) => end.task_metrics.as_ref(),
        _ => None,
    });
    let (mut written, mut read) = (0, 0);
    for metrics in run_time {
        written += metrics.shuffle_write.records_written;
        read += metrics.shuffle_read.records_read;
    }
    assert_eq!((written, read), (40, 40));
}

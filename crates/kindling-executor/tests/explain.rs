//! Plan text, against Spark 4.2's for the same query. Names of columns carry ids already; plan ids differ.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use datafusion::{
    functions_aggregate::expr_fn::{count, sum},
    prelude::{DataFrame, JoinType, col, lit},
};
use kindling_physical::display::{ExplainMode, explain};
use support::Fixture;

fn fixture(settings: &[(&str, &str)]) -> Fixture {
    let mut all = vec![("spark.sql.shuffle.partitions", "5")];
    all.extend(settings);
    let fixture = Fixture::new(1, 2, &all);
    fixture.range("a", "id#0", 1000, 4);
    fixture.range("b", "x#2", 50, 3);
    fixture
}

fn a(f: &Fixture) -> DataFrame {
    f.frame("a").select(vec![col("\"id#0\""), (col("\"id#0\"") % lit(10_i64)).alias("k#1")]).unwrap()
}

/// The text with plan ids left out.
fn text(f: &Fixture, frame: DataFrame, mode: ExplainMode) -> String {
    let prepared = f.plan(&frame.into_optimized_plan().unwrap());
    let out = explain(&prepared.plan, &prepared.subqueries, true, mode, None, 25);
    let mut parts = out.split("[plan_id=");
    let mut kept = parts.next().unwrap().to_string();
    for part in parts {
        kept.push_str("[plan_id=");
        kept.push_str(&part[part.find(']').unwrap()..]);
    }
    kept
}

#[test]
fn an_aggregate_reads_as_in_spark() {
    let f = fixture(&[]);
    let aggregates = vec![count(lit(1_i64)).alias("c#4"), sum(col("\"id#0\"")).alias("s#5")];
    let frame = a(&f).aggregate(vec![col("\"k#1\"")], aggregates).unwrap();
    assert_eq!(
        text(&f, frame, ExplainMode::Simple),
        "== Physical Plan ==
AdaptiveSparkPlan isFinalPlan=false
+- HashAggregate(keys=[k#1L], functions=[count(1), sum(id#0L)])
   +- Exchange hashpartitioning(k#1L, 5), ENSURE_REQUIREMENTS, [plan_id=]
      +- HashAggregate(keys=[k#1L], functions=[partial_count(1), partial_sum(id#0L)])
         +- Project [id#0L, (id#0L % 10) AS k#1L]
            +- Range (0, 1000, step=1, splits=4)

"
    );
}

#[test]
fn sorts_and_limits_read_as_in_spark() {
    let f = fixture(&[]);
    let sorted = a(&f).sort(vec![col("\"k#1\"").sort(true, true)]).unwrap();
    assert_eq!(
        text(&f, sorted, ExplainMode::Simple),
        "== Physical Plan ==
AdaptiveSparkPlan isFinalPlan=false
+- Sort [k#1L ASC NULLS FIRST], true, 0
   +- Exchange rangepartitioning(k#1L ASC NULLS FIRST, 5), ENSURE_REQUIREMENTS, [plan_id=]
      +- Project [id#0L, (id#0L % 10) AS k#1L]
         +- Range (0, 1000, step=1, splits=4)

"
    );
    assert_eq!(
        text(&f, a(&f).limit(0, Some(7)).unwrap(), ExplainMode::Simple),
        "== Physical Plan ==
CollectLimit 7
+- Project [id#0L, (id#0L % 10) AS k#1L]
   +- Range (0, 1000, step=1, splits=4)

"
    );
}

#[test]
fn joins_read_as_in_spark() {
    let f = fixture(&[]);
    let join = |f: &Fixture| a(f).join(f.frame("b"), JoinType::Inner, &["\"k#1\""], &["\"x#2\""], None).unwrap();
    assert_eq!(
        text(&f, join(&f), ExplainMode::Simple),
        "== Physical Plan ==
AdaptiveSparkPlan isFinalPlan=false
+- BroadcastHashJoin [k#1L], [x#2L], Inner, BuildRight, false, false
   :- Project [id#0L, (id#0L % 10) AS k#1L]
   :  +- Range (0, 1000, step=1, splits=4)
   +- BroadcastExchange HashedRelationBroadcastMode(List(input[0, bigint, false]),false), [plan_id=]
      +- Range (0, 50, step=1, splits=3)

"
    );
    let f = fixture(&[("spark.sql.autoBroadcastJoinThreshold", "-1")]);
    assert_eq!(
        text(&f, join(&f), ExplainMode::Simple),
        "== Physical Plan ==
AdaptiveSparkPlan isFinalPlan=false
+- SortMergeJoin [k#1L], [x#2L], Inner
   :- Sort [k#1L ASC NULLS FIRST], false, 0
   :  +- Exchange hashpartitioning(k#1L, 5), ENSURE_REQUIREMENTS, [plan_id=]
   :     +- Project [id#0L, (id#0L % 10) AS k#1L]
   :        +- Range (0, 1000, step=1, splits=4)
   +- Sort [x#2L ASC NULLS FIRST], false, 0
      +- Exchange hashpartitioning(x#2L, 5), ENSURE_REQUIREMENTS, [plan_id=]
         +- Range (0, 50, step=1, splits=3)

"
    );
}

#[test]
fn the_formatted_plan_numbers_its_nodes() {
    let f = fixture(&[]);
    let frame = f.frame("a").distinct().unwrap();
    let out = text(&f, frame, ExplainMode::Formatted);
    assert!(
        out.starts_with(
            "== Physical Plan ==
AdaptiveSparkPlan (5)
+- HashAggregate (4)
   +- Exchange (3)
      +- HashAggregate (2)
         +- Range (1)


(1) Range
Output [1]: [id#0L]
Arguments: Range (0, 1000, step=1, splits=4)

(2) HashAggregate
Input [1]: [id#0L]
"
        ),
        "{out}"
    );
}

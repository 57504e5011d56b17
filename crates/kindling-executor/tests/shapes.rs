//! Jobs, stages and tasks of queries, against what Spark 4.2 shows for the same query (`local[2]`, five shuffle partitions).

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use datafusion::{
    functions_aggregate::expr_fn::{count, count_distinct, sum},
    functions_window::expr_fn::row_number,
    logical_expr::{ExprFunctionExt, Partitioning},
    prelude::{DataFrame, Expr, JoinType, col, lit},
};
use support::Fixture;

type Query = fn(&Fixture) -> DataFrame;

fn id() -> Expr {
    col("\"id#1\"")
}

fn k() -> Expr {
    col("\"k#3\"")
}

/// `range(1000)` over four partitions, with `k = id % 10`.
fn a(f: &Fixture) -> DataFrame {
    f.frame("a").select(vec![id(), (id() % lit(10_i64)).alias("k#3")]).unwrap()
}

fn b(f: &Fixture) -> DataFrame {
    f.frame("b")
}

fn group(frame: DataFrame) -> DataFrame {
    frame.aggregate(vec![k()], vec![count(lit(1_i64)).alias("c#4")]).unwrap()
}

fn join(f: &Fixture, join_type: JoinType) -> DataFrame {
    a(f).join(b(f), join_type, &["\"k#3\""], &["\"x#2\""], None).unwrap()
}

fn fixture(adaptive: bool, broadcast: bool) -> Fixture {
    let fixture = Fixture::new(
        1,
        2,
        &[
            ("spark.sql.shuffle.partitions", "5"),
            ("spark.sql.adaptive.enabled", if adaptive { "true" } else { "false" }),
            ("spark.sql.autoBroadcastJoinThreshold", if broadcast { "10485760b" } else { "-1" }),
        ],
    );
    fixture.range("a", "id#1", 1000, 4);
    fixture.range("b", "x#2", 50, 3);
    fixture.range("one", "id#1", 100, 1);
    fixture
}

/// Jobs and tasks per stage with and without adaptive execution. Stages that wait for nothing start in no fixed order.
fn check(name: &str, query: Query, broadcast: bool, adaptive: (usize, &[i32]), fixed: (usize, &[i32])) {
    for (enabled, (jobs, stages)) in [(true, adaptive), (false, fixed)] {
        let fixture = fixture(enabled, broadcast);
        let frame = query(&fixture);
        fixture.take_events();
        fixture.run(frame).unwrap();
        let shape = fixture.shape();
        let mut found = shape.stages.clone();
        let mut expected = stages.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!((shape.jobs, found), (jobs, expected), "{name}, adaptive: {enabled}");
    }
}

#[test]
fn scans_run_in_one_stage() {
    check("range", a, true, (1, &[4]), (1, &[4]));
    check("filter", |f| a(f).filter(id().gt(lit(5_i64))).unwrap(), true, (1, &[4]), (1, &[4]));
}

#[test]
fn aggregates_are_partial_then_final() {
    check("group", |f| group(a(f)), true, (2, &[4, 1]), (1, &[4, 5]));
    let global: Query = |f| a(f).aggregate(vec![], vec![sum(id()).alias("s#5")]).unwrap();
    check("global aggregate", global, true, (2, &[4, 1]), (1, &[4, 1]));
    let one: Query = |f| f.frame("one").aggregate(vec![], vec![sum(id()).alias("s#5")]).unwrap();
    check("global aggregate of one partition", one, true, (1, &[1]), (1, &[1]));
    let distinct: Query = |f| a(f).select(vec![k()]).unwrap().distinct().unwrap();
    check("distinct", distinct, true, (2, &[4, 1]), (1, &[4, 5]));
    let counted: Query = |f| a(f).aggregate(vec![k()], vec![count_distinct(id()).alias("d#6")]).unwrap();
    check("count distinct", counted, true, (2, &[4, 1]), (1, &[4, 5]));
}

#[test]
fn a_sort_samples_first() {
    check("sort", |f| a(f).sort(vec![k().sort(true, true)]).unwrap(), true, (3, &[4, 4, 1]), (2, &[4, 4, 5]));
    let grouped: Query = |f| group(a(f)).sort(vec![k().sort(true, true)]).unwrap();
    check("group and sort", grouped, true, (4, &[4, 1, 1, 1]), (2, &[4, 5, 5, 5]));
}

#[test]
fn a_limit_reads_as_few_partitions_as_it_can() {
    check("limit", |f| a(f).limit(0, Some(7)).unwrap(), true, (1, &[1]), (1, &[1]));
    check("limit below", |f| group(a(f).limit(0, Some(7)).unwrap()), true, (2, &[4, 1]), (1, &[4, 1]));
    let top: Query = |f| a(f).sort(vec![id().sort(false, false)]).unwrap().limit(0, Some(3)).unwrap();
    check("top k", top, true, (1, &[4]), (1, &[4]));
}

#[test]
fn a_small_side_is_broadcast() {
    check("broadcast join", |f| join(f, JoinType::Inner), true, (2, &[3, 4]), (2, &[3, 4]));
    check("aggregate on it", |f| group(join(f, JoinType::Inner)), true, (3, &[3, 4, 1]), (2, &[3, 4, 5]));
    check("semi join", |f| join(f, JoinType::LeftSemi), true, (2, &[3, 4]), (2, &[3, 4]));
    let cross: Query = |f| a(f).join_on(b(f), JoinType::Inner, vec![]).unwrap();
    check("cross join", cross, true, (2, &[3, 4]), (2, &[3, 4]));
}

#[test]
fn large_sides_are_shuffled() {
    check("merge join", |f| join(f, JoinType::Inner), false, (3, &[4, 3, 1]), (1, &[4, 3, 5]));
    check("outer merge join", |f| join(f, JoinType::Left), false, (3, &[4, 3, 1]), (1, &[4, 3, 5]));
    check("aggregate by the join key", |f| group(join(f, JoinType::Inner)), false, (3, &[3, 4, 1]), (1, &[3, 4, 5]));
    let cross: Query = |f| a(f).join_on(b(f), JoinType::Inner, vec![]).unwrap();
    check("product", cross, false, (1, &[12]), (1, &[12]));
}

#[test]
fn unions_and_windows() {
    let union: Query = |f| group(a(f).union(a(f)).unwrap());
    check("union", union, true, (2, &[8, 1]), (1, &[8, 5]));
    let window: Query = |f| {
        let number = row_number().partition_by(vec![k()]).order_by(vec![id().sort(true, true)]).build().unwrap();
        a(f).window(vec![number.alias("r#7")]).unwrap()
    };
    check("window", window, true, (2, &[4, 1]), (1, &[4, 5]));
}

#[test]
fn a_subquery_runs_before_its_query() {
    use datafusion::functions_aggregate::expr_fn::max;
    use datafusion::logical_expr::scalar_subquery;
    let query: Query = |f| {
        let largest = b(f).aggregate(vec![], vec![max(col("\"x#2\"")).alias("m#8")]).unwrap();
        let value = scalar_subquery(std::sync::Arc::new(largest.into_unoptimized_plan()));
        a(f).filter(id().eq(value)).unwrap()
    };
    check("scalar subquery", query, true, (3, &[3, 1, 4]), (2, &[3, 1, 4]));
}

/// DataFusion's own repartition is not the user's: it disappears.
#[test]
fn data_fusions_parallelism_is_removed() {
    let query: Query = |f| a(f).repartition(Partitioning::RoundRobinBatch(9)).unwrap();
    check("repartition", query, true, (1, &[4]), (1, &[4]));
}

//! Whole queries on threads: rows, and the jobs, stages and tasks that made them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use datafusion::{
    functions_aggregate::expr_fn::{count, sum},
    prelude::{JoinType, col, lit},
};
use support::{Fixture, rows, sorted_rows};

#[test]
fn aggregate_join_and_sort_run_in_stages() {
    let fixture = Fixture::new(2, 2, &[("spark.sql.shuffle.partitions", "5")]);
    fixture.range("a", "id#1", 1000, 4);
    fixture.range("b", "x#2", 50, 3);
    let k = (col("\"id#1\"") % lit(10_i64)).alias("k#3");
    let grouped = fixture
        .frame("a")
        .select(vec![col("\"id#1\""), k])
        .unwrap()
        .aggregate(vec![col("\"k#3\"")], vec![count(lit(1_i64)).alias("c#4"), sum(col("\"id#1\"")).alias("s#5")])
        .unwrap();
    let joined = grouped.join(fixture.frame("b"), JoinType::Inner, &["\"k#3\""], &["\"x#2\""], None).unwrap();
    let sorted = joined.sort(vec![col("\"k#3\"").sort(false, false)]).unwrap();
    let batches = fixture.run(sorted).unwrap();
    let found = rows(&batches);
    assert_eq!(found.len(), 10);
    assert_eq!(found[0], ["9", "100", "50400", "9"]);
    assert_eq!(found[9], ["0", "100", "49500", "0"]);
    println!("{:?}", fixture.shape());
}

#[test]
fn rows_are_the_same_with_one_thread_and_with_many() {
    let run = |executors, cores| {
        let fixture = Fixture::new(executors, cores, &[("spark.sql.shuffle.partitions", "7")]);
        fixture.range("a", "id#1", 20_000, 6);
        let k = (col("\"id#1\"") % lit(101_i64)).alias("k#3");
        let frame = fixture
            .frame("a")
            .select(vec![col("\"id#1\""), k])
            .unwrap()
            .aggregate(vec![col("\"k#3\"")], vec![sum(col("\"id#1\"")).alias("s#5")])
            .unwrap();
        let batches = fixture.run(frame).unwrap();
        (rows(&batches), sorted_rows(&batches))
    };
    let (ordered_one, one) = run(1, 1);
    let (ordered_many, many) = run(2, 3);
    assert_eq!(one, many);
    assert_eq!(ordered_one.len(), ordered_many.len());
}

//! Correlated subqueries of shapes that DataFusion's own rules leave.

use kindling_plan::{analyze, optimize};

use crate::harness::{answer, parse, session, view};

fn check(query: &str, rows: &[&str]) {
    let state = session();
    view(&state, "t", "SELECT * FROM VALUES (1, 10), (2, 20), (3, NULL) AS t(a, b)");
    view(&state, "u", "SELECT * FROM VALUES (1, 5), (1, 6), (2, 7) AS u(a, c)");
    let table = answer(&state, query);
    let found: Vec<String> = table
        .lines()
        .skip(3)
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, rows, "{table}");
}

#[test]
fn a_count_of_no_rows_is_zero() {
    check(
        "SELECT a, (SELECT count(*) + 1 FROM u WHERE u.a > t.a UNION ALL SELECT 1 WHERE false) AS n FROM t ORDER BY a",
        &["1 2", "2 1", "3 1"],
    );
}

#[test]
fn a_limit_counts_for_each_outer_row() {
    check(
        "SELECT a, (SELECT c FROM u WHERE u.a = t.a ORDER BY c DESC LIMIT 1) AS c FROM t ORDER BY a",
        &["1 6", "2 7", "3 "],
    );
    check(
        "SELECT t.a, x.c FROM t, LATERAL (SELECT c FROM u WHERE u.a = t.a ORDER BY c LIMIT 1) AS x ORDER BY t.a",
        &["1 5", "2 7"],
    );
}

#[test]
fn exists_may_stand_below_or() {
    check("SELECT a FROM t WHERE a = 3 OR EXISTS (SELECT 1 FROM u WHERE u.a < t.a) ORDER BY a", &["2", "3"]);
}

#[test]
fn in_tells_null_from_false() {
    check(
        "SELECT a, b IN (SELECT c * 2 FROM u WHERE u.a >= t.a) AS x FROM t ORDER BY a",
        &["1 true", "2 false", "3 false"],
    );
    check(
        "SELECT a, a + b NOT IN (SELECT c FROM u WHERE u.c > t.a) AS x FROM t ORDER BY a",
        &["1 true", "2 true", "3 "],
    );
}

#[test]
fn two_rows_are_not_a_value() {
    let state = session();
    view(&state, "u", "SELECT * FROM VALUES (1, 5), (1, 6) AS u(a, c)");
    let text = answer(&state, "SELECT (SELECT c FROM u WHERE u.a = t.a) FROM VALUES (1) AS t(a)");
    assert!(text.contains("SCALAR_SUBQUERY_TOO_MANY_ROWS"), "{text}");
}

/// The operators of a query over tables that are joined in its WHERE clause.
fn plan_of(condition: &str) -> String {
    let state = session();
    for table in ["t", "u", "v"] {
        view(&state, table, "SELECT id AS k, id AS a, id AS b FROM range(10)");
    }
    let query = format!("SELECT count(*) FROM t, u, v WHERE t.k = u.k AND u.a = v.a AND {condition}");
    let analyzed = analyze(&state, &parse(&query).unwrap()).unwrap();
    optimize(&state, &analyzed).unwrap().display_indent().to_string()
}

#[test]
fn an_average_over_an_equality_is_one_join_more() {
    let plan = plan_of("t.b > (SELECT avg(w.b) FROM t AS w WHERE w.a = t.a)");
    assert_eq!(plan.matches("Join:").count(), 3, "{plan}");
    assert!(!plan.contains("Cross Join"), "{plan}");
}

#[test]
fn the_domain_is_made_of_joined_tables() {
    let plan = plan_of("t.b > (SELECT count(*) FROM t AS w WHERE w.a = t.a)");
    assert!(plan.contains("Join:") && !plan.contains("Cross Join"), "{plan}");
}

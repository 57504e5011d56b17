//! The relations that need no function.

use expect_test::{Expect, expect};

use crate::harness::{answer, schema, session, view};

fn check(text: &str, expected: Expect) {
    let state = session();
    view(&state, "t", "SELECT * FROM VALUES (1, 'a'), (2, 'b'), (NULL, 'c') AS t(k, v)");
    expected.assert_eq(&answer(&state, text));
}

#[test]
fn values_have_names_and_types() {
    let state = session();
    assert_eq!(schema(&state, "SELECT * FROM VALUES (1, 'a'), (2L, NULL) AS t(k, v)"), "struct<k:bigint,v:string>");
}

#[test]
fn a_view_is_sorted_and_limited() {
    check(
        "SELECT v, k FROM t ORDER BY k DESC LIMIT 2",
        expect![[r#"
        +---+---+
        | v | k |
        +---+---+
        | b | 2 |
        | a | 1 |
        +---+---+"#]],
    );
}

#[test]
fn order_by_reaches_below_the_select_list() {
    check(
        "SELECT v FROM t ORDER BY k NULLS LAST",
        expect![[r#"
        +---+
        | v |
        +---+
        | a |
        | b |
        | c |
        +---+"#]],
    );
}

#[test]
fn a_wrong_column_is_suggested() {
    check(
        "SELECT kk FROM t",
        expect![
            "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `kk` cannot be resolved. Did you mean one of the following? [`k`, `v`]. SQLSTATE: 42703"
        ],
    );
}

#[test]
fn union_widens_types() {
    check(
        "SELECT 1 AS a UNION ALL SELECT 2L",
        expect![[r#"
        +---+
        | a |
        +---+
        | 1 |
        | 2 |
        +---+"#]],
    );
}

#[test]
fn joins_with_using_merge_keys() {
    check(
        "SELECT * FROM t FULL JOIN (SELECT 1 AS k, 'x' AS w) u USING (k)",
        expect![[r#"
        +---+---+---+
        | k | v | w |
        +---+---+---+
        | 1 | a | x |
        | 2 | b |   |
        |   | c |   |
        +---+---+---+"#]],
    );
}

#[test]
fn range_counts_up() {
    check(
        "SELECT id AS i FROM range(3)",
        expect![[r#"
        +---+
        | i |
        +---+
        | 0 |
        | 1 |
        | 2 |
        +---+"#]],
    );
}

#[test]
fn ctes_see_the_ones_before() {
    check(
        "WITH a AS (SELECT 1 AS x), b AS (SELECT x AS y FROM a) SELECT b.y, a.x FROM b, a",
        expect![[r#"
        +---+---+
        | y | x |
        +---+---+
        | 1 | 1 |
        +---+---+"#]],
    );
}

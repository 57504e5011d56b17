//! Queries over a small table, each answer as real Spark gives it.

use expect_test::{Expect, expect};

use crate::harness::{answer, schema, session, view};

const ROWS: &str = "SELECT * FROM VALUES ('a', 1, 1.5D), ('a', 2, 2.5D), ('b', 3, NULL), ('b', NULL, 4.0D), (NULL, 5, 5.0D) \
                    AS t(k, v, d)";

fn check(text: &str, expected: Expect) {
    let state = session();
    view(&state, "t", ROWS);
    view(&state, "u", "SELECT * FROM VALUES ('a', 'x'), ('c', 'y') AS u(k, w)");
    expected.assert_eq(&format!("{}\n{}", schema(&state, text), answer(&state, text)));
}

#[test]
fn names_are_spark_s() {
    check(
        "SELECT v + 1, -v, NOT (v > 1), v IS NULL, v IN (1, 2), CAST(v AS STRING), CAST(v + 1 AS BIGINT), \
           CASE WHEN v > 1 THEN 'x' ELSE 'y' END, v != 2, 1.50, 'lit', v BETWEEN 1 AND 2, t.v, v % 2 FROM t LIMIT 1",
        expect![[r#"
               struct<(v + 1):int,(- v):int,(NOT (v > 1)):boolean,(v IS NULL):boolean,(v IN (1, 2)):boolean,v:string,CAST((v + 1) AS BIGINT):bigint,CASE WHEN (v > 1) THEN x ELSE y END:string,(NOT (v = 2)):boolean,1.50:decimal(3,2),lit:string,between(v, 1, 2):boolean,v:int,(v % 2):int>
               +---------+-------+---------------+-------------+---------------+---+-------------------------+-------------------------------------+---------------+------+-----+------------------+---+---------+
               | (v + 1) | (- v) | (NOT (v > 1)) | (v IS NULL) | (v IN (1, 2)) | v | CAST((v + 1) AS BIGINT) | CASE WHEN (v > 1) THEN x ELSE y END | (NOT (v = 2)) | 1.50 | lit | between(v, 1, 2) | v | (v % 2) |
               +---------+-------+---------------+-------------+---------------+---+-------------------------+-------------------------------------+---------------+------+-----+------------------+---+---------+
               | 2       | -1    | true          | false       | true          | 1 | 2                       | y                                   | true          | 1.50 | lit | true             | 1 | 1       |
               +---------+-------+---------------+-------------+---------------+---+-------------------------+-------------------------------------+---------------+------+-----+------------------+---+---------+"#]],
    );
}

#[test]
fn group_by_counts_and_sums() {
    check(
        "SELECT k, count(*), count(v), sum(v) s, avg(d), min(v), max(d) FROM t GROUP BY k ORDER BY k",
        expect![[r#"
        struct<k:string,count(1):bigint,count(v):bigint,s:bigint,avg(d):double,min(v):int,max(d):double>
        +---+----------+----------+---+--------+--------+--------+
        | k | count(1) | count(v) | s | avg(d) | min(v) | max(d) |
        +---+----------+----------+---+--------+--------+--------+
        |   | 1        | 1        | 5 | 5.0    | 5      | 5.0    |
        | a | 2        | 2        | 3 | 2.0    | 1      | 2.5    |
        | b | 2        | 1        | 3 | 4.0    | 3      | 4.0    |
        +---+----------+----------+---+--------+--------+--------+"#]],
    );
}

#[test]
fn group_by_expression_having_and_order_by_aggregate() {
    check(
        "SELECT v % 2 AS odd, sum(v) FROM t WHERE v IS NOT NULL GROUP BY v % 2 HAVING sum(v) > 0 ORDER BY sum(v) DESC",
        expect![[r#"
        struct<odd:int,sum(v):bigint>
        +-----+--------+
        | odd | sum(v) |
        +-----+--------+
        | 1   | 9      |
        | 0   | 2      |
        +-----+--------+"#]],
    );
}

#[test]
fn group_by_alias_ordinal_and_all() {
    check(
        "SELECT v % 2 AS odd, count(*) FROM t GROUP BY odd ORDER BY 1",
        expect![[r#"
        struct<odd:int,count(1):bigint>
        +-----+----------+
        | odd | count(1) |
        +-----+----------+
        |     | 1        |
        | 0   | 1        |
        | 1   | 3        |
        +-----+----------+"#]],
    );
    check(
        "SELECT k, count(*) FROM t GROUP BY 1 ORDER BY 2, 1",
        expect![[r#"
        struct<k:string,count(1):bigint>
        +---+----------+
        | k | count(1) |
        +---+----------+
        |   | 1        |
        | a | 2        |
        | b | 2        |
        +---+----------+"#]],
    );
    check(
        "SELECT k, count(*) FROM t GROUP BY ALL ORDER BY ALL",
        expect![[r#"
        struct<k:string,count(1):bigint>
        +---+----------+
        | k | count(1) |
        +---+----------+
        |   | 1        |
        | a | 2        |
        | b | 2        |
        +---+----------+"#]],
    );
}

#[test]
fn global_aggregates_give_one_row() {
    check(
        "SELECT count(*), sum(v) + 1 FROM t WHERE v > 100",
        expect![[r#"
        struct<count(1):bigint,(sum(v) + 1):bigint>
        +----------+--------------+
        | count(1) | (sum(v) + 1) |
        +----------+--------------+
        | 0        |              |
        +----------+--------------+"#]],
    );
    check(
        "SELECT count(DISTINCT k), sum(DISTINCT v), count(*) FILTER (WHERE v > 1) FROM t",
        expect![[r#"
        struct<count(DISTINCT k):bigint,sum(DISTINCT v):bigint,count(1) FILTER (WHERE (v > 1)):bigint>
        +-------------------+-----------------+---------------------------------+
        | count(DISTINCT k) | sum(DISTINCT v) | count(1) FILTER (WHERE (v > 1)) |
        +-------------------+-----------------+---------------------------------+
        | 2                 | 11              | 3                               |
        +-------------------+-----------------+---------------------------------+"#]],
    );
}

#[test]
fn rollup_and_cube_have_subtotals() {
    check(
        "SELECT k, v % 2 AS odd, count(*), grouping(k), grouping_id() FROM t GROUP BY ROLLUP (k, v % 2) ORDER BY ALL",
        expect![[r#"
        struct<k:string,odd:int,count(1):bigint,grouping(k):tinyint,grouping_id():bigint>
        +---+-----+----------+-------------+---------------+
        | k | odd | count(1) | grouping(k) | grouping_id() |
        +---+-----+----------+-------------+---------------+
        |   |     | 1        | 0           | 1             |
        |   |     | 5        | 1           | 3             |
        |   | 1   | 1        | 0           | 0             |
        | a |     | 2        | 0           | 1             |
        | a | 0   | 1        | 0           | 0             |
        | a | 1   | 1        | 0           | 0             |
        | b |     | 1        | 0           | 0             |
        | b |     | 2        | 0           | 1             |
        | b | 1   | 1        | 0           | 0             |
        +---+-----+----------+-------------+---------------+"#]],
    );
    check(
        "SELECT k, sum(v) FROM t GROUP BY k WITH CUBE ORDER BY ALL",
        expect![[r#"
        struct<k:string,sum(v):bigint>
        +---+--------+
        | k | sum(v) |
        +---+--------+
        |   | 5      |
        |   | 11     |
        | a | 3      |
        | b | 3      |
        +---+--------+"#]],
    );
}

#[test]
fn missing_aggregation_is_an_error() {
    check(
        "SELECT k, v FROM t GROUP BY k",
        expect![[r#"
        [MISSING_AGGREGATION] The non-aggregating expression "v" is based on columns which are not participating in the GROUP BY clause.
        Add the columns or the expression to the GROUP BY, aggregate the expression, or use "any_value(v)" if you do not care which of the values within a group is returned. SQLSTATE: 42803
        [MISSING_AGGREGATION] The non-aggregating expression "v" is based on columns which are not participating in the GROUP BY clause.
        Add the columns or the expression to the GROUP BY, aggregate the expression, or use "any_value(v)" if you do not care which of the values within a group is returned. SQLSTATE: 42803"#]],
    );
    check(
        "SELECT k, sum(v) FROM t",
        expect![[r#"
        [MISSING_GROUP_BY] The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window functions using OVER clauses. SQLSTATE: 42803
        [MISSING_GROUP_BY] The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window functions using OVER clauses. SQLSTATE: 42803"#]],
    );
    check(
        "SELECT k FROM t WHERE sum(v) > 1",
        expect![[r#"
            [INVALID_WHERE_CONDITION] The WHERE condition "(sum(v) > 1)" contains invalid expressions: sum(v).
            Rewrite the query to avoid window functions, aggregate functions, and generator functions in the WHERE clause. SQLSTATE: 42903
            [INVALID_WHERE_CONDITION] The WHERE condition "(sum(v) > 1)" contains invalid expressions: sum(v).
            Rewrite the query to avoid window functions, aggregate functions, and generator functions in the WHERE clause. SQLSTATE: 42903"#]],
    );
    check(
        "SELECT sum(sum(v)) FROM t",
        expect![[r#"
        [NESTED_AGGREGATE_FUNCTION] It is not allowed to use an aggregate function in the argument of another aggregate function. Please use the inner aggregate function in a sub-query. SQLSTATE: 42607
        [NESTED_AGGREGATE_FUNCTION] It is not allowed to use an aggregate function in the argument of another aggregate function. Please use the inner aggregate function in a sub-query. SQLSTATE: 42607"#]],
    );
}

#[test]
fn windows_rank_and_sum() {
    check(
        "SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v), sum(v) OVER (PARTITION BY k ORDER BY v), \
           sum(v) OVER (), lag(v) OVER (ORDER BY v) FROM t ORDER BY v",
        expect![[r#"
            struct<k:string,v:int,row_number() OVER (PARTITION BY k ORDER BY v ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW):int,sum(v) OVER (PARTITION BY k ORDER BY v ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW):bigint,sum(v) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING):bigint,lag(v, 1, NULL) OVER (ORDER BY v ASC NULLS FIRST ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING):int>
            +---+---+----------------------------------------------------------------------------------------------------------------+-----------------------------------------------------------------------------------------------------------+------------------------------------------------------------------------+----------------------------------------------------------------------------------------------+
            | k | v | row_number() OVER (PARTITION BY k ORDER BY v ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) | sum(v) OVER (PARTITION BY k ORDER BY v ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) | sum(v) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) | lag(v, 1, NULL) OVER (ORDER BY v ASC NULLS FIRST ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING) |
            +---+---+----------------------------------------------------------------------------------------------------------------+-----------------------------------------------------------------------------------------------------------+------------------------------------------------------------------------+----------------------------------------------------------------------------------------------+
            | b |   | 1                                                                                                              |                                                                                                           | 11                                                                     |                                                                                              |
            | a | 1 | 1                                                                                                              | 1                                                                                                         | 11                                                                     |                                                                                              |
            | a | 2 | 2                                                                                                              | 3                                                                                                         | 11                                                                     | 1                                                                                            |
            | b | 3 | 2                                                                                                              | 3                                                                                                         | 11                                                                     | 2                                                                                            |
            |   | 5 | 1                                                                                                              | 5                                                                                                         | 11                                                                     | 3                                                                                            |
            +---+---+----------------------------------------------------------------------------------------------------------------+-----------------------------------------------------------------------------------------------------------+------------------------------------------------------------------------+----------------------------------------------------------------------------------------------+"#]],
    );
    check(
        "SELECT k, sum(v), rank() OVER (ORDER BY sum(v) DESC) FROM t GROUP BY k ORDER BY 3",
        expect![[r#"
        struct<k:string,sum(v):bigint,RANK() OVER (ORDER BY sum(v) DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW):int>
        +---+--------+------------------------------------------------------------------------------------------------+
        | k | sum(v) | RANK() OVER (ORDER BY sum(v) DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) |
        +---+--------+------------------------------------------------------------------------------------------------+
        |   | 5      | 1                                                                                              |
        | a | 3      | 2                                                                                              |
        | b | 3      | 2                                                                                              |
        +---+--------+------------------------------------------------------------------------------------------------+"#]],
    );
    check(
        "SELECT v, avg(v) OVER w FROM t WINDOW w AS (ORDER BY v ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) ORDER BY v",
        expect![[r#"
        struct<v:int,avg(v) OVER (ORDER BY v ASC NULLS FIRST ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING):double>
        +---+-----------------------------------------------------------------------------------+
        | v | avg(v) OVER (ORDER BY v ASC NULLS FIRST ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) |
        +---+-----------------------------------------------------------------------------------+
        |   | 1.0                                                                               |
        | 1 | 1.5                                                                               |
        | 2 | 2.0                                                                               |
        | 3 | 3.3333333333333335                                                                |
        | 5 | 4.0                                                                               |
        +---+-----------------------------------------------------------------------------------+"#]],
    );
}

#[test]
fn joins_of_every_kind() {
    check(
        "SELECT t.k, v, w FROM t JOIN u ON t.k = u.k ORDER BY v",
        expect![[r#"
        struct<k:string,v:int,w:string>
        +---+---+---+
        | k | v | w |
        +---+---+---+
        | a | 1 | x |
        | a | 2 | x |
        +---+---+---+"#]],
    );
    check(
        "SELECT * FROM t LEFT JOIN u USING (k) ORDER BY v",
        expect![[r#"
        struct<k:string,v:int,d:double,w:string>
        +---+---+-----+---+
        | k | v | d   | w |
        +---+---+-----+---+
        | b |   | 4.0 |   |
        | a | 1 | 1.5 | x |
        | a | 2 | 2.5 | x |
        | b | 3 |     |   |
        |   | 5 | 5.0 |   |
        +---+---+-----+---+"#]],
    );
    check(
        "SELECT k, u.k, v, w FROM t FULL JOIN u USING (k) ORDER BY k, v",
        expect![[r#"
            struct<k:string,k:string,v:int,w:string>
            +---+---+---+---+
            | k | k | v | w |
            +---+---+---+---+
            |   |   | 5 |   |
            | a | a | 1 | x |
            | a | a | 2 | x |
            | b |   |   |   |
            | b |   | 3 |   |
            | c | c |   | y |
            +---+---+---+---+"#]],
    );
    check(
        "SELECT * FROM t LEFT SEMI JOIN u ON t.k = u.k ORDER BY v",
        expect![[r#"
        struct<k:string,v:int,d:double>
        +---+---+-----+
        | k | v | d   |
        +---+---+-----+
        | a | 1 | 1.5 |
        | a | 2 | 2.5 |
        +---+---+-----+"#]],
    );
    check(
        "SELECT * FROM t NATURAL JOIN u ORDER BY v",
        expect![[r#"
        struct<k:string,v:int,d:double,w:string>
        +---+---+-----+---+
        | k | v | d   | w |
        +---+---+-----+---+
        | a | 1 | 1.5 | x |
        | a | 2 | 2.5 | x |
        +---+---+-----+---+"#]],
    );
    check(
        "SELECT k FROM t JOIN u ON t.k = u.k",
        expect![[r#"
        [AMBIGUOUS_REFERENCE] Reference `k` is ambiguous, could be: [`t`.`k`, `u`.`k`]. SQLSTATE: 42704
        [AMBIGUOUS_REFERENCE] Reference `k` is ambiguous, could be: [`t`.`k`, `u`.`k`]. SQLSTATE: 42704"#]],
    );
}

#[test]
fn subqueries_filter_and_compute() {
    check(
        "SELECT v FROM t WHERE v > (SELECT avg(v) FROM t) ORDER BY v",
        expect![[r#"
        struct<v:int>
        +---+
        | v |
        +---+
        | 3 |
        | 5 |
        +---+"#]],
    );
    check(
        "SELECT v FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k) ORDER BY v",
        expect![[r#"
        struct<v:int>
        +---+
        | v |
        +---+
        | 1 |
        | 2 |
        +---+"#]],
    );
    check(
        "SELECT v FROM t WHERE k IN (SELECT k FROM u) ORDER BY v",
        expect![[r#"
        struct<v:int>
        +---+
        | v |
        +---+
        | 1 |
        | 2 |
        +---+"#]],
    );
    check(
        "SELECT v FROM t WHERE k NOT IN (SELECT k FROM u) ORDER BY v",
        expect![[r#"
        struct<v:int>
        +---+
        | v |
        +---+
        |   |
        | 3 |
        +---+"#]],
    );
    check(
        "SELECT k, v, (SELECT max(w) FROM u WHERE u.k = t.k) m FROM t ORDER BY v",
        expect![[r#"
        struct<k:string,v:int,m:string>
        +---+---+---+
        | k | v | m |
        +---+---+---+
        | b |   |   |
        | a | 1 | x |
        | a | 2 | x |
        | b | 3 |   |
        |   | 5 |   |
        +---+---+---+"#]],
    );
    check(
        "SELECT (SELECT count(*) FROM u WHERE u.k = t.k) c, v FROM t ORDER BY v",
        expect![[r#"
        struct<c:bigint,v:int>
        +---+---+
        | c | v |
        +---+---+
        | 0 |   |
        | 1 | 1 |
        | 1 | 2 |
        | 0 | 3 |
        | 0 | 5 |
        +---+---+"#]],
    );
}

#[test]
fn set_operations_count_rows() {
    check(
        "SELECT k FROM t INTERSECT SELECT k FROM u",
        expect![[r#"
        struct<k:string>
        +---+
        | k |
        +---+
        | a |
        +---+"#]],
    );
    check(
        "SELECT k FROM t EXCEPT SELECT k FROM u ORDER BY k",
        expect![[r#"
        struct<k:string>
        +---+
        | k |
        +---+
        |   |
        | b |
        +---+"#]],
    );
    check(
        "SELECT k FROM t UNION SELECT k FROM u ORDER BY k",
        expect![[r#"
        struct<k:string>
        +---+
        | k |
        +---+
        |   |
        | a |
        | b |
        | c |
        +---+"#]],
    );
    check(
        "SELECT k, v FROM t UNION ALL SELECT k FROM u",
        expect![[r#"
        [NUM_COLUMNS_MISMATCH] UNION can only be performed on inputs with the same number of columns, but the first input has 2 columns and the second input has 1 columns. SQLSTATE: 42826
        [NUM_COLUMNS_MISMATCH] UNION can only be performed on inputs with the same number of columns, but the first input has 2 columns and the second input has 1 columns. SQLSTATE: 42826"#]],
    );
}

#[test]
fn aliases_may_be_used_by_later_items() {
    check(
        "SELECT v + 1 AS a, a * 2 AS b FROM t ORDER BY v LIMIT 2",
        expect![[r#"
        struct<a:int,b:int>
        +---+---+
        | a | b |
        +---+---+
        |   |   |
        | 2 | 4 |
        +---+---+"#]],
    );
}

#[test]
fn lateral_joins_see_the_left() {
    check(
        "SELECT v, x FROM t, LATERAL (SELECT v * 10 AS x) ORDER BY v LIMIT 3",
        expect![[r#"
            struct<v:int,x:int>
            +---+----+
            | v | x  |
            +---+----+
            |   |    |
            | 1 | 10 |
            | 2 | 20 |
            +---+----+"#]],
    );
}

#[test]
fn count_distinct_of_several_columns_skips_nulls() {
    check(
        "SELECT count(DISTINCT k, v) FROM t",
        expect![[r#"
        struct<count(DISTINCT k, v):bigint>
        +----------------------+
        | count(DISTINCT k, v) |
        +----------------------+
        | 3                    |
        +----------------------+"#]],
    );
}

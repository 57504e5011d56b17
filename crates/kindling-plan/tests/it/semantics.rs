//! What names, groups and types mean where Spark has rules of its own.

use crate::commands::Session;

fn session() -> Session {
    let s = Session::new();
    s.ok("CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, 10, 'x'), (2, 20, 'y'), (2, 30, 'z') AS t(a, b, c)");
    s
}

#[test]
fn having_means_a_grouping_column_before_an_alias() {
    let s = session();
    assert_eq!(s.run("SELECT a AS k, 0 AS a FROM t GROUP BY a HAVING a > 1"), "2\t0");
    assert_eq!(s.run("SELECT sum(b) AS b FROM t GROUP BY a HAVING b > 10"), "50");
    assert_eq!(s.run("SELECT sum(b) FROM t HAVING sum(b) - 60"), "");
}

#[test]
fn order_looks_below_an_ambiguous_select_list() {
    let s = session();
    assert_eq!(s.run("SELECT 7 AS b, 8 AS b, c FROM t ORDER BY b DESC"), "7\t8\tz\n7\t8\ty\n7\t8\tx");
    assert_eq!(s.run("SELECT sum(b) FROM t GROUP BY a + 1 ORDER BY 1 + a"), "10\n50");
}

#[test]
fn grouping_sets_may_leave_keys_out_and_name_them_twice() {
    let s = session();
    assert_eq!(s.run("SELECT a, c, sum(b) FROM t GROUP BY a, c GROUPING SETS (())"), "NULL\tNULL\t60");
    assert_eq!(
        s.run("SELECT a, c, grouping_id(a, c), grouping__id FROM t GROUP BY a, c GROUPING SETS ((a)) ORDER BY a"),
        "1\tNULL\t1\t1\n2\tNULL\t1\t1"
    );
    assert_eq!(
        s.run("SELECT a, sum(b) FROM t GROUP BY GROUPING SETS ((1), (a, 1)) ORDER BY 1"),
        "1\t10\n1\t10\n2\t50\n2\t50"
    );
    assert_eq!(s.run("SELECT * FROM t GROUP BY a, b, 1"), "STAR_GROUP_BY_POS");
    assert_eq!(s.run("SELECT a + sum(b) FROM t GROUP BY ALL"), "UNRESOLVED_ALL_IN_GROUP_BY");
    assert_eq!(
        s.run("SELECT a AS x, x + 1 AS y FROM t GROUP BY a, y"),
        "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_GROUP_BY"
    );
}

#[test]
fn recursion_stops_where_a_limit_is_reached() {
    let s = session();
    let all = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)";
    assert_eq!(s.run(&format!("{all} SELECT * FROM r LIMIT 3")), "1\n2\n3");
    assert_eq!(s.run(&format!("{all} SELECT * FROM r")), "RECURSION_LEVEL_LIMIT_EXCEEDED");
    assert_eq!(
        s.run("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT max(n) + 1 FROM r) SELECT * FROM r"),
        "INVALID_RECURSIVE_REFERENCE.PLACE"
    );
    assert_eq!(
        s.run("WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r) SELECT * FROM r"),
        "UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE"
    );
}

#[test]
fn a_name_of_nested_ctes_means_what_the_policy_says() {
    let s = session();
    let query = "WITH x AS (SELECT 1) SELECT (WITH x AS (SELECT 2) SELECT * FROM x)";
    assert_eq!(s.run(query), "2");
    s.run("SET spark.sql.legacy.ctePrecedencePolicy = EXCEPTION");
    assert_eq!(s.run(query), "AMBIGUOUS_ALIAS_IN_NESTED_CTE");
    s.run("SET spark.sql.legacy.ctePrecedencePolicy = LEGACY");
    assert_eq!(s.run(query), "1");
}

#[test]
fn char_is_a_string_of_one_length() {
    let s = session();
    s.ok("CREATE TABLE chars (c CHAR(3), v VARCHAR(5)) USING csv");
    s.ok("INSERT INTO chars VALUES ('a', 'b')");
    assert_eq!(
        s.run("SELECT length(c), length(v), typeof(c), c = 'a', 'a    ' = c FROM chars"),
        "3\t1\tstring\ttrue\ttrue"
    );
    assert_eq!(s.run("SELECT typeof(CAST('a' AS CHAR(3)))"), "string");
}

#[test]
fn arguments_have_names() {
    let s = session();
    assert_eq!(s.run("SELECT mask('aB1', digitChar => 'd')"), "xXd");
    assert_eq!(
        s.run("SELECT mask(str => 'aB1', str => 'b')"),
        "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE"
    );
    assert_eq!(s.run("SELECT mask(text => 'aB1')"), "UNRECOGNIZED_PARAMETER_NAME");
    assert_eq!(s.run("SELECT upper(str => 'a')"), "NAMED_PARAMETERS_NOT_SUPPORTED");
    assert_eq!(s.run("SELECT * FROM explode(collection => array(1, 2))"), "1\n2");
}

#[test]
fn null_beside_a_time_is_a_time() {
    let s = session();
    assert_eq!(
        s.run("SELECT typeof(DATE '2020-01-01' + NULL), typeof(NULL - DATE '2020-01-01')"),
        "timestamp\tinterval day"
    );
    assert_eq!(s.run("SELECT typeof(INTERVAL '2' SECOND * NULL)"), "interval day to second");
    assert_eq!(s.run("SELECT NULL / INTERVAL '2' SECOND"), "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    assert_eq!(s.run("SELECT CAST(INTERVAL '1-2' YEAR TO MONTH AS SMALLINT)"), "14");
}

#[test]
fn decimals_keep_their_scale_on_request() {
    let s = session();
    let query =
        "SELECT typeof(CAST(1 AS DECIMAL(38, 18)) * 10), typeof(CAST(1 AS TINYINT) / CAST(1 AS DECIMAL(10, 0)))";
    assert_eq!(s.run(query), "decimal(38,15)\tdecimal(14,11)");
    s.run("SET spark.sql.decimalOperations.allowPrecisionLoss = false");
    assert_eq!(s.run(query), "decimal(38,18)\tdecimal(14,11)");
}

#[test]
fn functions_of_tables_tell_what_is_wrong() {
    let s = session();
    assert_eq!(s.run("SELECT * FROM range(1, NULL)"), "UNEXPECTED_INPUT_TYPE");
    assert_eq!(s.run("SELECT * FROM range(0, 5, 0)"), "FAILED_FUNCTION_CALL");
    assert_eq!(s.run("SELECT * FROM explode(array(1)) AS t(a, b)"), "NUM_TABLE_VALUE_ALIASES_MISMATCH");
    assert_eq!(
        s.run("SELECT * FROM VALUES (rand(5))"),
        "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE"
    );
    assert_eq!(s.run("CREATE VIEW v AS SELECT * FROM t"), "INVALID_TEMP_OBJ_REFERENCE");
}

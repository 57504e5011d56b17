//! Functions with SQL bodies, and session variables.

use crate::commands::Session;

#[test]
fn functions_run_their_bodies() {
    let s = Session::new();
    s.ok("CREATE FUNCTION twice(x INT, y INT DEFAULT 1) RETURNS INT RETURN x * 2 + y");
    assert_eq!(s.run("SELECT twice(4), default.twice(x => 1, y => 0)"), "9\t2");
    assert_eq!(s.run("SELECT twice()"), "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    assert_eq!(s.run("SELECT sum(twice(a, 0)) FROM VALUES (1), (2) AS t(a)"), "6");
    s.ok("CREATE TEMPORARY FUNCTION above(x INT) RETURN SELECT count(*) FROM VALUES (1), (2), (3) AS u(a) WHERE a > x");
    assert_eq!(s.run("SELECT a, above(a) FROM VALUES (1), (3) AS t(a) ORDER BY a"), "1\t2\n3\t0");
    s.ok("CREATE FUNCTION upto(n INT) RETURNS TABLE (i INT, j INT) RETURN SELECT a, n FROM VALUES (1), (2) AS u(a) WHERE a <= n");
    assert_eq!(s.run("SELECT * FROM upto(2) ORDER BY i"), "1\t2\n2\t2");
    assert_eq!(s.run("SELECT x, i FROM VALUES (1), (0) AS t(x), LATERAL upto(x)"), "1\t1");
    assert_eq!(s.run("CREATE OR REPLACE FUNCTION twice(x INT) RETURN twice(x)"), "CYCLIC_FUNCTION_REFERENCE");
    assert_eq!(s.run("CREATE FUNCTION f() RETURN above(1)"), "INVALID_TEMP_OBJ_REFERENCE");
    assert_eq!(s.run("SELECT upto(1)"), "NOT_A_SCALAR_FUNCTION");
    s.ok("DROP FUNCTION twice");
    assert_eq!(s.run("SELECT twice(1)"), "UNRESOLVED_ROUTINE");
    assert_eq!(s.run("DROP FUNCTION twice"), "ROUTINE_NOT_FOUND");
}

#[test]
fn variables_hold_values() {
    let s = Session::new();
    s.ok("DECLARE VARIABLE v INT DEFAULT 5");
    assert_eq!(s.run("SELECT v + 1, session.v, system.session.V"), "6\t5\t5");
    s.ok("SET VAR v = v + (SELECT max(a) FROM VALUES (1), (2) AS t(a))");
    assert_eq!(s.run("SELECT v"), "7");
    s.ok("SET VAR v = DEFAULT");
    assert_eq!(s.run("SELECT v, a FROM VALUES (1) AS t(a)"), "5\t1");
    assert_eq!(s.run("SELECT v FROM VALUES (1) AS t(v)"), "1");
    s.ok("DECLARE w = 'x'");
    s.ok("SET VAR (v, w) = (SELECT 8, 'y')");
    assert_eq!(s.run("SELECT v, w"), "8\ty");
    s.ok("EXECUTE IMMEDIATE 'SELECT ? + 1' INTO v USING v");
    assert_eq!(s.run("SELECT v"), "9");
    assert_eq!(s.run("SET VAR (v, w) = (SELECT 1)"), "ASSIGNMENT_ARITY_MISMATCH");
    assert_eq!(s.run("SET VAR nope = 1"), "UNRESOLVED_VARIABLE");
    assert_eq!(s.run("DECLARE v INT"), "VARIABLE_ALREADY_EXISTS");
    assert_eq!(s.run("SET v = 1"), "UNSUPPORTED_FEATURE.SET_VARIABLE_USING_SET");
    s.ok("DROP TEMPORARY VARIABLE v");
    assert_eq!(s.run("DROP TEMPORARY VARIABLE v"), "VARIABLE_NOT_FOUND");
}

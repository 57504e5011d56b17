//! What texts parse to, rendered short.
#![allow(clippy::expect_used, clippy::panic)]

use kindling_spec::{Command, Expr, ExprKind, Literal, Origin, Plan, Relation, RelationKind};
use kindling_sql::{
    ParserOptions, parse_data_type, parse_expression, parse_multipart_identifier, parse_named_expression, parse_plan,
    parse_query, parse_table_schema,
};

fn list(items: &[Expr]) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn show(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Literal(literal) => show_literal(literal),
        ExprKind::UnresolvedAttribute { name_parts, .. } => name_parts.join("."),
        ExprKind::UnresolvedNamedLambdaVariable { name_parts } => format!("λ{}", name_parts.join(".")),
        ExprKind::UnresolvedFunction(call) => {
            let distinct = if call.is_distinct { "distinct " } else { "" };
            format!("{}({distinct}{})", call.name.join("."), list(&call.arguments))
        }
        ExprKind::UnresolvedStar { target, except, .. } => {
            let prefix = target.as_ref().map_or(String::new(), |parts| format!("{}.", parts.join(".")));
            let except = if except.is_empty() { String::new() } else { format!(" except {except:?}") };
            format!("{prefix}*{except}")
        }
        ExprKind::Alias { expr, names, .. } => format!("{} AS {}", show(expr), names.join(",")),
        ExprKind::Cast { expr, to, mode } => format!("cast({} {} {mode:?})", show(expr), to.simple_string()),
        ExprKind::Window(window) => format!("over({}, {})", show(&window.function), list(&window.partition_spec)),
        ExprKind::LambdaFunction { body, arguments } => format!("{} -> {}", arguments.join(","), show(body)),
        ExprKind::UnresolvedExtractValue { child, extraction } => format!("{}[{}]", show(child), show(extraction)),
        ExprKind::NamedArgument { name, value } => format!("{name} => {}", show(value)),
        other => format!("{other:?}").split([' ', '(']).next().unwrap_or("").to_string(),
    }
}

fn show_literal(literal: &Literal) -> String {
    match literal {
        Literal::String(text) => format!("'{text}'"),
        Literal::Integer(n) => n.to_string(),
        Literal::Boolean(b) => b.to_string(),
        Literal::Null(_) => "null".into(),
        other => format!("{other:?}"),
    }
}

fn check(sql: &str, expected: &str) {
    let expr = parse_named_expression(sql, &ParserOptions::default()).expect(sql);
    assert_eq!(show(&expr), expected, "{sql}");
}

fn query(sql: &str) -> Relation {
    parse_query(sql, &ParserOptions::default()).expect(sql)
}

/// The relations of a query from the outside in, along the main input.
fn outline(relation: &Relation) -> String {
    let (name, input): (String, Option<&Relation>) = match &relation.kind {
        RelationKind::Project { input, expressions } => (format!("project[{}]", list(expressions)), Some(input)),
        RelationKind::Filter { input, condition } => (format!("filter[{}]", show(condition)), Some(input)),
        RelationKind::Aggregate(aggregate) => {
            let sets: Vec<String> = aggregate.grouping_sets.iter().map(|set| format!("({})", list(set))).collect();
            let sets = sets.join("");
            (format!("{:?}[{}]{sets}", aggregate.group_type, list(&aggregate.grouping)), Some(&aggregate.input))
        }
        RelationKind::Having { input, .. } => ("having".into(), Some(input)),
        RelationKind::Sort { input, global, .. } => (format!("sort[{global}]"), Some(input)),
        RelationKind::Limit { input, .. } => ("limit".into(), Some(input)),
        RelationKind::Offset { input, .. } => ("offset".into(), Some(input)),
        RelationKind::Distinct { input } => ("distinct".into(), Some(input)),
        RelationKind::Hint { input, name, parameters } => (format!("hint[{name} {}]", list(parameters)), Some(input)),
        RelationKind::SubqueryAlias { input, alias, columns } => (format!("{alias}{columns:?}"), Some(input)),
        RelationKind::LateralView { input, generator, .. } => (format!("view[{}]", show(generator)), Some(input)),
        RelationKind::Join(join) => {
            let (left, right) = (outline(&join.left), outline(&join.right));
            return format!("{:?}{}({left} | {right})", join.join_type, if join.lateral { " lateral" } else { "" });
        }
        RelationKind::SetOperation { left, right, op, all, .. } => {
            let all = if *all { " all" } else { "" };
            return format!("{op:?}{all}({} | {})", outline(left), outline(right));
        }
        RelationKind::NamedTable { name, .. } => (name.join("."), None),
        RelationKind::OneRow => ("onerow".into(), None),
        RelationKind::Values { rows } => (format!("values{}", rows.len()), None),
        RelationKind::TableValuedFunction { name, arguments } => {
            (format!("{}({})", name.join("."), list(arguments)), None)
        }
        other => (format!("{other:?}").split([' ', '(']).next().unwrap_or("").to_string(), None),
    };
    input.map_or(name.clone(), |input| format!("{name} < {}", outline(input)))
}

fn check_query(sql: &str, expected: &str) {
    assert_eq!(outline(&query(sql)), expected, "{sql}");
}

fn check_error(sql: &str, expected: &str) {
    let error = parse_plan(sql).expect_err(sql);
    assert_eq!(error.full_message(), expected, "{sql}");
}

#[test]
fn operators_bind_as_in_spark() {
    check("1 + 2 * 3", "+(1, *(2, 3))");
    check("a - b - c", "-(-(a, b), c)");
    check("NOT a = b AND c OR d", "or(and(not(=(a, b)), c), d)");
    check("a AND b AND c AND d", "and(and(a, b), and(c, d))");
    check("-a + ~b", "+(-(a), ~(b))");
    check("-1 - -2", "-(-1, -2)");
    check("a <> b", "not(=(a, b))");
    check("a || b || 'c'", "concat(concat(a, b), 'c')");
    check("a & b | c ^ d << 2", "|(&(a, b), ^(c, <<(d, 2)))");
}

#[test]
fn predicates_keep_their_forms() {
    check("a NOT BETWEEN 1 AND 2 AND b", "and(not(between(a, 1, 2)), b)");
    check("a NOT IN (1, 2)", "not(in(a, 1, 2))");
    check("a LIKE 'x' ESCAPE '/'", "like(a, 'x', '/')");
    check("a NOT LIKE ANY ('x', 'y')", "notlikeany(a, 'x', 'y')");
    check("a ILIKE ALL ('X')", "likeall(lower(a), 'x')");
    check("a NOT LIKE ANY ('x', b)", "or(not(like(a, 'x')), not(like(a, b)))");
    check("a IS NOT DISTINCT FROM b", "<=>(a, b)");
    check("a IS NOT TRUE", "not(<=>(a, true))");
    check("(a, b) IN (SELECT 1, 2)", "Subquery");
}

#[test]
fn keywords_are_names_where_the_grammar_allows() {
    check("date + interval", "+(date, interval)");
    check("left(a, 1) AS right", "left(a, 1) AS right");
    check("case", "case");
    check("CASE a WHEN 1 THEN 2 END", "when(=(a, 1), 2)");
    check("if(a, b, c) select", "if(a, b, c) AS select");
    check_query("SELECT a AS from, b where FROM t", "project[a AS from, b AS where] < t");
    check_query("SELECT 1 FROM", "project[1 AS FROM] < onerow");
    check_query("SELECT * FROM t WHERE", "project[*] < WHERE[] < t");
}

#[test]
fn literals_have_their_narrowest_type() {
    check("1.50", "Decimal { value: 150, precision: 3, scale: 2 }");
    check("0.05", "Decimal { value: 5, precision: 2, scale: 2 }");
    check("1.5e3BD", "Decimal { value: 1500, precision: 4, scale: 0 }");
    check("-2147483648", "-2147483648");
    check("9999999999", "Long(9999999999)");
    check("1e3", "Double(1000.0)");
    check("X'1F2'", "Binary([1, 242])");
    check("'a' 'b' r'\\n'", "'ab\\n'");
    check("DATE '1970-01-11'", "Date(10)");
    check("TIMESTAMP_NTZ '1970-01-01 00:00:01'", "TimestampNtz(1000000)");
    check("INTERVAL '1-2' YEAR TO MONTH", "YearMonthInterval { months: 14, start: Year, end: Month }");
    check("INTERVAL 1 DAY -2 HOURS", "DayTimeInterval { microseconds: 79200000000, start: Day, end: Hour }");
    check("INTERVAL '1.5 seconds'", "DayTimeInterval { microseconds: 1500000, start: Second, end: Second }");
}

#[test]
fn calls_carry_their_clauses() {
    check("count(DISTINCT a, b)", "count(distinct a, b)");
    check("transform(xs, (x, i) -> x + i + y)", "transform(xs, x,i -> +(+(λx, λi), y))");
    check(
        "sum(x) FILTER (WHERE y) OVER (PARTITION BY k ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
        "over(sum(x), k)",
    );
    check("f(a => 1)", "f(a => 1)");
    check("a.b[0].c::int", "cast(a.b[0]['c'] int Session)");
    check("TRY_CAST(a AS decimal(5, 2))", "cast(a decimal(5,2) Try)");
    check("trim(LEADING 'x' FROM y)", "ltrim('x', y)");
    check("extract(YEAR FROM d)", "extract('YEAR', d)");
    check("dateadd(DAY, 1, d)", "timestampadd('DAY', 1, d)");
    check("date_add(d, 1)", "date_add(d, 1)");
    check("(1, a)", "named_struct('col1', 1, 'a', a)");
    check("explode(m) AS (k, v)", "explode(m) AS k,v");
    check("t.* EXCEPT (a)", "t.* except [[\"a\"]]");
}

#[test]
fn clauses_nest_in_spark_s_order() {
    check_query(
        "SELECT DISTINCT a FROM t WHERE b ORDER BY a LIMIT 1 OFFSET 2",
        "limit < offset < sort[true] < distinct < project[a] < filter[b] < t",
    );
    check_query(
        "SELECT /*+ BROADCAST(t), COALESCE(3) */ * FROM t",
        "hint[BROADCAST t] < hint[COALESCE 3] < project[*] < t",
    );
    check_query("SELECT a FROM t GROUP BY a HAVING a > 1", "having < GroupBy[a] < t");
    check_query("SELECT a FROM t GROUP BY a, ROLLUP(b, c)", "GroupingSets[a, b, c](a, b, c)(a, b)(a) < t");
    check_query("SELECT a FROM t GROUP BY CUBE(a, b)", "Cube[a, b] < t");
    check_query(
        "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3",
        "Union(project[1] < onerow | Intersect(project[2] < onerow | project[3] < onerow))",
    );
    check_query("SELECT 1 UNION ALL SELECT 2 LIMIT 1", "limit < Union all(project[1] < onerow | project[2] < onerow)");
    check_query("FROM t SELECT a WHERE b", "project[a] < filter[b] < t");
    check_query("FROM t |> WHERE a |> SELECT b |> LIMIT 1", "limit < project[b] < filter[a] < t");
}

#[test]
fn from_clauses_join_from_the_left() {
    check_query("SELECT * FROM a, b JOIN c ON x", "project[*] < Inner(Inner(a | b) | c)");
    check_query("SELECT * FROM a LEFT JOIN b USING (x) ANTI JOIN c", "project[*] < LeftAnti(LeftOuter(a | b) | c)");
    check_query(
        "SELECT * FROM (SELECT 1) NATURAL JOIN u AS v (x)",
        "project[*] < Inner(__auto_generated_subquery_name[] < project[1] < onerow | v[\"x\"] < u)",
    );
    check_query(
        "SELECT * FROM t, LATERAL (SELECT t.a) AS s",
        "project[*] < Inner lateral(t | s[] < project[t.a] < onerow)",
    );
    check_query("SELECT * FROM t LATERAL VIEW explode(xs) e AS x", "project[*] < view[explode(xs)] < t");
    check_query("SELECT * FROM range(1, 2) r", "project[*] < r[] < range(1, 2)");
    check_query("SELECT * FROM VALUES (1, 2), (3, 4) AS v(a, b)", "project[*] < v[\"a\", \"b\"] < values2");
    check_query("SELECT * FROM parquet.`/a b.parquet`", "project[*] < parquet./a b.parquet");
}

#[test]
fn origins_are_the_bytes_of_the_rule() {
    fn fragments(expr: &Expr, out: &mut Vec<String>) {
        if let Origin::Sql(sql) = &expr.origin {
            out.push(sql.fragment().to_string());
        }
        if let ExprKind::UnresolvedFunction(call) = &expr.kind {
            call.arguments.iter().for_each(|argument| fragments(argument, out));
        }
    }
    let check = |sql: &str, expected: &[&str]| {
        let mut found = vec![];
        fragments(&parse_expression(sql, &ParserOptions::default()).expect(sql), &mut found);
        assert_eq!(found, expected, "{sql}");
    };
    check(" (a + 1) * b ", &["(a + 1) * b", "a + 1", "a", "1", "b"]);
    check("x IN (1)", &["IN (1)", "x", "1"]);
    check("f( a )", &["f( a )", "a"]);
}

#[test]
fn syntax_errors_read_as_spark_s() {
    check_error(
        "SELECT * FORM t",
        "\n[PARSE_SYNTAX_ERROR] Syntax error at or near 't': extra input 't'. SQLSTATE: 42601 (line 1, pos 14)\n\n== SQL \
         ==\nSELECT * FORM t\n--------------^^^\n",
    );
    check_error(
        "SELECT a\nFROM t\nWHERE x = = 2",
        "\n[PARSE_SYNTAX_ERROR] Syntax error at or near '='. SQLSTATE: 42601 (line 3, pos 10)\n\n== SQL ==\nSELECT \
         a\nFROM t\nWHERE x = = 2\n----------^^^\n",
    );
    check_error(
        "SELECT a FROM (SELECT 1",
        "\n[PARSE_SYNTAX_ERROR] Syntax error at or near end of input: missing ')'. SQLSTATE: 42601 (line 1, pos \
         23)\n\n== SQL ==\nSELECT a FROM (SELECT 1\n-----------------------^^^\n",
    );
    check_error(
        "SELECT CAST(1 AS foo)",
        "\n[UNSUPPORTED_DATATYPE] Unsupported data type \"FOO\". SQLSTATE: 0A000\n== SQL (line 1, position 18) \
         ==\nSELECT CAST(1 AS foo)\n                 ^^^\n",
    );
    check_error(
        "SELECT /* x",
        "\n[UNCLOSED_BRACKETED_COMMENT] Found an unclosed bracketed comment. Please, append */ at the end of the \
         comment. SQLSTATE: 42601\n== SQL ==\nSELECT /* x",
    );
}

#[test]
fn syntax_errors_name_spark_s_token() {
    let check = |sql: &str, error: &str, hint: &str| {
        let raised = parse_plan(sql).expect_err(sql);
        assert_eq!((raised.parameters["error"].as_str(), raised.parameters["hint"].as_str()), (error, hint), "{sql}");
    };
    check("SELEC 1", "'SELEC'", "");
    check("SELECT", "end of input", "");
    check("SELECT 1 1 1", "'1'", "");
    check("SELECT 1)", "')'", ": extra input ')'");
    check("SELECT 1;SELECT 2", "'SELECT'", ": extra input 'SELECT'");
    check("SELECT 1,,2", "','", "");
    check("SELECT f(1 2)", "'2'", ": extra input '2'");
    check("SELECT x[1", "end of input", ": missing ']'");
    check("SELECT 'abc", "'''", "");
    check("DROP TABEL x", "'TABEL'", "");
    check("DELETE t", "'t'", ": missing 'FROM'");
    check("SHOW FOO", "end of input", ": missing 'FUNCTIONS'");
    check("INSERT INTO t VALUES", "end of input", "");
}

#[test]
fn schemas_parse_with_and_without_colons() {
    let ddl = parse_table_schema("a INT NOT NULL, `b c` array<map<string,int>> COMMENT 'x\"y'").expect("schema");
    assert_eq!(ddl.simple_string(), "struct<a:int,b c:array<map<string,int>>>");
    assert!(!ddl.fields[0].nullable);
    assert_eq!(ddl.fields[1].metadata.as_deref(), Some("{\"comment\":\"x\\\"y\"}"));
    assert_eq!(parse_table_schema("a: int, b: string").expect("schema").simple_string(), "struct<a:int,b:string>");
    assert_eq!(parse_table_schema("struct<a: int>").expect("schema").simple_string(), "struct<a:int>");
    assert_eq!(parse_data_type("interval day to second").expect("type").simple_string(), "interval day to second");
    assert_eq!(parse_multipart_identifier("a.`b.c`").expect("name"), ["a", "b.c"]);
}

#[test]
fn statements_become_commands() {
    let command = |sql: &str| match parse_plan(sql).expect(sql) {
        Plan::Command(command) => command,
        Plan::Relation(_) => panic!("{sql} is a query"),
    };
    let Command::CreateTable(table) =
        command("CREATE TABLE db.t (a INT, b STRING DEFAULT 'x') USING parquet PARTITIONED BY (b) OPTIONS (k = 1)")
    else {
        panic!("not a table")
    };
    assert_eq!(
        (table.columns.len(), table.partition_columns, table.options["k"].as_str()),
        (2, vec!["b".to_string()], "1")
    );
    let Command::CreateView(view) = command("CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS a") else {
        panic!("not a view")
    };
    assert_eq!((view.replace, view.query_text.as_deref()), (true, Some("SELECT 1 AS a")));
    let Command::Insert(insert) =
        command("WITH c AS (SELECT 1) INSERT OVERWRITE t PARTITION (p = 1, q) (a) SELECT * FROM c")
    else {
        panic!("not an insert")
    };
    assert!(insert.overwrite && insert.partition.len() == 2 && insert.columns == ["a"]);
    assert!(matches!(insert.query.kind, RelationKind::WithCtes { .. }));
    let Command::SetConf { key, value, .. } = command("SET spark.sql.shuffle.partitions = 4;") else {
        panic!("not SET")
    };
    assert_eq!((key.as_deref(), value.as_deref()), (Some("spark.sql.shuffle.partitions"), Some("4")));
    assert!(
        matches!(command("FROM t INSERT INTO a SELECT x INSERT INTO b SELECT y"), Command::MultiInsert(inserts) if inserts.len() == 2)
    );
    assert!(matches!(command("BEGIN SELECT 1; END"), Command::Script(body) if body.statements.len() == 1));
    assert!(matches!(command("DESC EXTENDED t a"), Command::DescribeTable { extended: true, column: Some(_), .. }));
}

/// Frames are large without optimisation.
fn with_large_stack(test: fn()) {
    std::thread::Builder::new().stack_size(64 << 20).spawn(test).expect("a thread").join().expect("the test");
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    with_large_stack(|| {
        let deep = |n: usize| format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n));
        assert!(parse_plan(&deep(60)).is_ok());
        assert_eq!(parse_plan(&deep(10_000)).expect_err("too deep").condition, "FAILED_TO_PARSE_TOO_COMPLEX");
        let mut nested = String::from("SELECT 1");
        for _ in 0..20 {
            nested = format!("SELECT (({nested}) + 1)");
        }
        assert!(parse_plan(&nested).is_ok());
        let chain = vec!["a"; 5_000].join(" OR ");
        assert!(parse_expression(&chain, &ParserOptions::default()).is_ok());
    });
}

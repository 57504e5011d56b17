"""Small semantics that Spark 4.2.0 was asked about."""

import pytest
from pyspark.errors import AnalysisException


def ids(df):
    return [row.id for row in df.collect()]


def test_a_sample_has_sparks_rows(spark):
    df = spark.range(0, 30, 1, 3)
    assert ids(df.sample(fraction=0.3, seed=42)) == [3, 7, 12, 13, 19, 25, 26, 28]
    assert ids(df.sample(True, 0.5, 3)) == [5, 6, 13, 14, 17, 19, 25, 26, 26, 27, 27, 27, 29]
    parts = [ids(part) for part in df.randomSplit([1.0, 2.0, 1.0], seed=5)]
    assert parts == [
        [0, 1, 5, 9, 10, 16, 28],
        [3, 4, 6, 8, 11, 12, 15, 18, 20, 21, 23, 24, 26],
        [2, 7, 13, 14, 17, 19, 22, 25, 27, 29],
    ]
    keyed = df.selectExpr("id % 4 AS k", "id")
    assert [tuple(row) for row in keyed.randomSplit([0.3, 0.7], seed=9)[0].collect()] == [
        (0, 8), (1, 1), (3, 3), (3, 7), (0, 12), (2, 10), (0, 20), (0, 24), (1, 25), (2, 26), (3, 23),
    ]  # fmt: skip
    assert ids(df.sampleBy(df.id % 3, {0: 0.5, 1: 0.2}, 11)) == [0, 1, 3, 13, 15, 18, 24, 27, 28]
    df.createOrReplaceTempView("thirty")
    percent = spark.sql("SELECT * FROM thirty TABLESAMPLE (50 PERCENT) REPEATABLE (3)")
    assert ids(percent) == [0, 4, 5, 8, 11, 12, 13, 14, 15, 16, 18, 20, 21, 24, 25, 26, 28, 29]
    bucket = spark.sql("SELECT * FROM thirty TABLESAMPLE (BUCKET 2 OUT OF 5) REPEATABLE (3)")
    assert ids(bucket) == [0, 4, 5, 11, 12, 14, 18, 20, 21, 24, 25, 26, 28, 29]


def test_pretty_json_has_a_line_for_each_member(spark, workspace):
    df = spark.sql("SELECT 1 AS a, array(1, 2) AS b, map('k', named_struct('x', 1)) AS m, CAST(NULL AS INT) AS n")
    df.coalesce(1).write.mode("overwrite").option("pretty", True).json("pretty")
    [part] = (workspace / "pretty").glob("part-*")
    assert part.read_text() == (
        '{\n  "a" : 1,\n  "b" : [ 1, 2 ],\n  "m" : {\n    "k" : {\n      "x" : 1\n    }\n  }\n}\n'
    )


def test_input_file_name_is_the_file_of_each_row(spark, workspace):
    for name in ["one", "two"]:
        folder = workspace / "named"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.csv").write_text("".join(f"{name},{i}\n" for i in range(5)))
    df = spark.read.csv("named", schema="s string, i int").selectExpr("s", "i", "input_file_name() AS f")
    rows = df.filter("i > 1").collect()
    assert len(rows) == 6
    assert all(row.f.endswith(f"/named/{row.s}.csv") for row in rows)
    filtered = spark.read.csv("named", schema="s string, i int").filter("i > 1").selectExpr("s", "input_file_name() f")
    assert all(row.f.endswith(f"/named/{row.s}.csv") for row in filtered.collect())
    nothing = spark.range(1).selectExpr("input_file_name() n", "input_file_block_start() s", "input_file_block_length() l")
    assert tuple(nothing.first()) == ("", -1, -1)


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("merge(z2)", "SortMergeJoin"),
        ("broadcast(z2)", "BuildRight"),
        ("broadcast(z)", "BuildLeft"),
        ("shuffle_hash(z2)", "ShuffledHashJoin"),
        ("shuffle_replicate_nl(z2)", "CartesianProduct"),
        ("mapjoin(z2)", "BroadcastHashJoin"),
        ("no_such_hint(z2)", "BroadcastHashJoin"),
    ],
)
def test_join_hints_have_their_effect(spark, hint, expected):
    spark.range(5).selectExpr("id AS a").createOrReplaceTempView("z")
    query = f"SELECT /*+ {hint} */ * FROM z JOIN z z2 ON z.a = z2.a"
    assert expected in spark.sql(query)._explain_string()
    assert len(spark.sql(query).collect()) == 5


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("coalesce", (1,), "Coalesce 1"),
        ("repartition", (3,), "RoundRobinPartitioning(3), REPARTITION_BY_NUM"),
        ("repartition", (3, "a"), ", 3), REPARTITION_BY_NUM"),
        ("repartition", ("a",), "REPARTITION_BY_COL"),
        ("repartition_by_range", ("a",), "rangepartitioning(a#"),
        ("rebalance", (), "REBALANCE_PARTITIONS_BY_NONE"),
        ("rebalance", (4, "a"), ", 4), REBALANCE_PARTITIONS_BY_COL"),
        ("no_such_hint", (), "Range"),
    ],
)
def test_partitioning_hints_have_their_effect(spark, name, parameters, expected):
    df = spark.range(5).selectExpr("id AS a").hint(name, *parameters)
    assert expected in df._explain_string()
    assert df.count() == 5
    df = spark.range(5).selectExpr("id AS a")
    df.createOrReplaceTempView("z")
    text = f"({', '.join(str(parameter) for parameter in parameters)})" if parameters else ""
    assert expected in spark.sql(f"SELECT /*+ {name}{text} */ * FROM z")._explain_string()


def test_grouping_id_numbers_columns_as_they_are_grouped(spark):
    spark.sql("SELECT * FROM VALUES (1, 0), (4, 2) AS t(a, b)").createOrReplaceTempView("g")
    rows = spark.sql("SELECT grouping_id(a, b) FROM g GROUP BY a, b GROUPING SETS ((b), (a))").collect()
    assert sorted(row[0] for row in rows) == [1, 1, 2, 2]
    rows = spark.sql("SELECT a, b, grouping_id() i FROM g GROUP BY CUBE (a, b)").collect()
    assert {(row.a is None, row.b is None, row.i) for row in rows} == {
        (False, False, 0),
        (False, True, 1),
        (True, False, 2),
        (True, True, 3),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT mask('abCD12', lowerChar => 'q')", "qqXXnn"),
        ("SELECT mask(lowerChar => 'q', str => 'abCD')", "qqXX"),
        ("SELECT sum(col) FROM explode(collection => array(1, 2))", 3),
        ("SELECT explode(collection => array(7))", 7),
        ("SELECT mask('a', str => 'b')", "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED"),
        ("SELECT mask('a', lowerChar => 'x', lowerChar => 'y')", "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT"),
        ("SELECT mask('a', nope => 'b')", "UNRECOGNIZED_PARAMETER_NAME"),
        ("SELECT abs(x => 1)", "NAMED_PARAMETERS_NOT_SUPPORTED"),
        ("SELECT mask(str => 'a', 'b')", "UNEXPECTED_POSITIONAL_ARGUMENT"),
        ("SELECT mask(lowerChar => 'x')", "REQUIRED_PARAMETER_NOT_FOUND"),
    ],
)
def test_named_arguments_find_their_parameters(spark, query, expected):
    if isinstance(expected, str) and not expected.islower() and expected not in ("qqXXnn", "qqXX"):
        with pytest.raises(AnalysisException, match=expected):
            spark.sql(query)
    else:
        assert spark.sql(query).first()[0] == expected


@pytest.mark.parametrize("kind", ["JOIN", "LEFT JOIN", "FULL JOIN", "LEFT SEMI JOIN"])
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("EXISTS (SELECT 1 FROM j k WHERE k.a = l.a + r.b)", "UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION"),
        ("l.a = (SELECT max(a) FROM j k WHERE k.a = r.a)", "UNSUPPORTED_CORRELATED_SCALAR_SUBQUERY"),
    ],
)
def test_a_subquery_over_both_sides_of_a_join_is_refused(spark, kind, condition, expected):
    spark.sql("SELECT * FROM VALUES (1, 0), (4, 2) AS t(a, b)").createOrReplaceTempView("j")
    with pytest.raises(AnalysisException) as raised:
        spark.sql(f"SELECT l.a FROM j l {kind} j r ON {condition}").collect()
    assert raised.value.getCondition() == f"UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.{expected}"


@pytest.mark.parametrize(
    "term",
    [
        "(SELECT n + 1 FROM t WHERE n < 5 ORDER BY n)",
        "(SELECT n + 1 FROM t WHERE n < 5 SORT BY n)",
        "SELECT CAST(sum(n) OVER (ORDER BY n) AS INT) FROM t WHERE n < 5",
    ],
)
def test_a_recursive_reference_below_a_sort_or_window_is_misplaced(spark, term):
    with pytest.raises(AnalysisException) as raised:
        spark.sql(f"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL {term}) SELECT * FROM t").collect()
    assert raised.value.getCondition() == "INVALID_RECURSIVE_REFERENCE.PLACE"

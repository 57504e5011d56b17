"""Statements of Spark SQL beyond queries, as Spark 4.2.0 answers them: scripts, statistics, buckets, descriptions."""

import pytest
from pyspark.errors import AnalysisException, ParseException, PySparkException


def rows(spark, sql):
    return [tuple(row) for row in spark.sql(sql).collect()]


def described(spark, sql):
    return {row[0]: row[1] for row in spark.sql(sql).collect()}


# Scripts.


def test_a_script_answers_with_the_rows_of_its_last_query(spark):
    assert rows(spark, "BEGIN DECLARE x INT = 5; DECLARE y INT DEFAULT 7; SET x = x + y; SELECT x, y; SET x = 0; END") == [(12, 7)]
    assert spark.sql("BEGIN END").columns == []


def test_loops_end_where_they_are_left_and_go_on_where_they_are_iterated(spark):
    script = """
    BEGIN
      DECLARE x INT = 0;
      DECLARE seen STRING = '';
      lbl: WHILE x < 10 DO
        SET x = x + 1;
        IF x = 3 THEN ITERATE lbl; ELSEIF x = 5 THEN LEAVE lbl; END IF;
        SET seen = seen || x;
      END WHILE;
      REPEAT SET x = x + 10; UNTIL x > 20 END REPEAT;
      l: LOOP SET x = x + 100; LEAVE l; END LOOP l;
      SELECT x, seen;
    END
    """
    assert rows(spark, script) == [(125, "124")]


def test_for_gives_each_row_of_a_query_by_name(spark):
    script = """
    BEGIN
      DECLARE total INT = 0;
      FOR r AS SELECT id, id * 2 AS d FROM range(4) DO SET total = total + r.d + id; END FOR;
      SELECT total;
    END
    """
    assert rows(spark, script) == [(18,)]


def test_a_handler_ends_its_block_and_the_inner_one_comes_first(spark):
    script = """
    BEGIN
      DECLARE EXIT HANDLER FOR SQLEXCEPTION SELECT 'outer';
      BEGIN
        DECLARE EXIT HANDLER FOR SQLSTATE '22012' SELECT 'inner';
        SELECT 1 / 0;
      END;
      SELECT * FROM no_such_table;
    END
    """
    assert rows(spark, script) == [("outer",)]
    assert rows(spark, "BEGIN DECLARE EXIT HANDLER FOR UNRESOLVED_COLUMN SELECT 'c'; SELECT a; END") == [("c",)]


def test_variables_of_a_block_hide_those_around_it_and_end_with_it(spark):
    script = """
    BEGIN
      outer_b: BEGIN
        DECLARE x INT = 1;
        inner_b: BEGIN
          DECLARE x INT = 2;
          SELECT x, outer_b.x, inner_b.x;
        END;
      END;
    END
    """
    assert rows(spark, script) == [(2, 1, 2)]
    with pytest.raises(AnalysisException, match="UNRESOLVED_COLUMN"):
        spark.sql("SELECT x")


@pytest.mark.parametrize(
    "script, condition",
    [
        ("BEGIN SELECT 1; DECLARE x INT; END", "INVALID_VARIABLE_DECLARATION.ONLY_AT_BEGINNING"),
        ("BEGIN LEAVE foo; END", "INVALID_LABEL_USAGE.DOES_NOT_EXIST"),
        ("BEGIN foo: BEGIN SELECT 1; END bar; END", "LABELS_MISMATCH"),
        ("BEGIN IF 1 THEN SELECT 1; END IF; END", "INVALID_BOOLEAN_STATEMENT"),
        ("BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SELECT 1; END", "UNSUPPORTED_FEATURE.CONTINUE_EXCEPTION_HANDLER"),
        ("BEGIN DECLARE EXIT HANDLER FOR NO_SUCH SELECT 1; END", "INVALID_HANDLER_DECLARATION.CONDITION_NOT_FOUND"),
        ("BEGIN SELECT 1 END", "PARSE_SYNTAX_ERROR"),
    ],
)
def test_what_is_wrong_with_a_script_has_spark_s_condition(spark, script, condition):
    with pytest.raises(PySparkException) as error:
        spark.sql(script).collect()
    assert error.value.getCondition() == condition


# Statistics.


@pytest.fixture
def measured(spark):
    spark.sql("CREATE TABLE measured (i INT, s STRING, ts TIMESTAMP, p INT) USING parquet PARTITIONED BY (p)")
    spark.sql(
        "INSERT INTO measured VALUES (1, 'abc', timestamp'2020-01-01 00:00:00', 1), (3, 'defgh', null, 2), (null, null, null, 2)"
    )
    yield "measured"
    spark.sql("DROP TABLE measured")


def test_analyze_table_keeps_sizes_and_rows_until_rows_are_written(spark, measured):
    spark.sql("ANALYZE TABLE measured COMPUTE STATISTICS")
    assert described(spark, "DESCRIBE EXTENDED measured")["Statistics"].endswith(" bytes, 3 rows")
    spark.sql("INSERT INTO measured VALUES (5, 'x', null, 3)")
    assert "Statistics" not in described(spark, "DESCRIBE EXTENDED measured")


def test_analyze_for_columns_finds_bounds_nulls_and_lengths(spark, measured):
    spark.sql("ANALYZE TABLE measured COMPUTE STATISTICS FOR COLUMNS i, s, ts")
    column = described(spark, "DESCRIBE EXTENDED measured i")
    assert (column["min"], column["max"], column["num_nulls"], column["distinct_count"]) == ("1", "3", "1", "2")
    column = described(spark, "DESCRIBE EXTENDED measured s")
    assert (column["min"], column["avg_col_len"], column["max_col_len"]) == ("NULL", "4", "5")
    assert described(spark, "DESCRIBE EXTENDED measured ts")["min"] == "2020-01-01 00:00:00.000000 +0000"


def test_partitions_have_statistics_of_their_own(spark, measured):
    spark.sql("ANALYZE TABLE measured PARTITION (p = 2) COMPUTE STATISTICS")
    found = described(spark, "DESCRIBE EXTENDED measured PARTITION (p = 2)")
    assert found["Partition Values"] == "[p=2]"
    assert found["Partition Statistics"].endswith(" bytes, 2 rows")
    with pytest.raises(AnalysisException, match="PARTITIONS_NOT_FOUND"):
        spark.sql("ANALYZE TABLE measured PARTITION (p = 9) COMPUTE STATISTICS")


# Buckets.


def test_rows_of_a_bucketed_table_lie_in_the_files_of_their_bucket(spark, tmp_path):
    folder = tmp_path / "clustered"
    columns = "(a INT, b STRING) USING parquet CLUSTERED BY (a) SORTED BY (b) INTO 4 BUCKETS"
    spark.sql(f"CREATE TABLE clustered {columns} LOCATION '{folder}'")
    spark.sql("INSERT INTO clustered SELECT id, cast(100 - id AS STRING) FROM range(40)")
    assert spark.table("clustered").count() == 40
    for file in folder.glob("part-*"):
        bucket = int(file.name.rsplit("_", 1)[1].split(".")[0])
        found = spark.read.parquet(str(file))
        assert {row[0] for row in found.selectExpr("pmod(hash(a), 4)").collect()} == {bucket}
        values = [row.b for row in found.collect()]
        assert values == sorted(values)
    assert described(spark, "DESCRIBE EXTENDED clustered")["Num Buckets"] == "4"
    spark.sql("DROP TABLE clustered")


def test_buckets_are_checked_when_the_table_is_made(spark):
    with pytest.raises(AnalysisException, match="COLUMN_NOT_DEFINED_IN_TABLE"):
        spark.sql("CREATE TABLE t (a INT) USING parquet CLUSTERED BY (nope) INTO 2 BUCKETS")
    with pytest.raises(AnalysisException, match="SORT_BY_WITHOUT_BUCKETING"):
        spark.range(1).write.sortBy("id").saveAsTable("t")


# Descriptions.


def test_describe_function_says_what_spark_documents(spark):
    assert rows(spark, "DESCRIBE FUNCTION abs") == [
        ("Function: abs",),
        ("Class: org.apache.spark.sql.catalyst.expressions.Abs",),
        ("Usage: abs(expr) - Returns the absolute value of the numeric or interval value.",),
    ]
    spark.sql("CREATE TEMPORARY FUNCTION f2(a INT) RETURNS TABLE (x INT COMMENT 'cx', y STRING) RETURN SELECT a, 'b'")
    assert rows(spark, "DESCRIBE FUNCTION f2") == [
        ("Function: f2",),
        ("Type:     TABLE",),
        ("Input:    a INT",),
        ("Returns:  x INT   ",),
        ("          y STRING",),
    ]


def test_explain_shows_a_command_as_the_node_that_runs_it(spark):
    text = spark.sql("EXPLAIN DESC QUERY SELECT 1 AS a").collect()[0][0]
    assert text == "== Physical Plan ==\nExecute DescribeQueryCommand\n   +- DescribeQueryCommand SELECT 1 AS a\n\n"


# Views.


def test_a_temporary_view_keeps_its_columns_and_its_database(spark):
    spark.sql("CREATE DATABASE IF NOT EXISTS elsewhere")
    spark.sql("CREATE TABLE seen (i INT) USING parquet")
    spark.sql("CREATE TEMP VIEW looking AS SELECT * FROM seen")
    spark.sql("USE elsewhere")
    assert spark.table("looking").columns == ["i"]
    spark.sql("USE default")
    spark.sql("ALTER TABLE seen ADD COLUMNS (j INT)")
    assert spark.table("looking").columns == ["i"]
    spark.sql("DROP TABLE seen")
    spark.sql("CREATE TABLE seen (k INT) USING parquet")
    with pytest.raises(AnalysisException, match="INCOMPATIBLE_VIEW_SCHEMA_CHANGE"):
        spark.table("looking").collect()
    spark.sql("DROP TABLE seen")
    spark.sql("DROP DATABASE elsewhere")


# Values.


def test_paths_into_variants(spark):
    spark.sql("""CREATE TEMP VIEW v AS SELECT parse_json('{"a": {"b c": [{"d": 5}]}, "n": 1}') AS v""")
    found = spark.sql("SELECT v:a['b c'][0].d, v:n::int + 1, v:missing::int FROM v")
    assert found.columns == ["d", "(CAST(variant_get(v, $.n) AS n AS INT) + 1)", "missing"]
    assert [str(found.collect()[0][0]), *found.collect()[0][1:]] == ["5", 2, None]


def test_a_map_read_from_json_has_its_entries(spark):
    assert rows(spark, """SELECT from_json('{"a": 1, "b": 2}', 'map<string, int>')""") == [({"a": 1, "b": 2},)]
    assert rows(spark, """SELECT from_json('[1, "2", 3]', 'array<int>')""") == [(None,)]


def test_percentiles_of_a_window_are_told_apart(spark):
    spark.sql("CREATE TEMP VIEW p AS SELECT * FROM VALUES (10), (20), (25), (30) t(v)")
    sql = """
    SELECT DISTINCT percentile_cont(0.25) WITHIN GROUP (ORDER BY v) OVER (), percentile_cont(0.75) WITHIN GROUP (ORDER BY v) OVER (),
      percentile_disc(0.25) WITHIN GROUP (ORDER BY v DESC) OVER () FROM p
    """
    assert rows(spark, sql) == [(17.5, 26.25, 30.0)]


def test_intervals_beside_strings_and_numbers(spark):
    assert rows(spark, "SELECT '2011-11-11' - interval '2' day") == [("2011-11-09 00:00:00",)]
    assert rows(spark, "SELECT div(interval '1' day, interval '5' hour)") == [(4,)]
    with pytest.raises(AnalysisException, match="UNEXPECTED_INPUT_TYPE"):
        spark.sql("SELECT 1 - interval '2' second")


def test_legacy_conditions_have_no_state(spark):
    with pytest.raises(ParseException) as error:
        spark.sql("SELECT interval 4 month 2 weeks")
    assert error.value.getCondition() == "_LEGACY_ERROR_TEMP_0029"
    assert error.value.getSqlState() is None

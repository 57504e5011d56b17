"""Rules of Spark SQL that are easy to get nearly right, as Spark 4.2.0 has them: writes, pipes, stars, names, subqueries."""

import pytest
from pyspark.errors import PySparkException


def rows(spark, sql):
    return [tuple(row) for row in spark.sql(sql).collect()]


def fails(spark, sql):
    with pytest.raises(PySparkException) as caught:
        spark.sql(sql).collect()
    return caught.value.getCondition()


@pytest.fixture
def t(spark):
    spark.sql("CREATE OR REPLACE TEMP VIEW t AS SELECT * FROM VALUES (1, 'a', 10), (2, 'b', 20) AS t(id, k, v)")
    yield "t"
    spark.sql("DROP VIEW t")


@pytest.fixture
def texts(spark):
    spark.sql("DROP TABLE IF EXISTS semantic_texts")
    spark.sql("CREATE TABLE semantic_texts (c CHAR(5), v VARCHAR(3), n INT) USING parquet")
    yield "semantic_texts"
    spark.sql("DROP TABLE semantic_texts")


# Writes.


def test_char_and_varchar_have_their_length_when_written(spark, texts):
    spark.sql(f"INSERT INTO {texts} VALUES ('ab', 'abc  ', 1), ('ab     ', '日本語', 2)")
    query = f"SELECT c || '|', v || '|' FROM {texts} ORDER BY n"
    assert rows(spark, query) == [("ab   |", "abc|"), ("ab   |", "日本語|")]
    assert fails(spark, f"INSERT INTO {texts} VALUES ('abcdef', 'a', 1)") == "EXCEED_LIMIT_LENGTH"
    assert fails(spark, f"INSERT INTO {texts} SELECT 'a', repeat('a', id), 1 FROM range(6)") == "EXCEED_LIMIT_LENGTH"


def test_char_below_arrays_maps_and_structs_has_its_length_too(spark):
    spark.sql("CREATE TABLE nested_texts (a ARRAY<CHAR(3)>, m MAP<VARCHAR(2), CHAR(2)>, s STRUCT<x: CHAR(2)>) USING parquet")
    try:
        spark.sql("INSERT INTO nested_texts VALUES (array('a', null), map('k   ', 'v'), struct('q')), (null, null, null)")
        query = "SELECT a[0] || '|', map_keys(m)[0] || '|', map_values(m)[0] || '|', s.x || '|' FROM nested_texts WHERE a IS NOT NULL"
        assert rows(spark, query) == [("a  |", "k |", "v |", "q |")]
        assert fails(spark, "INSERT INTO nested_texts VALUES (array('abcd'), null, null)") == "EXCEED_LIMIT_LENGTH"
    finally:
        spark.sql("DROP TABLE nested_texts")


def test_a_partition_of_a_char_column_is_padded(spark):
    spark.sql("CREATE TABLE padded_parts (v INT, c CHAR(3)) USING parquet PARTITIONED BY (c)")
    try:
        spark.sql("INSERT INTO padded_parts PARTITION (c = 'a') VALUES (1)")
        spark.sql("INSERT OVERWRITE padded_parts PARTITION (c = 'a') VALUES (2)")
        assert rows(spark, "SELECT v FROM padded_parts WHERE c = 'a'") == [(2,)]
        assert rows(spark, "SHOW PARTITIONS padded_parts") == [("c=a  ",)]
        assert fails(spark, "ALTER TABLE padded_parts ADD PARTITION (c = 'abcd')") == "EXCEED_LIMIT_LENGTH"
        assert fails(spark, "INSERT INTO padded_parts PARTITION (c = 'a') SELECT 1, 2") == "INSERT_PARTITION_COLUMN_ARITY_MISMATCH"
    finally:
        spark.sql("DROP TABLE padded_parts")


def test_a_number_too_large_for_a_column_names_the_column(spark, texts):
    with pytest.raises(PySparkException) as caught:
        spark.sql(f"INSERT INTO {texts} VALUES ('a', 'a', 99999999999)")
    assert caught.value.getCondition() == "CAST_OVERFLOW_IN_TABLE_INSERT"
    assert caught.value.getMessageParameters() == {"columnName": "`n`", "sourceType": '"BIGINT"', "targetType": '"INT"'}


def test_a_failing_task_of_a_write_shows_its_own_error(spark, tmp_path):
    with pytest.raises(PySparkException) as caught:
        spark.range(6).selectExpr("1 / (id - 3) AS a").write.parquet(str(tmp_path / "out"))
    assert caught.value.getCondition() == "DIVIDE_BY_ZERO"


def test_an_inline_table_is_evaluated_when_it_is_written(spark):
    assert fails(spark, "SELECT * FROM VALUES (1), (1 / 0)") == "INVALID_INLINE_TABLE.FAILED_SQL_EXPRESSION_EVALUATION"


# Pipes.


def test_aggregates_stand_where_a_pipe_operator_wants_them(spark, t):
    assert rows(spark, "FROM t |> AGGREGATE sum(v) AS s GROUP BY v % 2 AS m |> SELECT s, m") == [(30, 0)]
    none = "PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION"
    assert fails(spark, "FROM t |> AGGREGATE v + 1") == none
    assert fails(spark, "FROM t |> AGGREGATE sum(v), k GROUP BY k") == none
    assert fails(spark, "FROM t |> EXTEND sum(v) AS s") == "PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION"
    assert fails(spark, "FROM t |> SET v = sum(v)") == "PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION"


def test_an_ordinal_of_a_pipe_aggregate_is_a_column_of_its_input(spark, t):
    assert sorted(rows(spark, "FROM t |> AGGREGATE count(*) GROUP BY 1")) == [(1, 1), (2, 1)]


@pytest.mark.parametrize("keys", ["rollup(k)", "cube(k)", "grouping sets (k)", "k WITH ROLLUP", "ALL"])
def test_a_pipe_aggregate_has_no_grouping_analytics(spark, t, keys):
    condition = "UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE"
    assert fails(spark, f"FROM t |> AGGREGATE sum(v) GROUP BY {keys}") == condition


def test_set_and_drop_want_columns_that_are_there(spark, t):
    assert rows(spark, "FROM t |> SET v = v + id, v = v * 2 |> DROP k, id") == [(22,), (44,)]
    assert fails(spark, "FROM t |> SET z = 1") == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    assert fails(spark, "FROM t |> DROP z") == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    assert fails(spark, "FROM t |> DROP id, id") == "EXCEPT_OVERLAPPING_COLUMNS"


def test_one_pipe_operator_is_one_clause(spark, t):
    several = "MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS"
    assert fails(spark, "FROM t |> ORDER BY id LIMIT 1") == several
    assert rows(spark, "FROM t |> ORDER BY id DESC |> LIMIT 1 |> SELECT id") == [(2,)]
    assert fails(spark, "FROM t |> SELECT id WHERE id = 1") == "PARSE_SYNTAX_ERROR"
    window = "FROM t |> WHERE v > 1 WINDOW w AS (PARTITION BY k)"
    assert fails(spark, window) == "NOT_ALLOWED_IN_PIPE_OPERATOR_WHERE.WINDOW_CLAUSE"
    turned = "FROM t |> PIVOT (sum(v) FOR k IN ('a')) UNPIVOT (x FOR y IN (id))"
    assert fails(spark, turned) == "NOT_ALLOWED_IN_FROM.UNPIVOT_WITH_PIVOT"


# Stars.


def test_a_star_leaves_out_fields_of_structs(spark):
    source = "(SELECT 1 AS x, named_struct('a', 1, 'b', named_struct('c', 2, 'd', 3)) AS s)"
    assert spark.sql(f"SELECT * EXCEPT (s.b.c) FROM {source}").schema.simpleString() == (
        "struct<x:int,s:struct<a:int,b:struct<d:int>>>"
    )
    assert rows(spark, f"SELECT s.* EXCEPT (a, b.c) FROM {source}") == [((3,),)]
    assert fails(spark, f"SELECT * EXCEPT (s.b.c, s.b) FROM {source}") == "EXCEPT_OVERLAPPING_COLUMNS"
    assert fails(spark, f"SELECT * EXCEPT (s.z) FROM {source}") == "FIELD_NOT_FOUND"


def test_count_of_a_star_with_exceptions_counts_rows_without_nulls(spark):
    assert rows(spark, "SELECT count(* EXCEPT (x)) FROM VALUES (1, null), (2, 3) AS t(x, y)") == [(1,)]


# Names.


def test_suggestions_are_in_the_order_of_their_likeness(spark, t):
    with pytest.raises(PySparkException) as caught:
        spark.sql("SELECT zz FROM t").collect()
    assert caught.value.getMessageParameters()["proposal"] == "`k`, `v`, `id`"


def test_identifier_takes_any_constant_expression(spark, t):
    spark.sql("DECLARE OR REPLACE VARIABLE column_name STRING DEFAULT 'k'")
    try:
        assert rows(spark, "SELECT IDENTIFIER(column_name) FROM t ORDER BY IDENTIFIER('i' || 'd')") == [("a",), ("b",)]
        assert spark.sql("SELECT * FROM IDENTIFIER(lower(:name))", args={"name": "T"}).count() == 2
    finally:
        spark.sql("DROP TEMPORARY VARIABLE column_name")


def test_execute_immediate_takes_values_not_names(spark, t):
    spark.sql("DECLARE OR REPLACE VARIABLE id INT DEFAULT 2")
    try:
        assert rows(spark, "EXECUTE IMMEDIATE 'SELECT k FROM t WHERE id = ?' USING id") == [("b",)]
    finally:
        spark.sql("DROP TEMPORARY VARIABLE id")


def test_an_insert_into_a_missing_table_points_at_its_name(spark):
    with pytest.raises(PySparkException) as caught:
        spark.sql("INSERT INTO no_such_table VALUES (1)")
    assert caught.value.getCondition() == "TABLE_OR_VIEW_NOT_FOUND"
    assert [context.fragment() for context in caught.value.getQueryContext()] == ["no_such_table"]


# Subqueries, samples and functions.


def test_not_in_over_several_columns_knows_nulls(spark):
    left = "VALUES (1, 1), (1, null), (3, null), (null, null) AS l(a, b)"
    right = "(SELECT * FROM VALUES (1, 2), (1, 1), (2, null) AS r(c, d))"
    assert rows(spark, f"SELECT a, b FROM {left} WHERE (a, b) NOT IN {right}") == [(3, None)]
    assert rows(spark, f"SELECT a, b FROM {left} WHERE (a, b) IN {right}") == [(1, 1)]


def test_a_sample_is_counted(spark):
    assert rows(spark, "SELECT count(*) FROM (SELECT * FROM range(100)) TABLESAMPLE (100 PERCENT)") == [(100,)]


def test_regular_expressions_go_over_empty_matches(spark):
    assert rows(spark, "SELECT regexp_extract_all('ab', '(x*)', 1)") == [(["", "", ""],)]
    query = "SELECT regexp_count('abc', ''), regexp_substr('abc', 'z*'), regexp_substr('abc', 'b')"
    assert rows(spark, query) == [(4, None, "b")]


def test_over_a_condition_that_adds_to_the_list_an_order_takes_columns_only(spark, t):
    having = f"SELECT id, sum(v) FROM {t} GROUP BY id HAVING max(v) > 5"
    assert rows(spark, f"{having} ORDER BY id DESC") == [(2, 20), (1, 10)]
    assert fails(spark, f"{having} ORDER BY max(v)") == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    assert fails(spark, f"{having} ORDER BY count(*)") == "UNSUPPORTED_EXPR_FOR_OPERATOR"
    # A condition on what is in the list adds nothing.
    listed = f"SELECT id, sum(v) FROM {t} GROUP BY id HAVING sum(v) > 5 ORDER BY max(v) DESC"
    assert rows(spark, listed) == [(2, 20), (1, 10)]


def test_a_subquery_sees_the_query_around_it_and_none_farther_out(spark, t):
    lateral = f"SELECT * FROM {t}, LATERAL (SELECT * FROM {t} AS u, LATERAL (SELECT u.id + t.id))"
    assert fails(spark, lateral) == "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"
    nested = f"SELECT (SELECT max(id) FROM {t} AS u WHERE EXISTS (SELECT 1 FROM {t} AS w WHERE w.id = t.id)) FROM {t}"
    assert fails(spark, nested) == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    near = f"SELECT (SELECT max(id) FROM {t} AS u WHERE EXISTS (SELECT 1 FROM {t} AS w WHERE w.id = u.id)) FROM {t}"
    assert rows(spark, near) == [(2,), (2,)]


def test_a_parameter_is_seen_by_the_body_and_its_subqueries_and_none_farther_in(spark, t):
    table = "VALUES (1, 5), (2, 7) AS s(id, v)"
    create = "CREATE OR REPLACE TEMPORARY FUNCTION found(x INT) RETURNS INT RETURN"
    spark.sql(f"{create} (SELECT max(v) FROM {table} WHERE s.id = x)")
    assert rows(spark, f"SELECT id, found(id) FROM {t} ORDER BY id") == [(1, 5), (2, 7)]
    farther = f"{create} (SELECT max(v) FROM {table} WHERE s.id IN (SELECT 0 + x))"
    assert fails(spark, farther) == "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"
    spark.sql("DROP TEMPORARY FUNCTION found")


def test_a_count_of_no_rows_is_a_row_to_exists_unless_the_legacy_setting_says_otherwise(spark, t):
    query = f"SELECT id, EXISTS (SELECT count(*) FROM {t} AS u WHERE u.id = t.id + 1) AS found FROM {t} ORDER BY id"
    key = "spark.sql.optimizer.decorrelateExistsSubqueryLegacyIncorrectCountHandling.enabled"
    assert rows(spark, query) == [(1, True), (2, True)]
    spark.conf.set(key, "true")
    try:
        assert rows(spark, query) == [(1, True), (2, False)]
        filtered = f"SELECT id FROM {t} WHERE id - 1 IN (SELECT count(*) FROM {t} AS u WHERE u.id = t.id + 1)"
        assert rows(spark, filtered) == []
    finally:
        spark.conf.unset(key)


def test_a_view_made_without_schema_modes_is_bound_once_there_are(spark):
    modes = "spark.sql.legacy.viewSchemaBindingMode"
    spark.conf.set(modes, "false")
    try:
        spark.sql("CREATE TABLE bound_t (c INT) USING parquet")
        spark.sql("CREATE VIEW bound_v AS SELECT * FROM bound_t")
        spark.sql("DROP TABLE bound_t")
        spark.sql("CREATE TABLE bound_t (c BIGINT) USING parquet")
        spark.sql("INSERT INTO bound_t VALUES (5)")
        assert rows(spark, "SELECT * FROM bound_v") == [(5,)]
        assert "WITH SCHEMA" not in rows(spark, "SHOW CREATE TABLE bound_v")[0][0]
        spark.conf.set(modes, "true")
        assert fails(spark, "SELECT * FROM bound_v") == "CANNOT_UP_CAST_DATATYPE"
        assert "WITH SCHEMA BINDING" in rows(spark, "SHOW CREATE TABLE bound_v")[0][0]
    finally:
        spark.conf.unset(modes)
        spark.sql("DROP VIEW IF EXISTS bound_v")
        spark.sql("DROP TABLE IF EXISTS bound_t")


def test_a_map_is_grouped_by_its_entries_whatever_their_order(spark):
    table = "VALUES (map(1, 'a', 2, 'b')), (map(2, 'b', 1, 'a')), (map(1, 'c')), (NULL) AS t(m)"
    query = f"SELECT m, count(*) AS n FROM {table} GROUP BY m HAVING count(*) > 0 ORDER BY n DESC, m[1] NULLS LAST"
    assert rows(spark, query) == [({1: "a", 2: "b"}, 2), ({1: "c"}, 1), (None, 1)]
    grouped = spark.sql(f"SELECT * FROM {table}").groupBy("m").count().orderBy("count")
    assert [tuple(row) for row in grouped.collect()][-1] == ({1: "a", 2: "b"}, 2)


def test_a_lateral_relation_gives_the_same_rows_each_time(spark, t):
    condition = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY."
    query = f"SELECT * FROM {t}, LATERAL (SELECT v + rand(0))"
    assert fails(spark, query) == condition + "NON_DETERMINISTIC_LATERAL_SUBQUERIES"
    query = f"SELECT * FROM {t} JOIN LATERAL (SELECT 1 AS b) ON b = v + rand(0)"
    assert fails(spark, query) == condition + "LATERAL_JOIN_CONDITION_NON_DETERMINISTIC"
    assert len(rows(spark, "SELECT * FROM (SELECT 1 AS v), LATERAL (SELECT v + rand(0))")) == 1


@pytest.mark.parametrize(
    "condition",
    ["k = 'z' OR id NOT IN (SELECT n FROM holes)", "(id NOT IN (SELECT n FROM holes)) <=> true"],
)
def test_not_in_below_another_operator_knows_nulls(spark, t, condition):
    spark.sql("CREATE OR REPLACE TEMP VIEW holes AS SELECT * FROM VALUES (7), (NULL) AS holes(n)")
    assert rows(spark, f"SELECT id FROM {t} WHERE {condition}") == []
    spark.sql("DROP VIEW holes")


def test_a_subquery_in_a_subquery_may_be_of_any_shape(spark, t):
    inner = f"SELECT max(w.v) FROM {t} AS w WHERE w.id = u.id GROUP BY w.k"
    query = f"SELECT id FROM {t} WHERE EXISTS (SELECT 1 FROM {t} AS u WHERE u.v NOT IN ({inner}) AND u.id = t.id)"
    assert rows(spark, query) == []
    query = f"SELECT id FROM {t} WHERE id IN (SELECT id FROM {t} AS u WHERE u.v IN ({inner})) ORDER BY id"
    assert rows(spark, query) == [(1,), (2,)]


def test_rounds_of_a_recursion_draw_other_numbers(spark):
    query = """WITH RECURSIVE r(n) AS (
        SELECT CAST(floor(rand(82374) * 5 + 1) AS INT)
        UNION ALL SELECT CAST(floor(rand(237685) * 5 + 1) AS INT) FROM r) SELECT n FROM r LIMIT 5"""
    assert sorted(rows(spark, query)) == [(1,), (3,), (4,), (4,), (5,)]


def test_map_zip_with_casts_keys_to_one_type(spark):
    zipped = spark.sql("SELECT map_zip_with(map(2S, 1), map(2L, 5), (k, a, b) -> (k, a, b)) AS m")
    assert zipped.schema.simpleString() == "struct<m:map<bigint,struct<k:bigint,a:int,b:int>>>"
    assert zipped.collect()[0].m == {2: (2, 1, 5)}
    query = "SELECT map_zip_with(map('2', 1), map(2, 5), (k, a, b) -> a)"
    assert fails(spark, query) == "DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES"


def test_a_function_that_contains_sql_reads_no_data(spark, t):
    create = "CREATE OR REPLACE TEMPORARY FUNCTION sums() RETURNS BIGINT CONTAINS SQL RETURN"
    assert fails(spark, f"{create} (SELECT sum(v) FROM {t})") == "INVALID_SQL_FUNCTION_DATA_ACCESS"
    spark.sql(f"{create} SELECT 1 + 1")
    assert rows(spark, "SELECT sums()") == [(2,)]
    spark.sql("DROP TEMPORARY FUNCTION sums")


def test_a_sum_of_intervals_that_does_not_fit_is_an_error_or_null_where_asked(spark):
    for big, one in [("2147483647 months", "1 months"), ("106751991 days", "1 days")]:
        table = f"VALUES (INTERVAL '{big}'), (INTERVAL '{one}') AS t(i)"
        for function in ["sum", "avg"]:
            condition = "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION"
            assert fails(spark, f"SELECT {function}(i) FROM {table}") == condition
            assert rows(spark, f"SELECT CAST(try_{function}(i) AS STRING) FROM {table}") == [(None,)]
    table = "VALUES (INTERVAL '5' MONTH), (INTERVAL '6' MONTH), (NULL) AS t(i)"
    assert rows(spark, f"SELECT CAST(avg(i) AS STRING) FROM {table}") == [("INTERVAL '0-6' YEAR TO MONTH",)]


# Settings.


def test_keys_in_braces_stand_for_their_values(spark):
    spark.conf.set("my.columns", "1 AS one, 2 AS two")
    assert rows(spark, "SELECT ${my.columns}, '${spark:my.columns}' AS text") == [(1, 2, "1 AS one, 2 AS two")]
    assert rows(spark, "SELECT '${not.set}', '$.a'") == [("", "$.a")]
    spark.conf.unset("my.columns")


@pytest.mark.parametrize(
    ("key", "value", "condition"),
    [
        ("spark.sql.session.timeZone", "invalid/zone", "TIME_ZONE"),
        ("spark.sql.mapKeyDedupPolicy", "x", "OUT_OF_RANGE_OF_OPTIONS"),
        ("spark.sql.shuffle.partitions", "0", "REQUIREMENT"),
        ("spark.sql.files.maxPartitionBytes", "x", "TYPE_MISMATCH"),
    ],
)
def test_a_value_that_a_key_cannot_have_is_refused_and_the_session_goes_on(spark, key, value, condition):
    with pytest.raises(PySparkException) as caught:
        spark.conf.set(key, value)
    assert caught.value.getCondition() == f"INVALID_CONF_VALUE.{condition}"
    assert fails(spark, f"SET {key}={value}") == f"INVALID_CONF_VALUE.{condition}"
    assert rows(spark, "SELECT 1") == [(1,)]


# Windows.


@pytest.mark.parametrize(
    ("frame", "sums"),
    [
        ("RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING", [3, 3, 3]),
        ("RANGE BETWEEN 1 FOLLOWING AND 3 FOLLOWING", [2, 3, None]),
        ("RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW", [1, 3, 3]),
        ("RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND INTERVAL '1' MONTH FOLLOWING", [6, 6, 6]),
    ],
)
def test_a_range_over_dates_counts_days(spark, frame, sums):
    dates = "VALUES (DATE'2020-01-01', 1), (DATE'2020-01-02', 2), (DATE'2020-01-05', 3) AS t(d, x)"
    assert rows(spark, f"SELECT sum(x) OVER (ORDER BY d {frame}) FROM {dates}") == [(value,) for value in sums]


@pytest.mark.parametrize("offset", ["1L", "1S", "INTERVAL '36' HOUR"])
def test_a_range_over_dates_takes_no_other_offsets(spark, offset):
    dates = "VALUES (DATE'2020-01-01', 1) AS t(d, x)"
    query = f"SELECT sum(x) OVER (ORDER BY d RANGE BETWEEN {offset} PRECEDING AND CURRENT ROW) FROM {dates}"
    assert fails(spark, query) == "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE"


def test_week_based_patterns_are_refused_as_spark_refuses_them(spark):
    condition = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_"
    assert fails(spark, "SELECT date_format(DATE'2018-11-17', 'Y')") == condition + "PATTERN_RECOGNITION"
    assert fails(spark, "SELECT date_format(DATE'2018-11-17', 'e')") == condition + "WEEK_BASED_PATTERN"


@pytest.mark.parametrize(
    ("pattern", "condition"),
    [
        ("EEEE", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"),
        ("q", "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER"),
        ("VVV", "INVALID_DATETIME_PATTERN.WITH_SUGGESTION"),
    ],
)
def test_a_pattern_that_cannot_parse_says_whether_the_old_formatter_could(spark, pattern, condition):
    assert fails(spark, f"SELECT to_timestamp('1', '{pattern}')") == condition
    spark.conf.set("spark.sql.timestampType", "TIMESTAMP_NTZ")
    try:
        assert fails(spark, f"SELECT to_timestamp('1', '{pattern}')") == "INVALID_DATETIME_PATTERN.WITH_SUGGESTION"
    finally:
        spark.conf.unset("spark.sql.timestampType")


@pytest.mark.parametrize(("text", "pattern"), [("30-365", "dd-DDD"), ("2020-10-350", "yyyy-MM-DDD"), ("1 2", "S S")])
def test_fields_that_contradict_each_other_do_not_parse(spark, text, pattern):
    assert fails(spark, f"SELECT to_timestamp('{text}', '{pattern}')") == "CANNOT_PARSE_TIMESTAMP"


def test_arguments_that_have_to_be_constants_are(spark):
    assert rows(spark, "SELECT date_part(NULL, DATE'2020-01-01')") == [(None,)]
    assert fails(spark, "SELECT date_part(c, DATE'2020-01-01') FROM VALUES ('year') AS t(c)") == "NON_FOLDABLE_ARGUMENT"
    assert fails(spark, "SELECT ceil(2.5, NULL)") == "NON_FOLDABLE_ARGUMENT"
    assert fails(spark, "SELECT regexp_replace('aa', 'a', 'b', 0)") == "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("frame", "condition"),
    [
        ("BETWEEN INTERVAL '1' DAY PRECEDING AND INTERVAL '1' MONTH FOLLOWING", "DIFF_TYPES"),
        ("BETWEEN INTERVAL '1' DAY FOLLOWING AND INTERVAL '1' DAY PRECEDING", "WRONG_COMPARISON"),
    ],
)
def test_bounds_of_a_frame_fit_together(spark, frame, condition):
    query = f"SELECT sum(x) OVER (ORDER BY d RANGE {frame}) FROM VALUES (DATE'2020-01-01', 1) AS t(d, x)"
    assert fails(spark, query) == f"DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_{condition}"


def test_an_empty_path_is_named(spark):
    assert fails(spark, "SELECT * FROM csv.``") == "INVALID_EMPTY_LOCATION"


# Functions and operators.


def test_like_over_constant_patterns_is_one_test(spark, t):
    names = spark.sql(f"SELECT k LIKE ANY ('a%', 'z'), k NOT LIKE ALL ('a%', 'z'), k ILIKE ANY ('B') FROM {t}")
    assert names.columns == ["likeany(k)", "notlikeall(k)", "likeany(lower(k))"]
    assert [tuple(row) for row in names.collect()] == [(True, False, False), (False, True, True)]
    assert all(field.nullable for field in names.schema)
    assert spark.sql(f"SELECT k LIKE ANY ('a%', k) FROM {t}").columns == ["(k LIKE a% OR k LIKE k)"]


def test_the_offset_of_lag_is_its_second_argument_whatever_the_first_looks_like(spark, t):
    column = spark.sql(f"SELECT lag(array(1, 2)) OVER (ORDER BY id) FROM {t}").columns[0]
    assert column.endswith("ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING)")


def test_texts_of_interval_bounds_name_the_interval(spark):
    frame = "RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND INTERVAL '2' MONTH FOLLOWING"
    query = f"SELECT sum(x) OVER (ORDER BY d {frame}) FROM VALUES (DATE'2020-01-01', 1) AS t(d, x)"
    assert frame in spark.sql(query).columns[0]


def test_printf_formats_what_dates_and_times_are_held_as(spark):
    assert rows(spark, "SELECT printf('%d %s', DATE'2020-01-02', TIMESTAMP_NTZ'1970-01-01 00:00:01')") == [
        ("18263 1000000",)
    ]


def test_atan2_knows_no_sign_of_zero(spark):
    assert rows(spark, "SELECT atan2(-0.0D, -0.0D)") == [(0.0,)]


def test_bytes_that_are_no_whole_characters_are_malformed(spark):
    assert fails(spark, "SELECT decode(X'FF', 'UTF-16')") == "MALFORMED_CHARACTER_CODING"

"""Joins with the nearest rows, order of outer joins, and streaming DataFrames that are only described."""

import pytest
from pyspark.errors import AnalysisException, IllegalArgumentException
from pyspark.sql import Row
from pyspark.sql import functions as sf


@pytest.fixture
def left(spark):
    return spark.createDataFrame([(1, "a"), (5, "b"), (10, "c"), (None, "d")], "a long, l string")


@pytest.fixture
def right(spark):
    return spark.createDataFrame([(1, 1), (2, 2), (3, 3), (6, 6), (7, 7)], "a long, r long")


def found(left, right, **options):
    joined = left._joinAsOf(right, leftAsOfColumn="a", rightAsOfColumn="a", how="left", **options)
    return [row.r for row in joined.orderBy("l").select("r").collect()]


def test_as_of_joins_look_backward_forward_or_both_ways(left, right):
    assert found(left, right) == [1, 3, 7, None]
    assert found(left, right, allowExactMatches=False) == [None, 3, 7, None]
    assert found(left, right, direction="forward") == [1, 6, None, None]
    assert found(left, right, direction="nearest") == [1, 6, 7, None]
    assert found(left, right, tolerance=sf.lit(1)) == [1, None, None, None]
    assert found(left, right, direction="nearest", tolerance=sf.lit(1)) == [1, 6, None, None]
    assert found(left, right, on=left.a < right.r, direction="nearest") == [2, 6, None, None]


def test_as_of_joins_keep_the_columns_of_both_sides(left, right):
    joined = left._joinAsOf(right, leftAsOfColumn="a", rightAsOfColumn="a")
    assert joined.columns == ["a", "l", "a", "r"]
    assert joined.select(left.a, right.a).orderBy(left.a).collect()[1] == Row(a=5, a_1=3)
    with pytest.raises(AnalysisException, match="AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE"):
        found(left, right, tolerance=sf.lit(-1))
    with pytest.raises(AnalysisException, match="AS_OF_JOIN.UNSUPPORTED_DIRECTION"):
        found(left, right, direction="up")
    with pytest.raises(IllegalArgumentException, match="Unsupported as-of join type RightOuter"):
        left._joinAsOf(right, leftAsOfColumn="a", rightAsOfColumn="a", how="right").collect()


def test_nearest_by_join_ranks_the_right_rows(spark):
    users = spark.createDataFrame([(1, 10.0), (2, 20.0), (2, 20.0)], "u int, s double")
    products = spark.createDataFrame([("A", 11.0), ("B", 22.0), ("C", 5.0), ("D", None)], "p string, ps double")
    distance = sf.abs(users.s - products.ps)
    rows = users.nearestByJoin(products, distance, 2, "exact", "distance").orderBy("u", "p").select("u", "p").collect()
    # Equal rows are joined each for itself; a null rank is none.
    assert rows == [Row(u=1, p="A"), Row(u=1, p="C")] + [Row(u=2, p="A")] * 2 + [Row(u=2, p="B")] * 2
    best = users.nearestByJoin(products, -distance, 1, "approx", "similarity").orderBy("u").select("p").collect()
    assert best == [Row(p="A"), Row(p="B"), Row(p="B")]
    none = users.nearestByJoin(products.where("false"), distance, 1, "exact", "distance", joinType="leftouter")
    assert none.count() == 3 and none.first().p is None
    pairs = sf.map_from_arrays(sf.array("s"), sf.array("ps"))
    with pytest.raises(AnalysisException, match="NON_ORDERABLE_RANKING_EXPRESSION"):
        users.nearestByJoin(products, pairs, 1, "exact", "distance").collect()


def test_an_outer_join_keeps_the_order_of_its_streamed_side(spark):
    people = spark.createDataFrame(
        [("Alice", 2), ("Bob", 5), ("Carol", 7), ("Bob", 9)], "name string, age int"
    ).coalesce(1)
    heights = spark.createDataFrame([("Bob", 85), ("Tom", 80)], "name string, height int")
    rows = people.join(sf.broadcast(heights), "name", "left_outer").collect()
    assert [(row.name, row.height) for row in rows] == [("Alice", None), ("Bob", 85), ("Carol", None), ("Bob", 85)]


def test_explain_shows_what_operators_may_cost(spark, capsys):
    spark.range(10).where("id > 3").explain(mode="cost")
    shown = capsys.readouterr().out
    assert "Statistics(sizeInBytes=160.0 B, rowCount=10)" in shown


def test_a_streaming_frame_can_be_described(spark):
    rate = spark.readStream.format("rate").load()
    assert rate.isStreaming and rate.dtypes == [("timestamp", "timestamp"), ("value", "bigint")]
    late = rate.withWatermark("timestamp", "10 minutes")
    assert late.schema["timestamp"].metadata == {"spark.watermarkDelayMs": 600000}
    assert late.dropDuplicatesWithinWatermark(["value"]).isStreaming
    assert not spark.range(1).isStreaming
    with pytest.raises(AnalysisException, match="must be executed with writeStream.start"):
        rate.collect()
    with pytest.raises(AnalysisException, match="CALL_ON_STREAMING_DATASET_UNSUPPORTED"):
        rate.write.mode("overwrite").save("out/rate")
    with pytest.raises(Exception, match="Structured Streaming"):
        rate.writeStream.format("console").start()
    with pytest.raises(AnalysisException, match="EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE"):
        rate.withWatermark("value", "1 minute").schema


def test_functions_that_sql_does_not_know(spark):
    assert spark.range(1, 5).select(sf.product("id")).first()[0] == 24.0
    with pytest.raises(AnalysisException, match="UNRESOLVED_ROUTINE"):
        spark.sql("SELECT product(1)")
    structs = spark.sql("SELECT zip_with(array(1), array('a'), (x, y) -> (y, x)) AS z").first().z
    assert structs == [Row(y="a", x=1)]

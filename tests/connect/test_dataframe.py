"""DataFrames over the real client: what every first session does."""

import datetime
import decimal

from pyspark.sql import Row, Window
from pyspark.sql import functions as F


def test_range_group_and_count(spark):
    rows = spark.range(10).groupBy((F.col("id") % 3).alias("k")).count().orderBy("k").collect()
    assert rows == [Row(k=0, count=4), Row(k=1, count=3), Row(k=2, count=3)]


def test_show_prints_as_spark_does(spark, capsys):
    spark.range(3).select("id", F.lit("x").alias("name")).show()
    assert capsys.readouterr().out == (
        "+---+----+\n| id|name|\n+---+----+\n|  0|   x|\n|  1|   x|\n|  2|   x|\n+---+----+\n\n"
    )


def test_rows_of_every_simple_type_come_back(spark):
    row = Row(
        i=1,
        f=1.5,
        s="text",
        b=True,
        d=datetime.date(2026, 1, 2),
        t=datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
        n=decimal.Decimal("12.340000000000000000"),
        a=[1, 2],
        m={"k": 1},
        z=None,
    )
    schema = "i int, f double, s string, b boolean, d date, t timestamp, n decimal(38,18), a array<int>, m map<string,int>, z string"
    assert spark.createDataFrame([row], schema).collect() == [row]


def test_join_keeps_unmatched_rows_of_the_left(spark):
    left = spark.createDataFrame([(1, "a"), (2, "b")], ["id", "l"])
    right = spark.createDataFrame([(1, "x")], ["id", "r"])
    rows = left.join(right, "id", "left").orderBy("id").collect()
    assert rows == [Row(id=1, l="a", r="x"), Row(id=2, l="b", r=None)]


def test_self_join_by_aliases(spark):
    people = spark.createDataFrame([(1, "Ada", None), (2, "Grace", 1)], "id int, name string, boss int")
    e, m = people.alias("e"), people.alias("m")
    rows = e.join(m, F.col("e.boss") == F.col("m.id")).select("e.name", F.col("m.name").alias("boss")).collect()
    assert rows == [Row(name="Grace", boss="Ada")]


def test_window_ranks_within_groups(spark):
    rows = spark.createDataFrame([("a", 3), ("a", 1), ("b", 2)], ["k", "v"])
    ranked = rows.withColumn("n", F.row_number().over(Window.partitionBy("k").orderBy("v")))
    assert [tuple(r) for r in ranked.orderBy("k", "n").collect()] == [("a", 1, 1), ("a", 3, 2), ("b", 2, 1)]


def test_temporary_view_is_seen_by_sql(spark):
    spark.range(5).createOrReplaceTempView("numbers")
    assert spark.sql("SELECT sum(id) AS s FROM numbers WHERE id > :least", {"least": 1}).collect() == [Row(s=9)]


def test_to_pandas_gives_the_types_of_the_columns(spark):
    frame = spark.range(3).withColumn("half", F.col("id") / 2).toPandas()
    assert frame["half"].tolist() == [0.0, 0.5, 1.0]
    assert str(frame["id"].dtype) == "int64"


def test_set_operations(spark):
    a, b = spark.range(4), spark.range(2, 6)
    ids = lambda frame: sorted(row.id for row in frame.collect())  # noqa: E731
    assert ids(a.union(b)) == [0, 1, 2, 2, 3, 3, 4, 5]
    assert ids(a.intersect(b)) == [2, 3]
    assert ids(a.subtract(b)) == [0, 1]


def test_missing_values_are_filled_dropped_and_replaced(spark):
    rows = spark.createDataFrame([(1, None), (None, "b"), (3, "c")], "i int, s string")
    assert rows.na.fill({"i": 0, "s": "-"}).count() == 3
    assert rows.na.drop().collect() == [Row(i=3, s="c")]
    assert rows.na.replace("c", "z").where("i = 3").collect() == [Row(i=3, s="z")]


def test_repartition_and_coalesce_set_the_number_of_partitions(spark):
    parts = lambda frame: frame.select(F.spark_partition_id().alias("p")).distinct().count()  # noqa: E731
    assert parts(spark.range(100).repartition(5)) == 5
    assert parts(spark.range(0, 100, 1, 8).coalesce(3)) == 3


def test_empty_result_keeps_its_schema(spark):
    frame = spark.range(3).where("id > 10")
    assert frame.collect() == []
    assert frame.toPandas().columns.tolist() == ["id"]


def test_rows_are_numbered_in_the_order_of_their_partitions(spark):
    numbered = spark.range(0, 20, 1, 4).zipWithIndex()
    assert [(row["id"], row["index"]) for row in numbered.orderBy("id").collect()] == [(i, i) for i in range(20)]


def test_rows_go_to_the_partition_that_a_column_names(spark):
    frame = spark.range(10).withColumn("p", (F.col("id") % 3).cast("int")).repartitionById(3, "p")
    assert all(row.p == row.at for row in frame.select("p", F.spark_partition_id().alias("at")).collect())


def test_queries_that_differ_in_names_only_have_the_same_semantics(spark):
    doubled = lambda name, by=2: spark.range(10).withColumn(name, F.col("id") * by)  # noqa: E731
    assert doubled("a").sameSemantics(doubled("b"))
    assert doubled("a").semanticHash() == doubled("b").semanticHash()
    assert not doubled("a").sameSemantics(doubled("a", by=3))
    assert not spark.createDataFrame([(1,)], "a int").sameSemantics(spark.createDataFrame([(2,)], "a int"))


def test_averages_add_up_in_the_order_of_the_rows(spark):
    rows = spark.createDataFrame([(40.3,), (37.8,), (44.1,)], "w double").coalesce(1)
    assert rows.agg(F.avg("w")).first()[0] == 40.73333333333333


def test_frequent_items_are_collected_by_column(spark):
    frame = spark.createDataFrame([(1, 11), (1, 11), (3, 10)], "a int, b int").freqItems(["a", "b"])
    assert frame.columns == ["a_freqItems", "b_freqItems"]
    assert [sorted(items) for items in frame.first()] == [[1, 3], [10, 11]]


def test_a_local_checkpoint_keeps_the_rows_it_had(spark):
    frame = spark.range(5).withColumn("r", F.rand()).localCheckpoint()
    assert frame.collect() == frame.collect()


def test_a_cross_join_keeps_the_order_of_its_left_side(spark):
    left, right = spark.range(0, 3, 1, 1), spark.createDataFrame([(8,), (9,)], "b int")
    pairs = [(row.id, row.b) for row in left.crossJoin(F.broadcast(right)).collect()]
    assert pairs == [(0, 8), (0, 9), (1, 8), (1, 9), (2, 8), (2, 9)]
    few = left.crossJoin(F.broadcast(right)).where("id + b < 10").select("b")
    assert sorted(row.b for row in few.collect()) == [8, 8, 9]


def test_a_possessive_pattern_leaves_columns_out(spark):
    frame = spark.createDataFrame([(1, 2, 3)], ["ds", "hr", "value"])
    assert frame.select(frame.colRegex("`(ds|hr)?+.+`")).columns == ["value"]


def test_what_reads_an_empty_stage_ends(spark):
    spark.range(10).where("id > 100").createOrReplaceTempView("nothing")
    assert spark.sql("SELECT rank() OVER (ORDER BY id) FROM nothing").collect() == []
    assert spark.sql("SELECT sum(id) OVER (PARTITION BY id % 2 ORDER BY id) FROM nothing").collect() == []
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", -1)
    try:
        joined = spark.range(3).join(spark.table("nothing").withColumnRenamed("id", "b"), F.col("id") == F.col("b"), "left")
        assert sorted(row.id for row in joined.collect()) == [0, 1, 2]
        full = spark.table("nothing").join(spark.range(3).withColumnRenamed("id", "b"), F.col("id") == F.col("b"), "full")
        assert full.count() == 3
    finally:
        spark.conf.unset("spark.sql.autoBroadcastJoinThreshold")

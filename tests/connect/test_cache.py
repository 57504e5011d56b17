"""Cached queries: kept by what they compute, filled by the first action, dropped when what they read changes."""

import pytest
from pyspark import StorageLevel
from pyspark.errors import AnalysisException, IllegalArgumentException
from pyspark.sql import functions as F


def plan(df) -> str:
    return df._explain_string()


def rows(df):
    return sorted(tuple(row) for row in df.collect())


@pytest.fixture(autouse=True)
def nothing_cached(spark):
    yield
    spark.catalog.clearCache()


@pytest.fixture
def table(spark):
    spark.sql("DROP TABLE IF EXISTS kept")
    spark.sql("CREATE TABLE kept USING parquet AS SELECT id, id * 2 AS v FROM range(10)")
    yield "kept"
    spark.sql("DROP TABLE IF EXISTS kept")


def test_a_cached_query_is_read_from_memory_by_every_equal_query(spark):
    df = spark.range(100).groupBy((F.col("id") % 3).alias("k")).agg(F.sum("id").alias("s"))
    before = rows(df)
    assert "InMemory" not in plan(df)
    df.cache()
    assert df.storageLevel == StorageLevel(True, True, False, True)
    shown = plan(df)
    assert "InMemoryTableScan [k#" in shown
    assert "   +- InMemoryRelation [k#" in shown
    assert "StorageLevel(disk, memory, deserialized, 1 replicas)" in shown
    assert rows(df) == before
    assert rows(df) == before
    again = spark.range(100).groupBy((F.col("id") % 3).alias("other")).agg(F.sum("id").alias("t"))
    assert "InMemoryTableScan [other#" in plan(again)
    assert rows(again.filter("other > 0")) == [row for row in before if row[0] > 0]
    other = spark.range(101).groupBy((F.col("id") % 3).alias("k")).agg(F.sum("id").alias("s"))
    assert "InMemory" not in plan(other)
    df.unpersist()
    assert df.storageLevel == StorageLevel(False, False, False, False, 1)
    assert "InMemory" not in plan(df)


def test_the_scan_reads_only_the_columns_it_needs_and_shows_its_filters(spark):
    df = spark.range(10).withColumn("v", F.col("id") * 2).cache()
    shown = plan(df.filter("id > 3").select("v"))
    assert "InMemoryTableScan [" in shown
    assert "(id#" in shown.split("InMemoryTableScan")[1].split("\n")[0]
    assert "InMemoryTableScan [v#" in plan(df.select("v"))
    assert rows(df.filter("id > 7").select("v")) == [(16,), (18,)]


def test_a_join_on_a_common_column_is_found_below_other_operators(spark):
    a = spark.range(6).withColumn("x", F.col("id") % 2)
    b = spark.range(3, 9).withColumn("y", F.lit(1))
    joined = a.join(b, "id").cache()
    grouped = joined.groupBy("x").count()
    assert "InMemoryTableScan [x#" in plan(grouped)
    assert rows(grouped) == [(0, 1), (1, 2)]
    # The key of one side is not kept, so a query for it joins again.
    assert "InMemory" not in plan(joined.select(b.id))
    assert rows(joined.select(b.id)) == [(3,), (4,), (5,)]


def test_a_query_over_a_cached_query_may_be_cached_too(spark):
    inner = spark.range(20).filter("id > 3").cache()
    outer = inner.groupBy((F.col("id") % 2).alias("k")).count().cache()
    assert plan(outer).count("InMemoryTableScan") == 2
    assert rows(outer) == [(0, 8), (1, 8)]
    inner.unpersist()
    assert outer.storageLevel.useMemory
    assert rows(outer) == [(0, 8), (1, 8)]


def test_current_timestamp_of_a_cached_query_stands_still(spark):
    df = spark.range(1).select(F.current_timestamp().alias("t")).cache()
    assert rows(df) == rows(df)


def test_rows_of_the_client_are_told_apart_by_their_values(spark):
    one = spark.createDataFrame([(1, "a"), (2, "b")], "id int, s string").cache()
    same = spark.createDataFrame([(1, "a"), (2, "b")], "id int, s string")
    other = spark.createDataFrame([(1, "a"), (2, "c")], "id int, s string")
    assert "InMemory" in plan(one)
    assert "InMemory" in plan(same)
    assert "InMemory" not in plan(other)
    assert rows(one) == [(1, "a"), (2, "b")]
    assert rows(other) == [(1, "a"), (2, "c")]


@pytest.mark.parametrize("level", ["DISK_ONLY", "MEMORY_ONLY", "MEMORY_AND_DISK_2", "OFF_HEAP", "MEMORY_AND_DISK_DESER"])
def test_persist_keeps_the_level_that_was_asked_for(spark, level):
    level = getattr(StorageLevel, level)
    df = spark.range(4).filter("id > 1").persist(level)
    assert df.storageLevel == level
    assert rows(df) == [(2,), (3,)]


def test_lambdas_do_not_hide_that_queries_are_equal(spark):
    def query():
        return spark.range(3).select(F.transform(F.array("id"), lambda x: x + 1).alias("a"))

    df = query().cache()
    assert "InMemory" in plan(df)
    assert "InMemory" in plan(query())
    assert rows(df) == [([1],), ([2],), ([3],)]


def test_cache_table_and_its_relatives(spark, table):
    assert not spark.catalog.isCached(table)
    spark.sql("CACHE TABLE kept")
    assert spark.catalog.isCached(table)
    shown = plan(spark.table(table).select("id"))
    assert "Scan In-memory table kept [id#" in shown
    assert spark.table(table).count() == 10
    spark.sql("UNCACHE TABLE kept")
    assert not spark.catalog.isCached(table)
    spark.sql("UNCACHE TABLE kept")
    spark.sql("UNCACHE TABLE IF EXISTS nothing_of_this_name")
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.sql("UNCACHE TABLE nothing_of_this_name")
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.catalog.isCached("nothing_of_this_name")
    spark.catalog.cacheTable(table, StorageLevel.DISK_ONLY)
    assert spark.table(table).storageLevel == StorageLevel.DISK_ONLY
    spark.catalog.clearCache()
    assert not spark.catalog.isCached(table)
    spark.sql("CACHE LAZY TABLE kept OPTIONS ('storageLevel' 'disk_only')")
    assert spark.table(table).storageLevel == StorageLevel.DISK_ONLY
    spark.sql("CLEAR CACHE")
    with pytest.raises(IllegalArgumentException, match="Invalid StorageLevel: BAD"):
        spark.sql("CACHE TABLE kept OPTIONS ('storageLevel' 'BAD')")


def test_cache_table_as_makes_a_view(spark, table):
    spark.sql("CACHE TABLE big AS SELECT id + 1 AS x FROM kept WHERE id > 5")
    assert spark.catalog.isCached("big")
    assert "Scan In-memory table big [x#" in plan(spark.table("big"))
    assert rows(spark.table("big")) == [(7,), (8,), (9,), (10,)]
    with pytest.raises(AnalysisException, match="TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"):
        spark.sql("CACHE TABLE big AS SELECT 1")
    spark.sql("DROP VIEW big")
    assert "InMemory" not in plan(spark.table(table).filter("id > 5").selectExpr("id + 1 AS x"))


def test_a_write_makes_the_cache_be_computed_again(spark, table):
    spark.sql("CACHE TABLE kept")
    large = spark.table(table).filter("id > 7").cache()
    assert rows(large) == [(8, 16), (9, 18)]
    spark.sql("INSERT INTO kept VALUES (100, 200)")
    assert spark.catalog.isCached(table)
    assert spark.table(table).count() == 11
    assert rows(large) == [(8, 16), (9, 18), (100, 200)]
    spark.sql("TRUNCATE TABLE kept")
    assert rows(large) == []


def test_dropping_a_table_drops_what_was_cached_of_it(spark, table):
    large = spark.table(table).filter("id > 7").cache()
    spark.sql("CACHE TABLE kept")
    spark.sql("DROP TABLE kept")
    spark.sql("CREATE TABLE kept USING parquet AS SELECT id, id * 2 AS v FROM range(3)")
    assert not spark.catalog.isCached(table)
    assert "InMemory" not in plan(large)
    assert spark.table(table).count() == 3


def test_files_written_again_are_read_again(spark, workspace):
    spark.range(3).write.mode("overwrite").parquet("cached_files")
    df = spark.read.parquet("cached_files").cache()
    assert df.count() == 3
    spark.range(5).write.mode("overwrite").parquet("cached_files")
    assert spark.read.parquet("cached_files").count() == 5
    assert df.storageLevel.useMemory


def test_a_view_that_is_replaced_is_cached_no_longer(spark):
    spark.range(5).createOrReplaceTempView("v_kept")
    spark.catalog.cacheTable("v_kept")
    assert spark.range(5).storageLevel.useMemory
    spark.range(5).createOrReplaceTempView("v_kept")
    assert spark.catalog.isCached("v_kept")
    spark.range(6).createOrReplaceTempView("v_kept")
    assert not spark.catalog.isCached("v_kept")
    assert not spark.range(5).storageLevel.useMemory


def test_the_broadcast_hint_of_a_cached_side_keeps_its_effect(spark):
    a = spark.range(50).cache()
    joined = spark.range(100).withColumn("z", F.lit(1)).join(a.hint("merge"), "id")
    assert "SortMergeJoin" in plan(joined)
    assert "InMemoryTableScan" in plan(joined)

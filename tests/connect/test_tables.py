"""Tables: buckets, partitions that were there before, statistics."""

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import Row
from pyspark.sql import functions as sf


@pytest.fixture
def people(spark):
    rows = [(100, "Hyukjin Kwon", 1), (120, "Hyukjin Kwon", 2), (140, "Haejoon Lee", 1)]
    return spark.createDataFrame(rows, "age long, name string, p long").coalesce(1)


def files(workspace, table):
    return sorted(path.name.split("_")[-1] for path in (workspace / "spark-warehouse" / table).rglob("part-*"))


def test_rows_go_to_the_buckets_that_spark_gives_them(spark, workspace, people):
    people.write.bucketBy(2, "NAME").sortBy("AGE").mode("overwrite").saveAsTable("bucketed")
    assert files(workspace, "bucketed") == ["00000.c000.snappy.parquet", "00001.c000.snappy.parquet"]
    # A real Spark 4.2.0 puts 0 to 9 into these three buckets.
    spark.sql("DROP TABLE IF EXISTS buckets")
    spark.sql("CREATE TABLE buckets (a INT, b STRING) USING csv CLUSTERED BY (a) SORTED BY (b) INTO 3 BUCKETS")
    spark.sql("INSERT INTO buckets SELECT id, string(id) FROM range(10)")
    for path in (workspace / "spark-warehouse/buckets").glob("part-*"):
        bucket = int(path.name.split("_")[1].split(".")[0])
        for line in path.read_text().split():
            number = int(line.split(",")[0])
            assert spark.sql(f"SELECT pmod(hash({number}), 3) AS b").first().b == bucket
    described = {row.col_name: row.data_type for row in spark.sql("DESC EXTENDED bucketed").collect()}
    assert described["Bucket Columns"] == "[`name`]" and described["Sort Columns"] == "[`age`]"
    assert [column.isBucket for column in spark.catalog.listColumns("bucketed")] == [False, True, False]


def test_a_partitioned_table_has_buckets_in_each_folder(spark, workspace, people):
    people.write.format("csv").partitionBy("p").bucketBy(2, "name").mode("overwrite").saveAsTable("both")
    assert files(workspace, "both") == ["00000.c000.csv", "00001.c000.csv", "00001.c000.csv"]
    assert spark.table("both").orderBy("age").collect()[2] == Row(age=140, name="Haejoon Lee", p=1)


@pytest.mark.parametrize(
    "write, message",
    [
        (lambda w: w.bucketBy(2, "name").save("x"), "'save' does not support bucketBy right now"),
        (lambda w: w.bucketBy(2, "name").sortBy("age").save("x"), "does not support bucketBy and sortBy"),
        (lambda w: w.sortBy("name").saveAsTable("t"), "SORT_BY_WITHOUT_BUCKETING"),
        (lambda w: w.bucketBy(100001, "name").saveAsTable("t"), "INVALID_BUCKET_COUNT"),
        (lambda w: w.bucketBy(2, "zz").saveAsTable("t"), "bucket column `zz` is not defined"),
        (lambda w: w.bucketBy(2, "name", "NAME").saveAsTable("t"), "COLUMN_ALREADY_EXISTS"),
        (lambda w: w.partitionBy("p").bucketBy(2, "p").saveAsTable("t"), "should not be part of partition columns 'p'"),
    ],
)
def test_buckets_that_cannot_be(spark, people, write, message):
    with pytest.raises(AnalysisException, match=message):
        write(people.write)


def test_rows_are_added_as_a_table_is_bucketed(spark, people):
    people.write.bucketBy(2, "name").mode("overwrite").saveAsTable("same")
    people.write.bucketBy(2, "name").mode("append").saveAsTable("same")
    assert spark.table("same").count() == 6
    with pytest.raises(AnalysisException, match="Specified bucketing does not match"):
        people.write.bucketBy(3, "name").mode("append").saveAsTable("same")


def test_buckets_of_write_to(spark, workspace, people):
    spark.sql("DROP TABLE IF EXISTS v2")
    people.writeTo("v2").using("parquet").partitionedBy(sf.partitioning.bucket(2, "name")).create()
    assert files(workspace, "v2") == ["00000.c000.snappy.parquet", "00001.c000.snappy.parquet"]
    with pytest.raises(Exception, match="UNSUPPORTED_PARTITION_TRANSFORM.*years"):
        people.writeTo("v3").partitionedBy(sf.partitioning.years("age")).create()


def test_partitions_that_are_there_are_recovered(spark):
    spark.range(3).selectExpr("id AS key", "id AS value").write.partitionBy("key").mode("overwrite").csv("out/recover")
    spark.sql("DROP TABLE IF EXISTS recovered")
    spark.sql(
        "CREATE TABLE recovered (key LONG, value LONG) USING csv OPTIONS (path 'out/recover') PARTITIONED BY (key)"
    )
    assert spark.table("recovered").count() == 0
    spark.sql("INSERT INTO recovered PARTITION (key = 1) VALUES (7)")
    assert spark.table("recovered").orderBy("value").collect() == [Row(value=1, key=1), Row(value=7, key=1)]
    spark.catalog.recoverPartitions("recovered")
    assert spark.table("recovered").count() == 4
    spark.sql("ALTER TABLE recovered DROP PARTITION (key = 1)")
    assert spark.sql("SHOW PARTITIONS recovered").collect() == [Row(partition="key=0"), Row(partition="key=2")]


def test_a_table_without_its_folder_is_empty(spark, workspace):
    folder = workspace / "out/gone"
    spark.sql("DROP TABLE IF EXISTS gone")
    spark.sql(f"CREATE TABLE gone (col STRING) USING text LOCATION '{folder}'")
    spark.sql("INSERT INTO gone SELECT 'abc'")
    spark.catalog.cacheTable("gone")
    assert spark.table("gone").count() == 1
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert spark.table("gone").count() == 1
    spark.catalog.refreshTable("gone")
    assert spark.table("gone").count() == 0


def test_analyze_table_keeps_what_describe_shows(spark, people):
    people.write.mode("overwrite").saveAsTable("analyzed")

    def described(statement):
        return {row[0]: row[1] for row in spark.sql(statement).collect()}

    assert "Statistics" not in described("DESC EXTENDED analyzed")
    spark.sql("ANALYZE TABLE analyzed COMPUTE STATISTICS FOR ALL COLUMNS")
    assert described("DESC EXTENDED analyzed")["Statistics"].endswith(" bytes, 3 rows")
    age = described("DESC EXTENDED analyzed age")
    assert [age[key] for key in ("min", "max", "num_nulls", "distinct_count", "avg_col_len")] == [
        "100",
        "140",
        "0",
        "3",
        "8",
    ]
    name = described("DESC EXTENDED analyzed name")
    assert [name[key] for key in ("min", "distinct_count", "avg_col_len", "max_col_len")] == ["NULL", "2", "12", "12"]
    spark.sql("INSERT INTO analyzed SELECT * FROM analyzed")
    assert "Statistics" not in described("DESC EXTENDED analyzed")
    people.createOrReplaceTempView("people_view")
    with pytest.raises(AnalysisException, match="EXPECT_PERMANENT_VIEW_NOT_TEMP"):
        spark.sql("ANALYZE TABLE people_view COMPUTE STATISTICS")


def test_keywords_are_spark_s(spark):
    count = "SELECT count(*) AS n, sum(int(reserved)) AS r FROM sql_keywords()"
    assert spark.sql(count).first() == Row(n=423, r=0)
    spark.conf.set("spark.sql.ansi.enforceReservedKeywords", "true")
    assert spark.sql(count).first() == Row(n=423, r=80)

"""Reading and writing files."""

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import Row


def test_csv_round_trip_with_header_and_inference(spark, workspace):
    frame = spark.createDataFrame([(1, "a", 1.5), (2, "b, c", None)], "i int, s string, d double")
    frame.coalesce(1).write.mode("overwrite").option("header", True).csv("out/csv")
    back = spark.read.option("header", True).option("inferSchema", True).csv("out/csv")
    assert back.dtypes == [("i", "int"), ("s", "string"), ("d", "double")]
    assert back.orderBy("i").collect() == [Row(i=1, s="a", d=1.5), Row(i=2, s="b, c", d=None)]
    assert (workspace / "out/csv/_SUCCESS").exists()


def test_parquet_round_trip_by_partitions(spark, workspace):
    frame = spark.createDataFrame([(1, "x"), (2, "y"), (3, "x")], "i int, k string")
    frame.write.mode("overwrite").partitionBy("k").parquet("out/parquet")
    assert (workspace / "out/parquet/k=x").is_dir()
    back = spark.read.parquet("out/parquet")
    assert back.columns == ["i", "k"]
    assert back.where("k = 'x'").orderBy("i").collect() == [Row(i=1, k="x"), Row(i=3, k="x")]


def test_json_and_text_round_trip(spark):
    frame = spark.createDataFrame([Row(a=1, n=Row(b="x", c=[1, 2]))])
    frame.write.mode("overwrite").json("out/json")
    assert spark.read.json("out/json").collect() == [Row(a=1, n=Row(b="x", c=[1, 2]))]
    frame.selectExpr("n.b AS value").write.mode("overwrite").text("out/text")
    assert spark.read.text("out/text").collect() == [Row(value="x")]


def test_existing_path_is_not_overwritten_by_default(spark):
    spark.range(1).write.mode("overwrite").parquet("out/once")
    with pytest.raises(AnalysisException, match="PATH_ALREADY_EXISTS"):
        spark.range(1).write.parquet("out/once")


def test_malformed_rows_follow_the_mode(spark, workspace):
    (workspace / "bad.csv").write_text("i,s\n1,a\nx,b\n3\n")
    reader = spark.read.option("header", True).schema("i int, s string, _corrupt_record string")
    rows = reader.csv("bad.csv").collect()
    assert [row._corrupt_record for row in rows] == [None, "x,b", "3"]
    dropped = spark.read.option("header", True).option("mode", "DROPMALFORMED").schema("i int, s string").csv("bad.csv")
    assert dropped.collect() == [Row(i=1, s="a")]


def test_truncated_parquet_names_the_file(spark, workspace):
    spark.range(1000).coalesce(1).write.mode("overwrite").parquet("out/whole")
    part = next((workspace / "out/whole").glob("part-*.parquet"))
    (workspace / "broken.parquet").write_bytes(part.read_bytes()[:-100])
    with pytest.raises(Exception, match="broken.parquet"):
        spark.read.parquet("broken.parquet").collect()


def test_tables_are_kept_in_the_warehouse(spark, workspace):
    spark.sql("DROP TABLE IF EXISTS t_kept")
    spark.range(3).write.saveAsTable("t_kept")
    assert spark.table("t_kept").count() == 3
    assert (workspace / "spark-warehouse/t_kept").is_dir()
    assert "t_kept" in [table.name for table in spark.catalog.listTables()]
    spark.sql("DROP TABLE t_kept")
    assert not spark.catalog.tableExists("t_kept")


def test_json_has_the_names_of_the_columns(spark, workspace):
    spark.createDataFrame([{"age": 100, "name": "x"}]).coalesce(1).write.mode("overwrite").json("out/names")
    (part,) = (workspace / "out/names").glob("part-*.json")
    assert part.read_text() == '{"age":100,"name":"x"}\n'


def test_the_schema_of_a_frame_reads_files(spark):
    frame = spark.createDataFrame([(1, "a")], "i int, s string")
    frame.write.mode("overwrite").csv("out/schema")
    assert spark.read.csv("out/schema", schema=frame.schema).collect() == [Row(i=1, s="a")]


def test_clustering_columns_are_kept_with_the_table(spark):
    spark.range(3).write.clusterBy("id").mode("overwrite").saveAsTable("clustered")
    properties = spark.sql("SHOW TBLPROPERTIES clustered").collect()
    assert ("clusteringColumns", '[["id"]]') in [tuple(row) for row in properties]
    spark.sql("DROP TABLE clustered")

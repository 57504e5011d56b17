"""What bad input gets: Spark's conditions, or what Spark makes of it."""

import random

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import Row


def condition(action) -> tuple:
    """Condition and SQLSTATE of what an action raises."""
    with pytest.raises(PySparkException) as caught:
        action()
    return caught.value.getCondition(), caught.value.getSqlState()


def test_wrong_column(spark):
    assert condition(lambda: spark.range(3).select("idd").collect()) == ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703")


def test_wrong_types(spark):
    assert condition(lambda: spark.range(3).where("id + 1").collect()) == (
        "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
        "42K09",
    )
    assert condition(lambda: spark.sql("SELECT abs(array(1))").collect()) == (
        "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        "42K09",
    )
    assert condition(lambda: spark.sql("SELECT CAST('many' AS INT)").collect()) == ("CAST_INVALID_INPUT", "22018")


def test_syntax_errors(spark):
    assert condition(lambda: spark.sql("SELEC 1")) == ("PARSE_SYNTAX_ERROR", "42601")
    assert condition(lambda: spark.sql("SELECT (1")) == ("PARSE_SYNTAX_ERROR", "42601")


def test_division_by_zero_under_ansi_and_not(spark):
    def divided():
        return spark.range(2).selectExpr("id", "10 / id AS d").orderBy("id").collect()

    assert condition(divided) == ("DIVIDE_BY_ZERO", "22012")
    spark.conf.set("spark.sql.ansi.enabled", False)
    assert [row.d for row in divided()] == [None, 10.0]


def test_missing_path(spark):
    assert condition(lambda: spark.read.parquet("nowhere").collect()) == ("PATH_NOT_FOUND", "42K03")


def test_empty_files(spark, workspace):
    for name in ("empty.csv", "empty.json", "empty.txt"):
        (workspace / name).write_bytes(b"")
    assert spark.read.option("header", True).csv("empty.csv").collect() == []
    assert spark.read.option("header", True).csv("empty.csv").columns == []
    assert spark.read.schema("a int").csv("empty.csv").count() == 0
    assert spark.read.text("empty.txt").collect() == []
    assert spark.read.json("empty.json").collect() == []


def test_ragged_and_quoted_csv(spark, workspace):
    text = 'a,b,c\n1,"x, y",3\n2,"say ""hi""",\n4\n5,6,7,8\n"line\nbreak",9,10\n'
    (workspace / "ragged.csv").write_text(text)
    rows = spark.read.option("header", True).option("multiLine", True).option("escape", '"').csv("ragged.csv").collect()
    assert rows == [
        Row(a="1", b="x, y", c="3"),
        Row(a="2", b='say "hi"', c=None),
        Row(a="4", b=None, c=None),
        Row(a="5", b="6", c="7"),
        Row(a="line\nbreak", b="9", c="10"),
    ]


def test_binary_junk_is_rows_of_text_for_csv_and_an_error_for_parquet(spark, workspace):
    junk = random.Random(7).randbytes(20_000)
    (workspace / "junk.csv").write_bytes(junk)
    (workspace / "junk.parquet").write_bytes(junk)
    assert spark.read.csv("junk.csv").count() > 0
    assert condition(lambda: spark.read.parquet("junk.parquet").collect())[0] == "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER"


def test_truncated_parquet(spark, workspace):
    spark.range(10_000).coalesce(1).write.mode("overwrite").parquet("out/to_truncate")
    part = next((workspace / "out/to_truncate").glob("part-*.parquet"))
    data = part.read_bytes()
    (workspace / "truncated.parquet").write_bytes(data[: len(data) // 2])
    assert (
        condition(lambda: spark.read.parquet("truncated.parquet").collect())[0]
        == "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER"
    )


def test_parquet_without_rows_keeps_its_columns(spark):
    spark.range(0).selectExpr("id", "CAST(id AS STRING) AS s").write.mode("overwrite").parquet("out/no_rows")
    back = spark.read.parquet("out/no_rows")
    assert back.dtypes == [("id", "bigint"), ("s", "string")]
    assert back.collect() == []
    assert back.groupBy().count().collect() == [Row(count=0)]


def test_duplicate_column_names(spark, workspace):
    both = spark.sql("SELECT 1 AS a, 2 AS a")
    assert both.columns == ["a", "a"]
    assert tuple(both.collect()[0]) == (1, 2)
    assert condition(lambda: both.select("a").collect()) == ("AMBIGUOUS_REFERENCE", "42704")
    assert condition(lambda: both.write.mode("overwrite").parquet("out/twice"))[0] == "COLUMN_ALREADY_EXISTS"
    (workspace / "twice.csv").write_text("a,b,a\n1,2,3\n")
    assert spark.read.option("header", True).csv("twice.csv").columns == ["a0", "b", "a2"]


def test_text_that_is_not_utf8(spark, workspace):
    (workspace / "latin.csv").write_bytes("name,city\nJosé,Malmö\n".encode("latin-1"))
    reader = spark.read.option("header", True)
    assert reader.option("encoding", "ISO-8859-1").csv("latin.csv").collect() == [Row(name="José", city="Malmö")]
    replaced = spark.read.option("header", True).csv("latin.csv").collect()
    assert replaced == [Row(name="Jos\ufffd", city="Malm\ufffd")]


def test_three_hundred_columns(spark, workspace):
    names = [f"c{i}" for i in range(300)]
    lines = [",".join(names)] + [",".join(str(row * i) for i in range(300)) for row in range(20)]
    (workspace / "wide.csv").write_text("\n".join(lines) + "\n")
    wide = spark.read.option("header", True).option("inferSchema", True).csv("wide.csv")
    assert len(wide.columns) == 300
    assert wide.selectExpr("sum(c299)").collect()[0][0] == 299 * sum(range(20))
    wide.write.mode("overwrite").parquet("out/wide")
    assert spark.read.parquet("out/wide").count() == 20


def test_ten_million_rows_are_counted_shown_and_fetched(spark):
    rows = spark.range(10_000_000)
    assert rows.count() == 10_000_000
    assert [row.id for row in rows.limit(3).collect()] == [0, 1, 2]
    assert len(rows.toPandas()) == 10_000_000

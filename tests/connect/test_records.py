"""Records: the xml data source, and DataFrames of strings read as JSON, CSV and XML."""

import pytest
from pyspark.errors import AnalysisException, IllegalArgumentException
from pyspark.sql import Row

BOOKS = """<?xml version="1.0"?>
<!-- c --><catalog>
 <book id="1" xml:lang="en"><title>A &amp; B</title><price>10.5</price><tag>x</tag><tag>y</tag></book>
 <book id="2"><title><![CDATA[C <d>]]></title><price/><tag>z</tag><nested a="1"><in>5</in>text</nested></book>
 <bookish/>
 <book id="3"/>
 <book id="4"><title>broken</book>
 <book id="5"><title>after</title></book>
</catalog>"""


@pytest.fixture
def books(workspace):
    (workspace / "books.xml").write_text(BOOKS)
    return "books.xml"


def test_xml_infers_as_spark_does(spark, books):
    frame = spark.read.xml(books, rowTag="book")
    assert frame.schema.simpleString() == (
        "struct<_corrupt_record:string,_id:bigint,_xml:lang:string,nested:struct<_VALUE:string,_a:bigint,in:bigint>,"
        "price:double,tag:array<string>,title:string>"
    )
    rows = frame.collect()
    # Reading ends where the file is malformed, and the record keeps the file.
    assert [row["_id"] for row in rows] == [1, 2, 3, None]
    assert rows[0].tag == ["x", "y"] and rows[0].title == "A & B" and rows[0].price == 10.5
    assert rows[1].nested == Row(_VALUE="text", _a=1, **{"in": 5}) and rows[1].title == "C <d>"
    assert rows[3]["_corrupt_record"] == BOOKS


def test_xml_follows_schema_and_mode(spark, books):
    schema = "_id int, title int, _corrupt_record string"
    rows = spark.read.schema(schema).xml(books, rowTag="book").collect()
    assert [(row["_id"], row.title, row["_corrupt_record"] is None) for row in rows] == [
        (1, None, False),
        (2, None, False),
        (3, None, True),
        (None, None, False),
    ]
    dropped = spark.read.option("mode", "DROPMALFORMED").xml(books, rowTag="book")
    assert [row["_id"] for row in dropped.collect()] == [1, 2, 3]
    with pytest.raises(Exception, match="MALFORMED_RECORD_IN_PARSING"):
        spark.read.option("mode", "FAILFAST").xml(books, rowTag="book").collect()


def test_xml_is_written_as_spark_writes_it(spark, workspace):
    frame = spark.sql("""SELECT 1 AS id, 'a<b&"c' AS name, array(1, 2) AS arr, struct(1 AS x, 'y' AS y) AS st, '' AS empty,
        cast(null AS string) AS n, struct(5 AS _at, 'v' AS _VALUE) AS attr, array(array(1, 2), array(3)) AS aa""")
    frame.write.mode("overwrite").option("rowTag", "row").xml("out/xml")
    (part,) = (workspace / "out/xml").glob("part-*.xml")
    assert (
        part.read_text()
        == """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ROWS>
    <row>
        <id>1</id>
        <name>a&lt;b&amp;"c</name>
        <arr>1</arr>
        <arr>2</arr>
        <st>
            <x>1</x>
            <y>y</y>
        </st>
        <empty></empty>
        <attr at="5">v</attr>
        <aa>
            <item>1</item>
            <item>2</item>
        </aa>
        <aa>
            <item>3</item>
        </aa>
    </row>
</ROWS>"""
    )
    options = {"rowTag": "r", "rootTag": "rr x='1'", "declaration": "", "indent": "", "nullValue": "NIL"}
    frame.select("id", "n").write.mode("overwrite").options(**options).xml("out/xml")
    (part,) = (workspace / "out/xml").glob("part-*.xml")
    assert part.read_text() == '<rr x="1">\n<r><id>1</id><n>NIL</n></r>\n</rr>'


def test_partitions_of_xml_are_folders(spark, workspace):
    frame = spark.createDataFrame([(1, "a"), (2, "b")], "a int, b string")
    frame.write.mode("overwrite").partitionBy("a").option("rowTag", "r").xml("out/xml_parts")
    assert (workspace / "out/xml_parts/a=2").is_dir()
    back = spark.read.option("rowTag", "r").xml("out/xml_parts").orderBy("a")
    assert back.collect() == [Row(b="a", a=1), Row(b="b", a=2)]


def test_xml_needs_a_row_tag(spark, books):
    with pytest.raises(AnalysisException, match="XML_ROW_TAG_MISSING"):
        spark.read.format("xml").load(books).collect()
    with pytest.raises(IllegalArgumentException, match="'rowTag' option should not be an empty string"):
        spark.range(1).write.option("rowTag", "").xml("out/no_tag")


def test_strings_are_records(spark):
    def strings(*texts):
        return spark.createDataFrame([(text,) for text in texts], "value string")

    rows = spark.read.json(strings('{"a": 1}', '[{"a": 2}, {"b": "x"}]', "{bad")).collect()
    assert [(row.a, row.b, row["_corrupt_record"]) for row in rows] == [
        (1, None, None),
        (2, None, None),
        (None, "x", None),
        (None, None, "{bad"),
    ]
    frame = spark.read.csv(strings("a,b", "1,2", "3,x"), header=True, inferSchema=True)
    assert frame.dtypes == [("a", "int"), ("b", "string")]
    assert frame.collect() == [Row(a=1, b="2"), Row(a=3, b="x")]
    rows = spark.read.schema("x int, y string").csv(strings("a,b", "1,2")).collect()
    assert rows == [Row(x=None, y="b"), Row(x=1, y="2")]
    people = strings("<person><name>Alice</name><age>25</age></person>", "<person><age>30</age></person>")
    assert spark.read.option("rowTag", "person").xml(people).collect() == [
        Row(age=25, name="Alice"),
        Row(age=30, name=None),
    ]
    with pytest.raises(AnalysisException, match="DATAFRAME_INPUT_NOT_STRING_TYPE"):
        spark.read.json(spark.range(1)).collect()
    with pytest.raises(AnalysisException, match="DATAFRAME_INPUT_NOT_SINGLE_COLUMN"):
        spark.read.json(spark.createDataFrame([("a", "b")], "a string, b string")).collect()

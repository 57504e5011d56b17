"""Conditions are evaluated left to right, and only as far as each row needs (ANSI mode raises otherwise)."""

import pytest
from pyspark.errors import ArithmeticException


@pytest.fixture
def z(spark):
    spark.sql("SELECT * FROM VALUES (1, 0), (4, 2), (3, NULL) AS t(a, b)").createOrReplaceTempView("z")
    yield spark
    spark.catalog.dropTempView("z")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT a FROM z WHERE b <> 0 AND a / b > 1", [4]),
        ("SELECT b = 0 OR a / b > 1 FROM z", [True, True, None]),
        ("SELECT NOT (b = 0) AND a / b > 1 FROM z", [False, True, None]),
        ("SELECT CASE WHEN b <> 0 AND a / b > 1 THEN a / b ELSE -1 END FROM z", [-1.0, 2.0, -1.0]),
        ("SELECT coalesce(b, a / 0) FROM z WHERE b IS NOT NULL", [0.0, 2.0]),
        ("SELECT if(b = 0, 0, a / b) FROM z", [0.0, 2.0, None]),
        ("SELECT nvl(b, 1 / 0) FROM z WHERE b = 0", [0.0]),
        ("SELECT nvl2(b, 1, 1 / 0) FROM z WHERE b = 0", [1.0]),
        ("SELECT sum(CASE WHEN b <> 0 AND a / b > 0 THEN a / b END) FROM z", [2.0]),
        ("SELECT sum(a) FILTER (WHERE b <> 0 AND a / b > 0) FROM z", [4]),
        ("SELECT q FROM (SELECT b, a / nullif(b, 0) AS q FROM z) WHERE b <> 0 AND q / b > 0", [2.0]),
        ("SELECT z1.a FROM z z1 JOIN z z2 ON z1.a = z2.a AND z2.b <> 0 AND z1.a / z2.b > 1", [4]),
        ("SELECT z1.a FROM z z1 JOIN z z2 ON z2.b <> 0 AND z1.a / z2.b > 1 AND z1.a = 4", [4]),
        ("SELECT a FROM (SELECT * FROM z WHERE b <> 0) WHERE a / b > 1", [4]),
        ("SELECT size(filter(array(0, 1, 2), x -> x <> 0 AND 1 / x > 0.6)) FROM z WHERE a = 1", [1]),
        ("SELECT false AND 1 / 0 > 1", [False]),
        ("SELECT true OR 1 / 0 > 1", [True]),
    ],
)
def test_what_a_row_does_not_need_does_not_raise(z, query, expected):
    rows = [row[0] for row in z.sql(query).collect()]
    assert sorted(rows, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a / b > 1 AND b <> 0 FROM z",
        "SELECT b IS NULL OR a / b > 1 FROM z",
        "SELECT CASE WHEN b = 0 THEN a / b END FROM z",
        "SELECT count(*) FROM z WHERE b <> 0 OR 1 / b > 0",
        "SELECT b IN (2, a / b) FROM z",
    ],
)
def test_what_a_row_needs_does_raise(z, query):
    with pytest.raises(ArithmeticException, match="DIVIDE_BY_ZERO"):
        z.sql(query).collect()

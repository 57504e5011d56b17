"""TPC-DS at SF 0.01: schema and rows of all 99 queries equal what real Spark 4.2.0 gave for the same files."""

import pytest
from conftest import ROOT
from recorded import Recorded, generate

TPCDS = Recorded(ROOT / "tests" / "tpcds")


@pytest.fixture(scope="module")
def names(workspace) -> list[str]:
    return generate("tpcds", workspace)


@pytest.fixture
def tables(spark, names):
    for table in names:
        spark.read.parquet(f"tpcds/{table}.parquet").createOrReplaceTempView(table)
    return spark


@pytest.mark.parametrize("name", sorted(TPCDS.expected))
def test_query_gives_what_spark_gives(tables, name):
    TPCDS.check(tables, name)

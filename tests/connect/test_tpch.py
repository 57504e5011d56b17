"""TPC-H at SF 0.01: schema and rows of all 22 queries equal what real Spark 4.2.0 gave for the same files."""

import pytest
from conftest import ROOT
from recorded import Recorded, generate

TPCH = Recorded(ROOT / "tests" / "tpch")


@pytest.fixture(scope="module")
def names(workspace) -> list[str]:
    return generate("tpch", workspace)


@pytest.fixture
def tables(spark, names):
    for table in names:
        spark.read.parquet(f"tpch/{table}.parquet").createOrReplaceTempView(table)
    return spark


@pytest.mark.parametrize("name", sorted(TPCH.expected))
def test_query_gives_what_spark_gives(tables, name):
    TPCH.check(tables, name)

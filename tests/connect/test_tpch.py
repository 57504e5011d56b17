"""TPC-H at SF 0.01: schema and rows of all 22 queries equal what real Spark 4.2.0 gave for the same files."""

import json
import pathlib
import subprocess

import pytest
from conftest import ROOT, binary

HERE = ROOT / "tests" / "tpch"
TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
EXPECTED = json.loads((HERE / "expected_sf0.01.json").read_text())


@pytest.fixture(scope="module")
def tpch(workspace) -> pathlib.Path:
    """The tables as Parquet files below the server's root."""
    generate = binary().with_name("generate")
    subprocess.run([generate, "tpch", "--sf", "0.01", "--out", workspace / "tpch"], check=True)
    return workspace / "tpch"


@pytest.fixture
def tables(spark, tpch):
    for table in TABLES:
        spark.read.parquet(f"tpch/{table}.parquet").createOrReplaceTempView(table)
    return spark


def text(value: object) -> str | None:
    """A cell as `record.py` wrote it."""
    if value is None:
        return None
    return f"{value:.9g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_query_gives_what_spark_gives(tables, name):
    frame = tables.sql((HERE / "queries" / f"{name}.sql").read_text())
    assert frame.schema.simpleString() == EXPECTED[name]["schema"]
    assert [[text(value) for value in row] for row in frame.collect()] == EXPECTED[name]["rows"]

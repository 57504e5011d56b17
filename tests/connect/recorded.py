"""Queries whose answers real Spark gave (`tests/record_queries.py`)."""

import json
import pathlib
import subprocess

import pytest
from conftest import binary
from pyspark.errors import PySparkException


class Recorded:
    """A folder with `queries/*.sql` and the answers that were recorded for them."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.expected = json.loads((folder / "expected_sf0.01.json").read_text())

    def check(self, spark, name: str) -> None:
        """Schema and rows are Spark's; where Spark raises, so do we, with its condition."""
        query = (self.folder / "queries" / f"{name}.sql").read_text()
        expected = self.expected[name]
        if "error" in expected:
            with pytest.raises(PySparkException) as raised:
                spark.sql(query).collect()
            assert raised.value.getCondition() == expected["error"]
            return
        frame = spark.sql(query)
        assert frame.schema.simpleString() == expected["schema"]
        assert [[text(value) for value in row] for row in frame.collect()] == expected["rows"]


def text(value: object) -> str | None:
    """A cell as it was recorded."""
    if value is None:
        return None
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def generate(kind: str, workspace: pathlib.Path) -> list[str]:
    """Makes the tables at scale factor 0.01 as Parquet below the server's root; their names."""
    folder = workspace / kind
    subprocess.run([binary().with_name("generate"), kind, "--sf", "0.01", "--out", folder], check=True)
    return sorted(path.stem for path in folder.glob("*.parquet"))

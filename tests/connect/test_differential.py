"""Queries in which Kindling once differed from Spark, with what Spark 4.2.0 answers (`tests/conformance/differential`)."""

import json
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent / "conformance" / "differential"))

from answers import TIME_ZONE, answer, difference  # noqa: E402

CASES = json.loads((HERE / "differential_cases.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["sql"][:80] for case in CASES])
def test_a_query_is_answered_as_spark_answers_it(spark, case):
    spark.conf.set("spark.sql.session.timeZone", TIME_ZONE)
    spark.conf.set("spark.sql.ansi.enabled", str(case["ansi"]).lower())
    for view in case["views"]:
        spark.sql(view).collect()
    ours = answer(spark, case["sql"])
    found = difference(case["answer"], ours, case.get("ordered", False), case.get("rough", False))
    assert found is None, f"{found}: {ours}, not {case['answer']}"

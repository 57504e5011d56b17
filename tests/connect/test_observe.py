"""`df.observe`: aggregates of the rows that pass by, in the response of the action."""

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import Observation
from pyspark.sql import functions as F


def test_an_observation_holds_the_metrics_of_the_first_action(spark):
    observation = Observation("m")
    df = spark.range(10).observe(observation, F.count(F.lit(1)).alias("n"), F.max("id"), F.avg("id").alias("mean"))
    assert df.collect()[-1].id == 9
    assert observation.get == {"n": 10, "max(id)": 9, "mean": 4.5}


def test_a_filter_above_does_not_change_what_is_observed(spark):
    observation = Observation()
    df = spark.range(10).observe(observation, F.sum("id").alias("s"), (F.max("id") - F.min("id")).alias("span"))
    assert df.filter("id > 7").count() == 2
    assert observation.get == {"s": 45, "span": 9}


def test_an_observation_below_an_exchange_and_of_a_write(spark):
    below, written = Observation("below"), Observation("written")
    df = spark.range(100, numPartitions=3).observe(below, F.count(F.lit(1)).alias("n"))
    assert df.groupBy((F.col("id") % 3).alias("k")).count().orderBy("k").first()["count"] == 34
    assert below.get == {"n": 100}
    rows = spark.range(5).observe(written, F.collect_list("id").alias("ids"), F.max(F.lit("x")).alias("x"))
    rows.coalesce(1).write.mode("overwrite").parquet("observed")
    assert written.get == {"ids": [0, 1, 2, 3, 4], "x": "x"}


@pytest.mark.parametrize(
    ("metric", "condition"),
    [
        (lambda: F.col("id"), "INVALID_OBSERVED_METRICS.NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE"),
        (lambda: F.countDistinct("id").alias("d"), "INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED"),
    ],
)
def test_what_cannot_be_observed(spark, metric, condition):
    with pytest.raises(AnalysisException) as error:
        spark.range(3).observe("a", metric()).collect()
    assert error.value.getCondition() == condition


def test_one_name_means_one_observation(spark):
    df = spark.range(3).observe("a", F.max("id").alias("d")).observe("a", F.min("id").alias("d"))
    with pytest.raises(AnalysisException, match="DUPLICATED_METRICS_NAME"):
        df.collect()

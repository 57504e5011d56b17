"""What the checks ask of real input, the same text for real Spark (`record.py`) and for a cell in the page."""

import hashlib
import json

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


def text(value):
    """A cell as a comparison sees it: sums of doubles depend on their order, 9 digits do not."""
    if value is None:
        return None
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def answer(frame):
    """A result, small: its schema, how many rows, what they hash to, and the first of them to look at; or its error."""
    try:
        rows = [[text(value) for value in row] for row in frame.collect()]
    except PySparkException as error:
        return {"error": error.getCondition()}
    digest = hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()
    return {"schema": frame.schema.simpleString(), "count": len(rows), "sha256": digest, "head": rows[:3]}


def read_trips(spark, path):
    return spark.read.option("header", True).option("inferSchema", True).csv(path)


def peak_hours(trips):
    hour = F.hour("tpep_pickup_datetime").alias("hour")
    taken = [F.count("*").alias("trips"), F.avg("trip_distance").alias("distance"), F.sum("total_amount").alias("takings")]
    return trips.groupBy(hour).agg(*taken).orderBy("hour")


def revenue_by_cell(trips):
    known = trips.where("pickup_longitude <> 0 AND pickup_latitude <> 0")
    cell = [F.round("pickup_longitude", 2).alias("lon"), F.round("pickup_latitude", 2).alias("lat")]
    taken = [F.count("*").alias("trips"), F.sum("total_amount").alias("revenue")]
    return known.groupBy(*cell).agg(*taken).orderBy("lon", "lat")


def tip_by_distance(trips):
    measures = [F.count("*").alias("trips"), F.corr("trip_distance", "tip_amount").alias("correlation")]
    return trips.groupBy("payment_type").agg(*measures).orderBy("payment_type")


ANALYSES = {"peak_hours": peak_hours, "revenue_by_cell": revenue_by_cell, "tip_by_distance": tip_by_distance}


def taxi_answers(spark, path):
    trips = read_trips(spark, path)
    answers = {name: answer(analysis(trips)) for name, analysis in ANALYSES.items()}
    # Cash tips are all 0, so that their variance is: under ANSI that is a division by zero, else a null.
    spark.conf.set("spark.sql.ansi.enabled", "false")
    answers["tip_by_distance_without_ansi"] = answer(tip_by_distance(trips))
    spark.conf.unset("spark.sql.ansi.enabled")
    return answers


def register_tpch(spark, folder):
    for table in TABLES:
        spark.read.parquet(f"{folder}{table}.parquet").createOrReplaceTempView(table)

"""Records what real Spark answers to the TPC-H queries: `record.py DATA OUT.json`.

Needs `pyspark==4.2.0` with its JVM, so it is not part of `npm test`; its result is committed and compared with.
"""

import json
import pathlib
import sys

from pyspark.sql import SparkSession

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


def text(value: object) -> str | None:
    """A cell as a comparison sees it: sums of doubles keep 9 digits."""
    if value is None:
        return None
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def answer(spark: SparkSession, query: str) -> dict:
    frame = spark.sql(query)
    rows = [[text(value) for value in row] for row in frame.collect()]
    return {"schema": frame.schema.simpleString(), "rows": rows}


def main(data: str, out: str) -> None:
    spark = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", 4).getOrCreate()
    for table in TABLES:
        spark.read.parquet(f"{data}/{table}.parquet").createOrReplaceTempView(table)
    queries = sorted((pathlib.Path(__file__).parent / "queries").glob("q*.sql"))
    answers = {path.stem: answer(spark, path.read_text()) for path in queries}
    lines = [f"{json.dumps(name)}: {json.dumps(result)}" for name, result in answers.items()]
    pathlib.Path(out).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Records what real Spark answers to a folder of queries: `record_queries.py QUERIES DATA OUT.json`.

`DATA` holds the tables, a Parquet file each. Needs `pyspark==4.2.0` with its JVM, so it is not part of `npm test`; its result
is committed and compared with.
"""

import json
import pathlib
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def text(value: object) -> str | None:
    """A cell as a comparison sees it: sums of doubles keep 9 digits."""
    if value is None:
        return None
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def answer(spark: SparkSession, query: str) -> dict:
    """Schema and rows, or the condition of the error."""
    try:
        frame = spark.sql(query)
        return {"schema": frame.schema.simpleString(), "rows": [[text(value) for value in row] for row in frame.collect()]}
    except PySparkException as error:
        return {"error": error.getCondition()}


def main(queries: str, data: str, out: str) -> None:
    session = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", 4)
    # Broadcasts need more than the default gigabyte.
    session = session.config("spark.sql.session.timeZone", "UTC").config("spark.driver.memory", "4g")
    spark = session.getOrCreate()
    for table in pathlib.Path(data).glob("*.parquet"):
        spark.read.parquet(str(table)).createOrReplaceTempView(table.stem)
    answers = {path.stem: answer(spark, path.read_text()) for path in sorted(pathlib.Path(queries).glob("q*.sql"))}
    lines = [f"{json.dumps(name)}: {json.dumps(result)}" for name, result in answers.items()]
    pathlib.Path(out).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

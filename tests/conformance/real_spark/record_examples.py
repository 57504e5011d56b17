"""Which documented function examples a real Spark gives as documented: `record_examples.py EXAMPLES.json OUT.txt`.

Needs `pyspark==4.2.0` with its JVM, so it is not part of any suite; writes the names of those it does not (clocks, random numbers,
classes that are not on its path).
"""

import json
import os
import pathlib
import sys
import time

from pyspark.sql import SparkSession


def unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def main(examples: str, out: str) -> None:
    os.environ["TZ"] = "America/Los_Angeles"
    time.tzset()
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    hive = spark._jvm.org.apache.spark.sql.execution.HiveResult
    counts, differing = {}, []
    for example in json.loads(pathlib.Path(examples).read_text()):
        name = example["name"]
        counts[name] = counts.get(name, 0) + 1
        try:
            rows = hive.hiveResultString(spark.sql(example["sql"])._jdf.queryExecution().executedPlan())
            got = "\n".join(rows.apply(index) for index in range(rows.size()))
        except Exception as error:
            got = str(error)
        if unindented(got) != unindented(example["want"]):
            differing.append(f"{name}#{counts[name]}")
            print(f"{differing[-1]}: {got[:200]!r} not {example['want'][:200]!r}")
    pathlib.Path(out).write_text("".join(name + "\n" for name in differing))
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What `DESCRIBE FUNCTION` says of Spark's functions, from a real Spark: rewrites crates/kindling-plan/data/functions.jsonl.

    function_info.py        needs `pyspark` 4.2.0 with its JVM
"""

import json
import pathlib

from pyspark.sql import SparkSession

OUT = pathlib.Path(__file__).parents[2] / "crates" / "kindling-plan" / "data" / "functions.jsonl"
# What the parser makes of these has no class of its own.
OPERATORS = ["!=", "<>", "case", "||"]


def main() -> None:
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    infos = spark._jvm.org.apache.spark.sql.api.python.PythonSQLUtils.listBuiltinFunctionInfos()
    found = {}
    for info in infos:
        found[info.getName()] = {
            "name": info.getName(),
            "class": info.getClassName(),
            "usage": info.getUsage(),
            "extended": info.getExtended(),
        }
    for name in OPERATORS:
        rows = [row[0] for row in spark.sql(f"DESCRIBE FUNCTION EXTENDED '{name}'").collect()]
        texts = dict(row.split(": ", 1) for row in rows if not row.startswith("Extended Usage:"))
        extended = [row.removeprefix("Extended Usage:") for row in rows if row.startswith("Extended Usage:")]
        found[name] = {"name": name, "class": None, "usage": texts["Usage"], "extended": (extended or [""])[0]}
    lines = [json.dumps(found[name], ensure_ascii=False) for name in sorted(found)]
    OUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

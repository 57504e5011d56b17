"""Records what real Spark answers on the generated files: `record.py DATA_FOLDER OUT.json [NAME ...]`.

The folder holds `tpch-SF/` and `taxi-ROWS/taxi.csv` for each size (`npm run bench` makes them in `target/bench/data`);
names choose among them, and the answers for the others stay as they are.
Needs `pyspark==4.2.0` with its JVM, so it is not part of `npm test`; its result is committed and compared with.
"""

import json
import pathlib
import sys

from analyses import answer, register_tpch, taxi_answers
from pyspark.sql import SparkSession

QUERIES = pathlib.Path(__file__).parents[1] / "tpch" / "queries"


def write(expected, out):
    lines = []
    for name, answers in sorted(expected.items()):
        own = ",\n".join(f"  {json.dumps(query)}: {json.dumps(result)}" for query, result in answers.items())
        lines.append(f"{json.dumps(name)}: {{\n{own}\n}}")
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main(data, out, *only):
    builder = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", 4)
    spark = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    out = pathlib.Path(out)
    expected = json.loads(out.read_text()) if out.exists() else {}
    for folder in sorted(pathlib.Path(data).iterdir()):
        if only and folder.name not in only:
            continue
        if folder.name.startswith("taxi-"):
            expected[folder.name] = taxi_answers(spark, str(folder / "taxi.csv"))
        elif folder.name.startswith("tpch-"):
            register_tpch(spark, f"{folder}/")
            queries = sorted(QUERIES.glob("q*.sql"))
            expected[folder.name] = {path.stem: answer(spark.sql(path.read_text())) for path in queries}
        write(expected, out)


if __name__ == "__main__":
    main(*sys.argv[1:])

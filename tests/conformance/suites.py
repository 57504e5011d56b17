"""The suites: their cases as jobs, what counts, and the module that a case is shown under."""

import json
import pathlib
import sys
import zlib

from server import ROOT, TIME_ZONE

# The owner's data, beside the repository where the project is worked on; absent in a plain clone.
SHARED = ROOT.parent / "shared" / "conformance"
HERE = pathlib.Path(__file__).parent
# `npm test` has a quarter of an hour for everything here: of the golden files it runs one in this many.
GOLDEN_SAMPLE = 5
# Of the doctests in the tab, which all ran natively, one in this many.
TAB_SAMPLE = 4


class Suite:
    """A name, a title, and the seconds that one case may take."""

    name = ""
    title = ""
    seconds = 30.0

    def jobs(self, wanted) -> list[dict]:
        """The cases whose name is `wanted`: `{"items", "ids", "module"}`, an id of None for what does not count."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """What starts a worker."""
        return [sys.executable, str(HERE / "worker.py"), self.name]

    def workers(self, wanted: int) -> int:
        """How many workers at once, of those that the machine has cores for."""
        return wanted

    def not_run(self) -> dict[str, int]:
        """How many cases of a module this suite leaves to another."""
        return {}

    def in_check(self, job: dict) -> bool:
        """Whether `npm test` runs this job."""
        return True

    def why_absent(self) -> str:
        return ""


class SharedData(Suite):
    """A suite whose data lives beside the repository, and is not there in a plain clone."""

    file = ""

    def __init__(self):
        path = SHARED / self.file
        self.data = json.loads(path.read_text()) if path.exists() else []

    def why_absent(self) -> str:
        return "" if self.data else f" ({SHARED / self.file} is absent)"


class Doctests(Suite):
    """Doctests of the installed `pyspark`. Counted: what a real 4.2.0 passes, without a SparkContext."""

    name = "doctests"
    title = "PySpark doctests, native"
    seconds = 60.0

    def __init__(self):
        from extract import cases

        real = set((HERE / "real_spark" / "doctests.txt").read_text().split())
        self.cases = [case for case in cases() if case["id"] in real]

    def left_out(self, case: dict) -> bool:
        return bool({"sc", "sqlContext"} & set(case["globs"]))

    def jobs(self, wanted) -> list[dict]:
        chosen = [case for case in self.cases if wanted(case["id"]) and not self.left_out(case)]
        return [{"items": [case], "ids": [case["id"]], "module": module_of(case["module"])} for case in chosen]

    def not_run(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for case in filter(self.left_out, self.cases):
            module = module_of(case["module"])
            counts[module] = counts.get(module, 0) + 1
        return counts


class TabDoctests(Doctests):
    """The same in the Python of the page, in headless Chromium; without those that need pandas, numpy or pyarrow."""

    name = "doctests_tab"
    title = "PySpark doctests, in the tab"

    def command(self) -> list[str]:
        return ["node", str(HERE / "tab_worker.mjs")]

    def workers(self, wanted: int) -> int:
        # A page has executor threads of its own for every core.
        return 1

    def left_out(self, case: dict) -> bool:
        return bool(case["needs"]) or super().left_out(case)

    def in_check(self, job: dict) -> bool:
        return zlib.crc32(job["ids"][0].encode()) % TAB_SAMPLE == 0


class FunctionExamples(SharedData):
    """The SQL examples that Spark documents for its functions."""

    name = "function_examples"
    title = "Function examples"
    file = "function_examples_dev.json"

    def jobs(self, wanted) -> list[dict]:
        by_name: dict[str, list[dict]] = {}
        for example in self.data:
            by_name.setdefault(example["name"], []).append(example)
        jobs = []
        for name, examples in by_name.items():
            ids = [f"{name}#{index + 1}" for index in range(len(examples))]
            kept = [index for index, identity in enumerate(ids) if wanted(identity)]
            if kept:
                items = [examples[index] for index in kept]
                conf = {"spark.sql.session.timeZone": TIME_ZONE}
                kept_ids = [ids[index] for index in kept]
                jobs.append({"items": items, "ids": kept_ids, "module": items[0]["group"], "conf": conf})
        return jobs


class SqlGolden(SharedData):
    """Spark's SQL golden files: a job is a file, and its verified queries count."""

    name = "sql_golden"
    title = "SQL golden files"
    file = "sql_golden_dev.json"

    def jobs(self, wanted) -> list[dict]:
        jobs = []
        for file in self.data:
            name = file["file"]
            ids = [f"{name}#{index + 1}" if query["verified"] else None for index, query in enumerate(file["queries"])]
            if not any(identity and wanted(identity) for identity in ids):
                continue
            conf = {
                "spark.sql.session.timeZone": TIME_ZONE,
                "spark.sql.ansi.enabled": str(not name.startswith("nonansi/")).lower(),
            }
            # Spark runs this folder with the other meaning of TIMESTAMP.
            if name.startswith("timestampNTZ/"):
                conf["spark.sql.timestampType"] = "TIMESTAMP_NTZ"
            for setting in file["set"]:
                key, _, value = setting.partition("=")
                conf[key.strip()] = value.strip()
            jobs.append({"items": file["queries"], "ids": ids, "module": name, "conf": conf})
        return jobs

    def in_check(self, job: dict) -> bool:
        return zlib.crc32(job["module"].encode()) % GOLDEN_SAMPLE == 0


SUITES = {suite.name: suite for suite in (Doctests, TabDoctests, FunctionExamples, SqlGolden)}


def module_of(module: str) -> str:
    """The rows of the table: finer inside `pyspark.sql`, one per package elsewhere."""
    parts = module.split(".")
    if parts[1:2] != ["sql"]:
        return ".".join(parts[:2])
    return ".".join(parts[:3])

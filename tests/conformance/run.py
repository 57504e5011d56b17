"""`npm run conformance`: runs the suites, writes results, and keeps the lists and tables that are committed.

    run.py                          every suite, whole; rewrites docs/conformance.md, the README's totals and passing/*.txt
    run.py --suite doctests         only this suite (may be given more than once)
    run.py --only 'DataFrame\\.'     only cases whose name matches; nothing that is committed is rewritten
    run.py --check                  the listed cases that `npm test` runs; fails when one of them fails
"""

import argparse
import os
import pathlib
import re
import sys
import time

import pool
import report
from results import Results
from server import ROOT
from suites import SUITES

OUT = ROOT / "target" / "conformance"


def run_suite(suite, jobs: list[dict], workers: int) -> Results:
    results = Results(suite, jobs)
    print(f"{suite.title}: {results.total} cases", flush=True)
    start = time.time()
    pool.run(suite.command(), jobs, suite.workers(workers), suite.seconds, results.report)
    share = 100 * results.passed / max(1, len(results.rows))
    took = time.time() - start
    print(f"{suite.title}: {results.passed} of {len(results.rows)} passed ({share:.1f} %) in {took:.0f} s", flush=True)
    return results


def whole(names: list[str], only: str | None, workers: int, out: pathlib.Path) -> int:
    """Runs suites and writes what they gave; fails when a case fails that passed before."""
    lost = []
    for name in names:
        suite = SUITES[name]()
        jobs = suite.jobs(lambda identity: bool(re.search(only or "", identity)))
        if not jobs:
            print(f"{suite.title}: no cases here{suite.why_absent()}", flush=True)
            continue
        results = run_suite(suite, jobs, workers)
        results.write(out)
        if not only:
            report.write(results)
            lost += sorted(report.grow(results))
    for identity in lost:
        print(f"FAILED {identity}: it passed before")
    print(f"results are in {out}")
    return 1 if lost else 0


def check(names: list[str], workers: int) -> int:
    """Runs what is listed as passing; a case that fails is tried once more, alone, before it counts."""
    passed, lost = 0, []
    for name in names:
        suite = SUITES[name]()
        listed = report.listed(name)
        jobs = [job for job in suite.jobs(lambda identity: identity in listed) if suite.in_check(job)]
        if not jobs:
            print(f"{suite.title}: no cases here{suite.why_absent()}", flush=True)
            continue
        failing = [row for row in run_suite(suite, jobs, workers).rows if row["id"] in listed and row["status"] != "passed"]
        if failing:
            again = {row["id"] for row in failing}
            second = run_suite(suite, suite.jobs(lambda identity: identity in again), 1)
            failing = [row for row in second.rows if row["id"] in again and row["status"] != "passed"]
        lost += failing
        passed += sum(identity in listed for job in jobs for identity in job["ids"]) - len(failing)
    for row in lost:
        print(f"FAILED {row['id']}: {row['reason']}\n{row.get('log') or ''}")
    print(f"{passed} passed, {len(lost)} failed")
    return 1 if lost else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", action="append", choices=list(SUITES), help="only this suite; may be repeated")
    parser.add_argument("--only", help="regular expression that a case's name must match")
    parser.add_argument("--check", action="store_true", help="run what is listed as passing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="worker processes")
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="folder of the results")
    arguments = parser.parse_args()
    names = arguments.suite or list(SUITES)
    if arguments.check:
        return check(names, arguments.jobs)
    return whole(names, arguments.only, arguments.jobs, arguments.out)


if __name__ == "__main__":
    sys.exit(main())

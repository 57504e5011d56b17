"""`npm run conformance -- --differential [--seed N] [--count M]`: random queries on real Spark and on Kindling, and where they differ.

    run.py --seed 1 --count 300        the queries of seed 1; a seed gives the same queries every time
    run.py --record FOUND.json …       what was found before and is no difference any more becomes a case of `CASES`
    run.py --replay                    the cases of `CASES` anew, on both
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import sys
import time

from answers import difference
from engines import Kindling, Spark
from queries import Queries, Query
from shrink import Shrinker
from tables import random_tables

ROOT = pathlib.Path(__file__).parents[3]
CASES = ROOT / "tests" / "connect" / "differential_cases.json"
OUT = ROOT / "target" / "conformance" / "differential"
BATCH = 50


class Tester:
    def __init__(self, ignored: str | None):
        self.ignored = ignored and re.compile(ignored)
        self.spark, self.kindling = Spark(), Kindling()
        self.found: list[dict] = []
        self.conditions = collections.Counter()

    def stop(self) -> None:
        self.spark.stop()
        self.kindling.stop()

    def both(self, sql: str, ansi: bool, views: list[str] = ()) -> tuple[dict, dict]:
        asked = [(engine, engine.ask(sql, ansi, views)) for engine in (self.spark, self.kindling)]
        theirs, ours = (engine.wait(future) for engine, future in asked)
        return theirs, ours

    def seed(self, seed: int, count: int) -> None:
        rng = random.Random(seed)
        for start in range(0, count, BATCH):
            tables = random_tables(rng)
            views = [table.view() for table in tables]
            self.spark.define(views)
            self.kindling.define(views)
            queries = Queries(rng)
            for index in range(start, min(start + BATCH, count)):
                self.check(f"{seed}/{index}", queries.next(), tables, ansi=rng.random() < 0.5)
            self.write(f"seed-{seed}")

    def check(self, name: str, query: Query, tables: list, ansi: bool) -> None:
        theirs, ours = self.both(query.text(), ansi)
        self.conditions[theirs.get("error", "rows")] += 1
        reason = difference(theirs, ours, query.ordered, query.rough)
        if not reason:
            return
        if self.ignored and self.ignored.search(reason):
            self.found.append(case_of(name, reason, query, [table.view() for table in tables], ansi, theirs, ours, query.text()))
            return

        def differs(query: Query, tables: list) -> str | None:
            views = [table.view() for table in tables]
            return difference(*self.both(query.text(), ansi, views), query.ordered, query.rough)

        small, few = Shrinker(differs, reason).run(query, tables)
        views = [table.view() for table in few]
        # The whole views again, which later queries of the batch read.
        theirs, ours = self.both(small.text(), ansi, views)
        self.spark.define([table.view() for table in tables])
        self.kindling.define([table.view() for table in tables])
        self.found.append(case_of(name, reason, small, views, ansi, theirs, ours, query.text()))
        print(f"{name} {'ANSI' if ansi else '    '} {reason}: {small.text()[:220]}", flush=True)

    def replay(self, cases: list[dict]) -> None:
        for case in cases:
            theirs, ours = self.both(case["sql"], case["ansi"], case["views"])
            reason = difference(theirs, ours, case.get("ordered", False), case.get("rough", False))
            if reason:
                self.found.append({"reason": reason, **case, "spark": theirs, "kindling": ours, "whole": case["sql"]})

    def record(self, found: list[dict], cases: list[dict]) -> list[dict]:
        """The cases, and those of `found` in which both now answer the same."""
        known = {(case["sql"], case["ansi"]) for case in cases}
        for each in found:
            if (each["sql"], each["ansi"]) in known:
                continue
            theirs, ours = self.both(each["sql"], each["ansi"], each["views"])
            ordered, rough = each.get("ordered", False), each.get("rough", False)
            if difference(theirs, ours, ordered, rough):
                print(f"still: {each['sql'][:200]}")
                continue
            known.add((each["sql"], each["ansi"]))
            flags = {"ordered": True} if ordered else {}
            flags |= {"rough": True} if rough else {}
            cases.append({"sql": each["sql"], "views": each["views"], "ansi": each["ansi"], **flags, "answer": theirs})
        return cases

    def groups(self) -> list[tuple[str, list[dict]]]:
        """Differences by what differs and what the query is made of, the commonest first."""
        by = collections.defaultdict(list)
        for each in self.found:
            by[f"{each['reason']} · {' '.join(words(each['sql']))}"].append(each)
        return sorted(by.items(), key=lambda group: (-len(group[1]), group[0]))

    def write(self, name: str) -> None:
        OUT.mkdir(parents=True, exist_ok=True)
        groups = [{"reason": reason, "count": len(cases), "cases": cases} for reason, cases in self.groups()]
        whole = {"queries": self.conditions.total(), "differences": len(self.found), "groups": groups}
        (OUT / f"{name}.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def case_of(name: str, reason: str, query: Query, views: list[str], ansi: bool, theirs: dict, ours: dict, whole: str) -> dict:
    case = {"name": name, "sql": query.text(), "views": views, "ansi": ansi, "ordered": query.ordered, "rough": query.rough}
    return {"reason": reason, **case, "spark": theirs, "kindling": ours, "whole": whole}


def words(sql: str) -> list[str]:
    """The functions and operators of a query."""
    bare = re.sub(r"'(?:[^'\\]|\\.)*'", "", sql)
    return sorted({word for word in re.findall(r"[a-z_0-9]+(?=\()|[A-Z]{2,}|[-+*/%<>=|&^~]+", bare) if word not in ("SELECT", "FROM", "AS")})


def cases_of(path: pathlib.Path) -> list[dict]:
    """What an earlier run wrote."""
    return [case for group in json.loads(path.read_text())["groups"] for case in group["cases"]]


def write_cases(cases: list[dict]) -> None:
    lines = [json.dumps(case, ensure_ascii=False) for case in cases]
    CASES.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--ignore", help="differences that are counted but not cut down", metavar="REGEX")
    parser.add_argument("--record", type=pathlib.Path, nargs="+", metavar="FOUND.json")
    parser.add_argument("--replay", action="store_true")
    options = parser.parse_args()
    tester = Tester(options.ignore)
    start = time.time()
    cases = json.loads(CASES.read_text()) if CASES.exists() else []
    if options.replay:
        tester.replay(cases)
        tester.write("replay")
    elif options.record:
        write_cases(tester.record([case for path in options.record for case in cases_of(path)], cases))
    else:
        tester.seed(options.seed, options.count)
    for reason, cases in tester.groups():
        print(f"{len(cases):4} × {reason[:200]}")
    print(f"{tester.conditions.total()} queries, {len(tester.found)} differences in {time.time() - start:.0f} s")
    tester.stop()
    return 1 if tester.found else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A thread whose server was killed under it may still be trying to reach it.
    os._exit(code)

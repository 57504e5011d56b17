"""What a run found: one JSON file per suite, and a text by module and by reason."""

import collections
import json
import pathlib


class Results:
    """Rows of one suite as they come in."""

    def __init__(self, suite, jobs: list[dict]):
        self.suite = suite
        self.rows: list[dict] = []
        self.total = sum(identity is not None for job in jobs for identity in job["ids"])

    def report(self, job: dict, index: int, row: dict) -> None:
        identity = job["ids"][index]
        if identity is None:
            return
        shown = {"id": identity, "module": job["module"], **{key: row[key] for key in row if key != "id"}}
        if "sql" in job["items"][index]:
            shown["sql"] = job["items"][index]["sql"]
        self.rows.append(shown)
        if len(self.rows) % 100 == 0:
            print(f"  {len(self.rows)} of {self.total}: {self.passed} passed", flush=True)

    @property
    def passed(self) -> int:
        return sum(row["status"] == "passed" for row in self.rows)

    def passing(self) -> set[str]:
        return {row["id"] for row in self.rows if row["status"] == "passed"}

    def modules(self) -> dict[str, tuple[int, int]]:
        """`module -> (passed, all)`."""
        counts: dict[str, list[int]] = {}
        for row in self.rows:
            count = counts.setdefault(row["module"], [0, 0])
            count[0] += row["status"] == "passed"
            count[1] += 1
        return {module: (count[0], count[1]) for module, count in sorted(counts.items())}

    def by_reason(self) -> list[tuple[str, list[dict]]]:
        """Failing rows by reason, the commonest first."""
        groups = collections.defaultdict(list)
        for row in sorted(self.rows, key=lambda row: row["id"]):
            if row["status"] != "passed":
                groups[row["reason"] or "?"].append(row)
        return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))

    def write(self, folder: pathlib.Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        whole = {
            "suite": self.suite.name,
            "passed": self.passed,
            "failed": len(self.rows) - self.passed,
            "not_run": self.suite.not_run(),
            "modules": {module: {"passed": p, "total": t} for module, (p, t) in self.modules().items()},
            "reasons": {reason: [row["id"] for row in rows] for reason, rows in self.by_reason()},
            "cases": sorted(self.rows, key=lambda row: row["id"]),
        }
        (folder / f"{self.suite.name}.json").write_text(json.dumps(whole, indent=1) + "\n")
        (folder / f"{self.suite.name}.txt").write_text(self.text())

    def text(self) -> str:
        lines = [f"{self.suite.title}: {self.passed} of {len(self.rows)} passed", ""]
        for module, (passed, total) in self.modules().items():
            lines.append(f"{passed:5} of {total:5}  {module}")
        if any(row.get("whole_error") is not None for row in self.rows):
            equal = sum(bool(row.get("whole_error")) for row in self.rows)
            errors = sum(row.get("whole_error") is not None for row in self.rows)
            lines += ["", f"errors right by condition and SQLSTATE: {errors}; of these right in the whole JSON: {equal}"]
        for reason, rows in self.by_reason():
            lines += ["", "=" * 100, f"{len(rows)} × {reason}"]
            for row in rows:
                lines += ["", f"--- {row['id']} ({row.get('secs', '?')} s)"]
                if row.get("sql"):
                    lines.append("    " + row["sql"].replace("\n", "\n    ")[:600])
                lines += excerpt(row.get("log") or "")
        return "\n".join(lines) + "\n"


def excerpt(log: str) -> list[str]:
    """The first failing example, without the frames of the traceback."""
    first = log.split("*" * 70)[1] if "*" * 70 in log else log
    if "Traceback (most recent call last):" in first and "Exception raised:" in first:
        head, _, trace = first.partition("Traceback (most recent call last):")
        tail = trace.rstrip().splitlines()
        start = next((i for i in range(len(tail) - 1, -1, -1) if tail[i][:5].strip() and not tail[i].startswith("     ")), 0)
        first = head + "\n".join(tail[start:])
    lines = [line for line in first.strip().splitlines() if line.strip()]
    return ["  | " + line[:300] for line in lines[:26]]

"""What a run leaves in the repository: the tables of docs/conformance.md, the README's totals, the lists of passing cases."""

import pathlib
import re

from results import Results
from server import ROOT
from suites import SUITES

HERE = pathlib.Path(__file__).parent
DOCS = ROOT / "docs" / "conformance.md"
README = ROOT / "README.md"
TOTALS = "conformance totals"


def write(results: Results) -> None:
    """Puts one suite's figures into the documents."""
    docs = replace(DOCS.read_text(), results.suite.name, table(results))
    DOCS.write_text(docs)
    README.write_text(replace(README.read_text(), TOTALS, totals(docs)))


def replace(text: str, name: str, block: str) -> str:
    """`text` with what stands between the markers of `name` replaced."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, found, rest = text.partition(start)
    if not found or end not in rest:
        raise SystemExit(f"the markers {start} … {end} are missing")
    return head + start + "\n" + block + end + rest.partition(end)[2]


def table(results: Results) -> str:
    passed, count = results.passed, len(results.rows)
    not_run = results.suite.not_run()
    lines = [f"**{passed} of {count} passed ({100 * passed / count:.1f} %)**", ""]
    lines += ["| module | passed | failed | not run | share |", "| --- | ---: | ---: | ---: | ---: |"]
    modules = results.modules()
    for module in sorted(set(modules) | set(not_run)):
        good, total = modules.get(module, (0, 0))
        share = f"{100 * good / total:.0f} %" if total else ""
        lines.append(f"| `{module}` | {good} | {total - good} | {not_run.get(module, 0) or ''} | {share} |")
    return "\n".join(lines) + "\n"


def totals(docs: str) -> str:
    lines = ["| suite | passed | of | |", "| --- | ---: | ---: | ---: |"]
    for suite in SUITES.values():
        block = docs.partition(f"<!-- {suite.name} -->")[2].partition(f"<!-- /{suite.name} -->")[0]
        figures = re.search(r"\*\*(\d+) of (\d+) passed \((.*?)\)\*\*", block)
        if figures:
            lines.append(f"| {suite.title} | {figures[1]} | {figures[2]} | {figures[3]} |")
    return "\n".join(lines) + "\n"


def passing_file(suite: str) -> pathlib.Path:
    return HERE / "passing" / f"{suite}.txt"


def listed(suite: str) -> set[str]:
    """The committed names of cases that passed before."""
    path = passing_file(suite)
    return set(path.read_text().splitlines()) if path.exists() else set()


def grow(results: Results) -> set[str]:
    """Adds what passes now to the list, which only grows; returns listed cases that ran and failed."""
    before = listed(results.suite.name)
    passing = results.passing()
    path = passing_file(results.suite.name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(name + "\n" for name in sorted(before | passing)))
    return before & {row["id"] for row in results.rows} - passing

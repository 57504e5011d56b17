"""Runs SQL text through the real client and compares schema, rows and errors as Spark's own suites do."""

import json
import re

from hive import HiveText
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

DESCRIBE = "struct<col_name:string,data_type:string,comment:string>"
NOT_INCLUDED = "[not included in comparison]"


def execute(spark: SparkSession, sql: str) -> tuple[str, list[str], object]:
    """Schema, rows as Hive writes them, and the frame."""
    frame = spark.sql(sql)
    # Not `toArrow`, which refuses types that pyarrow's own schema lacks.
    table, schema, _ = spark.client.to_table(frame._plan.to_proto(spark.client), {})
    schema = schema or frame.schema
    style = spark.conf.get("spark.sql.binaryOutputStyle", "UTF8")
    writer = HiveText(spark.conf.get("spark.sql.session.timeZone"), style)
    text = schema.simpleString()
    return text, hive_command(sql, text, writer.rows(table, schema)), frame


def hive_command(sql: str, schema: str, rows: list[str]) -> list[str]:
    """Hive pads what DESCRIBE says, and shows only the names of tables and views."""
    words = sql.upper().split()
    if schema == DESCRIBE and words[0] in ("DESC", "DESCRIBE"):
        cells = [[cell if cell != "NULL" else "" for cell in row.split("\t")] for row in rows]
        return ["\t".join(f"{cell:<20}" for cell in row) for row in cells]
    if words[:2] in (["SHOW", "TABLES"], ["SHOW", "VIEWS"]):
        return [row.split("\t")[1] for row in rows]
    return rows


def normalized(line: str) -> str:
    """Without what differs from run to run: the rules of Spark's `replaceNotIncludedMsg`."""
    line = re.sub(r"#\d+", "#x", line)
    line = re.sub(r"plan_id=\d+", "plan_id=x", line)
    line = re.sub(r"Location.*", f"Location {NOT_INCLUDED}", line)
    for label in ("Created By", "Created Time", "Last Access", "Owner"):
        line = re.sub(rf"{label}.*", f"{label} {NOT_INCLUDED}", line)
    line = re.sub(r"Partition Statistics\t\d+", f"Partition Statistics\t{NOT_INCLUDED}", line)
    return re.sub(r"\*\(\d+\) ", "*", line)


def lines_of(text: str) -> list[str]:
    return [normalized(line) for line in re.sub(r"\s+$", "", text).split("\n")]


def golden(spark: SparkSession, query: dict) -> dict:
    """One query of a golden file: its status and the first difference."""
    try:
        schema, rows, frame = execute(spark, query["sql"])
    except Exception as error:
        return compare_error(query, error)
    if query["error"]:
        return failed("no error", f"expected {condition_of(query['out'])}, got {schema} {rows[:5]}")
    if schema != query["schema"]:
        return failed("schema differs", f"expected {query['schema']}\ngot      {schema}")
    expected = lines_of(query["out"])
    in_order, sorted_rows = lines_of("\n".join(rows)), lines_of("\n".join(sorted(rows)))
    if expected == in_order:
        # Rows that need no order are recorded sorted; then ours, given in that order, are equal as well.
        return {"status": "passed"}
    if expected == sorted_rows and not is_sorted(query["sql"], frame):
        return {"status": "passed"}
    reason = "rows in another order" if sorted(expected) == sorted(in_order) else "rows differ"
    if len(expected) != len(in_order):
        reason = "number of rows differs"
    return failed(reason, f"expected\n{clip(expected)}\ngot\n{clip(in_order)}")


def clip(lines: list[str]) -> str:
    return "\n".join(lines[:12])[:1200]


def is_sorted(sql: str, frame) -> bool:
    """Whether the analysed plan gives an order: a Sort with none of Join, Aggregate, … above it, or a DESCRIBE."""
    if sql.upper().split()[0] in ("DESC", "DESCRIBE"):
        return True
    try:
        text = frame._explain_string(extended=True)
    except Exception:
        return False
    analyzed = text.partition("== Analyzed Logical Plan ==\n")[2].partition("== Optimized")[0]
    barrier = None
    for line in analyzed.splitlines():
        match = re.match(r"([ :+\-|]*)(\w+)", line)
        if not match:
            continue
        depth, name = len(match[1]), match[2]
        if barrier is not None and depth <= barrier:
            barrier = None
        if barrier is not None:
            continue
        if name in ("Join", "Aggregate", "Generate", "Sample", "Distinct"):
            barrier = depth
        elif name == "Sort" and line.rstrip().endswith(("true", "true, ")):
            return True
    return False


def condition_of(out: str) -> str:
    body = error_body(out)
    return body["errorClass"] if body else out.split("\n", 1)[-1][:200]


def error_body(out: str) -> dict | None:
    """The JSON of a recorded error, if it has one."""
    start = out.find("{")
    try:
        body = json.loads(out[start:]) if start >= 0 else None
    except json.JSONDecodeError:
        return None
    return body if isinstance(body, dict) and "errorClass" in body else None


def compare_error(query: dict, error: Exception) -> dict:
    ours = describe_error(error)
    text = f"{ours.get('errorClass') or type(error).__name__}: {str(error)[:700]}"
    if not query["error"]:
        return failed(f"error: {summary(ours, error)}", text)
    expected = error_body(query["out"])
    if expected is None:
        # No condition: the message is all there is to compare.
        message = query["out"].split("\n", 1)[-1].strip()
        if message and message in str(error):
            return {"status": "passed", "whole_error": True}
        return failed("other error: no condition recorded", f"expected {message[:300]}\ngot      {text}")
    same = expected["errorClass"] == ours.get("errorClass") and expected.get("sqlState") == ours.get("sqlState")
    if not same:
        return failed(
            f"other error: {summary(ours, error)} not {expected['errorClass']}",
            f"expected {expected['errorClass']} {expected.get('sqlState')}\ngot      {ours.get('sqlState')} {text}",
        )
    whole = expected == ours
    difference = None if whole else f"expected {json.dumps(expected)}\ngot      {json.dumps(ours)}"
    return {"status": "passed", "whole_error": whole, "log": difference}


def describe_error(error: Exception) -> dict:
    """An error as Spark's MINIMAL format writes it."""
    if not isinstance(error, PySparkException):
        return {}
    body: dict = {"errorClass": error.getCondition()}
    if error.getSqlState():
        body["sqlState"] = error.getSqlState()
    if error.getMessageParameters():
        body["messageParameters"] = dict(error.getMessageParameters())
    contexts = [describe_context(context) for context in error.getQueryContext()]
    if contexts:
        body["queryContext"] = contexts
    return body


def describe_context(context) -> dict:
    return {
        "objectType": context.objectType(),
        "objectName": context.objectName(),
        "startIndex": context.startIndex() + 1,
        "stopIndex": context.stopIndex() + 1,
        "fragment": context.fragment(),
    }


def summary(ours: dict, error: Exception) -> str:
    """The condition, or the message where there is none that says more."""
    condition = ours.get("errorClass")
    if not condition or condition.startswith(("INTERNAL_ERROR", "UNSUPPORTED", "PARSE_SYNTAX_ERROR", "UNRESOLVED_ROUTINE")):
        message = str(error).strip().split("\n")[0]
        return re.sub(r"#\d+", "#n", re.sub(r" on search path \[.*|SQLSTATE: \w+$", "", message))[:160]
    return condition


def failed(reason: str, log: str) -> dict:
    return {"status": "failed", "reason": reason, "log": log}


def unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def example(spark: SparkSession, case: dict) -> dict:
    """One documented example of a function: its output as documented, after trimming."""
    try:
        _, rows, _ = execute(spark, case["sql"])
    except Exception as error:
        ours = describe_error(error)
        condition = re.search(r"\[([A-Z_.]+)\]", case["want"])
        if condition and condition[1] == ours.get("errorClass"):
            return {"status": "passed"}
        return failed(f"error: {summary(ours, error)}", str(error)[:700])
    got = unindented("\n".join(rows))
    if got == unindented(case["want"]):
        return {"status": "passed"}
    return failed("output differs", f"expected {case['want']}\ngot      {got[:700]}")

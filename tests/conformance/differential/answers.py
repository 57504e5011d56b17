"""What an engine answers to a query: schema with nullability and rows, or an error; the same through the same client for both."""

import math
import pathlib
import sys

import numpy as np
import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import types as T

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from arrow_view import batches  # noqa: E402
from hive import HiveText, spans  # noqa: E402

TIME_ZONE = "America/Los_Angeles"


def answer(session, sql: str) -> dict:
    """`{"schema", "rows"}`, or `{"error", "state", "parameters"}`."""
    try:
        frame = session.sql(sql)
        analyzed = frame.schema
        # Not `toArrow`, which refuses types that pyarrow's own schema lacks.
        table, schema, _ = session.client.to_table(frame._plan.to_proto(session.client), {})
        return {"schema": described(schema or analyzed), "rows": rows(table, schema or analyzed)}
    except PySparkException as error:
        parameters = dict(error.getMessageParameters() or {})
        return {"error": error.getCondition() or first_line(error), "state": error.getSqlState(), "parameters": parameters}


def first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]


def described(kind: T.DataType) -> str:
    """A type as `catalogString` shows it, with `!` after what cannot be null."""
    if isinstance(kind, T.StructType):
        inner = (f"{each.name}:{described(each.dataType)}{'' if each.nullable else '!'}" for each in kind.fields)
        return f"struct<{','.join(inner)}>"
    if isinstance(kind, T.ArrayType):
        return f"array<{described(kind.elementType)}{'' if kind.containsNull else '!'}>"
    if isinstance(kind, T.MapType):
        return f"map<{described(kind.keyType)},{described(kind.valueType)}{'' if kind.valueContainsNull else '!'}>"
    return kind.simpleString()


def rows(table: pa.Table, schema: T.StructType) -> list[list]:
    writer = HiveText(TIME_ZONE, "HEX")
    found = []
    for batch in batches(table):
        columns = [cells(writer, batch.column(index), field.dataType) for index, field in enumerate(schema.fields)]
        found += [list(row) for row in zip(*columns)] if columns else [[]] * batch.num_rows
    return found


def cells(writer: HiveText, array: pa.Array, kind: T.DataType) -> list:
    """A value per row: null, a text as Hive writes it, or a list of what is inside; a map is its entries in their order."""
    if pa.types.is_null(array.type):
        return [None] * len(array)
    if isinstance(kind, T.ArrayType):
        inside = cells(writer, array.values, kind.elementType)
        values = [inside[start:end] for start, end in spans(array)]
    elif isinstance(kind, T.MapType):
        pairs = zip(cells(writer, array.keys, kind.keyType), cells(writer, array.items, kind.valueType))
        entries = [list(pair) for pair in pairs]
        values = [entries[start:end] for start, end in spans(array)]
    elif isinstance(kind, T.StructType):
        children = [cells(writer, child, field.dataType) for child, field in zip(array.flatten(), kind.fields)]
        values = [list(row) for row in zip(*children)] if children else [[]] * len(array)
    else:
        write = writer.writer(kind, False)
        valid = array.is_valid().to_pylist()
        return [write(value) if ok else None for ok, value in zip(valid, writer.values(array, kind))]
    return [value if ok else None for ok, value in zip(array.is_valid().to_pylist(), values)]


def difference(spark: dict, ours: dict, ordered: bool, rough: bool) -> str | None:
    """What differs, in words that do not depend on the values; nothing when the answers are one."""
    if "error" in spark or "error" in ours:
        return different_error(spark, ours)
    if spark["schema"].replace("!", "") != ours["schema"].replace("!", ""):
        return "schema"
    if spark["schema"] != ours["schema"]:
        return "nullability"
    theirs, mine = spark["rows"], ours["rows"]
    if len(theirs) != len(mine):
        return "number of rows"
    if not ordered:
        theirs, mine = sorted(theirs, key=repr), sorted(mine, key=repr)
    if theirs == mine or (rough and near(theirs, mine)):
        return None
    return "order of rows" if ordered and sorted(theirs, key=repr) == sorted(mine, key=repr) else "rows"


def different_error(spark: dict, ours: dict) -> str | None:
    if "error" not in ours:
        return f"answers where Spark raises {spark['error']}"
    if "error" not in spark:
        return f"raises {ours['error']}"
    if spark["error"] != ours["error"]:
        return f"raises {ours['error']} not {spark['error']}"
    if spark["state"] and spark["state"] != ours["state"]:
        return f"SQLSTATE of {spark['error']}"
    if spark["parameters"] != ours["parameters"]:
        return f"parameters of {spark['error']}"
    return None


def near(one, other) -> bool:
    """Equal but for the last digits of floats, which depend on the order of a sum."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(near, one, other))
    if one == other or not (isinstance(one, str) and isinstance(other, str)):
        return one == other
    try:
        a, b = float(one), float(other)
    except ValueError:
        return False
    if not (math.isfinite(a) and math.isfinite(b)):
        return False
    return bool(np.isclose(a, b, rtol=1e-9, atol=1e-9))

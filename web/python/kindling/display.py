"""MIME bundles: what an object looks like in a notebook."""

from __future__ import annotations

import base64
import itertools
import json
import pprint
import sys
from collections import OrderedDict
from typing import Any, Callable, Dict, Optional

DATAFRAME_MIME = "application/vnd.kindling.dataframe+json"
# Rows that a displayed DataFrame fetches; the grid says that there are more.
GRID_ROWS = 10_000
_KEPT_RESULTS = 100
_METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "text/latex": "_repr_latex_",
    "application/json": "_repr_json_",
    "application/javascript": "_repr_javascript_",
}
_results: "OrderedDict[str, Any]" = OrderedDict()
_result_ids = itertools.count(1)
_display_ids = itertools.count(1)
# Set by the kernel: bundle, metadata, display id, whether it replaces an earlier one.
_publish: Callable[[Dict[str, Any], Dict[str, Any], Optional[str], bool], None]


def is_spark_dataframe(value: Any) -> bool:
    """Whether `value` is a DataFrame of pyspark, without importing anything."""
    module = sys.modules.get("pyspark.sql.connect.dataframe")
    return module is not None and isinstance(value, module.DataFrame)


def result(result_id: str) -> Any:
    """A DataFrame displayed earlier."""
    if result_id not in _results:
        raise LookupError("this result is no longer kept: run its cell again")
    return _results[result_id]


def keep_sql_result(result_id: str, text: str) -> None:
    """Makes the result of a SQL cell one that can be downloaded."""
    from . import session

    _results[result_id] = session.get_or_create().sql(text)


def spark_grid(df: Any) -> Dict[str, Any]:
    """The first rows of a DataFrame, by a limited query."""
    client = df._session.client
    plan = df._plan.to_proto(client).SerializeToString()
    request = GRID_ROWS.to_bytes(4, "little") + plan
    call = client._channel.unary_unary("/kindling.Engine/DisplayPlan", bytes, bytes)
    try:
        content = json.loads(call(request))
    except Exception as error:
        client._handle_error(error)
        raise
    result_id = f"df{next(_result_ids)}"
    _results[result_id] = df
    while len(_results) > _KEPT_RESULTS:
        _results.popitem(last=False)
    content["resultId"] = result_id
    return content


def mime_bundle(value: Any) -> Dict[str, Any]:
    """All the forms that `value` offers; `text/plain` always."""
    if is_spark_dataframe(value):
        return {DATAFRAME_MIME: spark_grid(value), "text/plain": repr(value)}
    bundle: Dict[str, Any] = {}
    method = getattr(type(value), "_repr_mimebundle_", None)
    if method is not None:
        made = method(value)
        bundle.update(made[0] if isinstance(made, tuple) else made or {})
    for mime, name in _METHODS.items():
        method = getattr(type(value), name, None)
        if mime in bundle or method is None:
            continue
        made = method(value)
        if isinstance(made, tuple):
            made = made[0]
        if made is not None:
            bundle[mime] = base64.b64encode(made).decode("ascii") if isinstance(made, bytes) else made
    if "text/plain" not in bundle:
        bundle["text/plain"] = _text(value)
    return bundle


def _text(value: Any) -> str:
    if isinstance(value, (list, dict, tuple, set)) and type(value).__repr__ in (
        list.__repr__,
        dict.__repr__,
        tuple.__repr__,
        set.__repr__,
    ):
        return pprint.pformat(value, width=100, sort_dicts=False, compact=True)
    return repr(value)


class DisplayHandle:
    """Lets a cell replace what it displayed."""

    def __init__(self, display_id: str) -> None:
        self.display_id = display_id

    def update(self, value: Any) -> None:
        _publish(mime_bundle(value), {}, self.display_id, True)


def display(
    *values: Any, display_id: Any = None, raw: bool = False, metadata: Optional[Dict[str, Any]] = None
) -> Optional[DisplayHandle]:
    """Shows values below the cell, each in its richest form. `display(df)` shows a DataFrame as a grid."""
    if display_id is True:
        display_id = f"display{next(_display_ids)}"
    for value in values:
        _publish(value if raw else mime_bundle(value), metadata or {}, display_id, False)
    return DisplayHandle(display_id) if display_id else None


def displayHTML(html: str) -> None:
    """Shows HTML, as on Databricks."""
    _publish({"text/html": html, "text/plain": html}, {}, None, False)

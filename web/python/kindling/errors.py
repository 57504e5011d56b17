"""What a failed cell tells the page: `CellError` of `web/src/protocol.ts`."""

from __future__ import annotations

import linecache
import os
import traceback
from typing import Any, Callable, Dict, List, Optional

_HERE = os.path.dirname(__file__)


def _is_cell(filename: str) -> bool:
    return filename.startswith("<cell ")


def _is_user(filename: str, home: str) -> bool:
    return _is_cell(filename) or filename.startswith(home + "/")


def _frames(error: BaseException, home: str) -> List[Dict[str, Any]]:
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(_HERE) or frame.filename.startswith("<frozen"):
            continue
        source = linecache.getline(frame.filename, frame.lineno or 0).strip()
        frames.append(
            {
                "file": frame.filename.strip("<>") if _is_cell(frame.filename) else frame.filename,
                "line": frame.lineno or 0,
                "name": frame.name,
                "source": source or None,
                "user": _is_user(frame.filename, home),
            }
        )
    # What happens between pyspark and the engine explains no Spark error: the trace ends where the user's code made the call.
    # The page folds the frames of other libraries.
    ends_at_user = type(error).__module__.startswith("pyspark.") or isinstance(error, KeyboardInterrupt)
    if ends_at_user and any(f["user"] for f in frames):
        frames = [f for f in frames if f["user"]]
    return [{k: v for k, v in f.items() if v is not None} for f in frames]


def _contexts(error: Any) -> List[Dict[str, Any]]:
    found = []
    for context in error.getQueryContext() or []:
        kind = getattr(context.contextType(), "name", "SQL")
        item: Dict[str, Any] = {"type": kind, "fragment": context.fragment(), "summary": context.summary()}
        if kind == "SQL":
            item["startIndex"], item["stopIndex"] = context.startIndex(), context.stopIndex()
        else:
            item["callSite"] = context.callSite()
        found.append(item)
    return found


def cell_error(
    error: BaseException, home: str, filename: str, in_index: Callable[[str], bool] = lambda _: False
) -> Dict[str, Any]:
    """`error` as the page shows it. `in_index` says whether Pyodide's package index has a module."""
    message = str(error).partition("\n\nJVM stacktrace:")[0].rstrip()
    result: Dict[str, Any] = {"ename": type(error).__name__, "evalue": message, "frames": _frames(error, home)}
    line = next((f["line"] for f in reversed(result["frames"]) if f"<{f['file']}>" == filename), None)
    if isinstance(error, SyntaxError):
        result["evalue"] = error.msg or message
        if error.filename == filename:
            line = error.lineno
            result["frames"] = [
                {"file": filename.strip("<>"), "line": line or 0, "name": "<module>", "source": (error.text or "").strip(), "user": True}
            ]
    if line is not None:
        result["line"] = line
    if isinstance(error, KeyError) and error.args:
        result["evalue"] = repr(error.args[0])
    if isinstance(error, ModuleNotFoundError) and in_index((error.name or "").partition(".")[0]):
        # The kernel has just tried to load it (`loadImports` in kernel.worker.ts).
        result["evalue"] = (
            f"No module named {error.name!r}\n"
            f"{error.name} comes from Pyodide's package index (cdn.jsdelivr.net), which is out of reach; cells that do not import it run without it."
        )
    _spark_details(error, result)
    notes = getattr(error, "__notes__", None)
    if notes:
        result["evalue"] += "\n" + "\n".join(notes)
    return result


def _spark_details(error: Any, result: Dict[str, Any]) -> None:
    condition: Optional[str] = _ask(error, "getCondition") or _ask(error, "getErrorClass")
    if not condition:
        return
    result["condition"] = condition
    state = _ask(error, "getSqlState")
    if state:
        result["sqlState"] = state
    parameters = _ask(error, "getMessageParameters")
    if parameters:
        result["parameters"] = {str(k): str(v) for k, v in parameters.items()}
    if _ask(error, "getQueryContext"):
        result["contexts"] = _contexts(error)


def _ask(error: Any, method: str) -> Any:
    ask = getattr(error, method, None)
    if not callable(ask):
        return None
    try:
        return ask()
    except Exception:
        return None

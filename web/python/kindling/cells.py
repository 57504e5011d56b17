"""Runs notebook cells: one namespace, `await` at top level, the last expression's value shown.

The kernel worker (`web/src/kernel.worker.ts`) makes one `Kernel` and hands it a `host` with the functions below. Nothing here
knows about messages.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import json
import linecache
import logging
import os
import sys
import time
import types
from typing import Any, Dict, Optional, Protocol, Tuple

from . import callsite, channel, display, introspect, session
from .errors import cell_error
from .streams import CellStream

_SLEEP_SLICE = 0.05
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Host(Protocol):
    """What the worker provides. Structures cross as JSON text."""

    def stream(self, name: str, text: str) -> None: ...
    def display(self, bundle: str, metadata: str, display_id: Optional[str], update: bool) -> None: ...
    def result(self, bundle: str) -> None: ...
    def error(self, error: str) -> None: ...
    def interruptible(self, on: bool) -> None: ...
    def in_index(self, package: str) -> bool: ...
    def sleep(self, seconds: float) -> None: ...


class Kernel:
    """The notebook's Python."""

    def __init__(self, host: Any, home: str) -> None:
        self._host = host
        self._home = home
        self._task: Optional[asyncio.Task] = None
        self._last_line = 0
        self._stdout = CellStream("stdout", lambda name, text: host.stream(name, text))
        self._stderr = CellStream("stderr", lambda name, text: host.stream(name, text))
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        self.namespace: Dict[str, Any] = main.__dict__
        self.namespace.update(__name__="__main__", __builtins__=builtins, display=display.display, displayHTML=display.displayHTML)
        sys.stdout, sys.stderr = self._stdout, self._stderr
        display._publish = self._publish
        builtins.input = _no_input
        time.sleep = self._sleep
        # pyspark logs every failed query as JSON on stderr; the cell shows the error itself.
        for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    def _sleep(self, seconds: float) -> None:
        """`time.sleep`: blocks as it should, and notices an interrupt between two slices."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.flush()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._host.sleep(min(left, _SLEEP_SLICE))

    def flush(self) -> None:
        """Posts what has been written so far; called before anything that may take long."""
        self._stdout.flush()
        self._stderr.flush()

    def define(self, name: str, value: Any) -> None:
        """Predefines a name for cells."""
        self.namespace[name] = value

    def _publish(self, bundle: Dict[str, Any], metadata: Dict[str, Any], display_id: Optional[str], update: bool) -> None:
        self.flush()
        self._host.display(_json(bundle), _json(metadata), display_id, update)

    async def run(self, code: str, number: int, cell: Optional[int] = None) -> str:
        """Runs one cell and says how it ended: `ok`, `error` or `aborted`.

        `number` counts the runs and names them in tracebacks; `cell` is the cell's place in the notebook.
        """
        filename = f"<cell {number}>"
        callsite.name_cell(filename, cell if cell is not None else number)
        self._stdout.begin_cell()
        self._stderr.begin_cell()
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        try:
            self._task = asyncio.ensure_future(self._outcome(code, filename))
            try:
                value, error = await self._task
            except asyncio.CancelledError:
                error = KeyboardInterrupt()
            if error is None and value is not None:
                try:
                    self._show(value, filename)
                except BaseException as failure:
                    error = failure
            if error is None or isinstance(error, SystemExit):
                return "ok"
            self._fail(error, filename)
            return "aborted" if isinstance(error, KeyboardInterrupt) else "error"
        finally:
            self._task = None
            self._stdout.end_cell()
            self._stderr.end_cell()

    async def _outcome(self, code: str, filename: str) -> Tuple[Any, Optional[BaseException]]:
        """The cell's value, or what it raised. Returned, because a task that raises KeyboardInterrupt ends the event loop."""
        try:
            return await _stepwise(self._execute(code, filename), self._host.interruptible), None
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            return None, error

    def _show(self, value: Any, filename: str) -> None:
        self.namespace["_"] = value
        callsite.showing(filename, self._last_line)
        self._host.interruptible(True)
        try:
            bundle = display.mime_bundle(value)
        finally:
            self._host.interruptible(False)
            callsite.showing(None)
        self.flush()
        self._host.result(_json(bundle))

    def _fail(self, error: BaseException, filename: str) -> None:
        self._stdout.end_cell()
        self._stderr.end_cell()
        self._host.error(_json(cell_error(error, self._home, filename, self._host.in_index)))

    async def _execute(self, code: str, filename: str) -> Any:
        tree = _parse(code, filename)
        last: Optional[ast.Expression] = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _ends_with_semicolon(code):
            last = ast.Expression(tree.body.pop().value)
            self._last_line = last.body.lineno
        if tree.body:
            await self._evaluate(compile(tree, filename, "exec", flags=_FLAGS))
        if last is not None:
            return await self._evaluate(compile(last, filename, "eval", flags=_FLAGS))
        return None

    async def _evaluate(self, compiled: types.CodeType) -> Any:
        value = eval(compiled, self.namespace)
        if compiled.co_flags & inspect.CO_COROUTINE:
            return await value
        return value

    def interrupt(self) -> None:
        """Ends a cell that waits in `await`; running code gets its KeyboardInterrupt from Pyodide."""
        if self._task is not None:
            self._task.cancel()

    def complete(self, before: str) -> str:
        prefix, matches = introspect.complete(before, self.namespace)
        return _json({"prefix": prefix, "matches": matches})

    def inspect(self, code: str, cursor: int) -> Optional[str]:
        return introspect.inspect_text(code, cursor, self.namespace)

    def write_result(self, result_id: str, format: str, path: str, sql: Optional[str] = None) -> Optional[str]:
        """Writes a displayed DataFrame, all of it, as one file below `path`; returns a `CellError` where that fails."""
        try:
            if sql is not None:
                display.keep_sql_result(result_id, sql)
            writer = display.result(result_id).coalesce(1).write.mode("overwrite")
            if format == "csv":
                writer.option("header", True).csv(path)
            else:
                writer.parquet(path)
        except Exception as error:
            return _json(cell_error(error, self._home, ""))
        return None


@types.coroutine
def _stepwise(coroutine: Any, interruptible: Any) -> Any:
    """Runs a coroutine so that an interrupt hits its own steps and never the event loop between them."""
    value: Any = None
    error: Optional[BaseException] = None
    while True:
        interruptible(True)
        try:
            awaited = coroutine.send(value) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            return stop.value
        finally:
            interruptible(False)
        value = error = None
        try:
            value = yield awaited
        except BaseException as raised:
            error = raised


def _parse(code: str, filename: str) -> ast.Module:
    try:
        return compile(code, filename, "exec", ast.PyCF_ONLY_AST | _FLAGS)  # type: ignore[return-value]
    except SyntaxError as error:
        text = (error.text or "").lstrip()
        if text[:1] in ("%", "!"):
            kind = "Magic commands" if text[0] == "%" else "Shell commands"
            error.msg = f"{kind} are not supported here, but for %%sql in the first line of a cell"
        raise


def _ends_with_semicolon(code: str) -> bool:
    for line in reversed(code.rstrip().splitlines()):
        text = line.strip()
        if text and not text.startswith("#"):
            return text.partition("#")[0].rstrip().endswith(";") if "#" in text and "'" not in text and '"' not in text else text.endswith(";")
    return False


def _no_input(prompt: object = "") -> str:
    raise RuntimeError("input() is not supported: a cell cannot ask questions while it runs. Assign the value in the cell instead.")


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


# Modules of pyspark that take long to import, each with what those before it have not imported yet.
SLOW_IMPORTS = (
    "pyspark.util",
    "pyspark.sql",
    "pyspark.sql.connect.proto.relations_pb2",
    "pyspark.sql.connect.proto.commands_pb2",
    "pyspark.sql.connect.proto.base_pb2",
    "urllib.request",
    "pyspark.sql.connect.session",
)


def prepare() -> None:
    """Before pyspark is imported: its changes for this page. `SLOW_IMPORTS` can follow, one by one, and then `start`."""
    session.install()


def start(host: Any, engine: Any, home: str, session_id: str) -> Kernel:
    """Connects pyspark to the engine after `prepare`, predefines `spark`, and returns the kernel.

    `engine(method, request, call_site, on_response)` is JavaScript's: it gives each response as a `Uint8Array` and returns
    `undefined` or, on failure, `[code, message, status]`.
    """
    os.makedirs(home, exist_ok=True)
    os.chdir(home)
    if home not in sys.path:
        sys.path.insert(0, home)
    kernel = Kernel(host, home)

    def call(method: str, request: bytes, on_response: Any) -> None:
        kernel.flush()
        site = callsite.current() if method in ("ExecutePlan", "DisplayPlan") else None
        failure = engine(method, request, site, lambda data: on_response(data.to_bytes()))
        if failure is not None:
            code, message, status = failure
            raise channel.EngineError(code, message, status.to_bytes())

    session.connect(call, session_id)
    kernel.define("spark", session.get_or_create())
    return kernel

"""Lets `pyspark` be imported as published, without grpc, numpy, pandas or pyarrow.

Every module of `pyspark` is executed with its own `__import__`. It hands out stand-ins for those packages, and to pyspark
only: a cell's `import numpy` never sees one. As soon as the real package has been imported by anyone, the stand-in passes
everything on to it.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.util
import sys
import types
from typing import Any, Callable, Dict, Optional

from . import arrow
from .channel import grpc_module, grpc_status_module


class StandIn(types.ModuleType):
    """A package that may arrive later.

    Until it does, its classes are placeholders of which nothing is an instance, and anything else imports the real one: the
    error then is the ordinary `ModuleNotFoundError`.
    """

    def __init__(self, name: str, classes: tuple, members: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(name)
        self.__dict__["_placeholders"] = {c: type(c, (), {"__module__": name}) for c in classes}
        self.__dict__["_members"] = members or {}
        self.__dict__["__path__"] = []

    def __getattribute__(self, attribute: str) -> Any:
        if attribute.startswith("_") and attribute != "__version__":
            return super().__getattribute__(attribute)
        name = super().__getattribute__("__name__")
        real = sys.modules.get(name)
        if real is not None and hasattr(real, attribute):
            return getattr(real, attribute)
        if attribute in self._placeholders:
            return self._placeholders[attribute]
        if attribute in self._members:
            return self._members[attribute]
        return getattr(importlib.import_module(name), attribute)


def _pandas_check(name: str) -> Callable[[Any], bool]:
    def check(dtype: Any) -> bool:
        import pandas.api.types

        return getattr(pandas.api.types, name)(dtype)

    return check


def _stand_ins() -> Dict[str, types.ModuleType]:
    numpy = StandIn(
        "numpy",
        ("ndarray", "generic", "bool_", "str_", "int8", "int16", "int32", "int64", "float32", "float64", "dtype", "datetime64", "timedelta64"),
    )
    pandas = StandIn("pandas", ("DataFrame", "Series", "Index", "Timestamp", "Timedelta", "DatetimeTZDtype", "Categorical"))
    checks = ("is_datetime64_dtype", "is_datetime64tz_dtype", "is_timedelta64_dtype", "is_list_like", "is_hashable", "CategoricalDtype")
    api_types = StandIn("pandas.api.types", (), {c: _pandas_check(c) for c in checks})
    api = StandIn("pandas.api", (), {"types": api_types})
    pandas._members["api"] = api
    pyarrow = StandIn("pyarrow", (), {k: v for k, v in vars(arrow).items() if not k.startswith("_")})
    pyarrow._members.update(__version__=arrow.__version__)
    return {
        "grpc": grpc_module(),
        "grpc_status": grpc_status_module(),
        "numpy": numpy,
        "pandas": pandas,
        "pandas.api": api,
        "pandas.api.types": api_types,
        "pyarrow": pyarrow,
        "pyarrow.types": arrow.types,
        "pyarrow.ipc": arrow.ipc,
    }


class _TestingUtils(types.ModuleType):
    """What the client asks `pyspark.testing.utils` for while it is imported, without the `unittest` that comes with it."""

    def __getattr__(self, attribute: str) -> Any:
        if attribute == "should_test_connect":
            return True
        if attribute.startswith("have_"):
            return importlib.util.find_spec(attribute[5:]) is not None
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self.__name__), attribute)


_TESTING = "pyspark.testing.utils"
_testing_utils = _TestingUtils(_TESTING)
_STAND_INS = _stand_ins()
_ROOTS = {name.partition(".")[0] for name in _STAND_INS}
_import = builtins.__import__


def _pyspark_import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    root = name.partition(".")[0]
    if level == 0 and root in _ROOTS and root not in sys.modules:
        found = _STAND_INS.get(name)
        if found is not None:
            return found if fromlist else _STAND_INS[root]
    if name == _TESTING and fromlist and not globals["__name__"].startswith("pyspark.testing"):
        return _testing_utils
    return _import(name, globals, locals, fromlist, level)


_builtins = dict(vars(builtins), __import__=_pyspark_import)

# Module name to what is done to it once it has been executed.
_AFTER: Dict[str, Callable[[types.ModuleType], None]] = {}


def after_import(name: str) -> Callable[[Callable[[types.ModuleType], None]], Callable[[types.ModuleType], None]]:
    """Registers a change to a module of pyspark, made right after its import."""

    def register(change: Callable[[types.ModuleType], None]) -> Callable[[types.ModuleType], None]:
        _AFTER[name] = change
        return change

    return register


@after_import("pyspark.sql.connect.utils")
def _dependencies_are_checked(module: types.ModuleType) -> None:
    # It asks for minimum versions of packages that are not here on purpose.
    module.check_dependencies = lambda *_: None  # type: ignore[attr-defined]


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        module.__dict__["__builtins__"] = _builtins
        self._loader.exec_module(module)
        change = _AFTER.get(module.__name__)
        if change is not None:
            change(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "pyspark" and not name.startswith("pyspark."):
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader)
                return spec
        return None


def install() -> None:
    """Must run before anything imports pyspark."""
    if not any(isinstance(f, _Finder) for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder())

"""Completion and inspection on live objects. Nothing is called and no property is evaluated but those of modules."""

from __future__ import annotations

import builtins
import inspect
import keyword
import pkgutil
import re
import sys
from typing import Any, Dict, List, Optional, Tuple

_NAME = re.compile(r"([A-Za-z_][\w.]*)?$")
_IMPORT = re.compile(r"^\s*(?:from|import)\s+([\w.]*)$")
_FROM = re.compile(r"^\s*from\s+([\w.]+)\s+import\s+(?:.*,\s*|\(\s*)?(\w*)$")
_COLUMN = re.compile(r"([A-Za-z_]\w*)\[\s*([\"'])([^\"']*)$")
_LIMIT = 300


def _kind(value: Any) -> str:
    if inspect.ismodule(value):
        return "module"
    if inspect.isclass(value):
        return "class"
    if callable(value):
        return "function"
    if isinstance(value, property):
        return "property"
    return "variable"


def _static(owner: Any, name: str) -> Any:
    """An attribute without running the code of a property or of `__getattr__`."""
    try:
        found = inspect.getattr_static(owner, name)
    except AttributeError:
        return None
    return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found


def resolve(path: str, namespace: Dict[str, Any]) -> Tuple[bool, Any]:
    """The object that a dotted name stands for."""
    first, *rest = path.split(".")
    if first in namespace:
        value = namespace[first]
    elif hasattr(builtins, first):
        value = getattr(builtins, first)
    else:
        return False, None
    for name in rest:
        found = _static(value, name)
        if isinstance(found, property) or hasattr(type(found), "__get__") and not callable(found):
            # Pure by convention: what a DataFrame or session offers next, such as `df.write` or `spark.read`.
            if type(value).__module__.partition(".")[0] != "pyspark":
                return False, None
            try:
                value = getattr(value, name)
            except Exception:
                return False, None
        else:
            try:
                value = getattr(value, name)
            except Exception:
                return False, None
    return True, value


def _items(names: List[str], owner: Any, prefix: str) -> List[Dict[str, str]]:
    chosen = [n for n in names if n.startswith(prefix) and (prefix.startswith("_") or not n.startswith("_"))]
    return [{"label": n, "type": _kind(_static(owner, n))} for n in sorted(chosen)[:_LIMIT]]


def complete(before: str, namespace: Dict[str, Any]) -> Tuple[str, List[Dict[str, str]]]:
    """What may follow the text before the cursor: the part to replace, and the candidates."""
    line = before.rpartition("\n")[2]
    match = _FROM.match(line)
    if match:
        module = sys.modules.get(match[1])
        if module is None:
            return match[2], []
        submodules = [m.name for m in pkgutil.iter_modules(getattr(module, "__path__", []))]
        return match[2], _items(sorted({*dir(module), *submodules}), module, match[2])
    match = _IMPORT.match(line)
    if match:
        head, _, prefix = match[1].rpartition(".")
        return prefix, _modules(head, prefix)
    match = _COLUMN.search(line)
    if match:
        found, value = resolve(match[1], namespace)
        return match[3], _columns(value, match[3]) if found else []
    text = (_NAME.search(line) or [""])[0] or ""
    head, dot, prefix = text.rpartition(".")
    if dot:
        if not head or line[: len(line) - len(text)].endswith((".", ")", "]", '"', "'")):
            return prefix, []
        found, value = resolve(head, namespace)
        if not found:
            return prefix, []
        items = _items(_dir(value), value, prefix)
        return prefix, _columns(value, prefix, as_attribute=True) + items
    if not prefix:
        return "", []
    items = [{"label": n, "type": _kind(v)} for n, v in sorted(namespace.items()) if n.startswith(prefix) and (prefix.startswith("_") or not n.startswith("_"))]
    items += [{"label": k, "type": "keyword"} for k in [*keyword.kwlist, *keyword.softkwlist] if k.startswith(prefix) and k != "_"]
    known = {i["label"] for i in items}
    items += [i for i in _items(dir(builtins), builtins, prefix) if i["label"] not in known]
    return prefix, items[:_LIMIT]


def _dir(value: Any) -> List[str]:
    # A DataFrame's own `dir` asks the engine for its columns; they are added by `_columns`.
    if type(value).__module__.startswith("pyspark."):
        return object.__dir__(value)  # type: ignore[return-value]
    try:
        return dir(value)
    except Exception:
        return []


def _modules(head: str, prefix: str) -> List[Dict[str, str]]:
    if head:
        module = sys.modules.get(head)
        names = [m.name for m in pkgutil.iter_modules(getattr(module, "__path__", []))]
    else:
        names = [m.name for m in pkgutil.iter_modules()] + list(sys.builtin_module_names)
    return [
        {"label": n, "type": "module"}
        for n in sorted(set(names))
        if n.startswith(prefix) and (prefix.startswith("_") or not n.startswith("_"))
    ][:_LIMIT]


def _columns(value: Any, prefix: str, as_attribute: bool = False) -> List[Dict[str, str]]:
    from .display import is_spark_dataframe

    if isinstance(value, dict) and not as_attribute:
        return [{"label": k, "type": "property"} for k in value if isinstance(k, str) and k.startswith(prefix)][:_LIMIT]
    if not is_spark_dataframe(value):
        return []
    try:
        fields = value.schema.fields
    except Exception:
        return []
    return [
        {"label": f.name, "type": "property", "detail": f.dataType.simpleString()}
        for f in fields
        if f.name.startswith(prefix) and (not as_attribute or f.name.isidentifier())
    ][:_LIMIT]


def inspect_text(code: str, cursor: int, namespace: Dict[str, Any]) -> Optional[str]:
    """Signature and documentation of the name at the cursor, or of the call around it."""
    start = end = cursor
    while start > 0 and (code[start - 1].isalnum() or code[start - 1] in "_."):
        start -= 1
    while end < len(code) and (code[end].isalnum() or code[end] == "_"):
        end += 1
    name = code[start:end].strip(".")
    if not name:
        opening = code.rfind("(", 0, cursor)
        return inspect_text(code, opening, namespace) if opening > 0 else None
    found, value = resolve(name, namespace)
    if not found:
        return None
    parts = []
    if callable(value):
        try:
            parts.append(f"{name.rpartition('.')[2]}{inspect.signature(value)}")
        except (TypeError, ValueError):
            parts.append(f"{name.rpartition('.')[2]}(…)")
    else:
        parts.append(f"{name}: {type(value).__name__}")
    documentation = inspect.getdoc(value)
    if documentation:
        parts.append(documentation)
    return "\n\n".join(parts)

"""Every docstring with examples of the installed `pyspark`, as self-contained doctest cases.

Nothing of them is kept in the repository. numpy, pandas and pyarrow must be importable, so that every module imports.
"""

import ast
import builtins
import doctest
import hashlib
import importlib
import inspect
import pathlib
import re

import pyspark

ROOT = pathlib.Path(pyspark.__file__).parent
SKIPPED_FOLDERS = {"__pycache__", "examples", "jars", "python", "testing", "connect", "pandas_api"}
FLAGS = {value: name for name, value in doctest.OPTIONFLAGS_BY_NAME.items()}

# What each module's own `_test()` puts into the globals beyond the module's names.
OWN_GLOBALS = {
    "core/rdd": ["sc"],
    "core/context": ["sc"],
    "core/files": ["sc"],
    "core/broadcast": ["spark"],
    "sql/context": ["sc", "sqlContext", "rdd", "df", "jsonStrings", "json", "tempfile", "os"],
    "mllib": ["sc", "temp_path", "sqlContext"],
    "ml": ["spark", "sc", "temp_path"],
    "accumulators": ["sc"],
    "resource/profile": ["sc"],
}

# Packages that a case cannot do without, by what its text mentions.
NEEDS = {
    "pandas": r"\bpandas\b|toPandas|\bpd\.|pandas_udf|pandas_api|InPandas",
    "numpy": r"\bnumpy\b|\bnp\.",
    "pyarrow": r"\bpyarrow\b|\bpa\.|toArrow|InArrow|arrow_udf|arrow_udtf|useArrow",
    "torch": r"\btorch\b",
    "matplotlib/plotly": r"\.plot\b",
}

# Where a name is looked for, the most public place first.
PUBLIC = [
    "pyspark.sql.types",
    "pyspark.sql",
    "pyspark.sql.functions",
    "pyspark",
    "pyspark.ml.linalg",
    "pyspark.mllib.linalg",
    "pyspark.ml",
    "pyspark.sql.streaming",
]


def cases() -> list[dict]:
    """All cases, in the order of files and docstrings."""
    found, seen = [], {}
    for path in sorted(ROOT.rglob("*.py")):
        folders = path.relative_to(ROOT).parts[:-1]
        if SKIPPED_FOLDERS & set(folders) or folders[:1] == ("pandas",):
            continue
        source = path.read_text(encoding="utf8")
        if ">>>" not in source:
            continue
        relative = path.relative_to(ROOT).as_posix()
        for qualified, line, examples in docstrings(ast.parse(source), ""):
            found.append(case(relative, qualified, line, examples, seen))
    return found


def docstrings(node: ast.AST, qualified: str):
    """`(qualified name, line, examples)` of every docstring at or below `node`."""
    transparent = isinstance(node, (ast.If, ast.Try, ast.With))
    text = None if transparent else ast.get_docstring(node, clean=False)
    examples = doctest.DocTestParser().get_examples(text) if text and ">>>" in text else []
    if examples:
        yield qualified, getattr(node, "lineno", 1), examples
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from docstrings(child, f"{qualified}.{child.name}" if qualified else child.name)
        elif isinstance(child, (ast.If, ast.Try, ast.With)):
            yield from docstrings(child, qualified)


def case(relative: str, qualified: str, line: int, examples: list, seen: dict) -> dict:
    module_name = "pyspark." + relative[:-3].replace("/", ".").replace(".__init__", "")
    try:
        module = importlib.import_module(module_name)
    except Exception:
        module = None
    supplied = own_globals(relative) + ["spark", "sc"]
    globs, preamble, unresolved = [], [], []
    for name in free_names([e for e in examples if not e.options.get(doctest.SKIP)]):
        if name in supplied:
            globs.append(name)
        elif module is not None and hasattr(module, name):
            preamble.append(public_import(name, module_name, getattr(module, name)))
        elif name == "Row":
            preamble.append("from pyspark.sql import Row")
        elif name in ("Matrices", "DenseMatrix", "Vectors") and module_name.startswith("pyspark.mllib"):
            preamble.append(f"from pyspark.mllib.linalg import {name}")
        elif name == "pd":
            preamble.append("import pandas as pd")
        elif name == "pyarrow":
            preamble.append("import pyarrow")
        else:
            unresolved.append(name)
    identity = f"{module_name}.{qualified}" if qualified else module_name
    seen[identity] = seen.get(identity, 0) + 1
    if seen[identity] > 1:
        identity += f"#{seen[identity]}"
    text = "\n".join(e.source + e.want for e in examples)
    return {
        "id": identity,
        "module": module_name,
        "file": relative,
        "line": line,
        "flags": ["ELLIPSIS", "NORMALIZE_WHITESPACE"],
        "globs": sorted(set(globs)),
        "preamble": sorted(set(preamble)),
        "unresolved": unresolved,
        "needs": [package for package, pattern in NEEDS.items() if re.search(pattern, text)],
        "all_skipped": all(e.options.get(doctest.SKIP) for e in examples),
        "split": int(hashlib.sha256(split_key(identity).encode()).hexdigest(), 16) % 3,
        "examples": [
            {
                "source": e.source,
                "want": e.want,
                "exc": e.exc_msg,
                "opts": {FLAGS[flag]: on for flag, on in e.options.items()},
            }
            for e in examples
        ],
    }


def own_globals(relative: str) -> list[str]:
    for prefix, names in OWN_GLOBALS.items():
        if relative[:-3] == prefix or relative.startswith(prefix + "/"):
            return names
    return ["spark", "sc"]


def free_names(examples: list) -> list[str]:
    """Names that the examples read before they bind them."""
    bound = set(dir(builtins)) | {"__name__", "_"}
    free = []
    for example in examples:
        try:
            tree = ast.parse(example.source)
        except SyntaxError:
            continue
        stores, loads = set(), []
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                stores.add(node.id)
            elif isinstance(node, ast.Name):
                loads.append(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                stores.add(node.name)
            elif isinstance(node, ast.arg):
                stores.add(node.arg)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                stores |= imported(node)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                stores.add(node.name)
        free += [name for name in dict.fromkeys(loads) if name not in bound | stores and name not in free]
        bound |= stores
    return free


def imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = set()
    for alias in node.names:
        names.add((alias.asname or alias.name).split(".")[0])
        if alias.name == "*":
            try:
                module = importlib.import_module(node.module)
            except Exception:
                continue
            names |= set(getattr(module, "__all__", [name for name in dir(module) if name[0] != "_"]))
    return names


def public_import(name: str, module_name: str, value: object) -> str:
    """The import statement a person would write for `value`."""
    if inspect.ismodule(value):
        return f"import {name}" if value.__name__ == name else f"import {value.__name__} as {name}"
    if (getattr(value, "__module__", "") or "").startswith("numpy"):
        return f"from numpy import {name}"
    for place in [*PUBLIC, module_name]:
        try:
            module = importlib.import_module(place)
        except Exception:
            continue
        if getattr(module, name, None) is value:
            return f"from {place} import {name}"
    return f"from {module_name} import {name}"


def split_key(identity: str) -> str:
    """A function's doctest shares the split of its SQL examples."""
    identity = identity.split("#")[0]
    if identity.startswith("pyspark.sql.functions.") and identity.count(".") == 4:
        return "fn:" + identity.rsplit(".", 1)[1].lower()
    return identity

"""Where in the notebook a job comes from: `show at cell 3, line 2`, as Spark's UI names a job by its call site."""

from __future__ import annotations

import os
import sys
from typing import Dict, Optional

_HERE = os.path.dirname(__file__)
# File name of a run's code to the number of its cell; the runs before the last thousand are forgotten.
_cells: Dict[str, int] = {}
_KEPT = 1000
# The call site of what is done for a cell after its code has run: showing its last value.
_showing: Optional[str] = None


def name_cell(filename: str, cell: int) -> None:
    """Says which cell the code of `filename` is."""
    _cells[filename] = cell
    while len(_cells) > _KEPT:
        del _cells[next(iter(_cells))]


def showing(filename: Optional[str], line: int = 0) -> None:
    """The last value of a cell, from this line, is being shown; or no longer (`None`)."""
    global _showing
    cell = _cells.get(filename) if filename is not None else None
    _showing = f"display at cell {cell}, line {line}" if cell is not None else None


def current() -> Optional[str]:
    """The call in a cell that is being carried out; `None` outside any."""
    frame = sys._getframe(1)
    called = "display"
    while frame is not None:
        code = frame.f_code
        cell = _cells.get(code.co_filename)
        if cell is not None:
            return f"{called} at cell {cell}, line {frame.f_lineno}"
        # The kernel's own part of a call is not what the user wrote.
        if not code.co_filename.startswith(_HERE):
            called = code.co_name
        frame = frame.f_back
    return _showing

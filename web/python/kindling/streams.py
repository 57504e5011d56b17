"""stdout and stderr of a cell: batched for the page, bounded in memory."""

from __future__ import annotations

import io
import time
from typing import Callable, List

# Post at most this often, and at once when this much has gathered.
_INTERVAL = 1 / 60
_BATCH = 64 * 1024
# What one stream of one cell may send before the middle is left out, and how much of the end is kept then.
_HEAD = 1_000_000
_TAIL = 20_000


class CellStream(io.TextIOBase):
    """A text stream that posts what is written to it."""

    def __init__(self, name: str, post: Callable[[str, str], None]) -> None:
        self._name = name
        self._post = post
        self.begin_cell()

    def begin_cell(self) -> None:
        self._pending: List[str] = []
        self._size = 0
        self._sent = 0
        self._full = False
        self._last = 0.0
        self._since = 0.0
        self._tail: List[str] = []
        self._tail_size = 0
        self._dropped = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    @property
    def name(self) -> str:
        return f"<{self._name}>"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")

    def write(self, text: str) -> int:
        # Cells that print a million lines come through here twice a line: what can be left out is.
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        length = len(text)
        if self._full:
            self._tail.append(text)
            self._tail_size += length
            if self._tail_size > 2 * _TAIL + _BATCH:
                self._shorten_tail()
        elif length:
            now = time.monotonic()
            if not self._pending:
                self._since = now
            self._pending.append(text)
            self._size += length
            # A whole line goes at once when the last post is long ago; a part of one may wait for its end.
            start = self._last if text.endswith("\n") else max(self._last, self._since)
            if self._size >= _BATCH or now - start >= _INTERVAL:
                self.flush()
            self._full = self._sent + self._size >= _HEAD
        return length

    def _shorten_tail(self) -> None:
        kept = "".join(self._tail)
        self._dropped += len(kept) - _TAIL
        self._tail = [kept[-_TAIL:]]
        self._tail_size = _TAIL

    def flush(self) -> None:
        if self._pending:
            text = "".join(self._pending)
            self._pending = []
            self._size = 0
            self._sent += len(text)
            self._last = time.monotonic()
            self._post(self._name, text)

    def end_cell(self) -> None:
        self.flush()
        if self._tail:
            kept = "".join(self._tail)
            dropped = self._dropped + max(len(kept) - _TAIL, 0)
            note = f"\n… {dropped:,} characters left out …\n" if dropped else ""
            self._post(self._name, note + kept[-_TAIL:])
            self._tail = []

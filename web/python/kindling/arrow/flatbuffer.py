"""As much of FlatBuffers as Arrow's messages need."""

from __future__ import annotations

import struct
from typing import Any, Dict, List, Optional, Sequence, Tuple

_SIZES = {"b": 1, "B": 1, "?": 1, "h": 2, "i": 4, "q": 8}


class Reader:
    """A table in a buffer; fields by their number."""

    def __init__(self, data: memoryview, position: int) -> None:
        self.data = data
        self.position = position
        self._vtable = position - struct.unpack_from("<i", data, position)[0]
        self._size = struct.unpack_from("<H", data, self._vtable)[0]

    @classmethod
    def root(cls, data: memoryview) -> "Reader":
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def _at(self, field: int) -> int:
        slot = 4 + 2 * field
        if slot >= self._size:
            return 0
        offset = struct.unpack_from("<H", self.data, self._vtable + slot)[0]
        return self.position + offset if offset else 0

    def number(self, field: int, code: str, default: Any = 0) -> Any:
        at = self._at(field)
        return struct.unpack_from("<" + code, self.data, at)[0] if at else default

    def _target(self, field: int) -> int:
        at = self._at(field)
        return at + struct.unpack_from("<I", self.data, at)[0] if at else 0

    def table(self, field: int) -> Optional["Reader"]:
        at = self._target(field)
        return Reader(self.data, at) if at else None

    def string(self, field: int) -> Optional[str]:
        at = self._target(field)
        if not at:
            return None
        size = struct.unpack_from("<I", self.data, at)[0]
        return str(self.data[at + 4 : at + 4 + size], "utf-8")

    def tables(self, field: int) -> List["Reader"]:
        at = self._target(field)
        if not at:
            return []
        count = struct.unpack_from("<I", self.data, at)[0]
        return [
            Reader(self.data, p + struct.unpack_from("<I", self.data, p)[0])
            for p in range(at + 4, at + 4 + 4 * count, 4)
        ]

    def structs(self, field: int, format: str) -> List[Tuple[Any, ...]]:
        at = self._target(field)
        if not at:
            return []
        count = struct.unpack_from("<I", self.data, at)[0]
        size = struct.calcsize(format)
        return list(struct.iter_unpack(format, self.data[at + 4 : at + 4 + count * size]))


class Number:
    """A scalar field."""

    def __init__(self, code: str, value: Any) -> None:
        self.code = code
        self.value = value


class Structs:
    """A vector of structs of 8-byte members."""

    def __init__(self, format: str, rows: Sequence[Tuple[Any, ...]]) -> None:
        self.format = format
        self.rows = rows


# A table is a dict from field number to a `Number`, a string, a table, a list of tables or `Structs`.
TableFields = Dict[int, Any]


def write_root(table: TableFields) -> bytes:
    """A finished buffer. Everything is written front to back: what a table refers to follows it."""
    out = bytearray(4)
    position = _write_table(out, table)
    struct.pack_into("<I", out, 0, position)
    return bytes(out)


def _pad(out: bytearray, alignment: int, extra: int = 0) -> None:
    out.extend(bytes(-(len(out) + extra) % alignment))


def _write_table(out: bytearray, table: TableFields) -> int:
    fields = {k: v for k, v in table.items() if v is not None}
    count = max(fields) + 1 if fields else 0
    vtable_size = 4 + 2 * count
    _pad(out, 8, vtable_size)
    vtable = len(out)
    out.extend(bytes(vtable_size))
    start = len(out)
    # Largest members first, so that each is aligned; 8-byte members begin at 8.
    slots: Dict[int, int] = {}
    size = 4
    for field, value in sorted(fields.items(), key=lambda kv: -_SIZES[kv[1].code] if isinstance(kv[1], Number) else -4):
        width = _SIZES[value.code] if isinstance(value, Number) else 4
        size += -size % width
        slots[field] = size
        size += width
    out.extend(bytes(size))
    struct.pack_into("<HH", out, vtable, vtable_size, size)
    struct.pack_into("<i", out, start, start - vtable)
    for field, slot in slots.items():
        struct.pack_into("<H", out, vtable + 4 + 2 * field, slot)
        value = fields[field]
        if isinstance(value, Number):
            struct.pack_into("<" + value.code, out, start + slot, value.value)
    for field, value in fields.items():
        if isinstance(value, Number):
            continue
        at = start + slots[field]
        target = _write_value(out, value)
        struct.pack_into("<I", out, at, target - at)
    return start


def _write_value(out: bytearray, value: Any) -> int:
    if isinstance(value, dict):
        return _write_table(out, value)
    if isinstance(value, str):
        raw = value.encode("utf-8")
        _pad(out, 4)
        at = len(out)
        out.extend(struct.pack("<I", len(raw)) + raw + b"\0")
        return at
    if isinstance(value, Structs):
        _pad(out, 8, 4)
        at = len(out)
        out.extend(struct.pack("<I", len(value.rows)))
        for row in value.rows:
            out.extend(struct.pack(value.format, *row))
        return at
    _pad(out, 4)
    at = len(out)
    out.extend(struct.pack("<I", len(value)) + bytes(4 * len(value)))
    for i, item in enumerate(value):
        slot = at + 4 + 4 * i
        target = _write_table(out, item)
        struct.pack_into("<I", out, slot, target - slot)
    return at

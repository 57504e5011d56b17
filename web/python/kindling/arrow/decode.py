"""Arrow buffers to Python values, as pyarrow's `to_pylist` gives them."""

from __future__ import annotations

import datetime
import decimal
import struct
from itertools import chain
from typing import Any, Callable, List, Optional

from .errors import ArrowNotImplementedError
from .types import DataType

_CODES = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "float": "f",
    "double": "d",
    "date32": "i",
    "date64": "q",
    "time32": "i",
    "time64": "q",
    "timestamp": "q",
    "duration": "q",
    "year_month_interval": "i",
}
_BITS = [tuple(bool(byte >> bit & 1) for bit in range(8)) for byte in range(256)]
_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def unpack_bits(data: memoryview, n: int) -> List[bool]:
    """A bitmap to flags."""
    return list(chain.from_iterable(map(_BITS.__getitem__, data[: (n + 7) // 8])))[:n]


def _micros(unit: str) -> Callable[[int], int]:
    per_second = _PER_SECOND[unit]
    if per_second <= 1_000_000:
        factor = 1_000_000 // per_second
        return lambda v: v * factor
    divisor = per_second // 1_000_000
    return lambda v: v // divisor


def _zone(name: str) -> datetime.tzinfo:
    if name.upper() in ("UTC", "Z", "GMT", "+00:00"):
        return datetime.timezone.utc
    if name[:1] in "+-":
        hours, _, minutes = name[1:].partition(":")
        delta = datetime.timedelta(hours=int(hours), minutes=int(minutes or 0))
        return datetime.timezone(-delta if name[0] == "-" else delta)
    import zoneinfo

    return zoneinfo.ZoneInfo(name)


def _scalar_conversion(type: Any) -> Optional[Callable[[Any], Any]]:
    """What turns a stored number into the Python value; `None` where they are the same."""
    name = type.name
    timedelta = datetime.timedelta
    if name == "date32":
        from_ordinal = datetime.date.fromordinal
        return lambda v: from_ordinal(v + _EPOCH_DAY)
    if name == "date64":
        return lambda v: datetime.date.fromordinal(v // 86_400_000 + _EPOCH_DAY)
    if name == "timestamp":
        micros = _micros(type.unit)
        if type.tz is None:
            return lambda v: _EPOCH + timedelta(microseconds=micros(v))
        zone = _zone(type.tz)
        if zone is datetime.timezone.utc:
            epoch = _EPOCH.replace(tzinfo=zone)
            return lambda v: epoch + timedelta(microseconds=micros(v))
        utc = _EPOCH.replace(tzinfo=datetime.timezone.utc)
        return lambda v: (utc + timedelta(microseconds=micros(v))).astimezone(zone)
    if name == "duration":
        micros = _micros(type.unit)
        return lambda v: timedelta(microseconds=micros(v))
    if name in ("time32", "time64"):
        micros = _micros(type.unit)
        return lambda v: (_EPOCH + timedelta(microseconds=micros(v))).time()
    return None


class Source:
    """Walks the nodes and buffers of one record batch in order."""

    def __init__(self, nodes: List[Any], buffers: List[memoryview]) -> None:
        self.nodes = iter(nodes)
        self.buffers = iter(buffers)

    def skip(self, type: DataType) -> "Callable[[], List[Any]]":
        """Takes one array's parts and returns what decodes them, so that unused columns cost nothing."""
        n, nulls = next(self.nodes)
        name = type.name
        if name == "null":
            return lambda: [None] * n
        bitmap = next(self.buffers)

        def with_nulls(values: List[Any]) -> List[Any]:
            if nulls == 0 or len(bitmap) == 0:
                return values
            return [v if ok else None for v, ok in zip(values, unpack_bits(bitmap, n))]

        def with_nulls_converted(values: Any, convert: Any) -> List[Any]:
            if nulls == 0 or len(bitmap) == 0:
                return [convert(v) for v in values]
            return [convert(v) if ok else None for v, ok in zip(values, unpack_bits(bitmap, n))]

        if name in _CODES:
            data = next(self.buffers)
            code = _CODES[name]
            convert = _scalar_conversion(type)
            width = struct.calcsize(code)

            def numbers() -> List[Any]:
                values = data[: n * width].cast(code).tolist()
                return with_nulls(values) if convert is None else with_nulls_converted(values, convert)

            return numbers
        if name == "halffloat":
            data = next(self.buffers)
            return lambda: with_nulls(list(struct.unpack(f"<{n}e", data[: 2 * n])))
        if name == "bool":
            data = next(self.buffers)
            return lambda: with_nulls(unpack_bits(data, n))
        if name in ("string", "large_string", "binary", "large_binary"):
            offsets_data, data = next(self.buffers), next(self.buffers)
            wide = name.startswith("large")
            text = name.endswith("string")

            def variable() -> List[Any]:
                if n == 0:
                    return []
                offsets = _offsets(offsets_data, wide, n)
                if text:
                    start, end = offsets[0], offsets[-1]
                    whole = str(data[start:end], "utf-8")
                    # With one byte per character, slicing the one string is much the fastest way.
                    if len(whole) == end - start:
                        values = [whole[a - start : b - start] for a, b in zip(offsets, offsets[1:])]
                    else:
                        values = [str(data[a:b], "utf-8") for a, b in zip(offsets, offsets[1:])]
                else:
                    values = [bytes(data[a:b]) for a, b in zip(offsets, offsets[1:])]
                return with_nulls(values)

            return variable
        if name == "fixed_size_binary":
            data = next(self.buffers)
            width = type.byte_width
            return lambda: with_nulls([bytes(data[i * width : (i + 1) * width]) for i in range(n)])
        if name == "decimal128":
            data = next(self.buffers)
            exponent = -type.scale

            def decimals() -> List[Any]:
                raw = [int.from_bytes(data[i : i + 16], "little", signed=True) for i in range(0, n * 16, 16)]
                return with_nulls_converted(raw, lambda v: decimal.Decimal(f"{v}E{exponent}"))

            return decimals
        if name == "month_day_nano_interval":
            data = next(self.buffers)
            return lambda: with_nulls([struct.unpack_from("<iiq", data, 16 * i) for i in range(n)])
        if name in ("list", "large_list"):
            offsets_data = next(self.buffers)
            child = self.skip(type.value_type)
            wide = name == "large_list"

            def lists() -> List[Any]:
                offsets = _offsets(offsets_data, wide, n) if n else [0]
                flat = child()
                return with_nulls([flat[a:b] for a, b in zip(offsets, offsets[1:])])

            return lists
        if name == "fixed_size_list":
            child = self.skip(type.value_type)
            size = type.list_size

            def fixed_lists() -> List[Any]:
                flat = child()
                return with_nulls([flat[i * size : (i + 1) * size] for i in range(n)])

            return fixed_lists
        if name == "map":
            offsets_data = next(self.buffers)
            next(self.nodes)
            next(self.buffers)
            keys, items = self.skip(type.key_type), self.skip(type.item_type)

            def maps() -> List[Any]:
                offsets = _offsets(offsets_data, False, n) if n else [0]
                flat = list(zip(keys(), items()))
                return with_nulls([flat[a:b] for a, b in zip(offsets, offsets[1:])])

            return maps
        if name == "struct":
            names = [f.name for f in type.fields]
            children = [self.skip(f.type) for f in type.fields]

            def structs() -> List[Any]:
                if len(set(names)) != len(names):
                    raise ValueError("Converting to Python dictionary is not supported when duplicate field names are present")
                if not children:
                    return with_nulls([{} for _ in range(n)])
                return with_nulls([dict(zip(names, row)) for row in zip(*[c() for c in children])])

            return structs
        raise ArrowNotImplementedError(f"reading {type} needs the real pyarrow")


def _offsets(data: memoryview, wide: bool, n: int) -> List[int]:
    width = 8 if wide else 4
    return data[: (n + 1) * width].cast("q" if wide else "i").tolist()

"""Python values to Arrow buffers, checking them as pyarrow does."""

from __future__ import annotations

import array
import datetime
import decimal
import itertools
import struct
from typing import Any, List, Sequence, Tuple

from .errors import ArrowInvalid, ArrowNotImplementedError, ArrowTypeError
from .types import DataType

Node = Tuple[int, int]

_INTEGERS = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "year_month_interval": "i",
}
_FLOATS = {"float": "f", "double": "d"}
_UNIT = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_MICROSECOND = datetime.timedelta(microseconds=1)


def pack_bits(flags: Sequence[Any]) -> bytes:
    """Flags to a bitmap, least significant bit first."""
    n = len(flags)
    if n == 0:
        return b""
    text = "".join(["1" if f else "0" for f in flags])
    return int(text[::-1], 2).to_bytes((n + 7) // 8, "little")


def _refuse(value: Any, type: DataType) -> ArrowInvalid:
    return ArrowInvalid(
        f"Could not convert {value!r} with type {value.__class__.__name__}: tried to convert to {type}"
    )


def _python(value: Any) -> Any:
    """NumPy scalars and the like become plain Python."""
    item = getattr(value, "item", None)
    return item() if callable(item) and not isinstance(value, (int, float, str, bytes)) else value


def _integer(value: Any, type: DataType) -> int:
    if value.__class__ is int:
        return value
    value = _python(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, decimal.Decimal)):
        raise _refuse(value, type)
    if int(value) != value:
        raise ArrowInvalid(f"Float value {value} was truncated converting to {type}")
    return int(value)


def _float(value: Any, type: DataType) -> float:
    if value.__class__ is float:
        return value
    value = _python(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, decimal.Decimal)):
        raise _refuse(value, type)
    return float(value)


def _text(value: Any, type: DataType) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    raise ArrowTypeError(f"Expected bytes, got a {value.__class__.__name__!r} object")


def _bytes(value: Any, type: DataType) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise ArrowTypeError(f"Expected bytes, got a {value.__class__.__name__!r} object")


def _decimal(value: Any, type: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        value = decimal.Decimal(value)
    if not isinstance(value, decimal.Decimal):
        raise ArrowTypeError(f"int or Decimal object expected, got {value.__class__.__name__}")
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ArrowInvalid(f"Cannot convert {value} to {type}")
    unscaled = int("".join(map(str, digits)))
    shift = exponent + type.scale
    if shift >= 0:
        unscaled *= 10**shift
    else:
        unscaled, rest = divmod(unscaled, 10**-shift)
        if rest:
            raise ArrowInvalid(
                f"Rescaling Decimal value would cause data loss: {value} does not fit {type}"
            )
    if len(str(unscaled)) > type.precision:
        raise ArrowInvalid(f"Decimal type with precision {len(str(unscaled))} does not fit into precision inferred from first array element: {type.precision}")
    return -unscaled if sign else unscaled


def _date(value: Any, type: DataType) -> int:
    if isinstance(value, datetime.date):
        return value.toordinal() - _EPOCH_DAY
    raise ArrowTypeError(f"object of type {value.__class__} cannot be converted to {type}")


def _date_millis(value: Any, type: DataType) -> int:
    return _date(value, type) * 86_400_000


def _time(value: Any, type: Any) -> int:
    if not isinstance(value, datetime.time):
        raise ArrowTypeError(f"Could not convert {value!r} with type {value.__class__.__name__}: tried to convert to {type}")
    micros = ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    return micros * _UNIT[type.unit] // 1_000_000


def _timestamp(value: Any, type: Any) -> int:
    if isinstance(value, datetime.datetime):
        micros = (value - (_EPOCH if value.tzinfo is None else _EPOCH_UTC)) // _MICROSECOND
    elif isinstance(value, datetime.date):
        micros = (value.toordinal() - _EPOCH_DAY) * 86_400_000_000
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    else:
        raise _refuse(value, type)
    return micros * _UNIT[type.unit] // 1_000_000


def _duration(value: Any, type: Any) -> int:
    if isinstance(value, datetime.timedelta):
        return (value // _MICROSECOND) * _UNIT[type.unit] // 1_000_000
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ArrowTypeError(f"Could not convert {value!r} with type {value.__class__.__name__}: tried to convert to {type}")


_LONGS = {
    "date32": ("i", _date),
    "date64": ("q", _date_millis),
    "time32": ("i", _time),
    "time64": ("q", _time),
    "timestamp": ("q", _timestamp),
    "duration": ("q", _duration),
}


def _numbers(code: str, convert: Any, type: DataType, values: Sequence[Any]) -> bytes:
    try:
        return array.array(code, [0 if v is None else convert(v, type) for v in values]).tobytes()
    except OverflowError as error:
        raise ArrowInvalid(f"Value out of range for {type}: {error}") from None


def _offsets(code: str, lengths: List[int]) -> bytes:
    return array.array(code, itertools.accumulate(lengths, initial=0)).tobytes()


def encode(type: DataType, values: Sequence[Any], nodes: List[Node], buffers: List[bytes]) -> None:
    """Appends the nodes and buffers of one array, parents before children as IPC wants them."""
    name = type.name
    n = len(values)
    if name == "null":
        nodes.append((n, n))
        return
    nulls = values.count(None) if isinstance(values, list) else sum(v is None for v in values)
    nodes.append((n, nulls))
    buffers.append(pack_bits([v is not None for v in values]) if nulls else b"")

    if name in _INTEGERS:
        buffers.append(_numbers(_INTEGERS[name], _integer, type, values))
    elif name in _FLOATS:
        buffers.append(_numbers(_FLOATS[name], _float, type, values))
    elif name in _LONGS:
        code, convert = _LONGS[name]
        buffers.append(_numbers(code, convert, type, values))
    elif name == "bool":
        for v in values:
            if v is not None and not isinstance(_python(v), bool):
                raise _refuse(v, type)
        buffers.append(pack_bits(values))
    elif name in ("string", "large_string", "binary", "large_binary"):
        convert = _text if name.endswith("string") else _bytes
        parts = [b"" if v is None else convert(v, type) for v in values]
        buffers.append(_offsets("q" if name.startswith("large") else "i", [len(p) for p in parts]))
        buffers.append(b"".join(parts))
    elif name == "fixed_size_binary":
        width = type.byte_width
        buffers.append(b"".join([bytes(width) if v is None else _bytes(v, type) for v in values]))
    elif name == "decimal128":
        buffers.append(
            b"".join([(0 if v is None else _decimal(v, type)).to_bytes(16, "little", signed=True) for v in values])
        )
    elif name == "month_day_nano_interval":
        buffers.append(b"".join([struct.pack("<iiq", *(v or (0, 0, 0))) for v in values]))
    elif name in ("list", "large_list"):
        for v in values:
            if v is not None and (isinstance(v, (str, bytes, dict)) or not hasattr(v, "__len__")):
                raise _refuse(v, type)
        buffers.append(_offsets("q" if name == "large_list" else "i", [0 if v is None else len(v) for v in values]))
        encode(type.value_type, [x for v in values if v is not None for x in v], nodes, buffers)
    elif name == "map":
        pairs = [
            None if v is None else list(v.items()) if isinstance(v, dict) else [tuple(p) for p in v] for v in values
        ]
        buffers.append(_offsets("i", [0 if p is None else len(p) for p in pairs]))
        flat = [p for ps in pairs if ps is not None for p in ps]
        nodes.append((len(flat), 0))
        buffers.append(b"")
        encode(type.key_type, [p[0] for p in flat], nodes, buffers)
        encode(type.item_type, [p[1] for p in flat], nodes, buffers)
    elif name == "struct":
        for v in values:
            if v is not None and not isinstance(v, (dict, tuple)):
                raise ArrowTypeError(f"Could not convert {v!r} with type {v.__class__.__name__}: was expecting tuple of (key, value) pair")
        for i, f in enumerate(type.fields):
            encode(
                f.type,
                [None if v is None else v.get(f.name) if isinstance(v, dict) else v[i] for v in values],
                nodes,
                buffers,
            )
    else:
        raise ArrowNotImplementedError(f"arrays of {type} need the real pyarrow")

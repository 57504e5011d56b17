"""Arrays: a type with Python values, decoded when first looked at."""

from __future__ import annotations

import datetime
import decimal
from typing import Any, Callable, Iterator, List, Optional

from . import types as t
from .encode import encode
from .errors import ArrowInvalid, ArrowNotImplementedError
from .schema import Field


class Scalar:
    """One value of an array."""

    def __init__(self, type: t.DataType, value: Any) -> None:
        self.type = type
        self._value = value

    @property
    def is_valid(self) -> bool:
        return self._value is not None

    def as_py(self) -> Any:
        return self._value

    def _elements(self) -> "Array":
        """Of a list's value: its elements, none if it is null."""
        if not isinstance(self.type, t.ListType):
            raise TypeError(f"a value of type {self.type} has no elements")
        return Array(self.type.value_type, list(self._value or []))

    def __len__(self) -> int:
        return len(self._elements())

    def __iter__(self) -> Iterator["Scalar"]:
        return iter(self._elements())

    def __getitem__(self, i: int) -> "Scalar":
        return self._elements()[i]

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Scalar) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __str__(self) -> str:
        return str(self._value)

    def __repr__(self) -> str:
        return f"<pyarrow.Scalar: {self._value!r}>"


class Array:
    """Values of one type."""

    def __init__(
        self, type: t.DataType, values: Optional[List[Any]] = None, load: Optional[Callable[[], List[Any]]] = None, length: int = 0
    ) -> None:
        self.type = type
        self._loaded = values
        self._load = load
        self._length = length if values is None else len(values)

    @property
    def _values(self) -> List[Any]:
        if self._loaded is None:
            assert self._load is not None
            self._loaded = self._load()
            self._load = None
        return self._loaded

    def to_pylist(self, *, maps_as_pydicts: Any = None) -> List[Any]:
        return list(self._values)

    tolist = to_pylist

    @property
    def null_count(self) -> int:
        return self._values.count(None)

    @property
    def nbytes(self) -> int:
        buffers: List[bytes] = []
        encode(self.type, self._values, [], buffers)
        return sum(map(len, buffers))

    def slice(self, offset: int = 0, length: Optional[int] = None) -> "Array":
        end = None if length is None else offset + length
        return Array(self.type, self._values[offset:end])

    def is_valid(self) -> "Array":
        return Array(t.bool_(), [v is not None for v in self._values])

    def is_null(self) -> "Array":
        return Array(t.bool_(), [v is None for v in self._values])

    def field(self, i: Any) -> "Array":
        name = self.type.field(i).name
        return Array(self.type.field(i).type, [None if v is None else v[name] for v in self._values])

    def flatten(self) -> Any:
        if isinstance(self.type, t.StructType):
            return [self.field(i) for i in range(len(self.type))]
        if isinstance(self.type, t.ListType):
            return Array(self.type.value_type, [x for v in self._values if v is not None for x in v])
        return self

    def cast(self, target_type: Any = None, safe: bool = True, **_: Any) -> "Array":
        if target_type == self.type:
            return self
        return array(_cast_values(self._values, self.type, target_type), target_type)

    def equals(self, other: Any) -> bool:
        return self == other

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Array) and self.type == other.type and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Scalar]:
        return (Scalar(self.type, v) for v in self._values)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return Array(self.type, self._values[i])
        return Scalar(self.type, self._values[i])

    def __repr__(self) -> str:
        return f"<pyarrow.Array {self.type} {self._values!r}>"


class ChunkedArray:
    """Arrays of one type, end to end."""

    def __init__(self, chunks: List[Array], type: t.DataType) -> None:
        self.chunks = chunks
        self.type = type

    @property
    def num_chunks(self) -> int:
        return len(self.chunks)

    def chunk(self, i: int) -> Array:
        return self.chunks[i]

    def to_pylist(self, *, maps_as_pydicts: Any = None) -> List[Any]:
        return [v for c in self.chunks for v in c._values]

    def combine_chunks(self) -> Array:
        return Array(self.type, self.to_pylist())

    def slice(self, offset: int = 0, length: Optional[int] = None) -> "ChunkedArray":
        return ChunkedArray([self.combine_chunks().slice(offset, length)], self.type)

    def cast(self, target_type: Any = None, safe: bool = True, **_: Any) -> "ChunkedArray":
        return ChunkedArray([c.cast(target_type, safe) for c in self.chunks], target_type)

    @property
    def null_count(self) -> int:
        return sum(c.null_count for c in self.chunks)

    @property
    def nbytes(self) -> int:
        return sum(c.nbytes for c in self.chunks)

    def __len__(self) -> int:
        return sum(map(len, self.chunks))

    def __iter__(self) -> Iterator[Scalar]:
        return (s for c in self.chunks for s in c)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return ChunkedArray([self.combine_chunks()[i]], self.type)
        if i < 0:
            i += len(self)
        for c in self.chunks:
            if i < len(c):
                return c[i]
            i -= len(c)
        raise IndexError("index out of bounds")

    def __repr__(self) -> str:
        return f"<pyarrow.ChunkedArray {self.type} {self.to_pylist()!r}>"


_NUMPY_TYPES = {
    "bool": t.bool_(),
    "int8": t.int8(),
    "int16": t.int16(),
    "int32": t.int32(),
    "int64": t.int64(),
    "uint8": t.uint8(),
    "uint16": t.uint16(),
    "uint32": t.uint32(),
    "uint64": t.uint64(),
    "float32": t.float32(),
    "float64": t.float64(),
}


def _infer(values: List[Any]) -> t.DataType:
    """pyarrow's type for Python values."""
    found: t.DataType = t.null()
    for v in values:
        if v is None:
            continue
        one = _infer_one(v)
        if found == t.null() or found == one:
            found = one
        elif {found, one} == {t.int64(), t.float64()}:
            found = t.float64()
        elif isinstance(found, t.StructType) and isinstance(one, t.StructType):
            names = dict.fromkeys([*found.names, *one.names])
            found = t.struct([(n, _infer([x.get(n) for x in values if x is not None])) for n in names])
        elif isinstance(found, t.ListType) and isinstance(one, t.ListType):
            return t.list_(_infer([x for v in values if v is not None for x in v]))
        elif isinstance(found, t.Decimal128Type) and isinstance(one, t.Decimal128Type):
            scale = max(found.scale, one.scale)
            whole = max(found.precision - found.scale, one.precision - one.scale)
            found = t.decimal128(whole + scale, scale)
        else:
            raise ArrowInvalid(f"cannot mix {found} and {one} values")
    return found


def _infer_one(v: Any) -> t.DataType:
    if isinstance(v, bool):
        return t.bool_()
    if isinstance(v, int):
        return t.int64()
    if isinstance(v, float):
        return t.float64()
    if isinstance(v, str):
        return t.string()
    if isinstance(v, (bytes, bytearray)):
        return t.binary()
    if isinstance(v, decimal.Decimal):
        _, digits, exponent = v.as_tuple()
        scale = max(-int(exponent), 0)
        return t.decimal128(max(len(digits) + max(int(exponent), 0), scale), scale)
    if isinstance(v, datetime.datetime):
        return t.timestamp("us", None if v.tzinfo is None else str(v.tzinfo))
    if isinstance(v, datetime.date):
        return t.date32()
    if isinstance(v, datetime.time):
        return t.time64("us")
    if isinstance(v, datetime.timedelta):
        return t.duration("us")
    if isinstance(v, dict):
        return t.struct([(k, _infer([x])) for k, x in v.items()])
    if isinstance(v, (list, tuple)):
        return t.list_(_infer(list(v)))
    raise ArrowInvalid(f"Could not convert {v!r} with type {v.__class__.__name__}: did not recognize Python value type when inferring an Arrow data type")


def _cast_values(values: List[Any], source: t.DataType, target: t.DataType) -> List[Any]:
    if t.is_struct(source) and t.is_struct(target):
        return [None if v is None else dict(zip(target.names, v.values())) for v in values]
    if target.name in ("string", "large_string") and source.name not in ("string", "large_string"):
        raise ArrowNotImplementedError(f"casting {source} to {target} needs the real pyarrow")
    if t.is_floating(source) and t.is_integer(target):
        return [None if v is None else int(v) if v == int(v) else v for v in values]
    return values


def array(obj: Any, type: Optional[t.DataType] = None, **_: Any) -> Array:
    """Values to an array, checked against the type, which is inferred where none is given."""
    if isinstance(obj, Array):
        return obj if type is None or type == obj.type else obj.cast(type)
    if type is None and hasattr(obj, "dtype"):
        type = _NUMPY_TYPES.get(str(obj.dtype))
    values = obj.tolist() if hasattr(obj, "tolist") else list(obj)
    type = _infer(values) if type is None else type
    encode(type, values, [], [])
    return Array(type, _canonical(values, type))


def _canonical(values: List[Any], type: t.DataType) -> List[Any]:
    """Structs given as tuples read back as dicts, maps given as dicts read back as pairs."""
    if isinstance(type, t.StructType):
        columns = [
            _canonical([None if v is None else v.get(f.name) if isinstance(v, dict) else v[i] for v in values], f.type)
            for i, f in enumerate(type.fields)
        ]
        names = type.names
        if len(set(names)) != len(names):
            return values
        rows = zip(*columns) if columns else ((),) * len(values)
        return [None if v is None else dict(zip(names, row)) for v, row in zip(values, rows)]
    if isinstance(type, t.MapType):
        return [None if v is None else list(v.items()) if isinstance(v, dict) else [tuple(p) for p in v] for v in values]
    return values


def chunked_array(arrays: Any, type: Optional[t.DataType] = None) -> ChunkedArray:
    chunks = [array(a, type) for a in arrays]
    return ChunkedArray(chunks, type or chunks[0].type)


def concat_arrays(arrays: Any) -> Array:
    parts = list(arrays)
    return Array(parts[0].type, [v for a in parts for v in a._values])


def as_array(value: Any, field: Optional[Field] = None) -> Array:
    """A table's column from whatever `from_arrays` was given."""
    if isinstance(value, ChunkedArray):
        value = value.combine_chunks()
    return array(value, None if field is None else field.type)

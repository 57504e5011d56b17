"""The IPC stream format, both ways."""

from __future__ import annotations

import struct
from typing import Any, Dict, Iterator, List, Optional

from . import types as t
from .array import Array
from .decode import Source
from .encode import encode
from .errors import ArrowInvalid, ArrowNotImplementedError
from .flatbuffer import Number, Reader, Structs, TableFields, write_root
from .schema import Field, Schema
from .table import RecordBatch, Table

_V5 = 4
_SCHEMA, _DICTIONARY, _RECORD_BATCH = 1, 2, 3
_UNITS = ["s", "ms", "us", "ns"]
_MARK = b"\xff\xff\xff\xff"


class Buffer:
    """Bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    def to_pybytes(self) -> bytes:
        return self._data

    def __len__(self) -> int:
        return len(self._data)

    def __bytes__(self) -> bytes:
        return self._data


class BufferOutputStream:
    """A file in memory."""

    def __init__(self) -> None:
        self._parts: List[bytes] = []

    def write(self, data: Any) -> None:
        self._parts.append(bytes(data))

    def getvalue(self) -> Buffer:
        return Buffer(b"".join(self._parts))

    def close(self) -> None:
        pass


def _read_type(field: Reader, children: List[Field]) -> t.DataType:
    kind = field.number(2, "B")
    detail = field.table(3)
    assert detail is not None
    if kind == 1:
        return t.null()
    if kind == 2:
        sign = "int" if detail.number(1, "?", False) else "uint"
        return getattr(t, f"{sign}{detail.number(0, 'i')}")()
    if kind == 3:
        return [t.float16, t.float32, t.float64][detail.number(0, "h")]()
    simple = {4: t.binary, 5: t.string, 6: t.bool_, 19: t.large_binary, 20: t.large_string}
    if kind in simple:
        return simple[kind]()
    if kind == 7 and detail.number(2, "i", 128) == 128:
        return t.decimal128(detail.number(0, "i"), detail.number(1, "i"))
    if kind == 8:
        return t.date64() if detail.number(0, "h", 1) else t.date32()
    if kind == 9:
        unit = _UNITS[detail.number(0, "h", 1)]
        return t.time32(unit) if detail.number(1, "i", 32) == 32 else t.time64(unit)
    if kind == 10:
        return t.timestamp(_UNITS[detail.number(0, "h")], detail.string(1))
    if kind == 11:
        unit = detail.number(0, "h")
        if unit == 0:
            return t.year_month_interval()
        if unit == 2:
            return t.month_day_nano_interval()
    if kind == 12:
        return t.list_(children[0])
    if kind == 13:
        return t.struct(children)
    if kind == 15:
        return t.binary(detail.number(0, "i"))
    if kind == 16:
        return t.list_(children[0], detail.number(0, "i"))
    if kind == 17:
        entries = children[0]
        key, item = entries.type.fields
        return t.MapType(key, item, detail.number(0, "?", False), entries.name)
    if kind == 18:
        return t.duration(_UNITS[detail.number(0, "h", 1)])
    if kind == 21:
        return t.large_list(children[0])
    raise ArrowNotImplementedError(f"Arrow type {kind} needs the real pyarrow")


def _read_metadata(pairs: List[Reader]) -> Optional[Dict[bytes, bytes]]:
    if not pairs:
        return None
    return {(p.string(0) or "").encode(): (p.string(1) or "").encode() for p in pairs}


def _read_field(field: Reader) -> Field:
    if field.table(4) is not None:
        raise ArrowNotImplementedError("dictionary-encoded columns need the real pyarrow")
    children = [_read_field(c) for c in field.tables(5)]
    return Field(
        field.string(0) or "",
        _read_type(field, children),
        field.number(1, "?", False),
        _read_metadata(field.tables(6)),
    )


class RecordBatchStreamReader:
    """Reads a stream held in memory."""

    def __init__(self, source: Any) -> None:
        data = source.to_pybytes() if isinstance(source, Buffer) else source
        self._data = memoryview(data).cast("B")
        self._position = 0
        message = self._next()
        if message is None or message[0].number(1, "B") != _SCHEMA:
            raise ArrowInvalid("Tried reading schema message, was null or length 0")
        header = message[0].table(2)
        assert header is not None
        self.schema = Schema([_read_field(f) for f in header.tables(1)], _read_metadata(header.tables(2)))

    def _next(self) -> Any:
        data, at = self._data, self._position
        if at + 4 > len(data):
            return None
        if data[at : at + 4] == _MARK:
            at += 4
            if at + 4 > len(data):
                raise ArrowInvalid("Unexpected end of the IPC stream")
        (size,) = struct.unpack_from("<i", data, at)
        at += 4
        if size == 0:
            self._position = len(data)
            return None
        message = Reader.root(data[at : at + size])
        body_size = message.number(3, "q")
        body = data[at + size : at + size + body_size]
        if len(body) != body_size:
            raise ArrowInvalid(f"Expected to be able to read {body_size} bytes for message body, got {len(body)}")
        self._position = at + size + body_size
        return message, body

    def read_next_batch(self) -> RecordBatch:
        message = self._next()
        if message is None:
            raise StopIteration
        kind, header = message[0].number(1, "B"), message[0].table(2)
        if kind != _RECORD_BATCH or header is None:
            raise ArrowNotImplementedError(f"IPC message {kind} needs the real pyarrow")
        if header.table(3) is not None:
            raise ArrowNotImplementedError("compressed IPC buffers need the real pyarrow")
        body = message[1]
        buffers = [body[offset : offset + size] for offset, size in header.structs(2, "<qq")]
        nodes = header.structs(1, "<qq")
        source = Source(nodes, buffers)
        rows = header.number(0, "q")
        columns = [Array(f.type, load=source.skip(f.type), length=rows) for f in self.schema]
        return RecordBatch(columns, self.schema, rows)

    def read_all(self) -> Table:
        return Table(list(self), self.schema)

    def __iter__(self) -> Iterator[RecordBatch]:
        while True:
            try:
                yield self.read_next_batch()
            except StopIteration:
                return

    def __enter__(self) -> "RecordBatchStreamReader":
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def close(self) -> None:
        pass


def _write_type(type: t.DataType) -> tuple:
    name = type.name
    if name == "null":
        return 1, {}
    if name.startswith(("int", "uint")):
        return 2, {0: Number("i", type.bit_width), 1: Number("?", name.startswith("int"))}
    if name in ("halffloat", "float", "double"):
        return 3, {0: Number("h", ["halffloat", "float", "double"].index(name))}
    simple = {"binary": 4, "string": 5, "bool": 6, "large_binary": 19, "large_string": 20, "struct": 13, "list": 12, "large_list": 21}
    if name in simple:
        return simple[name], {}
    if name == "decimal128":
        return 7, {0: Number("i", type.precision), 1: Number("i", type.scale), 2: Number("i", 128)}
    if name in ("date32", "date64"):
        return 8, {0: Number("h", int(name == "date64"))}
    if name in ("time32", "time64"):
        return 9, {0: Number("h", _UNITS.index(type.unit)), 1: Number("i", type.bit_width)}
    if name == "timestamp":
        return 10, {0: Number("h", _UNITS.index(type.unit)), 1: type.tz}
    if name == "year_month_interval":
        return 11, {0: Number("h", 0)}
    if name == "month_day_nano_interval":
        return 11, {0: Number("h", 2)}
    if name == "fixed_size_binary":
        return 15, {0: Number("i", type.byte_width)}
    if name == "map":
        return 17, {0: Number("?", type.keys_sorted)}
    if name == "duration":
        return 18, {0: Number("h", _UNITS.index(type.unit))}
    raise ArrowNotImplementedError(f"writing {type} needs the real pyarrow")


def _write_metadata(metadata: Optional[Dict[bytes, bytes]]) -> Optional[List[TableFields]]:
    if not metadata:
        return None
    return [{0: k.decode("utf-8"), 1: v.decode("utf-8")} for k, v in metadata.items()]


def _write_field(field: Field) -> TableFields:
    kind, detail = _write_type(field.type)
    return {
        0: field.name,
        1: Number("?", field.nullable),
        2: Number("B", kind),
        3: detail,
        5: [_write_field(f) for f in field.type._fields()],
        6: _write_metadata(field.metadata),
    }


def _message(kind: int, header: TableFields, body_size: int) -> bytes:
    raw = write_root({0: Number("h", _V5), 1: Number("B", kind), 2: header, 3: Number("q", body_size)})
    raw += bytes(-(len(raw) + 8) % 8)
    return _MARK + struct.pack("<i", len(raw)) + raw


class RecordBatchStreamWriter:
    """Writes a stream to a sink."""

    def __init__(self, sink: Any, schema: Schema) -> None:
        self._sink = sink
        self.schema = schema
        header: TableFields = {
            0: Number("h", 0),
            1: [_write_field(f) for f in schema],
            2: _write_metadata(schema.metadata),
        }
        sink.write(_message(_SCHEMA, header, 0))

    def write_batch(self, batch: RecordBatch) -> None:
        nodes: List[Any] = []
        buffers: List[bytes] = []
        for column in batch.columns:
            encode(column.type, column._values, nodes, buffers)
        body = bytearray()
        places = []
        for buffer in buffers:
            places.append((len(body), len(buffer)))
            body += buffer
            body += bytes(-len(body) % 8)
        header: TableFields = {0: Number("q", batch.num_rows), 1: Structs("<qq", nodes), 2: Structs("<qq", places)}
        self._sink.write(_message(_RECORD_BATCH, header, len(body)))
        self._sink.write(body)

    def write_table(self, table: Table, max_chunksize: Optional[int] = None) -> None:
        for batch in table.to_batches(max_chunksize):
            self.write_batch(batch)

    def write(self, value: Any) -> None:
        self.write_table(value) if isinstance(value, Table) else self.write_batch(value)

    def close(self) -> None:
        self._sink.write(_MARK + bytes(4))

    def __enter__(self) -> "RecordBatchStreamWriter":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def open_stream(source: Any, **_: Any) -> RecordBatchStreamReader:
    return RecordBatchStreamReader(source)


def new_stream(sink: Any, schema: Schema, **_: Any) -> RecordBatchStreamWriter:
    return RecordBatchStreamWriter(sink, schema)

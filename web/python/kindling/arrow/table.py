"""Record batches and tables."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional

from .array import Array, ChunkedArray, array, as_array
from .errors import ArrowInvalid, ArrowKeyError
from .schema import Field, Schema, schema as make_schema
from .types import StructType


class RecordBatch:
    """Columns of equal length. A batch without columns still knows its number of rows."""

    def __init__(self, columns: List[Array], schema: Schema, num_rows: Optional[int] = None) -> None:
        self.columns = columns
        self.schema = schema
        self.num_rows = num_rows if num_rows is not None else len(columns[0]) if columns else 0
        for column, field in zip(columns, schema):
            if len(column) != self.num_rows:
                raise ArrowInvalid(
                    f"Column '{field.name}' expected length {self.num_rows} but got length {len(column)}"
                )

    @classmethod
    def from_arrays(cls, arrays: Any, names: Any = None, schema: Any = None, metadata: Any = None) -> "RecordBatch":
        columns, schema = _columns(arrays, names, schema, metadata)
        return cls(columns, schema)

    @classmethod
    def from_pylist(cls, mapping: List[Dict[str, Any]], schema: Any = None) -> "RecordBatch":
        names = schema.names if schema is not None else list(mapping[0]) if mapping else []
        return cls.from_arrays([[row.get(n) for row in mapping] for n in names], names, schema)

    @classmethod
    def from_pydict(cls, mapping: Dict[str, Any], schema: Any = None) -> "RecordBatch":
        return cls.from_arrays(list(mapping.values()), list(mapping), schema)

    @property
    def num_columns(self) -> int:
        return len(self.columns)

    @property
    def column_names(self) -> List[str]:
        return self.schema.names

    @property
    def nbytes(self) -> int:
        return sum(c.nbytes for c in self.columns)

    def column(self, i: Any) -> Any:
        return self.columns[_index(self.schema, i)]

    def field(self, i: Any) -> Field:
        return self.schema.field(i)

    def select(self, columns: List[Any]) -> "RecordBatch":
        indices = [_index(self.schema, c) for c in columns]
        return RecordBatch([self.columns[i] for i in indices], Schema([self.schema[i] for i in indices]), self.num_rows)

    def slice(self, offset: int = 0, length: Optional[int] = None) -> "RecordBatch":
        rows = max(self.num_rows - offset, 0) if length is None else min(length, max(self.num_rows - offset, 0))
        return RecordBatch([c.slice(offset, rows) for c in self.columns], self.schema, rows)

    def to_pydict(self) -> Dict[str, List[Any]]:
        return {n: c.to_pylist() for n, c in zip(self.schema.names, self.columns)}

    def to_pylist(self) -> List[Dict[str, Any]]:
        return _rows(self)

    def __iter__(self) -> Iterator[Array]:
        return iter(self.columns)

    def __len__(self) -> int:
        return self.num_rows

    def __getitem__(self, i: Any) -> Any:
        return self.slice(i.start or 0, None if i.stop is None else i.stop - (i.start or 0)) if isinstance(i, slice) else self.column(i)


class Table:
    """Record batches of one schema."""

    def __init__(self, batches: List[RecordBatch], schema: Schema) -> None:
        self._batches = batches
        self.schema = schema

    @classmethod
    def from_batches(cls, batches: Any, schema: Optional[Schema] = None) -> "Table":
        parts = list(batches)
        if schema is None:
            if not parts:
                raise ArrowInvalid("Must pass schema, or at least one RecordBatch")
            schema = parts[0].schema
        return cls(parts, schema)

    @classmethod
    def from_arrays(cls, arrays: Any, names: Any = None, schema: Any = None, metadata: Any = None) -> "Table":
        batch = RecordBatch.from_arrays(arrays, names, schema, metadata)
        return cls([batch], batch.schema)

    @classmethod
    def from_struct_array(cls, struct_array: Array) -> "Table":
        struct = struct_array.type
        assert isinstance(struct, StructType)
        schema = Schema(list(struct))
        return cls([RecordBatch([struct_array.field(i) for i in range(len(struct))], schema, len(struct_array))], schema)

    @classmethod
    def from_pylist(cls, mapping: List[Dict[str, Any]], schema: Any = None) -> "Table":
        batch = RecordBatch.from_pylist(mapping, schema)
        return cls([batch], batch.schema)

    @classmethod
    def from_pydict(cls, mapping: Dict[str, Any], schema: Any = None) -> "Table":
        batch = RecordBatch.from_pydict(mapping, schema)
        return cls([batch], batch.schema)

    @property
    def num_rows(self) -> int:
        return sum(b.num_rows for b in self._batches)

    @property
    def num_columns(self) -> int:
        return len(self.schema)

    @property
    def shape(self) -> tuple:
        return (self.num_rows, self.num_columns)

    @property
    def column_names(self) -> List[str]:
        return self.schema.names

    @property
    def columns(self) -> List[ChunkedArray]:
        return [self.column(i) for i in range(self.num_columns)]

    @property
    def nbytes(self) -> int:
        return sum(b.nbytes for b in self._batches)

    def column(self, i: Any) -> ChunkedArray:
        index = _index(self.schema, i)
        return ChunkedArray([b.columns[index] for b in self._batches], self.schema[index].type)

    def field(self, i: Any) -> Field:
        return self.schema.field(i)

    def itercolumns(self) -> Iterator[ChunkedArray]:
        return iter(self.columns)

    def to_batches(self, max_chunksize: Optional[int] = None) -> List[RecordBatch]:
        if not max_chunksize:
            return list(self._batches)
        return [b.slice(i, max_chunksize) for b in self._batches for i in range(0, b.num_rows, max_chunksize)]

    def select(self, columns: List[Any]) -> "Table":
        indices = [_index(self.schema, c) for c in columns]
        return Table([b.select(indices) for b in self._batches], Schema([self.schema[i] for i in indices]))

    def rename_columns(self, names: List[str]) -> "Table":
        schema = Schema([f.with_name(n) for f, n in zip(self.schema, names)], self.schema.metadata)
        return Table([RecordBatch(b.columns, schema, b.num_rows) for b in self._batches], schema)

    def cast(self, target_schema: Schema, safe: bool = True) -> "Table":
        if self.schema.names != target_schema.names:
            raise ValueError(f"Target schema's field names are not matching the table's field names: {self.schema.names}, {target_schema.names}")
        return Table(
            [
                RecordBatch([c.cast(f.type, safe) for c, f in zip(b.columns, target_schema)], target_schema, b.num_rows)
                for b in self._batches
            ],
            target_schema,
        )

    def slice(self, offset: int = 0, length: Optional[int] = None) -> "Table":
        parts = []
        left = self.num_rows if length is None else length
        for b in self._batches:
            if offset >= b.num_rows:
                offset -= b.num_rows
                continue
            part = b.slice(offset, left)
            offset, left = 0, left - part.num_rows
            parts.append(part)
        return Table(parts, self.schema)

    def combine_chunks(self) -> "Table":
        columns = [c.combine_chunks() for c in self.columns]
        return Table([RecordBatch(columns, self.schema, self.num_rows)], self.schema)

    def to_pydict(self) -> Dict[str, List[Any]]:
        return {n: c.to_pylist() for n, c in zip(self.schema.names, self.columns)}

    def to_pylist(self) -> List[Dict[str, Any]]:
        return [row for b in self._batches for row in b.to_pylist()]

    def __len__(self) -> int:
        return self.num_rows

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            start = i.start or 0
            return self.slice(start, None if i.stop is None else i.stop - start)
        return self.column(i)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Table) and self.schema == other.schema and self.to_pydict() == other.to_pydict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"pyarrow.Table\n{self.schema!r}"


def _index(schema: Schema, i: Any) -> int:
    if not isinstance(i, str):
        return i
    index = schema.get_field_index(i)
    if index < 0:
        raise ArrowKeyError(f'Field "{i}" does not exist in schema')
    return index


def _rows(batch: RecordBatch) -> List[Dict[str, Any]]:
    names = batch.schema.names
    if not names:
        return [{}] * batch.num_rows
    return [dict(zip(names, row)) for row in zip(*[c._values for c in batch.columns])]


def _columns(arrays: Any, names: Any, schema: Any, metadata: Any) -> tuple:
    values = list(arrays)
    if schema is not None:
        schema = make_schema(schema)
        if len(values) != len(schema):
            raise ArrowInvalid(f"Schema and number of arrays unequal: {len(schema)} and {len(values)}")
        return [as_array(v, f) for v, f in zip(values, schema)], schema
    columns = [as_array(v) for v in values]
    return columns, Schema([Field(n, c.type) for n, c in zip(names or [], columns)], metadata)


__all__ = ["RecordBatch", "Table", "array"]

"""Fields and schemas."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional

from .errors import ArrowKeyError
from .types import DataType, StructType


def _metadata(metadata: Any) -> Optional[Dict[bytes, bytes]]:
    if metadata is None:
        return None

    def encode(value: Any) -> bytes:
        return value.encode("utf-8") if isinstance(value, str) else bytes(value)

    return {encode(k): encode(v) for k, v in metadata.items()}


class Field:
    """A named type."""

    def __init__(self, name: str, type: DataType, nullable: bool = True, metadata: Any = None) -> None:
        self.name = name
        self.type = type
        self.nullable = bool(nullable)
        self.metadata = _metadata(metadata)

    def with_name(self, name: str) -> "Field":
        return Field(name, self.type, self.nullable, self.metadata)

    def with_type(self, type: DataType) -> "Field":
        return Field(self.name, type, self.nullable, self.metadata)

    def with_nullable(self, nullable: bool) -> "Field":
        return Field(self.name, self.type, nullable, self.metadata)

    def with_metadata(self, metadata: Any) -> "Field":
        return Field(self.name, self.type, self.nullable, metadata)

    def _text(self) -> str:
        return f"{self.name}: {self.type}" + ("" if self.nullable else " not null")

    def equals(self, other: Any, check_metadata: bool = False) -> bool:
        return self == other and (not check_metadata or self.metadata == other.metadata)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Field) and (self.name, self.type, self.nullable) == (
            other.name,
            other.type,
            other.nullable,
        )

    def __hash__(self) -> int:
        return hash((self.name, self.type, self.nullable))

    def __repr__(self) -> str:
        return f"pyarrow.Field<{self._text()}>"


class Schema:
    """An ordered list of fields."""

    def __init__(self, fields: List[Field], metadata: Any = None) -> None:
        self._fields = fields
        self.metadata = _metadata(metadata)

    @property
    def names(self) -> List[str]:
        return [f.name for f in self._fields]

    @property
    def types(self) -> List[DataType]:
        return [f.type for f in self._fields]

    def field(self, i: Any) -> Field:
        if isinstance(i, str):
            index = self.get_field_index(i)
            if index < 0:
                raise ArrowKeyError(f"Column {i} does not exist in schema")
            return self._fields[index]
        return self._fields[i]

    def get_field_index(self, name: str) -> int:
        found = [i for i, f in enumerate(self._fields) if f.name == name]
        return found[0] if len(found) == 1 else -1

    def with_metadata(self, metadata: Any) -> "Schema":
        return Schema(self._fields, metadata)

    def remove_metadata(self) -> "Schema":
        return Schema(self._fields)

    def append(self, field: Field) -> "Schema":
        return Schema([*self._fields, field], self.metadata)

    def set(self, i: int, field: Field) -> "Schema":
        return Schema([*self._fields[:i], field, *self._fields[i + 1 :]], self.metadata)

    def empty_table(self) -> Any:
        from .table import Table

        return Table.from_batches([], schema=self)

    def equals(self, other: Any, check_metadata: bool = False) -> bool:
        return self == other and (not check_metadata or self.metadata == other.metadata)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getitem__(self, i: Any) -> Field:
        return self.field(i)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Schema) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(tuple(self._fields))

    def __repr__(self) -> str:
        return "\n".join(f._text() for f in self._fields)


def field(name: Any, type: Optional[DataType] = None, nullable: bool = True, metadata: Any = None) -> Field:
    if isinstance(name, Field):
        return name
    return Field(name, type, nullable, metadata)


def schema(fields: Any, metadata: Any = None) -> Schema:
    if isinstance(fields, Schema):
        return fields
    if isinstance(fields, (StructType,)):
        return Schema(list(fields), metadata)
    items = fields.items() if isinstance(fields, dict) else fields
    return Schema([f if isinstance(f, Field) else Field(*f) for f in items], metadata)

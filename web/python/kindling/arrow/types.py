"""Arrow data types: plain values that compare by content."""

from __future__ import annotations

from typing import Any, Iterator, List, Optional


class DataType:
    """A type without parameters; subclasses add theirs."""

    def __init__(self, name: str, bit_width: Optional[int] = None) -> None:
        self.name = name
        self._bit_width = bit_width

    @property
    def id(self) -> str:
        return self.name

    @property
    def bit_width(self) -> int:
        if self._bit_width is None:
            raise ValueError("Non-fixed width type")
        return self._bit_width

    @property
    def num_fields(self) -> int:
        return len(self._fields())

    def field(self, i: int) -> Any:
        return self._fields()[i]

    def _fields(self) -> List[Any]:
        return []

    def _key(self) -> tuple:
        return (self.name,)

    def equals(self, other: Any, check_metadata: bool = False) -> bool:
        return self == other

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, DataType) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"DataType({self})"


class Decimal128Type(DataType):
    def __init__(self, precision: int, scale: int) -> None:
        super().__init__("decimal128", 128)
        self.precision = precision
        self.scale = scale

    def _key(self) -> tuple:
        return (self.name, self.precision, self.scale)

    def __str__(self) -> str:
        return f"decimal128({self.precision}, {self.scale})"


class FixedSizeBinaryType(DataType):
    def __init__(self, byte_width: int) -> None:
        super().__init__("fixed_size_binary", byte_width * 8)
        self.byte_width = byte_width

    def _key(self) -> tuple:
        return (self.name, self.byte_width)

    def __str__(self) -> str:
        return f"fixed_size_binary[{self.byte_width}]"


class _UnitType(DataType):
    def __init__(self, name: str, unit: str, bit_width: int = 64) -> None:
        super().__init__(name, bit_width)
        self.unit = unit

    def _key(self) -> tuple:
        return (self.name, self.unit)

    def __str__(self) -> str:
        return f"{self.name}[{self.unit}]"


class TimestampType(_UnitType):
    def __init__(self, unit: str, tz: Optional[str]) -> None:
        super().__init__("timestamp", unit)
        self.tz = tz

    def _key(self) -> tuple:
        return (self.name, self.unit, self.tz)

    def __str__(self) -> str:
        return f"timestamp[{self.unit}]" if self.tz is None else f"timestamp[{self.unit}, tz={self.tz}]"


class ListType(DataType):
    """`list`, `large_list`."""

    def __init__(self, value_field: Any, name: str = "list") -> None:
        super().__init__(name)
        self.value_field = value_field

    @property
    def value_type(self) -> DataType:
        return self.value_field.type

    def _fields(self) -> List[Any]:
        return [self.value_field]

    def _key(self) -> tuple:
        return (self.name, self.value_field.type, self.value_field.nullable)

    def __str__(self) -> str:
        return f"{self.name}<{self.value_field._text()}>"


class FixedSizeListType(ListType):
    def __init__(self, value_field: Any, list_size: int) -> None:
        super().__init__(value_field, "fixed_size_list")
        self.list_size = list_size

    def _key(self) -> tuple:
        return (*super()._key(), self.list_size)


class MapType(DataType):
    def __init__(self, key_field: Any, item_field: Any, keys_sorted: bool = False, entries: str = "entries") -> None:
        super().__init__("map")
        self.key_field = key_field
        self.item_field = item_field
        self.keys_sorted = keys_sorted
        self._entries = entries

    @property
    def key_type(self) -> DataType:
        return self.key_field.type

    @property
    def item_type(self) -> DataType:
        return self.item_field.type

    def _fields(self) -> List[Any]:
        from .schema import Field

        return [Field(self._entries, StructType([self.key_field, self.item_field]), False)]

    def _key(self) -> tuple:
        return (self.name, self.key_field.type, self.item_field.type, self.item_field.nullable)

    def __str__(self) -> str:
        return f"map<{self.key_type}, {self.item_type}>"


class StructType(DataType):
    def __init__(self, fields: List[Any]) -> None:
        super().__init__("struct")
        self.fields = fields

    @property
    def names(self) -> List[str]:
        return [f.name for f in self.fields]

    def _fields(self) -> List[Any]:
        return self.fields

    def field(self, i: Any) -> Any:
        if isinstance(i, str):
            return self.fields[self.get_field_index(i)]
        return self.fields[i]

    def get_field_index(self, name: str) -> int:
        found = [i for i, f in enumerate(self.fields) if f.name == name]
        return found[0] if len(found) == 1 else -1

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, i: Any) -> Any:
        return self.field(i)

    def _key(self) -> tuple:
        return (self.name, tuple((f.name, f.type, f.nullable) for f in self.fields))

    def __str__(self) -> str:
        return f"struct<{', '.join(f._text() for f in self.fields)}>"


_NULL = DataType("null")
_BOOL = DataType("bool", 1)
_STRING = DataType("string")
_LARGE_STRING = DataType("large_string")
_BINARY = DataType("binary")
_LARGE_BINARY = DataType("large_binary")
_NUMBERS = {
    name: DataType(name, bits)
    for name, bits in (
        ("int8", 8),
        ("int16", 16),
        ("int32", 32),
        ("int64", 64),
        ("uint8", 8),
        ("uint16", 16),
        ("uint32", 32),
        ("uint64", 64),
        ("halffloat", 16),
        ("float", 32),
        ("double", 64),
    )
}


def null() -> DataType:
    return _NULL


def bool_() -> DataType:
    return _BOOL


def int8() -> DataType:
    return _NUMBERS["int8"]


def int16() -> DataType:
    return _NUMBERS["int16"]


def int32() -> DataType:
    return _NUMBERS["int32"]


def int64() -> DataType:
    return _NUMBERS["int64"]


def uint8() -> DataType:
    return _NUMBERS["uint8"]


def uint16() -> DataType:
    return _NUMBERS["uint16"]


def uint32() -> DataType:
    return _NUMBERS["uint32"]


def uint64() -> DataType:
    return _NUMBERS["uint64"]


def float16() -> DataType:
    return _NUMBERS["halffloat"]


def float32() -> DataType:
    return _NUMBERS["float"]


def float64() -> DataType:
    return _NUMBERS["double"]


def string() -> DataType:
    return _STRING


utf8 = string


def large_string() -> DataType:
    return _LARGE_STRING


large_utf8 = large_string


def binary(length: int = -1) -> DataType:
    return _BINARY if length == -1 else FixedSizeBinaryType(length)


def large_binary() -> DataType:
    return _LARGE_BINARY


def decimal128(precision: int, scale: int = 0) -> DataType:
    return Decimal128Type(precision, scale)


def date32() -> DataType:
    return _UnitType("date32", "day", 32)


def date64() -> DataType:
    return _UnitType("date64", "ms")


def time32(unit: str) -> DataType:
    return _UnitType("time32", unit, 32)


def time64(unit: str) -> DataType:
    return _UnitType("time64", unit)


def timestamp(unit: str, tz: Optional[str] = None) -> DataType:
    return TimestampType(unit, tz)


def duration(unit: str) -> DataType:
    return _UnitType("duration", unit)


def month_day_nano_interval() -> DataType:
    return DataType("month_day_nano_interval", 128)


def year_month_interval() -> DataType:
    """Not in pyarrow: Spark's year-month intervals arrive as this."""
    return DataType("year_month_interval", 32)


def _as_field(value: Any, name: str, nullable: bool = True) -> Any:
    from .schema import Field

    return value if isinstance(value, Field) else Field(name, value, nullable)


def list_(value_type: Any, list_size: int = -1) -> DataType:
    item = _as_field(value_type, "item")
    return ListType(item) if list_size == -1 else FixedSizeListType(item, list_size)


def large_list(value_type: Any) -> DataType:
    return ListType(_as_field(value_type, "item"), "large_list")


def map_(key_type: Any, item_type: Any, keys_sorted: bool = False) -> DataType:
    return MapType(_as_field(key_type, "key", False), _as_field(item_type, "value"), keys_sorted)


def struct(fields: Any) -> DataType:
    from .schema import Field

    items = fields.items() if isinstance(fields, dict) else fields
    return StructType([f if isinstance(f, Field) else Field(*f) for f in items])


def _named(*names: str) -> Any:
    def check(t: Any) -> bool:
        return isinstance(t, DataType) and t.name in names

    return check


is_null = _named("null")
is_boolean = _named("bool")
is_int8 = _named("int8")
is_int16 = _named("int16")
is_int32 = _named("int32")
is_int64 = _named("int64")
is_uint8 = _named("uint8")
is_uint16 = _named("uint16")
is_uint32 = _named("uint32")
is_uint64 = _named("uint64")
is_signed_integer = _named("int8", "int16", "int32", "int64")
is_unsigned_integer = _named("uint8", "uint16", "uint32", "uint64")
is_integer = _named("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
is_float16 = _named("halffloat")
is_float32 = _named("float")
is_float64 = _named("double")
is_floating = _named("halffloat", "float", "double")
is_decimal = _named("decimal128")
is_decimal128 = is_decimal
is_decimal256 = _named("decimal256")
is_string = _named("string")
is_unicode = is_string
is_large_string = _named("large_string")
is_large_unicode = is_large_string
is_string_view = _named("string_view")
is_binary = _named("binary")
is_large_binary = _named("large_binary")
is_binary_view = _named("binary_view")
is_fixed_size_binary = _named("fixed_size_binary")
is_date = _named("date32", "date64")
is_date32 = _named("date32")
is_date64 = _named("date64")
is_time = _named("time32", "time64")
is_time32 = _named("time32")
is_time64 = _named("time64")
is_timestamp = _named("timestamp")
is_duration = _named("duration")
is_interval = _named("month_day_nano_interval")
is_list = _named("list")
is_large_list = _named("large_list")
is_fixed_size_list = _named("fixed_size_list")
is_list_view = _named("list_view")
is_struct = _named("struct")
is_map = _named("map")
is_dictionary = _named("dictionary")
is_union = _named("union")
is_nested = _named("list", "large_list", "fixed_size_list", "struct", "map")

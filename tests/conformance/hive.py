"""Rows as Spark's `HiveResult` writes them: what the golden files and the documented examples show."""

import base64
import datetime
import decimal
import zoneinfo

import numpy as np
import pyarrow as pa
from arrow_view import batches
from pyspark.sql import types as T

MICROS = 1_000_000
EPOCH = datetime.datetime(1970, 1, 1)
# The Gregorian calendar repeats after 400 years; Python's `datetime` knows years 1 to 9999.
CYCLE_SECONDS = 146_097 * 86_400


class HiveText:
    """Formats Arrow columns of Spark types. `style` is `spark.sql.binaryOutputStyle`."""

    def __init__(self, time_zone: str = "UTC", style: str | None = None):
        self.zone = zone_of(time_zone)
        self.zone_name = time_zone
        self.style = style

    def rows(self, table: pa.Table, schema: T.StructType) -> list[str]:
        """One tab-separated line per row."""
        lines = []
        for batch in batches(table):
            columns = [self.texts(batch.column(i), field.dataType, False) for i, field in enumerate(schema.fields)]
            lines += ["\t".join(row) for row in zip(*columns)] if columns else [""] * batch.num_rows
        return lines

    def texts(self, array: pa.Array, kind: T.DataType, nested: bool) -> list[str]:
        null = "null" if nested else "NULL"
        if pa.types.is_null(array.type):
            return [null] * len(array)
        write = self.writer(kind, nested)
        valid = array.is_valid().to_pylist()
        return [write(value) if ok else null for ok, value in zip(valid, self.values(array, kind))]

    def values(self, array: pa.Array, kind: T.DataType) -> list:
        """What `writer` takes, one per row: nested values are lists of texts already."""
        if isinstance(kind, T.ArrayType):
            items = self.texts(array.values, kind.elementType, nested=True)
            return [items[start:end] for start, end in spans(array)]
        if isinstance(kind, T.MapType):
            keys = self.texts(array.keys, kind.keyType, nested=True)
            items = self.texts(array.items, kind.valueType, nested=True)
            entries = [f"{key}:{item}" for key, item in zip(keys, items)]
            return [entries[start:end] for start, end in spans(array)]
        if isinstance(kind, T.StructType):
            fields = [self.texts(child, field.dataType, True) for child, field in zip(array.flatten(), kind.fields)]
            return list(zip(*fields)) if fields else [()] * len(array)
        if isinstance(kind, T.VariantType):
            return [(row["value"], row["metadata"]) if row else None for row in array.to_pylist()]
        if isinstance(kind, (T.DateType, T.TimestampType, T.TimestampNTZType, T.TimeType, T.DayTimeIntervalType)):
            width = pa.int32() if isinstance(kind, T.DateType) else pa.int64()
            return array.view(width).to_pylist()
        return array.to_pylist()

    def writer(self, kind: T.DataType, nested: bool):
        """The function that writes one value that is not null."""
        if isinstance(kind, T.BooleanType):
            return lambda value: "true" if value else "false"
        if isinstance(kind, T.FloatType):
            return lambda value: java_float(np.float32(value))
        if isinstance(kind, T.DoubleType):
            return lambda value: java_float(np.float64(value))
        if isinstance(kind, T.DecimalType):
            return plain_decimal
        if isinstance(kind, T.BinaryType):
            return self.binary
        if isinstance(kind, T.StringType):
            return (lambda value: f'"{value}"') if nested else str
        if isinstance(kind, T.DateType):
            return date
        if isinstance(kind, T.TimestampType):
            return self.timestamp
        if isinstance(kind, T.TimestampNTZType):
            return timestamp_ntz
        if isinstance(kind, T.TimeType):
            return lambda nanos: clock(nanos // 1000 // MICROS, nanos // 1000 % MICROS)
        if isinstance(kind, T.YearMonthIntervalType):
            return year_month
        if isinstance(kind, T.DayTimeIntervalType):
            return day_time
        if isinstance(kind, T.CalendarIntervalType):
            return calendar_interval
        if isinstance(kind, T.ArrayType):
            return lambda items: "[" + ",".join(items) + "]"
        if isinstance(kind, T.MapType):
            return lambda entries: "{" + ",".join(sorted(entries)) + "}"
        if isinstance(kind, T.StructType):
            names = [field.name for field in kind.fields]
            return lambda row: "{" + ",".join(f'"{name}":{text}' for name, text in zip(names, row)) + "}"
        if isinstance(kind, T.VariantType):
            return lambda parts: T.VariantVal(*parts).toJson(self.zone_name)
        return str

    def timestamp(self, micros: int) -> str:
        seconds = micros // MICROS
        return timestamp_ntz(micros + offset_seconds(self.zone, seconds) * MICROS)

    def binary(self, value: bytes) -> str:
        if self.style == "BASE64":
            return base64.b64encode(value).decode().rstrip("=")
        if self.style == "HEX":
            return value.hex().upper()
        if self.style == "BASIC":
            return str([byte - 256 if byte > 127 else byte for byte in value])
        if self.style == "HEX_DISCRETE":
            return "[" + " ".join(f"{byte:02X}" for byte in value) + "]"
        return value.decode(errors="replace")


def spans(array: pa.Array) -> list[tuple[int, int]]:
    offsets = array.offsets.to_pylist()
    return list(zip(offsets, offsets[1:]))


def zone_of(name: str) -> datetime.tzinfo:
    """A zone by any of the names that Java's `ZoneId` and Spark take."""
    sign = name.removeprefix("UTC").removeprefix("GMT").removeprefix("UT")
    if sign[:1] in ("+", "-"):
        parts = [int(part) for part in sign[1:].split(":")] if ":" in sign else [int(sign[1:3]), int(sign[3:5] or 0)]
        seconds = sum(part * unit for part, unit in zip(parts, (3600, 60, 1)))
        return datetime.timezone(datetime.timedelta(seconds=-seconds if sign[0] == "-" else seconds))
    return datetime.timezone.utc if name in ("Z", "") else zoneinfo.ZoneInfo(name)


def offset_seconds(zone: datetime.tzinfo, seconds: int) -> int:
    """The zone's offset at an instant, in any year."""
    first = datetime.datetime(2, 1, 1) - EPOCH
    while seconds < first.total_seconds():
        seconds += CYCLE_SECONDS
        if seconds >= first.total_seconds():
            # Before the first transition every instant has the zone's first offset.
            seconds = int(first.total_seconds())
    while seconds >= 253_370_764_800:
        seconds -= CYCLE_SECONDS
    instant = (EPOCH + datetime.timedelta(seconds=seconds)).replace(tzinfo=datetime.timezone.utc)
    return int(instant.astimezone(zone).utcoffset().total_seconds())


def date(days: int) -> str:
    cycles, rest = divmod(days, 146_097)
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=rest)
    year = day.year + 400 * cycles
    text = f"+{year}" if year > 9999 else f"-{-year:04}" if year < 0 else f"{year:04}"
    return f"{text}-{day.month:02}-{day.day:02}"


def clock(seconds: int, micros: int) -> str:
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{micros:06}".rstrip("0") if micros else text


def timestamp_ntz(micros: int) -> str:
    seconds, fraction = divmod(micros, MICROS)
    days, seconds = divmod(seconds, 86_400)
    return f"{date(days)} {clock(seconds, fraction)}"


def year_month(months: int) -> str:
    sign, months = ("-", -months) if months < 0 else ("", months)
    return f"{sign}{months // 12}-{months % 12}"


def day_time(micros: int) -> str:
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    seconds, fraction = divmod(micros, MICROS)
    days, seconds = divmod(seconds, 86_400)
    clock_text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{sign}{days} {clock_text}.{fraction * 1000:09}"


def calendar_interval(value) -> str:
    months, days, nanos = value.months, value.days, value.nanoseconds
    micros = int(decimal.Decimal(nanos) / 1000)
    sign = -1 if micros < 0 else 1
    seconds, minutes, hours = abs(micros) % 60_000_000, abs(micros) // 60_000_000 % 60, abs(micros) // 3_600_000_000
    years = int(decimal.Decimal(months) / 12)
    parts = [(years, "years"), (months - 12 * years, "months"), (days, "days"), (sign * hours, "hours")]
    parts.append((sign * minutes, "minutes"))
    words = [f"{number} {unit}" for number, unit in parts if number]
    if seconds:
        words.append(f"{plain_decimal((decimal.Decimal(sign * seconds) / MICROS).normalize())} seconds")
    return " ".join(words) or "0 seconds"


def plain_decimal(value: decimal.Decimal) -> str:
    return format(value, "f")


def java_float(value: np.floating) -> str:
    """`Double.toString` and `Float.toString`."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if np.signbit(value) else "0.0"
    digits = np.format_float_scientific(value, unique=True, trim="0")
    mantissa, exponent = digits.split("e")
    power = int(exponent)
    if -3 <= power < 7:
        return np.format_float_positional(value, unique=True, trim="0")
    return f"{mantissa}E{power}"

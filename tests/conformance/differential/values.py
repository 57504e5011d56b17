"""Values of every type as SQL literals, the awkward ones first of all."""

import random
import re

INTEGERS = {"tinyint": 7, "smallint": 15, "int": 31, "bigint": 63}
DECIMALS = ["decimal(10,2)", "decimal(38,18)", "decimal(38,0)", "decimal(5,5)", "decimal(20,0)"]
NUMBERS = [*INTEGERS, "float", "double", *DECIMALS]
TIMES = ["date", "timestamp", "timestamp_ntz"]
INTERVALS = ["interval year to month", "interval day to second"]
SCALARS = ["boolean", *NUMBERS, "string", "binary", *TIMES, *INTERVALS]
NESTED = [
    "array<int>",
    "array<string>",
    "array<double>",
    "array<array<int>>",
    "map<string,int>",
    "map<int,double>",
    "struct<a:int,b:string>",
    "array<struct<a:int,b:string>>",
]

STRINGS = [
    "", " ", "a", "A", "abc", "ABC", "Spark SQL", "a,b,c", "aaa", " pad ", "é", "ß", "日本語", "😀x", "İ", "%a_", "a\\\\b", "0", "1", "-1",
    "+7", " 12 ", "1.5", "1e3", "-0.0", "NaN", "Infinity", "128", "2147483648", "9223372036854775808", "true", "F", "yes", "2024-02-29",
    "2023-02-29", "1970-01-01 00:00:00", "2024-03-10T02:30:00Z", "12:34:56", "{\"a\":1,\"b\":\"x\"}", "[1,2,null]", "http://a.b/c?k=v#f",
    "1 day", "-1-2", "x'y", "a\\nb", "\\0", "ABCdef123",
]  # fmt: skip
DOUBLES = ["0.0", "-0.0", "1.0", "-1.5", "NaN", "Infinity", "-Infinity", "0.1", "1E-3", "123456.789", "1E7", "2.5", "3.5", "-2.5", "1E20"]
EXTREME = {"float": ["3.4028235E38", "1.4E-45", "-3.4028235E38"], "double": ["1.7976931348623157E308", "4.9E-324", "9007199254740993"]}
DATES = [
    "1970-01-01", "1969-12-31", "2024-02-29", "2023-12-31", "2000-01-01", "0001-01-01", "9999-12-31", "1582-10-04", "1582-10-15",
    "1582-10-10", "1900-01-01", "2024-03-10", "2024-11-03",
]  # fmt: skip
TIMESTAMPS = [
    "1970-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2024-02-29 12:34:56.789", "2024-03-10 02:30:00", "2024-03-10 01:59:59",
    "2024-11-03 01:30:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1883-11-18 12:00:00", "1900-01-01 00:00:00.000001",
    "1582-10-10 10:10:10",
]  # fmt: skip
MONTHS = ["0-0", "1-2", "-0-1", "10-11", "178956970-7", "-178956970-8"]
DAYS = ["0 00:00:00", "1 02:03:04.5", "-0 00:00:00.000001", "-3 23:59:59.999999", "106751991 04:00:54.775807", "365 00:00:00"]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "\\'") + "'"


def fields(kind: str) -> list[tuple[str, str]]:
    """Names and types of a struct."""
    parts, depth, start = [], 0, 0
    inside = kind[len("struct<") : -1]
    for index, letter in enumerate(inside + ","):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "," and depth == 0:
            name, _, rest = inside[start:index].partition(":")
            parts.append((name.strip(), rest))
            start = index + 1
    return parts


def key_and_value(kind: str) -> tuple[str, str]:
    """Both types of a map; keys are scalars without a comma."""
    key, _, value = kind[len("map<") : -1].partition(",")
    return key, value


def element(kind: str) -> str:
    return kind[len("array<") : -1]


def literal(rng: random.Random, kind: str, null: float = 0.15, mild: bool = False) -> str:
    """A literal of `kind`; a `mild` one is small, so that arithmetic seldom overflows."""
    if rng.random() < null:
        return f"CAST(NULL AS {kind})"
    if kind.startswith("array<"):
        count = rng.choice([0, 1, 2, 3, 3])
        if not count:
            return f"CAST(array() AS {kind})"
        return "array(" + ", ".join(literal(rng, element(kind), null, mild) for _ in range(count)) + ")"
    if kind.startswith("map<"):
        key, value = key_and_value(kind)
        keys = list(dict.fromkeys(literal(rng, key, 0, mild) for _ in range(rng.choice([0, 1, 2, 3]))))
        if not keys:
            return f"CAST(map() AS {kind})"
        return "map(" + ", ".join(f"{each}, {literal(rng, value, null, mild)}" for each in keys) + ")"
    if kind.startswith("struct<"):
        made = ", ".join(f"'{name}', {literal(rng, inner, null, mild)}" for name, inner in fields(kind))
        return f"named_struct({made})"
    return scalar(rng, kind, mild)


def scalar(rng: random.Random, kind: str, mild: bool) -> str:
    if kind in INTEGERS:
        return integer(rng, kind, mild)
    if kind.startswith("decimal"):
        return decimal(rng, kind, mild)
    if kind in ("float", "double"):
        if not mild and rng.random() < 0.2:
            # No literal of its own: Spark finds the float's out of range.
            return f"CAST({quoted(rng.choice(EXTREME[kind]))} AS {kind})"
        return number(rng.choice(DOUBLES), kind)
    if kind == "boolean":
        return rng.choice(["true", "false"])
    if kind == "string":
        return quoted(rng.choice(STRINGS))
    if kind == "binary":
        return f"X'{rng.choice(['', '00', 'FF', '616263', 'C3A9', 'FFFE', '0001027F80'])}'"
    if kind == "date":
        return f"DATE'{rng.choice(DATES)}'"
    if kind in ("timestamp", "timestamp_ntz"):
        return f"{kind.upper()}'{rng.choice(TIMESTAMPS)}'"
    texts, unit = (MONTHS, "YEAR TO MONTH") if "month" in kind else (DAYS, "DAY TO SECOND")
    return f"INTERVAL '{rng.choice(texts[:3] if mild else texts)}' {unit}"


def number(text: str, kind: str) -> str:
    if text[-1].isalpha() or text[-1] == "y":
        return f"{kind}({quoted(text)})"
    return text + ("F" if kind == "float" else "D")


def integer(rng: random.Random, kind: str, mild: bool) -> str:
    limit = 1 << INTEGERS[kind]
    value = rng.choice([0, 1, -1, 2, 3, 5, 7, 10, 42, 100, -7])
    if not mild and rng.random() < 0.25:
        value = rng.choice([limit - 1, -limit, limit // 2, -limit + 1])
    suffix = {"tinyint": "Y", "smallint": "S", "int": "", "bigint": "L"}[kind]
    return f"{value}{suffix}"


def decimal(rng: random.Random, kind: str, mild: bool) -> str:
    precision, scale = map(int, re.findall(r"\d+", kind))
    digits = min(precision, 4) if mild or rng.random() < 0.6 else precision
    unscaled = rng.choice([0, 1, 10 ** min(scale, precision - 1), 15, 25, 10**digits - 1, 5 * 10 ** max(0, scale - 1)])
    unscaled = min(unscaled, 10**precision - 1) * rng.choice([1, 1, -1])
    text = f"{abs(unscaled):0{scale + 1}}"
    text = ("-" if unscaled < 0 else "") + (text[:-scale] + "." + text[-scale:] if scale else text)
    return f"CAST('{text}' AS {kind})"

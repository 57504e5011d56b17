"""Small random tables, a view each, with a column of every type."""

import dataclasses
import random
import re

from values import DECIMALS, literal

COLUMNS = {
    "b": "boolean",
    "y": "tinyint",
    "h": "smallint",
    "i": "int",
    "l": "bigint",
    "f": "float",
    "d": "double",
    "m": DECIMALS[0],
    "n": DECIMALS[1],
    "o": DECIMALS[2],
    "s": "string",
    "s2": "string",
    "x": "binary",
    "dt": "date",
    "ts": "timestamp",
    "nt": "timestamp_ntz",
    "ym": "interval year to month",
    "ds": "interval day to second",
    "ai": "array<int>",
    "sa": "array<string>",
    "da": "array<double>",
    "mp": "map<string,int>",
    "st": "struct<a:int,b:string>",
}


@dataclasses.dataclass(frozen=True)
class Table:
    """`id` is the number of the row; the other columns hold few different values, so that rows meet in joins and groups."""

    name: str
    columns: dict[str, str]
    rows: tuple[tuple[str, ...], ...]

    def view(self) -> str:
        names = ", ".join(self.columns)
        rows = ", ".join("(" + ", ".join(row) + ")" for row in self.rows)
        return f"CREATE OR REPLACE TEMPORARY VIEW {self.name} AS SELECT * FROM VALUES {rows} AS {self.name}({names})"

    def only(self, names: set[str]) -> "Table":
        """With the columns that are named, and `id`."""
        kept = [index for index, name in enumerate(self.columns) if name in names or name == "id"]
        columns = {name: kind for name, kind in self.columns.items() if name in names or name == "id"}
        return Table(self.name, columns, tuple(tuple(row[index] for index in kept) for row in self.rows))

    def without_row(self, index: int) -> "Table":
        return dataclasses.replace(self, rows=self.rows[:index] + self.rows[index + 1 :])

    def used_in(self, sql: str) -> bool:
        return re.search(rf"\b{self.name}\b", sql) is not None


def random_tables(rng: random.Random) -> list[Table]:
    """Two tables of the same columns; some columns have no nulls, and then are not nullable. A table may be mild altogether."""
    mild = rng.random() < 0.5
    pools = {}
    for name, kind in COLUMNS.items():
        null = rng.choice([0, 0.2])
        pools[name] = [literal(rng, kind, null, mild) for _ in range(rng.choice([2, 4, 6]))]
    return [random_table(rng, f"t{number}", pools) for number in range(2)]


def random_table(rng: random.Random, name: str, pools: dict[str, list[str]]) -> Table:
    count = rng.choice([1, 3, 6, 8])
    rows = [(str(row), *(rng.choice(pool) for pool in pools.values())) for row in range(count)]
    return Table(name, {"id": "int", **COLUMNS}, tuple(rows))

"""Random queries over the tables: what each is about, its text as a tree, and how its rows may be compared."""

import dataclasses
import random
import re

from expressions import Expressions
from node import Node, items, join, maybe
from tables import COLUMNS
from values import NESTED, SCALARS

FLOATS = ("sum(", "avg(", "stddev", "var_", "skewness", "kurtosis", "corr(", "covar", "regr_", "percentile", "median", "histogram_numeric")


@dataclasses.dataclass(frozen=True)
class Query:
    """`ordered` rows come in an order that is total; with `rough` floats the order of a sum may show."""

    sql: Node
    ordered: bool = False

    @property
    def rough(self) -> bool:
        return any(word in str(self.sql) for word in FLOATS)

    def text(self) -> str:
        return str(self.sql)


def query(*parts: Node | str) -> Node:
    return join(*parts, kind="query")


class Queries:
    """One generator per shape; a shape is picked by weight."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.columns = {"id": "int", **COLUMNS}
        self.keys = [name for name, kind in COLUMNS.items() if not kind.startswith("map")]

    def expressions(self, alias: str | None = None) -> Expressions:
        prefix = f"{alias}." if alias else ""
        columns = {prefix + name: kind for name, kind in self.columns.items()}
        return Expressions(self.rng, columns, mild=self.rng.random() < 0.8)

    def two_sided(self) -> Expressions:
        both = self.expressions("l")
        both.columns |= {f"r.{name}": kind for name, kind in self.columns.items()}
        return both

    def next(self) -> Query:
        shapes = {
            self.projection: 40,
            self.constant: 6,
            self.filter: 10,
            self.join: 10,
            self.aggregate: 12,
            self.grouping: 5,
            self.window: 8,
            self.set_operation: 5,
            self.sorted: 4,
            self.subquery: 6,
            self.generator: 4,
            self.pivot: 2,
            self.unpivot: 1,
        }
        return self.rng.choices(list(shapes), list(shapes.values()))[0]()

    def depth(self) -> int:
        return self.rng.choice([1, 1, 2, 2, 3])

    def condition(self, expressions: Expressions) -> Node:
        """Conjuncts, each a comparison or a predicate."""
        parts = [expressions.of("boolean", self.depth()) for _ in range(self.rng.choice([1, 1, 2, 3]))]
        return items(parts, self.rng.choice([" AND ", " AND ", " OR "]))

    def where(self, expressions: Expressions, chance: float = 0.3) -> Node:
        return maybe(" WHERE ", self.condition(expressions)) if self.rng.random() < chance else join("")

    def projection(self) -> Query:
        expressions = self.expressions()
        chosen = [expressions.any(self.depth()) for _ in range(self.rng.choice([1, 1, 2]))]
        named = [join(each, maybe(f" AS c{index}")) for index, each in enumerate(chosen)]
        return Query(query("SELECT ", items([join("id"), *named]), " FROM t0", self.where(expressions, 0.1)))

    def constant(self) -> Query:
        expressions = Expressions(self.rng, {}, mild=self.rng.random() < 0.5)
        return Query(query("SELECT ", expressions.any(self.depth())))

    def filter(self) -> Query:
        return Query(query("SELECT id FROM t0 WHERE ", self.condition(self.expressions())))

    def join(self) -> Query:
        rng = self.rng
        kind = rng.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN", "CROSS JOIN"])
        one_sided = kind in ("LEFT SEMI JOIN", "LEFT ANTI JOIN")
        output = [join("l.id")] if one_sided else [join("l.id"), join("r.id")]
        key = rng.choice(self.keys)
        if rng.random() < 0.2:
            chosen = rng.sample(self.keys, rng.choice([1, 2]))
            using = join(f" USING ({', '.join(chosen)})")
            return Query(query("SELECT ", items([*output, *map(join, chosen)]), f" FROM t0 l {kind} t1 r", using if "CROSS" not in kind else ""))
        both = self.two_sided()
        conditions = [join(f"l.{key} {rng.choice(['=', '=', '<=>', '<'])} r.{key}")]
        conditions += [both.of("boolean", 1) for _ in range(rng.choice([0, 1, 1, 2]))]
        rng.shuffle(conditions)
        on = maybe(" ON ", items(conditions, " AND "))
        if not one_sided and rng.random() < 0.5:
            output.append(both.any(1))
        return Query(query("SELECT ", items(output), f" FROM t0 l {kind} t1 r", on, self.where(self.expressions("l"), 0.2)))

    def aggregates(self, expressions: Expressions) -> list[Node]:
        made = []
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            each = expressions.aggregate(2)
            if self.rng.random() < 0.12 and "WITHIN" not in str(each):
                each = join(each, maybe(" FILTER (WHERE ", expressions.of("boolean", 1), ")"), kind=each.kind)
            made.append(each)
        return made

    def aggregate(self) -> Query:
        expressions = self.expressions()
        aggregates = self.aggregates(expressions)
        if self.rng.random() < 0.35:
            return Query(query("SELECT ", items(aggregates), " FROM t0", self.where(expressions)))
        keys = [join(name) for name in self.rng.sample(self.keys, self.rng.choice([1, 1, 2]))]
        if self.rng.random() < 0.3:
            keys.append(expressions.of(self.rng.choice(SCALARS), 2))
        having = join("")
        if self.rng.random() < 0.2:
            having = maybe(" HAVING ", expressions.aggregate(1), " IS NOT NULL")
        # The keys stay while the items go, else every reduction of a key fails.
        group = items(keys)
        selected = items([*keys, *aggregates])
        return Query(query("SELECT ", selected, " FROM t0", self.where(expressions), maybe(" GROUP BY ", group), having))

    def grouping(self) -> Query:
        expressions = self.expressions()
        keys = self.rng.sample(self.keys, self.rng.choice([1, 2, 3]))
        names = items([join(key) for key in keys])
        kind = self.rng.choice(["ROLLUP", "CUBE", "GROUPING SETS"])
        sets = items([join(f"({', '.join(keys)})"), *[join(f"({key})") for key in keys], join("()")])
        clause = join(f" GROUP BY {kind} (", sets if kind == "GROUPING SETS" else names, ")")
        extra = [join("grouping_id()"), join(f"grouping({keys[0]})")] if self.rng.random() < 0.4 else []
        return Query(query("SELECT ", items([*map(join, keys), *extra, *self.aggregates(expressions)]), " FROM t0", clause))

    def window(self) -> Query:
        rng, expressions = self.rng, self.expressions()
        partition = maybe("PARTITION BY ", items([join(rng.choice(self.keys))]))
        key = expressions.of(rng.choice(SCALARS), 1) if rng.random() < 0.5 else join(rng.choice(self.keys))
        direction = rng.choice(["", " DESC", " ASC NULLS LAST", " DESC NULLS FIRST"])
        order = join(" ORDER BY ", items([join(key, direction), join("id")]))
        frame = join("")
        if rng.random() < 0.4:
            call = expressions.ranking()
        else:
            call = expressions.framed()
            if rng.random() < 0.6:
                start = rng.choice(["UNBOUNDED PRECEDING", "1 PRECEDING", "CURRENT ROW"])
                end = rng.choice(["UNBOUNDED FOLLOWING", "1 FOLLOWING", "CURRENT ROW"])
                frame = maybe(f" {rng.choice(['ROWS', 'RANGE'])} BETWEEN {start} AND {end}")
        if "RANGE" in str(frame) and "1 " in str(frame):
            order = join(f" ORDER BY {rng.choice(['id', 'i', 'd', 'm', 'dt', 'y'])}{direction}")
            call = join(rng.choice(["count(1)", "sum(i)", "min(s)", "max(d)", "avg(m)"]))
        return Query(query("SELECT ", items([join("id"), join(call, " OVER (", partition, order, frame, ")")]), " FROM t0"))

    def set_operation(self) -> Query:
        rng = self.rng
        kind = rng.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"])
        names = rng.sample(self.keys, rng.choice([1, 2]))
        others = names if rng.random() < 0.6 else rng.sample(self.keys, len(names))
        left = query("SELECT ", ", ".join(names), " FROM t0", self.where(self.expressions()))
        right = query("SELECT ", ", ".join(others), " FROM t1", self.where(self.expressions()))
        return Query(query(left, f" {kind} ", right))

    def sorted(self) -> Query:
        rng, expressions = self.rng, self.expressions()
        keys = [join(expressions.of(rng.choice(SCALARS), 1), rng.choice(["", " DESC", " NULLS LAST", " DESC NULLS FIRST"]))]
        limit = maybe(f" LIMIT {rng.choice([0, 1, 2, 3])}", maybe(f" OFFSET {rng.choice([0, 1, 2])}"))
        if rng.random() < 0.5:
            limit = join("")
        ordered = query("SELECT id, s, d FROM t0", self.where(expressions), " ORDER BY ", items([*keys, join("id")], least=2), limit)
        return Query(ordered, ordered=True)

    def subquery(self) -> Query:
        rng = self.rng
        outer, inner, both = self.expressions("l"), self.expressions("r"), self.two_sided()
        key = rng.choice(self.keys)
        correlated = join(f" WHERE l.{key} = r.{key}", maybe(" AND ", both.of("boolean", 1)))
        where = maybe(correlated) if rng.random() < 0.6 else self.where(inner)
        roll = rng.random()
        if roll < 0.3:
            return Query(query("SELECT l.id, (SELECT ", inner.aggregate(1), " FROM t1 r", where, ") FROM t0 l"))
        if roll < 0.6:
            word = rng.choice(["EXISTS", "NOT EXISTS"])
            return Query(query(f"SELECT l.id FROM t0 l WHERE {word} (SELECT 1 FROM t1 r", where, ")", maybe(" AND ", outer.of("boolean", 1))))
        word = rng.choice(["IN", "NOT IN"])
        tail = maybe(rng.choice([" AND ", " OR "]), outer.of("boolean", 1))
        return Query(query(f"SELECT l.id FROM t0 l WHERE l.{key} {word} (SELECT r.{key} FROM t1 r", where, ")", tail))

    def generator(self) -> Query:
        expressions = self.expressions()
        array = expressions.of(self.rng.choice([kind for kind in NESTED if kind.startswith("array")]), 2)
        function = self.rng.choice(["explode", "explode_outer", "posexplode", "posexplode_outer"])
        if self.rng.random() < 0.3:
            array = expressions.of("map<string,int>", 2)
        if self.rng.random() < 0.3:
            function, array = "inline", expressions.of("array<struct<a:int,b:string>>", 2)
        if self.rng.random() < 0.5:
            return Query(query("SELECT id, v.* FROM t0 LATERAL VIEW ", maybe("OUTER "), f"{function}(", array, ") v"))
        return Query(query(f"SELECT id, {function}(", array, ") FROM t0"))

    def pivot(self) -> Query:
        expressions = self.expressions()
        key, column = self.rng.choice(self.keys), self.rng.choice(["b", "i", "s", "y", "dt", "m", "d"])
        values = [expressions.leaf(COLUMNS[column]) for _ in range(2)]
        value = [str(each) if str(each) not in self.columns else f"CAST(NULL AS {COLUMNS[column]})" for each in values]
        aggregates = [expressions.aggregate(1) for _ in range(self.rng.choice([1, 2]))]
        named = [join(each, f" AS a{index}") for index, each in enumerate(aggregates)]
        # What is neither aggregated nor pivoted is a key: the columns that the aggregates name, no map among them.
        used = [name for name in self.columns if name not in ("mp",) and re.search(rf"\b{name}\b", str(items(aggregates)))]
        inner = f"(SELECT {', '.join([f'{key} AS k', f'{column} AS p', *used])} FROM t0)"
        return Query(query(f"SELECT * FROM {inner} PIVOT (", items(named), f" FOR p IN ({', '.join(value)}))"))

    def unpivot(self) -> Query:
        names = self.rng.sample(self.keys, 2) if self.rng.random() < 0.5 else self.rng.choice([["i", "l"], ["y", "d"], ["s", "s2"], ["m", "n"]])
        nulls = self.rng.choice(["", "INCLUDE NULLS ", "EXCLUDE NULLS "])
        listed = items([join(name) for name in names])
        inner = f"(SELECT id, {', '.join(names)} FROM t0)"
        return Query(query(f"SELECT * FROM {inner} UNPIVOT {nulls}(v FOR n IN (", listed, "))"))

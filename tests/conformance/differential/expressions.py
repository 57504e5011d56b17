"""Random typed expressions over the columns in scope."""

import random
import re

from node import Node, join
from signatures import AGGREGATE, FRAME, RANKING, SCALAR, Signature
from values import INTEGERS, NESTED, NUMBERS, SCALARS, TIMES, element, fields, key_and_value, literal

ORDERED = [kind for kind in SCALARS]
VARIABLES = {"N": NUMBERS, "I": list(INTEGERS), "O": ORDERED, "M": TIMES, "T": SCALARS + NESTED, "U": SCALARS + NESTED, "V": SCALARS}
# A choice of texts: quoted strings, numbers, or what else is no type.
CHOICE = re.compile(r"(?:'(?:[^'\\]|\\.)*'|[^|'])+")
WRONG = 0.02


class Expressions:
    """`columns` are names with their types; lambda variables come and go."""

    def __init__(self, rng: random.Random, columns: dict[str, str], mild: bool = True):
        self.rng = rng
        self.columns = dict(columns)
        self.mild = mild

    def of(self, kind: str, depth: int) -> Node:
        """An expression that should have the type `kind`; now and then one that has not."""
        rng = self.rng
        if rng.random() < WRONG:
            kind = rng.choice(SCALARS + NESTED)
        roll = rng.random()
        if depth > 0 and roll < 0.45:
            fitting = [(each, bound) for each in SCALAR if (bound := unify(each.result, kind)) is not None]
            fitting = [pair for pair in fitting if len(pair[0].result) > 1] or fitting
            if fitting:
                signature, bound = rng.choice(fitting)
                return self.call(signature, bound, depth)
        if depth > 0 and roll < 0.6 and kind in SCALARS:
            source = rng.choice(["string", *SCALARS])
            cast = rng.choice(["CAST", "CAST", "try_cast"])
            return join(f"{cast}(", self.of(source, depth - 1), f" AS {kind})", kind=kind)
        return self.leaf(kind)

    def leaf(self, kind: str) -> Node:
        fitting = [name for name, each in self.columns.items() if each == kind]
        if fitting and self.rng.random() < 0.8:
            return join(self.rng.choice(fitting), kind=kind)
        return join(literal(self.rng, kind, 0.1, self.mild), kind=kind)

    def any(self, depth: int) -> Node:
        """An expression around a signature that every one has the same chance to be."""
        return self.call(self.rng.choice(SCALAR), {}, depth)

    def aggregate(self, depth: int) -> Node:
        return self.call(self.rng.choice(AGGREGATE), {}, depth)

    def ranking(self) -> Node:
        return self.call(self.rng.choice(RANKING), {}, 1)

    def framed(self) -> Node:
        return self.call(self.rng.choice(FRAME), {}, 1)

    def call(self, signature: Signature, bound: dict[str, str], depth: int) -> Node:
        bound = dict(bound)
        for letter, kinds in VARIABLES.items():
            bound.setdefault(letter, self.rng.choice(kinds))
        made = [self.argument(kind, bound, depth - 1) for kind in signature.arguments]
        if "{" in signature.template and made and self.rng.random() < WRONG / 2:
            made.pop()
        parts = []
        for piece in re.split(r"(\{\d+\})", signature.template):
            if re.fullmatch(r"\{\d+\}", piece):
                index = int(piece[1:-1])
                parts.append(made[index] if index < len(made) else "NULL")
            else:
                parts.append(piece)
        return Node(tuple(parts), substitute(signature.result, bound))

    def argument(self, kind: str, bound: dict[str, str], depth: int) -> Node:
        rng = self.rng
        if "->" in kind:
            return self.function(kind, bound, depth)
        if kind == "small":
            return join(str(rng.choice([0, 1, 2, 3, -1, -2, 5, 1, 2])))
        if kind == "id":
            return join("id")
        if not is_type(kind):
            return join(rng.choice(CHOICE.findall(kind)))
        kind = substitute(kind, bound)
        # Number arguments of one call need not have one type.
        if kind in NUMBERS and kind == bound.get("N") and rng.random() < 0.2:
            kind = rng.choice(NUMBERS)
        return self.of(kind, depth)

    def function(self, kind: str, bound: dict[str, str], depth: int) -> Node:
        taken, _, result = kind.partition("->")
        names = ["p", "q"][: taken.count(",") + 1]
        outer = dict(self.columns)
        for name, each in zip(names, taken.split(",")):
            self.columns[name] = substitute(each, bound)
        body = self.of(substitute(result, bound), max(depth, 1))
        self.columns = outer
        left = names[0] if len(names) == 1 else "(" + ", ".join(names) + ")"
        return join(f"{left} -> ", body)


def is_type(text: str) -> bool:
    return text in SCALARS or text in VARIABLES or text.startswith(("array<", "map<", "struct<", "decimal("))


def substitute(kind: str, bound: dict[str, str]) -> str:
    """Variables are single capital letters."""
    return re.sub(r"\b([NIOMTUV])\b", lambda match: bound.get(match[1], match[1]), kind)


def unify(pattern: str, kind: str) -> dict[str, str] | None:
    """What the variables of `pattern` are when it stands for `kind`."""
    if pattern == kind:
        return {}
    if pattern in VARIABLES:
        return {pattern: kind} if kind in VARIABLES[pattern] else None
    for start, inner in (("array<", element), ("map<", key_and_value), ("struct<", fields)):
        if pattern.startswith(start) and kind.startswith(start):
            ours, theirs = inner(pattern), inner(kind)
            if isinstance(ours, str):
                return unify(ours, theirs)
            bound: dict[str, str] = {}
            if len(ours) != len(theirs):
                return None
            for one, other in zip(ours, theirs):
                name, one = one if isinstance(one, tuple) else ("", one)
                label, other = other if isinstance(other, tuple) else ("", other)
                more = unify(one, other) if name == label else None
                if more is None:
                    return None
                bound |= more
            return bound
    return None


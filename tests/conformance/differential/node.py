"""SQL text as a tree, so that a query can be cut down: every part knows what may stand in its place."""

import dataclasses
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True)
class Node:
    """`parts` one after another. `kind` is the type of an expression, "query" of a query, or nothing.

    With a `separator` the parts are items of which `least` must stay; an `optional` node may go altogether.
    """

    parts: tuple["Node | str", ...]
    kind: str | None = None
    separator: str | None = None
    least: int = 1
    optional: bool = False

    def __str__(self) -> str:
        return (self.separator or "").join(map(str, self.parts))

    def nodes(self) -> Iterator["Node"]:
        """This node and all below it."""
        yield self
        for part in self.parts:
            if isinstance(part, Node):
                yield from part.nodes()

    def size(self) -> int:
        return sum(1 for _ in self.nodes())

    def smaller(self) -> Iterator["Node"]:
        """The trees with one place made smaller, the shortest first as far as one level can tell."""
        if self.optional and self.parts:
            yield dataclasses.replace(self, parts=())
        if self.kind:
            inner = [node for node in self.nodes() if node is not self and node.kind == self.kind]
            yield from sorted(inner, key=Node.size)
        if self.separator is not None and len(self.parts) > self.least:
            for index in range(len(self.parts)):
                yield dataclasses.replace(self, parts=self.parts[:index] + self.parts[index + 1 :])
        for index, part in enumerate(self.parts):
            if isinstance(part, Node):
                for less in part.smaller():
                    yield dataclasses.replace(self, parts=(*self.parts[:index], less, *self.parts[index + 1 :]))


def join(*parts: Node | str, kind: str | None = None) -> Node:
    return Node(parts, kind)


def items(parts: list, separator: str = ", ", least: int = 1) -> Node:
    return Node(tuple(parts), separator=separator, least=least)


def maybe(*parts: Node | str) -> Node:
    """A clause that may be left out."""
    return Node(parts, optional=True)

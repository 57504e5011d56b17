"""Cuts a difference down: clauses, sub-expressions, rows and columns go while the same difference stays."""

import dataclasses
import re

from queries import Query
from tables import Table

MOST = 90


class Shrinker:
    """`differs(query, tables)` is the difference in words, or nothing."""

    def __init__(self, differs, wanted: str):
        self.differs = differs
        self.wanted = wanted
        self.left = MOST

    def same(self, query: Query, tables: list[Table]) -> bool:
        if self.left <= 0:
            return False
        self.left -= 1
        return self.differs(query, tables) == self.wanted

    def run(self, query: Query, tables: list[Table]) -> tuple[Query, list[Table]]:
        query = self.less_query(query, tables)
        tables = self.less_tables(query, tables)
        return query, tables

    def less_query(self, query: Query, tables: list[Table]) -> Query:
        seen = {query.text()}
        progress = True
        while progress:
            progress = False
            for smaller in query.sql.smaller():
                candidate = dataclasses.replace(query, sql=smaller)
                if candidate.text() in seen or len(candidate.text()) >= len(query.text()):
                    continue
                seen.add(candidate.text())
                if self.same(candidate, tables):
                    query, progress = candidate, True
                    break
                if self.left <= 0:
                    return query
        return query

    def less_tables(self, query: Query, tables: list[Table]) -> list[Table]:
        self.left += MOST // 3
        words = set(re.findall(r"\w+", query.text()))
        used = [table for table in tables if table.used_in(query.text())]
        narrow = [table.only(words) for table in used]
        if self.same(query, narrow):
            used = narrow
        for place in range(len(used)):
            index = len(used[place].rows) - 1
            while index >= 0 and len(used[place].rows) > 1:
                less = [*used[:place], used[place].without_row(index), *used[place + 1 :]]
                if self.same(query, less):
                    used = less
                index -= 1
        return used

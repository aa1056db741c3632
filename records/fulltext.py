"""Parts of words in the search text of records: one question, answered by an index of each engine.

On both engines a row is kept when its text contains the parts. What differs is how it is found:
PostgreSQL looks a `LIKE` up in the trigrams of the column by itself; SQLite is told to look into a
table of trigrams that stands beside each kind. Without an index the same rows are found, slower.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import Lookup, TextField

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    # Every group has to be met, by any one of the parts in it.
    Groups = tuple[tuple[str, ...], ...]

MOST_WORDS = 8
MOST_TRIGRAMS = 16  # of one part: more make the answer no smaller


def part_of(word: str) -> str:
    """Return what a text has to contain for `word`; one or two letters have to begin a word there.

    Trigrams have three characters: the beginning of a word can be looked up with fewer, as the
    blank before it counts, while two letters anywhere mean reading every row.
    """
    return word if len(word) > 2 else f" {word}"


def groups_of(words: Iterable[str]) -> Groups:
    """Return the groups that are met by a text with every one of the first words."""
    return tuple((part_of(word),) for word in [*words][:MOST_WORDS])


def index_of(table: str) -> str:
    """Return the name of the table of trigrams that stands beside `table` on SQLite."""
    return f"{table}_search"


@cache
def has_trigrams() -> bool:
    """Say whether this SQLite keeps trigrams: it does since 3.34, if it was built with FTS5."""
    memory = sqlite3.connect(":memory:")
    try:
        memory.execute("CREATE VIRTUAL TABLE tried USING fts5(text, tokenize='trigram')")
    except sqlite3.OperationalError:
        return False
    finally:
        memory.close()
    return True


def trigrams_of(part: str) -> list[str]:
    """Return every three neighbours in `part`, each once, the first ones of a long part.

    >>> trigrams_of("pumps"), trigrams_of(" q")
    (['pum', 'ump', 'mps'], [])
    """
    found = dict.fromkeys(part[place : place + 3] for place in range(len(part) - 2))
    return list(found)[:MOST_TRIGRAMS]


def question_of(groups: Groups) -> str:
    """Return what FTS5 is asked for rows that may meet the groups; nothing when it cannot tell.

    >>> question_of((("pump", "lamp"), (" q",)))
    '(("pum" AND "ump") OR ("lam" AND "amp"))'
    """

    def asked(group: tuple[str, ...]) -> str:
        ways = [trigrams_of(part) for part in group]
        if not all(ways):
            return ""
        quoted = (['"' + each.replace('"', '""') + '"' for each in way] for way in ways)
        return "(" + " OR ".join(f"({' AND '.join(way)})" for way in quoted) + ")"

    return " AND ".join(filter(None, map(asked, groups)))


@TextField.register_lookup
class Parts(Lookup[bool]):
    """`search__parts=groups`: the text contains, of every group, at least one part."""

    lookup_name = "parts"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        escaped = " ESCAPE '\\'" if connection.vendor == "sqlite" else ""
        values: list[Any] = []

        def contains(part: str) -> str:
            values.extend([*lhs_params, f"%{connection.ops.prep_for_like_query(part)}%"])
            return f"{lhs} LIKE %s{escaped}"

        groups: Iterator[str] = (f"({' OR '.join(map(contains, group))})" for group in self.rhs)
        return f"({' AND '.join(groups)})", tuple(values)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, values = self.as_sql(compiler, connection)
        question = question_of(self.rhs)
        if not (question and has_trigrams()):
            return sql, values
        quote = connection.ops.quote_name
        column = self.lhs
        index = quote(index_of(column.target.model._meta.db_table))
        row = f"{quote(column.alias)}.{quote(column.target.model._meta.pk.column)}"
        # The trigrams say who may be meant, the text says who is: they can be anywhere in it.
        looked_up = f"{row} IN (SELECT rowid FROM {index} WHERE {index} MATCH %s)"  # noqa: S608
        return f"({looked_up} AND {sql})", (question, *values)

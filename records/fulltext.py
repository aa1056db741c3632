"""Parts of words in the search text of records: one question, answered by an index of each engine.

On both engines a row is kept when its text contains the parts. What differs is how it is found:
PostgreSQL looks a `LIKE` up in the trigrams of the column by itself; SQLite is told to look into a
table of trigrams that stands beside each kind. Without an index the same rows are found, slower.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import BooleanField, F, Func, IntegerField, Lookup, TextField

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    # Every group has to be met, by any one of the parts in it.
    Groups = tuple[tuple[str, ...], ...]

MOST_WORDS = 8
MOST_TRIGRAMS = 16  # of one part: more make the answer no smaller


class Said(NamedTuple):
    """A piece of a question to the database, and the values for the places in it."""

    sql: str
    values: tuple[Any, ...] = ()

    def __and__(self, other: Said) -> Said:
        return Said(f"{self.sql} AND {other.sql}", (*self.values, *other.values))


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


def read_in(table: str, groups: Groups, connection: Any) -> Said:
    """Say that the search text of a row meets the groups, so that it is read and not looked up.

    PostgreSQL is asked for the place of a part: no index is about it, and the planner takes it for
    a third of the rows. Of a `LIKE` without an index it expects next to none, and then looks all
    rows with another word up instead of reading the newest until there are enough.
    """
    column = f"{connection.ops.quote_name(table)}.{connection.ops.quote_name('search')}"
    if connection.vendor == "sqlite":
        return _contains(column, (), groups, connection)
    told = (" OR ".join([f"STRPOS({column}, %s) > 0"] * len(group)) for group in groups)
    parts = tuple(part for group in groups for part in group)
    return Said(f"({' AND '.join(f'({each})' for each in told)})", parts)


def found_in(table: str, groups: Groups, connection: Any) -> Said:
    """Say that the search text of a row of `table`, named so, meets the groups."""
    quote = connection.ops.quote_name
    column = f"{quote(table)}.{quote('search')}"
    said = _contains(column, (), groups, connection)
    return _looked_up(table, f"{quote(table)}.id", groups, connection, said)


def _contains(lhs: str, lhs_values: Sequence[Any], groups: Groups, connection: Any) -> Said:
    escaped = " ESCAPE '\\'" if connection.vendor == "sqlite" else ""
    values: list[Any] = []

    def contains(part: str) -> str:
        values.extend([*lhs_values, f"%{connection.ops.prep_for_like_query(part)}%"])
        return f"{lhs} LIKE %s{escaped}"

    told = " AND ".join(f"({' OR '.join(map(contains, group))})" for group in groups)
    return Said(f"({told})", tuple(values))


def _looked_up(table: str, row: str, groups: Groups, connection: Any, said: Said) -> Said:
    """Put before a condition what SQLite's table of trigrams answers: who may meet it."""
    if connection.vendor != "sqlite" or not has_trigrams():
        return said
    question = question_of(groups)
    if not question:
        return said
    index = connection.ops.quote_name(index_of(table))
    # The trigrams say who may be meant, the text says who is: they can be anywhere in it.
    looked_up = f"{row} IN (SELECT rowid FROM {index} WHERE {index} MATCH %s)"  # noqa: S608
    return Said(f"({looked_up} AND {said.sql})", (question, *said.values))


@TextField.register_lookup
class Parts(Lookup[bool]):
    """`search__parts=groups`: the text contains, of every group, at least one part."""

    lookup_name = "parts"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, lhs_values = self.process_lhs(compiler, connection)
        said = _contains(lhs, lhs_values, self.rhs, connection)
        model = self.lhs.target.model
        row = f"{connection.ops.quote_name(self.lhs.alias)}.id"
        return _looked_up(model._meta.db_table, row, self.rhs, connection, said)


class InParts(Func):
    """A row is among the first `most` of several parts, read one after the other.

    Of a part no more is read than is needed, and of the next ones nothing when that is enough.
    Each part is a question for numbers. The first `offset` of all are left out.
    """

    output_field = BooleanField()

    def __init__(self, parts: Sequence[Said], most: int, offset: int = 0) -> None:
        super().__init__(F("pk"))
        self.parts, self.most, self.offset = tuple(parts), most, offset

    def as_sql(self, compiler: Any, connection: Any, *_names: Any, **_extra: Any) -> Any:
        row, row_values = compiler.compile(self.source_expressions[0])
        parts = " UNION ALL ".join(
            f"SELECT id FROM ({part.sql}) AS part_{number}"  # noqa: S608
            for number, part in enumerate(self.parts)
        )
        values = (value for part in self.parts for value in part.values)
        limit = f"LIMIT {self.most} OFFSET {self.offset}"
        return f"{row} IN ({parts} {limit})", (*row_values, *values)


class FirstThatHolds(Func):
    """The place of the first of several conditions that holds for a row; of none, their number."""

    output_field = IntegerField()

    def __init__(self, conditions: Sequence[tuple[int, Said]], default: int) -> None:
        super().__init__()
        self.conditions, self.default = tuple(conditions), default

    def as_sql(self, compiler: Any, connection: Any, *_names: Any, **_extra: Any) -> Any:
        cases = " ".join(f"WHEN {said.sql} THEN {place}" for place, said in self.conditions)
        values = (value for _place, said in self.conditions for value in said.values)
        return f"CASE {cases} ELSE {self.default} END", tuple(values)

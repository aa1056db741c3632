"""Which records are worth comparing, as the database finds them by their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Expression, F, Func

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import Model, QuerySet

MOST_OF_A_KEY = 300  # numbers of records, which stand in the index
MOST_OF_A_WAY = 400  # records
LIKELIEST = 60  # records
# Columns of which each may have the key of the other.
TWINS = {
    "block_home": ("block_home", "block_home_2"),
    "block_home_2": ("block_home", "block_home_2"),
    "block_word": ("block_word", "block_word_2"),
    "block_word_2": ("block_word", "block_word_2"),
}

Written = tuple[str, list[str]]  # SQL, and the values that go into it


@dataclass(frozen=True, eq=False)
class Way:
    """Rows of a model with one of these values in each of these columns; no value is an empty one.

    `number` is the column with the number of the record that is meant.
    """

    model: type[Model]
    values: Mapping[str, Iterable[str]]
    number: str = "id"

    def written(self, what: str = "") -> Written:
        """Return the statement that selects `what`, the numbers unless said otherwise."""
        conditions, values = [], []
        for column, wanted in self.values.items():
            among = list(wanted) or [""]
            conditions.append(f"{column} IN ({', '.join(['%s'] * len(among))})")
            if column == "alias":
                # By these words SQLite knows that the index of those that have one will do.
                conditions.append("NOT (alias = '')")
            values += among
        table, where = self.model._meta.db_table, " AND ".join(conditions)
        return f"SELECT {what or self.number} FROM {table} WHERE {where}", values  # noqa: S608 (our own names)


class Known(Func):
    """Whether a record is found by a way: true or false of each row. `number` is its column."""

    output_field = BooleanField()

    def __init__(self, way: Way, number: str = "pk") -> None:
        super().__init__(F(number))
        self.way = way

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:  # type: ignore[override]
        number, own = compiler.compile(self.get_source_expressions()[0])
        text, values = self.way.written("1")
        return f"EXISTS({text} AND {self.way.number} = {number})", [*values, *own]


class _Numbers(Expression):
    """The numbers of the records on these ways, and of the likeliest of those that share a key.

    Written here and not by querysets: to put a statement of so many parts together takes these ten
    times as long as to answer it.
    """

    def __init__(self, whole: Iterable[Way], keyed: Iterable[Way]) -> None:
        super().__init__()
        self.whole, self.keyed = list(whole), list(keyed)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        parts = [_first(way, MOST_OF_A_WAY) for way in self.whole]
        if self.keyed:
            parts.append(_likeliest(self.keyed))
        # A union, not OR: with OR neither engine would use all of the indexes.
        return f"({' UNION ALL '.join(p[0] for p in parts)})", [v for p in parts for v in p[1]]


def _first(way: Way, most: int, also: str = "") -> Written:
    """Return the statement that selects the first numbers on a way, and something `also`.

    Within a union only a part in brackets may end early, on both engines.
    """
    text, values = way.written()
    number = way.number
    some = f"{text} ORDER BY {number} LIMIT {most}"
    return f"SELECT {number}{also} FROM ({some}) AS first", values  # noqa: S608 (our own names)


def _likeliest(ways: Iterable[Way]) -> Written:
    """Of records that share keys those first that share rare ones, and several.

    A key of five records says more than one of five hundred, and who shares two that very many have
    is found among these. It takes no more than the indexes of the keys, and no row.
    """
    parts = [_first(way, MOST_OF_A_KEY, ", 1.0 / COUNT(*) OVER () AS share") for way in ways]
    text = (
        f"SELECT id FROM (SELECT id FROM ({' UNION ALL '.join(p[0] for p in parts)}) AS keyed"  # noqa: S608
        f" GROUP BY id ORDER BY SUM(share) DESC, id LIMIT {LIKELIEST}) AS likeliest"
    )
    return text, [value for part in parts for value in part[1]]


def sharing(
    rows: QuerySet[Any, Any], keys: Iterable[tuple[str, str]], *, whole: Iterable[Way] = ()
) -> QuerySet[Any, Any]:
    """Return those of `rows` that share a key: one statement, each key by its index.

    `keys` are columns with a value, of which an empty one finds nobody. The `LIKELIEST` come: of
    a key that very many have, the first `MOST_OF_A_KEY` are looked at; the others are found by the
    other keys, or not at all: they would be guesses. `whole` are ways on which all are found.
    """
    model = rows.model
    keyed = [
        Way(model, {other: [key]})
        for column, key in keys
        if key
        for other in TWINS.get(column, (column,))
    ]
    whole = list(whole)
    return rows.filter(pk__in=_Numbers(whole, keyed)) if whole or keyed else rows.none()

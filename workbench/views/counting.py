"""How many rows a view has and what they are worth: exactly, as far as anybody reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import IntegerField, Subquery, TextField

from users import formats

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST_COUNTED = 10_000
MOST_IN_TAB = 1_000  # a list has a dozen tabs: what is beyond, nobody reads off a tab


class CountUpTo(Subquery):
    """Count rows, but no further than one past the limit: an exact count reads the whole table."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS _counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any, Any], limit: int = MOST_COUNTED) -> None:
        super().__init__(rows.order_by().values("pk")[: limit + 1])


class Totals(Subquery):
    """Count rows and add up two columns of theirs for each currency, in one reading of the rows.

    It is no further than one past the limit, as with `CountUpTo`. The value is JSON: a list of
    [currency, rows, sum of the first column, sum of the second].
    """

    output_field = TextField()
    template = (
        "(SELECT %(all)s(%(each)s(c, n, a, b)) FROM ("
        "SELECT %(currency)s AS c, COUNT(*) AS n, SUM(%(first)s) AS a, SUM(%(second)s) AS b"
        " FROM (%(subquery)s) AS _read GROUP BY %(currency)s) AS _summed)"
    )

    def __init__(
        self, rows: QuerySet[Any, Any], first: str, second: str, limit: int = MOST_COUNTED
    ) -> None:
        read = rows.order_by().values("currency", first, second)
        field = rows.model._meta.get_field
        columns = {
            name: field(path).column for name, path in (("first", first), ("second", second))
        }
        super().__init__(read[: limit + 1], currency="currency", **columns)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        words = {"all": "json_group_array", "each": "json_array"}
        return self.as_sql(compiler, connection, **words, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        words = {"all": "jsonb_agg", "each": "jsonb_build_array"}
        return self.as_sql(compiler, connection, **words, **context)


@dataclass(frozen=True)
class Worth:
    """What `Totals` found: how many rows, what they are worth in all, and in each currency."""

    count: int
    total: Decimal | None
    by_currency: list[tuple[str, Decimal]]

    @classmethod
    def of(cls, found: str | None) -> Worth:
        """Read the value of a `Totals`."""
        rows = sorted(json.loads(found or "null", parse_float=Decimal) or [])
        known = [_cents(total) for _currency, _rows, total, _own in rows if total is not None]
        own = [(code, _cents(own)) for code, _rows, _total, own in rows if own is not None]
        return cls(sum(row[1] for row in rows), sum(known, Decimal()) if known else None, own)


def _cents(value: Decimal | int) -> Decimal:
    """Return an amount of money: SQLite adds up in floating point."""
    return Decimal(value).quantize(Decimal("0.01"))


def count_text(count: int, most: int = MOST_COUNTED) -> str:
    """Return a capped count in words: "38", "10,000+"."""
    return formats.count(min(count, most)) + ("+" if count > most else "")

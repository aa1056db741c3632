"""The first records that answer each of several questions, all asked by one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, F, Value, Window
from django.db.models.functions import RowNumber

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

MOST = 100  # records of a question that are counted; behind them it says "100+"


@dataclass(frozen=True)
class Pick:
    """The numbers of the first records that answer a question, in its order."""

    numbers: tuple[int, ...] = ()

    @property
    def count(self) -> str:
        """How many there are, in words: exact to 100."""
        return f"{MOST}+" if len(self.numbers) > MOST else str(len(self.numbers))


@dataclass(frozen=True)
class Wanted:
    """Some rows and the order in which they count; the order ends in what tells any two apart."""

    rows: QuerySet[Any, Any]
    order: Sequence[Any]


def picked(questions: Mapping[str, Wanted]) -> dict[str, Pick]:
    """Return the first records of each question, by its name. One statement, and little of it.

    Each question gives its first by itself, so that an index can serve it: no row is numbered to
    be thrown away. Rows of several tables stand in one answer, as only numbers are read.
    """
    parts = [_first(name, question) for name, question in questions.items()]
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in questions}
    for name, number, place in parts[0].union(*parts[1:], all=True):
        found[name].append((place, number))
    return {name: Pick(tuple(pk for _place, pk in sorted(rows))) for name, rows in found.items()}


def _first(name: str, question: Wanted) -> QuerySet[Any, Any]:
    chosen = question.rows.order_by(*question.order).values("pk")[: MOST + 1]
    # What a part of a union may not have, an order and an end, stands in a question within it.
    rows: Any = question.rows.model._base_manager.order_by().filter(pk__in=chosen)
    return rows.annotate(  # type: ignore[no-any-return]
        question=Value(name, output_field=CharField()),
        place=Window(RowNumber(), order_by=[_ordered(each) for each in question.order]),
    ).values_list("question", "pk", "place")


def _ordered(part: Any) -> Any:
    if not isinstance(part, str):
        return part
    return F(part[1:]).desc() if part.startswith("-") else F(part).asc()

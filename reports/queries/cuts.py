"""Time that is cut into spans, counted by what a summary tells of whole months or days.

A span seldom begins where a month of UTC does: it begins at midnight where its reader is. A summary
is therefore cut at the months next to where the spans begin, and the few records between the two
are counted one by one, and put into the span in which they are.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, reduce
from itertools import pairwise
from operator import or_
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from reports.queries.question import Period

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])
Row = dict[str, Any]
MEASURES = ("count", "value", "weighted")


def month_near(day: date) -> date:
    """Return the first day of the month that begins nearest to a day.

    >>> str(month_near(date(2026, 1, 16))), str(month_near(date(2026, 1, 17)))
    ('2026-01-01', '2026-02-01')
    """
    first = day.replace(day=1)
    if first.year == date.max.year and first.month == 12:
        return first
    after = (first + timedelta(days=31)).replace(day=1)
    return first if day - first < after - day else after


def day_near(day: date) -> date:
    return day


@dataclass(frozen=True)
class Cuts:
    """Where time is cut, in order: moments, or days.

    What lies before the first cut is in span 0, what lies between the first and the second in span
    1, what lies from the last on in the last. `near` says which unit of the summary begins next to
    a day of UTC.
    """

    at: tuple[Any, ...]
    near: Callable[[date], date] = month_near

    @classmethod
    def of(cls, periods: Sequence[Period], *, are_days: bool = False) -> Self:
        """Cut time where periods begin that follow each other, and where the last one ends.

        The first of them is span 1.
        """
        if are_days:
            end = min(periods[-1].last, date.max - timedelta(days=1)) + timedelta(days=1)
            return cls((*(period.first for period in periods), end))
        return cls((*(period.moments[0] for period in periods), periods[-1].moments[1]))

    @cached_property
    def units(self) -> list[date]:
        """Where the summary is cut instead."""
        return [self.near(_nearest_day(cut)) for cut in self.at]

    @cached_property
    def between(self) -> list[tuple[Any, Any, int, int]]:
        """What is in another span of the summary than in fact: from and to, this span and that."""
        units = [self._as_cut(unit) for unit in self.units]
        edges = sorted({*self.at, *units})
        found = []
        for start, end in pairwise(edges):
            summed, really = bisect_right(units, start), bisect_right(self.at, start)
            if summed != really:
                found.append((start, end, summed, really))
        return found

    def inside(self, rows: Rows, column: str, summary: Any = None, unit: str = "") -> list[Any]:
        """Keep what lies between the first and the last cut, with its `span`.

        Without a summary that is read of the records alone; with one, of its `unit` and of the few
        records that have to be looked at.
        """
        if summary is None:
            return [self.of_records(_within(rows, column, self.at), column)]
        whole = self.of_summary(_within(summary, unit, self.units), unit)
        return [whole, *self.of_strays(rows, column)]

    def of_summary(self, rows: Rows, column: str) -> Rows:
        """Annotate rows of a summary with their `span`."""
        return rows.annotate(span=_span(column, self.units))

    def of_records(self, rows: Rows, column: str) -> Rows:
        """Annotate records with their `span`."""
        return rows.annotate(span=_span(column, self.at))

    def of_strays(self, rows: Rows, column: str) -> list[Rows]:
        """Keep the records that the summary has in another span, with a number below 0 that says
        from which and to which; nothing at all where there can be none.
        """
        if not self.between:
            return []
        inside = [
            Q(**{f"{column}__gte": start, f"{column}__lt": end})
            for start, end, _summed, _really in self.between
        ]
        whens = [When(asked, then=Value(-1 - place)) for place, asked in enumerate(inside)]
        span = Case(*whens, default=Value(0), output_field=IntegerField())
        return [rows.filter(reduce(or_, inside)).annotate(span=span)]

    def settled(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Put the strays into the span where they are, and take them from where the summary has
        them: what is taken is less than nothing.
        """
        for row in rows:
            if row["span"] >= 0:
                yield row
                continue
            _start, _end, summed, really = self.between[-1 - row["span"]]
            taken = {name: -(row[name] or 0) for name in MEASURES if name in row}
            yield {**row, **taken, "span": summed}
            yield {**row, "span": really}

    def _as_cut(self, unit: date) -> Any:
        if isinstance(self.at[0], datetime):
            return datetime.combine(unit, time.min, tzinfo=UTC)
        return unit


def _within(rows: Rows, column: str, cuts: Sequence[Any]) -> Rows:
    return rows.filter(**{f"{column}__gte": cuts[0], f"{column}__lt": cuts[-1]})


def _span(column: str, cuts: Sequence[Any]) -> Case:
    numbered = reversed(list(enumerate(cuts, start=1)))
    return Case(
        *(When(**{f"{column}__gte": cut}, then=Value(span)) for span, cut in numbered),
        default=Value(0),
        output_field=IntegerField(),
    )


def _nearest_day(cut: Any) -> date:
    """Return the day of UTC that begins nearest to a moment; a day is one itself."""
    if not isinstance(cut, datetime):
        return cut  # type: ignore[no-any-return]
    at = cut.astimezone(UTC)
    day = at.date()
    return day + timedelta(days=1) if at.hour >= 12 and day < date.max else day

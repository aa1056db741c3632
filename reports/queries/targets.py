"""What was to be won: the targets of people and teams, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth

from reports.queries.cuts import Cuts
from reports.queries.question import (
    MONTH,
    NOBODY,
    Figure,
    Period,
    Question,
    counted_in,
    money,
    months_from,
    owner_name,
    spans_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.sums import Sums
    from reports.querysets import TargetQuerySet

MOST_MONTHS = 240  # that are told one by one, also those with nothing


class Line(NamedTuple):
    """What one person, in a team or in none, or one team shall win in a month; and which share of
    leads, in per cent, they shall qualify.
    """

    month: date
    owner: int | None
    team: int | None
    amount: Decimal | None
    conversion: Decimal | None = None
    name: str = ""


@dataclass(frozen=True)
class Targets:
    """What the viewer knows of the targets that a question is about."""

    lines: tuple[Line, ...] = ()

    def of_month(self, month: date) -> Decimal | None:
        """Return what is to be won in a month by all together; None where nobody has a target."""
        return _added(line.amount for line in _counted(self.lines, "amount") if line.month == month)

    def rate_of(self, month: date) -> float | None:
        """Return which share of leads is to be qualified: of several targets their mean."""
        lines = [one for one in _counted(self.lines, "conversion") if one.month == month]
        total = _added(line.conversion for line in lines)
        return None if total is None else float(total / len(lines) / 100)

    def of(self, period: Period) -> Decimal | None:
        """Return what is to be won in the months that lie in a period with all their days."""
        return _added(
            line.amount for line in _counted(self.lines, "amount") if _lies_in(line.month, period)
        )

    def by_owner(self, period: Period) -> dict[int, tuple[str, Decimal]]:
        """Return the name of each person with a target in a period, and what is to be won."""
        found: dict[int, tuple[str, Decimal]] = {}
        for line in self.lines:
            if line.owner and line.amount is not None and _lies_in(line.month, period):
                _name, amount = found.get(line.owner, ("", Decimal(0)))
                found[line.owner] = (line.name, amount + line.amount)
        return found


def targets(rows: TargetQuerySet, ask: Question, *periods: Period) -> Targets:
    """Read the targets of whom is asked about, in some periods. One statement.

    No target says from which source something is to come, and nobody's records have none: of
    those questions there are no targets.
    """
    if ask.source or ask.owner == NOBODY:
        return Targets()
    if ask.owner:
        rows = rows.filter(owner=ask.owner)
    if ask.team:
        rows = rows.filter(Q(team=ask.team) | Q(owner__team=ask.team))
    when = Q()
    for period in periods:
        when |= period.has("month")
    found = rows.filter(when).standing().annotate(name=owner_name())
    lines = found.order_by("month", "pk").values_list(
        "month", "owner", "owner__team", "team", "amount", "conversion", "name"
    )
    return Targets(
        tuple(
            Line(month, owner, of_owner if team is None else team, amount, conversion, name or "")
            for month, owner, of_owner, team, amount, conversion, name in lines
        )
    )


@dataclass(frozen=True)
class Attained:
    """What was won in a month, or in all of them, and what was to be won."""

    label: str
    won: Figure
    target: Decimal | None

    @property
    def share(self) -> float | None:
        """What was won as a share of the target; None where there is none."""
        return float(self.won.value / self.target) if self.target else None

    @property
    def gap(self) -> Decimal | None:
        return None if self.target is None else self.won.value - self.target


def attained(
    opportunities: OpportunityQuerySet, found: Targets, ask: Question, sums: Sums | None = None
) -> tuple[Attained, ...]:
    """Put beside what was won in each month what was to be; all of them come last. One statement.

    Of a period that is longer than anybody looks at only the months are told that have something.
    """
    cuts = Cuts.of([ask.period], are_days=True)
    summary = ask.of(sums.closed).filter(status="won") if sums else None
    parts = [
        rows.annotate(month=TruncMonth(column))
        .values("month", "span")
        .annotate(count=counted_in(rows), value=Sum("base_value"))
        .order_by()
        for rows, column in zip(
            cuts.inside(ask.of(opportunities).won(), "closed_on", summary, "closed"),
            ("closed", "closed_on") if summary is not None else ("closed_on",),
            strict=False,
        )
    ]
    won: dict[date, tuple[int, Decimal]] = {}
    for row in cuts.settled(parts[0].union(*parts[1:], all=True)):
        if row["span"] == 1:
            count, value = won.get(row["month"], (0, Decimal(0)))
            won[row["month"]] = count + row["count"], value + money(row["value"])
    won = {month: (count, value) for month, (count, value) in won.items() if count}
    months = _months_told(ask.period, {*won, *(line.month for line in found.lines)})

    def figure(period: Period, count: int, value: Decimal) -> Figure:
        url = ask.list_of("opportunities", status="won", **period.asked_as("closed"))
        return Figure("", count, url, value, key="won")

    parts = []
    for month in months:
        count, value = won.get(month.first.replace(day=1), (0, Decimal(0)))
        target = found.of(month)
        parts.append(Attained(month.first.isoformat(), figure(month, count, value), target))
    whole = figure(
        ask.period,
        sum(count for count, _value in won.values()),
        sum((value for _count, value in won.values()), Decimal(0)),
    )
    return (*parts, Attained("", whole, found.of(ask.period)))


def _months_told(period: Period, with_something: set[date]) -> list[Period]:
    count = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1
    if count <= MOST_MONTHS:
        return spans_in(period, MONTH)
    return [
        Period(max(month, period.first), min(months_from(month, 1)[0].last, period.last))
        for month in sorted(with_something)
        if period.first.replace(day=1) <= month <= period.last
    ]


def _counted(lines: Iterable[Line], what: str) -> Iterator[Line]:
    """Keep what adds up: of a team with a target its own, of any other those of its people."""
    lines = [line for line in lines if getattr(line, what) is not None]
    with_own = {(line.month, line.team) for line in lines if line.owner is None}
    for line in lines:
        if line.owner is None or (line.month, line.team) not in with_own:
            yield line


def _added(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _lies_in(month: date, period: Period) -> bool:
    return period.first <= month and months_from(month, 1)[0].last <= period.last

"""What became of the leads that came in a month: how soon, and how far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.utils import timezone

from leads.models import Lead
from opportunities.models import Stage
from records.querysets import WholeDays
from reports.queries.cuts import Cuts
from reports.queries.question import (
    Figure,
    Period,
    Question,
    counted_in,
    months_until,
)

if TYPE_CHECKING:
    from leads.querysets import LeadQuerySet
    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.sums import Sums

WITHIN = (30, 60, 90, 180)  # days
LATER = len(WITHIN)
FEWEST, MOST = 12, 240  # months
WON = "won"


@dataclass(frozen=True)
class Within:
    """How many leads of a cohort got somewhere in so many days; None while it is too young."""

    days: int
    count: int | None
    share: float | None
    url: str


@dataclass(frozen=True)
class Cohort:
    """The leads that came in a month."""

    month: Period
    leads: Figure
    qualified: tuple[Within, ...]
    won: tuple[Within, ...]


def cohorts(
    leads: LeadQuerySet,
    opportunities: OpportunityQuerySet,
    ask: Question,
    sums: Sums | None = None,
) -> tuple[Cohort, ...]:
    """Follow the leads of each month: how many were qualified and won in so many days.

    The months are those of the period, and no fewer than twelve up to its end. One statement; how
    many rows come back depends on the months alone. With `sums` only the qualified are read.
    """
    months = _months(ask.period)
    cuts, own = Cuts.of(months), ask.of(leads)
    followed = own.filter(status__in=Lead.Status.values) if sums is None else own.qualified()
    parts = [
        rows.with_won_within(opportunities, WITHIN).annotate(
            days=Case(When(status="qualified", then=WholeDays("qualified_at", "created_at"))),
            qualified_in=_bin_of("days"),
        )
        for rows in cuts.inside(followed, "created_at")
    ]
    if sums is not None:
        others = _others(own, cuts, ask, sums)
        parts += [rows.annotate(qualified_in=_NOWHERE, won_within=_NOWHERE) for rows in others]
    counted = [
        rows.values("span", "qualified_in", "won_within").annotate(count=counted_in(rows))
        for rows in parts
    ]
    found = counted[0].order_by().union(*(rows.order_by() for rows in counted[1:]), all=True)
    rows = [{**row, "part": row["span"] - 1} for row in cuts.settled(found)]
    whole: Counter[int] = Counter()
    qualified: Counter[tuple[int, int]] = Counter()
    won: Counter[tuple[int, int]] = Counter()
    for row in rows:
        whole[row["part"]] += row["count"]
        for place in range(LATER):
            if row["qualified_in"] is not None and row["qualified_in"] <= place:
                qualified[row["part"], place] += row["count"]
            if row["won_within"] is not None and row["won_within"] <= place:
                won[row["part"], place] += row["count"]
    now = timezone.now()

    def within(
        part: int, month: Period, counts: Counter[tuple[int, int]], name: str
    ) -> tuple[Within, ...]:
        told = []
        for place, days in enumerate(WITHIN):
            # The last lead of the month has lived so many whole days, and the hours of one more.
            is_known = month.moments[1] + timedelta(days=days + 1) <= now
            count = counts[part, place] if is_known else None
            asked = {"status": "qualified", **month.asked_as("created"), name: str(days)}
            told.append(
                Within(
                    days,
                    count,
                    count / whole[part] if count is not None and whole[part] else None,
                    ask.list_of("leads", **asked) if is_known else "",
                )
            )
        return tuple(told)

    return tuple(
        Cohort(
            month,
            Figure(
                "",
                whole[part],
                ask.list_of("leads", **month.asked_as("created")),
                key=month.first.isoformat()[:7],
            ),
            within(part, month, qualified, "days_max"),
            within(part, month, won, "won_days_max"),
        )
        for part, month in enumerate(months)
    )


@dataclass(frozen=True)
class Step:
    """How many leads came so far, and which share that is of the step before and of all."""

    figure: Figure
    of_before: float | None
    of_all: float | None
    lost: int


def funnel(
    leads: LeadQuerySet,
    opportunities: OpportunityQuerySet,
    ask: Question,
    sums: Sums | None = None,
) -> tuple[Step, ...]:
    """Follow the leads of the period: how many were qualified, came to each stage, and were won.

    A lead counts once, by the furthest of what it became. Two statements. With `sums` only the
    qualified are read.
    """
    stages = list(
        Stage.objects.using(opportunities.db)
        .for_opportunities()
        .filter(process__is_default=True)
        .order_by("position", "pk")
    )
    cuts, own = Cuts.of([ask.period]), ask.of(leads)
    followed = own.filter(status__in=Lead.Status.values) if sums is None else own.qualified()
    parts = [
        rows.with_days_to_win(opportunities)
        .with_stages_reached(opportunities)
        .annotate(
            is_qualified=_flag(Q(status="qualified")),
            is_won=_flag(Q(days_to_win__isnull=False)),
        )
        for rows in cuts.inside(followed, "created_at")
    ]
    if sums is not None:
        parts += [
            rows.annotate(is_qualified=_NOT, is_won=_NOT, moved_to=_NOWHERE, stands_in=_NOWHERE)
            for rows in _others(own, cuts, ask, sums)
        ]
    counted_by = [
        rows.order_by()
        .values("span", "is_qualified", "is_won", "moved_to", "stands_in")
        .annotate(count=counted_in(rows))
        for rows in parts
    ]
    union = counted_by[0].union(*counted_by[1:], all=True)
    found = [row for row in cuts.settled(union) if row["span"] == 1]
    came = ask.period.asked_as("created")

    def figure(key: str, label: str, count: int, **asked: str) -> Figure:
        return Figure(label, count, ask.list_of("leads", **came, **asked), key=key)

    def reached(position: int) -> int:
        return sum(
            row["count"]
            for row in found
            if row["is_won"] or max(row["moved_to"] or -1, row["stands_in"] or -1) >= position
        )

    counted = [
        figure("leads", "", sum(row["count"] for row in found)),
        figure(
            "qualified",
            str(Lead.Status.QUALIFIED.label),
            sum(row["count"] for row in found if row["is_qualified"]),
            status="qualified",
        ),
        *(
            figure(str(stage.pk), stage.name, reached(stage.position), reached=str(stage.pk))
            for stage in stages
        ),
        figure(WON, "", sum(row["count"] for row in found if row["is_won"]), reached=WON),
    ]
    steps = []
    for place, step in enumerate(counted):
        before = counted[place - 1].count if place else 0
        steps.append(
            Step(
                step,
                step.count / before if before else None,
                step.count / counted[0].count if counted[0].count and place else None,
                before - step.count if place else 0,
            )
        )
    return tuple(steps)


def _months(period: Period) -> list[Period]:
    count = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1
    return months_until(period.last, min(max(count, FEWEST), MOST))


_NOWHERE = Value(None, output_field=IntegerField())
_NOT = Value(0, output_field=IntegerField())


def _others(own: LeadQuerySet, cuts: Cuts, ask: Question, sums: Sums) -> list[Any]:
    """Return the leads that became nothing, as their summary tells of them."""
    undecided = {"status__in": ["open", "disqualified"]}
    summary = ask.of(sums.leads).filter(**undecided)
    return cuts.inside(own.filter(**undecided), "created_at", summary, "came")


def _bin_of(days: str) -> Case:
    """Say in the first how many of the days something happened, by place; None where it did not."""
    return Case(
        *(When(**{f"{days}__lte": end}, then=Value(place)) for place, end in enumerate(WITHIN)),
        default=Value(None),
        output_field=IntegerField(),
    )


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())

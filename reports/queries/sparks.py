"""How the key figures went in the last twelve months: one number for each month, no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Count, F, IntegerField, Sum, Value
from django.utils import timezone

from reports.queries.as_of import past_states, whose
from reports.queries.conversion import conversion
from reports.queries.question import MONTH, Period, Question, money, months_until
from reports.queries.targets import Targets, attained

if TYPE_CHECKING:
    from leads.querysets import LeadQuerySet
    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.sums import Sums

MONTHS = 12


@dataclass(frozen=True)
class Sparks:
    """The key figures month by month, the current one last; None where nothing was counted.

    Of the pipeline it is what stood at the end of each month, and stands now.
    """

    pipeline: tuple[Decimal, ...]
    weighted: tuple[Decimal, ...]
    won: tuple[Decimal, ...]
    rate: tuple[float | None, ...]
    days: tuple[float | None, ...]


def sparks(
    leads: LeadQuerySet,
    opportunities: OpportunityQuerySet,
    ever: OpportunityQuerySet,
    ask: Question,
    sums: Sums | None = None,
) -> Sparks:
    """Count the key figures month by month, whatever the period is. Three statements."""
    months = months_until(timezone.localdate(), MONTHS)
    ask = replace(ask, period=Period(months[0].first, months[-1].last))
    *won, _all = attained(opportunities, Targets(), ask, sums)
    closed = conversion(leads, ask, by=MONTH, sums=sums).parts
    pipeline, weighted = _pipeline(ever, ask, months)
    return Sparks(
        pipeline,
        weighted,
        tuple(month.won.value for month in won),
        tuple(month.rate for month in closed),
        tuple(month.days.median for month in closed),
    )


def _pipeline(
    ever: OpportunityQuerySet, ask: Question, months: list[Period]
) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    """Add up what was open at the end of each month, plainly and weighted. One statement."""
    states = past_states(ever, ask).filter(**whose(ask)).order_by()
    ends = [
        states.open_at(month.moments[1])
        .annotate(place=Value(place, output_field=IntegerField()))
        .values("place")
        .annotate(
            count=Count("*"),
            value=Sum("base_value"),
            weighted=Sum(F("base_value") * F("probability")),
        )
        .values_list("place", "value", "weighted")
        for place, month in enumerate(months)
    ]
    found = {place: told for place, *told in ends[0].union(*ends[1:], all=True)}
    sums = [found.get(place, (0, 0)) for place in range(len(months))]
    return (
        tuple(money(value) for value, _weighted in sums),
        tuple(money(weighted, hundredths=True) for _value, weighted in sums),
    )

"""How long opportunities took from the day they were opened to the day they were decided."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from opportunities.models import Opportunity
from records.querysets import WholeDays
from reports.queries.question import Days, Figure, Question

if TYPE_CHECKING:
    from opportunities.querysets import OpportunityQuerySet


@dataclass(frozen=True)
class Cycle:
    """The opportunities that ended in one way, and how many days each had taken."""

    figure: Figure
    days: Days


def cycles(opportunities: OpportunityQuerySet, ask: Question) -> tuple[Cycle, ...]:
    """Count the days of what was won, and of what was lost, in the period. One statement."""
    rows = (
        ask.of(opportunities)
        .filter(Q(status__in=["won", "lost"]) & ask.period.has("closed_on"))
        .annotate(days=WholeDays("closed_at", "created_at"))
        .values("status", "days")
        .annotate(count=Count("*"))
        .order_by()
    )
    spreads: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows:
        spreads[row["status"]][row["days"]] = row["count"]
    closed = ask.period.asked_as("closed")

    def cycle(status: Opportunity.Status) -> Cycle:
        days = Days(spreads[status])
        url = ask.list_of("opportunities", status=status.value, **closed)
        return Cycle(Figure(str(status.label), days.count, url, key=status.value), days)

    return cycle(Opportunity.Status.WON), cycle(Opportunity.Status.LOST)

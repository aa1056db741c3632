"""How soon somebody was in touch with the leads that came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count

from reports.queries.question import Days, Figure, Question

if TYPE_CHECKING:
    from leads.querysets import LeadQuerySet

DAY = 24  # hours


@dataclass(frozen=True)
class Response:
    """The leads that came in the period, by how soon they were answered.

    hours  how often each number of whole hours was needed, of those that were answered
    """

    parts: tuple[Figure, ...]
    total: Figure
    hours: Days


def response(leads: LeadQuerySet, ask: Question) -> Response:
    """Count the leads of the period by the hours until the first contact. One statement."""
    rows = (
        ask.of(leads)
        .filter(ask.period.holds("created_at"))
        .with_hours_to_answer()
        .values("hours_to_answer")
        .annotate(count=Count("*"))
        .order_by()
    )
    spread = {row["hours_to_answer"]: row["count"] for row in rows}
    silent = spread.pop(None, 0)
    counts = {
        "hour": spread.get(0, 0),
        "day": sum(count for hours, count in spread.items() if 0 < hours < DAY),
        "later": sum(count for hours, count in spread.items() if hours >= DAY),
        "none": silent,
    }
    came = ask.period.asked_as("created")

    def figure(key: str, count: int, **asked: str) -> Figure:
        return Figure(key, count, ask.list_of("leads", **came, **asked), key=key)

    return Response(
        tuple(figure(key, count, answered=key) for key, count in counts.items()),
        figure("", sum(counts.values())),
        Days(spread),
    )

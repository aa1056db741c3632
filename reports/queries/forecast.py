"""What is expected to be won, month by month and by how sure it is, beside what has been won."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from opportunities.models import Opportunity, Stage
from reports.queries.deals import Counted, Row, figure_of
from reports.queries.places import LATER, OVERDUE, UNDATED
from reports.queries.question import Figure, Period, Question, sum_of

if TYPE_CHECKING:
    from decimal import Decimal

    from reports.queries.targets import Targets


@dataclass(frozen=True)
class Expected:
    """What is expected to be won in a month, by how sure it is, and what has been won in it.

    `month` is None for what is overdue, for what comes later and for what has no day.
    """

    key: str
    month: Period | None
    won: Figure
    categories: tuple[Figure, ...]
    total: Figure
    target: Decimal | None

    @property
    def commit(self) -> Figure:
        return self._of(Stage.Forecast.COMMIT)

    @property
    def best_case(self) -> Figure:
        return self._of(Stage.Forecast.BEST_CASE)

    def _of(self, category: str) -> Figure:
        return next(figure for figure in self.categories if figure.key == category)


def forecast(found: Counted, targets: Targets, ask: Question) -> tuple[Expected, ...]:
    """Lay out by month what is open and what was won, beside what was to be won. No statement."""
    expected: dict[int, list[Row]] = defaultdict(list)
    won_in: dict[int, list[Row]] = defaultdict(list)
    for row in found.rows:
        if row["end"] == "open":
            expected[row["place"]].append(row)
        elif row["end"] == "won":
            won_in[row["place"]].append(row)
    before = {"closing_before": (found.months[0].first - timedelta(days=1)).isoformat()}
    after = {"closing_after": (found.months[-1].last + timedelta(days=1)).isoformat()}
    places: list[tuple[int, str, Period | None, dict[str, str]]] = [
        (OVERDUE, "overdue", None, before),
        *(
            (place, month.first.isoformat()[:7], month, month.asked_as("closing"))
            for place, month in enumerate(found.months)
        ),
        (LATER, "later", None, after),
        (UNDATED, "undated", None, {"undated": "1"}),
    ]

    def expected_in(place: int, key: str, month: Period | None, asked: dict[str, str]) -> Expected:
        rows = expected[place]
        url = ask.list_of("opportunities", status="open", **asked)
        categories = tuple(
            figure_of(
                [row for row in rows if row["category"] == category],
                str(label),
                f"{url}&forecast={category}",
                key=category,
                weighs=True,
            )
            for category, label in Stage.Forecast.choices
        )
        closed = month.asked_as("closed") if month else {}
        return Expected(
            key=key,
            month=month,
            won=figure_of(
                won_in[place] if month else [],
                str(Opportunity.Status.WON.label),
                ask.list_of("opportunities", status="won", **closed) if month else "",
                key="won",
            ),
            categories=categories,
            total=sum_of("", categories, url),
            target=targets.of_month(month.first) if month else None,
        )

    return tuple(expected_in(*place) for place in places)

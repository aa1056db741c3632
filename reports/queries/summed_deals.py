"""The opportunities of today and those closed in the period, as the summaries tell of them.

The same rows as `reports.queries.deals` counts of the opportunities themselves.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, DecimalField, F, Sum, Value, When
from django.utils import timezone

from reports.queries.cuts import Cuts, day_near
from reports.queries.places import AGE_BINS, LATER, OVERDUE, UNDATED
from reports.queries.question import NAMELESS, counted_in, keyed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from opportunities.models import Stage
    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.question import Period, Question
    from reports.queries.sums import Sums

Row = dict[str, Any]
OPEN, AGED, WON, LOST = "open", "aged", "won", "lost"
NO_DAY = "undated"
NOT_WEIGHTED = Value(Decimal(0), output_field=DecimalField())
WEIGHTED = Sum(F("base_value") * F("probability"))


def summed(
    opportunities: OpportunityQuerySet,
    ask: Question,
    sums: Sums,
    months: Sequence[Period],
    stages: Sequence[Stage],
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return what is open and was closed; and what is open by age. One statement."""
    own, period = ask.of(opportunities), ask.period
    lately = [*(month.first for month in months), _after(months[-1])]
    expected = Cuts(tuple(sorted({*lately, period.first, _after(period)})))
    ended = Cuts(tuple(sorted({*lately, period.before.first, period.first, _after(period)})))
    limits = _limits(stages)
    now = timezone.now()
    # Whoever is in a stage for so many days to the moment has been there as long.
    ages = Cuts(
        tuple(now - timedelta(days=days) + timedelta(microseconds=1) for days in limits), day_near
    )
    is_open = Case(
        When(closes=None, then=Value(NO_DAY)), default=Value(OPEN), output_field=CharField()
    )
    parts = [
        _told(
            expected.of_summary(ask.of(sums.open), "closes"),
            kind=is_open,
            weighted=Sum("weighted"),
            category=F("forecast_category"),
        ),
        *(
            _told(rows, kind=_text(OPEN), weighted=WEIGHTED, category=F("forecast_category"))
            for rows in expected.of_strays(own.open(), "estimated_close_date")
        ),
        *(
            _told(
                rows,
                kind=F("status"),
                reason=keyed("loss_reason"),
                reason_name=F("loss_reason__name"),
            )
            for rows in ended.inside(
                own.filter(status__in=[WON, LOST]), "closed_on", ask.of(sums.closed), "closed"
            )
        ),
    ]
    if stages:
        parts += [_told(rows, kind=_text(AGED)) for rows in _by_age(own.open(), ages, ask, sums)]
    found = list(parts[0].union(*parts[1:], all=True))

    def of(*kinds: str) -> list[Row]:
        return [row for row in found if row["kind"] in kinds]

    open_rows = [_expected(row, expected, ask, months) for row in expected.settled(of(OPEN))]
    undated = [{**row, "end": OPEN, "is_due": 0, "place": UNDATED} for row in of(NO_DAY)]
    closed = [_closed(row, ended, ask, months) for row in ended.settled(of(WON, LOST))]
    asked = (row for row in closed if row["end"] == WON or row["is_asked"])
    usual = {stage.pk: stage.usual_days for stage in stages}
    aged = (_aged(row, limits, usual) for row in ages.settled(of(AGED)))
    return (*open_rows, *undated, *asked), tuple(aged)


def _by_age(rows: OpportunityQuerySet, ages: Cuts, ask: Question, sums: Sums) -> list[Any]:
    if ask.source:  # of which this summary does not tell
        return [ages.of_records(rows, "stage_entered_at")]
    whole = ages.of_summary(ask.of(sums.ages), "entered")
    return [whole, *ages.of_strays(rows, "stage_entered_at")]


def _told(rows: Any, *, weighted: Any = NOT_WEIGHTED, **keys: Any) -> Any:
    """Count and add up by stage, span and `keys`; what is not told apart is nothing."""
    keys = {"category": NAMELESS, "reason": Value(0), "reason_name": NAMELESS} | keys
    return (
        rows.annotate(**keys)
        .values("stage", "span", *sorted(keys))
        .annotate(count=counted_in(rows), value=Sum("base_value"), weighted=weighted)
        .order_by()
    )


def _text(value: str) -> Value:
    return Value(value, output_field=CharField())


def _after(period: Period) -> date:
    return period.last + timedelta(days=1)


def _limits(stages: Sequence[Stage]) -> list[int]:
    """Return the numbers of days at which an open opportunity becomes another one to somebody."""
    bins = {end + 1 for _first, end in AGE_BINS if end is not None}
    usual = {stage.usual_days for stage in stages if stage.usual_days}
    return sorted(bins | usual, reverse=True)


def _expected(row: Row, cuts: Cuts, ask: Question, months: Sequence[Period]) -> Row:
    start = cuts.at[row["span"] - 1] if row["span"] else None
    place = OVERDUE if start is None else _month_of(start, months)
    return {**row, "end": OPEN, "is_due": int(_lies_in(start, ask.period)), "place": place}


def _closed(row: Row, cuts: Cuts, ask: Question, months: Sequence[Period]) -> Row:
    start = cuts.at[row["span"] - 1] if row["span"] else None
    return {
        **row,
        "end": row["kind"],
        "is_asked": int(_lies_in(start, ask.period)),
        "is_before": int(_lies_in(start, ask.period.before)),
        "place": next(
            (place for place, month in enumerate(months) if _lies_in(start, month)), UNDATED
        ),
    }


def _aged(row: Row, limits: Sequence[int], usual: dict[int, int]) -> Row:
    days = limits[row["span"]] if row["span"] < len(limits) else 0
    age = next(place for place, (_first, end) in enumerate(AGE_BINS) if end is None or days <= end)
    return {**row, "end": OPEN, "age": age, "is_stale": int(days >= usual[row["stage"]])}


def _lies_in(day: date | None, period: Period) -> bool:
    return day is not None and period.first <= day <= period.last


def _month_of(day: date, months: Sequence[Period]) -> int:
    if day < months[0].first:
        return OVERDUE
    return next((place for place, month in enumerate(months) if _lies_in(day, month)), LATER)

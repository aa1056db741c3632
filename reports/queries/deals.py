"""The opportunities of today and those closed in the period, counted by all that cards ask."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, Count, F, IntegerField, Q, Sum, Value, When
from django.utils import timezone

from opportunities.models import Stage
from records.querysets import WholeDays
from reports.queries.places import AGE_BINS, FORECAST_MONTHS, LATER, OVERDUE, UNDATED
from reports.queries.question import (
    NAMELESS,
    NOBODY,
    Figure,
    Period,
    Question,
    keyed,
    money,
    months_from,
    sum_of,
)
from reports.queries.summed_deals import summed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.sums import Sums

Row = dict[str, Any]


@dataclass(frozen=True)
class Ageing:
    """The open opportunities of a stage by the days that they have been in it."""

    stage: Figure
    usual_days: int
    cells: tuple[Figure, ...]
    stale: Figure


@dataclass(frozen=True)
class Counted:
    """Opportunities, counted by stage, end and place in the months of the forecast.

    `ages` are the open ones once more, by the time that they have been in their stage.
    """

    rows: tuple[Row, ...]
    ages: tuple[Row, ...]
    months: tuple[Period, ...]


@dataclass(frozen=True)
class Deals:
    """The pipeline of today, by stage and age; what was won and lost, and why.

    `due` is what of it is expected to close in the period.
    """

    total: Figure
    stages: tuple[Figure, ...]
    ageing: tuple[Ageing, ...]
    stale: Figure
    due: Figure
    won: Figure
    won_before: Figure
    lost: Figure
    decided: Figure
    reasons: tuple[Figure, ...]

    @property
    def win_rate(self) -> float | None:
        """What was won as a share of what was decided; None where nothing was."""
        return self.won.count / self.decided.count if self.decided.count else None


def counted(
    opportunities: OpportunityQuerySet,
    ask: Question,
    sums: Sums | None = None,
    stages: tuple[Stage, ...] = (),
) -> Counted:
    """Count what is open and what was closed in the period by everything that is asked of them.

    One statement. It passes over the opportunities once, or over what `sums` tell of them; how many
    rows come back depends on the stages and reasons alone. `sums` tell the age of what is in one of
    the `stages`, and without these nothing of it.
    """
    months = tuple(months_from(timezone.localdate(), FORECAST_MONTHS))
    if sums is None:
        rows = tuple(_rows(ask.of(opportunities), ask.period, months))
        return Counted(rows, tuple(row for row in rows if row["end"] == "open"), months)
    return Counted(*summed(opportunities, ask, sums, months, stages), months)


def all_stages(opportunities: OpportunityQuerySet) -> tuple[Stage, ...]:
    """Return the stages, where the opportunities are read too. One statement."""
    return tuple(
        Stage.objects.using(opportunities.db)
        .select_related("process")
        .order_by("process__position", "process", "position", "pk")
    )


def deals(found: Counted, stages: Sequence[Stage], ask: Question) -> Deals:
    """Add up what is open and what was closed in the period. No statement."""
    in_stage: dict[int, list[Row]] = defaultdict(list)
    won: list[Row] = []
    won_before: list[Row] = []
    due: list[Row] = []
    lost: list[Row] = []
    for row in found.rows:
        if row["end"] == "open":
            in_stage[row["stage"]].append(row)
            if row["is_due"]:
                due.append(row)
        elif row["end"] == "won":
            if row["is_asked"]:
                won.append(row)
            if row["is_before"]:
                won_before.append(row)
        else:
            lost.append(row)

    closed = ask.period.asked_as("closed")
    before = ask.period.before.asked_as("closed")
    reasons = [
        figure_of(
            found,
            found[0]["reason_name"] or "",
            ask.list_of("opportunities", status="lost", reason=_key(pk), **closed),
            key=_key(pk),
        )
        for pk, found in _grouped(lost, lambda row: row["reason"] or None)
        if sum(row["count"] for row in found)
    ]
    shown = [
        stage
        for stage in stages
        # A stage that is worked on the lead has no bar, unless somebody opened a deal there.
        if sum(row["count"] for row in in_stage[stage.pk])
        or (
            stage.process.is_default
            and stage.process.is_active
            and stage.is_in_use
            and not stage.is_for_leads
        )
    ]
    aged: dict[int, list[Row]] = defaultdict(list)
    for row in found.ages:
        aged[row["stage"]].append(row)
    ageing = tuple(_ageing(stage, in_stage[stage.pk], aged[stage.pk], ask) for stage in shown)
    figures = tuple(one.stage for one in ageing)
    won_figure = figure_of(won, "", ask.list_of("opportunities", status="won", **closed), key="won")
    lost_figure = figure_of(
        lost, "", ask.list_of("opportunities", status="lost", **closed), key="lost"
    )
    return Deals(
        total=sum_of("", figures, ask.list_of("opportunities", status="open")),
        stages=figures,
        ageing=ageing,
        stale=sum_of("", (one.stale for one in ageing), ask.list_of("opportunities", stale="1")),
        due=figure_of(
            due,
            "",
            ask.list_of("opportunities", status="open", **ask.period.asked_as("closing")),
            weighs=True,
        ),
        won=won_figure,
        won_before=figure_of(
            won_before, "", ask.list_of("opportunities", status="won", **before), key="won"
        ),
        lost=lost_figure,
        decided=sum_of("", [won_figure, lost_figure], ask.list_of("opportunities", **closed)),
        reasons=tuple(sorted(reasons, key=lambda one: (-one.count, one.label))),
    )


def _rows(
    opportunities: OpportunityQuerySet, period: Period, months: Sequence[Period]
) -> list[Row]:
    """Ask for each range that an index has by itself, no opportunity in two of them.

    For all of them at once, with *or*, the engine would open every wide row.
    """
    both = Period(period.before.first, period.last)
    lately = Period(months[0].first, months[-1].last)
    won, lost = opportunities.filter(status="won"), opportunities.filter(status="lost")
    parts = [
        _of_open(opportunities.filter(status="open"), period, months),
        _of_closed(won.filter(both.has("closed_on")), "won", period, months),
        _of_closed(
            won.filter(lately.has("closed_on")).exclude(both.has("closed_on")),
            "won", period, months,
        ),
        _of_closed(
            lost.filter(period.has("closed_on")),
            "lost", period, months,
            reason=keyed("loss_reason"), reason_name=F("loss_reason__name"),
        ),
    ]  # fmt: skip
    return list(parts[0].union(*parts[1:], all=True))


def _of_open(rows: OpportunityQuerySet, period: Period, months: Sequence[Period]) -> Any:
    now = timezone.now()
    days = rows.annotate(days=WholeDays(now, F("stage_entered_at")))
    return _parted(
        days,
        end=_text("open"),
        is_due=_flag(period.has("estimated_close_date")),
        is_stale=_flag(Q(days__gte=F("stage__usual_days"))),
        age=Case(
            *(
                When(stage_entered_at__gt=now - timedelta(days=end + 1), then=place)
                for place, (_first, end) in enumerate(AGE_BINS)
                if end is not None
            ),
            default=Value(len(AGE_BINS) - 1),
            output_field=IntegerField(),
        ),
        place=_place_of_open(months),
        category=F("forecast_category"),
    )


def _of_closed(
    rows: OpportunityQuerySet, end: str, period: Period, months: Sequence[Period], **keys: Any
) -> Any:
    return _parted(
        rows,
        end=_text(end),
        is_asked=_flag(period.has("closed_on")),
        is_before=_flag(period.before.has("closed_on")),
        place=_in_months("closed_on", months, UNDATED),
        **keys,
    )


def _parted(rows: OpportunityQuerySet, **keys: Any) -> Any:
    """Count and add up by stage and `keys`; what is not told apart is nothing.

    The end is told, and not read: an index of the open alone does not have it.
    """
    texts = dict.fromkeys(("category", "reason_name"), NAMELESS)
    numbers = ("is_asked", "is_before", "is_due", "is_stale", "age", "place", "reason")
    keys = dict.fromkeys(numbers, Value(0)) | texts | keys
    return (
        rows.order_by()
        .annotate(**keys)
        .values("stage", *sorted(keys))
        .annotate(
            count=Count("*"),
            value=Sum("base_value"),
            weighted=Sum(F("base_value") * F("probability")),
        )
    )


def _text(value: str) -> Value:
    return Value(value, output_field=CharField())


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


def _place_of_open(months: Sequence[Period]) -> Case:
    """Say in which month of the forecast something open stands, by the day it is expected."""
    expected = "estimated_close_date"
    return Case(
        When(**{expected: None}, then=Value(UNDATED)),
        When(**{f"{expected}__lt": months[0].first}, then=Value(OVERDUE)),
        default=_in_months(expected, months, LATER),
        output_field=IntegerField(),
    )


def _in_months(day: str, months: Sequence[Period], otherwise: int) -> Case:
    return Case(
        *(When(month.has(day), then=Value(place)) for place, month in enumerate(months)),
        default=Value(otherwise),
        output_field=IntegerField(),
    )


def _ageing(stage: Stage, rows: list[Row], ages: list[Row], ask: Question) -> Ageing:
    asked = {"status": "open", "stage": str(stage.pk)}
    cells = tuple(
        figure_of(
            [row for row in ages if row["age"] == place],
            f"{first}–{last}" if last is not None else f"{first}+",
            ask.list_of(
                "opportunities",
                **asked,
                stage_days_min=str(first),
                **({} if last is None else {"stage_days_max": str(last)}),
            ),
        )
        for place, (first, last) in enumerate(AGE_BINS)
    )
    return Ageing(
        stage=figure_of(
            rows, stage.name, ask.list_of("opportunities", **asked), key=str(stage.pk), weighs=True
        ),
        usual_days=stage.usual_days,
        cells=cells,
        stale=figure_of(
            [row for row in ages if row["is_stale"]],
            stage.name,
            ask.list_of("opportunities", **asked, stale="1"),
        ),
    )


def figure_of(
    rows: Iterable[Row], label: str, url: str, *, key: str = "", weighs: bool = False
) -> Figure:
    rows = list(rows)
    return Figure(
        label=label,
        count=sum(row["count"] for row in rows),
        value=money(sum((row["value"] or 0 for row in rows), Decimal(0))),
        weighted=money(
            sum((row["weighted"] or 0 for row in rows), Decimal(0)) if weighs else 0,
            hundredths=True,
        ),
        url=url,
        key=key,
    )


def _grouped(rows: Iterable[Row], key: Callable[[Row], Any]) -> Iterable[tuple[Any, list[Row]]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found.items()


def _key(pk: int | None) -> str:
    return NOBODY if pk is None else str(pk)

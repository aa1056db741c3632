"""The opportunities of today and those closed in the period, counted by all that cards ask."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, Count, F, IntegerField, Q, Sum, Value, When
from django.utils import timezone

from opportunities.models import Opportunity, Stage
from records.querysets import WholeDays
from reports.queries.question import NOBODY, Figure, Period, Question, money, months_from, sum_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from opportunities.querysets import OpportunityQuerySet

# First and last whole day in a stage of each column of the ageing; the last one has no end.
AGE_BINS: tuple[tuple[int, int | None], ...] = ((0, 7), (8, 14), (15, 30), (31, 60), (61, None))
FORECAST_MONTHS = 4  # the current one and those after it

OVERDUE, LATER, UNDATED = -1, FORECAST_MONTHS, FORECAST_MONTHS + 1
Row = dict[str, Any]


@dataclass(frozen=True)
class Ageing:
    """The open opportunities of a stage by the days that they have been in it."""

    stage: Figure
    usual_days: int
    cells: tuple[Figure, ...]
    stale: Figure


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

    @property
    def commit(self) -> Figure:
        return self._of(Stage.Forecast.COMMIT)

    @property
    def best_case(self) -> Figure:
        return self._of(Stage.Forecast.BEST_CASE)

    def _of(self, category: str) -> Figure:
        return next(figure for figure in self.categories if figure.key == category)


@dataclass(frozen=True)
class Deals:
    """The pipeline of today, by stage, age and expected month; what was won and lost, and why."""

    total: Figure
    stages: tuple[Figure, ...]
    ageing: tuple[Ageing, ...]
    stale: Figure
    forecast: tuple[Expected, ...]
    won: Figure
    won_before: Figure
    lost: Figure
    decided: Figure
    reasons: tuple[Figure, ...]

    @property
    def win_rate(self) -> float | None:
        """What was won as a share of what was decided; None where nothing was."""
        return self.won.count / self.decided.count if self.decided.count else None


def deals(opportunities: OpportunityQuerySet, ask: Question) -> Deals:
    """Add up what is open and what was closed in the period. Two statements.

    One passes over the opportunities and counts them by everything that is asked of them; how many
    rows come back depends on the stages and reasons, not on the opportunities.
    """
    months = months_from(timezone.localdate(), FORECAST_MONTHS)
    stages = list(
        Stage.objects.select_related("process").order_by(
            "process__position", "process", "position", "pk"
        )
    )
    rows = _counted(ask.of(opportunities), ask.period, months)
    in_stage: dict[int, list[Row]] = defaultdict(list)
    expected: dict[int, list[Row]] = defaultdict(list)
    won: list[Row] = []
    won_before: list[Row] = []
    won_in: dict[int, list[Row]] = defaultdict(list)
    lost: list[Row] = []
    for row in rows:
        if row["status"] == "open":
            in_stage[row["stage"]].append(row)
            expected[row["place"]].append(row)
        elif row["status"] == "won":
            won_in[row["place"]].append(row)
            if row["is_asked"]:
                won.append(row)
            if row["is_before"]:
                won_before.append(row)
        else:
            lost.append(row)

    closed = ask.period.asked_as("closed")
    before = ask.period.before.asked_as("closed")
    reasons = [
        _figure(
            found,
            found[0]["loss_reason__name"] or "",
            ask.list_of("opportunities", status="lost", reason=_key(pk), **closed),
            key=_key(pk),
        )
        for pk, found in _parted(lost, lambda row: row["loss_reason"])
    ]
    shown = [
        stage
        for stage in stages
        # A stage that is worked on the lead has no bar, unless somebody opened a deal there.
        if stage.pk in in_stage
        or (stage.process.is_default and stage.process.is_active and not stage.is_for_leads)
    ]
    ageing = tuple(_ageing(stage, in_stage[stage.pk], ask) for stage in shown)
    figures = tuple(one.stage for one in ageing)
    won_figure = _figure(won, "", ask.list_of("opportunities", status="won", **closed), key="won")
    lost_figure = _figure(
        lost, "", ask.list_of("opportunities", status="lost", **closed), key="lost"
    )
    return Deals(
        total=sum_of("", figures, ask.list_of("opportunities", status="open")),
        stages=figures,
        ageing=ageing,
        stale=sum_of("", (one.stale for one in ageing), ask.list_of("opportunities", stale="1")),
        forecast=_forecast(expected, won_in, months, ask),
        won=won_figure,
        won_before=_figure(
            won_before, "", ask.list_of("opportunities", status="won", **before), key="won"
        ),
        lost=lost_figure,
        decided=sum_of("", [won_figure, lost_figure], ask.list_of("opportunities", **closed)),
        reasons=tuple(sorted(reasons, key=lambda one: (-one.count, one.label))),
    )


def _counted(
    opportunities: OpportunityQuerySet, period: Period, months: Sequence[Period]
) -> list[Row]:
    is_open = Q(status="open")
    is_asked = Q(status__in=["won", "lost"]) & period.has("closed_on")
    is_before = Q(status="won") & period.before.has("closed_on")
    is_won_lately = Q(status="won") & Period(months[0].first, months[-1].last).has("closed_on")
    now = timezone.now()
    return list(
        opportunities.filter(is_open | is_asked | is_before | is_won_lately)
        .annotate(
            days=WholeDays(now, F("stage_entered_at")),
            is_asked=_flag(is_asked),
            is_before=_flag(is_before),
            is_stale=_flag(is_open & Q(days__gte=F("stage__usual_days"))),
            age=Case(
                *(
                    When(is_open & Q(stage_entered_at__gt=now - timedelta(days=end + 1)), then=bin_)
                    for bin_, (_first, end) in enumerate(AGE_BINS)
                    if end is not None
                ),
                default=Value(len(AGE_BINS) - 1),
                output_field=IntegerField(),
            ),
            place=_place(months),
            category=Case(
                When(is_open, then=F("forecast_category")),
                default=Value(""),
                output_field=CharField(),
            ),
        )
        .values(
            "status", "stage", "is_asked", "is_before", "is_stale", "age", "place", "category",
            "loss_reason", "loss_reason__name",
        )
        .annotate(
            count=Count("*"),
            value=Sum("base_value"),
            weighted=Sum(F("base_value") * F("probability")),
        )
        .order_by()
    )  # fmt: skip


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


def _place(months: Sequence[Period]) -> Case:
    """Say in which month of the forecast a row stands: the open by their expected day."""
    is_open = Q(status="open")
    expected = "estimated_close_date"
    return Case(
        When(is_open & Q(**{expected: None}), then=Value(UNDATED)),
        When(is_open & Q(**{f"{expected}__lt": months[0].first}), then=Value(OVERDUE)),
        *(
            When(
                is_open & Q(**{f"{expected}__lte": month.last}) | ~is_open & month.has("closed_on"),
                then=Value(place),
            )
            for place, month in enumerate(months)
        ),
        When(is_open, then=Value(LATER)),
        default=Value(UNDATED),
        output_field=IntegerField(),
    )


def _ageing(stage: Stage, rows: list[Row], ask: Question) -> Ageing:
    asked = {"status": "open", "stage": str(stage.pk)}
    cells = tuple(
        _figure(
            [row for row in rows if row["age"] == place],
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
        stage=_figure(
            rows, stage.name, ask.list_of("opportunities", **asked), key=str(stage.pk), weighs=True
        ),
        usual_days=stage.usual_days,
        cells=cells,
        stale=_figure(
            [row for row in rows if row["is_stale"]],
            stage.name,
            ask.list_of("opportunities", **asked, stale="1"),
        ),
    )


def _forecast(
    expected: dict[int, list[Row]],
    won_in: dict[int, list[Row]],
    months: Sequence[Period],
    ask: Question,
) -> tuple[Expected, ...]:
    before = {"closing_before": (months[0].first - timedelta(days=1)).isoformat()}
    after = {"closing_after": (months[-1].last + timedelta(days=1)).isoformat()}
    places: list[tuple[int, str, Period | None, dict[str, str]]] = [
        (OVERDUE, "overdue", None, before),
        *(
            (place, month.first.isoformat()[:7], month, month.asked_as("closing"))
            for place, month in enumerate(months)
        ),
        (LATER, "later", None, after),
        (UNDATED, "undated", None, {"undated": "1"}),
    ]

    def expected_in(place: int, key: str, month: Period | None, asked: dict[str, str]) -> Expected:
        rows = expected[place]
        url = ask.list_of("opportunities", status="open", **asked)
        categories = tuple(
            _figure(
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
            won=_figure(
                won_in[place] if month else [],
                str(Opportunity.Status.WON.label),
                ask.list_of("opportunities", status="won", **closed) if month else "",
                key="won",
            ),
            categories=categories,
            total=sum_of("", categories, url),
        )

    return tuple(expected_in(*place) for place in places)


def _figure(
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


def _parted(rows: Iterable[Row], key: Callable[[Row], Any]) -> Iterable[tuple[Any, list[Row]]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found.items()


def _key(pk: int | None) -> str:
    return NOBODY if pk is None else str(pk)

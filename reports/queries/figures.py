"""The figures: permitted rows in, frozen facts out, each with the list that it counts.

Nothing here asks who the viewer is. Rows arrive narrowed by `permitted`, so a report cannot tell
more than the lists do, and every figure carries the address of a list that has exactly its rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Case, Count, F, IntegerField, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from opportunities.models import Opportunity, Stage
from records.querysets import RecordQuerySet, WholeDays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leads.querysets import LeadQuerySet
    from opportunities.querysets import OpportunityQuerySet

Rows = TypeVar("Rows", bound=RecordQuerySet)

NOBODY = "none"
COHORT_MONTHS = 12
# First and last whole day of each column; the last one has no end.
DAY_BINS: tuple[tuple[int, int | None], ...] = (
    (0, 7),
    (8, 14),
    (15, 21),
    (22, 30),
    (31, 45),
    (46, 60),
    (61, None),
)


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both of them included."""

    first: date
    last: date

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """The moment at which the first day begins, and the one at which the last is over."""
        return _midnight(self.first), _midnight(self.last + timedelta(days=1))

    def holds(self, moment: str) -> Q:
        """Keep rows whose column `moment` falls on one of the days."""
        start, end = self.moments
        return Q(**{f"{moment}__gte": start, f"{moment}__lt": end})

    def asked_as(self, name: str) -> dict[str, str]:
        """Return the days as the lists ask for them."""
        return {f"{name}_after": self.first.isoformat(), f"{name}_before": self.last.isoformat()}


@dataclass(frozen=True)
class Question:
    """What the head of a report asks: which days, and whose records."""

    period: Period
    owner: str = ""  # an id, or `NOBODY`
    team: str = ""

    def of(self, rows: Rows) -> Rows:
        """Keep the rows of the owner and team that were asked for."""
        if self.owner == NOBODY:
            rows = rows.filter(owner=None)
        elif self.owner:
            rows = rows.filter(owner=self.owner)
        return rows.filter(owner__team=self.team) if self.team else rows

    def list_of(self, kind: str, **filters: str) -> str:
        """Return the address of the list with the rows behind a figure."""
        whose = {"owner": self.owner, "team": self.team}
        asked = {**{name: value for name, value in whose.items() if value}, **filters}
        return f"{reverse(f'{kind}:list')}?{urlencode(asked)}"


@dataclass(frozen=True)
class Figure:
    """A number of records, their worth in the default currency, and where they are listed."""

    label: str
    count: int
    url: str
    value: Decimal = Decimal(0)
    weighted: Decimal = Decimal(0)


@dataclass(frozen=True)
class OpenLeads:
    """Leads nobody has decided about, by progress."""

    total: Figure
    parts: tuple[Figure, ...]


@dataclass(frozen=True)
class Deals:
    """The pipeline of today, stage by stage, and what was won or lost in the period."""

    total: Figure
    stages: tuple[Figure, ...]
    won: Figure
    lost: Figure


@dataclass(frozen=True)
class Share:
    """So many of so many, with the lists of both."""

    label: str
    part: int
    whole: int
    part_url: str
    whole_url: str

    @property
    def rate(self) -> float | None:
        """The part as a share of one; None where there is nothing to share."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class Days:
    """How long something took or has lasted, in whole days."""

    spread: Mapping[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.spread.values())

    @property
    def median(self) -> float | None:
        return percentile(self.spread, 0.5)

    @property
    def ninetieth(self) -> float | None:
        return percentile(self.spread, 0.9)

    @property
    def mean(self) -> float | None:
        if not self.count:
            return None
        return sum(days * count for days, count in self.spread.items()) / self.count


@dataclass(frozen=True)
class Conversion:
    """What became of the leads that were closed in the period, and how long it took."""

    closed: Share
    days: Days
    bins: tuple[Figure, ...]
    median_bin: int | None


@dataclass(frozen=True)
class Intake:
    """The leads that came in, by month of arrival and by source, and how many were qualified."""

    months: tuple[Share, ...]
    sources: tuple[Share, ...]


@dataclass(frozen=True)
class Lingering:
    """Leads of one owner that meet every rule and have not been qualified."""

    figure: Figure
    days: Days


@dataclass(frozen=True)
class Ready:
    """All leads that meet every rule and have not been qualified, and by owner."""

    total: Lingering
    owners: tuple[Lingering, ...]


def open_leads(leads: LeadQuerySet, ask: Question) -> OpenLeads:
    """Count the open leads by progress. One statement."""
    found = {
        row["progress"]: row
        for row in ask.of(leads)
        .open()
        .values("progress")
        .annotate(count=Count("*"), value=Sum("base_value"))
        .order_by()
    }
    parts = tuple(
        Figure(
            label=str(label),
            count=found.get(progress, {}).get("count", 0),
            value=_money(found.get(progress, {}).get("value")),
            url=ask.list_of("leads", status="open", progress=progress),
        )
        for progress, label in Lead.Progress.choices
    )
    total = _sum_of("", parts, ask.list_of("leads", status="open"))
    return OpenLeads(total=total, parts=parts)


def deals(opportunities: OpportunityQuerySet, ask: Question) -> Deals:
    """Add up open opportunities by stage, and those closed in the period. Two statements."""
    closed = Q(closed_on__gte=ask.period.first, closed_on__lte=ask.period.last)
    rows = (
        ask.of(opportunities)
        .filter(Q(status="open") | (Q(status__in=["won", "lost"]) & closed))
        .values("status", "stage")
        .annotate(
            count=Count("*"),
            value=Sum("base_value"),
            weighted=Sum(F("base_value") * F("probability")),
        )
        .order_by()
    )
    by_stage: dict[int, dict[str, Any]] = {}
    by_status: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_status[row["status"]].append(row)
        if row["status"] == "open":
            by_stage[row["stage"]] = row

    def stage_figure(stage: Stage) -> Figure:
        row = by_stage.get(stage.pk, {})
        return Figure(
            label=stage.name,
            count=row.get("count", 0),
            value=_money(row.get("value")),
            weighted=_money(row.get("weighted"), hundredths=True),
            url=ask.list_of("opportunities", status="open", stage=str(stage.pk)),
        )

    def closed_figure(status: str) -> Figure:
        return Figure(
            label=str(Opportunity.Status(status).label),
            count=sum(row["count"] for row in by_status[status]),
            value=sum((_money(row["value"]) for row in by_status[status]), Decimal(0)),
            url=ask.list_of("opportunities", status=status, **ask.period.asked_as("closed")),
        )

    stages = tuple(
        stage_figure(stage)
        for stage in Stage.objects.select_related("process").order_by(
            "process__position", "process", "position"
        )
        # A stage that is worked on the lead has no bar, unless somebody opened a deal there.
        if stage.pk in by_stage
        or (stage.process.is_default and stage.process.is_active and not stage.is_for_leads)
    )
    return Deals(
        total=_sum_of("", stages, ask.list_of("opportunities", status="open")),
        stages=stages,
        won=closed_figure("won"),
        lost=closed_figure("lost"),
    )


def conversion(leads: LeadQuerySet, ask: Question) -> Conversion:
    """Look at the leads closed in the period: how many were qualified, and after how many days.

    One statement: the days come back counted, and whatever is asked of them is exact.
    """
    period = ask.period
    rows = (
        ask.of(leads)
        .filter(
            Q(status="qualified") & period.holds("qualified_at")
            | Q(status="disqualified") & period.holds("disqualified_at")
        )
        .with_days_to_convert()
        .values("status", "days_to_convert")
        .annotate(count=Count("*"))
        .order_by()
    )
    days: Counter[int] = Counter()
    whole = 0
    for row in rows:
        whole += row["count"]
        if row["status"] == "qualified":
            days[row["days_to_convert"]] += row["count"]
    qualified = {"status": "qualified", **period.asked_as("qualified")}
    closed = Share(
        label="",
        part=days.total(),
        whole=whole,
        part_url=ask.list_of("leads", **qualified),
        whole_url=ask.list_of("leads", **period.asked_as("closed")),
    )
    bins = tuple(
        Figure(
            label=f"{first}–{last}" if last is not None else f"{first}+",
            count=sum(
                count
                for day, count in days.items()
                if first <= day and (last is None or day <= last)
            ),
            url=ask.list_of(
                "leads",
                **qualified,
                days_min=str(first),
                **({} if last is None else {"days_max": str(last)}),
            ),
        )
        for first, last in DAY_BINS
    )
    taken = Days(dict(days))
    return Conversion(closed=closed, days=taken, bins=bins, median_bin=_bin_of(taken.median))


def intake(leads: LeadQuerySet, ask: Question) -> Intake:
    """Follow the leads by the month in which they came, and by source. One statement.

    Months are cohorts: of the leads that came in a month, those that are qualified by now, whenever
    that was. Sources are counted over the leads that came in the period.
    """
    months = months_until(timezone.localdate(), COHORT_MONTHS)
    period = ask.period
    month = Case(
        *(
            When(created_at__gte=months[place].moments[0], then=Value(place))
            for place in reversed(range(len(months)))
        ),
        default=Value(-1),
        output_field=IntegerField(),
    )
    rows = (
        ask.of(leads)
        # One range of moments within each status, which an index has; what lies in neither the
        # period nor the months is asked for by nobody.
        .filter(
            status__in=Lead.Status.values,
            created_at__gte=min(period.moments[0], months[0].moments[0]),
        )
        .annotate(
            month=month,
            is_asked=Case(
                When(period.holds("created_at"), then=Value(1)),
                default=Value(0),
                output_field=IntegerField(),
            ),
        )
        # No bare column: SQLite would rather walk along its index than read the months alone.
        .annotate(origin=Coalesce("source", Value(0)))
        .values("month", "is_asked", "origin", "source__name", "status")
        .annotate(count=Count("*"))
        .order_by()
    )
    came: Counter[int] = Counter()
    converted: Counter[int] = Counter()
    came_from: Counter[tuple[Any, Any]] = Counter()
    converted_from: Counter[tuple[Any, Any]] = Counter()
    for row in rows:
        is_qualified = row["status"] == "qualified"
        source = (row["origin"] or None, row["source__name"])
        came[row["month"]] += row["count"]
        converted[row["month"]] += row["count"] * is_qualified
        if row["is_asked"]:
            came_from[source] += row["count"]
            converted_from[source] += row["count"] * is_qualified

    def share_of_month(place: int, days: Period) -> Share:
        asked = days.asked_as("created")
        return Share(
            label=days.first.isoformat(),
            part=converted[place],
            whole=came[place],
            part_url=ask.list_of("leads", status="qualified", **asked),
            whole_url=ask.list_of("leads", **asked),
        )

    def share_of_source(source: tuple[Any, Any]) -> Share:
        pk, name = source
        asked = {"source": NOBODY if pk is None else str(pk), **period.asked_as("created")}
        return Share(
            label=name or "",
            part=converted_from[source],
            whole=came_from[source],
            part_url=ask.list_of("leads", status="qualified", **asked),
            whole_url=ask.list_of("leads", **asked),
        )

    by_size = sorted(came_from, key=lambda source: (-came_from[source], source[1] or ""))
    return Intake(
        months=tuple(share_of_month(place, days) for place, days in enumerate(months)),
        sources=tuple(share_of_source(source) for source in by_size),
    )


def ready(leads: LeadQuerySet, ask: Question) -> Ready:
    """Count the leads that meet every rule and linger, by owner, with their days. One statement."""
    now = Value(timezone.now(), output_field=Lead._meta.get_field("ready_since"))
    rows = (
        ask.of(leads)
        .ready()
        .annotate(days=WholeDays(now, "ready_since"))
        .values("owner", "owner__name", "owner__email", "days")
        .annotate(count=Count("*"), value=Sum("base_value"))
        .order_by()
    )
    spreads: dict[tuple[Any, str], Counter[int]] = defaultdict(Counter)
    values: Counter[tuple[Any, str]] = Counter()
    for row in rows:
        owner = (row["owner"], row["owner__name"] or row["owner__email"] or "")
        spreads[owner][row["days"]] += row["count"]
        values[owner] += _money(row["value"])  # type: ignore[assignment]

    def lingering(owner: tuple[Any, str]) -> Lingering:
        pk, name = owner
        whose = {"owner": NOBODY if pk is None else str(pk)}
        days = Days(dict(spreads[owner]))
        figure = Figure(
            label=name,
            count=days.count,
            value=_money(values[owner]),
            url=ask.list_of("leads", **{"ready": "1", **whose}),
        )
        return Lingering(figure=figure, days=days)

    owners = sorted(
        (lingering(owner) for owner in spreads),
        key=lambda one: (-one.figure.count, one.figure.label),
    )
    everything: Counter[int] = Counter()
    for spread in spreads.values():
        everything.update(spread)
    total = _sum_of("", [one.figure for one in owners], ask.list_of("leads", ready="1"))
    return Ready(total=Lingering(total, Days(dict(everything))), owners=tuple(owners))


def percentile(spread: Mapping[int, int], fraction: float) -> float | None:
    """Return the value below which `fraction` of all lie, between two neighbours in proportion.

    `spread` says how often each value occurs. It is what PostgreSQL calls `percentile_cont`.

    >>> percentile({3: 1, 7: 2, 12: 1}, 0.5), percentile({1: 1, 4: 1}, 0.5), percentile({}, 0.5)
    (7.0, 2.5, None)
    """
    total = sum(spread.values())
    if not total:
        return None
    place = (total - 1) * fraction
    lower = int(place)
    seen = 0
    low: int | None = None
    for value in sorted(spread):
        seen += spread[value]
        if low is None and seen > lower:
            low = value
        if low is not None and seen > min(lower + 1, total - 1):
            return low + (value - low) * (place - lower)
    raise AssertionError("unreachable")


def months_until(day: date, count: int) -> list[Period]:
    """Return the last `count` calendar months, the one of `day` at the end.

    >>> [str(month.first) for month in months_until(date(2026, 1, 31), 2)]
    ['2025-12-01', '2026-01-01']
    """
    months: list[Period] = []
    first = day.replace(day=1)
    for _ in range(count):
        after = (first + timedelta(days=31)).replace(day=1)
        months.insert(0, Period(first, after - timedelta(days=1)))
        first = (first - timedelta(days=1)).replace(day=1)
    return months


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _bin_of(days: float | None) -> int | None:
    """Return the place of the column in which this many days are counted."""
    if days is None:
        return None
    return next(
        place for place, (_first, last) in enumerate(DAY_BINS) if last is None or int(days) <= last
    )


def _money(value: Any, *, hundredths: bool = False) -> Decimal:
    """Return a sum as the database gives it (or does not) as money."""
    amount = Decimal(value or 0)
    return (amount / 100 if hundredths else amount).quantize(Decimal("0.01"))


def _sum_of(label: str, parts: Sequence[Figure], url: str) -> Figure:
    return Figure(
        label=label,
        count=sum(part.count for part in parts),
        value=sum((part.value for part in parts), Decimal(0)),
        weighted=sum((part.weighted for part in parts), Decimal(0)),
        url=url,
    )

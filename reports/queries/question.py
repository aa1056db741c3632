"""What a report asks, and the plain facts that answers are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django.utils import timezone
from django_countries import countries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])

NOBODY = "none"
MONTH, QUARTER = "month", "quarter"
SPANS = {MONTH: 1, QUARTER: 3}  # in months
TEXTS = {"country", "region", "rating"}  # parts that are no lines of a list
NAMELESS = Value("", output_field=CharField())


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

    def has(self, day: str) -> Q:
        """Keep rows whose date column `day` is one of the days."""
        return Q(**{f"{day}__gte": self.first, f"{day}__lte": self.last})

    @property
    def before(self) -> Period:
        """As many calendar months as these days are in, before them.

        >>> before = Period(date(2026, 1, 1), date(2026, 3, 31)).before
        >>> str(before.first), str(before.last)
        ('2025-10-01', '2025-12-31')
        """
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        # No calendar goes further back than to its first year.
        count = min(count, (self.first.year - 1) * 12 + self.first.month - 1)
        months = months_until(self.first.replace(day=1) - timedelta(days=1), count)
        return Period(months[0].first, self.first - timedelta(days=1))

    def asked_as(self, name: str) -> dict[str, str]:
        """Return the days as the lists ask for them."""
        return {f"{name}_after": self.first.isoformat(), f"{name}_before": self.last.isoformat()}


@dataclass(frozen=True)
class Question:
    """What the head of a report asks: which days, and whose records from where.

    `by` is what leads are parted by; `is_cohort` asks for the leads that came in the period,
    whatever became of them since, and not for those about which was decided in it.
    """

    period: Period
    owner: str = ""  # an id, or `NOBODY`
    team: str = ""
    source: str = ""  # an id, or `NOBODY`
    by: str = "source"
    is_cohort: bool = True
    as_of: date | None = None  # the day whose pipeline is asked for; today unless said

    def of(self, rows: Rows) -> Rows:
        """Keep the rows of the owner, the team and the source that were asked for."""
        for column, asked in (
            ("owner", self.owner),
            ("owner__team", self.team),
            ("source", self.source),
        ):
            if asked:
                rows = rows.filter(**{column: None if asked == NOBODY else asked})
        return rows

    def list_of(self, kind: str, /, **filters: str) -> str:
        """Return the address of the list with the rows behind a figure."""
        whose = {"owner": self.owner, "team": self.team, "source": self.source}
        asked = {**{name: value for name, value in whose.items() if value}, **filters}
        return f"{_list_address(kind)}?{urlencode(asked)}"


@cache  # a page has hundreds of figures and leads to two lists
def _list_address(kind: str) -> str:
    return reverse(f"{kind}:list")


@dataclass(frozen=True)
class Figure:
    """A number of records, their worth in the default currency, and where they are listed."""

    label: str
    count: int
    url: str
    value: Decimal = Decimal(0)
    weighted: Decimal = Decimal(0)
    key: str = ""


@dataclass(frozen=True)
class Days:
    """How long something took or has lasted: how often each number of whole days occurs."""

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


def percentile(spread: Mapping[int, int], fraction: float) -> float | None:
    """Return the value below which `fraction` of all lie, between two neighbours in proportion.

    `spread` says how often each value occurs. It is what PostgreSQL calls `percentile_cont`, worked
    out here because SQLite has none: so both engines say the same.

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


def months_from(day: date, count: int) -> list[Period]:
    """Return `count` calendar months, the one of `day` first.

    >>> [str(month.last) for month in months_from(date(2026, 11, 29), 2)]
    ['2026-11-30', '2026-12-31']
    """
    months: list[Period] = []
    first = day.replace(day=1)
    for _ in range(count):
        after = (first + timedelta(days=31)).replace(day=1)
        months.append(Period(first, after - timedelta(days=1)))
        first = after
    return months


def months_until(day: date, count: int) -> list[Period]:
    """Return the last `count` calendar months, the one of `day` at the end.

    >>> [str(month.first) for month in months_until(date(2026, 1, 31), 2)]
    ['2025-12-01', '2026-01-01']
    """
    before = day.year * 12 + day.month - count
    return months_from(date(before // 12, before % 12 + 1, 1), count)


def spans_in(period: Period, by: str) -> list[Period]:
    """Return the calendar months or quarters of a period; the first and the last are cut to it.

    >>> spans = spans_in(Period(date(2026, 1, 9), date(2026, 4, 3)), "quarter")
    >>> [(str(span.first), str(span.last)) for span in spans]
    [('2026-01-09', '2026-03-31'), ('2026-04-01', '2026-04-03')]
    """
    first, last = period.first, period.last
    length = SPANS[by]
    begin = first.replace(day=1, month=first.month - (first.month - 1) % length)
    count = (last.year - begin.year) * 12 + last.month - begin.month + 1
    months = months_from(begin, -(-count // length) * length)
    return [
        Period(max(one[0].first, first), min(one[-1].last, last))
        for one in (months[place : place + length] for place in range(0, len(months), length))
    ]


def span_key(span: Period, by: str) -> str:
    """Return the name of a month or a quarter for programs.

    >>> span_key(Period(date(2026, 4, 1), date(2026, 6, 30)), "quarter")
    '2026-Q2'
    """
    if by == QUARTER:
        return f"{span.first.year}-Q{(span.first.month + 2) // 3}"
    return span.first.isoformat()[:7]


def span_of(column: str, spans: Iterable[Period], *, is_day: bool = False) -> Case:
    """Say in which of the spans, by number, a moment or a day lies; -1 before the first.

    What lies after the last is counted to it: the rows have to be those of the period.
    """
    return Case(
        *(
            When(
                **{f"{column}__gte": span.first if is_day else span.moments[0]},
                then=Value(place),
            )
            for place, span in reversed(list(enumerate(spans)))
        ),
        default=Value(-1),
        output_field=IntegerField(),
    )


def counted_in(rows: QuerySet[Any, Any]) -> Count | Sum:
    """Return what counts records, by their own rows or by those of a summary."""
    return Sum("records") if hasattr(rows.model, "is_derived") else Count("*")


def owner_name() -> Case:
    """Return the name of the owner of a row."""
    return person_name("owner")


def person_name(column: str = "") -> Case:
    """Return the name of the person in a column, of a row itself without one; or the address of
    somebody without a name.
    """
    of = f"{column}__" if column else ""
    return Case(
        When(~Q(**{f"{of}name": ""}), then=F(f"{of}name")),
        default=F(f"{of}email"),
        output_field=CharField(),
    )


def keyed(column: str, *, is_text: bool = False) -> Coalesce:
    """Return a column to part rows by, nothing being 0 or no text.

    Never the bare column: SQLite would rather walk along its index than read the period alone.
    """
    if is_text:
        return Coalesce(Cast(column, CharField()), NAMELESS, output_field=CharField())
    return Coalesce(F(column), Value(0), output_field=BigIntegerField())


def label_of(by: str, key: Any, name: str) -> str:
    """Return what a part is called: countries have a code."""
    return str(countries.name(key)) or str(key) if by == "country" else name


def money(value: Any, *, hundredths: bool = False) -> Decimal:
    """Return a sum as the database gives it (or does not) as money."""
    amount = Decimal(value or 0)
    return (amount / 100 if hundredths else amount).quantize(Decimal("0.01"))


def sum_of(label: str, parts: Iterable[Figure], url: str) -> Figure:
    """Add figures up."""
    parts = list(parts)
    return Figure(
        label=label,
        count=sum(part.count for part in parts),
        value=sum((part.value for part in parts), Decimal(0)),
        weighted=sum((part.weighted for part in parts), Decimal(0)),
        url=url,
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))

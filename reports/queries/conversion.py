"""How many leads were qualified, and after how many days: altogether, or parted by something."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from operator import add
from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, IntegerField, Q, Value, When

from leads.models import Lead
from records.querysets import WholeDays
from reports.queries.cuts import Cuts
from reports.queries.people import named_in
from reports.queries.question import (
    NAMELESS,
    NOBODY,
    SPANS,
    TEXTS,
    Days,
    Figure,
    Period,
    Question,
    counted_in,
    keyed,
    label_of,
    owner_name,
    person_name,
    span_key,
    span_of,
    spans_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from leads.querysets import LeadQuerySet
    from reports.queries.own import Own
    from reports.queries.sums import Sums
    from users.models import User

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

# What leads can be parted by, beside months and quarters: the column, and what names it. The list
# of leads has a filter of the same name.
LEAD_COLUMNS: dict[str, tuple[str, Any]] = {
    "source": ("source", F("source__name")),
    "owner": ("owner", owner_name()),
    "team": ("owner__team", F("owner__team__name")),
    "manager": ("owner__manager", person_name("owner__manager")),
    "campaign": ("campaign", F("campaign__name")),
    "country": ("country", F("country")),
    "region": ("region", F("region")),
    "reason": ("disqualify_reason", F("disqualify_reason__name")),
    "rating": ("rating", F("rating")),
}
# Of these the summaries know which lead is in which part.
SUMMED = {"source", "owner", "team"}
# Asked of the qualified alone: for the others the engine need not even look.
DAYS = Case(When(status="qualified", then=WholeDays("qualified_at", "created_at")))
Row = dict[str, Any]


@dataclass(frozen=True)
class Converted:
    """So many of so many leads were qualified, in so many days, with the lists of both."""

    key: str
    label: str
    part: int
    whole: int
    days: Days
    part_url: str
    whole_url: str

    @property
    def rate(self) -> float | None:
        """The part as a share of one; None where there is nothing to share."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class Conversion:
    """What became of the leads of a period: of all of them, and of each part."""

    total: Converted
    parts: tuple[Converted, ...]


@dataclass(frozen=True)
class DaysToConvert:
    """How the days are spread that leads took to be qualified, and where the median lies."""

    bins: tuple[Figure, ...]
    median_bin: int | None


def conversion(
    leads: LeadQuerySet,
    ask: Question,
    *,
    by: str = "",
    is_cohort: bool = False,
    spans: Sequence[Period] = (),
    sums: Sums | None = None,
    own: Own | None = None,
    people: QuerySet[User, User] | None = None,
) -> Conversion:
    """Look at the leads of the period: how many were qualified, and after how many days.

    A cohort are the leads that came in the period, and the qualified among them are those that are
    so by now. Without it they are the leads that were closed in the period. `spans` parts the
    period by others than calendar months and quarters; `own` is the custom field that parts. By
    owner `people` are named also with nothing. One statement, by owner two: the days come back
    counted, and whatever is asked of them is exact. Where `sums` tell the parts apart, only the
    qualified are read.
    """
    spans = spans or (spans_in(ask.period, by) if by in SPANS else [])
    parted: dict[str, Any] = {"by": by, "is_cohort": is_cohort, "spans": spans}
    rows: Iterable[Row]
    if sums is not None and own is None and by in ("", *SPANS, *SUMMED):
        rows = _summed(leads, ask, sums, **parted)
    else:
        rows = _counted(leads, ask, own=own, **parted)
    whole: Counter[Any] = Counter()
    spreads: dict[Any, Counter[int]] = defaultdict(Counter)
    names: dict[Any, str] = {}
    for row in rows:
        part = row["part"]
        whole[part] += row["count"]
        names[part] = row["part_name"] or ""
        if row["status"] == Lead.Status.QUALIFIED:
            spreads[part][row["days"]] += row["count"]
    whole = +whole  # without parts of which the summaries say that nothing is left

    if by == "owner" and people is not None:
        named = named_in(people, ask)
        whole.update(dict.fromkeys(named, 0))
        names = named | names

    def converted(
        label: str,
        key: str,
        count: int,
        days: Counter[int],
        period: Period,
        filters: dict[str, str],
    ) -> Converted:
        asked = filters | period.asked_as("created" if is_cohort else "closed")
        taken = asked if is_cohort else filters | period.asked_as("qualified")
        return Converted(
            key=key,
            label=label,
            part=days.total(),
            whole=count,
            days=Days(dict(days)),
            part_url=ask.list_of("leads", **{"status": "qualified", **taken}),
            whole_url=ask.list_of("leads", **asked),
        )

    everything: Counter[int] = Counter()
    for spread in spreads.values():
        everything.update(spread)
    total = converted("", "", whole.total(), everything, ask.period, {})
    if own:
        counts = own.regrouped(whole, add)
        days = own.regrouped({raw: spreads[raw] for raw in whole}, add)
        labels = own.labels(list(counts))
        parts = [
            converted(
                labels[key], own.named(key), counts[key], days[key], ask.period, own.asked_for(key)
            )
            for key in sorted(counts, key=lambda key: (-counts[key], labels[key]))
        ]
    elif spans:
        parts = [
            converted(
                span.first.isoformat(), span_key(span, by), whole[place], spreads[place], span, {}
            )
            for place, span in enumerate(spans)
        ]
    else:
        keys = sorted(whole, key=lambda part: (-whole[part], names[part])) if by else []
        parts = [
            converted(
                label_of(by, key, names[key]),
                str(key or NOBODY),
                whole[key],
                spreads[key],
                ask.period,
                {by: str(key or NOBODY)},
            )
            for key in keys
        ]
    return Conversion(total=total, parts=tuple(parts))


def days_to_convert(converted: Converted, ask: Question) -> DaysToConvert:
    """Lay the days of the leads qualified in the period into columns. No statement."""
    period = ask.period.asked_as("qualified")
    bins = tuple(
        Figure(
            label=f"{first}–{last}" if last is not None else f"{first}+",
            count=sum(
                count
                for day, count in converted.days.spread.items()
                if first <= day and (last is None or day <= last)
            ),
            url=ask.list_of(
                "leads",
                status="qualified",
                **period,
                days_min=str(first),
                **({} if last is None else {"days_max": str(last)}),
            ),
        )
        for first, last in DAY_BINS
    )
    return DaysToConvert(bins, _bin_of(converted.days.median))


def _counted(
    leads: LeadQuerySet,
    ask: Question,
    *,
    own: Own | None,
    by: str,
    is_cohort: bool,
    spans: Sequence[Period],
) -> Any:
    rows = ask.of(leads).filter(_came(ask.period) if is_cohort else _closed(ask.period))
    part = own.raw if own else _part(by, spans, is_cohort=is_cohort)
    return _parted(rows, part, by, DAYS)


def _summed(
    leads: LeadQuerySet,
    ask: Question,
    sums: Sums,
    *,
    by: str,
    is_cohort: bool,
    spans: Sequence[Period],
) -> Iterator[Row]:
    """Count as `_counted` does; the leads that were not qualified by what summaries tell."""
    spans = spans or [ask.period]
    cuts, own = Cuts.of(spans), ask.of(leads)
    if is_cohort:
        undecided = {"status__in": ["open", "disqualified"]}
        qualified_at = "created_at"
        summary = ask.of(sums.leads).filter(**undecided)
        others = cuts.inside(own.filter(**undecided), "created_at", summary, "came")
    else:
        qualified_at, summary = (
            "qualified_at",
            ask.of(sums.decided_leads).filter(status="disqualified"),
        )
        others = cuts.inside(own.disqualified(), "disqualified_at", summary, "decided")
    part = keyed(LEAD_COLUMNS[by][0]) if by in LEAD_COLUMNS else Value(0)
    # The first of them says of which types the columns are.
    found = [
        _parted(rows, part, by, DAYS) for rows in cuts.inside(own.qualified(), qualified_at)
    ] + [_parted(rows, part, by) for rows in others]
    for row in cuts.settled(found[0].union(*found[1:], all=True)):
        place = row["span"] - 1
        if 0 <= place < len(spans):
            yield row if by in LEAD_COLUMNS else {**row, "part": place}


def _parted(rows: Any, part: Any, by: str, days: Any = None) -> Any:
    """Count leads by part, status and days, and by span where they have one."""
    span = ["span"] if "span" in rows.query.annotations else []
    return (
        rows.annotate(
            days=Value(None, output_field=IntegerField()) if days is None else days,
            part=part,
            part_name=LEAD_COLUMNS[by][1] if by in LEAD_COLUMNS else NAMELESS,
        )
        .values("part", "part_name", "status", "days", *span)
        .annotate(count=counted_in(rows))
        .order_by()
    )


def _came(period: Period) -> Q:
    # One range of moments within each status, which an index has.
    return Q(status__in=Lead.Status.values) & period.holds("created_at")


def _closed(period: Period) -> Q:
    return Q(status="qualified") & period.holds("qualified_at") | Q(
        status="disqualified"
    ) & period.holds("disqualified_at")


def _part(by: str, spans: Sequence[Period], *, is_cohort: bool) -> Any:
    """Return what tells the parts; nothing where nothing is parted."""
    if by in LEAD_COLUMNS:
        return keyed(LEAD_COLUMNS[by][0], is_text=by in TEXTS)
    if not spans:
        return Value(0)
    if is_cohort:
        return span_of("created_at", spans)
    # What was closed is either qualified or disqualified; the other is no moment.
    return Case(
        When(status="qualified", then=span_of("qualified_at", spans)),
        default=span_of("disqualified_at", spans),
        output_field=IntegerField(),
    )


def _bin_of(days: float | None) -> int | None:
    """Return the place of the column in which this many days are counted."""
    if days is None:
        return None
    return next(
        place for place, (_first, last) in enumerate(DAY_BINS) if last is None or int(days) <= last
    )

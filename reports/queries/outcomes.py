"""What was won and lost in the period, parted by something."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import F, Sum, Value

from reports.queries.cuts import Cuts
from reports.queries.people import named_in
from reports.queries.question import (
    NAMELESS,
    NOBODY,
    SPANS,
    TEXTS,
    Figure,
    Question,
    counted_in,
    keyed,
    label_of,
    money,
    owner_name,
    person_name,
    span_key,
    spans_in,
    sum_of,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.own import Own
    from reports.queries.sums import Sums
    from users.models import User

# By status, how many and what they were worth.
Ends = dict[str, tuple[int, Decimal]]

# What opportunities can be parted by, beside months and quarters; as `LEAD_COLUMNS` for leads.
OPPORTUNITY_COLUMNS: dict[str, tuple[str, Any]] = {
    "source": ("source", F("source__name")),
    "owner": ("owner", owner_name()),
    "team": ("owner__team", F("owner__team__name")),
    "manager": ("owner__manager", person_name("owner__manager")),
    "campaign": ("campaign", F("campaign__name")),
    "country": ("place_country", F("place_country")),
    "region": ("place_region", F("place_region")),
    "reason": ("loss_reason", F("loss_reason__name")),
    "stage": ("stage", F("stage__name")),
    "competitor": ("lost_to", F("lost_to__name")),
    "product": ("main_product", F("main_product_name")),
    "account": ("seen_account", F("seen_account_name")),
}
# Of these the summaries know which opportunity is in which part.
SUMMED = {"source", "owner", "team", "reason", "stage"}


@dataclass(frozen=True)
class Outcome:
    """What was decided about a part of the opportunities, and what of it was won."""

    key: str
    label: str
    won: Figure
    lost: Figure
    decided: Figure

    @property
    def win_rate(self) -> float | None:
        """What was won as a share of what was decided; None where nothing was."""
        return self.won.count / self.decided.count if self.decided.count else None


@dataclass(frozen=True)
class Outcomes:
    """What was decided in the period: altogether, and each part."""

    total: Outcome
    parts: tuple[Outcome, ...]


def outcomes(
    opportunities: OpportunityQuerySet,
    ask: Question,
    *,
    by: str = "",
    sums: Sums | None = None,
    own: Own | None = None,
    people: QuerySet[User, User] | None = None,
) -> Outcomes:
    """Part what was won and lost in the period, by what is named or a custom field. One statement;
    by owner two, as `people` are named also with nothing.

    By country or region it wants opportunities `with_place`, by account `with_seen_account`: of
    accounts that may be seen; by product `with_main_product`.
    """
    spans = spans_in(ask.period, by) if by in SPANS else []
    cuts = Cuts.of(spans or [ask.period], are_days=True)
    decided = ask.of(opportunities).filter(status__in=["won", "lost"])
    summary = ask.of(sums.closed) if sums and by in (*SPANS, *SUMMED) else None
    column, name = OPPORTUNITY_COLUMNS.get(by, ("", NAMELESS))
    part: Any = keyed(column, is_text=by in TEXTS) if column else Value(0)
    if own:
        part = own.raw
    parts = [
        rows.annotate(part=part, part_name=name)
        .values("part", "part_name", "status", "span")
        .annotate(count=counted_in(rows), value=Sum("base_value"))
        .order_by()
        for rows in cuts.inside(decided, "closed_on", summary, "closed")
    ]
    found: dict[Any, dict[str, tuple[int, Decimal]]] = defaultdict(dict)
    names: dict[Any, str] = {}
    for row in cuts.settled(parts[0].union(*parts[1:], all=True)):
        place = row["span"] - 1
        if 0 <= place < len(cuts.at) - 1:
            key = place if spans else row["part"]
            count, value = found[key].get(row["status"], (0, Decimal(0)))
            found[key][row["status"]] = count + row["count"], value + money(row["value"])
            names[key] = row["part_name"] or ""
    named = named_in(people, ask) if by == "owner" and people is not None else {}
    names = named | names

    def outcome(
        key: str, label: str, ends: dict[str, tuple[int, Decimal]], asked: dict[str, str]
    ) -> Outcome:
        def figure(status: str) -> Figure:
            count, value = ends.get(status, (0, Decimal(0)))
            url = ask.list_of("opportunities", **{"status": status, **asked})
            return Figure(label, count, url, value, key=status)

        won, lost = figure("won"), figure("lost")
        decided = sum_of(label, [won, lost], ask.list_of("opportunities", **asked))
        return Outcome(key, label, won, lost, decided)

    closed = ask.period.asked_as("closed")
    if own:
        ends_of = own.regrouped(found, _added)
        labels = own.labels(list(ends_of))
        parts = [
            outcome(own.named(key), labels[key], ends_of[key], {**closed, **own.asked_for(key)})
            for key in sorted(ends_of, key=lambda key: (-_count(ends_of[key]), labels[key]))
        ]
    elif spans:
        parts = [
            outcome(
                span_key(span, by),
                span.first.isoformat(),
                found[place],
                span.asked_as("closed"),
            )
            for place, span in enumerate(spans)
        ]
    else:
        parts = [
            outcome(
                str(key or NOBODY),
                label_of(by, key, names[key]),
                found[key],
                {**closed, **_asked_for(by, key)},
            )
            for key in sorted(names, key=lambda key: (-_count(found[key]), names[key]))
            if _count(found[key]) or key in named
        ]
    ends: dict[str, tuple[int, Decimal]] = {}
    for status in ("won", "lost"):
        counted = [part.get(status, (0, Decimal(0))) for part in found.values()]
        ends[status] = sum(c for c, _v in counted), sum((v for _c, v in counted), Decimal(0))
    return Outcomes(outcome("", "", ends, closed), tuple(parts))


def _added(one: Ends, other: Ends) -> Ends:
    """Add what became of two parts of the opportunities."""
    nothing = (0, Decimal(0))
    pairs = {end: (one.get(end, nothing), other.get(end, nothing)) for end in {*one, *other}}
    return {end: (a[0] + b[0], a[1] + b[1]) for end, (a, b) in pairs.items()}


def _asked_for(by: str, key: Any) -> dict[str, str]:
    """Return what the list asks for the rows of a part."""
    if by == "account" and not key:
        return {"without_account": "1"}  # also those whose account the viewer may not see
    return {by: str(key or NOBODY)}


def _count(ends: dict[str, tuple[int, Decimal]]) -> int:
    return sum(count for count, _value in ends.values())

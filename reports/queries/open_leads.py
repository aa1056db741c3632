"""The leads about which nobody has decided: by progress, and those that could be qualified."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q, Sum, Value
from django.utils import timezone

from leads.models import Lead
from records.querysets import WholeDays
from reports.queries.question import (
    NAMELESS,
    NOBODY,
    Days,
    Figure,
    Question,
    counted_in,
    keyed,
    money,
    owner_name,
    sum_of,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from leads.querysets import LeadQuerySet
    from reports.queries.sums import Sums

IS_READY = Q(ready_since__isnull=False)
NOT_READY = -1  # in place of the days of those that are counted by progress alone
Row = dict[str, Any]


@dataclass(frozen=True)
class Lingering:
    """Leads of one owner that meet every rule and have not been qualified."""

    figure: Figure
    days: Days


@dataclass(frozen=True)
class OpenLeads:
    """All open leads, by progress; and those of them that are ready, by owner."""

    total: Figure
    parts: tuple[Figure, ...]
    ready: Lingering
    ready_by_owner: tuple[Lingering, ...]


def open_leads(leads: LeadQuerySet, ask: Question, sums: Sums | None = None) -> OpenLeads:
    """Count the open leads by progress, and those that are ready by owner and days. One statement.

    The two are counted each by itself: an index has the few that are ready, and of the many others
    nothing is looked at but their progress, which `sums` know.
    """
    rows = ask.of(leads).open().order_by()
    now = Value(timezone.now(), output_field=Lead._meta.get_field("ready_since"))
    all_open = rows if sums is None else ask.of(sums.leads).filter(status="open").order_by()
    everyone = all_open.annotate(
        days=Value(NOT_READY), who=Value(0), name=NAMELESS, at=F("progress")
    )
    ready = rows.filter(IS_READY).annotate(
        days=WholeDays(now, "ready_since"), who=keyed("owner"), name=owner_name(), at=NAMELESS
    )
    found = [
        part.values("days", "who", "name", "at").annotate(count=count, value=Sum("base_value"))
        for part, count in ((everyone, counted_in(all_open)), (ready, Count("*")))
    ]
    in_progress: dict[str, list[Row]] = defaultdict(list)
    by_owner: dict[int | None, list[Row]] = defaultdict(list)
    for row in found[0].union(found[1], all=True):
        if row["days"] == NOT_READY:
            in_progress[row["at"]].append(row)
        else:
            by_owner[row["who"] or None].append(row)
    parts = tuple(
        _figure(
            in_progress[progress],
            str(label),
            ask.list_of("leads", status="open", progress=progress),
            key=progress,
        )
        for progress, label in Lead.Progress.choices
    )
    lingering = [_lingering(found, pk, ask) for pk, found in by_owner.items()]
    owners = sorted(lingering, key=lambda one: (-one.figure.count, one.figure.label))
    ready_total = sum_of("", (one.figure for one in owners), ask.list_of("leads", ready="1"))
    everything: Counter[int] = Counter()
    for one in owners:
        everything.update(one.days.spread)
    return OpenLeads(
        total=sum_of("", parts, ask.list_of("leads", status="open")),
        parts=parts,
        ready=Lingering(ready_total, Days(dict(everything))),
        ready_by_owner=tuple(owners),
    )


def _lingering(rows: list[Row], pk: int | None, ask: Question) -> Lingering:
    owner = NOBODY if pk is None else str(pk)
    figure = _figure(
        rows,
        rows[0]["name"] or "",
        ask.list_of("leads", ready="1", owner=owner),
        key=owner,
    )
    days: Counter[int] = Counter()
    for row in rows:
        days[row["days"]] += row["count"]
    return Lingering(figure, Days(dict(days)))


def _figure(rows: list[Row], label: str, url: str, *, key: str) -> Figure:
    value: Decimal | Any = sum((row["value"] or 0 for row in rows), 0)
    return Figure(
        label=label,
        count=sum(row["count"] for row in rows),
        value=money(value),
        url=url,
        key=key,
    )

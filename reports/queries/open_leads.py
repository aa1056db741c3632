"""The leads about which nobody has decided: by progress, and those that could be qualified."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, F, Q, Sum, Value, When
from django.utils import timezone

from leads.models import Lead
from records.querysets import WholeDays
from reports.queries.question import NOBODY, Days, Figure, Question, money, owner_name, sum_of

if TYPE_CHECKING:
    from decimal import Decimal

    from leads.querysets import LeadQuerySet

IS_READY = Q(ready_since__isnull=False)


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


def open_leads(leads: LeadQuerySet, ask: Question) -> OpenLeads:
    """Count the open leads by progress, and those that are ready by owner and days. One statement.

    Days are told of ready leads only: the others fall together, however many there are.
    """
    now = Value(timezone.now(), output_field=Lead._meta.get_field("ready_since"))
    rows = list(
        ask.of(leads)
        .open()
        .annotate(
            days=WholeDays(now, "ready_since"),
            ready_owner=Case(When(IS_READY, then=F("owner"))),
            ready_name=Case(When(IS_READY, then=owner_name())),
        )
        .values("progress", "days", "ready_owner", "ready_name")
        .annotate(count=Count("*"), value=Sum("base_value"))
        .order_by()
    )
    parts = tuple(
        _figure(
            [row for row in rows if row["progress"] == progress],
            str(label),
            ask.list_of("leads", status="open", progress=progress),
            key=progress,
        )
        for progress, label in Lead.Progress.choices
    )
    by_owner: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["days"] is not None:
            by_owner[row["ready_owner"]].append(row)
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


def _lingering(rows: list[dict[str, Any]], pk: int | None, ask: Question) -> Lingering:
    owner = NOBODY if pk is None else str(pk)
    figure = _figure(
        rows,
        rows[0]["ready_name"] or "",
        ask.list_of("leads", ready="1", owner=owner),
        key=owner,
    )
    days: Counter[int] = Counter()
    for row in rows:
        days[row["days"]] += row["count"]
    return Lingering(figure, Days(dict(days)))


def _figure(rows: list[dict[str, Any]], label: str, url: str, *, key: str) -> Figure:
    value: Decimal | Any = sum((row["value"] or 0 for row in rows), 0)
    return Figure(
        label=label,
        count=sum(row["count"] for row in rows),
        value=money(value),
        url=url,
        key=key,
    )

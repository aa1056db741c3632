"""Who won what: by owner, what was decided and how many leads were qualified in the period."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import DecimalField, F, Sum, Value

from reports.queries.cuts import Cuts
from reports.queries.question import (
    NOBODY,
    Figure,
    Question,
    counted_in,
    money,
    owner_name,
    sum_of,
)

if TYPE_CHECKING:
    from leads.querysets import LeadQuerySet
    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.sums import Sums
    from reports.queries.targets import Targets

QUALIFIED = "qualified"


@dataclass(frozen=True)
class Standing:
    """What one owner won, lost and qualified in the period."""

    key: str
    name: str
    won: Figure
    lost: Figure
    decided: Figure
    qualified: Figure
    target: Decimal | None

    @property
    def share(self) -> float | None:
        """What was won as a share of the target; None for who has none."""
        return float(self.won.value / self.target) if self.target else None

    @property
    def win_rate(self) -> float | None:
        """What was won as a share of what was decided; None where nothing was."""
        return self.won.count / self.decided.count if self.decided.count else None


def leaderboard(
    leads: LeadQuerySet,
    opportunities: OpportunityQuerySet,
    targets: Targets,
    ask: Question,
    sums: Sums | None = None,
) -> tuple[Standing, ...]:
    """Put the owners in the order of what they won. One statement.

    Who won, lost and qualified nothing in the period is named only where there is a target.
    """
    days, moments = Cuts.of([ask.period], are_days=True), Cuts.of([ask.period])
    decided = ask.of(opportunities).filter(status__in=["won", "lost"])
    qualified = ask.of(leads).qualified()
    taken = None if sums is None else ask.of(sums.decided_leads).filter(status=QUALIFIED)
    parts = [
        _by_owner(rows, value=Sum("base_value"))
        for rows in days.inside(decided, "closed_on", sums and ask.of(sums.closed), "closed")
    ] + [
        _by_owner(rows, value=Value(Decimal(0), output_field=DecimalField()))
        for rows in moments.inside(qualified, "qualified_at", taken, "decided")
    ]
    counts: Counter[tuple[Any, str]] = Counter()
    values: dict[tuple[Any, str], Decimal] = defaultdict(Decimal)
    names: dict[Any, str] = {}
    found = list(parts[0].union(*parts[1:], all=True))
    closed = days.settled(row for row in found if row["end"] != QUALIFIED)
    for row in (*closed, *moments.settled(row for row in found if row["end"] == QUALIFIED)):
        if row["span"] == 1:
            names[row["owner"]] = row["name"] or ""
            counts[row["owner"], row["end"]] += row["count"]
            values[row["owner"], row["end"]] += money(row["value"])
    owners = {owner for (owner, _end), count in counts.items() if count}
    names = {owner: name for owner, name in names.items() if owner in owners}
    aims = targets.by_owner(ask.period)
    names |= {owner: name for owner, (name, _amount) in aims.items()}

    def standing(owner: int | None, name: str) -> Standing:
        key = NOBODY if owner is None else str(owner)
        closed_in = ask.period.asked_as("closed") | {"owner": key}
        qualified_in = ask.period.asked_as("qualified") | {"owner": key}

        def figure(end: str, url: str) -> Figure:
            found = (owner, end)
            return Figure("", counts[found], url, values.get(found, Decimal(0)), key=end)

        won = figure("won", ask.list_of("opportunities", **{"status": "won", **closed_in}))
        lost = figure("lost", ask.list_of("opportunities", **{"status": "lost", **closed_in}))
        return Standing(
            key=key,
            name=name,
            won=won,
            lost=lost,
            decided=sum_of("", [won, lost], ask.list_of("opportunities", **closed_in)),
            qualified=figure(
                QUALIFIED, ask.list_of("leads", **{"status": "qualified", **qualified_in})
            ),
            target=aims[owner][1] if owner in aims else None,
        )

    standings = [standing(owner, name) for owner, name in names.items()]
    return tuple(
        sorted(
            standings,
            key=lambda one: (-one.won.value, -one.won.count, -one.qualified.count, one.name),
        )
    )


def _by_owner(rows: Any, *, value: Any) -> Any:
    """Count and add up by owner and by what became of it."""
    return (
        rows.annotate(name=owner_name(), end=F("status"))
        .values("owner", "name", "end", "span")
        .annotate(count=counted_in(rows), value=value)
        .order_by()
    )

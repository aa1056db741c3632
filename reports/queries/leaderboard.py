"""Who won what: by owner, what was decided and how many leads were qualified in the period."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Count, DecimalField, F, Sum, Value

from reports.queries.activity import done_in, done_listed
from reports.queries.cuts import Cuts
from reports.queries.people import asked_for
from reports.queries.question import (
    NOBODY,
    Figure,
    Question,
    counted_in,
    money,
    owner_name,
    person_name,
    sum_of,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from activities.querysets import ActivityQuerySet
    from leads.querysets import LeadQuerySet
    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.sums import Sums
    from reports.queries.targets import Targets
    from users.models import User

QUALIFIED, DONE, NAMED = "qualified", "done", ""
NOTHING = Value(Decimal(0), output_field=DecimalField())


@dataclass(frozen=True)
class Standing:
    """What one owner won, lost, qualified and did in the period.

    `activities` is None where a source was asked for: an entry has none.
    """

    key: str
    name: str
    won: Figure
    lost: Figure
    decided: Figure
    qualified: Figure
    activities: Figure | None
    target: Decimal | None

    @property
    def share(self) -> float | None:
        """What was won as a share of the target; None for who has none."""
        return float(self.won.value / self.target) if self.target else None

    @property
    def is_idle(self) -> bool:
        """Say whether there is nothing to tell of somebody, not even what was to be won."""
        did = self.activities.count if self.activities else 0
        return not (self.decided.count or self.qualified.count or did or self.target)

    @property
    def win_rate(self) -> float | None:
        """What was won as a share of what was decided; None where nothing was."""
        return self.won.count / self.decided.count if self.decided.count else None


def leaderboard(
    leads: LeadQuerySet,
    opportunities: OpportunityQuerySet,
    activities: ActivityQuerySet,
    people: QuerySet[User, User],
    targets: Targets,
    ask: Question,
    sums: Sums | None = None,
) -> tuple[Standing, ...]:
    """Put the owners in the order of what they won. One statement.

    `people` are named also with nothing, and so is whoever has a target.
    """
    days, moments = Cuts.of([ask.period], are_days=True), Cuts.of([ask.period])
    decided = ask.of(opportunities).filter(status__in=["won", "lost"])
    qualified = ask.of(leads).qualified()
    taken = None if sums is None else ask.of(sums.decided_leads).filter(status=QUALIFIED)
    parts = [
        *(
            _by_owner(rows, value=Sum("base_value"))
            for rows in days.inside(decided, "closed_on", sums and ask.of(sums.closed), "closed")
        ),
        *(
            _by_owner(rows, value=NOTHING)
            for rows in moments.inside(qualified, "qualified_at", taken, "decided")
        ),
        _done_by_owner(done_in(activities, ask)),
        asked_for(people, ask).values_list(
            "pk", person_name(), _text(NAMED), Value(1), Value(0), NOTHING
        ),
    ]
    counts: Counter[tuple[Any, str]] = Counter()
    values: dict[tuple[Any, str], Decimal] = defaultdict(Decimal)
    names: dict[Any, str] = {}
    found = list(parts[0].union(*parts[1:], all=True))
    closed = days.settled(row for row in found if row["end"] in {"won", "lost"})
    taken_on = moments.settled(row for row in found if row["end"] == QUALIFIED)
    others = [row for row in found if row["end"] in {DONE, NAMED}]
    for row in (*closed, *taken_on, *others):
        if row["span"] == 1:
            names[row["owner"]] = row["name"] or ""
            counts[row["owner"], row["end"]] += row["count"]
            values[row["owner"], row["end"]] += money(row["value"])
    owners = {owner for (owner, end), count in counts.items() if count or end == NAMED}
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
            activities=None if ask.source else figure(DONE, done_listed(ask, owner=key)),
            target=aims[owner][1] if owner in aims else None,
        )

    return tuple(sorted((standing(*each) for each in names.items()), key=_place_of))


def _place_of(one: Standing) -> tuple[Any, ...]:
    did = one.activities.count if one.activities else 0
    return -one.won.value, -one.won.count, -one.qualified.count, -did, one.name


def _by_owner(rows: Any, *, value: Any) -> Any:
    """Count and add up by owner and by what became of it."""
    return (
        rows.annotate(name=owner_name(), end=F("status"))
        .values("owner", "name", "end", "span")
        .annotate(count=counted_in(rows), value=value)
        .order_by()
    )


def _done_by_owner(rows: Any) -> Any:
    return (
        rows.order_by()
        .annotate(name=owner_name(), end=_text(DONE), span=Value(1))
        .values("owner", "name", "end", "span")
        .annotate(count=Count("*"), value=NOTHING)
    )


def _text(word: str) -> Value:
    return Value(word, output_field=CharField())

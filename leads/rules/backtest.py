"""What a version of the rules would have said of the leads that came last."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from leads.models import Lead, QualifiedOpportunity
from opportunities.models import Opportunity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leads.querysets import LeadQuerySet
    from leads.rules.qualification import RuleSet
    from users.models import User

TRIED = (100, 500, 1_000, 10_000)  # how many leads one can choose to look back


@dataclass(frozen=True)
class Became:
    """What came of a lead: qualified, with how many opportunities, which of them won and worth."""

    is_qualified: bool
    opportunities: int = 0
    won: int = 0
    value: Decimal = Decimal(0)


@dataclass(frozen=True)
class Tried:
    """One lead, by its number, under one version, and what really came of it.

    It neither passes nor fails where it is not `is_told`: a rule asks about a record that the
    viewer may not see.
    """

    number: int
    became: Became
    passes: bool
    is_told: bool = True

    @property
    def is_stopped(self) -> bool:
        return self.is_told and not self.passes

    @property
    def is_qualified(self) -> bool:
        return self.became.is_qualified

    @property
    def is_opportunity(self) -> bool:
        return self.became.is_qualified and self.became.opportunities > 0

    @property
    def is_won(self) -> bool:
        return self.became.is_qualified and self.became.won > 0


# What is counted: name, and which of the leads that were tried.
FIGURES: dict[str, Callable[[Tried], bool]] = {
    "passed": lambda each: each.passes,
    "qualified": lambda each: each.passes and each.is_qualified,
    "opportunities": lambda each: each.passes and each.is_opportunity,
    "won": lambda each: each.passes and each.is_won,
    "stopped": lambda each: each.is_stopped,
    "lost": lambda each: each.is_stopped and each.is_qualified,
    "missed": lambda each: each.is_stopped and each.is_won,
    "untold": lambda each: not each.is_told,
}


def won_value(tried: Iterable[Tried]) -> Decimal:
    """Return what the won opportunities of these leads are worth, in the default currency."""
    return sum((each.became.value for each in tried), Decimal(0))


def backtest(
    versions: Sequence[RuleSet], *, viewer: User, most: int = TRIED[0]
) -> list[list[Tried]]:
    """Return what each version says of the last leads that `viewer` may see, as they are now.

    To pass is to meet every required rule and to have the points. Of opportunities those count that
    `viewer` may see. Two statements, and two at most for each version, however many leads.
    """
    rows = Lead.objects.permitted(viewer, "view")
    latest = rows.filter(pk__in=rows.order_by("-created_at", "-pk").values("pk")[:most])
    became = _became(latest, viewer)
    return [_tried(rules, latest, became, viewer) for rules in versions]


def _tried(
    rules: RuleSet, latest: LeadQuerySet, became: dict[int, Became], viewer: User
) -> list[Tried]:
    passing = set(rules.passing(latest).values_list("pk", flat=True))
    hidden = set(latest.filter(rules.hidden_from(viewer)).values_list("pk", flat=True))
    return [
        Tried(number, what, number in passing and number not in hidden, number not in hidden)
        for number, what in became.items()
    ]


def _became(latest: LeadQuerySet, viewer: User) -> dict[int, Became]:
    """Return what came of each lead, the latest first."""
    numbers = latest.order_by("-created_at", "-pk").values_list("pk", "status")
    found = {pk: Became(status == Lead.Status.QUALIFIED) for pk, status in numbers}
    seen = Opportunity.objects.permitted(viewer, "view")
    links = QualifiedOpportunity.objects.filter(
        qualification__lead__in=latest.values("pk"),
        qualification__state="active",
        opportunity__in=seen.values("pk"),
    )
    made: dict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    for lead, status, worth in links.values_list(
        "qualification__lead", "opportunity__status", "opportunity__base_value"
    ):
        made[lead].append((status, worth or Decimal(0)))
    for lead, lines in made.items():
        won = [worth for status, worth in lines if status == Opportunity.Status.WON]
        value = sum(won, Decimal(0))
        found[lead] = replace(found[lead], opportunities=len(lines), won=len(won), value=value)
    return found

"""What a version of the rules would have said of the leads that came last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leads.models import Lead, QualifiedOpportunity
from opportunities.models import Opportunity
from users.formats import house_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leads.rules.qualification import RuleSet
    from users.models import User

MOST_TRIED = 100


@dataclass(frozen=True)
class Tried:
    """One lead under one version: does it pass, was it qualified, was an opportunity won.

    It neither passes nor fails where it is not `is_told`: a rule asks about a record that the
    viewer may not see.
    """

    lead: Lead
    passes: bool
    is_qualified: bool
    is_won: bool
    missing: str
    is_told: bool = True


def backtest(versions: Sequence[RuleSet], *, viewer: User) -> list[list[Tried]]:
    """Return what each version says of the last 100 leads that `viewer` may see, as they are now.

    To pass is to meet every required rule. Three statements, and one for each list that the rules
    ask about.
    """
    rows = Lead.objects.permitted(viewer, "view").select_related("owner")
    for rules in versions:
        rows = rules.answerable(rows)
    leads = list(rows.order_by("-created_at", "-pk")[:MOST_TRIED])
    won = set(
        QualifiedOpportunity.objects.filter(
            qualification__lead__in=[lead.pk for lead in leads],
            opportunity__in=Opportunity.objects.permitted(viewer, "view").won(),
        )
        .exclude(qualification__state="undone")
        .values_list("qualification__lead", flat=True)
    )
    now = house_now()
    found = []
    for rules in versions:
        tried = []
        for lead in leads:
            verdicts = rules.verdicts(lead, now=now)
            is_told = all(verdict.is_told for verdict in verdicts.items if verdict.is_required)
            is_qualified = lead.status == Lead.Status.QUALIFIED
            missing = ", ".join(verdict.label for verdict in verdicts.unmet_required)
            passes = is_told and verdicts.may_qualify
            tried.append(Tried(lead, passes, is_qualified, lead.pk in won, missing, is_told))
        found.append(tried)
    return found

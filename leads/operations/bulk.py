"""What would happen if many leads were qualified one after the other. Writes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from leads.operations.rehearsal import LOADED, Rehearsal
from leads.rules import RuleSet, rules_in_force, with_rules, with_steps
from records.permissions import reaches

if TYPE_CHECKING:
    from leads.models import Lead
    from leads.querysets import LeadQuerySet
    from users.models import User


@dataclass(frozen=True)
class Prospect:
    """A lead among those to qualify: what stands in its way, and with how many it shares a company.

    Where several share one, the first of them makes the account and the others are linked to it.
    """

    lead: Lead
    blockers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    companions: int = 0

    @property
    def is_ready(self) -> bool:
        return not self.blockers


def prospects(leads: LeadQuerySet, *, by: User) -> list[Prospect]:
    """Say of each lead whether it would be qualified, were they taken up in this order.

    A handful of statements for all of them. It is asked afresh which account and contact are meant,
    also where that was a question before, and with what the leads before it would have made.
    """
    rules = rules_in_force(by=by)
    rows = list(rules.answerable(with_rules(leads).select_related("owner", *LOADED)))
    companies = Counter(lead.company_key for lead in rows if lead.company_key)
    rehearsal = Rehearsal([lead for lead in rows if lead.is_open], by=by)
    return [_prospect(lead, rules, rehearsal, companies, by=by) for lead in rows]


def to_give_up(leads: LeadQuerySet, *, by: User) -> list[Prospect]:
    """Say of each lead whether it could be given up, in the same order. One statement."""
    return [
        Prospect(lead, () if not (why := _why_not_given_up(lead, by=by)) else (why,))
        for lead in leads.select_related("owner")
    ]


def _why_not_given_up(lead: Lead, *, by: User) -> str:
    if not lead.is_open:
        return _("It is %(status)s.") % {"status": lead.get_status_display().lower()}
    return "" if reaches(by, "disqualify", lead) else _("You may not disqualify it.")


def _prospect(
    lead: Lead, rules: RuleSet, rehearsal: Rehearsal, companies: Counter[str], *, by: User
) -> Prospect:
    blockers: list[str] = []
    verdicts = with_steps(rules.verdicts(lead), lead, by=by)
    if not lead.is_open:
        blockers.append(_("It is %(status)s.") % {"status": lead.get_status_display().lower()})
    elif not reaches(by, "qualify", lead):
        blockers.append(_("You may not qualify it."))
    else:
        blockers += verdicts.reasons
        if not blockers:
            refusal = rehearsal.refusal_of(lead)
            blockers += [refusal] if refusal else []
    return Prospect(
        lead,
        tuple(blockers),
        tuple(verdicts.warnings),
        max(companies[lead.company_key] - 1, 0) if lead.company_key else 0,
    )

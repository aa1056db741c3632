"""What would happen if a lead were qualified now. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Contact
from activities.models import Activity
from leads.operations.plan import Choice, Decision, Plan, decide
from leads.rules import Verdicts, verdicts_for
from records.permissions import reaches

if TYPE_CHECKING:
    from leads.models import Lead
    from users.models import User


@dataclass(frozen=True)
class Step:
    """One thing that would happen, in words; `icon` is link, plus, arrow, lock or question."""

    icon: str
    text: str


@dataclass(frozen=True)
class Preview:
    """Rules, candidates and consequences, as one user may see them."""

    verdicts: Verdicts
    plan: Plan
    decision: Decision
    steps: tuple[Step, ...]
    may_override: bool
    # True where the record that would be used lies outside what the user may see.
    is_account_hidden: bool
    is_contact_hidden: bool

    @property
    def may_qualify(self) -> bool:
        return self.verdicts.may_qualify or self.may_override


def preview(lead: Lead, *, by: User, plan: Plan | None = None) -> Preview:
    """Say what `qualify` with this plan would do. Raises `Unacceptable` as that would."""
    plan = plan or Plan()
    decision = decide(lead, plan, by=by)
    return Preview(
        verdicts_for(lead),
        plan,
        decision,
        tuple(_steps(lead, plan, decision, by)),
        reaches(by, "override", lead),
        is_hidden(decision.account.record, by),
        is_hidden(decision.contact.record, by),
    )


def is_hidden(record: Account | Contact | None, viewer: User) -> bool:
    """Say whether there is a record that `viewer` may not see."""
    return record is not None and not reaches(viewer, "view", record)


def _steps(lead: Lead, plan: Plan, decision: Decision, by: User) -> list[Step]:
    steps = [
        _step(_("account"), lead.company, decision.account, by),
        _step(_("contact"), lead.full_name or lead.email or lead.phone, decision.contact, by),
    ]
    for terms in plan.terms:
        if terms.opportunity is not None:
            steps.append(
                Step("link", _("Add to the opportunity %(name)s") % {"name": terms.opportunity})
            )
        else:
            name = terms.topic or lead.topic
            steps.append(Step("plus", _("Create the opportunity %(name)s") % {"name": name}))
    if not plan.terms:
        steps.append(Step("minus", _("Create no opportunity")))
    entries = Activity.objects.on(lead).count()
    if entries:
        steps.append(
            Step(
                "arrow",
                ngettext(
                    "Carry over %(count)d timeline entry",
                    "Carry over %(count)d timeline entries",
                    entries,
                )
                % {"count": entries},
            )
        )
    steps.append(Step("lock", _("Close the lead as Qualified")))
    return steps


def _step(kind: str, name: str, choice: Choice, by: User) -> Step:
    values = {"kind": kind, "name": name}
    match choice.outcome:
        case "created":
            return Step("plus", _("Create the %(kind)s %(name)s") % values)
        case "reused" if is_hidden(choice.record, by):
            return Step("link", _("Link to an existing %(kind)s that you cannot open") % values)
        case "reused":
            return Step("link", _("Link to %(name)s") % {"name": choice.record})
        case "undecided":
            return Step("question", choice.question)
        case _:
            return Step("minus", _("Create no %(kind)s") % values)

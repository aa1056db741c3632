"""What would happen if a lead were qualified now. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Contact
from activities.models import Activity
from leads.operations.carrying import Arrival, arrivals_of
from leads.operations.plan import Choice, Decision, Plan, decide
from leads.rules import Verdicts, verdicts_for
from records.custom import in_words, is_empty
from records.permissions import reaches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leads.models import Lead
    from users.models import User


@dataclass(frozen=True)
class Step:
    """One thing that would happen, in words.

    `icon` is link, plus, minus, arrow, copy, lock, question or warning.
    """

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
        verdicts_for(lead, by=by),
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
    steps += _custom_steps(lead, plan, decision, by)
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


def _custom_steps(lead: Lead, plan: Plan, decision: Decision, by: User) -> Iterable[Step]:
    """Yield where the custom fields go, what stays as it is, and a warning for what goes nowhere.

    Of a record that `by` may not see it is not told what it has.
    """
    arrivals = arrivals_of(lead, decision, plan, by=by)
    for kind, label in (
        ("account", _("account")),
        ("contact", _("contact")),
        ("opportunity", _("opportunity")),
    ):
        arriving = [each for each in arrivals.items if each.way.target.kind == kind]
        filled = [f"{each.way.target}: {each.way.words}" for each in arriving if each.is_filled]
        if filled:
            yield Step(
                "copy",
                _("Fill in on the %(kind)s: %(fields)s")
                % {"kind": label, "fields": "; ".join(filled)},
            )
        for each in arriving:
            if not each.is_filled:
                yield from _kept(each, label, by)
    for source in arrivals.stranded:
        yield Step(
            "warning",
            _("%(field)s stays on the lead: no field takes it over") % {"field": source.label},
        )


def _kept(arrival: Arrival, kind: str, by: User) -> Iterable[Step]:
    """Yield what a record that is there keeps instead of the value of the lead."""
    way, record = arrival.way, arrival.record
    theirs = None if is_hidden(record, by) else record.custom.get(way.target.key)
    if is_empty(theirs):
        yield Step(
            "warning",
            _("%(field)s stays on the lead: you may not change the %(kind)s")
            % {"field": way.source.label, "kind": kind},
        )
    elif theirs != way.value:
        words = in_words(way.target, theirs)
        yield Step(
            "minus",
            _("%(record)s keeps %(field)s: %(value)s")
            % {"record": record, "field": way.target, "value": words},
        )


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

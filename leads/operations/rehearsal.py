"""What would come of many leads, one after the other, without doing it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.matching import apart_from_leads
from accounts.models import Account, Contact
from leads.matching import decided_among, directory_for
from leads.models import Lead
from leads.operations.plan import Plan, decided
from leads.operations.reusing import TO_ACCOUNT, TO_CONTACT, Target, differences
from leads.operations.rules import Round
from leads.rules import RuleSet
from leads.rules.automatic import MOST_AT_ONCE, room_in, takeable, why_not
from leads.rules.relations import hidden_among
from opportunities.models import Opportunity
from records.errors import Unacceptable
from records.operations import operation
from records.permissions import may, reaches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leads.models import QualificationRuleSet
    from leads.operations.plan import Decision
    from users.models import User

# Above every number that a database gives out: what is only supposed comes behind what is there.
SUPPOSED = 2**63
# What deciding about many leads reads of each, beside its owner.
LOADED = ("account__owner", "contact__owner", "contact__account__owner")


class Rehearsal:
    """Leads decided about in their order, as qualifying them without a word would do it.

    What an earlier one would make, or fill in, is there for a later one. As many statements for a
    thousand leads as for one; the leads have their account and contact loaded, with the owners.
    """

    def __init__(self, leads: Sequence[Lead], *, by: User) -> None:
        self.by = by
        self._numbers = count(SUPPOSED)
        self._directory = directory_for(leads)
        self._different = apart_from_leads([lead.pk for lead in leads])

    def question_about(self, lead: Lead) -> str:
        """Return the question that only a person can answer; nothing where there is none."""
        try:
            decision = self._decided(lead)
        except Unacceptable:
            return ""
        return decision.account.question or decision.contact.question

    def refusal_of(self, lead: Lead) -> str:
        """Say why a lead would be refused; one that would not be counts as qualified from then on.

        A question that stands open is a reason, too.
        """
        try:
            decision = self._decided(lead)
        except Unacceptable as refusal:
            return " ".join(refusal.reasons)
        if question := decision.account.question or decision.contact.question:
            return question
        if lead.owner is not None and not lead.owner.is_active:
            return _("%(owner)s is not active: assign it first.") % {"owner": lead.owner}
        made = {Account: decision.account, Contact: decision.contact}
        kinds = [model for model, choice in made.items() if choice.outcome == "created"]
        for kind in (*kinds, Opportunity):
            if not may(self.by, "add", kind):
                names = kind._meta.verbose_name_plural
                return _("You may not add %(kind)s.") % {"kind": names}
        self._suppose(lead, decision)
        return ""

    def _decided(self, lead: Lead) -> Decision:
        different = self._different.get(lead.pk, {})
        companies, people = decided_among(lead, self._directory, different)
        return decided(lead, Plan(), companies, people, by=self.by)

    def _suppose(self, lead: Lead, decision: Decision) -> None:
        """Take it that the lead has been qualified so."""
        account, contact = decision.account.record, decision.contact.record
        if decision.account.outcome == "created":
            phone = "" if lead.full_name else lead.phone
            values = {name: getattr(lead, name) for name in TO_ACCOUNT}
            account = Account(pk=next(self._numbers), name=lead.company, phone=phone, **values)
            account.owner = lead.owner or self.by
            self._put(account)
        elif isinstance(account, Account):
            self._filled(account, lead)
        if decision.contact.outcome == "created":
            values = {name: getattr(lead, name) for name in TO_CONTACT}
            contact = Contact(pk=next(self._numbers), owner=lead.owner or self.by, **values)
            contact.account = account if isinstance(account, Account) else None
            self._put(contact)
        elif isinstance(contact, Contact):
            if contact.account is None and isinstance(account, Account):
                contact.account = account
            self._filled(contact, lead)

    def _filled(self, record: Account | Contact, lead: Lead) -> None:
        """Fill what is empty, where that is done."""
        if not reaches(self.by, "change", record):
            return
        for line in differences(lead, record, Target(), by=self.by):
            if line.is_carried:
                setattr(record, line.name, line.ours)
        self._put(record)

    def _put(self, record: Account | Contact) -> None:
        record.derive()
        self._directory.put(record)


@dataclass(frozen=True)
class Expected:
    """What automation would do about a lead.

    `outcome` is qualified, later (this hour is full by then), parked, failed or left (to people).
    """

    lead: Lead
    outcome: str
    reason: str = ""


def expected_of(rule_set: QualificationRuleSet, *, by: User, viewer: User) -> list[Expected]:
    """Say what automation, as `by`, would do about the leads that it takes up first, in its order.

    At most 500 are looked at, and of these the ones told that `viewer` may see: the lead, and the
    records that the rules ask about. The others take their room all the same. As many statements
    for all as for one.
    """
    rules = RuleSet.of(rule_set, by=viewer)
    rows = rules.answerable(takeable(rules)).select_related(*LOADED)
    leads = list(rows[:MOST_AT_ONCE])
    asked = frozenset[str]().union(*rules.relations.values())
    room, rehearsal, expected = room_in(rule_set), Rehearsal(leads, by=by), []
    for lead in leads:
        each = _expected(lead, rehearsal, has_room=room > 0)
        room -= each.outcome == "qualified"
        if reaches(viewer, "view", lead) and not hidden_among(asked, lead, viewer=viewer):
            expected.append(each)
    return expected


def _expected(lead: Lead, rehearsal: Rehearsal, *, has_room: bool) -> Expected:
    if reason := why_not(lead):
        return Expected(lead, "left", reason)
    if question := rehearsal.question_about(lead):
        return Expected(lead, "parked", question)
    if refusal := rehearsal.refusal_of(lead):
        return Expected(lead, "failed", refusal)
    return Expected(lead, "qualified" if has_room else "later")


@operation
def ask_again(*, by: User, after: int = 0, most: int = 500) -> Round | None:
    """Take the mark off open leads whose question has been answered without touching them.

    An account that was one too many is gone, say. Looks at marked leads above the number `after`,
    at most so many; returns None when none was left.
    """
    marked = Lead.objects.open().exclude(needs_decision="").filter(pk__gt=after)
    leads = list(marked.select_related("owner", *LOADED).order_by("pk")[:most])
    if not leads:
        return None
    rehearsal = Rehearsal(leads, by=by)
    answered = [lead.pk for lead in leads if not rehearsal.question_about(lead)]
    changed = Lead.objects.open().filter(pk__in=answered).update(needs_decision="")
    return Round(int(leads[-1].pk), changed)

"""What would come of many leads, one after the other. Writes nothing."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.matching import apart_from_leads
from accounts.models import Account, Contact
from leads.matching import decided_among, directory_for
from leads.operations.plan import Plan, decided
from leads.operations.reusing import TO_ACCOUNT, TO_CONTACT, Target, differences
from records.errors import Unacceptable
from records.permissions import may, reaches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leads.models import Lead
    from leads.operations.plan import Decision
    from users.models import User

# Above every number that a database gives out: what is only supposed comes behind what is there.
SUPPOSED = 2**63


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

    def refusal_of(self, lead: Lead) -> tuple[str, bool]:
        """Say why a lead would be refused, if it would, and whether a question stands open.

        One that would not be counts as qualified from then on.
        """
        try:
            decision = self._decided(lead)
        except Unacceptable as refusal:
            return " ".join(refusal.reasons), False
        if question := decision.account.question or decision.contact.question:
            return question, True
        for choice, model in ((decision.account, Account), (decision.contact, Contact)):
            if choice.outcome == "created" and not may(self.by, "add", model):
                names = model._meta.verbose_name_plural
                return _("You may not add %(kind)s.") % {"kind": names}, False
        self._suppose(lead, decision)
        return "", False

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

"""Leads that were qualified in another system, before their data came here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from leads.models import IMPORTED, Lead, QualifiedOpportunity
from leads.operations.plan import Plan, Terms
from leads.operations.qualify import Qualified, qualify
from leads.operations.reusing import AUTO, SKIP, USE, Target
from records.errors import Unacceptable
from records.operations import operation

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import Account, Contact
    from opportunities.models import Opportunity
    from users.models import User


@operation
def adopt_conversion(
    lead: Lead,
    *,
    by: User,
    account: Account | None,
    contact: Contact | None,
    opportunity: Opportunity | None = None,
    at: datetime | None = None,
    reason: str = "",
) -> Qualified:
    """Qualify a lead into the records that came of it elsewhere, at the moment when it did.

    Nothing is made, unless neither an account nor a contact is named: then they are those of the
    opportunity, else found or made from the lead, without an opportunity. The one that is named may
    be closed by now, as history is, but it is the same company's. Asked again, returns what came of
    the first time. Raises `Unacceptable` for records that contradict each other and for a moment
    that has not come, and `NeedsDecision` as `qualify` does.
    """
    _refuse_contradictions(account, contact, opportunity, at)
    if account is None and contact is None and opportunity is not None:
        account, contact = opportunity.account, opportunity.contact
    absent = Target(SKIP if account or contact else AUTO)
    is_joined = opportunity is not None and opportunity.is_open
    outcome = qualify(
        lead,
        by=by,
        plan=Plan(
            account=Target(USE, account.pk) if account else absent,
            contact=Target(USE, contact.pk) if contact else absent,
            opportunities=(Terms(opportunity=opportunity),) if is_joined else (),
            override_reason=reason,
        ),
    )
    if outcome.is_repeat:
        return outcome
    qualification = outcome.qualification
    if opportunity is not None and not is_joined:
        QualifiedOpportunity.objects.create(
            qualification=qualification, opportunity=opportunity, is_primary=True, is_created=False
        )
        qualification.result["opportunities"] = [opportunity.pk]
    qualification.rule_version = IMPORTED
    if at is not None:
        qualification.at = at
        Lead.all_objects.filter(pk=lead.pk).update(qualified_at=at)
    qualification.save(update_fields=["rule_version", "result", "at"])
    return outcome


def _refuse_contradictions(
    account: Account | None,
    contact: Contact | None,
    opportunity: Opportunity | None,
    at: datetime | None,
) -> None:
    errors: dict[str, list[str]] = {}
    if at is not None and at > timezone.now():
        errors["converted_at"] = [_("Nothing was converted on a day that has not come.")]
    if opportunity is not None and not _belongs(opportunity, account, contact):
        sentence = _(
            "%(opportunity)s belongs to another company or person than the ones that the lead is "
            "said to have become."
        )
        errors["opportunity"] = [sentence % {"opportunity": opportunity}]
    if errors:
        raise Unacceptable(errors=errors)


def _belongs(opportunity: Opportunity, account: Account | None, contact: Contact | None) -> bool:
    """Say whether an opportunity is one of this company, or where none is named, this person."""
    if account is None and contact is None:
        return True
    if contact is not None and opportunity.contact_id == contact.pk and account is None:
        return True
    company = account if account is not None else contact and contact.account
    if opportunity.account_id is None:
        return contact is not None and opportunity.contact_id in {None, contact.pk}
    return company is not None and opportunity.account_id == company.pk

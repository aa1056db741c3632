"""Giving a lead up, and taking up again one that was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Contact
from accounts.operations import find_or_create_account, find_or_create_contact
from activities.operations import cancel_open, uncancel
from leads.errors import LeadIsClosed, LeadIsOpen
from leads.models import DisqualifyReason, Lead
from leads.operations.reusing import TO_CONTACT
from records import audit
from records.errors import Unacceptable
from records.operations import locked, operation, refuse_other, save_changed

if TYPE_CHECKING:
    from datetime import date

    from users.models import User


@operation
def disqualify(
    lead: Lead,
    *,
    by: User,
    reason: DisqualifyReason,
    comment: str = "",
    revisit_on: date | None = None,
    duplicate_of: Lead | None = None,
    keep_contact: bool = False,
    version: int | None = None,
) -> Lead:
    """Give up an open lead: its open tasks are cancelled and come back when it is reopened.

    With `keep_contact` the person stays as a contact. Asked again for the same reason it changes
    nothing. Raises `LeadIsClosed`, `Unacceptable` when the reason needs a comment, and `Stale` when
    `version` is given and no longer the current one.
    """
    if duplicate_of is not None and duplicate_of != lead:
        # Two that are given up as duplicates of each other at once would both be gone.
        both = held(lead.pk, duplicate_of.pk)
        duplicate_of = next((each for each in both if each != lead), None)
        if duplicate_of is None:
            raise Unacceptable(errors={"duplicate_of": [_("This lead is gone. Choose another.")]})
    current = locked(lead, by=by, action="disqualify")
    if current.status == Lead.Status.DISQUALIFIED and current.disqualify_reason_id == reason.pk:
        return current
    if not current.is_open:
        raise LeadIsClosed(
            _("%(lead)s is %(status)s already.")
            % {"lead": current, "status": current.get_status_display().lower()}
        )
    refuse_other(current, version)
    refuse_bad_terms(reason, comment, revisit_on, lead=current, duplicate_of=duplicate_of)
    cancelled = cancel_open(current, by=by)
    if keep_contact and current.contact is None:
        current.contact = _kept_contact(current, by=by)
    current.status = Lead.Status.DISQUALIFIED
    current.disqualified_at = timezone.now()
    current.disqualify_reason = reason
    current.disqualify_comment = comment
    current.revisit_on = revisit_on
    current.duplicate_of = duplicate_of
    save_changed(current, by=by)
    audit.log(
        current,
        "lead.disqualified",
        by=by,
        changes={
            "status": ["open", "disqualified"],
            "reason": [None, reason.name],
            "cancelled": [[], [str(activity) for activity in cancelled]],
        },
        reason=comment,
    )
    return current


def held(*numbers: int) -> list[Lead]:
    """Lock several leads by id, as everybody does who needs more than one, and return them."""
    rows = Lead.all_objects.select_for_update(of=("self",)).filter(pk__in=sorted(set(numbers)))
    return list(rows.select_related("owner").order_by("pk"))


@operation
def take_up(lead: Lead, *, by: User) -> Lead:
    """Take up a disqualified lead again. Raises `LeadIsOpen` when there is nothing to take up."""
    current = locked(lead, by=by, action="disqualify")
    if current.status != Lead.Status.DISQUALIFIED:
        raise LeadIsOpen(_("%(lead)s is open already.") % {"lead": current})
    reason = current.disqualify_reason
    current.status = Lead.Status.OPEN
    current.disqualified_at = current.disqualify_reason = current.revisit_on = None
    current.disqualify_comment = ""
    current.duplicate_of = None
    save_changed(current, by=by)
    uncancel(current, by=by)
    audit.log(
        current,
        "lead.reopened",
        by=by,
        changes={"status": ["disqualified", "open"], "reason": [str(reason), None]},
    )
    return current


def refuse_bad_terms(
    reason: DisqualifyReason,
    comment: str,
    revisit_on: date | None,
    *,
    lead: Lead | None = None,
    duplicate_of: Lead | None = None,
) -> None:
    """Raise `Unacceptable`, naming each field, for terms on which a lead cannot be given up."""
    errors: dict[str, list[str]] = {}
    if reason.needs_comment and not comment.strip():
        errors["comment"] = [_("Enter a comment: this reason needs one.")]
    if revisit_on is not None and revisit_on <= timezone.localdate():
        errors["revisit_on"] = [_("Choose a day in the future.")]
    if lead is not None and duplicate_of is not None:
        if duplicate_of.pk == lead.pk:
            errors["duplicate_of"] = [_("Choose another lead: this is the same one.")]
        elif _leads_to(duplicate_of, lead):
            errors["duplicate_of"] = [
                _("%(other)s is given up as a duplicate of this one. Reopen it first.")
                % {"other": duplicate_of}
            ]
    if errors:
        raise Unacceptable(errors=errors)


def _leads_to(other: Lead, lead: Lead) -> bool:
    """Say whether `other` was given up for `lead`, or for one that was: a circle would be lost."""
    number, seen = other.duplicate_of_id, {other.pk}
    while number is not None and number != lead.pk and number not in seen:
        seen.add(number)
        rows = Lead.all_objects.filter(pk=number)
        number = rows.values_list("duplicate_of_id", flat=True).first()
    return number == lead.pk


def _kept_contact(lead: Lead, *, by: User) -> Contact:
    account = lead.account
    if account is None and lead.company:
        account, _created = find_or_create_account(
            lead.company,
            by=by,
            owner=lead.owner or by,
            website=lead.website,
            country=str(lead.country),
        )
    contact, _created = find_or_create_contact(
        by=by,
        owner=lead.owner or by,
        account=account,
        consent=lead.consent,
        do_not_contact=lead.do_not_contact,
        **{name: getattr(lead, name) for name in TO_CONTACT},
    )
    return contact

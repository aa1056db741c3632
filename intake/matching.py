"""Who is known already: the open lead of the person that something came in from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from leads.models import Lead
from records.keys import is_role_mailbox

if TYPE_CHECKING:
    from collections.abc import Mapping

WHO = ("first_name", "last_name", "company", "email", "phone", "mobile")


def draft_of(fields: Mapping[str, Any]) -> Lead:
    """Return a lead that is not stored, for its keys."""
    draft = Lead(**{name: fields.get(name, "") for name in WHO})
    draft.country = fields.get("country", "")
    draft.derive()
    return draft


def locks_for(draft: Lead) -> list[str]:
    """Return what to hold so that nobody else decides about the same person meanwhile.

    They are names of our own: who qualifies holds a lead first and then identities, and the other
    way round would make two wait for each other.
    """
    found = {draft.email_key, draft.phone_key, draft.mobile_key} - {""}
    return [f"intake:{key}"[:320] for key in found]


def open_lead_of(draft: Lead) -> Lead | None:
    """Return the newest open lead of the same person.

    The same person has the same personal email, or the same name and a phone number or a shared
    mailbox in common.
    """
    same = Q(pk__in=[])
    if draft.email_key:
        mailbox = Q(email_key=draft.email_key)
        if is_role_mailbox(draft.email_key):
            mailbox &= Q(name_key=draft.name_key)
        same |= mailbox
    phones = [key for key in (draft.phone_key, draft.mobile_key) if key]
    if draft.name_key and phones:
        same |= Q(name_key=draft.name_key) & (Q(phone_key__in=phones) | Q(mobile_key__in=phones))
    found: Lead | None = Lead.objects.open().filter(same).order_by("-created_at", "-pk").first()
    return found

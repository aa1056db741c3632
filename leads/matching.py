"""Which other leads look like this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from leads.models import Lead
from records import keys
from records.permissions import reaches

if TYPE_CHECKING:
    from users.models import User

LIMIT = 6


@dataclass(frozen=True)
class Lookalike:
    """Another lead that may be the same person.

    Where it may not be seen, `lead` is None and there are no reasons: what of it is the same as
    here would tell what stands in it.
    """

    lead: Lead | None
    reasons: tuple[str, ...] = ()


def lookalikes(lead: Lead, *, by: User) -> list[Lookalike]:
    """Return leads with the same personal email, or name and company or phone. One statement.

    However many of them `by` may not see, they are one line, behind all others.
    """
    wanted = Q()
    if lead.email_key and not keys.is_role_mailbox(lead.email_key):
        wanted |= Q(email_key=lead.email_key)
    if lead.name_key and lead.company_key:
        wanted |= Q(company_key=lead.company_key, name_key=lead.name_key)
    if lead.name_key and lead.phone_key:
        wanted |= Q(phone_key=lead.phone_key, name_key=lead.name_key)
    if not wanted:
        return []
    rows = Lead.objects.filter(wanted).exclude(pk=lead.pk).select_related("owner")
    others = list(rows.order_by("-created_at", "-pk")[:LIMIT])
    seen = [other for other in others if reaches(by, "view", other)]
    found = [Lookalike(other, _reasons(lead, other)) for other in seen]
    return found if len(seen) == len(others) else [*found, Lookalike(None)]


def _reasons(lead: Lead, other: Lead) -> tuple[str, ...]:
    compared = (
        (_("same email"), lead.email_key, other.email_key),
        (_("same name"), lead.name_key, other.name_key),
        (_("same company"), lead.company_key, other.company_key),
        (_("same phone"), lead.phone_key, other.phone_key),
    )
    return tuple(text for text, one, two in compared if one and one == two)

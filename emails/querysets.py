"""The questions that can be asked of templates, and of the people that one writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import Account, Contact
from leads.models import Lead
from opportunities.models import Opportunity, Stakeholder
from records.keys import email_key
from records.permissions import restrict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from records.models import TimelineRecord
    from users.models import User

# The kinds of record that emails are written on.
KINDS: dict[str, type[TimelineRecord]] = {
    "lead": Lead,
    "account": Account,
    "contact": Contact,
    "opportunity": Opportunity,
}


class EmailTemplateQuerySet(models.QuerySet[Any, Any]):
    """Templates, narrowed to whose they are and to whom they are offered."""

    def permitted(self, user: User | AnonymousUser, action: str = "view") -> Self:
        """Keep one's own templates, and those shared with one.

        To do anything else to another's template, a role has to grant `action` on it beside.
        """
        own = Q(owner=user.pk)
        shared = Q(audience="everyone")
        if team := getattr(user, "team_id", None):
            shared |= Q(audience="team", owner__team=team)
        if action == "view":
            return self.filter(own | shared)
        granted = restrict(self.model._default_manager.all(), user, action).values("pk")
        return self.filter(own | (shared & Q(pk__in=granted)))

    def offered(self, user: User, kind: str) -> list[Any]:
        """Return what `user` can begin an email with on a record of this kind, by name."""
        rows = self.permitted(user).filter(is_active=True).order_by("name", "pk")
        # A handful of rows: what is in a list of JSON, the engines ask in ways of their own.
        return [each for each in rows if not each.kinds or kind in each.kinds]


# People


def reached_at(model: Any, addresses: Iterable[str]) -> Q:
    """Keep the people of `model` who can be reached at one of these addresses."""
    plain = [each.lower() for each in addresses]
    keys = [key for each in plain if (key := email_key(each))]
    if model is Lead:
        return Q(email_key__in=keys)
    return Q(email_key__in=keys) | Q(pk__in=_second_at(plain))


def _second_at(addresses: list[str]) -> Any:
    rows = Contact.objects.annotate(second=Lower("second_email"))
    return rows.filter(second__in=addresses).exclude(second_email="").values("pk")


def stakeholders_of(deal: Opportunity) -> Any:
    """Return the numbers of the contacts who have a say in an opportunity, unevaluated."""
    return Stakeholder.objects.filter(opportunity=deal.pk).values("contact")

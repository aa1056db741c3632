"""What rules ask about other records than the lead, and who may not be told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from accounts.models import Account, Contact
from leads.models import Lead
from records.conditions import names_in
from records.permissions import is_hidden_field, reaches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from records.conditions import Group
    from users.models import User

# Records of their own that a rule may ask about, and that not everybody who sees the lead may see.
RELATED: dict[str, Any] = {"account": Account, "contact": Contact}


def relations_in(condition: Group) -> frozenset[str]:
    """Return which other records a condition asks about."""
    return frozenset(RELATED) & {name.partition(".")[0] for name in names_in(condition)}


def asks_hidden(names: Iterable[str], *, viewer: User | None) -> bool:
    """Say whether any of these fields of a lead, or of what it names, is hidden from `viewer`."""
    return any(is_hidden_field(viewer, Lead, name) for name in names)


def owners_of(relations: Iterable[str]) -> list[str]:
    """Return what to load with many leads, so that `hidden_among` costs no statement."""
    return [f"{name}__owner" for name in sorted(relations)]


def hidden_among(relations: Iterable[str], lead: Lead, *, viewer: User) -> frozenset[str]:
    """Return which of these records of a lead there are, and `viewer` may not see."""
    there = {name: getattr(lead, name) for name in relations}
    return frozenset(
        name
        for name, record in there.items()
        if record is not None and not reaches(viewer, "view", record)
    )


def unseen_in(relations: Iterable[str], *, viewer: User) -> Q:
    """Return the leads for which `hidden_among` these records tells any, as a filter."""
    unseen = Q(pk__in=[])
    for name in relations:
        seen = RELATED[name].all_objects.permitted(viewer, "view")
        unseen |= Q(**{f"{name}__isnull": False}) & ~Q(**{f"{name}__in": seen})
    return unseen

"""Of which records somebody said that they are not the same."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import Q

from records.models import PossibleDuplicate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def apart(kind: str, number: int | None) -> Mapping[str, set[int]]:
    """Return the numbers of the records that are not this one, by their kind. One statement.

    A record that is not stored yet (no number) was never told apart from anything.
    """
    found: dict[str, set[int]] = defaultdict(set)
    if number is None:
        return found
    ours = Q(kind=kind, low=number) | Q(kind=kind, high=number)
    if kind == "lead":
        ours |= Q(kind__in=["lead_account", "lead_contact"], low=number)
    else:
        ours |= Q(kind=f"lead_{kind}", high=number)
    pairs = PossibleDuplicate.objects.filter(ours, dismissed_at__isnull=False)
    for pair_kind, low, high in pairs.values_list("kind", "low", "high"):
        if pair_kind == kind:
            found[kind].add(high if low == number else low)
        elif kind == "lead":
            found[pair_kind.removeprefix("lead_")].add(high)
        else:
            found["lead"].add(low)
    return found


def apart_from_leads(numbers: Collection[int]) -> Mapping[int, Mapping[str, set[int]]]:
    """Return by the number of each lead which accounts and contacts are not it. One statement."""
    found: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    kinds = ("lead_account", "lead_contact")
    pairs = PossibleDuplicate.objects.filter(kind__in=kinds, low__in=numbers)
    told = pairs.filter(dismissed_at__isnull=False).values_list("kind", "low", "high")
    for kind, low, high in told:
        found[low][kind.removeprefix("lead_")].add(high)
    return found

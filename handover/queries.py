"""What somebody's open work is, and who would get how much of it. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Account, Contact
from activities.models import Activity, ActivityLink
from leads.models import Lead
from opportunities.models import Opportunity
from records.permissions import people_in_reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

    from users.models import User

Place = tuple[int, int]  # the kind of a record by its number, and its own

# In the order in which they are handed over: what is to be done goes with its record, so it comes
# last.
MODELS: dict[str, type[Any]] = {
    "lead": Lead,
    "opportunity": Opportunity,
    "account": Account,
    "contact": Contact,
    "activity": Activity,
}
LABELS = {
    "lead": gettext_lazy("Open leads"),
    "opportunity": gettext_lazy("Open opportunities"),
    "account": gettext_lazy("Accounts"),
    "contact": gettext_lazy("Contacts"),
    "activity": gettext_lazy("Open tasks, calls and meetings"),
}
USUAL = ("lead", "opportunity", "activity")


def givers(by: User) -> QuerySet[User]:
    """Return the people whose work `by` may give to others, those who have left among them."""
    return people_in_reach(by, "assign", *MODELS.values()).filter(is_machine=False)


def open_work(giver: User, kind: str) -> QuerySet[Any, Any]:
    """Return what `giver` has of a kind that somebody has to go on with."""
    rows = MODELS[kind].objects.filter(owner=giver)
    if kind == "activity":
        return rows.to_do()  # type: ignore[no-any-return]
    return rows.open() if kind in ("lead", "opportunity") else rows  # type: ignore[no-any-return]


def work_of(giver: User, kind: str, *, by: User) -> QuerySet[Any, Any]:
    """Return what of it `by` may give away."""
    return open_work(giver, kind).permitted(by, "assign")  # type: ignore[attr-defined,no-any-return]


@dataclass(frozen=True)
class Stays:
    """So many that are left out, and why, in words."""

    count: int
    words: str


@dataclass(frozen=True)
class Share:
    """What becomes of the work of one kind: how many go, to each receiver in turn, what stays."""

    label: str
    count: int
    counts: tuple[int, ...]
    stays: tuple[Stays, ...]


@dataclass(frozen=True)
class Plan:
    """What would be handed over; `until` are the highest numbers of each kind that were counted."""

    giver: User
    receivers: tuple[User, ...]
    shares: tuple[Share, ...]
    until: dict[str, int]

    @property
    def count(self) -> int:
        return sum(share.count for share in self.shares)

    @property
    def counts(self) -> list[int]:
        """How much each receiver gets."""
        return [sum(each) for each in zip(*(share.counts for share in self.shares), strict=True)]


def plan_for(giver: User, receivers: Sequence[User], kinds: Iterable[str], *, by: User) -> Plan:
    """Say who gets how much of the open work of `giver`, as the job will deal it out.

    What is dealt out goes round from one receiver to the next. A task goes with its record: to the
    receiver who will have that, or has it already. Few statements, and numbers alone are read.
    """
    chosen, turn = set(kinds), 0
    goes_to: dict[Place, int] = {}
    shares, until = [], {}
    for kind, model in MODELS.items():
        numbers: list[int] = []
        if kind in chosen:
            rows = work_of(giver, kind, by=by).order_by("pk")
            numbers = list(rows.values_list("pk", flat=True))
            until[kind] = numbers[-1] if numbers else 0
        if kind == "activity":
            dealt = _with_their_records(numbers, goes_to, receivers, turn)
        else:
            type_id = ContentType.objects.get_for_model(model).pk
            dealt = [(turn + n) % len(receivers) for n in range(len(numbers))] if receivers else []
            turn += len(numbers)
            goes_to |= dict(zip(((type_id, pk) for pk in numbers), dealt, strict=False))
        counts = tuple(dealt.count(n) for n in range(len(receivers)))
        stays = tuple(_stays(giver, kind, len(numbers), is_chosen=kind in chosen, by=by))
        shares.append(Share(str(LABELS[kind]), len(numbers), counts, stays))
    return Plan(giver, tuple(receivers), tuple(shares), until)


def _with_their_records(
    numbers: Sequence[int], goes_to: dict[Place, int], receivers: Sequence[User], turn: int
) -> list[int]:
    """Return which receiver gets each of these activities."""
    if not receivers:
        return []
    places = origins_of(numbers)
    has = {user.pk: number for number, user in enumerate(receivers)}
    others = [place for place in places.values() if place not in goes_to]
    goes_to = goes_to | {
        place: has[owner] for place, owner in owners_of(others).items() if owner in has
    }
    dealt = []
    for pk in numbers:
        place = places.get(pk)
        if place in goes_to:
            dealt.append(goes_to[place])
        else:
            dealt.append(turn % len(receivers))
            turn += 1
    return dealt


def origins_of(activities: Sequence[int]) -> dict[int, Place]:
    """Return on which record each of these activities was written."""
    found: dict[int, Place] = {}
    for start in range(0, len(activities), 500):
        links = ActivityLink.objects.filter(
            activity__in=activities[start : start + 500], is_origin=True
        )
        rows = links.values_list("activity", "record_type", "record_id")
        found |= {pk: (type_id, record_id) for pk, type_id, record_id in rows}
    return found


def owners_of(places: Iterable[Place]) -> dict[Place, int]:
    """Return who owns each of these records, as far as somebody does. One statement a kind."""
    by_type: dict[int, set[int]] = {}
    for type_id, pk in places:
        by_type.setdefault(type_id, set()).add(pk)
    owners: dict[Place, int] = {}
    for type_id, numbers in by_type.items():
        model = ContentType.objects.get_for_id(type_id).model_class()
        ordered = sorted(numbers)
        for start in range(0, len(ordered), 500):
            rows = model._base_manager.filter(  # type: ignore[union-attr]
                pk__in=ordered[start : start + 500], owner__isnull=False
            )
            found = rows.order_by().values_list("pk", "owner")
            owners |= {(type_id, pk): owner for pk, owner in found}
    return owners


def _stays(giver: User, kind: str, given: int, *, is_chosen: bool, by: User) -> Iterable[Stays]:
    """Yield what is left out of a kind, as far as `by` may see it, and why."""
    seen: Any = open_work(giver, kind)
    count = seen.permitted(by, "view").count()
    if count and not is_chosen:
        words = ngettext("%(n)s is not chosen", "%(n)s are not chosen", count)
        yield Stays(count, words % {"n": count})
    elif (count := count - given) > 0:
        words = ngettext(
            "%(n)s that you may not give away", "%(n)s that you may not give away", count
        )
        yield Stays(count, words % {"n": count})
    if kind in ("lead", "opportunity"):
        closed = MODELS[kind].objects.permitted(by, "view").filter(owner=giver)
        if count := closed.exclude(status="open").count():
            words = ngettext(
                "%(n)s is closed and stays, for the record",
                "%(n)s are closed and stay, for the record",
                count,
            )
            yield Stays(count, words % {"n": count})

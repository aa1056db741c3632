"""What hangs on records that are the same, and who may know of a merge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Case, Q, TextField, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.matching import LISTED, account_match, contact_match, reasons_from
from accounts.models import Account, Contact
from accounts.operations.merge import CLAIMS
from activities.models import Activity, ActivityLink
from leads.matching import lookalikes
from leads.models import Lead
from leads.operations.merge import STAYS
from records.errors import Obstacle
from records.models import Merge, PossibleDuplicate, Record
from records.operations.merging import image_of, references_to
from records.permissions import hidden_from, reaches, restrict, scope_of
from users.models import Grant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import QuerySet

    from accounts.matching import Reason
    from records.models import TimelineRecord
    from users.models import User

SUGGESTED = 6

KINDS: dict[str, type[TimelineRecord]] = {"account": Account, "contact": Contact, "lead": Lead}


def merges_for(viewer: User) -> QuerySet[Merge]:
    """Return the merges into records that `viewer` may see, also into such as are in the bin."""
    seen = Q(pk__in=[])
    for kind, model in KINDS.items():
        rows: Any = restrict(model._base_manager.all(), viewer, "view")
        seen |= Q(kind=kind, survivor_id__in=rows.order_by().values("pk"))
    return Merge.objects.filter(seen)


def records_of(*merges: Merge) -> dict[tuple[str, int], Any]:
    """Return the records of merges by kind and number, with their owners. A statement per kind.

    Those erased are not there.
    """
    numbers: dict[str, set[int]] = {}
    for merge in merges:
        numbers.setdefault(merge.kind, set()).update((merge.survivor_id, *merge.loser_ids))
    return {
        (kind, record.pk): record
        for kind, pks in numbers.items()
        for record in KINDS[kind]._base_manager.select_related("owner").filter(pk__in=pks)
    }


def obstacle_for(obstacle: Obstacle, viewer: User) -> Obstacle:
    """Return what stands in the way, as `viewer` may read it."""
    record = obstacle.record
    if isinstance(record, Record) and not reaches(viewer, "view", record):
        return Obstacle(_("Something that you cannot open was changed since"))
    return obstacle


def left_for(merge: Merge, viewer: User) -> list[str]:
    """Return in sentences what an undo could not give back, as `viewer` may read them."""
    named: dict[type[Any], set[int]] = {}
    for each in merge.left:
        if each["model"]:
            named.setdefault(apps.get_model(each["model"]), set()).add(each["id"])
    hidden = {(model._meta.label, pk) for model, pk in hidden_from(viewer, named)}
    told = [
        _("Something that you cannot open was changed since")
        if (each["model"], each["id"]) in hidden
        else each["text"]
        for each in merge.left
    ]
    return list(dict.fromkeys(told))


# Who looks like whom


def meta_of(record: Any) -> str:
    """Return what tells a record from others of its name; it names no other record."""
    if isinstance(record, Account):
        words = (record.domain or record.website, record.place)
    elif isinstance(record, Lead):
        words = (record.company if record.full_name else "", record.email or record.phone)
    else:
        words = (record.job_title, record.email or record.phone)
    return " · ".join(word for word in words if word)


def suggestions_for(record: Any, viewer: User) -> list[Any]:
    """Return records that look like this one and that `viewer` may see, the likeliest first."""
    found: list[Any] = []
    if isinstance(record, Lead):
        found = [other.lead for other in lookalikes(record, by=viewer) if other.lead]
    elif isinstance(record, Contact):
        names = ("first_name", "last_name", "email", "phone", "mobile")
        match: Any = contact_match(**{name: getattr(record, name) for name in names})
        found = [candidate.record for candidate in match.seen_by(viewer).candidates]
    elif isinstance(record, Account):
        match = account_match(record.name, website=record.website, phone=record.phone)
        found = [candidate.record for candidate in match.seen_by(viewer).candidates]
    return [other for other in found if other.pk != record.pk][:SUGGESTED]


# Pairs


MOST_PAIRS = 5_000  # looked at for one list; nobody reads more before something is done about them

# What two records can agree in, and how that is written in the reasons of a pair.
AGREEMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "email": (("email", "same"), ("email", "alike"), ("mailbox", "same")),
    "phone": (("phone", "same"), ("phone", "tail")),
    "name": (
        ("name", "same"),
        ("name", "alike"),
        ("name", "contained"),
        ("name", "swapped"),
        ("last_name", "same"),
        ("last_name", "alike"),
    ),
    "company": (("company", "same"), ("company", "alike")),
    "domain": (("domain", "same"),),
    "address": (("street", "same"), ("street", "alike"), ("postal_code", "same")),
}


@dataclass(frozen=True)
class Group:
    """Records of which each may be one with another of them, by their numbers; the likeliest first.

    `pairs` are numbers of pairs, also the likeliest first; `score` is that of the first.
    """

    score: int
    records: tuple[int, ...]
    pairs: tuple[int, ...]


def pairs_for(
    viewer: User, kinds: Iterable[str] = tuple(KINDS), *, with_dismissed: bool = False
) -> QuerySet[PossibleDuplicate]:
    """Return the pairs of which `viewer` may see both records, and neither is in the bin.

    `told_score` is how alike they are as far as `viewer` may know; with `is_bare` that is without
    the accounts of two contacts, and what the reasons say of these is not to be told either.
    """
    seen = _seen_pairs(viewer, kinds)
    found = PossibleDuplicate.objects.filter(seen).annotate(is_bare=_is_bare(viewer))
    alone = Coalesce("score_alone", 0)  # not known yet of what was found by an older version
    found = found.annotate(told_score=Case(When(is_bare=True, then=alone), default="score"))
    if with_dismissed:
        known = Q(dismissed_at__isnull=False) | Q(is_bare=False)
        return found.filter(Q(told_score__gte=LISTED) | known)
    return found.filter(dismissed_at=None, told_score__gte=LISTED)


def _seen_pairs(viewer: User, kinds: Iterable[str]) -> Q:
    seen = Q(pk__in=[])
    for kind in kinds:
        rows: Any = KINDS[kind]._default_manager
        numbers = rows.permitted(viewer, "view").order_by().values("pk")
        seen |= Q(kind=kind, low__in=numbers, high__in=numbers)
    return seen


def _is_bare(viewer: User) -> Any:
    """Return as an expression whether `viewer` may not see an account of a pair of contacts."""
    if scope_of(viewer, "view", Account) == Grant.Scope.ALL:
        return Value(False)
    accounts = restrict(Account.all_objects.all(), viewer, "view").order_by().values("pk")
    hidden = Contact.all_objects.exclude(account=None).exclude(account__in=accounts)
    numbers = hidden.order_by().values("pk")
    is_bare = Q(kind="contact") & (Q(low__in=numbers) | Q(high__in=numbers))
    return Case(When(is_bare, then=Value(True)), default=Value(False))


def score_told(pair: PossibleDuplicate) -> int:
    """Return what `told_score` of a pair of `pairs_for` is by now."""
    is_bare = pair.is_bare  # type: ignore[attr-defined]
    return (pair.score_alone or 0) if is_bare else pair.score


def reasons_told(pair: PossibleDuplicate) -> tuple[Reason, ...]:
    """Return in words what was compared of a pair of `pairs_for`, as far as it may be told."""
    is_bare = pair.is_bare  # type: ignore[attr-defined]
    told = [each for each in pair.reasons if not (is_bare and each[0] == "company")]
    return reasons_from(told)


def count_outside(viewer: User, kind: str) -> int:
    """Return how many pairs there are of which `viewer` may not see both. At most two statements.

    Whatever the list is narrowed to, it is all of them: by a filter their number would tell why.
    """
    if scope_of(viewer, "view", KINDS[kind]) == Grant.Scope.ALL:
        return 0
    alive = KINDS[kind]._default_manager.order_by().values("pk")
    all_pairs = PossibleDuplicate.objects.filter(
        kind=kind, dismissed_at=None, score__gte=LISTED, low__in=alive, high__in=alive
    )
    return all_pairs.count() - all_pairs.filter(_seen_pairs(viewer, [kind])).count()


def agreeing_in(pairs: QuerySet[Any, Any], what: str) -> QuerySet[Any, Any]:
    """Keep the pairs of `pairs_for` that agree in one of `AGREEMENTS`."""
    if what == "company":
        pairs = pairs.filter(is_bare=False)
    # As text: one of the engines cannot look into JSON.
    pairs = pairs.annotate(told=Cast("reasons", TextField()))
    found = Q(pk__in=[])
    for agreement in AGREEMENTS[what]:
        found |= Q(told__contains=json.dumps(agreement))
    return pairs.filter(found)


def groups_in(pairs: QuerySet[Any, Any]) -> list[Group]:
    """Return the records that pairs of `pairs_for` connect, the likeliest first. One statement.

    Of more than `MOST_PAIRS` pairs the likeliest are taken.
    """
    rows = list(
        pairs.order_by("-told_score", "pk").values_list("pk", "low", "high", "told_score")[
            :MOST_PAIRS
        ]
    )
    first: dict[int, int] = {}

    def first_of(number: int) -> int:
        while first.setdefault(number, number) != number:
            first[number] = first[first[number]]
            number = first[number]
        return number

    for _pk, low, high, _score in rows:
        one, other = sorted((first_of(low), first_of(high)))
        first[other] = one
    together: dict[int, list[tuple[int, int, int, int]]] = {}
    for row in rows:
        together.setdefault(first_of(row[1]), []).append(row)
    return [
        Group(
            score=members[0][3],
            records=tuple(dict.fromkeys(n for row in members for n in (row[1], row[2]))),
            pairs=tuple(row[0] for row in members),
        )
        for members in together.values()
    ]


def records_in(pair: PossibleDuplicate, viewer: User) -> tuple[Any, Any]:
    """Return the records of a pair, first one that `viewer` may change, if there is one."""
    rows: Any = KINDS[pair.kind]._default_manager
    found = rows.select_related("owner").in_bulk([pair.low, pair.high])
    one, other = found[pair.low], found[pair.high]
    return (one, other) if reaches(viewer, "change", one) else (other, one)


# What moves


def hanging_on(losers: Sequence[TimelineRecord]) -> dict[str, set[int]]:
    """Return the rows that a merge would move, by model."""
    found: dict[str, set[int]] = {}
    pks = [loser.pk for loser in losers]
    for key in references_to(type(losers[0]), stays=(*STAYS, *CLAIMS)):
        rows = key.model._base_manager.filter(**{f"{key.name}__in": pks})
        found.setdefault(key.model._meta.label, set()).update(rows.values_list("pk", flat=True))
    kind = ContentType.objects.get_for_model(type(losers[0]))
    links = ActivityLink.objects.filter(record_type=kind, record_id__in=pks)
    found[ActivityLink._meta.label] = set(links.values_list("pk", flat=True))
    return found


def moved_by(merge: Merge) -> dict[str, set[int]]:
    """Return the rows that a merge moved, by model."""
    image = image_of(merge)
    own = {merge.survivor_id, *merge.loser_ids}
    label = KINDS[merge.kind]._meta.label
    return {
        name: {int(pk) for pk in rows} - (own if name == label else set())
        for name, rows in image.changed.items()
    }


def moves_in_words(
    rows: Mapping[str, Iterable[int]], name: str, viewer: User
) -> list[dict[str, str]]:
    """Say what moves to the record called `name`, as effects; what is hidden is not counted."""
    effects = []
    is_hidden = False
    for label, numbers in rows.items():
        pks = set(numbers)
        count = _seen(label, pks, viewer)
        is_hidden = is_hidden or count < len(pks)
        if count and (words := _counted(label, count, name)):
            effects.append({"kind": "move", "text": words})
    if is_hidden:
        text = _("What you cannot open, to %(name)s as well") % {"name": name}
        effects.append({"kind": "move", "text": text})
    return effects


def _seen(label: str, pks: set[int], viewer: User) -> int:
    model: Any = apps.get_model(label)
    if model is ActivityLink:
        entries = Activity.objects.permitted(viewer, "view").filter(links__in=pks)
        return int(entries.distinct().count())
    if not issubclass(model, Record):
        return len(pks)
    return restrict(model._base_manager.filter(pk__in=pks), viewer, "view").count()


def _counted(label: str, n: int, name: str) -> str:
    """Return how many of what move, or nothing for what nobody asks about."""
    words = {
        "leads.Lead": lambda: ngettext("%(n)d lead to %(name)s", "%(n)d leads to %(name)s", n),
        "accounts.Account": lambda: ngettext(
            "%(n)d account below to %(name)s", "%(n)d accounts below to %(name)s", n
        ),
        "accounts.Contact": lambda: ngettext(
            "%(n)d contact to %(name)s", "%(n)d contacts to %(name)s", n
        ),
        "opportunities.Opportunity": lambda: ngettext(
            "%(n)d opportunity to %(name)s", "%(n)d opportunities to %(name)s", n
        ),
        "opportunities.Stakeholder": lambda: ngettext(
            "%(n)d role in an opportunity to %(name)s",
            "%(n)d roles in opportunities to %(name)s",
            n,
        ),
        "activities.ActivityLink": lambda: ngettext(
            "%(n)d entry of the timeline to %(name)s",
            "%(n)d entries of the timeline to %(name)s",
            n,
        ),
        **{
            f"{label}_tags": lambda: ngettext("%(n)d tag to %(name)s", "%(n)d tags to %(name)s", n)
            for label in ("leads.Lead", "accounts.Account", "accounts.Contact")
        },
        "intake.Delivery": lambda: ngettext(
            "%(n)d delivery to %(name)s", "%(n)d deliveries to %(name)s", n
        ),
    }
    return words[label]() % {"n": n, "name": name} if label in words else ""

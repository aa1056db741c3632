"""What hangs on records that are the same, and who may know of a merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.matching import account_match, contact_match
from accounts.models import Account, Contact
from accounts.operations.merge import CLAIMS
from activities.models import Activity, ActivityLink
from leads.matching import lookalikes
from leads.models import Lead
from leads.operations.merge import STAYS
from records.errors import Obstacle
from records.models import Merge, Record
from records.operations.merging import image_of, references_to
from records.permissions import hidden_from, reaches, restrict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import QuerySet

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


def records_of(merge: Merge) -> dict[int, Any]:
    """Return the records of a merge by number, with their owners; those erased are not there."""
    rows = KINDS[merge.kind]._base_manager.select_related("owner")
    return rows.in_bulk([merge.survivor_id, *merge.loser_ids])


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
        found = [candidate.record for candidate in match.candidates]
    elif isinstance(record, Account):
        match = account_match(record.name, website=record.website, phone=record.phone)
        found = [candidate.record for candidate in match.candidates]
    return [other for other in found if other.pk != record.pk and reaches(viewer, "view", other)][
        :SUGGESTED
    ]


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
        "intake.Delivery": lambda: ngettext(
            "%(n)d delivery to %(name)s", "%(n)d deliveries to %(name)s", n
        ),
    }
    return words[label]() % {"n": n, "name": name} if label in words else ""

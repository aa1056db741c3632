"""The next step and the last touch of a record, kept right beside its timeline."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Greatest, Least

from activities.models import Activity, ActivityLink
from records.models import TimelineRecord
from records.operations import operation
from workbench.operations.sending import follows_letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from django.db.models import QuerySet

    from workbench.models import Mail

    Place = tuple[type[TimelineRecord], int]

NEXT_STEP_FIELDS = ["next_step", "next_step_kind", "next_step_at", "touched_at"]
# What counts as having been in touch: a finished task is work, but nobody was spoken to.
TOUCHES = [
    Activity.Kind.NOTE,
    Activity.Kind.CALL,
    Activity.Kind.MEETING,
    Activity.Kind.EMAIL,
]


def place_of(record: TimelineRecord) -> Place:
    return type(record), record.pk


def reread(record: TimelineRecord) -> None:
    """Read again what the timeline has written into the row of `record`."""
    first = ["contacted_at"] if record.keeps_first_contact else []
    record.refresh_from_db(fields=[*NEXT_STEP_FIELDS, *first])


def is_contact(activity: Activity) -> bool:
    """Say of what was done whether its people heard from us; as `contacts` asks the database."""
    if activity.kind in (Activity.Kind.CALL, Activity.Kind.EMAIL):
        return activity.direction != Activity.Direction.INCOMING
    return activity.kind == Activity.Kind.MEETING


def places_of(activity_ids: Iterable[int]) -> list[Place]:
    """Return the records on whose timelines any of these entries are shown."""
    return places_in(ActivityLink.objects.filter(activity__in=list(activity_ids)))


def places_in(links: QuerySet[ActivityLink]) -> list[Place]:
    """Return the records that these links lead to and that have a next step, each once."""
    return [
        (model, record_id)
        for type_id, record_id in links.values_list("record_type", "record_id").distinct()
        if (model := timeline_model(type_id)) is not None
    ]


def timeline_model(type_id: int) -> type[TimelineRecord] | None:
    """Return the kind of record behind a content type, if it is one that has a timeline."""
    model = ContentType.objects.get_for_id(type_id).model_class()
    return model if model is not None and issubclass(model, TimelineRecord) else None


def by_model(places: Iterable[Place]) -> Iterator[tuple[type[TimelineRecord], list[int]]]:
    """Sort places into kinds, in the order in which everybody takes locks."""
    sorted_places: dict[type[TimelineRecord], set[int]] = defaultdict(set)
    for model, pk in places:
        sorted_places[model].add(pk)
    for model in sorted(sorted_places, key=lambda each: each._meta.label_lower):
        yield model, sorted(sorted_places[model])


def touch(places: Iterable[Place], at: datetime, *, is_contact: bool) -> None:
    """Note that somebody was in touch at `at`: one statement a kind, no version."""
    moment = Value(at)
    for model, pks in by_model(places):
        values: dict[str, Any] = {"touched_at": Greatest(Coalesce("touched_at", moment), moment)}
        if is_contact and model.keeps_first_contact:
            values["contacted_at"] = Least(Coalesce("contacted_at", moment), moment)
        model._base_manager.filter(pk__in=pks).update(**values)


def refresh_places(places: Iterable[Place]) -> None:
    """Write next step and last touch anew from the timelines: one update a kind, no version."""
    for model, pks in by_model(places):
        rows = model._base_manager.filter(pk__in=pks).order_by("pk")
        if connection.features.has_select_for_update:
            # An update that had to wait still reads the timeline as it was before: wait first.
            list(rows.select_for_update(no_key=True).values_list("pk"))
        shown = Activity.objects.filter(
            links__record_type=ContentType.objects.get_for_model(model),
            links__record_id=OuterRef("pk"),
        )
        first = shown.to_do().order_by(F("due_at").asc(nulls_last=True), "pk")
        last = shown.filter(status=Activity.Status.DONE, kind__in=TOUCHES).order_by("-done_at")
        values: dict[str, Any] = {
            "next_step": Coalesce(Subquery(first.values("subject")[:1]), Value("")),
            "next_step_kind": Coalesce(Subquery(first.values("kind")[:1]), Value("")),
            "next_step_at": Subquery(first.values("due_at")[:1]),
            "touched_at": Subquery(last.values("done_at")[:1]),
        }
        if model.keeps_first_contact:
            contacts = shown.contacts().order_by("done_at")
            values["contacted_at"] = Subquery(contacts.values("done_at")[:1])
        rows.order_by().update(**values)


@follows_letters
def count_contacts_anew(mail: Mail) -> None:
    """Write first contacts anew where a letter stands that has failed, or is on its way again."""
    numbers = Activity.objects.filter(mail=mail.pk).values_list("pk", flat=True)
    refresh_places(place for place in places_of(numbers) if place[0].keeps_first_contact)


@operation
def refresh_next_step(record: TimelineRecord) -> None:
    """Write the next step and the last touch of `record`, in the database and in hand.

    The next step is the earliest open task, meeting or call; one without a date comes last. No new
    version: nobody typed anything.
    """
    refresh_places([place_of(record)])
    reread(record)

"""Who is named with an @ in what was written, and is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.models import Activity, Mention
from activities.operations.steps import place_of, places_of
from activities.rules import people_meant
from records.operations import operation
from records.operations.notices import tell
from records.permissions import load_scopes, reaches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from activities.operations.steps import Place
    from records.models import TimelineRecord
    from users.models import User

# The text of an email is somebody else's: an @ in it means nobody here.
MENTIONS_IN = frozenset(set(Activity.Kind.values) - {Activity.Kind.EMAIL})
LONGEST_EXCERPT = 200


@operation
def mention(activity: Activity, *, by: User, places: Sequence[Place] | None) -> list[User]:
    """Note whom the text of an entry names, and tell those who were not named before.

    Told is who may see a record that shows it, the one where it was written first. Whoever is taken
    out of the text and put back in is not told again. Returns who was told. A text without an @
    that had none costs nothing where it is new, one statement where it was changed; `places` are
    the records that show it, None where they have to be looked up.
    """
    is_new = activity.version == 1
    meant: list[User] = []
    if activity.kind in MENTIONS_IN and "@" in activity.text:
        meant = people_meant(activity.text).people
    standing = {}
    if not is_new:
        standing = {each.user_id: each for each in Mention.objects.filter(activity=activity)}
    if not meant and not standing:
        return []

    wanted = {person.pk for person in meant}
    for known in standing.values():
        is_current = known.user_id in wanted
        if known.is_current != is_current:
            known.is_current = is_current
            known.save(update_fields=["is_current"])
    new = [person for person in meant if person.pk not in standing]
    Mention.objects.bulk_create(Mention(activity=activity, user=person) for person in new)
    return _told(activity, new, by=by, places=places)


def who_cannot_see(record: TimelineRecord, people: Sequence[User]) -> list[User]:
    """Return those of `people` who see neither `record` nor another one that shows its entries."""
    if not people:
        return []
    records = _records([place_of(record), *record.timeline_relatives()])
    load_scopes(people)
    return [
        person for person in people if not any(reaches(person, "view", each) for each in records)
    ]


def _told(
    activity: Activity, people: Sequence[User], *, by: User, places: Sequence[Place] | None
) -> list[User]:
    others = [person for person in people if person.pk != by.pk]
    if not others:
        return []
    records = _records(places_of([activity.pk]) if places is None else places)
    load_scopes(others)
    told = []
    for person in others:
        seen = next((record for record in records if reaches(person, "view", record)), None)
        if seen is not None:
            tell(
                person,
                "mentioned",
                by=by,
                about=seen,
                text=activity.text[:LONGEST_EXCERPT],
            )
            told.append(person)
    return told


def _records(places: Sequence[Place]) -> list[TimelineRecord]:
    """Return the records that show an entry and are in no bin, in the order of `places`."""
    found = (
        model._base_manager.select_related("owner").filter(pk=pk, deleted_at=None).first()
        for model, pk in places
    )
    return [record for record in found if record is not None]

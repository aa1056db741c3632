"""Who may change what was written, and who is meant by an @ in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.db.models.functions import Lower

from activities.models import Activity
from records.permissions import reaches
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from records.models import TimelineRecord

MOST_MEANT = 20  # people in one text
MOST_WORDS = 6  # of a name
# @jonas@north.example, @"Jonas Weber", or @ and a name that only the people here can end.
_MARK = re.compile(
    r"""(?<![\w@.])@(?:"(?P<quoted>[^"\n]{1,120})"|(?P<email>[\w.+-]+@[\w.-]*\w)"""
    r"""|(?P<open>[^\W\d_][^\n@"]{0,119}))"""
)


def may_change(user: User, activity: Activity, record: TimelineRecord) -> bool:
    """Say whether an entry on the timeline of `record` gets the buttons to change it.

    Reads only what `timeline_of` and `next_up` have fetched: the entry's owner, and where it was
    written. Stricter than the operations where it was written on another record than `record`.
    """
    return may_do(user, "change", activity, record)


def may_do(user: User, action: str, activity: Activity, record: TimelineRecord) -> bool:
    """Say whether an entry on the timeline of `record` gets the button for `action`.

    As `may_change`: whoever may change the record where it was written may do it all.
    """
    if reaches(user, action, activity):
        return True
    origin = getattr(activity, "origin_type", None), getattr(activity, "origin_id", None)
    here = ContentType.objects.get_for_model(type(record)).pk, record.pk
    return origin == here and reaches(user, "change", record)


@dataclass(frozen=True)
class Meant:
    """Whom a text names; `several` are names that more than one person has."""

    people: list[User] = field(default_factory=list)
    several: list[str] = field(default_factory=list)


def people_meant(text: str) -> Meant:
    """Return the active people whom a text names with an @, each once, in their order.

    Somebody is named by `@email`, by `@"Full Name"`, or by the name itself, as long as it goes.
    Two of one name are named by neither: whoever means one writes the email. One statement, none
    for a text that names nobody.
    """
    handles = list(_handles(text))[:MOST_MEANT]
    if not handles:
        return Meant()
    wanted = {name for names in handles for name in names}
    rows = User.objects.filter(is_active=True, is_machine=False).annotate(small=Lower("name"))
    rows = rows.filter(Q(small__in=wanted) | Q(name__in=wanted) | Q(email__in=wanted))
    by_name: dict[str, list[User]] = {}
    for person in rows.select_related("team").order_by("pk"):
        for name in {person.name.lower(), person.email.lower()}:
            by_name.setdefault(name, []).append(person)
    people: dict[int, User] = {}
    several: dict[str, None] = {}
    for names in handles:
        found = next((by_name[name.lower()] for name in names if name.lower() in by_name), [])
        if len(found) == 1:
            people[found[0].pk] = found[0]
        elif found:
            several[found[0].name] = None
    return Meant(list(people.values()), list(several))


def _handles(text: str) -> Iterator[list[str]]:
    """Yield for each @ what may be meant by it, the longest first, also in small letters."""
    for mark in _MARK.finditer(text):
        if mark["quoted"] or mark["email"]:
            name = " ".join((mark["quoted"] or mark["email"]).split())
            yield [name, name.lower()]
            continue
        words = mark["open"].split()[:MOST_WORDS]
        names = []
        for count in range(len(words), 0, -1):
            name = " ".join(words[:count]).rstrip(".,;:!?)]}'’*_")
            names += [name, name.lower(), re.sub("['’]s$", "", name.lower())]
        yield [name for name in names if name]

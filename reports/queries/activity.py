"""What people did in the period: the calls, meetings, emails, notes and tasks on their names."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Count, Value

from activities.models import Activity
from reports.queries.people import asked_for
from reports.queries.question import NOBODY, Figure, Question, owner_name, person_name

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from activities.querysets import ActivityQuerySet
    from users.models import User

# What is counted; a file is none of it.
KINDS = (
    Activity.Kind.CALL,
    Activity.Kind.MEETING,
    Activity.Kind.EMAIL,
    Activity.Kind.NOTE,
    Activity.Kind.TASK,
)


@dataclass(frozen=True)
class Doings:
    """What one person did, or all of them: by kind, in the order of `KINDS`, and together."""

    key: str
    name: str
    kinds: tuple[Figure, ...]
    total: Figure


@dataclass(frozen=True)
class Activeness:
    """What everybody did in the period, whoever did most first."""

    people: tuple[Doings, ...]
    total: Doings


def done_in(activities: ActivityQuerySet, ask: Question) -> ActivityQuerySet:
    """Keep what was done in the period by the owner and the team that were asked for.

    An entry has no source: of one of them nothing is kept.
    """
    rows = activities.filter(
        ask.period.holds("done_at"), status=Activity.Status.DONE, kind__in=KINDS
    )
    if ask.source:
        return rows.none()
    return ask.of(rows)


def done_listed(ask: Question, **asked: str) -> str:
    """Return the address of the list of what was done; without a kind it leaves out the files.

    Of a source there is none.
    """
    if ask.source:
        return ""
    files = {} if "kind" in asked else {"files": "0"}
    done = ask.period.asked_as("done")
    return ask.list_of(
        "activities", **{"status": Activity.Status.DONE.value, **files, **done, **asked}
    )


def activeness(
    activities: ActivityQuerySet, people: QuerySet[User, User], ask: Question
) -> Activeness:
    """Count what people did by kind. One statement; `people` are named also with nothing.

    Of a source nothing is known, and nobody is named.
    """
    people = people.none() if ask.source else people
    done = (
        done_in(activities, ask)
        .order_by()
        .annotate(name=owner_name())
        .values_list("owner", "name", "kind")
        .annotate(count=Count("*"))
    )
    named = asked_for(people, ask).values_list(
        "pk", person_name(), Value("", output_field=CharField()), Value(0)
    )
    counts: dict[int | None, Counter[str]] = defaultdict(Counter)
    names: dict[int | None, str] = {}
    for owner, name, kind, count in done.union(named, all=True):
        names[owner] = name or ""
        counts[owner][kind] += count

    def doings(key: str, name: str, found: Counter[str], asked: dict[str, str]) -> Doings:
        kinds = tuple(
            Figure(
                str(kind.label), found[kind], done_listed(ask, kind=kind.value, **asked), key=kind
            )
            for kind in KINDS
        )
        whole = sum(found[kind] for kind in KINDS)
        return Doings(key, name, kinds, Figure("", whole, done_listed(ask, **asked)))

    def of_person(owner: Any) -> Doings:
        key = NOBODY if owner is None else str(owner)
        return doings(key, names[owner], counts[owner], {"owner": key})

    told = sorted(map(of_person, names), key=lambda one: (-one.total.count, one.name))
    everything: Counter[str] = Counter()
    for found in counts.values():
        everything.update(found)
    return Activeness(tuple(told), doings("", "", everything, {}))

"""One person's working day: what is due, what is new, what has no next step, what closes soon."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from activities.models import Activity, ActivityLink
from leads.models import Lead
from opportunities.models import Opportunity
from reports.queries.question import months_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from users.models import User

SHOWN = 6  # records of a kind of work
LATE = 10  # late tasks; whoever has more needs the list
TASKS = 60
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Todo:
    """Something to do, and the record that it is about, if its doer may still see that."""

    activity: Activity
    due_at: datetime
    record: Any | None


@dataclass(frozen=True)
class Part:
    """The first records of a kind of work, and the list with all of them."""

    records: tuple[Any, ...]
    has_more: bool
    url: str


@dataclass(frozen=True)
class Day:
    """Everything on the start page of a person."""

    late: tuple[Todo, ...]
    more_late: int
    today: tuple[Todo, ...]
    soon: tuple[Todo, ...]
    undecided: Part
    new: Part
    without_next_step: Part
    open_leads: Part
    closing: Part


def day_of(user: User) -> Day:
    """Gather the day of `user`: his own open tasks, leads and opportunities."""
    now = timezone.localtime()
    tomorrow = timezone.make_aware(datetime.combine(now.date() + timedelta(days=1), time.min))
    due = list(
        Activity.objects.permitted(user)
        .to_do()
        .filter(owner=user, due_at__lt=tomorrow + AHEAD)
        .order_by("due_at", "pk")[:TASKS]
    )
    todos = _with_records(due, user)
    leads = Lead.objects.permitted(user).open().filter(owner=user).for_list()
    opportunities = Opportunity.objects.permitted(user).open().filter(owner=user).for_list()
    month = months_until(now.date(), 1)[0]
    late = [todo for todo in todos if todo.due_at < now]
    return Day(
        # The latest of the late come last: they are the ones that can still be saved.
        late=tuple(late[-LATE:]),
        more_late=len(late[:-LATE]),
        today=tuple(todo for todo in todos if now <= todo.due_at < tomorrow),
        soon=tuple(todo for todo in todos if todo.due_at >= tomorrow),
        undecided=_first(
            leads.undecided().order_by("-changed_at", "-pk"), "leads", status="open", undecided="1"
        ),
        new=_first(
            leads.filter(progress=Lead.Progress.NEW).order_by("-created_at", "-pk"),
            "leads",
            status="open",
            progress="new",
        ),
        without_next_step=_first(
            leads.filter(next_step="", next_step_at=None).order_by("created_at", "pk"),
            "leads",
            status="open",
            next_step="none",
        ),
        open_leads=_first(
            leads.order_by(F("next_step_at").asc(nulls_last=True), "-pk"), "leads", status="open"
        ),
        closing=_first(
            opportunities.filter(estimated_close_date__lte=month.last).order_by(
                "estimated_close_date", "pk"
            ),
            "opportunities",
            status="open",
            closing_before=month.last.isoformat(),
        ),
    )


def _first(rows: Any, kind: str, **filters: str) -> Part:
    found = list(rows[: SHOWN + 1])
    url = f"{reverse(f'{kind}:list')}?{urlencode({'owner': 'me', **filters})}"
    return Part(tuple(found[:SHOWN]), len(found) > SHOWN, url)


def _with_records(activities: Sequence[Activity], user: User) -> list[Todo]:
    """Find what each activity is about: one statement, and one per kind of record."""
    if not activities:
        return []
    origins = {
        link.activity_id: link
        for link in ActivityLink.objects.filter(activity__in=activities, is_origin=True)
    }
    records: dict[tuple[int, int], Any] = {}
    for type_id, ids in _by_type(origins.values()).items():
        model = ContentType.objects.get_for_id(type_id).model_class()
        if model is not None:
            for record in model._default_manager.permitted(user).filter(pk__in=ids):  # type: ignore[attr-defined]
                records[type_id, record.pk] = record

    def record_of(activity: Activity) -> Any | None:
        link = origins.get(activity.pk)
        return link and records.get((link.record_type_id, link.record_id))

    return [
        Todo(activity, activity.due_at, record_of(activity))
        for activity in activities
        if activity.due_at is not None
    ]


def _by_type(links: Iterable[ActivityLink]) -> dict[int, list[int]]:
    ids: dict[int, list[int]] = defaultdict(list)
    for link in links:
        ids[link.record_type_id].append(link.record_id)
    return ids

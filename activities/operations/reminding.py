"""Telling people that what they have to do comes due: once for each date, whoever looks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from activities.models import Activity, Reminder
from records.operations import operation
from records.operations.notices import tell

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

# What came due longer ago, while nobody looked, is on the list of what is late: no news.
STILL_TOLD = timedelta(days=2)
MOST_AT_ONCE = 500


def remind_due(now: datetime | None = None) -> int:
    """Tell the owners of what comes due, as each entry says how long before; return how many.

    Each due date is told once, also when several schedulers look at the same moment. One that is
    moved is told anew.
    """
    at = now or timezone.now()
    return sum(_remind(activity) for activity in due_to_tell(at)[:MOST_AT_ONCE])


def due_to_tell(now: datetime) -> QuerySet[Activity]:
    """Return the open entries whose owners are to be told by now and were not."""
    is_time = Q(pk__in=[])
    for remind, before in Activity.BEFORE.items():
        is_time |= Q(remind=remind, due_at__lte=now + before)
    told = Reminder.objects.filter(activity=OuterRef("pk"), due_at=OuterRef("due_at"))
    rows: QuerySet[Activity] = Activity.objects.to_do().filter(
        is_time,
        ~Exists(told),
        due_at__gt=now - STILL_TOLD,
        owner__is_active=True,
        created_at__lt=F("due_at"),  # what was late when it was written surprises nobody
    )
    return rows.order_by("due_at", "pk")


@operation
def _remind(found: Activity) -> bool:
    """Tell the owner of one entry, unless somebody else was faster."""
    rows = Activity.objects.to_do().select_for_update(of=("self",)).filter(pk=found.pk)
    current = rows.filter(due_at=found.due_at, remind=found.remind).first()
    if current is None or current.due_at is None or current.owner is None:
        return False
    _row, is_new = Reminder.objects.get_or_create(activity=current, due_at=current.due_at)
    if is_new:
        tell(current.owner, "task_due", by=None, about=current, text=current.subject)
    return is_new

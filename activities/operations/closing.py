"""What happens to open entries when their record is closed, and when it is opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from simple_history.utils import bulk_update_with_history

from activities.models import Activity, ActivityLink
from activities.operations.invitations import tell_invited
from activities.operations.steps import places_of, refresh_places, reread
from records import audit
from records.operations import operation

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from records.models import TimelineRecord
    from users.models import User

# Stands in `ActivityLink.via` of what was cancelled because its record was closed.
CLOSING = "closing"


@operation
def cancel_open(record: TimelineRecord, *, by: User) -> list[Activity]:
    """Cancel the open tasks, meetings and calls that were written on `record`; return them.

    What is only shown there goes on elsewhere. The caller has asked whether `by` may close it.
    """
    links = _links(record)
    rows = list(_activities(links).filter(status=Activity.Status.OPEN, deleted_at=None))
    _set_status(rows, Activity.Status.CANCELLED, "activity.cancelled", by=by)
    if rows:
        links.filter(activity__in=rows).update(via=CLOSING)
        reread(record)
    return rows


@operation
def uncancel(record: TimelineRecord, *, by: User) -> list[Activity]:
    """Open again what `cancel_open` cancelled on `record`, and nothing else; return it."""
    links = _links(record).filter(via=CLOSING)
    rows = list(_activities(links).filter(status=Activity.Status.CANCELLED))
    _set_status(rows, Activity.Status.OPEN, "activity.reopened", by=by)
    if rows:
        reread(record)
        links.update(via="")
    return rows


def _links(record: TimelineRecord) -> QuerySet[ActivityLink]:
    return ActivityLink.objects.filter(
        record_type=ContentType.objects.get_for_model(type(record)),
        record_id=record.pk,
        is_origin=True,
    )


def _activities(links: QuerySet[ActivityLink]) -> QuerySet[Activity]:
    return (
        Activity._base_manager.filter(pk__in=links.values("activity"))
        .select_for_update()
        .order_by("pk")
    )


def _set_status(rows: list[Activity], status: str, event: str, *, by: User) -> None:
    """Give all of `rows` another status: a handful of statements whatever their number."""
    if not rows:
        return
    entries = []
    for activity in rows:
        changes = {"status": [activity.status, status]}
        activity.status = status
        activity.version += 1
        activity.changed_at, activity.changed_by = timezone.now(), by
        entries.append(audit.entry(activity, event, by=by, changes=changes))
    bulk_update_with_history(
        rows, Activity, ["status", "version", "changed_at", "changed_by"], default_user=by
    )
    refresh_places(places_of(activity.pk for activity in rows))
    audit.write(*entries)
    tell_invited(rows)

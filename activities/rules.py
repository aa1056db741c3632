"""Who may change what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType

from activities.models import Activity
from records.permissions import reaches

if TYPE_CHECKING:
    from records.models import TimelineRecord
    from users.models import User


def may_change(user: User, activity: Activity, record: TimelineRecord) -> bool:
    """Say whether an entry on the timeline of `record` gets the buttons to change it.

    Reads only what `timeline_of` and `next_up` have fetched: the entry's owner, and where it was
    written. Stricter than the operations where it was written on another record than `record`.
    """
    if reaches(user, "change", activity):
        return True
    origin = getattr(activity, "origin_type", None), getattr(activity, "origin_id", None)
    here = ContentType.objects.get_for_model(type(record)).pk, record.pk
    return origin == here and reaches(user, "change", record)

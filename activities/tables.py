"""The columns of a list of entries, and the groups of what is to be done."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from activities.filters import days
from activities.models import Activity
from workbench.tables import Cell, NameColumn, OwnerColumn, RecordTable
from workbench.templatetags.workbench import ago, due

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

GROUPS = {
    "late": _("Late"),
    "today": _("Today"),
    "soon": _("Next 7 days"),
    "later": _("Later"),
    "none": _("Without a date"),
    "closed": _("Done or cancelled"),
}


class ActivityTable(RecordTable):
    """The columns that a list of entries shows."""

    subject = NameColumn(verbose_name=_("Activity"))
    kind = Cell(lambda activity: activity.get_kind_display(), verbose_name=_("Kind"), accessor="pk")
    due = Cell(
        lambda activity: due(activity.due_at) if activity.is_open else ago(activity.done_at),
        verbose_name=_("Due"),
        accessor="pk",
    )
    owner = OwnerColumn(order_by=())

    class Meta(RecordTable.Meta):
        sequence = ("subject", "kind", "due", "owner")


def group_of(activity: Activity, moments: tuple[datetime, datetime, datetime]) -> str:
    """Return the name of the group that an entry stands in."""
    now, tomorrow, after = moments
    if not activity.is_open:
        return "closed"
    if activity.due_at is None:
        return "none"
    if activity.due_at < now:
        return "late"
    if activity.due_at < tomorrow:
        return "today"
    return "soon" if activity.due_at < after else "later"


def grouped(activities: Iterable[Activity]) -> list[dict[str, Any]]:
    """Group entries, sorted by when they are due, under their headings."""
    moments = days()
    return [
        {"name": name, "label": GROUPS[name], "activities": list(rows)}
        for name, rows in groupby(activities, key=lambda activity: group_of(activity, moments))
    ]

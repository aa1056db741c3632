"""The list of things to do: late, today, soon, later, without a date."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy

from activities.filters import ActivityFilter, days
from activities.models import Activity
from activities.tables import ActivityTable
from records.custom import PREFIX
from records.models import TimelineRecord
from records.permissions import reaches
from workbench.views import ListView, Tab
from workbench.views.asked import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from users.models import User


GROUPS = {
    "late": gettext_lazy("Late"),
    "today": gettext_lazy("Today"),
    "soon": gettext_lazy("Next 7 days"),
    "later": gettext_lazy("Later"),
    "none": gettext_lazy("Without a date"),
    "closed": gettext_lazy("Done or cancelled"),
}


class ActivityList(ListView):
    """The entries that the user may see, in the order in which they are due."""

    model = Activity
    template_name = "activities/list.html"
    table_class = ActivityTable
    filter_class = ActivityFilter
    title = gettext_lazy("Activities")
    order = ("due_at",)
    tabs = [
        Tab(gettext_lazy("My to-do"), "owner=me&status=open"),
        Tab(gettext_lazy("All to-do"), "status=open"),
        Tab(gettext_lazy("Late"), "due=late"),
        Tab(gettext_lazy("My done"), "owner=me&status=done"),
    ]

    def ordering(self) -> Sequence[str]:
        if self.sorted_by:
            return super().ordering()
        return ("-done_at",) if self.data.get("status") == Activity.Status.DONE else self.order

    def create_url(self) -> str:
        return ""  # an entry is written on a record

    def column_menu(self) -> dict[str, Any]:
        """Return the custom fields to choose from: all else an entry tells anyway."""
        menu = super().column_menu()
        own = [each for each in menu["others"] if each["name"].startswith(PREFIX)]
        told = [(COLUMNS, each["name"]) for each in menu["others"] if each not in own]
        return {**menu, "others": own, "kept": [*menu["kept"], *told]}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = context["page"]["rows"]
        places = places_of(rows, self.user)
        for activity in rows:
            activity.place = places.get(activity.pk)
            activity.is_mine = reaches(self.user, "change", activity)
        context["groups"] = self.groups(rows)
        return context

    def groups(self, rows: list[Any]) -> list[dict[str, Any]]:
        """Return the entries under the headings of when they are due, unless sorted otherwise.

        Each tells the custom fields whose columns were chosen.
        """
        own = [self.columns[name] for name in self.shown if name.startswith(PREFIX)]
        for column in own:
            column.prepare(rows)
        for activity in rows:
            activity.own = [cell for column in own if (cell := column.render(activity))]
        if self.sorted_by:
            return [{"name": "all", "label": "", "activities": rows}] if rows else []
        return grouped(rows)


def places_of(activities: Iterable[Any], user: User) -> dict[int, Any]:
    """Return on which record each entry was written, one statement per kind of record."""
    ids: dict[int, set[int]] = defaultdict(set)
    for activity in activities:
        if activity.origin_type is not None:
            ids[activity.origin_type].add(activity.origin_id)
    records: dict[tuple[int, int], Any] = {}
    for type_id, pks in ids.items():
        model = ContentType.objects.get_for_id(type_id).model_class()
        if model is not None and issubclass(model, TimelineRecord):
            rows = model.objects.permitted(user, "view").filter(pk__in=pks)  # type: ignore[attr-defined]
            records |= {(type_id, record.pk): record for record in rows}
    return {
        activity.pk: records.get((activity.origin_type, activity.origin_id))
        for activity in activities
    }


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

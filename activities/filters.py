"""What the list of things to do can be narrowed by."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import django_filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.models import Activity
from users.models import Team
from workbench.filters import DayFilter, LineFilter, RecordFilter

AHEAD = timedelta(days=7)


def days() -> tuple[datetime, datetime, datetime]:
    """Return now, when tomorrow begins, and when the next seven days are over."""
    now = timezone.localtime()
    tomorrow = timezone.make_aware(datetime.combine(now.date() + timedelta(days=1), time.min))
    return now, tomorrow, tomorrow + AHEAD


class ActivityFilter(RecordFilter):
    """Entries by status, kind, owner and when they are due. Together they narrow."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=Activity.Status.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Activity.Kind.choices)
    due = django_filters.ChoiceFilter(
        label=_("Due"),
        choices=[
            ("late", _("late")),
            ("today", _("today")),
            ("soon", _("in the next 7 days")),
            ("later", _("later")),
            ("none", _("without a date")),
        ],
        method="is_due",
    )

    done_after = DayFilter(label=_("Done from"), field_name="done_at", lookup_expr="gte")
    done_before = DayFilter(label=_("Done until"), field_name="done_at", lookup_expr="lte")
    files = django_filters.ChoiceFilter(
        label=_("Files"), choices=[("0", _("left out"))], method="is_no_file"
    )
    team = LineFilter(
        Team.objects.order_by("name", "pk"), label=_("Team"), field_name="owner__team"
    )

    unoffered = ("done_after", "done_before", "files", "team")

    def is_no_file(self, qs: Any, name: str, value: str) -> Any:
        return qs.exclude(kind=Activity.Kind.FILE)

    def is_due(self, qs: Any, name: str, value: str) -> Any:
        now, tomorrow, after = days()
        when = {
            "late": Q(due_at__lt=now),
            "today": Q(due_at__gte=now, due_at__lt=tomorrow),
            "soon": Q(due_at__gte=tomorrow, due_at__lt=after),
            "later": Q(due_at__gte=after),
            "none": Q(due_at=None),
        }
        return qs.to_do().filter(when[value])

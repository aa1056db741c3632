"""What opportunities can be narrowed by: in the list, behind a figure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from opportunities.models import Campaign, LossReason, Opportunity, Process, Source, Stage
from records.querysets import WholeDays
from users.models import Team
from workbench.filters import (
    NONE,
    PERIODS,
    LineFilter,
    RecordFilter,
    RecordFilterById,
    TagFilter,
    ValueFilter,
    period_start,
)
from workbench.forms import date_input

LONGEST_STAY = 100_000  # days


def period_end(period: str, today: date) -> date:
    """Return the last day of the period in which `today` lies.

    >>> period_end("quarter", date(2026, 11, 23)), period_end("month", date(2026, 2, 3))
    (datetime.date(2026, 12, 31), datetime.date(2026, 2, 28))
    """
    first = period_start(period, today)
    length = {"week": 7, "month": 31, "quarter": 92, "year": 366}.get(period, 1)
    next_first = period_start(period, first + timedelta(days=length))
    return (next_first if period != "today" else first + timedelta(days=1)) - timedelta(days=1)


class DatesFilter(django_filters.ChoiceFilter):
    """Days of this week, this month, this quarter or this year, from the first to the last."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=PERIODS, **kwargs)

    def filter(self, qs: Any, value: str) -> Any:
        if not value:
            return qs
        today = timezone.localdate()
        span = (period_start(value, today), period_end(value, today))
        return qs.filter(**{f"{self.field_name}__range": span})


class DateFilter(django_filters.DateFilter):
    """Days from one on (`gte`), or until one (`lte`)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", date_input())
        super().__init__(**kwargs)


class StageDaysFilter(django_filters.Filter):
    """Open opportunities by the whole days that they have been in their stage."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=LONGEST_STAY, **kwargs)

    def filter(self, qs: Any, value: int | None) -> Any:
        if value is None:
            return qs
        rows = qs.open().annotate(days_in_stage=WholeDays(timezone.now(), F("stage_entered_at")))
        return rows.filter(**{f"days_in_stage__{self.lookup_expr}": value})


class StageFilter(LineFilter):
    """A stage by its number, or a process: each opportunity has one."""

    def lines(self) -> list[tuple[str, Any]]:
        return [line for line in super().lines() if line[0] != NONE]


class PlaceFilter(ValueFilter):
    """Where the account is: of accounts that may not be seen nobody is told it."""

    def filter(self, qs: Any, value: str) -> Any:
        return super().filter(qs.with_place(self.parent.user), value) if value else qs


class OpportunityFilter(RecordFilter):
    """Opportunities by status, stage, owner and time. Together they narrow."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=Opportunity.Status.choices)
    # Also those that belong to leads by now: figures lead to what still stands in them.
    stage = StageFilter(Stage.objects.order_by("process", "position", "pk"), label=_("Stage"))
    process = StageFilter(
        Process.objects.order_by("position", "name", "pk"),
        label=_("Process"),
        field_name="stage__process",
    )
    hold = django_filters.ChoiceFilter(
        label=_("On hold"), choices=[("1", _("yes")), ("0", _("no"))], method="is_on_hold"
    )
    stale = django_filters.ChoiceFilter(
        label=_("Longer than usual in its stage"), choices=[("1", _("yes"))], method="is_stale"
    )
    closing = DatesFilter(label=_("Expected close"), field_name="estimated_close_date")
    closed = DatesFilter(label=_("Closed"), field_name="closed_on")
    next_step = django_filters.ChoiceFilter(
        label=_("Next step"),
        choices=[(NONE, _("none")), ("late", _("late"))],
        method="by_next_step",
    )
    tag = TagFilter()
    source = LineFilter(Source.objects.order_by("position", "name", "pk"), label=_("Source"))
    closing_after = DateFilter(
        label=_("Expected close from"), field_name="estimated_close_date", lookup_expr="gte"
    )
    closing_before = DateFilter(
        label=_("Expected close until"), field_name="estimated_close_date", lookup_expr="lte"
    )
    closed_after = DateFilter(label=_("Closed from"), field_name="closed_on", lookup_expr="gte")
    closed_before = DateFilter(label=_("Closed until"), field_name="closed_on", lookup_expr="lte")
    undated = django_filters.ChoiceFilter(
        label=_("Without an expected close"), choices=[("1", _("yes"))], method="is_undated"
    )
    forecast = django_filters.ChoiceFilter(
        label=_("Forecast"), field_name="forecast_category", choices=Stage.Forecast.choices
    )
    stage_days_min = StageDaysFilter(label=_("Days in stage, at least"), lookup_expr="gte")
    stage_days_max = StageDaysFilter(label=_("Days in stage, at most"), lookup_expr="lte")
    campaign = LineFilter(Campaign.objects.order_by("position", "name", "pk"), label=_("Campaign"))
    reason = LineFilter(
        LossReason.objects.order_by("position", "name", "pk"),
        label=_("Reason"),
        field_name="loss_reason",
    )
    team = LineFilter(
        Team.objects.order_by("name", "pk"), label=_("Team"), field_name="owner__team"
    )
    country = PlaceFilter(label=_("Country"), field_name="place_country")
    region = PlaceFilter(label=_("Region"), field_name="place_region")
    account = RecordFilterById(Account.objects.all(), label=_("Account"))
    contact = RecordFilterById(Contact.objects.all(), label=_("Contact"))

    unoffered = (
        "process", "campaign", "reason", "team", "country", "region", "account", "contact",
        "closing_after", "closing_before", "closed_after", "closed_before", "undated", "forecast",
        "stage_days_min", "stage_days_max",
    )  # fmt: skip

    def is_on_hold(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(is_on_hold=value == "1")

    def is_undated(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(estimated_close_date=None)

    def is_stale(self, qs: Any, name: str, value: str) -> Any:
        rows = qs.open().annotate(days_in_stage=WholeDays(timezone.now(), F("stage_entered_at")))
        return rows.filter(days_in_stage__gte=F("stage__usual_days"))

    def by_next_step(self, qs: Any, name: str, value: str) -> Any:
        if value == "late":
            return qs.filter(next_step_at__lt=timezone.now())
        return qs.filter(next_step="", next_step_at=None)

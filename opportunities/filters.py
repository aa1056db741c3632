"""What opportunities can be narrowed by: in the list, behind a figure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from opportunities.models import (
    Campaign,
    Competitor,
    LossReason,
    Opportunity,
    PipelineState,
    Process,
    Product,
    Source,
    Stage,
)
from opportunities.querysets import GOES, LEFT, LOWERED, MOVED, MOVED_IN, MOVED_OUT, RAISED
from records.querysets import WholeDays
from users.models import Team
from workbench.filters import (
    NONE,
    PERIODS,
    LineFilter,
    ManagerFilter,
    OwnerFilter,
    RecordFilter,
    RecordFilterById,
    TagFilter,
    ValueFilter,
    midnight,
    period_start,
    seen_by_way_of,
)
from workbench.forms import DAYS, date_input

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_STAY = 100_000  # days
# What can happen to the worth of a pipeline, in words.
CHANGES = [
    ("new", _("new")),
    ("reopened", _("reopened")),
    ("restored", _("restored from the recycle bin")),
    ("received", _("received from others")),
    (RAISED, _("value raised")),
    (LOWERED, _("value lowered")),
    ("won", _("won")),
    ("lost", _("lost")),
    ("deleted", _("deleted")),
    ("given", _("given to others")),
    (MOVED, _("moved to another stage")),
    (MOVED_IN, _("moved into the stage")),
    (MOVED_OUT, _("moved out of the stage")),
    (LEFT, _("left the stage, moved, won or lost")),
]


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
        if not value:
            return qs
        if value == NONE:
            return super().filter(qs.with_place(self.parent.user), value)
        # Said of the account itself: few have it, and theirs are found by their numbers.
        path = f"account__{self.field_name.removeprefix('place_')}"
        return qs.filter(seen_by_way_of(qs.model, path, self.parent.user), **{path: value})


class PastFilter:
    """What says how it was on a day: `AsPast` asks for all of it together."""

    def filter(self, qs: Any, value: Any) -> Any:
        return qs


class PastDay(PastFilter, DateFilter):
    """A day of the past."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.extra["validators"] = DAYS


class PastLine(PastFilter, LineFilter):
    """The line of a list that it had then."""


class PastStage(PastFilter, StageFilter):
    """The stage in which it was then."""


class PastOwner(PastFilter, OwnerFilter):
    """Whose it was then."""


class PastChange(PastFilter, django_filters.ChoiceFilter):
    """What happened to it between two days."""


class AsPast(django_filters.FilterSet):
    """Opportunities by what they were at the end of a day, or by what happened up to it.

    With `as_of` alone these are the ones that were open then; with `change` those to which that
    happened from the day `since` on. Stage, owner and team are those of that time.
    """

    as_of = PastDay(label=_("As of"))
    since = PastDay(label=_("Changed since"))
    change = PastChange(label=_("Change"), choices=CHANGES)
    then_stage = PastStage(
        Stage.objects.order_by("process", "position", "pk"), label=_("Stage then")
    )
    then_owner = PastOwner(label=_("Owner then"))
    then_team = PastLine(Team.objects.order_by("name", "pk"), label=_("Team then"))

    PAST = ("as_of", "since", "change", "then_stage", "then_owner", "then_team")

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        asked = {name: self.form.cleaned_data.get(name) for name in self.PAST}
        if not any(asked.values()):
            return rows
        return rows.filter(pk__in=self.past(asked).values("opportunity"))

    def past(self, asked: Mapping[str, Any]) -> Any:
        """Return the states that answer what was asked of the past."""
        today = timezone.localdate()
        last = asked["as_of"] or today
        end = midnight(last + timedelta(days=1))
        of = self.whose_then(asked)
        stage = {"stage": int(asked["then_stage"])} if asked["then_stage"] else {}
        if not asked["change"]:
            return PipelineState.objects.open_at(end).filter(**of, **stage)
        start = midnight(asked["since"] or today)
        line = asked["change"]
        if line == LEFT:
            stage = {"stage_before": stage["stage"]} if stage else {}
            return PipelineState.objects.left(start, end, whose=of).filter(**stage)
        if stage and line in {MOVED_OUT, *(each.key for each in GOES)}:
            stage = {"stage_before": stage["stage"]}
        return PipelineState.objects.changes(start, end, whose=of).on_line(line).filter(**stage)

    def whose_then(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        of: dict[str, Any] = {}
        for name, column in (("then_owner", "owner"), ("then_team", "owner__team")):
            value = asked[name]
            if value == "me":
                value = str(self.user.pk)
            if value:
                of[column] = None if value == NONE else int(value)
        return of


class MainProductFilter(LineFilter):
    """The product on the first line that has one."""

    def filter(self, qs: Any, value: str) -> Any:
        return super().filter(qs.with_main_product(), value) if value else qs


class OpportunityFilter(AsPast, RecordFilter):
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
    competitor = LineFilter(
        Competitor.objects.order_by("position", "name", "pk"),
        label=_("Lost to"),
        field_name="lost_to",
    )
    team = LineFilter(
        Team.objects.order_by("name", "pk"), label=_("Team"), field_name="owner__team"
    )
    manager = ManagerFilter()
    country = PlaceFilter(label=_("Country"), field_name="place_country")
    region = PlaceFilter(label=_("Region"), field_name="place_region")
    account = RecordFilterById(Account.objects.all(), label=_("Account"))
    contact = RecordFilterById(Contact.objects.all(), label=_("Contact"))
    without_account = django_filters.ChoiceFilter(
        label=_("Without an account to see"), choices=[("1", _("yes"))], method="has_no_account"
    )
    product = MainProductFilter(
        Product.objects.order_by("position", "name", "pk"),
        label=_("Product"),
        field_name="main_product",
    )

    unoffered = (
        "process", "campaign", "reason", "team", "manager", "country", "region", "account",
        "contact", "without_account", "competitor", "product", "closing_after", "closing_before",
        "closed_after", "closed_before", "undated", "forecast",
        "stage_days_min", "stage_days_max", *AsPast.PAST,
    )  # fmt: skip

    def is_on_hold(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(is_on_hold=value == "1")

    def has_no_account(self, qs: Any, name: str, value: str) -> Any:
        return qs.with_seen_account(self.user).filter(seen_account=None)

    def is_undated(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(estimated_close_date=None)

    def is_stale(self, qs: Any, name: str, value: str) -> Any:
        rows = qs.open().annotate(days_in_stage=WholeDays(timezone.now(), F("stage_entered_at")))
        return rows.filter(days_in_stage__gte=F("stage__usual_days"))

    def by_next_step(self, qs: Any, name: str, value: str) -> Any:
        if value == "late":
            return qs.filter(next_step_at__lt=timezone.now())
        return qs.filter(next_step="", next_step_at=None)

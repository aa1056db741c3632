"""What leads can be narrowed by: in the list, behind a figure, in the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from leads.models import DisqualifyReason, Lead
from leads.models.scoring import MOST_SCORE
from leads.queries import limits_of_leads
from opportunities.models import Campaign, Opportunity, Source, Stage
from users.models import Team
from workbench.filters import (
    NONE,
    DayFilter,
    LineFilter,
    ManagerFilter,
    OwnerFilter,
    PeriodFilter,
    RecordFilter,
    RecordFilterById,
    TagFilter,
    ValueFilter,
)

LONGEST_WAY = 100_000  # days
WON = "won"


class DaysFilter(django_filters.Filter):
    """Leads by the whole days from their creation to their qualification."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=LONGEST_WAY, **kwargs)

    def filter(self, qs: Any, value: int | None) -> Any:
        if value is None:
            return qs
        rows = qs.qualified().with_days_to_convert()
        return rows.filter(**{f"days_to_convert__{self.lookup_expr}": value})


class ScoreFilter(django_filters.Filter):
    """Leads by their score."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        most = MOST_SCORE
        super().__init__(field_name="score", min_value=-most, max_value=most, **kwargs)


class WonDaysFilter(django_filters.Filter):
    """Leads by the whole days from their creation to the first win of what they became."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=LONGEST_WAY, **kwargs)

    def filter(self, qs: Any, value: int | None) -> Any:
        if value is None:
            return qs
        seen = Opportunity.objects.permitted(self.parent.user)
        return qs.with_days_to_win(seen).filter(days_to_win__lte=value)


class ReachedFilter(LineFilter):
    """Qualified leads by how far in the default process something came that they became."""

    def lines(self) -> list[tuple[str, Any]]:
        stages = [line for line in super().lines() if line[0] != NONE]
        return [*stages, (WON, _("Won"))]

    def filter(self, qs: Any, value: str) -> Any:
        if not value:
            return qs
        seen = Opportunity.objects.permitted(self.parent.user)
        if value == WON:
            return qs.qualified().with_days_to_win(seen).filter(days_to_win__isnull=False)
        stage = self.rows.filter(pk=value).first()
        return qs.none() if stage is None else qs.reached(stage.position, seen)


class LeadFilter(RecordFilter):
    """Leads by status, owner, origin, readiness and time. Together they narrow."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=Lead.Status.choices)
    progress = django_filters.ChoiceFilter(
        label=_("Progress"), choices=Lead.Progress.choices, method="in_progress"
    )
    owner = OwnerFilter()
    source = LineFilter(Source.objects.order_by("position", "name", "pk"), label=_("Source"))
    campaign = LineFilter(Campaign.objects.order_by("position", "name", "pk"), label=_("Campaign"))
    tag = TagFilter()
    rating = django_filters.ChoiceFilter(
        label=_("Rating"), choices=[*Lead.Rating.choices, (NONE, _("none"))], method="is_rated"
    )
    score_min = ScoreFilter(label=_("Score, at least"), lookup_expr="gte")
    score_max = ScoreFilter(label=_("Score, at most"), lookup_expr="lte")
    unscored = django_filters.ChoiceFilter(
        label=_("Without a score"), choices=[("1", _("yes"))], method="is_unscored"
    )
    next_step = django_filters.ChoiceFilter(
        label=_("Next step"),
        choices=[(NONE, _("none")), ("late", _("late")), ("planned", _("planned"))],
        method="by_next_step",
    )
    ready = django_filters.ChoiceFilter(
        label=_("Ready, not qualified"), choices=[("1", _("yes"))], method="is_ready"
    )
    undecided = django_filters.ChoiceFilter(
        label=_("Needs a decision"), choices=[("1", _("yes"))], method="is_undecided"
    )
    waiting = django_filters.ChoiceFilter(
        label=_("Waits for a first response"), choices=[("1", _("yes"))], method="is_waiting"
    )
    answered = django_filters.ChoiceFilter(
        label=_("First contact"),
        choices=[
            ("hour", _("in the first hour")),
            ("day", _("in the first day")),
            ("later", _("later")),
            (NONE, _("nobody yet")),
        ],
        method="was_answered",
    )
    quiet = django_filters.ChoiceFilter(
        label=_("Nobody in touch for too long"), choices=[("1", _("yes"))], method="is_quiet"
    )
    created = PeriodFilter(label=_("Created"), field_name="created_at")
    created_after = DayFilter(label=_("Created from"), field_name="created_at", lookup_expr="gte")
    created_before = DayFilter(label=_("Created until"), field_name="created_at", lookup_expr="lte")
    qualified = PeriodFilter(label=_("Qualified"), field_name="qualified_at")
    qualified_after = DayFilter(
        label=_("Qualified from"), field_name="qualified_at", lookup_expr="gte"
    )
    qualified_before = DayFilter(
        label=_("Qualified until"), field_name="qualified_at", lookup_expr="lte"
    )
    disqualified = PeriodFilter(label=_("Disqualified"), field_name="disqualified_at")
    disqualified_after = DayFilter(
        label=_("Disqualified from"), field_name="disqualified_at", lookup_expr="gte"
    )
    disqualified_before = DayFilter(
        label=_("Disqualified until"), field_name="disqualified_at", lookup_expr="lte"
    )
    closed_after = DayFilter(
        "qualified_at", "disqualified_at", label=_("Closed from"), lookup_expr="gte"
    )
    closed_before = DayFilter(
        "qualified_at", "disqualified_at", label=_("Closed until"), lookup_expr="lte"
    )
    reason = LineFilter(
        DisqualifyReason.objects.order_by("position", "name", "pk"),
        label=_("Reason"),
        field_name="disqualify_reason",
    )
    team = LineFilter(
        Team.objects.order_by("name", "pk"), label=_("Team"), field_name="owner__team"
    )
    manager = ManagerFilter()
    country = ValueFilter(label=_("Country"))
    region = ValueFilter(label=_("Region"))
    account = RecordFilterById(Account.objects.all(), label=_("Account"), method="of_account")
    contact = RecordFilterById(Contact.objects.all(), label=_("Contact"))
    days_min = DaysFilter(label=_("Days to qualify, at least"), lookup_expr="gte")
    days_max = DaysFilter(label=_("Days to qualify, at most"), lookup_expr="lte")

    won_days_max = WonDaysFilter(label=_("Days to the first win, at most"))
    reached = ReachedFilter(
        Stage.objects.filter(process__is_default=True).order_by("position", "pk"),
        label=_("Came as far as"),
    )

    unoffered = (
        "score_max", "unscored",
        "campaign", "qualified", "qualified_after", "qualified_before", "disqualified",
        "disqualified_after", "disqualified_before", "closed_after", "closed_before", "reason",
        "team", "manager", "country", "region", "account", "contact", "days_min", "days_max",
        "won_days_max", "reached",
    )  # fmt: skip

    def is_rated(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(rating="" if value == NONE else value)

    def in_progress(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(status=Lead.Status.OPEN, progress=value)

    def of_account(self, qs: Any, name: str, value: int) -> Any:
        """Leads that became this account, name it, or come from its web domain."""
        account = Account.objects.permitted(self.user, "view").filter(pk=value).exclude(domain="")
        # One value, and no list of them: an index is asked for either part.
        return qs.filter(Q(account=value) | Q(domain=Subquery(account.values("domain")[:1])))

    def is_ready(self, qs: Any, name: str, value: str) -> Any:
        return qs.ready()

    def is_unscored(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(score=None)

    def is_undecided(self, qs: Any, name: str, value: str) -> Any:
        return qs.undecided()

    def is_waiting(self, qs: Any, name: str, value: str) -> Any:
        return qs.waiting()

    def was_answered(self, qs: Any, name: str, value: str) -> Any:
        return qs.answered(value)

    def is_quiet(self, qs: Any, name: str, value: str) -> Any:
        return qs.quiet_since(timezone.now() - limits_of_leads().quiet)

    def by_next_step(self, qs: Any, name: str, value: str) -> Any:
        if value == NONE:
            return qs.filter(next_step="", next_step_at=None)
        now = timezone.now()
        if value == "late":
            return qs.filter(next_step_at__lt=now)
        return qs.filter(Q(next_step_at__gte=now) | Q(next_step_at=None)).exclude(next_step="")

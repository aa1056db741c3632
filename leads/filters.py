"""What leads can be narrowed by: in the list, behind a figure, in the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import DisqualifyReason, Lead
from opportunities.models import Campaign, Source
from users.models import Team
from workbench.filters import DayFilter, OwnerFilter, PeriodFilter, RecordFilter

NOBODY = "none"


class LeadFilter(RecordFilter):
    """Leads by status, owner, origin, readiness and time."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=Lead.Status.choices)
    progress = django_filters.ChoiceFilter(
        label=_("Progress"), choices=Lead.Progress.choices, method="in_progress"
    )
    owner = OwnerFilter()
    source = django_filters.ModelChoiceFilter(
        label=_("Source"),
        queryset=Source.objects.order_by("position", "name", "pk"),
        null_label=_("unknown"),
        null_value=NOBODY,
    )
    rating = django_filters.ChoiceFilter(label=_("Rating"), choices=Lead.Rating.choices)
    next_step = django_filters.ChoiceFilter(
        label=_("Next step"),
        choices=[(NOBODY, _("none")), ("late", _("late")), ("planned", _("planned"))],
        method="by_next_step",
    )
    ready = django_filters.BooleanFilter(
        label=_("Ready, not qualified"), method="is_ready", widget=forms.CheckboxInput
    )
    created = PeriodFilter(label=_("Created"), field_name="created_at")
    qualified = PeriodFilter(label=_("Qualified"), field_name="qualified_at")
    disqualified = PeriodFilter(label=_("Disqualified"), field_name="disqualified_at")
    created_after = DayFilter(label=_("Created from"), field_name="created_at", lookup_expr="gte")
    created_before = DayFilter(label=_("Created until"), field_name="created_at", lookup_expr="lte")

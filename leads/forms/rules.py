"""What managers say about when a lead can be qualified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from leads.models.rules import MOST_AN_HOUR, MOST_POINTS
from workbench.forms import ConditionField, PageForm, Section

if TYPE_CHECKING:
    from leads.rules import Rule

REQUIRED, WEIGHTED, RECOMMENDED = "required", "weighted", "recommended"
WEIGHTS = [
    (REQUIRED, _("The lead cannot be qualified")),
    (WEIGHTED, _("Its points are missing")),
    (RECOMMENDED, _("There is a warning")),
]


class RuleForm(PageForm):
    """One rule of the draft."""

    condition = ConditionField(Lead, label=_("What has to hold"))
    weight = forms.ChoiceField(
        label=_("When it does not hold"),
        choices=WEIGHTS,
        widget=forms.RadioSelect,
        initial=RECOMMENDED,
    )
    points = forms.IntegerField(
        label=_("Points"),
        required=False,
        min_value=1,
        max_value=MOST_POINTS,
        help_text=_("For rules with points: how many it gives when it holds."),
    )
    label = forms.CharField(
        label=_("Words when it holds"),
        required=False,
        max_length=120,
        help_text=_("Empty: the condition in words."),
    )
    unmet_label = forms.CharField(
        label=_("Words when it does not hold"),
        required=False,
        max_length=120,
        help_text=_("Empty: the same words as when it holds."),
    )
    is_active = forms.BooleanField(label=_("Counts"), required=False, initial=True)
    draft = forms.IntegerField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    sections = [
        Section(
            "",
            [
                "condition", "weight", "points", ("label", "unmet_label"), "is_active", "draft",
                "version",
            ],
        )
    ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_silent = not cleaned.get("points") and "points" not in self.errors
        if cleaned.get("weight") == WEIGHTED and is_silent:
            self.add_error("points", gettext("Enter the points that it gives."))
        return cleaned


def weight_of(rule: Rule) -> str:
    """Return what it means that a rule does not hold, as the form says it."""
    if rule.is_required:
        return REQUIRED
    return WEIGHTED if rule.is_weighted else RECOMMENDED


def beginning_of(rule: Rule) -> dict[str, Any]:
    """Return what the form of a rule begins with, by field."""
    return {
        "condition": rule.condition,
        "weight": weight_of(rule),
        "points": rule.points or None,
        "label": rule.label,
        "unmet_label": rule.unmet_label,
        "is_active": rule.is_active,
    }


class VersionForm(PageForm):
    """Knows which version of a setting was read."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    sections = [Section("", ["version"])]


class DraftForm(VersionForm):
    """Knows which draft was read, and how far it was."""

    draft = forms.IntegerField(required=False, widget=forms.HiddenInput)

    sections = [Section("", ["draft", "version"])]


class ActivateForm(DraftForm):
    """From when on the draft counts."""

    valid_from = forms.DateTimeField(
        label=_("Valid from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: at once. A change of the draft takes the moment away."),
    )

    sections = [Section("", ["valid_from", "draft", "version"])]


class ThresholdForm(DraftForm):
    """How many points a lead needs."""

    threshold = forms.IntegerField(
        label=_("Points that a lead needs"),
        min_value=0,
        max_value=MOST_POINTS,
        help_text=_("0: points are not asked for."),
    )

    sections = [Section("", ["threshold", "draft", "version"])]


class AutomationForm(PageForm):
    """Whether what meets the required rules is qualified without a hand, and how fast."""

    is_automatic = forms.BooleanField(label=_("Qualify what meets the rules"), required=False)
    hourly_limit = forms.IntegerField(
        label=_("At most so many in any hour"), min_value=1, max_value=MOST_AN_HOUR
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

"""What managers say about when a lead can be qualified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from leads.models.rules import MOST_AN_HOUR
from workbench.forms import ConditionField, PageForm, Section

if TYPE_CHECKING:
    from leads.rules import Rule

REQUIRED, RECOMMENDED = "required", "recommended"
WEIGHTS = [
    (REQUIRED, _("The lead cannot be qualified")),
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
            ["condition", "weight", ("label", "unmet_label"), "is_active", "draft", "version"],
        )
    ]


def beginning_of(rule: Rule) -> dict[str, Any]:
    """Return what the form of a rule begins with, by field."""
    return {
        "condition": rule.condition,
        "weight": REQUIRED if rule.is_required else RECOMMENDED,
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


class AutomationForm(PageForm):
    """Whether what meets the required rules is qualified without a hand, and how fast."""

    is_automatic = forms.BooleanField(label=_("Qualify what meets the rules"), required=False)
    hourly_limit = forms.IntegerField(
        label=_("At most so many in any hour"), min_value=1, max_value=MOST_AN_HOUR
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

"""What managers say about when a lead can be qualified."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from leads.models.rules import MOST_AN_HOUR
from workbench.forms import ConditionField, PageForm, Section

REQUIRED, RECOMMENDED = "required", "recommended"


class RuleForm(PageForm):
    """One rule of the draft."""

    condition = ConditionField(Lead, label=_("What has to hold"))
    weight = forms.ChoiceField(
        label=_("When it does not hold"),
        choices=[
            (REQUIRED, _("The lead cannot be qualified")),
            (RECOMMENDED, _("There is a warning")),
        ],
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
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    sections = [
        Section("", ["condition", "weight", ("label", "unmet_label"), "is_active", "version"])
    ]

    @property
    def values(self) -> dict[str, Any]:
        """The cleaned data as the operation takes it."""
        values = dict(self.cleaned_data)
        values["is_required"] = values.pop("weight") == REQUIRED
        return values


class ActivateForm(PageForm):
    """Knows which draft was read."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    sections = [Section("", ["version"])]


class AutomationForm(PageForm):
    """Whether what meets the required rules is qualified without a hand, and how fast."""

    is_automatic = forms.BooleanField(label=_("Qualify what meets the rules"), required=False)
    hourly_limit = forms.IntegerField(
        label=_("At most so many in any hour"), min_value=1, max_value=MOST_AN_HOUR
    )

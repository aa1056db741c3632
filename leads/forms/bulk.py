"""What is asked for when many leads are to be qualified, given up, or taken back."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.forms.leads import ReasonField
from leads.models import DisqualifyReason, Lead
from workbench.forms import PageForm, date_input
from workbench.forms.bulk import BulkForm, NumbersField


class BulkQualifyForm(PageForm):
    """Which leads, and whether an opportunity is opened for each."""

    leads = NumbersField(error_messages={"required": _("Choose at least one lead.")})
    opens_opportunities = forms.BooleanField(
        label=_("Open an opportunity for each lead"), required=False, initial=True
    )


class BulkDisqualifyForm(PageForm):
    """Which leads are given up, and why."""

    leads = NumbersField(error_messages={"required": _("Choose at least one lead.")})
    reason = ReasonField(
        label=_("Reason"),
        queryset=DisqualifyReason.objects.all(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Choose a reason")},
    )
    comment = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    revisit_on = forms.DateField(
        label=_("Reopen on"),
        required=False,
        widget=date_input(),
        help_text=_("The leads open again by themselves on this day."),
    )


class BulkProgressForm(BulkForm):
    """How far the work on the leads is."""

    progress = forms.ChoiceField(
        label=_("Status"),
        choices=Lead.Progress.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a status")},
    )


class BulkUndoForm(PageForm):
    """Nothing is asked: the page says what will happen."""

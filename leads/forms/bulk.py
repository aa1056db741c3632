"""What is asked for when many leads are to be qualified, given up, or taken back."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads.forms.leads import ReasonField
from leads.models import DisqualifyReason
from workbench.forms import PageForm, date_input

LONGEST = 20_000  # 1,000 numbers of up to 19 digits


class NumbersField(forms.CharField):
    """The numbers of records, parted by commas: a thousand of them are one field to the server."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, widget=forms.HiddenInput, **kwargs)

    def clean(self, value: str) -> list[int]:
        words = super().clean(value).split(",")
        if not all(re.fullmatch(r"[0-9]{1,18}", word) for word in words):
            raise ValidationError(_("This is no list of numbers. Go back to the list."))
        return [int(word) for word in words]


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


class BulkUndoForm(PageForm):
    """Nothing is asked: the page says what will happen."""

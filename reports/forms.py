"""The form of targets: the twelve months of a year, of one person or team."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users import formats
from workbench.forms import MoneyField, PageForm, Section

MONTHS = range(1, 13)


class TargetForm(PageForm):
    """What shall be reached in each month of a year; an empty month has no target."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    sections = [
        Section(
            _("To be won"),
            ["version", *((f"month_{month}", f"month_{month + 1}") for month in MONTHS[::2])],
        ),
        Section(
            _("Share of leads to be qualified, in %"),
            [(f"conversion_{month}", f"conversion_{month + 1}") for month in MONTHS[::2]],
        ),
    ]

    def __init__(self, *args: Any, year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for month in MONTHS:
            self.fields[f"month_{month}"] = MoneyField(
                label=formats.month(date(year, month, 1)), required=False
            )
            self.fields[f"conversion_{month}"] = forms.DecimalField(
                label=formats.month(date(year, month, 1)),
                required=False,
                max_digits=5,
                decimal_places=2,
                localize=True,
            )

    def terms(self, values: dict[str, Any]) -> dict[str, dict[int, Any]]:
        """Return what the operation takes, of `values` with the names of the fields."""
        return {
            "amounts": {month: values.get(f"month_{month}") for month in MONTHS},
            "conversions": {month: values.get(f"conversion_{month}") for month in MONTHS},
        }

"""The form of targets: the twelve months of a year, of one person or team."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from users import formats
from workbench.forms import MoneyField, PageForm, Section

MONTHS = range(1, 13)


class TargetForm(PageForm):
    """What shall be won in each month of a year; an empty month has no target."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    sections = [
        Section(
            "", ["version", *((f"month_{month}", f"month_{month + 6}") for month in range(1, 7))]
        )
    ]

    def __init__(self, *args: Any, year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for month in MONTHS:
            self.fields[f"month_{month}"] = MoneyField(
                label=formats.month(date(year, month, 1)), required=False
            )

    def amounts(self, values: dict[str, Any]) -> dict[int, Any]:
        """Return the amounts of `values`, which have the names of the fields, by month."""
        return {month: values.get(f"month_{month}") for month in MONTHS}

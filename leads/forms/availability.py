"""When somebody takes leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.forms.rules import VersionForm
from workbench.forms import Section

if TYPE_CHECKING:
    from leads.models import Availability

DAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]
NAMES = ("away_from", "away_until", "works_from", "works_until", "works_on")


def a_day(label: Any, **more: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, **more)


def a_time(label: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)


class AvailabilityForm(VersionForm):
    """Days away, and hours of work in the person's own time zone."""

    away_from = a_day(_("Away from"))
    away_until = a_day(_("Away until"), help_text=_("The last day away."))
    works_from = a_time(_("Works from"))
    works_until = a_time(_("Works until"))
    works_on = forms.TypedMultipleChoiceField(
        label=_("Works on"),
        choices=DAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: every day."),
    )

    sections = [
        Section(
            "",
            [("away_from", "away_until"), ("works_from", "works_until"), "works_on", "version"],
        )
    ]


def times_of(availability: Availability) -> dict[str, Any]:
    """Return what the form begins with, by field."""
    return {name: getattr(availability, name) for name in NAMES}

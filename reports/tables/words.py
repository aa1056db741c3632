"""What the figures can be parted by, and what the parts are called."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Activity
from leads.models import Lead
from reports.queries import MONTH, QUARTER
from reports.tables.frame import month_name

if TYPE_CHECKING:
    from reports.queries import Converted, Expected, Outcome, Step

# What leads and opportunities can be parted by, and what that is called.
PARTS = {
    "source": gettext_lazy("Source"),
    "owner": gettext_lazy("Owner"),
    "team": gettext_lazy("Team"),
    "manager": gettext_lazy("Manager"),
    "campaign": gettext_lazy("Campaign"),
    "country": gettext_lazy("Country"),
    "region": gettext_lazy("Region"),
    "reason": gettext_lazy("Reason"),
    "stage": gettext_lazy("Stage"),
    "competitor": gettext_lazy("Competitor"),
    "product": gettext_lazy("Product"),
    "account": gettext_lazy("Account"),
    "rating": gettext_lazy("Rating"),
    MONTH: gettext_lazy("Month"),
    QUARTER: gettext_lazy("Quarter"),
}

# What people do, in the plural.
ACTIVITIES = {
    Activity.Kind.CALL: gettext_lazy("Calls"),
    Activity.Kind.MEETING: gettext_lazy("Meetings"),
    Activity.Kind.EMAIL: gettext_lazy("Emails"),
    Activity.Kind.NOTE: gettext_lazy("Notes"),
    Activity.Kind.TASK: gettext_lazy("Tasks done"),
}

# How soon somebody was in touch with a lead.
ANSWERED = {
    "hour": gettext_lazy("In the first hour"),
    "day": gettext_lazy("In the first day"),
    "later": gettext_lazy("Later"),
    "none": gettext_lazy("Nobody yet"),
}


def step_label(step: Step) -> str:
    """Return what a step of the way from a lead to a win is called."""
    return {"leads": _("Leads"), "won": _("Won")}.get(step.figure.key) or step.figure.label


def expected_label(place: Expected) -> str:
    """Return what a month of the forecast is called, or what is in none of them."""
    if place.month:
        return month_name(place.month.first)
    return {"overdue": _("Overdue"), "later": _("Later"), "undated": _("No date")}[place.key]


def part_label(part: Converted | Outcome, by: str) -> str:
    """Return what a part of the records is called."""
    if by == MONTH:
        return month_name(date.fromisoformat(part.label))
    if by == QUARTER:
        year, quarter = part.key.split("-")
        return f"{quarter} {year}"
    if by == "rating" and part.label:
        return str(Lead.Rating(part.label).label)
    return part.label or (_("Unassigned") if by in {"owner", "team", "manager"} else _("Unknown"))

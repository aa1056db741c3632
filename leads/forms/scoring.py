"""What managers say about how promising leads are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.forms.rules import VersionForm
from leads.models import Lead
from leads.models.scoring import MOST_SCORE
from workbench.forms import ConditionField, Section

if TYPE_CHECKING:
    from leads.models import ScoreScale, ScoringRule


def in_points(label: Any, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=-MOST_SCORE, max_value=MOST_SCORE, **more)


class ScoringRuleForm(VersionForm):
    """Which leads get how many points."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Stands on the lead beside the points.")
    )
    condition = ConditionField(Lead, label=_("Leads for which this holds"))
    points = in_points(_("Points"), help_text=_("Less than 0 takes points away."))
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    sections = [Section("", ["name", "condition", "points", "is_active", "version"])]


class ScaleForm(VersionForm):
    """Between what scores are kept, and what they mean."""

    lowest = in_points(_("Never less than"))
    highest = in_points(_("Never more than"))
    warm_from = in_points(_("Warm from"))
    hot_from = in_points(_("Hot from"))

    sections = [Section("", [("lowest", "highest"), ("warm_from", "hot_from"), "version"])]


SCALE = ("lowest", "highest", "warm_from", "hot_from")


def beginning_of(rule: ScoringRule) -> dict[str, Any]:
    """Return what the form of a rule begins with, by field."""
    return {
        "name": rule.name,
        # Nothing is asked yet: the editor begins with a row to fill in.
        "condition": rule.condition or None,
        "points": rule.points,
        "is_active": rule.is_active,
    }


def scale_in(scale: ScoreScale) -> dict[str, Any]:
    """Return what the form of the scale begins with, by field."""
    return {name: getattr(scale, name) for name in SCALE}

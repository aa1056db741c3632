"""The head of a report: which period, which team, whose records. Its state is the address."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from opportunities.models import Opportunity, Source
from records.permissions import scope_of
from reports.queries import NOBODY, Period, Question, months_from, months_until
from users.models import Grant, User

if TYPE_CHECKING:
    from collections.abc import Sequence

PERIODS = [
    ("this_month", _("This month")),
    ("last_month", _("Last month")),
    ("this_quarter", _("This quarter")),
    ("last_quarter", _("Last quarter")),
    ("this_year", _("This year")),
    ("last_year", _("Last year")),
    ("12_months", _("12 months")),
]
USUAL_PERIOD = "this_quarter"
# What the leads of a card can be parted by.
PARTS = [
    ("source", _("Source")),
    ("owner", _("Owner")),
    ("team", _("Team")),
    ("campaign", _("Campaign")),
    ("country", _("Country")),
]
USUAL_PART = "source"
# Leads by when they came, or by when it was decided about them.
COHORTS = [("1", _("Came in")), ("0", _("Closed"))]


def period_of(key: str, today: date) -> Period:
    """Return the days that a period stands for on the day `today`.

    >>> period = period_of("last_quarter", date(2026, 2, 3))
    >>> str(period.first), str(period.last)
    ('2025-10-01', '2025-12-31')
    """
    before, this = months_until(today, 2)
    match key:
        case "this_month":
            return this
        case "last_month":
            return before
        case "12_months":
            return Period(months_until(today, 12)[0].first, this.last)
        case "this_year" | "last_year":
            year = today.year - (key == "last_year")
            return Period(date(year, 1, 1), date(year, 12, 31))
    into_quarter = (today.month - 1) % 3
    quarter = months_until(today, into_quarter + 4)
    if key == "last_quarter":
        return Period(quarter[0].first, quarter[2].last)
    return Period(quarter[3].first, months_from(quarter[3].first, 3)[2].last)


def colleagues_of(user: User) -> list[User]:
    """Return the people whose leads or opportunities `user` may see, by name. One statement."""
    scopes = {scope_of(user, "view", model) for model in (Lead, Opportunity)}
    people = User.objects.filter(is_machine=False, is_active=True).select_related("team")
    if Grant.Scope.ALL not in scopes:
        mine = Q(pk=user.pk)
        if Grant.Scope.TEAM in scopes and user.team_id:
            mine |= Q(team=user.team_id)
        people = people.filter(mine)
    return sorted(people, key=lambda person: str(person).casefold())


class OverviewFilter(forms.Form):
    """Period, team, owner and source of all figures; and what the leads of a card are parted by."""

    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    team = forms.ChoiceField(label=_("Team"), required=False)
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    source = forms.ChoiceField(label=_("Source"), required=False)
    by = forms.ChoiceField(choices=PARTS, required=False, widget=forms.HiddenInput)
    cohort = forms.ChoiceField(choices=COHORTS, required=False, widget=forms.HiddenInput)

    USUAL: ClassVar[dict[str, str]] = {"period": USUAL_PERIOD, "by": USUAL_PART, "cohort": "1"}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = colleagues_of(user)
        teams = {person.team.pk: person.team.name for person in people if person.team}
        self._offer("team", _("All teams"), sorted(teams.items(), key=lambda team: team[1]))
        self._offer(
            "owner",
            _("Everyone"),
            [*((person.pk, str(person)) for person in people), (NOBODY, _("Nobody yet"))],
        )
        sources = Source.objects.order_by("position", "name", "pk").values_list("pk", "name")
        self._offer("source", _("All sources"), [*sources, (NOBODY, _("Unknown source"))])
        for field in self.visible_fields():
            field.field.widget.attrs |= {"class": "form-select", "data-submit": ""}
        self.data = {name: self.data.get(name) or self.USUAL.get(name, "") for name in self.fields}

    def _offer(self, name: str, everything: Any, choices: Sequence[tuple[Any, Any]]) -> None:
        self.fields[name].choices = [("", everything), *choices]  # type: ignore[attr-defined]

    def query(self, **changes: str) -> str:
        """Return the choices as they stand in the address: only what is not usual."""
        asked = {**self.data, **changes}
        return urlencode({n: v for n, v in asked.items() if v and str(v) != self.USUAL.get(n, "")})

    @property
    def question(self) -> Question:
        """What is asked; a part that names nothing the viewer may choose is left out."""
        self.is_valid()
        asked = self.cleaned_data
        return Question(
            period=period_of(asked.get("period") or USUAL_PERIOD, timezone.localdate()),
            owner=asked.get("owner", ""),
            team=asked.get("team", ""),
            source=asked.get("source", ""),
            by=asked.get("by") or USUAL_PART,
            is_cohort=asked.get("cohort") != "0",
        )

"""The head of a report: which period, which team, whose records. Its state is the address."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from opportunities.models import Opportunity
from records.permissions import scope_of
from reports.queries import NOBODY, Period, Question, months_until
from users.models import Grant, User

if TYPE_CHECKING:
    from collections.abc import Sequence

PERIODS = [
    ("this_month", _("This month")),
    ("last_month", _("Last month")),
    ("this_quarter", _("This quarter")),
    ("last_quarter", _("Last quarter")),
    ("12_months", _("12 months")),
]
USUAL_PERIOD = "this_quarter"


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
    into_quarter = (today.month - 1) % 3
    quarter = months_until(today, into_quarter + 4)
    if key == "last_quarter":
        return Period(quarter[0].first, quarter[2].last)
    after = quarter[3].first + timedelta(days=70)
    return Period(quarter[3].first, months_until(after, 1)[0].last)


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
    """Period, team and owner of the sales overview."""

    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    team = forms.ChoiceField(label=_("Team"), required=False)
    owner = forms.ChoiceField(label=_("Owner"), required=False)

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
        for field in self.fields.values():
            field.widget.attrs |= {"class": "form-select", "data-submit": ""}
        if not self.data.get("period"):
            self.data = {name: self.data.get(name, "") for name in self.fields}
            self.data["period"] = USUAL_PERIOD

    def _offer(self, name: str, everything: Any, choices: Sequence[tuple[Any, Any]]) -> None:
        self.fields[name].choices = [("", everything), *choices]  # type: ignore[attr-defined]

    @property
    def question(self) -> Question:
        """What is asked; a part that names nothing the viewer may choose is left out."""
        self.is_valid()
        asked = self.cleaned_data
        return Question(
            period=period_of(asked.get("period") or USUAL_PERIOD, timezone.localdate()),
            owner=asked.get("owner", ""),
            team=asked.get("team", ""),
        )

"""What an assignment rule asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import AssignmentRule, Lead
from users.models import Team
from workbench.forms import ConditionField, OperationForm, Section, colleagues

PERSON, TEAM = "person", "team"
MOST_NUMBER = 10_000


def a_number(label: Any, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=MOST_NUMBER, **more
    )


class AssignmentRuleForm(OperationForm):
    """Which leads go to whom. The people of a team come in turn."""

    record: AssignmentRule

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("Stands in the reason that people read on their leads."),
    )
    condition = ConditionField(
        Lead,
        label=gettext_lazy("Leads for which this holds"),
        error_messages={"required": gettext_lazy("Add a condition: which leads is the rule for?")},
    )
    target = forms.ChoiceField(label=gettext_lazy("Go to"))
    way = forms.ChoiceField(
        label=gettext_lazy("In a team"),
        choices=AssignmentRule.Way.choices,
        initial=AssignmentRule.Way.TURN,
        required=False,
    )
    most_a_day = a_number(gettext_lazy("Leads a day for each, at most"))
    most_open = a_number(gettext_lazy("Open leads of each, at most"))
    hours_untouched = a_number(
        gettext_lazy("Hours until an untouched lead goes on"),
        help_text=gettext_lazy("In a team, to whoever has not had it. Empty: it stays."),
    )
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    sections = [
        Section(
            "",
            [
                "name", "condition", "target", "way", ("most_a_day", "most_open"),
                "hours_untouched", "is_active", "version",
            ],
        )
    ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {f"{PERSON}:{person.pk}": person for person in colleagues()}
        self.teams = {f"{TEAM}:{team.pk}": team for team in Team.objects.order_by("name", "pk")}
        self._keep(self.record)
        self.initial = {**beginning_of(self.record), **self.initial}
        choices: Any = self.fields["target"]
        choices.choices = [
            ("", _("Choose")),
            (_("The people of a team, in turn"), [(key, str(t)) for key, t in self.teams.items()]),
            (_("One person"), [(key, str(person)) for key, person in self.people.items()]),
        ]

    def _keep(self, rule: AssignmentRule) -> None:
        """Keep somebody who has left among the choices, to be told about."""
        if rule.person is not None:
            self.people.setdefault(f"{PERSON}:{rule.person.pk}", rule.person)

    def target_of(self, choice: str) -> dict[str, Any]:
        """Return what a rule has of a choice: a person or a team."""
        return {PERSON: self.people.get(choice), TEAM: self.teams.get(choice)}

    def name_of(self, choice: str) -> str:
        """Return what a choice is called."""
        return str(self.people.get(choice) or self.teams.get(choice) or _("empty"))


def beginning_of(rule: AssignmentRule) -> dict[str, Any]:
    """Return what the form of a rule begins with, by field."""
    target = ""
    if rule.team_id is not None:
        target = f"{TEAM}:{rule.team_id}"
    elif rule.person_id is not None:
        target = f"{PERSON}:{rule.person_id}"
    return {
        "name": rule.name,
        # Nothing is asked yet: the editor begins with a row to fill in.
        "condition": rule.condition or None,
        "target": target,
        "way": rule.way,
        "most_a_day": rule.most_a_day,
        "most_open": rule.most_open,
        "hours_untouched": rule.hours_untouched,
        "is_active": rule.is_active,
    }

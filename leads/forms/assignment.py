"""What an assignment rule asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import Lead
from users.models import Team
from workbench.forms import ConditionField, OperationForm, Section, colleagues

if TYPE_CHECKING:
    from leads.models import AssignmentRule

PERSON, TEAM = "person", "team"


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
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    sections = [Section("", ["name", "condition", "target", "is_active"])]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {f"{PERSON}:{person.pk}": person for person in colleagues()}
        self.teams = {f"{TEAM}:{team.pk}": team for team in Team.objects.order_by("name", "pk")}
        rule = self.record
        self.initial = {
            "name": rule.name,
            "condition": rule.condition,
            "is_active": rule.is_active,
            "target": self._chosen(),
            **self.initial,
        }
        choices: Any = self.fields["target"]
        choices.choices = [
            ("", _("Choose")),
            (_("The people of a team, in turn"), [(key, str(t)) for key, t in self.teams.items()]),
            (_("One person"), [(key, str(person)) for key, person in self.people.items()]),
        ]

    def _chosen(self) -> str:
        """Return the target as it stands; somebody who has left stays, to be told about."""
        rule = self.record
        if rule.team is not None:
            return f"{TEAM}:{rule.team.pk}"
        if rule.person is None:
            return ""
        key = f"{PERSON}:{rule.person.pk}"
        self.people.setdefault(key, rule.person)
        return key

    def clean(self) -> dict[str, Any]:
        """Make of the choice what a rule has: a person or a team."""
        data = super().clean() or {}
        target = data.pop("target", "")
        return {**data, PERSON: self.people.get(target), TEAM: self.teams.get(target)}

"""Assignment and scoring rules for a test, by the operation that makes them in the product."""

from __future__ import annotations

from typing import Any

from leads.models import AssignmentRule, ScoringRule
from leads.operations import save_assignment_rule, save_scoring_rule
from tests.factories import UserFactory, clerk
from users.models import Role, Team, User

GERMANY = {"all": [{"field": "country", "is": "is", "value": "DE"}]}


def a_rule(name: str = "Germany", condition: Any = None, **target: Any) -> AssignmentRule:
    """Return a rule that stands last; its condition asks for Germany unless it is given."""
    rule = AssignmentRule(name=name, condition=condition or GERMANY, **target)
    return save_assignment_rule(rule, by=clerk())


def a_scoring_rule(name: str = "Germany", points: int = 30, condition: Any = None) -> ScoringRule:
    """Return a scoring rule; its condition asks for Germany unless it is given."""
    rule = ScoringRule(name=name, condition=condition or GERMANY, points=points)
    return save_scoring_rule(rule, by=clerk())


def people_in(team: Team | None, *names: str) -> list[User]:
    """Return reps of a team, in the order of their turns."""
    role = Role.objects.get(name="Sales rep")
    return [UserFactory(name=name, team=team, roles=[role]) for name in names]

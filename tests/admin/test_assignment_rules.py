"""Assignment rules in the administration: by the operations of the managers' page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from leads.models import AssignmentRule, AssignmentTurn
from leads.operations import assign_by_rules, change_assignment_rule
from tests.factories import LeadFactory, TeamFactory, clerk
from tests.leads.assigning import GERMANY, a_rule
from users.models import User

LIST = "/admin/leads/assignmentrule/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def sent(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Germany",
        "condition-kind": "all",
        "condition-0-field": "country",
        "condition-0-is": "is",
        "condition-0-value": "DE",
        "is_active": "on",
        **fields,
    }


def test_a_rule_is_added_with_its_turn(desk: Client, rep: User):
    answer = desk.post(f"{LIST}add/", sent(team=rep.team_id))

    assert answer.status_code == 302, answer.content.decode()[-3000:]
    rule = AssignmentRule.objects.get()
    assert (rule.condition, rule.position, rule.team) == (GERMANY, 1, rep.team)
    assert AssignmentTurn.objects.get().rule == rule


def test_what_could_not_assign_is_told_at_its_field(desk: Client):
    empty = TeamFactory(name="East")

    answer = desk.post(f"{LIST}add/", sent(team=empty.pk))

    assert "Nobody in the team East can take leads." in answer.content.decode()
    assert not AssignmentRule.objects.exists()


def test_a_rule_is_for_a_person_or_a_team(desk: Client, rep: User):
    answer = desk.post(f"{LIST}add/", sent())

    assert "Choose a person, or a team whose people take turns." in answer.content.decode()
    assert not AssignmentRule.objects.exists()


def test_a_rule_that_has_assigned_can_be_deleted(desk: Client, rep: User):
    rule = a_rule(person=rep)
    lead = assign_by_rules(LeadFactory(owner=None, country="DE"), by=clerk())

    desk.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"})

    assert not AssignmentRule.objects.exists()
    assert lead.assignments.get().rule is None


def test_a_rule_that_somebody_else_has_changed_is_shown_as_it_stands(
    desk: Client, rep: User, manager: User
):
    rule = a_rule(person=rep)
    page = desk.get(f"{LIST}{rule.pk}/change/")
    read = page.context["adminform"].form["known_version"].value()
    france = {"all": [{"field": "country", "is": "is", "value": "FR"}]}
    change_assignment_rule(rule, by=manager, condition=france)

    mine = sent(person=rep.pk, name="Mine", known_version=read)
    answer = desk.post(f"{LIST}{rule.pk}/change/", mine)

    text = answer.content.decode()
    assert f"{manager} changed this assignment rule" in text
    assert "It is now: Country is France" in text
    assert 'value="Mine"' in text
    rule.refresh_from_db()
    assert (rule.name, rule.condition) == ("Germany", france)
    mine["known_version"] = answer.context["adminform"].form["known_version"].value()
    assert desk.post(f"{LIST}{rule.pk}/change/", mine).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.condition) == ("Mine", GERMANY)

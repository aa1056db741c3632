"""Assignment rules by API, and leads whose owner the rules say."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import AssignmentRule, Lead
from leads.operations import capture_lead, change_assignment_rule
from records.operations.shaping import save_field
from tests.api.conftest import LEAD, Caller
from tests.custom import define
from tests.factories import TeamFactory, UserFactory
from tests.leads.assigning import GERMANY, a_rule

pytestmark = pytest.mark.django_db

RULE = {"name": "Germany", "conditions": GERMANY, "team": "North"}


@pytest.fixture(autouse=True)
def _north(team: Any) -> None:
    """Call the team of the manager and the reps by a name that the rules can name."""
    team.name = "North"
    team.save(update_fields=["name"])


def test_a_rule_is_made_read_changed_and_deleted(manager: Caller, rep: Caller) -> None:
    made = manager.post("assignment-rules/", RULE)

    assert made.status_code == 201, made.content
    body = made.json()
    assert body == {
        "id": body["id"], "name": "Germany", "position": 1, "conditions": GERMANY, "owner": None,
        "team": "North", "way": "turn", "most_a_day": None, "most_open": None,
        "hours_untouched": None, "weights": {}, "is_active": True, "version": 1,
        "words": "Country is Germany",
        "problems": [],
    }  # fmt: skip
    address = f"assignment-rules/{body['id']}/"
    assert manager.get(address).json() == body
    changed = manager.patch(address, {"owner": rep.user.email}).json()
    assert (changed["owner"], changed["team"]) == (rep.user.email, None)
    assert manager.delete(address).status_code == 204
    assert not AssignmentRule.objects.exists()


def test_rules_are_listed_and_put_in_order(manager: Caller) -> None:
    for name in ("One", "Two", "Three"):
        last = manager.post("assignment-rules/", {**RULE, "name": name}).json()

    manager.patch(f"assignment-rules/{last['id']}/", {"position": 1})

    names = [rule["name"] for rule in manager.get("assignment-rules/").json()["results"]]
    assert names == ["Three", "One", "Two"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"conditions": {}}, "conditions", "Add a condition: which leads is the rule for?"),
        ({"conditions": [1]}, "conditions", "Write a condition as a group or as a test."),
        (
            {"conditions": {"all": [{"field": "colour", "is": "is", "value": "red"}]}},
            "conditions",
            "There is no field “colour” any more. Choose another one.",
        ),
        (
            {"conditions": {"all": [*GERMANY["all"], {**GERMANY["all"][0], "value": "FR"}]}},
            "conditions",
            "No record can meet this: country is Germany and country is France.",
        ),
        ({"team": None}, "team", "Choose a person, or a team whose people take turns."),
        ({"team": "West"}, "team", "There is no team of this name or id."),
        ({"position": 0}, "position", None),
        ({"colour": "red"}, "colour", "There is no such field."),
    ],
)
def test_what_could_not_assign_is_refused_by_name(
    manager: Caller, change: Any, field: str, sentence: str | None
) -> None:
    answer = manager.post("assignment-rules/", {**RULE, **change})

    assert answer.status_code == 400
    told = answer.json()["errors"][field]
    assert sentence is None or told == [sentence]
    assert not AssignmentRule.objects.exists()


def test_reps_neither_read_nor_write_rules(rep: Caller) -> None:
    assert rep.get("assignment-rules/").status_code == 403
    assert rep.post("assignment-rules/", RULE).status_code == 403


def test_a_new_lead_goes_to_whom_the_rules_say(rep: Caller, colleague: Caller) -> None:
    a_rule(person=colleague.user)

    taken = rep.post("leads/", {**LEAD, "country": "DE", "owner": "rules"})
    queued = rep.post("leads/", {**LEAD, "country": "FR", "owner": "rules"})

    assert (taken.status_code, taken.json()["owner"]) == (201, colleague.user.email)
    assert (queued.status_code, queued.json()["owner"]) == (201, None)


def test_the_same_key_hands_a_lead_out_once(rep: Caller, colleague: Caller) -> None:
    rule = a_rule(team=colleague.user.team)
    body = {**LEAD, "country": "DE", "owner": "rules"}

    answers = [rep.post("leads/", body, Idempotency_Key="once").json() for _ in range(2)]

    assert answers[0] == answers[1]
    rule.turn.refresh_from_db()
    assert (Lead.objects.count(), rule.turn.count) == (1, 1)


def test_a_lead_in_the_queue_is_assigned_by_the_rules(manager: Caller, rep: Caller) -> None:
    a_rule(person=rep.user)
    lead = capture_lead(
        by=manager.user, is_unassigned=True, topic="Pumps", company="Acme", country="DE"
    )

    first = manager.post(f"leads/{lead.pk}/assign/", {"owner": "rules"})
    manager.post(f"leads/{lead.pk}/assign/", {"owner": manager.user.email})
    kept = manager.post(f"leads/{lead.pk}/assign/", {"owner": "rules"})

    assert first.json()["owner"] == rep.user.email
    assert kept.json()["owner"] == manager.user.email


def test_a_change_of_fields_knows_no_rules(rep: Caller) -> None:
    lead = rep.post("leads/", LEAD).json()

    answer = rep.patch(f"leads/{lead['id']}/", {"owner": "rules"})

    assert answer.json()["errors"] == {"owner": ["There is no active user of this email or id."]}


def test_nobody_overwrites_what_somebody_else_has_changed(manager: Caller) -> None:
    made = manager.post("assignment-rules/", RULE)
    address = f"assignment-rules/{made.json()['id']}/"
    assert made.headers["ETag"] == '"v1"'

    first = manager.patch(address, {"name": "First"}, If_Match='"v1"')
    second = manager.patch(address, {"name": "Second"}, If_Match='"v1"')
    moved = manager.patch(address, {"position": 1}, If_Match='"v1"')
    deleted = manager.delete(address, If_Match='"v1"')

    assert (first.status_code, first.headers["ETag"]) == (200, '"v2"')
    assert [a.status_code for a in (second, moved, deleted)] == [412, 412, 412]
    assert second.json()["code"] == "stale"
    assert manager.get(address).json()["name"] == "First"
    assert manager.delete(address, If_Match='"v2"').status_code == 204


def test_a_change_of_one_field_leaves_the_others_as_somebody_else_wrote_them(
    manager: Caller,
) -> None:
    rule = a_rule(team=manager.user.team)
    seen = AssignmentRule.objects.get(pk=rule.pk)
    manager.patch(f"assignment-rules/{rule.pk}/", {"name": "Renamed"})

    change_assignment_rule(seen, by=manager.user, is_active=False)

    rule.refresh_from_db()
    assert (rule.name, rule.is_active) == ("Renamed", False)


def test_a_rule_that_cannot_assign_by_now_says_why(manager: Caller) -> None:
    left, empty = UserFactory(name="Ann", team=manager.user.team), TeamFactory(name="West")
    left.roles.set(manager.user.roles.all())
    joined = UserFactory(team=empty, roles=list(manager.user.roles.all()))
    fleet = define("lead", "fleet", by=UserFactory(is_superuser=True))
    known = {"all": [{"field": "custom.fleet", "is": "known"}]}
    rules = [a_rule(person=left), a_rule(team=empty), a_rule("Fleets", known, person=manager.user)]
    left.is_active = fleet.is_active = False
    left.save(update_fields=["is_active"])
    save_field(fleet, by=UserFactory(is_superuser=True))
    joined.team = None
    joined.save(update_fields=["team"])

    listed = manager.get("assignment-rules/").json()["results"]

    assert [rule["problems"] for rule in listed] == [
        ["Ann has left. Choose somebody else."],
        ["Nobody in the team West can take leads. Add people to it, or choose another team."],
        ["There is no field “custom.fleet” any more. Choose another one."],
    ]
    for rule in rules:
        switched = manager.patch(f"assignment-rules/{rule.pk}/", {"is_active": False})
        assert switched.status_code == 200
        assert manager.patch(f"assignment-rules/{rule.pk}/", {"is_active": True}).status_code == 400


def test_a_rule_says_how_much_each_may_have(manager: Caller, rep: Caller) -> None:
    limits = {"way": "least", "most_a_day": 5, "most_open": 20, "hours_untouched": 4}
    weights = {str(rep.user.pk): 2}

    made = manager.post("assignment-rules/", {**RULE, **limits, "weights": weights})
    wrong = manager.post("assignment-rules/", {**RULE, "most_open": 0, "weights": {"x": 1}})
    address = f"assignment-rules/{made.json()['id']}/"
    one = manager.patch(address, {"owner": rep.user.email, "most_a_day": None}).json()

    told = made.json()
    assert {name: told[name] for name in limits} == limits
    assert told["weights"] == weights
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["most_open"])
    assert (one["weights"], one["most_a_day"], one["most_open"]) == ({}, None, 20)

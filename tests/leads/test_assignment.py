"""Assignment rules: who gets a lead, why, and what happens where nobody can."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.errors import LeadIsClosed
from leads.models import Assignment, AssignmentRule, AssignmentTurn, DisqualifyReason, Lead
from leads.operations import (
    assign_by_rules,
    assign_lead,
    capture_by_rules,
    capture_lead,
    change_assignment_rule,
    delete_assignment_rule,
    disqualify,
    move_assignment_rule,
    save_assignment_rule,
    update_lead,
)
from leads.rules.assignment import next_in_turn
from opportunities.models import Product, Source
from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from records.operations.shaping import save_field
from tests.custom import define
from tests.factories import LeadFactory, TeamFactory, clerk
from tests.leads.assigning import GERMANY, a_rule, people_in
from tests.thorough import examples
from users.models import Team, User
from users.operations import intake_machine


def asks(field: str, comparison: str, value: Any = None) -> dict[str, Any]:
    test = {"field": field, "is": comparison}
    return {"all": [test if value is None else {**test, "value": value}]}


def waiting(**fields: Any) -> Lead:
    return LeadFactory(owner=None, **{"country": "DE", **fields})


def why(lead: Lead) -> str:
    return str(Assignment.objects.filter(lead=lead).latest("pk").reason)


@pytest.fixture
def south(defaults: None) -> Team:
    return TeamFactory(name="South")


@pytest.fixture
def ann(south: Team) -> User:
    return people_in(south, "Ann")[0]


# To whom a lead goes


def test_the_first_rule_that_holds_decides(ann: User):
    bea, *_ = people_in(None, "Bea")
    a_rule("France", asks("country", "is", "FR"), person=bea)
    a_rule("Germany", person=ann)
    a_rule("Europe", asks("country", "one_of", ["DE", "FR"]), person=bea)

    lead = assign_by_rules(waiting(), by=clerk())

    assert lead.owner == ann
    assert why(lead) == "Rule 2, “Germany”, holds: Country is Germany."
    assert Assignment.objects.get(lead=lead).rule.name == "Germany"


def test_a_rule_may_ask_for_region_product_source_and_custom_fields(ann: User, admin: User):
    define("lead", "fleet", by=admin)
    pump = Product.objects.create(key="pump", name="Pump")
    fair = Source.objects.create(key="fair", name="Fair")
    condition = {
        "all": [
            {"field": "region", "is": "is", "value": "bavaria"},
            {"field": "products", "is": "any_of", "value": ["pump"]},
            {"field": "source", "is": "is", "value": "fair"},
            {"field": "custom.fleet", "is": "known"},
        ]
    }
    a_rule("South", condition, person=ann)
    told = {"region": "Bavaria ", "source": fair, "products": [pump], "custom": {"fleet": "40"}}

    other = assign_by_rules(waiting(**{**told, "region": "Hesse"}), by=clerk())
    lead = assign_by_rules(waiting(**told), by=clerk())

    assert (other.owner, lead.owner) == (None, ann)


def test_a_team_gets_leads_in_turn_rule_by_rule(south: Team):
    ann, bea, cleo = people_in(south, "Ann", "Bea", "Cleo")
    a_rule("Germany", team=south)
    a_rule("France", asks("country", "is", "FR"), team=south)

    owners = [assign_by_rules(waiting(), by=clerk()).owner for _ in range(4)]
    french = assign_by_rules(waiting(country="FR"), by=clerk())

    assert owners == [ann, bea, cleo, ann]
    assert french.owner == ann
    assert "Turn 1 of the rule: Ann, one of 3 in South." in why(french)


def test_who_has_left_is_passed_over_and_the_round_goes_on(south: Team):
    ann, bea, cleo = people_in(south, "Ann", "Bea", "Cleo")
    a_rule(team=south)
    assign_by_rules(waiting(), by=clerk())
    bea.is_active = False
    bea.save(update_fields=["is_active"])

    owners = [assign_by_rules(waiting(), by=clerk()).owner for _ in range(2)]

    assert owners == [cleo, ann]


def test_only_people_who_may_see_leads_take_turns(south: Team):
    people_in(south, "Without a role")[0].roles.clear()
    ann = people_in(south, "Ann")[0]
    a_rule(team=south)

    assert [assign_by_rules(waiting(), by=clerk()).owner for _ in range(2)] == [ann, ann]


@pytest.mark.thorough
@given(st.data())
@settings(max_examples=examples(300), deadline=None)
def test_two_people_who_are_there_all_the_while_differ_by_one_at_most(data: st.DataObject):
    """Whoever else joins and leaves between the leads: at every moment, from every beginning."""
    always = data.draw(st.sets(st.integers(1, 30), min_size=2, max_size=5))
    last, counts = data.draw(st.integers(0, 40)), Counter(dict.fromkeys(always, 0))
    for _ in range(data.draw(st.integers(1, 60))):
        here = always | data.draw(st.sets(st.integers(1, 30), max_size=6))
        person = next_in_turn([User(pk=number) for number in sorted(here)], last)
        last = person.pk
        counts[person.pk] += 1
        given_out = [counts[number] for number in always]
        assert max(given_out) - min(given_out) <= 1


# Where nobody can take it


def test_a_lead_that_no_rule_wants_waits_with_the_reason(ann: User):
    a_rule(person=ann)

    lead = assign_by_rules(waiting(country="FR"), by=clerk())

    assert lead.owner is None
    assert why(lead) == "No assignment rule holds."


def test_without_rules_a_lead_waits_and_says_so(defaults: None):
    assert why(assign_by_rules(waiting(), by=clerk())) == "No assignment rule is in use."


def test_a_rule_out_of_use_is_passed_over(ann: User):
    a_rule(person=ann, is_active=False)

    assert assign_by_rules(waiting(), by=clerk()).owner is None


def test_a_lead_whose_owner_left_waits_and_is_not_lost(ann: User):
    a_rule(person=ann)
    ann.is_active = False
    ann.save(update_fields=["is_active"])

    lead = assign_by_rules(waiting(), by=clerk())

    assert lead.owner is None
    assert why(lead).endswith("Ann has left. Choose somebody else.")


def test_a_lead_for_a_team_nobody_is_in_waits(ann: User):
    a_rule(team=ann.team)
    ann.team = None
    ann.save(update_fields=["team"])

    lead = assign_by_rules(waiting(), by=clerk())

    assert lead.owner is None
    assert "Nobody in the team South can take leads." in why(lead)


def test_a_rule_on_a_retired_field_assigns_nothing_and_the_reason_names_it(ann: User, admin: User):
    fleet = define("lead", "fleet", by=admin)
    a_rule("Fleets", asks("custom.fleet", "known"), person=ann)
    fleet.is_active = False
    save_field(fleet, by=admin)

    lead = assign_by_rules(waiting(), by=User.objects.get(pk=admin.pk))

    assert lead.owner is None
    assert "Rule 1, “Fleets”: There is no field “custom.fleet” any more." in why(lead)


# What a person decided stands


def test_an_owner_is_never_overturned(ann: User, rep: User):
    a_rule(person=ann)
    lead = assign_lead(waiting(), by=clerk(), owner=rep)

    again = assign_by_rules(lead, by=clerk())

    assert (again.owner, again.version) == (rep, lead.version)
    assert why(lead) == "Clerk gave it to Rep."


def test_asked_twice_a_lead_goes_out_once(south: Team):
    ann, _bea = people_in(south, "Ann", "Bea")
    rule = a_rule(team=south)
    lead = waiting()

    owners = [assign_by_rules(lead, by=clerk()).owner for _ in range(2)]

    assert owners == [ann, ann]
    assert (AssignmentTurn.objects.get(rule=rule).count, Assignment.objects.count()) == (1, 1)


def test_a_closed_lead_is_refused(ann: User):
    a_rule(person=ann)
    lead = disqualify(waiting(), by=clerk(), reason=DisqualifyReason.objects.get(key="no-need"))

    with pytest.raises(LeadIsClosed):
        assign_by_rules(lead, by=clerk())


def test_it_is_refused_to_who_may_not_assign(ann: User, rep: User):
    a_rule(person=ann)

    with pytest.raises(NotPermitted):
        assign_by_rules(waiting(), by=rep)


def test_nothing_is_left_when_it_fails(south: Team, broken_trail: Any):
    people_in(south, "Ann")
    rule, lead = a_rule(team=south), waiting()
    broken_trail()

    with pytest.raises(Exception, match="trail"):
        assign_by_rules(lead, by=clerk())

    rule.turn.refresh_from_db()
    lead.refresh_from_db()
    assert (rule.turn.count, lead.owner, Assignment.objects.count()) == (0, None, 0)


# New leads


def test_a_new_lead_gets_its_owner_at_once(ann: User):
    a_rule(person=ann)

    lead = capture_by_rules(by=intake_machine(), topic="Pumps", company="Acme", country="DE")

    assert lead.owner == ann


def test_a_rep_may_hand_a_new_lead_to_the_rules(ann: User, rep: User):
    a_rule(person=ann)
    facts = {"topic": "Pumps", "company": "Acme"}

    taken = capture_by_rules(by=rep, country="DE", **facts)
    queued = capture_by_rules(by=rep, country="FR", **facts)

    assert (taken.owner, queued.owner) == (ann, None)


def test_who_changes_a_lead_does_not_move_it(ann: User, rep: User):
    a_rule(person=ann)
    lead = capture_lead(by=rep, topic="Pumps", company="Acme", country="FR")

    assert update_lead(lead, by=rep, country="DE").owner == rep


# The rules


def refused(**fields: Any) -> dict[str, list[str]]:
    with pytest.raises(Unacceptable) as refusal:
        save_assignment_rule(
            AssignmentRule(**{"name": "Germany", "condition": GERMANY, **fields}), by=clerk()
        )
    return refusal.value.errors


def test_a_rule_without_a_condition_is_refused(ann: User):
    assert refused(person=ann, condition={}) == {
        "condition": ["Add a condition: which leads is the rule for?"]
    }
    assert refused(person=ann, condition={"all": []}) == {
        "condition": ["Add a condition to this group, or remove the group."]
    }


def test_a_rule_that_no_lead_can_meet_is_refused(ann: User):
    tests = [*asks("employees", "at_least", 10)["all"], *asks("employees", "at_most", 5)["all"]]

    assert refused(person=ann, condition={"all": tests}) == {
        "condition": ["No record can meet this: employees at least 10 and employees at most 5."]
    }


def test_a_rule_assigns_to_a_person_or_to_a_team(ann: User):
    told = {"team": ["Choose a person, or a team whose people take turns."]}

    assert refused() == refused(person=ann, team=ann.team) == told


def test_a_rule_for_nobody_is_refused(ann: User):
    empty = TeamFactory(name="East")
    ann.is_active = False
    ann.save(update_fields=["is_active"])

    assert refused(person=ann) == {"person": ["Ann has left. Choose somebody else."]}
    assert refused(team=empty) == {
        "team": [
            "Nobody in the team East can take leads. Add people to it, or choose another team."
        ]
    }


def test_switching_a_rule_keeps_what_somebody_else_has_changed_meanwhile(
    ann: User, admin: User
) -> None:
    rule = a_rule(person=ann)
    seen = AssignmentRule.objects.get(pk=rule.pk)
    AssignmentRule.objects.filter(pk=rule.pk).update(name="Renamed meanwhile")

    switched = change_assignment_rule(seen, by=admin, is_active=False)

    assert (switched.name, switched.is_active) == ("Renamed meanwhile", False)


def test_a_rule_is_changed_only_at_the_version_that_was_read(ann: User, admin: User) -> None:
    rule = a_rule(person=ann)
    change_assignment_rule(rule, by=admin, version=1, name="Theirs")

    for act in (
        lambda: change_assignment_rule(rule, by=clerk(), version=1, name="Mine"),
        lambda: delete_assignment_rule(rule, by=clerk(), version=1),
    ):
        with pytest.raises(Stale) as refusal:
            act()
        assert (refusal.value.version, refusal.value.by) == (2, str(admin))
        assert refusal.value.read == {"name": "Germany"}

    rule.refresh_from_db()
    assert (rule.name, rule.version) == ("Theirs", 2)


def test_each_change_of_a_rule_is_a_version_and_saving_what_stands_is_none(ann: User):
    rule = a_rule(person=ann)
    other = a_rule("Other", person=ann)

    versions = [
        change_assignment_rule(rule, by=clerk(), name="Germany").version,
        change_assignment_rule(rule, by=clerk(), team=ann.team).version,
        move_assignment_rule(rule, by=clerk(), position=2).version,
        move_assignment_rule(rule, by=clerk(), position=2).version,
    ]

    assert versions == [1, 2, 3, 3]
    other.refresh_from_db()
    assert other.version == 1
    rule.refresh_from_db()
    assert (rule.person, rule.team, rule.version) == (None, ann.team, 3)


def test_a_rule_that_no_longer_makes_sense_can_be_switched_off(ann: User):
    rule = a_rule(person=ann)
    ann.is_active = False
    ann.save(update_fields=["is_active"])

    rule.is_active = False
    assert save_assignment_rule(rule, by=clerk()).is_active is False

    rule.is_active = True
    with pytest.raises(Unacceptable):
        save_assignment_rule(rule, by=clerk())


def names() -> list[str]:
    return [rule.name for rule in AssignmentRule.objects.order_by("position")]


def test_rules_are_put_in_order(ann: User):
    _one, _two, three = (a_rule(name, person=ann) for name in ("One", "Two", "Three"))

    move_assignment_rule(three, by=clerk(), position=1)

    assert names() == ["Three", "One", "Two"]
    entry = AuditEntry.objects.get(event="assignmentrule.moved")
    assert entry.changes == {"position": [3, 1]}


@pytest.mark.parametrize(("position", "order"), [(-5, "BAC"), (2, "ABC"), (99, "ACB")])
def test_a_place_that_is_none_is_the_nearest(ann: User, position: int, order: str):
    rules = {name: a_rule(name, person=ann) for name in "ABC"}

    move_assignment_rule(rules["B"], by=clerk(), position=position)

    assert "".join(names()) == order


def test_saving_a_rule_leaves_it_in_its_place(ann: User):
    one, two = (a_rule(name, person=ann) for name in ("One", "Two"))
    move_assignment_rule(two, by=clerk(), position=1)

    one.name = "First"  # read before the other one moved
    save_assignment_rule(one, by=clerk())

    assert names() == ["Two", "First"]


def test_a_deleted_rule_leaves_its_leads_and_their_reasons(ann: User):
    rule = a_rule(person=ann)
    lead = assign_by_rules(waiting(), by=clerk())

    delete_assignment_rule(rule, by=clerk())
    delete_assignment_rule(rule, by=clerk())

    lead.refresh_from_db()
    assert (lead.owner, AssignmentRule.objects.count()) == (ann, 0)
    assert "Germany" in why(lead)


def test_rules_are_for_managers(ann: User, rep: User, manager: User):
    rule = AssignmentRule(name="Germany", condition=GERMANY, person=ann)

    for change in (
        lambda: save_assignment_rule(rule, by=rep),
        lambda: move_assignment_rule(a_rule(person=ann), by=rep, position=1),
        lambda: delete_assignment_rule(a_rule(person=ann), by=rep),
    ):
        with pytest.raises(NotPermitted):
            change()

    assert save_assignment_rule(rule, by=manager).pk

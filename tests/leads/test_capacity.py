"""Whom a rule passes over: who is away or full; and what becomes of a lead that nobody can take."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from leads import jobs
from leads.models import Assignment, AssignmentRule, Availability, Lead
from leads.operations import (
    assign_by_rules,
    capture_by_rules,
    change_assignment_rule,
    set_availability,
    update_lead,
)
from records.errors import NotPermitted, Refused, Stale, Unacceptable
from tests.factories import LeadFactory, TeamFactory, clerk
from tests.leads.assigning import a_rule, people_in
from tests.world import at_once
from users.models import Team, User
from users.operations import intake_machine

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday

FRANCE = {"all": [{"field": "country", "is": "is", "value": "FR"}]}


@pytest.fixture
def four(defaults: None) -> Team:
    team = TeamFactory(name="South")
    people_in(team, "Ann", "Bea", "Cleo", "Dan")
    return team


def a_person(name: str) -> User:
    return User.objects.get(name=name)


def come(count: int) -> list[str]:
    """Let so many leads come in; return who got each, "" for nobody."""
    by = intake_machine()
    leads = [
        capture_by_rules(by=by, topic="Pumps", company=f"Acme {n}", country="DE")
        for n in range(count)
    ]
    return [str(lead.owner or "") for lead in leads]


def reason(**which: Any) -> str:
    return str(Assignment.objects.filter(**which).latest("pk").reason)


def test_who_has_the_fewest_open_leads_gets_the_next(four: Team):
    a_rule(team=four, way=AssignmentRule.Way.LEAST)
    for _n in range(2):
        LeadFactory(owner=a_person("Ann"))
    LeadFactory(owner=a_person("Bea"))

    assert come(5) == ["Cleo", "Dan", "Bea", "Cleo", "Dan"]
    assert reason().endswith("Turn 5 of the rule: Dan, one of 4 in South. They had 1 open lead.")


def test_capacities_hold_and_a_lead_for_nobody_waits_until_there_is_room(four: Team):
    rule = a_rule(team=four, most_a_day=2, most_open=3)
    for _n in range(2):
        LeadFactory(owner=a_person("Ann"))

    got = come(8)

    assert Counter(got) == {"Ann": 1, "Bea": 2, "Cleo": 2, "Dan": 2, "": 1}
    assert (
        "Nobody can take it now. Passed over: Ann has 3 open leads, and 3 is the most;" in reason()
    )
    assert "Bea has had 2 leads today, and 2 is the most" in reason()
    assert jobs.hand_out() == 0
    assert Assignment.objects.filter(owner=None).count() == 1
    change_assignment_rule(rule, by=clerk(), most_a_day=3)
    assert jobs.hand_out() == 1
    assert not Lead.objects.filter(owner=None).exists()


def test_who_is_away_or_not_at_work_gets_none(four: Team, manager: User):
    a_rule(team=four)
    with time_machine.travel(NOON, tick=False):
        day = NOON.date()
        set_availability(a_person("Ann"), by=manager, away_from=day, away_until=day)
        set_availability(a_person("Bea"), by=manager, works_from=time(13), works_until=time(17))
        set_availability(a_person("Cleo"), by=manager, works_on=[4, 5])
        assert come(2) == ["Dan", "Dan"]
        told = reason()
        a_rule("Ann", FRANCE, person=a_person("Ann"))
        lead = assign_by_rules(LeadFactory(owner=None, country="FR"), by=clerk())
    with time_machine.travel(NOON + timedelta(days=1, hours=2), tick=False):
        later = come(4)
        assert jobs.hand_out() == 1

    assert "Passed over: Ann is away until" in told
    assert "Bea is not at work now; Cleo is not at work now." in told
    assert sorted(later) == ["Ann", "Bea", "Cleo", "Dan"]
    assert lead.owner is None
    assert Lead.objects.get(pk=lead.pk).owner == a_person("Ann")


def test_weights_share_leads_out_as_they_say(four: Team):
    numbers = {name: str(a_person(name).pk) for name in ("Ann", "Bea", "Dan")}
    weights = {numbers["Ann"]: 3, numbers["Bea"]: 2, numbers["Dan"]: 0}
    a_rule(team=four, weights=weights)

    got = come(12)

    assert Counter(got) == {"Ann": 6, "Bea": 4, "Cleo": 2}
    assert Counter(got[:6]) == {"Ann": 3, "Bea": 2, "Cleo": 1}
    assert "Dan has no share" in reason()


def test_an_untouched_lead_goes_on_to_who_has_not_had_it(four: Team):
    a_rule(team=four, hours_untouched=4)
    with time_machine.travel(NOON, tick=False):
        come(2)
    lead = Lead.objects.get(owner__name="Ann")
    Lead.objects.filter(owner__name="Bea").update(touched_at=NOON + timedelta(hours=1))
    with time_machine.travel(NOON + timedelta(hours=3), tick=False):
        assert jobs.hand_out() == 0
    owners = []
    for days in range(1, 6):
        with time_machine.travel(NOON + timedelta(days=days), tick=False):
            jobs.hand_out()
        owners.append(str(Lead.objects.get(pk=lead.pk).owner))

    assert owners == ["Cleo", "Dan", "Bea", "Bea", "Bea"]
    assert reason().startswith("Dan did not touch it for 4 hours. Rule 1, “Germany”, holds")


@pytest.mark.once
def test_what_makes_no_sense_is_refused(four: Team, manager: User, rep: User):
    ann, day = a_person("Ann"), NOON.date()
    rule = a_rule(team=four)
    with pytest.raises(Unacceptable, match="before the first"):
        set_availability(ann, by=manager, away_from=day, away_until=day - timedelta(days=1))
    with pytest.raises(Unacceptable, match="when work begins"):
        set_availability(ann, by=manager, works_from=time(9))
    with pytest.raises(Unacceptable, match="from 1, Monday"):
        set_availability(ann, by=manager, works_on=[8])
    with pytest.raises(NotPermitted):
        set_availability(ann, by=rep, works_on=[1])
    with pytest.raises(Unacceptable, match="Choose weights"):
        change_assignment_rule(rule, by=manager, weights={"x": 1})
    set_availability(ann, by=manager, works_on=[5, 1, 5])
    set_availability(ann, by=manager, works_on=[1], version=1)
    with pytest.raises(Stale):
        set_availability(ann, by=manager, works_on=[2], version=1)
    assert Availability.objects.get().works_on == [1]


def test_a_manager_says_who_is_there_and_how_much_each_may_have(
    client: Client, manager: User, four: Team
):
    ann = a_person("Ann")
    client.force_login(manager)
    sent = {
        "name": "Germany", "condition-kind": "all", "condition-0-field": "country",
        "condition-0-is": "is", "condition-0-value": "DE", "target": f"team:{four.pk}",
        "way": "least", "most_open": "5", "hours_untouched": "4", "is_active": "on",
    }  # fmt: skip
    saved = client.post("/rules/assignment/new/", sent)
    client.post(f"/rules/assignment/people/{ann.pk}/", {"away_from": "2020-01-01"})
    wrong = client.post(
        f"/rules/assignment/people/{ann.pk}/", {"works_from": "09:00", "version": "1"}
    )

    people = client.get("/rules/assignment/people/").content.decode()
    rules = client.get("/rules/assignment/").content.decode()
    tried = LeadFactory(owner=None, country="DE") and client.get("/rules/assignment/try/")

    assert (saved.status_code, wrong.status_code) == (302, 422)
    assert "Ann is away" in people
    assert "to who has the fewest open leads, at most 5 open each" in rules
    assert "Passed over: Ann is away." in tried.content.decode()


@pytest.mark.django_db(transaction=True)
def test_capacities_hold_whatever_comes_at_the_same_moment(four: Team):
    """Two rules give to the same four, one of whom is away; nobody gets more than they may."""
    a_rule(team=four, most_open=4)
    a_rule("France", FRANCE, team=four, most_open=4)
    Availability.objects.create(person=a_person("Ann"), away_from=NOON.date() - timedelta(days=999))
    by = intake_machine()

    def capture(number: int) -> Lead:
        try:
            country = "DE" if number % 2 else "FR"
            return capture_by_rules(by=by, topic="Pumps", company=f"A {number}", country=country)
        finally:
            connection.close()

    outcomes = at_once(*[lambda n=n: capture(n) for n in range(16)])

    assert not [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    owners = Counter(str(o) for o in Lead.objects.values_list("owner__name", flat=True))
    assert owners == {"Bea": 4, "Cleo": 4, "Dan": 4, "None": 4}
    assert Assignment.objects.exclude(reason="").count() == 16


def test_touching_a_lead_keeps_it(four: Team, rep: User):
    a_rule(team=four, hours_untouched=1)
    with time_machine.travel(NOON, tick=False):
        come(1)
    lead = Lead.objects.get()
    with time_machine.travel(NOON + timedelta(minutes=30), tick=False):
        update_lead(lead, by=clerk(), progress="working")
        Lead.objects.update(touched_at=NOON + timedelta(minutes=30))
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert jobs.hand_out() == 0

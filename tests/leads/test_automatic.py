"""Qualifying without a hand: what is taken, what is left to people, and how many in an hour."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, Contact
from accounts.operations import delete_account
from intake import jobs as intake_jobs
from intake.models import Door, DoorField
from intake.operations import save_door
from leads import jobs, operations
from leads.errors import RulesAreIncomplete, RulesAreSettled
from leads.models import AutomaticQualification, Lead, QualificationRuleSet, RuleRun
from leads.operations import (
    assign_lead,
    draft_rules,
    qualify,
    qualify_automatically,
    save_rules,
    set_automation,
    undo,
    update_lead,
)
from leads.operations.automatic import note_failure
from leads.operations.rules import MOST_RUNS, note_run
from leads.rules.automatic import FREE, why_not
from opportunities.models import Opportunity
from records.conditions import parse
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from records.operations.shaping import save_field
from records.vocabulary import fields_of
from tests.custom import define
from tests.factories import AccountFactory, LeadFactory, UserFactory, clerk
from tests.world import at_once
from users.operations import machine

pytestmark = pytest.mark.usefixtures("defaults")


def in_force():
    return QualificationRuleSet.objects.active().get()


def switch_on(by, *, limit=50):
    return set_automation(in_force(), by=by, is_automatic=True, hourly_limit=limit)


def the_log():
    return {line.lead_id: line for line in AutomaticQualification.objects.all()}


def age_the_log(**by):
    for line in AutomaticQualification.objects.all():
        line.at -= timedelta(**by)
        line.save()


def test_qualifies_what_meets_every_required_rule(manager, rep):
    ready = LeadFactory(owner=rep)
    unreachable = LeadFactory(owner=rep, email="", phone="12")
    switch_on(manager)

    assert jobs.qualify_ready() == 1

    ready.refresh_from_db()
    unreachable.refresh_from_db()
    assert (ready.status, unreachable.status) == ("qualified", "open")
    assert Opportunity.objects.get().owner == rep
    line = the_log()[ready.pk]
    assert (line.outcome, line.cycle, line.rule_set) == ("qualified", 1, in_force())
    assert AuditEntry.objects.get(event="lead.qualified").actor == machine()


def test_does_nothing_while_it_is_switched_off(rep):
    LeadFactory(owner=rep)

    assert jobs.qualify_ready() == 0
    assert not the_log()


def test_a_second_time_changes_nothing(manager, rep):
    lead = LeadFactory(owner=rep)
    switch_on(manager)
    jobs.qualify_ready()
    before = the_log()[lead.pk].at

    assert jobs.qualify_ready() == 0
    assert qualify_automatically(lead, by=machine()) is None
    assert the_log()[lead.pk].at == before
    assert Account.objects.count() == Contact.objects.count() == 1


def test_never_takes_more_than_the_limit_in_any_hour(manager, rep):
    for _ in range(5):
        LeadFactory(owner=rep)
    switch_on(manager, limit=2)

    assert [jobs.qualify_ready(), jobs.qualify_ready()] == [2, 0]
    age_the_log(minutes=59)
    assert jobs.qualify_ready() == 0
    age_the_log(minutes=2)
    assert [jobs.qualify_ready(), jobs.qualify_ready()] == [2, 0]


def test_the_limit_is_asked_for_each_lead_under_the_lock(manager, rep):
    leads = [LeadFactory(owner=rep) for _ in range(3)]
    switch_on(manager, limit=2)
    by = machine()

    decided = [qualify_automatically(lead, by=by) is not None for lead in leads]

    assert decided == [True, True, False]
    assert Lead.objects.qualified().count() == 2


def test_what_was_decided_stands_until_the_lead_changes(manager, rep):
    kept = LeadFactory(owner=rep, do_not_automate=True)
    switch_on(manager)
    jobs.qualify_ready()
    before = the_log()[kept.pk].at

    jobs.qualify_ready()
    assert the_log()[kept.pk].at == before

    update_lead(kept, by=rep, topic="Other engines")
    jobs.qualify_ready()
    assert the_log()[kept.pk].at > before


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_do_not_exceed_the_limit_together(manager, rep):
    for _ in range(6):
        LeadFactory(owner=rep)
    switch_on(manager, limit=3)
    machine()

    counts = at_once(*[jobs.qualify_ready] * 4)

    assert sum(counts) == 3
    assert Lead.objects.qualified().count() == 3
    assert [line.outcome for line in the_log().values()] == ["qualified"] * 3


def test_leaves_to_people_what_they_keep_for_themselves(manager, rep):
    kept = LeadFactory(owner=rep, do_not_automate=True)
    nobodys = LeadFactory(owner=None)
    left = LeadFactory(owner=UserFactory(is_active=False, name="Gone"))
    switch_on(manager)

    assert jobs.qualify_ready() == 0

    assert {pk: (line.outcome, line.reason) for pk, line in the_log().items()} == {
        kept.pk: ("skipped", "It is marked as “do not automate”."),
        nobodys.pk: ("skipped", "Nobody owns it: assign it first."),
        left.pk: ("skipped", "Gone, who owns it, is not active any more: assign it first."),
    }
    update_lead(kept, by=rep, do_not_automate=False)
    assert jobs.qualify_ready() == 1
    assert the_log()[kept.pk].outcome == "qualified"


def test_takes_a_lead_again_when_its_owner_is_back(manager):
    owner = UserFactory(is_active=False, name="Away")
    lead = LeadFactory(owner=owner)
    switch_on(manager)
    jobs.qualify_ready()
    before = the_log()[lead.pk].at

    assert jobs.qualify_ready() == 0
    assert the_log()[lead.pk].at == before, "asked again and again about one that is left"
    owner.is_active = True
    owner.save(update_fields=["is_active"])

    assert jobs.qualify_ready() == 1
    assert the_log()[lead.pk].outcome == "qualified"


def test_takes_a_lead_again_when_somebody_else_has_it(manager, rep):
    away, nobodys = LeadFactory(owner=UserFactory(is_active=False)), LeadFactory(owner=None)
    switch_on(manager)
    jobs.qualify_ready()
    assert {line.outcome for line in the_log().values()} == {"skipped"}

    for lead in (away, nobodys):
        assign_lead(lead, by=clerk(), owner=rep)

    assert jobs.qualify_ready() == 2


@pytest.mark.parametrize("do_not_automate", [False, True])
@pytest.mark.parametrize("owner", ["active", "away", "nobody"])
@pytest.mark.parametrize("is_reopened", [False, True])
def test_what_is_free_to_be_taken_is_what_is_not_left_to_people(
    rep, owner, do_not_automate, is_reopened
):
    people = {"active": rep, "away": UserFactory(), "nobody": None}
    lead = LeadFactory(owner=people[owner], do_not_automate=do_not_automate)
    if is_reopened:
        qualify(lead, by=clerk())
        undo(lead, by=clerk())
    people["away"].is_active = False
    people["away"].save(update_fields=["is_active"])
    lead = Lead.objects.select_related("owner").get(pk=lead.pk)

    assert Lead.objects.filter(FREE, pk=lead.pk).exists() == (not why_not(lead))


def test_parks_what_only_a_person_can_decide(manager, rep):
    for country in ("DE", "FR"):
        AccountFactory(owner=rep, name="Twin", country=country)
    lead = LeadFactory(owner=rep, company="Twin")
    switch_on(manager)

    assert jobs.qualify_ready() == 0

    lead.refresh_from_db()
    assert lead.is_open
    assert lead.needs_decision
    assert the_log()[lead.pk].outcome == "parked"
    update_lead(lead, by=rep, account=Account.objects.first())
    assert jobs.qualify_ready() == 1
    assert the_log()[lead.pk].outcome == "qualified"


def test_takes_a_lead_again_when_its_question_was_answered_elsewhere(manager, rep):
    twins = [AccountFactory(owner=rep, name="Twin", country=country) for country in ("DE", "FR")]
    lead = LeadFactory(owner=rep, company="Twin")
    switch_on(manager)
    jobs.qualify_ready()
    jobs.refresh.call()
    assert jobs.qualify_ready() == 0

    delete_account(twins[0], by=rep)
    jobs.refresh.call()

    assert jobs.qualify_ready() == 1
    assert the_log()[lead.pk].outcome == "qualified"


def test_what_a_person_took_back_is_not_done_once_more(manager, rep):
    lead = LeadFactory(owner=rep)
    switch_on(manager)
    jobs.qualify_ready()

    undo(lead, by=rep)

    assert jobs.qualify_ready() == 0
    lead.refresh_from_db()
    assert lead.is_open
    assert the_log()[lead.pk].reason == "It was qualified before and opened again: people decide."
    assert list(
        AutomaticQualification.objects.order_by("cycle").values_list("cycle", "outcome")
    ) == [(1, "qualified"), (2, "skipped")]


def test_what_was_refused_is_tried_again_after_an_hour_or_a_change(manager, rep):
    lead = LeadFactory(owner=rep)
    machine().roles.get().grants.filter(permission="accounts.add_account").delete()
    switch_on(manager)

    assert [jobs.qualify_ready(), jobs.qualify_ready()] == [0, 0]
    line = the_log()[lead.pk]
    assert (line.outcome, line.reason) == ("failed", "You may not add accounts.")

    age_the_log(minutes=61)
    jobs.qualify_ready()
    assert the_log()[lead.pk].at > timezone.now() - timedelta(minutes=1)
    lead.refresh_from_db()
    assert lead.is_open


def test_one_that_goes_wrong_stops_no_other(manager, rep, monkeypatch):
    bad, good = LeadFactory(owner=rep, topic="Bad"), LeadFactory(owner=rep)
    switch_on(manager)
    real = operations.qualify_automatically

    def broken(lead, *, by):
        if lead == bad:
            raise ValueError("a bug")
        return real(lead, by=by)

    monkeypatch.setattr(operations, "qualify_automatically", broken)

    assert jobs.qualify_ready() == 1
    assert the_log()[bad.pk].outcome == "failed"
    assert the_log()[good.pk].outcome == "qualified"


def test_a_fault_that_is_told_late_does_not_hide_that_the_lead_was_qualified(manager, rep):
    lead = LeadFactory(owner=rep)
    switch_on(manager)
    qualify_automatically(lead, by=machine())

    note_failure(lead)

    assert the_log()[lead.pk].outcome == "qualified"


def test_what_is_qualified_by_hand_meanwhile_is_left_alone(manager, rep):
    lead = LeadFactory(owner=rep)
    switch_on(manager)
    qualify(lead, by=rep)

    assert qualify_automatically(lead, by=machine()) is None
    assert not the_log()


# What is written down of it


def runs(kind):
    rows = RuleRun.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("looked_at", "changed", "stop"))


def test_tells_how_many_leads_a_run_looked_at_and_why_it_ended(manager, rep):
    for kept in (True, False, False, False):
        LeadFactory(owner=rep, do_not_automate=kept)
    switch_on(manager, limit=2)

    jobs.qualify_ready()
    age_the_log(minutes=61)
    jobs.qualify_ready()

    assert runs("automation") == [(3, 2, "full"), (1, 1, "done")]


def test_runs_that_find_nothing_are_one_line_and_old_ones_are_forgotten(manager, rep):
    switch_on(manager)
    for _ in range(3):
        jobs.qualify_ready()
    assert runs("automation") == [(0, 0, "done")]
    before = RuleRun.objects.get().ended_at

    jobs.qualify_ready()
    assert RuleRun.objects.get().ended_at > before
    for number in range(MOST_RUNS + 5):
        note_run("automation", began_at=before, looked_at=9, changed=number + 1, stop="done")

    assert RuleRun.objects.count() == MOST_RUNS
    assert runs("automation")[-1] == (9, MOST_RUNS + 5, "done")


def test_tells_what_became_of_a_look_at_readiness(manager, rep):
    ready = LeadFactory(
        owner=rep, budget_amount=1, decision_maker_known=True, need="must", timeframe="immediate"
    )
    LeadFactory(owner=rep)
    Lead.objects.filter(pk=ready.pk).update(ready_since=None)

    assert jobs.refresh.call() == 1

    assert runs("readiness") == [(2, 1, "done")]


def test_a_run_with_automation_switched_off_is_none(rep):
    LeadFactory(owner=rep)

    jobs.qualify_ready()

    assert not RuleRun.objects.exists()


def test_a_required_rule_on_a_retired_field_lets_nobody_through(manager, admin, rep):
    field = define("lead", "fleet", by=admin)
    unknown = {"all": [{"field": "custom.fleet", "is": "unknown"}]}
    rules = [*in_force().rules, {"condition": unknown, "is_required": True}]
    jobs.activate(save_rules(draft_rules(by=manager), by=manager, rules=rules), by=manager)
    LeadFactory(owner=rep)
    switch_on(manager)
    field.is_active = False
    save_field(field, by=admin)

    assert jobs.qualify_ready() == 0
    assert runs("automation") == [(0, 0, "done")]
    field.is_active = True
    save_field(field, by=admin)
    assert jobs.qualify_ready() == 1


def test_is_switched_on_by_those_who_may_and_only_where_something_is_required(manager, rep):
    with pytest.raises(NotPermitted):
        switch_on(rep)
    with pytest.raises(Unacceptable, match="from 1 to 10000"):
        switch_on(manager, limit=0)
    before = in_force()
    rules = [{**rule, "is_required": False} for rule in before.rules]
    jobs.activate(save_rules(draft_rules(by=manager), by=manager, rules=rules), by=manager)

    with pytest.raises(RulesAreIncomplete, match="every lead would be qualified"):
        switch_on(manager)
    with pytest.raises(RulesAreSettled):
        set_automation(before, by=manager, is_automatic=True, hourly_limit=5)


def test_a_version_in_which_nothing_is_required_ends_the_automation(manager, rep):
    switch_on(manager)
    lead = LeadFactory(owner=rep)
    rules = [{**rule, "is_required": False} for rule in in_force().rules]

    jobs.activate(save_rules(draft_rules(by=manager), by=manager, rules=rules), by=manager)

    assert jobs.qualify_ready() == 0
    assert not in_force().is_automatic
    lead.refresh_from_db()
    assert lead.is_open


def test_leaves_nothing_behind_when_it_fails(manager, rep, broken_trail):
    lead = LeadFactory(owner=rep)
    switch_on(manager)
    by = machine()
    broken_trail()

    with pytest.raises(Exception, match="the trail is full"):
        qualify_automatically(lead, by=by)

    lead.refresh_from_db()
    assert lead.is_open
    assert not the_log()
    assert not Account.objects.exists()


def test_the_list_has_a_column_for_what_is_left_to_people(client, rep):
    client.force_login(rep)
    LeadFactory(owner=rep, do_not_automate=True)

    usual = client.get("/leads/?view=all").content.decode()
    asked = client.get("/leads/?view=all&columns=company,automation").content.decode()

    assert "Do not automate" not in usual
    assert "Do not automate" in asked


def test_conditions_can_ask_whether_a_lead_is_left_to_people(manager, rep):
    kept = LeadFactory(owner=rep, do_not_automate=True)
    LeadFactory(owner=rep)
    fields = fields_of(Lead, None)
    condition = parse({"all": [{"field": "do_not_automate", "is": "yes"}]}, fields)

    assert Lead.objects.meeting(condition, fields).get() == kept


def test_what_came_in_by_a_door_is_taken_up_soon(manager, admin, rep):
    switch_on(manager)
    door = save_door(Door(name="Shop", slug="shop", owner=rep), by=admin)
    DoorField.objects.create(door=door, field="company", path="firm")
    body = {"email": "ada@engine.example", "last_name": "Lovelace", "firm": "Engines"}

    intake_jobs.take_delivery(door, raw=json.dumps(body).encode(), content_type="application/json")

    lead = Lead.objects.get()
    assert (lead.status, lead.owner) == ("qualified", rep)

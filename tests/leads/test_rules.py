"""The qualification rules: how a draft is shaped, what is in force, and who says so."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads import jobs
from leads.errors import RuleIsGone, RulesAreIncomplete, RulesAreSettled, RulesAreUnmet
from leads.models import Lead, QualificationRuleSet
from leads.operations import (
    activate_rules,
    discard_rules,
    draft_rules,
    move_rule,
    qualify,
    refresh_readiness,
    remove_rule,
    save_rule,
    save_rules,
    set_threshold,
    switch_rule,
    update_lead,
)
from leads.rules import rules_in_force, verdicts_for
from leads.rules.automatic import takeable
from opportunities.models import Product, Source
from records.conditions import ConditionIsWrong
from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from records.operations.shaping import save_field
from tests.custom import define, one_of_each
from tests.factories import AccountFactory, LeadFactory, UserFactory

LARGE = {"all": [{"field": "budget_amount", "is": "at_least", "value": 10000}]}


def ask(field, comparison, **value):
    return {"field": field, "is": comparison, **value}


def a_draft(by, **rule):
    return save_rule(draft_rules(by=by), by=by, condition=LARGE, **rule)


def keys_of(rule_set):
    return [rule["key"] for rule in rule_set.rules]


# In force


def test_a_rule_counts_at_once_when_its_version_is_in_force(manager, rep):
    lead = LeadFactory(owner=rep, budget_amount=9_999)
    jobs.activate(a_draft(manager, is_required=True), by=manager)

    with pytest.raises(RulesAreUnmet) as refusal:
        qualify(lead, by=rep)

    assert refusal.value.reasons == ["Budget at least 10,000"]
    assert refusal.value.unmet == {
        "budget_at_least_10_000": {"label": "Budget at least 10,000", "field": "budget_amount"}
    }
    lead = update_lead(lead, by=rep, budget_amount=10_000)
    assert qualify(lead, by=rep).qualification.rule_version == "2"


def test_a_recommended_rule_warns_and_does_not_stop(manager, rep):
    lead = LeadFactory(owner=rep)
    jobs.activate(a_draft(manager, label="Large enough", unmet_label="Too small"), by=manager)

    verdict = verdicts_for(lead, by=rep).items[-1]

    assert (verdict.label, verdict.state) == ("Too small", "warning")
    assert qualify(lead, by=rep)


def test_points_of_rules_make_up_for_each_other(manager, rep, rep2):
    """On the lead, by the list of ready ones, and for automation: all of them count alike."""
    draft = draft_rules(by=manager)
    parts = [("budget_amount", 30), ("source", 20), ("products", 20), ("account.industry", 30)]
    asked = [
        {"condition": {"all": [ask(name, "known")]}, "points": points} for name, points in parts
    ]
    draft = set_threshold(save_rules(draft, by=manager, rules=asked), by=manager, threshold=50)
    jobs.activate(draft, by=manager)
    bank = AccountFactory(owner=rep2, industry="bank")
    poor, rich = (
        LeadFactory(owner=rep, source=Source.objects.first(), budget_amount=amount, account=bank)
        for amount in (None, 5)
    )
    bare = LeadFactory(owner=rep, budget_amount=5)
    for lead in (poor, rich, bare):
        update_lead(lead, by=rep, job_title="Buyer")
    rules = rules_in_force(by=manager)

    told = verdicts_for(bare, by=rep)
    passing = set(rules.passing(Lead.objects.all()))

    assert passing == {poor, rich} == set(Lead.objects.ready()) == set(takeable(rules))
    assert (told.may_qualify, told.points_line, told.warnings) == (False, "30 of 50 points", [])
    assert [verdict.state for verdict in told.items] == ["met", "open", "open", "open"]
    with pytest.raises(RulesAreUnmet, match="cannot be qualified") as refusal:
        qualify(bare, by=rep)
    assert refusal.value.unmet["points"]["field"] == ""
    assert qualify(rich, by=rep)


def test_a_rule_that_is_switched_off_is_not_asked(manager, rep):
    draft = a_draft(manager, is_required=True)
    switch_rule(draft, by=manager, key="budget_at_least_10_000", is_active=False)
    jobs.activate(draft, by=manager)

    assert len(verdicts_for(LeadFactory(owner=rep), by=rep).items) == 6


def test_a_version_that_was_in_force_never_changes(manager):
    first = QualificationRuleSet.objects.active().get()
    second = jobs.activate(a_draft(manager), by=manager)
    third = draft_rules(by=manager)

    for settled in (first, second):
        with pytest.raises(RulesAreSettled):
            save_rule(settled, by=manager, condition=LARGE)
        with pytest.raises(RulesAreSettled):
            discard_rules(settled, by=manager)
        with pytest.raises(RulesAreSettled):
            activate_rules(settled, by=manager)
    assert third.rules == second.rules
    first.refresh_from_db()
    assert first.state == "retired"


def test_one_version_is_in_force_and_one_a_draft_by_the_schema(manager):
    draft = draft_rules(by=manager)

    assert draft_rules(by=manager) == draft
    for state in ("active", "draft"):
        with pytest.raises(IntegrityError), transaction.atomic():
            QualificationRuleSet.objects.create(number=99, state=state)


def test_an_older_version_can_be_begun_from_again(manager):
    first = QualificationRuleSet.objects.active().get()
    jobs.activate(a_draft(manager), by=manager)

    assert draft_rules(by=manager, like=first).rules == first.rules


def test_the_next_version_takes_the_automation_over(manager):
    QualificationRuleSet.objects.active().update(is_automatic=True, hourly_limit=7)

    active = jobs.activate(a_draft(manager), by=manager)

    assert (active.is_automatic, active.hourly_limit) == (True, 7)


# The draft


def test_a_rule_is_changed_under_its_key_and_keeps_its_place(manager):
    draft = draft_rules(by=manager)

    draft = save_rule(draft, by=manager, key="need", condition=LARGE, label="Money")

    assert keys_of(draft)[4] == "need"
    assert draft.rules[4]["label"] == "Money"
    assert draft.rules[4]["words"] == "Budget at least 10,000"


def test_rules_are_moved_and_removed(manager):
    draft = draft_rules(by=manager)

    draft = move_rule(draft, by=manager, key="need", is_up=True)
    draft = move_rule(draft, by=manager, key="person_or_company", is_up=True)
    draft = remove_rule(draft, by=manager, key="budget")

    assert keys_of(draft) == ["person_or_company", "reachable", "need", "authority", "timeframe"]
    with pytest.raises(RuleIsGone):
        remove_rule(draft, by=manager, key="budget")


def test_two_who_change_one_draft_overwrite_nothing(manager, admin):
    draft = draft_rules(by=manager)
    save_rule(draft, by=admin, condition=LARGE, version=draft.version)

    with pytest.raises(Stale):
        save_rule(draft, by=manager, condition=LARGE, version=draft.version)


def test_what_somebody_else_has_changed_is_neither_saved_over_nor_thrown_away(manager, admin):
    draft = draft_rules(by=manager)
    read = draft.version
    save_rule(draft, by=admin, key="need", condition=LARGE, version=read)

    for act in (
        lambda: save_rules(draft, by=manager, rules=[], version=read),
        lambda: remove_rule(draft, by=manager, key="need", version=read),
        lambda: discard_rules(draft, by=manager, version=read),
    ):
        with pytest.raises(Stale) as refusal:
            act()
        assert refusal.value.by == str(admin)
        assert keys_of(draft) == [rule["key"] for rule in refusal.value.read["rules"]]

    draft.refresh_from_db()
    assert draft.rules[4]["condition"] == LARGE


def test_saving_what_stands_writes_nothing(manager):
    draft = a_draft(manager)
    before = AuditEntry.objects.count()

    again = save_rules(draft, by=manager, rules=draft.rules)

    assert again.version == draft.version
    assert AuditEntry.objects.count() == before


def test_a_draft_is_thrown_away_and_leaves_its_trace(manager):
    discard_rules(a_draft(manager), by=manager)

    assert not QualificationRuleSet.objects.drafts().exists()
    assert AuditEntry.objects.filter(event="rules.discarded").exists()


def test_only_those_who_may_shape_the_rules(rep, manager):
    with pytest.raises(NotPermitted):
        draft_rules(by=rep)
    draft = draft_rules(by=manager)
    for act in (
        lambda: save_rule(draft, by=rep, condition=LARGE),
        lambda: activate_rules(draft, by=rep),
        lambda: discard_rules(draft, by=rep),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_leaves_nothing_behind_when_it_fails(manager, broken_trail):
    draft = draft_rules(by=manager)
    broken_trail()

    with pytest.raises(Exception, match="the trail is full"):
        activate_rules(draft, by=manager)

    draft.refresh_from_db()
    assert draft.is_draft
    assert QualificationRuleSet.objects.active().get().number == 1


# Bad input


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"all": []}, "Add a condition to this group, or remove the group."),
        ({}, "Write a group as “all” or “any” with a list."),
        ({"all": [{"field": "custom.gone", "is": "known"}]}, "There is no field “custom.gone”"),
        ({"all": [{"field": "employees", "is": "at_least"}]}, "Enter employees as a number"),
    ],
)
def test_an_empty_or_wrong_condition_is_refused_with_a_sentence(manager, condition, sentence):
    with pytest.raises(ConditionIsWrong, match=sentence):
        save_rule(draft_rules(by=manager), by=manager, condition=condition)


def test_a_condition_that_nobody_can_meet_is_refused(manager):
    condition = {
        "all": [
            {"field": "employees", "is": "at_least", "value": 10},
            {"field": "employees", "is": "at_most", "value": 5},
        ]
    }

    with pytest.raises(Unacceptable, match="No record can meet this") as refusal:
        save_rule(draft_rules(by=manager), by=manager, condition=condition)

    assert list(refusal.value.errors) == ["condition"]


def test_required_rules_that_contradict_each_other_are_not_put_into_force(manager):
    draft = a_draft(manager, is_required=True)
    small = {"all": [{"field": "budget_amount", "is": "less_than", "value": 500}]}
    draft = save_rule(draft, by=manager, condition=small, is_required=True)

    with pytest.raises(RulesAreIncomplete, match="No record can meet this"):
        activate_rules(draft, by=manager)


def test_a_version_without_rules_is_not_put_into_force(manager):
    draft = save_rules(draft_rules(by=manager), by=manager, rules=[])

    with pytest.raises(RulesAreIncomplete, match="without rules no lead would ever be ready"):
        activate_rules(draft, by=manager)


def test_without_any_version_leads_can_be_qualified_and_none_is_ready(rep):
    QualificationRuleSet.objects.all().delete()
    lead = LeadFactory(owner=rep)

    assert not verdicts_for(lead, by=rep).is_ready
    assert lead.ready_since is None
    assert qualify(lead, by=rep).qualification.rule_version == "0"


def test_a_rule_whose_field_is_gone_never_holds_and_says_so(manager, admin, rep):
    field = define("lead", "fleet", by=admin)
    condition = {"all": [{"field": "custom.fleet", "is": "unknown"}]}
    draft = save_rule(draft_rules(by=manager), by=manager, condition=condition, is_required=True)
    jobs.activate(draft, by=manager)
    lead = LeadFactory(owner=rep)
    assert verdicts_for(lead, by=rep).may_qualify

    field.is_active = False
    save_field(field, by=admin)
    viewer = type(rep).objects.get(pk=rep.pk)
    verdict = verdicts_for(lead, by=viewer).items[-1]

    assert verdict.state == "blocking"
    assert "asks for something that is gone" in verdict.note
    with pytest.raises(RulesAreUnmet):
        qualify(lead, by=viewer)


def test_a_draft_that_asks_for_what_is_gone_is_not_put_into_force(manager, admin):
    field = define("lead", "fleet", by=admin)
    Source.objects.create(key="fair", name="Fair")
    rules = [{"condition": {"all": [ask("custom.fleet", "known")]}, "label": "Has a fleet"}]
    rules += [{"condition": {"all": [ask("source", "is", value="fair")]}, "label": "From a fair"}]
    draft = save_rules(draft_rules(by=manager), by=manager, rules=rules)
    field.is_active = False
    save_field(field, by=admin)
    Source.objects.filter(key="fair").update(is_active=False)

    with pytest.raises(RulesAreIncomplete) as refusal:
        activate_rules(draft, by=type(manager).objects.get(pk=manager.pk))

    assert refusal.value.reasons == [
        "Has a fleet: There is no field “custom.fleet” any more. Choose another one.",
        "From a fair: “Fair” can no longer be chosen for source.",
    ]


def test_a_rule_on_a_choice_that_is_out_of_use_says_so_on_the_lead(manager, rep):
    fair = Source.objects.create(key="fair", name="Fair")
    draft = save_rule(
        draft_rules(by=manager),
        by=manager,
        condition={"all": [ask("source", "is", value="fair")]},
        is_required=True,
    )
    jobs.activate(draft, by=manager)
    lead, there = LeadFactory(owner=rep), LeadFactory(owner=rep, source=fair)

    Source.objects.filter(key="fair").update(is_active=False)

    verdict = verdicts_for(lead, by=rep).items[-1]
    assert verdict.state == "blocking"
    assert "asks for something that is gone" in verdict.note
    assert verdicts_for(there, by=rep).items[-1].is_met  # who has it keeps it


# What is asked of records that the reader may not see

BANK = {"all": [ask("account.industry", "is", value="bank")]}


@pytest.fixture
def banks_only(manager, rep, outsider):
    """Leads of a rep whose accounts are somebody else's, and one whose account is his own."""
    rule = {"condition": BANK, "is_required": True, "unmet_label": "No bank"}
    rules = [*draft_rules(by=manager).rules, rule]
    jobs.activate(save_rules(draft_rules(by=manager), by=manager, rules=rules), by=manager)
    return [
        LeadFactory(owner=rep, account=AccountFactory(owner=owner, industry=industry))
        for owner, industry in ((outsider, "bank"), (outsider, "mill"), (rep, "mill"))
    ]


def test_of_a_record_that_one_may_not_see_no_verdict_tells(banks_only, rep, admin):
    bank, mill, own = (verdicts_for(lead, by=rep) for lead in banks_only)

    assert [v.items[-1].state for v in (bank, mill, own)] == ["untold", "untold", "blocking"]
    one, other = bank.items[-1], mill.items[-1]
    assert (one.label, one.note, one.field) == (other.label, other.note, other.field)
    assert (bank.met, bank.total) == (mill.met, mill.total) == (own.met, own.total - 1)
    assert own.reasons == ["No bank"]
    assert verdicts_for(banks_only[1], by=admin).reasons == ["No bank"]


def test_the_rule_holds_all_the_same_and_the_refusal_names_nothing(banks_only, rep):
    bank, mill, _own = banks_only

    with pytest.raises(RulesAreUnmet) as refusal:
        qualify(mill, by=rep)

    assert refusal.value.reasons == ["A rule about a record that you cannot open does not hold"]
    assert list(refusal.value.unmet) == ["untold"]
    assert qualify(bank, by=rep).qualification.rule_version == "2"


def test_readiness_counts_every_rule_whoever_saves(banks_only, rep):
    bank, mill, _own = banks_only
    known = {"decision_maker_known": True, "need": "must", "timeframe": "immediate"}

    ready = [update_lead(lead, by=rep, budget_amount=1, **known) for lead in (bank, mill)]

    assert [lead.ready_since is not None for lead in ready] == [True, False]


# Readiness


def ready_lead(rep, **fields):
    return LeadFactory(
        owner=rep,
        budget_amount=10_000,
        decision_maker_known=True,
        need="must",
        timeframe="immediate",
        **fields,
    )


def test_open_leads_are_looked_at_once_more_when_a_version_comes_into_force(manager, rep):
    stays, goes = ready_lead(rep), ready_lead(rep)
    update_lead(goes, by=rep, budget_amount=9_000)
    comes = LeadFactory(owner=rep, budget_amount=20_000)
    closed = ready_lead(rep)
    qualify(closed, by=rep)
    since = Lead.objects.get(pk=stays.pk).ready_since
    rules = [rule for rule in draft_rules(by=manager).rules if rule["is_required"]]
    draft = save_rules(draft_rules(by=manager), by=manager, rules=[*rules, {"condition": LARGE}])

    jobs.activate(draft, by=manager)

    ready = dict(Lead.objects.values_list("pk", "ready_since"))
    assert ready[stays.pk] == since
    assert ready[goes.pk] is None
    assert ready[comes.pk] is not None
    assert ready[closed.pk] is not None  # what is closed stays as it was


def test_looking_again_works_through_all_in_small_steps_and_then_changes_nothing(manager, rep):
    leads = [ready_lead(rep) for _ in range(5)]
    Lead.objects.filter(pk__in=[lead.pk for lead in leads[:3]]).update(ready_since=None)
    late = LeadFactory(owner=rep)
    Lead.objects.filter(pk=late.pk).update(ready_since=timezone.now())
    changed = []
    done = refresh_readiness(by=manager, most=2)
    while done is not None:
        changed.append(done.changed)
        done = refresh_readiness(by=manager, after=done.last, most=2)

    assert changed == [2, 2]
    assert Lead.objects.filter(ready_since=None).get() == late
    assert refresh_readiness(by=manager) is None


def test_products_that_a_lead_is_about_to_get_count_already(manager, rep):
    engine = Product.objects.create(key="engine", name="Engine")
    condition = {"all": [{"field": "products", "is": "any_of", "value": ["engine"]}]}
    draft = save_rules(draft_rules(by=manager), by=manager, rules=[{"condition": condition}])
    jobs.activate(draft, by=manager)

    lead = LeadFactory(owner=rep, products=[engine])

    assert lead.ready_since is not None
    assert update_lead(lead, by=rep, products=[]).ready_since is None


def test_a_rule_can_ask_for_any_kind_of_field(manager, admin, rep):
    rules = [
        {"condition": {"any": [ask(field.name, "no" if key == "yes_no" else "unknown")]}}
        for key, field in one_of_each("lead", by=admin).items()
    ]
    asking = type(manager).objects.get(pk=manager.pk)
    jobs.activate(save_rules(draft_rules(by=asking), by=asking, rules=rules), by=asking)

    owner = UserFactory(team=rep.team)

    assert LeadFactory(owner=owner).ready_since is not None
    assert len(rules_in_force(by=asking).active) == len(rules)

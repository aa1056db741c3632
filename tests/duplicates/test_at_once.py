"""Merging at the same moment as others merge, qualify and write."""

from __future__ import annotations

import pytest

from accounts.models import Account, Contact
from accounts.operations import create_account, create_contact, merge_accounts, unmerge_accounts
from activities.models import Activity
from activities.operations import log_note
from crm.integrity import findings
from leads.models import Lead
from leads.operations import Plan, Target, capture_lead, qualify
from records.errors import Refused
from records.models import Merge
from tests.duplicates.kinds import KINDS
from tests.leads.test_concurrency import at_once
from tests.world import a_superuser

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 4


@pytest.fixture
def boss(defaults):
    return a_superuser()


def pair(name, boss, number):
    if name == "account":
        return [create_account(by=boss, name=f"{word} {number}") for word in ("Acme", "Apex")]
    if name == "contact":
        return [
            create_contact(by=boss, last_name=f"Lovelace {word} {number}") for word in ("A", "B")
        ]
    return [
        capture_lead(by=boss, topic="Engines", last_name=f"Lovelace {word} {number}")
        for word in ("A", "B")
    ]


@pytest.mark.parametrize("name", KINDS)
def test_two_merges_that_cross_make_one(boss, name):
    kind = KINDS[name]
    pairs = [pair(name, boss, number) for number in range(TIMES)]

    works = []
    for one, other in pairs:
        works += [
            lambda one=one, other=other: kind.merge(one, [other], by=boss),
            lambda one=one, other=other: kind.merge(other, [one], by=boss),
        ]
    outcomes = at_once(works)

    assert sum(isinstance(outcome, Merge) for outcome in outcomes) == TIMES
    assert Merge.objects.count() == TIMES
    assert kind.model.objects.count() == TIMES
    assert list(findings()) == []


def test_a_lead_of_the_company_that_goes_comes_to_the_one_that_stays(boss):
    pairs = [pair("account", boss, number) for number in range(TIMES)]
    leads = [
        capture_lead(
            by=boss,
            topic="Engines",
            last_name=f"Babbage {number}",
            company=f"Apex {number}",
            email=f"charles{number}@apex.example",
        )
        for number in range(TIMES)
    ]

    works = []
    for (kept, gone), lead in zip(pairs, leads, strict=True):
        works += [
            lambda kept=kept, gone=gone: merge_accounts(kept, [gone], by=boss),
            lambda lead=lead: qualify(lead, by=boss),
        ]
    outcomes = at_once(works)

    assert not [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert list(findings()) == []
    for (kept, _gone), lead in zip(pairs, leads, strict=True):
        assert Lead.objects.get(pk=lead.pk).account_id == kept.pk
    assert Account.objects.count() == TIMES


def test_what_is_chosen_by_hand_and_goes_meanwhile_is_never_used(boss):
    pairs = [pair("account", boss, number) for number in range(TIMES)]
    leads = [
        capture_lead(by=boss, topic="Engines", last_name="Babbage", email=f"b{number}@else.example")
        for number in range(TIMES)
    ]

    works = []
    for (kept, gone), lead in zip(pairs, leads, strict=True):
        plan = Plan(account=Target("use", gone.pk))
        works += [
            lambda kept=kept, gone=gone: merge_accounts(kept, [gone], by=boss),
            lambda lead=lead, plan=plan: qualify(lead, by=boss, plan=plan),
        ]
    at_once(works)

    assert list(findings()) == []


def test_what_is_written_on_one_that_goes_is_not_lost(boss):
    pairs = [pair("contact", boss, number) for number in range(TIMES)]

    works = []
    for kept, gone in pairs:
        works += [
            lambda kept=kept, gone=gone: KINDS["contact"].merge(kept, [gone], by=boss),
            lambda gone=gone: log_note(Contact.all_objects.get(pk=gone.pk), by=boss, text="Hello"),
        ]
    outcomes = at_once(works)

    written = [outcome for outcome in outcomes if isinstance(outcome, Activity)]
    shown = {entry.pk for kept, _gone in pairs for entry in Activity.objects.on(kept)}
    assert shown == {entry.pk for entry in written}
    assert list(findings()) == []


def test_merging_and_unmerging_at_once_leave_nothing_half_done(boss):
    pairs = [pair("account", boss, number) for number in range(TIMES)]
    merges = [merge_accounts(kept, [gone], by=boss) for kept, gone in pairs]
    third = create_account(by=boss, name="Third")

    works = [lambda merge=merge: unmerge_accounts(merge, by=boss) for merge in merges]
    works += [
        lambda kept=kept: merge_accounts(third, [Account.all_objects.get(pk=kept.pk)], by=boss)
        for kept, _gone in pairs
    ]
    at_once(works)

    assert list(findings()) == []

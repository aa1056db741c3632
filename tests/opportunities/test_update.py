"""Changing the terms of an opportunity."""

from decimal import Decimal

import pytest
from django.db import DatabaseError

from accounts.operations import delete_account
from opportunities.models import Competitor, Stage, Step
from opportunities.operations import (
    OpportunityIsClosed,
    StepsAreMissing,
    delete_opportunity,
    set_lines,
    update_opportunity,
    win,
)
from records.errors import IsInBin, NotPermitted, Stale, Unacceptable
from records.models import AuditEntry, Currency
from tests.factories import AccountFactory, ContactFactory, OpportunityFactory
from tests.world import stored


def test_changes_fields_and_remembers_what_they_were(rep):
    opportunity = OpportunityFactory(owner=rep, topic="Looms")

    changed = update_opportunity(opportunity, by=rep, topic="Power looms", value=Decimal(80))

    assert (changed.topic, changed.value, changed.base_value) == ("Power looms", 80, 80)
    assert changed.version == 2
    entry = AuditEntry.objects.get(event="opportunity.changed")
    assert entry.changes == {"topic": ["Looms", "Power looms"], "value": [None, "80"]}


def test_writes_nothing_when_nothing_changes(rep):
    opportunity = OpportunityFactory(owner=rep, topic="Looms")
    before = stored()

    update_opportunity(
        opportunity, by=rep, topic="Looms", stage=opportunity.stage, owner=rep, competitors=[]
    )

    assert stored() == before


def test_counts_anew_when_the_currency_changes(rep):
    Currency.objects.filter(code="USD").update(rate=Decimal("0.5"))
    opportunity = OpportunityFactory(owner=rep, value=Decimal(100))

    changed = update_opportunity(opportunity, by=rep, currency="USD")

    assert changed.base_value == Decimal(50)


def test_a_value_is_converted_at_the_rate_of_the_day_on_which_it_is_entered(rep):
    dollars = Currency.objects.filter(code="USD")
    dollars.update(rate=Decimal("0.5"))
    opportunity = OpportunityFactory(owner=rep, value=Decimal(100), currency="USD")
    dollars.update(rate=Decimal("0.25"))

    renamed = update_opportunity(opportunity, by=rep, topic="Mills")
    raised = update_opportunity(opportunity, by=rep, value=Decimal(200))
    dollars.update(rate=Decimal("0.4"))
    priced = set_lines(opportunity, by=rep, lines=[{"description": "Mill", "price": Decimal(300)}])

    assert [one.base_value for one in (renamed, raised, priced)] == [50, 50, 120]


def test_replaces_competitors_and_sales_team(rep, rep2):
    opportunity = OpportunityFactory(owner=rep)
    jacquard = Competitor.objects.create(key="jacquard", name="Jacquard")

    update_opportunity(opportunity, by=rep, competitors=[jacquard], sales_team=[rep2])

    assert list(opportunity.competitors.all()) == [jacquard]
    assert list(opportunity.sales_team.all()) == [rep2]
    entry = AuditEntry.objects.get(event="opportunity.changed")
    assert entry.changes["competitors"] == [[], ["Jacquard"]]


def test_goes_through_the_gates_of_the_process(rep):
    opportunity = OpportunityFactory(owner=rep, topic="Looms")
    Step.objects.filter(key="customer-need").update(is_required=True)
    propose = Stage.objects.get(key="propose")
    before = stored()

    with pytest.raises(StepsAreMissing):
        update_opportunity(opportunity, by=rep, topic="Power looms", stage=propose)
    assert stored() == before

    moved = update_opportunity(opportunity, by=rep, customer_need="Cloth", stage=propose)
    assert (moved.customer_need, moved.stage) == ("Cloth", propose)


def test_gives_it_to_another_owner(rep, rep2):
    opportunity = OpportunityFactory(owner=rep)

    assert update_opportunity(opportunity, by=rep, owner=rep2).owner == rep2
    assert AuditEntry.objects.filter(event="opportunity.assigned").count() == 1


def test_tells_a_stale_editor_what_stands_now(rep, manager):
    opportunity = OpportunityFactory(owner=rep)
    update_opportunity(opportunity, by=manager, topic="Power looms", version=1)

    with pytest.raises(Stale) as refusal:
        update_opportunity(opportunity, by=rep, topic="Hand looms", version=1)

    assert refusal.value.theirs["topic"] == "Power looms"
    assert (refusal.value.version, refusal.value.by) == (2, "Manager")


def test_refuses_what_has_an_operation_of_its_own(rep):
    opportunity = OpportunityFactory(owner=rep)

    with pytest.raises(Unacceptable) as refusal:
        update_opportunity(opportunity, by=rep, status="won", closed_at=None)

    assert set(refusal.value.errors) == {"status", "closed_at"}


def test_refuses_an_account_or_contact_in_the_recycle_bin(rep):
    opportunity = OpportunityFactory(owner=rep)
    account = delete_account(AccountFactory(owner=rep), by=rep)
    contact = ContactFactory(owner=rep)

    with pytest.raises(Unacceptable, match="recycle bin"):
        update_opportunity(opportunity, by=rep, account=account)
    assert update_opportunity(opportunity, by=rep, contact=contact).contact == contact


def test_is_refused_when_it_is_closed_or_in_the_bin(rep):
    won = win(OpportunityFactory(owner=rep), by=rep)
    gone = delete_opportunity(OpportunityFactory(owner=rep), by=rep)

    with pytest.raises(OpportunityIsClosed, match="is won"):
        update_opportunity(won, by=rep, topic="Power looms")
    with pytest.raises(IsInBin):
        update_opportunity(gone, by=rep, topic="Power looms")


def test_leaves_nothing_behind_when_it_fails(rep, broken_trail):
    opportunity = OpportunityFactory(owner=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        update_opportunity(opportunity, by=rep, topic="Power looms")

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, manager, outsider):
    opportunity = OpportunityFactory(owner=rep)

    for user in (rep2, outsider):
        with pytest.raises(NotPermitted):
            update_opportunity(opportunity, by=user, topic="Mine now")
    assert update_opportunity(opportunity, by=manager, topic="Ours").topic == "Ours"

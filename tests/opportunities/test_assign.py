"""Giving an opportunity to another owner, to the recycle bin, and back."""

import pytest
from django.db import DatabaseError

from opportunities.models import Opportunity
from opportunities.operations import (
    OpportunityIsClosed,
    assign_opportunity,
    delete_opportunity,
    restore_opportunity,
    win,
)
from records.errors import NotPermitted, Stale, Unacceptable
from tests.factories import OpportunityFactory, UserFactory
from tests.world import stored


def test_gives_it_to_another_owner(rep, rep2):
    opportunity = OpportunityFactory(owner=rep)

    assert assign_opportunity(opportunity, by=rep, owner=rep2).owner == rep2


def test_changes_nothing_when_it_is_his_already(rep):
    opportunity = OpportunityFactory(owner=rep)
    before = stored()

    assign_opportunity(opportunity, by=rep, owner=rep)

    assert stored() == before


def test_refuses_a_closed_one_and_an_owner_who_has_left(rep, rep2):
    won = win(OpportunityFactory(owner=rep), by=rep)

    with pytest.raises(OpportunityIsClosed):
        assign_opportunity(won, by=rep, owner=rep2)
    with pytest.raises(Unacceptable, match="not active"):
        assign_opportunity(
            OpportunityFactory(owner=rep), by=rep, owner=UserFactory(is_active=False)
        )


def test_goes_to_the_bin_and_comes_back(rep):
    opportunity = OpportunityFactory(owner=rep)

    delete_opportunity(opportunity, by=rep, version=1)
    delete_opportunity(opportunity, by=rep)
    assert not Opportunity.objects.exists()

    restore_opportunity(opportunity, by=rep)
    restore_opportunity(opportunity, by=rep)
    assert Opportunity.objects.get().version == 3


def test_refuses_to_bin_what_was_changed_meanwhile(rep, rep2):
    opportunity = OpportunityFactory(owner=rep)
    assign_opportunity(opportunity, by=rep, owner=rep2)
    assign_opportunity(opportunity, by=rep2, owner=rep)

    with pytest.raises(Stale):
        delete_opportunity(opportunity, by=rep, version=1)


@pytest.mark.parametrize("change", [delete_opportunity, restore_opportunity])
def test_leaves_nothing_behind_when_it_fails(rep, change, broken_trail):
    opportunity = OpportunityFactory(owner=rep)
    if change is restore_opportunity:
        delete_opportunity(opportunity, by=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        change(opportunity, by=rep)

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, outsider):
    opportunity = OpportunityFactory(owner=rep)

    for user in (rep2, outsider):
        with pytest.raises(NotPermitted):
            assign_opportunity(opportunity, by=user, owner=user)
        with pytest.raises(NotPermitted):
            delete_opportunity(opportunity, by=user)
    delete_opportunity(opportunity, by=rep)
    with pytest.raises(NotPermitted):
        restore_opportunity(opportunity, by=rep2)

"""Letting an opportunity rest, and working on it again."""

import pytest
from django.db import DatabaseError

from opportunities.models import Stage
from opportunities.operations import OpportunityIsClosed, move_to_stage, put_on_hold, resume, win
from records.errors import NotPermitted
from records.models import AuditEntry
from tests.factories import OpportunityFactory
from tests.world import stored


def test_rests_and_goes_on(rep):
    opportunity = OpportunityFactory(owner=rep)

    resting = put_on_hold(opportunity, by=rep)
    assert (resting.is_on_hold, resting.status_reason) == (True, "on_hold")

    working = resume(opportunity, by=rep)
    assert (working.is_on_hold, working.status_reason) == (False, "in_progress")
    assert (
        AuditEntry.objects.filter(
            event__in=["opportunity.put_on_hold", "opportunity.resumed"]
        ).count()
        == 2
    )


def test_changes_nothing_the_second_time(rep):
    opportunity = OpportunityFactory(owner=rep)
    resume(opportunity, by=rep)
    put_on_hold(opportunity, by=rep)
    before = stored()

    put_on_hold(opportunity, by=rep)

    assert stored() == before


def test_does_not_keep_it_in_its_stage(rep):
    opportunity = put_on_hold(OpportunityFactory(owner=rep), by=rep)

    moved = move_to_stage(opportunity, by=rep, stage=Stage.objects.get(key="propose"))

    assert moved.is_on_hold


def test_is_refused_when_it_is_closed(rep):
    opportunity = win(OpportunityFactory(owner=rep), by=rep)

    for change in (put_on_hold, resume):
        with pytest.raises(OpportunityIsClosed):
            change(opportunity, by=rep)


def test_leaves_nothing_behind_when_it_fails(rep, broken_trail):
    opportunity = OpportunityFactory(owner=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        put_on_hold(opportunity, by=rep)

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, outsider):
    opportunity = OpportunityFactory(owner=rep)

    for user in (rep2, outsider):
        for change in (put_on_hold, resume):
            with pytest.raises(NotPermitted):
                change(opportunity, by=user)

"""Reopening a closed opportunity."""

from decimal import Decimal

import pytest
from django.db import DatabaseError

from opportunities.models import LossReason, Stage
from opportunities.operations import (
    delete_opportunity,
    lose,
    move_to_stage,
    reopen,
    update_opportunity,
    win,
)
from records.errors import IsInBin, NotPermitted
from records.models import AuditEntry
from tests.factories import OpportunityFactory
from tests.world import stored


def test_comes_back_to_the_stage_and_the_probability_that_it_had(rep):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(900))
    move_to_stage(opportunity, by=rep, stage=Stage.objects.get(key="propose"))
    update_opportunity(opportunity, by=rep, probability=72, forecast_category="commit")
    lose(opportunity, by=rep, reason=LossReason.objects.first(), comment="Gone")

    again = reopen(opportunity, by=rep)

    again.refresh_from_db()
    assert (again.status, again.stage.key) == ("open", "propose")
    assert (again.probability, again.forecast_category) == (72, "commit")
    assert (again.closed_at, again.closed_on, again.actual_value) == (None, None, None)
    assert (again.loss_reason, again.lost_to, again.close_comment) == (None, None, "")
    assert again.base_value == Decimal(900)
    assert AuditEntry.objects.filter(event="opportunity.reopened").count() == 1


def test_keeps_every_close(rep):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(900))
    win(opportunity, by=rep, actual_value=Decimal(850))
    reopen(opportunity, by=rep)
    lose(opportunity, by=rep, reason=LossReason.objects.get(key="price"), comment="After all")

    reopen(opportunity, by=rep)

    moves = opportunity.moves.order_by("pk").values_list("kind", "base_value", "comment")
    assert list(moves) == [
        ("opened", 900, ""),
        ("won", 850, ""),
        ("reopened", 900, ""),
        ("lost", 900, "After all"),
        ("reopened", 900, ""),
    ]
    assert opportunity.moves.get(kind="lost").loss_reason.key == "price"


def test_takes_the_stage_s_probability_where_there_is_no_history(rep):
    opportunity = win(OpportunityFactory(owner=rep), by=rep)
    opportunity.history.all().delete()

    assert reopen(opportunity, by=rep).probability == 30


def test_changes_nothing_when_it_is_open(rep):
    opportunity = OpportunityFactory(owner=rep)
    win(opportunity, by=rep)
    first = reopen(opportunity, by=rep)
    before = stored()

    assert reopen(opportunity, by=rep) == first
    assert stored() == before


def test_is_refused_in_the_bin(rep):
    gone = delete_opportunity(win(OpportunityFactory(owner=rep), by=rep), by=rep)

    with pytest.raises(IsInBin):
        reopen(gone, by=rep)


def test_leaves_nothing_behind_when_it_fails(rep, broken_trail):
    opportunity = win(OpportunityFactory(owner=rep), by=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        reopen(opportunity, by=rep)

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, outsider):
    opportunity = win(OpportunityFactory(owner=rep), by=rep)

    for user in (rep2, outsider):
        with pytest.raises(NotPermitted):
            reopen(opportunity, by=user)

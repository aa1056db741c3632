"""Losing an opportunity."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError
from django.utils import timezone

from opportunities.models import Competitor, LossReason
from opportunities.operations import OpportunityIsClosed, lose, win
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.factories import OpportunityFactory
from tests.world import stored
from workbench.operations import back_date


@pytest.fixture
def price(defaults):
    return LossReason.objects.get(key="price")


@pytest.fixture
def jacquard(db):
    return Competitor.objects.create(key="jacquard", name="Jacquard")


def test_closes_for_a_reason_today(rep, price):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(900))

    lost = lose(opportunity, by=rep, reason=price)

    assert (lost.status, lost.probability, lost.forecast_category) == ("lost", 0, "omitted")
    assert (lost.loss_reason, lost.status_reason) == (price, "price")
    assert (lost.actual_value, lost.base_value) == (None, Decimal(900))
    assert lost.closed_on == timezone.localdate()
    assert lost.moves.get(kind="lost").loss_reason == price
    assert AuditEntry.objects.get(event="opportunity.lost").changes["probability"] == [30, 0]


def test_closes_on_the_terms_that_are_given(rep, price, jacquard):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(900))
    back_date(opportunity, created_at=datetime(2026, 1, 5, 12, tzinfo=UTC))

    lost = lose(
        opportunity,
        by=rep,
        reason=price,
        lost_to=jacquard,
        closed_on=date(2026, 1, 5),
        actual_value=Decimal(0),
        comment="They were cheaper",
    )

    lost.refresh_from_db()
    assert (lost.lost_to, lost.closed_on, lost.actual_value) == (jacquard, date(2026, 1, 5), 0)
    assert lost.moves.get(kind="lost").comment == "They were cheaper"


def test_changes_nothing_the_second_time(rep, price, jacquard):
    opportunity = OpportunityFactory(owner=rep)
    first = lose(opportunity, by=rep, reason=price, lost_to=jacquard)
    before = stored()

    assert lose(opportunity, by=rep, reason=price) == first
    assert stored() == before


def test_refuses_another_reason_the_second_time_and_what_is_won(rep, price):
    other = LossReason.objects.get(key="no-decision")
    lost = lose(OpportunityFactory(owner=rep), by=rep, reason=price)
    won = win(OpportunityFactory(owner=rep), by=rep)

    with pytest.raises(OpportunityIsClosed, match="is lost already"):
        lose(lost, by=rep, reason=other)
    with pytest.raises(OpportunityIsClosed, match="is won already"):
        lose(won, by=rep, reason=price)


def test_asks_for_a_reason(rep):
    with pytest.raises(Unacceptable) as refusal:
        lose(OpportunityFactory(owner=rep), by=rep, reason=None)

    assert refusal.value.field == "reason"


def test_leaves_nothing_behind_when_it_fails(rep, price, broken_trail):
    opportunity = OpportunityFactory(owner=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        lose(opportunity, by=rep, reason=price)

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, outsider, price):
    opportunity = OpportunityFactory(owner=rep)

    for user in (rep2, outsider):
        with pytest.raises(NotPermitted):
            lose(opportunity, by=user, reason=price)

"""Winning an opportunity."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError
from django.utils import timezone

from opportunities.models import LossReason
from opportunities.operations import OpportunityIsClosed, lose, put_on_hold, win
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.factories import OpportunityFactory, UserFactory
from tests.world import stored
from workbench.operations import back_date


def test_closes_at_its_value_today(rep):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(900))

    won = win(opportunity, by=rep)

    assert (won.status, won.probability, won.forecast_category) == ("won", 100, "commit")
    assert (won.actual_value, won.base_value) == (Decimal(900), Decimal(900))
    assert won.closed_on == timezone.localdate()
    assert won.stage == opportunity.stage
    move = won.moves.get(kind="won")
    assert (move.to_stage, move.base_value, move.by) == (won.stage, Decimal(900), rep)
    entry = AuditEntry.objects.get(event="opportunity.won")
    assert entry.changes["status"] == ["open", "won"]


def test_closes_on_the_terms_that_are_given(rep):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(900), estimated_close_date=None)
    back_date(opportunity, created_at=datetime(2026, 1, 5, 12, tzinfo=UTC))

    won = win(
        opportunity,
        by=rep,
        actual_value=Decimal(850),
        closed_on=date(2026, 1, 5),
        comment="A discount",
    )

    won.refresh_from_db()
    assert (won.actual_value, won.value, won.base_value) == (850, 900, 850)
    assert (won.closed_on, won.close_comment) == (date(2026, 1, 5), "A discount")
    assert won.moves.get(kind="won").comment == "A discount"


def test_ends_a_rest(rep):
    opportunity = put_on_hold(OpportunityFactory(owner=rep), by=rep)

    assert not win(opportunity, by=rep).is_on_hold


def test_changes_nothing_the_second_time(rep):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(900))
    first = win(opportunity, by=rep, actual_value=Decimal(850))
    before = stored()

    assert win(opportunity, by=rep) == first
    assert win(opportunity, by=rep, actual_value=Decimal(850)) == first
    assert stored() == before


def test_refuses_other_terms_the_second_time_and_what_is_lost(rep):
    won = win(OpportunityFactory(owner=rep, value=Decimal(900)), by=rep)
    lost = lose(OpportunityFactory(owner=rep), by=rep, reason=LossReason.objects.first())

    with pytest.raises(OpportunityIsClosed, match="is won already"):
        win(won, by=rep, actual_value=Decimal(850))
    with pytest.raises(OpportunityIsClosed, match="is lost already"):
        win(lost, by=rep)


def test_refuses_a_day_to_come_and_a_negative_value(rep):
    opportunity = OpportunityFactory(owner=rep)

    with pytest.raises(Unacceptable) as refusal:
        win(opportunity, by=rep, closed_on=timezone.localdate() + timedelta(days=1))
    assert refusal.value.field == "closed_on"
    with pytest.raises(Unacceptable) as refusal:
        win(opportunity, by=rep, actual_value=Decimal(-1))
    assert refusal.value.field == "actual_value"


def test_leaves_nothing_behind_when_it_fails(rep, broken_trail):
    opportunity = OpportunityFactory(owner=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        win(opportunity, by=rep)

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, outsider, manager):
    editor = UserFactory(may={"opportunities.change_opportunity": "all"})
    opportunity = OpportunityFactory(owner=rep)

    for user in (rep2, outsider, editor):
        with pytest.raises(NotPermitted):
            win(opportunity, by=user)
    assert win(opportunity, by=manager).status == "won"


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(2026, 1, 4)])
def test_refuses_a_day_before_it_was_created(rep, day):
    opportunity = OpportunityFactory(owner=rep)
    back_date(opportunity, created_at=datetime(2026, 1, 5, 12, tzinfo=UTC))

    with pytest.raises(Unacceptable, match=r"It was created on .* Enter that day or a later one"):
        win(opportunity, by=rep, closed_on=day)

    opportunity.refresh_from_db()
    assert opportunity.is_open


@pytest.mark.parametrize("year", [1, 1899, 1582])
def test_refuses_a_day_of_no_calendar_in_use(rep, year):
    opportunity = OpportunityFactory(owner=rep)

    with pytest.raises(Unacceptable) as refusal:
        win(opportunity, by=rep, closed_on=date(year, 1, 1))

    assert refusal.value.errors == {"closed_on": ["Choose a date between 1900 and 2999."]}
    opportunity.refresh_from_db()
    assert opportunity.is_open

"""What the process bar shows."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from opportunities.models import LossReason, Stage, Step
from opportunities.operations import lose, move_to_stage, reopen, tick_step, win
from opportunities.rules import stage_bar
from tests.factories import OpportunityFactory

START = datetime(2031, 5, 5, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def days(number):
    return timedelta(days=number)


def stage(key):
    return Stage.objects.get(key=key)


def test_shows_done_current_and_next(rep, clock):
    Step.objects.filter(key__in=["internal-review", "present-proposal"]).update(is_required=True)
    opportunity = OpportunityFactory(owner=rep)
    clock.shift(days(26))
    move_to_stage(opportunity, by=rep, stage=stage("propose"))
    opportunity.refresh_from_db()
    clock.shift(days(11))

    develop, propose, close = stage_bar(opportunity)

    assert (develop.state, develop.left_at, develop.days) == ("done", START + days(26), 26)
    assert (propose.state, propose.day, propose.usual_days) == ("current", 12, 14)
    assert not propose.is_late
    assert (close.state, close.steps_left, close.days) == ("next", 2, None)


def test_is_late_over_the_usual_time(rep, clock):
    opportunity = OpportunityFactory(owner=rep)
    clock.shift(days(21))

    current = stage_bar(opportunity)[0]

    assert (current.day, current.usual_days, current.is_late) == (22, 21, True)


def test_counts_steps_over_all_stages_on_the_way(rep, clock):
    Step.objects.filter(
        key__in=["customer-need", "identify-competitors", "internal-review"]
    ).update(is_required=True)
    opportunity = OpportunityFactory(owner=rep, customer_need="Cloth")

    develop, propose, close = stage_bar(opportunity)

    assert (develop.steps_left, propose.steps_left, close.steps_left) == (0, 1, 2)
    assert [(s.step.key, s.is_box, s.is_done) for s in develop.steps] == [
        ("customer-need", False, True),
        ("proposed-solution", False, False),
        ("identify-stakeholders", True, False),
        ("identify-competitors", True, False),
    ]
    tick_step(opportunity, by=rep, step=Step.objects.get(key="identify-competitors"))
    assert stage_bar(opportunity)[1].steps_left == 0


def test_adds_up_several_stays_in_one_stage(rep, clock):
    opportunity = OpportunityFactory(owner=rep)
    for key, stay in (("propose", 5), ("develop", 7), ("propose", 2)):
        clock.shift(days(stay))
        move_to_stage(opportunity, by=rep, stage=stage(key))
    opportunity.refresh_from_db()

    develop, propose, _close = stage_bar(opportunity)

    assert (develop.days, develop.left_at) == (7, START + days(14))
    assert (propose.days, propose.day) == (7, 1)


def test_shows_a_stage_that_was_skipped(rep, clock):
    opportunity = OpportunityFactory(owner=rep)
    move_to_stage(opportunity, by=rep, stage=stage("close"))
    opportunity.refresh_from_db()

    skipped = stage_bar(opportunity)[1]

    assert (skipped.state, skipped.left_at, skipped.days) == ("done", None, None)


def test_begins_with_the_lead_where_there_was_one(rep, clock):
    clock.shift(days(30))
    opportunity = OpportunityFactory(owner=rep)

    bar = stage_bar(opportunity, lead_since=START, lead_until=START + days(30))

    assert [entry.stage.key for entry in bar] == ["qualify", "develop", "propose", "close"]
    assert (bar[0].state, bar[0].days, bar[0].left_at) == ("done", 30, START + days(30))
    assert bar[0].steps == ()


def test_shows_a_lead_that_has_no_opportunity_yet(rep, clock):
    Step.objects.filter(key="customer-need").update(is_required=True)
    clock.shift(days(3))

    bar = stage_bar(lead_since=START)

    assert [entry.state for entry in bar] == ["current", "next", "next", "next"]
    assert (bar[0].day, bar[0].left_at) == (4, None)
    assert [entry.steps_left for entry in bar] == [0, 0, 1, 1]


def test_shows_how_it_ended(rep, clock):
    won, lost = OpportunityFactory(owner=rep), OpportunityFactory(owner=rep)
    for opportunity in (won, lost):
        move_to_stage(opportunity, by=rep, stage=stage("propose"))
    clock.shift(days(4))
    won = win(won, by=rep)
    lost = lose(lost, by=rep, reason=LossReason.objects.first())

    assert [entry.state for entry in stage_bar(won)] == ["done", "won", "won"]
    assert [entry.state for entry in stage_bar(lost)] == ["done", "lost", "next"]
    assert (stage_bar(lost)[1].days, stage_bar(lost)[1].day) == (4, None)


def test_counts_from_the_reopening(rep, clock):
    opportunity = OpportunityFactory(owner=rep)
    clock.shift(days(4))
    win(opportunity, by=rep)
    clock.shift(days(10))
    opportunity = reopen(opportunity, by=rep)
    clock.shift(days(2))

    current = stage_bar(opportunity)[0]

    assert (current.days, current.day) == (6, 3)


def test_asks_the_database_no_more_for_more_stages(rep, statements):
    opportunity = OpportunityFactory(owner=rep)
    with statements() as few:
        stage_bar(opportunity)
    process = opportunity.stage.process
    for position in range(10, 20):
        added = Stage.objects.create(
            process=process, key=f"s{position}", name="More", position=position, probability=90
        )
        Step.objects.create(stage=added, key="box", label="Box")

    with statements() as many:
        stage_bar(opportunity)

    assert len(many) == len(few) <= 5

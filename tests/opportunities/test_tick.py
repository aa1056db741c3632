"""Ticking the boxes of a process."""

import pytest
from django.db import DatabaseError

from opportunities.models import Process, Stage, Step, StepTick
from opportunities.operations import OpportunityIsClosed, tick_step, win
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.factories import OpportunityFactory
from tests.world import stored


@pytest.fixture
def step(defaults):
    return Step.objects.select_related("stage").get(key="identify-competitors")


def test_ticks_a_box_and_says_who_did(rep, step):
    opportunity = OpportunityFactory(owner=rep)

    tick_step(opportunity, by=rep, step=step)

    tick = opportunity.ticks.get()
    assert (tick.step, tick.by) == (step, rep)
    entry = AuditEntry.objects.get(event="opportunity.step_ticked")
    assert entry.changes == {"Identify competitors": [False, True]}


def test_unticks_it(rep, step):
    opportunity = OpportunityFactory(owner=rep)
    tick_step(opportunity, by=rep, step=step)

    tick_step(opportunity, by=rep, step=step, is_done=False)

    assert not StepTick.objects.exists()
    assert AuditEntry.objects.filter(event="opportunity.step_unticked").exists()


@pytest.mark.parametrize("is_done", [True, False])
def test_changes_nothing_the_second_time(rep, step, is_done):
    opportunity = OpportunityFactory(owner=rep)
    tick_step(opportunity, by=rep, step=step, is_done=is_done)
    before = stored()

    tick_step(opportunity, by=rep, step=step, is_done=is_done)

    assert stored() == before


def test_may_be_done_ahead_in_a_later_stage(rep):
    opportunity = OpportunityFactory(owner=rep)

    tick_step(opportunity, by=rep, step=Step.objects.get(key="thank-you"))

    assert opportunity.ticks.count() == 1


def test_refuses_a_field_a_lead_s_step_and_another_process(rep, step):
    opportunity = OpportunityFactory(owner=rep)
    elsewhere = Step.objects.create(
        stage=Stage.objects.create(
            process=Process.objects.create(key="renewal", name="Renewal"),
            key="call",
            name="Call",
            position=1,
            probability=50,
        ),
        key="ring",
        label="Ring",
    )

    with pytest.raises(Unacceptable, match="filling in its field"):
        tick_step(opportunity, by=rep, step=Step.objects.get(key="customer-need"))
    for other in (elsewhere, Step.objects.get(key="decision-maker")):
        with pytest.raises(Unacceptable, match="no step of this process"):
            tick_step(opportunity, by=rep, step=other)


def test_is_refused_when_it_is_closed(rep, step):
    won = win(OpportunityFactory(owner=rep), by=rep)

    with pytest.raises(OpportunityIsClosed):
        tick_step(won, by=rep, step=step)


def test_leaves_nothing_behind_when_it_fails(rep, step, broken_trail):
    opportunity = OpportunityFactory(owner=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        tick_step(opportunity, by=rep, step=step)

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, outsider, step):
    opportunity = OpportunityFactory(owner=rep)

    for user in (rep2, outsider):
        with pytest.raises(NotPermitted):
            tick_step(opportunity, by=user, step=step)

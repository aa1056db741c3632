"""Moving an opportunity through its process, and the steps that gate the way."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError

from opportunities.models import Competitor, Process, Stage, Stakeholder, Step
from opportunities.operations import (
    OpportunityIsClosed,
    StepsAreMissing,
    move_to_stage,
    tick_step,
    update_opportunity,
    win,
)
from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from tests.custom import define
from tests.factories import ContactFactory, OpportunityFactory, clerk
from tests.world import stored


def stage(key):
    return Stage.objects.get(key=key)


def require_steps(*keys):
    Step.objects.filter(key__in=keys).update(is_required=True)
    return [Step.objects.get(key=key) for key in keys]


def require_field(name):
    """Let the first step of Develop ask for a field."""
    Step.objects.filter(key="customer-need").update(is_required=True, field=name)


def test_takes_probability_and_forecast_from_the_stage(rep):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(40))
    entered = datetime(2031, 5, 5, 9, tzinfo=UTC)

    with time_machine.travel(entered, tick=False):
        moved = move_to_stage(opportunity, by=rep, stage=stage("propose"))

    assert (moved.probability, moved.forecast_category) == (60, "best_case")
    assert moved.stage_entered_at == entered
    move = moved.moves.get(kind="moved")
    assert (move.from_stage, move.to_stage) == (stage("develop"), stage("propose"))
    assert (move.at, move.by, move.base_value) == (entered, rep, Decimal(40))
    entry = AuditEntry.objects.get(event="opportunity.stage_changed")
    assert [side["label"] for side in entry.changes["stage"]] == ["Develop", "Propose"]


def test_asks_the_database_eleven_times_at_most(rep, statements):
    require_steps("customer-need", "identify-competitors")
    opportunity = OpportunityFactory(owner=rep, customer_need="Cloth")
    tick_step(opportunity, by=rep, step=Step.objects.get(key="identify-competitors"))
    propose = stage("propose")

    with statements() as told:
        move_to_stage(opportunity, by=rep, stage=propose)

    # One of them asks since when it was in the stage that it leaves: for the time in each stage.
    assert len(told) <= 11, "\n".join(told)


def test_changes_nothing_where_it_is_already(rep):
    opportunity = OpportunityFactory(owner=rep)
    move_to_stage(opportunity, by=rep, stage=stage("propose"))
    before = stored()

    move_to_stage(opportunity, by=rep, stage=stage("propose"))

    assert stored() == before


def test_is_stopped_by_every_required_step_on_the_way(rep):
    need, competitors, review = require_steps(
        "customer-need", "identify-competitors", "internal-review"
    )
    opportunity = OpportunityFactory(owner=rep)

    with pytest.raises(StepsAreMissing, match="Customer need, Identify competitors") as refusal:
        move_to_stage(opportunity, by=rep, stage=stage("close"))

    assert refusal.value.steps == [need, competitors, review]
    assert refusal.value.reasons[2] == "Propose: Complete internal review"
    assert refusal.value.field == "stage"


def test_goes_on_when_fields_are_filled_and_boxes_ticked(rep):
    _need, competitors = require_steps("customer-need", "identify-competitors")
    opportunity = OpportunityFactory(owner=rep)
    update_opportunity(opportunity, by=rep, customer_need="Cloth")

    with pytest.raises(StepsAreMissing, match="A required step is missing"):
        move_to_stage(opportunity, by=rep, stage=stage("propose"))
    tick_step(opportunity, by=rep, step=competitors)

    assert move_to_stage(opportunity, by=rep, stage=stage("propose")).stage.key == "propose"


def test_goes_back_freely(rep):
    opportunity = OpportunityFactory(owner=rep, stage=stage("close"))
    require_steps("customer-need", "final-proposal")

    moved = move_to_stage(opportunity, by=rep, stage=stage("develop"))

    assert (moved.stage.key, moved.probability) == ("develop", 30)


def test_counts_a_question_of_yes_or_no_only_when_it_is_yes(rep):
    require_field("decision_maker_known")
    opportunity = OpportunityFactory(owner=rep, decision_maker_known=False)

    with pytest.raises(StepsAreMissing):
        move_to_stage(opportunity, by=rep, stage=stage("propose"))
    update_opportunity(opportunity, by=rep, decision_maker_known=True)

    assert move_to_stage(opportunity, by=rep, stage=stage("propose"))


def test_counts_nothing_as_an_amount(rep):
    require_field("budget_amount")
    opportunity = OpportunityFactory(owner=rep, budget_amount=Decimal(0))

    assert move_to_stage(opportunity, by=rep, stage=stage("propose"))


@pytest.mark.parametrize("name", ["competitors", "stakeholders", "contact", "custom.loom"])
def test_knows_relations_and_custom_fields(rep, name):
    if name.startswith("custom."):
        define("opportunity", "loom", by=clerk())
    require_field(name)
    opportunity = OpportunityFactory(owner=rep)
    contact = ContactFactory(owner=rep)

    with pytest.raises(StepsAreMissing):
        move_to_stage(opportunity, by=rep, stage=stage("propose"))
    match name:
        case "competitors":
            jacquard = Competitor.objects.create(key="jacquard", name="Jacquard")
            update_opportunity(opportunity, by=rep, competitors=[jacquard])
        case "stakeholders":
            Stakeholder.objects.create(opportunity=opportunity, contact=contact)
        case "contact":
            update_opportunity(opportunity, by=rep, contact=contact)
        case _:
            update_opportunity(opportunity, by=rep, custom={"loom": "Jacquard's"})

    assert move_to_stage(opportunity, by=rep, stage=stage("propose"))


def test_treats_a_field_that_is_gone_as_a_box(rep):
    require_field("was_taken_away")
    step = Step.objects.get(key="customer-need")
    opportunity = OpportunityFactory(owner=rep)

    with pytest.raises(StepsAreMissing):
        move_to_stage(opportunity, by=rep, stage=stage("propose"))
    tick_step(opportunity, by=rep, step=step)

    assert move_to_stage(opportunity, by=rep, stage=stage("propose"))


def test_refuses_the_lead_s_stage_and_other_processes(rep):
    opportunity = OpportunityFactory(owner=rep)
    renewal = Stage.objects.create(
        process=Process.objects.create(key="renewal", name="Renewal"),
        key="call",
        name="Call",
        position=1,
        probability=50,
    )

    with pytest.raises(Unacceptable, match="done on the lead"):
        move_to_stage(opportunity, by=rep, stage=stage("qualify"))
    with pytest.raises(Unacceptable, match="another process"):
        move_to_stage(opportunity, by=rep, stage=renewal)


def test_is_refused_when_it_is_closed_or_changed_meanwhile(rep, manager):
    won = win(OpportunityFactory(owner=rep), by=rep)
    opportunity = OpportunityFactory(owner=rep)
    update_opportunity(opportunity, by=manager, topic="Power looms")

    with pytest.raises(OpportunityIsClosed):
        move_to_stage(won, by=rep, stage=stage("propose"))
    with pytest.raises(Stale):
        move_to_stage(opportunity, by=rep, stage=stage("propose"), version=1)


def test_leaves_nothing_behind_when_it_fails(rep, broken_trail):
    opportunity = OpportunityFactory(owner=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        move_to_stage(opportunity, by=rep, stage=stage("propose"))

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, outsider, manager):
    opportunity = OpportunityFactory(owner=rep)

    for user in (rep2, outsider):
        with pytest.raises(NotPermitted):
            move_to_stage(opportunity, by=user, stage=stage("propose"))
    assert move_to_stage(opportunity, by=manager, stage=stage("propose"))


def test_remembers_every_stay(rep):
    start = datetime(2031, 5, 5, 9, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        opportunity = OpportunityFactory(owner=rep)
        for key in ("propose", "develop", "close"):
            clock.shift(timedelta(days=3))
            move_to_stage(opportunity, by=rep, stage=stage(key))

    moves = opportunity.moves.order_by("at").values_list("to_stage__key", "at")
    assert list(moves) == [
        ("develop", start),
        ("propose", start + timedelta(days=3)),
        ("develop", start + timedelta(days=6)),
        ("close", start + timedelta(days=9)),
    ]

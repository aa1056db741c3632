"""Several processes side by side: chosen by condition or by hand, and changed on the way."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.operations import create_account
from activities.operations import log_call
from leads.operations import capture_lead, qualify
from opportunities.models import Opportunity, Process, Stage, StageMove, Step
from opportunities.operations import (
    StepsAreMissing,
    move_to_stage,
    open_opportunity,
    save_process,
    save_stages,
    save_step,
    switch_process,
    tick_step,
)
from opportunities.rules import missing_for_each
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from records.operations import save_setting
from tests.api.conftest import Caller
from users.models import User

pytestmark = pytest.mark.django_db

LARGE = {"all": [{"field": "value", "is": "at_least", "value": "1000"}]}
STEEL = {"all": [{"field": "account.industry", "is": "is", "value": "Steel"}]}


def a_process(admin: User, key: str, position: int, condition: Any = None) -> Process:
    process = Process(key=key, name=key.capitalize(), position=position, condition=condition or {})
    save_process(process, by=admin)
    stages = [
        Stage(process=process, key=name, name=f"{key} {name}", position=place, probability=place)
        for place, name in enumerate(("first", "second"), start=1)
    ]
    save_stages(stages, by=admin)
    return process


def test_condition_chooses_the_first_that_is_meant(rep: User, admin: User) -> None:
    a_process(admin, "tender", 20, LARGE)
    a_process(admin, "mill", 10, STEEL)
    account = create_account(by=rep, name="Works", industry="Steel")

    small = open_opportunity("Small", by=rep, owner=rep, value=5)
    large = open_opportunity("Large", by=rep, owner=rep, value=5000)
    both = open_opportunity("Both", by=rep, owner=rep, value=5000, account=account)

    keys = [each.stage.process.key for each in (small, large, both)]
    assert keys == ["sales", "tender", "mill"]
    assert large.probability == 1
    told = AuditEntry.objects.get(event="opportunity.created", record_id=both.pk)
    assert "Mill, Tender: the first of them is taken" in told.reason


def test_counts_where_a_lead_is_qualified(rep: User, admin: User, client: Client) -> None:
    a_process(admin, "tender", 20, LARGE)
    client.force_login(rep)
    lead = capture_lead(
        by=rep,
        topic="Engines",
        last_name="Byron",
        company="Works",
        estimated_value=2000,
        email="ada@works.example",
        phone="+442079460001",
    )

    page = client.get(f"/leads/{lead.pk}/qualify/").content.decode()
    [opportunity] = qualify(lead, by=rep).opportunities

    assert "The first one of its process" in page
    assert opportunity.stage.process.key == "tender"


@pytest.mark.parametrize("door", ["operation", "page", "program"])
def test_changes_by_hand_and_remembers(rep: User, admin: User, client: Client, door: str) -> None:
    tender = a_process(admin, "tender", 20)
    opportunity = open_opportunity("Engines", by=rep, owner=rep)
    before = opportunity.stage

    if door == "operation":
        switch_process(opportunity, by=rep, process=tender)
    elif door == "page":
        client.force_login(rep)
        stages = client.get(f"/opportunities/{opportunity.pk}/stage/").content.decode()
        assert f"/opportunities/{opportunity.pk}/process/" in stages
        client.post(f"/opportunities/{opportunity.pk}/process/", {"process": tender.pk})
    else:
        Caller(rep).post(f"opportunities/{opportunity.pk}/process/", {"process": "tender"})

    opportunity = Opportunity.objects.get()
    assert opportunity.stage.key == "first"
    assert opportunity.stage.process == tender
    moves = StageMove.objects.order_by("at", "pk").values_list("from_stage", "to_stage")
    assert list(moves) == [(None, before.pk), (before.pk, opportunity.stage_id)]


def test_gates_of_the_new_process_hold(rep: User, admin: User) -> None:
    tender = a_process(admin, "tender", 20)
    first, second = tender.stages.order_by("position")
    save_setting(Step(stage=first, key="price", label="Price", is_required=True), by=admin)
    opportunity = open_opportunity("Engines", by=rep, owner=rep)
    opportunity = switch_process(opportunity, by=rep, process=tender)

    with pytest.raises(StepsAreMissing, match="Price"):
        move_to_stage(opportunity, by=rep, stage=second)


def test_refuses_with_a_sentence(rep: User, rep2: User, admin: User) -> None:
    empty = save_process(Process(key="empty", name="Empty"), by=admin)
    retired = a_process(admin, "tender", 20)
    retired.is_active = False
    save_process(retired, by=admin)
    opportunity = open_opportunity("Engines", by=rep, owner=rep)

    with pytest.raises(Unacceptable, match="no stage yet"):
        switch_process(opportunity, by=rep, process=empty)
    with pytest.raises(Unacceptable, match="out of use"):
        switch_process(opportunity, by=rep, process=retired)
    with pytest.raises(NotPermitted):
        switch_process(opportunity, by=rep2, process=empty)
    gone = {"all": [{"field": "custom.gone", "is": "known"}]}
    with pytest.raises(Unacceptable) as refusal:
        save_process(Process(key="odd", name="Odd", condition=gone), by=admin)
    assert list(refusal.value.errors) == ["condition"]


def test_a_step_asks_for_an_activity(rep: User, admin: User) -> None:
    stage, *_rest, last = Stage.objects.filter(is_for_leads=False).order_by("position")
    Step.objects.update(is_required=False)
    step = Step(stage=stage, key="called", label="Talk to them", activity="call", is_required=True)
    save_setting(step, by=admin)
    opportunity = open_opportunity("Engines", by=rep, owner=rep)

    with pytest.raises(StepsAreMissing, match="Talk to them"):
        move_to_stage(opportunity, by=rep, stage=last)
    assert missing_for_each([opportunity], last) == {opportunity.pk: [step]}
    with pytest.raises(Unacceptable, match="by logging it"):
        tick_step(opportunity, by=rep, step=step)
    log_call(opportunity, by=rep, subject="Hello")

    assert missing_for_each([opportunity], last) == {opportunity.pk: []}
    assert move_to_stage(opportunity, by=rep, stage=last).stage == last


def test_a_step_asks_for_one_thing(admin: User) -> None:
    stage = Stage.objects.filter(is_for_leads=False).first()

    step = Step(stage=stage, key="both", label="Both", activity="call", field="value")

    with pytest.raises(Unacceptable, match="not both"):
        save_step(step, by=admin)

"""A required step and a closed deal stop a move with the same sentence at every door."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from opportunities.jobs import MoveOpportunities
from opportunities.models import LossReason, Opportunity, Stage, Step
from opportunities.operations import lose, move_to_stage
from records.errors import Refused
from tests.admin.forms import form_of
from tests.api.conftest import Caller
from tests.factories import OpportunityFactory
from users.models import User
from workbench.bulk import change_many

Door = Callable[[User, Client, Opportunity, Stage], str]


def by_operation(admin: User, client: Client, deal: Opportunity, stage: Stage) -> str:
    with pytest.raises(Refused) as refusal:
        move_to_stage(deal, by=admin, stage=stage)
    return str(refusal.value)


def by_page(admin: User, client: Client, deal: Opportunity, stage: Stage) -> str:
    answer = client.post(f"/opportunities/{deal.pk}/stage/", {"stage": stage.pk})
    assert answer.status_code in {409, 422}
    return answer.content.decode()


def by_board(admin: User, client: Client, deal: Opportunity, stage: Stage) -> str:
    address = f"/opportunities/{deal.pk}/stage/?board=1"
    sent = {"stage": stage.pk, "version": deal.version}
    answer = client.post(address, sent, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert answer.status_code in {409, 422}
    return answer.content.decode()


def in_bulk(admin: User, client: Client, deal: Opportunity, stage: Stage) -> str:
    sent = {"numbers": str(deal.pk), "stage": stage.pk, "preview": "1"}
    return client.post("/opportunities/bulk/stage/", sent).content.decode()


def by_job(admin: User, client: Client, deal: Opportunity, stage: Stage) -> str:
    line = change_many(MoveOpportunities, [deal.pk], by=admin, stage=stage).lines.get()
    assert line.state == "refused"
    return json.dumps(line.reasons) if hasattr(line, "reasons") else str(vars(line))


def by_program(admin: User, client: Client, deal: Opportunity, stage: Stage) -> str:
    answer = Caller(admin).post(f"opportunities/{deal.pk}/stage/", {"stage": stage.pk})
    assert answer.status_code in {400, 409, 422}
    return json.dumps(answer.json(), ensure_ascii=False)


def by_patch(admin: User, client: Client, deal: Opportunity, stage: Stage) -> str:
    answer = Caller(admin).patch(f"opportunities/{deal.pk}/", {"stage": stage.pk})
    assert answer.status_code in {400, 409, 422}
    return json.dumps(answer.json(), ensure_ascii=False)


def by_admin(admin: User, client: Client, deal: Opportunity, stage: Stage) -> str:
    address = reverse("admin:opportunities_opportunity_change", args=[deal.pk])
    answer = client.post(address, form_of(client, address) | {"stage": stage.pk})
    return answer.content.decode()


DOORS: list[Door] = [
    by_operation, by_page, by_board, in_bulk, by_job, by_program, by_patch, by_admin,
]  # fmt: skip


@pytest.mark.once  # the operation refuses, and each door says what it says
@pytest.mark.parametrize("door", [pytest.param(by_operation, marks=pytest.mark.both), *DOORS[1:]])
@pytest.mark.parametrize("gate", ["box", "field", "activity", "closed"])
def test_stops_a_move_at_every_door(admin: User, client: Client, door: Door, gate: str):
    first, _second, last, *_ = Stage.objects.for_opportunities().order_by("position")
    Step.objects.update(is_required=False)
    needs = {"field": {"field": "customer_need"}, "activity": {"activity": "call"}}.get(gate, {})
    if gate != "closed":
        Step.objects.create(stage=first, key="gate", label="The gate", is_required=True, **needs)
    deal = OpportunityFactory(owner=admin, stage=first, topic="Engines", customer_need="")
    if gate == "closed":
        deal = lose(deal, by=admin, reason=LossReason.objects.first())
    client.force_login(admin)

    told = html.unescape(door(User.objects.get(pk=admin.pk), client, deal, last))

    if gate == "closed":
        is_told = door is by_admin or "lost" in told
    else:
        is_told = "The gate" in told
    assert is_told, told[-3000:]
    assert Opportunity.objects.get(pk=deal.pk).stage == first

"""The stage that is worked on the lead has steps, too: required ones stop qualifying everywhere."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from activities.operations import log_call
from leads.models import Lead
from leads.operations import Plan, qualify, update_lead
from leads.rules import verdicts_for, with_rules
from opportunities.models import Stage, Step
from tests.api.conftest import Caller
from tests.factories import LeadFactory
from users.models import User

Door = Callable[[User, Client, Lead], str]


@pytest.fixture
def gate(defaults: None) -> Step:
    stage = Stage.objects.get(is_for_leads=True)
    stage.steps.all().delete()
    box = {"key": "box", "label": "A box", "is_required": True}
    Step.objects.create(stage=stage, **box)
    Step.objects.create(stage=stage, key="gone", label="Gone", field="value", is_required=True)
    return Step.objects.create(
        stage=stage, key="gate", label="The gate", field="mobile", is_required=True
    )


def by_operation(rep: User, client: Client, lead: Lead) -> str:
    with pytest.raises(Exception, match="cannot be qualified yet") as refusal:
        qualify(lead, by=rep)
    return str(refusal.value.reasons)  # type: ignore[attr-defined]


def by_page(rep: User, client: Client, lead: Lead) -> str:
    return client.post(f"/leads/{lead.pk}/qualify/", {}).content.decode()


def on_the_record(rep: User, client: Client, lead: Lead) -> str:
    return client.get(lead.get_absolute_url()).content.decode()


def by_program(rep: User, client: Client, lead: Lead) -> str:
    answer = Caller(rep).post(f"leads/{lead.pk}/qualify/", {})
    assert answer.status_code == 422
    return json.dumps(answer.json())


def in_bulk(rep: User, client: Client, lead: Lead) -> str:
    return client.get(f"/leads/bulk/qualify/?lead={lead.pk}").content.decode()


def by_command(rep: User, client: Client, lead: Lead) -> str:
    out = io.StringIO()
    try:
        call_command("qualify", str(lead.pk), "--by", rep.email, stdout=out, stderr=out)
    except (CommandError, SystemExit) as end:
        return f"{out.getvalue()} {end}"
    return out.getvalue()


@pytest.mark.parametrize(
    "door", [by_operation, by_page, on_the_record, by_program, in_bulk, by_command]
)
def test_a_required_step_stops_qualifying_at_every_door(
    rep: User, client: Client, gate: Step, door: Door
) -> None:
    lead = LeadFactory(owner=rep, mobile="")
    client.force_login(rep)

    told = html.unescape(door(rep, client, lead))

    assert "The gate" in told, told[-2000:]
    assert "A box" not in told, "a lead has no boxes"
    lead.refresh_from_db()
    assert lead.is_open


def test_what_is_done_stops_nobody(rep: User, gate: Step, statements: Any) -> None:
    lead = LeadFactory(owner=rep, mobile="")
    told = [verdict.key for verdict in verdicts_for(lead, by=rep).items]
    assert "step.gate" in told

    lead = update_lead(lead, by=rep, mobile="+49 170 1234567")
    Step.objects.filter(pk=gate.pk).update(field="", activity="call")
    assert not verdicts_for(lead, by=rep).may_qualify
    log_call(lead, by=rep)
    assert qualify(lead, by=rep, plan=Plan())

    Step.objects.update(is_required=False)
    other = with_rules(Lead.objects.all()).get(pk=LeadFactory(owner=rep).pk)
    verdicts_for(other, by=rep)
    with statements() as asked:
        verdicts_for(other, by=rep)
    assert not asked

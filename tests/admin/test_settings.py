"""Lists and tables are shaped in the administration, with a trail, and nothing in use is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from leads.models import DisqualifyReason, Lead
from opportunities.models import Opportunity, Process, Product, Source, Stage, Step, StepTick
from opportunities.operations import save_stages
from records.errors import IsInUse, NotPermitted, Unacceptable
from records.models import AuditEntry, Currency
from records.operations import delete_setting, save_setting
from tests.admin.forms import errors_of, form_of
from tests.api.conftest import Caller
from tests.custom import define
from tests.factories import LeadFactory, OpportunityFactory, UserFactory
from users.models import User

pytestmark = pytest.mark.once  # lists and what a page says of them


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


def with_lines(client: Client, address: str, prefix: str) -> dict[str, Any]:
    """Return what the form and its inline would send when nobody types anything."""
    sent = form_of(client, address)
    for inline in client.get(address).context["inline_admin_formsets"]:
        if inline.formset.prefix != prefix:
            continue
        for form in inline.formset.initial_forms:
            for field in form:
                value = field.value()
                if value not in (None, False):
                    sent[field.html_name] = str(value)
        sent[f"{prefix}-TOTAL_FORMS"] = sent[f"{prefix}-INITIAL_FORMS"]
    return sent


def test_a_source_is_added_with_a_trail(desk: Client, admin: User):
    address = "/admin/opportunities/source/add/"

    desk.post(address, form_of(desk, address) | {"name": "Podcast", "key": "podcast"})

    source = Source.objects.get(key="podcast")
    entry = AuditEntry.objects.get(record_id=source.pk, record_type__model="source")
    assert (entry.event, entry.actor) == ("source.created", admin)
    assert entry.changes["name"] == [None, "Podcast"]
    assert (
        b"source.created" in desk.get(f"/admin/opportunities/source/{source.pk}/history/").content
    )


def test_a_key_stays(desk: Client):
    source = Source.objects.first()
    address = f"/admin/opportunities/source/{source.pk}/change/"

    desk.post(address, form_of(desk, address) | {"name": "Renamed", "key": "other"})

    before, source = source, Source.objects.get(pk=source.pk)
    assert (source.name, source.key) == ("Renamed", before.key)


def test_a_source_in_use_is_not_deleted_but_taken_out_of_use(desk: Client):
    source = Source.objects.first()
    lead = LeadFactory(source=source)

    asked = desk.get(f"/admin/opportunities/source/{source.pk}/delete/")
    desk.post(f"/admin/opportunities/source/{source.pk}/delete/", {"post": "yes"})
    sent = {"action": "delete_selected", "post": "yes", "_selected_action": source.pk}
    desk.post("/admin/opportunities/source/", sent)

    assert b"1 leads" in asked.content
    assert b"Take out of use" in asked.content
    assert Source.objects.filter(pk=source.pk, is_active=True).exists()

    sent = {"action": "take_out_of_use", "_selected_action": source.pk, "index": "0"}
    desk.post("/admin/opportunities/source/?", sent)

    source.refresh_from_db()
    lead.refresh_from_db()
    assert not source.is_active
    assert lead.source == source


def test_what_is_out_of_use_stays_where_it_is(desk: Client):
    source = Source.objects.first()
    lead = LeadFactory(source=source)
    Source.objects.filter(pk=source.pk).update(is_active=False)
    address = f"/admin/leads/lead/{lead.pk}/change/"

    desk.post(address, form_of(desk, address) | {"topic": "Looms"})

    lead.refresh_from_db()
    assert (lead.topic, lead.source) == ("Looms", source)
    other = LeadFactory()
    address = f"/admin/leads/lead/{other.pk}/change/"
    answer = desk.post(address, form_of(desk, address) | {"source": source.pk})
    assert "Select a valid choice" in errors_of(answer)


def test_an_unused_one_is_deleted(desk: Client):
    reason = DisqualifyReason.objects.create(key="odd", name="Odd")

    desk.post(f"/admin/leads/disqualifyreason/{reason.pk}/delete/", {"post": "yes"})

    assert not DisqualifyReason.objects.filter(key="odd").exists()
    assert AuditEntry.objects.filter(event="disqualifyreason.deleted", label="Odd").exists()


def test_a_product_that_a_lead_is_interested_in_is_in_use(admin: User):
    product = Product.objects.create(key="loom", name="Loom")
    lead = LeadFactory(products=[product])

    with pytest.raises(IsInUse) as refused:
        delete_setting(product, by=admin)

    assert refused.value.uses == {"leads": 1}
    assert list(Lead.objects.get(pk=lead.pk).products.all()) == [product]


def test_stages_change_places(desk: Client):
    process = Process.objects.get(is_default=True)
    address = f"/admin/opportunities/process/{process.pk}/change/"
    stages = list(process.stages.order_by("position"))
    sent = with_lines(desk, address, "stages")
    sent |= {
        "stages-1-position": stages[2].position,
        "stages-2-position": stages[1].position,
    }

    answer = desk.post(address, sent)

    assert answer.status_code == 302, errors_of(answer)
    keys = list(process.stages.order_by("position").values_list("key", flat=True))
    assert keys == [stages[0].key, stages[2].key, stages[1].key, *(s.key for s in stages[3:])]
    moved = AuditEntry.objects.filter(event="stage.changed", record_id=stages[1].pk).get()
    assert moved.changes == {"position": [stages[1].position, stages[2].position]}


def test_two_stages_cannot_stand_at_one_place(desk: Client):
    process = Process.objects.get(is_default=True)
    address = f"/admin/opportunities/process/{process.pk}/change/"
    before = list(process.stages.order_by("pk").values_list("pk", "position"))

    sent = with_lines(desk, address, "stages")
    answer = desk.post(address, sent | {"stages-1-position": sent["stages-2-position"]})

    assert "Two stages stand at the same position" in errors_of(answer)
    assert list(process.stages.order_by("pk").values_list("pk", "position")) == before


def test_a_stage_with_opportunities_does_not_become_one_of_the_lead(desk: Client):
    deal = OpportunityFactory()
    process = deal.stage.process
    address = f"/admin/opportunities/process/{process.pk}/change/"
    sent = with_lines(desk, address, "stages")
    place = list(process.stages.order_by("position")).index(deal.stage)

    answer = desk.post(address, sent | {f"stages-{place}-is_for_leads": "on"})

    assert f"There are opportunities in {deal.stage}" in errors_of(answer)
    deal.stage.refresh_from_db()
    assert not deal.stage.is_for_leads
    Opportunity.all_objects.all().delete()
    desk.post(address, sent | {f"stages-{place}-is_for_leads": "on"})
    deal.stage.refresh_from_db()
    assert deal.stage.is_for_leads


def test_another_process_becomes_the_default(desk: Client):
    former = Process.objects.get(is_default=True)
    address = "/admin/opportunities/process/add/"
    sent = with_lines(desk, address, "stages") | {"name": "Partners", "key": "partners"}

    answer = desk.post(address, sent | {"is_default": "on"})

    assert answer.status_code == 302, errors_of(answer)
    assert Process.objects.get(is_default=True).key == "partners"
    address = f"/admin/opportunities/process/{Process.objects.get(key='partners').pk}/change/"
    sent = with_lines(desk, address, "stages")
    del sent["is_default"]
    assert "Mark another process" in errors_of(desk.post(address, sent))
    former.refresh_from_db()
    assert not former.is_default


def test_a_stage_with_opportunities_is_not_deleted(desk: Client):
    stage = OpportunityFactory().stage

    desk.post(f"/admin/opportunities/stage/{stage.pk}/delete/", {"post": "yes"})

    assert Stage.objects.filter(pk=stage.pk).exists()


def test_a_step_that_was_ticked_is_not_deleted(admin: User):
    opportunity = OpportunityFactory()
    step = Step.objects.create(stage=opportunity.stage, key="box", label="Box", position=90)
    StepTick.objects.create(opportunity=opportunity, step=step, by=admin)

    with pytest.raises(IsInUse):
        delete_setting(step, by=admin)

    assert StepTick.objects.exists()


def test_a_stage_gets_a_step(desk: Client):
    stage = Stage.objects.get(key="develop")
    address = f"/admin/opportunities/stage/{stage.pk}/change/"
    sent = with_lines(desk, address, "steps")
    number = int(sent["steps-INITIAL_FORMS"])
    sent |= {
        "steps-TOTAL_FORMS": number + 1,
        f"steps-{number}-label": "Budget asked",
        f"steps-{number}-key": "budget-asked",
        f"steps-{number}-field": "budget_amount",
        f"steps-{number}-position": 9,
        f"steps-{number}-is_required": "on",
    }

    answer = desk.post(address, sent)

    assert answer.status_code == 302, errors_of(answer)
    step = Step.objects.get(stage=stage, key="budget-asked")
    assert (step.field, step.is_required) == ("budget_amount", True)
    assert AuditEntry.objects.filter(event="step.created", record_id=step.pk).exists()


def test_a_required_step_for_a_field_of_ones_own_gates_page_and_api_at_once(
    desk: Client, admin: User, rep: User
):
    define("opportunity", "fleet", by=admin)
    stage, next_stage = Stage.objects.get(key="develop"), Stage.objects.get(key="propose")
    Step.objects.all().delete()
    deal = OpportunityFactory(owner=rep, stage=stage)
    address = f"/admin/opportunities/stage/{stage.pk}/change/"
    assert "Fleet" in desk.get(address).content.decode()
    sent = with_lines(desk, address, "steps") | {
        "steps-TOTAL_FORMS": 1,
        "steps-0-label": "Fleet is known",
        "steps-0-key": "fleet",
        "steps-0-field": "custom.fleet",
        "steps-0-position": 1,
        "steps-0-is_required": "on",
        "probability": 35,
    }
    answer = desk.post(address, sent)
    assert answer.status_code == 302, errors_of(answer)
    stage.refresh_from_db()
    assert stage.probability == 35

    desk.force_login(rep)
    page = desk.post(f"/opportunities/{deal.pk}/stage/", {"stage": next_stage.pk})
    program = Caller(rep)
    told = program.post(f"opportunities/{deal.pk}/stage/", {"stage": "propose"})
    filled = program.patch(f"opportunities/{deal.pk}/", {"custom": {"fleet": "9 carts"}})
    moved = program.post(f"opportunities/{deal.pk}/stage/", {"stage": "propose"})

    assert page.status_code == 422
    assert "Fleet is known" in page.content.decode()
    assert told.status_code in {409, 422}
    assert "Fleet is known" in told.content.decode()
    assert (filled.status_code, moved.status_code) == (200, 200)
    deal.refresh_from_db()
    assert deal.stage == next_stage


def test_a_currency_in_use_stays(desk: Client, admin: User, settings: Any):
    LeadFactory(currency="USD")
    usd, own = Currency.objects.get(pk="USD"), Currency.objects.get(pk=settings.DEFAULT_CURRENCY)

    for currency in (usd, own):
        with pytest.raises(IsInUse):
            delete_setting(currency, by=admin)
    address = "/admin/records/currency/USD/change/"
    desk.post(address, form_of(desk, address) | {"rate": "0.9"})

    assert str(Currency.objects.get(pk="USD").rate) == "0.90000000"
    assert b"currency.changed" in desk.get("/admin/records/currency/USD/history/").content


def test_a_nul_is_refused(desk: Client):
    address = "/admin/opportunities/source/add/"

    answer = desk.post(address, form_of(desk, address) | {"name": "Pod\x00cast", "key": "pod"})

    assert answer.status_code == 200
    assert not Source.objects.filter(key="pod").exists()


def test_lists_are_shaped_by_whom_a_role_lets(client: Client, team: Any):
    shaper = UserFactory(team=team, is_staff=True, may={"opportunities.change_source": "all"})
    narrow = UserFactory(team=team, is_staff=True, may={"opportunities.change_source": "team"})
    source = Source.objects.first()
    address = f"/admin/opportunities/source/{source.pk}/change/"

    client.force_login(narrow)
    assert client.get(address).status_code == 403
    client.force_login(shaper)
    answer = client.post(address, form_of(client, address) | {"name": "Fairs"})

    assert answer.status_code == 302
    assert Source.objects.get(pk=source.pk).name == "Fairs"
    assert client.get("/admin/opportunities/source/add/").status_code == 403
    assert client.get(f"/admin/opportunities/source/{source.pk}/delete/").status_code == 403
    assert client.get("/admin/opportunities/lossreason/").status_code == 403


def test_who_may_not_shape_does_not(manager: User):
    source = Source.objects.first()
    source.name = "Mine"

    with pytest.raises(NotPermitted):
        save_setting(source, by=manager)
    with pytest.raises(NotPermitted):
        delete_setting(source, by=manager)
    stage = Stage.objects.first()
    with pytest.raises((NotPermitted, Unacceptable)):
        save_stages([stage], by=manager)
    assert not AuditEntry.objects.exists()

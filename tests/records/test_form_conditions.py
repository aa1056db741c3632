"""When a field of a form is shown and asked for: one answer at every door."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from leads.models import Lead
from leads.operations import capture_lead, update_lead
from opportunities.models import Competitor, Opportunity, Source, Stage
from opportunities.operations import move_to_stage, open_opportunity
from records.errors import Unacceptable
from records.models import FormCondition
from records.operations.conditions import delete_condition, save_condition
from records.operations.shaping import save_field
from tests.api.conftest import Caller
from tests.custom import define
from users.models import User

pytestmark = pytest.mark.django_db

HOT = {"all": [{"field": "rating", "is": "is", "value": "hot"}]}
ASKED = "Enter the job title"


def condition(by: User, field: str, effect: str, data: Any, kind: str = "lead") -> FormCondition:
    line = FormCondition(kind=kind, field=field, effect=effect, condition=data)
    return save_condition(line, by=by)


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def a_lead(by: User, **fields: Any) -> Lead:
    return capture_lead(by=by, **({"topic": "Engines", "last_name": "Byron"} | fields))


def filled_in(client: Client, address: str, **typed: Any) -> dict[str, Any]:
    """Return what the form at an address would send, with what somebody typed."""
    form = client.get(address).context["form"]
    return {field.html_name: field.value() for field in form if field.value()} | typed


# Doors by which a hot lead without a job title may come about; each returns what was said.


def by_operation(rep: User, lead: Lead, client: Client, folder: Any) -> str:
    with pytest.raises(Unacceptable) as refusal:
        update_lead(lead, by=rep, rating="hot")
    return str(refusal.value.errors)


def by_page(rep: User, lead: Lead, client: Client, folder: Any) -> str:
    address = f"/leads/{lead.pk}/edit/"
    answer = client.post(address, filled_in(client, address, rating="hot"))
    assert answer.status_code == 422
    return answer.content.decode()


def by_new_page(rep: User, lead: Lead, client: Client, folder: Any) -> str:
    sent = filled_in(client, "/leads/new/", topic="More", last_name="Byron", rating="hot")
    answer = client.post("/leads/new/", sent)
    assert answer.status_code == 422
    return answer.content.decode()


def inline(rep: User, lead: Lead, client: Client, folder: Any) -> str:
    address = f"/field/lead/{lead.pk}/rating/"
    sent = {"rating": "hot", "version": lead.version}
    return client.post(address, sent, headers={"HX-Request": "true"}).content.decode()


def by_program(rep: User, lead: Lead, client: Client, folder: Any) -> str:
    answer = Caller(rep).patch(f"leads/{lead.pk}/", {"rating": "hot"})
    assert answer.status_code == 400
    return json.dumps(answer.json())


def by_new_program(rep: User, lead: Lead, client: Client, folder: Any) -> str:
    answer = Caller(rep).post("leads/", {"topic": "T", "last_name": "Byron", "rating": "hot"})
    assert answer.status_code == 400
    return json.dumps(answer.json())


def by_file(rep: User, lead: Lead, client: Client, folder: Any) -> str:
    file = folder / "leads.csv"
    file.write_text("topic,last_name,rating\nMore,Somerville,hot\n")
    out = io.StringIO()
    call_command("import_records", "lead", str(file), "--by", rep.email, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    "door",
    [by_operation, by_page, by_new_page, inline, by_program, by_new_program, by_file],
)
def test_asks_at_every_door(
    rep: User, admin: User, client: Client, tmp_path: Any, door: Callable[..., str]
) -> None:
    condition(admin, "job_title", "require", HOT)
    lead = a_lead(rep)
    client.force_login(rep)
    count = Lead.objects.count()

    told = door(again(rep), lead, client, tmp_path)

    assert ASKED in told
    assert Lead.objects.count() == count
    lead.refresh_from_db()
    assert lead.rating != "hot"


def test_leaves_alone_what_has_nothing_to_do_with_it(rep: User, admin: User) -> None:
    lead = a_lead(rep, rating="hot")
    condition(admin, "job_title", "require", HOT)
    rep = again(rep)

    update_lead(lead, by=rep, city="London")
    update_lead(lead, by=rep, job_title="Countess", rating="hot")
    with pytest.raises(Unacceptable, match="job title"):
        update_lead(lead, by=rep, job_title="")


def test_asks_in_the_short_form_for_what_it_does_not_show(
    rep: User, admin: User, client: Client
) -> None:
    source = Source.objects.first()
    of_source = {"all": [{"field": "source", "is": "is", "value": source.key}]}
    condition(admin, "job_title", "require", of_source)
    client.force_login(rep)
    over = {"HX-Request": "true", "HX-Target": "dialog"}
    form = client.get("/leads/new/", headers=over).context["form"]
    sent = {field.html_name: field.value() for field in form if field.value()}
    sent |= {"topic": "More", "last_name": "Byron", "source": source.pk}

    answer = client.post("/leads/new/", sent, headers=over)

    assert "job_title" not in form.fields
    assert (answer.status_code, Lead.objects.count()) == (422, 0)
    assert ASKED in answer.content.decode()


def test_gates_a_stage_on_the_board(rep: User, admin: User) -> None:
    stages = list(Stage.objects.filter(is_for_leads=False).order_by("position"))
    at_last = {"all": [{"field": "stage", "is": "is", "value": str(stages[-1].pk)}]}
    opportunity = open_opportunity("Engines", by=rep, owner=rep, stage=stages[-2])
    line = condition(admin, "competitors", "require", at_last, "opportunity")
    rep = again(rep)

    with pytest.raises(Unacceptable, match="competitors"):
        move_to_stage(opportunity, by=rep, stage=stages[-1])
    opportunity.competitors.add(Competitor.objects.create(key="babbage", name="Babbage"))
    moved = move_to_stage(opportunity, by=rep, stage=stages[-1])

    assert moved.stage == stages[-1]
    assert Opportunity.objects.get().stage == stages[-1]
    delete_condition(line, by=admin)
    assert not FormCondition.objects.exists()


def test_takes_nothing_of_what_is_not_shown(rep: User, admin: User, client: Client) -> None:
    define("lead", "grounds", by=admin, is_required=True)
    condition(admin, "custom.grounds", "show", HOT)
    client.force_login(rep)
    sent = filled_in(client, "/leads/new/", topic="More", last_name="Byron")

    client.post("/leads/new/", {**sent, "custom.grounds": "none of your business"})
    page = client.get("/leads/new/").content.decode()
    told = Caller(again(rep)).post("leads/", {"topic": "T", "last_name": "B"}).status_code
    hot = Caller(again(rep)).post("leads/", {"topic": "T", "last_name": "B", "rating": "hot"})

    assert Lead.objects.get(topic="More").custom == {}
    assert "data-follows" in page
    assert told == 201
    assert (hot.status_code, list(hot.json()["errors"])) == (400, ["custom.grounds"])


def test_a_condition_on_a_field_that_is_gone_stops_nobody(rep: User, admin: User) -> None:
    field = define("lead", "vip", by=admin, type="yes_no")
    known = {"all": [{"field": "custom.vip", "is": "yes"}]}
    condition(admin, "job_title", "require", known)
    lead = a_lead(again(rep))
    field.is_active = False
    save_field(field, by=admin)

    update_lead(lead, by=again(rep), city="London")

    with pytest.raises(Unacceptable) as refusal:
        condition(again(admin), "city", "show", known)
    assert list(refusal.value.errors) == ["condition"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("field", "effect", "asks", "error", "words"),
    [
        ("shoe_size", "show", "city", "field", "There is no field “shoe_size”"),
        ("topic", "show", "city", "field", "always shown"),
        ("consent", "require", "city", "field", "box to tick"),
        ("job_title", "show", "city", "field", "has such a condition already"),
        ("phone", "show", "phone", "condition", "Phone cannot depend on itself"),
        ("city", "show", "job_title", "condition", "City → Job title → City"),
        ("phone", "show", "gone", "condition", ""),
    ],
)
def test_refuses_with_a_sentence(
    admin: User, field: str, effect: str, asks: str, error: str, words: str
) -> None:
    condition(admin, "job_title", "show", {"all": [{"field": "city", "is": "known"}]})

    with pytest.raises(Unacceptable) as refusal:
        condition(admin, field, effect, {"all": [{"field": asks, "is": "known"}]})

    assert list(refusal.value.errors) == [error]
    assert words in refusal.value.errors[error][0]


def test_is_shaped_in_the_administration(admin: User, rep: User, client: Client) -> None:
    client.force_login(admin)
    address = reverse("admin:records_formcondition_add") + "?kind=lead"
    sent = {
        "field": "job_title",
        "effect": "require",
        "condition-kind": "all",
        "condition-0-field": "rating",
        "condition-0-is": "is",
        "condition-0-value": "hot",
    }

    page = client.get(address).content.decode()
    answer = client.post(address, sent)

    assert "(job_title)" in page
    assert answer.status_code == 302, answer.context["errors"]
    assert FormCondition.objects.get().condition == HOT
    listed = client.get(reverse("admin:records_formcondition_changelist")).content.decode()
    assert "In force" in listed
    client.force_login(rep)
    assert client.get(address).status_code in {302, 403, 404}

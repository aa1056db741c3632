"""What a layout makes of a form, of a page, and of what programs and files have to give."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from leads.models import Lead
from records.errors import NotPermitted, Unacceptable
from records.models import FormLayout
from records.operations.shaping import save_field, save_layout
from tests.api.conftest import Caller
from tests.custom import define
from tests.factories import LeadFactory
from tests.workbench.test_custom_fields import sent
from users.models import User

PERSON = {"topic": "Looms", "last_name": "Jacquard"}


def lay_out(kind: str, *, by: User, **sections: list[str]) -> FormLayout:
    """Store a layout from short words: a field in brackets is hidden, one with a * required."""
    layout = FormLayout.objects.get(kind=kind)
    layout.sections = [
        {
            "title": title.replace("_", " "),
            "fields": [
                {
                    "name": name.strip("()*"),
                    "is_visible": not name.startswith("("),
                    "is_required": name.endswith("*"),
                }
                for name in names
            ],
        }
        for title, names in sections.items()
    ]
    return save_layout(layout, by=by)


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def test_orders_names_and_hides_the_fields_of_form_and_page(
    reps: Client, admin: User, rep: User
) -> None:
    define("lead", "fleet", by=admin)
    lay_out(
        "lead", by=admin, What=["topic", "custom.fleet", "email"], Who=["last_name", "(website)"]
    )
    lead = LeadFactory(owner=rep, website="looms.example", custom={"fleet": "9 carts"})

    form = reps.get("/leads/new/").content.decode()
    page = reps.get(f"/leads/{lead.pk}/").content.decode()

    places = [
        form.index(f'id="id_{name}"') for name in ("topic", "custom.fleet", "email", "last_name")
    ]
    assert places == sorted(places)
    assert form.index("<legend>What") < form.index("<legend>Who")
    assert 'name="website"' not in form
    assert "looms.example" not in page
    assert page.index('"field-custom.fleet"') < page.index('"field-email"')


def test_what_is_hidden_keeps_its_value_and_takes_none(
    reps: Client, admin: User, rep: User
) -> None:
    define("lead", "fleet", by=admin)
    lead = LeadFactory(owner=rep, website="looms.example", custom={"fleet": "9 carts"})
    lay_out("lead", by=admin, All=["topic", "last_name", "(website)", "(custom.fleet)"])

    form = sent(reps.get(f"/leads/{lead.pk}/edit/"))
    more = {"topic": "Other", "website": "evil.example", "custom.fleet": "none"}
    saved = reps.post(f"/leads/{lead.pk}/edit/", form | more)

    assert saved.status_code == 302
    lead.refresh_from_db()
    assert (lead.topic, lead.website) == ("Other", "looms.example")
    assert lead.custom == {"fleet": "9 carts"}
    layout = FormLayout.objects.get(kind="lead")
    layout.sections = []
    save_layout(layout, by=admin)
    assert "looms.example" in reps.get(f"/leads/{lead.pk}/").content.decode()


def test_what_is_hidden_is_off_the_qualification_card_and_the_head_too(
    reps: Client, admin: User, rep: User
) -> None:
    lead = LeadFactory(
        owner=rep,
        budget_amount=Decimal(77_000),
        budget_status="can_buy",
        timeframe="immediate",
        estimated_value=Decimal(66_000),
    )
    lay_out(
        "lead",
        by=admin,
        All=["topic", "last_name", "(budget_amount)", "(timeframe)", "(estimated_value)", "(need)"],
    )

    shown = reps.get(f"/leads/{lead.pk}/")

    rows = {row["letter"]: row for row in shown.context["bant_rows"]}
    assert list(rows) == ["B", "A", "N"]
    assert rows["B"]["value"] == "Can buy"
    assert rows["B"]["edit_url"].endswith("#id_budget_status")
    assert shown.context["bant_count"] == "1 of 3"
    text = shown.content.decode()
    assert not any(secret in text for secret in ("77,000", "66,000", "Immediate"))
    assert not any(rule["url"].endswith("#id_timeframe") for rule in shown.context["rules"])


def test_what_is_required_is_asked_for_on_new_and_old_records(
    reps: Client, admin: User, rep: User
) -> None:
    define("lead", "fleet", by=admin)
    old = LeadFactory(owner=rep, job_title="")
    lay_out("lead", by=admin, All=["topic", "last_name", "job_title*", "custom.fleet*", "source*"])
    told = {
        "job_title": ["Enter the job title"],
        "custom.fleet": ["Enter the fleet"],
        "source": ["Choose the source"],
    }

    new = reps.post("/leads/new/", sent(reps.get("/leads/new/")) | PERSON)
    edit = reps.post(f"/leads/{old.pk}/edit/", sent(reps.get(f"/leads/{old.pk}/edit/")) | PERSON)

    assert (new.status_code, edit.status_code) == (422, 422)
    assert new.context["form"].errors == edit.context["form"].errors == told


def test_programs_are_asked_of_new_records_and_of_no_others(admin: User, rep: User) -> None:
    define("lead", "fleet", by=admin)
    define("lead", "depot", is_required=True, by=admin)
    old = LeadFactory(owner=rep)
    lay_out("lead", by=admin, All=["topic", "job_title*", "custom.fleet*", "estimated_close_date*",
                                   "source*", "owner*", "currency*", "custom.depot"])  # fmt: skip
    program = Caller(rep)

    refused = program.post("leads/", PERSON)
    changed = program.patch(f"leads/{old.pk}/", {"topic": "Other"})
    full = PERSON | {
        "job_title": "Weaver",
        "estimated_close_on": "2026-12-24",
        "source": "web",
        "custom": {"fleet": "9", "depot": "North"},
    }
    made = program.post("leads/", full)
    empty = program.post("leads/", full | {"job_title": " ", "custom": {"fleet": "", "depot": "N"}})

    assert refused.status_code == 400
    assert refused.json()["errors"] == {
        "job_title": ["Enter the job title"],
        "estimated_close_on": ["Enter the expected close"],
        "source": ["Choose the source"],
        "custom.depot": ["Enter the depot"],
        "custom.fleet": ["Enter the fleet"],
    }
    assert changed.status_code == 200
    assert made.status_code == 201, made.json()
    assert set(empty.json()["errors"]) == {"job_title", "custom.fleet"}
    assert Lead.objects.count() == 2


def test_programs_are_not_asked_for_what_the_form_hides(admin: User, rep: User) -> None:
    field = define("lead", "fleet", by=admin)
    lay_out("lead", by=admin, All=["topic", "last_name", "(custom.fleet)"])
    field.is_required = True
    field.save()

    assert Caller(rep).post("leads/", PERSON).status_code == 201


def test_the_schema_says_what_is_asked_for(admin: User, rep: User) -> None:
    define("lead", "fleet", by=admin)
    define("lead", "depot", by=admin)
    lay_out("lead", by=admin, All=["topic", "last_name", "custom.fleet*", "custom.depot"])

    schemas = Caller(rep).get("/api/schema/?format=json").json()["components"]["schemas"]

    for name in ("Lead", "PatchedLead"):
        described = schemas[name]["properties"]["custom"]
        assert described["description"] == "A new record needs fleet."
        assert "required" not in described, "neither a change nor an old record has to have it"
    assert "description" not in schemas["Account"]["properties"]["custom"]


def test_the_lists_of_definitions_cost_no_more_with_a_layout(
    reps: Client, admin: User, rep: User, statements: Any
) -> None:
    LeadFactory(owner=rep)
    reps.get("/leads/new/")
    with statements() as before:
        reps.get("/leads/new/")
    lay_out("lead", by=admin, All=["topic", "last_name", "(website)"])
    with statements() as after:
        reps.get("/leads/new/")

    assert len(after) <= len(before)


@pytest.mark.once
def test_rubbish_that_was_stored_breaks_no_page(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)
    rubbish: Any
    for rubbish in (
        {"a": 1}, "text", 7, [7, None, {}], [{"title": None, "fields": [7, {}, {"name": 7}]}],
        [{"title": {"x": 1}, "fields": [{"name": "topic", "is_visible": "no"}]}],
    ):  # fmt: skip
        FormLayout.objects.filter(kind="lead").update(sections=rubbish)
        for address in ("/leads/new/", f"/leads/{lead.pk}/", f"/leads/{lead.pk}/edit/"):
            assert reps.get(address).status_code == 200, rubbish


def test_saving_what_stands_writes_nothing_and_is_for_those_who_may(
    admin: User, rep: User, manager: User
) -> None:
    layout = lay_out("lead", by=admin, All=["topic", "last_name"])

    for person in (rep, manager):
        with pytest.raises(NotPermitted):
            save_layout(layout, by=person)
    layout.sections = [{"title": "All", "fields": "topic"}]
    with pytest.raises(Unacceptable) as refused:
        save_layout(layout, by=admin)

    assert refused.value.errors == {"sections": ["A section is a title with a list of fields"]}
    assert FormLayout.objects.get(kind="lead").sections[0]["fields"][0]["name"] == "topic"


def test_a_field_out_of_use_keeps_its_place_while_the_others_are_laid_out(
    admin: User, rep: User
) -> None:
    fleet = define("lead", "fleet", by=admin)
    define("lead", "depot", by=admin)
    lay_out(
        "lead",
        by=admin,
        What=["topic", "(custom.fleet)", "email"],
        Who=["custom.depot", "last_name"],
    )
    fleet.is_active = False
    save_field(fleet, by=admin)

    lay_out("lead", by=admin, Now=["last_name", "topic", "email"], Who=["custom.depot"])
    fleet.is_active = True
    save_field(fleet, by=admin)

    layout = FormLayout.objects.get(kind="lead")
    now = layout.sections[0]["fields"]
    assert [place["name"] for place in now] == ["last_name", "topic", "custom.fleet", "email"]
    assert [place["name"] for place in now if not place["is_visible"]] == ["custom.fleet"]


def test_a_field_out_of_use_finds_a_place_where_its_neighbors_are_gone(admin: User) -> None:
    fleet = define("lead", "fleet", by=admin)
    lay_out("lead", by=admin, What=["topic"], Own=["custom.fleet"], Who=["last_name"])
    fleet.is_active = False
    save_field(fleet, by=admin)

    lay_out("lead", by=admin, All=["topic", "last_name"])

    names = [place["name"] for place in FormLayout.objects.get(kind="lead").sections[0]["fields"]]
    assert names == ["topic", "last_name", "custom.fleet"]

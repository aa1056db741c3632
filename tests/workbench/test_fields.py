"""A value on the page of a record that is changed in its place, with all that depends on it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from leads.operations import qualify, update_lead
from opportunities.models import Competitor, Product, Stage
from opportunities.operations import update_opportunity, win
from records.models import FormLayout
from records.operations import delete_record
from records.operations.shaping import save_layout
from tests.custom import VALUES, define, one_of_each
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

HTMX = {"HX-Request": "true"}


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def field(record: Any, name: str) -> str:
    return f"/field/{record._meta.model_name}/{record.pk}/{name}/"


def ask(client: Client, record: Any, name: str, query: str = "") -> Any:
    return client.get(field(record, name) + query, headers=HTMX)


def send(client: Client, record: Any, name: str, *, version: Any = None, **data: Any) -> Any:
    version = record.version if version is None else version
    return client.post(field(record, name), {"version": version, **data}, headers=HTMX)


def parts_of(answer: Any) -> set[str]:
    """Return the ids of what goes to its place on the page."""
    return set(re.findall(r'id="([\w.-]+)"[^>]* hx-swap-oob="true"', answer.content.decode()))


# It shows the form, saves, and brings what depends on it


def test_brings_the_form_and_then_all_that_depends_on_the_value(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, phone="+39 011 555 0101")

    form = ask(reps, lead, "phone").content.decode()
    answer = send(reps, lead, "phone", phone="+39 011 555 0102")

    assert 'value="+39 011 555 0101"' in form
    assert f'name="version" value="{lead.version}"' in form
    assert answer["HX-Reswap"] == "none"
    wanted = {"value-phone", "record-head", "process", "bant-pips", "readiness"}
    assert wanted <= parts_of(answer)
    assert "tel:+390115550102" in answer.content.decode()
    lead.refresh_from_db()
    assert (lead.phone, lead.version, lead.changed_by) == ("+39 011 555 0102", 2, rep)


def test_a_part_of_bant_is_changed_as_one(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)

    form = ask(reps, lead, "budget_amount").content.decode()
    answer = send(
        reps, lead, "budget_amount", budget_amount="80k", budget_status="will_buy", currency="EUR"
    )

    names = set(re.findall(r'name="(\w+)"', form))
    assert names >= {"budget_amount", "budget_status", "currency"}
    text = answer.content.decode()
    assert "part-budget_amount" in parts_of(answer)
    assert "€80,000, Will buy" in text
    assert "1 of 4" in text
    lead.refresh_from_db()
    assert (lead.budget_amount, lead.budget_status) == (Decimal(80_000), "will_buy")


def test_what_else_a_picked_account_fills_is_brought_along(reps: Client, rep: User) -> None:
    account = AccountFactory(owner=rep, name="Ferrovia", city="Turin")
    lead = LeadFactory(owner=rep, company="")

    answer = send(reps, lead, "account", account=f"Ferrovia (#{account.pk})")

    assert {"value-account", "value-company", "value-city"} <= parts_of(answer)
    lead.refresh_from_db()
    assert (lead.account, lead.company, lead.city) == (account, "Ferrovia", "Turin")


@pytest.mark.parametrize("name", ["estimated_close_date", "competitors", "account", "value"])
def test_an_opportunity_brings_its_bar_and_its_steps(reps: Client, rep: User, name: str) -> None:
    rival = Competitor.objects.create(key="rival", name="Rival")
    account = AccountFactory(owner=rep, name="Northgate")
    deal = OpportunityFactory(owner=rep)
    typed: dict[str, Any] = {
        "estimated_close_date": {"estimated_close_date": "2030-01-31"},
        "competitors": {"competitors": [rival.pk]},
        "account": {"account": "Northgate"},
        "value": {"value": "30k", "currency": "EUR"},
    }

    answer = send(reps, deal, name, **typed[name])

    assert {"record-head", "process", "checklist", f"value-{name}"} <= parts_of(answer)
    told = {"estimated_close_date": "31 Jan 2030", "competitors": "Rival", "value": "€30,000"}
    assert told.get(name, str(account)) in answer.content.decode()


@pytest.mark.parametrize("kind", ["lead", "account", "contact", "opportunity"])
def test_every_value_of_a_page_has_a_form(reps: Client, rep: User, admin: User, kind: str) -> None:
    one_of_each(kind, by=admin)
    account = AccountFactory(owner=rep, custom=VALUES if kind == "account" else {})
    made = {
        "lead": lambda: LeadFactory(owner=rep, custom=VALUES),
        "account": lambda: account,
        "contact": lambda: ContactFactory(owner=rep, account=account, custom=VALUES),
        "opportunity": lambda: OpportunityFactory(owner=rep, account=account, custom=VALUES),
    }
    record = made[kind]()
    page = reps.get(record.get_absolute_url()).content.decode()

    addresses = set(re.findall(r'hx-get="(/field/[^"]+)"', page))

    assert len(addresses) > 12
    for address in addresses:
        answer = reps.get(address, headers=HTMX)
        assert answer.status_code == 200, address
        assert "data-field-form" in answer.content.decode(), address


@pytest.mark.both
def test_a_custom_value_is_saved_in_the_words_of_its_type(
    reps: Client, rep: User, admin: User
) -> None:
    one_of_each("lead", by=admin)
    lead = LeadFactory(owner=rep, custom=VALUES)

    refused = send(reps, lead, "custom.whole", **{"custom.whole": "many"})
    answer = send(reps, lead, "custom.whole", **{"custom.whole": "1,250"})

    assert refused.status_code == 422
    assert 'value="many"' in refused.content.decode()
    assert "Enter Machines as a whole number" in refused.content.decode()
    assert parts_of(answer) >= {"value-custom.whole"}
    lead.refresh_from_db()
    assert lead.custom == VALUES | {"whole": 1250}


def test_only_the_field_itself_is_asked_for(reps: Client, rep: User, admin: User) -> None:
    """What is missing elsewhere does not keep anybody from saving what they know now."""
    lead = LeadFactory(owner=rep, city="Bonn")
    define("lead", "fleet", is_required=True, by=admin)

    answer = send(reps, lead, "phone", phone="+49 228 555 010", city="Rome")
    emptied = send(reps, lead, "topic", topic="", version=2)

    assert answer.status_code == 200
    assert emptied.status_code == 422
    assert "Enter the topic" in emptied.content.decode()
    lead.refresh_from_db()
    assert (lead.phone, lead.city, lead.topic != "") == ("+49 228 555 010", "Bonn", True)


@pytest.mark.both
def test_a_twin_is_asked_about_in_its_place(reps: Client, rep: User) -> None:
    ContactFactory(owner=rep, first_name="Dana", last_name="Whitfield", email="d@north.example")
    other = ContactFactory(owner=rep, email="x@north.example")

    refused = send(reps, other, "email", email="d@north.example")
    text = refused.content.decode()

    assert refused.status_code == 422
    assert 'type="checkbox" name="is_different"' in text
    assert 'value="d@north.example"' in text


# Owner and status, by their own operations


@pytest.mark.both
def test_the_owner_is_changed_by_whoever_may_assign(
    client: Client, manager: User, rep: User, rep2: User, outsider: User
) -> None:
    lead = LeadFactory(owner=rep)
    client.force_login(manager)

    answer = send(client, lead, "owner", owner=rep2.pk)
    lead.refresh_from_db()
    told = json.loads(answer["HX-Trigger"])["toast"]
    back = client.post(told["undo"])
    gone = send(client, lead, "owner", version=3, owner=outsider.pk)

    assert lead.owner == rep2
    assert "record-head" in parts_of(answer)
    assert told["text"] == f"{lead} assigned to {rep2}"
    assert back.status_code == 302
    # Where it went it is not to be seen, so there is no page to stay on.
    assert gone["HX-Redirect"] == "/leads/"
    client.force_login(rep2)
    assert send(client, LeadFactory(owner=rep), "owner", owner=rep2.pk).status_code == 403


@pytest.mark.both
def test_status_and_stage_go_by_their_own_operations(reps: Client, rep: User) -> None:
    lead, deal = LeadFactory(owner=rep), OpportunityFactory(owner=rep)
    stage = Stage.objects.get(key="propose")

    answer = send(reps, lead, "progress", progress="nurturing")
    moved = reps.post(
        f"/cell/opportunity/{deal.pk}/stage/", {"version": 1, "stage": stage.pk}, headers=HTMX
    )

    assert "Nurturing" in answer.content.decode()
    assert "Propose" in moved.content.decode()
    undo = json.loads(moved["HX-Trigger"])["toast"]["undo"]
    assert undo == f"/opportunities/{deal.pk}/stage/back/?&version=2"
    lead.refresh_from_db()
    deal.refresh_from_db()
    assert (lead.progress, deal.stage) == ("nurturing", stage)


def test_a_stage_that_is_blocked_says_what_is_missing(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep)
    stage = Stage.objects.get(key="close")
    deal.stage.steps.create(key="met", label="Decision maker met", is_required=True)

    answer = reps.post(
        f"/cell/opportunity/{deal.pk}/stage/", {"version": 1, "stage": stage.pk}, headers=HTMX
    )

    assert answer.status_code == 422
    assert "Decision maker met" in answer.content.decode()


# Two at once


@pytest.mark.both
def test_what_somebody_else_has_made_of_it_is_told_in_its_place(
    reps: Client, rep: User, manager: User
) -> None:
    lead = LeadFactory(owner=rep, city="Bonn")
    update_lead(lead, by=manager, city="Rome")
    update_lead(lead, by=rep, topic="Something else")

    answer = send(reps, lead, "city", version=1, city="Kiel")
    text = answer.content.decode()

    assert answer.status_code == 409
    assert f"{manager} changed this to “Rome”." in text
    assert 'value="Kiel"' in text
    assert 'name="version" value="3"' in text
    theirs = ask(reps, lead, "city", "?theirs=1")
    assert "Rome" in theirs.content.decode()
    assert send(reps, lead, "city", version=3, city="Kiel").status_code == 200
    lead.refresh_from_db()
    assert lead.city == "Kiel"


@pytest.mark.both
@pytest.mark.parametrize(
    ("mine", "stands"), [("Kiel", "Kiel"), ("Bonn", "Bonn")], ids=["changed", "left as it was"]
)
def test_what_others_do_to_other_fields_stands_in_nobodys_way(
    reps: Client, rep: User, manager: User, mine: str, stands: str
) -> None:
    lead = LeadFactory(owner=rep, city="Bonn")
    update_lead(lead, by=manager, region="NRW")

    answer = send(reps, lead, "city", version=1, city=mine)

    assert answer.status_code == 200
    lead.refresh_from_db()
    assert (lead.city, lead.region) == (stands, "NRW")


def test_theirs_stands_where_only_they_have_changed_it(
    reps: Client, rep: User, manager: User
) -> None:
    lead = LeadFactory(owner=rep, city="Bonn", budget_amount=10)
    update_lead(lead, by=manager, city="Rome", budget_status="can_buy")

    unchanged = send(reps, lead, "city", version=1, city="Bonn")
    both = send(
        reps, lead, "budget_amount", version=1, budget_amount="20", budget_status="", currency="EUR"
    )

    assert unchanged.status_code == both.status_code == 200
    assert "Rome" in unchanged.content.decode()
    lead.refresh_from_db()
    assert (lead.city, lead.budget_amount, lead.budget_status) == ("Rome", Decimal(20), "can_buy")


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "7"])
def test_a_version_that_never_was_is_a_conflict(reps: Client, rep: User, version: str) -> None:
    lead = LeadFactory(owner=rep, city="Bonn")

    assert send(reps, lead, "city", version=version, city="Kiel").status_code == 409
    lead.refresh_from_db()
    assert lead.city == "Bonn"


def test_choices_of_many_are_compared_and_given_back(
    reps: Client, rep: User, manager: User
) -> None:
    pump, tank = (Product.objects.create(key=k, name=k.title()) for k in ("pump", "tank"))
    lead = update_lead(LeadFactory(owner=rep), by=rep, products=[pump])

    answer = send(reps, lead, "products", products=[pump.pk, tank.pk])
    reps.post(json.loads(answer["HX-Trigger"])["toast"]["undo"])
    lead.refresh_from_db()
    assert list(lead.products.all()) == [pump]

    update_lead(lead, by=manager, products=[])
    stale = send(reps, lead, "products", products=[tank.pk])

    assert stale.status_code == 409
    assert f"{manager} changed this to “empty”" in stale.content.decode()


# What may not be changed


def test_a_closed_record_says_why_nothing_can_be_changed(
    reps: Client, rep: User, admin: User
) -> None:
    define("lead", "fleet", by=admin)
    lead = LeadFactory(owner=rep, city="Bonn")
    qualify(lead, by=rep)
    deal = win(OpportunityFactory(owner=rep, customer_need="Pumps"), by=rep)
    lead.refresh_from_db()

    for record in (lead, deal):
        page = reps.get(record.get_absolute_url()).content.decode()
        assert "/field/" not in page
        assert "read-only: " in page
    assert send(reps, lead, "city", city="Kiel").status_code == 422
    assert "data-field-form" not in ask(reps, lead, "city").content.decode()
    lead.refresh_from_db()
    assert lead.city == "Bonn"


def test_whoever_may_only_read_is_told_whom_to_ask(
    client: Client, rep: User, rep2: User, outsider: User
) -> None:
    lead = LeadFactory(owner=rep)
    client.force_login(rep2)

    page = client.get(lead.get_absolute_url()).content.decode()

    assert f"You can read this lead but not change it. Ask {rep}." in page
    assert "/field/" not in page
    assert send(client, lead, "city", city="Kiel").status_code == 403
    client.force_login(outsider)
    assert send(client, lead, "city", city="Kiel").status_code == 404


def test_a_link_to_what_one_may_not_see_is_not_lost(
    reps: Client, rep: User, outsider: User, admin: User
) -> None:
    hidden = AccountFactory(owner=outsider, name="Secret Holdings")
    contact = ContactFactory(owner=rep, by=admin, account=hidden)
    lead = LeadFactory(owner=rep, by=admin, account=hidden, company="Ours")

    for record in (contact, lead):
        page = reps.get(record.get_absolute_url()).content.decode()
        assert field(record, "account") not in page
        assert "Secret" not in page


@pytest.mark.parametrize(
    "name",
    ["password", "id", "search", "custom.gone", "status", "version", "stage", "%00", "owner_id"],
)
def test_only_fields_of_the_form_are_changed(reps: Client, rep: User, name: str) -> None:
    lead = LeadFactory(owner=rep)

    assert ask(reps, lead, name).status_code == 404
    assert send(reps, lead, name, **{name: "1"}).status_code == 404


def test_what_the_layout_hides_has_no_form(reps: Client, rep: User, admin: User) -> None:
    lead = LeadFactory(owner=rep)
    layout = FormLayout.objects.get(kind="lead")
    layout.sections = [{"title": "Hidden", "fields": [{"name": "city", "is_visible": False}]}]
    save_layout(layout, by=admin)

    assert ask(reps, lead, "city").status_code == 404


def test_a_record_that_is_gone_is_told_in_the_place_of_the_form(
    reps: Client, rep: User, outsider: User, client: Client
) -> None:
    lead = LeadFactory(owner=rep, last_name="Gone")
    delete_record(lead, by=rep)

    answer = send(reps, lead, "city", city="Kiel")

    assert answer.status_code == 409
    assert "was deleted" in answer.content.decode()
    assert "Back to the list" in answer.content.decode()
    client.force_login(outsider)
    assert send(client, lead, "city", city="Kiel").status_code == 404


def test_without_scripts_the_pencil_leads_to_the_form(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)

    assert reps.get(field(lead, "city")).url == f"/leads/{lead.pk}/edit/#id_city"
    page = reps.get(lead.get_absolute_url()).content.decode()
    assert f'href="/leads/{lead.pk}/edit/#id_city"' in page


@pytest.mark.both
def test_undo_gives_back_what_was_changed_as_one(reps: Client, rep: User) -> None:
    deal = update_opportunity(OpportunityFactory(owner=rep), by=rep, need="must")

    answer = send(reps, deal, "need", need="should", need_description="Pumps")
    reps.post(json.loads(answer["HX-Trigger"])["toast"]["undo"])

    deal.refresh_from_db()
    assert (deal.need, deal.need_description, deal.version) == ("must", "", 4)

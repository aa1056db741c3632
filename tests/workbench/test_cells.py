"""A cell of a list that is changed in its place, and changed back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from leads.operations import qualify, update_lead
from opportunities.models import Source
from tests.custom import one_of_each
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

HTMX = {"HX-Request": "true"}


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def send(client: Client, address: str, **data: Any) -> Any:
    return client.post(address, data, headers=HTMX)


def test_shows_the_field_and_then_the_cell(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, company="Acme")
    address = f"/cell/lead/{lead.pk}/company/"

    field = reps.get(address, headers=HTMX).content.decode()
    assert 'name="company"' in field
    assert 'value="Acme"' in field

    answer = send(reps, address, company="Apex", version=lead.version)

    assert answer.content.decode() == "Apex"
    lead.refresh_from_db()
    assert (lead.company, lead.version, lead.changed_by) == ("Apex", 2, rep)


def test_is_undone_by_the_toast(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, company="Acme")
    answer = send(reps, f"/cell/lead/{lead.pk}/company/", company="Apex", version=1)
    toast = json.loads(answer["HX-Trigger"])["toast"]

    back = reps.post(toast["undo"], headers={"Referer": "http://testserver/leads/?view=all"})

    assert back.url == "http://testserver/leads/?view=all"
    lead.refresh_from_db()
    assert (lead.company, lead.version) == ("Acme", 3)


@pytest.mark.both
def test_is_not_undone_to_what_is_gone(reps: Client, rep: User) -> None:
    old, new = (Source.objects.create(key=k, name=k) for k in ("fair-x", "shop-x"))
    lead = update_lead(LeadFactory(owner=rep), by=rep, source=old)
    answer = send(reps, f"/cell/lead/{lead.pk}/source/", source=new.pk, version=lead.version)
    toast = json.loads(answer["HX-Trigger"])["toast"]
    old.delete()

    assert "gone for good" in reps.post(toast["undo"], follow=True).content.decode()

    lead.refresh_from_db()
    assert lead.source == new


def test_is_not_undone_over_what_somebody_did_since(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, company="Acme")
    answer = send(reps, f"/cell/lead/{lead.pk}/company/", company="Apex", version=1)
    update_lead(lead, by=rep, company="Other")

    reps.post(json.loads(answer["HX-Trigger"])["toast"]["undo"])

    lead.refresh_from_db()
    assert lead.company == "Other"


def test_goes_back_only_to_us(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, company="Acme")
    send(reps, f"/cell/lead/{lead.pk}/company/", company="Apex", version=1)

    back = reps.post(
        f"/cell/lead/{lead.pk}/company/?undo=1", headers={"Referer": "https://evil.example/"}
    )

    assert back.url == lead.get_absolute_url()


def test_changes_nothing_else(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, company="Acme", city="Bonn", website="acme.example")

    send(reps, f"/cell/lead/{lead.pk}/company/", company="Apex", city="Rome", version=1)

    lead.refresh_from_db()
    assert (lead.company, lead.city, lead.website) == ("Apex", "Bonn", "acme.example")


def test_shows_both_who_change_it_at_once(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, company="Acme")
    update_lead(lead, by=rep, company="Other")
    address = f"/cell/lead/{lead.pk}/company/"

    answer = send(reps, address, company="Apex", version=1)

    assert answer.status_code == 409
    assert 'value="Apex"' in answer.content.decode()
    assert 'name="version" value="2"' in answer.content.decode()
    assert send(reps, address, company="Apex", version=2).content.decode() == "Apex"


def test_says_what_is_wrong_and_keeps_what_was_typed(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)

    answer = send(reps, f"/cell/lead/{lead.pk}/value/", estimated_value="a lot", version=1)

    assert answer.status_code == 422
    assert 'value="a lot"' in answer.content.decode()


@pytest.mark.parametrize("column", ["age", "name", "password", "custom.gone", "bant", "%00"])
def test_only_what_says_so_is_changed(reps: Client, rep: User, column: str) -> None:
    lead = LeadFactory(owner=rep)

    assert reps.get(f"/cell/lead/{lead.pk}/{column}/", headers=HTMX).status_code == 404


def test_not_by_those_who_may_only_read(
    client: Client, rep: User, rep2: User, outsider: User
) -> None:
    lead = LeadFactory(owner=rep, company="Acme")
    for person, status in ((rep2, 403), (outsider, 404)):
        client.force_login(person)
        answer = send(client, f"/cell/lead/{lead.pk}/company/", company="Apex", version=1)
        assert answer.status_code == status


def test_a_closed_lead_stays_as_it_is(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, company="Acme")
    qualify(lead, by=rep)
    lead.refresh_from_db()

    assert reps.get(f"/cell/lead/{lead.pk}/company/", headers=HTMX).content.decode() == "Acme"
    answer = send(reps, f"/cell/lead/{lead.pk}/company/", company="Apex", version=lead.version)

    assert answer.status_code == 422
    lead.refresh_from_db()
    assert lead.company == "Acme"


def test_sends_those_without_scripts_to_the_form(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)

    assert reps.get(f"/cell/lead/{lead.pk}/company/").url == f"/leads/{lead.pk}/edit/#id_company"


def test_every_column_that_can_be_changed_has_a_field(reps: Client, rep: User, admin: User) -> None:
    for kind in ("lead", "account", "contact", "opportunity"):
        one_of_each(kind, by=admin)
    account = AccountFactory(owner=rep)
    records = {
        "leads": LeadFactory(owner=rep),
        "accounts": account,
        "contacts": ContactFactory(owner=rep, account=account),
        "opportunities": OpportunityFactory(owner=rep, account=account),
    }
    for room, record in records.items():
        page = reps.get(f"/{room}/?view=all")
        names = ",".join(column["name"] for column in page.context["column_menu"]["others"])
        heads = reps.get(f"/{room}/?view=all&columns={names}").context["heads"]
        edits = [head["edits"] for head in heads if head["edits"]]
        assert len(edits) > 8
        for name in edits:
            answer = reps.get(f"/cell/{record._meta.model_name}/{record.pk}/{name}/", headers=HTMX)
            assert answer.status_code == 200, (room, name)
            assert "<form" in answer.content.decode()

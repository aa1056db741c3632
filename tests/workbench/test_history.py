"""What fields have held, and how one comes back: by the form and the operation of the record."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from accounts.operations import create_account, update_account
from leads.models import DisqualifyReason, Lead
from leads.operations import capture_lead, disqualify, update_lead
from opportunities.models import Product
from opportunities.operations import update_opportunity, win
from records.models import AuditEntry, FormLayout
from records.operations.shaping import save_field
from tests.custom import define
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import Grant, User


@pytest.fixture
def reps(client: Client, rep) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def lead(rep):
    return capture_lead(by=rep, topic="Engines", last_name="Lovelace", phone="+1 212 555 0101")


def history(record, field: str = "") -> str:
    return f"{record.get_absolute_url()}history/" + (f"?field={field}" if field else "")


def line_of(record, field: str) -> AuditEntry:
    kind = ContentType.objects.get_for_model(type(record))
    rows = AuditEntry.objects.filter(record_type=kind, record_id=record.pk)
    rows = rows.filter(changes__has_key=field)
    return rows.filter(event__endswith="changed").order_by("-pk").first()


def restore(client: Client, record, field: str, take: str = "old", **more):
    data = {"entry": line_of(record, field).pk, "field": field, "take": take, **more}
    answer = client.post(history(record), data, follow=True)
    record.refresh_from_db()
    return answer


def told(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def undo_of(answer) -> str:
    return next(
        found[1]
        for message in answer.context["messages"]
        if (found := re.search(r"undo:(\S+)", message.extra_tags))
    )


def test_lists_the_values_with_who_and_when_the_newest_first(reps, rep, manager, lead):
    for number, by in (("+1 212 555 0102", rep), ("", manager), ("+1 212 555 0103", rep)):
        lead = update_lead(lead, by=by, phone=number)
    update_lead(lead, by=rep, topic="More engines")

    page = reps.get(history(lead, "phone"))
    values = page.context["values"]

    assert [(v["value"], str(v["by"])) for v in values] == [
        ("+1 212 555 0103", "Rep"),
        ("", "Manager"),
        ("+1 212 555 0102", "Rep"),
        ("+1 212 555 0101", "Rep"),  # what it began with
    ]
    assert [v["is_current"] for v in values] == [True, False, False, False]
    assert page.content.decode().count("Restore this value") == 3
    fields = reps.get(history(lead)).context["fields"]
    assert [each["label"] for each in fields] == ["Phone", "Topic"]


def test_pages_go_on_where_the_last_one_ended(reps, rep, lead):
    for number in range(60):
        lead = update_lead(lead, by=rep, topic=f"Engines {number}")

    first = reps.get(history(lead, "topic")).context
    second = reps.get(history(lead) + first["older_url"]).context

    seen = [v["value"] for v in [*first["values"], *second["values"]]]
    assert seen == [f"Engines {number}" for number in range(59, -1, -1)] + ["Engines"]
    assert second["older_url"] == ""


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("topic", "Engines", "Looms"),
        ("phone", "+1 212 555 0101", ""),
        ("estimated_value", Decimal("168000.50"), Decimal("12")),
        ("estimated_value", None, Decimal("12")),
        ("estimated_close_date", date(2031, 5, 5), None),
        ("need", "must", ""),
        ("consent", True, False),
        ("country", "DE", "FR"),
        ("employees", 250, None),
        ("description", "Two\nlines <b>&", "One"),
    ],
)
def test_gives_back_what_a_field_held_and_takes_that_back(reps, rep, lead, field, old, new):
    lead = update_lead(lead, by=rep, **{field: old})
    lead = update_lead(lead, by=rep, **{field: new})

    answer = restore(reps, lead, field)

    assert getattr(lead, field) == (old if old is not None else None)
    assert "restored" in told(answer)
    line = AuditEntry.objects.filter(record_id=lead.pk).order_by("-pk").first()
    assert (line.event, list(line.changes)) == ("lead.changed", [field])

    reps.post(undo_of(answer))
    lead.refresh_from_db()
    assert getattr(lead, field) == (new if new is not None else None)


def test_undo_is_refused_when_somebody_was_faster(reps, rep, manager, lead):
    lead = update_lead(lead, by=rep, topic="Looms")
    answer = restore(reps, lead, "topic")
    update_lead(Lead.objects.get(pk=lead.pk), by=manager, topic="Mills")

    refused = reps.post(undo_of(answer), follow=True)

    lead.refresh_from_db()
    assert lead.topic == "Mills"
    assert "changed by Manager" in told(refused)


def test_gives_back_records_and_lists_but_an_owner_is_assigned(reps, rep, rep2, manager, client):
    account, other = (create_account(by=rep, name=name) for name in ("Engines", "Looms"))
    client.force_login(manager)
    products = [Product.objects.create(key=k, name=k.capitalize()) for k in ("pump", "mill")]
    lead = capture_lead(by=rep, topic="T", account=account, products=products)
    lead = update_lead(lead, by=manager, account=other, owner=rep2, products=products[:1])

    for field in ("account", "products"):
        restore(client, lead, field)

    assert lead.account == account
    assert set(lead.products.all()) == set(products)
    assert "Assign it" in told(restore(client, lead, "owner"))
    assert lead.owner == rep2


def test_gives_back_custom_values_and_stages_of_an_opportunity(reps, rep, admin):
    define("opportunity", "size", type="choice", choices=["Small", "Large"], by=admin)
    define("opportunity", "until", type="date", by=admin)
    deal, rep = OpportunityFactory(owner=rep), User.objects.get(pk=rep.pk)
    deal = update_opportunity(deal, by=rep, custom={"size": "small", "until": "2031-05-05"})
    deal = update_opportunity(deal, by=rep, custom={"size": "large", "until": None})

    restore(reps, deal, "custom.size")
    restore(reps, deal, "custom.until")

    assert deal.custom == {"size": "small", "until": "2031-05-05"}


# Refused, with a sentence


def test_says_why_a_value_cannot_come_back(reps, admin, lead):
    size = define("lead", "size", type="choice", choices=["Small", "Large"], by=admin)
    rep = User.objects.get(pk=lead.owner_id)  # with the fields that are defined now
    pump = Product.objects.create(key="pump", name="Pump")
    gone = AccountFactory(owner=rep, name="Gone Works")
    lead = update_lead(lead, by=rep, custom={"size": "small"}, account=gone, products=[pump])
    lead = update_lead(
        lead,
        by=rep,
        custom={"size": "large"},
        account=None,
        products=[],
        phone="",
        email="a@engine.example",
    )
    before = lead.version
    size.choices = [{**c, "is_active": c["key"] != "small"} for c in size.choices]
    save_field(size, by=admin)
    gone.deleted_at = timezone.now()
    gone.save()
    Product.objects.update(is_active=False)
    FormLayout.objects.filter(kind="lead").update(
        sections=[{"title": "", "fields": [{"name": "phone", "is_visible": False}]}]
    )

    assert "Choose one of the list for Size" in told(restore(reps, lead, "custom.size"))
    assert "gone" in told(restore(reps, lead, "account"))
    assert "out of use" in told(restore(reps, lead, "products"))
    hidden = {"entry": line_of(lead, "phone").pk, "field": "phone", "take": "old"}
    assert reps.post(history(lead), hidden).status_code == 404
    assert reps.get(history(lead, "phone")).status_code == 404
    assert lead.version == before


def test_is_refused_on_what_is_closed(reps, rep, lead):
    lead = update_lead(lead, by=rep, topic="Looms")
    disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))
    deal = update_opportunity(OpportunityFactory(owner=rep, topic="A"), by=rep, topic="B")
    win(deal, by=rep)

    for record in (lead, deal):
        assert "stays as it is" in told(restore(reps, record, "topic"))
        assert "Restore this value" not in reps.get(history(record, "topic")).content.decode()
        assert 'name="take"' not in reps.get(record.get_absolute_url()).content.decode()
    assert (lead.topic, deal.topic) == ("Looms", "B")


def test_is_for_those_who_may_edit_and_tells_nothing_to_others(client, rep, rep2, outsider, lead):
    lead = update_lead(lead, by=rep, topic="Looms")
    data = {"entry": line_of(lead, "topic").pk, "field": "topic", "take": "old"}

    client.force_login(rep2)
    assert client.get(history(lead, "topic")).status_code == 200
    assert "Restore this value" not in client.get(history(lead, "topic")).content.decode()
    assert 'name="take"' not in client.get(lead.get_absolute_url()).content.decode()
    assert client.post(history(lead), data).status_code == 403
    client.force_login(outsider)
    assert client.get(history(lead, "topic")).status_code == 404
    assert client.post(history(lead), data).status_code == 404
    lead.refresh_from_db()
    assert lead.topic == "Looms"


def test_names_no_record_that_the_reader_may_not_see(client, rep, manager, outsider, admin):
    secret = create_account(by=outsider, name="Secret Works")
    lead = LeadFactory(owner=rep)
    update_lead(lead, by=admin, account=secret)
    Grant.objects.filter(permission="accounts.view_account").update(scope="own")
    client.force_login(rep)

    page = client.get(history(lead, "account")).content.decode()

    assert "Secret" not in page
    assert "that you cannot open" in page


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"entry": "x", "field": "topic"},
        {"entry": "999999999999999999999", "field": "topic"},
        {"entry": "{entry}", "field": "version"},
        {"entry": "{entry}", "field": "status"},
        {"entry": "{entry}", "field": "\x00"},
        {"entry": "{other}", "field": "topic"},
    ],
)
def test_hostile_requests_find_nothing(reps, rep, lead, data):
    lead = update_lead(lead, by=rep, topic="Looms")
    other = update_lead(LeadFactory(owner=rep), by=rep, topic="Mills")
    numbers = {"entry": line_of(lead, "topic").pk, "other": line_of(other, "topic").pk}
    sent = {name: value.format(**numbers) for name, value in data.items()}

    assert reps.post(history(lead), sent).status_code == 404
    for query in ("field=nothing", "field=__class__", "field=owner__name", "field=%00", "before=x"):
        assert reps.get(f"{history(lead)}?{query}").status_code in {200, 404}, query
    lead.refresh_from_db()
    assert lead.topic == "Looms"


def test_the_timeline_offers_it_where_the_change_stands(reps, rep, lead):
    lead = update_lead(lead, by=rep, topic="Looms")
    account = update_account(AccountFactory(owner=rep, name="A"), by=rep, name="B")
    contact = ContactFactory(owner=rep)

    page = reps.get(lead.get_absolute_url()).content.decode()
    assert "Restore Topic: Engines" in page
    assert history(lead, "topic") in page
    assert (
        "Restore Name: A" in reps.get(f"{account.get_absolute_url()}?tab=timeline").content.decode()
    )
    assert reps.get(history(contact)).status_code == 200

"""What could not become a lead by itself waits in an inbox, to be mended, released or given up."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from intake import operations
from intake.models import Delivery, WebForm, WebFormField
from leads.models import Lead
from records.errors import NotPermitted
from records.models import AuditEntry
from tests.intake.world import a_door, hand_in
from users.models import User

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def desk(manager: User, client: Client) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def failed(admin: User) -> Delivery:
    hand_in(a_door(slug="shop"), {"country": "DE", "message": EVIL})
    return Delivery.objects.get()


@pytest.fixture
def quarantined(admin: User) -> Delivery:
    form = operations.save_web_form(WebForm(name="Contact us", slug="contact"), by=admin)
    WebFormField.objects.create(form=form, field="email")
    return operations.store_submission(
        form,
        raw=b"email=ada%40engine.example",
        values={"email": "ada@engine.example", "description": EVIL},
        context={"utm_source": "news"},
        suspicion="It looks like a robot.",
    )[0]


def values_of(desk: Client, delivery: Delivery) -> dict[str, Any]:
    form = desk.get(delivery.get_absolute_url()).context["form"]
    return {field.html_name: field.value() or "" for field in form}


def test_shows_what_failed_and_why(desk: Client, failed: Delivery, quarantined: Delivery):
    inbox = desk.get("/intake/").content.decode()
    quarantine = desk.get("/intake/?state=quarantined").content.decode()
    detail = desk.get(failed.get_absolute_url()).content.decode()

    assert "neither who it is nor how to reach them" in inbox
    assert "Retry all" in inbox
    assert "It looks like a robot." in quarantine
    assert "ada@engine.example" in quarantine
    assert "Retry all" not in quarantine
    for page in (inbox, quarantine, detail, desk.get(quarantined.get_absolute_url()).content):
        assert EVIL not in str(page)
    assert "&lt;script&gt;" in detail


def test_is_mended_and_tried_again(desk: Client, failed: Delivery, manager: User):
    values = values_of(desk, failed)
    assert values["country"] == "DE"

    answer = desk.post(failed.get_absolute_url(), values | {"email": "ada@engine.example"})

    assert answer.status_code == 302
    lead = Lead.objects.get()
    assert (lead.email, str(lead.country), lead.description) == ("ada@engine.example", "DE", EVIL)
    failed.refresh_from_db()
    assert (failed.state, failed.lead) == ("processed", lead)
    trail = AuditEntry.objects.get(event="delivery.retried")
    assert (trail.actor, trail.changes["email"]) == (manager, ["", "ada@engine.example"])


def test_says_what_is_still_missing(desk: Client, failed: Delivery):
    answer = desk.post(failed.get_absolute_url(), values_of(desk, failed))

    assert answer.status_code == 422
    assert "neither who it is nor how to reach them" in answer.content.decode()
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_what_was_no_robot_is_released(desk: Client, quarantined: Delivery):
    answer = desk.post(quarantined.get_absolute_url(), values_of(desk, quarantined), follow=True)

    assert answer.status_code == 200
    lead = Lead.objects.get()
    assert (lead.email, lead.utm) == ("ada@engine.example", {"utm_source": "news"})
    assert AuditEntry.objects.filter(event="delivery.released").exists()


def test_is_discarded_once(desk: Client, quarantined: Delivery, manager: User):
    address = f"/intake/{quarantined.pk}/discard/"

    first, second = desk.post(address), desk.post(address, follow=True)

    assert first.status_code == 302
    assert "Somebody has decided about this already" in second.content.decode()
    quarantined.refresh_from_db()
    assert (quarantined.state, str(manager) in quarantined.error) == ("ignored", True)
    assert not Lead.objects.exists()
    late = desk.post(quarantined.get_absolute_url(), {"email": "ada@engine.example"})
    assert late.status_code == 409
    assert "Nothing is to be decided" in desk.get(quarantined.get_absolute_url()).content.decode()


def test_all_that_failed_is_tried_again(desk: Client, failed: Delivery, quarantined: Delivery):
    door = failed.door
    assert door
    hand_in(door, {"second": 1})
    door.fields.create(field="company", value="Unknown Ltd")

    answer = desk.post("/intake/retry/", follow=True)

    assert "2 deliveries are being processed again" in answer.content.decode()
    assert Lead.objects.filter(company="Unknown Ltd").count() == 2
    quarantined.refresh_from_db()
    assert quarantined.state == "quarantined"


def test_links_to_the_lead_that_came_of_it(desk: Client, admin: User, outsider: User):
    hand_in(a_door(owner=outsider), {"email": "ada@engine.example"})
    delivery, lead = Delivery.objects.get(), Lead.objects.get()

    hidden = desk.get(delivery.get_absolute_url()).content.decode()
    desk.force_login(admin)
    seen = desk.get(delivery.get_absolute_url()).content.decode()

    assert lead.get_absolute_url() in seen
    assert lead.get_absolute_url() not in hidden
    assert "a lead that you cannot open" in hidden


def test_the_way_there_is_shown_to_those_who_may(desk: Client, rep: User):
    assert 'href="/intake/"' in desk.get("/leads/").content.decode()

    desk.force_login(rep)

    assert 'href="/intake/"' not in desk.get("/leads/").content.decode()


def test_is_for_those_who_may(rep: User, failed: Delivery):
    with pytest.raises(NotPermitted):
        operations.retry(failed, by=rep)
    with pytest.raises(NotPermitted):
        operations.retry_all(by=rep)
    with pytest.raises(NotPermitted):
        operations.discard(failed, by=rep)
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_a_long_inbox_is_read_page_by_page(
    desk: Client, admin: User, statements: Any, failed: Delivery
):
    door = failed.door
    desk.get("/intake/")
    with statements() as few:
        desk.get("/intake/")
    for number in range(60):
        hand_in(door, {"nothing": number})

    with statements() as many:
        first = desk.get("/intake/")
    second = desk.get("/intake/?page=2")

    assert len(few) == len(many) <= 10
    assert (len(first.context["rows"]), len(second.context["rows"])) == (50, 11)
    assert desk.get("/intake/?page=x&state=y").status_code == 200

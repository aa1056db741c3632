"""Telling other systems: noted with what happened, sent once in order, signed, tried again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.operations import create_account
from crm import outbox
from leads.models import Lead
from leads.operations import capture_lead, update_lead
from opportunities.operations import open_opportunity
from records import audit
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from records.signatures import standard
from tests.factories import LeadFactory
from tests.receiver import Receiver, receiving
from users.models import User
from users.operations import issue_token
from webhooks import jobs
from webhooks.models import EVENTS, Message, Webhook
from webhooks.operations import (
    MessageIsOnItsWay,
    prune_messages,
    resend,
    rotate_secret,
    save_webhook,
    settle,
    take,
)


@pytest.fixture
def receiver(settings: Any, db: None) -> Iterator[Receiver]:
    # Longer than a busy machine makes anybody wait.
    settings.WEBHOOK_NETWORKS, settings.WEBHOOK_TIMEOUT = [ip_network("127.0.0.1/32")], 10
    settings.WEBHOOK_PAUSES = [300] * len(settings.WEBHOOK_PAUSES)
    with receiving() as one:
        yield one


@pytest.fixture
def webhook(receiver: Receiver, admin: User) -> Webhook:
    return save_webhook(Webhook(name="Shop", url=receiver.url), by=admin)


def a_lead(by: User, name: str) -> Lead:
    return capture_lead(by=by, last_name=name, topic="Looms")


def send_all(*, for_days: int = 0) -> None:
    """Let time pass and have sent what is due, until nothing is."""
    with time_machine.travel(timezone.now() + timedelta(days=for_days)):
        while jobs.take_up():
            pass


def told(receiver: Receiver) -> list[str]:
    return [call.message["type"] for call in receiver.taken]


def test_tells_what_happened_signed_and_in_order(webhook, receiver, rep):
    lead = capture_lead(by=rep, last_name="Lovelace", email="ada@engine.example", topic="Looms")
    update_lead(lead, by=rep, topic="Engines")
    send_all()

    first, second = receiver.taken
    assert [first.message["type"], second.message["type"]] == ["lead.created", "lead.changed"]
    data = second.message["data"]
    assert (data["id"], data["kind"], data["by"]) == (lead.pk, "lead", rep.email)
    assert data["changes"]["topic"] == ["Looms", "Engines"]
    assert data["record"]["email"] == "ada@engine.example"
    for call in (first, second):
        moment = call.headers["webhook-timestamp"]
        assert abs(int(moment) - timezone.now().timestamp()) < 60
        signed = standard(webhook.secret, call.name, moment, call.body)
        assert call.headers["webhook-signature"] == signed
    assert {m.state for m in Message.objects.all()} == {"sent"}


def test_tells_every_room_by_one_row_or_by_many_and_nothing_that_was_taken_back(
    webhook, receiver, admin, rep
):
    few = Webhook(name="Deals", url=receiver.url, events=["opportunity.created"])
    few = save_webhook(few, by=admin)
    save_webhook(Webhook(name="Off", url=receiver.url, is_active=False), by=admin)
    with suppress(RuntimeError), transaction.atomic():
        a_lead(rep, "Never")
        raise RuntimeError
    create_account(by=rep, name="Babbage Works")
    a_lead(rep, "Babbage")
    open_opportunity("Looms", by=rep, owner=rep)
    audit.log_each(LeadFactory.create_batch(25, owner=rep), "lead.changed", by=rep)

    trail = AuditEntry.objects.filter(event__in=EVENTS).order_by("pk")
    noted = webhook.messages.order_by("pk").values_list("entry", "event", "record_id")
    assert list(noted) == list(trail.values_list("pk", "event", "record_id"))
    assert {event.partition(".")[0] for _entry, event, _pk in noted} >= {"lead", "opportunity"}
    deals = trail.filter(event="opportunity.created").count()
    assert few.messages.filter(event="opportunity.created").count() == deals
    assert Message.objects.count() == len(noted) + deals
    assert list(outbox.faults()) == []


def test_keeps_the_order_of_a_record_whatever_the_receiver_answers(webhook, receiver, rep):
    ada, bob = (a_lead(rep, name) for name in ("Ada", "Bob"))
    update_lead(ada, by=rep, topic="Engines")
    refused = iter([500, 503])
    receiver.answer = lambda _headers: next(refused, 204)
    send_all()

    # Both first ones were refused, so the change of the one waits behind it.
    assert [call.status for call in receiver.calls] == [500, 503]
    change = Message.objects.get(event="lead.changed")
    assert (change.state, change.attempts) == ("waiting", 0)
    send_all(for_days=1)

    assert [call.name for call in receiver.taken if call.message["data"]["id"] == ada.pk] == [
        m.name for m in Message.objects.filter(record_id=ada.pk).order_by("pk")
    ]
    again = [call.body for call in receiver.calls if call.message["data"]["id"] == bob.pk]
    assert len(again) == 2
    assert again[0] == again[1]


def test_gives_up_after_the_last_try_and_sends_again_when_asked(
    webhook, receiver, admin, rep, settings
):
    lead = a_lead(rep, "Ada")
    update_lead(lead, by=rep, topic="Engines")
    receiver.answer = lambda _headers: 500
    for day in range(len(settings.WEBHOOK_PAUSES) + 1):
        send_all(for_days=2 * day)
    first = Message.objects.get(event="lead.created")
    assert (first.state, first.status) == ("failed", 500)
    assert first.attempts == len(settings.WEBHOOK_PAUSES) + 1

    receiver.answer = lambda _headers: 204
    with pytest.raises(NotPermitted):
        resend(first, by=rep)
    jobs.resend(first, by=admin)
    first.refresh_from_db()
    assert first.state == "sent"
    assert {call.name for call in receiver.taken} >= {first.name}
    update_lead(lead, by=rep, topic="Looms")
    with pytest.raises(MessageIsOnItsWay):
        resend(Message.objects.filter(state="waiting").latest("pk"), by=admin)


def test_a_receiver_that_says_never_is_not_asked_again_and_one_that_is_away_is(
    webhook, receiver, rep
):
    a_lead(rep, "Ada")
    receiver.answer = lambda _headers: 410
    send_all()
    assert Message.objects.get().state == "failed"

    for strange in (
        b"",
        b"SSH-2.0 hello\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1\r\n",
    ):
        Message.objects.update(state="waiting", attempts=0, next_at=timezone.now())
        receiver.answer = lambda _headers, strange=strange: strange
        send_all()
        message = Message.objects.get()
        assert (message.state, message.attempts) == ("waiting", 1), strange
        assert message.error


def test_a_worker_that_died_is_followed_by_another_and_late_words_count_no_more(
    webhook, receiver, rep, settings
):
    a_lead(rep, "Ada")
    lost = take(Message.objects.get().pk)
    assert take(lost.pk) is None
    send_all()
    assert not receiver.calls

    with time_machine.travel(timezone.now() + timedelta(seconds=settings.JOB_PATIENCE + 1)):
        jobs.take_up()
    assert settle(lost, status=None, error="late") == ""

    assert [call.name for call in receiver.taken] == [lost.name]
    assert Message.objects.get().state == "sent"


def test_a_new_secret_leaves_the_old_one_a_day(webhook, receiver, admin, rep):
    rotated = rotate_secret(webhook, by=admin)
    a_lead(rep, "Ada")
    send_all()
    (call,) = receiver.taken
    moment = call.headers["webhook-timestamp"]
    assert call.headers["webhook-signature"].split(" ") == [
        standard(secret, call.name, moment, call.body)
        for secret in (rotated.secret, webhook.secret)
    ]

    a_lead(rep, "Bob")
    send_all(for_days=2)
    assert receiver.taken[-1].headers["webhook-signature"].count("v1,") == 1
    assert rotated.secret not in str(list(webhook.messages.values()))


@pytest.mark.once
def test_refuses_what_cannot_be_told_and_those_who_may_not(webhook, admin, manager):
    for url in ("ftp://a.example/", "https://u:p@a.example/", "https://", "https://a b/", "x"):
        with pytest.raises(Unacceptable) as refusal:
            save_webhook(Webhook(name="Wrong", url=url), by=admin)
        assert "url" in refusal.value.errors
    with pytest.raises(Unacceptable):
        save_webhook(Webhook(name="W", url="https://a.example/", events=["lead.eaten"]), by=admin)
    with pytest.raises(NotPermitted):
        save_webhook(Webhook(name="Mine", url="https://a.example/"), by=manager)


@pytest.mark.once
def test_the_administration_shows_tests_renews_and_sends_again(client, webhook, receiver, admin):
    client.force_login(admin)
    base = "/admin/webhooks/webhook/"
    page = client.get(f"{base}{webhook.pk}/change/")
    assert webhook.secret in page.content.decode()
    for act in ("ping", "rotate_secret"):
        client.post(base, {"action": act, "_selected_action": webhook.pk})
    assert told(receiver) == ["ping"]
    form = {"name": "Shop", "url": receiver.url, "is_active": "on", "events": ["lead.created"]}
    client.post(f"{base}{webhook.pk}/change/", {**form, "known_version": webhook.version})
    before = webhook.secret
    webhook.refresh_from_db()
    assert (webhook.events, webhook.secret != before) == (["lead.created"], True)
    message = Message.objects.get()
    again = {"action": "send_again", "_selected_action": message.pk}
    client.post("/admin/webhooks/message/", again)
    assert told(receiver) == ["ping", "ping"]
    with time_machine.travel(timezone.now() + timedelta(days=999)):
        assert prune_messages() == 1


@pytest.mark.once
def test_programs_shape_webhooks_and_see_a_secret_once(receiver, admin):
    token = issue_token(admin, by=admin, name="Set-up", scope="write")[1]
    programs = Client(headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k"})

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        call = getattr(programs, method)
        address = f"/api/v1/webhooks/{path}"
        if method == "get":
            return call(address)
        return call(address, body or {}, content_type="application/json", headers=headers)

    made = ask("post", "", {"name": "Shop", "url": receiver.url, "events": ["lead.won"]})
    assert made.status_code == 400
    made = ask(
        "post", "", {"name": "Shop", "url": receiver.url}, **{"Idempotency-Key": "other"}
    ).json()
    assert made["secret"].startswith("whsec_")
    assert ask("get", f"{made['id']}/").json()["secret"] is None
    turned = ask("post", f"{made['id']}/rotate-secret/", **{"Idempotency-Key": "turn"}).json()
    assert turned["secret"] not in {None, made["secret"]}
    ask("post", f"{made['id']}/ping/", **{"Idempotency-Key": "ping"})
    (message,) = ask("get", f"{made['id']}/messages/").json()
    assert (message["event"], message["state"], message["status"]) == ("ping", "sent", 204)
    gone = ask("delete", f"{made['id']}/", **{"Idempotency-Key": "gone"})
    assert gone.status_code == 204


def test_the_trail_is_written_where_webhooks_were_taken_back(webhook, rep, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(connection.introspection, "table_names", lambda: [outbox.TRAIL])
        assert outbox.mend()
    assert not outbox.is_there()

    a_lead(rep, "Ada")

    assert not Message.objects.exists()
    assert outbox.mend()
    a_lead(rep, "Grace")
    assert Message.objects.get().event == "lead.created"

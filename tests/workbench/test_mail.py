"""Posting a letter: promised with what it is about, sent after it, once as far as one can know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as django_mail
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from records.errors import NotPermitted, Unacceptable
from tests.catcher import Catcher, catching
from workbench.models import Mail, MailPart
from workbench.operations.mail import MailIsOnItsWay, addresses, note_bounce, post, retry
from workbench.operations.sending import (
    LOST_AFTER,
    MOST_ATTEMPTS,
    PAUSES,
    prune_mail,
    send_due,
    settle,
    take,
    take_up,
)

ADA = "ada@engine.example"
QUEUE = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def server(db: None) -> Iterator[Catcher]:
    with catching() as catcher:
        yield catcher


def a_letter(**said: Any) -> Mail:
    """Post a letter, and return it as it is by now: the tests' queue does at once what it can."""
    mail = post(**{"to": ADA, "subject": "The quote", "text": "Here it is.", **said})
    mail.refresh_from_db()
    return mail


# Sent


def test_is_sent_as_it_was_written_and_tells_nobody_of_hidden_copies(server):
    mail = a_letter(
        to=["Ada Lovelace <ada@engine.example>"],
        cc=["charles@works.example"],
        bcc=["boss@crm.example"],
        sender="Zoë, from sales",
        reply_to="zoe@crm.example",
        html="<p>Here it is.</p>",
        headers={"Auto-Submitted": "auto-generated"},
        attachments=[("quote ü.pdf", b"%PDF", "application/pdf")],
    )

    (caught,) = server.caught
    letter = caught.message
    assert (mail.state, mail.error, mail.attempts) == ("sent", "", 1)
    assert caught.recipients == ["ada@engine.example", "charles@works.example", "boss@crm.example"]
    assert str(letter["From"]) == '"Zoë, from sales" <crm@localhost>'
    assert letter["Message-ID"] == mail.message_id
    assert (letter["Reply-To"], letter["Auto-Submitted"]) == ("zoe@crm.example", "auto-generated")
    assert b"boss@" not in caught.raw
    text, html, pdf = (part for part in letter.walk() if not part.is_multipart())
    assert text.get_content().strip() == "Here it is."
    assert "<p>" in html.get_content()
    assert (pdf.get_filename(), pdf.get_content()) == ("quote ü.pdf", b"%PDF")
    assert bytes(MailPart.objects.get().content) == b""


def test_nothing_that_is_typed_begins_another_header(server):
    evil = "Hi\r\nBcc: eve@evil.example\r\n\r\n<script>"
    a_letter(subject=evil, sender=evil, headers={"X-Note": evil}, to=[f'"{evil}" <{ADA}>'])

    (caught,) = server.caught
    assert caught.recipients == [ADA]
    assert caught.message["Bcc"] is None
    assert caught.message.get_content().strip() == "Here it is."
    for name in ("From", "Bcc", "bad name", "X:"):
        with pytest.raises(ValueError):
            post(to=ADA, subject="Hi", text="", headers={name: "x"})


def test_a_calendar_says_the_same_as_the_text(server):
    kind = "text/calendar; method=REQUEST"
    a_letter(attachments=[("invite.ics", b"BEGIN:VCALENDAR", kind)])

    (letter,) = (caught.message for caught in server.caught)
    (part,) = (part for part in letter.walk() if part.get_content_type() == "text/calendar")
    assert letter.get_content_type() == "multipart/alternative"
    assert part["Content-Type"].params["method"] == "REQUEST"


def test_what_comes_back_comes_to_the_address_for_it(db):
    with catching(MAIL_BOUNCE_ADDRESS="in@crm.example") as server:
        a_letter()

    assert server.caught[0].sender == "in@crm.example"
    assert server.caught[0].message["From"] == "crm@localhost"


# Promised


def test_is_promised_in_the_transaction_that_it_belongs_to(server):
    with override_settings(TASKS=QUEUE):
        with transaction.atomic():
            post(to=ADA, subject="No", text="")
            transaction.set_rollback(True)
        assert not Mail.objects.exists()
        assert not DBTaskResult.objects.exists()

        mail = a_letter()
        assert (mail.state, DBTaskResult.objects.count()) == ("waiting", 1)
    assert server.caught == []


def test_a_key_is_posted_once(server):
    first, again = a_letter(key="digest:7:2026-11-27"), a_letter(key="digest:7:2026-11-27")

    assert first == again
    assert len(server.caught) == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"to": ""}, "to", "Say to whom"),
        ({"to": "ada@"}, "to", "“ada@” is no email address"),
        ({"cc": ["Ada <nobody>"]}, "cc", "“nobody” is no email address"),
        ({"to": [f"a{n}@engine.example" for n in range(51)]}, "to", "50 people at most"),
        ({"subject": " \n "}, "subject", "in a few words"),
        ({"text": "x" * 200_001}, "text", "too long"),
        ({"attachments": [("a", b"x" * 1_100_000, "text/plain")]}, "attachments", "1 MB"),
    ],
)
def test_refuses_by_name_what_cannot_be_sent(server, said, field, words):
    with override_settings(MAIL_LARGEST=1), pytest.raises(Unacceptable) as refusal:
        a_letter(**said)

    assert list(refusal.value.errors) == [field]
    assert words in str(refusal.value)
    assert not Mail.objects.exists()
    assert server.caught == []


# What goes wrong


def test_is_tried_again_with_growing_pauses_and_is_the_same_letter(server):
    server.answers[ADA] = "452 4.2.2 mailbox full"
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        mail = a_letter()
        assert (mail.state, mail.next_at - now) == ("waiting", PAUSES[0])
        assert "mailbox full" in mail.error
        assert not take_up()
    server.answers.clear()
    with time_machine.travel(now + PAUSES[0], tick=False):
        assert take_up()

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == ("sent", 2, "")
    assert [caught.message["Message-ID"] for caught in server.caught] == [mail.message_id]


def test_is_given_up_after_a_day(server):
    server.answers["END"] = "451 4.7.1 come back later"
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        mail = a_letter()
        while mail.state == "waiting":
            clock.move_to(mail.next_at)
            send_due.call()
            mail.refresh_from_db()

        assert timedelta(hours=18) < timezone.now() - now < timedelta(hours=24)
    assert (mail.state, mail.attempts) == ("failed", MOST_ATTEMPTS)
    assert not server.caught


def test_a_refusal_for_good_ends_it_and_it_can_be_tried_again(server, admin, rep):
    server.answers[ADA] = "550 5.1.1 nobody here"
    mail = a_letter()
    assert (mail.state, mail.attempts) == ("failed", 1)
    assert mail.error == f"{ADA}: 550 5.1.1 nobody here"

    server.answers.clear()
    with pytest.raises(NotPermitted):
        retry(mail, by=rep)
    retry(mail, by=admin)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("sent", 1)
    with pytest.raises(MailIsOnItsWay):
        retry(mail, by=admin)


def test_says_for_whom_the_server_did_not_take_it(server):
    server.answers["full@works.example"] = "552 5.2.2 mailbox full"

    mail = a_letter(cc=["full@works.example"])

    assert mail.state == "sent"
    assert mail.refused == {"full@works.example": "552 5.2.2 mailbox full"}
    assert server.caught[0].recipients == [ADA]


@pytest.mark.parametrize("answer", ["535 5.7.8 who are you", "530 5.7.0 sign in first"])
def test_waits_until_an_operator_mends_what_is_ours(server, answer):
    server.answers["MAIL"] = answer

    assert a_letter().state == "waiting"


def test_a_server_that_is_away_is_asked_once_a_turn(server):
    with override_settings(EMAIL_PORT=1):
        letters = [a_letter() for _ in range(3)]
        assert {(mail.state, mail.attempts) for mail in letters} == {("waiting", 1)}
        with time_machine.travel(timezone.now() + PAUSES[0]):
            send_due.call()
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [1, 1, 2]
    assert "cannot be reached" in Mail.objects.first().error


def test_a_silent_server_costs_no_more_than_the_limit(db):
    with catching(EMAIL_TIMEOUT=0.2) as server:
        server.is_silent = True
        mail = a_letter()

    assert mail.state == "waiting"
    assert "timed out" in mail.error


def test_when_the_server_dies_with_the_letter_it_goes_out_again_and_can_be_told(server):
    server.hang_up_at = "END"
    mail = a_letter()
    assert mail.state == "waiting"

    server.hang_up_at = ""
    with time_machine.travel(timezone.now() + PAUSES[0]):
        send_due.call()

    assert len(server.caught) == 2
    assert {caught.message["Message-ID"] for caught in server.caught} == {mail.message_id}


def test_one_worker_has_it_until_it_must_have_died(server):
    with override_settings(TASKS=QUEUE):
        mail = a_letter()
    first = take(mail.pk)
    assert first is not None
    assert take(mail.pk) is None
    assert not take_up()

    with time_machine.travel(timezone.now() + LOST_AFTER + timedelta(seconds=1)):
        second = take(mail.pk)
        assert second is not None
        settle(first, {})  # it only looked dead: the row is another one's by now
        mail.refresh_from_db()
        assert mail.state == "sending"
        settle(second, {})
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("sent", 2)
    assert not send_due.call()


def test_what_kills_every_worker_is_given_up(server):
    with override_settings(TASKS=QUEUE):
        mail = a_letter()
    Mail.objects.update(state="sending", taken_at=timezone.now() - LOST_AFTER * 2, attempts=8)

    assert take(mail.pk) is None

    mail.refresh_from_db()
    assert mail.state == "failed"


def test_what_came_back_was_not_delivered(server):
    mail = a_letter()

    assert note_bounce("<nobody@nowhere>", "550") is None
    note_bounce(mail.message_id, "550 5.1.1\r\nnobody here")

    mail.refresh_from_db()
    assert (mail.state, mail.error) == ("failed", "550 5.1.1 nobody here")


# Looked after


def test_old_letters_are_forgotten_and_waiting_ones_are_not(server):
    old, new = a_letter(), a_letter()
    with override_settings(TASKS=QUEUE):
        waiting = a_letter()
    long_ago = timezone.now() - timedelta(days=91)
    Mail.objects.filter(pk__in=[old.pk, waiting.pk]).update(created_at=long_ago)

    assert prune_mail() == 1
    assert set(Mail.objects.all()) == {new, waiting}


def test_administrators_see_how_far_letters_are_and_try_again(server, admin, client: Client):
    server.answers[ADA] = "550 5.1.1 nobody here"
    mail = a_letter(text="What nobody else shall read")
    client.force_login(admin)
    page = f"/admin/workbench/mail/{mail.pk}/change/"

    told = client.get(page).content.decode()
    assert "nobody here" in told
    assert "Try again" in told
    assert "nobody else shall read" not in told
    assert client.post(page, {"subject": "x"}).status_code == 403
    server.answers.clear()
    client.post(
        "/admin/workbench/mail/", {"action": "try_again", "_selected_action": [str(mail.pk)]}
    )

    mail.refresh_from_db()
    assert mail.state == "sent"


def test_readyz_hints_at_many_failures_and_stays_ready(server, client: Client):
    server.answers[ADA] = "550 5.1.1 nobody here"
    assert client.get("/readyz").json()["mail"] == "ok"
    for _ in range(10):
        a_letter()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["mail"]) == (200, "many emails were not sent")


def test_without_a_server_letters_go_where_they_can_be_read(db: None):
    mail = a_letter()

    assert mail.state == "sent"
    assert [letter.subject for letter in django_mail.outbox] == ["The quote"]


def test_an_address_is_no_line_of_a_header():
    with pytest.raises(Unacceptable, match=r"“Bcc: eve@evil\.example” is no email"):
        addresses("ada@engine.example\r\nBcc: eve@evil.example")
    assert addresses('ada@engine.example\n"Dr: Ada" <b@engine.example>')[1:] == [
        '"Dr: Ada" <b@engine.example>'
    ]

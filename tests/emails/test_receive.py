"""A letter from the mailbox: on the one timeline that it belongs to, once, or nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import override_settings

from accounts.models import Contact
from accounts.operations import delete_contact, merge_contacts
from activities.models import Activity
from activities.timeline import timeline_of
from emails.matching import address_of
from emails.models import Email
from emails.operations import Received, receive, send_email
from leads.models import DisqualifyReason, Lead
from leads.operations import disqualify, qualify
from records.models import AuditEntry, Notice
from records.operations.notices import told_to
from tests.emails.conftest import ADA
from tests.emails.letters import a_bounce, a_letter, raw
from tests.factories import ContactFactory, LeadFactory, OpportunityFactory, UserFactory
from tests.world import stored
from users.operations import mailbox_machine
from workbench.models import Mail


def take(letter: bytes) -> Received:
    return receive(letter, by=mailbox_machine())


def shown_on(record: Any) -> list[Activity]:
    return [entry.activity for entry in timeline_of(record, kind="email").entries]


# What becomes an entry


def test_an_answer_to_the_address_of_the_record_stands_on_its_timeline(lead, rep):
    lead.refresh_from_db()
    before = {name: getattr(lead, name) for name in ("version", "topic", "email", "progress")}

    received = take(raw(to=f"Rep <{address_of(lead)}>", Date="Mon, 02 Nov 2026 10:00:00 +0100"))

    entry = received.activity
    lead.refresh_from_db()
    assert received.verdict == "added"
    assert shown_on(lead) == [entry]
    assert (entry.kind, entry.direction, entry.owner) == ("email", "incoming", rep)
    assert (entry.subject, entry.text) == ("Re: The quote", "Yes, on Friday.")
    assert entry.people == "Ada Lovelace <ada@engine.example>"
    assert entry.created_by == mailbox_machine()
    assert entry.done_at <= datetime.now(UTC)
    assert lead.touched_at == entry.done_at
    assert {name: getattr(lead, name) for name in before} == before


def test_the_owner_is_told_once_that_an_email_came_in(lead, rep):
    letter = raw(to=address_of(lead), subject="Re: The quote")

    take(letter)
    take(letter)

    told = told_to(rep, list(Notice.objects.filter(what="answered")))
    assert [(each.sentence, each.text) for each in told] == [
        (f"An email came in on {lead}", "Ada Lovelace: Re: The quote")
    ]
    assert Notice.objects.get(what="answered").whom == rep


def test_nobody_is_told_of_an_email_that_he_wrote_himself(lead, rep):
    take(raw(rep.email, ADA, Bcc=address_of(lead)))

    assert lead.owner == rep
    assert shown_on(lead)
    assert not Notice.objects.filter(what="answered").exists()


def test_an_answer_finds_what_it_answers(lead, rep):
    sent = send_email(lead, by=rep, to="ada.private@home.example", subject="Hi", text="Hello")
    message_id = outbox.outbox[0].message()["Message-ID"]
    sender = "ada.private@home.example"

    answer = take(raw(sender, "crm@crm.example", In_Reply_To=message_id))
    after = take(raw(sender, message_id="<2@x>", References=f"{message_id} <1@engine.example>"))

    assert answer.verdict == after.verdict == "added"
    assert set(shown_on(lead)) == {sent, answer.activity, after.activity}
    assert Email.objects.get(activity=after.activity).references == (
        f"{message_id} <1@engine.example>"
    )


def test_a_copy_of_what_a_colleague_sent_is_an_outgoing_entry_of_theirs(lead, rep):
    letter = raw(f"Rep <{rep.email.upper()}>", f"{ADA}, {address_of(lead)}")

    entry = take(letter).activity

    assert (entry.direction, entry.owner, entry.created_by) == ("outgoing", rep, rep)
    assert entry.people == ADA
    lead.refresh_from_db()
    assert lead.touched_at is not None


def test_without_anything_else_the_sender_names_the_record(lead, rep):
    contact = ContactFactory(owner=rep, email="c@x.example", second_email="Charles@Works.example")
    twin = LeadFactory(owner=rep, email="twin@x.example")
    LeadFactory(owner=rep, email="twin@x.example")

    assert take(raw(message_id="<1@a>")).record == lead
    assert take(raw("charles@works.example", message_id="<2@a>")).record == contact
    several = take(raw("twin@x.example", message_id="<3@a>"))
    assert (several.verdict, several.text) == (
        "left",
        "Several records have this address, and the letter names none of them.",
    )
    assert take(raw("nobody@x.example", message_id="<4@a>")).verdict == "left"
    assert shown_on(twin) == []


def test_a_qualified_lead_hands_on_to_whom_it_became_and_a_given_up_one_keeps_it(lead, rep):
    token = address_of(lead)
    outcome = qualify(lead, by=rep)

    received = take(raw(to=token))
    assert received.record == outcome.contact
    assert received.activity in shown_on(outcome.account)

    other = LeadFactory(owner=rep, email=ADA)
    disqualify(other, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))
    assert take(raw(to=address_of(other), message_id="<2@a>")).record == other


def test_what_was_merged_hands_on_and_what_is_in_the_bin_does_not(mailbox, rep):
    one, other = (ContactFactory(owner=rep, email=f"{n}@x.example") for n in "ab")
    token = address_of(other)
    merge_contacts(one, [other], by=rep)
    assert take(raw("a@x.example", to=token)).record == one
    assert take(raw("b@x.example", to=token, message_id="<3@a>")).record == one

    delete_contact(Contact.objects.get(pk=one.pk), by=rep)
    binned = take(raw("a@x.example", to=token, message_id="<2@a>"))
    assert (binned.verdict, binned.text) == ("left", "The record is in the recycle bin.")


def test_files_are_taken_with_it_and_what_is_refused_is_named(lead):
    letter = a_letter(to=address_of(lead))
    letter.add_attachment(b"Seven", "text", "plain", filename="price.txt")
    letter.add_attachment(b"MZ", "application", "octet-stream", filename="virus.exe")

    entry = take(bytes(letter)).activity

    assert [file.name for file in entry.files.all()] == ["price.txt"]
    assert "virus.exe" in entry.text
    assert entry.text.startswith("Yes, on Friday.")


# Once


def test_the_same_letter_is_one_entry(lead, rep):
    letter = raw(to=address_of(lead))

    first, again = take(letter), take(letter)
    sent = send_email(lead, by=rep, to=ADA, subject="Hi", text="Hello", bcc=address_of(lead))
    copy = take(outbox.outbox[0].message().as_bytes())

    assert (first.verdict, again.verdict, copy.verdict) == ("added", "known", "known")
    assert again.activity == first.activity
    assert set(shown_on(lead)) == {first.activity, sent}


def test_leaves_nothing_behind_when_it_fails(lead, broken_trail):
    broken_trail()

    with pytest.raises(Exception, match="full"):
        take(raw(to=address_of(lead)))

    assert not Activity.objects.exists()
    assert not Email.objects.exists()


# Strangers


@pytest.mark.parametrize(
    "sender", ["eve@evil.example", "ada@evil.example", '"ada@engine.example" <eve@evil.example>']
)
def test_a_stranger_adds_nothing_whatever_he_knows(lead, rep, sender):
    send_email(lead, by=rep, to=ADA, subject="Hi", text="Hello")
    known = outbox.outbox[0].message()["Message-ID"]
    before = stored()

    for number, letter in enumerate(
        (
            raw(sender, address_of(lead), message_id="<a@x>"),
            raw(sender, message_id="<b@x>", In_Reply_To=known),
            raw(sender, message_id="<c@x>"),
            raw("MAILER-DAEMON@evil.example", message_id="<d@x>"),
        )
    ):
        assert take(letter).verdict == "left", number
    assert stored() == before


def test_an_address_that_nobody_signed_leads_nowhere(lead, rep):
    token = address_of(lead)
    local, _at, domain = token.partition("@")
    forged = [
        f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}",
        f"in+l{lead.pk}@{domain}",
        token.replace(f"+l{lead.pk}-", f"+l{lead.pk + 1}-"),
        token.replace("+l", "+c"),
    ]
    stranger = LeadFactory(owner=rep, email="other@x.example")
    for number, address in enumerate(forged):
        received = take(raw("nobody@x.example", address, message_id=f"<{number}@x>"))
        assert (received.verdict, received.text) == ("left", "No record is found for it.")
    assert token != address_of(stranger)
    with override_settings(SECRET_KEY="n" * 60, SECRET_KEY_FALLBACKS=[]):
        assert address_of(lead) != token
        assert take(raw("x@y.example", token, message_id="<9@x>")).verdict == "left"
    with override_settings(SECRET_KEY="n" * 60, SECRET_KEY_FALLBACKS=["o" * 60]):
        old = address_of(lead)
    with override_settings(SECRET_KEY="o" * 60, SECRET_KEY_FALLBACKS=["n" * 60]):
        assert take(raw(to=old)).record == lead
    with override_settings(MAIL_IN_ADDRESS="{token}.in@crm.example"):
        assert take(raw(to=address_of(lead).upper(), message_id="<8@x>")).record == lead


def test_a_colleague_writes_only_where_he_may(lead, outsider, rep):
    told = take(raw(outsider.email, f"{address_of(lead)}, {ADA}"))
    nobody = UserFactory(team=rep.team, may={"leads.view_lead": "team"})
    also = take(raw(nobody.email, address_of(lead), message_id="<2@x>"))

    # As if there was no such record.
    assert (told.verdict, told.text) == ("left", "No record is found for it.")
    assert also.verdict == "left"
    assert shown_on(lead) == []


def test_those_whom_an_opportunity_is_about_may_answer(mailbox, rep):
    contact = ContactFactory(owner=rep, email="a@x.example")
    deal = OpportunityFactory(owner=rep, contact=contact)

    assert take(raw("a@x.example", address_of(deal))).record == deal
    assert take(raw("b@x.example", address_of(deal), message_id="<2@x>")).verdict == "left"


# Programs


def test_what_no_person_wrote_is_no_entry(lead):
    for number, letter in enumerate(
        (
            raw(to=address_of(lead), Auto_Submitted="auto-replied"),
            raw("crm@crm.example", address_of(lead)),
            raw("in@crm.example", address_of(lead)),
            raw(address_of(lead), address_of(lead)),
        )
    ):
        assert take(letter).verdict == "automatic", number
    assert shown_on(lead) == []


def test_a_letter_that_came_back_was_not_sent(lead, rep):
    entry = send_email(lead, by=rep, to=ADA, subject="Hi", text="Hello")
    message_id = Mail.objects.get().message_id

    assert take(a_bounce(message_id, action="delayed")).verdict == "automatic"
    assert Mail.objects.get().state == "sent"
    received = take(a_bounce(message_id))

    assert (received.verdict, received.activity) == ("bounced", entry)
    assert Mail.objects.get().state == "failed"
    assert "mailbox full" in Mail.objects.get().error
    assert take(a_bounce("<nobody@x>")).verdict == "left"


@pytest.mark.parametrize("letter", [b"", b"nonsense", b"x" * (26 * 1024 * 1024)])
def test_what_cannot_be_read_is_left(db, letter):
    assert take(letter).verdict == "unreadable"
    assert not AuditEntry.objects.exists()


def test_nothing_in_a_letter_runs_or_is_lost(lead, client, rep):
    evil = "<script>alert(1)</script> {{ lead.email }} =cmd|' /C calc'!A0 ' OR 1=1 --"
    client.force_login(rep)

    entry = take(raw(to=address_of(lead), text=evil, subject=evil)).activity
    page = client.get(lead.get_absolute_url()).content.decode()

    assert (entry.text, entry.subject) == (evil, evil)
    assert "<script>alert(1)" not in page
    assert Lead.objects.get(pk=lead.pk).topic == lead.topic

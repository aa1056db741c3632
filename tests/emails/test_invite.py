"""Inviting to a meeting: calendars hear of it, of every change, and of nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.models import Activity, Invitation
from activities.operations import (
    NothingToInviteTo,
    complete,
    delete_activity,
    edit_activity,
    plan_meeting,
    restore_activity,
)
from emails.operations import IsLeftAlone, invite
from leads.models import DisqualifyReason
from leads.operations import disqualify, reopen, update_lead
from records.errors import NotPermitted, Unacceptable
from tests.emails.conftest import ADA

SOON = timedelta(days=3)


@pytest.fixture
def meeting(lead: Any, rep: Any) -> Activity:
    return plan_meeting(
        lead, by=rep, subject="Demo; with jars", due_at=timezone.now() + SOON, duration=45,
        text="They have no money",
    )  # fmt: skip


def sent() -> list[tuple[str, str, dict[str, str]]]:
    """Return to whom, with which method and what each letter said, and forget them."""
    found = []
    for letter in outbox.outbox:
        message = letter.message()
        parts = list(message.walk())
        (calendar,) = (part for part in parts if part.get_content_type() == "text/calendar")
        text = calendar.get_payload(decode=True).decode().replace("\r\n ", "")
        lines = [line.partition(":") for line in text.split("\r\n")]
        said = {name.partition(";")[0]: value for name, _colon, value in lines}
        assert calendar.get_param("method") == said["METHOD"]
        assert [part.get_filename() for part in parts if part.get_filename()] == ["invite.ics"]
        found.append((letter.to[0], said["METHOD"], said))
    outbox.outbox.clear()
    return found


def test_everybody_gets_it_for_their_calendar_and_no_more_than_that(meeting, rep):
    invite(meeting, by=rep, people=f"Ada <{ADA}>, charles@works.example", place="Room 7")

    letters = sent()
    _to, method, said = letters[0]
    assert [each[0] for each in letters] == [f"Ada <{ADA}>", "charles@works.example"]
    assert (method, said["SEQUENCE"], said["STATUS"]) == ("REQUEST", "0", "CONFIRMED")
    assert (said["SUMMARY"], said["LOCATION"]) == ("Demo\\; with jars", "Room 7")
    assert said["ORGANIZER"] == f"mailto:{rep.email}"
    assert "no money" not in str(letters)
    assert Activity.objects.get(pk=meeting.pk).text == "They have no money"


def test_a_change_follows_and_what_is_none_does_not(meeting, rep):
    invite(meeting, by=rep, people=ADA)
    uid = sent()[0][2]["UID"]

    edit_activity(meeting, by=rep, text="They have money", is_pinned=True)
    assert sent() == []
    edit_activity(meeting, by=rep, due_at=meeting.due_at + timedelta(hours=2))
    ((_to, method, said),) = sent()
    assert (method, said["SEQUENCE"], said["UID"]) == ("REQUEST", "1", uid)

    invite(meeting, by=rep, people="charles@works.example")
    changed = [(to, method, said["SEQUENCE"]) for to, method, said in sent()]
    assert changed == [("charles@works.example", "REQUEST", "2"), (ADA, "CANCEL", "2")]
    invite(meeting, by=rep, people="charles@works.example")
    assert sent() == []


def test_what_is_off_is_cancelled_and_may_come_back(meeting, rep, lead):
    invite(meeting, by=rep, people=ADA)
    sent()

    delete_activity(meeting, by=rep)
    ((to, method, said),) = sent()
    assert (to, method, said["STATUS"], said["SEQUENCE"]) == (ADA, "CANCEL", "CANCELLED", "1")
    restore_activity(meeting, by=rep)
    assert [(each[1], each[2]["SEQUENCE"]) for each in sent()] == [("REQUEST", "2")]
    disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))
    assert [each[1] for each in sent()] == ["CANCEL"]
    reopen(lead, by=rep)
    assert [each[1] for each in sent()] == ["REQUEST"]


def test_nobody_hears_of_a_meeting_that_has_begun_or_is_done(meeting, rep):
    invite(meeting, by=rep, people=ADA)
    sent()
    with time_machine.travel(timezone.now() + SOON + timedelta(minutes=1)):
        edit_activity(meeting, by=rep, subject="Else")
        complete(meeting, by=rep)
        delete_activity(meeting, by=rep)

    assert sent() == []
    with pytest.raises(Exception, match="bin"):
        invite(meeting, by=rep, people=ADA)


@pytest.mark.once
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"people": ""}, "people"),
        ({"people": "ada"}, "people"),
        ({"people": ", ".join(f"a{n}@x.example" for n in range(51))}, "people"),
        ({"people": ADA, "place": "x" * 201}, "place"),
        ({"people": ADA, "text": "x" * 5_001}, "text"),
        ({"people": ADA, "text": "a\x00b"}, "text"),
    ],
)
def test_says_what_is_wrong(meeting, rep, said, field):
    with pytest.raises(Unacceptable) as refusal:
        invite(meeting, by=rep, **said)

    assert list(refusal.value.errors) == [field]
    assert not Invitation.objects.exists()
    assert not outbox.outbox


def test_is_refused_where_there_is_nothing_to_invite_to(meeting, lead, rep, rep2):
    with pytest.raises(NotPermitted):
        invite(meeting, by=rep2, people=ADA)
    update_lead(lead, by=rep, do_not_contact=True)
    with pytest.raises(IsLeftAlone):
        invite(meeting, by=rep, people=ADA)
    complete(meeting, by=rep)
    with pytest.raises(NothingToInviteTo):
        invite(meeting, by=rep, people="x@y.example")


def test_nothing_that_is_typed_begins_another_line_of_the_calendar(meeting, rep):
    evil = "x\r\nATTENDEE:mailto:eve@evil.example\r\nBEGIN:VEVENT"
    edit_activity(meeting, by=rep, subject="y" + "ß" * 150)
    invite(meeting, by=rep, people=f'"A;B:C" <{ADA}>', place=evil, text=evil)

    content = outbox.outbox[0].message().as_bytes()
    calendar = next(
        part.get_payload(decode=True).decode()
        for part in outbox.outbox[0].message().walk()
        if part.get_content_type() == "text/calendar"
    )
    lines = calendar.split("\r\n")
    assert sum(line.startswith("ATTENDEE") for line in lines) == 1
    assert sum(line.startswith("BEGIN:VEVENT") for line in lines) == 1
    assert max(len(line.encode()) for line in lines) <= 75
    assert b"\neve@evil" not in content


def test_the_composer_leads_from_the_meeting_to_who_is_invited(client: Client, lead, rep):
    client.force_login(rep)
    due = timezone.localtime(timezone.now() + SOON).strftime("%Y-%m-%dT%H:%M")
    create = f"{reverse('activities:create')}?on=lead:{lead.pk}"
    data = {"kind": "meeting", "subject": "Demo", "due_at": due, "invite": "1"}

    answer = client.post(create, data)
    meeting = Activity.objects.get(kind="meeting")
    page = reverse("emails:invite", args=[meeting.pk])
    assert answer.headers["Location"] == page
    form = client.get(page).context["form"]
    assert form["people"].value() == [ADA]
    client.post(page, {"people": [ADA], "others": "c@works.example", "place": "Here", "text": ""})

    assert [each[0] for each in sent()] == [f"Ada Lovelace <{ADA}>", "c@works.example"]
    told = client.get(reverse("activities:detail", args=[meeting.pk])).content.decode()
    assert "Invited: Ada Lovelace, c@works.example" in told
    form = client.get(page).context["form"]
    assert (form["people"].value(), form["others"].value()) == ([ADA], "c@works.example")
    note = client.post(create, {**data, "due_at": "2020-01-01T10:00"})
    assert note.headers["Location"] == lead.get_absolute_url()

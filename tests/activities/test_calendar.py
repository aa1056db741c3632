"""Tasks and meetings in the calendar that somebody uses: private, and nothing but his own."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from activities.models import Activity, Invitation
from activities.operations import cancel_open, complete, delete_activity, edit_activity
from activities.operations.invitations import put_invitation
from leads.operations import assign_lead
from tests.factories import ActivityFactory, LeadFactory
from users.models import ApiToken, CalendarFeed, Grant, User
from users.operations import close_calendar, open_calendar, owner_of_calendar

IN_TWO_DAYS = timedelta(days=2)


def a_task(rep: User, on: Any = None, **more: Any) -> Activity:
    terms = {"kind": "task", "due_at": timezone.now() + IN_TWO_DAYS, **more}
    activity: Activity = ActivityFactory(
        on=on or LeadFactory(owner=rep), owner=rep, by=rep, **terms
    )
    return activity


def address(rep: User) -> str:
    return f"/calendar/{open_calendar(rep, by=rep)}.ics"


def entries(text: str) -> list[dict[str, str]]:
    """Return the entries of a calendar, their lines unfolded."""
    whole = text.replace("\r\n ", "")
    found = re.findall(r"BEGIN:VEVENT\r\n(.*?)END:VEVENT\r\n", whole, re.DOTALL)
    return [dict(line.split(":", 1) for line in each.split("\r\n") if line) for each in found]


def read(url: str) -> list[dict[str, str]]:
    answer = Client().get(url)
    assert answer.status_code == 200
    return entries(answer.content.decode())


def test_has_what_is_to_be_done_and_meetings_and_nothing_else(rep: User, rep2: User) -> None:
    lead = LeadFactory(owner=rep, first_name="Elena", last_name="Marchetti")
    task = a_task(rep, lead, subject="Send the quote")
    late = a_task(rep, lead, subject="Call back", kind="call", due_at=timezone.now() - IN_TWO_DAYS)
    meeting = a_task(rep, lead, subject="Demo", kind="meeting", duration=45)
    held = complete(a_task(rep, lead, subject="Held", kind="meeting"), by=rep)
    complete(a_task(rep, lead, subject="Ticked"), by=rep)
    a_task(rep, lead, subject="Some day", due_at=None)
    delete_activity(a_task(rep, lead, subject="Deleted"), by=rep)
    a_task(rep2, LeadFactory(owner=rep2), subject="Somebody else's")
    gone = LeadFactory(owner=rep)
    a_task(rep, gone, subject="Cancelled")
    cancel_open(gone, by=rep)

    told = {each["SUMMARY"]: each for each in read(address(rep))}

    assert set(told) == {
        f"{entry.subject} (Elena Marchetti)" for entry in (task, late, meeting, held)
    }
    demo = told["Demo (Elena Marchetti)"]
    assert demo["DTSTART"] == f"{meeting.due_at:%Y%m%dT%H%M%SZ}"
    assert demo["DTEND"] == f"{meeting.due_at + timedelta(minutes=45):%Y%m%dT%H%M%SZ}"
    assert demo["URL"] == f"http://testserver/activities/{meeting.pk}/"
    assert "DTEND" not in told["Send the quote (Elena Marchetti)"]


def test_an_entry_keeps_its_name_and_counts_its_changes(rep: User) -> None:
    task = a_task(rep, subject="Send the quote")
    url = address(rep)
    [before] = read(url)

    edit_activity(task, by=rep, due_at=task.due_at + timedelta(hours=1))

    [after] = read(url)
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == ("0", "1")
    assert after["DTSTAMP"] >= before["DTSTAMP"]


def test_a_meeting_to_which_others_were_invited_has_the_name_that_they_know(rep: User) -> None:
    meeting = a_task(rep, subject="Demo", kind="meeting")
    put_invitation(meeting, by=rep, people=["ada@engine.example"], place="Hall 3")

    [entry] = read(address(rep))

    assert (entry["UID"], entry["LOCATION"]) == (Invitation.objects.get().uid, "Hall 3")


@pytest.mark.once
@pytest.mark.parametrize(
    "subject",
    [
        "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Evil",
        "a\nATTENDEE:mailto:eve@evil.example",
        'semicolons; commas, back\\slashes: and "quotes"',
        "\u2028\u2029\x0b\x0c line ends of other kinds",
        "日本語の件名" * 20,
    ],
)
def test_whatever_a_subject_says_it_stays_one_line_of_one_entry(rep: User, subject: str) -> None:
    task = a_task(rep, subject="Plain")
    Activity.objects.filter(pk=task.pk).update(subject=subject)  # past every check of ours

    body = Client().get(address(rep)).content

    [entry] = entries(body.decode())
    assert set(entry) <= {
        "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "URL", "STATUS",
    }  # fmt: skip
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    plain = entry["SUMMARY"].replace("\\n", "\n")
    for sign in ";,\\":
        plain = plain.replace(f"\\{sign}", sign)
    shown = re.sub("[\x0b\x0c\u2028\u2029]", "", subject.replace("\r\n", "\n"))
    assert plain.startswith(shown)


def test_tells_only_what_its_owner_may_see_at_that_moment(
    rep: User, outsider: User, manager: User
) -> None:
    lead = LeadFactory(owner=rep, first_name="Elena", last_name="Marchetti")
    a_task(rep, lead, subject="Send the quote")
    url = address(rep)
    assert read(url)[0]["SUMMARY"] == "Send the quote (Elena Marchetti)"

    assign_lead(lead, by=manager, owner=outsider)
    assert read(url)[0]["SUMMARY"] == "Send the quote"

    Grant.objects.filter(permission="activities.view_activity").delete()
    assert read(url) == []


def test_an_address_that_ended_is_like_one_that_never_was(rep: User) -> None:
    a_task(rep)
    first = address(rep)
    second = address(rep)
    gone = [Client().get(url) for url in (first, "/calendar/never.ics", "/calendar/.ics.ics")]
    assert Client().get(second).status_code == 200
    close_calendar(rep, by=rep)
    gone.append(Client().get(second))
    third = address(rep)
    User.objects.filter(pk=rep.pk).update(is_active=False)
    gone.append(Client().get(third))

    assert {(answer.status_code, answer.content) for answer in gone} == {
        (404, b"There is no calendar here.\n")
    }


def test_only_its_hash_is_kept_and_nobody_opens_the_calendar_of_another(
    rep: User, admin: User
) -> None:
    secret = open_calendar(rep, by=rep)

    assert CalendarFeed.objects.get().digest == ApiToken.digest_of(secret)
    assert secret not in str(CalendarFeed.objects.values_list())
    assert owner_of_calendar(secret) == rep
    with pytest.raises(PermissionDenied):
        open_calendar(rep, by=admin)
    assert close_calendar(rep, by=admin)
    assert owner_of_calendar(secret) is None


def test_is_fetched_once_for_as_long_as_it_stays_the_same(rep: User) -> None:
    task = a_task(rep)
    url = address(rep)
    first = Client().get(url)

    same = Client().get(url, headers={"If-None-Match": first["ETag"]})
    edit_activity(task, by=rep, subject="Another one")
    other = Client().get(url, headers={"If-None-Match": first["ETag"]})

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert (other.status_code, first["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert first["Cache-Control"] == "private, no-cache"
    assert not first.cookies
    assert Client().head(url).status_code == 200


def test_is_not_asked_without_end(rep: User, settings: Any) -> None:
    settings.CRM_THROTTLE = True
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                                   "LOCATION": "calendar"}}  # fmt: skip
    url = address(rep)

    answers = [Client().get(url).status_code for _ in range(62)]

    assert set(answers[:60]) == {200}
    assert answers[60:] == [429, 429]
    assert int(Client().get(url)["Retry-After"]) > 0


def test_costs_the_same_however_much_there_is(rep: User, statements: Any) -> None:
    url = address(rep)
    a_task(rep)
    Client().get(url)

    def asked() -> int:
        with statements() as told:
            assert Client().get(url).status_code == 200
        return len(told)

    few = asked()
    for _ in range(10):
        a_task(rep)

    assert asked() == few <= 6


def test_the_profile_shows_the_address_once(client: Client, rep: User) -> None:
    client.force_login(rep)
    assert "Make an address" in client.get("/profile/").content.decode()

    made = client.post("/profile/calendar/")

    [url] = re.findall(r'value="(http://testserver/calendar/[\w-]+\.ics)"', made.content.decode())
    assert Client().get(url).status_code == 200
    later = client.get("/profile/").content.decode()
    assert url not in later
    assert "Revoke the address" in later
    assert client.post("/profile/calendar/revoke/").status_code == 302
    assert Client().get(url).status_code == 404

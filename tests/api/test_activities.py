"""Activities by API: what was said and done, and what is to be done."""

from __future__ import annotations

import pytest

from activities.models import Activity
from tests.factories import ActivityFactory, LeadFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def on(rep):
    return {"kind": "lead", "id": LeadFactory(owner=rep.user).pk}


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"kind": "note", "text": "They called back"}, "done"),
        ({"kind": "call", "outcome": "reached", "duration": 5, "text": "Nice"}, "done"),
        ({"kind": "call", "subject": "Call them", "due_at": "2030-01-01T09:00:00Z"}, "open"),
        ({"kind": "call", "subject": "Some time", "status": "open"}, "open"),
        ({"kind": "meeting", "subject": "Lunch", "done_at": "2026-01-01T12:00:00Z"}, "done"),
        ({"kind": "meeting", "subject": "Lunch", "due_at": "2030-01-01T12:00:00Z"}, "open"),
        ({"kind": "email", "subject": "Offer", "text": "Dear", "direction": "incoming"}, "done"),
        ({"kind": "task", "subject": "Write", "due_at": "2030-01-01T12:00:00+02:00"}, "open"),
        ({"kind": "task", "subject": "Write"}, "open"),
        ({"kind": "task", "subject": "Written", "status": "done"}, "done"),
    ],
)
def test_is_written_on_a_record(rep, on, entry, status):
    written = rep.post("activities/", {**entry, "on": on})

    assert written.status_code == 201, written.content
    shown = written.json()
    assert (shown["kind"], shown["status"], shown["on"]) == (entry["kind"], status, on)
    assert rep.get(f"activities/{shown['id']}/").json() == shown
    if status == "open":
        assert rep.get(f"leads/{on['id']}/").json()["next_step"] == entry["subject"]


def test_a_call_is_logged_with_what_comes_next(rep, on):
    following = {"subject": "Send the offer", "due_at": "2030-01-01T09:00:00Z"}

    rep.post("activities/", {"kind": "call", "outcome": "reached", "next": following, "on": on})

    lead = rep.get(f"leads/{on['id']}/").json()
    assert (lead["next_step"], lead["next_step_at"]) == ("Send the offer", "2030-01-01T09:00:00Z")


def test_is_completed_reopened_changed_and_binned(rep, on):
    task = rep.post("activities/", {"kind": "task", "subject": "Write", "on": on}).json()
    address = f"activities/{task['id']}/"

    done = rep.patch(address, {"status": "done", "next": {"subject": "Ask again"}, "text": "Sent"})
    opened = rep.patch(address, {"status": "open", "subject": "Write again"})

    assert (done.json()["status"], done.json()["text"]) == ("done", "Sent"), done.content
    assert (opened.json()["status"], opened.json()["subject"]) == ("open", "Write again")
    assert rep.delete(address).status_code == 204
    assert rep.get(address).status_code == 404
    assert Activity.objects.get().subject == "Ask again"


def test_is_given_to_somebody(rep, on, colleague):
    task = rep.post(
        "activities/",
        {"kind": "task", "subject": "Write", "on": on, "owner": colleague.user.email},
    )
    back = colleague.patch(f"activities/{task.json()['id']}/", {"owner": rep.user.pk})

    assert task.json()["owner"] == colleague.user.email, task.content
    assert back.json()["owner"] == rep.user.email


@pytest.mark.once
@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"kind": "note"}, "text"),
        ({"kind": "note", "text": "x", "status": "open"}, "status"),
        ({"kind": "note", "text": "x", "status": "cancelled"}, "status"),
        ({"kind": "note", "text": "x", "duration": 5}, "duration"),
        ({"kind": "task"}, "subject"),
        ({"kind": "meeting", "subject": "Lunch", "status": "open"}, "due_at"),
        ({"kind": "meeting", "subject": "Lunch", "done_at": "2999-01-01T00:00:00Z"}, "done_at"),
        ({"kind": "call", "duration": 100_000}, "duration"),
        ({"kind": "dream", "text": "x"}, "kind"),
        ({"text": "x"}, "kind"),
        ({"kind": "note", "text": "x", "on": None}, "on"),
        ({"kind": "note", "text": "x", "on": "lead:7"}, "on"),
        ({"kind": "note", "text": "x", "on": {"kind": "lead"}}, "on"),
        ({"kind": "note", "text": "x", "on": {"kind": "user", "id": 1}}, "on"),
        ({"kind": "note", "text": "x", "on": {"kind": ["lead"], "id": 1}}, "on"),
        ({"kind": "note", "text": "x", "on": {"kind": "lead", "id": 10**30}}, "on"),
        ({"kind": "call", "next": {"due_at": None}}, "next.subject"),
        ({"kind": "call", "next": []}, "next"),
    ],
)
def test_says_what_is_wrong(rep, on, entry, field):
    refused = rep.post("activities/", {"on": on, **entry})

    assert refused.status_code == 400, refused.content
    assert field in refused.json()["errors"]
    assert not Activity.objects.exists()


def test_stays_on_its_record(rep, on):
    note = rep.post("activities/", {"kind": "note", "text": "x", "on": on}).json()

    refused = rep.patch(f"activities/{note['id']}/", {"on": on, "kind": "call"})

    assert refused.status_code == 400
    assert set(refused.json()["errors"]) == {"on", "kind"}


def test_is_not_written_on_a_record_that_one_may_not_see(outsider, on):
    refused = outsider.post("activities/", {"kind": "note", "text": "x", "on": on})

    assert refused.status_code == 400
    assert "on" in refused.json()["errors"]


def test_a_list_is_narrowed_to_one_timeline(rep, on):
    ActivityFactory(on=LeadFactory(owner=rep.user), owner=rep.user)
    note = rep.post("activities/", {"kind": "note", "text": "x", "on": on}).json()

    listed = rep.get(f"activities/?on=lead:{on['id']}&kind=note").json()["results"]
    nothing = rep.get("activities/?on=lead:999999").json()["results"]
    wrong = rep.get("activities/?on=seven")

    assert [entry["id"] for entry in listed] == [note["id"]]
    assert nothing == []
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["on"])


def test_does_not_tell_of_a_record_that_one_may_not_see(rep, outsider):
    lead = LeadFactory(owner=outsider.user)
    entry = ActivityFactory(on=lead, owner=rep.user)

    assert rep.get(f"activities/{entry.pk}/").json()["on"] is None

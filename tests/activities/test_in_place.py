"""What is done to an entry in a row of another page, with htmx and without."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from activities.models import Activity
from activities.operations import edit_activity
from leads.models import Lead
from tests.factories import ActivityFactory, LeadFactory
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

NOON = "2026-11-30T12:00:00+00:00"


def row(place: str) -> dict[str, str]:
    """Return the headers with which htmx asks for what stands at a place of a page."""
    return {"HX-Request": "true", "HX-Target": place}


def events(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.headers.get("HX-Trigger", "{}"))
    return found


@pytest.fixture
def lead(rep: User) -> Lead:
    return LeadFactory(owner=rep)


@pytest.fixture
def task(rep: User, lead: Lead) -> Activity:
    return ActivityFactory(
        on=lead, owner=rep, by=rep, kind="task", subject="Send the catalogue",
        due_at=timezone.now() - timedelta(days=2),
    )  # fmt: skip


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def test_a_ticked_box_becomes_a_row_that_asks_what_next(
    reps: Client, lead: Lead, task: Activity
) -> None:
    answer = reps.post(
        f"/activities/{task.pk}/complete/", {"next": "/"}, headers=row(f"todo-{task.pk}")
    )

    task.refresh_from_db()
    text = answer.content.decode()
    assert (answer.status_code, task.status) == (200, "done")
    assert f'id="todo-{task.pk}"' in text
    assert "What next?" in text
    assert f"on=lead%3A{lead.pk}" in text
    assert f"/activities/{task.pk}/reopen/" in text
    assert "<html" not in text
    assert events(answer) == {
        "activityDone": {},
        "announce": {"text": "Send the catalogue is done. What next?"},
    }
    assert "is done" not in reps.get("/").content.decode()  # it was told already


def test_what_comes_next_is_written_there_too_and_the_page_is_told(
    reps: Client, lead: Lead
) -> None:
    address = f"/activities/new/?on=lead:{lead.pk}&kind=task&why=next&next=/"
    place = row("slot-todo-7")

    wrong = reps.post(address, {"kind": "task", "subject": ""}, headers=place)
    right = reps.post(address, {"kind": "task", "subject": "Send the quote"}, headers=place)

    assert wrong.status_code == 422
    assert "Say in a few words" in wrong.content.decode()
    assert 'id="slot-todo-7-subject"' in wrong.content.decode()
    assert (right.status_code, right.content) == (200, b"")
    assert set(events(right)) == {"activitiesChanged", "toast"}
    lead.refresh_from_db()
    assert lead.next_step == "Send the quote"


def test_a_record_that_has_a_next_step_is_not_asked_for_one(
    reps: Client, rep: User, lead: Lead, task: Activity
) -> None:
    ActivityFactory(on=lead, owner=rep, by=rep, kind="task", subject="Send the quote")

    answer = reps.post(f"/activities/{task.pk}/complete/", {}, headers=row(f"todo-{task.pk}"))

    text = answer.content.decode()
    assert "What next?" not in text
    assert "Send the quote" in text


@pytest.mark.both
def test_undo_brings_the_row_back(reps: Client, task: Activity) -> None:
    reps.post(f"/activities/{task.pk}/complete/", {}, headers=row(f"todo-{task.pk}"))

    answer = reps.post(
        f"/activities/{task.pk}/reopen/", {"next": "/"}, headers=row(f"slot-todo-{task.pk}")
    )

    task.refresh_from_db()
    assert task.is_open
    assert "activitiesChanged" in events(answer)


def test_a_call_is_logged_in_one_form(reps: Client, lead: Lead) -> None:
    address = f"/activities/new/?on=lead:{lead.pk}&kind=call&next=/"
    form = reps.get(address, headers=row("slot-new-lead-7")).content.decode()
    for name in ("outcome", "text", "next_subject", "next_due_at"):
        assert f'name="{name}"' in form

    answer = reps.post(
        address,
        {"kind": "call", "outcome": "reached", "text": "Wants a quote",
         "next_subject": "Send it", "next_due_at": "2030-01-02T10:00"},
        headers=row("slot-new-lead-7"),
    )  # fmt: skip

    lead.refresh_from_db()
    call = Activity.objects.get(kind="call")
    assert answer.status_code == 200
    assert (call.outcome, call.direction, call.text) == ("reached", "outgoing", "Wants a quote")
    assert (lead.next_step, lead.contacted_at) == ("Send it", call.done_at)


def test_whoever_dialled_is_asked_to_log_it(reps: Client, lead: Lead) -> None:
    address = f"/activities/new/?on=lead:{lead.pk}&kind=call&why=call"

    assert "Log it?" in reps.get(address, headers=row("slot-new-lead-7")).content.decode()


@pytest.mark.parametrize("place", ["main", "slot-", "slot-x y", "x" * 90, "slot-<b>"])
def test_another_place_gets_the_whole_page(reps: Client, task: Activity, place: str) -> None:
    answer = reps.get(f"/activities/{task.pk}/complete/", headers=row(place))

    assert "<html" in answer.content.decode()


def test_a_manager_proposes_whose_day_it_is_as_who_does_it(
    client: Client, manager: User, rep: User, lead: Lead
) -> None:
    client.force_login(manager)
    address = f"/activities/new/?on=lead:{lead.pk}&kind=task&owner={rep.pk}"

    form = client.get(address, headers=row("slot-new-lead-7")).content.decode()
    client.post(
        address, {"kind": "task", "subject": "Call them", "owner": rep.pk},
        headers=row("slot-new-lead-7"),
    )  # fmt: skip

    assert f'name="owner" value="{rep.pk}"' in form
    assert Activity.objects.get(subject="Call them").owner == rep
    assert client.get(f"{address}x").status_code == 200


# Without scripts


def test_a_box_ticked_on_the_start_page_leads_to_the_question_and_back(
    reps: Client, lead: Lead, task: Activity
) -> None:
    answer = reps.post(f"/activities/{task.pk}/complete/", {"next": "/"})

    page = reps.get(answer["Location"])
    assert page.context["title"] == "What next?"
    back = reps.post(answer["Location"], {"kind": "task", "subject": "Send the quote", "next": "/"})
    assert back["Location"] == "/"
    lead.refresh_from_db()
    assert lead.next_step == "Send the quote"


def test_whoever_left_the_question_empty_is_not_asked_again(reps: Client, task: Activity) -> None:
    answer = reps.post(
        f"/activities/{task.pk}/complete/", {"next": "/", "next_subject": "", "text": "Done"}
    )

    assert answer["Location"] == "/"


# Snooze


@pytest.mark.both
@time_machine.travel(NOON, tick=False)
@pytest.mark.parametrize(("until", "days"), [("tomorrow", 1), ("days", 3), ("week", 7)])
def test_snooze_moves_to_the_same_time_of_a_later_day_and_back(
    reps: Client, rep: User, lead: Lead, until: str, days: int
) -> None:
    due = timezone.now() - timedelta(days=2, hours=3)
    task = ActivityFactory(on=lead, owner=rep, by=rep, kind="task", due_at=due)
    address = f"/activities/{task.pk}/snooze/"

    answer = reps.post(address, {"until": until}, headers=row(f"slot-todo-{task.pk}"))

    task.refresh_from_db()
    assert task.due_at == due + timedelta(days=2 + days)
    told = events(answer)
    assert "activitiesChanged" in told
    assert reps.post(told["toast"]["undo"]).status_code == 302
    task.refresh_from_db()
    assert task.due_at == due


def test_snooze_is_a_page_too(reps: Client, task: Activity) -> None:
    page = reps.get(f"/activities/{task.pk}/snooze/").content.decode()
    assert "Next week" in page

    answer = reps.post(f"/activities/{task.pk}/snooze/", {"until": "week", "next": "/"})

    task.refresh_from_db()
    assert answer["Location"] == "/"
    assert task.due_at > timezone.now()


@pytest.mark.both
def test_undo_of_a_snooze_is_refused_when_somebody_has_changed_it(
    reps: Client, rep: User, task: Activity
) -> None:
    address = f"/activities/{task.pk}/snooze/"
    undo = events(reps.post(address, {"until": "week"}, headers=row("slot-x")))["toast"]["undo"]
    moved = edit_activity(Activity.objects.get(pk=task.pk), by=rep, due_at=None)

    answer = reps.post(undo)

    moved.refresh_from_db()
    assert answer.status_code == 409
    assert moved.due_at is None


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("", {}),
        ("", {"until": "never"}),
        ("?to=nonsense&version=1", {}),
        ("?to=0001-01-01T00:00:00%2B00:00&version=1", {}),
        ("?to=2026-13-45T99:00&version=1", {}),
        ("?to=2026-11-30T12:00&version=1", {}),
    ],
)
def test_snooze_refuses_what_is_no_moment(
    reps: Client, task: Activity, query: str, data: dict[str, str]
) -> None:
    answer = reps.post(f"/activities/{task.pk}/snooze/{query}", data)

    due = task.due_at
    task.refresh_from_db()
    assert answer.status_code == 422
    assert task.due_at == due


def test_what_is_done_is_not_put_off(reps: Client, rep: User, lead: Lead) -> None:
    done = ActivityFactory(on=lead, owner=rep, by=rep, kind="task", is_done=True)

    assert reps.post(f"/activities/{done.pk}/snooze/", {"until": "week"}).status_code == 409

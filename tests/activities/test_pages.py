"""The pages of timelines' entries: written from any record, completed, corrected, refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.models import Activity
from leads.models import Lead
from leads.operations import qualify
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
)
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

Statements = Callable[[], AbstractContextManager[list[str]]]
PAGES = ["detail", "edit", "complete", "reopen", "pin", "delete"]
CREATE = "activities:create"


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def lead(rep: User) -> Lead:
    return LeadFactory(owner=rep)


def on(record: Any, **more: str) -> str:
    """Return the address to which the composer of `record` posts."""
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{reverse(CREATE)}?on={record._meta.model_name}:{record.pk}{query}"


def page(name: str, activity: Activity) -> str:
    return reverse(f"activities:{name}", kwargs={"pk": activity.pk})


def local(moment: datetime) -> str:
    """Return a moment as the browser's field sends it."""
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def task_of(rep: User, record: Any, **more: Any) -> Activity:
    activity: Activity = ActivityFactory(on=record, owner=rep, by=rep, kind="task", **more)
    return activity


# Writing


def test_form_answers_for_every_kind_on_every_kind_of_record(
    reps: Client, rep: User, lead: Lead
) -> None:
    records = [
        lead, AccountFactory(owner=rep), ContactFactory(owner=rep), OpportunityFactory(owner=rep),
    ]  # fmt: skip

    for record in records:
        for kind in ("note", "call", "task", "meeting", "email", "nonsense"):
            answer = reps.get(on(record, kind=kind))
            assert answer.status_code == 200
            assert str(record) in answer.content.decode()


SENT: dict[str, dict[str, str]] = {
    "note": {"text": "They print labels by hand"},
    "call": {"outcome": "reached", "direction": "outgoing", "duration": "12", "text": "Talked"},
    "task": {"subject": "Send the quote", "due_at": "2030-01-02T10:00"},
    "meeting": {"subject": "Demo", "due_at": "2030-01-02T10:00", "duration": "45"},
    "email": {"subject": "Re: pilot", "direction": "incoming", "text": "Could you confirm?"},
}


@pytest.mark.both
@pytest.mark.parametrize("kind", SENT)
def test_composer_writes_an_entry_and_comes_back(reps: Client, lead: Lead, kind: str) -> None:
    data = {"kind": kind, "next": lead.get_absolute_url(), **SENT[kind]}

    answer = reps.post(on(lead), data)

    made = Activity.objects.on(lead).get()
    assert answer.headers["Location"] == lead.get_absolute_url()
    assert made.kind == kind
    assert made.is_open == (kind in {"task", "meeting"})


def test_composer_with_htmx_is_sent_on_as_a_whole(reps: Client, lead: Lead) -> None:
    answer = reps.post(on(lead), {"text": "A note"}, headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == lead.get_absolute_url()


def test_composer_writes_once_however_often_it_is_sent(reps: Client, lead: Lead) -> None:
    data = {"kind": "note", "text": "Twice", "submission": str(uuid.uuid4())}

    for _ in range(3):
        assert reps.post(on(lead), data).status_code == 302

    assert Activity.objects.on(lead).count() == 1


def test_a_meeting_that_has_passed_is_logged(reps: Client, lead: Lead) -> None:
    data = {"kind": "meeting", "subject": "Demo", "due_at": "2020-01-02T10:00"}

    reps.post(on(lead), data)

    assert Activity.objects.on(lead).get().status == "done"


def test_a_call_may_say_what_comes_next(reps: Client, lead: Lead) -> None:
    data = {"kind": "call", "next_subject": "Send the quote", "next_due_at": "2030-01-02T10:00"}

    reps.post(on(lead), data)

    lead.refresh_from_db()
    assert lead.next_step == "Send the quote"


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"kind": "note", "text": "   "}, "Write something"),
        ({"kind": "task", "subject": "", "text": "typed"}, "typed"),
        ({"kind": "task", "subject": "typed", "due_at": "31/12/2030"}, "typed"),
        ({"kind": "task", "subject": "typed", "due_at": "0001-01-01T00:00"}, "typed"),
        ({"kind": "call", "text": "typed", "duration": "long"}, "typed"),
        ({"kind": "call", "text": "typed", "outcome": "married"}, "typed"),
        ({"kind": "call", "text": "typed", "next_due_at": "2030-01-02T10:00"}, "typed"),
        ({"kind": "meeting", "subject": "", "text": "typed"}, "typed"),
        ({"kind": "email", "subject": "typed", "direction": "sideways"}, "typed"),
        ({"kind": "note", "text": "typed\x00"}, "typed"),
    ],
)
def test_a_refused_entry_keeps_what_was_typed(
    reps: Client, lead: Lead, data: dict[str, str], kept: str
) -> None:
    answer = reps.post(on(lead), data)

    assert answer.status_code == 422
    assert kept in answer.content.decode()
    assert not Activity.objects.exists()


def test_an_entry_on_a_closed_lead_is_refused_and_kept(reps: Client, rep: User, lead: Lead) -> None:
    qualify(lead, by=rep)

    answer = reps.post(on(lead), {"kind": "note", "text": "One more thing"})

    assert answer.status_code == 422
    assert "One more thing" in answer.content.decode()


def test_nothing_is_written_on_what_one_may_not_see(
    client: Client, outsider: User, rep: User, lead: Lead
) -> None:
    client.force_login(outsider)
    own = ActivityFactory(on=lead, owner=rep)

    for address in (
        on(lead), on(own), reverse(CREATE), f"{reverse(CREATE)}?on=lead:999999",
        f"{reverse(CREATE)}?on=user:{rep.pk}", f"{reverse(CREATE)}?on=lead:-1",
        f"{reverse(CREATE)}?on=lead:99999999999999999999999", f"{reverse(CREATE)}?on=%00:1",
        f"{reverse(CREATE)}?on=currency:1",
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address
        assert client.post(address, {"kind": "note", "text": "x"}).status_code == 404, address


def test_nobody_is_sent_off_the_site(reps: Client, lead: Lead) -> None:
    for place in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil"):
        answer = reps.post(on(lead), {"kind": "note", "text": "x", "next": place})
        assert answer.headers["Location"] == lead.get_absolute_url(), place


# One entry


def test_pages_of_an_entry_answer(reps: Client, rep: User, lead: Lead) -> None:
    task = task_of(rep, lead)

    for name in PAGES:
        answer = reps.get(page(name, task))
        assert answer.status_code == 200, name
        assert answer.content.decode().count("<h1") == 1, name


def test_pages_of_an_entry_outside_the_scope_do_not_exist(
    client: Client, outsider: User, rep: User, lead: Lead
) -> None:
    task = task_of(rep, lead)
    client.force_login(outsider)

    for name in [*PAGES, "restore"]:
        assert client.get(page(name, task)).status_code == 404, name
        assert client.post(page(name, task)).status_code == 404, name


def test_an_entry_of_a_colleague_may_be_read_but_not_changed(
    client: Client, rep2: User, rep: User, lead: Lead
) -> None:
    task = task_of(rep, lead)
    client.force_login(rep2)
    shown = client.get(page("detail", task)).content.decode()

    for name in ("edit", "complete", "reopen", "pin", "delete"):
        assert client.get(page(name, task)).status_code == 403, name
        assert client.post(page(name, task)).status_code == 403, name
        assert page(name, task) not in shown


def test_an_entry_on_ones_own_record_may_be_completed(
    client: Client, rep2: User, rep: User, lead: Lead, manager: User
) -> None:
    theirs = ActivityFactory(on=lead, owner=rep2, by=manager, kind="task")
    client.force_login(rep)

    answer = client.post(page("complete", theirs), {})

    theirs.refresh_from_db()
    assert answer.status_code == 302
    assert theirs.status == "done"


def test_complete_asks_what_next(reps: Client, rep: User, lead: Lead) -> None:
    task = task_of(rep, lead)
    data = {
        "text": "They want a quote",
        "next_subject": "Send it",
        "next_due_at": local(timezone.now() + timedelta(days=2)),
        "next": "/activities/?owner=me",
    }

    answer = reps.post(page("complete", task), data)

    task.refresh_from_db()
    lead.refresh_from_db()
    assert answer.headers["Location"] == "/activities/?owner=me"
    assert "They want a quote" in task.text
    assert lead.next_step == "Send it"


def test_a_ticked_box_on_a_record_without_a_next_step_opens_the_composer(
    reps: Client, rep: User, lead: Lead
) -> None:
    first, last = task_of(rep, lead), task_of(rep, lead)
    came_from = {"Referer": f"http://testserver{lead.get_absolute_url()}"}

    answers = [reps.post(page("complete", task), headers=came_from) for task in (first, last)]

    places = [answer.headers["Location"] for answer in answers]
    assert places == [
        lead.get_absolute_url(),
        f"{lead.get_absolute_url()}?compose=task#composer",
    ]


def test_a_refused_completion_keeps_the_note(reps: Client, rep: User, lead: Lead) -> None:
    task = task_of(rep, lead)

    answer = reps.post(page("complete", task), {"text": "typed", "next_due_at": "2030-01-01T09:00"})

    task.refresh_from_db()
    assert answer.status_code == 422
    assert "typed" in answer.content.decode()
    assert task.is_open


@pytest.mark.both
def test_complete_and_reopen_again(reps: Client, rep: User, lead: Lead) -> None:
    task = task_of(rep, lead)

    reps.post(page("complete", task))
    again = reps.post(page("complete", task))
    reps.post(page("reopen", task))

    task.refresh_from_db()
    assert again.status_code == 409
    assert task.is_open


@pytest.mark.both
def test_edit_corrects_and_refuses_to_overwrite(reps: Client, rep: User, lead: Lead) -> None:
    task = task_of(rep, lead, subject="Call")
    data = {"subject": "Call Elena", "owner": str(rep.pk), "version": str(task.version)}

    saved = reps.post(page("edit", task), data)
    stale = reps.post(page("edit", task), {**data, "subject": "Call Maria"})

    task.refresh_from_db()
    assert saved.status_code == 302
    assert stale.status_code == 409
    assert "Call Maria" in stale.content.decode()
    assert task.subject == "Call Elena"


def test_pin_and_unpin(reps: Client, rep: User, lead: Lead) -> None:
    note = ActivityFactory(on=lead, owner=rep)

    reps.post(page("pin", note))
    note.refresh_from_db()
    assert note.is_pinned

    reps.post(page("pin", note))
    note.refresh_from_db()
    assert not note.is_pinned


def test_delete_can_be_undone(reps: Client, rep: User, lead: Lead) -> None:
    note = ActivityFactory(on=lead, owner=rep)

    reps.post(page("delete", note))
    gone = reps.get(page("detail", note)).status_code
    reps.post(page("restore", note))

    assert gone == 404
    assert reps.get(page("detail", note)).status_code == 200


# The list


def test_list_puts_tasks_under_when_they_are_due(reps: Client, rep: User, lead: Lead) -> None:
    now = timezone.now()
    for days, subject in ((-3, "Was"), (2, "Soon"), (40, "Far")):
        task_of(rep, lead, subject=subject, due_at=now + timedelta(days=days))
    task_of(rep, lead, subject="Some day")

    groups = reps.get(reverse("activities:list")).context["groups"]

    assert [(group["name"], [str(row) for row in group["activities"]]) for group in groups] == [
        ("late", ["Was"]),
        ("soon", ["Soon"]),
        ("later", ["Far"]),
        ("none", ["Some day"]),
    ]


@pytest.mark.both
def test_list_shows_others_only_when_asked_and_only_of_the_team(
    reps: Client, rep: User, rep2: User, outsider: User, lead: Lead, admin: User
) -> None:
    for owner, subject in ((rep, "Mine"), (rep2, "Theirs"), (outsider, "Foreign")):
        ActivityFactory(on=lead, by=admin, owner=owner, kind="task", subject=subject)

    mine = reps.get(reverse("activities:list")).content.decode()
    team = reps.get(reverse("activities:list"), {"status": "open"}).content.decode()

    assert ("Mine" in mine, "Theirs" in mine, "Foreign" in mine) == (True, False, False)
    assert ("Mine" in team, "Theirs" in team, "Foreign" in team) == (True, True, False)


def test_list_names_no_record_outside_the_scope(
    reps: Client, rep: User, outsider: User, admin: User
) -> None:
    secret = LeadFactory(owner=outsider, first_name="Secret", last_name="Lead")
    ActivityFactory(on=secret, by=admin, owner=rep, kind="task", subject="Help out")

    answer = reps.get(reverse("activities:list")).content.decode()

    assert "Help out" in answer
    assert "Secret" not in answer


@pytest.mark.parametrize("part", [None, "list", "list-body"])
def test_list_survives_a_hostile_address(reps: Client, lead: Lead, part: str | None) -> None:
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}

    for query in ("due=never", "owner=x", "status=%00", "kind=?", "page=0", "after=x", "sort=due"):
        answer = reps.get(f"{reverse('activities:list')}?{query}", headers=headers)
        assert answer.status_code == 200, query


def test_list_takes_few_statements_however_many_records(
    reps: Client, rep: User, lead: Lead, statements: Statements
) -> None:
    records = [
        lead, AccountFactory(owner=rep), ContactFactory(owner=rep), OpportunityFactory(owner=rep),
    ]  # fmt: skip
    for record in records:
        task_of(rep, record)
    reps.get(reverse("activities:list"))

    with statements() as few:
        reps.get(reverse("activities:list"))
    for record in records:
        for _ in range(4):
            task_of(rep, record)
    with statements() as many:
        reps.get(reverse("activities:list"))

    assert len(many) == len(few) <= 10

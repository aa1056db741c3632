"""What becomes of open entries when their record is closed, and when it is opened again."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from activities.models import Activity
from activities.operations import (
    add_task,
    cancel_open,
    complete,
    delete_activity,
    log_note,
    plan_meeting,
    reopen_activity,
    share,
    uncancel,
)
from records.models import AuditEntry
from tests.factories import AccountFactory, LeadFactory
from tests.world import stored


@pytest.fixture
def lead(rep):
    return LeadFactory(owner=rep)


def statuses():
    return dict(Activity.all_objects.values_list("subject", "status"))


def test_cancels_what_is_open_and_brings_back_exactly_that(rep, lead):
    for subject in ("Open", "Also open"):
        add_task(lead, by=rep, subject=subject)
    complete(add_task(lead, by=rep, subject="Done"), by=rep)
    delete_activity(add_task(lead, by=rep, subject="Binned"), by=rep)
    log_note(lead, by=rep, text="She wants steam")
    as_it_was = statuses()

    cancelled = cancel_open(lead, by=rep)

    assert {activity.subject for activity in cancelled} == {"Open", "Also open"}
    assert statuses() == as_it_was | {"Open": "cancelled", "Also open": "cancelled"}
    assert lead.next_step == ""

    opened = uncancel(lead, by=rep)

    assert opened == cancelled
    assert statuses() == as_it_was
    assert lead.next_step == "Open"
    assert AuditEntry.objects.filter(event="activity.cancelled").count() == 2
    assert opened[0].version == opened[0].history.count() == 3


def test_does_both_once(rep, lead):
    add_task(lead, by=rep, subject="Open")
    cancel_open(lead, by=rep)
    before = stored()

    assert cancel_open(lead, by=rep) == []
    assert stored() == before

    uncancel(lead, by=rep)
    before = stored()
    assert uncancel(lead, by=rep) == []
    assert stored() == before


def test_brings_back_each_time_what_that_time_took(rep, lead):
    first = add_task(lead, by=rep, subject="First")
    cancel_open(lead, by=rep)
    uncancel(lead, by=rep)
    complete(first, by=rep)
    add_task(lead, by=rep, subject="Second")

    cancel_open(lead, by=rep)
    assert [activity.subject for activity in uncancel(lead, by=rep)] == ["Second"]


def test_leaves_alone_what_somebody_has_opened_again_meanwhile(rep, lead):
    task = add_task(lead, by=rep, subject="Open")
    cancel_open(lead, by=rep)
    complete(reopen_activity(task, by=rep), by=rep)

    assert uncancel(lead, by=rep) == []
    assert statuses() == {"Open": "done"}


def test_leaves_alone_what_is_only_shown_here(rep, lead):
    account = AccountFactory(owner=rep)
    add_task(lead, by=rep, subject="Lead's")
    share(lead, targets=[account], via="qualification:1")
    add_task(account, by=rep, subject="Account's")

    assert [activity.subject for activity in cancel_open(account, by=rep)] == ["Account's"]


def test_brings_next_steps_up_to_date_wherever_it_is_shown(rep, lead):
    account = AccountFactory(owner=rep)
    plan_meeting(lead, by=rep, subject="Look", due_at=timezone.now() + timedelta(days=1))
    share(lead, targets=[account], via="qualification:1")

    cancel_open(lead, by=rep)
    account.refresh_from_db()
    assert account.next_step == ""

    uncancel(lead, by=rep)
    account.refresh_from_db()
    assert account.next_step == "Look"


def test_asks_the_database_no_more_for_more_entries(rep, lead, statements):
    add_task(lead, by=rep, subject="One")
    with statements() as few:
        cancel_open(lead, by=rep)
    for number in range(12):
        add_task(lead, by=rep, subject=str(number))

    with statements() as many:
        cancel_open(lead, by=rep)

    assert len(few) == len(many)


def test_leaves_nothing_behind_when_it_fails(rep, lead, broken_trail):
    add_task(lead, by=rep, subject="Open")
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        cancel_open(lead, by=rep)

    assert stored() == before

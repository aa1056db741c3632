"""What comes due is told to whoever has it to do: once for each date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command

from activities.operations import (
    add_task,
    cancel_open,
    complete,
    delete_activity,
    edit_activity,
    log_note,
    plan_meeting,
    remind_due,
    reopen_activity,
)
from records.errors import Unacceptable
from records.models import Notice
from tests.factories import LeadFactory
from tests.world import at_once

NOW = datetime(2031, 5, 5, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lead(rep, clock):
    return LeadFactory(owner=rep)


def told() -> list[tuple[str, str]]:
    notices = Notice.objects.filter(what="task_due").order_by("pk")
    return [(notice.whom.name, notice.text) for notice in notices]


@pytest.mark.parametrize(
    ("remind", "early"),
    [("at", 0), ("15m", 15), ("1h", 60), ("1d", 24 * 60)],
)
def test_tells_so_long_before_it_is_due(rep, lead, clock, remind, early):
    add_task(lead, by=rep, subject="Call", due_at=NOW + timedelta(days=3), remind=remind)

    clock.shift(timedelta(days=3, minutes=-early - 1))
    assert remind_due() == 0
    clock.shift(timedelta(minutes=1))
    assert remind_due() == 1
    assert remind_due() == 0

    assert told() == [("Rep", "Call")]


def test_tells_of_nothing_that_need_not_be_told(rep, lead, clock):
    due = NOW + timedelta(hours=1)
    add_task(lead, by=rep, subject="Silent", due_at=due, remind="none")
    add_task(lead, by=rep, subject="Some day")
    complete(add_task(lead, by=rep, subject="Done", due_at=due), by=rep)
    delete_activity(add_task(lead, by=rep, subject="Binned", due_at=due), by=rep)
    add_task(lead, by=rep, subject="Late from the start", due_at=NOW - timedelta(hours=1))
    other = LeadFactory(owner=rep)
    add_task(other, by=rep, subject="Cancelled", due_at=due)
    cancel_open(other, by=rep)
    log_note(lead, by=rep, text="A note")

    clock.shift(timedelta(hours=2))

    assert remind_due() == 0
    assert told() == []


def test_tells_its_owner_and_of_meetings_and_calls_too(rep, rep2, manager, lead, clock):
    due = NOW + timedelta(hours=1)
    add_task(lead, by=manager, owner=rep2, subject="Ring", kind="call", due_at=due)
    plan_meeting(lead, by=rep, subject="Meet", due_at=due, remind="15m")

    clock.shift(timedelta(minutes=50))
    remind_due()
    clock.shift(timedelta(minutes=50))
    remind_due()

    assert told() == [("Rep", "Meet"), ("Rep2", "Ring")]


def test_tells_anew_of_a_date_that_was_moved(rep, lead, clock):
    task = add_task(lead, by=rep, subject="Call", due_at=NOW + timedelta(hours=1))
    clock.shift(timedelta(hours=2))
    remind_due()
    task = edit_activity(task, by=rep, text="More words")
    remind_due()
    task = reopen_activity(complete(task, by=rep), by=rep)
    remind_due()
    assert len(told()) == 1

    edit_activity(task, by=rep, due_at=NOW + timedelta(hours=5))
    remind_due()
    clock.shift(timedelta(hours=4))

    assert remind_due() == 1
    assert len(told()) == 2


def test_tells_after_a_night_without_a_scheduler_but_not_what_is_long_past(rep, lead, clock):
    add_task(lead, by=rep, subject="Long ago", due_at=NOW + timedelta(hours=1))
    add_task(lead, by=rep, subject="Last night", due_at=NOW + timedelta(days=5))

    clock.shift(timedelta(days=5, hours=14))
    call_command("scheduler", "--once")

    assert ("Rep", "Last night") in told()
    assert ("Rep", "Long ago") not in told()


def test_refuses_a_word_that_is_no_reminder(rep, lead):
    with pytest.raises(Unacceptable) as refused:
        add_task(lead, by=rep, subject="Call", remind="often")

    assert "remind" in refused.value.errors


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_tell_once(defaults, admin):
    lead = LeadFactory(owner=admin)
    due = datetime.now(tz=UTC) + timedelta(minutes=10)
    for number in range(3):
        add_task(lead, by=admin, subject=f"Call {number}", due_at=due, remind="15m")

    counts = at_once(*[remind_due] * 4)

    assert sum(counts) == 3
    assert len(told()) == 3

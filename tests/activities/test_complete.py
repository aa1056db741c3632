"""Ticking off what was to be done, and taking it back."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from activities.models import Activity
from activities.operations import (
    ActivityIsCancelled,
    Next,
    NothingToDo,
    RecordIsReadOnly,
    add_task,
    cancel_open,
    complete,
    delete_activity,
    log_call,
    log_note,
    plan_meeting,
    reopen_activity,
    share,
)
from leads.models import DisqualifyReason, Lead
from records.errors import IsInBin, NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.factories import AccountFactory, LeadFactory, OpportunityFactory
from tests.world import stored


@pytest.fixture
def lead(rep):
    return LeadFactory(owner=rep)


def test_is_done_now_and_the_next_step_moves_on(rep, lead):
    tomorrow = timezone.now() + timedelta(days=1)
    first = add_task(lead, by=rep, subject="Send offer", due_at=timezone.now(), text="All pages")
    add_task(lead, by=rep, subject="Call", due_at=tomorrow)

    done = complete(first, by=rep, text="Sent")

    assert (done.status, done.text) == ("done", "All pages\n\nSent")
    assert done.done_at is not None
    lead.refresh_from_db()
    assert (lead.next_step, lead.next_step_at) == ("Call", tomorrow)
    assert lead.touched_at is None  # a task is work, nobody was spoken to
    assert AuditEntry.objects.get(event="activity.completed").changes["status"] == ["open", "done"]


def test_counts_a_call_and_a_meeting_as_a_touch(rep, lead):
    call = add_task(lead, by=rep, subject="Call", kind="call")

    done = complete(call, by=rep, outcome="reached")

    lead.refresh_from_db()
    assert (done.outcome, lead.touched_at, lead.next_step) == ("reached", done.done_at, "")


def test_writes_down_what_comes_next(rep, lead):
    call = add_task(lead, by=rep, subject="Call", kind="call")

    complete(call, by=rep, next=Next("Send offer"))

    lead.refresh_from_db()
    assert lead.next_step == "Send offer"


def test_changes_nothing_the_second_time(rep, lead):
    task = add_task(lead, by=rep, subject="Send offer")
    complete(task, by=rep, next=Next("Call"))
    before = stored()

    complete(task, by=rep, text="Again", next=Next("Call again"))

    assert stored() == before


def test_puts_the_next_step_where_work_goes_on(rep, lead):
    task = add_task(lead, by=rep, subject="Send offer")
    account = AccountFactory(owner=rep)
    deal = OpportunityFactory(owner=rep, account=account)
    share(lead, targets=[account, deal], via="qualification:1")
    Lead.objects.filter(pk=lead.pk).update(
        status="qualified", qualified_at=timezone.now(), account=account
    )

    complete(task, by=rep, next=Next("Negotiate"))

    planned = Activity.objects.open().get()
    assert planned.links.get(is_origin=True).record_id == deal.pk
    deal.refresh_from_db()
    assert deal.next_step == "Negotiate"


def test_says_when_there_is_no_open_record_for_the_next_step(rep, lead):
    task = add_task(lead, by=rep, subject="Send offer")
    reason = DisqualifyReason.objects.get(key="lost")
    Lead.objects.filter(pk=lead.pk).update(
        status="disqualified", disqualified_at=timezone.now(), disqualify_reason=reason
    )

    with pytest.raises(RecordIsReadOnly, match="Every record that shows this is closed"):
        complete(task, by=rep, next=Next("Negotiate"))
    assert complete(task, by=rep).status == "done"


def test_puts_the_next_step_where_it_is_told_to(rep, lead):
    task = add_task(lead, by=rep, subject="Send offer")
    account = AccountFactory(owner=rep)

    complete(task, by=rep, next=Next("Negotiate"), on=account)

    account.refresh_from_db()
    assert account.next_step == "Negotiate"


def test_leaves_it_open_when_the_next_step_is_refused(rep, lead):
    task = add_task(lead, by=rep, subject="Send offer")
    before = stored()

    with pytest.raises(Unacceptable):
        complete(task, by=rep, next=Next(""))

    assert stored() == before


def test_is_refused_when_it_was_cancelled_or_lies_in_the_bin(rep, lead):
    task, other = (add_task(lead, by=rep, subject=subject) for subject in ("Send", "Call"))
    delete_activity(other, by=rep)
    cancel_open(lead, by=rep)

    with pytest.raises(ActivityIsCancelled):
        complete(task, by=rep)
    with pytest.raises(IsInBin):
        complete(other, by=rep)


@pytest.mark.parametrize("change", [complete, reopen_activity])
def test_leaves_nothing_behind_when_it_fails(rep, lead, change, broken_trail):
    task = add_task(lead, by=rep, subject="Send offer")
    if change is reopen_activity:
        complete(task, by=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        change(task, by=rep)

    assert stored() == before


def test_is_for_its_owner_and_for_who_may_change_the_record(rep, rep2, manager, outsider, lead):
    mine = add_task(lead, by=rep2, subject="Mine")
    another, a_third = (add_task(lead, by=rep2, subject=subject) for subject in ("2", "3"))
    for user in (outsider,):
        with pytest.raises(NotPermitted):
            complete(mine, by=user)

    assert complete(mine, by=rep2).status == "done"
    assert complete(another, by=rep).status == "done"  # the lead is his
    assert complete(a_third, by=manager).status == "done"
    with pytest.raises(NotPermitted):
        complete(add_task(lead, by=rep, subject="4"), by=rep2)


def test_belongs_to_its_owner_alone_where_it_is_on_no_record(rep, rep2, lead):
    task = add_task(lead, by=rep, subject="Send offer")
    task.links.all().delete()

    with pytest.raises(NotPermitted):
        complete(task, by=rep2)
    assert complete(task, by=rep).status == "done"


def test_is_open_again(rep, lead):
    task = add_task(lead, by=rep, subject="Send offer")
    complete(task, by=rep)

    again = reopen_activity(task, by=rep)

    assert (again.status, again.done_at) == ("open", None)
    lead.refresh_from_db()
    assert lead.next_step == "Send offer"


def test_says_what_is_to_be_done_when_a_call_without_a_word_is_opened(rep, lead):
    call = log_call(lead, by=rep, outcome="no_answer")

    reopen_activity(call, by=rep)

    lead.refresh_from_db()
    assert (lead.next_step, lead.next_step_kind, lead.touched_at) == ("Call", "call", None)


def test_stays_open_when_it_is_open(rep, lead):
    meeting = plan_meeting(lead, by=rep, subject="Look at it", due_at=timezone.now())
    before = stored()

    reopen_activity(meeting, by=rep)

    assert stored() == before


def test_finds_nothing_to_do_in_a_note(rep, lead):
    with pytest.raises(NothingToDo):
        reopen_activity(log_note(lead, by=rep, text="She wants steam"), by=rep)


def test_is_not_opened_again_by_others(rep, rep2, lead):
    task = complete(add_task(lead, by=rep, subject="Send offer"), by=rep)

    with pytest.raises(NotPermitted):
        reopen_activity(task, by=rep2)

"""Putting tasks, calls and meetings on somebody's list, and the next step that follows."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from activities.models import Activity
from activities.operations import add_task, plan_meeting, refresh_next_step
from leads.models import DisqualifyReason, Lead
from leads.operations import disqualify
from records.errors import NotPermitted, Refused, Unacceptable
from records.models import AuditEntry
from tests.factories import (
    AccountFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    UserFactory,
)
from tests.world import stored


def in_days(number):
    return timezone.now() + timedelta(days=number)


def next_step(record):
    record.refresh_from_db()
    return record.next_step, record.next_step_kind, record.next_step_at


def test_becomes_the_next_step(rep):
    lead = LeadFactory(owner=rep)
    due = in_days(2)

    task = add_task(lead, by=rep, subject=" Send the drawings ", due_at=due, text="All of them")

    assert (task.subject, task.status, task.owner, task.done_at) == (
        "Send the drawings",
        "open",
        rep,
        None,
    )
    assert next_step(lead) == ("Send the drawings", "task", due)
    assert lead.touched_at is None
    assert AuditEntry.objects.filter(event="activity.planned").count() == 1


def test_lets_the_earliest_be_the_next_step_and_those_without_a_date_come_last(rep):
    lead = LeadFactory(owner=rep)

    add_task(lead, by=rep, subject="Some day")
    assert next_step(lead)[0] == "Some day"
    add_task(lead, by=rep, subject="Later", due_at=in_days(5))
    assert next_step(lead)[0] == "Later"
    plan_meeting(lead, by=rep, subject="Sooner", due_at=in_days(1), duration=30)
    assert next_step(lead)[:2] == ("Sooner", "meeting")
    add_task(lead, by=rep, subject="In between", due_at=in_days(3), kind="call")
    assert next_step(lead)[0] == "Sooner"


def test_is_the_next_step_of_account_and_contact_too(rep):
    account = AccountFactory(owner=rep)
    contact = ContactFactory(owner=rep, account=account)
    deal = OpportunityFactory(owner=rep, account=account, contact=contact)

    add_task(deal, by=rep, subject="Send offer")

    assert (
        next_step(deal) == next_step(account) == next_step(contact) == ("Send offer", "task", None)
    )


def test_makes_no_new_version_of_the_record(rep):
    lead = LeadFactory(owner=rep)
    before = lead.history.count()

    add_task(lead, by=rep, subject="Send offer")

    lead.refresh_from_db()
    assert (lead.version, lead.history.count()) == (1, before)


def test_is_a_new_entry_each_time(rep):
    lead = LeadFactory(owner=rep)

    add_task(lead, by=rep, subject="Send offer")
    add_task(lead, by=rep, subject="Send offer")

    assert Activity.objects.open().count() == 2


def test_may_be_somebody_else_s_to_do(rep, rep2):
    lead = LeadFactory(owner=rep)

    task = add_task(lead, by=rep, subject="Help me", owner=rep2)

    assert (task.owner, task.created_by) == (rep2, rep)


def test_refuses_to_give_work_to_who_has_left_or_without_permission(rep):
    lead = LeadFactory(owner=rep)
    beginner = UserFactory(
        may={"leads.view_lead": "all", "activities.add_activity": "own"}, team=rep.team
    )

    with pytest.raises(Unacceptable, match="not active"):
        add_task(lead, by=rep, subject="Help me", owner=UserFactory(is_active=False))
    with pytest.raises(NotPermitted, match="give activities to others"):
        add_task(lead, by=beginner, subject="Help me", owner=rep)
    assert add_task(lead, by=beginner, subject="I can", owner=beginner)


@pytest.mark.once
@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"subject": " "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"subject": "Write", "kind": "note"}, "kind"),
    ],
)
def test_says_what_is_wrong(rep, terms, field):
    with pytest.raises(Unacceptable) as refusal:
        add_task(LeadFactory(owner=rep), by=rep, **terms)

    assert set(refusal.value.errors) == {field}


def test_is_refused_on_a_closed_lead(rep):
    lead = LeadFactory(owner=rep)
    disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="lost"))

    with pytest.raises(Refused, match="is closed"):
        plan_meeting(lead, by=rep, subject="Look at it", due_at=in_days(1))


@pytest.mark.parametrize("plan", [add_task, plan_meeting])
def test_leaves_nothing_behind_when_it_fails(rep, plan, broken_trail):
    lead = LeadFactory(owner=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        plan(lead, by=rep, subject="Look at it", due_at=in_days(1))

    assert stored() == before


def test_is_refused_to_those_who_do_not_see_the_record(rep, outsider):
    lead = LeadFactory(owner=rep)

    with pytest.raises(NotPermitted):
        add_task(lead, by=outsider, subject="Mine")


def test_can_be_written_anew_from_the_timeline(rep):
    lead = LeadFactory(owner=rep)
    add_task(lead, by=rep, subject="Send offer")
    Lead.objects.filter(pk=lead.pk).update(next_step="nonsense", touched_at=timezone.now())

    refresh_next_step(lead)

    assert (lead.next_step, lead.touched_at) == ("Send offer", None)

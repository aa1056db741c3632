"""Telling people what happened: whom, once for many, and what they may still read of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from activities.operations import add_task, edit_activity
from leads.jobs.many import AssignLeads
from leads.models import DisqualifyReason
from leads.operations import (
    assign_lead,
    capture_lead,
    delete_lead,
    disqualify,
    reopen,
    reopen_due,
    update_lead,
)
from opportunities.operations import open_opportunity
from records.models import Notice
from records.operations import assign
from records.operations.notices import (
    mark_all_read,
    mark_read,
    mark_unread,
    prune_notices,
    tell,
    told_to,
)
from tests.factories import AccountFactory, LeadFactory, UserFactory
from users.models import User
from users.operations import machine
from workbench.bulk import change_many
from workbench.jobs import End, Kind, start
from workbench.models import Job
from workbench.operations import jobs as job_operations


def told(user: User) -> list[str]:
    """Return what `user` reads, the newest first."""
    rows = Notice.objects.filter(whom=user).select_related("by", "record_type")
    return [each.sentence for each in told_to(user, list(rows.order_by("-at", "-pk")))]


@pytest.fixture
def lead(manager: User) -> Any:
    lead = LeadFactory(owner=manager, topic="Eight pumps")
    Notice.objects.all().delete()
    return lead


# Assigned


def test_the_new_owner_is_told_by_whom(lead: Any, manager: User, rep: User) -> None:
    assign_lead(lead, by=manager, owner=rep)

    notice = Notice.objects.get()
    assert (notice.whom, notice.what, notice.by) == (rep, "assigned", manager)
    assert told(rep) == [f"{lead} was assigned to you"]


def test_nobody_is_told_of_what_he_did_himself(lead: Any, manager: User) -> None:
    LeadFactory(owner=manager, by=manager)
    assign_lead(lead, by=manager, owner=None)
    assign_lead(lead, by=manager, owner=manager)

    assert not Notice.objects.exists()


def test_nobody_is_told_of_a_record_that_he_may_not_see(lead: Any, admin: User) -> None:
    stranger = UserFactory(may={})

    assign(lead, by=admin, owner=stranger)

    assert not Notice.objects.exists()


def test_every_way_to_an_owner_tells_him(lead: Any, manager: User, rep: User, rep2: User) -> None:
    captured = capture_lead(by=manager, owner=rep, topic="One", company="A")
    update_lead(captured, by=manager, owner=rep2)
    open_opportunity("Two", by=manager, owner=rep)
    task = add_task(lead, by=manager, owner=rep, subject="Call them")
    edit_activity(task, by=manager, owner=rep2)
    assign(AccountFactory(owner=manager, name="Three"), by=manager, owner=rep)

    said = {(n.whom, n.record_type.model) for n in Notice.objects.select_related("record_type")}
    assert said == {
        (rep, "lead"), (rep2, "lead"), (rep, "opportunity"), (rep, "activity"),
        (rep2, "activity"), (rep, "account"),
    }  # fmt: skip


def test_of_many_assigned_at_once_one_is_told(manager: User, rep: User, rep2: User) -> None:
    leads = [LeadFactory(owner=manager, by=manager) for _ in range(12)]
    change_many(AssignLeads, [lead.pk for lead in leads], by=manager, owner=rep)

    assert told(rep) == ["12 leads were assigned to you"]

    assign_lead(leads[0], by=rep, owner=rep2)
    assign_lead(leads[1], by=manager, owner=rep2)
    assert told(rep2) == [f"{leads[1]} was assigned to you", f"{leads[0]} was assigned to you"]


def test_what_was_read_or_is_long_past_is_told_anew(lead: Any, manager: User, rep: User) -> None:
    another, third = LeadFactory(owner=manager), LeadFactory(owner=manager)
    Notice.objects.all().delete()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assign_lead(lead, by=manager, owner=rep)
        mark_all_read(rep)
        assign_lead(another, by=manager, owner=rep)
        clock.shift(timedelta(minutes=6))
        assign_lead(third, by=manager, owner=rep)

    assert Notice.objects.filter(whom=rep, count=1).count() == 3


def test_says_nothing_when_the_operation_fails(
    lead: Any, manager: User, rep: User, broken_trail: Any
) -> None:
    broken_trail()

    with pytest.raises(Exception, match="the trail is full"):
        assign_lead(lead, by=manager, owner=rep)
    assert not Notice.objects.exists()


# The other kinds


def test_the_owner_is_told_of_a_lead_that_is_opened_again(
    lead: Any, manager: User, rep: User
) -> None:
    assign_lead(lead, by=manager, owner=rep)
    reason = DisqualifyReason.objects.get(key="no-need")
    disqualify(lead, by=manager, reason=reason)
    reopen(lead, by=manager)
    tomorrow = timezone.localdate() + timedelta(days=1)
    disqualify(lead, by=manager, reason=reason, revisit_on=tomorrow)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        reopen_due(by=machine())

    said = Notice.objects.filter(whom=rep, what="lead_reopened").order_by("pk")
    assert [notice.by for notice in said] == [manager, machine()]
    # The task that comes with it is no news of its own.
    assert not Notice.objects.filter(record_type__model="activity").exists()


@Kind
def nothing_to_do(job: Job) -> End:
    return End("All done.")


def test_a_job_that_took_long_or_failed_tells_its_owner(rep: User) -> None:
    start(nothing_to_do, by=rep, title="Quick")
    assert told(rep) == []

    for title, end in (("Long", "done"), ("Broken", "failed")):
        job = job_operations.add_job("tests", by=rep, title=title, total=0, key="", arguments={})
        taken = job_operations.take(job.pk)
        assert taken is not None
        with time_machine.travel(timezone.now() + timedelta(seconds=11)):
            if end == "done":
                job_operations.advance(taken, lambda _job: End("All done."))
            else:
                job_operations.fail(taken, "It broke.")

    assert told(rep) == ["Broken has finished", "Long has finished"]
    assert list(Notice.objects.order_by("pk").values_list("text", flat=True)) == [
        "All done.", "It broke.",
    ]  # fmt: skip


# How he wants to be told


@pytest.mark.parametrize(
    ("channel", "is_shown", "mail"),
    [("app", True, "none"), ("email", False, "waiting"), ("both", True, "waiting")],
)
def test_is_told_as_he_wants(
    lead: Any, manager: User, rep: User, channel: str, is_shown: bool, mail: str
) -> None:
    rep.notices = {"assigned": channel}

    tell(rep, "assigned", by=manager, about=lead)

    notice = Notice.objects.get()
    assert (notice.is_shown, notice.mail) == (is_shown, mail)


def test_is_told_nothing_who_wants_nothing_or_has_left(lead: Any, manager: User) -> None:
    quiet = UserFactory(notices={"mentioned": "none"}, may={"leads.view_lead": "all"})
    gone = UserFactory(is_active=False, may={"leads.view_lead": "all"})

    tell(quiet, "mentioned", by=manager, about=lead)
    tell(gone, "mentioned", by=manager, about=lead)
    tell(machine(), "mentioned", by=manager, about=lead)

    assert not Notice.objects.exists()


# Reading


def test_tells_only_that_there_was_something_of_what_is_hidden_by_now(
    lead: Any, manager: User, rep: User, admin: User, outsider: User
) -> None:
    assign_lead(lead, by=manager, owner=rep)
    tell(rep, "mentioned", by=manager, about=lead, text="Ask about Eight pumps")
    assign_lead(lead, by=admin, owner=outsider)

    rows = Notice.objects.filter(whom=rep).select_related("by", "record_type")
    for each in told_to(rep, list(rows)):
        assert each.sentence == "There was something here that you can no longer open."
        assert (each.text, each.who, each.url, each.record) == ("", "", "", None)


def test_what_is_in_the_bin_has_a_name_and_no_page(lead: Any, manager: User, rep: User) -> None:
    assign_lead(lead, by=manager, owner=rep)
    delete_lead(lead, by=manager)

    rows = Notice.objects.filter(whom=rep).select_related("by", "record_type")
    (each,) = told_to(rep, list(rows))
    assert each.sentence == f"{lead} was assigned to you"
    assert each.url == ""


def test_marks_only_ones_own(lead: Any, manager: User, rep: User, rep2: User) -> None:
    tell(rep, "mentioned", by=manager, about=lead)
    notice = Notice.objects.get()

    assert mark_read(rep2, [notice.pk]) == 0
    assert mark_read(rep, [notice.pk]) == 1
    assert mark_read(rep, [notice.pk]) == 0
    assert mark_unread(rep2, notice.pk) == 0
    assert mark_unread(rep, notice.pk) == 1
    assert mark_all_read(rep, until=notice.at - timedelta(seconds=1)) == 0
    assert mark_all_read(rep) == 1


def test_forgets_what_is_older_than_90_days(lead: Any, manager: User, rep: User) -> None:
    tell(rep, "mentioned", by=manager, about=lead)

    assert prune_notices(timezone.now() + timedelta(days=89)) == 0
    assert prune_notices(timezone.now() + timedelta(days=91)) == 1

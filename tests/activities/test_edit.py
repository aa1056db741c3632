"""Correcting an entry, deleting it, restoring it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from activities.models import Activity
from activities.operations import (
    add_task,
    complete,
    delete_activity,
    edit_activity,
    log_call,
    log_note,
    restore_activity,
)
from records.errors import IsInBin, NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from tests.factories import LeadFactory, UserFactory
from tests.world import stored


@pytest.fixture
def lead(rep):
    return LeadFactory(owner=rep)


def test_changes_the_words_and_remembers_the_old_ones(rep, lead):
    note = log_note(lead, by=rep, text="She wants steam")

    edited = edit_activity(note, by=rep, text="She wants power", is_pinned=True)

    assert (edited.text, edited.is_pinned, edited.version) == ("She wants power", True, 2)
    entry = AuditEntry.objects.get(event="activity.changed")
    assert entry.changes["text"] == ["She wants steam", "She wants power"]


def test_brings_the_next_step_up_to_date(rep, lead):
    task = add_task(lead, by=rep, subject="Send offer", due_at=timezone.now())
    later = timezone.now() + timedelta(days=3)

    edit_activity(task, by=rep, subject="Send new offer", due_at=later)

    lead.refresh_from_db()
    assert (lead.next_step, lead.next_step_at) == ("Send new offer", later)


def test_brings_the_last_touch_up_to_date(rep, lead):
    call = log_call(lead, by=rep)
    earlier = timezone.now() - timedelta(days=3)

    edit_activity(call, by=rep, done_at=earlier)

    lead.refresh_from_db()
    assert lead.touched_at == earlier


def test_writes_nothing_when_nothing_changes(rep, lead):
    note = log_note(lead, by=rep, text="She wants steam")
    before = stored()

    edit_activity(note, by=rep, text="She wants steam", version=1)

    assert stored() == before


def test_gives_a_task_to_somebody_else(rep, rep2, lead):
    task = add_task(lead, by=rep, subject="Send offer")

    assert edit_activity(task, by=rep, owner=rep2).owner == rep2
    with pytest.raises(Unacceptable, match="Somebody has to do it"):
        edit_activity(task, by=rep, owner=None)


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "note"}, "kind"),
        ({"status": "done"}, "status"),
        ({"subject": " "}, "subject"),
        ({"duration": -5}, "duration"),
        ({"done_at": datetime(2026, 1, 1, tzinfo=UTC)}, "done_at"),
    ],
)
def test_says_what_cannot_be_changed_in_a_task(rep, lead, changes, field):
    task = add_task(lead, by=rep, subject="Send offer")

    with pytest.raises(Unacceptable) as refusal:
        edit_activity(task, by=rep, **changes)

    assert set(refusal.value.errors) == {field}


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " "}, "text"),
        ({"done_at": None}, "done_at"),
        ({"done_at": datetime(2999, 1, 1, tzinfo=UTC)}, "done_at"),
    ],
)
def test_says_what_cannot_be_changed_in_a_note(rep, lead, changes, field):
    note = log_note(lead, by=rep, text="She wants steam")

    with pytest.raises(Unacceptable) as refusal:
        edit_activity(note, by=rep, **changes)

    assert set(refusal.value.errors) == {field}


def test_tells_a_stale_editor_what_stands_now(rep, manager, lead):
    note = log_note(lead, by=rep, text="She wants steam")
    edit_activity(note, by=manager, text="She wants power")

    with pytest.raises(Stale) as refusal:
        edit_activity(note, by=rep, text="She wants water", version=1)

    assert (refusal.value.theirs["text"], refusal.value.by) == ("She wants power", "Manager")


def test_goes_to_the_bin_and_comes_back(rep, lead):
    task = add_task(lead, by=rep, subject="Send offer")

    delete_activity(task, by=rep, version=1)
    delete_activity(task, by=rep)
    lead.refresh_from_db()
    assert lead.next_step == ""
    assert not Activity.objects.on(lead).exists()

    restore_activity(task, by=rep)
    restore_activity(task, by=rep)
    lead.refresh_from_db()
    assert lead.next_step == "Send offer"
    assert Activity.objects.on(lead).get().version == 3


def test_takes_the_touch_away_with_a_deleted_call(rep, lead):
    call = log_call(lead, by=rep)

    delete_activity(call, by=rep)

    lead.refresh_from_db()
    assert lead.touched_at is None


def test_is_not_edited_in_the_bin(rep, lead):
    note = delete_activity(log_note(lead, by=rep, text="She wants steam"), by=rep)

    with pytest.raises(IsInBin):
        edit_activity(note, by=rep, text="She wants power")


@pytest.mark.parametrize("change", [edit_activity, delete_activity, restore_activity])
def test_leaves_nothing_behind_when_it_fails(rep, lead, change, broken_trail):
    task = add_task(lead, by=rep, subject="Send offer")
    if change is restore_activity:
        delete_activity(task, by=rep)
    terms = {"subject": "Send new offer"} if change is edit_activity else {}
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        change(task, by=rep, **terms)

    assert stored() == before


def test_is_for_its_owner_and_for_who_may_change_the_record(rep, rep2, manager, outsider, lead):
    note = log_note(lead, by=rep, text="She wants steam")
    beginner = UserFactory(may={"activities.change_activity": "own"}, team=rep.team)

    for user in (rep2, outsider, beginner):
        with pytest.raises(NotPermitted):
            edit_activity(note, by=user, text="Nonsense")
        with pytest.raises(NotPermitted):
            delete_activity(note, by=user)
        with pytest.raises(NotPermitted):
            restore_activity(note, by=user)
    theirs = log_note(lead, by=rep2, text="She wants water")
    assert edit_activity(theirs, by=rep, text="She wants steam")
    assert delete_activity(complete(theirs, by=manager), by=manager)

"""Showing the entries of one record on others, and taking that back."""

import pytest

from activities.models import Activity
from activities.operations import (
    add_task,
    bring_home,
    delete_activity,
    log_note,
    restore_activity,
    share,
    unshare,
)
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from tests.world import stored

VIA = "qualification:7"


@pytest.fixture
def lead(rep):
    return LeadFactory(owner=rep)


@pytest.fixture
def targets(rep):
    account = AccountFactory(owner=rep)
    contact = ContactFactory(owner=rep, account=account)
    return [account, contact, OpportunityFactory(owner=rep, account=account, contact=contact)]


def shown_on(record):
    return sorted(map(str, Activity.objects.on(record)))


def test_shows_everything_on_every_target_once(rep, lead, targets):
    log_note(lead, by=rep, text="She wants steam")
    add_task(lead, by=rep, subject="Call her")

    assert share(lead, targets=targets, via=VIA) == 6

    for record in (lead, *targets):
        assert shown_on(record) == ["Call her", "She wants steam"]
        record.refresh_from_db()
        assert record.next_step == "Call her"
        assert record.touched_at is not None


def test_shares_again_only_what_is_new(rep, lead, targets):
    log_note(lead, by=rep, text="She wants steam")
    share(lead, targets=targets, via=VIA)
    before = stored()

    assert share(lead, targets=targets, via=VIA) == 0
    assert stored() == before
    log_note(lead, by=rep, text="She wants power")
    assert share(lead, targets=targets, via=VIA) == 3


def test_shares_nothing_where_there_is_nothing(rep, lead, targets, statements):
    with statements() as told:
        assert share(lead, targets=targets, via=VIA) == 0
        assert share(lead, targets=[], via=VIA) == 0

    assert len(told) == 1


def test_asks_the_database_no_more_for_a_long_timeline(rep, lead, targets, statements):
    for number in range(40):
        log_note(lead, by=rep, text=f"Note {number}")

    with statements() as told:
        share(lead, targets=targets, via=VIA)

    assert len([sql for sql in told if "INSERT" in sql]) == 1
    assert len([sql for sql in told if sql.startswith("UPDATE")]) == 3


def test_takes_what_is_in_the_bin_along(rep, lead, targets):
    note = delete_activity(log_note(lead, by=rep, text="She wants steam"), by=rep)

    share(lead, targets=targets, via=VIA)
    assert shown_on(targets[0]) == []

    restore_activity(note, by=rep)
    assert shown_on(targets[0]) == ["She wants steam"]


def test_takes_back_just_what_it_made(rep, targets):
    account = targets[0]
    lead = LeadFactory(owner=rep, account=account)
    add_task(lead, by=rep, subject="Shown there from the start")
    other = LeadFactory(owner=rep)
    add_task(other, by=rep, subject="Another's")
    as_it_was = stored()
    share(lead, targets=targets, via=VIA)
    share(other, targets=targets, via="qualification:8")

    assert unshare(VIA) == 2
    assert shown_on(account) == ["Another's", "Shown there from the start"]
    assert shown_on(targets[2]) == ["Another's"]

    assert unshare("qualification:8") == 3
    assert unshare("qualification:8") == 0
    assert stored() == as_it_was


def test_brings_home_what_was_written_since(rep, lead, targets):
    account, contact, opportunity = targets
    log_note(lead, by=rep, text="Before")
    share(lead, targets=targets, via=VIA)
    log_note(opportunity, by=rep, text="Since")
    add_task(contact, by=rep, subject="To do since")
    log_note(account, by=rep, text="The account's own")

    assert bring_home([opportunity, contact], to=lead, via=VIA) == 2
    unshare(VIA)

    assert shown_on(lead) == ["Before", "Since", "To do since"]
    assert shown_on(account) == ["The account's own"]
    assert shown_on(contact) == shown_on(opportunity) == []
    assert lead.next_step == "To do since"
    contact.refresh_from_db()
    assert (contact.next_step, contact.touched_at) == ("", None)


def test_keeps_at_home_what_came_home(rep, lead, targets):
    log_note(targets[2], by=rep, text="Since")

    bring_home(targets, to=lead, via=VIA)
    unshare(VIA)

    assert shown_on(lead) == ["Since"]
    assert Activity.objects.get().links.get().is_origin


def test_brings_nothing_home_where_nothing_was_written(rep, lead, targets):
    before = stored()

    assert bring_home(targets, to=lead, via=VIA) == 0
    assert bring_home([], to=lead, via=VIA) == 0
    assert stored() == before

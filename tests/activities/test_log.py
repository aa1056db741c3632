"""Writing down what was said and done."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from activities.models import Activity
from activities.operations import (
    Next,
    RecordIsReadOnly,
    log_call,
    log_email,
    log_meeting,
    log_note,
)
from leads.models import DisqualifyReason
from leads.operations import delete_lead, disqualify
from opportunities.operations import win
from records.errors import IsInBin, NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.factories import (
    AccountFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    UserFactory,
)
from tests.world import stored

NOON = datetime(2031, 5, 5, 12, tzinfo=UTC)


def shown_on(activity):
    return {
        (link.record_type.model, link.record_id, link.is_origin) for link in activity.links.all()
    }


def a_deal(rep):
    account = AccountFactory(owner=rep)
    contact = ContactFactory(owner=rep, account=account)
    return OpportunityFactory(owner=rep, account=account, contact=contact)


def test_puts_a_note_on_the_record(rep):
    lead = LeadFactory(owner=rep)

    with time_machine.travel(NOON, tick=False):
        note = log_note(lead, by=rep, text="  She wants steam ", is_pinned=True)

    assert (note.kind, note.status, note.text, note.is_pinned) == (
        "note",
        "done",
        "She wants steam",
        True,
    )
    assert (note.owner, note.done_at) == (rep, NOON)
    lead.refresh_from_db()
    assert (lead.touched_at, lead.version) == (NOON, 1)
    entry = AuditEntry.objects.get(event="activity.logged")
    assert entry.changes["on"][1]["id"] == lead.pk


def test_shows_it_on_account_and_contact_too(rep):
    deal = a_deal(rep)

    note = log_note(deal, by=rep, text="They want looms")

    assert shown_on(note) == {
        ("opportunity", deal.pk, True),
        ("account", deal.account_id, False),
        ("contact", deal.contact_id, False),
    }
    for record in (deal, deal.account, deal.contact):
        record.refresh_from_db()
        assert record.touched_at == note.done_at


def test_asks_the_database_eight_times_at_most(rep, statements):
    deal = a_deal(rep)
    log_note(deal, by=rep, text="They want looms")

    with statements() as told:
        log_note(deal, by=rep, text="They still want looms")

    assert len(told) <= 8, "\n".join(told)


def test_is_a_new_entry_each_time(rep):
    lead = LeadFactory(owner=rep)

    log_note(lead, by=rep, text="She wants steam")
    log_note(lead, by=rep, text="She wants steam")

    assert Activity.objects.on(lead).count() == 2


def test_writes_a_call_with_its_next_step_at_once(rep):
    lead = LeadFactory(owner=rep)
    tomorrow = timezone.now() + timedelta(days=1)

    call = log_call(
        lead,
        by=rep,
        outcome="left_message",
        text="Rang twice",
        duration=3,
        next=Next("Call again", tomorrow, "call"),
    )

    assert (call.outcome, call.duration, call.direction) == ("left_message", 3, "outgoing")
    planned = Activity.objects.open().get()
    assert (planned.kind, planned.subject, planned.due_at) == ("call", "Call again", tomorrow)
    lead.refresh_from_db()
    assert (lead.next_step, lead.next_step_kind, lead.next_step_at) == (
        "Call again",
        "call",
        tomorrow,
    )
    assert lead.touched_at == call.done_at


def test_writes_a_meeting_and_an_email(rep):
    lead = LeadFactory(owner=rep)
    moment = timezone.now() - timedelta(days=2)

    meeting = log_meeting(
        lead, by=rep, subject="Looked at it", done_at=moment, duration=45, next=Next("Send offer")
    )
    email = log_email(lead, by=rep, subject="Offer", text="Here it is", direction="incoming")

    assert (meeting.kind, meeting.done_at, meeting.duration) == ("meeting", moment, 45)
    assert (email.kind, email.direction) == ("email", "incoming")
    lead.refresh_from_db()
    assert (lead.next_step, lead.touched_at) == ("Send offer", email.done_at)


def test_never_moves_the_last_touch_back(rep):
    lead = LeadFactory(owner=rep)
    note = log_note(lead, by=rep, text="Today")

    log_call(lead, by=rep, done_at=timezone.now() - timedelta(days=9))

    lead.refresh_from_db()
    assert lead.touched_at == note.done_at


@pytest.mark.once
@pytest.mark.parametrize(
    ("log", "terms", "field"),
    [
        (log_note, {"text": " "}, "text"),
        (log_note, {"text": "a\x00b"}, "text"),
        (log_call, {"outcome": "shouted"}, "outcome"),
        (log_call, {"duration": -1}, "duration"),
        (log_call, {"direction": "sideways"}, "direction"),
        (log_meeting, {"subject": ""}, "subject"),
        (log_email, {"subject": " ", "text": ""}, "subject"),
        (log_call, {"next": Next(" ")}, "subject"),
        (log_call, {"next": Next("Write", None, "note")}, "kind"),
        (log_call, {"done_at": datetime(2999, 1, 1, tzinfo=UTC)}, "done_at"),
    ],
)
def test_says_what_is_wrong_and_writes_nothing(rep, log, terms, field):
    lead = LeadFactory(owner=rep)
    before = stored()

    with pytest.raises(Unacceptable) as refusal:
        log(lead, by=rep, **terms)

    assert set(refusal.value.errors) == {field}
    assert stored() == before


def test_is_refused_on_a_closed_lead_but_not_on_a_closed_opportunity(rep):
    lead = LeadFactory(owner=rep)
    disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="lost"))
    won = win(OpportunityFactory(owner=rep), by=rep)

    with pytest.raises(RecordIsReadOnly, match="is closed"):
        log_note(lead, by=rep, text="She wants steam")
    assert log_note(won, by=rep, text="Thanked them")


def test_is_refused_in_the_bin(rep):
    lead = delete_lead(LeadFactory(owner=rep), by=rep)

    with pytest.raises(IsInBin):
        log_note(lead, by=rep, text="She wants steam")


def test_leaves_nothing_behind_when_it_fails(rep, broken_trail):
    lead = LeadFactory(owner=rep)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        log_note(lead, by=rep, text="She wants steam")

    assert stored() == before


def test_is_for_whoever_sees_the_record(rep, rep2, outsider):
    lead = LeadFactory(owner=rep)
    onlooker = UserFactory(may={"leads.view_lead": "all"})

    for user in (outsider, onlooker):
        with pytest.raises(NotPermitted):
            log_note(lead, by=user, text="She wants steam")
    assert log_note(lead, by=rep2, text="She wants steam").owner == rep2

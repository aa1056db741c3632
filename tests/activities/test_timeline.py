"""What a timeline shows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from activities.operations import (
    add_task,
    attach,
    cancel_open,
    complete,
    delete_activity,
    log_call,
    log_email,
    log_note,
    plan_meeting,
    share,
)
from activities.rules import may_change
from activities.timeline import KINDS, Change, event_title, next_up, position_of, timeline_of
from leads.operations import capture_lead, update_lead
from opportunities.models import LossReason, Stage
from opportunities.operations import lose, move_to_stage, update_opportunity
from records import audit
from tests.factories import AccountFactory, LeadFactory, OpportunityFactory

START = datetime(2031, 5, 5, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def deal(rep, clock):
    return OpportunityFactory(owner=rep, topic="Looms")


def titles(timeline):
    return [entry.text or entry.title for entry in timeline.entries]


def test_shows_entries_and_changes_newest_first(rep, deal, clock):
    clock.shift(timedelta(minutes=1))
    log_note(deal, by=rep, text="They want looms")
    clock.shift(timedelta(minutes=1))
    update_opportunity(deal, by=rep, value=Decimal(900))
    clock.shift(timedelta(minutes=1))
    log_call(deal, by=rep, subject="Rang them")

    timeline = timeline_of(deal)

    assert titles(timeline) == ["Rang them", "Changed", "They want looms", "Created"]
    assert [entry.kind for entry in timeline.entries] == ["call", "changes", "note", "changes"]
    assert {entry.actor for entry in timeline.entries[:3]} == {rep}
    assert timeline.entries[1].changes == (Change("value", "Value", "", "900"),)
    assert not timeline.has_more
    assert timeline.cursor == ""


def test_tells_changes_in_words(rep, deal):
    move_to_stage(deal, by=rep, stage=Stage.objects.get(key="propose"))
    update_opportunity(deal, by=rep, decision_maker_known=True, need="must")
    lose(deal, by=rep, reason=LossReason.objects.get(key="price"))

    changes = {
        change.name: (change.label, change.old, change.new)
        for entry in timeline_of(deal, kind="changes").entries
        for change in reversed(entry.changes)
    }

    assert changes["stage"] == ("Stage", "", "Develop")
    assert changes["decision_maker_known"] == ("Decision maker is known", "", "Yes")
    assert changes["need"] == ("Need", "", "Must have")
    assert changes["loss_reason"] == ("Loss reason", "", "Price")


def test_reads_any_shape_of_change(rep, deal):
    audit.log(
        deal,
        "opportunity.looked_at",
        by=rep,
        changes={"many": ["a", "b", "c"], "nested": {"x": 1, "y": None}, "no": [True, False]},
        reason="Because",
    )

    entry = timeline_of(deal).entries[0]

    assert (entry.title, entry.text) == ("Looked at", "Because")
    assert {change.name: (change.old, change.new) for change in entry.changes} == {
        "many": ("", "a, b, c"),
        "nested": ("", "x: 1, y: "),
        "no": ("Yes", "No"),
    }
    assert event_title("lead.qualified") == "Qualified"


def test_shows_pinned_notes_first_and_once(rep, deal, clock):
    log_note(deal, by=rep, text="Pinned", is_pinned=True)
    for number in range(4):
        clock.shift(timedelta(minutes=1))
        log_note(deal, by=rep, text=f"Note {number}")

    first = timeline_of(deal, kind="note", limit=2)
    second = timeline_of(deal, kind="note", limit=2, before=first.cursor)

    assert titles(first) == ["Pinned", "Note 3", "Note 2"]
    assert titles(second) == ["Note 1", "Note 0"]
    assert (first.has_more, second.has_more) == (True, False)


def test_loses_nothing_between_pages_of_one_moment(rep, deal):
    for number in range(9):
        log_note(deal, by=rep, text=f"Note {number}")
        update_opportunity(deal, by=rep, topic=f"Looms {number}")

    seen, before = [], ""
    while True:
        page = timeline_of(deal, limit=4, before=before)
        seen += [entry.cursor for entry in page.entries]
        if not page.has_more:
            break
        before = page.cursor

    assert len(seen) == len(set(seen)) == 9 + 9 + 1
    assert seen == [entry.cursor for entry in timeline_of(deal, limit=99).entries]


def test_goes_on_before_a_moment(rep, deal, clock):
    log_note(deal, by=rep, text="Early")
    clock.shift(timedelta(minutes=1))
    log_note(deal, by=rep, text="Late")

    assert titles(timeline_of(deal, kind="note", before=timezone.now())) == ["Early"]


@pytest.mark.parametrize("before", ["", "nonsense", "a~b~c", "2031-05-05T09:00:00~1~2", None])
def test_begins_at_the_beginning_where_a_cursor_is_nonsense(before):
    assert position_of(before) is None


@pytest.mark.parametrize("kind", KINDS)
def test_keeps_one_kind(rep, deal, kind):
    log_note(deal, by=rep, text="note")
    log_call(deal, by=rep, subject="call")
    log_email(deal, by=rep, subject="email", text="")
    complete(plan_meeting(deal, by=rep, subject="meeting", due_at=timezone.now()), by=rep)
    complete(add_task(deal, by=rep, subject="task"), by=rep)
    attach(deal, by=rep, name="file.txt", content=b"file")

    found = {entry.kind for entry in timeline_of(deal, kind=kind).entries}

    assert found == (set(KINDS) - {"all"} if kind == "all" else {kind})


def test_finds_words(rep, deal):
    log_note(deal, by=rep, text="They want looms")
    log_note(deal, by=rep, text="They want yarn")
    update_opportunity(deal, by=rep, customer_need="Looms for cloth")

    assert titles(timeline_of(deal, text="want LOOMS")) == ["They want looms"]
    assert titles(timeline_of(deal, text="looms cloth")) == ["Changed"]


def test_keeps_to_come_apart_from_what_happened(rep, deal):
    later, sooner = timezone.now() + timedelta(days=3), timezone.now() + timedelta(days=1)
    add_task(deal, by=rep, subject="Some day")
    add_task(deal, by=rep, subject="Later", due_at=later)
    add_task(deal, by=rep, subject="Sooner", due_at=sooner, kind="call")
    delete_activity(add_task(deal, by=rep, subject="Binned"), by=rep)

    assert [activity.subject for activity in next_up(deal)] == ["Sooner", "Later", "Some day"]
    assert titles(timeline_of(deal)) == ["Created"]

    cancel_open(deal, by=rep)
    assert next_up(deal) == []
    assert len(timeline_of(deal, kind="task").entries) == 2


def test_asks_the_database_three_times_whatever_its_length(rep, deal, statements):
    for number in range(12):
        log_note(deal, by=rep, text=f"Note {number}", is_pinned=number % 2 == 0)

    with statements() as told:
        for entry in timeline_of(deal).entries:
            assert str(entry.actor)
            if entry.activity:
                assert may_change(rep, entry.activity, deal)

    assert len(told) <= 3 + 1, "\n".join(told)  # and what rep may do, once a request


def test_offers_to_change_only_what_one_may(rep, rep2, manager, outsider):
    lead, account = LeadFactory(owner=rep), AccountFactory(owner=rep)
    log_note(lead, by=rep2, text="She wants steam")
    share(lead, targets=[account], via="qualification:1")
    on_lead = timeline_of(lead, kind="note").entries[0].activity
    on_account = timeline_of(account, kind="note").entries[0].activity

    assert may_change(rep2, on_lead, lead)
    assert may_change(rep, on_lead, lead)
    assert may_change(manager, on_account, account)
    assert not may_change(rep, on_account, account)
    assert not may_change(outsider, on_lead, lead)


def test_reads_amounts_and_days_as_people_write_them(rep):
    lead = capture_lead(by=rep, topic="Engines", company="Acme", currency="EUR")
    update_lead(
        lead,
        by=rep,
        estimated_value=Decimal("168000.00"),
        budget_amount=Decimal("12.50"),
        estimated_close_date=date(2026, 12, 11),
        need="must",
    )

    changes = {c.name: c.new for c in timeline_of(lead).entries[0].changes}

    assert changes == {
        "estimated_value": "168,000",
        "budget_amount": "12.50",
        "estimated_close_date": "11 Dec 2026",
        "need": "Must have",
    }

"""The start page: one person's day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.operations import log_call, log_email, log_meeting, log_note
from leads.models import Lead, LeadLimits
from opportunities.models import Opportunity, Stage
from records.operations import save_setting
from reports.queries import day_of
from reports.queries.picks import MOST
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
)
from users.models import Grant, Role, User

MOST_STATEMENTS = 12
NOON = "2026-11-30T12:00:00+00:00"


def a_task(rep: User, record: Any, **due: float) -> Any:
    """Return something that rep has to do so long from now."""
    return ActivityFactory(
        on=record, owner=rep, by=rep, kind="task", due_at=timezone.now() + timedelta(**due)
    )


def aged(record: Any, **columns: Any) -> Any:
    """Return a record whose moments are so long ago."""
    moments = {name: timezone.now() - span for name, span in columns.items()}
    type(record).objects.filter(pk=record.pk).update(**moments)
    record.refresh_from_db()
    return record


@time_machine.travel(NOON, tick=False)
def test_shows_what_is_late_due_today_and_soon_with_its_record(rep: User) -> None:
    lead = LeadFactory(owner=rep)
    late, today, soon = (a_task(rep, lead, hours=hours) for hours in (-48, 3, 72))
    a_task(rep, lead, days=30)
    ActivityFactory(on=lead, owner=rep, kind="note")

    day = day_of(rep)

    told = [
        [(todo.activity, todo.record) for todo in part.records]
        for part in (day.late, day.today, day.soon)
    ]
    assert told == [[(late, lead)], [(today, lead)], [(soon, lead)]]
    assert [part.count for part in (day.late, day.today, day.soon)] == ["1", "1", "1"]


def test_shows_nobody_elses_work(rep: User, rep2: User) -> None:
    lead = aged(LeadFactory(owner=rep2), created_at=timedelta(days=30))
    a_task(rep2, lead, days=-2)
    OpportunityFactory(owner=rep2, estimated_close_date=timezone.localdate())

    day = day_of(rep)

    assert {name: part.count for name, part in day.parts.items() if part.count != "0"} == {}


def test_counts_all_there_is_and_shows_the_latest_of_the_late(client: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)
    tasks = [a_task(rep, lead, days=-days) for days in range(1, 21)]
    a_task(rep, lead, minutes=1)
    a_task(rep, lead, days=2)
    client.force_login(rep)

    day = client.get("/").context["day"]

    assert (day.late.count, day.today.count, day.soon.count) == ("20", "1", "1")
    assert [todo.activity for todo in day.late.records] == tasks[14::-1]
    assert client.get(day.late.url).context["page"]["total"] == 20


# Leads


def test_says_of_a_lead_how_long_it_waits_and_for_what(client: Client, rep: User) -> None:
    limits = LeadLimits.objects.get()
    assert (limits.first_response_hours, limits.quiet_days) == (24, 14)
    client.force_login(rep)
    fresh = aged(LeadFactory(owner=rep), created_at=timedelta(hours=2, minutes=5))
    old = aged(LeadFactory(owner=rep), created_at=timedelta(days=3, hours=1))
    LeadFactory(owner=rep, do_not_contact=True)

    page = client.get("/")

    lines = page.context["lines"]
    assert [(line.record, line.reason, line.is_pressing) for line in lines["waiting"]] == [
        (old, "Waits 3 days for a first response, limit 24 h", True),
        (fresh, "Waits 2 h for a first response", False),
    ]
    assert "New since 2 h, nobody has called" in [line.reason for line in lines["new"]]
    assert "New since 0 min, not to be contacted" in [line.reason for line in lines["new"]]
    assert "Open for 3 days, nothing planned" in page.content.decode()


def test_holds_an_administrators_limit_against_the_wait(
    client: Client, rep: User, admin: User
) -> None:
    limits = LeadLimits.objects.get()
    limits.first_response_hours, limits.quiet_days = 2, 5
    save_setting(limits, by=admin)
    lead = aged(LeadFactory(owner=rep), created_at=timedelta(hours=3), touched_at=timedelta(days=6))
    client.force_login(rep)

    lines = client.get("/").context["lines"]

    assert lines["waiting"][0].reason == "Waits 3 h for a first response, limit 2 h"
    assert [(line.record, line.reason) for line in lines["quiet"]] == [
        (lead, "Nobody in touch for 6 days, limit 5 days")
    ]


@pytest.mark.parametrize(
    ("write", "is_contact"),
    [
        (lambda lead, by: log_call(lead, by=by), True),
        (lambda lead, by: log_call(lead, by=by, outcome="no_answer"), True),
        (lambda lead, by: log_call(lead, by=by, direction="incoming"), False),
        (lambda lead, by: log_email(lead, by=by, subject="Hello", text="Thanks"), True),
        (
            lambda lead, by: log_email(
                lead, by=by, subject="Hello", text="Thanks", direction="incoming"
            ),
            False,
        ),
        (lambda lead, by: log_meeting(lead, by=by, subject="At the fair"), True),
        (lambda lead, by: log_note(lead, by=by, text="They are big"), False),
    ],
)
def test_a_call_an_email_or_a_meeting_of_ours_is_the_first_response(
    rep: User, write: Any, is_contact: bool
) -> None:
    lead = LeadFactory(owner=rep)

    entry = write(lead, rep)

    lead.refresh_from_db()
    assert (lead.contacted_at == entry.done_at) is is_contact
    assert (lead not in Lead.objects.waiting()) is is_contact


def test_a_lead_gone_quiet_leaves_the_list_when_somebody_is_in_touch(rep: User) -> None:
    never = aged(LeadFactory(owner=rep), created_at=timedelta(days=20))
    once = aged(LeadFactory(owner=rep), created_at=timedelta(days=60))
    log_note(once, by=rep, text="Spoke")
    LeadFactory(owner=rep)

    assert day_of(rep).quiet.records == (never,)


def test_names_leads_without_a_next_step(rep: User) -> None:
    planned = LeadFactory(owner=rep)
    a_task(rep, planned, days=3)
    forgotten = LeadFactory(owner=rep)

    day = day_of(rep)

    assert day.without_next_step.records == (forgotten,)
    assert day.open_leads.count == "2"


def test_names_my_leads_that_wait_for_a_decision(client: Client, rep: User, rep2: User) -> None:
    asked = LeadFactory(owner=rep, needs_decision="Two accounts could be meant.")
    LeadFactory(owner=rep2, needs_decision="Two accounts could be meant.")
    LeadFactory(owner=rep)
    client.force_login(rep)

    page = client.get("/")

    part = page.context["day"].undecided
    assert part.records == (asked,)
    assert client.get(part.url).context["page"]["total"] == 1
    assert page.context["lines"]["undecided"][0].decide_url == f"/leads/{asked.pk}/qualify/"


# Opportunities


def test_shows_what_closes_this_month_and_what_should_have(client: Client, rep: User) -> None:
    today = timezone.localdate()
    overdue = OpportunityFactory(owner=rep, estimated_close_date=today - timedelta(days=60))
    now = OpportunityFactory(owner=rep, estimated_close_date=today)
    OpportunityFactory(owner=rep, estimated_close_date=today + timedelta(days=40))
    OpportunityFactory(owner=rep)
    client.force_login(rep)

    lines = client.get("/").context["lines"]["closing"]

    assert [(line.record, line.reason) for line in lines] == [
        (overdue, "Expected to close 60 days ago"),
        (now, "Expected to close today"),
    ]


def test_says_of_a_stale_opportunity_how_long_it_has_been_in_its_stage(
    client: Client, rep: User
) -> None:
    stage = Stage.objects.get(key="propose", process__is_default=True)
    stale, held, fresh = (OpportunityFactory(owner=rep, stage=stage) for _ in range(3))
    for deal in (stale, held):
        aged(deal, stage_entered_at=timedelta(days=21, minutes=1))
    Opportunity.objects.filter(pk=held.pk).update(is_on_hold=True)
    client.force_login(rep)

    page = client.get("/")

    assert fresh.pk
    [line] = page.context["lines"]["stale"]
    assert (line.record, line.reason) == (stale, f"21 days in Propose, usual {stage.usual_days}")
    assert client.get(page.context["day"].stale.url).context["page"]["total"] == 1


# The page


def test_leads_to_the_lists_with_all_of_it(client: Client, rep: User) -> None:
    for _ in range(7):
        lead = aged(LeadFactory(owner=rep), created_at=timedelta(days=20))
        deal = OpportunityFactory(owner=rep, estimated_close_date=timezone.localdate())
        aged(deal, stage_entered_at=timedelta(days=90))
        for days in (-1, 3):
            a_task(rep, lead, days=days)
    for _ in range(7):
        LeadFactory(owner=rep, needs_decision="Which one?")
    client.force_login(rep)

    day = client.get("/").context["day"]

    totals = {
        name: client.get(part.url).context["page"]["total"] for name, part in day.parts.items()
    }
    assert {name: str(total) for name, total in totals.items()} == {
        name: part.count for name, part in day.parts.items()
    }
    assert set(totals.values()) == {0, 7, 14}


def test_counts_to_a_hundred(rep: User) -> None:
    Lead.objects.bulk_create(
        Lead(topic="Pumps", company=f"Firm {n}", owner=rep) for n in range(MOST + 2)
    )

    assert day_of(rep).new.count == "100+"


def test_is_calm_on_an_empty_day(client: Client, rep: User) -> None:
    client.force_login(rep)

    page = client.get("/").content.decode()

    for words in ("Nothing late", "Nothing due today", "Everybody has heard from us",
                  "Nothing is going stale", "You have no open leads"):  # fmt: skip
        assert words in page


@time_machine.travel(NOON, tick=False)
def test_says_on_a_calm_day_what_comes_tomorrow(client: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)
    for hours in (22, 23):
        ActivityFactory(
            on=lead, owner=rep, kind="call", due_at=timezone.now() + timedelta(hours=hours)
        )
    client.force_login(rep)

    assert "2 calls tomorrow." in client.get("/").content.decode()
    a_task(rep, lead, hours=21)
    assert "3 steps tomorrow." in client.get("/").content.decode()


@pytest.mark.once
def test_needs_few_statements_however_full_the_day_is(client: Client, rep: User) -> None:
    client.force_login(rep)

    def fill() -> None:
        lead = aged(LeadFactory(owner=rep), created_at=timedelta(days=20))
        account = AccountFactory(owner=rep)
        deal = OpportunityFactory(
            owner=rep, account=account, estimated_close_date=timezone.localdate()
        )
        aged(deal, stage_entered_at=timedelta(days=90))
        for record in (lead, deal, account, ContactFactory(owner=rep, account=account)):
            a_task(rep, record, days=-1)

    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/").status_code == 200
        return len(caught)

    statements()
    empty = statements()
    fill()
    few = statements()
    for _ in range(8):
        fill()

    assert statements() == few == empty <= MOST_STATEMENTS


def test_htmx_gets_the_day_without_the_frame(client: Client, rep: User) -> None:
    client.force_login(rep)

    part = client.get("/", headers={"HX-Request": "true", "HX-Target": "day"}).content.decode()

    assert 'id="day"' in part
    assert "<html" not in part


# Somebody else's day


def test_a_manager_looks_at_the_day_of_a_member_and_acts_there(
    client: Client, manager: User, rep: User
) -> None:
    lead = LeadFactory(owner=rep, phone="+1 212 555 0199")
    task = a_task(rep, lead, days=-1)
    client.force_login(manager)

    page = client.get(f"/?person={rep.pk}")

    text = page.content.decode()
    assert f"Day of {rep}" in text
    assert [todo.activity for todo in page.context["day"].late.records] == [task]
    assert f"Complete: {task}" in text
    assert f"owner={rep.pk}" in page.context["lines"]["waiting"][0].step_url
    assert f"/handover/?person={rep.pk}" in text
    assert all(f"owner={rep.pk}" in part.url for part in page.context["day"].parts.values())
    assert {each["label"] for each in client.get("/").context["people"]} == {"My day", str(rep)}


def test_a_colleague_who_may_only_look_gets_no_buttons(
    client: Client, rep: User, rep2: User
) -> None:
    task = a_task(rep, LeadFactory(owner=rep), days=-1)
    client.force_login(rep2)

    page = client.get(f"/?person={rep.pk}")

    assert [todo.activity for todo in page.context["day"].late.records] == [task]
    text = page.content.decode()
    assert "Complete: " not in text
    assert "Snooze: " not in text
    assert "/handover/?person" not in text


@pytest.mark.parametrize("asked", ["{outsider}", "987654321", "-1", "x", "1e3", "٣", "9" * 30])
def test_of_a_person_out_of_sight_there_is_no_day(
    client: Client, manager: User, outsider: User, asked: str
) -> None:
    a_task(outsider, LeadFactory(owner=outsider), days=-1)
    client.force_login(manager)

    answer = client.get("/", {"person": asked.format(outsider=outsider.pk)})

    assert answer.status_code == 404
    assert str(outsider) not in answer.content.decode()
    assert str(outsider) not in client.get("/").content.decode()


def test_whose_scope_is_their_own_has_no_choice(client: Client, rep: User, rep2: User) -> None:
    Grant.objects.filter(role=Role.objects.get(name="Sales rep")).update(scope="own")
    client.force_login(rep)

    assert client.get("/").context["people"] == []
    assert client.get(f"/?person={rep.pk}").status_code == 200
    assert client.get(f"/?person={rep2.pk}").status_code == 404


def test_an_account_out_of_sight_is_not_named(client: Client, rep: User, outsider: User) -> None:
    account = AccountFactory(owner=outsider, name="Hidden Mills")
    OpportunityFactory(owner=rep, account=account, estimated_close_date=timezone.localdate())
    theirs = LeadFactory(owner=outsider, first_name="Hidden", last_name="Person")
    ActivityFactory(on=theirs, by=outsider, owner=rep, kind="task", due_at=timezone.now())
    client.force_login(rep)

    text = client.get("/").content.decode()

    assert "Hidden" not in text


def test_explains_leads_and_opportunities_to_everybody(client: Client, rep: User) -> None:
    client.force_login(rep)

    page = client.get("/docs/lead-or-opportunity/").content.decode()

    for question in (
        "What is a lead?",
        "What is an opportunity?",
        "Why does the difference matter?",
        "How do I qualify a lead?",
        "What is good practice?",
        "Can a lead become an opportunity without a hand?",
    ):
        assert question in page


def test_offers_a_lead_to_try_only_to_those_who_may_qualify_it(
    client: Client, rep: User, rep2: User
) -> None:
    lead = LeadFactory(owner=rep)
    type(lead).objects.filter(pk=lead.pk).update(ready_since=timezone.now())

    client.force_login(rep)
    assert f"/leads/{lead.pk}/qualify/" in client.get("/docs/lead-or-opportunity/").content.decode()
    client.force_login(rep2)
    assert "/qualify/</code>" in client.get("/docs/lead-or-opportunity/").content.decode()
    assert f"/leads/{lead.pk}/" not in client.get("/docs/lead-or-opportunity/").content.decode()

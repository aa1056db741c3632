"""The start page: one person's day."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reports.queries import day_of
from tests.factories import ActivityFactory, LeadFactory, OpportunityFactory
from users.models import User

MOST_STATEMENTS = 16


def test_shows_what_is_late_and_what_is_due_with_its_record(rep: User) -> None:
    lead = LeadFactory(owner=rep)
    late = ActivityFactory(
        on=lead, owner=rep, kind="task", due_at=timezone.now() - timedelta(days=2)
    )
    soon = ActivityFactory(
        on=lead, owner=rep, kind="task", due_at=timezone.now() + timedelta(days=3)
    )
    ActivityFactory(on=lead, owner=rep, kind="task", due_at=timezone.now() + timedelta(days=30))
    ActivityFactory(on=lead, owner=rep, kind="note")

    day = day_of(rep)

    assert [(todo.activity, todo.record) for todo in day.late] == [(late, lead)]
    assert [(todo.activity, todo.record) for todo in day.soon] == [(soon, lead)]
    assert day.today == ()


def test_shows_nobody_elses_work(rep: User, rep2: User) -> None:
    lead = LeadFactory(owner=rep2)
    ActivityFactory(on=lead, owner=rep2, kind="task", due_at=timezone.now() - timedelta(days=2))
    OpportunityFactory(owner=rep2, estimated_close_date=timezone.localdate())

    day = day_of(rep)

    assert (day.late, day.today, day.soon) == ((), (), ())
    assert [part.records for part in (day.new, day.open_leads, day.closing)] == [(), (), ()]


def test_names_leads_without_a_next_step(rep: User) -> None:
    planned = LeadFactory(owner=rep)
    ActivityFactory(on=planned, owner=rep, kind="task", due_at=timezone.now() + timedelta(days=3))
    forgotten = LeadFactory(owner=rep)

    day = day_of(rep)

    assert day.without_next_step.records == (forgotten,)
    assert set(day.open_leads.records) == {planned, forgotten}


def test_shows_what_closes_this_month_and_what_should_have(rep: User) -> None:
    today = timezone.localdate()
    overdue = OpportunityFactory(owner=rep, estimated_close_date=today - timedelta(days=60))
    now = OpportunityFactory(owner=rep, estimated_close_date=today)
    OpportunityFactory(owner=rep, estimated_close_date=today + timedelta(days=40))
    OpportunityFactory(owner=rep)

    assert day_of(rep).closing.records == (overdue, now)


def test_leads_to_the_lists_with_all_of_it(client: Client, rep: User) -> None:
    for _ in range(7):
        LeadFactory(owner=rep)
    client.force_login(rep)

    day = client.get("/").context["day"]

    for part in (day.new, day.without_next_step, day.open_leads):
        assert part.has_more
        assert client.get(part.url).context["page"]["total"] == 7


def test_is_calm_on_an_empty_day(client: Client, rep: User) -> None:
    client.force_login(rep)

    page = client.get("/").content.decode()

    assert "Nothing late, nothing due today" in page
    assert "You have no open leads" in page


def test_needs_few_statements_however_full_the_day_is(client: Client, rep: User) -> None:
    client.force_login(rep)

    def fill() -> None:
        lead = LeadFactory(owner=rep)
        ActivityFactory(on=lead, owner=rep, kind="task", due_at=timezone.now())
        opportunity = OpportunityFactory(owner=rep, estimated_close_date=timezone.localdate())
        ActivityFactory(on=opportunity, owner=rep, kind="task", due_at=timezone.now())

    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/").status_code == 200
        return len(caught)

    fill()
    few = statements()
    for _ in range(15):
        fill()

    assert statements() == few <= MOST_STATEMENTS


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


def test_names_my_leads_that_wait_for_a_decision(client: Client, rep: User, rep2: User) -> None:
    asked = LeadFactory(owner=rep, needs_decision="Two accounts could be meant.")
    LeadFactory(owner=rep2, needs_decision="Two accounts could be meant.")
    LeadFactory(owner=rep)
    client.force_login(rep)

    page = client.get("/")

    part = page.context["day"].undecided
    assert part.records == (asked,)
    assert client.get(part.url).context["page"]["total"] == 1
    assert "only a person can say who is meant" in page.content.decode()

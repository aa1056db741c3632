"""The way of the leads of a month: how soon they were qualified and won, and how far they came."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.models import Lead, Qualification, QualifiedOpportunity
from leads.operations import capture_lead, qualify, undo
from opportunities.models import Competitor, Opportunity, Stage, Step
from opportunities.operations import move_to_stage, win
from reports.queries import Period, months_until
from tests.api.conftest import Caller
from tests.reports.test_overview import asked_by, behind, listed
from tests.reports.world import (
    a_disqualified_lead,
    a_lead,
    a_lost_opportunity,
    a_qualified_lead,
    a_won_opportunity,
    an_opportunity,
    noon,
)
from users.models import User

LONG_AGO = noon().replace(day=1) - timedelta(days=300)


def became(lead: Lead, owner: User, stage: str, *, won_after: int | None) -> None:
    """Say that an opportunity was made of a lead, and won so many days after the lead came."""
    deal = an_opportunity(owner, stage)
    if won_after is not None:
        at = lead.created_at + timedelta(days=won_after, hours=2)
        Opportunity.objects.filter(pk=deal.pk).update(
            status="won", closed_at=at, closed_on=at.date(), actual_value=Decimal(1000)
        )
    cycle = Qualification.objects.create(lead=lead, seq=1, by=owner, rule_version="1")
    QualifiedOpportunity.objects.create(qualification=cycle, opportunity=deal, is_primary=True)


@pytest.fixture
def cohort(rep: User, rep2: User) -> datetime:
    """Seven leads of one month long ago; four are qualified, of three something is won."""
    came = LONG_AGO
    for owner, days, won_after in (
        (rep, 30, 60),
        (rep2, 31, 200),
        (rep, 90, None),
        (rep, 181, 181),
    ):
        lead = a_qualified_lead(
            owner, days=days, qualified=came + timedelta(days=days, hours=1), country="DE"
        )
        became(lead, owner, "close" if won_after else "propose", won_after=won_after)
    a_lead(rep, created=came)
    a_lead(None, created=came)
    a_disqualified_lead(rep, at=came + timedelta(days=3))
    return came


def month_of(came: datetime) -> Period:
    return months_until(came.date(), 1)[0]


def test_counts_who_was_qualified_and_won_in_time(cohort: datetime, manager: User) -> None:
    months = {one.month.first: one for one in asked_by(manager).cohorts}
    found = months[month_of(cohort).first]

    assert found.leads.count == 7
    assert [each.count for each in found.qualified] == [1, 2, 3, 3]
    assert [each.count for each in found.won] == [0, 1, 1, 1]
    assert found.qualified[0].share == 1 / 7


def test_says_not_yet_of_a_month_that_is_too_young(
    client: Client, manager: User, rep: User
) -> None:
    a_lead(rep, created=timezone.now())
    client.force_login(manager)

    *_earlier, last = asked_by(manager).cohorts
    html = client.get("/reports/cohorts-qualified/").content.decode()
    file = client.get("/reports/cohorts-qualified/?format=csv").content.decode()

    assert last.leads.count == 1
    assert [each.count for each in last.qualified] == [None] * 4
    assert html.count("not yet") >= 8  # in the drawing and in the table
    assert file.splitlines()[-1].split(",")[1:] == ["1", *[""] * 8]


@pytest.mark.parametrize("days", [30, 60, 90, 180])
def test_a_month_is_old_enough_when_its_last_lead_is(manager: User, rep: User, days: int) -> None:
    month = months_until(date(2026, 3, 1), 1)[0]
    a_lead(rep, created=month.moments[0])
    ripe = month.moments[1] + timedelta(days=days + 1)
    for moment, is_known in ((ripe - timedelta(seconds=1), False), (ripe, True)):
        with time_machine.travel(moment, tick=False):
            found = {one.month.first: one for one in asked_by(manager).cohorts}[month.first]
        by_days = {each.days: each.count for each in found.qualified}
        assert (by_days[days] is not None) == is_known


def test_shows_the_months_of_the_period_and_twelve_at_least(manager: User) -> None:
    today = timezone.localdate()
    two_years = Period(today.replace(year=today.year - 2), today)

    assert len(asked_by(manager, period=Period(today, today)).cohorts) == 12
    assert len(asked_by(manager, period=two_years).cohorts) == 25


def test_a_funnel_only_narrows(cohort: datetime, manager: User) -> None:
    steps = asked_by(manager, period=month_of(cohort)).funnel

    assert [(step.figure.key, step.figure.count) for step in steps[:2]] == [
        ("leads", 7),
        ("qualified", 4),
    ]
    assert [step.figure.count for step in steps[2:]] == [4, 4, 3, 3]
    assert [step.lost for step in steps] == [0, 3, 0, 0, 1, 0]
    assert steps[1].of_before == 4 / 7
    assert steps[-1].of_all == 3 / 7


@pytest.mark.parametrize("name", ["funnel", "cohorts-qualified", "cohorts-won"])
@pytest.mark.parametrize("who", ["rep", "manager", "outsider"])
def test_every_number_opens_its_leads(
    client: Client, cohort: datetime, name: str, who: str, request: pytest.FixtureRequest
) -> None:
    viewer = request.getfixturevalue(who)
    client.force_login(viewer)

    table = client.get(f"/reports/{name}/?period=12_months").context["table"]
    told = [
        (cell.url, cell.value)
        for row in table.all_rows
        for cell in row.cells
        if cell.kind == "count" and cell.url
    ]

    assert len(told) >= 6
    assert behind(client, viewer, told) == told


def test_counts_no_win_that_the_viewer_may_not_see(
    client: Client, cohort: datetime, rep: User, outsider: User
) -> None:
    Opportunity.objects.filter(status="won").update(owner=outsider)
    client.force_login(rep)

    steps = asked_by(rep, period=month_of(cohort)).funnel

    assert steps[-1].figure.count == listed(client, steps[-1].figure.url) == 0
    assert steps[1].figure.count == 4


def test_follows_what_people_do(manager: User, rep: User) -> None:
    """Qualified, moved, taken back, won: a lead counts as what holds."""
    lead = capture_lead(
        by=rep, topic="Engines", last_name="Byron", email="ada@engine.example", company="Engines"
    )
    stages = list(Stage.objects.filter(process__is_default=True, is_for_leads=False))
    Step.objects.update(is_required=False)

    def counted() -> list[int]:
        return [step.figure.count for step in asked_by(manager).funnel]

    assert counted() == [1, 0, 0, 0, 0, 0]
    qualify(lead, by=rep)
    assert counted() == [1, 1, 1, 0, 0, 0]
    undo(Lead.objects.get(pk=lead.pk), by=rep)
    assert counted() == [1, 0, 0, 0, 0, 0]
    deal = qualify(Lead.objects.get(pk=lead.pk), by=rep).opportunities[0]
    move_to_stage(deal, by=rep, stage=stages[1])
    assert counted() == [1, 1, 1, 1, 0, 0]
    move_to_stage(Opportunity.objects.get(pk=deal.pk), by=rep, stage=stages[0])
    assert counted() == [1, 1, 1, 1, 0, 0]  # it came there once
    win(Opportunity.objects.get(pk=deal.pk), by=rep, actual_value=Decimal(5))
    assert counted() == [1, 1, 1, 1, 1, 1]


def test_needs_two_statements_at_most(cohort: datetime, manager: User) -> None:
    manager.scopes  # noqa: B018  read before anything is counted
    for name in ("cohorts", "funnel"):
        figures = asked_by(manager)
        with CaptureQueriesContext(connection) as asked:
            getattr(figures, name)
        assert len(asked) <= 2, name


def test_has_no_share_of_nothing(client: Client, manager: User) -> None:
    client.force_login(manager)

    for name in ("funnel", "cohorts-qualified", "cohorts-won"):
        html = client.get(f"/reports/{name}/").content.decode()
        assert "No leads came in" in html
        assert not re.search(r"\bNaN\b", html)
        body = Caller(manager).get(f"reports/{name}/?from=1900-01-01&to=2199-12-31")
        assert body.status_code == 200


@pytest.mark.parametrize("wrong", ["reached=abc", "reached=999999", "won_days_max=-1"])
def test_lists_nothing_for_what_is_no_step(client: Client, manager: User, wrong: str) -> None:
    client.force_login(manager)

    answer = client.get(f"/leads/?{wrong}")

    assert answer.status_code == 200
    assert answer.context["errors"] or answer.context["page"]["total"] == 0


def test_says_how_long_it_took_to_win_and_to_lose(client: Client, manager: User, rep: User) -> None:
    for days, status in ((10, "won"), (20, "won"), (90, "lost")):
        deal = a_won_opportunity(rep, 5) if status == "won" else a_lost_opportunity(rep, 5)
        Opportunity.objects.filter(pk=deal.pk).update(
            created_at=deal.closed_at - timedelta(days=days, hours=1)
        )
    client.force_login(manager)

    rows = client.get("/reports/cycle/").context["table"].rows

    assert [[cell.value for cell in row.cells] for row in rows] == [
        [2, 15.0, 15.0, 19.0],
        [1, 90.0, 90.0, 90.0],
    ]
    assert [listed(client, row.url) for row in rows] == [2, 1]


def test_says_to_whom_it_was_lost(client: Client, manager: User, rep: User) -> None:
    rival = Competitor.objects.create(key="rival", name="Rival")
    for value in (700, 50, 3):
        lost = a_lost_opportunity(rep, value)
        Opportunity.objects.filter(pk=lost.pk).update(lost_to=rival if value > 3 else None)
    client.force_login(manager)

    rows = client.get("/reports/competitors/").context["table"].rows

    assert [(row.label, [cell.value for cell in row.cells]) for row in rows] == [
        ("Rival", [2, 750]),
        ("Nobody named", [1, 3]),
    ]
    assert [listed(client, row.url) for row in rows] == [2, 1]

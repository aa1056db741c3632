"""The sales overview: every figure opens exactly the records that it counts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from leads.models import Lead
from opportunities.models import Opportunity
from reports.models import Target
from reports.queries import Figures, Period, Question
from tests.factories import UserFactory
from tests.reports.world import (
    a_disqualified_lead,
    a_lead,
    a_qualified_lead,
    a_season,
    a_won_opportunity,
    an_opportunity,
    noon,
)
from users.models import User

OVERVIEW = "/reports/?period=12_months"
MOST_STATEMENTS = 12


@pytest.fixture
def season(rep: User, rep2: User, outsider: User) -> None:
    a_season(rep, rep2, outsider)
    a_lead(None, ready_since=noon(9))
    an_opportunity(rep2, is_on_hold=True)
    gone = UserFactory(name="Gone", team=rep.team, is_active=False)
    a_lead(gone, ready_since=noon(40))


def shown(client: Client, user: User, address: str = OVERVIEW) -> Any:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return answer.context


def asked_by(user: User, **question: Any) -> Figures:
    """Return the figures that a user gets, over this year and the last unless told otherwise."""
    today = timezone.localdate()
    period = Period(today.replace(year=today.year - 1, month=1, day=1), today)
    return Figures(
        Lead.objects.permitted(user),
        Opportunity.objects.permitted(user),
        Target.objects.permitted(user),
        Question(**{"period": period, **question}),
    )


def listed(client: Client, url: str) -> int:
    """Return how many records the list behind a figure has."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    assert not answer.context["errors"], url
    return int(answer.context["page"]["total"])


def rows_of(user: User, url: str) -> Any:
    """Return the records that a list has, asked of its view without drawing a page."""
    found = resolve(url.partition("?")[0])
    request = RequestFactory().get(url)
    request.user = user
    view = found.func.view_class()  # type: ignore[attr-defined]
    view.setup(request, *found.args, **found.kwargs)
    assert view.filter.is_valid(), url
    return view.narrowed()


def counted(user: User, url: str) -> int:
    return int(rows_of(user, url).count())


def behind(client: Client, user: User, found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the figures as their addresses tell them: the first of every list is opened as a page,
    of the others its view is asked.
    """
    pages = {url.partition("?")[0]: url for url, _count in reversed(found)}
    told = {
        url: listed(client, url) if url in pages.values() else counted(user, url)
        for url in dict(found)
    }
    return [(url, told[url]) for url, _count in found]


def figures(page: Any) -> list[tuple[str, int]]:
    """Return the address and the number of every count that can be clicked."""
    tables = [card["table"] for card in page["cards"]]
    return [
        (figure.url, figure.count) for figure in [*page["strip"].marks, page["ready"].figure]
    ] + [
        (cell.url, cell.value)
        for table in tables
        for row in table.all_rows
        for cell in row.cells
        if cell.kind == "count" and cell.url
    ]


@pytest.mark.parametrize(
    ("who", "period"),
    [
        ("rep", "12_months"),
        ("manager", "this_month"),
        ("admin", "last_quarter"),
        ("outsider", "this_quarter"),
    ],
)
def test_every_figure_opens_the_records_behind_it(
    client: Client, season: None, who: str, period: str, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)

    found = figures(shown(client, user, f"/reports/?period={period}"))

    assert len(found) > 40
    assert behind(client, user, found) == found


def test_opens_the_records_of_the_owner_that_was_chosen(
    client: Client, season: None, manager: User, rep2: User
) -> None:
    page = shown(client, manager, f"{OVERVIEW}&owner={rep2.pk}")

    assert page["deals"].total.count == 4
    assert behind(client, manager, figures(page)) == figures(page)


def test_opens_what_belongs_to_nobody(client: Client, season: None, manager: User) -> None:
    page = shown(client, manager, f"{OVERVIEW}&owner=none")

    assert page["ready"].figure.count == 1
    assert behind(client, manager, figures(page)) == figures(page)


def test_opens_the_records_of_the_team_that_was_chosen(
    client: Client, season: None, admin: User, outsider: User
) -> None:
    page = shown(client, admin, f"{OVERVIEW}&team={outsider.team_id}")

    assert page["deals"].total.count == 3
    assert behind(client, admin, figures(page)) == figures(page)


def test_every_figure_is_a_link_on_the_page(client: Client, season: None, manager: User) -> None:
    client.force_login(manager)
    answer = client.get(OVERVIEW)

    html = answer.content.decode()
    wanted = [url for url, _count in figures(answer.context)]

    assert [url for url in wanted if f'href="{url.replace("&", "&amp;")}"' not in html] == []


def test_counts_nothing_that_the_viewer_may_not_see(
    client: Client, season: None, rep: User, outsider: User
) -> None:
    page = shown(client, outsider)

    assert page["deals"].total.count == 3
    assert page["strip"].marks[0].count == 4  # three of his own and the one that waits for all
    assert rep.name not in client.get(OVERVIEW).content.decode()


def test_counts_nothing_for_a_choice_that_is_not_the_viewers(
    client: Client, season: None, rep: User, outsider: User
) -> None:
    client.force_login(rep)

    answer = client.get(f"{OVERVIEW}&owner={outsider.pk}")

    assert answer.context["deals"].total.count == 0
    assert "not yours to see" in answer.content.decode()


def test_stands_on_its_feet_without_a_single_record(client: Client, manager: User) -> None:
    page = shown(client, manager, "/reports/")

    assert page["closed"].rate is None
    assert page["closed"].days.median is None
    assert page["ready"].figure.count == 0
    assert [stage.label for stage in page["deals"].stages] == ["Develop", "Propose", "Close"]


@pytest.mark.once
def test_needs_few_statements_however_many_records_there_are(
    client: Client, rep: User, rep2: User, manager: User
) -> None:
    client.force_login(manager)
    a_season(rep)
    client.get(OVERVIEW)
    with CaptureQueriesContext(connection) as few:
        client.get(OVERVIEW)

    a_season(rep, rep2, of_each=40)
    with CaptureQueriesContext(connection) as many:
        client.get(OVERVIEW)

    assert Lead.objects.count() > 500
    assert len(few) == len(many) <= MOST_STATEMENTS, [one["sql"] for one in many]


def test_says_in_which_share_of_the_closed_leads_there_was_a_chance(
    client: Client, manager: User, rep: User
) -> None:
    for days in (1, 2, 40):
        a_qualified_lead(rep, days=days)
    a_disqualified_lead(rep)
    a_lead(rep)

    closed = shown(client, manager, "/reports/?period=this_month")["closed"]

    assert (closed.part, closed.whole, closed.rate) == (3, 4, 0.75)


def test_keeps_open_leads_out_of_the_pipeline(client: Client, manager: User, rep: User) -> None:
    a_lead(rep, estimated_value=Decimal(900))
    an_opportunity(rep, value=1000, probability=30)

    page = shown(client, manager)

    assert (page["strip"].marks[0].count, page["strip"].marks[0].value) == (1, 900)
    assert (page["deals"].total.count, page["deals"].total.value) == (1, 1000)
    assert page["deals"].total.weighted == 300


def test_adds_up_in_the_default_currency(client: Client, manager: User, rep: User) -> None:
    an_opportunity(rep, value=1000, currency="USD", rate=Decimal("0.50"), probability=33)
    an_opportunity(rep, value=101, probability=33)
    an_opportunity(rep, value=None)

    total = shown(client, manager)["deals"].total

    assert str(total.value) == "601.00"
    assert str(total.weighted) == "198.33"


def test_counts_what_was_won_on_the_first_and_the_last_day(
    client: Client, manager: User, rep: User
) -> None:
    first = noon().replace(day=1)
    a_won_opportunity(rep, 10, at=first)
    a_won_opportunity(rep, 1000, at=first - timedelta(days=1))

    won = shown(client, manager, "/reports/?period=this_month")["deals"].won
    before = shown(client, manager, "/reports/?period=last_month")["deals"].won

    assert (won.count, won.value) == (1, 10)
    assert (before.count, before.value) == (1, 1000)


def test_follows_a_cohort_wherever_its_leads_were_qualified(
    client: Client, manager: User, rep: User
) -> None:
    came = noon().replace(day=1) - timedelta(days=20)
    a_lead(rep, created=came)
    a_qualified_lead(rep, days=(noon() - came).days - 1, qualified=noon())
    month = next(
        month
        for month in asked_by(manager).trend.parts
        if month.label == came.date().replace(day=1).isoformat()
    )

    assert (month.part, month.whole) == (1, 2)


def test_median_wait_by_owner(client: Client, manager: User, rep: User, rep2: User) -> None:
    for days in (2, 4, 9):
        a_lead(rep, ready_since=timezone.now() - timedelta(days=days, hours=1))
    a_lead(rep2, ready_since=timezone.now() - timedelta(days=30, hours=1))

    found = asked_by(manager).open_leads

    assert {one.figure.label: one.days.median for one in found.ready_by_owner} == {
        "Rep": 4,
        "Rep2": 30,
    }
    assert found.ready.days.median == 6.5


def test_has_a_table_beside_every_chart(client: Client, season: None, manager: User) -> None:
    client.force_login(manager)

    html = client.get(reverse("reports:overview")).content.decode()

    assert html.count("<figure") == html.count("c-chart__table") == 9
    assert html.count('role="img" aria-label') >= 5
    assert " style=" not in html

"""The small lines beside the key figures: the last twelve months, without waiting for them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine as clock
from django.test import Client

from opportunities.operations import open_opportunity, win
from reports.queries import Figures, Period, Question
from tests.reports.test_cards import part
from tests.reports.world import a_disqualified_lead, a_qualified_lead
from users.models import User

NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)


def on(month: int, day: int = 10) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def months(rep: User, outsider: User) -> None:
    for owner, month, value in ((rep, 1, 100), (outsider, 1, 9000), (rep, 2, 300), (rep, 3, 40)):
        with clock.travel(on(month), tick=False):
            deal = open_opportunity("Looms", by=owner, owner=owner, value=Decimal(value))
    with clock.travel(on(4), tick=False):
        win(deal, by=rep, actual_value=Decimal(50))
        a_qualified_lead(rep, days=4, qualified=on(3))
        a_qualified_lead(rep, days=2, qualified=on(4))
        a_disqualified_lead(rep, at=on(4))


def test_each_month_is_told_as_it_stood(months: None, manager: User) -> None:
    with clock.travel(NOW, tick=False):
        found = Figures.permitted(manager, Question(Period(date(2020, 1, 1), date(2020, 1, 31))))
        told = found.sparks

    assert [int(value) for value in told.pipeline] == [*[0] * 8, 100, 400, 440, 400]
    assert [int(value) for value in told.weighted] == [*[0] * 8, 30, 120, 132, 120]
    assert [int(value) for value in told.won] == [*[0] * 11, 50]
    assert told.rate == (*[None] * 10, 1.0, 0.5)
    assert told.days == (*[None] * 10, 4, 2)


def test_the_lines_come_after_the_page_and_each_to_its_place(
    client: Client, months: None, manager: User
) -> None:
    with clock.travel(NOW, tick=False):
        client.force_login(manager)
        page = client.get("/reports/?period=last_year").content.decode()
        answer = client.get("/reports/?period=last_year", headers=part("sparks"))

    html = answer.content.decode()
    places = re.findall(r'<svg id="spark-([a-z]+)" width', page)
    assert 'hx-get="/reports/?period=last_year" hx-trigger="load"' in page
    assert re.findall(r'<svg id="spark-([a-z]+)" hx-swap-oob="true"', html) == places
    assert len(places) == html.count("<polyline") == 5
    assert "HX-Push-Url" not in answer


@pytest.mark.once
def test_nothing_has_no_line(client: Client, manager: User) -> None:
    client.force_login(manager)

    html = client.get("/reports/?owner=none", headers=part("sparks")).content.decode()
    wrong = client.get("/reports/?owner=x", headers=part("sparks"))

    assert html.count("<polyline") == 3  # what is nothing in each month lies in the middle
    assert wrong.status_code == 200

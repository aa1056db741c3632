"""Figures as people go through them: narrowed, followed to their records and back, on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from opportunities.operations import open_opportunity
from tests.e2e.clipped import clipped
from tests.reports.world import a_season, a_won_opportunity, noon
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


@pytest.fixture
def season(rep: User) -> None:
    a_season(rep)
    a_won_opportunity(rep, 12_345, at=noon(500))
    open_opportunity("Looms", by=rep, owner=rep, value=Decimal(800))


def test_days_are_chosen_followed_to_the_records_and_back(
    window: Window, season: None, manager: User
) -> None:
    page = window(manager)
    page.goto("/reports/")
    days = page.get_by_label("From", exact=True), page.get_by_label("To", exact=True)
    expect(days[0]).to_be_hidden()

    page.get_by_label("Period", exact=True).select_option("days")
    expect(days[1]).to_be_visible()
    expect(page).to_have_url(re.compile("period=days"))
    when = noon(500).date().isoformat()
    for day in days:
        day.fill(when)
    page.get_by_role("button", name="Show", exact=True).click()

    won = page.locator("#card-pipeline .c-bars__row").last
    expect(won).to_contain_text("€12")
    expect(page).to_have_url(re.compile(f"from={when}&to={when}"))
    address = page.url
    won.click()
    expect(page).to_have_url(re.compile(f"/opportunities/.*closed_after={when}"))
    expect(page.locator("#main tbody tr")).to_have_count(1)
    page.go_back()
    expect(page).to_have_url(address)
    expect(won).to_contain_text("€12")
    expect(page.get_by_label("Period", exact=True)).to_have_value("days")


@pytest.mark.parametrize("name", ["pipeline", "bridge", "conversion"])
def test_a_report_on_paper_has_its_drawing_and_its_table(
    window: Window, season: None, manager: User, name: str
) -> None:
    page = window(manager)
    page.set_viewport_size({"width": 794, "height": 1123})  # A4
    page.goto(f"/reports/{name}/?period=12_months")
    page.emulate_media(media="print", color_scheme="dark")

    expect(page.locator(f"#card-{name} svg").first).to_be_visible()
    expect(page.locator(f"#card-{name} table").last).to_be_visible()
    expect(page.locator("#head")).to_be_hidden()
    assert clipped(page) == []


def test_a_card_shows_its_table_on_a_phone_in_the_dark(
    window: Window, season: None, manager: User
) -> None:
    User.objects.filter(pk=manager.pk).update(theme="dark")
    page = window(manager, touch=True, width=390, height=844)
    page.goto("/reports/?period=12_months")

    card = page.locator("#card-pipeline")
    card.locator("summary").click()

    expect(card.locator("table")).to_be_visible()
    expect(card.get_by_role("row", name="All")).to_contain_text("€")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    assert clipped(page) == []

"""A dashboard of one's own: arranged by keys and by mouse, saved, opened again, shared."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.hands import Keyboard
from tests.reports.world import an_opportunity
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
TITLES = ".c-arrange__card h2"


def step(page: Page, card: str, name: str) -> Locator:
    return page.get_by_role("group", name=card).get_by_role("button", name=name)


def test_is_arranged_by_keys_saved_and_shared(window: Window, rep: User, rep2: User) -> None:
    an_opportunity(rep, value=100)
    page = window(rep)
    page.goto("/reports/?board=leads")
    keyboard = Keyboard(page)

    keyboard.press(page.get_by_role("link", name="Arrange"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Arrange Lead management")
    keyboard.press(step(page, "Lead conversion by month", "Earlier"))
    expect(page.locator(TITLES).nth(1)).to_have_text("Lead conversion by month")
    keyboard.press(step(page, "Qualified by month of creation", "Remove"))
    expect(page.locator(TITLES).filter(has_text="Qualified by month")).to_have_count(0)
    keyboard.press(page.get_by_role("button", name="Pipeline by stage"))
    expect(page.locator(TITLES).last).to_have_text("Pipeline by stage")
    keyboard.press(step(page, "Pipeline by stage", "Wider"))
    expect(page.locator(".c-arrange__card").last).to_contain_text("8 of 12 columns")
    keyboard.press(page.get_by_role("link", name="Save as new"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Save dashboard")
    page.get_by_label("Name").fill("Monday")
    page.get_by_label("My team").check()
    page.get_by_role("button", name="Save dashboard").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Monday")
    page.reload()
    expect(page.locator("figure[id]").first).to_have_id("card-trend")
    expect(page.locator("figure[id]").last).to_have_class(re.compile("c-span-8"))

    other = window(rep2)
    other.goto("/reports/")
    other.get_by_text("More dashboards").click()
    other.get_by_role("link", name="Monday").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Monday")
    other.get_by_label("Options of Monday").click()
    expect(other.get_by_role("button", name="Pin")).to_be_visible()
    expect(other.get_by_text("Rename or share")).to_have_count(0)


def test_a_card_is_dragged_to_another_place(window: Window, rep: User) -> None:
    page = window(rep)
    page.goto("/reports/dashboards/arrange/?cards=trend.6+pipeline.6+ready.6")
    cards = page.locator(".c-arrange__card")
    expect(page.locator(TITLES)).to_have_text(
        ["Lead conversion by month", "Pipeline by stage", "Ready, not qualified"]
    )
    last, first = cards.last.bounding_box(), cards.first.bounding_box()
    assert last
    assert first

    page.mouse.move(last["x"] + 200, last["y"] + 20)
    page.mouse.down()
    page.mouse.move(last["x"] + 210, last["y"] + 10, steps=4)
    page.mouse.move(first["x"] + 20, first["y"] + 20, steps=12)
    page.mouse.up()

    expect(page).to_have_url(re.compile("cards=ready.6"))
    expect(page.locator(TITLES).first).to_have_text("Ready, not qualified")
    page.go_back()
    expect(page.locator(TITLES).first).to_have_text("Lead conversion by month")


def test_is_arranged_without_scripts(window: Window, rep: User) -> None:
    page = window(rep, scripts=False)
    page.goto("/reports/dashboards/arrange/?cards=trend.6+pipeline.6")

    step(page, "Pipeline by stage", "Earlier").click()
    expect(page.locator(TITLES).first).to_have_text("Pipeline by stage")
    page.get_by_role("link", name="Show").click()

    expect(page.locator("figure[id]").first).to_have_id("card-pipeline")

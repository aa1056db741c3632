"""Rows of a list selected by mouse, by keys and on a phone, and what the bar then does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from tests.e2e.conftest import PATIENCE
from tests.e2e.test_pages import ASK, AXE, EVERY, STAND_STILL, TOO_WIDE
from tests.factories import LeadFactory
from users.models import User

Window = Callable[..., Page]

pytestmark = pytest.mark.e2e


@pytest.fixture
def leads(site: str, rep: User) -> list[Any]:
    """Five leads, the newest first in the list."""
    return [
        LeadFactory(owner=rep, first_name="Lead", last_name=f"Number {n}") for n in range(5, 0, -1)
    ][::-1]


def box(page: Page, number: int) -> Any:
    return page.get_by_role("checkbox", name=f"Select Lead Number {number}", exact=True)


def ticked(page: Page) -> list[int]:
    boxes = page.locator("[data-select]")
    return [n for n in range(1, boxes.count() + 1) if boxes.nth(n - 1).is_checked()]


def test_by_mouse(window: Window, rep: User, leads: list[Any]) -> None:
    page = window(rep)
    page.goto("/leads/")
    bar = page.get_by_role("toolbar", name="Selected leads")
    expect(bar).to_be_hidden()

    box(page, 1).click()
    expect(bar).to_be_visible()
    expect(bar.locator("[data-count]")).to_have_text("1")
    expect(page.locator("#live")).to_have_text("1 selected")
    expect(bar.get_by_role("button", name="Merge")).to_be_hidden()

    box(page, 4).click(modifiers=["Shift"])
    assert ticked(page) == [1, 2, 3, 4]
    expect(bar.get_by_role("button", name="Merge")).to_be_visible()

    page.get_by_role("checkbox", name="Select this page").check()
    assert ticked(page) == [1, 2, 3, 4, 5]
    bar.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()
    assert ticked(page) == []


def test_by_keys(window: Window, rep: User, leads: list[Any]) -> None:
    page = window(rep)
    page.goto("/leads/")
    expect(box(page, 1)).to_be_visible()

    for key in ("j", "x", "ArrowDown", "ArrowDown", "Shift+X"):
        page.keyboard.press(key)
    assert ticked(page) == [1, 2, 3]

    page.keyboard.press("Escape")
    assert ticked(page) == []
    page.keyboard.press("Control+a")
    assert ticked(page) == [1, 2, 3, 4, 5]

    # While somebody types, keys are letters.
    page.get_by_role("searchbox", name="Filter leads").focus()
    page.keyboard.type("x")
    page.keyboard.press("Control+a")
    page.keyboard.press("Escape")
    assert len(ticked(page)) in {0, 5}, "what is typed selects nothing"


def test_the_bar_leads_to_the_pages_and_back(window: Window, rep: User, leads: list[Any]) -> None:
    page = window(rep)
    page.goto("/leads/?sort=age")

    box(page, 1).check()
    box(page, 2).check()
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("heading", name="Merge leads")).to_be_visible()

    page.goto("/leads/?sort=age")
    box(page, 2).check()
    page.get_by_role("button", name="Qualify", exact=True).click()
    expect(page.get_by_role("button", name="Qualify 1 lead")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_url("/leads/?sort=age")


def test_assigns_in_a_dialog_and_takes_it_back(
    window: Window, rep: User, manager: User, leads: list[Any]
) -> None:
    page = window(manager)
    page.goto("/leads/?status=open")
    for number in (1, 2):
        box(page, number).check()

    page.keyboard.press("a")
    dialog = page.get_by_role("dialog", name="Assign 2 leads")
    expect(dialog.locator("#bulk-tally")).to_contain_text("Will change: 2")
    dialog.get_by_label("Owner").select_option(label=str(rep))
    expect(dialog.locator("#bulk-tally")).to_contain_text("Nothing to do: 2")
    expect(dialog.get_by_role("button", name="Assign 2 leads")).to_have_count(0)
    dialog.get_by_label("Owner").select_option(label=str(manager))
    dialog.get_by_role("button", name="Assign 2 leads").click()

    expect(page.locator(".c-toast")).to_contain_text(
        f"2 leads assigned to {manager}.", timeout=PATIENCE
    )
    expect(page).to_have_url("/leads/?status=open")
    assert Lead.objects.filter(owner=manager).count() == 2

    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".c-toast")).to_contain_text("2 leads as before.", timeout=PATIENCE)
    assert Lead.objects.filter(owner=rep).count() == 5


def test_the_dialog_is_for_everybody(window: Window, rep: User, leads: list[Any]) -> None:
    wrong: list[Any] = []
    for width in (1440, 390):
        page = window(rep, width=width)
        page.goto("/leads/")
        page.evaluate(STAND_STILL)
        page.evaluate(AXE)
        if width == 390:
            page.get_by_role("button", name="Select", exact=True).click()
        box(page, 1).check()
        page.get_by_role("button", name="Add task").click()
        expect(page.get_by_role("dialog", name="Add a task to 1 lead")).to_be_visible()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator(f"html[data-bs-theme={theme}]")).to_be_attached()
            wrong += [*page.evaluate(ASK, {"only": EVERY, "without": []}), *page.evaluate(TOO_WIDE)]

    assert wrong == []


def test_without_scripts_the_boxes_and_buttons_do_the_same(
    window: Window, rep: User, leads: list[Any]
) -> None:
    page = window(rep, scripts=False)
    page.goto("/leads/")

    box(page, 2).check()
    box(page, 3).check()
    page.get_by_role("button", name="Disqualify").click()
    expect(page.get_by_role("button", name="Disqualify 2 leads")).to_be_visible()

    page.goto("/leads/")
    box(page, 2).check()
    page.get_by_role("button", name="Status").click()
    page.get_by_label("Working").check()
    page.get_by_role("button", name="Update preview").click()
    page.get_by_role("button", name="Set the status of 1 lead").click()

    expect(page.locator(".c-toast")).to_contain_text("1 lead marked as Working.")
    page.get_by_role("button", name="Undo").click()
    assert not Lead.objects.filter(progress="working").exists()


def test_the_open_bar_is_for_everybody(window: Window, rep: User, leads: list[Any]) -> None:
    wrong: list[Any] = []
    for width in (1440, 390):
        page = window(rep, width=width)
        page.goto("/leads/")
        page.evaluate(STAND_STILL)
        page.evaluate(AXE)
        if width == 390:
            expect(box(page, 1)).to_be_hidden()
            page.get_by_role("button", name="Select", exact=True).click()
        box(page, 1).check()
        box(page, 2).check()

        expect(page.get_by_role("toolbar", name="Selected leads")).to_be_visible()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator(f"html[data-bs-theme={theme}]")).to_be_attached()
            wrong += [*page.evaluate(ASK, {"only": EVERY, "without": []}), *page.evaluate(TOO_WIDE)]

    assert wrong == []

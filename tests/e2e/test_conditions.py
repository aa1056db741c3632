"""The editor of conditions in a browser: in place with scripts, by its buttons without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import QualificationRuleSet
from leads.operations import draft_rules
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
WANTED = {
    "all": [
        {"field": "budget_amount", "is": "at_least", "value": 10000},
        {"any": [{"field": "city", "is": "one_of", "value": ["Paris", "Turin"]}]},
    ]
}


@pytest.fixture
def draft(site: str, manager: User) -> QualificationRuleSet:
    return draft_rules(by=manager)


def open_editor(page: Page) -> None:
    """Open a new rule, with something typed that no button of the editor may lose."""
    page.goto("/rules/qualification/new/")
    page.get_by_label("Words when it holds").fill("Big ones")


def saved(page: Page, draft: QualificationRuleSet) -> Any:
    """Press the button of the form; return the condition that is stored."""
    page.get_by_role("button", name="Save rule").click()
    expect(page.get_by_role("heading", level=1, name="Qualification rules")).to_be_visible()
    draft.refresh_from_db()
    [rule] = [rule for rule in draft.rules if rule["label"] == "Big ones"]
    return rule["condition"]


def test_edits_in_place_and_keeps_the_focus(
    window: Window, manager: User, draft: QualificationRuleSet
) -> None:
    page = window(manager)
    open_editor(page)
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))

    field = page.get_by_label("Field of condition 1", exact=True)
    field.focus()
    field.select_option("budget_amount")
    value = page.get_by_label("Value of condition 1", exact=True)
    expect(value).to_be_visible()
    expect(field).to_be_focused()
    value.fill("10000")
    page.get_by_role("button", name="Add group", exact=True).click()
    inner = page.get_by_label("Field of condition 2.1", exact=True)
    expect(inner).to_be_focused()
    inner.select_option("city")
    page.get_by_label("Comparison of condition 2.1", exact=True).select_option("one_of")
    page.get_by_label("Values of condition 2.1, one a line").fill("Paris\nTurin")
    page.keyboard.press("Tab")

    expect(page.get_by_text("In words:").locator("..")).to_have_text(
        "In words: Budget at least 10,000 and city is “Paris” or “Turin”"
    )
    assert not visited, "nothing of it leaves the page"
    assert saved(page, draft) == WANTED


def test_takes_presses_that_are_quicker_than_the_answer(
    window: Window, manager: User, draft: QualificationRuleSet
) -> None:
    page = window(manager)
    open_editor(page)
    add = page.get_by_role("button", name="Add condition", exact=True)

    page.evaluate(
        """() => { for (const name of ["Add condition", "Remove condition 1", "Add condition"]) {
            [...document.querySelectorAll(".c-condition button[name]")].find((button) =>
                (button.ariaLabel ?? button.textContent).trim() === name).click(); } }"""
    )

    expect(page.get_by_label("Field of condition 2", exact=True)).to_be_focused()
    expect(page.get_by_label("Field of condition 3", exact=True)).to_have_count(0)
    expect(add).to_be_visible()


def test_works_without_scripts(window: Window, manager: User, draft: QualificationRuleSet) -> None:
    page = window(manager, scripts=False)
    open_editor(page)

    page.get_by_label("Field of condition 1", exact=True).select_option("budget_amount")
    page.get_by_label("Apply field and comparison of condition 1").click()
    page.get_by_label("Value of condition 1", exact=True).fill("10000")
    page.get_by_role("button", name="Add condition", exact=True).click()
    page.get_by_label("Remove condition 2", exact=True).click()
    page.get_by_role("button", name="Add group", exact=True).click()
    page.get_by_label("Field of condition 2.1", exact=True).select_option("city")
    page.get_by_label("Apply field and comparison of condition 2.1").click()
    page.get_by_label("Comparison of condition 2.1", exact=True).select_option("one_of")
    page.get_by_label("Apply field and comparison of condition 2.1").click()
    page.get_by_label("Values of condition 2.1, one a line").fill("Paris\nTurin")

    before = draft.version
    draft.refresh_from_db()
    assert draft.version == before, "none of the buttons saves"
    expect(page.get_by_label("Words when it holds")).to_have_value("Big ones")
    assert saved(page, draft) == WANTED


def test_enter_saves_and_does_not_press_a_button_of_the_editor(
    window: Window, manager: User, draft: QualificationRuleSet
) -> None:
    page = window(manager, scripts=False)
    open_editor(page)

    page.get_by_label("Words when it holds").press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("Choose a field.")
    expect(page.get_by_label("Field of condition 2", exact=True)).to_have_count(0)


def test_fits_a_telephone(window: Window, manager: User, draft: QualificationRuleSet) -> None:
    page = window(manager, width=390, height=844)
    open_editor(page)
    page.get_by_label("Field of condition 1", exact=True).select_option("country")
    page.get_by_label("Comparison of condition 1", exact=True).select_option("one_of")
    page.get_by_role("button", name="Add group", exact=True).click()
    expect(page.get_by_label("Field of condition 2.1", exact=True)).to_be_focused()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

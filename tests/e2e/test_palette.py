"""The palette and the keys, in a browser: each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from activities.operations import add_task
from tests.e2e.test_pages import faults_in_all_clothes
from tests.factories import AccountFactory, LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def palette(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Search and commands")


def chosen(page: Page) -> Locator:
    """Return the option that the field says is the active one."""
    name = page.get_by_role("combobox", name="Search or jump to").get_attribute(
        "aria-activedescendant"
    )
    return page.locator(f"[id='{name}']")


def test_a_record_is_found_and_worked_on_without_a_mouse(
    window: Window, rep: User, lead: Any
) -> None:
    AccountFactory(owner=rep, name="Ferrovia Iberia")
    LeadFactory(owner=rep, first_name="Otto", last_name="Brandt", company="Brandt", email="")
    page = window(rep)
    page.goto("/leads/")
    keys = page.keyboard

    # From a field, too; what is typed is marked, and the kind of the page comes first.
    page.locator("#filter-text").focus()
    keys.press("Control+k")
    keys.type("ferr")
    options = palette(page).get_by_role("option")
    expect(options.first).to_contain_text("Elena Marchetti")
    expect(options.first.locator("mark")).to_have_text("Ferr")
    expect(palette(page).locator("#palette-scope")).to_have_text("Leads, 2 in view")
    expect(palette(page).get_by_role("status")).to_contain_text("Results:")
    expect(palette(page).get_by_role("group", name="Actions on Elena Marchetti")).to_be_visible()

    # Down to the account, whose actions are others; Tab leads to them, and back.
    keys.press("ArrowDown")
    expect(chosen(page)).to_contain_text("Ferrovia Iberia")
    expect(palette(page).get_by_role("group", name="Actions on Ferrovia Iberia")).to_be_visible()
    expect(palette(page).get_by_role("group", name="Actions on Elena Marchetti")).to_be_hidden()
    keys.press("Tab")
    expect(chosen(page)).to_contain_text("Log a call")
    keys.press("Shift+Tab")
    keys.press("ArrowUp")

    # An action opens the dialog that its button opens.
    keys.press("Tab")
    expect(chosen(page)).to_contain_text("Qualify lead")
    keys.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading", level=2).first).to_contain_text(
        "Qualify"
    )
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    # A slip is forgiven; Enter opens, and what was opened is the first of the recent ones.
    keys.press("Control+k")
    keys.type("marhcetti")
    expect(options.first).to_contain_text("Elena Marchetti")
    keys.press("Enter")
    heading(page, "Elena Marchetti")
    page.goto("/accounts/")
    keys.press("Control+k")
    expect(palette(page).get_by_role("group", name="Next tasks")).to_have_count(0)
    recent = palette(page).get_by_role("group", name="Recent").get_by_role("option")
    expect(recent.first).to_contain_text("Elena Marchetti")
    keys.press("Escape")
    expect(palette(page)).to_be_hidden()


def test_the_palette_leads_everywhere_also_when_nothing_can_be_searched(
    window: Window, rep: User, lead: Any
) -> None:
    add_task(lead, by=rep, subject="Ring Elena", due_at=timezone.now() + timedelta(hours=1))
    page = window(rep)
    keys = page.keyboard
    page.goto(lead.get_absolute_url())

    # The page's own buttons are commands.
    keys.press("Control+k")
    options = palette(page).get_by_role("option")
    expect(options.first).to_contain_text("Ring Elena")
    own = palette(page).get_by_role("group", name="Actions on Elena Marchetti")
    expect(own).to_contain_text("Qualify")
    keys.type(">new acc")
    expect(options).to_have_text(["New account"])
    keys.press("Enter")
    short = page.get_by_role("dialog", name="New account")
    expect(short.get_by_label("Name")).to_be_focused()
    short.get_by_role("link", name="All fields").click()
    page.wait_for_url("**/accounts/new/")

    # Ctrl+Enter opens a window of its own and leaves this one alone.
    keys.press("Control+k")
    keys.type(">opportunities")
    expect(options.first).to_have_text("Opportunities")
    with page.context.expect_page() as opened:
        keys.press("Control+Enter")
    assert opened.value.url.endswith("/opportunities/board/")
    expect(palette(page)).to_be_visible()
    keys.press("Escape")

    # The field at the top opens it, with what was typed there.
    page.locator("#search").click()
    expect(palette(page)).to_be_visible()
    keys.press("Escape")

    # Without an answer the commands go on.
    page.route("**/palette/?*", lambda route: route.fulfill(status=409))
    keys.press("Control+k")
    keys.type("profile")
    expect(palette(page)).to_contain_text("Record search is unavailable. Commands still work.")
    keys.press("Enter")
    heading(page, "Profile and preferences")


def test_nothing_is_wrong_with_the_palette(window: Window, rep: User, lead: Any) -> None:
    page = window(rep)
    page.goto("/leads/")
    page.keyboard.press("Control+k")
    page.keyboard.type("elena")
    expect(palette(page).get_by_role("option").first).to_contain_text("Elena")

    wrong = faults_in_all_clothes(page, "palette")
    page.set_viewport_size({"width": 390, "height": 844})
    box = palette(page).bounding_box()

    assert not wrong, "\n".join(wrong)
    assert box
    assert (box["width"], box["height"]) == (390, 844)


def test_each_key_does_what_the_help_says(window: Window, rep: User, lead: Any) -> None:
    OpportunityFactory(owner=rep, topic="Pumps for Turin")
    page = window(rep)
    keys = page.keyboard

    # Anywhere: G and a letter, [ and ?.
    page.goto("/")
    for letter, address in {
        "l": "/leads/", "o": "/opportunities/board/", "a": "/accounts/", "c": "/contacts/",
        "t": "/activities/", "d": "/reports/", "h": "/",
    }.items():  # fmt: skip
        keys.press("g")
        keys.press(letter)
        page.wait_for_url(f"**{address}")
    keys.press("[")
    expect(page.locator("html")).to_have_attribute("data-nav", "rail")
    keys.press("[")
    keys.press("/")
    expect(palette(page)).to_be_visible()
    keys.press("Escape")

    # A list: views by number, filter, row, selection, what is done to the row of the cursor.
    page.goto("/leads/")
    keys.press("2")
    expect(page.locator(".c-views [aria-current]")).to_contain_text("All open")
    keys.press("/")
    expect(page.locator("#filter-text")).to_be_focused()
    page.locator("#filter-text").blur()
    keys.press("f")
    expect(page.locator("#filter-panel")).to_be_visible()
    keys.press("Escape")
    for key, title in {"a": "Assign", "s": "status", "t": "task"}.items():
        page.goto("/leads/")
        keys.press("j")
        keys.press(key)
        expect(page.get_by_role("dialog").get_by_role("heading", level=2).first).to_contain_text(
            title
        )
    page.goto("/leads/")
    keys.press("c")
    page.wait_for_url("**/leads/new/")

    # Board and table.
    page.goto("/opportunities/board/")
    keys.press("v")
    page.wait_for_url("**/opportunities/?*")
    keys.press("v")
    page.wait_for_url("**/opportunities/board/*")

    # A record.
    for key, label in {
        "n": "Note",
        "l": "Call",
        "t": "Task",
        "m": "Meeting",
        "Shift+E": "Email",
    }.items():
        page.goto(lead.get_absolute_url())
        keys.press(key)
        expect(page.locator(".c-composer__tab[aria-current]")).to_contain_text(label)
    for key, title in {"q": "Qualify", "Shift+D": "Disqualify", "a": "Assign"}.items():
        page.goto(lead.get_absolute_url())
        keys.press(key)
        expect(page.get_by_role("dialog").get_by_role("heading", level=2).first).to_contain_text(
            title
        )
    page.goto(lead.get_absolute_url())
    keys.press(".")
    expect(page.locator(".c-commands details[open]")).to_have_count(1)
    keys.press("Escape")
    keys.press("e")
    page.wait_for_url("**/edit/")


def test_single_keys_are_off_for_whoever_wants_them_off(
    window: Window, rep: User, lead: Any
) -> None:
    rep.has_shortcuts = False
    rep.save()
    page = window(rep)
    page.goto(lead.get_absolute_url())

    for key in ("q", "?", "[", "g", "l", "1", "."):
        page.keyboard.press(key)
    page.wait_for_timeout(100)

    assert page.url.endswith(lead.get_absolute_url())
    expect(page.locator("dialog[open], details[open].c-menu")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(palette(page)).to_be_visible()

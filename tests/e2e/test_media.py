"""Pages on paper, in the colours that a reader forces, and without motion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from leads.operations import qualify
from tests.e2e.clipped import clipped
from tests.factories import LeadFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]

PAPER = (794, 1123)  # A4, in CSS pixels
FURNITURE = ".c-nav, .c-top, .c-bottom, .c-commands, .c-composer, .c-toolbar, .c-pager, .c-views"
STYLE = "(element, [name, part]) => getComputedStyle(element, part).getPropertyValue(name)"
BRIGHTNESS = """(colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return alpha === 0 ? 255 : (red + green + blue) / 3;
}"""


def style(page: Page, selector: str, name: str, part: str | None = None) -> str:
    found: str = page.locator(selector).first.evaluate(STYLE, [name, part])
    return found


def on_paper(page: Page, address: str) -> None:
    page.set_viewport_size({"width": PAPER[0], "height": PAPER[1]})
    page.goto(address, wait_until="networkidle")
    page.emulate_media(media="print", color_scheme="dark")


@pytest.fixture
def addresses(rep: User, lead: Any) -> dict[str, str]:
    """A page of each kind that people print."""
    done = LeadFactory(owner=rep)
    qualify(done, by=rep)
    return {
        "list": "/leads/?view=all",
        "record": lead.get_absolute_url(),
        "receipt": f"/leads/{done.pk}/receipt/",
        "dashboard": "/reports/",
    }


@pytest.mark.parametrize("what", ["list", "record", "receipt", "dashboard"])
def test_paper_shows_the_sheet_alone_dark_on_white(
    window: Window, rep: User, manager: User, addresses: dict[str, str], what: str
) -> None:
    page = window(manager if what == "dashboard" else rep)
    # As somebody sees it who has chosen dark.
    User.objects.update(theme="dark")

    on_paper(page, addresses[what])

    assert page.locator(FURNITURE).filter(visible=True).count() == 0
    for place in ("body", "#main"):
        assert page.evaluate(BRIGHTNESS, style(page, place, "background-color")) > 230, place
    assert page.evaluate(BRIGHTNESS, style(page, "h1", "color")) < 60
    assert clipped(page) == []
    links = page.locator("#main a:not(.c-button)").filter(visible=True)
    assert links.count() == 0 or "underline" in style(
        page, "#main a:not(.c-button):visible", "text-decoration-line"
    )


def test_a_table_repeats_its_heads_and_says_all_that_its_cells_have(
    window: Window, rep: User, addresses: dict[str, str]
) -> None:
    page = window(rep)

    on_paper(page, addresses["list"])

    assert style(page, ".c-table thead", "display") == "table-header-group"
    assert style(page, ".c-table th", "position") == "static"
    assert style(page, ".c-table tbody tr", "break-inside") == "avoid"
    assert "nowrap" not in style(page, ".c-table tbody td", "white-space")


def test_a_record_is_printed_with_all_its_parts_whichever_was_open(
    window: Window, rep: User, addresses: dict[str, str]
) -> None:
    page = window(rep)

    on_paper(page, addresses["record"])

    for part in ("#fields", "#timeline", "#judgement"):
        assert page.locator(part).is_visible(), part
    assert page.get_by_text("Send the catalogue").filter(visible=True).count()


def test_forced_colours_leave_focus_and_state_to_be_seen(
    window: Window, rep: User, lead: Any
) -> None:
    page = window(rep)
    page.emulate_media(forced_colors="active")
    page.goto("/leads/", wait_until="networkidle")
    plain = style(page, "body", "background-color")

    for selector, part in (
        (".c-nav__link[aria-current]", "::before"),
        (".c-tabs__tab[aria-current]", "::after"),
    ):
        assert style(page, selector, "background-color", part) != plain, selector
    assert style(page, ".c-pip", "border-top-style") == "solid"
    assert style(page, ".c-badge", "border-top-style") == "solid"

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.evaluate("(element) => getComputedStyle(element).outlineStyle") == "solid"

    page.set_viewport_size({"width": 390, "height": 844})
    assert style(page, ".c-bottom__item[aria-current]", "outline-style") == "solid"


def test_nothing_moves_for_who_wants_less_motion(window: Window, rep: User, lead: Any) -> None:
    page = window(rep)  # which asks for less motion
    page.goto(lead.get_absolute_url(), wait_until="networkidle")

    longest = page.evaluate("""() => Math.max(...[...document.querySelectorAll("*")].flatMap(
        (element) => [null, "::before", "::after"].map((part) => {
            const style = getComputedStyle(element, part);
            return Math.max(...`${style.animationDuration},${style.transitionDuration}`
                .split(",").map(parseFloat));
        })))""")

    assert longest <= 0.001

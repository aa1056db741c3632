"""The board under the hand: dragged, by keys, refused, on a phone, and without a fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from opportunities.models import LossReason, Opportunity, Stage, Step
from opportunities.operations import put_on_hold
from tests.e2e.test_pages import ASK, AXE, EVERY, STAND_STILL
from tests.factories import OpportunityFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
BOARD = "/opportunities/board/"


@pytest.fixture
def deal(site: str, rep: User) -> Opportunity:
    OpportunityFactory(owner=rep, topic="Roof sensors", value=500)
    return OpportunityFactory(owner=rep, topic="Kiln sensors", value=1000)


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def card(page: Page, topic: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=topic))


def title(page: Page, topic: str) -> Locator:
    return page.get_by_role("link", name=topic)


def drag(page: Page, what: Locator, to: Callable[[], Locator]) -> None:
    """Take a card at its lower half and let go over a place that may appear only then."""
    box = what.bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] - 14)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + box["height"], steps=4)
    expect(page.locator("#dropstrip")).to_be_visible()
    goal = to().bounding_box()
    assert goal
    page.mouse.move(goal["x"] + goal["width"] / 2, goal["y"] + goal["height"] / 2, steps=10)
    page.mouse.move(goal["x"] + goal["width"] / 2 + 3, goal["y"] + goal["height"] / 2 + 3)


def require_steps() -> None:
    Step.objects.filter(key="customer-need").update(is_required=True)


def test_a_card_is_dragged_to_another_stage_and_brought_back(
    window: Window, rep: User, deal: Opportunity
) -> None:
    page = window(rep)
    page.goto(BOARD)

    drag(page, card(page, "Kiln sensors"), lambda: column(page, "Propose").get_by_role("list"))
    expect(page.locator(".c-deal--slot")).to_have_attribute("data-slot", "Move to Propose")
    page.mouse.up()

    expect(column(page, "Propose")).to_contain_text("Kiln sensors")
    expect(column(page, "Propose").get_by_title("€1,000, weighted €600")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="is in Propose")).to_be_visible()
    expect(title(page, "Kiln sensors")).to_be_focused()
    deal.refresh_from_db()
    assert deal.stage.key == "propose"

    page.get_by_role("button", name="Undo").click()
    expect(column(page, "Develop")).to_contain_text("Kiln sensors")


def test_a_card_that_is_refused_goes_back_and_the_steps_are_named(
    window: Window, rep: User, deal: Opportunity
) -> None:
    require_steps()
    page = window(rep)
    page.goto(BOARD)

    drag(page, card(page, "Kiln sensors"), lambda: column(page, "Propose").get_by_role("list"))
    expect(page.locator(".c-deal--slot")).to_have_attribute("data-slot", "Move to Propose")
    page.mouse.up()

    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("Kiln sensors stays in Develop")
    expect(notice.get_by_role("link")).to_be_visible()
    expect(column(page, "Develop")).to_contain_text("Kiln sensors")
    expect(column(page, "Propose")).not_to_contain_text("Kiln sensors")
    expect(title(page, "Kiln sensors")).to_be_focused()


@pytest.mark.parametrize(("zone", "status"), [("win", "won"), ("lose", "lost")])
def test_dropping_on_the_strip_asks_before_it_closes(
    window: Window, rep: User, deal: Opportunity, zone: str, status: str
) -> None:
    page = window(rep)
    page.goto(BOARD)

    slot = page.locator(f"#dropstrip [data-drop={zone}]")
    drag(page, card(page, "Kiln sensors"), lambda: slot)
    expect(slot).to_contain_text("“Kiln sensors”")
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Kiln sensors")
    expect(column(page, "Develop")).to_contain_text("Kiln sensors")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(title(page, "Kiln sensors")).to_be_focused()

    drag(page, card(page, "Kiln sensors"), lambda: slot)
    page.mouse.up()
    if zone == "lose":
        dialog.get_by_role("radio").first.check()
    dialog.get_by_role("button", name=f"Close as {status}").click()

    expect(page.get_by_role("status").filter(has_text=f"is {status}")).to_be_visible()
    expect(column(page, "Develop")).not_to_contain_text("Kiln sensors")
    follows = "Kiln sensors" if zone == "win" else "Roof sensors"  # it stands among what was won
    expect(title(page, follows)).to_be_focused()
    deal.refresh_from_db()
    assert deal.status == status
    assert zone == "win" or deal.loss_reason == LossReason.objects.order_by("pk").first()


def test_dropping_among_what_was_won_asks_and_then_it_stands_there(
    window: Window, rep: User, deal: Opportunity
) -> None:
    page = window(rep)
    page.goto(BOARD)
    won = column(page, "Won this month")
    expect(won).to_contain_text("Nothing won yet this month")

    drag(page, card(page, "Kiln sensors"), lambda: won.get_by_role("list"))
    slot = page.locator(".c-deal--slot")
    expect(slot).to_have_attribute("data-slot", "Drop to win “Kiln sensors”")
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Kiln sensors")
    dialog.get_by_role("button", name="Close as won").click()

    expect(won).to_contain_text("Kiln sensors")
    expect(won).to_contain_text("Won in 0 days")
    expect(won.get_by_title("€1,000")).to_contain_text("€1,000 won")
    # By the keys: one step beyond the last stage.
    title(page, "Roof sensors").focus()
    for stage in ("Propose", "Close"):
        page.keyboard.press("Shift+ArrowRight")
        expect(column(page, stage)).to_contain_text("Roof sensors")
        expect(title(page, "Roof sensors")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("dialog")).to_contain_text("Roof sensors")


def test_dropping_on_hold_lets_a_card_rest(window: Window, rep: User, deal: Opportunity) -> None:
    page = window(rep)
    page.goto(BOARD)

    drag(page, card(page, "Kiln sensors"), lambda: page.locator("#dropstrip [data-drop=hold]"))
    page.mouse.up()

    expect(card(page, "Kiln sensors").get_by_text("On hold").first).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="is on hold")).to_be_visible()


def test_cards_are_reached_and_moved_by_keys(window: Window, rep: User, deal: Opportunity) -> None:
    page = window(rep)
    page.goto(BOARD)
    title(page, "Roof sensors").focus()

    page.keyboard.press("ArrowDown")
    expect(title(page, "Kiln sensors")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(column(page, "Propose")).to_contain_text("Kiln sensors")
    expect(title(page, "Kiln sensors")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("Propose: 1")
    page.keyboard.press("ArrowLeft")
    expect(title(page, "Roof sensors")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowLeft")
    expect(column(page, "Develop")).to_contain_text("Kiln sensors")
    expect(title(page, "Kiln sensors")).to_be_focused()
    page.keyboard.press("Shift+ArrowLeft")  # there is no stage before
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1, name="Kiln sensors")).to_be_visible()


def test_the_menu_of_a_card_moves_it_by_keys(window: Window, rep: User, deal: Opportunity) -> None:
    page = window(rep)
    page.goto(BOARD)
    title(page, "Kiln sensors").focus()

    page.keyboard.press(".")
    expect(page.get_by_role("button", name="Move to Propose")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(column(page, "Close")).to_contain_text("Kiln sensors")
    expect(title(page, "Kiln sensors")).to_be_focused()


def test_a_card_that_somebody_else_has_changed_is_shown_as_it_is(
    window: Window, rep: User, rep2: User, deal: Opportunity
) -> None:
    page = window(rep)
    page.goto(BOARD)
    put_on_hold(deal, by=rep)

    title(page, "Kiln sensors").focus()
    page.keyboard.press("Shift+ArrowRight")

    expect(page.get_by_role("alert")).to_contain_text("changed this in the meantime")
    expect(title(page, "Kiln sensors")).to_have_count(1)
    expect(card(page, "Kiln sensors").get_by_text("On hold").first).to_be_visible()
    page.keyboard.press("Shift+ArrowRight")
    expect(column(page, "Propose")).to_contain_text("Kiln sensors")


def test_a_phone_shows_one_stage(window: Window, rep: User, deal: Opportunity) -> None:
    page = window(rep, width=390, height=844)
    page.goto(BOARD)

    expect(title(page, "Kiln sensors")).to_be_visible()
    expect(column(page, "Propose")).to_be_hidden()
    card(page, "Kiln sensors").locator("summary").click()
    page.get_by_role("button", name="Move to Propose").click()
    expect(title(page, "Kiln sensors")).to_be_hidden()
    page.get_by_role("navigation", name="Stage").get_by_role("link", name="Propose 1").click()

    expect(title(page, "Kiln sensors")).to_be_visible()
    expect(column(page, "Develop")).to_be_hidden()


def test_v_leads_to_the_table_and_back_with_what_narrows(
    window: Window, rep: User, deal: Opportunity
) -> None:
    page = window(rep)
    page.goto(BOARD)
    page.get_by_role("searchbox", name="Filter opportunities").fill("kiln")
    expect(title(page, "Roof sensors")).to_have_count(0)
    page.locator("h1").focus()

    page.keyboard.press("v")
    expect(page.get_by_role("table")).to_be_visible()
    expect(title(page, "Kiln sensors").first).to_be_visible()
    assert re.search(r"/opportunities/\?.*q=kiln", page.url)
    page.wait_for_load_state()  # a whole page: its keys come after its words
    page.locator("h1").focus()
    page.keyboard.press("v")
    expect(column(page, "Develop")).to_contain_text("Kiln sensors")
    expect(title(page, "Roof sensors")).to_have_count(0)


def test_the_first_cards_are_followed_by_more_where_the_focus_goes(
    window: Window, rep: User, site: str
) -> None:
    for number in range(28):
        OpportunityFactory(owner=rep, topic=f"Deal {number:02}")
    page = window(rep)
    page.goto(BOARD)

    page.get_by_role("link", name="Show 3 more").click()

    expect(title(page, "Deal 25")).to_be_focused()
    expect(page.locator(".c-deal")).to_have_count(28)


def test_a_card_is_moved_without_scripts(window: Window, rep: User, deal: Opportunity) -> None:
    require_steps()
    page = window(rep, scripts=False)
    page.goto(BOARD)

    card(page, "Kiln sensors").locator("summary").click()
    page.get_by_role("button", name="Move to Propose").click()
    expect(page.get_by_role("heading", name="Still to do")).to_be_visible()
    Step.objects.update(is_required=False)
    page.get_by_role("button", name="Move opportunity").click()

    expect(page.get_by_role("heading", level=1, name="Opportunities")).to_be_visible()
    expect(column(page, "Propose")).to_contain_text("Kiln sensors")
    page.get_by_role("button", name="Undo").click()
    expect(column(page, "Develop")).to_contain_text("Kiln sensors")


def faults(page: Page) -> list[Any]:
    page.evaluate(STAND_STILL)
    page.evaluate(AXE)
    return list(page.evaluate(ASK, {"only": EVERY, "without": []}))


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_nothing_is_wrong_with_menu_notice_and_dialogs(
    window: Window, rep: User, deal: Opportunity, width: int, scheme: Any
) -> None:
    require_steps()
    put_on_hold(Opportunity.objects.get(topic="Roof sensors"), by=rep)
    page = window(rep, width=width)
    page.emulate_media(color_scheme=scheme)
    page.goto(BOARD)
    menu = card(page, "Kiln sensors").locator("summary")

    menu.click()
    assert not faults(page)
    page.get_by_role("button", name="Move to Propose").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert not faults(page)
    for name in ("Won", "Lost"):
        menu.click()
        card(page, "Kiln sensors").get_by_role("link", name=name).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert not faults(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("Escape")
    assert Stage.objects.exclude(is_for_leads=True).count() == 3

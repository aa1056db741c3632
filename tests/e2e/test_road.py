"""The main road in a browser: from the door to a won opportunity on the dashboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from opportunities.models import Opportunity
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
PASSWORD = "eight-green-pumps"


@pytest.fixture
def rep_with_password(rep: User) -> User:
    rep.set_password(PASSWORD)
    rep.save(update_fields=["password"])
    return rep


def heading(page: Page, name: str | re.Pattern[str]) -> None:
    """Wait for the page whose first heading this is."""
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_leads_from_the_door_to_a_won_opportunity(window: Window, rep_with_password: User) -> None:
    page = window()

    # The door asks who comes, and leads to where one wanted to go.
    page.goto("/leads/")
    page.get_by_label("Email").fill(rep_with_password.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    heading(page, "Leads")

    # A new lead
    page.get_by_role("banner").get_by_role("link", name="New lead").click()
    heading(page, "New lead")
    page.get_by_label("Topic").fill("Eight pumps for Turin")
    page.get_by_label("First name").fill("Elena")
    page.get_by_label("Last name").fill("Marchetti")
    page.get_by_label("Email").fill("elena@ferrovia.example")
    page.get_by_label("Company", exact=True).fill("Ferrovia Pumps")
    page.get_by_role("button", name="Create lead").click()
    heading(page, "Elena Marchetti")

    # Its checklist leads to what is missing.
    ready = page.get_by_role("region", name="Ready to qualify?")
    expect(ready).to_contain_text(re.compile(r"\d of \d"))
    before = ready.get_by_role("img", name="Met").count()
    # What is known of the budget is set where it stands, and the rest of the page follows.
    page.get_by_role("link", name="Set Budget").click()
    budget = page.get_by_role("form", name="Edit Budget")
    budget.get_by_role("textbox").first.fill("80k")
    budget.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Edit Budget")).to_be_focused()
    expect(ready.get_by_role("img", name="Met")).not_to_have_count(before)

    # Qualify: the right side follows the choice at the left.
    page.get_by_role("link", name="Qualify", exact=False).first.click()
    expect(page.get_by_role("dialog", name=re.compile("Qualify"))).to_be_visible()
    effects = page.get_by_role("complementary", name="What will happen")
    expect(effects).to_contain_text("Eight pumps for Turin")
    page.get_by_role("radio", name="None", exact=True).check()
    expect(effects).not_to_contain_text("Eight pumps for Turin")
    page.get_by_role("radio", name="New", exact=True).check()
    expect(effects).to_contain_text("Eight pumps for Turin")
    page.get_by_role("button", name="Qualify lead").click()
    heading(page, "Eight pumps for Turin")
    expect(page.get_by_role("status").filter(has_text="is qualified")).to_be_visible()

    # Along the stages
    for stage in ("Propose", "Close"):
        page.get_by_role("button", name=f"Move to {stage}").first.click()
        expect(page.locator("[aria-current='step']")).to_contain_text(stage)
    page.get_by_role("button", name="Complete final proposal").click()
    expect(page.get_by_role("button", name="Complete final proposal")).to_have_attribute(
        "aria-pressed", "true"
    )

    # Won
    page.get_by_role("link", name="Won").first.click()
    page.get_by_label(re.compile("Actual value")).fill("75,000")
    page.get_by_role("button", name="Close as won").click()
    heading(page, "Eight pumps for Turin")
    expect(page.get_by_role("status").filter(has_text="is won")).to_be_visible()

    # And the dashboard knows.
    page.get_by_role("navigation", name="Main", exact=True).get_by_role(
        "link", name="Dashboard"
    ).click()
    heading(page, "Sales overview")
    expect(page.get_by_role("region", name="Key figures")).to_contain_text("75K")

    won = Opportunity.objects.get()
    assert (won.status, won.actual_value) == ("won", 75_000)
    assert Lead.objects.get().status == "qualified"


class Keys:
    """Somebody without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def go_to(self, name: str, *, back: bool = False) -> None:
        """Press Tab until what has the focus is called `name`."""
        for _ in range(150):
            self.press("Shift+Tab" if back else "Tab")
            if self.page.evaluate(NAME).startswith(name):
                return
        raise AssertionError(f"Tab does not reach {name}")


# The name of what has the focus, as far as it is needed here.
NAME = """() => {
    const element = document.activeElement;
    const label = element.labels?.[0]?.innerText ?? element.textContent;
    return (element.getAttribute("aria-label") ?? label).trim();
}"""


def test_leads_from_the_door_to_a_won_opportunity_by_keyboard_alone(  # noqa: PLR0915
    window: Window, rep_with_password: User
) -> None:
    page = window()
    keys = Keys(page)

    # The door: the first field has the focus.
    page.goto("/")
    keys.type(rep_with_password.email)
    keys.go_to("Password")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page).not_to_have_url(re.compile("/login/"))

    # C makes, Ctrl+Enter sends.
    keys.press("c")
    heading(page, "New lead")
    keys.go_to("Topic")
    keys.type("Quiet looms")
    keys.go_to("First name")
    keys.type("Charles")
    keys.go_to("Last name")
    keys.type("Babbage")
    keys.go_to("Company")
    keys.type("Difference Works")
    keys.press("Control+Enter")
    heading(page, "Charles Babbage")

    # A rule that is not met is two keys away: E edits.
    keys.press("e")
    heading(page, re.compile("Edit"))
    keys.go_to("Email")
    keys.type("charles@difference.example")
    keys.press("Control+Enter")
    heading(page, "Charles Babbage")

    # L logs a call, with what comes next.
    keys.press("l")
    expect(page.locator("#composer textarea[name=text]")).to_have_attribute(
        "aria-label", "What was said"
    )
    keys.go_to("What was said")
    keys.type("Wants two looms")
    keys.go_to("What next?")
    keys.type("Send the quote")
    keys.press("Control+Enter")
    expect(page.locator("#timeline")).to_contain_text("Wants two looms")
    expect(page.locator("#timeline")).to_contain_text("Send the quote")

    # Q qualifies, once Escape has left the composer, which waits for more.
    keys.press("Escape", "q")
    expect(page.get_by_role("dialog", name="Qualify Charles Babbage")).to_be_visible()
    keys.go_to("Qualify lead")
    keys.press("Enter")
    heading(page, "Quiet looms")

    # Along the stages and to the end, by Enter and Space
    keys.go_to("Move to Propose")
    keys.press("Enter")
    expect(page.locator("[aria-current='step']")).to_contain_text("Propose")
    keys.go_to("Develop proposal")
    keys.press("Space")
    expect(page.get_by_role("button", name="Develop proposal")).to_have_attribute(
        "aria-pressed", "true"
    )
    keys.go_to("Move to Close")
    keys.press("Enter")
    expect(page.locator("[aria-current='step']")).to_contain_text("Close")
    keys.go_to("Won")
    keys.press("Enter")
    expect(page.get_by_role("dialog", name=re.compile("Win"))).to_be_visible()
    keys.go_to("Actual value")
    keys.press("Control+a")
    keys.type("12000")
    keys.press("Control+Enter")
    heading(page, "Quiet looms")
    expect(page.get_by_role("status").filter(has_text="is won")).to_be_visible()

    # G and D: the dashboard.
    keys.press("g", "d")
    heading(page, "Sales overview")
    expect(page.get_by_role("region", name="Key figures")).to_contain_text("12K")
    assert Opportunity.objects.get().status == "won"


def test_shows_the_keys_of_a_page_and_closes_them_by_escape(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Qualify")
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()


def test_walks_a_list_by_keys(window: Window, rep: User, lead: Lead) -> None:
    page = window(rep)
    page.goto("/leads/")

    page.keyboard.press("j")
    page.keyboard.press("Enter")

    heading(page, "Elena Marchetti")

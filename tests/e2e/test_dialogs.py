"""The dialogs over a lead, by keyboard, by a hasty hand, in two windows and without a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from accounts.models import Contact
from accounts.operations import create_account, create_contact
from leads.models import Lead
from leads.operations import qualify
from opportunities.models import Opportunity
from tests.e2e.conftest import PATIENCE, sign_in
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


@pytest.fixture
def contact(rep: User) -> Contact:
    account = create_account(by=rep, name="Ferrovia Pumps", city="Milan")
    return create_contact(
        by=rep,
        first_name="Elena",
        last_name="Rossi",
        email="elena@ferrovia.example",
        account=account,
    )


@pytest.fixture
def losing(browser: Browser, site: str, rep: User) -> Iterator[Page]:
    """A window whose line will be lost: nobody minds that its console says so."""
    context = browser.new_context(base_url=site, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    sign_in(context, rep, site)
    yield context.new_page()
    context.close()


def command(page: Page, name: str) -> Locator:
    """Return the link of a command; its name may end with its key."""
    group = page.get_by_role("group", name="Commands")
    return group.get_by_role("link", name=re.compile(f"^{name}"))


def commands(page: Page, name: str) -> None:
    command(page, name).click()


def opened(page: Page, lead: Lead, name: str = "Qualify") -> None:
    page.goto(lead.get_absolute_url())
    commands(page, name)
    expect(page.get_by_role("dialog", name=f"{name} Elena Marchetti")).to_be_visible()


def test_a_clean_lead_needs_two_clicks(window: Window, rep: User, lead: Lead) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())

    commands(page, "Qualify")
    page.get_by_role("dialog").get_by_role("button", name="Qualify lead").click()

    expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="is qualified")).to_be_visible()


def test_a_lead_is_qualified_with_two_keys(window: Window, rep: User, lead: Lead) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())

    page.keyboard.press("q")
    expect(page.get_by_role("dialog").get_by_role("heading").first).to_be_focused()
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()


def test_what_will_happen_follows_the_keyboard_and_the_focus_stays(
    window: Window, rep: User, lead: Lead, contact: Contact
) -> None:
    page = window(rep)
    opened(page, lead)
    dialog = page.get_by_role("dialog")
    dialog.locator("summary", has_text="differ").last.click()

    theirs = dialog.get_by_role("radio", name="Rossi", exact=True)
    theirs.focus()
    page.keyboard.press("ArrowRight")

    expect(dialog.get_by_role("complementary")).to_contain_text(
        "Replace on the contact: Last name: Marchetti"
    )
    mine = dialog.get_by_role("radio", name="Marchetti", exact=True)
    expect(mine).to_be_checked()
    expect(mine).to_be_focused()
    expect(mine).to_be_visible()
    dialog.get_by_role("button", name="Qualify lead").click()
    expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    contact.refresh_from_db()
    assert contact.last_name == "Marchetti"


def test_an_error_comes_back_inside_the_dialog(window: Window, rep: User, lead: Lead) -> None:
    page = window(rep)
    opened(page, lead, "Disqualify")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("They went silent")

    dialog.get_by_role("button", name="Disqualify lead").click()

    expect(dialog.get_by_role("alert")).to_be_focused()
    expect(dialog.get_by_label("Note")).to_have_value("They went silent")
    dialog.get_by_role("radio", name="Cannot contact").check()
    dialog.get_by_role("button", name="Disqualify lead").click()
    expect(page.get_by_role("heading", name="Disqualified")).to_be_visible()
    page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").click()
    expect(command(page, "Qualify")).to_be_visible()


def test_asks_before_what_was_typed_is_lost_and_gives_the_focus_back(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    opened(page, lead, "Disqualify")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("They went silent")

    page.keyboard.press("Escape")
    expect(dialog.get_by_role("button", name="Keep editing")).to_be_focused()
    dialog.get_by_role("button", name="Keep editing").click()
    expect(dialog.get_by_label("Note")).to_have_value("They went silent")
    dialog.get_by_role("link", name="Cancel").click()
    dialog.get_by_role("button", name="Discard changes").click()

    expect(dialog).to_have_count(0)
    expect(command(page, "Disqualify")).to_be_focused()
    assert Lead.objects.get().is_open


def test_a_double_click_in_the_dialog_qualifies_once(window: Window, rep: User, lead: Lead) -> None:
    page = window(rep)
    opened(page, lead)

    page.get_by_role("dialog").get_by_role("button", name="Qualify lead").dblclick()

    expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    assert Opportunity.objects.count() == 1


def test_two_windows_end_with_the_same_records(
    window: Window, rep: User, manager: User, lead: Lead
) -> None:
    one, other = window(rep), window(manager)
    opened(one, lead)
    opened(other, lead)

    one.get_by_role("dialog").get_by_role("button", name="Qualify lead").click()
    expect(one.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    other.get_by_role("dialog").get_by_role("button", name="Qualify lead").click()

    expect(other.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    assert one.url == other.url
    assert Opportunity.objects.count() == 1


def test_going_back_and_sending_again_gives_the_same_page(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(f"{lead.get_absolute_url()}qualify/")
    page.get_by_role("button", name="Qualify lead").click()
    expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    first = page.url

    page.go_back()
    button = page.get_by_role("button", name="Qualify lead")
    if button.count():  # out of the browser's memory; read anew it is a notice without a form
        button.click()
        expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
        assert page.url == first
    else:
        expect(page.get_by_text("is qualified already")).to_be_visible()

    assert Opportunity.objects.count() == 1


def test_a_lost_line_is_told_and_the_second_try_works(losing: Page, lead: Lead) -> None:
    page = losing
    opened(page, lead)
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/qualify/", lose)
    button = page.get_by_role("dialog").get_by_role("button", name="Qualify lead")
    button.click()
    expect(page.get_by_role("alert").filter(has_text="no connection")).to_be_attached()
    expect(button).not_to_have_attribute("aria-busy", "true")
    assert Lead.objects.get().is_open
    button.click()

    expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    assert Opportunity.objects.count() == 1


def test_an_answer_that_is_lost_is_given_again(losing: Page, lead: Lead) -> None:
    page = losing
    opened(page, lead)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)  # done, but nobody hears of it
            route.abort()
        else:
            route.continue_()

    page.route("**/qualify/", lose)
    button = page.get_by_role("dialog").get_by_role("button", name="Qualify lead")
    button.click()
    expect(page.get_by_role("alert").filter(has_text="no connection")).to_be_attached()
    assert Lead.objects.get().status == "qualified"
    button.click()

    expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    assert Opportunity.objects.count() == 1


def test_a_lead_that_a_colleague_qualified_in_the_meantime_is_told_with_a_link(
    window: Window, rep: User, manager: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())
    qualify(lead, by=manager)

    commands(page, "Qualify")

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("is qualified already")
    dialog.get_by_role("link", name="See what it became").click()
    expect(page.get_by_role("heading", level=1, name="Receipt: Elena Marchetti")).to_be_visible()


def test_undo_as_a_dialog_takes_it_back(window: Window, rep: User, lead: Lead) -> None:
    qualify(lead, by=rep)
    page = window(rep)
    page.goto(lead.get_absolute_url())

    commands(page, "Undo")
    page.get_by_role("dialog").get_by_role("button", name="Undo qualification").click()

    expect(command(page, "Qualify")).to_be_visible()
    assert not Opportunity.objects.exists()

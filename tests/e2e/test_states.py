"""What a page shows while it waits, when what it asks for does not come, may not be, or was changed
by somebody else meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page, Route, expect

from leads.models import Lead
from leads.operations import update_lead
from tests.e2e.conftest import PATIENCE, sign_in
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]

PASSWORD = "four words are longer"


@contextmanager
def unwatched(browser: Browser, site: str, user: User) -> Iterator[Page]:
    """Nobody watches this browser, as its requests fail on purpose."""
    context = browser.new_context(base_url=site, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    sign_in(context, user, site)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(browser: Browser, site: str, rep: User, lead: Any) -> Iterator[Page]:
    """A list that is open."""
    rep.set_password(PASSWORD)
    rep.save()
    with unwatched(browser, site, rep) as page:
        page.goto("/leads/", wait_until="networkidle")
        yield page


def row(page: Page) -> Any:
    return page.get_by_role("link", name="Elena Marchetti").first


def test_while_it_waits_the_old_content_stays_under_a_line(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/leads/?**", hold)

    page.locator("#filter-text").fill("Ferrovia")

    expect(page.locator("#progress")).to_have_css("opacity", "1")
    expect(row(page)).to_be_visible()
    assert row(page).evaluate("(e) => e.checkVisibility({opacityProperty: true})")
    held[0].continue_()
    expect(page.locator("#progress")).to_have_css("opacity", "0")


@pytest.mark.parametrize(
    ("failure", "words"),
    [("no connection", "Not saved, no connection. Try again."),
     ("fault", "A part of this page could not be loaded. Try again."),
     ("busy", "A part of this page could not be loaded. Try again.")],
)  # fmt: skip
def test_what_fails_leaves_the_page_and_what_was_typed(
    page: Page, failure: str, words: str
) -> None:
    def fail(route: Route) -> None:
        if failure == "no connection":
            route.abort("internetdisconnected")
        else:
            route.fulfill(status=500 if failure == "fault" else 503, body="<p>Fault</p>")

    page.route("**/leads/?**", fail)

    page.locator("#filter-text").fill("Ferrovia")

    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(row(page)).to_be_visible()
    expect(page.locator("#filter-text")).to_have_value("Ferrovia")
    expect(page.get_by_text("Fault")).to_have_count(0)

    # And goes on when it works again.
    page.unroute("**/leads/?**")
    page.locator("#filter-text").fill("nothing like it")
    expect(page.get_by_text("No leads match these filters")).to_be_visible(timeout=PATIENCE)


def test_when_the_session_is_over_one_signs_in_in_place_and_the_request_is_repeated(
    page: Page, rep: User
) -> None:
    Session.objects.all().delete()

    page.locator("#filter-text").fill("nothing like it")

    dialog = page.locator("dialog[data-login]")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    dialog.locator("input[type=password]").fill(PASSWORD)
    dialog.locator("button[type=submit]").first.click()
    expect(dialog).not_to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("No leads match these filters")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#filter-text")).to_have_value("nothing like it")


# Forbidden


def test_who_may_only_read_is_told_whom_to_ask(
    browser: Browser, site: str, rep: User, rep2: User, lead: Lead
) -> None:
    with unwatched(browser, site, rep2) as page:
        refused(page, lead, rep)


def refused(page: Page, lead: Lead, rep: User) -> None:
    why = f"You can read this lead but not change it. Ask {rep}."
    page.goto("/leads/?status=open")
    page.keyboard.press("j")
    page.keyboard.press("e")

    expect(page.get_by_role("alert")).to_contain_text(why)
    expect(row(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Elena Marchetti")).to_be_visible()
    expect(page.get_by_role("button", name=f"Topic, read-only: {why}")).to_be_visible()
    page.goto(f"{lead.get_absolute_url()}edit/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not do this")
    expect(page.get_by_role("main")).to_contain_text(f"Ask {rep}.")
    page.get_by_role("link", name="Back to the start").click()
    expect(page).to_have_title("My day · CRM")


# Changed by somebody else


def cell_in_conflict(page: Page, lead: Lead, manager: User) -> Any:
    """Change a value in its row while a colleague does; return the form that asks."""
    page.goto("/leads/?status=open&columns=name,company")
    page.keyboard.press("j")
    page.keyboard.press("e")
    form = page.locator(".c-cell-form")
    expect(form.get_by_label("Company")).to_be_focused()
    update_lead(lead, by=manager, company="Ferrovia Tanks")
    form.get_by_label("Company").fill("Ferrovia Valves")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text(f"{manager} changed this to “Ferrovia Tanks”")
    expect(form.get_by_label("Company")).to_have_value("Ferrovia Valves")
    expect(form.get_by_label("Company")).to_be_focused()
    return form


@pytest.mark.parametrize(
    ("answer", "company"), [("Keep yours", "Ferrovia Valves"), ("Use theirs", "Ferrovia Tanks")]
)
def test_of_two_values_one_is_chosen_in_the_row(
    window: Window, rep: User, manager: User, lead: Lead, answer: str, company: str
) -> None:
    page = window(rep)
    form = cell_in_conflict(page, lead, manager)

    form.get_by_role("button", name=answer).click()

    expect(form).to_have_count(0)
    expect(page.get_by_role("cell", name=company)).to_be_visible()
    expect(row(page)).to_be_focused()
    assert Lead.objects.get().company == company


def test_of_two_texts_a_third_is_made(window: Window, rep: User, manager: User, lead: Lead) -> None:
    page = window(rep)
    page.goto(f"{lead.get_absolute_url()}edit/")
    update_lead(lead, by=manager, topic="Nine pumps", city="Turin")
    page.get_by_label("Topic").fill("Ten pumps")
    page.get_by_label("City").fill("Milan")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text(f"{manager} changed this in the meantime")
    expect(page.get_by_role("alert")).to_be_focused()

    topic, city = (page.get_by_role("row").filter(has_text=name) for name in ("Topic", "City"))
    topic.get_by_role("textbox").fill("Nine pumps or ten")
    city.get_by_role("radio", name="Turin").check()
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", level=1, name="Elena Marchetti")).to_be_visible()
    stored = Lead.objects.get()
    assert (stored.topic, stored.city) == ("Nine pumps or ten", "Turin")


def test_a_decision_on_what_was_changed_meanwhile_is_made_again(
    window: Window, rep: User, manager: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())
    page.keyboard.press("q")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading").first).to_be_focused()
    update_lead(lead, by=manager, topic="They called: nine pumps")
    page.keyboard.press("Control+Enter")

    refusal = dialog.get_by_role("alert")
    expect(refusal).to_contain_text("Check it again, then confirm.")
    expect(refusal).to_be_focused()
    assert Lead.objects.get().is_open
    # What is proposed follows the lead: what the dialog says by now is what is made.
    expect(dialog.get_by_label("Topic")).to_have_value("They called: nine pumps")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1, name="They called: nine pumps")).to_be_visible()

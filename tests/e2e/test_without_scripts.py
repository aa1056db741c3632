"""Everything that changes data, in a browser that runs no script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from activities.models import Activity
from leads.models import Lead
from opportunities.models import Opportunity
from tests.factories import AccountFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


@pytest.fixture
def page(window: Window, rep: User) -> Page:
    return window(rep, scripts=False)


@pytest.fixture
def deal(rep: User, site: str) -> Opportunity:
    return OpportunityFactory(owner=rep, topic="Quiet looms", value=12_000)


def heading(page: Page, name: str | re.Pattern[str]) -> None:
    """Wait for the page whose first heading this is."""
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def message(page: Page, words: str) -> None:
    expect(page.get_by_role("region", name="Messages")).to_contain_text(words)


def commands(page: Page) -> Locator:
    return page.get_by_role("group", name="Commands")


def test_creates_a_lead_and_changes_it(page: Page) -> None:
    page.goto("/leads/")
    page.get_by_role("link", name="New lead").first.click()
    page.get_by_label("Topic").fill("Eight pumps")
    page.get_by_role("button", name="Create lead").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a name")
    expect(page.get_by_label("Topic")).to_have_value("Eight pumps")
    page.get_by_label("Last name").fill("Marchetti")
    page.get_by_role("button", name="Create lead").click()
    heading(page, "Marchetti")

    page.get_by_role("link", name="Edit all").first.click()
    page.get_by_label("Job title").fill("Head of purchasing")
    page.get_by_role("button", name="Save", exact=False).first.click()

    heading(page, "Marchetti")
    expect(page.get_by_role("main")).to_contain_text("Head of purchasing")
    assert Lead.objects.get().job_title == "Head of purchasing"


def test_logs_a_call_with_the_next_step(page: Page, lead: Lead) -> None:
    tomorrow = timezone.localtime() + timedelta(days=1)
    page.goto(lead.get_absolute_url())

    commands(page).get_by_role("link", name="Log call").click()
    composer = page.locator("#composer")
    composer.get_by_label("Outcome").select_option("Left a message")
    composer.get_by_label("What was said").fill("Calls back on Monday")
    composer.get_by_label("What next?").fill("Call again")
    composer.get_by_label("When").fill(tomorrow.strftime("%Y-%m-%dT10:00"))
    composer.get_by_role("button", name="Log call").click()

    heading(page, "Elena Marchetti")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text("Calls back on Monday")
    expect(timeline).to_contain_text("Call again")
    assert Activity.objects.get(subject="Call again").is_open


def test_completes_a_task(page: Page, lead: Lead) -> None:
    page.goto(lead.get_absolute_url())

    page.get_by_role("button", name="Complete: Send the catalogue").click()
    if page.get_by_label("Next step").count():  # asked on a page of its own
        page.get_by_role("button", name="Complete").last.click()

    heading(page, "Elena Marchetti")
    assert not Activity.objects.get(subject="Send the catalogue").is_open


def test_qualifies_with_an_account_that_was_chosen(page: Page, rep: User, lead: Lead) -> None:
    account = AccountFactory(owner=rep, name="Turin Waterworks")
    page.goto(lead.get_absolute_url())
    commands(page).get_by_role("link", name=re.compile("^Qualify")).click()
    heading(page, re.compile("Qualify"))

    target = page.locator("#account-target")
    target.get_by_text("Another one, or none").click()
    target.get_by_role("radio", name="Link to another one").check()
    target.get_by_label("Name of the account").fill("Turin Waterworks")
    page.get_by_role("button", name="Update preview").click()
    effects = page.get_by_role("complementary", name="What will happen")
    expect(effects).to_contain_text("Turin Waterworks")
    assert Lead.objects.get().is_open
    page.get_by_role("button", name="Qualify lead").click()

    heading(page, "Eight pumps")
    message(page, "is qualified")
    assert Opportunity.objects.get().account == account


def test_takes_a_qualification_back(page: Page, lead: Lead) -> None:
    page.goto(f"{lead.get_absolute_url()}qualify/")
    page.get_by_label("Open the opportunity afterwards").uncheck()
    page.get_by_role("button", name="Qualify lead").click()
    heading(page, "Elena Marchetti")

    commands(page).get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Undo qualification").click()

    heading(page, "Elena Marchetti")
    message(page, "is open again")
    assert Lead.objects.get().is_open
    assert not Opportunity.objects.exists()


def test_disqualifies_and_reopens(page: Page, lead: Lead) -> None:
    page.goto(lead.get_absolute_url())
    commands(page).get_by_role("link", name="Disqualify").click()
    page.get_by_role("button", name="Disqualify lead").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a reason")
    page.get_by_role("radio").first.check()
    page.get_by_label("Note").fill("They bought elsewhere")
    page.get_by_role("button", name="Disqualify lead").click()
    heading(page, "Elena Marchetti")
    message(page, "is disqualified")
    assert Lead.objects.get().status == "disqualified"

    commands(page).get_by_role("link", name="Reopen").click()
    page.get_by_role("button", name="Reopen lead").click()

    message(page, "is open again")
    assert Lead.objects.get().is_open


def test_moves_along_the_stages_and_ticks_a_step(page: Page, deal: Opportunity) -> None:
    page.goto(deal.get_absolute_url())

    commands(page).get_by_role("button", name="Move to Propose").click()
    expect(page.locator("[aria-current='step']")).to_contain_text("Propose")
    page.get_by_role("button", name="Develop proposal").click()

    heading(page, "Quiet looms")
    pressed = page.get_by_role("button", name="Develop proposal")
    expect(pressed).to_have_attribute("aria-pressed", "true")


def test_moves_to_a_stage_that_was_chosen(page: Page, deal: Opportunity) -> None:
    page.goto(deal.get_absolute_url())

    page.get_by_label("More commands").click()
    page.get_by_role("link", name="Move to another stage").click()
    page.get_by_role("radio", name="Close").check()
    page.get_by_role("button", name="Move opportunity").click()

    expect(page.locator("[aria-current='step']")).to_contain_text("Close")


def test_wins_and_reopens(page: Page, deal: Opportunity) -> None:
    page.goto(deal.get_absolute_url())
    commands(page).get_by_role("link", name="Won").click()
    page.get_by_label(re.compile("Actual value")).fill("11,500")
    page.get_by_role("button", name="Close as won").click()
    message(page, "is won")
    deal.refresh_from_db()
    assert (deal.status, deal.actual_value) == ("won", 11_500)

    commands(page).get_by_role("link", name="Reopen").click()
    page.get_by_role("button", name="Reopen opportunity").click()

    message(page, "is open again")
    deal.refresh_from_db()
    assert deal.is_open


def test_loses_and_takes_it_back_from_the_message(page: Page, deal: Opportunity) -> None:
    page.goto(deal.get_absolute_url())
    commands(page).get_by_role("link", name="Lost").click()
    page.get_by_role("radio", name="Price").check()
    page.get_by_role("button", name="Close as lost").click()
    message(page, "is lost")
    deal.refresh_from_db()
    assert deal.status == "lost"

    page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").click()

    deal.refresh_from_db()
    assert deal.is_open


def test_filters_sorts_and_pages_a_list(page: Page, lead: Lead) -> None:
    page.goto("/leads/")

    page.get_by_label("Filter leads").fill("nobody of that name")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("No leads match these filters")
    page.get_by_role("link", name="Clear filters").last.click()

    expect(page.get_by_role("link", name="Elena Marchetti")).to_be_visible()

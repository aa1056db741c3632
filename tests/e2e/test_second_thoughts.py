"""Two people at once, a hasty hand, and what cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from activities.operations import log_note
from leads.models import Lead
from leads.operations import qualify, update_lead
from opportunities.models import Opportunity
from opportunities.operations import update_opportunity
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


def test_undo_that_is_refused_says_why_and_leads_there(
    window: Window, rep: User, lead: Lead
) -> None:
    outcome = qualify(lead, by=rep)
    [deal] = outcome.opportunities
    update_opportunity(deal, by=rep, customer_need="Pumps that do not leak")
    log_note(outcome.account, by=rep, text="They pay late")
    page = window(rep)

    page.goto(lead.get_absolute_url())
    page.get_by_role("group", name="Commands").get_by_role("link", name="Undo").click()
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("cannot be undone")
    expect(refusal).to_be_focused()
    refusal.get_by_role("link").filter(has_text=deal.topic).first.click()

    expect(page.get_by_role("heading", level=1, name=deal.topic)).to_be_visible()
    assert Lead.objects.get().status == "qualified"


def test_undo_from_the_message_that_is_refused_loses_nothing(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(f"{lead.get_absolute_url()}qualify/")
    page.get_by_role("button", name="Qualify lead").click()
    expect(page.get_by_role("status").filter(has_text="is qualified")).to_be_visible()
    deal = Opportunity.objects.get()
    update_opportunity(deal, by=rep, customer_need="Pumps that do not leak")

    page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").click()

    expect(page.get_by_role("alert").first).to_contain_text("cannot be undone")
    assert Lead.objects.get().status == "qualified"


def test_stale_edit_keeps_both_texts_and_saves_the_one_that_is_chosen(
    window: Window, rep: User, manager: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(f"{lead.get_absolute_url()}edit/")
    update_lead(lead, by=manager, topic="Nine pumps, says the manager", city="Turin")

    page.get_by_label("Topic").fill("Ten pumps, says the rep")
    page.get_by_label("Job title").fill("Head of purchasing")
    page.get_by_role("button", name="Save", exact=False).first.click()
    expect(page.get_by_role("alert").first).to_contain_text("changed this in the meantime")
    both = page.get_by_role("row").filter(has_text="Topic")
    expect(both).to_contain_text("Ten pumps, says the rep")
    expect(both).to_contain_text("Nine pumps, says the manager")
    expect(page.get_by_label("Topic")).to_have_value("Ten pumps, says the rep")
    expect(page.get_by_label("City")).to_have_value("Turin")
    expect(page.get_by_label("Job title")).to_have_value("Head of purchasing")
    both.get_by_role("radio", name="Nine pumps").check()
    page.get_by_role("button", name="Save", exact=False).first.click()

    expect(page.get_by_role("heading", level=1, name="Elena Marchetti")).to_be_visible()
    stored = Lead.objects.get()
    assert (stored.topic, stored.city, stored.job_title) == (
        "Nine pumps, says the manager",
        "Turin",
        "Head of purchasing",
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_double_click_on_save_makes_one_lead(window: Window, rep: User, scripts: bool) -> None:
    page = window(rep, scripts=scripts)
    page.goto("/leads/new/")
    page.get_by_label("Topic").fill("Eight pumps")
    page.get_by_label("Last name").fill("Marchetti")

    page.get_by_role("button", name="Create lead").dblclick()

    expect(page.get_by_role("heading", level=1, name="Marchetti")).to_be_visible()
    assert Lead.objects.count() == 1


def test_double_click_on_qualify_makes_one_opportunity(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(f"{lead.get_absolute_url()}qualify/")

    page.get_by_role("button", name="Qualify lead").dblclick()

    expect(page.get_by_role("heading", level=1, name="Eight pumps")).to_be_visible()
    assert Opportunity.objects.count() == 1
